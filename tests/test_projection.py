"""One line looked into: its steps add up to the plan's columns, its stock ends where the plan says, by hand and by property."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import stock
from hypothesis import given
from hypothesis import strategies as st

from forecasting.spread import DemandSpread
from inventory.plan import ReorderPlan, reorder_plan
from inventory.projection import MOST_POINTS, Projection, arithmetic, arrivals, project
from inventory.receipts import Receipts
from inventory.settings import PlanSettings
from sales.calendar import Calendar

DAILY = Calendar("D")
AS_OF = pd.Timestamp("2024-03-03")


def planned(spread: DemandSpread, overrides: dict[str, float] | None = None, calendar: Calendar = DAILY, **terms: Any) -> ReorderPlan:
    return reorder_plan(stock.terms(len(spread.items), **terms), spread, calendar, PlanSettings(), overrides=overrides or {})


def day(n: int) -> pd.Timestamp:
    return AS_OF + pd.Timedelta(days=n)


def at(made: Projection, n: int) -> list[float]:
    """Stock before and after what arrives on day n."""
    return made.stock[made.day == day(n)].tolist()


# 10 a day, certain; 14 + 7 days: demand 210. On hand 100, 50 due on day 10, 5 owed: position 145, shortfall 65, packs of 12: 72.
BY_HAND = {"on_hand": 100, "on_order": 50, "on_order_due": np.datetime64("2024-03-13"), "backorders": 5, "pack": 12}


def test_the_steps_by_hand() -> None:
    steps = {step.name: step.units for step in arithmetic(planned(stock.spread(10, 0), **BY_HAND), 0)}
    assert steps == pytest.approx(
        {
            "lead_time_demand": 140, "review_demand": 70, "safety_stock": 0, "order_up_to": 210, "on_hand": -100, "on_order": -50,
            "backorders": 5, "shortfall": 65, "rounding": 7, "computed": 72,
        }
    )  # fmt: skip


def test_an_override_is_the_last_step() -> None:
    steps = arithmetic(planned(stock.spread(10, 0), {"A000": 60.0}, **BY_HAND), 0)
    assert [(step.name, step.units) for step in steps[-3:]] == [("computed", 72.0), ("override", -12.0), ("quantity", 60.0)]


def test_stock_that_covers_orders_nothing() -> None:
    steps = arithmetic(planned(stock.spread(10, 0), on_hand=500), 0)
    assert [(step.name, step.units) for step in steps[-3:]] == [("shortfall", -290.0), ("covered", 290.0), ("computed", 0.0)]


def test_a_line_without_a_quantity_has_no_steps_and_no_projection() -> None:
    spread = stock.spread([10, np.nan])
    made = planned(spread, unusable=[True, False])
    for row in (0, 1):
        assert arithmetic(made, row) == []
        assert project(made, row, spread, DAILY) is None


@given(
    rate=st.floats(0, 1e4), sigma=st.floats(0, 1e3), on_hand=st.floats(0, 1e6), on_order=st.floats(0, 1e6), backorders=st.floats(0, 1e5),
    moq=st.integers(0, 500), pack=st.integers(0, 60), override=st.none() | st.floats(0, 1e6),
)  # fmt: skip
def test_steps_between_totals_add_up(
    rate: float, sigma: float, on_hand: float, on_order: float, backorders: float, moq: int, pack: int, override: float | None
) -> None:
    terms = {"on_hand": on_hand, "on_order": on_order, "backorders": backorders, "moq": moq, "pack": pack}
    made = planned(stock.spread(rate, sigma), {} if override is None else {"A000": override}, **terms)
    reached = 0.0
    for step in arithmetic(made, 0):
        if step.total:
            assert reached == pytest.approx(step.units, abs=1e-4)
            assert step.units == getattr(made, step.name)[0]
        reached = step.units if step.total else reached + step.units
    assert reached == made.quantity[0]


def test_the_projection_by_hand() -> None:
    spread = stock.spread(10, 0)
    made = project(planned(spread, **BY_HAND), 0, spread, DAILY, [(day(10), 50.0)])
    assert made is not None
    assert at(made, 0) == [95.0, 95.0]
    assert at(made, 10) == [-5.0, 45.0]
    assert at(made, 14) == [5.0, 77.0]
    assert at(made, 21) == [7.0, 7.0]
    assert made.without[-1] == -65
    assert (made.order, made.order_arrives) == (72.0, day(14))
    assert list(made.day[made.out_of_stock]) == [day(10)]
    assert np.allclose(made.low, made.stock)


def test_receipts_overdue_come_at_once_undated_ones_with_the_order_late_ones_never() -> None:
    spread = stock.spread(10, 0)
    made = planned(spread, on_hand=0, on_order=50)
    overdue = project(made, 0, spread, DAILY, [(day(-3), 50.0)])
    undated = project(made, 0, spread, DAILY, [(pd.NaT, 50.0)])
    assert overdue is not None
    assert undated is not None
    assert at(overdue, 0) == [0.0, 50.0]
    assert at(undated, 14) == [-140.0, -140.0 + 50 + made.quantity[0]]
    late = planned(spread, on_hand=0, on_order=50, on_order_due=np.datetime64("2024-05-01"))
    never = project(late, 0, spread, DAILY, [(pd.Timestamp("2024-05-01"), 50.0)])
    assert never is not None
    assert never.without[-1] == -210


@given(
    rate=st.floats(0, 1e3), sigma=st.floats(0, 50), lead=st.floats(0, 60), review=st.floats(0, 40), on_hand=st.floats(0, 5000),
    on_order=st.floats(0, 5000), due=st.integers(-5, 120), alias=st.sampled_from(["D", "W-MON", "MS"]),
)  # fmt: skip
def test_stock_ends_at_the_plans_own_figures(
    rate: float, sigma: float, lead: float, review: float, on_hand: float, on_order: float, due: int, alias: str
) -> None:
    spread, calendar = stock.spread(rate, sigma, cutoff="2024-01-01"), Calendar(alias)
    on_day = calendar.last_day(spread.cutoff) + pd.Timedelta(days=due)
    terms = {"on_hand": on_hand, "on_order": on_order, "on_order_due": on_day.to_datetime64().astype("datetime64[D]")}
    made = planned(spread, None, calendar, lead_time_days=lead, review_period_days=review, **terms)
    seen = project(made, 0, spread, calendar, [(on_day, on_order)])
    assert seen is not None
    assert seen.stock[-1] == pytest.approx(made.position[0] + made.quantity[0] - made.demand[0], abs=1e-4)
    assert (seen.low <= seen.stock + 1e-6).all()
    assert (seen.high >= seen.stock - 1e-6).all()
    assert (np.diff(seen.day) >= pd.Timedelta(0)).all()


def test_the_lower_edge_of_the_band_is_the_plans_quantile() -> None:
    spread = stock.spread(10, 3)
    made = planned(spread, on_hand=100)
    seen = project(made, 0, spread, DAILY, level=made.settings.service_level)
    assert seen is not None
    assert seen.low[-1] == pytest.approx(made.position[0] + made.quantity[0] - made.quantile[0])


def test_a_long_interval_has_few_points() -> None:
    spread = stock.spread(10, 3)
    made = planned(spread, lead_time_days=3650, review_period_days=3650)
    seen = project(made, 0, spread, DAILY)
    assert seen is not None
    assert len(seen.day) <= 2 * (MOST_POINTS + 3)


def test_what_was_changed_is_drawn_on_its_days() -> None:
    """10 a day for 5 days, 20 for 5, 10 again; 5 more a day past the horizon of 14."""
    more = np.zeros((1, 21))
    more[0, 5:10], more[0, 14:] = 10, 5
    spread = stock.spread(10, 0, horizon=14).changed(more)
    made = project(planned(spread, on_hand=1000), 0, spread, DAILY)
    assert made is not None
    assert [at(made, n)[0] for n in (5, 10, 14, 21)] == pytest.approx([950, 850, 810, 705])
    assert made.stock[-1] == pytest.approx(1000 - planned(spread).demand[0])


def test_orders_sent_arrive_on_their_days_and_what_arrived_is_there() -> None:
    spread, given = stock.spread(10, 0), stock.terms(1, on_hand=100, on_order=50, on_order_due=np.datetime64("2024-03-13"))
    due = np.array(["2024-03-08", "2024-03-10"], dtype="datetime64[D]")
    sent = Receipts(np.array(["A000", "A000"], dtype=object), np.array([30.0, 20.0]), due, np.array([False, True]))
    plan = reorder_plan(given, spread, DAILY, PlanSettings(), receipts=sent)
    assert arrivals(given, sent, "A000", AS_OF) == [(day(10), 50.0), (day(5), 30.0)]
    made = project(plan, 0, spread, DAILY, arrivals(given, sent, "A000", AS_OF))
    assert made is not None
    assert [at(made, n) for n in (0, 5, 7, 10)] == [[120, 120], [70, 100], [80, 80], [50, 100]]


def test_what_arrived_where_stock_is_not_known_arrives_today() -> None:
    spread, given = stock.spread(10, 0), stock.terms(1, on_hand=np.nan)
    there = Receipts(np.array(["A000"], dtype=object), np.array([20.0]), np.array(["2024-03-10"], dtype="datetime64[D]"), np.array([True]))
    plan = reorder_plan(given, spread, DAILY, PlanSettings(), receipts=there)
    made = project(plan, 0, spread, DAILY, arrivals(given, there, "A000", AS_OF))
    assert made is not None
    assert [at(made, n) for n in (0, 2)] == [[0, 20], [0, 0]]
