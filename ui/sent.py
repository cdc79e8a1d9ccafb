"""Orders sent, on screen: an order list marked as sent, the orders under way, received, cancelled."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from inventory import sent as kept
from inventory.plan import ReorderPlan
from inventory.sent import SentOrder
from ui import planner
from ui.planner import name_of_planner, signed
from ui.texts import text
from workspace.datasets import Dataset

COLUMNS = ("item", "quantity", "due", "supplier", "sent_as_of", "by", "at")


def mark(data: Dataset, shown: ReorderPlan, agreed: bool) -> None:
    """The button that says an order is sent; it asks first how much that is."""
    totals = shown.totals()
    ready = signed(also=agreed and totals.lines > 0)
    with st.popover(text("sent.mark"), icon=":material/send:", width="stretch", **ready):
        if totals.lines:
            lead = shown.lead_time_days[shown.to_order]
            st.markdown(text("sent.confirm", lines=totals.lines, units=totals.units, soonest=lead.min(), latest=lead.max()))
        st.button(
            text("sent.yes"),
            on_click=_send,
            args=(data.name, shown),
            key="mark-sent",
            type="primary",
            **signed(also=agreed and totals.lines > 0),
        )


def listed(data: Dataset) -> None:
    """The orders under way; those chosen, or all, received or cancelled."""
    orders = [order for order in kept.load(data.name) if order.state == "open"]
    if not orders:
        st.caption(text("sent.none"))
        return
    key = f"sent-{data.name}"
    frame = pd.DataFrame([{name: getattr(order, name) for name in COLUMNS} for order in orders])
    config: dict[str, object] = {name: text(f"sent.column.{name}") for name in COLUMNS}
    config["due"] = st.column_config.DateColumn(text("sent.column.due"))
    config["sent_as_of"] = st.column_config.DateColumn(text("sent.column.sent_as_of"))
    st.dataframe(frame, hide_index=True, column_config=config, key=key, on_select="rerun", selection_mode="multi-row")
    picked = _picked(orders, key)
    columns = st.columns(2)
    for column, name, act in ((columns[0], "received", kept.received), (columns[1], "cancelled", kept.cancelled)):
        column.button(
            text(f"sent.{name}", count=len(picked)),
            on_click=_end,
            args=(act, data.name, picked, name),
            key=f"{name}-sent",
            **signed(also=bool(picked)),
        )


def _picked(orders: list[SentOrder], key: str) -> list[int]:
    return [orders[row].id for row in st.session_state[key]["selection"]["rows"] if row < len(orders)]


def _send(data: str, shown: ReorderPlan) -> None:
    planner.say("sent.sent", count=len(kept.send(data, shown, name_of_planner())))


def _end(act: Callable[[str, list[int], str], None], data: str, ids: list[int], name: str) -> None:
    act(data, ids, name_of_planner())
    planner.say(f"sent.{name}.said", count=len(ids))
