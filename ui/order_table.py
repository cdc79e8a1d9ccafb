"""The order list on screen: one page of its lines at a time, in the order that a planner asks for, rows to be chosen."""

import numpy as np
import streamlit as st

from inventory.plan import ReorderPlan
from ui.desk import Desk
from ui.texts import text

ROWS, ROWS_SEEN, HEIGHT, CHANGE_WIDTH = 100, 15, 560, 110
UNITS, MONEY, DAYS = "%,.1f", "%,.2f", "%,.0f"
FORMATS = {
    **dict.fromkeys(("demand", "safety_stock", "order_up_to", "reorder_point", "position", "on_hand", "on_order", "backorders"), UNITS),
    **dict.fromkeys(("order_value", "unit_cost"), MONEY),
    **dict.fromkeys(("lead_time_days", "review_period_days"), DAYS),
    "quantity": "localized",
    "change": "%+,.1f",
}
COLUMNS = ("item", "quantity", "mark", "change", "order_value", "supplier", "demand", "safety_stock", "order_up_to", "position",
           "reason", "on_hand", "on_order", "backorders", "reorder_point", "lead_time_days", "review_period_days", "model",
           "category")  # fmt: skip
ORDERS = ("order_value", "quantity", "safety_stock", "change", "item")


def page(desk: Desk, plan: ReorderPlan, change: np.ndarray, currency: str) -> list[str]:
    """Shows one page of `plan`, `change` (n, units against the saved settings) beside it; the items chosen in it."""
    data = desk.data.name
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    by = left.selectbox(
        text("reorder.sort"), ORDERS, format_func=lambda name: text(f"reorder.sort.{name}"), key="sort", persist_state="session"
    )
    with right:
        pages = max(1, -(-len(plan) // ROWS))
        number = st.pagination(pages, key=f"page-{data}") if pages > 1 else 1
    rows = ranked(plan, change, by)[(number - 1) * ROWS : number * ROWS]
    shown = plan.selected(rows)
    marks = np.where(shown.overridden, [text("reorder.mark", computed=f"{c:,.10g}") for c in shown.computed], "")
    frame = shown.to_frame().assign(reason=desk.reasons(shown), change=change[rows], mark=marks)
    empty = {"mark": not shown.overridden.any(), "change": not change.any()}
    columns = [name for name in COLUMNS if not empty.get(name)]
    key = f"plan-{data}"
    _keep(key, list(shown.items))
    st.dataframe(
        frame[columns],
        hide_index=True,
        height=HEIGHT if len(shown) > ROWS_SEEN else "auto",
        column_config={name: _column(name, currency) for name in columns},
        key=key,
        placeholder=text("table.none"),
        on_select=lambda: _choose(key),
        selection_mode="multi-row",
    )
    if pages > 1:
        st.caption(text("reorder.rows", first=(number - 1) * ROWS + 1, last=(number - 1) * ROWS + len(shown), all=len(plan)))
    here = set(plan.items)
    return [item for item in chosen(data) if item in here]


def ranked(plan: ReorderPlan, change: np.ndarray, by: str) -> np.ndarray:
    """Positions of the lines in the order asked for, n: largest first, lines without the figure last, ties by units to order and then by
    item; `item`: by code."""
    if by == "item":
        return np.arange(len(plan))
    figure = np.abs(change) if by == "change" else getattr(plan, by)
    figure, units = (np.where(np.isnan(values), -np.inf, values) for values in (figure, plan.quantity))
    return np.lexsort((np.arange(len(plan)), -units, -figure))


def chosen(data: str) -> list[str]:
    """The items that this session chose in the list of the dataset `data`."""
    return list(st.session_state.get(f"chosen-{data}", []))


def _choose(key: str) -> None:
    """What was clicked, kept by item: a moved slider may put another item into the row."""
    items = st.session_state.get(f"rows-of-{key}", [])
    rows = st.session_state[key]["selection"]["rows"]
    st.session_state[f"chosen-{key.removeprefix('plan-')}"] = [items[row] for row in rows if row < len(items)]


def _keep(key: str, items: list[str]) -> None:
    """Puts the marks of the choice on the rows where its items are now."""
    wanted = set(chosen(key.removeprefix("plan-")))
    rows = [row for row, item in enumerate(items) if item in wanted]
    st.session_state[f"rows-of-{key}"] = items
    if (key in st.session_state and sorted(st.session_state[key]["selection"]["rows"]) != rows) or (key not in st.session_state and rows):
        st.session_state[key] = {"selection": {"rows": rows}}


def _column(name: str, currency: str) -> object:
    label, explained = text(f"plan.column.{name}", currency=currency), text(f"plan.column.{name}.help", currency=currency)
    if name in FORMATS:
        width = CHANGE_WIDTH if name == "change" else None  # it comes while the table stands, which would fit it into what is left
        return st.column_config.NumberColumn(label, help=explained, format=FORMATS[name], width=width)
    return st.column_config.TextColumn(label, help=explained, pinned=name == "item", width="large" if name == "reason" else None)
