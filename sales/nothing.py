"""The kinds of nothing: stock-outs that a file does not flag, and the demand that stock-outs hid."""

from dataclasses import dataclass, fields, replace

import numpy as np

from sales.expected import REACH, Expected, dispersion_of, expected, over_blocks, running, steps
from sales.panel import SalesPanel

FALSE_SHARE = 0.01
_LEAST_SIDE, _LEAST_SOLD = 6, 3
_ERRORS = 1.5
_NEED = -np.log(FALSE_SHARE)


@dataclass(frozen=True, eq=False)
class Estimate:
    """Demand with its censored periods filled.

    demand: float32, items x periods, units per period: sales where they show demand, an estimate where out of stock, NaN where not known
    (and where nothing is known that an estimate could rest on). units_added: n, estimates less what was sold in those periods.
    not_estimated: n, periods out of stock that have no estimate.
    """

    demand: np.ndarray
    units_added: np.ndarray
    not_estimated: np.ndarray


@dataclass(frozen=True, eq=False)
class _Runs:
    """Runs of zeros that might be stock-outs, one place a run: item, first period, end after the last, and the level to compare with, units
    per ordinary period."""

    item: np.ndarray
    first: np.ndarray
    end: np.ndarray
    level: np.ndarray

    def at(self, where: np.ndarray) -> "_Runs":
        return _Runs(self.item[where], self.first[where], self.end[where], self.level[where])

    def mask(self, shape: tuple[int, int]) -> np.ndarray:
        steps = np.zeros((shape[0], shape[1] + 1), dtype=np.int8)
        steps[self.item, self.first] += 1
        steps[self.item, self.end] -= 1
        return steps.cumsum(axis=1, dtype=np.int8)[:, :-1] > 0


def inferred_out_of_stock(panel: SalesPanel, usual: Expected | None = None) -> np.ndarray:
    """Mask items x periods of zero sales that are most likely stock-outs that nobody flagged; what is flagged is not in it.
    `usual`: ordinary demand of `panel`, where it is known already.

    Demand of an item in a period is taken as negative binomial. Its mean is the level round about the run x season x flags known ahead x
    the whole shop's factor (`sales.expected`); the level is the lowest of four: within `REACH` periods before and after, each less 1.5
    standard errors, and within half of that. Its dispersion is the item's own. The odds of a zero are raised to the item's share of zeros,
    and after a zero by how often its single zeros become two: zeros that come in clumps are ordinary. A run's probability is the product
    over its periods; of all runs those are taken that Benjamini and Hochberg (1995, step-up) allow at a share of false ones of 1 %, among
    as many chances as there are periods with sales. All is learnt again without the runs found.

    Never taken: a run without sales on both sides (an ended item, or one that is out of stock now: the file cannot tell), and periods in
    which no item sold anything (the shop may have been closed).
    """
    closed = ~(np.nan_to_num(panel.y) > 0).any(axis=0)
    found = np.zeros(panel.y.shape, dtype=bool)
    for first in (True, False):
        demand = np.maximum(panel.demand, 0)
        demand[found] = np.nan
        found = _improbable(panel, demand, usual if first and usual is not None else expected(panel, demand)) & ~closed
        if not found.any():
            break
    return found


