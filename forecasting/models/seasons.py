"""Seasons taken out and put back: a test for one, and classical decomposition, all items in parallel."""

from dataclasses import dataclass

import numpy as np

SIGNIFICANT = 1.645
SEASONS_NEEDED = 2


@dataclass(frozen=True, eq=False)
class Seasons:
    """demand = level x `factor` + `shift`, both items x season by the place t mod season. Where demand is above 0 the season multiplies
    (shift 0), elsewhere it adds (factor 1); without one both do nothing. found: mask of the items with a season."""

    factor: np.ndarray
    shift: np.ndarray
    found: np.ndarray

    def without(self, demand: np.ndarray) -> np.ndarray:
        """`demand`, items x periods from position 0 on, without its season."""
        at = np.arange(demand.shape[1])
        return (demand - self._placed(self.shift, at)) / self._placed(self.factor, at)

    def put_back(self, level: np.ndarray, at: np.ndarray) -> np.ndarray:
        """`level`, items x k, of the periods at positions `at`, with the season."""
        return level * self._placed(self.factor, at) + self._placed(self.shift, at)

    def _placed(self, block: np.ndarray, at: np.ndarray) -> np.ndarray:
        return block[:, at % block.shape[1]]


def decomposed(demand: np.ndarray, season: int) -> Seasons:
    """The seasons of `demand`, items x periods, of those items whose season is significant."""
    found = seasonal(demand, season)
    multiplies = (np.where(np.isnan(demand), 1.0, demand) > 0).all(axis=1)
    factor, shift = np.ones((len(demand), season)), np.zeros((len(demand), season))
    for rows, block, ratio in ((found & multiplies, factor, True), (found & ~multiplies, shift, False)):
        if rows.any():
            block[rows] = seasonal_indices(demand[rows], season, ratio)
    return Seasons(factor, shift, found)


def seasonal(demand: np.ndarray, season: int) -> np.ndarray:
    """Mask of the items whose autocorrelation at the season's lag is significant at 90 %, n.

    |r_m| > 1.645 sqrt((1 + 2 sum of r_k^2, k < m) / n), Bartlett's formula (Assimakopoulos & Nikolopoulos, 2000; Fiorucci et al., 2016),
    over known pairs. An item with fewer than 2 seasons of known periods has none.
    """
    known = ~np.isnan(demand)
    count = known.sum(axis=1)
    able = count >= SEASONS_NEEDED * season
    if season < 2 or not able.any():
        return np.zeros(len(demand), dtype=bool)
    mean = np.where(known, demand, 0.0).sum(axis=1, keepdims=True) / np.maximum(count, 1)[:, None]
    around = np.where(known, demand - mean, 0.0)
    total = np.maximum((around**2).sum(axis=1), 1e-300)
    r = np.stack([(around[:, k:] * around[:, :-k]).sum(axis=1) / total for k in range(1, season + 1)], axis=1)
    limit = SIGNIFICANT * np.sqrt((1 + 2 * (r[:, :-1] ** 2).sum(axis=1)) / np.maximum(count, 1))
    return able & (np.abs(r[:, -1]) > limit)


def seasonal_indices(demand: np.ndarray, season: int, ratio: bool) -> np.ndarray:
    """Seasonal indices, items x season: means of demand over (or less) its centred moving average of one season, scaled to mean 1 (or
    0) (Makridakis, Wheelwright & Hyndman, Forecasting, 1998, 3.4). A place that cannot be told has 1 (or 0)."""
    n, periods = demand.shape
    weights = np.full(season + 1 - season % 2, 1.0 / season)
    if season % 2 == 0:
        weights[[0, -1]] /= 2
    known, half = ~np.isnan(demand), len(weights) // 2
    total, weight = np.zeros((2, n, periods - 2 * half))
    for k, w in enumerate(weights):
        part = slice(k, periods - 2 * half + k)
        total += w * np.where(known[:, part], demand[:, part], 0.0)
        weight += w * known[:, part]
    trend = np.divide(total, weight, out=np.full(total.shape, np.nan), where=weight > 0.5)
    inside = demand[:, half : periods - half]
    detrended = np.full(demand.shape, np.nan)
    over = np.divide(inside, trend, out=np.full(trend.shape, np.nan), where=trend > 0)
    detrended[:, half : periods - half] = over if ratio else inside - trend
    found = np.full((n, season), float(ratio))
    for place in range(season):
        of_place = detrended[:, place::season]
        count = (~np.isnan(of_place)).sum(axis=1)
        found[:, place] = np.divide(np.nansum(of_place, axis=1), count, out=found[:, place].copy(), where=count > 0)
    mean = found.mean(axis=1, keepdims=True)
    return found / np.where(mean > 0, mean, 1.0) if ratio else found - mean
