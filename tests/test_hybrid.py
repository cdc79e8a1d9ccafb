"""Hybrid: one-step errors by hand, the sum of both forecasts, and quantiles from the sum's own errors."""

import jax
import numpy as np
import pytest
from panels import AHEAD, DAYS, ITEMS, panel
from scipy import stats

from forecasting.batched import engine
from forecasting.batched.columns import Histories
from forecasting.batched.orders import PLAIN, Order, Shape
from forecasting.batched.polynomials import coefficients
from forecasting.models import hybrid
from forecasting.models.hybrid import Hybrid, one_step_errors
from forecasting.models.network import Lstm
from forecasting.models.sarima import Sarima

RNG = np.random.default_rng
SMALL = Lstm(epochs=12, units=8, window=10, members=1, rate=1e-2, windows=800)
ORDERS = tuple(Order(*parts) for parts in PLAIN)


def errors_of(y: np.ndarray, order: Order) -> tuple[np.ndarray, np.ndarray]:
    """One-step errors of `order` fitted to `y`, and the coefficients of its MA lags."""
    histories = Histories(y[None], season=1)
    fitted = engine.refit(histories, ORDERS, np.array([ORDERS.index(order)]))
    with jax.enable_x64(True):
        _, theta = coefficients(fitted.u.T, Shape(2, 2, 0, 0, 1))
    return one_step_errors(histories, fitted)[0], np.asarray(theta)[:, 0]


def test_one_step_errors_are_those_of_the_moving_average_by_hand() -> None:
    noise = RNG(0).normal(size=61)
    y = 20 + np.cumsum(noise[1:] - 0.4 * noise[:-1])
    errors, (theta, none) = errors_of(y, Order(0, 1, 1))
    by_hand = np.zeros(60)
    for t in range(1, 60):
        by_hand[t] = y[t] - y[t - 1] - theta * by_hand[t - 1]
    assert np.isnan(errors[:2]).all()
    assert none == 0
    assert -0.8 < theta < -0.1
    np.testing.assert_allclose(errors[40:], by_hand[40:], atol=1e-6)


def test_errors_are_not_known_where_sales_are_not() -> None:
    y = RNG(0).normal(20, 2, 40)
    y[25] = np.nan
    errors, _ = errors_of(y, Order(1, 0, 1))
    assert np.flatnonzero(np.isnan(errors)).tolist() == [0, 25]


def test_the_mean_is_the_sum_of_both(monkeypatch: pytest.MonkeyPatch) -> None:
    sales = panel(RNG(0).poisson(20, size=(3, 59)), season=1)
    orders = tuple((item, Order(0, 1, 1)) for item in sales.items)
    monkeypatch.setattr(Lstm, "tried", lambda self, windows, held, levels, rng: (np.zeros((3, 5, 2)), 3))
    monkeypatch.setattr(Lstm, "answers", lambda self, windows, epochs, levels, rng: np.full((3, 5, 2), 2.5))
    together = Hybrid(Sarima(orders)).forecast(sales, 5, (0.5,), RNG(0))
    alone = Sarima(orders).forecast(sales, 5, (0.5,), RNG(0))
    np.testing.assert_allclose(together.mean, alone.mean + 2.5)
    assert together.detail[0].startswith("(0,1,1) + window 28, 3 epochs; held out: WAPE ")


def test_it_finds_what_the_errors_of_all_items_share() -> None:
    rng = RNG(5)
    promotion = (rng.random((ITEMS, DAYS + AHEAD)) < 0.3).astype(np.float32)
    y = rng.poisson(20 * (1 + promotion))
    past, actual = y[:, :DAYS], y[:, DAYS:]
    sales = panel(past, covariates={"price": np.full_like(promotion, 10), "promotion": promotion})
    together = Hybrid(network=SMALL).forecast(sales, AHEAD, (0.05, 0.95), RNG(0))
    alone = Sarima().forecast(sales, AHEAD, (0.5,), RNG(0))
    error = np.abs(together.mean - actual).sum()
    assert error < 0.7 * np.abs(alone.mean - actual).sum()
    assert 0.8 < ((actual >= together.quantiles[:, :, 0]) & (actual <= together.quantiles[:, :, 1])).mean() < 0.99
    told = together.detail[0].split("; ")[1]
    assert float(told.split()[3].rstrip(",")) < float(told.split()[-1])


def test_tuning_settles_the_orders() -> None:
    sales = panel(RNG(0).poisson(20, size=(2, 60)), season=1)
    assert dict(Hybrid().tuned(sales, RNG(0)).sarima.orders).keys() == set(sales.items)


def test_quantiles_are_drawn_to_normal_ones_by_the_number_of_errors() -> None:
    levels = (0.5, 0.95)
    np.testing.assert_allclose(hybrid._quantiles(np.array([np.nan]), levels), stats.norm.ppf(levels))
    errors = RNG(0).normal(1, 3, 50)
    expected = (np.quantile(errors, levels) + stats.norm.ppf(levels) * np.sqrt((np.sum(errors**2) + 10) / 60)) / 2
    np.testing.assert_allclose(hybrid._quantiles(errors, levels), expected)
