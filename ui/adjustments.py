"""The planner's own changes of the forecast: asked for, listed, cleared, shown beside the model's."""

from datetime import timedelta

import numpy as np
import pandas as pd
import streamlit as st

from inventory import adjustments as kept
from inventory.adjustments import Adjustment
from inventory.plan import ReorderPlan
from inventory.terms import MOST_UNITS
from ui import order_charts, planner, session
from ui.planner import name_of_planner, signed
from ui.session import Result
from ui.texts import plain, text
from workspace.datasets import Dataset

MOST_NAMED = 3
COLUMNS = ("scope", "target", "first", "last", "percent", "units", "reason", "by", "at")
LEAST_PERCENT, MOST_PERCENT = -100.0, 1000.0


def form(data: Dataset, made: ReorderPlan, chosen: list[str]) -> None:
    """From one date to another, percent or units, for the lines chosen, a category or all items."""
    categories = sorted({category for category in made.category if category})
    scopes = [*(["item"] if chosen else []), *(["category"] if categories else []), "all"]
    first = (made.as_of + timedelta(days=1)).date()
    with st.form(f"adjustment-{data.name}"):
        columns = st.columns([2, 2, 1, 1])
        columns[0].radio(
            text("adjustment.scope"),
            scopes,
            format_func=lambda s: text(f"adjustment.scope.{s}", count=len(chosen), first=plain(", ".join(chosen[:MOST_NAMED]))),
            key=_scope_key(data.name, chosen),
        )
        columns[1].selectbox(text("adjustment.category"), categories, key=f"adjustment-category-{data.name}", disabled=not categories)
        columns[2].date_input(text("adjustment.first"), first, key=f"adjustment-first-{data.name}")
        columns[3].date_input(text("adjustment.last"), first + timedelta(days=6), key=f"adjustment-last-{data.name}")
        columns = st.columns([2, 1, 3])
        columns[0].radio(
            text("adjustment.kind"),
            ["percent", "units"],
            format_func=lambda k: text(f"adjustment.kind.{k}"),
            key=f"adjustment-kind-{data.name}",
            horizontal=True,
        )
        columns[1].number_input(text("adjustment.amount"), -MOST_UNITS, MOST_UNITS, 0.0, step=5.0, key=f"adjustment-amount-{data.name}")
        columns[2].text_input(text("planner.reason"), key=f"adjustment-reason-{data.name}", max_chars=200)
        st.form_submit_button(text("adjustment.save"), on_click=_save, args=(data.name, chosen), **signed())


def listed(data: Dataset) -> None:
    """All adjustments of the dataset; those chosen, or all, cleared."""
    found = kept.load(data.name)
    if not found:
        st.caption(text("adjustment.none"))
        return
    key = f"adjustments-{data.name}"
    frame = pd.DataFrame([{name: getattr(adjustment, name) for name in COLUMNS} for adjustment in found])
    frame["scope"] = [text(f"adjustment.scope.{scope}.short") for scope in frame["scope"]]
    config: dict[str, object] = {name: text(f"adjustment.column.{name}") for name in COLUMNS}
    for name in ("first", "last"):
        config[name] = st.column_config.DateColumn(text(f"adjustment.column.{name}"))
    st.dataframe(
        frame, hide_index=True, column_config=config, key=key, on_select="rerun", selection_mode="multi-row", placeholder=text("table.none")
    )
    picked = _picked(found, key)
    columns = st.columns(2)
    columns[0].button(
        text("adjustment.clear", count=len(picked)),
        on_click=_clear,
        args=(data.name, picked),
        key="clear-adjustments",
        **signed(also=bool(picked)),
    )
    columns[1].button(
        text("adjustment.clear_all", count=len(found)),
        on_click=_clear,
        args=(data.name, [adjustment.id for adjustment in found]),
        key="clear-all-adjustments",
        **signed(),
    )


def shown(data: Dataset, result: Result, item: str) -> None:
    """The model's forecast of `item` beside the adjusted one, where an adjustment changes it."""
    if not kept.load(data.name):
        return
    model = session.chosen_models(result)[item]
    before, after = (
        rows[(rows["item"] == item) & (rows["model"] == model)] for rows in (result.forecast, session.adjusted_forecast(data, result))
    )
    if np.allclose(before["mean"], after["mean"], equal_nan=True):
        return
    st.markdown(text("adjustment.chart", item=plain(item)))
    st.plotly_chart(order_charts.adjusted(session.panel_of(data, result.fingerprint), item, before, after), key="adjusted-forecast")
    st.caption(text("adjustment.sum", before=before["mean"].sum(), after=after["mean"].sum(), periods=len(before)))


def _picked(found: list[Adjustment], key: str) -> list[int]:
    return [found[row].id for row in st.session_state[key]["selection"]["rows"] if row < len(found)]


def _scope_key(data: str, chosen: list[str]) -> str:
    """Another field once rows are chosen, so that it begins with them."""
    return f"adjustment-scope-{'item' if chosen else 'many'}-{data}"


def _save(data: str, chosen: list[str]) -> None:
    names = ("category", "first", "last", "kind", "amount", "reason")
    scope = st.session_state[_scope_key(data, chosen)]
    category, first, last, kind, amount, reason = (st.session_state.get(f"adjustment-{name}-{data}") for name in names)
    if first > last:
        return planner.complain("adjustment.dates")
    if kind == "percent" and not LEAST_PERCENT <= amount <= MOST_PERCENT:
        return planner.complain("adjustment.percent", least=LEAST_PERCENT, most=MOST_PERCENT)
    if not amount:
        return planner.complain("adjustment.nothing")
    if not str(reason).strip():
        return planner.complain("planner.no_reason")
    targets = chosen if scope == "item" else [str(category)] if scope == "category" else [""]
    much = {"percent": float(amount) if kind == "percent" else None, "units": float(amount) if kind == "units" else None}
    for target in targets:
        kept.save(data, scope, target, pd.Timestamp(first), pd.Timestamp(last), **much, reason=str(reason).strip(), by=name_of_planner())
    return planner.say("adjustment.saved", count=len(targets))


def _clear(data: str, ids: list[int]) -> None:
    kept.clear(data, ids, name_of_planner())
    planner.say("adjustment.cleared", count=len(ids))
