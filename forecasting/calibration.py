"""Calibration: how far totals were off in the past, made comparable between items and times, and the quantiles that follow. Arrays in and
out.

Scores are errors of totals over the item's scale; a quantile of them is that of weighted split conformal prediction (Barber, Candès,
Ramdas and Tibshirani, Conformal prediction beyond exchangeability, 2023, eq. 10): recent scores weigh more, those of the same time of year
too, and those of the item's own class more than others.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from sales.calendar import Calendar

CLASSES = tuple(units + regular for units in "ABC" for regular in "XYZ")
A_SHARE, B_SHARE = 0.80, 0.95
X_MOST, Y_MOST = 0.5, 1.0

HALF_LIFE = {"D": 91, "W": 13, "M": 12}
TIME_OF_YEAR_DAYS = 35.0
OTHER_TIMES = 0.01
YEAR_DAYS = 365.25
OTHER_CLASSES = 500.0
NORMAL_SCORES = 20.0
FURTHEST = 20.0
PERIODS_OF_OTHERS = 4.0
LEAST_OF_USUAL = 0.2

LEAST_FOR_A_TAIL = 20
TAIL_FROM = 0.8
_ALIKE = 1e-12
_EVENLY = stats.norm.ppf((np.arange(100) + 0.5) / 100)
_MOST_KEPT = 2000
_KEPT = np.unique(np.concatenate([np.linspace(0, 1, 801), 1 - np.geomspace(1e-6, 0.02, 200), np.geomspace(1e-6, 0.02, 200)]))


@dataclass(frozen=True, eq=False)
class Pool:
    """Scores to draw quantiles from. values: m, rising. mass: m, their weights added up; the newest and most alike weighs 1. errors,
    cutoffs: how many of the class itself there are, and from how many cutoffs. normal: the weight among them of those that nobody saw."""

    values: np.ndarray
    mass: np.ndarray
    errors: int
    cutoffs: int
    normal: float = 0.0

    def __len__(self) -> int:
        return len(self.values)

    @property
    def total(self) -> float:
        return float(self.mass[-1]) if len(self.mass) else 0.0

    @property
    def reach(self) -> float:
        """The highest level for which the scores that were seen have a quantile."""
        seen = self.total - self.normal
        return seen / (seen + 1)


def pool_of(values: np.ndarray) -> Pool:
    """The pool of `values` that all weigh 1."""
    return Pool(np.sort(values), np.arange(1.0, len(values) + 1), len(values), 1)


EMPTY = pool_of(np.empty(0))


def quantile(pool: Pool, level: np.ndarray | float) -> np.ndarray:
    """The conformal quantile at one or more levels: the score that, with those below it, weighs level x (all + 1), the one that is to come
    weighing 1, on a line between two scores; past what they reach an exponential tail (peaks over threshold, Coles, 2001, ch. 4, shape 0)
    goes on from the largest. Without scores the normal quantile.

    >>> quantile(pool_of(np.arange(1.0, 20.0)), [0.5, 0.9])
    array([10., 18.])
    """
    at = np.asarray(level, dtype=float)
    if not len(pool):
        return stats.norm.ppf(at)
    total = pool.total
    asked = (total + 1) * at
    inside = np.interp(asked, pool.mass, pool.values)
    past = asked > total * (1 + _ALIKE)
    if not past.any():
        return inside
    return np.where(past, pool.values[-1] + tail_scale(pool) * np.log(1 / ((total + 1) * (1 - at))), inside)


def tail_scale(pool: Pool) -> float:
    """Mean excess of the scores over their 80 % quantile, by weight; of fewer than 20, their standard deviation; of one, its size."""
    values, weight = pool.values, np.diff(pool.mass, prepend=0.0)
    if pool.total >= LEAST_FOR_A_TAIL:
        threshold = values[np.searchsorted(pool.mass, TAIL_FROM * pool.total)]
        above = values > threshold
        return float(np.average(values[above] - threshold, weights=weight[above])) if above.any() else 0.0
    return float(np.std(values, ddof=1)) if len(values) > 1 else float(abs(values[0]))


def pools(scores: np.ndarray, weight: np.ndarray, classes: np.ndarray) -> dict[str, Pool]:
    """A pool for each class, of `scores` (n x cutoffs, NaN where there is none), the weights of the cutoffs and the items' classes at them
    (n x cutoffs, places in CLASSES). Scores of other classes count too, as 500 of full weight together at most: a large class speaks for
    itself, a small one is shrunk to all, and few scores are one pool. To all come 20 more, normal ones of the scores' median size, and
    none is further out than 20 standard deviations of those: what one item did once says little of the others where scores are few."""
    known = ~np.isnan(scores)
    values, kind = scores[known], classes[known]
    weights = np.broadcast_to(weight, scores.shape)[known]
    if len(weights):
        weights = weights / weights.max()
        deviation = _deviation(values, weights)
        values = np.append(np.clip(values, -FURTHEST * deviation, FURTHEST * deviation), deviation * _EVENLY)
        kind, weights = np.append(kind, np.full(len(_EVENLY), -1)), np.append(weights, np.full(len(_EVENLY), NORMAL_SCORES / len(_EVENLY)))
    order = np.argsort(values)
    values, kind, weights = values[order], kind[order], weights[order]
    found = {}
    for place, name in enumerate(CLASSES):
        own = kind == place
        others = weights[~own].sum()
        mass = np.cumsum(np.where(own, weights, weights * min(1.0, OTHER_CLASSES / max(others, 1.0))))
        kept = slice(None) if len(mass) <= _MOST_KEPT else np.unique(np.searchsorted(mass, _KEPT * mass[-1] * (1 - _ALIKE)))
        cutoffs = int((known & (classes == place)).any(axis=0).sum())
        normal = NORMAL_SCORES * min(1.0, OTHER_CLASSES / max(others, 1.0)) if len(mass) else 0.0
        found[name] = Pool(values[kept], mass[kept], int(own.sum()), cutoffs, normal)
    return found


def _deviation(scores: np.ndarray, weight: np.ndarray) -> float:
    """The standard deviation of the normal distribution whose median size is the weighted one of the scores, but for those that are exactly
    0: where half of all items neither sold nor were forecast to, the others' errors are still what they are. 0 where all are."""
    size = np.abs(scores)
    missed = np.flatnonzero(size)
    if not len(missed):
        return 0.0
    order = missed[np.argsort(size[missed])]
    mass = np.cumsum(weight[order])
    return float(size[order][np.searchsorted(mass, mass[-1] / 2)] / stats.norm.ppf(0.75))


