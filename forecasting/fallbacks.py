"""What every model answers where it cannot work, and the guards around what it answers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from forecasting.forecast import Forecast, blank
from sales.panel import SalesPanel

MOST_TIMES_THE_PAST = 20.0
NO_HISTORY = "failed: no_history"


def answer(model: str, least_history: int, panel: SalesPanel, horizon: int, levels: Sequence[float]) -> tuple[Forecast, np.ndarray]:
    """A forecast filled where a model that needs `least_history` known periods cannot work, and the mask of the items where it can.

    No known period: "failed: no_history". All zero: zero. Constant: that constant. Fewer known periods than the model needs: the mean of
    the known ones, with negative binomial quantiles whose variance is the larger of the sample's and the mean's.
    """
    demand = panel.demand.astype(float)
    known = (~np.isnan(demand)).sum(axis=1)
    total = np.nansum(demand, axis=1)
    mean = np.divide(total, known, out=np.full(len(panel), np.nan), where=known > 0)
    spread = np.sqrt(np.divide(np.nansum((demand - mean[:, None]) ** 2, axis=1), known - 1, out=np.zeros(len(panel)), where=known > 1))
    forecast = blank(model, panel, horizon, levels)

    no_history = known == 0
    all_zero = (known > 0) & (total == 0)
    too_short = (known > 0) & ~all_zero & (known < least_history)
    constant = (known > 1) & ~all_zero & ~too_short & (spread == 0)

    forecast.status[no_history] = NO_HISTORY
    for mask, used, reason in (
        (all_zero, "zero", "all_zero"),
        (constant, "constant", "constant"),
        (too_short, "historic_mean", "too_short"),
    ):
        forecast.model_used[mask] = used
        forecast.status[mask] = f"fallback: {reason}"
        forecast.mean[mask] = mean[mask, None]
        forecast.quantiles[mask] = mean[mask, None, None]
    if too_short.any():
        at = negative_binomial_quantiles(mean[too_short], spread[too_short] ** 2, levels)
        forecast.quantiles[too_short] = at[:, None, :]
    return forecast, ~(no_history | all_zero | too_short | constant)


def able(panel: SalesPanel, least_history: int) -> np.ndarray:
    """The mask of the items where a model that needs `least_history` known periods can work (see `answer`)."""
    return answer("", least_history, panel, 1, (0.5,))[1]


def negative_binomial_quantiles(mean: np.ndarray, variance: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Quantiles n x L of the negative binomial with this mean and variance, n each; Poisson where the variance is no larger than the mean.

    >>> negative_binomial_quantiles(np.array([2.0]), np.array([0.0]), [0.5, 0.95])
    array([[2., 5.]])
    """
    m, v = mean[:, None], np.maximum(variance, mean * (1 + 1e-9))[:, None]
    at = np.asarray(levels, dtype=float)[None, :]
    size = m**2 / (v - m)
    return np.where(v > m * (1 + 1e-6), stats.nbinom.ppf(at, size, m / v), stats.poisson.ppf(at, m))


def guarded(forecast: Forecast, panel: SalesPanel) -> Forecast:
    """`forecast` with negatives cut at 0 and quantiles put in order. What cannot be used is failed and NaN, whoever said it was answered:

    - "failed: not_finite": the mean or a quantile of some period is not a number.
    - "failed: implausible": the mean of some period is more than 20 times the item's largest known period.
    - "failed: implausible_quantiles": a quantile is, though the mean is not; a fit that explodes shows there first.
    """
    mean, quantiles = np.maximum(forecast.mean, 0), np.sort(np.maximum(forecast.quantiles, 0), axis=2)
    status = forecast.status.copy()
    most = MOST_TIMES_THE_PAST * np.nanmax(panel.demand, axis=1).astype(float)
    with np.errstate(invalid="ignore"):
        for reason, found in (
            ("not_finite", ~(np.isfinite(mean).all(axis=1) & np.isfinite(quantiles).all(axis=(1, 2)))),
            ("implausible", mean.max(axis=1) > most),
            ("implausible_quantiles", quantiles.max(axis=(1, 2)) > most),
        ):
            status[found & _answered(status)] = f"failed: {reason}"
    bad = ~_answered(status)
    mean[bad], quantiles[bad] = np.nan, np.nan
    return replace(forecast, mean=mean, quantiles=quantiles, status=status)


def _answered(status: np.ndarray) -> np.ndarray:
    return np.array([not said.startswith("failed") for said in status], dtype=bool)


def merged(whole: Forecast, part: Forecast, rows: np.ndarray) -> Forecast:
    """`whole` with the items at mask `rows` taken from `part`."""
    for name in ("mean", "quantiles", "model_used", "status", "detail", "seconds"):
        getattr(whole, name)[rows] = getattr(part, name)
    return whole
