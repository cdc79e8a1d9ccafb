"""Who plans: a name typed once a session, the word that a click left to be read, and tables of what was decided."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import pandas as pd
import streamlit as st

from ui.texts import plain, text

NAME = "planner-name"
MOST_LETTERS = 60
MOST_NAMED = 3
ROWS = 100
_SAID, _COMPLAINT = "planner-said", "planner-complaint"


def ask_name() -> None:
    """The field for the name that overrides, adjustments, orders sent and settings are signed with."""
    st.text_input(
        text("planner.name"),
        key=NAME,
        persist_state="session",
        max_chars=MOST_LETTERS,
        help=text("planner.name.help"),
        placeholder=text("planner.name.hint"),
    )


def name_of_planner() -> str:
    """The name typed, "" where none is."""
    return str(st.session_state.get(NAME) or "").strip()


def say(key: str, **params: object) -> None:
    """Leaves a word for the next script run: what a click did, for `tell` to show."""
    st.session_state[_SAID] = text(key, **params)


def complain(key: str, **params: object) -> None:
    """Leaves a word on why a click did nothing, or not all."""
    st.session_state[_COMPLAINT] = text(key, **params)


def tell() -> None:
    """Shows what the last click did, or why it did nothing, once."""
    for name, show in ((_SAID, st.success), (_COMPLAINT, st.error)):
        said = st.session_state.pop(name, None)
        if said:
            show(said)


def signed(also: bool = True) -> dict[str, Any]:
    """What a button needs that writes: it is off until a name is typed and `also` holds, and says so."""
    named = bool(name_of_planner())
    return {"disabled": not (named and also), "help": None if named else text("planner.name_first")}


def button(place: Any, label: str, key: str, act: Callable[..., None], chosen: Sequence[Any], *more: object) -> None:
    """A button in `place` that does `act` with what is `chosen` and `more`; off where nothing is, or nobody signs."""
    words = text(label, count=len(chosen))
    place.button(words, on_click=act, args=(*more, list(chosen)), key=key, width="stretch", **signed(also=bool(chosen)))


def table(
    records: Sequence[Any], columns: Sequence[str], words: str, key: str, also: Mapping[str, Sequence[Any]] | None = None
) -> list[Any]:
    """Shows `records`, latest first, a page at a time, in columns that are their fields or in `also` (values, one a record), headed by
    texts; those that are ticked. A list that changed begins with nothing ticked."""
    also = also or {}
    rows = pd.DataFrame({name: also.get(name) or [getattr(one, name) for one in records] for name in columns})[::-1]
    ordered, pages = list(records)[::-1], -(-len(records) // ROWS)
    number = st.pagination(pages, key=f"page-{key}") if pages > 1 else 1
    here = slice((number - 1) * ROWS, number * ROWS)
    shown = ordered[here]
    config: dict[str, Any] = {name: text(f"{words}.{name}") for name in rows}
    config |= {name: kind(text(f"{words}.{name}"), **how) for name in rows for kind, how in _kind(rows[name])}
    version = blake2b(" ".join(str(one.id) for one in shown).encode(), digest_size=6).hexdigest()
    event: Any = st.dataframe(
        rows.iloc[here],
        hide_index=True,
        column_config=config,
        key=f"{key}-{version}",
        on_select="rerun",
        selection_mode="multi-row",
        placeholder=text("table.none"),
    )
    return [shown[row] for row in event["selection"]["rows"]]


def emptied(*keys: str) -> None:
    """Empties the amount and reason of a form that was saved: sent twice, it would count twice."""
    for key in keys:
        st.session_state[key] = "" if key.partition("-")[2].startswith("reason") else 0.0


def scope_key(prefix: str, data: str, chosen: Sequence[str]) -> str:
    """The key of a field that begins with the rows chosen once there are any: another field then."""
    return f"{prefix}-scope-{'chosen' if chosen else 'many'}-{data}"


def named(items: Sequence[str]) -> str:
    """The first few of `items`."""
    return plain(", ".join(items[:MOST_NAMED]))


def _kind(column: pd.Series) -> list[tuple[Callable[..., Any], dict[str, str]]]:
    """How a column of numbers, days or moments is shown; nothing special for others."""
    if pd.api.types.is_numeric_dtype(column):
        return [(st.column_config.NumberColumn, {"format": "localized"})]
    if not pd.api.types.is_datetime64_any_dtype(column):
        return []
    if column.dt.tz is None:
        return [(st.column_config.DateColumn, {})]
    return [(st.column_config.DatetimeColumn, {"format": "YYYY-MM-DD HH:mm"})]
