"""Hybrid: a SARIMA of each item, and one network over all items that learns what the SARIMAs' errors have left (Zhang, 2003)."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from scipy import stats

from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models import parallel
from forecasting.models.libraries import quiet, seeded
from forecasting.models.network import Lstm
from forecasting.models.sarima import Fit, Order, Sarima, fitted, one_step_errors, predict, recent
from sales.panel import SalesPanel

LEVELS = (0.5,)
UNFIT = (ArithmeticError, ValueError, np.linalg.LinAlgError)
ERRORS_THAT_WEIGH_AS_MUCH_AS_NORMAL = 50


@dataclass(frozen=True)
class Hybrid(Forecaster):
    """SARIMA plus LSTM (Zhang, Neurocomputing 50, 2003, eq. 3 to 7): the SARIMA takes what is linear, its one-step errors are divided by
    their size and given to the network, with the calendar and what is known ahead, and the mean is the sum of both forecasts.

    It helps where errors have a pattern that many items share, such as a promotion; where they are noise the network adds some of its own,
    and a long season, which enters SARIMA by differencing alone, is left to it. `detail` says what held-out errors were with and without.

    Quantiles come from the sum's own errors: on a held-out last horizon, forecast by SARIMAs and a network that did not see it, errors are
    divided by the SARIMA's standard deviation of their step and pooled over items; 50 of them weigh as much as the normal distribution.
    """

    sarima: Sarima = field(default_factory=Sarima)
    network: Lstm = field(default_factory=Lstm)

    card: ClassVar[Card] = Card(
        name="hybrid",
        family=Family.COMBINATION,
        least_history=14,
        uses_covariates=True,
        seasonal=True,
        intermittent=False,
        shared=True,
        cost=Cost.SLOW,
    )

    def tuned(self, panel: SalesPanel, rng: np.random.Generator) -> "Hybrid":
        """This model with the SARIMA's order of each item."""
        return replace(self, sarima=self.sarima.tuned(panel, rng))

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        held = len(panel.periods) - max(1, min(horizon, len(panel.periods) // 4))
        orders = dict(self.sarima.orders)
        tasks = [(demand, panel.season, orders.get(item)) for demand, item in zip(panel.demand, panel.items, strict=True)]
        outcomes = parallel.mapped(partial(_linear, horizon=horizon, held=held), tasks, rng)
        forecast.status[:] = [outcome.status for outcome in outcomes]
        forecast.seconds[:] = [outcome.seconds for outcome in outcomes]
        able = ~forecast.failed
        if able.any():
            linear = [outcome.value for outcome in outcomes if outcome.value is not None]
            self._fill(forecast, np.flatnonzero(able), panel.select(able), linear, held, rng)
        return forecast

    def _fill(
        self, forecast: Forecast, rows: np.ndarray, panel: SalesPanel, linear: list["Linear"], held: int, rng: np.random.Generator
    ) -> None:
        """Writes what the SARIMAs and the network say together into `rows` of `forecast`."""
        horizon = forecast.mean.shape[1]
        before = self.network.windows_of(panel, horizon, np.stack([part.before.errors for part in linear]))
        after = self.network.windows_of(panel, horizon, np.stack([part.after.errors for part in linear]))
        with quiet(), seeded(int(rng.integers(2**31))):
            tried, epochs = self.network.tried(before, held, LEVELS, rng)
            added = self.network.answers(after, epochs, LEVELS, rng) if after.reach(len(panel.periods)) else np.zeros_like(tried)
        mean = np.stack([part.after.mean for part in linear]) + added[:, :, 0]
        actual = panel.demand[:, held:].astype(float)
        alone = np.stack([part.before.mean for part in linear])[:, : actual.shape[1]]
        spread = np.stack([part.before.deviation for part in linear])[:, : actual.shape[1]]
        together = np.maximum(alone + tried[:, : actual.shape[1], 0], 0)
        at = _quantiles((actual - together) / np.where(spread > 0, spread, np.nan), forecast.levels)
        deviation = np.stack([part.after.deviation for part in linear])
        forecast.mean[rows] = np.maximum(mean, 0)
        forecast.quantiles[rows] = np.maximum(mean[:, :, None] + deviation[:, :, None] * at, 0)
        held_out = f"held out: WAPE {_wape(actual, together):.3f}, SARIMA alone {_wape(actual, np.maximum(alone, 0)):.3f}"
        forecast.detail[rows] = [f"{part.order} + window {after.window}, {epochs} epochs; {held_out}" for part in linear]


@dataclass(frozen=True)
class Part:
    """A SARIMA from one origin: mean and standard deviation of the horizon, and its one-step errors in every period; units, NaN where none
    is known."""

    mean: np.ndarray
    deviation: np.ndarray
    errors: np.ndarray


@dataclass(frozen=True)
class Linear:
    """An item's SARIMA: from the held-out periods on, which it did not see, and after the last period."""

    before: Part
    after: Part
    order: str


def _linear(task: tuple[np.ndarray, int, Order | None], seed: np.random.SeedSequence, horizon: int, held: int) -> Linear:
    demand, season, order = task
    found = _fit(demand, season, order)
    after = _part(demand, found, len(demand), horizon)
    if not np.isfinite(after.mean).all():
        raise ArithmeticError("the forecast is not finite")
    nothing = np.full(horizon, np.nan)
    before = Part(nothing, nothing, np.full(len(demand), np.nan))
    if (~np.isnan(demand[:held])).sum() >= Sarima.card.least_history:
        with suppress(*UNFIT):
            before = _part(demand, _fit(demand[:held], season, found.order), held, horizon)
    return Linear(before, after, str(found.order))


def _fit(demand: np.ndarray, season: int, order: Order | None) -> Fit:
    """`order` fitted, or where it cannot be, or there is none, that of least AICc."""
    history = recent(demand)
    if order is not None:
        with suppress(*UNFIT):
            return fitted(history, season, order)
    return fitted(history, season, None)


def _part(demand: np.ndarray, found: Fit, origin: int, horizon: int) -> Part:
    """What the SARIMA says after position `origin`, and its errors in all periods of `demand`."""
    mean, deviation = predict(recent(demand[:origin]), found, horizon)
    history = recent(demand)
    errors = np.full(len(demand), np.nan)
    errors[len(demand) - len(history) :] = one_step_errors(history, found)
    return Part(mean, deviation, errors)


def _quantiles(scaled: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """Quantiles, L, of the scaled errors that are known, drawn to the normal distribution's by their number."""
    known: Any = scaled[np.isfinite(scaled)]
    normal = stats.norm.ppf(levels)
    weight = len(known) / (len(known) + ERRORS_THAT_WEIGH_AS_MUCH_AS_NORMAL)
    return weight * np.quantile(known, levels) + (1 - weight) * normal if len(known) else normal


def _wape(actual: np.ndarray, forecast: np.ndarray) -> float:
    known = ~np.isnan(actual) & ~np.isnan(forecast)
    sold = actual[known].sum()
    return float(np.abs(actual - forecast)[known].sum() / sold) if sold > 0 else float("nan")
