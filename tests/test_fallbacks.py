"""Fallbacks: what is answered where a model cannot work, and the guards on what it answers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panels import panel
from scipy import stats

from forecasting.backtest import backtest_tasks, forecast_tasks
from forecasting.fallbacks import MOST_TIMES_THE_PAST, NO_HISTORY, answer, guarded, negative_binomial_quantiles
from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models.naive import Naive
from sales.panel import SalesPanel

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
        (80.0, 80.0, "ok"),
        (5.0, 81.0, "failed: implausible_quantiles"),
        (5.0, np.inf, "failed: not_finite"),
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
        assert found.quantiles[0, 0].tolist() == [7.0, quantile]
    else:
        assert np.isnan(found.mean).all()
        assert np.isnan(found.quantiles).all()


@given(st.lists(st.lists(st.floats(-1e12, 1e12) | st.just(NAN) | st.just(np.inf), min_size=3, max_size=3), min_size=1, max_size=4))
def test_nothing_gets_out_that_is_negative_crosses_or_explodes_without_a_reason(answers: list[list[float]]) -> None:
    """Three items: one that sells, one that hardly does, one whose model said that it failed."""
    sales = panel([[3.0, 0, 5, 2], [0, 0, 0.5, 0], [1, 2, 3, 4]])
    forecast = blank("m", sales, len(answers), (0.5, 0.9))
    said = np.array(answers)
    forecast.mean[:] = said[None, :, 0]
    forecast.quantiles[:] = said[None, :, 1:]
    forecast.status[2] = "failed: model"
    found = guarded(forecast, sales)
    largest = np.array([5.0, 0.5, 4.0])
    assert found.status[2] == "failed: model"
    for row, status in enumerate(found.status):
        everything = np.concatenate([found.mean[row], found.quantiles[row].ravel()])
        if status == "ok":
            assert ((everything >= 0) & (everything <= MOST_TIMES_THE_PAST * largest[row])).all()
            assert (np.diff(found.quantiles[row], axis=1) >= 0).all()
        else:
            assert status.startswith("failed: ")
            assert np.isnan(everything).all()


@dataclass(frozen=True)
class Explosive(Forecaster):
    """Doubles what it saw last with every period."""

    card: ClassVar[Card] = Card("explosive", Family.BASELINE, 1, False, False, False, False, Cost.INSTANT)

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank("explosive", panel, horizon, levels)
        forecast.mean[:] = panel.y[:, -1:] * 2.0 ** np.arange(1, horizon + 1)
        forecast.quantiles[:] = forecast.mean[:, :, None]
        return forecast


def test_a_fit_that_explodes_fails_with_its_reason_counted_and_its_neighbours_answer() -> None:
    sales = panel([[9.0, 1, 2, 3, 4, 5, 6, 0], [9, 1, 2, 3, 4, 5, 6, 3]])
    (task,) = forecast_tasks(sales, [Explosive()], 6)
    part = task.call()
    assert part.groupby("item")["status"].first().tolist() == ["ok", "failed: implausible"]
    assert (part.attrs["failed"], part.attrs["reasons"]) == (1, {"failed: implausible": 1})
    assert part.loc[part["item"] == sales.items[0], "mean"].eq(0).all()


def test_no_history_is_a_failure_at_the_end_of_the_sales_and_none_at_a_cutoff_before() -> None:
    sales = panel([[1.0, 2, 3, 4, 5, 6], [np.nan] * 4 + [5, 6], [np.nan] * 6])
    (past,), (ahead,) = backtest_tasks(sales, [Naive()], 2, [sales.periods[3]]), forecast_tasks(sales, [Naive()], 2)
    tested, made = past.call(), ahead.call()
    assert tested.groupby("item")["status"].first().tolist() == ["ok", NO_HISTORY, NO_HISTORY]
    assert (tested.attrs["failed"], tested.attrs["reasons"]) == (0, {})
    assert made.groupby("item")["status"].first().tolist() == ["ok", "ok", NO_HISTORY]
    assert (made.attrs["failed"], made.attrs["reasons"]) == (1, {NO_HISTORY: 1})
