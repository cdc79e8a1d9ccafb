"""DemandSpread: the distribution of TOTAL demand over any protection interval, calibrated on backtest errors of the total.

Quantiles of single periods must not be added up (four independent periods: twice the safety stock), so the errors are those of the total
itself: for each length L of 1 to H periods, each item and each cutoff, sales of the first L periods less their forecast, divided by the
square root of L and by the item's scale, and pooled by class of item (`forecasting.calibration`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import stats

from forecasting import calibration
from forecasting.calibration import CLASSES, HALF_LIFE, Pool, quantile
from sales.panel import SalesPanel

LEAST_FOR_A_RATIO = 8
LEAST_KNOWN = 0.8
_FEW_PERIODS = 4.0
_GRID = 1 - np.geomspace(0.999, 1e-5, 256)
_GRID_NORMAL = stats.norm.ppf(_GRID)


@dataclass(frozen=True, eq=False)
class DemandSpread:
    """The total demand of n items over P periods after `cutoff`, P any length, fractions too.

    items: n codes. cutoff: last period seen. cumulative: n x (H + 1), mean total over the first 0 to H periods, units; NaN where the
    forecast failed. sigma: n, root mean squared error of one period's forecast, units (NaN: no error known). scale: n, the divisor of the
    item's errors, units per root period. kind: n names out of `calibration.CLASSES`. pooled: by class H + 1 pools of scaled errors, one for
    each length (the first is empty). model: n names. changes: n x (T + 1), what somebody knows better: units that the mean total over the
    first 0 to T periods is to have more (T may be past H; None: nothing). They move the mean; the errors around it stay as they were.
    """

    items: np.ndarray
    cutoff: pd.Timestamp
    cumulative: np.ndarray
    sigma: np.ndarray
    scale: np.ndarray
    kind: np.ndarray
    pooled: Mapping[str, tuple[Pool, ...]]
    model: np.ndarray
    changes: np.ndarray | None = None

    @property
    def horizon(self) -> int:
        """H, the periods that the forecast covers."""
        return self.cumulative.shape[1] - 1

    @cached_property
    def calibrated(self) -> int:
        """The longest length, in periods, for which the backtest has errors."""
        return max((length for pools in self.pooled.values() for length, pool in enumerate(pools) if len(pool)), default=0)

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
        return _combined(self.scale * self._at(self._roots(np.array([level]))[:, 0], periods), stats.norm.ppf(level) * other_sd)

    def beyond(self, periods: np.ndarray, level: float) -> np.ndarray:
        """Mask of the items whose quantile rests on the parametric tail: too few pooled errors for this level, n."""
        return level > self._reach[self._group, self._whole(periods)]

    def rests_on(self, periods: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many errors of totals over `periods` (n lengths) the pool of each item has from its own class, and how many cutoffs those are
        from, n each; past the longest length with errors, those of that."""
        counts = np.array([[(pool.errors, pool.cutoffs) for pool in self.pooled[name]] for name in self._present])
        errors, cutoffs = counts[self._group, self._whole(periods)].T
        return errors, cutoffs

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

    def _whole(self, periods: np.ndarray) -> np.ndarray:
        """The whole length with errors that `periods` rest on, n."""
        return np.clip(np.ceil(periods).astype(int), 1, max(self.calibrated, 1))

    @cached_property
    def _reach(self) -> np.ndarray:
        """The highest level that the errors reach, classes x lengths."""
        return np.array([[pool.reach for pool in self.pooled[name]] for name in self._present])

    @cached_property
    def _present(self) -> list[str]:
        """The classes that the items are of, in order."""
        return sorted(set(self.kind))

    @cached_property
    def _group(self) -> np.ndarray:
        """The place of each item's class in `_present`, n."""
        return np.searchsorted(np.array(self._present), self.kind.astype(str))

    @cached_property
    def _lengths(self) -> np.ndarray:
        """The lengths with errors of their own; 1 alone where there is none."""
        some = {length for name in self._present for length, pool in enumerate(self.pooled[name]) if len(pool)}
        return np.array(sorted(some) or [1])

    @cached_property
    def _grid_roots(self) -> np.ndarray:
        """Scaled quantiles for every level of the grid, classes x levels x lengths with errors."""
        return self._roots(_GRID)

    def _at_grid(self, k: np.ndarray, periods: np.ndarray, other_sd: np.ndarray | float) -> np.ndarray:
        """`excess` at the k-th level of the grid, each item its own k."""
        low, high, share = self._between_lengths(periods)
        below = self._grid_roots[self._group, k, low]
        root = (below + share * (self._grid_roots[self._group, k, high] - below)) * self._growth(periods)
        return _combined(self.scale * root, _GRID_NORMAL[k] * other_sd)

    def _roots(self, levels: np.ndarray) -> np.ndarray:
        """Scaled quantiles of the totals' errors, times root length, classes x levels x lengths with errors. What lies above the mean
        never falls with the length, so that a longer interval never needs less, nor any length less than its own errors say; what lies
        below never rises. Levels stay in order."""
        quantiles = [[quantile(self.pooled[name][length], levels) for length in self._lengths] for name in self._present]
        roots = np.swapaxes(np.array(quantiles), 1, 2) * np.sqrt(self._lengths)
        above = np.maximum.accumulate(np.maximum(roots, 0), axis=2)
        below = np.minimum.accumulate(np.minimum(roots, 0), axis=2)
        return np.where(above > 0, above, below)

    def _at(self, roots: np.ndarray, periods: np.ndarray) -> np.ndarray:
        """`roots`, classes x lengths, for each item between whole lengths; under the shortest and past the longest with errors they go with
        the root of the length."""
        low, high, share = self._between_lengths(periods)
        below = roots[self._group, low]
        return (below + share * (roots[self._group, high] - below)) * self._growth(periods)

    def _between_lengths(self, periods: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The places of the lengths with errors below and above, and how far it is from the one to the other, n each."""
        place = np.interp(periods, self._lengths, np.arange(len(self._lengths)))
        low = np.minimum(place.astype(int), max(len(self._lengths) - 2, 0))
        return low, np.minimum(low + 1, len(self._lengths) - 1), place - low

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


def demand_spread(panel: SalesPanel, forecast: pd.DataFrame, backtest: pd.DataFrame, models: Mapping[str, str] | str) -> DemandSpread:
    """The spread for the items of `forecast`, from tidy rows of a forecast and a backtest (see `Forecast.to_frame`).

    models: the model that each item's plan uses, or one name for all. Raises KeyError where a model is not in the forecast, ValueError
    where the forecast was not made at one cutoff.
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
    past = _of_models(backtest, items, model)
    cutoffs = sorted(past["cutoff"].unique())
    rows = panel.select(panel.rows_of(list(items))).until(pd.Timestamp(forecast["cutoff"].iloc[0]), 0)
    y, at = (block[:, : len(cutoffs)] for block in _block(past, items, ["y", "mean"]))
    return spread_of(rows, model, mean, cutoffs, y, at)


def spread_of(
    panel: SalesPanel, model: np.ndarray, ahead: np.ndarray, cutoffs: Sequence[pd.Timestamp], y: np.ndarray, mean: np.ndarray
) -> DemandSpread:
    """The spread after the last period of `panel`, of blocks in the order of its items.

    model: n names. ahead: n x H, mean demand of the next periods, units. cutoffs: rising, c of them. y, mean: n x c x steps, what then sold
    and what was forecast, units, NaN where not known. An item whose error nobody knows has the standard deviation of its past demand as its
    scale where no other item's errors are known either.
    """
    demand, now = panel.demand.astype(float), len(panel.periods) - 1
    at = panel.periods.searchsorted(pd.DatetimeIndex(cutoffs), side="right") - 1
    errors = y - mean
    usual = calibration.usual_until(demand, np.append(at, now))
    rate, rate_now = calibration.rates(mean, usual[:, : len(at)]), calibration.rates(ahead, usual[:, -1])
    half_life = HALF_LIFE[panel.calendar.frequency]
    sold = calibration.rates(y, np.zeros(y.shape[:2]))
    scale, scale_then = calibration.scales(errors, rate, rate_now, at, now, half_life, sold)
    scale = np.where(np.isnan(scale), np.sqrt(_variance(demand)), scale)
    kinds = calibration.classes_until(demand, np.append(at, now), panel.calendar)
    pooled = [_pools(errors, scale_then, kinds[:, :-1], now - at, panel, length) for length in range(ahead.shape[1] + 1)]
    known = ~np.isnan(errors)
    squared, count = np.nansum(errors**2, axis=(1, 2)), known.sum(axis=(1, 2))
    return DemandSpread(
        items=panel.items,
        cutoff=panel.last,
        cumulative=np.concatenate([np.zeros((len(panel), 1)), np.cumsum(ahead, axis=1)], axis=1),
        sigma=np.sqrt(np.divide(squared, count, out=np.full(len(panel), np.nan), where=count > 0)),
        scale=scale,
        kind=np.array(CLASSES, dtype=object)[kinds[:, -1]],
        pooled={name: tuple(pools[name] for pools in pooled) for name in CLASSES},
        model=model,
    )


def _pools(errors: np.ndarray, scale: np.ndarray, kinds: np.ndarray, age: np.ndarray, panel: SalesPanel, length: int) -> dict[str, Pool]:
    """By class the scaled errors of the totals over the first `length` periods; totals with over a fifth unknown are left out, others
    scaled up to full length."""
    if length == 0 or length > errors.shape[2]:
        return dict.fromkeys(CLASSES, calibration.EMPTY)
    known = ~np.isnan(errors[:, :, :length])
    seen = known.sum(axis=2)
    usable = (seen >= LEAST_KNOWN * length) & (scale > 0)
    total = np.where(known, errors[:, :, :length], 0.0).sum(axis=2)
    scores = np.divide(total, scale * np.sqrt(seen), out=np.full(total.shape, np.nan), where=usable)
    return calibration.pools(scores, calibration.weights_at(age, panel.calendar), kinds)


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


def _variance(demand: np.ndarray) -> np.ndarray:
    """Variance of each item's past demand, n, averaged with the usual one of items of its size as if that were 4 more periods, and at least
    the mean, as of Poisson demand: an item with a day or two of history is not certain."""
    known = (~np.isnan(demand)).sum(axis=1)
    mean = np.divide(np.nansum(demand, axis=1), known, out=np.zeros(len(demand)), where=known > 0)
    squared = np.nansum((demand - mean[:, None]) ** 2, axis=1)
    sure = (known >= LEAST_FOR_A_RATIO) & (mean > 0)
    usual = np.median(squared[sure] / known[sure] / mean[sure] ** 2) if sure.any() else 0.0
    return np.maximum((squared + _FEW_PERIODS * usual * mean**2) / (known + _FEW_PERIODS), mean)
