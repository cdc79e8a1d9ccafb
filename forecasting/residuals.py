"""Residuals: what a model's errors have left to learn from, and whether its quantiles hold what they promise.

A residual is forecast - sales, as in bias: positive where the forecast was too high.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.scores import comparable, with_step

Z_95 = 1.96
LEAST_PAIRS = 10
MOST_LAGS = 14
MOST_BINS = 40
_WIDEST = 4.0


@dataclass(frozen=True, eq=False)
class Residuals:
    """The residuals of one model, units: block, items x cutoffs x steps after the cutoff, NaN where sales or forecast are not known."""

    items: np.ndarray
    block: np.ndarray

    def __post_init__(self) -> None:
        if self.block.ndim != 3 or len(self.block) != len(self.items):
            raise ValueError(f"block: got shape {self.block.shape}, expected items x cutoffs x steps of {len(self.items)} items")

    def of(self, item: str) -> "Residuals":
        """Those of one item. Raises KeyError where it has none."""
        at = np.flatnonzero(self.items == item)
        if not len(at):
            raise KeyError(f"item without residuals: {item}")
        return Residuals(self.items[at], self.block[at])

    def scaled(self) -> np.ndarray:
        """All known residuals, each divided by the root mean squared residual of its item, so that best sellers do not stand for all."""
        size = np.sqrt(_mean(self.block**2, axis=(1, 2)))
        values = self.block / np.where(size > 0, size, np.nan)[:, None, None]
        return values[~np.isnan(values)]

    def known(self) -> np.ndarray:
        """All known residuals, units."""
        return self.block[~np.isnan(self.block)]


def residuals(rows: pd.DataFrame, model: str) -> Residuals:
    """The residuals of `model` in backtest rows. Items without a known one are there, all NaN."""
    part = with_step(rows[rows["model"] == model])
    item, items = pd.factorize(part["item"], sort=True)
    cutoff, cutoffs = pd.factorize(part["cutoff"], sort=True)
    block = np.full((len(items), len(cutoffs), int(part["step"].max()) if len(part) else 0), np.nan)
    block[item, cutoff, part["step"].to_numpy() - 1] = (part["mean"] - part["y"]).to_numpy(dtype=float)
    return Residuals(np.asarray(items, dtype=object), block)


@dataclass(frozen=True, eq=False)
class Autocorrelation:
    """lags: L. values: n x L, the correlation of an item's residuals so many periods apart; NaN where fewer than 10 pairs are known or they
    do not vary. bounds: n x L, half the width in which 95 % lie if the residuals are noise, 1.96 / sqrt(pairs)."""

    lags: np.ndarray
    values: np.ndarray
    bounds: np.ndarray

    @property
    def outside(self) -> np.ndarray:
        """Share of items outside their bounds at each lag, L; 5 % would be chance. NaN where no item can be told."""
        told = ~np.isnan(self.values)
        over = (np.abs(np.where(told, self.values, 0.0)) > np.where(told, self.bounds, np.inf)).sum(axis=0)
        return np.divide(over, told.sum(axis=0), out=np.full(len(self.lags), np.nan), where=told.any(axis=0))

    def typical(self) -> tuple[np.ndarray, np.ndarray]:
        """The median over items of the values and of the bounds at each lag, L each; NaN where no item can be told."""
        told = ~np.isnan(self.values)
        return _median(self.values), _median(np.where(told, self.bounds, np.nan))


def autocorrelation(found: Residuals, most: int = MOST_LAGS) -> Autocorrelation:
    """The autocorrelation of each item's residuals at lags 1 to `most` (at most half the steps).

    Only pairs within one cutoff count, both known: forecasts from different cutoffs do not follow on one another. The item's mean over
    all its residuals is taken off; a lag's products are divided by what the squares of both members allow, so that it lies in -1 to 1.
    """
    steps = found.block.shape[2]
    lags = np.arange(1, min(most, steps // 2) + 1)
    centred = found.block - _mean(found.block, axis=(1, 2))[:, None, None]
    values, bounds = np.full((2, len(found.items), len(lags)), np.nan)
    for k, lag in enumerate(lags):
        early, late = centred[:, :, :-lag], centred[:, :, lag:]
        both = ~(np.isnan(early) | np.isnan(late))
        early, late = np.where(both, early, 0.0), np.where(both, late, 0.0)
        pairs = both.sum(axis=(1, 2))
        size = np.sqrt((early**2).sum(axis=(1, 2)) * (late**2).sum(axis=(1, 2)))
        told = (pairs >= LEAST_PAIRS) & (size > 0)
        values[told, k] = (early * late).sum(axis=(1, 2))[told] / size[told]
        bounds[told, k] = Z_95 / np.sqrt(pairs[told])
    return Autocorrelation(lags, values, bounds)


@dataclass(frozen=True, eq=False)
class Histogram:
    """middle, share: B bins, the share of the values in each. normal: the share that a normal distribution of the same mean and standard
    deviation has there. width: of a bin. outside: the share of the values beyond the bins, which reach 4 standard deviations."""

    middle: np.ndarray
    share: np.ndarray
    normal: np.ndarray
    width: float
    outside: float


def histogram(values: np.ndarray) -> Histogram | None:
    """How `values` are spread, against a normal distribution; None where fewer than 10 are given or they do not vary."""
    if len(values) < LEAST_PAIRS or not (deviation := float(values.std(ddof=1))) > 0:
        return None
    middle = float(values.mean())
    low, high = max(values.min(), middle - _WIDEST * deviation), min(values.max(), middle + _WIDEST * deviation)
    bins = int(np.clip(np.ceil(np.sqrt(len(values))), 8, MOST_BINS))
    counts, edges = np.histogram(values, bins=bins, range=(low, high))
    below = _normal_cdf((edges - middle) / deviation)
    share = counts / len(values)
    return Histogram((edges[:-1] + edges[1:]) / 2, share, np.diff(below), float(edges[1] - edges[0]), float(1 - share.sum()))


def coverage(rows: pd.DataFrame) -> pd.DataFrame:
    """The share of periods whose sales were at or below each quantile, over `comparable` rows: columns model, level, covered, periods.

    A calibrated model covers what its levels say. Where an item sells few units, whole units make it cover more.
    """
    common = comparable(rows)
    table = []
    for column in [c for c in common.columns if c.startswith("q0.")]:
        told = common[common[column].notna()]
        covered = (told["y"] <= told[column]).groupby(told["model"], sort=True).agg(covered="mean", periods="size").reset_index()
        table.append(covered.assign(level=float(column[1:])))
    columns = ["model", "level", "covered", "periods"]
    return pd.concat(table)[columns].sort_values(columns[:2], ignore_index=True) if table else pd.DataFrame(columns=columns)


def _mean(values: np.ndarray, axis: tuple[int, ...]) -> np.ndarray:
    """The mean over known values; NaN where none is."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    return np.divide(np.where(known, values, 0.0).sum(axis=axis), count, out=np.full(count.shape, np.nan), where=count > 0)


def _median(values: np.ndarray) -> np.ndarray:
    """The median of each column over known values; NaN where none is."""
    return pd.DataFrame(values).median().to_numpy()


def _normal_cdf(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return ndtr(z)
