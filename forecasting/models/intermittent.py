"""Intermittent demand: Croston's method, its corrections, and multiple aggregation. Each says one rate for every period to come.

Demand is classed by how often and how evenly it comes (`sales.summary.pattern`; Syntetos, Boylan & Croston, 2005). Which of these methods
serves which class: smooth, `croston` (smoothing of sizes and of intervals, both short); erratic and lumpy, `sba`, whose correction counts
where intervals or sizes vary; intermittent, `imapa`, which also sees the demand of several periods together; and `tsb` where sales may have
ended, for it alone lets the rate fall while nothing sells. `suited` says so item by item.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np

from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models.past_errors import flat, quantiles
from forecasting.models.scans import blocks, smoothed
from sales.panel import SalesPanel
from sales.summary import pattern

GRID = (0.05, 0.1, 0.2, 0.3)
FEWEST_BUCKETS = 4
INTERVALS_TO_END = 4
_SUITED = {"smooth": "croston", "erratic": "sba", "lumpy": "sba", "intermittent": "imapa", "none": "tsb"}


def suited(panel: SalesPanel) -> np.ndarray:
    """The name of the method that suits each item's class of demand, n; "tsb" where nothing sold for over 4 of its mean intervals."""
    return np.array([_suited(row[~np.isnan(row)]) for row in panel.demand], dtype=object)


def _suited(known: np.ndarray) -> str:
    sold = np.flatnonzero(known > 0)
    if len(sold) and len(known) - 1 - sold[-1] > INTERVALS_TO_END * len(known) / len(sold):
        return "tsb"
    return _SUITED[pattern(known)]


def _card(name: str) -> Card:
    return Card(
        name=name,
        family=Family.INTERMITTENT,
        least_history=4,
        uses_covariates=False,
        seasonal=False,
        intermittent=True,
        shared=False,
        cost=Cost.INSTANT,
    )


