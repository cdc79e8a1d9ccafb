"""What the data knows from elsewhere: holidays, events and promotions, columns of another file. Added, shown, taken away."""

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from sales import datasets as saved
from sales.additions import Addition, Events, Holidays, Known, described, instead, propose_events
from sales.context import Answer, EventColumns, countries
from sales.mapping import propose
from sales.panel import SalesPanel
from sales.problems import usable
from ui import findings, forms, planner, session, tables
from ui.texts import plain, text
from workspace.datasets import Dataset

EVENT_ROLES = ("first", "last", "name", "value", "item", "category")
NEEDED = ("first", "name")
NEW = "new"  # the name that a table has until it is saved


def section(data: Dataset) -> None:
    """Calendar and context of `data`."""
    st.subheader(text("additions.title"))
    st.markdown(text("additions.about"))
    panel, there = session.panel_of(data), saved.additions_of(data)
    _shown(data, panel, there)
    with findings.opening(text("additions.holidays"), f"adding-holidays-{data.name}", ":material/event:"):
        _holidays(data, panel, there)
    with findings.opening(text("additions.events"), f"adding-events-{data.name}", ":material/celebration:"):
        _from_file(data, panel, "events", _event_columns)
    with findings.opening(text("additions.known"), f"adding-known-{data.name}", ":material/device_thermostat:"):
        _from_file(data, panel, "known", _known_columns)


def _shown(data: Dataset, panel: SalesPanel, there: Sequence[Addition]) -> None:
    """What came with the sales, and what was added, each with its columns and, added, a way to take it away."""
    added = {name for one in there for name in one.names(partial(saved.addition_table, data))}
    if own := [name for name in panel.covariates if name not in added]:
        with st.container(border=True):
            st.markdown(text("additions.own"))
            _columns(panel, own, f"columns-own-{data.name}")
    for place, one in enumerate(there):
        with st.container(border=True):
            left, right = st.columns([4, 1], vertical_alignment="center")
            left.markdown(text(f"additions.is.{type(one).__name__.lower()}", **_told(one)))
            right.button(
                text("additions.remove"), key=f"remove-{place}-{data.name}", on_click=_change, args=(data, one, None), width="stretch"
            )
            _columns(panel, one.names(partial(saved.addition_table, data)), f"columns-{place}-{data.name}")


def _told(one: Addition) -> dict[str, str]:
    if isinstance(one, Holidays):
        return {"countries": plain(", ".join(countries().get(code, code) for code in one.countries))}
    return {"source": plain(one.source)}


def _columns(panel: SalesPanel, names: Sequence[str], key: str) -> None:
    period = text(f"frequency.{panel.calendar.frequency}")
    config = {name: text(f"additions.column.{name}", period=period) for name in ("column", "items", "ahead", "past", "coming")}
    dates = {name: st.column_config.DateColumn(text(f"additions.column.{name}")) for name in ("first", "last")}
    mean = {"mean": st.column_config.NumberColumn(text("additions.column.mean"), format="%.3g")}
    st.dataframe(described(panel, names), hide_index=True, key=key, column_config={**config, **dates, **mean})


def _holidays(data: Dataset, panel: SalesPanel, there: Sequence[Addition]) -> None:
    before = next((one for one in there if isinstance(one, Holidays)), None)
    known = countries()
    chosen = st.multiselect(
        text("additions.countries"),
        list(known),
        default=[] if before is None else list(before.countries),
        format_func=lambda code: f"{known[code]} ({code})" if code in known else code,
        accept_new_options=True,
        key=f"countries-{data.name}",
        help=text("additions.countries.help"),
    )
    now = Holidays(tuple(chosen)) if chosen else None
    if now is not None and now != before:
        _offer(data, panel, before, now, f"holidays-{' '.join(chosen)}")


def _from_file(
    data: Dataset,
    panel: SalesPanel,
    kind: str,
    columns: Callable[[str, pd.DataFrame, SalesPanel, str], Addition | None],
) -> None:
    """A file that is uploaded, its columns chosen, what it adds, and a button to keep it."""
    label, of = text(f"additions.{kind}.upload"), text(f"additions.{kind}.help")
    upload = st.file_uploader(label, key=f"{kind}-file-{forms.saves()}-{data.name}", help=of)
    if upload is None:
        return
    reading = forms.read_upload(upload.file_id, upload.name, upload)
    tables.problems(reading.problems)
    if reading.table is None:
        return
    table = reading.table.set_axis([str(name) for name in reading.table.columns], axis=1)
    st.dataframe(table.head(), hide_index=True, key=f"{kind}-preview")
    one = columns(upload.name, table, panel, f"{kind}-{upload.file_id}")
    if one is not None:
        _offer(data, panel, None, one, f"{upload.file_id}-{one}", table)


