"""The distribution of total demand: quantiles of totals, not totals of quantiles."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import stock
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import panel
from scipy import stats

from forecasting.calibration import EMPTY, pool_of, quantile, tail_scale
from forecasting.spread import DemandSpread, demand_spread

HORIZON = 14


@pytest.fixture(scope="module")
def poisson() -> DemandSpread:
    """400 items that sell Poisson(4) a day, forecast by their true mean from 12 past cutoffs."""
    rng = np.random.default_rng(11)
    shop = panel(rng.poisson(4.0, size=(400, 200)))
    last = len(shop.periods) - 1
    cutoffs = [last - HORIZON * k for k in range(12, 0, -1)]
    past = [stock.rows(shop, shop.periods[at], HORIZON, 4.0, shop.demand[:, at + 1 : at + 1 + HORIZON]) for at in cutoffs]
    return demand_spread(shop, stock.rows(shop, shop.last, HORIZON, 4.0), pd.concat(past), "naive")


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.99])
@pytest.mark.parametrize("length", [1, 5, 14])
def test_quantiles_of_totals_are_those_of_the_sum(poisson: DemandSpread, level: float, length: int) -> None:
    periods = np.full(len(poisson.items), float(length))
    reached = np.median(poisson.mean(periods) + poisson.excess(periods, level))
    exact = stats.poisson.ppf(level, 4.0 * length)
    assert abs(reached - exact) <= max(1.0, 0.25 * np.sqrt(4.0 * length))


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95, 0.99])
def test_new_totals_stay_within_the_quantile_as_often_as_it_says(poisson: DemandSpread, level: float) -> None:
    periods = np.full(len(poisson.items), 10.0)
    limit = poisson.mean(periods) + poisson.excess(periods, level)
    drawn = np.random.default_rng(12).poisson(40.0, size=(500, len(limit)))
    assert (drawn <= limit).mean() == pytest.approx(level, abs=0.025)


def test_a_total_needs_the_root_of_its_length_not_its_length(poisson: DemandSpread) -> None:
    one, nine = (np.median(poisson.excess(np.full(len(poisson.items), length), 0.95)) for length in (1.0, 9.0))
    assert nine / one == pytest.approx(3.0, rel=0.15)


@pytest.mark.parametrize("other_sd", [0.0, 3.0])
@pytest.mark.parametrize("level", [0.6, 0.9, 0.99])
def test_level_of_inverts_excess(poisson: DemandSpread, level: float, other_sd: float) -> None:
    periods = np.random.default_rng(0).uniform(0.5, 20, len(poisson.items))
    inverse = poisson.level_of(periods, poisson.excess(periods, level, other_sd), other_sd)
    # demand is whole, so that many errors are equal and levels between them share one excess
    assert inverse == pytest.approx(level, abs=0.05)
    asked = poisson.excess(periods, level, other_sd)
    for i in range(0, len(periods), 25):
        assert poisson.excess(periods, float(inverse[i]), other_sd)[i] == pytest.approx(asked[i], rel=0.06)


def test_level_of_is_exact_for_continuous_errors() -> None:
    made = stock.spread([5.0, 5.0], sigma=[1.0, 3.0], errors=20_000)
    periods = np.array([7.3, 40.0])
    for level in (0.55, 0.9, 0.99, 0.999):
        assert made.level_of(periods, made.excess(periods, level)) == pytest.approx(level, abs=2e-3)


def test_level_of_says_nothing_where_nothing_is_uncertain() -> None:
    made = stock.spread([5.0, 5.0], sigma=[0.0, 1.0])
    assert np.isnan(made.level_of(np.full(2, 3.0), np.zeros(2))).tolist() == [True, False]


def test_independent_normal_sources_add_as_squares() -> None:
    made = stock.spread([5.0], sigma=2.0, errors=100_000)
    combined = made.excess(np.array([9.0]), 0.95, other_sd=8.0)
    assert combined == pytest.approx(1.645 * np.sqrt(9 * 2.0**2 + 8.0**2), rel=0.02)


@settings(max_examples=60, deadline=None)
@given(
    errors=st.lists(st.lists(st.floats(-20, 20), max_size=30), min_size=3, max_size=6),
    levels=st.tuples(st.floats(0.01, 0.999), st.floats(0.01, 0.999)),
    lengths=st.tuples(st.floats(0, 12), st.floats(0, 12)),
)
def test_excess_rises_with_the_level_and_above_the_mean_with_the_length(
    errors: list[list[float]], levels: tuple[float, float], lengths: tuple[float, float]
) -> None:
    made = replace(stock.spread([5.0], horizon=len(errors)), pooled={"AX": (EMPTY, *(pool_of(np.array(e, dtype=float)) for e in errors))})
    (low, high), (short, long) = sorted(levels), sorted(lengths)
    at = {(p, q): made.excess(np.array([p]), q)[0] for p in (short, long) for q in (low, high)}
    tolerance = 1e-9 * (1 + max(map(abs, at.values())))
    assert at[short, low] <= at[short, high] + tolerance
    assert at[long, low] <= at[long, high] + tolerance
    assert max(at[short, high], 0) <= max(at[long, high], 0) + tolerance


def test_whole_lengths_are_kept_and_lengths_between_lie_between() -> None:
    made = stock.spread([5.0], errors=99)
    at = {length: made.excess(np.array([length]), 0.9)[0] for length in (3.0, 3.25, 3.5, 4.0)}
    assert at[3.0] == pytest.approx(quantile(made.pooled["AX"][3], 0.9) * np.sqrt(3))
    assert at[3.5] == pytest.approx((at[3.0] + at[4.0]) / 2)
    assert at[3.0] < at[3.25] < at[3.5] < at[4.0]


def test_the_mean_adds_up_and_goes_on_at_the_last_rate() -> None:
    made = replace(stock.spread([1.0], horizon=8), cumulative=np.cumsum([[0.0, 9, 9, 2, 2, 2, 2, 2, 2]], axis=1))
    assert made.mean(np.array([0.5]))[0] == 4.5
    assert made.mean(np.array([2.0]))[0] == 18
    assert made.mean(np.array([8.0]))[0] == 30
    assert made.mean(np.array([10.0]))[0] == 30 + 2 * (9 + 6 * 2) / 7


def test_means_go_on_at_the_last_rate_and_are_those_of_the_forecast() -> None:
    made = stock.spread([[9.0, 9, 2, 2, 2, 2, 2, 2]])
    assert made.means(3).tolist() == [[9, 9, 2]]
    assert made.means(10)[0].tolist() == pytest.approx([9, 9, 2, 2, 2, 2, 2, 2, 3, 3])
    np.testing.assert_array_equal(made.changed(np.ones((1, 9))).means(10), made.means(10))


def test_changes_move_the_mean_on_their_own_days_and_nothing_else() -> None:
    """10 a day, seen for 8 days; 6 more on the last of them and 4 on the tenth day: no other day has a share of it."""
    made, more = stock.spread([10.0], horizon=8), np.zeros((1, 10))
    more[0, 7], more[0, 9] = 6, 4
    moved = made.changed(more)
    lengths = (7.0, 7.5, 8.0, 9.0, 9.25, 10.0, 90.0)
    assert [moved.mean(np.array([length]))[0] for length in lengths] == pytest.approx([70, 78, 86, 96, 99.5, 110, 910])
    assert moved.excess(np.array([20.0]), 0.9) == made.excess(np.array([20.0]), 0.9)
    assert moved.changed(np.zeros((1, 10))).mean(np.array([20.0]))[0] == pytest.approx(200)


def test_past_what_the_errors_reach_a_tail_goes_on_and_says_so() -> None:
    made = stock.spread([5.0], errors=99)
    periods = np.array([7.0])
    assert made.beyond(periods, 0.99).tolist() == [False]
    assert made.beyond(periods, 0.991).tolist() == [True]
    at = [made.excess(periods, level)[0] for level in (0.98, 0.99, 0.9901, 0.995, 0.999)]
    assert at == sorted(at)
    assert at[2] == pytest.approx(at[1], rel=0.01)
    assert at[4] > at[1]


def test_an_exponential_tail_is_met_again() -> None:
    errors = pool_of(np.random.default_rng(5).exponential(2.0, size=4000))
    assert tail_scale(errors) == pytest.approx(2.0, rel=0.1)
    assert quantile(errors, 0.99999) == pytest.approx(2.0 * np.log(1e5), rel=0.2)


def test_the_quantile_is_the_conformal_one() -> None:
    errors = np.random.default_rng(6).normal(size=137)
    for level in (0.5, 0.8, 0.9, 0.95, 0.99):
        assert quantile(pool_of(errors), level) == pytest.approx(np.quantile(errors, level, method="weibull"))


def test_without_errors_the_quantile_is_normal_and_marked() -> None:
    shop = panel(np.tile([2.0, 6.0], (3, 20)))
    forecast = stock.rows(shop, shop.last, 5, 4.0)
    made = demand_spread(shop, forecast, forecast.iloc[:0], "naive")
    assert made.calibrated == 0
    assert np.isnan(made.sigma).all()
    assert made.scale == pytest.approx(2.0)
    assert made.excess(np.full(3, 4.0), 0.95) == pytest.approx(2 * 2.0 * stats.norm.ppf(0.95))
    assert made.beyond(np.full(3, 4.0), 0.5).all()
    assert made.extrapolated(np.full(3, 4.0)).all()


def test_an_interval_past_the_horizon_or_the_backtest_is_extrapolated() -> None:
    made = stock.spread([5.0], horizon=10)
    assert made.extrapolated(np.array([10.0])).tolist() == [False]
    assert made.extrapolated(np.array([10.1])).tolist() == [True]
    short = replace(made, pooled={"AX": (*made.pooled["AX"][:6], *[EMPTY] * 5)})
    assert short.extrapolated(np.array([5.5])).tolist() == [True]
    assert made.excess(np.array([40.0]), 0.9) == pytest.approx(2 * made.excess(np.array([10.0]), 0.9))


def test_what_could_not_be_forecast_has_no_mean() -> None:
    shop = panel(np.full((2, 20), 4.0))
    mean = np.array([[4.0] * 5, [np.nan] * 5])
    made = demand_spread(shop, stock.rows(shop, shop.last, 5, mean), stock.rows(shop, shop.periods[-6], 5, 4.0, 4.0), "naive")
    assert np.isnan(made.mean(np.full(2, 3.0))).tolist() == [False, True]


def test_a_total_with_over_a_fifth_unknown_is_left_out() -> None:
    shop = panel(np.random.default_rng(0).poisson(4.0, size=(4, 40)))
    y = np.full((4, 10), 5.0)
    y[0, :2], y[1, :3], y[2, :] = np.nan, np.nan, np.nan
    made = demand_spread(shop, stock.rows(shop, shop.last, 10, 4.0), stock.rows(shop, shop.periods[-11], 10, 4.0, y), "naive")
    assert [sum(pools[length].errors for pools in made.pooled.values()) for length in (1, 2, 3, 10)] == [1, 1, 1, 2]
    # one cutoff: an error of 1 is set against the root of 5 that sold, and comes back at the root of 4 that was forecast
    values = made.pooled["CZ"][10].values
    assert all(np.isclose(values, seen).any() for seen in (np.sqrt(8 * 5 / 4), np.sqrt(10 * 5 / 4)))


@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize(("cutoffs", "horizon", "level"), [(3, 3, 0.95), (1, 1, 0.99), (3, 28, 0.95)])
def test_new_totals_are_covered_as_promised_by_few_cutoffs_too(cutoffs: int, horizon: int, level: float, heavy: bool) -> None:
    """200 items of their own rates, forecast by their true means: no error may shrink the scale that divides it."""
    reached = [covered(np.random.default_rng(seed), cutoffs, horizon, level, heavy) for seed in range(6)]
    assert np.mean(reached) == pytest.approx(level, abs=0.012)


def covered(rng: np.random.Generator, cutoffs: int, horizon: int, level: float, heavy: bool) -> float:
    rate = rng.uniform(2, 30, size=(200, 1))

    def draw(periods: int) -> np.ndarray:
        size = (200, periods)
        return rng.negative_binomial(0.8, 0.8 / (0.8 + rate), size) if heavy else rng.poisson(rate, size)

    shop = panel(draw(200))
    ends = [199 - horizon * k for k in range(cutoffs, 0, -1)]
    past = [stock.rows(shop, shop.periods[at], horizon, rate, shop.demand[:, at + 1 : at + 1 + horizon]) for at in ends]
    made = demand_spread(shop, stock.rows(shop, shop.last, horizon, rate), pd.concat(past), "naive")
    periods = np.full(200, float(horizon))
    limit = made.mean(periods) + made.excess(periods, level)
    return float(np.mean([draw(horizon).sum(axis=1) <= limit for _ in range(20)]))


def test_an_interval_under_a_period_needs_the_root_of_its_share() -> None:
    made = stock.spread([30.0], horizon=6, errors=999)
    whole = made.excess(np.array([1.0]), 0.95)
    assert made.excess(np.array([0.25]), 0.95) == pytest.approx(whole / 2)
    assert made.excess(np.array([0.0]), 0.95) == 0


def test_an_item_with_a_day_of_history_is_not_certain() -> None:
    y = np.random.default_rng(1).poisson(20.0, size=(6, 60)).astype(float)
    y[5, :59], y[5, 59] = np.nan, 100
    shop = panel(y, starts=[0, 0, 0, 0, 0, 59])
    past = stock.rows(shop, shop.periods[45], 14, 20.0, shop.demand[:, 46:60])
    past.loc[past["item"] == "A005", "mean"] = np.nan
    made = demand_spread(shop, stock.rows(shop, shop.last, 14, [[20.0]] * 5 + [[100.0]]), past, "naive")
    known, new = made.excess(np.ones(6), 0.95)[[0, 5]]
    assert new > 2 * known > 0


def test_lengths_without_errors_do_not_pull_down_those_with_some() -> None:
    full = stock.spread([5.0], sigma=4.0, horizon=7)
    short = full.pooled["AX"]
    wide = replace(stock.spread([5.0], sigma=4.0, horizon=28), pooled={"AX": (*short, *[EMPTY] * 21)})
    steep = (*(pool_of(pool.values * 3) for pool in short), *[EMPTY] * 21)
    at = np.array([7.0])
    assert replace(wide, pooled={"AX": steep}).excess(at, 0.95) == pytest.approx(3 * full.excess(at, 0.95))
    assert wide.excess(np.array([28.0]), 0.95) == pytest.approx(2 * wide.excess(at, 0.95))


def test_each_item_takes_its_own_model() -> None:
    shop = panel(np.random.default_rng(0).poisson(4.0, size=(2, 40)))
    both = [(model, mean) for model, mean in (("naive", 4.0), ("other", 9.0))]
    forecast = pd.concat([stock.rows(shop, shop.last, 5, mean, model=model) for model, mean in both])
    past = pd.concat([stock.rows(shop, shop.periods[-6], 5, mean, 4.0, model) for model, mean in both])
    made = demand_spread(shop, forecast, past, {"A000": "other", "A001": "naive"})
    assert made.mean(np.ones(2)).tolist() == [9.0, 4.0]
    assert made.sigma.tolist() == [5.0, 0.0]
    assert made.model.tolist() == ["other", "naive"]


def test_a_forecast_is_of_one_cutoff_and_holds_the_models_asked_for() -> None:
    shop = panel(np.full((2, 20), 4.0))
    forecast = stock.rows(shop, shop.last, 5, 4.0)
    with pytest.raises(KeyError, match=r"not in the forecast: \['sarima'\]"):
        demand_spread(shop, forecast, forecast.iloc[:0], "sarima")
    two = pd.concat([forecast, stock.rows(shop, shop.periods[-3], 5, 4.0)])
    with pytest.raises(ValueError, match="2 cutoffs, expected one"):
        demand_spread(shop, two, forecast.iloc[:0], "naive")
