"""Naive and seasonal naive: the last period, the same place in the last season. What every other model has to beat."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasting.forecast import Forecast
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models.averages import flat_average, place_average
from sales.panel import SalesPanel


@dataclass(frozen=True)
class Naive(Forecaster):
    """The last known period again and again (Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.2)."""

    card: ClassVar[Card] = Card(
        name="naive",
        family=Family.BASELINE,
        least_history=2,
        uses_covariates=False,
        seasonal=False,
        intermittent=False,
        shared=False,
        cost=Cost.INSTANT,
    )

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        return flat_average(self.card.name, panel, horizon, levels, 1)


@dataclass(frozen=True)
class SeasonalNaive(Forecaster):
    """Sales of the same place in the last season in which they are known.

    A place never known has the mean of all. An item with fewer than 2 seasons of known history is forecast by its last known period.
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
        return place_average(self.card.name, panel, horizon, levels, 1)