def estimated_demand(panel: SalesPanel, out_of_stock: np.ndarray | None = None) -> Estimate:
    """Demand of `panel` with its periods `out_of_stock` (mask items x periods, by default the flagged ones) estimated.

    The estimate is the item's ordinary demand there (`sales.expected`: level round about x season x flags x whole shop). What was sold in
    such a period is a lower bound: the estimate is then the mean of demand given that it is at least that, E[D | D >= y], of the negative
    binomial with the item's dispersion, counted in the smallest step in which the item is sold: 1 unit, or grams of what is weighed.
    """
    out = panel.out_of_stock if out_of_stock is None else out_of_stock
    out = out & (np.arange(len(panel.periods)) >= panel.start[:, None])
    demand = np.where(out, np.float32(np.nan), panel.demand)
    added: np.ndarray = np.zeros(len(panel))
    lacking: np.ndarray = np.zeros(len(panel), dtype=np.intp)
    if out.any():
        usual = expected(panel, demand)
        item, period = np.nonzero(out)
        sold = np.maximum(np.nan_to_num(panel.y[item, period].astype(float)), 0)
        step = steps(panel.y)
        dispersion = usual.dispersion.copy()
        weighed = np.flatnonzero(step < 1)
        dispersion[weighed] = dispersion_of(demand[weighed] / step[weighed, None], usual.mean[weighed] / step[weighed, None])
        mean = usual.mean[item, period].astype(float)
        estimate = step[item] * at_least(mean / step[item], dispersion[item], np.rint(sold / step[item]))
        estimate = np.maximum(estimate, np.where(np.isnan(estimate), estimate, sold))
        demand[item, period] = estimate
        added = np.bincount(item, np.nan_to_num(estimate - sold), len(panel))
        lacking = np.bincount(item[np.isnan(estimate)], minlength=len(panel))
    return Estimate(demand, added, lacking)


def at_least(mean: np.ndarray, dispersion: np.ndarray, sold: np.ndarray) -> np.ndarray:
    """E[D | D >= sold] of negative binomial demand with variance mean + dispersion x mean², whole units; never below `sold`.

    With size k = 1/dispersion, the sum of d f(d; k) from y on is mean x P(D' >= y - 1), D' with size k + 1 and the same probability.
    One unit sold of a mean of 2 at dispersion 1 (P(0) = 1/3): 2 / (2/3) = 3.

    >>> at_least(np.array([2.0, 2.0]), np.array([1.0, 1.0]), np.array([0.0, 1.0])).round(9).tolist()
    [2.0, 3.0]
    """
    from scipy.stats import nbinom

    result = np.array(mean, dtype=float)
    some = (sold > 0) & (mean > 0)
    size, y, m = 1 / dispersion[some], sold[some], mean[some]
    p = size / (size + m)
    reached, beyond = nbinom.sf(y - 1, size, p), nbinom.sf(y - 2, size + 1, p)
    result[some] = np.divide(m * beyond, reached, out=y.copy(), where=reached > 1e-12)
    return np.where(np.isnan(mean), np.nan, np.maximum(result, sold))


def _improbable(panel: SalesPanel, demand: np.ndarray, usual: Expected) -> np.ndarray:
    """Mask items x periods of the runs of zeros that are taken. `demand`: as `usual` was learnt from."""

    def look(rows: slice) -> tuple[_Runs, np.ndarray]:
        runs = _between_sales(panel.demand[rows], demand[rows], usual, rows, REACH[panel.calendar.frequency])
        odds, again = _clumps(demand[rows], _zero_chance(usual.mean[rows], usual.dispersion[rows, None]))
        chance = _log_chance(runs, usual.factor[rows], usual.dispersion[rows], odds, again)
        return replace(runs, item=runs.item + rows.start), chance

    found, chance = zip(*over_blocks(look, *demand.shape), strict=True)
    runs = _Runs(*(np.concatenate([getattr(part, each.name) for part in found]) for each in fields(_Runs)))
    return runs.at(_allowed(np.concatenate(chance), int((panel.demand > 0).sum()))).mask(demand.shape)


