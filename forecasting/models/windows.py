"""Windows: pieces of a panel, cut and scaled so that one network learns from all items at once."""

from dataclasses import dataclass

import numpy as np

from forecasting.features import calendar_waves, known_ahead
from sales.panel import SalesPanel

WEIGHT_OF_HISTORY = 4.0
FURTHEST = 10.0


@dataclass(frozen=True, eq=False)
class Batch:
    """k windows. past: k x window x inputs. future: k x horizon x inputs. target: k x horizon x 2, scaled demand (0 where not known) and
    1 where it is known. scale: k, units per period that 1 stands for."""

    past: np.ndarray
    future: np.ndarray
    target: np.ndarray
    scale: np.ndarray


class Windows:
    """All windows of a panel: `window` periods before an origin, `horizon` from it on.

    Demand is divided by the mean of its window, drawn to the item's mean as if that were 4 more periods. What lies before the history or
    after it is not known. An origin is a position in the history; the origin of the forecast is its length.
    """

    def __init__(self, panel: SalesPanel, window: int, horizon: int) -> None:
        self.window, self.horizon, self.season = window, horizon, panel.season
        self.periods = len(panel.periods)
        self.demand = np.maximum(panel.demand, 0)
        self.mean = np.nanmean(self.demand, axis=1, dtype=float)
        ds = panel.periods.append(panel.calendar.after(panel.last, horizon))
        self.waves = calendar_waves(ds, panel.calendar.frequency)
        self.covariates = [_relative(block, self.periods) for block in known_ahead(panel, horizon).values()]

    def reach(self, last: int) -> bool:
        """Whether there is a window to learn from before position `last`."""
        return bool(self._usable(last).any())

    def drawn(self, most: int, last: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Rows and origins of at most `most` windows with a known period before the origin and one from it on, before position `last`."""
        row, origin = np.nonzero(self._usable(last))
        kept = np.sort(rng.choice(len(row), size=min(most, len(row)), replace=False))
        return row[kept], origin[kept]

    def batch(self, row: np.ndarray, origin: np.ndarray, last: int | None = None) -> Batch:
        """The windows at `row` and `origin`; demand from position `last` on counts as not known."""
        behind = origin[:, None] + np.arange(-self.window, 0)
        ahead = origin[:, None] + np.arange(self.horizon)
        past, past_known = self._demand(row, behind, self.periods)
        target, target_known = self._demand(row, ahead, self.periods if last is None else last)
        seasons = 1 + np.arange(self.horizon) // self.season
        lagged, lagged_known = self._demand(row, ahead - seasons * self.season, self.periods)
        total = past.sum(axis=1) + WEIGHT_OF_HISTORY * self.mean[row]
        scale = total / (past_known.sum(axis=1) + WEIGHT_OF_HISTORY)
        by = scale[:, None]
        step = np.broadcast_to(np.linspace(0, 1, self.horizon, dtype=np.float32), ahead.shape)
        return Batch(
            past=self._inputs(row, behind, [np.log1p(past / by), past_known]),
            future=self._inputs(row, ahead, [np.log1p(lagged / by), lagged_known, step]),
            target=np.stack([target / by, target_known], axis=2).astype(np.float32),
            scale=scale,
        )

    def _usable(self, last: int) -> np.ndarray:
        known = ~np.isnan(self.demand[:, :last])
        before = np.cumsum(known, axis=1) - known
        ahead = np.cumsum(known[:, ::-1], axis=1)[:, ::-1]
        return (before > 0) & (ahead > 0)

    def _demand(self, row: np.ndarray, at: np.ndarray, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Demand at positions `at`, 0 where it is not known, and 1 where it is."""
        values = self.demand[row[:, None], np.clip(at, 0, self.periods - 1)]
        known = (at >= 0) & (at < last) & ~np.isnan(values)
        return np.where(known, values, 0.0), known.astype(np.float32)

    def _inputs(self, row: np.ndarray, at: np.ndarray, own: list[np.ndarray]) -> np.ndarray:
        inside = np.clip(at, 0, len(self.waves) - 1)
        beside = [block[row[:, None], inside] for block in self.covariates]
        return np.concatenate([np.stack(own + beside, axis=2), self.waves[inside]], axis=2).astype(np.float32)


def _relative(block: np.ndarray, periods: int) -> np.ndarray:
    """A covariate as distance from its item's mean: zeros and ones as they are, others relative to the item's mean size and in units of
    what is usual over all items; the past alone gives means and units."""
    if np.isin(block, (0, 1)).all():
        return block
    past = block[:, :periods].astype(float)
    size = np.abs(past).mean(axis=1, keepdims=True)
    distance = (block - past.mean(axis=1, keepdims=True)) / np.where(size > 0, size, 1.0)
    usual = np.sqrt((distance[:, :periods] ** 2).mean())
    return np.clip(distance / usual, -FURTHEST, FURTHEST) if usual > 0 else np.zeros_like(block)
