"""What a planner adds to a forecast: units add up, nothing falls below 0, and only the dates and items meant are moved."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
import stock
from hypothesis import given
from hypothesis import strategies as st
from panels import panel

from inventory import adjustments
from inventory.adjustments import Adjustment, adjusted
from sales.panel import SalesPanel

LAST = pd.Timestamp("2023-01-29")
AT = datetime(2024, 1, 1, tzinfo=UTC)


def shop(n: int = 3, frequency: str = "D", periods: int = 28) -> SalesPanel:
    """Items A000 … sold once a period from 2 January 2023, a Monday; the first is a Mug, the others are Cups."""
    made = panel(np.ones((n, periods)), frequency)
    made.attributes["category"] = ["Mugs", *["Cups"] * (n - 1)]
    return made


def forecast(sold: SalesPanel, mean: Any, horizon: int = 14, model: str = "naive") -> pd.DataFrame:
    rows = stock.rows(sold, sold.last, horizon, mean, model=model)
    return rows.assign(**{"q0.5": rows["mean"], "q0.95": rows["mean"] + 3}, status="ok")


def change(first: str, last: str, scope: Any = "all", target: str = "", **amount: float) -> Adjustment:
    given = {"percent": None, "units": None, **amount}
    return Adjustment(1, scope, target, pd.Timestamp(first), pd.Timestamp(last), **given, reason="fair", by="Ann", at=AT)


def block(rows: pd.DataFrame, column: str = "mean") -> np.ndarray:
    return rows[column].to_numpy().reshape(rows["item"].nunique(), -1)


def test_percent_moves_mean_and_quantiles_on_its_dates_alone() -> None:
    before = forecast(shop(), 10)
    after = adjusted(before, shop(), [change("2023-02-01", "2023-02-02", "item", "A001", percent=50)])
    assert block(after)[1].tolist() == [10, 10, 15, 15, *[10] * 10]
    assert block(after, "q0.95")[1].tolist() == [13, 13, 19.5, 19.5, *[13] * 10]
    others = after["item"] != "A001"
    pd.testing.assert_frame_equal(after[others], before[others])
    assert (before["mean"] == 10).all()


def test_a_period_is_moved_by_the_share_of_its_days() -> None:
    """A week of 70 units: +50 % on 3 of its 7 days is 85. None of a month from its 15th on: 14 of 29 days of February 2024."""
    weeks = shop(1, "W")
    after = adjusted(forecast(weeks, 70, 2), weeks, [change("2023-07-17", "2023-07-19", percent=50)])
    assert block(after)[0].tolist() == pytest.approx([85, 70])
    months = shop(1, "M", 12)
    assert months.last == pd.Timestamp("2024-01-01")
    after = adjusted(forecast(months, 100, 3), months, [change("2024-02-15", "2024-03-31", percent=-100)])
    assert block(after)[0].tolist() == pytest.approx([100 * 14 / 29, 0, 100])


def test_units_are_shared_in_proportion_to_the_forecast() -> None:
    before = forecast(shop(), [[10] * 14, [20] * 14, [70] * 14])
    after = adjusted(before, shop(), [change("2023-01-30", "2023-01-31", units=200)])
    assert block(after)[:, 0].tolist() == block(after)[:, 1].tolist() == [20, 40, 140]
    assert block(after, "q0.95")[:, 0].tolist() == [23, 43, 143]
    cups = adjusted(before, shop(), [change("2023-01-30", "2023-01-31", "category", "Cups", units=-90)])
    assert block(cups)[:, 0].tolist() == [10, 10, 35]


def test_units_are_shared_evenly_where_nothing_is_forecast() -> None:
    after = adjusted(forecast(shop(), 0), shop(), [change("2023-01-30", "2023-02-01", "category", "Cups", units=12)])
    assert block(after)[:, :4].tolist() == [[0, 0, 0, 0], [2, 2, 2, 0], [2, 2, 2, 0]]


def test_the_category_may_be_that_of_the_stock_file() -> None:
    after = adjusted(forecast(shop(), 0), shop(), [change("2023-01-30", "2023-01-30", "category", "Tea", units=5)], {"A000": "Tea"})
    assert block(after)[:, 0].tolist() == [5, 0, 0]


def test_units_outside_the_forecast_are_not_in_it() -> None:
    """28 units over 28 days, of which the forecast has 14."""
    after = adjusted(forecast(shop(1), 1), shop(1), [change("2023-02-06", "2023-03-05", units=28)])
    assert after["mean"].sum() - 14 == pytest.approx(7)
    whole = adjusted(forecast(shop(1), 1), shop(1), [change("2023-01-16", "2023-02-12", units=28)])
    assert whole["mean"].sum() - 14 == pytest.approx(14)


def test_a_forecast_that_failed_stays_unknown() -> None:
    before = forecast(shop(2), [[np.nan] * 14, [1] * 14])
    after = adjusted(before, shop(2), [change("2023-01-30", "2023-02-12", units=14), change("2023-01-30", "2023-02-12", percent=10)])
    assert np.isnan(block(after)[0]).all()
    assert block(after)[1].tolist() == pytest.approx([2.2] * 14)


def test_a_plan_of_several_models_gets_the_units_once() -> None:
    """Each item's share is the same whichever of the models its plan uses."""
    both = [forecast(shop(2), [[10] * 14, [30] * 14], model="a"), forecast(shop(2), [[30] * 14, [10] * 14], model="b")]
    after = adjusted(pd.concat(both, ignore_index=True), shop(2), [change("2023-01-30", "2023-02-12", units=280)])
    sums = after.pivot_table(index="item", columns="model", values="mean", aggfunc="sum")
    for chosen in ({"A000": "a", "A001": "b"}, {"A000": "b", "A001": "a"}, {"A000": "a", "A001": "a"}):
        moved = sum(sums.loc[item, model] for item, model in chosen.items())
        was = sum({"A000": {"a": 140, "b": 420}, "A001": {"a": 420, "b": 140}}[item][model] for item, model in chosen.items())
        assert moved - was == pytest.approx(280)


