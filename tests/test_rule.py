"""The automatic choice: who is taken and why, on errors made by hand; bands on errors of a known spread."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from panels import panel, weekly_shop

from forecasting import rule
from forecasting.bands import quantiles
from forecasting.evidence import Evidence
from forecasting.rule import Choice
from sales.panel import SalesPanel

MODELS = ("seasonal_naive", "theta", "boosting")
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.975)
HORIZON = 4
NAIVE_OFF = 10.0


def shop(items: int) -> SalesPanel:
    return panel(np.full((items, 20), 100.0) + np.arange(20) % 3, season=7)


def said(off: np.ndarray, cutoffs: int, models: tuple[str, ...] = MODELS) -> tuple[Evidence, np.ndarray]:
    """Evidence of demand 100 and candidates that are `off` (m x n) by so many units, up and down in turn; what they say now."""
    n = off.shape[1]
    sign = np.where(np.arange(HORIZON) % 2, 1.0, -1.0)
    y = np.full((n, cutoffs, HORIZON), 100.0)
    return Evidence(models, y, y[None] + off[:, :, None, None] * sign, shop(n)), 100.0 + off[:, :, None] * sign


def chosen(off: np.ndarray, cutoffs: int) -> Choice:
    evidence, ahead = said(off, cutoffs)
    return rule.choose(evidence, ahead)


def offs(theta: float, boosting: float, items: int = 3) -> np.ndarray:
    return np.array([[NAIVE_OFF], [theta], [boosting]]).repeat(items, axis=1)


def test_seasonal_naive_is_used_where_nothing_beats_it() -> None:
    found = chosen(offs(theta=12, boosting=11), cutoffs=4)
    assert set(found.used) == {"seasonal_naive"}
    assert set(found.reason) == {"none_beats_seasonal_naive"}
    assert set(found.runner_up) == {"boosting"}
    np.testing.assert_array_equal(found.weight, [[1, 0, 0]] * 3)


def test_a_candidate_that_does_not_beat_seasonal_naive_has_no_weight() -> None:
    found = chosen(offs(theta=5, boosting=11), cutoffs=4)
    np.testing.assert_array_equal(found.weight, [[0, 1, 0]] * 3)
    assert set(found.used) == {"theta"}
    assert set(found.reason) == {"beats"}
    assert set(found.runner_up) == {"seasonal_naive"}


def test_ties_lean_to_the_ensemble_and_the_better_one_weighs_more() -> None:
    found = chosen(offs(theta=5, boosting=5), cutoffs=4)
    assert set(found.used) == {"ensemble"}
    assert set(found.reason) == {"tie"}
    np.testing.assert_allclose(found.weight, [[0, 0.5, 0.5]] * 3)
    better = chosen(offs(theta=4.9, boosting=5), cutoffs=4)
    assert set(better.used) == {"ensemble"}
    assert set(better.runner_up) == {"theta"}
    np.testing.assert_allclose(better.weight[0, 1] / better.weight[0, 2], (better.error[0, 2] / better.error[0, 1]) ** 8)
    assert better.weight[0, 1] > better.weight[0, 2]


def test_one_far_better_candidate_is_taken_alone_only_where_cutoffs_are_many() -> None:
    """Boosting is far better for one item of 21; on one cutoff that may be chance."""
    off = offs(theta=8, boosting=8, items=21)
    off[2, 20] = 1
    found = chosen(off, cutoffs=6)
    assert found.used[20] == "boosting"
    assert found.reason[20] == "beats"
    assert found.runner_up[20] == "theta"
    assert set(found.used[:20]) == {"ensemble"}
    few = chosen(off, cutoffs=1)
    assert few.used[20] == "ensemble"
    assert few.reason[20] == "few_cutoffs"


def test_the_errors_of_all_items_speak_for_one_whose_own_are_few() -> None:
    """Theta is the better one for 20 items; for the last one boosting was, on one cutoff."""
    off = offs(theta=4, boosting=8, items=21)
    off[1, 20], off[2, 20] = 6, 5
    found = chosen(off, cutoffs=1)
    assert found.weight[20, 1] > found.weight[20, 2]
    assert found.weight[20, 1] < found.weight[0, 1]
    assert set(found.reason) == {"few_cutoffs"}
    many = chosen(off, cutoffs=40)
    assert many.weight[20, 2] > many.weight[20, 1]


def test_families_share_their_weight() -> None:
    evidence, ahead = said(np.array([[10.0], [5.0], [5.0], [5.0]]), 4, ("seasonal_naive", "theta", "ets", "boosting"))
    np.testing.assert_allclose(rule.choose(evidence, ahead).weight, [[0, 0.25, 0.25, 0.5]])


def test_without_a_past_cutoff_families_count_alike_and_it_is_said() -> None:
    evidence, ahead = said(offs(5, 5, items=2), cutoffs=0)
    found = rule.choose(evidence, ahead)
    assert set(found.reason) == {"no_history"}
    assert set(found.used) == {"ensemble"}
    np.testing.assert_allclose(found.weight, [[0, 0.5, 0.5]] * 2)
    assert np.isnan(found.error).all()


def test_candidates_without_an_answer_are_not_chosen() -> None:
    evidence, ahead = said(offs(theta=1, boosting=5), cutoffs=4)
    ahead[1, 0] = np.nan  # no answer now
    ahead[:2, 1] = np.nan  # nor of seasonal naive
    evidence.mean[1, 2] = np.nan  # none in the past: all items speak for it
    found = rule.choose(evidence, ahead)
    assert found.weight[0, 1] == 0
    assert found.used[1] == "boosting"
    assert found.weight[2, 1] > found.weight[2, 2]
    assert np.isfinite(rule.combined(found, ahead)).all()
    np.testing.assert_allclose(found.weight.sum(axis=1), 1)


def test_a_past_that_is_not_known_is_no_evidence() -> None:
    evidence, ahead = said(offs(theta=1, boosting=5), cutoffs=4)
    evidence.y[0] = np.nan
    found = rule.choose(evidence, ahead)
    assert found.reason[0] == "no_history"
    assert found.weight[0, 1] > found.weight[0, 2]  # as all items say
    assert np.isfinite(rule.combined(found, ahead)).all()


def test_an_answer_far_above_all_that_was_is_not_chosen() -> None:
    evidence, ahead = said(offs(theta=5, boosting=5), cutoffs=4)
    ahead[1, 0] = 500.0
    ahead[:, 1] = 500.0  # all say so: believed
    found = rule.choose(evidence, ahead)
    np.testing.assert_allclose(found.weight, [[0, 0, 1], [0, 0.5, 0.5], [0, 0.5, 0.5]])


def test_one_item_on_one_cutoff_decides_little() -> None:
    found = chosen(offs(theta=5, boosting=7, items=1), cutoffs=1)
    assert 0.5 < found.weight[0, 1] < 0.7
    many = chosen(offs(theta=5, boosting=7, items=500), cutoffs=1)
    assert many.weight[0, 1] > 0.9


def test_what_is_compared_is_told_as_a_share_of_demand() -> None:
    found = chosen(offs(theta=5, boosting=8, items=500), cutoffs=4)
    np.testing.assert_allclose(found.error, [[0.10, 0.05, 0.08]] * 500, rtol=0.01)


def test_combined_is_the_weighted_mean_of_those_that_answer() -> None:
    weight, nobody = np.array([[0.25, 0.75, 0.0]]), np.array([""], dtype=object)
    choice = Choice(weight, nobody, nobody, nobody, np.full((1, 3), np.nan), np.array([[1, 2, 3]]), np.array([0]))
    ahead = np.array([[[4.0, 4.0]], [[8.0, np.nan]], [[100.0, 100.0]]])
    np.testing.assert_allclose(rule.combined(choice, ahead), [[7.0, 4.0]])


def banded(rng: np.random.Generator, cutoffs: int, spread: np.ndarray, width: float) -> tuple[Evidence, np.ndarray, np.ndarray, np.ndarray]:
    """Normal demand of standard deviation `spread` (n) around 100 units and candidates that say 100, with bands of `width` where the true
    ones would be 1 wide; what they say now, their bands now and what then sells (n x horizon)."""
    n, m = len(spread), len(MODELS)
    y = 100 + spread[:, None, None] * rng.normal(size=(n, cutoffs + 1, HORIZON))
    mean = np.full((m, n, cutoffs + 1, HORIZON), 100.0)
    normal = np.array([0.0, 0.8416, 1.2816, 1.6449, 1.96])
    bands = mean[..., None] + width * spread.mean() * normal
    mean[0] += 30  # seasonal naive is far off
    evidence = Evidence(MODELS, y[:, :cutoffs], mean[:, :, :cutoffs], shop(n), bands[:, :, :cutoffs])
    return evidence, mean[:, :, -1], bands[:, :, -1], y[:, -1]


@pytest.mark.parametrize("width", [0.5, 1.0, 2.0])
def test_bands_cover_what_they_promise_whatever_the_candidates_say(width: float) -> None:
    rng = np.random.default_rng(1)
    evidence, ahead, bands, y = banded(rng, 40, np.full(1000, 10.0), width)
    choice = rule.choose(evidence, ahead)
    found = quantiles(evidence, choice, rule.combined(choice, ahead), bands, LEVELS)
    shares = (y[:, :, None] <= found).mean(axis=(0, 1))
    np.testing.assert_allclose(shares, LEVELS, atol=0.035)
    assert (np.diff(found, axis=2) >= 0).all()
    assert (found >= 0).all()


def test_bands_are_wider_for_an_item_that_is_missed_by_more() -> None:
    """Half of the items vary ten times as much, and the candidates' bands do not know it."""
    spread = np.repeat([2.0, 20.0], 100)
    evidence, ahead, bands, y = banded(np.random.default_rng(2), 60, spread, 1.0)
    choice = rule.choose(evidence, ahead)
    found = quantiles(evidence, choice, rule.combined(choice, ahead), bands, LEVELS)
    over = found[:, :, 3].mean(axis=1) - 100
    assert over[100:].mean() > 5 * over[:100].mean()
    assert (y <= found[:, :, 3])[100:].mean() == pytest.approx(0.95, abs=0.05)


