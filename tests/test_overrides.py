"""Quantities set by hand: they touch their own line alone, and are asked about again when the data changes."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
import stock
from hypothesis import given
from hypothesis import strategies as st

from inventory import overrides
from inventory.decisions import decisions
from inventory.overrides import Override
from inventory.plan import ReorderPlan, reorder_plan
from inventory.settings import KIND, PlanSettings, of_records, save_settings
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
    codes = ["forecast_failed", "position_covers", "rounded_to_units", "rounded_to_units"]
    assert after.computed_codes().tolist() == before.computed_codes().tolist() == codes
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


@pytest.mark.parametrize(
    ("units", "terms", "minds"),
    [
        (12, {"pack": 6}, []),
        (13, {"pack": 6}, ["no whole packs of 6"]),
        (60, {"moq": 100}, ["below the minimum of 100"]),
        (61, {"moq": 100, "pack": 6}, ["below the minimum of 100", "no whole packs of 6"]),
        (100, {"moq": 100, "pack": 0.5}, []),
        (0, {"moq": 100, "pack": 6}, []),
    ],
)
def test_a_quantity_that_the_supplier_may_refuse_says_so(units: float, terms: dict[str, float], minds: list[str]) -> None:
    made = reorder_plan(stock.terms(1, **terms), stock.spread(2), DAYS, PlanSettings(), {"A000": units})
    (reason,) = reasons(made)
    assert reason.split(f"set by hand instead: {units}; ")[1:] == (["; ".join(minds)] if minds else [])


def test_what_is_left_of_a_smaller_order_is_no_quantity_set_by_hand() -> None:
    (made,) = overrides.save("shop", "f1", {"A002": 0}, "fair", "Ann")
    _, _, third, _ = reasons(plan({"A002": 0}), overrides=[replace(made, rest=True)])
    assert third.endswith("the order sent was smaller than computed: nothing more until there is newer data (fair)")


@pytest.mark.parametrize(
    ("percent", "wanted"),
    [(-50, 102), (-100, 0), (0, 102), (5, 108), (100, 204)],
)
def test_percent_keeps_to_the_minimum_and_whole_packs(percent: float, wanted: float) -> None:
    """63 units short, at least 100, packs of 6: 102 computed. Half of that is still 102, nothing is nothing."""
    made = reorder_plan(stock.terms(1, moq=100, pack=6), stock.spread(3, 0), DAYS, PlanSettings())
    assert made.computed.tolist() == [102]
    assert overrides.by_percent(made, percent) == {"A000": wanted}


def test_percent_is_of_what_was_computed_up_to_whole_packs() -> None:
    """10 a day over 21 days, certain. Of what was typed before nothing is left."""
    spread, given = stock.spread([10, 10, 0], 0), {"on_hand": [138, 100, 0], "pack": [12, 0, 6]}
    made = reorder_plan(stock.terms(3, **given), spread, DAYS, PlanSettings(), {"A001": 5.0})
    assert made.computed.tolist() == [72, 110, 0]
    assert overrides.by_percent(made, 10) == {"A000": 84, "A001": 121}
    assert overrides.by_percent(replace(made, computed=made.computed * np.nan), 10) == {}
    for percent in (-101, 10_001, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"percent: got .*, expected a number from -100 to 10,000"):
            overrides.by_percent(made, percent)


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


def test_those_named_are_cleared_and_no_others() -> None:
    one, two, three = overrides.save("shop", "f1", {"a": 1, "b": 2, "c": 3}, "why", "Ann")
    (other,) = overrides.save("other", "f1", {"a": 1}, "why", "Ann")
    overrides.clear("shop", [two.id, other.id, 999], "Bob")
    assert overrides.load("shop") == [one, three]
    assert overrides.load("other") == [other]
    assert [record.ended_by for record in facts.history(overrides.KIND, "shop")] == ["", "Bob", ""]


def test_on_other_data_they_wait_until_they_are_kept() -> None:
    _, second = overrides.save("shop", "f1", {"a": 1, "b": 2}, "why", "Ann")
    now = decisions("shop", "f2")
    assert (now.quantities, [o.item for o in now.waiting]) == ({}, ["a", "b"])
    overrides.keep("shop", now.version, [second.id, 999], "Bob")
    now = decisions("shop", "f2")
    assert ([o.item for o in now.overrides], [o.item for o in now.waiting]) == (["b"], ["a"])
    (kept,) = now.overrides
    assert (kept.quantity, kept.reason, kept.by, kept.version) == (2, "why", "Bob", "f2")
    overrides.keep("shop", now.version, [kept.id], "Eve")
    assert decisions("shop", "f2").overrides == (kept,)


def test_what_could_not_be_saved_is_no_override_either() -> None:
    made: dict[str, Any] = {"id": 1, "item": "a", "quantity": 1, "reason": "why", "by": "Ann", "at": datetime.min, "version": "f1"}
    Override(**made)
    for wrong in ({"item": ""}, {"quantity": -1}, {"reason": " "}, {"by": ""}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))}: got"):
            Override(**{**made, **wrong})


def test_settings_are_kept_for_their_data() -> None:
    assert of_records(facts.records(KIND, "shop")) == PlanSettings()
    wanted = PlanSettings(0.9, 1.5, None, 3.0, "normal")
    save_settings("shop", PlanSettings(0.8), "Ann")
    save_settings("shop", wanted, "Bob")
    assert (of_records(facts.records(KIND, "shop")), of_records(facts.records(KIND, "other"))) == (wanted, PlanSettings())
    assert [record.by for record in facts.records("settings", "shop")] == ["Bob"]
