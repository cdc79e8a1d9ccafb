"""Orders sent: on order until they arrive, on hand until the stock file knows, never ordered or sent twice."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import stock

from inventory import overrides, sent
from inventory.plan import ReorderPlan, reorder_plan
from inventory.settings import PlanSettings
from sales.calendar import Calendar
from workspace import facts

DAYS = Calendar("D")


def plan(day: str = "2024-03-03", **given: Any) -> ReorderPlan:
    """Three items of 1, 2 and 3 units a day, 14 + 7 days, with what the workspace holds of overrides and orders sent: 29, 50 and 71."""
    settings = given.pop("settings", PlanSettings())
    spread = stock.spread([1, 2, 3], cutoff=day)
    by_hand = {o.item: o.quantity for o in overrides.load("shop")}
    return reorder_plan(stock.terms(3, **given), spread, DAYS, settings, by_hand, sent.receipts(sent.load("shop"), spread.items))


def test_what_is_sent_today_is_not_ordered_tomorrow() -> None:
    today = plan()
    assert today.quantity.tolist() == [29, 50, 71]
    orders = sent.send("shop", today, "Ann")
    assert [(o.item, o.quantity, o.due, o.supplier, o.state) for o in orders[:1]] == [
        ("A000", 29, pd.Timestamp("2024-03-17"), "Acme", "open")
    ]
    for later in (plan(), plan("2024-03-04")):
        assert later.quantity.tolist() == [0, 0, 0]
        assert later.on_order.tolist() == later.sent.tolist() == [29, 50, 71]


def test_a_double_click_sends_once_and_so_does_a_page_made_old_by_another() -> None:
    today, other = plan(), plan(settings=PlanSettings(0.99))
    assert len(sent.send("shop", today, "Ann")) == 3
    assert sent.send("shop", today, "Ann") == sent.send("shop", other, "Bob") == []
    assert len(sent.load("shop")) == 3


def test_a_second_order_is_sent_where_the_plan_saw_the_first() -> None:
    sent.send("shop", plan().selected([0]), "Ann")
    more = plan(settings=PlanSettings(0.99))
    assert more.quantity[0] > 0
    assert [o.quantity for o in sent.send("shop", more, "Ann")] == more.quantity.tolist()
    assert sent.send("shop", more, "Ann") == []
    assert plan(settings=PlanSettings(0.99)).quantity.tolist() == [0, 0, 0]


def test_an_order_due_after_the_interval_counts_later() -> None:
    sent.send("shop", plan(), "Ann")
    short = plan(settings=PlanSettings(lead_time_days=3))
    assert short.on_order.tolist() == [0, 0, 0]
    assert short.on_order_later.tolist() == short.sent.tolist() == [29, 50, 71]
    within = plan(settings=PlanSettings(lead_time_days=7))
    assert within.on_order.tolist() == [29, 50, 71]
    overdue = plan("2024-05-03", on_order=4, on_order_due=np.datetime64("2024-09-01"))
    assert (overdue.on_order.tolist(), overdue.on_order_later.tolist()) == ([29, 50, 71], [4, 4, 4])


def test_parts_of_days_never_push_an_order_out_of_its_own_interval() -> None:
    settings = PlanSettings(lead_time_days=10.6, review_period_days=0.0)
    sent.send("shop", plan(settings=settings), "Ann")
    assert plan(settings=settings).quantity.tolist() == [0, 0, 0]


def test_received_orders_count_as_on_hand_until_a_stock_file_is_saved() -> None:
    orders = sent.send("shop", plan(), "Ann")
    assert [o.item for o in sent.received("shop", [orders[0].id, 999], "Bob")] == ["A000"]
    assert sent.received("shop", [orders[0].id], "Bob") == []
    after = plan(on_hand=[5, 0, 0])
    assert (after.on_hand.tolist(), after.on_order.tolist()) == ([34, 0, 0], [0, 50, 71])
    assert (after.received.tolist(), after.sent.tolist()) == ([29, 0, 0], [0, 50, 71])
    sent.stock_file_saved("shop", False, "stock.csv")
    assert [(o.item, o.state) for o in sent.load("shop")] == [("A001", "open"), ("A002", "open")]
    assert plan(on_hand=[34, 0, 0]).position.tolist() == [34, 50, 71]
    sent.stock_file_saved("shop", True, "stock.csv")
    assert sent.load("shop") == []
    assert {r.ended_why for r in facts.history(sent.KIND, "shop")} == {"replaced", "in the stock file"}


def test_where_stock_on_hand_is_not_given_what_was_received_stays_on_order() -> None:
    orders = sent.send("shop", plan(on_hand=np.nan), "Ann")
    sent.received("shop", [o.id for o in orders], "Ann")
    after = plan(on_hand=np.nan)
    assert np.isnan(after.on_hand).all()
    assert after.targets_only
    assert after.position.tolist() == after.on_order.tolist() == after.received.tolist() == [29, 50, 71]


def test_stock_that_cannot_be_read_stays_unknown_whatever_was_sent() -> None:
    overrides.save("shop", "f1", {"A001": 12}, "seen on the shelf", "Ann")
    assert [o.quantity for o in sent.send("shop", plan(unusable=[False, True, False]), "Ann")] == [29, 12, 71]
    after = plan(unusable=[False, True, False])
    assert np.isnan(after.position[1])
    assert after.quantity.tolist() == [0, 0, 0]


def test_cancelled_orders_are_ordered_again() -> None:
    orders = sent.send("shop", plan(), "Ann")
    sent.cancelled("shop", [orders[1].id], "Bob")
    assert plan().quantity.tolist() == [0, 50, 0]
    assert [o.item for o in sent.send("shop", plan(), "Ann")] == ["A001"]


def test_an_override_is_for_one_order() -> None:
    """More than computed: done with it. Less: the rest is not ordered behind the planner's back. None at all: it stays."""
    overrides.save("shop", "f1", {"A000": 100, "A001": 20, "A002": 0}, "fair", "Ann")
    assert [o.quantity for o in sent.send("shop", plan(), "Bob")] == [100, 20]
    assert {o.item: (o.quantity, o.reason) for o in overrides.load("shop")} == {"A001": (0, "fair"), "A002": (0, "fair")}
    after = plan()
    assert (after.quantity.tolist(), after.computed.tolist()) == ([0, 0, 0], [0, 30, 71])


def test_orders_of_other_items_and_other_data_are_left_out() -> None:
    sent.send("other", plan(), "Ann")
    assert sent.load("shop") == []
    receipts = sent.receipts(sent.load("other"), ["A002", "B"])
    assert receipts.items.tolist() == ["A002"]


def test_an_order_needs_a_name() -> None:
    with pytest.raises(ValueError, match="by: got"):
        sent.send("shop", plan(), " ")
    assert sent.load("shop") == []
