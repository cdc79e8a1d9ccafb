"""What each item would ordinarily sell in each period: its level round about x season x flags known ahead x what moved the whole shop."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from sales.panel import SalesPanel

REACH = {"D": 28, "W": 8, "M": 6}  # periods on either side that tell the level; in days a whole number of weeks
LEAST_KNOWN = 7
LEAST_ITEMS = 5  # fewer items that carry the units do not speak for the shop
_PRIOR_PERIODS, _PRIOR_UNITS = 5.0, 20.0
_LEAST_DISPERSION = 0.05
_SURPRISE = 3.0
_LEAST_WEIGHT = 1e-9
_FINER = (0.1, 0.01, 0.001)
_SHARP, _PRECISION = 0.01, 2e-7  # of a step, and of what 32 bits hold
_CELLS = 400_000  # what a processor's cache holds
_ROUNDS = 2
_THREADS = 2
Answer = TypeVar("Answer")


@dataclass(frozen=True, eq=False)
class Expected:
    """Ordinary demand of n items in T periods.

    factor: float32, n x T, without unit: season x flags x whole shop, 1 on an ordinary period. mean: float32, n x T, units per period,
    NaN where the item has no known period. dispersion: n, the variance of demand is mean + dispersion x mean². shop: T, the part of the
    factor that all items share, 1 where nothing moved the whole shop.
    """

    factor: np.ndarray
    mean: np.ndarray
    dispersion: np.ndarray
    shop: np.ndarray


def expected(panel: SalesPanel, demand: np.ndarray | None = None) -> Expected:
    """Ordinary demand of `panel`, learnt from `demand` (units per period, items x periods, NaN where sales do not show demand; by default
    `panel.demand`; negative ones count as 0).

    The level is the sum of units over the sum of factors within `REACH` periods on either side, further where fewer than 7 are known there.
    A season's factors, and those of every 0/1 column known ahead, are each item's own ratio of units to level, drawn towards that of all
    items by the weight of 5 periods and 20 units. The whole shop's factor of a period differs from 1 only where the sum of all items misses
    its expectation by more than 3 standard errors and at least 5 items carry it (inverse of the sum of squared shares).
    """
    y = panel.demand if demand is None else demand
    y = np.maximum(y, 0) if (y < 0).any() else y
    n, periods = y.shape
    factor = np.ones((n, periods), dtype=np.float32)
    shop, dispersion = np.ones(periods), np.full(n, _LEAST_DISPERSION)
    reach = REACH[panel.calendar.frequency]
    groups = _seasons(panel) + _flags(panel)
    for _ in range(_ROUNDS):
        for group in groups:
            _fit(y, factor, group, reach)
        shop = shop * _shop(y, factor, dispersion, reach)
    mean = np.empty((n, periods), dtype=np.float32)

    def course(rows: slice) -> None:
        mean[rows] = level(y[rows], factor[rows], reach) * factor[rows]

    over_blocks(course, n, periods)
    return Expected(factor, mean, dispersion, shop)


def steps(y: np.ndarray) -> np.ndarray:
    """The smallest step that each item is sold in, n, units: 1, or 0.1, 0.01 or 0.001 for what is weighed or measured.

    >>> steps(np.array([[3, 0, np.nan], [0.5, 2, 1], [0.2, 0.05, 1]])).tolist()
    [1.0, 0.1, 0.01]
    """
    result = np.ones(len(y))
    for rows in blocks(*y.shape):
        here = np.nan_to_num(y[rows])
        fine = np.flatnonzero((here != np.rint(here)).any(axis=1))
        for step in _FINER:
            result[rows.start + fine] = step
            scaled = here[fine].astype(float) / step
            fine = fine[(np.abs(scaled - np.rint(scaled)) > _SHARP + _PRECISION * np.abs(scaled)).any(axis=1)]
    return result


def blocks(n: int, periods: int) -> Iterator[slice]:
    """Slices of the items, each of some hundred thousand values."""
    step = max(_CELLS // max(periods, 1), 1)
    return (slice(at, min(at + step, n)) for at in range(0, max(n, 1), step))


def over_blocks(step: Callable[[slice], Answer], n: int, periods: int) -> list[Answer]:
    """What `step` answers for each of `blocks`, in their order, by two threads: what is done to some items touches no others."""
    rows = list(blocks(n, periods))
    if len(rows) == 1:
        return [step(rows[0])]
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(step, rows))


def level(y: np.ndarray, factor: np.ndarray, reach: int) -> np.ndarray:
    """Units per ordinary period round about each period, n x T: sum of `y` over sum of `factor` where `y` is known, within `reach` periods
    on either side, four times and then any number as far where fewer than 7 are known; NaN where none is."""
    known = ~np.isnan(y)
    sums = [running(values) for values in (known, np.where(known, y, 0), np.where(known, factor, 0))]
    result = np.full(y.shape, np.nan)
    rows, lacking = np.arange(len(y)), np.ones(y.shape, dtype=bool)
    for width in (reach, 4 * reach, y.shape[1]):
        count, total, weight = (_within(each, width) for each in sums)
        there = lacking & (count > 0) & (weight > _LEAST_WEIGHT)
        result[rows] = np.divide(total, weight, out=result[rows], where=there)
        lacking &= count < LEAST_KNOWN
        some = lacking.any(axis=1)
        rows, lacking, sums = rows[some], lacking[some], [each[some] for each in sums]
    return result


def _within(sums: np.ndarray, reach: int) -> np.ndarray:
    """Sums of what lies within `reach` periods of each, out of running sums; n x T."""
    periods = sums.shape[1] - 1
    reach = min(reach, periods)
    result = np.empty((len(sums), periods))
    result[:, : periods - reach] = sums[:, reach + 1 :]
    result[:, periods - reach :] = sums[:, -1:]
    result[:, reach:] -= sums[:, : periods - reach]
    return result


def running(values: np.ndarray) -> np.ndarray:
    """Sums up to each period, n x (T + 1), from 0."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1))
    sums[:, 1:] = values
    return np.cumsum(sums, axis=1, out=sums)


