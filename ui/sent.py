"""Orders sent, on screen: an order list marked as sent, the orders under way, received, cancelled."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from inventory import sent as kept
from inventory.plan import ReorderPlan
from inventory.sending import send
from inventory.sent import SentOrder
from ui import planner, session
from ui.desk import Desk
from ui.planner import name_of_planner, signed
from ui.texts import text
from workspace.datasets import open_dataset

COLUMNS = ("item", "quantity", "state", "due", "supplier", "sent_as_of", "by", "at")
WORDS = "sent.column"


def mark(desk: Desk, shown: ReorderPlan, agreed: bool) -> None:
    """The button that says an order is sent; it asks first how much that is."""
    totals = shown.totals()
    ready = signed(also=agreed and totals.lines > 0)
    with st.popover(text("sent.mark"), icon=":material/send:", width="stretch", **ready):
        if totals.lines:
            lead = shown.lead_time_days[shown.to_order]
            value = text("table.none") if np.isnan(totals.value) else f"{totals.value:,.2f} {session.currency()}"
            about = {"units": totals.units, "value": value, "soonest": lead.min(), "latest": lead.max()}
            st.markdown(text("sent.confirm", lines=totals.lines, **about))
        st.button(text("sent.yes"), on_click=_send, args=(desk, shown), key="mark-sent", type="primary", **ready)


def listed(desk: Desk, plan: ReorderPlan) -> None:
    """The orders under way and those that came since the stock file; what is chosen is received, was counted already, or is cancelled."""
    orders, name = desk.decided.orders, desk.data.name
    if not orders:
        st.caption(text("sent.none"))
        return
    states = [text(f"sent.state.{_state(order, plan)}") for order in orders]
    ticked = planner.table(orders, COLUMNS, WORDS, f"sent-{name}", {"state": states})
    coming, arrived = ([order for order in ticked if (order.state == "received") == here] for here in (False, True))
    stock = desk.decided.stock
    st.caption(text("sent.stock_file", file=stock.file, at=stock.at) if stock else text("sent.no_stock_file"))
    columns = st.columns(4)
    for column, (verb, act, chosen) in zip(
        columns,
        (
            ("received", kept.received, coming),
            ("counted", kept.in_stock_file, ticked),
            ("cancelled", kept.cancelled, coming),
            ("not_received", kept.not_received, arrived),
        ),
        strict=True,
    ):
        planner.button(column, f"sent.{verb}", f"{verb}-sent", _act, chosen, act, name, verb)


def _state(order: SentOrder, plan: ReorderPlan) -> str:
    return "overdue" if order.state == "open" and order.due < plan.as_of else order.state


def _send(desk: Desk, shown: ReorderPlan) -> None:
    name = desk.data.name
    count = len(send(name, open_dataset(name).facts["fingerprint"], shown, desk.decided, name_of_planner()))
    if count:
        planner.say("sent.sent", count=count)
    if left := shown.totals().lines - count:
        planner.complain("sent.moved_on", count=left)


def _act(act: Callable[[str, list[int], str], int], data: str, verb: str, chosen: list[SentOrder]) -> None:
    planner.say(f"sent.{verb}.said", count=act(data, [order.id for order in chosen], name_of_planner()))
