"""ARIMA: SARIMA without a season, for panels that have none or as what a season has to beat."""

from dataclasses import dataclass
from typing import ClassVar

from forecasting.forecaster import Card, Cost, Family
from forecasting.models.sarima import Sarima


@dataclass(frozen=True)
class Arima(Sarima):
    """ARIMA, which is SARIMA without a season: (p, d, q) of each item by AICc (Box & Jenkins, 1976; Hyndman & Khandakar, 2008)."""

    card: ClassVar[Card] = Card(
        name="arima",
        family=Family.ARIMA,
        least_history=12,
        uses_covariates=False,
        seasonal=False,
        intermittent=False,
        shared=False,
        cost=Cost.BATCHED,
    )