def _seasons(panel: SalesPanel) -> list[np.ndarray]:
    """Groups of the season: the phase of each period, one row for all items; none where the history holds less than two seasons."""
    if panel.season == 1 or len(panel.periods) < 2 * panel.season:
        return []
    return [(np.arange(len(panel.periods)) % panel.season)[None, :]]


def _flags(panel: SalesPanel) -> list[np.ndarray]:
    """Groups of each 0/1 column known ahead: 1 where it holds, -1 (left alone) elsewhere; n x T."""
    history = [block[:, : len(panel.periods)] for _, block in sorted(panel.covariates.items())]
    return [np.where(block == 1, 0, -1).astype(np.int8) for block in history if ((block == 0) | (block == 1) | np.isnan(block)).all()]


def _fit(y: np.ndarray, factor: np.ndarray, group: np.ndarray, reach: int) -> None:
    """Multiplies `factor` by each item's own factor of each group, in place: a second round only adds what the first one missed."""
    n, periods = y.shape
    phases = int(group.max(initial=-1)) + 1
    if phases == 0:
        return
    units, ordinary, mean = np.zeros((n, phases)), np.zeros((n, phases)), np.zeros(n)

    def learn(rows: slice) -> None:
        usual = level(y[rows], factor[rows], reach) * factor[rows]
        usable = ~np.isnan(y[rows]) & ~np.isnan(usual)
        mean[rows] = np.where(usable, usual, 0).sum(axis=1) / np.maximum(usable.sum(axis=1), 1)
        units[rows] = _by_phase(np.where(usable, y[rows], 0.0), group[rows] if len(group) > 1 else group, phases)
        ordinary[rows] = _by_phase(np.where(usable, usual, 0.0), group[rows] if len(group) > 1 else group, phases)

    over_blocks(learn, n, periods)
    of_all = np.divide(units.sum(axis=0), ordinary.sum(axis=0), out=np.ones(phases), where=ordinary.sum(axis=0) > 0)
    prior = (_PRIOR_UNITS + _PRIOR_PERIODS * mean)[:, None]
    own = (units + prior * of_all) / (ordinary + prior)
    for rows in blocks(n, periods):
        at = np.broadcast_to(group[rows] if len(group) > 1 else group, factor[rows].shape)
        factor[rows] *= np.where(at < 0, 1.0, np.take_along_axis(own[rows], np.maximum(at, 0).astype(np.intp), axis=1)).astype(np.float32)


def _by_phase(values: np.ndarray, group: np.ndarray, phases: int) -> np.ndarray:
    """Sums of `values`, rows x T, by the phase of each; rows x phases."""
    if len(group) == 1:
        return np.stack([values[:, group[0] == phase].sum(axis=1) for phase in range(phases)], axis=1)
    return np.stack([np.where(group == phase, values, 0.0).sum(axis=1) for phase in range(phases)], axis=1)


def _shop(y: np.ndarray, factor: np.ndarray, dispersion: np.ndarray, reach: int) -> np.ndarray:
    """Each period's factor of the whole shop, T; `factor` is multiplied by it, and `dispersion` learnt, in place."""
    n, periods = y.shape

    def sums(rows: slice) -> list[np.ndarray]:
        usual = level(y[rows], factor[rows], reach) * factor[rows]
        dispersion[rows] = dispersion_of(y[rows], usual)
        usual[np.isnan(y[rows]) | np.isnan(usual)] = 0.0
        parts = np.where(usual > 0, y[rows], 0.0), usual, usual**2, usual + dispersion[rows, None] * usual**2
        return [part.sum(axis=0) for part in parts]

    units, ordinary, squares, variance = (np.sum(part, axis=0, dtype=float) for part in zip(*over_blocks(sums, n, periods), strict=True))
    carried = ordinary**2 >= LEAST_ITEMS * squares
    moved = carried & (ordinary > 0) & (np.abs(units - ordinary) > _SURPRISE * np.sqrt(variance))
    shop = np.where(moved, np.maximum(units, 0) / np.where(moved, ordinary, 1), 1.0)
    factor *= shop.astype(np.float32)
    return shop


def dispersion_of(y: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Each item's dispersion by moments: what the squared errors exceed the mean by, over the squared mean; at least 0.05.
    `y` and `mean`, items x periods: counts of an item's smallest step."""
    error = np.where(np.isnan(y) | np.isnan(mean), 0.0, (y - mean) ** 2 - mean)
    square = np.where(np.isnan(y) | np.isnan(mean), 0.0, mean**2).sum(axis=1)
    return np.maximum(np.divide(error.sum(axis=1), square, out=np.full(len(y), 1.0), where=square > 0), _LEAST_DISPERSION)