class _Rate(Forecaster):
    """A method that knows a rate, units per period, at the end of each period."""

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        for rows in blocks(len(panel)):
            demand = np.maximum(panel.demand[rows].astype(float), 0)
            rates, forecast.detail[rows] = self._rates(demand)
            forecast.mean[rows] = rates[:, -1:]
            forecast.quantiles[rows] = quantiles(forecast.mean[rows], demand, flat(rates), levels)
        return forecast

    @abstractmethod
    def _rates(self, demand: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """Rates, items x periods (NaN before the first), and what was settled on."""


@dataclass(frozen=True)
class Croston(_Rate):
    """Size of a sale over the interval between sales, each smoothed whenever something sells (Croston, 1972).

    sizes, intervals: the two smoothing parameters; None: each item's own, of 0.05, 0.1, 0.2 and 0.3, by the least mean squared rate
    (see `squared_rate`; Kourentzes, 2014, recommends it, and two parameters).
    """

    sizes: float | None = None
    intervals: float | None = None

    card: ClassVar[Card] = _card("croston")

    def _rates(self, demand: np.ndarray) -> tuple[np.ndarray, list[str]]:
        sizes = {alpha: sizes_of(demand, alpha) for alpha in _grid(self.sizes)}
        intervals = {alpha: intervals_of(demand, alpha) for alpha in _grid(self.intervals)}
        return _best(demand, list(product(sizes, intervals)), lambda a, b: self._corrected(b) * sizes[a] / intervals[b])

    def _corrected(self, intervals: float) -> float:
        return 1.0


@dataclass(frozen=True)
class Sba(Croston):
    """Croston's rate times 1 - beta / 2, beta that of the intervals, which takes away most of its bias (Syntetos & Boylan, 2005, eq. 5)."""

    card: ClassVar[Card] = _card("sba")

    def _corrected(self, intervals: float) -> float:
        return 1 - intervals / 2


@dataclass(frozen=True)
class Tsb(_Rate):
    """Size of a sale times the chance of one, which is smoothed every period: it falls while nothing sells (Teunter, Syntetos & Babai,
    2011, eq. 3). sizes, chances: as `Croston`."""

    sizes: float | None = None
    chances: float | None = None

    card: ClassVar[Card] = _card("tsb")

    def _rates(self, demand: np.ndarray) -> tuple[np.ndarray, list[str]]:
        sold = np.where(np.isnan(demand), np.nan, demand > 0)
        sizes = {alpha: np.nan_to_num(sizes_of(demand, alpha)) for alpha in _grid(self.sizes)}
        chances = {alpha: smoothed(sold, alpha) for alpha in _grid(self.chances)}
        return _best(demand, list(product(sizes, chances)), lambda a, b: sizes[a] * chances[b])


@dataclass(frozen=True)
class Imapa(_Rate):
    """The mean of the rates that simple exponential smoothing says of demand in buckets of 1, 2, 3, ... periods, up to the mean interval
    between sales (Petropoulos & Kourentzes, 2015). Buckets end with the history and hold at least 4 in it."""

    card: ClassVar[Card] = _card("imapa")

    def _rates(self, demand: np.ndarray) -> tuple[np.ndarray, list[str]]:
        periods = demand.shape[1]
        known = (~np.isnan(demand)).sum(axis=1)
        longest = np.round(known / np.maximum((demand > 0).sum(axis=1), 1)).astype(int)
        longest = np.clip(longest, 1, np.maximum(known // FEWEST_BUCKETS, 1))
        total = np.zeros(demand.shape)
        for width in range(1, longest.max() + 1):
            rows = longest >= width
            means = _bucket_means(demand[rows], width)
            rates, _ = _best(means, [(alpha,) for alpha in GRID], lambda alpha, means=means: smoothed(means, alpha))
            total[rows] += _held(rates, width, periods)
        return total / longest[:, None], [f"1 to {width} periods" for width in longest]


def sizes_of(demand: np.ndarray, alpha: float) -> np.ndarray:
    """Smoothed size of a sale at the end of each period; the first sale is the first size, NaN before it."""
    return smoothed(np.where(demand > 0, demand, np.nan), alpha)


def intervals_of(demand: np.ndarray, alpha: float) -> np.ndarray:
    """Smoothed number of known periods from sale to sale, at the end of each period. The first one is that between the first two sales;
    before the second, the periods up to the first."""
    known = np.cumsum(~np.isnan(demand), axis=1)
    sold = demand > 0
    before = np.maximum.accumulate(np.where(sold, known, 0), axis=1)
    earlier = np.concatenate([np.zeros((len(demand), 1), dtype=int), before[:, :-1]], axis=1)
    number = np.cumsum(sold, axis=1)
    since = np.where(sold, known - earlier, np.nan)
    first = np.where(sold & (number == 1), since, np.nan)
    later = smoothed(np.where(sold & (number > 1), since, np.nan), alpha)
    return np.where(np.isnan(later), smoothed(first, 1.0), later)


def squared_rate(demand: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Mean squared rate, n: mean of (rate said at the end of period t - 1 less mean demand up to t) squared (Kourentzes, 2014, eq. 12).

    Squared errors of single periods reward a forecast near zero where most periods are zero; the mean of demand so far does not.
    """
    known = ~np.isnan(demand)
    mean = np.cumsum(np.where(known, demand, 0.0), axis=1) / np.maximum(np.cumsum(known, axis=1), 1)
    errors = np.where(known[:, 1:], rates[:, :-1] - mean[:, 1:], np.nan)
    count = (~np.isnan(errors)).sum(axis=1)
    return np.divide(np.nansum(errors**2, axis=1), count, out=np.full(len(demand), np.inf), where=count > 0)


def _grid(alpha: float | None) -> tuple[float, ...]:
    return GRID if alpha is None else (alpha,)


def _best(demand: np.ndarray, trials: list[tuple[float, ...]], rates: Callable[..., np.ndarray]) -> tuple[np.ndarray, list[str]]:
    """Each item's rates at the trial of the least mean squared rate, and that trial in words."""
    least, at = np.full(len(demand), np.inf), np.zeros(len(demand), dtype=int)
    found = rates(*trials[0])
    for k, trial in enumerate(trials):
        of_trial = rates(*trial)
        cost = squared_rate(demand, of_trial)
        better = cost < least
        found = np.where(better[:, None], of_trial, found)
        least, at = np.where(better, cost, least), np.where(better, k, at)
    return found, [", ".join(f"{alpha:g}" for alpha in trials[k]) for k in at]


def _bucket_means(demand: np.ndarray, width: int) -> np.ndarray:
    """Mean of the known periods in buckets of `width`, the last one ending with the history; what is left at the start is dropped."""
    n, periods = demand.shape
    inside = demand[:, periods % width :].reshape(n, periods // width, width)
    known = (~np.isnan(inside)).sum(axis=2)
    return np.divide(np.nansum(inside, axis=2), known, out=np.full(known.shape, np.nan), where=known > 0)


def _held(rates: np.ndarray, width: int, periods: int) -> np.ndarray:
    """Rates known at the end of each bucket, as known at the end of each period."""
    held = np.full((len(rates), periods), np.nan)
    last = np.arange(periods) - (periods % width + width - 1)
    at = np.floor_divide(last, width)
    held[:, at >= 0] = rates[:, at[at >= 0]]
    return held
