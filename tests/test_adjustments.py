"""What a planner adds to a forecast: units add up, nothing falls below 0, and only the dates and items meant are moved."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
import stock
from hypothesis import given
from hypothesis import strategies as st
from panels import panel

from forecasting.spread import DemandSpread, demand_spread
from inventory import adjustments
from inventory.adjustments import Adjustment, adjusted
from inventory.plan import reorder_plan
from inventory.settings import PlanSettings
from sales.calendar import Calendar

DAYS = Calendar("D")
LAST = pd.Timestamp("2024-03-03")
AT = datetime(2024, 1, 1, tzinfo=UTC)
KINDS = {"A000": "Mugs", "A001": "Cups", "A002": "Cups"}
MOST = 400


def change(first: int | str, last: int | str, scope: Any = "all", target: str = "", id: int = 1, **amount: float) -> Adjustment:
    """From a day to a day: dates, or how many days after the last day of sales."""
    days = (pd.Timestamp(day) if isinstance(day, str) else LAST + pd.Timedelta(days=day) for day in (first, last))
    return Adjustment(id, scope, target, *days, **{"percent": None, "units": None, **amount}, reason="fair", by="Ann", at=AT)


def moved_by(spread: DemandSpread, *changes: Adjustment, category: Mapping[str, str] = KINDS, most: int = MOST) -> DemandSpread:
    return adjusted(spread, DAYS, changes, category, most)[0]


def means(spread: DemandSpread, periods: int) -> np.ndarray:
    """Each period's mean with the changes, n x periods."""
    totals = [spread.mean(np.full(len(spread.items), float(length))) for length in range(periods + 1)]
    return np.diff(np.stack(totals, axis=1), axis=1)


def rows(spread: DemandSpread, periods: int) -> list[list[float]]:
    return means(spread, periods).round(9).tolist()


def test_percent_moves_the_mean_of_its_dates_and_items_alone() -> None:
    before = stock.spread([10, 10, 10], horizon=14)
    after = moved_by(before, change(3, 4, "item", "A001", percent=50))
    assert rows(after, 14) == [[10] * 14, [10, 10, 15, 15, *[10] * 10], [10] * 14]
    assert rows(before, 14) == [[10] * 14] * 3
    periods = np.full(3, 9.0)
    np.testing.assert_array_equal(after.excess(periods, 0.95), before.excess(periods, 0.95))


def test_a_period_is_moved_by_the_share_of_its_days() -> None:
    """A week of 70 units: +50 % on 3 of its 7 days is 85. None of a month from its 15th on: 14 of 29 days of February 2024."""
    weeks, _ = adjusted(
        stock.spread(70, horizon=2, cutoff="2023-07-10"), Calendar("W-MON"), [change("2023-07-17", "2023-07-19", percent=50)], {}, MOST
    )
    assert means(weeks, 2)[0].tolist() == pytest.approx([85, 70])
    months, _ = adjusted(
        stock.spread(100, horizon=3, cutoff="2024-01-01"), Calendar("MS"), [change("2024-02-15", "2024-03-31", percent=-100)], {}, MOST
    )
    assert means(months, 3)[0].tolist() == pytest.approx([100 * 14 / 29, 0, 100])


@pytest.mark.parametrize(
    ("made", "demand"),
    [
        (change(22, 28, percent=100), 970),
        (change(22, 28, percent=-100), 830),
        (change(22, 35, units=1400), 2300),
        (change(40, 46, percent=100), 970),
        (change(84, 97, units=1400), 1600),
    ],
    ids=["more in the last week", "none in the last week", "half past the horizon", "all past the horizon", "half past the interval"],
)
def test_the_rate_past_the_horizon_is_the_models_whatever_was_changed(made: Adjustment, demand: float) -> None:
    """10 a day, forecast for 28 days, lead time and review of 90: 900 units and what was changed inside, on its own days."""
    spread = moved_by(stock.spread(10, 0), made)
    plan = reorder_plan(stock.terms(1, lead_time_days=60, review_period_days=30), spread, DAYS, PlanSettings())
    assert plan.demand[0] == pytest.approx(demand)


