"""The reorder plan: worked examples, and what must hold for every plan."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import stock
from scipy import stats
from stock import NORMAL, planned

from forecasting.calibration import EMPTY, pool_of
from inventory.plan import horizon_for, reorder_plan
from inventory.settings import PlanSettings
from sales.calendar import Calendar
from ui.texts import text
from ui.texts.reasons import reasons

DAILY = Calendar("D")


def test_the_published_example_of_periodic_review() -> None:
    """Chopra & Meindl, chapter 12: 2,500 a week with 500, two weeks of lead time, reviewed every four, 90 %: S = 16,570."""
    weekly = stock.spread([2500.0], sigma=500.0, horizon=8)
    given = stock.terms(1, lead_time_days=14, review_period_days=28, on_hand=6000)
    made = reorder_plan(given, weekly, Calendar("W-MON"), PlanSettings(0.90, method="normal"))
    assert made.protection_periods[0] == 6
    assert made.demand[0] == 15_000
    assert made.safety_stock[0] == pytest.approx(1570, abs=1)
    assert made.order_up_to[0] == pytest.approx(16_570, abs=1)
    assert made.reorder_point[0] == pytest.approx(5000 + 1570, abs=1)
    assert made.quantity[0] == 10_570
    assert made.order_value[0] == 21_140


def test_lead_times_that_vary_need_more() -> None:
    days = {"lead_time_days": 7, "lead_time_sd_days": 7, "review_period_days": 0}
    by_formula = planned(1, 2500, 500, PlanSettings(0.90, method="normal"), **days)
    assert by_formula.safety_stock[0] == pytest.approx(22_491, abs=1)
    by_backtest = planned(1, 2500, 500, PlanSettings(0.90, method="backtest"), errors=100_000, **days)
    assert by_backtest.safety_stock[0] == pytest.approx(22_491, rel=0.01)


def test_every_step_of_one_item() -> None:
    made = planned(on_hand=10, on_order=8, on_order_due="2024-03-20", backorders=3, pack=6)
    safety = stats.norm.ppf(0.95) * np.sqrt(21)
    assert made.demand[0] == 42
    assert made.safety_stock[0] == pytest.approx(safety)
    assert made.quantile[0] == pytest.approx(42 + safety)
    assert made.order_up_to[0] == pytest.approx(42 + safety)
    assert made.reorder_point[0] == pytest.approx(28 + safety)
    assert made.position[0] == 10 + 8 - 3
    assert made.shortfall[0] == pytest.approx(27 + safety)
    assert made.quantity[0] == 36
    assert made.as_of == pd.Timestamp("2024-03-03")


@pytest.mark.parametrize(
    ("due", "counts"),
    [("2024-03-24", True), ("2024-03-25", False), ("2024-01-01", True), (np.datetime64("NaT"), True), ("2030-01-01", False)],
)
def test_only_what_arrives_inside_the_interval_counts(due: Any, counts: bool) -> None:
    made = planned(on_order=1000, on_order_due=due)
    assert (made.on_order[0], made.on_order_later[0]) == ((1000, 0) if counts else (0, 1000))
    assert (made.quantity[0] == 0) == counts


def test_a_week_ends_six_days_after_its_label() -> None:
    weekly = stock.spread([10.0], cutoff="2024-03-04", horizon=10)
    due = stock.terms(1, on_order=5, on_order_due="2024-03-31")
    made = reorder_plan(due, weekly, Calendar("W-MON"), PlanSettings())
    assert made.as_of == pd.Timestamp("2024-03-10")
    assert made.on_order[0] == 5
    assert reorder_plan(replace(due, on_order_due=due.on_order_due + 1), weekly, Calendar("W-MON"), PlanSettings()).on_order[0] == 0


def test_sliders_replace_each_items_own_days() -> None:
    made = planned(2, settings=replace(NORMAL, lead_time_days=3.0, review_period_days=0.0), lead_time_days=[5, 9], assumed_lead_time=True)
    assert made.lead_time_days.tolist() == [3, 3]
    assert made.demand.tolist() == [6, 6]
    assert not made.assumed_lead_time.any()


def test_the_factor_scales_safety_stock_and_says_which_level_that_is() -> None:
    single, double = planned(), planned(settings=replace(NORMAL, safety_factor=2.0))
    assert double.safety_stock == pytest.approx(2 * single.safety_stock)
    assert single.effective_level[0] == 0.95
    assert double.effective_level[0] == pytest.approx(stats.norm.cdf(2 * 1.6449), abs=1e-4)
    by_backtest = planned(settings=PlanSettings(0.9, 0.5), errors=20_000)
    assert by_backtest.effective_level[0] == pytest.approx(stats.norm.cdf(0.5 * 1.2816), abs=0.01)
    assert planned(settings=PlanSettings(0.9, 0.0), errors=20_000).effective_level[0] == pytest.approx(0.5, abs=0.02)
    assert np.isnan(planned(sigma=0.0, settings=PlanSettings(0.9, 2.0)).effective_level[0])


def test_a_quantile_below_the_mean_asks_for_no_safety_stock() -> None:
    skewed = replace(stock.spread([2.0]), pooled={"AX": (EMPTY, *[pool_of(np.r_[np.full(95, -0.5), np.full(5, 9.5)])] * 28)})
    made = reorder_plan(stock.terms(1), skewed, DAILY, PlanSettings(0.8))
    assert made.quantile[0] < made.demand[0]
    assert made.safety_stock[0] == 0
    assert made.order_up_to[0] == made.demand[0]


def test_few_errors_and_long_intervals_are_marked() -> None:
    made = planned(2, settings=PlanSettings(0.99), errors=50, lead_time_days=[14, 60])
    assert made.tail.all()
    assert made.extrapolated.tolist() == [False, True]
    assert not planned(settings=PlanSettings(0.9), errors=50).tail.any()


def test_a_failed_forecast_has_no_quantity_and_no_line() -> None:
    spread = stock.spread([2.0, 2.0])
    cumulative = spread.cumulative.copy()
    cumulative[1, 1:] = np.nan
    for chosen in (PlanSettings(), NORMAL, PlanSettings(safety_factor=2.0)):
        made = reorder_plan(stock.terms(2), replace(spread, cumulative=cumulative), DAILY, chosen)
        assert np.isnan(made.quantity).tolist() == [False, True]
        assert np.isnan(made.effective_level).tolist() == [False, True]
        assert made.computed_codes()[1] == "forecast_failed"
        assert (made.totals().lines, made.totals().not_planned) == (1, 1)


def test_the_textbook_formula_without_errors_has_no_answer() -> None:
    made = planned(sigma=np.nan)
    assert np.isnan(made.quantity[0])
    assert made.computed_codes()[0] == "no_errors_known"


def test_stock_that_could_not_be_read_orders_nothing_and_says_so() -> None:
    made = planned(3, on_hand=[10, np.nan, np.nan], unusable=[False, True, False])
    assert np.isnan([made.quantity, made.position, made.shortfall]).tolist() == [[False, True, False]] * 3
    assert made.computed_codes()[1] == "stock_unreadable"
    assert reasons(made)[1] == "no quantity: its stock could not be read"
    assert (made.totals().lines, made.totals().not_planned) == (2, 1)
    assert made.notes() == {"stock_unreadable": 1, "no_stock": 1}
    assert planned(sigma=np.nan).notes() == {"not_planned": 1}
    for name in ("stock_unreadable", "not_planned", "overdue"):
        assert {text(f"{page}.note.{name}", count=1, items=3)[:10] for page in ("home", "reorder")} == {"1 of 3 ite"}


@pytest.mark.parametrize(
    ("code", "terms"),
    [
        ("position_covers", {"on_hand": 500}),
        ("rounded_to_units", {}),
        ("rounded_to_pack", {"pack": 20}),
        ("raised_to_moq", {"moq": 100}),
        ("raised_to_moq", {"moq": 100, "pack": 10}),
        ("raised_to_moq_and_pack", {"moq": 100, "pack": 30}),
    ],
)
def test_each_quantity_has_its_reason(code: str, terms: dict[str, float]) -> None:
    assert planned(**terms).computed_codes().tolist() == [code]


def test_whole_shortfalls_and_no_demand_have_theirs() -> None:
    assert planned(sigma=0.0).computed_codes().tolist() == ["ordered"]
    assert planned(rate=0.0, sigma=0.0).computed_codes().tolist() == ["no_demand"]
    assert planned(rate=0.0, sigma=0.0, backorders=4).computed_codes().tolist() == ["ordered"]


def test_a_reason_shows_the_arithmetic() -> None:
    made = planned(2, sigma=[0.0, 1.0], on_hand=[30, np.nan], backorders=[4, 0], pack=[12, 0], on_order=[5, 0], on_order_due="2030-01-01")
    assert reasons(made) == [
        "42 units in 21 days + 0 safety − 30 in stock and arriving + 4 owed = 16; rounded up to packs of 12: 24; "
        "5 more arrive too late to count",
        "42 units in 21 days + 7.5 safety − 0 in stock and arriving = 49.5; rounded up: 50; stock on hand not given: counted as 0",
    ]
    assert reasons(made, [1]) == reasons(made)[1:]


def test_a_reason_names_what_to_mind() -> None:
    made = planned(settings=PlanSettings(0.99), errors=50, lead_time_days=40, assumed_lead_time=True)
    (reason,) = reasons(made)
    assert "assumed tail" in reason
    assert "reach past what was forecast" in reason
    assert "lead time not given: 40 days assumed" in reason
    assert "review period" not in reason.split("; ")[-1]


def test_totals_count_lines_and_say_what_they_do_not_know() -> None:
    made = planned(4, sigma=0.0, on_hand=[0, 0, 100, 0], unit_cost=[2, np.nan, 3, 5])
    totals = made.totals()
    assert (totals.lines, totals.units, totals.value, totals.lines_without_cost, totals.not_planned) == (3, 126, 42 * 7, 1, 0)
    assert np.isnan(planned(unit_cost=np.nan).totals().value)
    assert planned(on_hand=500).totals().value == 0


def test_targets_stay_targets_when_filtered() -> None:
    made = planned(2, on_hand=[np.nan, 5], supplier=["x", "y"])
    assert not made.targets_only
    assert not made.selected(made.supplier == "x").targets_only
    assert planned(2, on_hand=np.nan).targets_only
    assert made.notes() == {"no_stock": 1}


def test_selected_keeps_every_column_aligned() -> None:
    made = planned(3, on_hand=[1, 2, 3], sigma=[1.0, 2.0, 3.0])
    part = made.selected(np.array([True, False, True]))
    pd.testing.assert_frame_equal(part.to_frame(), made.to_frame().iloc[[0, 2]].reset_index(drop=True))
    assert all(len(getattr(part, f.name)) == 2 for f in fields(part) if isinstance(getattr(part, f.name), np.ndarray))


@pytest.mark.parametrize(
    ("name", "value"),
    [("service_level", 0.4999), ("service_level", 95), ("service_level", np.nan), ("safety_factor", -0.1), ("safety_factor", 3.1),
     ("lead_time_days", -1.0), ("lead_time_days", np.inf), ("review_period_days", 4000.0), ("method", "guess")],
)  # fmt: skip
def test_impossible_settings_cannot_be_built(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name}: got"):
        PlanSettings(**{name: value})


def test_an_item_without_terms_is_named() -> None:
    with pytest.raises(KeyError, match=r"without stock terms: \['A001'\]"):
        reorder_plan(stock.terms(1), stock.spread([1.0, 1.0]), DAILY, PlanSettings())


def test_a_forecast_reaches_the_intervals_of_most_items() -> None:
    assert horizon_for(stock.terms(2, lead_time_days=60, review_period_days=10), DAILY) == 70
    assert horizon_for(stock.terms(2, lead_time_days=60, review_period_days=10), Calendar("W-MON")) == 10
    assert horizon_for(stock.terms(2, lead_time_days=0, review_period_days=1), DAILY) == 28
