"""Accuracy metrics: pure functions of actuals and forecasts, units as given.

Pairs in which either is NaN are left out. Where nothing is left, or a scale is zero, the answer is NaN: a metric that answers 0 on failure
would be a perfect score. Shares are fractions: 0.25 is 25 %.
"""

import numpy as np


def mae(y: np.ndarray, forecast: np.ndarray) -> float:
    """Mean absolute error, units.

    >>> mae(np.array([1.0, 3.0]), np.array([2.0, 1.0]))
    1.5
    """
    return _mean(np.abs(_errors(y, forecast)))


def mse(y: np.ndarray, forecast: np.ndarray) -> float:
    """Mean squared error, units squared."""
    return _mean(_errors(y, forecast) ** 2)


def rmse(y: np.ndarray, forecast: np.ndarray) -> float:
    """Root mean squared error, units."""
    return float(np.sqrt(mse(y, forecast)))


def r2(y: np.ndarray, forecast: np.ndarray) -> float:
    """Coefficient of determination: 1 less squared error over the variance of the actuals; NaN where these do not vary."""
    known, at = _pairs(y, forecast)
    return 1 - _ratio(((at - known) ** 2).sum(), ((known - _mean(known)) ** 2).sum())


def mape(y: np.ndarray, forecast: np.ndarray) -> float:
    """Mean of absolute error / actual over the periods with sales, a share (it does not exist where nothing sold).

    >>> mape(np.array([0.0, 4.0]), np.array([1.0, 3.0]))
    0.25
    """
    known, at = _pairs(y, forecast)
    sold = known != 0
    return _mean(np.abs(at[sold] / known[sold] - 1))


def smape(y: np.ndarray, forecast: np.ndarray) -> float:
    """Mean of 2 x absolute error / (actual + forecast), a share, 0 where both are 0 (Makridakis et al., 2020, eq. 1)."""
    known, at = _pairs(y, forecast)
    size = np.abs(known) + np.abs(at)
    return _mean(np.divide(2 * np.abs(at - known), size, out=np.zeros(len(known)), where=size > 0))


def wape(y: np.ndarray, forecast: np.ndarray) -> float:
    """Sum of absolute errors / sum of sales, a share.

    >>> wape(np.array([0.0, 4.0]), np.array([1.0, 3.0]))
    0.5
    """
    known, at = _pairs(y, forecast)
    return _ratio(np.abs(at - known).sum(), np.abs(known).sum())


def bias(y: np.ndarray, forecast: np.ndarray) -> float:
    """Sum of errors / sum of sales, a share; positive where the forecast is too high."""
    known, at = _pairs(y, forecast)
    return _ratio((at - known).sum(), np.abs(known).sum())


def naive_scale(history: np.ndarray, lag: int, power: int = 1) -> float:
    """Mean of |y[t] - y[t - lag]|^power over known pairs of a history: what MASE (power 1) and RMSSE (power 2) divide by."""
    if not 1 <= lag < len(history):
        return float("nan")
    return _mean(np.abs(_errors(history[:-lag], history[lag:])) ** power)


def mase(y: np.ndarray, forecast: np.ndarray, history: np.ndarray, lag: int = 1) -> float:
    """Mean absolute error / the in-sample error of the naive forecast at `lag` (Hyndman & Koehler, 2006).

    >>> mase(np.array([3.0]), np.array([5.0]), history=np.array([1.0, 2.0, 1.0]))
    2.0
    """
    return _ratio(mae(y, forecast), naive_scale(history, lag))


def rmsse(y: np.ndarray, forecast: np.ndarray, history: np.ndarray, lag: int = 1) -> float:
    """Root of mean squared error / the in-sample squared error of the naive forecast at `lag` (M5; Makridakis et al., 2022, eq. 1)."""
    return float(np.sqrt(_ratio(mse(y, forecast), naive_scale(history, lag, power=2))))


def pinball(y: np.ndarray, quantile: np.ndarray, level: float) -> float:
    """Mean quantile loss at `level`, units: an actual above the quantile costs `level` a unit, one below it 1 - `level`.

    >>> pinball(np.array([10.0]), np.array([8.0]), 0.9)
    1.8
    """
    error = -_errors(y, quantile)
    return _mean(np.maximum(level * error, (level - 1) * error))


def coverage(y: np.ndarray, quantile: np.ndarray) -> float:
    """Share of the actuals at or below the quantile; calibrated where it equals the quantile's level."""
    known, at = _pairs(y, quantile)
    return _mean((known <= at).astype(float))


def _pairs(y: np.ndarray, forecast: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y, forecast = np.asarray(y, dtype=float), np.asarray(forecast, dtype=float)
    both = ~(np.isnan(y) | np.isnan(forecast))
    return y[both], forecast[both]


def _errors(y: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    known, at = _pairs(y, forecast)
    return at - known


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below > 0 else float("nan")
