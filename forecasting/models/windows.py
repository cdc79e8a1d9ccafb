"""Windows: pieces of a panel, cut and scaled so that one network learns from all items at once."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.features import calendar_waves, learnable
from sales.panel import SalesPanel

WEIGHT_OF_HISTORY = 4.0
FURTHEST = 10.0
RECENT = 14
SEASONS = 4
MOST_DRIFT = 4.0
SALES, SEASON, CALENDAR = "sales", "season", "calendar"
Columns = tuple[list[int], list[int], list[int]]
Groups = dict[str, Columns]


@dataclass(frozen=True, eq=False)
class Batch:
    """k windows. past: k x window x inputs. future: k x horizon x inputs. anchors: k x horizon x 5, scaled values that a step may be near
    (see `Windows`). target: k x horizon x 2, scaled value (0 where not known) and 1 where it is known. scale: k, units per period that 1
    stands for."""

    past: np.ndarray
    future: np.ndarray
    anchors: np.ndarray
    target: np.ndarray
    scale: np.ndarray

    @property
    def inputs(self) -> list[np.ndarray]:
        return [self.past, self.future, self.anchors]


class Windows:
    """All windows of a panel: `window` periods before an origin, `horizon` from it on.

    Values, demand if nothing else, are divided by the mean size in their window, drawn to the item's mean size as if that were 4 more
    periods. What lies before the history or after it is not known. An origin is a position in the history; the origin of the forecast is
    its length.

    Anchors of a step are the level (1; 0 for residuals, whose `values` are given), the mean of the window's last 14 periods, the value one
    season before the step, that value times the drift (the sum of the last 14 periods over that of the same a season before), and the
    mean of the same place in the last 4 seasons. Where no season is known they are the mean of the last 14. A network learns how near to
    which of them a step is.
    """

    def __init__(self, panel: SalesPanel, window: int, horizon: int, values: np.ndarray | None = None) -> None:
        self.window, self.horizon, self.season = window, horizon, panel.season
        self.periods, self.dates, self.last = len(panel.periods), panel.periods, panel.last
        self.level = 1.0 if values is None else 0.0
        self.values = np.maximum(panel.demand, 0) if values is None else values
        known = ~np.isnan(self.values)
        size = np.where(known, np.abs(self.values), 0).sum(axis=1, dtype=float) / np.maximum(known.sum(axis=1), 1)
        self.size = np.where(size > 0, size, 1.0)
        ds = panel.periods.append(panel.calendar.after(panel.last, horizon))
        self.waves = calendar_waves(ds, panel.calendar.frequency)
        self.covariates = {name: _relative(block, self.periods) for name, block in learnable(panel, horizon).items()}

    def reach(self, last: int) -> bool:
        """Whether there is a window to learn from before position `last`."""
        return bool(self._usable(last).any())

    @property
    def count(self) -> int:
        """How many windows there are to learn from."""
        return int(self._drawable(self.periods).sum())

    @property
    def first(self) -> pd.Timestamp:
        """The first period that one of them is to tell."""
        return self.dates[int(self._drawable(self.periods).any(axis=0).argmax())]

    def drawn(self, most: int, last: int, rng: np.random.Generator, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Rows and origins, from `first` on, of at most `most` windows with a known period before the origin and one from it on, before
        position `last`. Where the history is long enough only those that look back on a season, as the window of the forecast does."""
        row, origin = np.nonzero(self._drawable(last, first))
        kept = np.sort(rng.choice(len(row), size=min(most, len(row)), replace=False))
        return row[kept], origin[kept]

    def batch(self, row: np.ndarray, origin: np.ndarray, last: int | None = None) -> Batch:
        """The windows at `row` and `origin`; values from position `last` on count as not known."""
        behind = origin[:, None] + np.arange(-self.window, 0)
        ahead = origin[:, None] + np.arange(self.horizon)
        season = (1 + np.arange(self.horizon) // self.season) * self.season
        past, past_known = self._at(row, behind, self.periods)
        before, before_known = self._at(row, behind - self.season, self.periods)
        target, target_known = self._at(row, ahead, self.periods if last is None else last)
        once, once_known = self._at(row, ahead - season, self.periods)
        seasons = [self._at(row, ahead - season - k * self.season, self.periods) for k in range(SEASONS)]
        usual, usual_known = np.sum(seasons, axis=0)

        total = np.abs(past).sum(axis=1) + WEIGHT_OF_HISTORY * self.size[row]
        scale = total / (past_known.sum(axis=1) + WEIGHT_OF_HISTORY)
        by = scale[:, None]
        level = np.full(ahead.shape, self.level)
        recent = (past[:, -RECENT:].sum(axis=1) / scale + self.level) / (past_known[:, -RECENT:].sum(axis=1) + 1)
        recent = np.broadcast_to(recent[:, None], ahead.shape)
        once = np.where(once_known > 0, once / by, recent)
        usual = np.where(usual_known > 0, usual / (by * np.maximum(usual_known, 1)), recent)
        both = past_known[:, -RECENT:] * before_known[:, -RECENT:] * self.level
        now, then = ((block[:, -RECENT:] * both).sum(axis=1) / scale for block in (past, before))
        drift = np.clip((now + 1) / (then + 1), 1 / MOST_DRIFT, MOST_DRIFT)
        drifted = np.where(once_known > 0, once * drift[:, None], recent)
        step = np.broadcast_to(np.linspace(0, 1, self.horizon, dtype=np.float32), ahead.shape)
        told = [_log(recent), step, _log(once), once_known, _log(usual), usual_known / SEASONS]
        return Batch(
            past=self._inputs([_log(past / by), past_known, _log(before / by), before_known], row, behind),
            future=self._inputs(told, row, ahead, ahead - season),
            anchors=np.stack([level, recent, once, drifted, usual], axis=2).astype(np.float32),
            target=np.stack([target / by, target_known], axis=2).astype(np.float32),
            scale=scale,
        )

    def groups(self) -> Groups:
        """What the inputs tell of: name -> columns of past, future and anchors. "sales": what sold last; "season": what sold in seasons
        before; the covariates by their names; "calendar"."""
        own: Groups = {SALES: ([0, 1], [0], [1]), SEASON: ([2, 3], [2, 3, 4, 5], [2, 3, 4])}
        count, waves = len(self.covariates), range(self.waves.shape[1])
        beside: Groups = {name: ([4 + k], [6 + k, 6 + count + k], []) for k, name in enumerate(self.covariates)}
        return {**own, **beside, CALENDAR: ([4 + count + k for k in waves], [6 + 2 * count + k for k in waves], [])}

    def _drawable(self, last: int, first: int = 0) -> np.ndarray:
        """Which rows and origins `drawn` draws from."""
        usable = self._usable(last) & (np.arange(last) >= first)
        seasoned = usable & (np.arange(last) >= self.season)
        return seasoned if seasoned.any() else usable

    def _usable(self, last: int) -> np.ndarray:
        known = ~np.isnan(self.values[:, :last])
        before = np.cumsum(known, axis=1) - known
        ahead = np.cumsum(known[:, ::-1], axis=1)[:, ::-1]
        return (before > 0) & (ahead > 0)

    def _at(self, row: np.ndarray, at: np.ndarray, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Values at positions `at`, 0 where they are not known, and 1 where they are."""
        values = self.values[row[:, None], np.clip(at, 0, self.periods - 1)]
        known = (at >= 0) & (at < last) & ~np.isnan(values)
        return np.where(known, values, 0.0), known.astype(np.float32)

    def _inputs(self, own: list[np.ndarray], row: np.ndarray, *places: np.ndarray) -> np.ndarray:
        """`own`, then the covariates at each of `places`, then the calendar at the first."""
        inside = [np.clip(at, 0, len(self.waves) - 1) for at in places]
        beside = [block[row[:, None], at] for at in inside for block in self.covariates.values()]
        return np.concatenate([np.stack(own + beside, axis=2), self.waves[inside[0]]], axis=2).astype(np.float32)


def shuffled(batch: Batch, columns: Columns, rng: np.random.Generator) -> Batch:
    """`batch` with the inputs at `columns` (see `Windows.groups`) of each window taken from another one."""
    order = rng.permutation(len(batch.scale))
    blocks = []
    for block, chosen in zip(batch.inputs, columns, strict=True):
        mixed = block.copy()
        mixed[:, :, chosen] = block[order][:, :, chosen]
        blocks.append(mixed)
    return replace(batch, past=blocks[0], future=blocks[1], anchors=blocks[2])


def _log(values: np.ndarray) -> np.ndarray:
    return np.sign(values) * np.log1p(np.abs(values))


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