def test_a_candidate_whose_bands_run_away_moves_them_little() -> None:
    evidence, ahead, bands, _ = banded(np.random.default_rng(4), 4, np.full(100, 10.0), 1.0)
    choice = rule.choose(evidence, ahead)
    usual = quantiles(evidence, choice, rule.combined(choice, ahead), bands, LEVELS)
    bands[2] = 100 + 50 * (bands[2] - 100)  # of two that count alike
    wild = quantiles(evidence, choice, rule.combined(choice, ahead), bands, LEVELS)
    assert (wild - 100).mean() < 10 * (usual - 100).mean()  # their average would be 25 times as wide
    evidence.quantiles[2] = 100 + 50 * (evidence.quantiles[2] - 100)  # it was as wild before: then it hardly counts
    known = quantiles(evidence, choice, rule.combined(choice, ahead), bands, LEVELS)
    np.testing.assert_allclose((known - 100).mean(), (usual - 100).mean(), rtol=0.1)


def test_one_odd_cutoff_does_not_decide() -> None:
    """At one of four cutoffs all are a hundred times as far off, and theta by more than boosting; at the others theta is the better one."""
    evidence, ahead = said(offs(theta=4, boosting=5, items=50), cutoffs=4)
    evidence.mean[:, :, 1] = 100 + np.array([1000.0, 550.0, 450.0])[:, None, None]
    found = rule.choose(evidence, ahead)
    assert (found.weight[:, 1] > found.weight[:, 2]).all()


