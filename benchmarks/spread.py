"""Quantiles of total demand: what share of past totals was at or below them, by interval, level and class, and how wide they are.

Each cutoff is calibrated only on what came before it, as `python -m forecasting spread` does on that day. Standard errors are clustered by
cutoff. Models get no columns known ahead.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.figures import Figure
from benchmarks.sets import SalesSet, load
from forecasting.backtest import actual_after, rng_for
from forecasting.models import registry
from forecasting.spread import DemandSpread, spread_of
from forecasting.totals import MODEL, dense_cutoffs
from sales.panel import SalesPanel

LEVELS = (0.9, 0.95, 0.975, 0.99)
ALL = "all"
POINTS, POINTS_OF_A_CLASS, LEAST_OF_A_CLASS = 1.5, 4.0, 500


@dataclass(frozen=True)
class Measured:
    """What is measured of a set: intervals, in periods; so many cutoffs, so many periods apart, the last one's longest interval ending
    with the sales; whether a bar was promised."""

    intervals: tuple[int, ...]
    cutoffs: int
    apart: int
    promised: bool = True


SETS = {
    "m5_store_dept": Measured((7, 21, 42), 26, 28),
    "walmart_weekly": Measured((1, 3, 6), 26, 1),
    "online_retail_weekly": Measured((1, 3, 6), 20, 1, promised=False),
}


@dataclass(frozen=True, eq=False)
class Totals:
    """Totals over one interval, a row an item and cutoff. actual, mean: units. quantiles, added, textbook: rows x levels, units:
    Shelfcast's, the model's own quantiles of periods added up, and mean + z x sigma x root of the interval. kind: class. cutoff: its
    number."""

    actual: np.ndarray
    mean: np.ndarray
    quantiles: np.ndarray
    added: np.ndarray
    textbook: np.ndarray
    kind: np.ndarray
    cutoff: np.ndarray

    def coverage(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The share of the totals at `rows` at or below the quantiles, and its standard error clustered by cutoff, points, by level."""
        hit = (self.actual[:, None] <= self.quantiles)[rows].astype(float)
        share = hit.mean(axis=0)
        cutoffs, at = np.unique(self.cutoff[rows], return_inverse=True)
        sums = np.zeros((len(cutoffs), hit.shape[1]))
        np.add.at(sums, at, hit - share)
        count = len(cutoffs)
        return 100 * share, 100 * np.sqrt(count / max(count - 1, 1) * (sums**2).sum(axis=0)) / len(hit)

    def pinball(self, quantiles: np.ndarray) -> float:
        """Pinball loss, mean over levels, over the sum of the totals."""
        over = self.actual[:, None] - quantiles
        level = np.array(LEVELS)
        return float(np.maximum(level * over, (level - 1) * over).mean(axis=1).sum() / self.actual.sum())

    def width(self, level: float) -> float:
        """How far the quantile lies above the mean, over mean demand: 0.1 is a safety stock of a tenth of the interval's sales."""
        return float((self.quantiles[:, LEVELS.index(level)] - self.mean).sum() / self.mean.sum())


def run() -> list[Figure]:
    """Points off nominal for every set, interval, level and class, then widths and losses."""
    return [figure for name, asked in SETS.items() for figure in figures(load(name).without_covariates, asked)]


