"""Quantiles from a method's own past: the errors of the forecasts that it would have made in every earlier period of the same item."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

LOOKBACK = 400
MOST_ERRORS = 2000
FEWEST_ORIGINS = 30
SHARE_TO_START = 1 / 3
FEWEST_ERRORS = 8

Past = Callable[[np.ndarray, int], np.ndarray]
"""What a method would have said: (positions k, step h) -> items x k, its forecasts of the h-th period after each position, of what was
known up to there alone; NaN where it could say nothing."""


def flat(level: np.ndarray) -> Past:
    """The past of a method that says `level` (items x periods, what it knows at the end of each) of every period to come."""
    return lambda positions, step: level[:, positions]


def quantiles(mean: np.ndarray, demand: np.ndarray, past: Past, levels: Sequence[float]) -> np.ndarray:
    """Quantiles, items x horizon x L, around `mean` (items x horizon), from each item's own history (items x periods, NaN: unknown).

    The method is asked at up to 400 of the last periods (fewer where the horizon is long: about 2,000 errors an item), each after at least
    a third of the item's known history. Errors of step h are divided by s_h, their root mean square, which never falls with h, and pooled
    over steps: demand's skew shows in one step as in the next. Of k errors from m positions the quantile is the k x level x (1 + 1/m)-th,
    at most the largest (split conformal, Lei et al., 2018, eq. 2, for errors that overlap within a position), times s_h. An item with
    fewer than 8 errors gets normal ones. Nothing is taken from other items.
    """
    horizon = mean.shape[1]
    errors = _errors(demand, past, horizon)
    known = ~np.isnan(errors)
    scale = _scales(errors, known.sum(axis=1), demand)
    scaled = np.divide(errors, scale[:, None, :], out=np.where(known, 0.0, np.nan), where=known & (scale[:, None, :] > 0))
    at = _pooled(scaled, np.asarray(levels, dtype=float))
    return np.maximum(mean[:, :, None] + scale[:, :, None] * at[:, None, :], 0)


def _errors(demand: np.ndarray, past: Past, horizon: int) -> np.ndarray:
    """Sales less forecast, items x positions x horizon; NaN where either is not known or too little was known at the position."""
    n, periods = demand.shape
    most = max(FEWEST_ORIGINS, MOST_ERRORS // horizon)
    first = max(0, periods - 1 - LOOKBACK)
    positions = np.unique(np.linspace(first, max(periods - 2, 0), min(most, max(periods - 1 - first, 1))).round().astype(int))
    seen = np.cumsum(~np.isnan(demand), axis=1)
    usable = seen[:, positions] >= SHARE_TO_START * seen[:, -1:]
    errors = np.full((n, len(positions), horizon), np.nan)
    for step in range(1, min(horizon, periods - 1) + 1):
        inside = positions + step < periods
        said = np.maximum(past(positions[inside], step), 0)
        errors[:, inside, step - 1] = np.where(usable[:, inside], demand[:, positions[inside] + step] - said, np.nan)
    return errors


def _scales(errors: np.ndarray, count: np.ndarray, demand: np.ndarray) -> np.ndarray:
    """Root mean square of the errors of each step, items x horizon, never falling. A step with fewer than 3 errors goes on from the one
    before with the root of the step; the first one with the standard deviation of the item's demand."""
    squared = np.divide(np.nansum(errors**2, axis=1), count, out=np.zeros(count.shape), where=count > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        before = np.nanvar(demand, axis=1)
    for step in range(squared.shape[1]):
        grown = before * (step + 1) / step if step else before
        squared[:, step] = np.where(count[:, step] >= 3, np.maximum(squared[:, step], before if step else 0.0), grown)
        before = squared[:, step]
    return np.sqrt(squared)


def _pooled(scaled: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles of each item's scaled errors (items x positions x horizon), items x L."""
    n = len(scaled)
    positions = (~np.isnan(scaled)).any(axis=2).sum(axis=1)
    pool = np.sort(scaled.reshape(n, -1), axis=1)
    count = (~np.isnan(pool)).sum(axis=1)
    enough = positions >= FEWEST_ERRORS
    place = count[:, None] * np.minimum(levels * (1 + 1 / np.maximum(positions, 1)[:, None]), 1) - 1
    place = np.clip(place, 0, np.maximum(count - 1, 0)[:, None])
    low = place.astype(int)
    high = np.minimum(low + 1, np.maximum(count - 1, 0)[:, None])
    below, above = np.take_along_axis(pool, low, axis=1), np.take_along_axis(pool, high, axis=1)
    return np.where(enough[:, None], below + (place - low) * (above - below), stats.norm.ppf(levels))