def test_what_was_moved_is_told_and_nothing_where_nothing_is() -> None:
    spread = stock.spread([10, 20], horizon=14)
    changes = [
        change(1, 7, "item", "A001", id=1, percent=50),
        change(20, 26, id=2, units=70),
        change(-20, -1, id=3, percent=50),
        change(90, 99, id=4, units=70),
        change(1, 7, "item", "unknown", id=5, units=70),
        change(1, 7, "category", "Tea", id=6, percent=10),
    ]
    _, moved = adjusted(spread, DAYS, changes, KINDS, 60)
    assert moved == pytest.approx({1: 70, 2: 70, 3: 0, 4: 0, 5: 0, 6: 0})


def test_units_are_shared_in_proportion_to_the_forecast() -> None:
    before = stock.spread([10, 20, 70], horizon=14)
    assert rows(moved_by(before, change(1, 2, units=200)), 3) == [[20, 20, 10], [40, 40, 20], [140, 140, 70]]
    assert rows(moved_by(before, change(1, 2, "category", "Cups", units=-90)), 1) == [[10], [10], [35]]


def test_units_are_shared_evenly_where_nothing_is_forecast() -> None:
    after = moved_by(stock.spread([0, 0, 0], horizon=14), change(1, 3, "category", "Cups", units=12))
    assert rows(after, 4) == [[0, 0, 0, 0], [2, 2, 2, 0], [2, 2, 2, 0]]


def test_units_outside_the_periods_are_left_out() -> None:
    """28 units over 28 days, of which 7 lie within 14 periods, or 14 after the last day of sales."""
    spread = stock.spread(1, horizon=14)
    for days, most, inside in (((8, 35), 14, 7), ((8, 35), 40, 28), ((-13, 14), 40, 14)):
        _, moved = adjusted(spread, DAYS, [change(*days, units=28)], {}, most)
        assert moved[1] == pytest.approx(inside)


@pytest.mark.parametrize(("last", "taken", "left"), [(14, -350, 350), (7, -350, 0), (5, -250, 0)])
def test_units_taken_away_are_those_of_the_models_in_use_and_never_more_than_are_there(last: int, taken: float, left: float) -> None:
    """Two models, a plan of 10 + 40 a day. 350 less: half of what is expected in 14 days, all of 7 days, and more than 5 days have."""
    sold = panel(np.ones((2, 28)), start="2024-02-05")
    both = [stock.rows(sold, sold.last, 14, [[a] * 14, [b] * 14], model=name) for name, a, b in (("one", 10, 30), ("two", 30, 40))]
    spread = demand_spread(sold, pd.concat(both), both[0].iloc[:0], {"A000": "one", "A001": "two"})
    assert spread.cutoff == LAST
    after, moved = adjusted(spread, DAYS, [change(1, last, units=-350)], {}, MOST)
    assert moved[1] == pytest.approx(taken)
    assert means(after, last).sum() == pytest.approx(left)
    assert (means(after, 14) >= 0).all()


def test_a_forecast_that_failed_stays_unknown() -> None:
    both = (change(1, 14, id=1, units=14), change(1, 14, id=2, percent=10))
    after = moved_by(stock.spread([np.nan, 1], horizon=14), *both)
    assert np.isnan(means(after, 14)[0]).all()
    assert means(after, 14)[1].tolist() == pytest.approx([2.2] * 14)


forecasts = st.lists(st.lists(st.floats(0, 1e5), min_size=14, max_size=14), min_size=3, max_size=3)
dates = st.tuples(st.integers(1, 40), st.integers(1, 40)).map(sorted)
amounts = st.one_of(st.tuples(st.just("units"), st.floats(-1e9, 1e9)), st.tuples(st.just("percent"), st.floats(-100, 1e4)))