means = st.lists(st.lists(st.floats(0, 1e5), min_size=14, max_size=14), min_size=3, max_size=3)
dates = st.tuples(st.integers(0, 13), st.integers(0, 13)).map(sorted)


@given(mean=means, days=dates, units=st.floats(0, 1e6), frequency=st.sampled_from(["D", "W"]))
def test_units_added_are_units_in_all(mean: list[list[float]], days: list[int], units: float, frequency: str) -> None:
    sold = shop(frequency=frequency)
    begin = sold.calendar.after(sold.last, 1)[0]
    first, last = (f"{begin + pd.Timedelta(days=day):%Y-%m-%d}" for day in days)
    before = forecast(sold, mean)
    after = adjusted(before, sold, [change(first, last, units=units)])
    assert (after["mean"] - before["mean"]).sum() == pytest.approx(units, rel=1e-6, abs=1e-4)


@given(
    mean=means,
    days=dates,
    amount=st.one_of(st.tuples(st.just("units"), st.floats(-1e9, 1e9)), st.tuples(st.just("percent"), st.floats(-100, 1e4))),
)
def test_nothing_falls_below_0_nor_out_of_order(mean: list[list[float]], days: list[int], amount: tuple[str, float]) -> None:
    first, last = (f"{LAST + pd.Timedelta(days=1 + day):%Y-%m-%d}" for day in days)
    after = adjusted(forecast(shop(), mean), shop(), [change(first, last, **{amount[0]: amount[1]})])
    assert (after["mean"] >= 0).all()
    assert (after["q0.95"] >= after["q0.5"]).all()
    outside = ~after["ds"].between(first, last)
    np.testing.assert_array_equal(block(after[outside]), block(forecast(shop(), mean)[outside]))


@given(mean=means, days=dates)
def test_nothing_more_is_nothing_changed(mean: list[list[float]], days: list[int]) -> None:
    first, last = (f"{LAST + pd.Timedelta(days=1 + day):%Y-%m-%d}" for day in days)
    before = forecast(shop(), mean)
    pd.testing.assert_frame_equal(adjusted(before, shop(), [change(first, last, percent=0), change(first, last, units=0)]), before)
    assert adjusted(before, shop(), []) is before


def test_they_are_kept_and_cleared() -> None:
    days = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-31")
    first = adjustments.save("shop", "item", "A000", *days, 10, None, " fair ", "Ann")
    second = adjustments.save("shop", "all", "", *days, None, -5, "rain", "Bob")
    assert adjustments.load("shop") == [first, second]
    assert (first.first, first.last, first.percent, first.units, first.reason, first.by) == (*days, 10, None, "fair", "Ann")
    adjustments.clear("other", [first.id], "Eve")
    adjustments.clear("shop", [first.id], "Eve")
    assert adjustments.load("shop") == [second]
    adjustments.clear("shop", None, "Eve")
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
def test_what_cannot_be_is_refused_and_not_kept(wrong: dict[str, Any], match: str) -> None:
    days = {"first": "2024-01-01", "last": "2024-01-31"}
    typed = {"scope": "all", "target": "", **days, "percent": 10, "units": None, "reason": "fair", "by": "Ann", **wrong}
    with pytest.raises(ValueError, match=match):
        adjustments.save("shop", **{**typed, "first": pd.Timestamp(typed["first"]), "last": pd.Timestamp(typed["last"])})
    assert adjustments.load("shop") == []