def _between_sales(sales: np.ndarray, demand: np.ndarray, usual: Expected, rows: slice, reach: int) -> _Runs:
    """Runs of zeros in `sales`: item, first, end, and the level to compare with. Only those whose sides hold at least 6 known periods and 3
    with sales, and whose expected units could be improbable enough: a zero's chance is never below exp(-mean)."""
    edges = np.diff((sales == 0).astype(np.int8), axis=1, prepend=0, append=0)
    item, first = np.nonzero(edges == 1)
    end = np.nonzero(edges == -1)[1]
    known, factor, dispersion = ~np.isnan(demand), usual.factor[rows], usual.dispersion[rows][item]
    weight, whole = running(np.where(known, factor, 0.0)), running(factor)
    units, count, sold = running(np.where(known, demand, 0.0)), running(known), running(demand > 0)
    lowest, good = np.full(len(item), np.inf), np.ones(len(item), dtype=bool)

    def level(begin: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        total, over = units[item, stop] - units[item, begin], weight[item, stop] - weight[item, begin]
        return np.divide(total, over, out=np.full(len(item), np.inf), where=over > 0), total

    for side in (-1, 1):
        far = np.clip(first - reach, 0, None) if side < 0 else end, first if side < 0 else np.clip(end + reach, None, sales.shape[1])
        near = np.maximum(far[0], first - reach // 2) if side < 0 else end, first if side < 0 else np.minimum(far[1], end + reach // 2)
        good &= (count[item, far[1]] - count[item, far[0]] >= _LEAST_SIDE) & (sold[item, far[1]] - sold[item, far[0]] >= _LEAST_SOLD)
        usually, total = level(*far)
        usually = np.where(total > 0, usually, 0.0)
        error = np.sqrt((1 + dispersion * usually) / np.maximum(total, 1))
        lowest = np.minimum(lowest, np.minimum(usually * (1 - _ERRORS * error), level(*near)[0]))
    lowest = np.where(np.isfinite(lowest), lowest, 0.0)
    good &= lowest * (whole[item, end] - whole[item, first]) >= _NEED
    return _Runs(item, first, end, lowest).at(good)


def _zero_chance(mean: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """P(0) of negative binomial demand."""
    return (1 + dispersion * np.maximum(mean, 0)) ** (-1 / dispersion)


def _clumps(demand: np.ndarray, zero: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How an item's zeros differ from their chances: the ratio of odds of a zero, n, and the ratio by which a zero after a zero is likelier
    than a zero, n; both at least 1. Only runs of one and of two tell the latter: longer ones may be what is looked for."""
    known = ~np.isnan(demand) & ~np.isnan(zero)
    empty = known & (demand == 0)
    total = np.maximum(known.sum(axis=1), 1)
    seen, thought = (empty.sum(axis=1) + 0.5) / (total + 1), (np.where(known, zero, 0).sum(axis=1) + 0.5) / (total + 1)
    odds = np.maximum(seen / (1 - seen) / (thought / (1 - thought)), 1.0)
    padded = np.pad(empty, ((0, 0), (1, 2)))
    before, here, after, later = padded[:, :-3], padded[:, 1:-2], padded[:, 2:-1], padded[:, 3:]
    single, double = (~before & here & ~after).sum(axis=1), (~before & here & after & ~later).sum(axis=1)
    return odds, np.maximum((double + 1) / (single * seen + 1), 1.0)


def _log_chance(runs: _Runs, factor: np.ndarray, dispersion: np.ndarray, odds: np.ndarray, again: np.ndarray) -> np.ndarray:
    """The logarithm of each run's probability."""
    length = runs.end - runs.first
    run = np.repeat(np.arange(len(length)), length)
    place = np.arange(len(run)) - np.repeat(np.cumsum(length) - length, length)
    item = runs.item[run]
    zero = _zero_chance(runs.level[run] * factor[item, runs.first[run] + place], dispersion[item])
    zero = odds[item] * zero / (1 - zero + odds[item] * zero)
    zero = np.where(place > 0, np.minimum(again[item] * zero, 1.0), zero)
    return np.bincount(run, np.log(np.maximum(zero, 1e-300)), len(length))


def _allowed(log_p: np.ndarray, chances: int) -> np.ndarray:
    """Places of the probabilities that Benjamini and Hochberg's step-up allows among `chances`."""
    order = np.argsort(log_p, kind="stable")
    line = np.log(FALSE_SHARE * np.arange(1, len(order) + 1) / max(chances, 1))
    under = np.flatnonzero(log_p[order] <= line)
    return order[: under[-1] + 1 if len(under) else 0]
