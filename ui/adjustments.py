"""The planner's own changes of the forecast: asked for, listed, cleared, shown beside the model's."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from inventory import adjustments as kept
from inventory.adjustments import Adjustment
from inventory.overrides import MOST_PERCENT
from inventory.plan import ReorderPlan
from inventory.terms import MOST_UNITS
from ui import order_charts, planner, session
from ui.desk import Desk
from ui.planner import name_of_planner, signed
from ui.texts import plain, text

COLUMNS = ("scope", "target", "first", "last", "percent", "units", "moved", "reason", "by", "at")
WORDS = "adjustment.column"
LEAST_PERCENT = -100.0


def form(desk: Desk, plan: ReorderPlan, chosen: list[str]) -> None:
    """From one date to another, percent or units, for the lines chosen, a category or all items."""
    name, categories = desk.data.name, sorted({category for category in plan.category if category})
    scopes = [*(["item"] if chosen else []), *(["category"] if categories else []), "all"]
    first = (plan.as_of + timedelta(days=1)).date()
    with st.form(f"adjustment-{name}"):
        columns = st.columns([2, 2, 1, 1])
        columns[0].radio(
            text("adjustment.scope"),
            scopes,
            format_func=lambda s: text(f"adjustment.scope.{s}", count=len(chosen), first=planner.named(chosen)),
            key=planner.scope_key("adjustment", name, chosen),
        )
        columns[1].selectbox(text("adjustment.category"), categories, key=f"adjustment-category-{name}", disabled=not categories)
        columns[2].date_input(text("adjustment.first"), first, key=f"adjustment-first-{name}")
        columns[3].date_input(text("adjustment.last"), first + timedelta(days=6), key=f"adjustment-last-{name}")
        columns = st.columns([2, 1, 3])
        columns[0].radio(
            text("adjustment.kind"),
            ["percent", "units"],
            format_func=lambda k: text(f"adjustment.kind.{k}"),
            key=f"adjustment-kind-{name}",
            horizontal=True,
        )
        columns[1].number_input(text("adjustment.amount"), -MOST_UNITS, MOST_UNITS, 0.0, step=5.0, key=f"adjustment-amount-{name}")
        columns[2].text_input(text("planner.reason"), key=f"adjustment-reason-{name}", max_chars=200)
        st.form_submit_button(text("adjustment.save"), on_click=_save, args=(name, chosen), **signed())


def listed(desk: Desk) -> None:
    """All adjustments of the dataset and by how much they moved the forecast; those chosen, or all, cleared."""
    found, name = desk.decided.adjustments, desk.data.name
    if not found:
        st.caption(text("adjustment.none"))
        return
    moved = [desk.moved.get(one.id, 0.0) for one in found]
    scopes = [text(f"adjustment.scope.{one.scope}.short") for one in found]
    ticked = planner.table(found, COLUMNS, WORDS, f"adjustments-{name}", {"scope": scopes, "moved": moved})
    idle = sum(units == 0 for units in moved)
    if idle:
        st.warning(text("adjustment.idle", count=idle))
    columns = st.columns(2)
    planner.button(columns[0], "adjustment.clear", "clear-adjustments", _clear, ticked, name)
    planner.button(columns[1], "adjustment.clear_all", "clear-all-adjustments", _clear, found, name)


def shown(desk: Desk, item: str) -> None:
    """The model's forecast of `item` beside the adjusted one, where an adjustment changes it."""
    forecast = desk.adjusted_forecast(item)
    if forecast is None:
        return
    st.markdown(text("adjustment.chart", item=plain(item)))
    panel = session.panel_of(desk.data, desk.result.fingerprint)
    st.plotly_chart(order_charts.adjusted(panel, item, forecast), key="adjusted-forecast")
    sums = forecast[["before", "after"]].sum()
    st.caption(text("adjustment.sum", before=sums["before"], after=sums["after"], periods=len(forecast)))


def _save(data: str, chosen: list[str]) -> None:
    names = ("category", "first", "last", "kind", "amount", "reason")
    scope = st.session_state[planner.scope_key("adjustment", data, chosen)]
    category, first, last, kind, amount, reason = (st.session_state.get(f"adjustment-{name}-{data}") for name in names)
    if first is None or last is None or first > last:
        return planner.complain("adjustment.dates")
    if kind == "percent" and not LEAST_PERCENT <= amount <= MOST_PERCENT:
        return planner.complain("adjustment.percent", least=LEAST_PERCENT, most=MOST_PERCENT)
    if not amount:
        return planner.complain("adjustment.nothing")
    if not str(reason).strip():
        return planner.complain("planner.no_reason")
    targets = chosen if scope == "item" else [str(category)] if scope == "category" else [""]
    percent, units = (float(amount), None) if kind == "percent" else (None, float(amount))
    days, by = (pd.Timestamp(first), pd.Timestamp(last)), name_of_planner()
    wanted = [Adjustment(0, scope, target, *days, percent, units, str(reason).strip(), by, datetime.now(UTC)) for target in targets]
    kept.save(data, wanted, by)
    planner.emptied(f"adjustment-amount-{data}", f"adjustment-reason-{data}")
    return planner.say("adjustment.saved", count=len(targets))


def _clear(data: str, chosen: list[Adjustment]) -> None:
    planner.say("adjustment.cleared", count=kept.clear(data, [one.id for one in chosen], name_of_planner()))
