"""Seasonal naive: the same place in the last season. What every other model has to beat."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import stats

from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from sales.panel import SalesPanel

SEASONS_NEEDED = 2


@dataclass(frozen=True)
class SeasonalNaive(Forecaster):
    """Sales of the same place in the last season in which they are known.

    Quantiles are normal around it with standard deviation s x sqrt(k), s that of the differences from one season to the next, k the seasons
    ahead, counted from 1 (Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.5: s x sqrt(k), k = floor((h - 1) / m)
    + 1). An item with fewer than 2 seasons of known history is forecast by its last known period.
    """

    card: ClassVar[Card] = Card(
        name="seasonal_naive",
        family=Family.BASELINE,
        least_history=2,
        uses_covariates=False,
        seasonal=True,
        intermittent=False,
        shared=False,
        cost=Cost.INSTANT,
    )

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        demand = panel.demand.astype(float)
        seasonal = (~np.isnan(demand)).sum(axis=1) >= SEASONS_NEEDED * panel.season
        for season, rows in ((panel.season, seasonal), (1, ~seasonal)):
            if rows.any():
                mean, deviation = _repeated(demand[rows], season, horizon)
                forecast.mean[rows] = mean
                forecast.quantiles[rows] = mean[:, :, None] + deviation[:, :, None] * stats.norm.ppf(levels)
                forecast.detail[rows] = f"[{season}]"
        np.maximum(forecast.quantiles, 0, out=forecast.quantiles)
        return forecast


def _repeated(demand: np.ndarray, season: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation, items x horizon: each place of the season repeats its last known value."""
    n, periods = demand.shape
    seasons = -(-periods // season)
    padded = np.full((n, seasons * season), np.nan)
    padded[:, seasons * season - periods :] = demand
    places = padded.reshape(n, seasons, season)
    backwards = ~np.isnan(places[:, ::-1])
    back = np.where(backwards.any(axis=1), backwards.argmax(axis=1), 0)
    last = np.take_along_axis(places, (seasons - 1 - back)[:, None, :], axis=1)[:, 0]
    mean_of_item = np.nanmean(demand, axis=1, keepdims=True)
    last = np.where(np.isnan(last), mean_of_item, last)

    step = np.arange(horizon)
    ahead = step // season + 1 + back[:, step % season]
    return last[:, step % season], _spread(demand, season)[:, None] * np.sqrt(ahead)


def _spread(demand: np.ndarray, season: int) -> np.ndarray:
    """Root mean square of the differences from one season to the next, n; of the values around their mean where no two are known."""
    differences = demand[:, season:] - demand[:, :-season]
    around = demand - np.nanmean(demand, axis=1, keepdims=True)
    known = (~np.isnan(differences)).sum(axis=1)
    squared = np.nansum(differences**2, axis=1)
    return np.where(known > 0, np.sqrt(squared / np.maximum(known, 1)), np.sqrt(np.nanmean(around**2, axis=1)))