@given(mean=forecasts, days=dates, units=st.floats(0, 1e6), alias=st.sampled_from(["D", "W-MON", "MS"]))
def test_units_added_are_units_in_all(mean: list[list[float]], days: list[int], units: float, alias: str) -> None:
    calendar = Calendar(alias)
    before = stock.spread(mean, cutoff="2024-01-01")
    first, last = (calendar.last_day(before.cutoff) + pd.Timedelta(days=day) for day in days)
    after, moved = adjusted(before, calendar, [change(str(first), str(last), units=units)], KINDS, MOST)
    assert moved[1] == pytest.approx(units, rel=1e-6, abs=1e-4)
    assert (means(after, 60) - means(before, 60)).sum() == pytest.approx(units, rel=1e-6, abs=1e-2)


@given(mean=forecasts, changes=st.lists(st.tuples(dates, amounts), min_size=1, max_size=4))
def test_nothing_falls_below_0_and_no_other_day_moves(mean: list[list[float]], changes: list[Any]) -> None:
    before = stock.spread(mean)
    wanted = [change(*days, id=k, **{name: amount}) for k, (days, (name, amount)) in enumerate(changes)]
    after, moved = adjusted(before, DAYS, wanted, KINDS, MOST)
    was, now = means(before, 60), means(after, 60)
    size = 1e-9 * (1 + np.abs(now).sum() + sum(map(abs, moved.values())))
    assert (now >= -size).all()
    assert (now - was).sum() == pytest.approx(sum(moved.values()), rel=1e-6, abs=100 * size)
    touched = np.array([any(first <= day <= last for (first, last), _ in changes) for day in range(1, 61)])
    np.testing.assert_allclose(now[:, ~touched], was[:, ~touched], rtol=1e-6, atol=100 * size)


@given(mean=forecasts, days=dates)
def test_nothing_more_is_nothing_changed(mean: list[list[float]], days: list[int]) -> None:
    before = stock.spread(mean)
    after, moved = adjusted(before, DAYS, [change(*days, id=1, percent=0), change(*days, id=2, units=0)], KINDS, MOST)
    np.testing.assert_array_equal(means(after, 50), means(before, 50))
    assert moved == {1: 0, 2: 0}
    assert adjusted(before, DAYS, [], KINDS, MOST) == (before, {})


def test_they_are_kept_and_cleared() -> None:
    wanted = [change("2024-01-01", "2024-01-31", "item", "A000", percent=10), change("2024-01-01", "2024-01-31", units=-5)]
    first, second = adjustments.save("shop", [replace(wanted[0], reason=" fair "), wanted[1]], "Bob")
    assert adjustments.load("shop") == [first, second]
    assert replace(first, id=1, at=AT, by="Ann") == wanted[0]
    assert (first.by, second.by, second.units) == ("Bob", "Bob", -5)
    adjustments.clear("other", [first.id], "Eve")
    adjustments.clear("shop", [first.id, 999], "Eve")
    assert adjustments.load("shop") == [second]


def test_all_are_kept_or_none() -> None:
    wanted = [change(1, 2, percent=10), change(1, 2, units=5)]
    with pytest.raises(ValueError, match="by: got"):
        adjustments.save("shop", wanted, " ")
    assert adjustments.load("shop") == []


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"scope": "shop"}, "scope: got 'shop'"),
        ({"scope": "item"}, "target: got ''"),
        ({"target": "A000"}, "target: got 'A000'"),
        ({"first": "2024-02-01"}, "two days in order"),
        ({"last": "NaT"}, "two days in order"),
        ({"last": "2024-01-31 12:00"}, "two days in order"),
        ({"percent": None}, "one of the two"),
        ({"units": 3}, "one of the two"),
        ({"percent": -101}, "percent: got -101"),
        ({"percent": float("nan")}, "percent: got nan"),
        ({"percent": None, "units": float("inf")}, "units: got inf"),
        ({"reason": " "}, "reason: got"),
        ({"by": ""}, "by: got"),
    ],
)
def test_what_cannot_be_is_no_adjustment(wrong: dict[str, Any], match: str) -> None:
    days = {"first": "2024-01-01", "last": "2024-01-31"}
    typed = {"scope": "all", "target": "", **days, "percent": 10, "units": None, "reason": "fair", "by": "Ann", **wrong}
    with pytest.raises(ValueError, match=match):
        Adjustment(0, **{**typed, "first": pd.Timestamp(typed["first"]), "last": pd.Timestamp(typed["last"])}, at=AT)
