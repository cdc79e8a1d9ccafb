"""DemandSpread: the distribution of TOTAL demand over any protection interval, calibrated on backtest errors of the total.

Quantiles of single periods must not be added up (four independent periods: twice the safety stock), so the errors are those of the total
itself: for each length L of 1 to H periods, each item and each cutoff, sales of the first L periods less their forecast, divided by the
square root of L and by the item's scale, and pooled over items. An error is never part of the scale that divides it: that scale comes from
the item's errors at the other cutoffs and from its past sales. So the pool is one of split conformal scores (Vovk et al., 2005; Lei et al.,
2018, eq. 2): of m the ceil((m + 1) x level)-th smallest is the quantile. Past m / (m + 1) the pool says nothing and an exponential tail
(peaks over threshold, Coles, 2001, ch. 4, shape 0) goes on from the largest error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import stats

from sales.panel import SalesPanel

WEIGHT_OF_HISTORY = 4.0
LEAST_FOR_A_RATIO = 8
LEAST_KNOWN = 0.8
LEAST_FOR_A_TAIL = 20
TAIL_FROM = 0.8
_GRID = 1 - np.geomspace(0.999, 1e-5, 256)
_GRID_NORMAL = stats.norm.ppf(_GRID)


@dataclass(frozen=True, eq=False)
class DemandSpread:
    """The total demand of n items over P periods after `cutoff`, P any length, fractions too.

    items: n codes. cutoff: last period seen. cumulative: n x (H + 1), mean total over the first 0 to H periods, units; NaN where the
    forecast failed. sigma: n, root mean squared error of one period's forecast, units (NaN: no error known). scale: n, the divisor of the
    item's errors, units per root period. pooled: H + 1 rising arrays of scaled errors, one for each length (the first is empty).
    model: n names. changes: n x (T + 1), what somebody knows better: units that the mean total over the first 0 to T periods is to have
    more (T may be past H; None: nothing). They move the mean; the errors around it stay as they were.
    """

    items: np.ndarray
    cutoff: pd.Timestamp
    cumulative: np.ndarray
    sigma: np.ndarray
    scale: np.ndarray
    pooled: tuple[np.ndarray, ...]
    model: np.ndarray
    changes: np.ndarray | None = None

    @property
    def horizon(self) -> int:
        """H, the periods that the forecast covers."""
        return self.cumulative.shape[1] - 1

    @property
    def calibrated(self) -> int:
        """The longest length, in periods, for which the backtest has errors."""
        return max((length for length, errors in enumerate(self.pooled) if len(errors)), default=0)

    def mean(self, periods: np.ndarray) -> np.ndarray:
        """Mean total demand over `periods` (n lengths), units, n. Past the horizon each period has the mean of the last ones forecast, and
        the changes that fall there."""
        total = _between(self.cumulative, periods) + np.maximum(periods - self.horizon, 0) * self._rate_at_end
        return total if self.changes is None else total + _between(self.changes, periods)

    def means(self, periods: int) -> np.ndarray:
        """Mean demand of each of the first `periods` periods as it was forecast, without changes, units, n x periods."""
        inside = np.diff(self.cumulative[:, : periods + 1], axis=1)
        past = np.repeat(self._rate_at_end[:, None], max(periods - self.horizon, 0), axis=1)
        return np.concatenate([inside, past], axis=1)

    def changed(self, more: np.ndarray) -> "DemandSpread":
        """The spread whose mean has `more` units in each of the next T periods, n x T, in the place of any changes before."""
        return replace(self, changes=np.concatenate([np.zeros((len(self.items), 1)), np.cumsum(more, axis=1)], axis=1))

    def excess(self, periods: np.ndarray, level: float, other_sd: np.ndarray | float = 0.0) -> np.ndarray:
        """The `level` quantile of total demand over `periods`, less its mean, units, n; below the mean it is negative. It never falls with
        the level.

        other_sd: standard deviation of another, independent and normal source of uncertainty (when the supplier delivers), n, units. Where
        both are above 0 the two are combined as the root of their squares, which is exact where demand's errors are normal too.
        """
        return _combined(self.scale * self._at(self._roots(np.array([level]))[0], periods), stats.norm.ppf(level) * other_sd)

    def beyond(self, periods: np.ndarray, level: float) -> np.ndarray:
        """Mask of the items whose quantile rests on the parametric tail: too few pooled errors for this level, n."""
        reach = np.array([len(errors) / (len(errors) + 1) for errors in self.pooled])
        length = np.clip(np.ceil(periods).astype(int), 1, max(self.calibrated, 1))
        return level > reach[length]

    def extrapolated(self, periods: np.ndarray) -> np.ndarray:
        """Mask of the items whose interval is longer than the forecast or than any backtested total, n."""
        return periods > min(self.horizon, self.calibrated)

    def level_of(self, periods: np.ndarray, excess: np.ndarray, other_sd: np.ndarray | float = 0.0) -> np.ndarray:
        """The probability that total demand over `periods` stays within its mean plus `excess` (n units), n: the inverse of `excess`, from
        0.001 to 0.99999; NaN where nothing is uncertain."""
        low, high = np.zeros(len(self.items), dtype=int), np.full(len(self.items), len(_GRID) - 1)
        while (high - low > 1).any():
            middle = (low + high) // 2
            within = self._at_grid(middle, periods, other_sd) <= excess
            low, high = np.where(within, middle, low), np.where(within, high, middle)
        below, above = self._at_grid(low, periods, other_sd), self._at_grid(high, periods, other_sd)
        share = np.divide(excess - below, above - below, out=(excess >= above).astype(float), where=above > below)
        level = _GRID[low] + np.clip(share, 0, 1) * (_GRID[high] - _GRID[low])
        certain = (self.scale == 0) & (np.asarray(other_sd) == 0)
        return np.where(certain | np.isnan(excess), np.nan, level)

    @cached_property
    def _rate_at_end(self) -> np.ndarray:
        last = min(7, self.horizon)
        return (self.cumulative[:, -1] - self.cumulative[:, -1 - last]) / last

    @cached_property
    def _lengths(self) -> np.ndarray:
        """The lengths with errors of their own; 1 alone where there is none."""
        return np.array([length for length, errors in enumerate(self.pooled) if len(errors)] or [1])

    @cached_property
    def _grid_roots(self) -> np.ndarray:
        """Scaled quantiles for every level of the grid, levels x lengths with errors."""
        return self._roots(_GRID)

    def _at_grid(self, k: np.ndarray, periods: np.ndarray, other_sd: np.ndarray | float) -> np.ndarray:
        """`excess` at the k-th level of the grid, each item its own k."""
        place = np.interp(periods, self._lengths, np.arange(len(self._lengths)))
        low = np.minimum(place.astype(int), max(len(self._lengths) - 2, 0))
        high = np.minimum(low + 1, len(self._lengths) - 1)
        below = self._grid_roots[k, low]
        root = (below + (place - low) * (self._grid_roots[k, high] - below)) * self._growth(periods)
        return _combined(self.scale * root, _GRID_NORMAL[k] * other_sd)

    def _roots(self, levels: np.ndarray) -> np.ndarray:
        """Scaled quantiles of the totals' errors, times root length, levels x lengths with errors. What lies above the mean never falls
        with the length, so that a longer interval never needs less, nor any length less than its own errors say; what lies below never
        rises. Levels stay in order."""
        quantiles = [scaled_quantile(self.pooled[length], levels) for length in self._lengths]
        roots = np.stack(quantiles, axis=1) * np.sqrt(self._lengths)
        above = np.maximum.accumulate(np.maximum(roots, 0), axis=1)
        below = np.minimum.accumulate(np.minimum(roots, 0), axis=1)
        return np.where(above > 0, above, below)

    def _at(self, roots: np.ndarray, periods: np.ndarray) -> np.ndarray:
        """`roots` between whole lengths; under the shortest and past the longest with errors they go with the root of the length."""
        return np.interp(periods, self._lengths, roots) * self._growth(periods)

    def _growth(self, periods: np.ndarray) -> np.ndarray:
        return np.sqrt(np.minimum(periods / self._lengths[0], 1.0) * np.maximum(periods / self._lengths[-1], 1.0))


def _between(cumulative: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """Row i of `cumulative`, n x (T + 1), at `periods[i]`, between whole periods on a line, past T as at T."""
    last = cumulative.shape[1] - 1
    within = np.minimum(periods, last)
    low = np.minimum(within.astype(int), max(last - 1, 0))
    rows = np.arange(len(cumulative))
    below = cumulative[rows, low]
    return below + (within - low) * (cumulative[rows, np.minimum(low + 1, last)] - below)


def _combined(excess: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.where(other > 0, np.hypot(np.maximum(excess, 0), other), excess)


def scaled_quantile(errors: np.ndarray, level: np.ndarray | float) -> np.ndarray:
    """The conformal quantile of rising `errors` at one or more levels, or the exponential tail past what they reach; without errors the
    normal quantile.

    >>> scaled_quantile(np.arange(1.0, 20.0), [0.5, 0.9])
    array([10., 18.])
    """
    m, at = len(errors), np.asarray(level, dtype=float)
    if m == 0:
        return stats.norm.ppf(at)
    rank = np.ceil(np.round((m + 1) * at, 9)).astype(int)
    inside = errors[np.clip(rank, 1, m) - 1]
    if (rank <= m).all():
        return inside
    return np.where(rank <= m, inside, errors[-1] + tail_scale(errors) * np.log((1 - m / (m + 1)) / (1 - at)))


def tail_scale(errors: np.ndarray) -> float:
    """Mean excess of rising `errors` over their 80 % quantile; of fewer than 20 errors, their standard deviation; of one, its size."""
    if len(errors) >= LEAST_FOR_A_TAIL:
        threshold = np.quantile(errors, TAIL_FROM)
        return float((errors[errors > threshold] - threshold).mean()) if (errors > threshold).any() else 0.0
    return float(np.std(errors, ddof=1)) if len(errors) > 1 else float(abs(errors[0]))


def demand_spread(panel: SalesPanel, forecast: pd.DataFrame, backtest: pd.DataFrame, models: Mapping[str, str] | str) -> DemandSpread:
    """The spread for the items of `forecast`, from tidy rows of a forecast and a backtest (see `Forecast.to_frame`).

    models: the model that each item's plan uses, or one name for all. An item's scale is the root of its mean squared error of one period,
    averaged with the variance of its past demand in `panel` as if that were 4 more errors, so that an item that sold nothing in the
    backtest still has a spread. That variance is first brought to the size of errors by the median ratio of the two over all items.
    Raises KeyError where a model is not in the forecast, ValueError where the forecast was not made at one cutoff.
    """
    if forecast["cutoff"].nunique() != 1:
        raise ValueError(f"forecast: got rows of {forecast['cutoff'].nunique()} cutoffs, expected one")
    chosen = pd.Series(models, dtype=object) if not isinstance(models, str) else None
    items = np.array(sorted(forecast["item"].unique() if chosen is None else chosen.index), dtype=object)
    model = np.full(len(items), models, dtype=object) if chosen is None else chosen.reindex(items).to_numpy()
    ahead = _of_models(forecast, items, model)
    absent = sorted(set(model) - set(forecast["model"]))
    if absent:
        raise KeyError(f"models not in the forecast: {absent}")
    mean = _block(ahead, items, ["mean"])[0][:, 0, :]
    cumulative = np.concatenate([np.zeros((len(items), 1)), np.cumsum(mean, axis=1)], axis=1)

    past = _of_models(backtest, items, model)
    y, at = _block(past, items, ["y", "mean"])
    errors = y - at
    known = ~np.isnan(errors)
    squared, count = np.nansum(errors**2, axis=2), known.sum(axis=2)
    scale, scale_without = _scales(squared, count, _variance(panel, items))
    all_squared, all_count = squared.sum(axis=1), count.sum(axis=1)
    sigma = np.sqrt(np.divide(all_squared, all_count, out=np.full(len(items), np.nan), where=all_count > 0))
    pooled = tuple(_pooled(errors, known, scale_without, length) for length in range(cumulative.shape[1]))
    return DemandSpread(items, pd.Timestamp(forecast["cutoff"].max()), cumulative, sigma, scale, pooled, model)


def _scales(squared: np.ndarray, count: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each item's scale, n, and its scale without the errors of each cutoff, n x cutoffs, of squared errors and their counts at each cutoff
    (n x cutoffs) and the variance of past demand, n."""
    total, known = squared.sum(axis=1), count.sum(axis=1)
    sure = (known >= LEAST_FOR_A_RATIO) & (total > 0) & (variance > 0)
    ratio = np.median(total[sure] / known[sure] / variance[sure]) if sure.any() else 1.0
    past = WEIGHT_OF_HISTORY * ratio * variance
    scale = np.sqrt((total + past) / (known + WEIGHT_OF_HISTORY))
    without = total[:, None] - squared + past[:, None]
    return scale, np.sqrt(np.maximum(without, 0.0) / (known[:, None] - count + WEIGHT_OF_HISTORY))


