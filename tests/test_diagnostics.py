"""Diagnostics against series whose nature is known, and against the reference's own examples."""

import numpy as np
import pytest
from panels import panel

from forecasting.diagnostics import diagnostics, differencing, filled, stationarity, strengths, verdict

RNG = np.random.default_rng(3)
NOISE = 50 + RNG.normal(size=300) * 5
WALK = 200 + np.cumsum(RNG.normal(size=300) * 5)
WEEKLY = 50 + 20 * np.sin(2 * np.pi * np.arange(300) / 7) + RNG.normal(size=300) * 4


def test_noise_is_stationary_and_needs_no_difference() -> None:
    found = diagnostics(panel(NOISE), "A000")
    assert (found.status, found.verdict, found.differences, found.seasonal_differences) == ("ok", "stationary", 0, 0)
    assert found.adf is not None
    assert found.kpss is not None
    assert found.adf.p_value < 0.01 < found.kpss.p_value
    assert found.season < 0.3


def test_a_random_walk_needs_one_difference() -> None:
    found = diagnostics(panel(WALK), "A000")
    assert (found.verdict, found.differences, found.seasonal_differences) == ("not_stationary", 1, 0)
    assert found.trend > 0.8
    assert found.correlogram is not None
    assert found.correlogram.acf[0] > 0.9
    assert abs(found.correlogram.pacf[1]) < 0.3


def test_a_strong_week_is_seen_and_differenced() -> None:
    found = diagnostics(panel(WEEKLY), "A000")
    assert found.season > 0.9
    assert found.seasonal_differences == 1
    assert found.correlogram is not None
    assert list(found.correlogram.lags) == list(range(1, 15))
    assert found.correlogram.acf[6] > 0.8 > found.correlogram.bound == pytest.approx(1.96 / np.sqrt(300))
    assert found.correlogram.acf[2] < -0.5


def test_kpss_is_the_published_formula() -> None:
    """Sum of squared partial sums / (n² x the long-run variance with Bartlett weights); Kwiatkowski et al. (1992), eq. 10 to 13."""
    found = stationarity(WALK)[1]
    e = WALK - WALK.mean()
    n, lags = len(e), found.lags
    long_run = (e @ e + 2 * sum((1 - s / (lags + 1)) * (e[s:] @ e[:-s]) for s in range(1, lags + 1))) / n
    assert found.statistic == pytest.approx((np.cumsum(e) ** 2).sum() / n**2 / long_run)


def test_dickey_fuller_is_the_t_statistic_of_the_level() -> None:
    """Of the regression of the differences on a constant, the level before and so many differences before."""
    found = stationarity(NOISE)[0]
    difference, k = np.diff(NOISE), found.lags
    columns = [np.ones(len(difference) - k), NOISE[k:-1], *(difference[k - at : len(difference) - at] for at in range(1, k + 1))]
    x, y = np.stack(columns, axis=1), difference[k:]
    beta, left = np.linalg.lstsq(x, y, rcond=None)[:2]
    error = np.sqrt(left[0] / (len(y) - x.shape[1]) * np.linalg.inv(x.T @ x)[1, 1])
    assert found.statistic == pytest.approx(beta[1] / error)


def test_both_tests_may_object_or_be_silent() -> None:
    at = {name: stationarity(y) for name, y in {"noise": NOISE, "walk": WALK}.items()}
    assert verdict(at["noise"][0], at["walk"][1]) == "contradictory"
    assert verdict(at["walk"][0], at["noise"][1]) == "undecided"


def test_gaps_are_filled_from_the_same_weekday_and_change_little() -> None:
    gappy = WEEKLY.copy()
    gappy[RNG.choice(np.arange(1, 299), size=60, replace=False)] = np.nan
    found, whole = diagnostics(panel(gappy), "A000"), diagnostics(panel(WEEKLY), "A000")
    assert (found.known, found.gaps) == (240, 60)
    assert found.season == pytest.approx(whole.season, abs=0.05)
    lonely = filled(np.array([1.0, np.nan, 3.0, 4.0, np.nan, 6.0]), season=3)
    assert lonely.tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("y", "status"),
    [
        ([1, 2] * 5, "too_short"),
        ([np.nan] * 40, "too_short"),
        ([3] * 40, "constant"),
        ([0] * 40, "constant"),
        ([1, 2, np.nan, np.nan] * 20, "too_many_gaps"),
    ],
)
def test_what_cannot_be_told_says_why(y: list[float], status: str) -> None:
    found = diagnostics(panel(y), "A000")
    assert found.status == status
    assert found.adf is found.correlogram is found.verdict is None
    assert np.isnan(found.season)


def test_without_two_seasons_there_is_no_strength_and_no_seasonal_difference() -> None:
    found = diagnostics(panel(NOISE[:60], frequency="W"), "A000")
    assert found.status == "ok"
    assert np.isnan([found.trend, found.season]).all()
    assert found.seasonal_differences == 0
    assert np.isnan(strengths(NOISE, 1)).all()


def test_a_straight_line_needs_no_more_than_it_has() -> None:
    assert differencing(np.arange(100.0), 1, float("nan")) == (0, 1)


def test_an_unknown_item_is_named() -> None:
    with pytest.raises(KeyError, match="B7"):
        diagnostics(panel(NOISE), "B7")