def figures(cut: SalesSet, asked: Measured) -> list[Figure]:
    """The figures of one set."""
    found = []
    for interval, totals in measured(cut, asked).items():
        name = f"{cut.name}, {interval}"
        counts = {kind: int((totals.kind == kind).sum()) for kind in sorted(set(totals.kind))}
        for kind in (ALL, *(kind for kind, count in counts.items() if count >= LEAST_OF_A_CLASS)):
            share, error = totals.coverage(np.full(len(totals.kind), True) if kind == ALL else totals.kind == kind)
            for k, level in enumerate(LEVELS):
                most = max(POINTS if kind == ALL else POINTS_OF_A_CLASS, 2 * error[k])
                told = f"{name}: {level:.1%}, {kind} (covered {share[k]:.1f} %, standard error {error[k]:.1f})"
                found.append(Figure(told, abs(share[k] - 100 * level), "points off", at_most=most if asked.promised else None))
        own = totals.pinball(totals.quantiles)
        found.append(Figure(f"{name}: 95 % quantile above the mean", 100 * totals.width(0.95), "% of demand"))
        found.append(Figure(f"{name}: pinball of totals", 100 * own, "% of demand"))
        found.append(Figure(f"{name}: pinball / that of quantiles added up", own / totals.pinball(totals.added), "x", at_most=1))
        found.append(Figure(f"{name}: pinball / that of z sigma root interval", own / totals.pinball(totals.textbook), "x"))
    return found


def measured(cut: SalesSet, asked: Measured, model: str = MODEL) -> dict[int, Totals]:
    """By interval the totals after every measured cutoff, beside what was said of them on that day."""
    panel, longest = cut.panel, max(asked.intervals)
    last = len(panel.periods) - longest
    ends = [panel.periods[last - 1 - asked.apart * k] for k in reversed(range(asked.cutoffs))]
    said = Said(panel, model, longest)
    parts: dict[int, list[Totals]] = {interval: [] for interval in asked.intervals}
    for number, end in enumerate(ends):
        for interval in asked.intervals:
            parts[interval].append(_totals(said, end, interval, number))
    return {interval: _joined(some) for interval, some in parts.items()}


class Said:
    """What a model says at each cutoff that is asked for, once: means and quantiles of the next periods."""

    def __init__(self, panel: SalesPanel, model: str, horizon: int) -> None:
        self.panel, self.model, self.horizon = panel, model, horizon
        self._told: dict[pd.Timestamp, tuple[np.ndarray, np.ndarray]] = {}

    def at(self, cutoff: pd.Timestamp) -> tuple[np.ndarray, np.ndarray]:
        if cutoff not in self._told:
            place = int(self.panel.periods.get_loc(cutoff))
            forecast = registry.model(self.model).forecast(
                self.panel.until(cutoff, self.horizon), self.horizon, LEVELS, rng_for(self.model, 0, place)
            )
            self._told[cutoff] = forecast.mean, forecast.quantiles
        return self._told[cutoff]

    def spread(self, end: pd.Timestamp, interval: int) -> DemandSpread:
        """The spread of totals over `interval` as it was known at `end`."""
        seen = self.panel.until(end, 0)
        cutoffs = dense_cutoffs(seen, interval)
        mean = np.stack([self.at(cutoff)[0][:, :interval] for cutoff in cutoffs], axis=1)
        y = np.stack([actual_after(seen, cutoff, interval) for cutoff in cutoffs], axis=1)
        return spread_of(seen, np.full(len(seen), self.model, dtype=object), self.at(end)[0][:, :interval], cutoffs, y, mean)


def _totals(said: Said, end: pd.Timestamp, interval: int, number: int) -> Totals:
    spread = said.spread(end, interval)
    periods = np.full(len(spread.items), float(interval))
    mean = spread.mean(periods)
    actual = actual_after(said.panel, end, interval).sum(axis=1)
    quantiles = np.stack([np.maximum(mean + spread.excess(periods, level), 0) for level in LEVELS], axis=1)
    textbook = mean[:, None] + spread.sigma[:, None] * np.sqrt(interval) * stats.norm.ppf(LEVELS)
    known = ~(np.isnan(actual) | np.isnan(mean))
    told = (actual, mean, quantiles, said.at(end)[1][:, :interval].sum(axis=1), textbook, spread.kind, np.full(len(known), number))
    return Totals(*(part[known] for part in told))


def _joined(parts: list[Totals]) -> Totals:
    names = Totals.__dataclass_fields__
    return Totals(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
