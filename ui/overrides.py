"""Overrides on screen: set for the lines chosen or for all shown, listed, cleared, asked about again when the data changed."""

import numpy as np
import streamlit as st

from inventory import overrides as kept
from inventory.overrides import MOST_PERCENT, Override
from inventory.plan import ReorderPlan
from inventory.terms import MOST_UNITS
from ui import planner, session
from ui.desk import Desk
from ui.planner import name_of_planner, signed
from ui.texts import text
from workspace.datasets import open_dataset

COLUMNS = ("item", "quantity", "reason", "by", "at")
WORDS = "override.column"


def ask_again(desk: Desk) -> None:
    """Those made on other data: not applied until somebody keeps them."""
    waiting, name = desk.decided.waiting, desk.data.name
    if not waiting:
        return
    with st.container(border=True):
        st.warning(text("override.ask_again", count=len(waiting)))
        ticked = planner.table(waiting, COLUMNS, WORDS, f"old-overrides-{name}")
        columns = st.columns(4)
        version = desk.decided.version
        planner.button(columns[0], "override.keep", "keep-overrides", _keep, ticked, name, version)
        planner.button(columns[1], "override.clear", "drop-overrides", _clear, ticked, name)
        planner.button(columns[2], "override.keep_all", "keep-all-overrides", _keep, waiting, name, version)
        planner.button(columns[3], "override.clear_all", "drop-all-overrides", _clear, waiting, name)


def form(desk: Desk, shown: ReorderPlan, chosen: list[str]) -> None:
    """Units for each line chosen, or percent for the lines chosen or all shown, with a reason."""
    counts, name = {"chosen": len(chosen), "shown": len(shown)}, desk.data.name
    with st.form(f"override-{name}"):
        columns = st.columns([2, 2, 1])
        columns[0].radio(
            text("override.scope"),
            ["chosen", "shown"] if chosen else ["shown"],
            format_func=lambda scope: text(f"override.scope.{scope}", count=counts[scope], first=planner.named(chosen)),
            key=planner.scope_key("override", name, chosen),
        )
        columns[1].radio(
            text("override.kind"),
            ["units", "percent"] if chosen else ["percent"],
            format_func=lambda k: text(f"override.kind.{k}"),
            key=planner.scope_key("override-kind", name, chosen),
        )
        columns[2].number_input(text("override.amount"), -100.0, MOST_UNITS, 0.0, step=1.0, key=f"override-amount-{name}")
        st.text_input(text("planner.reason"), key=f"override-reason-{name}", max_chars=200)
        st.form_submit_button(text("override.save"), on_click=_save, args=(name, desk.decided.version, shown, chosen), **signed())


def listed(desk: Desk) -> None:
    """All that apply, who set them when and why; cleared one by one or all at once."""
    valid, name = desk.decided.overrides, desk.data.name
    if not valid:
        st.caption(text("override.none"))
        return
    ticked = planner.table(valid, COLUMNS, WORDS, f"overrides-{name}")
    columns = st.columns(2)
    planner.button(columns[0], "override.clear", "clear-overrides", _clear, ticked, name)
    planner.button(columns[1], "override.clear_all", "clear-all-overrides", _clear, valid, name)


def _save(data: str, version: str, shown: ReorderPlan, chosen: list[str]) -> None:
    scope = st.session_state[planner.scope_key("override", data, chosen)]
    kind = st.session_state[planner.scope_key("override-kind", data, chosen)]
    amount, reason = (st.session_state[f"override-{name}-{data}"] for name in ("amount", "reason"))
    lines = shown.selected(np.isin(shown.items, chosen)) if scope == "chosen" else shown
    if _moved_on(data, version):
        return planner.complain("override.moved_on")
    if kind == "units" and scope != "chosen":
        return planner.complain("override.choose_first")
    if kind == "units" and amount < 0:
        return planner.complain("override.negative")
    if kind == "percent" and amount > MOST_PERCENT:
        return planner.complain("override.percent", most=MOST_PERCENT)
    quantities = dict.fromkeys(lines.items, float(amount)) if kind == "units" else kept.by_percent(lines, float(amount))
    if not quantities:
        return planner.complain("override.no_lines")
    if not reason.strip():
        return planner.complain("planner.no_reason")
    kept.save(data, version, quantities, reason.strip(), name_of_planner())
    planner.emptied(f"override-amount-{data}", f"override-reason-{data}")
    return planner.say("override.saved", count=len(quantities))


def _keep(data: str, version: str, chosen: list[Override]) -> None:
    if _moved_on(data, version):
        return planner.complain("override.moved_on")
    return planner.say("override.kept", count=kept.keep(data, version, [one.id for one in chosen], name_of_planner()))


def _moved_on(data: str, version: str) -> bool:
    """Whether sales or stock file changed since the page was drawn."""
    return session.decisions_of(open_dataset(data)).version != version


def _clear(data: str, chosen: list[Override]) -> None:
    planner.say("override.cleared", count=kept.clear(data, [one.id for one in chosen], name_of_planner()))