def _pooled(errors: np.ndarray, known: np.ndarray, scale: np.ndarray, length: int) -> np.ndarray:
    """Rising errors of the totals over the first `length` periods, divided by `scale` (items x cutoffs); totals with over a fifth unknown
    are left out, others scaled up to full length."""
    if length == 0 or length > errors.shape[2]:
        return np.empty(0)
    seen = known[:, :, :length].sum(axis=2)
    usable = (seen >= LEAST_KNOWN * length) & (scale > 0)
    total = np.nansum(errors[:, :, :length], axis=2)
    scaled = np.divide(total, scale * np.sqrt(seen), out=np.zeros_like(total), where=usable)
    return np.sort(scaled[usable])


def _of_models(rows: pd.DataFrame, items: np.ndarray, model: np.ndarray) -> pd.DataFrame:
    wanted = pd.MultiIndex.from_arrays([items, model])
    return rows[pd.MultiIndex.from_frame(rows[["item", "model"]]).isin(wanted)]


def _block(rows: pd.DataFrame, items: np.ndarray, columns: list[str]) -> list[np.ndarray]:
    """Columns of tidy rows as blocks items x cutoffs x steps, NaN where there is no row."""
    cutoffs, cutoff = np.unique(rows["cutoff"].to_numpy(), return_inverse=True)
    step = rows.groupby("cutoff")["ds"].rank(method="dense").to_numpy(dtype=int) - 1
    shape = (len(items), max(len(cutoffs), 1), int(step.max(initial=0)) + 1)
    where = (np.searchsorted(items, rows["item"].to_numpy(dtype=object)), cutoff, step)
    blocks = []
    for column in columns:
        block = np.full(shape, np.nan)
        block[where] = rows[column].to_numpy(dtype=float)
        blocks.append(block)
    return blocks


def _variance(panel: SalesPanel, items: np.ndarray) -> np.ndarray:
    """Variance of each item's past demand, n, averaged with the usual one of items of its size as if that were 4 more periods, and at least
    the mean, as of Poisson demand: an item with a day or two of history is not certain."""
    demand = panel.demand[panel.rows_of(list(items))].astype(float)
    known = (~np.isnan(demand)).sum(axis=1)
    mean = np.divide(np.nansum(demand, axis=1), known, out=np.zeros(len(items)), where=known > 0)
    squared = np.nansum((demand - mean[:, None]) ** 2, axis=1)
    sure = (known >= LEAST_FOR_A_RATIO) & (mean > 0)
    usual = np.median(squared[sure] / known[sure] / mean[sure] ** 2) if sure.any() else 0.0
    return np.maximum((squared + WEIGHT_OF_HISTORY * usual * mean**2) / (known + WEIGHT_OF_HISTORY), mean)
