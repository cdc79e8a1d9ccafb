"""Calibration: classes, scales, weights and pools, by errors whose distribution is known."""

import numpy as np
import pytest
from panels import panel

from forecasting.calibration import (
    CLASSES,
    EMPTY,
    OTHER_CLASSES,
    abc_xyz,
    classes_until,
    pool_of,
    pools,
    quantile,
    rates,
    scales,
    tail_scale,
    usual_until,
    weights_at,
)
from forecasting.spread import DemandSpread, spread_of
from sales.calendar import Calendar

DAILY, AX, CZ = Calendar("D"), CLASSES.index("AX"), CLASSES.index("CZ")
RNG = np.random.default_rng(5)


def test_classes_are_those_of_units_and_regularity() -> None:
    steady, varied, rare = np.full(50, 80.0), np.tile([2.0, 26.0], 25), np.r_[np.zeros(49), 200.0]
    never, unknown = np.zeros(50), np.full(50, np.nan)
    found = [CLASSES[at] for at in abc_xyz(np.stack([steady, varied, rare, never, unknown]))]
    assert found == ["AX", "BY", "CZ", "CZ", "CZ"]


def test_classes_at_a_cutoff_know_nothing_later() -> None:
    demand = np.stack([np.r_[np.full(30, 9.0), np.zeros(30)], np.r_[np.ones(30), np.full(30, 90.0)]])
    assert [CLASSES[at] for at in classes_until(demand, np.array([29, 59]), DAILY)[:, 0]] == ["AX", "BX"]
    assert CLASSES[classes_until(demand, np.array([29, 59]), DAILY)[1, 1]][0] == "A"


def test_a_large_class_speaks_for_itself_and_a_small_one_is_shrunk_to_all() -> None:
    narrow, wide, few = RNG.normal(0, 1, (400, 20)), RNG.normal(0, 3, (400, 20)), RNG.normal(0, 3, (2, 20))
    kinds = np.repeat([0, 1, 2], [400, 400, 2])[:, None] * np.ones((1, 20), dtype=int)
    found = pools(np.concatenate([narrow, wide, few]), np.ones(20), kinds)
    z = 1.645
    assert quantile(found[CLASSES[0]], 0.95) == pytest.approx(z, rel=0.15)
    assert quantile(found[CLASSES[1]], 0.95) == pytest.approx(3 * z, rel=0.1)
    of_all = quantile(pool_of(np.concatenate([narrow, wide, few]).ravel()), 0.95)
    assert quantile(found[CLASSES[2]], 0.95) == pytest.approx(of_all, rel=0.1)
    assert (found[CLASSES[2]].errors, found[CLASSES[2]].cutoffs) == (40, 20)
    assert found[CLASSES[2]].total == pytest.approx(40 + OTHER_CLASSES)  # those that nobody saw are others'
    assert found[CLASSES[3]].errors == 0


def test_few_errors_are_one_pool_for_every_class() -> None:
    scores = RNG.normal(size=(30, 3))
    found = pools(scores, np.ones(3), RNG.integers(9, size=(30, 3)))
    for level in (0.5, 0.9, 0.98):
        (one,) = {float(quantile(pool, level)) for pool in found.values()}
        assert one == pytest.approx(quantile(pool_of(scores.ravel()), level), abs=0.3)


def test_of_few_scores_one_far_out_does_not_settle_all() -> None:
    scores = np.append(RNG.normal(size=17), 50.0)[:, None]
    pool = pools(scores, np.ones(1), np.zeros(scores.shape, dtype=int))["AX"]
    assert quantile(pool, 0.95) < 0.2 * quantile(pool_of(scores.ravel()), 0.95)
    assert (pool.errors, pool.reach) == (18, pytest.approx(18 / 19))
    assert quantile(pool, 0.99) > 10