def weights_at(age: np.ndarray, calendar: Calendar) -> np.ndarray:
    """The weight of the cutoffs that are `age` periods old: half after a quarter (of months: a year), and, once they reach back a year, by
    how near they are to the same time of year."""
    weight = 0.5 ** (age / HALF_LIFE[calendar.frequency])
    days = age * calendar.days
    if len(days) == 0 or days.max() < YEAR_DAYS:
        return weight
    apart = np.abs((days + YEAR_DAYS / 2) % YEAR_DAYS - YEAR_DAYS / 2)
    return weight * (OTHER_TIMES + np.exp(-0.5 * (apart / TIME_OF_YEAR_DAYS) ** 2))


def scales(
    errors: np.ndarray, rate: np.ndarray, rate_now: np.ndarray, at: np.ndarray, now: int, half_life: float, sold: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What an item's errors are divided by, units per root period: now, n, and at each past cutoff, n x cutoffs; 0 where the rate is 0, and
    NaN where no error is known at all.

    errors: n x cutoffs x steps, units a period, NaN where not known. rate: n x cutoffs, rate_now: n, units a period. at, now: places of
    the cutoffs and of the last period. sold: n x cutoffs, units a period that then sold, 0 where not known. The scale is the root of the
    rate times the item's usual error in those units: the mean of its absolute errors at cutoffs whose steps had ended by then (recent ones
    weigh more), averaged with that of all items as if that were 4 more periods. The rate that an error is set against is the one forecast
    or the one that sold, whichever is the higher: where demand jumped, the error is large for what it was, not for what it has become. No
    error takes part in the scale that divides it; before the first have ended, those count that begin later.
    """
    root = np.sqrt(np.maximum(rate, sold))[:, :, None]
    relative = np.divide(np.abs(errors), root, out=np.full(errors.shape, np.nan), where=root > 0)
    known = ~np.isnan(relative)
    size, count = np.where(known, relative, 0.0).sum(axis=2), known.sum(axis=2)
    if not count.any():
        return np.where(rate_now > 0, np.nan, 0.0), np.full(rate.shape, np.nan)
    steps = errors.shape[2]
    targets = np.append(at, now)
    back = targets[:, None] - at
    apart = np.where(back >= steps, back, np.where((back < steps).all(axis=1, keepdims=True) & (-back >= steps), -back, np.inf))
    weight = 0.5 ** (apart / half_life)
    alike = min(1.0, float(np.median(np.diff(at))) / steps) if len(at) > 1 else 1.0  # steps that several forecast
    weight = weight / np.maximum(weight.max(axis=1, keepdims=True), 1e-300) * alike
    sums, counts = size @ weight.T, count @ weight.T
    own = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    told = counts.sum(axis=0) > 0
    usual = np.full(len(told), size.sum() / count.sum())
    usual[told] = np.nanmedian(own[:, told], axis=0)
    usual = (sums + PERIODS_OF_OTHERS * usual) / (counts + PERIODS_OF_OTHERS)
    return usual[:, -1] * np.sqrt(rate_now), usual[:, :-1] * np.sqrt(rate)


def rates(mean: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """The rate of demand by which errors grow, units a period: the mean of the forecast (last axis: steps), at least a fifth of what is
    `usual` for the item, so that one forecast to sell nothing is not certain to."""
    steps = ~np.isnan(mean)
    count = steps.sum(axis=-1)
    ahead = np.divide(np.where(steps, mean, 0.0).sum(axis=-1), count, out=np.array(usual, dtype=float), where=count > 0)
    return np.maximum(ahead, LEAST_OF_USUAL * usual)


def usual_until(demand: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Mean known demand up to each of the places `at`, n x cutoffs, units a period; 0 before anything is known."""
    known = np.cumsum(~np.isnan(demand), axis=1)[:, at]
    return np.divide(np.cumsum(np.nan_to_num(demand), axis=1, dtype=float)[:, at], known, out=np.zeros(known.shape), where=known > 0)


