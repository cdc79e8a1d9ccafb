"""Orders sent: on order until they arrive, on hand until the stock file knows, never ordered or sent twice."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import stock

from inventory import adjustments, overrides, sent
from inventory.adjustments import Adjustment
from inventory.decisions import Decisions, decisions
from inventory.plan import ReorderPlan, reorder_plan
from inventory.sending import send
from inventory.sent import SentOrder
from inventory.settings import PlanSettings, save_settings
from inventory.stock import save_stock
from sales.calendar import Calendar
from ui.texts.reasons import reasons
from workspace import datasets, facts

DAYS = Calendar("D")
SHOP, SALES = "shop", "f1"


def seen() -> Decisions:
    """What a page drawn now knows."""
    return decisions(SHOP, SALES)


def plan(day: str = "2024-03-03", **given: Any) -> ReorderPlan:
    """Three items of 1, 2 and 3 units a day, 14 + 7 days, with what was decided: 29, 50 and 71."""
    settings, known = given.pop("settings", PlanSettings()), seen()
    terms, spread = stock.terms(3, **given), stock.spread([1, 2, 3], cutoff=day)
    return reorder_plan(terms, spread, DAYS, settings, known.quantities, known.receipts)


def sent_now(made: ReorderPlan, known: Decisions | None = None, by: str = "Ann") -> list[SentOrder]:
    """What becomes of `made` when it is sent from a page that knows `known`; None: all there is."""
    return send(SHOP, SALES, made, known or seen(), by)


def test_what_is_sent_today_is_not_ordered_tomorrow() -> None:
    today = plan()
    assert today.quantity.tolist() == [29, 50, 71]
    first = sent_now(today)[0]
    assert (first.item, first.quantity, first.due, first.supplier) == ("A000", 29, pd.Timestamp("2024-03-17"), "Acme")
    assert (first.state, first.sent_as_of, first.by) == ("open", pd.Timestamp("2024-03-03"), "Ann")
    for later in (plan(), plan("2024-03-04")):
        assert later.quantity.tolist() == [0, 0, 0]
        assert later.on_order.tolist() == later.sent.tolist() == [29, 50, 71]


@pytest.mark.parametrize("before", [0, 1_000_000])
def test_a_double_click_sends_once_and_so_does_a_page_made_old_by_another(before: float) -> None:
    """Also where so much is open of an item that 29 more can hardly be seen beside it."""
    if before:
        facts.add(sent.KIND, SHOP, [{"item": "A000", "quantity": before, "supplier": "", "state": "open", "due": "2099-01-01",
                                     "sent_as_of": "2024-03-01"}], "Ann")  # fmt: skip
    today, other, known = plan(), plan(settings=PlanSettings(0.99)), seen()
    assert len(sent_now(today, known)) == 3
    assert sent_now(today, known) == sent_now(other, known, "Bob") == []
    assert len(sent.load(SHOP)) == 3 + (before > 0)


def test_a_second_order_is_sent_where_the_plan_saw_the_first() -> None:
    sent_now(plan().selected([0]))
    more, known = plan(settings=PlanSettings(0.99)), seen()
    assert more.quantity[0] > 0
    assert [o.quantity for o in sent_now(more, known)] == more.quantity.tolist()
    assert sent_now(more, known) == []
    assert plan(settings=PlanSettings(0.99)).quantity.tolist() == [0, 0, 0]


def test_a_line_that_somebody_decided_about_meanwhile_is_not_sent() -> None:
    overrides.save(SHOP, SALES, {"A002": 5}, "fair", "Ann")
    today, known = plan(), seen()
    overrides.save(SHOP, SALES, {"A001": 7}, "no room", "Bob")
    (changed,) = overrides.save(SHOP, SALES, {"A002": 5}, "fair", "Bob")
    assert [(o.item, o.quantity) for o in sent_now(today, known)] == [("A000", 29)]
    assert {o.item: (o.quantity, o.by) for o in overrides.load(SHOP)} == {"A001": (7, "Bob"), "A002": (5, "Bob")}
    overrides.clear(SHOP, [changed.id], "Bob")
    assert sent_now(today, known) == []


def adjustment() -> Adjustment:
    days = (pd.Timestamp("2024-03-04"), pd.Timestamp("2024-03-10"))
    return Adjustment(0, "item", "A000", *days, 50, None, "fair", "Bob", pd.Timestamp("2024-03-03"))


def test_none_is_sent_where_all_lines_may_have_moved() -> None:
    today, known = plan(), seen()
    (made,) = adjustments.save(SHOP, [adjustment()], "Bob")
    assert sent_now(today, known) == []
    adjustments.clear(SHOP, [made.id], "Bob")
    assert send(SHOP, "f2", today, known, "Ann") == []
    assert sent.load(SHOP) == []
    assert len(sent_now(today, known)) == 3


def test_none_is_sent_after_another_stock_file() -> None:
    data = datasets.create(SHOP, {}, {})
    table = pd.DataFrame({"item": ["A000"], "on_hand": [500]})
    today, known = plan(), seen()
    save_stock(data, table, "stock.csv", [], "Bob")
    assert sent_now(today, known) == []
    known = seen()
    save_stock(data, table, "the same.csv", [], "Bob")
    assert sent_now(today, known) == []
    assert len(sent_now(today)) == 3


def test_settings_saved_meanwhile_are_no_other_decision() -> None:
    today, known = plan(), seen()
    save_settings(SHOP, PlanSettings(0.99), "Bob")
    assert len(sent_now(today, known)) == 3


def test_an_order_due_after_the_interval_counts_later() -> None:
    sent_now(plan())
    short = plan(settings=PlanSettings(lead_time_days=3))
    assert short.on_order.tolist() == [0, 0, 0]
    assert short.on_order_later.tolist() == short.sent.tolist() == [29, 50, 71]
    within = plan(settings=PlanSettings(lead_time_days=7))
    assert within.on_order.tolist() == [29, 50, 71]


def test_what_is_overdue_still_counts_and_is_told() -> None:
    """Due on 17 March, the stock file's 4 on 1 April: nothing is overdue on the day itself."""
    sent_now(plan())
    assert plan("2024-03-17").overdue.tolist() == [0, 0, 0]
    assert "overdue" not in plan("2024-03-17").notes()
    late = plan("2024-03-18", on_order=4, on_order_due=np.datetime64("2024-04-01"))
    assert (late.overdue.tolist(), late.on_order.tolist()) == ([29, 50, 71], [33, 54, 75])
    later = plan("2024-04-02", on_order=[4, 0, 0], on_order_due=np.datetime64("2024-04-01"))
    assert later.overdue.tolist() == [33, 50, 71]
    assert later.notes()["overdue"] == 3
    assert all(f"{units} on order are overdue" in reason for units, reason in zip((33, 50, 71), reasons(later), strict=True))
    sent.received(SHOP, [order.id for order in sent.load(SHOP)], "Ann")
    assert plan("2024-04-02").overdue.tolist() == [0, 0, 0]


