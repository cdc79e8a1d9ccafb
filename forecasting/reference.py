"""The reference for one item: what the catalogue's engines fitted, fitted once more by the library that is known for the model.

SARIMA by statsmodels, with what its errors tell; Prophet by prophet, with how near its optimizer came to the maximum that ours found.
"""

import re
from dataclasses import dataclass

import numpy as np

from forecasting.batched.catalogue import MOST_PERIODS
from forecasting.batched.orders import Order
from forecasting.batched.prophet import negative_log_posterior
from forecasting.models.libraries import one_thread, quiet
from forecasting.models.prophet import Prophet
from sales.panel import SalesPanel

MOST_STEPS = 300
PLAIN_LAGS, SEASONS_OF_LAGS, PERIODS_A_LAG = 10, 2, 5


@dataclass(frozen=True, eq=False)
class Reference:
    """A library's fit. mean: h periods past the end, units, 0 or more. sigma: standard deviation of one period's error, units."""

    mean: np.ndarray
    sigma: float

    def apart(self, mean: np.ndarray) -> float:
        """How far another forecast (h, units) is from this one: sum of absolute differences over the sum of this; NaN where that is 0."""
        total = float(self.mean.sum())
        return float(np.abs(mean - self.mean).sum()) / total if total > 0 else float("nan")


@dataclass(frozen=True, eq=False)
class SarimaReference(Reference):
    """A fit by exact maximum likelihood (statsmodels' SARIMAX).

    order: fitted. names, estimates, errors: its coefficients, k each, with standard errors; "intercept", of orders without differencing, is
    in units, the others have none. lags: how many the Ljung-Box test looks at. white, normal, even: p-values of Ljung-Box (null: errors
    remember nothing; Ljung & Box, 1978), Jarque-Bera (null: normal) and of a variance that stays the same (Harvey, 1989, 5.4.3).
    """

    order: Order
    names: tuple[str, ...]
    estimates: np.ndarray
    errors: np.ndarray
    lags: int
    white: float
    normal: float
    even: float


@dataclass(frozen=True, eq=False)
class ProphetReference(Reference):
    """A fit by prophet's optimizer. parts: what the model is made of. short: by how much its negative log posterior is above that of the
    engine's fit: near 0 where both found the same, several units where the optimizer ended early, below 0 if ever the engine did."""

    parts: tuple[str, ...]
    short: float


def order_of(detail: str) -> Order | None:
    """The order that a model's detail names ("(1,0,1)(0,1,1)[7]"); None where it names none.

    >>> str(order_of("(0,1,1)(0,1,1)[12]"))
    '(0,1,1)(0,1,1)[12]'
    """
    found = re.fullmatch(r"((?:\(\d,\d,\d\)){1,2})(?:\[(\d+)\])?", detail)
    return Order.parsed(found[1], int(found[2] or 1)) if found else None


def sarima_reference(panel: SalesPanel, item: str, order: Order, horizon: int) -> SarimaReference:
    """The item's last 1,096 periods (those that the engine reads) fitted with `order`, gaps left to the filter.

    Raises KeyError for an item that the panel does not hold, ValueError or LinAlgError where statsmodels cannot fit it.
    """
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    demand = panel.select(panel.rows_of([item])).demand[0, -MOST_PERIODS:].astype(float)
    y = demand[np.flatnonzero(~np.isnan(demand))[0] :]
    size = float(np.nanmean(np.abs(y))) or 1.0
    seasonal = (order.P, order.D, order.Q, order.season) if order.season > 1 else (0, 0, 0, 0)
    with quiet(), one_thread():
        model = SARIMAX(y / size, order=(order.p, order.d, order.q), seasonal_order=seasonal, trend="n" if order.lost else "c")
        fit = model.fit(disp=False, maxiter=MOST_STEPS)
        lags = _lags(len(y) - order.lost, order.season)
        white = float(fit.test_serial_correlation("ljungbox", lags=[lags])[0, 1, 0])
        normal, even = float(fit.test_normality("jarquebera")[0, 1]), float(fit.test_heteroskedasticity("breakvar")[0, 1])
        mean = np.maximum(fit.forecast(horizon) * size, 0)
    unit = np.array([size if name == "intercept" else 1.0 for name in model.param_names])
    own = np.array([name != "sigma2" for name in model.param_names])
    names = tuple(name for name in model.param_names if name != "sigma2")
    sigma = float(np.sqrt(fit.params[~own][0])) * size
    return SarimaReference(mean, sigma, order, names, (fit.params * unit)[own], (fit.bse * unit)[own], lags, white, normal, even)


def prophet_reference(panel: SalesPanel, item: str, model: Prophet, horizon: int) -> ProphetReference:
    """The item fitted with the settings of `model`: the same parts, holidays and regressors, as prophet itself makes and scales them.

    Raises KeyError for an item that the panel does not hold, ValueError for one whose history the model does not take, RuntimeError where
    prophet's optimizer fails.
    """
    one = panel.select(panel.rows_of([item]))
    known = np.flatnonzero(~np.isnan(one.demand[0]))
    if len(known) < model.card.least_history:
        raise ValueError(f"{item}: got {len(known)} known periods, expected {model.card.least_history} or more")
    ours, theirs = model.fitted(one, horizon)[0], model.by_library(one, horizon)
    params = {name: np.reshape(values, (1, -1)) for name, values in theirs.model.params.items()}
    scale = theirs.model.y_scale
    squares = (((one.demand[0] - theirs.mean[: len(one.periods)])[known] / scale) ** 2).sum(keepdims=True)
    line, noise = np.concatenate([params["k"], params["m"]], axis=1), params["sigma_obs"][0]
    reached = negative_log_posterior(squares, np.array([len(known)]), noise, line, params["delta"], params["beta"])
    mean, short = np.maximum(theirs.mean[-horizon:], 0), float((reached - ours.objective)[0])
    return ProphetReference(mean, float(noise[0] * scale), theirs.names, short)


def _lags(periods: int, season: int) -> int:
    """10 lags, of a season two seasons, at most a fifth of the periods (Hyndman & Athanasopoulos, FPP3, 5.4)."""
    return max(1, min(SEASONS_OF_LAGS * season if season > 1 else PLAIN_LAGS, periods // PERIODS_A_LAG))
