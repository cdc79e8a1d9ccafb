"""Hybrid: a SARIMA of each item, and one network over all items that learns what the SARIMAs' errors have left (Zhang, 2003)."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from scipy import stats

from forecasting.batched import engine
from forecasting.batched.columns import Histories
from forecasting.batched.engine import Fitted
from forecasting.forecast import OK, Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models.libraries import quiet, seeded
from forecasting.models.network import Lstm
from forecasting.models.sarima import NO_ORDER, Sarima
from sales.panel import SalesPanel

LEVELS = (0.5,)
ERRORS_THAT_WEIGH_AS_MUCH_AS_NORMAL = 50
ERRORS_OF_USUAL_SIZE = 10


@dataclass(frozen=True)
class Hybrid(Forecaster):
    """SARIMA plus LSTM (Zhang, Neurocomputing 50, 2003, eq. 3 to 7): the SARIMA takes what is linear, its one-step errors are divided by
    their size and given to the network, with the calendar and what is known ahead, and the mean is the sum of both forecasts.

    It helps where errors have a pattern that many items share, such as a promotion; where they are noise the network adds some of its own,
    and a long season, which enters SARIMA by differencing alone, is left to it. `detail` says what held-out errors were with and without.

    Quantiles come from the sum's own errors: on a held-out last horizon, forecast by SARIMAs and a network that did not see it, errors are
    divided by the SARIMA's standard deviation of their step and pooled over items; 50 of them weigh as much as the normal distribution of
    their own size.
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
        forecast = blank(self.card.name, panel, horizon, levels, status=NO_ORDER)
        held = len(panel.periods) - max(1, min(horizon, len(panel.periods) // 4))
        before, after = (Linear.unknown(panel, horizon) for _ in range(2))
        for group in self.sarima.groups(panel):
            after.take(group.rows, group.histories, group.fitted, 0)
            seen = group.histories.without_last(len(panel.periods) - held)
            refitted = engine.refit(seen, group.fitted.orders, group.fitted.order)
            before.take(group.rows, group.histories, refitted, len(panel.periods) - held)
            forecast.detail[group.rows] = [str(order) for order in group.fitted.each]
        rows = np.flatnonzero(np.isfinite(after.mean).all(axis=1))
        if len(rows):
            forecast.status[rows] = OK
            self._fill(forecast, rows, panel.select(rows), (before.select(rows), after.select(rows)), held, rng)
        return forecast

    def _fill(
        self, forecast: Forecast, rows: np.ndarray, panel: SalesPanel, parts: tuple["Linear", "Linear"], held: int, rng: np.random.Generator
    ) -> None:
        """Writes what the SARIMAs and the network say together into `rows` of `forecast`; `parts`: the SARIMAs that did not see the
        held-out periods, and those that did."""
        before, after = parts
        horizon = forecast.mean.shape[1]
        old, new = (self.network.windows_of(panel, horizon, part.errors) for part in (before, after))
        with quiet(), seeded(int(rng.integers(2**31))):
            tried, epochs = self.network.tried(old, held, LEVELS, rng)
            added = self.network.answers(new, epochs, LEVELS, rng) if new.reach(len(panel.periods)) else np.zeros_like(tried)
        mean = after.mean + added[:, :, 0]
        actual = panel.demand[:, held:].astype(float)
        alone, spread = (part[:, : actual.shape[1]] for part in (before.mean, before.deviation))
        together = np.maximum(alone + tried[:, : actual.shape[1], 0], 0)
        at = _quantiles((actual - together) / np.where(spread > 0, spread, np.nan), forecast.levels)
        forecast.mean[rows] = np.maximum(mean, 0)
        forecast.quantiles[rows] = np.maximum(mean[:, :, None] + after.deviation[:, :, None] * at, 0)
        held_out = f"held out: WAPE {_wape(actual, together):.3f}, SARIMA alone {_wape(actual, np.maximum(alone, 0)):.3f}"
        forecast.detail[rows] = [f"{order} + window {new.window}, {epochs} epochs; {held_out}" for order in forecast.detail[rows]]


@dataclass(frozen=True, eq=False)
class Linear:
    """The SARIMAs of n items from one origin: mean and deviation, n x horizon; errors, n x periods: their one-step errors in all periods,
    also those after the origin; units, NaN where none is known."""

    mean: np.ndarray
    deviation: np.ndarray
    errors: np.ndarray

    @classmethod
    def unknown(cls, panel: SalesPanel, horizon: int) -> "Linear":
        shapes = ((len(panel), horizon), (len(panel), horizon), panel.y.shape)
        return cls(*(np.full(shape, np.nan) for shape in shapes))

    def select(self, rows: np.ndarray) -> "Linear":
        return Linear(self.mean[rows], self.deviation[rows], self.errors[rows])

    def take(self, rows: np.ndarray, histories: Histories, fitted: Fitted, held: int) -> None:
        """Writes what a fit that did not see the last `held` periods says; nothing of items that it saw too little of."""
        seen = histories.without_last(held)
        enough = (~np.isnan(seen.y)).sum(axis=1) >= Sarima.card.least_history
        periods, horizon = histories.y.shape[1], self.mean.shape[1]
        ahead = slice(periods - held, periods - held + horizon)
        mean, deviation = (part[enough, ahead] for part in engine.predicted(seen, fitted, horizon))
        self.mean[rows[enough]], self.deviation[rows[enough]] = mean, deviation
        self.errors[rows[enough], -periods:] = one_step_errors(histories, fitted)[enough]


def one_step_errors(histories: Histories, fitted: Fitted) -> np.ndarray:
    """Sales less what the periods before them let expect, units, n x T; NaN where sales are not known and in the periods that differencing
    and the longest lag take."""
    known = ~np.isnan(histories.y)
    expected, _ = engine.predicted(histories, fitted, 0)
    taken = [order.lost + max(order.p, order.q) + max(order.P, order.Q) * order.season if order else 0 for order in fitted.each]
    started = np.arange(known.shape[1]) >= (known.argmax(axis=1) + taken)[:, None]
    return np.where(started & known, histories.y - expected, np.nan)


def _quantiles(scaled: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """Quantiles, L, of the scaled errors that are known, drawn by their number to those of a normal distribution as wide as they are; how
    wide is told by them and by 10 errors of the SARIMA's own size, 1."""
    known: Any = scaled[np.isfinite(scaled)]
    width = np.sqrt((np.sum(known**2) + ERRORS_OF_USUAL_SIZE) / (len(known) + ERRORS_OF_USUAL_SIZE))
    normal = stats.norm.ppf(levels) * width
    weight = len(known) / (len(known) + ERRORS_THAT_WEIGH_AS_MUCH_AS_NORMAL)
    return weight * np.quantile(known, levels) + (1 - weight) * normal if len(known) else normal


def _wape(actual: np.ndarray, forecast: np.ndarray) -> float:
    known = ~np.isnan(actual) & ~np.isnan(forecast)
    sold = actual[known].sum()
    return float(np.abs(actual - forecast)[known].sum() / sold) if sold > 0 else float("nan")
