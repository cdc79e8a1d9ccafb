"""Recursions over time, all items in parallel: rows are items, NaN is skipped, and a loop runs over the periods alone."""

from collections.abc import Iterator

import numpy as np

BLOCK = 512


def smoothed(values: np.ndarray, alpha: np.ndarray | float, start: np.ndarray | None = None) -> np.ndarray:
    """Levels of simple exponential smoothing at the end of each period, items x periods: l + alpha (y - l) (Brown, 1959).

    alpha: one number or one an item. start: the level before the first period; without it the first known value is the first level, and
    NaN stands before it.

    >>> smoothed(np.array([[4.0, np.nan, 8.0]]), 0.5)
    array([[4., 4., 6.]])
    """
    level = np.full(len(values), np.nan) if start is None else np.asarray(start, dtype=float)
    levels = np.empty(values.shape[::-1])
    for t, y in enumerate(np.ascontiguousarray(values.T)):
        moved = np.where(np.isnan(level), y, level + alpha * (y - level))
        level = np.where(np.isnan(y), level, moved)
        levels[t] = level
    return levels.T


def blocks(n: int) -> Iterator[slice]:
    """Slices of at most 512 items, so that what is kept of each trial fits into memory."""
    return (slice(first, min(first + BLOCK, n)) for first in range(0, n, BLOCK))
