"""Seasonal naive against the loop it replaces."""

from math import isnan

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from panels import panel

from forecasting.models.naive import SeasonalNaive

RNG = np.random.default_rng


def test_it_repeats_the_last_season() -> None:
    forecast = SeasonalNaive().forecast(panel(np.append(np.zeros(10), np.arange(1, 8))), 9, (0.5,), RNG(0))
    assert forecast.mean[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 1, 2]
    assert forecast.detail[0] == "[7]"


def test_bands_of_independent_noise_are_those_of_the_book() -> None:
    """The last season's noise is in the error too: the deviation is sqrt(2) that of demand, in the second season as in the first."""
    y = RNG(0).normal(100, 10, (200, 140))
    forecast = SeasonalNaive().forecast(panel(y), 14, (0.1, 0.9, 0.975), RNG(0))
    width = forecast.quantiles - forecast.mean[:, :, None]
    np.testing.assert_allclose(width.mean(axis=0), np.tile(np.sqrt(2) * 10 * np.array([-1.2816, 1.2816, 1.96]), (14, 1)), rtol=0.15)


def test_less_than_two_seasons_repeat_the_last_period() -> None:
    forecast = SeasonalNaive().forecast(panel(np.arange(1.0, 14.0)), 3, (0.5,), RNG(0))
    assert forecast.mean[0].tolist() == [13, 13, 13]
    assert forecast.detail[0] == "[1]"


def last_known(y: list[float], season: int, step: int) -> float:
    """The value of the same place, season after season back."""
    places = [y[at] for at in range(len(y) + step - season * (step // season + 1), -1, -season)]
    return next((value for value in places if not isnan(value)), float("nan"))


@given(st.lists(st.one_of(st.just(float("nan")), st.integers(1, 99)), min_size=16, max_size=40), st.integers(2, 7), st.integers(1, 20))
def test_any_gaps_against_the_loop(y: list[float], season: int, horizon: int) -> None:
    forecast = SeasonalNaive().forecast(panel(y, season=season), horizon, (0.5,), RNG(0))
    if forecast.status[0] != "ok" or forecast.detail[0] == "[1]":
        return
    expected = np.array([last_known([float(v) for v in y], season, step) for step in range(horizon)])
    seen = ~np.isnan(expected)
    np.testing.assert_allclose(forecast.mean[0][seen], expected[seen])
    np.testing.assert_allclose(forecast.mean[0][~seen], np.nanmean(np.array(y, dtype=float)), rtol=1e-6)
