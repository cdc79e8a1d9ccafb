"""Fallbacks: what is answered where a model cannot work, and the guards on what it answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panels import panel
from scipy import stats

from forecasting.fallbacks import answer, guarded, negative_binomial_quantiles
from forecasting.forecast import blank

NAN = float("nan")
ROWS = np.array(
    [
        [NAN, NAN, NAN, NAN],
        [0, 0, 0, NAN],
        [5, 5, NAN, 5],
        [NAN, NAN, 4, 8],
        [1, 2, 3, 4],
        [NAN, NAN, NAN, 6],
    ]
)
NAMES = ["a_nothing", "b_zero", "c_constant", "d_short", "e_able", "f_one"]


def test_each_history_gets_its_answer() -> None:
    forecast, able = answer("m", 3, panel(ROWS, items=NAMES), 2, (0.5, 0.9))
    assert able.tolist() == [False, False, False, False, True, False]
    assert forecast.status.tolist() == [
        "failed: no_history",
        "fallback: all_zero",
        "fallback: constant",
        "fallback: too_short",
        "ok",
        "fallback: too_short",
    ]
    assert forecast.model_used.tolist() == ["m", "zero", "constant", "historic_mean", "m", "historic_mean"]
    assert forecast.mean[1:4].tolist() == [[0, 0], [5, 5], [6, 6]]
    assert np.isnan(forecast.mean[[0, 4]]).all()
    assert (forecast.quantiles[1] == 0).all()
    assert (forecast.quantiles[2] == 5).all()
    assert (forecast.quantiles[3, :, 1] > 6).all()


def test_periods_out_of_stock_are_not_history() -> None:
    sales = panel([[3.0, 0, 0, 0]], out_of_stock=[[False, True, True, True]])
    forecast, able = answer("m", 2, sales, 1, (0.5,))
    assert forecast.mean[0, 0] == 3
    assert not able[0]


@given(st.floats(0.01, 1e4), st.floats(0.0, 1e6))
def test_quantiles_are_those_of_a_distribution_with_this_mean_and_variance(mean: float, variance: float) -> None:
    levels = (0.1, 0.5, 0.9, 0.99)
    found = negative_binomial_quantiles(np.array([mean]), np.array([variance]), levels)[0]
    assert (np.diff(found) >= 0).all()
    if variance > mean * 1.001:
        size = mean**2 / (variance - mean)
        np.testing.assert_allclose(found, stats.nbinom.ppf(levels, size, size / (size + mean)), atol=1)
    elif variance <= mean:
        np.testing.assert_array_equal(found, stats.poisson.ppf(levels, mean))


@pytest.mark.parametrize(
    ("mean", "quantile", "status"),
    [
        (5.0, 9.0, "ok"),
        (np.inf, 9.0, "failed: not_finite"),
        (5.0, NAN, "failed: not_finite"),
        (81.0, 90.0, "failed: implausible"),
        (-3.0, 9.0, "ok"),
    ],
)
def test_guard(mean: float, quantile: float, status: str) -> None:
    sales = panel([[1.0, 2, 3, 4]])
    forecast = blank("m", sales, 2, (0.5, 0.9))
    forecast.mean[:] = mean
    forecast.quantiles[:] = [quantile, 7.0]
    found = guarded(forecast, sales)
    assert found.status[0] == status
    if status == "ok":
        assert found.mean[0].tolist() == [max(mean, 0.0)] * 2
        assert found.quantiles[0, 0].tolist() == [7.0, 9.0]
    else:
        assert np.isnan(found.mean).all()
        assert np.isnan(found.quantiles).all()
