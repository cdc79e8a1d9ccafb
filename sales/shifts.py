"""Level shifts: an item that from one period on sells much more or much less, for good."""

import warnings
from dataclasses import dataclass, fields

import numpy as np

from sales.expected import Expected, blocks
from sales.panel import SalesPanel

EFFECT = 1.75
PAIRS = 0.97
LEAST_UNITS = 5.0
_BLOCK = {"D": 7, "W": 1, "M": 1}
_WINDOW = {"D": 13, "W": 13, "M": 8}  # blocks on either side
_NEAR = {"D": 4, "W": 4, "M": 3}
_YEAR = {"D": 52, "W": 52, "M": 12}
_GLANCE = 1.4


@dataclass(frozen=True, eq=False)
class Shifts:
    """At most one shift an item, the largest: the item's place in the panel, the first period of the new level, the median level before and
    after, units per ordinary period, and at_once: the ratio of the medians of the nearest blocks."""

    item: np.ndarray
    period: np.ndarray
    before: np.ndarray
    after: np.ndarray
    at_once: np.ndarray

    def at(self, where: np.ndarray) -> "Shifts":
        return Shifts(*(getattr(self, each.name)[where] for each in fields(Shifts)))


def level_shifts(panel: SalesPanel, usual: Expected) -> Shifts:
    """The shifts of `panel`, in units over the factors of `usual`, days taken by seven.

    A shift's medians of 13 blocks before and after (months: 8) differ by a factor of at least 1.75 and by 5 units a block, so do those of 4
    (months: 3), which a season's slope does not, and in 97 % of the pairs of a block before and one after the higher side's is higher
    (Mann & Whitney's statistic). Where the year before or after is known, the windows must differ from their own a year away likewise: what
    comes back every year is no shift.
    """
    frequency = panel.calendar.frequency
    block = _BLOCK[frequency]
    parts = []
    for rows in blocks(*panel.y.shape):
        with np.errstate(divide="ignore", invalid="ignore"):
            ordinary = np.where(usual.factor[rows] > 0.05, np.maximum(panel.demand[rows], 0) / usual.factor[rows], np.nan)
            found = _splits(_blocked(ordinary, block), _WINDOW[frequency], _NEAR[frequency], _YEAR[frequency], LEAST_UNITS / block)
        item, split, before, after, at_once = found
        parts.append(Shifts(item + rows.start, _refined(ordinary, item, split * block, before, after, block), before, after, at_once))
    return Shifts(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Shifts)))


def _blocked(values: np.ndarray, size: int) -> np.ndarray:
    """Means of `size` periods, rows x blocks; NaN where less than half of them are known."""
    if size == 1:
        return values
    whole = values.shape[1] // size * size
    cut = values[:, :whole].reshape(len(values), whole // size, size)
    count = (~np.isnan(cut)).sum(axis=2)
    return np.divide(np.nansum(cut, axis=2), count, out=np.full(count.shape, np.nan), where=count * 2 > size)


def _splits(x: np.ndarray, window: int, near: int, year: int, least: float) -> tuple[np.ndarray, ...]:
    """Each row's best split, where it has one: row, block, median before and after, ratio of the nearest blocks' medians."""
    width = x.shape[1]
    empty = np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0), np.zeros(0), np.zeros(0)
    if width < 2 * window:
        return empty
    inner = slice(window - near, width - window - near + 1)
    row, split = np.nonzero(_glance(x, window) & _glance(x, near)[:, inner])
    if len(row) == 0:
        return empty
    split = split + window
    before, after = _gather(x, row, split - window, window), _gather(x, row, split, window)
    left, right = _median(before), _median(after)
    sign = np.where(right > left, 1.0, -1.0)
    high, low = np.maximum(left, right), np.minimum(left, right)
    good = (low > 0) & (high >= EFFECT * low) & (high - low >= least)
    at_once = _median(after[:, :near]) / _median(before[:, -near:])
    good &= sign * np.log(at_once) >= np.log(EFFECT)
    over = sign[:, None, None] * (after[:, None, :] - before[:, :, None])
    pairs = np.divide((over > 0).sum(axis=(1, 2)), np.maximum((~np.isnan(over)).sum(axis=(1, 2)), 1))
    good &= pairs >= PAIRS
    for side, other, step in ((after, -year, 1.0), (before, year, -1.0)):
        begin = split + other - (0 if other < 0 else window)
        there = (begin >= 0) & (begin + window <= width)
        away = _median(_gather(x, row, np.clip(begin, 0, width - window), window))
        good &= ~there | np.isnan(away) | (sign * step * np.log(_median(side) / away) >= np.log(EFFECT))
    row, split, left, right, at_once = row[good], split[good], left[good], right[good], at_once[good]
    order = np.lexsort((split, -np.abs(np.log(at_once)), row))
    first = order[np.unique(row[order], return_index=True)[1]]
    return row[first], split[first], left[first], right[first], at_once[first]


def _glance(x: np.ndarray, window: int) -> np.ndarray:
    """Mask rows x splits (the first after `window` blocks): where the means of `window` blocks before and after differ: a quick look."""
    known = ~np.isnan(x)
    count, total = (np.pad(np.cumsum(values, axis=1), ((0, 0), (1, 0))) for values in (known.astype(float), np.where(known, x, 0.0)))
    count, total = count[:, window:] - count[:, :-window], total[:, window:] - total[:, :-window]
    means = np.divide(total, count, out=np.full(count.shape, np.nan), where=count * 2 > window)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.abs(np.log(means[:, window:] / means[:, :-window])) >= np.log(_GLANCE)


def _gather(x: np.ndarray, row: np.ndarray, begin: np.ndarray, width: int) -> np.ndarray:
    return x[row[:, None], begin[:, None] + np.arange(width)]


def _median(values: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a window of which nothing is known has no median: NaN
        return np.nanmedian(values, axis=1)


def _refined(x: np.ndarray, row: np.ndarray, period: np.ndarray, before: np.ndarray, after: np.ndarray, block: int) -> np.ndarray:
    """The period within two blocks of `period` from which the roots of `x` are nearer to the level after than to that before."""
    if block == 1 or len(row) == 0:
        return period
    reach = 2 * block
    at = np.clip(period[:, None] + np.arange(-reach, reach), 0, x.shape[1] - 1)
    root = np.sqrt(np.maximum(x[row[:, None], at], 0))
    nearer = (root - np.sqrt(before)[:, None]) ** 2 - (root - np.sqrt(after)[:, None]) ** 2
    cost = np.pad(np.cumsum(np.nan_to_num(nearer), axis=1), ((0, 0), (1, 0)))
    return np.clip(period - reach + np.argmin(cost, axis=1), 1, x.shape[1] - 1)