def test_parts_of_days_never_push_an_order_out_of_its_own_interval() -> None:
    settings = PlanSettings(lead_time_days=10.6, review_period_days=0.0)
    sent_now(plan(settings=settings))
    assert plan(settings=settings).quantity.tolist() == [0, 0, 0]


def test_received_orders_count_as_on_hand_and_can_be_taken_back() -> None:
    orders = sent_now(plan())
    before = plan(on_hand=[5, 0, 0])
    sent.received(SHOP, [orders[0].id, 999], "Bob")
    states = {order.item: (order.state, order.by) for order in sent.load(SHOP)}
    assert states == {"A000": ("received", "Bob"), "A001": ("open", "Ann"), "A002": ("open", "Ann")}
    after = plan(on_hand=[5, 0, 0])
    assert (after.on_hand.tolist(), after.on_order.tolist()) == ([34, 0, 0], [0, 50, 71])
    assert (after.received.tolist(), after.sent.tolist()) == ([29, 0, 0], [0, 50, 71])
    ids = [order.id for order in sent.load(SHOP)]
    sent.not_received(SHOP, ids, "Bob")
    assert [(order.item, order.state, order.by) for order in sent.load(SHOP)][-1] == ("A000", "open", "Bob")
    pd.testing.assert_frame_equal(plan(on_hand=[5, 0, 0]).to_frame(), before.to_frame())


def test_what_the_stock_file_has_already_is_not_added_to_it() -> None:
    orders = sent_now(plan())
    sent.in_stock_file(SHOP, [orders[0].id], "Bob")
    assert [order.item for order in sent.load(SHOP)] == ["A001", "A002"]
    assert plan(on_hand=[29, 0, 0]).position.tolist() == [29, 50, 71]
    assert plan(on_hand=[29, 0, 0]).received.tolist() == [0, 0, 0]