def test_where_most_totals_were_met_exactly_the_others_still_have_a_spread() -> None:
    """Rare items, forecast to sell nothing, most of which did not."""
    scores = np.where(RNG.random((40, 3)) < 0.7, 0.0, RNG.normal(size=(40, 3)))
    pool = pools(scores, np.ones(3), np.zeros((40, 3), dtype=int))["AX"]
    assert quantile(pool, 0.95) == pytest.approx(quantile(pool_of(scores.ravel()), 0.95), abs=0.5)
    assert quantile(pool, 0.95) > 0.5
    met = pools(np.zeros((5, 2)), np.ones(2), np.zeros((5, 2), dtype=int))["AX"]
    assert quantile(met, 0.95) == 0


def test_a_quantile_of_few_scores_has_no_steps() -> None:
    pool = pools(RNG.standard_t(2, size=(20, 3)), np.ones(3), np.zeros((20, 3), dtype=int))["AX"]
    levels = np.linspace(0.8, 0.99, 191)
    found = quantile(pool, levels)
    assert (np.diff(found) > 0).all()
    assert np.diff(found).max() < 0.1 * found[-1]


def test_recent_errors_weigh_more_and_those_of_the_same_time_of_year() -> None:
    assert weights_at(np.array([0, 91, 182]), DAILY) == pytest.approx([1, 0.5, 0.25])
    year = weights_at(np.arange(0, 400), DAILY)
    assert year[365] > 2 * year[300]
    assert year[365] > 3 * year[182]
    assert year[28] > year[365]
    narrow, wide = RNG.normal(0, 1, (500, 1)), RNG.normal(0, 3, (500, 1))
    scores, kinds = np.concatenate([wide, narrow], axis=1), np.zeros((500, 2), dtype=int)
    even, new = (quantile(pools(scores, np.array(weight), kinds)["AX"], 0.95) for weight in ([1.0, 1.0], [0.05, 1.0]))
    assert new < 0.6 * even


def test_months_keep_their_errors_for_longer() -> None:
    assert weights_at(np.array([0, 3, 6]), Calendar("MS")) == pytest.approx([1, 0.841, 0.707], rel=0.01)


def test_what_is_left_out_of_many_scores_moves_no_quantile() -> None:
    scores = RNG.standard_t(3, size=(4000, 10))
    thin = pools(scores, np.ones(10), np.zeros(scores.shape, dtype=int))["AX"]
    assert len(thin) < 2000
    for level in (0.001, 0.05, 0.5, 0.9, 0.975, 0.99, 0.9999):
        low, high = quantile(pool_of(scores.ravel()), [level - 0.0005, min(level + 0.0015, 0.99995)])
        assert low <= quantile(thin, level) <= high
    assert thin.reach == pytest.approx(40_000 / 40_001)
    assert tail_scale(thin) == pytest.approx(tail_scale(pool_of(scores.ravel())), rel=0.1)


def test_past_what_weighted_scores_reach_the_tail_goes_on() -> None:
    pool = pools(RNG.normal(size=(40, 1)), np.ones(1), np.zeros((40, 1), dtype=int))["AX"]
    rising = [float(quantile(pool, level)) for level in (0.9, 0.97, 60 / 61, 0.985, 0.999)]
    assert rising == sorted(rising)
    assert rising[2] == pytest.approx(pool.values[-1])
    assert len(EMPTY) == EMPTY.reach == 0


def test_no_error_takes_part_in_the_scale_that_divides_it_nor_in_earlier_ones() -> None:
    errors, rate, at = RNG.normal(size=(6, 12, 4)), np.full((6, 12), 5.0), np.arange(20, 32)
    sold = np.zeros(rate.shape)
    before = scales(errors, rate, rate[:, 0], at, 35, 91, sold)
    moved = errors.copy()
    moved[:, 7] *= 50
    after = scales(moved, rate, rate[:, 0], at, 35, 91, sold)
    changed = (before[1] != after[1]).any(axis=0)
    assert changed[11]  # the first to begin when the four periods of the eighth have ended
    assert not changed[4:11].any()
    assert (after[0] > before[0]).all()


