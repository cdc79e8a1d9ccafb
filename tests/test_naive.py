"""Seasonal naive against the loop it replaces, and the parallel map."""

import os
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panels import panel

from forecasting.models import parallel
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


def doubled(task: int, seed: np.random.SeedSequence) -> tuple[int, float, int]:
    if task == 2:
        raise ZeroDivisionError
    return 2 * task, float(np.random.default_rng(seed).random()), os.getpid()


def test_answers_do_not_depend_on_the_number_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}
    for jobs in ("1", "2"):
        monkeypatch.setenv("SHELFCAST_JOBS", jobs)
        found[jobs] = parallel.mapped(doubled, range(6), RNG(5))
    values = {jobs: [o.value[:2] if o.value else o.status for o in outcomes] for jobs, outcomes in found.items()}
    assert values["1"] == values["2"]
    assert values["1"][2] == "failed: ZeroDivisionError"
    assert [v[0] for v in values["1"] if not isinstance(v, str)] == [0, 2, 6, 8, 10]
    assert {o.value[2] for o in found["1"] if o.value} == {os.getpid()}
    assert os.getpid() not in {o.value[2] for o in found["2"] if o.value}


@pytest.mark.parametrize("jobs", ["0", "two", "-1"])
def test_a_number_of_jobs_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, jobs: str) -> None:
    monkeypatch.setenv("SHELFCAST_JOBS", jobs)
    with pytest.raises(ValueError, match="expected a whole number of 1 or more"):
        parallel.mapped(doubled, range(6), RNG(0))
