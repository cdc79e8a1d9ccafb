"""What past cutoffs say of the candidates of the automatic choice: their errors, compared, and weights over them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from forecasting.models import registry
from sales.panel import SalesPanel

NAIVE = "seasonal_naive"
CUTOFFS_OF_ALL_ITEMS = 6.0
ITEMS_THAT_SHOW_NOTHING = 20.0
SMALLEST = 1e-9


@dataclass(frozen=True, eq=False)
class Evidence:
    """What m candidates said at c past cutoffs (none: c = 0), earliest first, and what then sold.

    models: m names, seasonal_naive among them. y: items x cutoffs x horizon, units, NaN where not known. mean: m x items x cutoffs x
    horizon, units, NaN where a candidate had no answer of its own. panel: the items, ending where is decided. quantiles: m x items x
    cutoffs x horizon x levels, units, as the candidates gave them; empty where nobody asks for quantiles.

    Raises ValueError where the shapes do not fit together, or seasonal_naive is missing.
    """

    models: tuple[str, ...]
    y: np.ndarray
    mean: np.ndarray
    panel: SalesPanel
    quantiles: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        if NAIVE not in self.models:
            raise ValueError(f"models: got {self.models}, expected {NAIVE} among them")
        expected = (len(self.models), len(self.panel), *self.y.shape[1:])
        if self.y.ndim != 3 or self.mean.shape != expected:
            raise ValueError(f"mean: got shape {self.mean.shape}, expected models x items x cutoffs x horizon = {expected}")
        if self.quantiles.size and self.quantiles.shape[:-1] != expected:
            raise ValueError(f"quantiles: got shape {self.quantiles.shape}, expected {expected} x levels")


@dataclass(frozen=True, eq=False)
class Compared:
    """error: m x n, relative to the mean error of all candidates for the item, its own drawn to that of all items. scale: n, what that mean
    is, a share of demand. count: n, cutoffs of the item."""

    error: np.ndarray
    scale: np.ndarray
    count: np.ndarray


def compared(evidence: Evidence, missed: np.ndarray, earlier: float = 1.0) -> Compared:
    """How candidates did by `missed` (m x n x cutoffs x horizon), what each missed by, units. A cutoff counts `earlier` times the one after
    it. An item's vote among all is the root of its demand: between one item, one vote and one unit, one vote."""
    at_cutoffs = mean_of(missed, (3,))
    count = (~np.isnan(at_cutoffs)).sum(axis=2)
    usual = mean_of(at_cutoffs, (0,))
    relative = mean_of(at_cutoffs / np.where(usual > 0, usual, np.nan), (2,), earlier ** np.arange(usual.shape[1])[::-1])
    size = mean_of(np.abs(evidence.y), (1, 2))
    scale = mean_of(usual, (1,)) / np.where(size > 0, size, np.nan)
    votes = np.sqrt(np.nan_to_num(size)) * ~np.isnan(relative)
    total = votes.sum(axis=1)
    pooled = np.divide((votes * np.nan_to_num(relative)).sum(axis=1), total, out=np.full(len(relative), np.nan), where=total > 0)
    shown = count.sum(axis=1)
    pooled = (1 + shown / (shown + ITEMS_THAT_SHOW_NOTHING) * (pooled - 1))[:, None]
    share = count / (count + CUTOFFS_OF_ALL_ITEMS)
    drawn = np.where(np.isnan(relative), pooled, share * np.nan_to_num(relative) + (1 - share) * pooled)
    return Compared(np.maximum(drawn, SMALLEST), scale, count.max(axis=0))


def kin(models: Sequence[str]) -> np.ndarray:
    """How many of the candidates are of each one's family, m."""
    families = [registry.card(name).family if name in registry.NAMES else name for name in models]
    return np.array([families.count(family) for family in families], dtype=float)


def scaled(weight: np.ndarray) -> np.ndarray:
    """Weights, m x n, made to sum to 1 where there are any."""
    return weight / np.maximum(weight.sum(axis=0), np.finfo(float).tiny)


def weighted(weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The weighted mean over candidates, m x n, of m x n x …; NaN counts for nothing. One candidate at a time: the blocks are large."""
    total = np.zeros(values.shape[1:])
    summed = np.zeros(values.shape[1:])
    for share, block in zip(weight, values, strict=True):
        part = share.reshape(-1, *[1] * (block.ndim - 1)) * ~np.isnan(block)
        total += part
        summed += part * np.nan_to_num(block)
    return np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0)


def mean_of(values: np.ndarray, axes: tuple[int, ...], counts: np.ndarray | bool = True) -> np.ndarray:
    """The mean over axes of what is not NaN, each of which `counts` so much; NaN where nothing is."""
    known = counts * ~np.isnan(values)
    count = known.sum(axis=axes)
    return np.divide((known * np.nan_to_num(values)).sum(axis=axes), count, out=np.full(count.shape, np.nan), where=count > 0)