def test_where_no_candidate_beats_seasonal_naive_but_their_mean_does_it_is_used() -> None:
    """Theta is always too high and boosting too low by as much; or both are too high."""
    evidence, ahead = said(offs(theta=12, boosting=12), cutoffs=4)
    evidence.mean[1], evidence.mean[2] = 112, 88
    found = rule.choose(evidence, ahead)
    assert set(found.used) == {"ensemble"}
    assert set(found.reason) == {"only_together"}
    assert set(found.runner_up) == {"seasonal_naive"}
    np.testing.assert_allclose(found.weight, [[0, 0.5, 0.5]] * 3)
    assert found.cutoffs.tolist() == [4] * 3
    evidence.y[1] = np.nan
    unknown = rule.choose(evidence, ahead)
    assert unknown.reason.tolist() == ["only_together", "no_history", "only_together"]
    assert unknown.cutoffs.tolist() == [4, 0, 4]
    assert unknown.rank[1].tolist() == unknown.rank[0].tolist() == [1, 2, 3]
    evidence.y[1] = 100
    evidence.mean[2] = 112
    assert set(rule.choose(evidence, ahead).reason) == {"none_beats_seasonal_naive"}


def test_the_only_one_that_beats_seasonal_naive_is_weighed_against_it() -> None:
    found = chosen(offs(theta=9.5, boosting=11), cutoffs=4)
    assert set(found.used) == {"ensemble"}
    assert set(found.reason) == {"tie"}
    assert set(found.runner_up) == {"theta"}
    np.testing.assert_allclose(found.weight[0, 1] / found.weight[0, 0], (found.error[0, 0] / found.error[0, 1]) ** 8)
    assert found.weight[0, 2] == 0


