"""ETS: exponential smoothing in all its forms, each item's own by AICc (Hyndman, Koehler, Ord & Snyder, 2008)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from forecasting.fallbacks import answer
from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster, driver_rows
from forecasting.models.past_errors import quantiles
from forecasting.models.scans import blocks
from forecasting.models.seasons import Seasons, decomposed, seasonal_indices
from forecasting.models.smoothing_fit import MOST_PERIODS, SMOOTHING, STATES, Form, Pairs
from sales.panel import SalesPanel

LONGEST_SEASON = 24
SEASONS_NEEDED = 2
FIRST_PERIODS = 10
FINALISTS = 3
TRENDS = ("N", "Ad")


@dataclass(frozen=True)
class Ets(Forecaster):
    """Exponential smoothing of the last 2 years of days (730 periods), gaps skipped.

    The form is the one of the least AICc out of errors that add or (demand above 0) multiply, no trend or a damped one, and seasons that
    add or (with errors that multiply) multiply: 10 forms, 4 where demand is zero somewhere. A trend that is not damped is left out: AICc
    judges one step, and many steps ahead a damped one is as good or better (Gardner & McKenzie, 1985); near 0.98 it is hardly damped. A
    season longer than 24 periods has too many first states to be fitted: it is taken out by decomposition first. Parameters and first
    states are those of the maximum of the likelihood.
    """

    card: ClassVar[Card] = Card(
        name="ets",
        family=Family.SMOOTHING,
        least_history=6,
        uses_covariates=False,
        seasonal=True,
        intermittent=False,
        shared=False,
        cost=Cost.FAST,
    )

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        for rows in blocks(len(panel)):
            demand = panel.demand[rows, -MOST_PERIODS:].astype(float)
            found = fitted(demand, panel.season)
            last = np.array([demand.shape[1] - 1])
            forecast.mean[rows] = np.concatenate([found.said(last, step) for step in range(1, horizon + 1)], axis=1)
            forecast.quantiles[rows] = quantiles(np.maximum(forecast.mean[rows], 0), demand, found.said, levels)
            forecast.detail[rows] = found.names
        return forecast

    def drivers(self, panel: SalesPanel, horizon: int, rng: np.random.Generator) -> pd.DataFrame:
        """Level, trend and season of each item, units: of each period of the history as they were known one period before."""
        _, able = answer(self.card.name, self.card.least_history, panel, 1, (0.5,))
        if not able.any():
            return driver_rows([])
        panel = panel.select(able)
        demand = panel.demand[:, -MOST_PERIODS:].astype(float)
        ds = panel.periods[-demand.shape[1] :][1:].append(panel.calendar.after(panel.last, horizon))
        return driver_rows([
            pd.DataFrame({"item": np.repeat(panel.items, len(ds)), "kind": "component", "name": name, "ds": np.tile(ds, len(panel)),
                          "value": block.ravel()}).dropna(subset="value")
            for name, block in fitted(demand, panel.season).parts(horizon).items()
        ])  # fmt: skip


@dataclass(frozen=True, eq=False)
class Fitted:
    """The form of each item with its states at the end of every period. names: n texts. first: n, position of the first known period.
    level, slope: items x periods, NaN before it. season: items x (m + periods), the season's place as last known, the first m before the
    history. damping, times, adds: n, the trend's damping (0: no trend), 1 where the season multiplies, where it adds. aicc: n.
    outside: the season that was taken out before."""

    names: np.ndarray
    level: np.ndarray
    slope: np.ndarray
    season: np.ndarray
    damping: np.ndarray
    times: np.ndarray
    adds: np.ndarray
    aicc: np.ndarray
    likelihood: np.ndarray
    outside: Seasons

    def said(self, positions: np.ndarray, step: int) -> np.ndarray:
        """What the model says at `positions` of the `step`-th period after each, with these parameters, items x positions."""
        return self._in_parts(positions, step)[2]

    def parts(self, horizon: int) -> dict[str, np.ndarray]:
        """Level, trend and season, units, items x (periods - 1 + horizon), from the second period on; what no item has is left out."""
        positions = np.arange(self.level.shape[1])
        behind = [self._in_parts(positions[:-1], 1)]
        ahead = [self._in_parts(positions[-1:], step) for step in range(1, horizon + 1)]
        level, trend, mean = (np.concatenate(part, axis=1) for part in zip(*(behind + ahead), strict=True))
        season = mean - level - trend
        found = {"level": level, "trend": trend, "season": season}
        return {name: block for name, block in found.items() if name == "level" or np.nanmax(np.abs(block)) > 0}

    def _in_parts(self, positions: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        m = self.season.shape[1] - self.level.shape[1]
        damped = (self.damping[:, None] ** np.arange(1, step + 1)).sum(axis=1)[:, None]
        place = self.season[:, m + positions + step - m * -(-step // m)]
        level, trend = self.level[:, positions], damped * self.slope[:, positions]
        within = (level + trend) * (1 + self.times[:, None] * (place - 1)) + self.adds[:, None] * place
        return level, trend, self.outside.put_back(within, positions + step)


def forms(season: int, positive: bool) -> list[Form]:
    """The forms to choose from: errors that multiply need demand above 0; a season that multiplies needs such errors, or it is unstable."""
    errors = ("A", "M") if positive else ("A",)
    kinds = [(error, kind) for kind in ("N", "A", "M") for error in errors if (kind == "N" or season > 1) and (kind != "M" or error == "M")]
    return [Form(error, trend, kind) for error, kind in kinds for trend in TRENDS]


def fitted(demand: np.ndarray, season: int) -> Fitted:
    """The form of least AICc of each row of `demand` (items x periods, NaN: unknown; each with a known period that is not 0).

    AICc = -2 log L + 2k + 2k(k + 1) / (n - k - 1), k the smoothing parameters, first states and the variance, n the known periods.
    """
    outside = decomposed(demand, season if season > LONGEST_SEASON else 1)
    season = 1 if season > LONGEST_SEASON else season
    inside = outside.without(demand)
    first = (~np.isnan(inside)).argmax(axis=1)
    scale = np.nanmean(np.abs(inside), axis=1)
    aligned = _shifted(inside, first) / scale[:, None]
    found = _chosen(aligned, season)
    back = -first
    return Fitted(
        names=found.names,
        level=_shifted(found.level, back) * scale[:, None],
        slope=_shifted(found.slope, back) * scale[:, None],
        season=_season_back(found.season, first, season) * np.where(found.adds, scale, 1.0)[:, None],
        damping=found.damping,
        times=found.times,
        adds=found.adds,
        aicc=found.aicc,
        likelihood=found.likelihood - (~np.isnan(inside)).sum(axis=1) * np.log(scale),
        outside=outside,
    )


def _chosen(y: np.ndarray, season: int) -> Fitted:
    """The best form of each row, whose first period is known; season: its first m places, then that after each period.

    All forms are searched in a few steps; the best 3 by the AICc that follows from these are taken to the maximum and compared.
    """
    groups = _pairs(y, season)
    searched = [group.searched(_first_states(group)) for group in groups]
    first = [group.aicc(least) for group, (_, least) in zip(groups, searched, strict=True)]
    for group, (x, least), some in zip(groups, searched, _entered(groups, first, len(y)), strict=True):
        group.finished(x, least, some)
    best = _blank(y, season)
    last = [group.aicc(least) for group, (_, least) in zip(groups, searched, strict=True)]
    for group, (x, least), some in zip(groups, searched, _entered(groups, last, len(y), 1), strict=True):
        _write(best, group, x, least, some)
    return best


def _pairs(y: np.ndarray, season: int) -> list[Pairs]:
    """All rows with all the forms that they may have: those without a season, then those with one."""
    positive = (np.where(np.isnan(y), 1.0, y) > 0).all(axis=1)
    enough = (~np.isnan(y)).sum(axis=1) >= SEASONS_NEEDED * season
    groups = []
    for seasonal in (False, True)[: 1 + (season > 1)]:
        of_group = [form for form in forms(season, True) if (form.season != "N") == seasonal]
        pairs = [(row, form) for form in of_group for row in np.flatnonzero((positive | (form.error == "A")) & (enough | (not seasonal)))]
        if pairs:
            rows, of = zip(*pairs, strict=True)
            groups.append(Pairs(y, season if seasonal else 1, np.array(rows), of))
    return groups


def _entered(groups: list[Pairs], aicc: list[np.ndarray], n: int, most: int = FINALISTS) -> list[np.ndarray]:
    """Of each group the pairs that are among the best `most` of their row, of `n`, in all groups."""
    rows, all_aicc = np.concatenate([group.rows for group in groups]), np.concatenate(aicc)
    order = np.lexsort((all_aicc, rows))
    place = np.arange(len(rows)) - np.searchsorted(rows[order], rows[order])
    chosen = np.zeros(len(rows), dtype=bool)
    chosen[order[place < most]] = True
    chosen &= np.isfinite(all_aicc)
    parts = np.split(chosen, np.cumsum([len(group.rows) for group in groups])[:-1])
    return [np.flatnonzero(part) for part in parts]


def _blank(y: np.ndarray, season: int) -> Fitted:
    n, periods = y.shape
    return Fitted(
        names=np.full(n, "", dtype=object),
        level=np.full((n, periods), np.nan),
        slope=np.zeros((n, periods)),
        season=np.zeros((n, season + periods)),
        damping=np.zeros(n),
        times=np.zeros(n),
        adds=np.zeros(n),
        aicc=np.full(n, np.inf),
        likelihood=np.full(n, -np.inf),
        outside=decomposed(y, 1),
    )


def _write(best: Fitted, group: Pairs, x: np.ndarray, least: np.ndarray, some: np.ndarray) -> None:
    """The pairs at `some` written into their rows of `best`."""
    if not len(some):
        return
    by, at = group.smoothed(x, some), group.rows[some]
    best.names[at] = [str(group.forms[i]) + (f" [{group.season}]" if group.season > 1 else "") for i in some]
    best.level[at], best.slope[at], best.damping[at] = by.level[1:].T, by.slope[1:].T, by.damping
    best.aicc[at], best.likelihood[at] = group.aicc(least)[some], group.likelihood(least)[some]
    if group.season > 1:
        kinds = np.array([group.forms[i].season for i in some])
        best.times[at], best.adds[at] = kinds == "M", kinds == "A"
        best.season[at] = by.places.T


def _first_states(group: Pairs) -> np.ndarray:
    """Level, slope and places to begin with, states x pairs."""
    found = np.empty((group.numbers - SMOOTHING, len(group.rows)))
    for kind in {form.season for form in group.forms}:
        some = np.array([form.season == kind for form in group.forms])
        found[:, some] = _states(group.y, group.season, kind)[:, group.rows[some]]
    return found


def _states(y: np.ndarray, season: int, kind: str) -> np.ndarray:
    """First states, states x rows: a line through the first periods without their season, and the season of decomposition
    (Hyndman et al., 2008, 2.6.1)."""
    n = len(y)
    level = y
    found = np.zeros((STATES + season - 1, n))
    if kind != "N":
        places = seasonal_indices(y, season, ratio=kind == "M")
        found[STATES:] = places[:, :-1].T
        tiled = places[:, np.arange(y.shape[1]) % season]
        level = y / np.maximum(tiled, 0.1) if kind == "M" else y - tiled
    known = ~np.isnan(level)
    near = known & (np.cumsum(known, axis=1) <= max(FIRST_PERIODS, 2 * season if kind != "N" else 0))
    t = np.arange(y.shape[1])
    count = near.sum(axis=1)
    mean_t, mean = (near * t).sum(axis=1) / count, np.where(near, level, 0.0).sum(axis=1) / count
    away = np.where(near, t - mean_t[:, None], 0.0)
    found[1] = (away * np.where(near, level, 0.0)).sum(axis=1) / np.maximum((away**2).sum(axis=1), 1.0)
    found[0] = mean
    return found


def _shifted(block: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Each row moved to the left by its own number of columns (to the right where it is negative), NaN where nothing is left."""
    at = np.arange(block.shape[1]) + by[:, None]
    inside = (at >= 0) & (at < block.shape[1])
    return np.where(inside, np.take_along_axis(block, np.clip(at, 0, block.shape[1] - 1), axis=1), np.nan)


def _season_back(places: np.ndarray, first: np.ndarray, season: int) -> np.ndarray:
    """First places and places after each period, moved to the right by `first`; before that the first places go round."""
    at = np.arange(places.shape[1]) - season - first[:, None]
    return np.take_along_axis(places, np.where(at >= 0, at + season, at % season), axis=1)
