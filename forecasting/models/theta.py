"""Theta: the mean of a straight line and a smoothed line of twice the curvature, on demand without its season."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models.past_errors import Past, quantiles
from forecasting.models.scans import blocks, smoothed
from forecasting.models.seasons import Seasons, decomposed
from sales.panel import SalesPanel

GRID = np.concatenate([[0.01, 0.03], np.arange(0.05, 1.0, 0.05), [0.99]])


@dataclass(frozen=True)
class Theta(Forecaster):
    """The standard theta method (Assimakopoulos & Nikolopoulos, 2000): the season by a test and by multiplicative decomposition.

    It is simple exponential smoothing with a drift of half the slope of the straight line (Hyndman & Billah, 2003, eq. 6): h periods after
    n, level + slope / 2 x (h - 1 + (1 - (1 - alpha)^n) / alpha). Level and alpha, by least squared one-step errors, are each item's own.
    """

    card: ClassVar[Card] = Card(
        name="theta",
        family=Family.SMOOTHING,
        least_history=4,
        uses_covariates=False,
        seasonal=True,
        intermittent=False,
        shared=False,
        cost=Cost.INSTANT,
    )

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        for rows in blocks(len(panel)):
            demand = panel.demand[rows].astype(float)
            seasons = decomposed(demand, panel.season)
            past, alpha = _lines(seasons.without(demand))
            last = np.array([demand.shape[1] - 1])

            def with_season(positions: np.ndarray, step: int, past: Past = past, seasons: Seasons = seasons) -> np.ndarray:
                return seasons.put_back(past(positions, step), positions + step)

            forecast.mean[rows] = np.concatenate([with_season(last, step) for step in range(1, horizon + 1)], axis=1)
            forecast.quantiles[rows] = quantiles(np.maximum(forecast.mean[rows], 0), demand, with_season, levels)
            of = np.where(seasons.found, panel.season, 1)
            forecast.detail[rows] = [f"alpha {a:.2f} [{season}]" for a, season in zip(alpha, of, strict=True)]
        return forecast


def _lines(demand: np.ndarray) -> tuple[Past, np.ndarray]:
    """What the method said of demand without a season at every period, and each item's alpha, n.

    Its errors of one step are half those of smoothing the theta line 2 y - (a + b t), which gives alpha and the first level; the first
    level enters linearly and is solved for. The slope at a period is that of the line through what was known by then.
    """
    known = ~np.isnan(demand)
    t = np.where(known, np.arange(demand.shape[1], dtype=float), np.nan)
    slopes = _slopes(demand, t)
    first = np.nanmin(t, axis=1)
    start_of_line = np.nanmean(demand, axis=1) + slopes[:, -1] * (first - np.nanmean(t, axis=1))
    curved = 2 * demand - (start_of_line[:, None] + slopes[:, -1:] * (t - first[:, None]))
    alpha, start = _fitted(curved)
    level = smoothed(demand, alpha, (start + start_of_line) / 2)
    behind = np.arange(demand.shape[1]) - smoothed(t, alpha, first)

    def past(positions: np.ndarray, step: int) -> np.ndarray:
        return level[:, positions] + slopes[:, positions] / 2 * (step + behind[:, positions])

    return past, alpha


def _fitted(curved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of `GRID` the alpha of the least sum of squared one-step errors of smoothing, n, and the first level that reaches it, n.

    With the level at 0 before the first period errors are e_t; a first level l makes them e_t - l (1 - alpha)^(known periods before t), so
    three sums a trial tell the best l and what is left.
    """
    stays = 1 - GRID[:, None]
    level, crossed, squared, weights = np.zeros((4, len(GRID), len(curved)))
    weight = np.ones_like(level)
    for y in np.ascontiguousarray(curved.T):
        known = ~np.isnan(y)
        error, here = np.where(known, y - level, 0.0), np.where(known, weight, 0.0)
        crossed += error * here
        squared += error * error
        weights += here * here
        level += (1 - stays) * error
        weight = np.where(known, stays * weight, weight)
    start = crossed / weights
    best, each = (squared - start * crossed).argmin(axis=0), np.arange(len(curved))
    return GRID[best], start[best, each]


def _slopes(demand: np.ndarray, t: np.ndarray) -> np.ndarray:
    """At each period the slope of the least squares line through all known so far, units a period, items x periods; 0 through one."""
    known = ~np.isnan(demand)
    y, x = np.where(known, demand - np.nanmean(demand, axis=1, keepdims=True), 0.0), np.where(known, t, 0.0)
    n = np.cumsum(known, axis=1)
    both, of_x, of_y, squared = (np.cumsum(part, axis=1) for part in (x * y, x, y, x**2))
    spread = n * squared - of_x**2
    return np.divide(n * both - of_x * of_y, spread, out=np.zeros(demand.shape), where=spread > 0)