def test_recent_cutoffs_count_more() -> None:
    """Theta was the better one at the first two of four cutoffs and boosting, by as much, at the last two."""
    evidence, ahead = said(offs(theta=4, boosting=4), cutoffs=4)
    evidence.mean[1, :, 2:], evidence.mean[2, :, :2] = 108, 108
    found = rule.choose(evidence, ahead)
    assert (found.weight[:, 2] > 1.5 * found.weight[:, 1]).all()
    backwards = replace(evidence, mean=evidence.mean[:, :, ::-1])
    assert (rule.choose(backwards, ahead).weight[:, 1] > 1.5 * found.weight[:, 1]).all()


def test_without_past_bands_they_are_the_mean_of_the_candidates_own() -> None:
    evidence, ahead, bands, _ = banded(np.random.default_rng(3), 0, np.full(2, 10.0), 1.0)
    choice = rule.choose(evidence, ahead)
    found = quantiles(evidence, choice, rule.combined(choice, ahead), bands, LEVELS)
    np.testing.assert_allclose(found, bands[1])
    blind = replace(said(offs(5, 5, items=2), cutoffs=3)[0], quantiles=np.empty(0))
    np.testing.assert_allclose(quantiles(blind, choice, rule.combined(choice, ahead), bands, LEVELS), bands[1])


def test_origins_end_where_scoring_begins_and_leave_seasons_before_them() -> None:
    sales = weekly_shop(1, 60, np.random.default_rng(4), season=7)
    first = sales.periods[49]
    found = rule.origins(sales, first, 7)
    assert found == [sales.periods[at] for at in (21, 28, 35, 42)]
    assert rule.origins(sales, sales.periods[22], 7) == [sales.periods[15]]  # 8 would leave no two seasons
    yearly = weekly_shop(1, 60, np.random.default_rng(4), season=52)
    assert rule.origins(yearly, first, 13) == [yearly.periods[at] for at in (10, 23, 36)]
    assert rule.origins(sales, sales.periods[9], 7) == []
    assert all(sales.periods.get_loc(at) + 7 <= 49 for at in found)


def test_candidates_follow_what_the_sales_are_like() -> None:
    smooth = weekly_shop(3, 120, np.random.default_rng(5))
    seldom = replace(smooth, y=np.where(np.random.default_rng(6).random(smooth.y.shape) < 0.5, 0, smooth.y).astype(np.float32))
    assert {"seasonal_naive", "seasonal_average", "theta", "ets", "boosting"} <= set(rule.candidates(smooth, 7))
    assert "sba" not in rule.candidates(smooth, 7)
    assert "sba" in rule.candidates(seldom, 7)
    short = smooth.until(smooth.periods[9], 7)
    assert "seasonal_average" not in rule.candidates(short, 7)
    assert "moving_average" in rule.candidates(short, 7)
    none = replace(smooth, y=np.full_like(smooth.y, np.nan))
    assert rule.candidates(none, 7)[0] == "seasonal_naive"


def test_evidence_has_to_fit_together() -> None:
    y = np.zeros((2, 1, HORIZON))
    with pytest.raises(ValueError, match=r"expected seasonal_naive among them"):
        Evidence(("theta",), y, y[None], shop(2))
    with pytest.raises(ValueError, match=r"expected models x items x cutoffs x horizon = \(3, 2, 1, 4\)"):
        Evidence(MODELS, y, y[None], shop(2))
    with pytest.raises(ValueError, match=r"x levels"):
        Evidence(MODELS, y, np.zeros((3, 2, 1, HORIZON)), shop(2), np.zeros((3, 2, 1, HORIZON)))


def test_nothing_after_the_last_period_has_a_say() -> None:
    """Candidates and origins are told from a panel that ends where scoring begins; another future gives the same."""
    sales = weekly_shop(2, 90, np.random.default_rng(7))
    first = sales.periods[69]
    other = replace(sales, y=np.where(np.arange(90) > 69, 0, sales.y).astype(np.float32))
    for cut in (sales.until(first, 7), other.until(first, 7)):
        assert rule.candidates(cut, 7) == rule.candidates(sales.until(first, 7), 7)
        assert rule.origins(cut, first, 7) == [pd.Timestamp(at) for at in sales.periods[[41, 48, 55, 62]]]