def test_where_stock_on_hand_is_not_given_what_was_received_stays_on_order() -> None:
    orders = sent_now(plan(on_hand=np.nan))
    sent.received(SHOP, [o.id for o in orders], "Ann")
    after = plan(on_hand=np.nan)
    assert np.isnan(after.on_hand).all()
    assert after.targets_only
    assert after.position.tolist() == after.on_order.tolist() == after.received.tolist() == [29, 50, 71]


def test_stock_that_cannot_be_read_stays_unknown_whatever_was_sent() -> None:
    overrides.save(SHOP, SALES, {"A001": 12}, "seen on the shelf", "Ann")
    assert [o.quantity for o in sent_now(plan(unusable=[False, True, False]))] == [29, 12, 71]
    after = plan(unusable=[False, True, False])
    assert np.isnan(after.position[1])
    assert after.quantity.tolist() == [0, 0, 0]


def test_cancelled_orders_are_ordered_again() -> None:
    orders = sent_now(plan())
    sent.cancelled(SHOP, [orders[1].id, 999], "Bob")
    assert plan().quantity.tolist() == [0, 50, 0]
    assert [o.item for o in sent_now(plan())] == ["A001"]
    assert {record.ended_why for record in facts.history(sent.KIND, SHOP)} == {"", "cancelled"}


def test_an_override_is_for_one_order() -> None:
    """More than computed: done with it. Less: the rest is not ordered behind the planner's back. None at all: it stays."""
    overrides.save(SHOP, SALES, {"A000": 100, "A001": 20, "A002": 0}, "fair", "Ann")
    assert [o.quantity for o in sent_now(plan())] == [100, 20]
    left = {o.item: (o.quantity, o.reason, o.rest) for o in overrides.load(SHOP)}
    assert left == {"A001": (0, "fair", True), "A002": (0, "fair", False)}
    after = plan()
    assert (after.quantity.tolist(), after.computed.tolist()) == ([0, 0, 0], [0, 30, 71])


def test_a_smaller_order_that_is_cancelled_is_ordered_whole_again() -> None:
    overrides.save(SHOP, SALES, {"A001": 20}, "no room", "Ann")
    orders = {order.item: order.id for order in sent_now(plan())}
    sent.cancelled(SHOP, [orders["A000"]], "Bob")
    assert plan().quantity.tolist() == [29, 0, 0]
    sent.cancelled(SHOP, [orders["A001"]], "Bob")
    assert plan().quantity.tolist() == [29, 50, 0]
    assert overrides.load(SHOP) == []


def test_an_override_of_0_that_somebody_typed_outlives_a_cancelled_order() -> None:
    orders = sent_now(plan())
    overrides.save(SHOP, SALES, {"A001": 0}, "not again", "Bob")
    sent.cancelled(SHOP, [orders[1].id], "Bob")
    assert plan().quantity.tolist() == [0, 0, 0]


def test_what_is_left_of_a_smaller_order_is_never_asked_about() -> None:
    overrides.save(SHOP, SALES, {"A001": 20}, "no room", "Ann")
    sent_now(plan())
    later = decisions(SHOP, "f2")
    assert (later.overrides, later.waiting) == ((), ())


def test_overrides_never_answered_end_with_the_line_that_is_sent() -> None:
    overrides.save(SHOP, "f0", {"A000": 7, "A001": 5}, "old", "Ann")
    today = plan()
    assert [o.item for o in seen().waiting] == ["A000", "A001"]
    sent_now(today.selected([0, 2]))
    assert [o.item for o in overrides.load(SHOP)] == ["A001"]
    assert plan().quantity.tolist() == [0, 50, 0]


def test_orders_of_other_items_and_other_data_are_left_out() -> None:
    send("other", SALES, plan(), seen(), "Ann")
    assert sent.load(SHOP) == []
    items = np.array(["A002", "B"], dtype=object)
    late = np.array(["2099-01-01"] * 2, dtype="datetime64[D]")
    received, inside, later = sent.receipts(sent.load("other")).of(items, late)
    assert (received.tolist(), inside.tolist(), later.tolist()) == ([0, 0], [71, 0], [0, 0])


def test_an_order_needs_a_name() -> None:
    overrides.save(SHOP, SALES, {"A000": 7}, "fair", "Ann")
    with pytest.raises(ValueError, match="by: got"):
        sent_now(plan(), by=" ")
    assert sent.load(SHOP) == []
    assert [o.quantity for o in overrides.load(SHOP)] == [7]
