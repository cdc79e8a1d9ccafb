"""Quantities set by hand: they touch their own line alone, and are asked about again when the data changes."""

import numpy as np
import pytest
import stock
from hypothesis import given
from hypothesis import strategies as st
from inventory.saved import save_settings, saved_settings

from inventory import overrides
from inventory.plan import ReorderPlan, reorder_plan
from inventory.settings import PlanSettings
from sales.calendar import Calendar
from ui.texts.reasons import reasons
from workspace import facts

DAYS = Calendar("D")


def plan(by_hand: dict[str, float], n: int = 4) -> ReorderPlan:
    """The first not forecast, the second covered, the others to order: 21 days of 2 and of 3 units, and safety."""
    spread = stock.spread([np.nan, 1, 2, 3, *[4] * (n - 4)])
    return reorder_plan(stock.terms(n, on_hand=[0, 99, *[0] * (n - 2)], unit_cost=2), spread, DAYS, PlanSettings(), by_hand)


def test_an_override_takes_the_place_of_its_line_and_the_totals_follow() -> None:
    before, after = plan({}), plan({"A000": 7, "A002": 100})
    assert before.quantity[1:].tolist() == [0, 50, 71]
    assert np.isnan(before.quantity[0])
    assert after.quantity.tolist() == [7, 0, 100, 71]
    assert after.overridden.tolist() == [True, False, True, False]
    np.testing.assert_array_equal(after.computed, before.quantity)
    assert after.order_value.tolist() == [14, 0, 200, 142]
    totals = after.totals()
    assert (totals.lines, totals.units, totals.value, totals.not_planned) == (3, 178, 356, 0)
    assert after.reason_codes().tolist() == ["overridden", "position_covers", "overridden", "rounded_to_units"]
    assert (before.notes(), after.notes()) == ({"not_planned": 1}, {})


def test_the_reason_says_who_set_what_and_why() -> None:
    made = overrides.save("shop", "f1", {"A000": 7, "A002": 100}, "fair in {town}", "Ann")
    first, _, third, fourth = reasons(plan({"A000": 7, "A002": 100}), overrides=made)
    day = f"{made[0].at:%Y-%m-%d}"
    assert first == f"no quantity: demand could not be forecast; set by hand instead: 7, by Ann on {day} (fair in {{town}})"
    sentence = "42 units in 21 days + 7.8 safety − 0 in stock and arriving = 49.8; rounded up: 50; set by hand instead: 100"
    assert third == f"{sentence}, by Ann on {day} (fair in {{town}})"
    assert "by hand" not in fourth
    assert reasons(plan({"A002": 100}), [2]) == [sentence]


@given(
    row=st.integers(0, 3),
    units=st.one_of(st.just(0.0), st.floats(0, 1e9)),
)
def test_an_override_touches_its_line_alone(row: int, units: float) -> None:
    before, after = plan({}), plan({f"A{row:03d}": units, "unknown": 5})
    assert after.quantity[row] == units
    others = np.arange(4) != row
    np.testing.assert_array_equal(after.quantity[others], before.quantity[others])
    np.testing.assert_array_equal(after.overridden, ~others)
    np.testing.assert_array_equal(after.position, before.position)


@pytest.mark.parametrize("units", [-1, float("nan"), float("inf"), 1.1e9])
def test_a_quantity_that_cannot_be_is_refused_everywhere(units: float) -> None:
    with pytest.raises(ValueError, match=r"overrides: got .*A001.*expected units from 0"):
        plan({"A001": units})
    with pytest.raises(ValueError, match=r"quantity: got .*, expected a number from 0"):
        overrides.save("shop", "f1", {"A000": 1, "A001": units}, "why", "Ann")
    assert overrides.load("shop") == []


@pytest.mark.parametrize(("item", "reason", "by", "match"), [("", "r", "A", "item"), ("a", " ", "A", "reason"), ("a", "r", " ", "by")])
def test_item_reason_and_name_are_needed(item: str, reason: str, by: str, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        overrides.save("shop", "f1", {item: 1}, reason, by)


def test_a_later_override_takes_the_place_of_the_first() -> None:
    overrides.save("shop", "f1", {"a": 1, "b": 2}, "first", "Ann")
    overrides.save("shop", "f1", {"b": 3}, "second", "Bob")
    assert [(o.item, o.quantity, o.reason, o.by) for o in overrides.load("shop")] == [("a", 1, "first", "Ann"), ("b", 3, "second", "Bob")]
    assert len(facts.history(overrides.KIND, "shop")) == 3
    assert overrides.load("other") == []


def test_they_are_cleared_one_by_one_and_all_at_once() -> None:
    overrides.save("shop", "f1", {"a": 1, "b": 2, "c": 3}, "why", "Ann")
    overrides.clear("shop", ["b", "unknown"], "Bob")
    assert [o.item for o in overrides.load("shop")] == ["a", "c"]
    overrides.clear("shop", None, "Bob")
    assert overrides.load("shop") == []
    assert {record.ended_by for record in facts.history(overrides.KIND, "shop")} == {"Bob"}


def test_on_other_data_they_wait_until_they_are_kept() -> None:
    overrides.save("shop", "f1", {"a": 1, "b": 2}, "why", "Ann")
    valid, waiting = overrides.split(overrides.load("shop"), "f2")
    assert (valid, [o.item for o in waiting]) == ([], ["a", "b"])
    (kept,) = overrides.keep("shop", "f2", ["b"], "Bob")
    assert (kept.item, kept.quantity, kept.reason, kept.by, kept.fingerprint) == ("b", 2, "why", "Bob", "f2")
    valid, waiting = overrides.split(overrides.load("shop"), "f2")
    assert ([o.item for o in valid], [o.item for o in waiting]) == (["b"], ["a"])
    assert overrides.keep("shop", "f2", ["b"], "Eve") == []


def test_settings_are_kept_for_their_data() -> None:
    assert saved_settings("shop") == PlanSettings()
    wanted = PlanSettings(0.9, 1.5, None, 3.0, "normal")
    save_settings("shop", PlanSettings(0.8), "Ann")
    save_settings("shop", wanted, "Bob")
    assert (saved_settings("shop"), saved_settings("other")) == (wanted, PlanSettings())
    assert [record.by for record in facts.records("settings", "shop")] == ["Bob"]
