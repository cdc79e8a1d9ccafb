"""The batched ARIMA engine against statsmodels: likelihood, fit, forecast; what gaps and regressors do."""

from itertools import product

import jax
import numpy as np
import pytest
import realdata

from forecasting.batched import engine
from forecasting.batched.columns import Columns, Histories
from forecasting.batched.kalman import innovations
from forecasting.batched.orders import Order, Shape, candidates
from forecasting.batched.polynomials import coefficients, stationary
from forecasting.models.libraries import quiet

SEASON = 7
PARTS = product((0, 2), (0, 1), (0, 1, 2), (0, 1), (0, 1), (0, 1))
GRID = tuple(Order(*parts, SEASON) for parts in PARTS if sum(parts) > parts[1] + parts[4])  # all that have a coefficient


def weeks(n: int, periods: int, seed: int = 0) -> np.ndarray:
    """Series with a weekly season, a level that wanders and noise."""
    rng = np.random.default_rng(seed)
    season = np.tile(rng.uniform(0.5, 1.5, (n, SEASON)), periods // SEASON + 1)[:, :periods]
    level = 50 * np.exp(np.cumsum(rng.normal(0, 0.03, (n, periods)), axis=1))
    return level * season + rng.normal(0, 5, (n, periods))


def everything(histories: Histories, orders: tuple[Order, ...]) -> np.ndarray:
    return np.ones((len(histories.y), len(orders)), dtype=bool)


def theirs(order: Order, y: np.ndarray, **settings: object):  # type: ignore[no-untyped-def]
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    seasonal = (order.P, order.D, order.Q, order.season)
    return SARIMAX(y, order=(order.p, order.d, order.q), seasonal_order=seasonal, **settings)


def parts(columns: Columns, u: np.ndarray) -> list[np.ndarray]:
    """AR, MA, seasonal AR and seasonal MA coefficients of `u`, n x orders x parameters."""
    ends = np.cumsum([columns.shape.p, columns.shape.q, columns.shape.P])
    groups = np.split(np.moveaxis(u, 2, 0), ends)
    with jax.enable_x64(True):
        return [np.moveaxis(sign * np.asarray(stationary(group)), 0, 2) for sign, group in zip((1, -1, 1, -1), groups, strict=True)]


def likelihoods_agree(y: np.ndarray, seed: int) -> None:
    """Both likelihoods at the same random parameters, over the whole grid of orders for each series."""
    rng = np.random.default_rng(seed)
    histories = Histories(y, SEASON)
    columns = Columns(histories, GRID, everything(histories, GRID))
    u = np.where(columns.free.T, rng.normal(0, 0.7, (len(y), len(GRID), columns.shape.parameters)), 0.0)
    found = engine.exact(columns, u, columns.allowed, steps=0)
    groups = parts(columns, u)
    for row, place in product(range(len(y)), range(len(GRID))):
        order = GRID[place]
        plain_ar, plain_ma, seasonal_ar, seasonal_ma = (values[row, place] for values in groups)
        own = [*plain_ar[: order.p], *plain_ma[: order.q], *seasonal_ar[: order.P], *seasonal_ma[: order.Q]]
        with quiet():
            level = None if order.lost else np.ones((y.shape[1], 1))  # a constant whose coefficient is a diffuse state
            model = theirs(order, y[row] / histories.scale[row], simple_differencing=True, exog=level, mle_regression=order.lost > 0)
            likelihood = model.loglike([*own, found.sigma2[row, place]])
        near = {"rel": 1e-6, "abs": 1e-6} if order.lost else {"abs": 1e-4}  # their diffuse state has a variance of 1e6
        assert found.likelihood[row, place] == pytest.approx(likelihood, **near), (row, str(order))


def test_likelihood_is_that_of_statsmodels() -> None:
    likelihoods_agree(weeks(1, 60), seed=1)


def test_likelihood_without_differencing_is_that_of_statsmodels() -> None:
    rng, shape = np.random.default_rng(5), Shape(2, 2, 1, 1, SEASON)
    y, u = rng.normal(size=(80, 4)), rng.normal(0, 0.7, (shape.parameters, 4))
    with jax.enable_x64(True):
        v, f = (np.asarray(part) for part in innovations(*coefficients(u, shape), y[:, None], np.ones(y.shape, dtype=bool)))
        ar, ma, seasonal_ar, seasonal_ma = (np.asarray(stationary(group)) for group in np.split(u, [2, 4, 5]))
    likelihood = -0.5 * (np.log(2 * np.pi * f) + v[:, 0] ** 2 / f).sum(axis=0)
    for column in range(4):
        own = [*ar[:, column], *-ma[:, column], *seasonal_ar[:, column], *-seasonal_ma[:, column], 1.0]
        assert likelihood[column] == pytest.approx(theirs(Order(2, 0, 2, 1, 0, 1, SEASON), y[:, column]).loglike(own), rel=1e-9)


@pytest.mark.slow
def test_likelihood_is_that_of_statsmodels_where_days_are_missing() -> None:
    y = weeks(1, 120)
    y[0, [3, 40, 41, 42, 99]] = np.nan
    likelihoods_agree(y, seed=2)


def real_days(rows: slice, periods: int) -> np.ndarray:
    import pandas as pd

    sales = pd.read_parquet(realdata.folder("m5_store_dept") / "history_daily.parquet")
    wide = sales.pivot_table(index=["store_id", "dept_id"], columns="date", values="sales", aggfunc="sum").fillna(0.0)
    return wide.to_numpy(dtype=float)[rows, -periods:]


@pytest.mark.slow
def test_likelihood_is_that_of_statsmodels_on_real_sales() -> None:
    likelihoods_agree(real_days(slice(None, None, 12), 400), seed=3)


@pytest.mark.slow
def test_forecasts_of_real_sales_are_within_a_hundredth_of_statsmodels() -> None:
    y, orders = real_days(slice(0, 70, 14), 365), (Order(1, 0, 1, 0, 1, 1, SEASON), Order(0, 1, 1, 0, 1, 1, SEASON))
    histories = Histories(y, SEASON)
    for place, order in enumerate(orders):
        mean, _ = engine.predicted(histories, engine.refit(histories, orders, np.full(len(y), place)), 28)
        for row in range(len(y)):
            with quiet():
                fitted = theirs(order, y[row] / histories.scale[row]).fit(disp=False, maxiter=300)
            expected = fitted.get_forecast(28).predicted_mean * histories.scale[row]
            assert np.abs(mean[row, -28:] - expected).sum() / np.abs(expected).sum() < 0.01


@pytest.mark.slow
def test_fit_and_forecast_are_those_of_statsmodels() -> None:
    y = weeks(3, 200)
    y[2, [20, 21, 150]] = np.nan
    histories = Histories(y, SEASON)
    fitted = engine.fit(histories, candidates(SEASON, 200), everything(histories, candidates(SEASON, 200)))
    mean, deviation = engine.predicted(histories, fitted, 14)
    for row in range(2):
        order = fitted.orders[fitted.order[row]]
        with quiet():
            model = theirs(order, y[row] / histories.scale[row], trend="c" if order.lost == 0 else None)
            ahead = model.fit(disp=False, maxiter=300).get_forecast(14)
        expected = ahead.predicted_mean * histories.scale[row]
        assert np.abs(mean[row, -14:] - expected).sum() / np.abs(expected).sum() < 0.01
        np.testing.assert_allclose(deviation[row, -14:], ahead.se_mean * histories.scale[row], rtol=0.05)


@pytest.mark.slow
def test_a_finished_order_is_at_its_greatest_likelihood() -> None:
    y = weeks(2, 150)
    histories, orders = Histories(y, SEASON), (Order(1, 0, 1, 0, 1, 1, SEASON),)
    fitted = engine.fit(histories, orders, everything(histories, orders))
    for step in (-0.02, 0.02):
        for k in range(fitted.u.shape[1]):
            moved = fitted.u.copy()
            moved[:, k] += step
            columns = Columns(histories, orders, everything(histories, orders))
            beside = engine.exact(columns, moved[:, None], columns.allowed, steps=0).likelihood[:, 0]
            assert (beside <= fitted.likelihood + 1e-6).all()


@pytest.mark.slow
def test_the_order_chosen_for_real_sales_is_close_to_its_greatest_likelihood() -> None:
    y = real_days(slice(0, 70, 14), 365)
    histories, orders = Histories(y, SEASON), candidates(SEASON, 365)
    fitted = engine.fit(histories, orders, everything(histories, orders))
    columns = Columns(histories, orders, fitted.order[:, None] == np.arange(len(orders)))
    onward = np.repeat(fitted.u[:, None], len(orders), axis=1)
    further = engine.exact(columns, onward, columns.allowed, steps=64).likelihood[np.arange(len(y)), fitted.order]
    assert (further - fitted.likelihood < 0.05).all()


@pytest.mark.slow
def test_regressors_are_estimated_by_generalized_least_squares() -> None:
    y, rng = weeks(2, 150), np.random.default_rng(4)
    x = (rng.random((2, 1, 164)) < 0.3).astype(float)
    y = y + 30 * x[:, 0, :150]
    orders = (Order(0, 1, 1, 0, 1, 1, SEASON),)
    histories = Histories(y, SEASON, x)
    fitted = engine.fit(histories, orders, everything(histories, orders))
    mean, _ = engine.predicted(histories, fitted, 14)
    with quiet():
        model = theirs(orders[0], y[0] / histories.scale[0], exog=x[0, 0, :150, None]).fit(disp=False, maxiter=300)
        ahead = model.get_forecast(14, exog=x[0, 0, 150:, None])
    assert fitted.beta[0, 1] == pytest.approx(model.params[0], rel=0.01)
    np.testing.assert_allclose(mean[0, -14:], ahead.predicted_mean * histories.scale[0], rtol=0.01)


def test_an_order_that_could_not_be_fitted_is_marked() -> None:
    histories = Histories(np.concatenate([np.full((1, 60), np.nan), weeks(7, 60)]), SEASON)
    fitted = engine.fit(histories, candidates(SEASON, 60), everything(histories, candidates(SEASON, 60)))
    mean, deviation = engine.predicted(histories, fitted, 3)
    assert fitted.order[0] == -1
    assert np.isnan(mean[0]).all()
    assert np.isnan(deviation[0]).all()
    assert np.isfinite(mean[1:, -3:]).all()


def test_neighbours_do_not_move_an_answer() -> None:
    y = weeks(8, 60)
    orders = candidates(SEASON, 60)
    alone, together = (engine.fit(Histories(part, SEASON), orders, np.ones((len(part), len(orders)), bool)) for part in (y[1:], y))
    np.testing.assert_array_equal(alone.u, together.u[1:])