def _event_columns(source: str, table: pd.DataFrame, panel: SalesPanel, key: str) -> Addition | None:
    guess, names = propose_events(table), list(table.columns)
    chosen: dict[str, str | None] = {}
    for role, slot in zip(EVENT_ROLES, [*st.columns(3), *st.columns(3)], strict=True):
        chosen[role] = slot.selectbox(
            text(f"additions.event.{role}"),
            names,
            index=names.index(guess[role]) if role in guess else None,
            placeholder=text("mapping.choose" if role in NEEDED else "mapping.none"),
            key=f"{role}-{key}",
        )
    first, name = chosen.pop("first"), chosen.pop("name")
    return None if first is None or name is None else Events(NEW, EventColumns(first, name, **chosen), source, _day_first(key))


def _known_columns(source: str, table: pd.DataFrame, panel: SalesPanel, key: str) -> Addition | None:
    guess, names = propose(table), list(table.columns)
    left, middle, right = st.columns(3)
    date = left.selectbox(text("role.date"), names, index=names.index(guess.date) if guess.date in names else None, key=f"date-{key}")
    by = middle.selectbox(
        text("additions.by"),
        [None, "item", *panel.attributes.columns],
        format_func=lambda role: text("additions.by.all") if role is None else text(f"additions.by.{role}"),
        key=f"by-{key}",
        help=text("additions.by.help"),
    )
    found = getattr(guess, by) if by else None
    column = right.selectbox(
        text("additions.key"), names, index=names.index(found) if found in names else None, key=f"key-{by}-{key}", disabled=by is None
    )
    columns = st.multiselect(
        text("mapping.known"), [name for name in names if name not in (date, column)], key=f"columns-{key}", help=text("mapping.known.help")
    )
    if date is None or not columns or (by is not None and column is None):
        return None
    return Known(NEW, tuple(columns), {"date": date} | ({by: str(column)} if by else {}), source, _day_first(key))


def _day_first(key: str) -> bool | None:
    return st.selectbox(
        text("mapping.day_first"),
        [None, True, False],
        format_func=lambda first: text(f"day_first.{first}"),
        key=f"day-first-{key}",
        help=text("mapping.day_first.help"),
    )


def _offer(data: Dataset, panel: SalesPanel, drop: Addition | None, add: Addition, version: str, table: pd.DataFrame | None = None) -> None:
    """What `add` would give, in the place of `drop`, and a button that keeps it."""
    made, problems = _made(f"{data.name} {panel.fingerprint} {version}", panel, [] if drop is None else [drop], add, data, table)
    tables.problems(problems)
    added = [name for name in made.covariates if name not in panel.covariates]
    if added:
        _columns(made, added, f"offered-{version}")
    st.button(
        text("additions.keep", title=plain(data.title)),
        key=f"keep-{version}",
        type="primary",
        disabled=not usable(problems) or set(made.covariates) == set(panel.covariates),
        on_click=_change,
        args=(data, drop, add, table),
        help=text("additions.keep.help"),
    )


@st.cache_resource(scope="session", max_entries=2, show_spinner=text("additions.adding"))
def _made(
    version: str, _panel: SalesPanel, _drop: Sequence[Addition], _add: Addition, _data: Dataset, _table: pd.DataFrame | None
) -> Answer:
    return instead(_panel, _drop, [_add], lambda name: saved.addition_table(_data, name) if _table is None or name != NEW else _table)


def _change(data: Dataset, drop: Addition | None, add: Addition | None, table: pd.DataFrame | None = None) -> None:
    try:
        with st.spinner(text("additions.adding")):
            saved.change_additions(data, drop, add, table)
    except KeyError:
        return planner.complain("data.gone", title=plain(data.title))
    forms.saved_once_more()
    st.session_state.pop(f"countries-{data.name}", None)
    return planner.say("additions.saved", title=plain(data.title))