def test_an_item_whose_errors_are_larger_has_a_larger_scale_and_a_new_one_that_of_all() -> None:
    errors = RNG.normal(size=(40, 20, 7)) * np.where(np.arange(40) < 20, 1.0, 4.0)[:, None, None]
    errors[39] = np.nan
    now, then = scales(errors, np.full((40, 20), 9.0), np.r_[np.full(39, 9.0), 36.0], np.arange(20) * 7, 140, 91, np.zeros((40, 20)))
    assert now[20:39].mean() / now[:20].mean() == pytest.approx(4, rel=0.15)
    assert now[39] == pytest.approx(2 * np.median(now[:39]), rel=0.2)
    assert then[20:39].mean() > 3 * then[:20].mean()


def test_what_never_sold_is_certain_and_what_is_forecast_to_sell_nothing_is_not() -> None:
    demand = np.stack([np.zeros(40), np.full(40, 10.0)])
    usual = usual_until(demand, np.array([39]))[:, 0]
    assert rates(np.zeros((2, 5)), usual).tolist() == [0, 2]
    assert rates(np.full((2, 5), np.nan), usual).tolist() == [0, 10]
    errors, rate = np.array([[[0.0] * 5], [[3.0] * 5]]), np.array([[0.0], [2.0]])
    now, _ = scales(errors, rate, rate[:, 0], np.array([34]), 39, 91, np.zeros((2, 1)))
    assert now[0] == 0
    assert now[1] > 0


def test_an_error_is_set_against_what_demand_has_become() -> None:
    """From 1 to 100 units a period: the error of 99 was made at 1, but stands for no more than 99 at 100."""
    errors, at = np.full((1, 1, 4), 99.0), np.array([10])
    now, _ = scales(errors, np.ones((1, 1)), np.full(1, 100.0), at, 14, 91, np.full((1, 1), 100.0))
    assert now == pytest.approx([99])


@pytest.fixture(scope="module")
def three_kinds() -> tuple[DemandSpread, np.ndarray]:
    """300 items forecast by given means at 40 cutoffs: steady, with a heavy tail and a bias, rare; and 200 totals each."""
    rng = np.random.default_rng(8)
    rate = np.repeat([40.0, 20.0, 0.4], 100)[:, None, None] * rng.uniform(0.6, 1.6, (300, 1, 1))

    def draw(cutoffs: int) -> np.ndarray:
        steady = rng.poisson(rate[:100], (100, cutoffs, 7))
        heavy = rng.gamma(0.6, rate[100:200] / 0.6 * 1.2, (100, cutoffs, 7))
        return np.concatenate([steady, heavy, rng.poisson(rate[200:], (100, cutoffs, 7))])

    shop = panel(draw(58).reshape(300, -1))
    places = np.arange(17, 57) * 7 - 1
    y = np.stack([shop.demand[:, place + 1 : place + 8] for place in places], axis=1).astype(float)
    mean = np.broadcast_to(rate, y.shape)
    made = spread_of(
        shop, np.full(300, "true", dtype=object), np.repeat(rate[:, 0], 7, axis=1), [shop.periods[at] for at in places], y, mean
    )
    return made, draw(200).sum(axis=2)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_every_class_is_covered_as_promised(three_kinds: tuple[DemandSpread, np.ndarray], level: float) -> None:
    made, totals = three_kinds
    periods = np.full(300, 7.0)
    hit = totals <= (made.mean(periods) + made.excess(periods, level))[:, None]
    for kind in sorted(set(made.kind)):
        rows = made.kind == kind
        if rows.sum() >= 50:
            assert hit[rows].mean() == pytest.approx(level, abs=0.04), kind
    assert hit.mean() == pytest.approx(level, abs=0.015)


def test_a_longer_interval_never_needs_less_whatever_the_class(three_kinds: tuple[DemandSpread, np.ndarray]) -> None:
    made, _ = three_kinds
    at = np.stack([made.excess(np.full(300, length), 0.95) for length in (0.5, 1.0, 2.0, 3.7, 5.0, 7.0, 9.0, 30.0)])
    assert (np.diff(at, axis=0) >= -1e-9).all()
    assert made.extrapolated(np.full(300, 9.0)).all()
    errors, cutoffs = made.rests_on(np.full(300, 7.0))
    assert set(cutoffs[made.kind == "AX"]) == {40}
    assert errors.min() > 0