def abc_xyz(demand: np.ndarray) -> np.ndarray:
    """The class of each item, n places in CLASSES, by its known `demand`, n x periods. A: the items that sold most, up to 80 % of all
    units; B: up to 95 %; C: the rest. X: the standard deviation of a period is under half its mean; Y: under the mean; Z: not, or nothing
    sold.

    >>> [CLASSES[at] for at in abc_xyz(np.array([[90.0, 90], [9, 0], [1, 0]]))]
    ['AX', 'BZ', 'CZ']
    """
    known = ~np.isnan(demand)
    count = np.maximum(known.sum(axis=1), 1)
    values = np.where(known, demand, 0.0).astype(float)
    units = values.sum(axis=1)
    mean = units / count
    deviation = np.sqrt((np.where(known, values - mean[:, None], 0.0) ** 2).sum(axis=1) / count)
    varies = np.divide(deviation, mean, out=np.full(len(mean), np.inf), where=mean > 0)
    order = np.argsort(-units, kind="stable")
    before = np.empty(len(units))
    before[order] = np.cumsum(units[order]) - units[order]
    share = before / max(units.sum(), 1e-300)
    units_class = np.where(units > 0, np.searchsorted([A_SHARE, B_SHARE], share, side="right"), 2)
    return units_class * 3 + np.searchsorted([X_MOST, Y_MOST], varies, side="right")


def classes_until(demand: np.ndarray, at: np.ndarray, calendar: Calendar) -> np.ndarray:
    """`abc_xyz` of the year up to each of the places `at`, n x cutoffs."""
    year = round(YEAR_DAYS / calendar.days)
    columns = [abc_xyz(demand[:, max(0, place + 1 - year) : place + 1]) for place in at]
    return np.stack(columns, axis=1) if columns else np.empty((len(demand), 0), dtype=int)
