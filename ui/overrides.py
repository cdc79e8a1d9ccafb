"""Overrides on screen: set for the lines chosen or for all shown, listed, cleared, asked about again when the data changed."""

import numpy as np
import pandas as pd
import streamlit as st

from inventory import overrides as kept
from inventory.bulk import by_percent
from inventory.overrides import Override
from inventory.plan import ReorderPlan
from inventory.terms import MOST_UNITS
from ui import planner
from ui.planner import name_of_planner, signed
from ui.texts import plain, text
from workspace.datasets import Dataset

MOST_NAMED = 3
COLUMNS = ("item", "quantity", "reason", "by", "at")


def ask_again(data: Dataset) -> None:
    """Those made on other data: not applied until somebody keeps them."""
    _, old = kept.split(kept.load(data.name), data.facts["fingerprint"])
    if not old:
        return
    with st.container(border=True):
        st.warning(text("override.ask_again", count=len(old)))
        _table(old, f"old-overrides-{data.name}")
        items = _picked(old, f"old-overrides-{data.name}")
        columns = st.columns(2)
        arguments = (data.name, data.facts["fingerprint"], items)
        label = {"count": len(items)}
        columns[0].button(text("override.keep", **label), on_click=_keep, args=arguments, key="keep-overrides", **signed())
        columns[1].button(text("override.drop", **label), on_click=_clear, args=(data.name, items), key="drop-overrides", **signed())


def form(data: Dataset, shown: ReorderPlan, chosen: list[str]) -> None:
    """Units for each line chosen, or percent for the lines chosen or all shown, with a reason."""
    counts = {"chosen": len(chosen), "shown": len(shown)}
    with st.form(f"override-{data.name}"):
        columns = st.columns([2, 2, 1])
        columns[0].radio(
            text("override.scope"),
            ["chosen", "shown"] if chosen else ["shown"],
            format_func=lambda scope: text(f"override.scope.{scope}", count=counts[scope], first=plain(", ".join(chosen[:MOST_NAMED]))),
            key=_scope_key(data.name, chosen),
        )
        columns[1].radio(
            text("override.kind"), ["units", "percent"], format_func=lambda k: text(f"override.kind.{k}"), key=f"override-kind-{data.name}"
        )
        columns[2].number_input(text("override.amount"), -100.0, MOST_UNITS, 0.0, step=1.0, key=f"override-amount-{data.name}")
        st.text_input(text("planner.reason"), key=f"override-reason-{data.name}", max_chars=200)
        st.form_submit_button(text("override.save"), on_click=_save, args=(data.name, data.facts["fingerprint"], shown, chosen), **signed())


def listed(data: Dataset) -> None:
    """All that apply, who set them when and why; cleared one by one or all at once."""
    valid, _ = kept.split(kept.load(data.name), data.facts["fingerprint"])
    if not valid:
        st.caption(text("override.none"))
        return
    key = f"overrides-{data.name}"
    _table(valid, key)
    picked = _picked(valid, key, everything=False)
    columns = st.columns(2)
    columns[0].button(
        text("override.clear", count=len(picked)),
        on_click=_clear,
        args=(data.name, picked),
        key="clear-overrides",
        **signed(also=bool(picked)),
    )
    columns[1].button(
        text("override.clear_all", count=len(valid)), on_click=_clear, args=(data.name, None), key="clear-all-overrides", **signed()
    )


def _table(found: list[Override], key: str) -> None:
    frame = pd.DataFrame([{name: getattr(override, name) for name in COLUMNS} for override in found])
    config = {name: text(f"override.column.{name}") for name in COLUMNS}
    st.dataframe(frame, hide_index=True, column_config=config, key=key, on_select="rerun", selection_mode="multi-row")


def _picked(found: list[Override], key: str, everything: bool = True) -> list[str]:
    """The items of the rows chosen in the list; where none is, all of them if `everything`."""
    rows = [row for row in st.session_state[key]["selection"]["rows"] if row < len(found)]
    return [found[row].item for row in rows] or ([override.item for override in found] if everything else [])


def _scope_key(data: str, chosen: list[str]) -> str:
    """Another field once rows are chosen, so that it begins with them."""
    return f"override-scope-{'chosen' if chosen else 'shown'}-{data}"


def _save(data: str, fingerprint: str, shown: ReorderPlan, chosen: list[str]) -> None:
    scope = st.session_state[_scope_key(data, chosen)]
    kind, amount, reason = (st.session_state[f"override-{name}-{data}"] for name in ("kind", "amount", "reason"))
    lines = shown.selected(np.isin(shown.items, chosen)) if scope == "chosen" else shown
    if kind == "units" and scope != "chosen":
        return planner.complain("override.choose_first")
    if kind == "units" and amount < 0:
        return planner.complain("override.negative")
    quantities = dict.fromkeys(lines.items, float(amount)) if kind == "units" else by_percent(lines, float(amount))
    if not quantities:
        return planner.complain("override.no_lines")
    if not reason.strip():
        return planner.complain("planner.no_reason")
    kept.save(data, fingerprint, quantities, reason.strip(), name_of_planner())
    return planner.say("override.saved", count=len(quantities))


def _keep(data: str, fingerprint: str, items: list[str]) -> None:
    kept.keep(data, fingerprint, items, name_of_planner())
    planner.say("override.kept", count=len(items))


def _clear(data: str, items: list[str] | None) -> None:
    kept.clear(data, items, name_of_planner())
    planner.say("override.cleared")
