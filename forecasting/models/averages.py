"""Averages: the mean of the last periods, the mean of the same place in the last seasons. No parameter is fitted."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models.past_errors import Past, flat, quantiles
from sales.panel import SalesPanel

SEASONS_NEEDED = 2


@dataclass(frozen=True)
class MovingAverage(Forecaster):
    """The mean of the last `window` known periods; where a season is shorter than that, of the least number of whole seasons that holds
    them (14 days for a window of 8), so that no weekday counts twice."""

    window: int = 8

    card: ClassVar[Card] = Card(
        name="moving_average",
        family=Family.BASELINE,
        least_history=2,
        uses_covariates=False,
        seasonal=False,
        intermittent=False,
        shared=False,
        cost=Cost.INSTANT,
    )

    def __post_init__(self) -> None:
        _checked(window=self.window)

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        whole = panel.season * -(-self.window // panel.season) if panel.season <= self.window else self.window
        return flat_average(self.card.name, panel, horizon, levels, whole)


@dataclass(frozen=True)
class SeasonalAverage(Forecaster):
    """The mean of the same place in the last `seasons` seasons in which it is known; a place never known has the mean of all.

    An item with fewer than 2 seasons of known history, or a panel without a season, is forecast by the mean of its last `seasons` periods.
    """

    seasons: int = 8

    card: ClassVar[Card] = Card(
        name="seasonal_average",
        family=Family.BASELINE,
        least_history=2,
        uses_covariates=False,
        seasonal=True,
        intermittent=False,
        shared=False,
        cost=Cost.INSTANT,
    )

    def __post_init__(self) -> None:
        _checked(seasons=self.seasons)

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        return place_average(self.card.name, panel, horizon, levels, self.seasons)


def averages(demand: np.ndarray, window: int) -> np.ndarray:
    """At each period of each row the mean of its last `window` known values so far; NaN before the first.

    >>> averages(np.array([[1.0, 3.0, np.nan, 5.0]]), 2)
    array([[1., 2., 2., 4.]])
    """
    known = ~np.isnan(demand)
    count = np.cumsum(known, axis=1)
    totals = np.zeros((len(demand), demand.shape[1] + 1))
    row, at = np.nonzero(known)
    totals[row, count[row, at]] = demand[row, at]
    totals = np.cumsum(totals, axis=1)
    first = np.maximum(count - window, 0)
    total = np.take_along_axis(totals, count, axis=1) - np.take_along_axis(totals, first, axis=1)
    return np.divide(total, count - first, out=np.full(demand.shape, np.nan), where=count > 0)


def flat_average(model: str, panel: SalesPanel, horizon: int, levels: tuple[float, ...], window: int) -> Forecast:
    """The forecast of a model that says the mean of the last `window` known periods."""
    forecast = blank(model, panel, horizon, levels)
    demand = panel.demand.astype(float)
    average = averages(demand, window)
    forecast.mean[:] = average[:, -1:]
    forecast.quantiles[:] = quantiles(forecast.mean, demand, flat(average), levels)
    forecast.detail[:] = "[1]" if window == 1 else f"{window} x [1]"
    return forecast


def place_average(model: str, panel: SalesPanel, horizon: int, levels: tuple[float, ...], seasons: int) -> Forecast:
    """The forecast of a model that says the mean of the same place in the last `seasons` seasons in which it is known."""
    forecast = flat_average(model, panel, horizon, levels, seasons)
    demand = panel.demand.astype(float)
    rows = (~np.isnan(demand)).sum(axis=1) >= SEASONS_NEEDED * panel.season
    if panel.season > 1 and rows.any():
        past = _of_places(demand[rows], panel.season, seasons)
        last = np.array([demand.shape[1] - 1])
        forecast.mean[rows] = np.concatenate([past(last, step) for step in range(1, horizon + 1)], axis=1)
        forecast.quantiles[rows] = quantiles(forecast.mean[rows], demand[rows], past, levels)
        forecast.detail[rows] = f"[{panel.season}]" if seasons == 1 else f"{seasons} x [{panel.season}]"
    return forecast


def _of_places(demand: np.ndarray, season: int, seasons: int) -> Past:
    """What the mean of the last `seasons` values of each place of the season said at every period."""
    n, periods = demand.shape
    whole = -(-periods // season)
    padded = np.full((n, whole * season), np.nan)
    padded[:, :periods] = demand
    places = padded.reshape(n, whole, season).swapaxes(1, 2).reshape(n * season, whole)
    average = averages(places, seasons).reshape(n, season, whole).swapaxes(1, 2).reshape(n, whole * season)
    overall = averages(demand, periods)

    def past(positions: np.ndarray, step: int) -> np.ndarray:
        at = positions + step - season * -(-step // season)
        said = np.where(at >= 0, average[:, np.maximum(at, 0)], np.nan)
        return np.where(np.isnan(said), overall[:, positions], said)

    return past


def _checked(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name}: got {count}, expected 1 or more")
