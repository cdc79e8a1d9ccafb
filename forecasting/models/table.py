"""The feature table: one row an item, origin and step, from which models that know no time learn all items and all steps at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from forecasting.features import calendar_waves, learnable
from sales.panel import SalesPanel

WINDOWS = {"D": (7, 14, 28, 56, 112, 364), "W": (2, 4, 8, 13, 26, 52), "M": (2, 3, 6, 12, 24, 36)}
YEAR = {"D": 364, "W": 52, "M": 12}
AROUND = {"D": 3, "W": 1, "M": 0}
WEIGHT_OF_HISTORY = 4.0
WEIGHT_OF_ONE = 3.0
SEASONS_AVERAGED = 4
LAST_PERIODS = 3
MOST_VALUES = 12
FURTHEST = 10.0
ORIGINS = 1096
SMALLEST_SPREAD = 0.05

Columns = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Rows:
    """k rows. inputs: k x features, float32, NaN where not known. target: k, demand over `scale` (NaN where not known). scale: k, units a
    period that 1 stands for. spread: k, standard deviation of the item's last periods over `scale`. end: k, position after the target's."""

    inputs: np.ndarray
    target: np.ndarray
    scale: np.ndarray
    spread: np.ndarray
    end: np.ndarray

    @property
    def weight(self) -> np.ndarray:
        """What each row counts in learning, 1 on average: the root of its scale, between one item, one vote and one unit, one vote."""
        root = np.sqrt(self.scale)
        return root / root.mean()

    def at(self, rows: np.ndarray) -> "Rows":
        """The rows at a mask or positions."""
        return Rows(self.inputs[rows], self.target[rows], self.scale[rows], self.spread[rows], self.end[rows])

    def columns(self, kept: np.ndarray) -> "Rows":
        """These rows with the features at positions `kept` alone."""
        return replace(self, inputs=self.inputs[:, kept])


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of all parts."""
    return Rows(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Rows)))


class Table:
    """All rows of a panel. An origin is a position in the history, that of the forecast its length; step 0 is the first period after it.

    A row holds nothing of `origin` or later but what is known ahead: covariates and the calendar. Demand is divided by the row's scale, the
    mean of the last weeks drawn to that of all before as if that were 4 more periods, so that big and small items look alike.

    names: of the features, in order.
    """

    def __init__(self, panel: SalesPanel, horizon: int) -> None:
        self.horizon, self.season, self.frequency = horizon, panel.season, panel.calendar.frequency
        self.periods, self.last, self.year = len(panel.periods), panel.last, YEAR[self.frequency]
        self.windows = WINDOWS[self.frequency]
        self.demand = np.maximum(panel.demand, 0)
        self._measure()
        self._ds = panel.periods.append(panel.calendar.after(panel.last, horizon))
        self._waves = calendar_waves(self._ds, self.frequency)
        self._covariates = {name: _Covariate(block, self.demand) for name, block in learnable(panel, horizon).items()}
        self._static = _one_hot(panel)
        self.names = tuple(name for name, _ in self._columns(np.zeros(1, int), np.full(1, self.periods), np.zeros(1, int)))

    def ahead(self) -> Rows:
        """The rows that the forecast asks for, n x horizon of them, by item and step."""
        row, step = np.divmod(np.arange(len(self.demand) * self.horizon), self.horizon)
        return self.rows(row, np.full(len(row), self.periods), step)

    def drawn(self, most: int, rng: np.random.Generator, first: int, last: int) -> Rows:
        """At most `most` rows with origins from position `first` on and targets before `last`, all or drawn at random.

        Only rows whose target is known and whose item sold before the origin, and of the last 3 years of days (1,096 periods).
        """
        first = max(first, last - ORIGINS, 1)
        n, origins = len(self.demand), max(last - first, 0)
        total = n * origins * self.horizon
        flat = np.arange(total) if total <= 2 * most else np.unique(rng.integers(total, size=2 * most))
        row, rest = np.divmod(flat, max(origins, 1) * self.horizon)
        origin, step = rest // self.horizon + first, rest % self.horizon
        inside = origin + step < last
        row, origin, step = row[inside], origin[inside], step[inside]
        usable = ~np.isnan(self.demand[row, origin + step]) & (self._total[row, origin] > 0)
        at = np.flatnonzero(usable)
        if len(at) > most:
            at = np.sort(rng.choice(at, most, replace=False))
        return self.rows(row[at], origin[at], step[at])

    def count(self, first: int, last: int) -> int:
        """How many rows `drawn` draws from."""
        origin = np.arange(max(first, last - ORIGINS, 1), last)
        known = self._count[:, np.minimum(origin + self.horizon, last)] - self._count[:, origin]
        return int((known * (self._total[:, origin] > 0)).sum())

    def date(self, end: int) -> pd.Timestamp:
        """The period before position `end`."""
        return self._ds[end - 1]

    def rows(self, row: np.ndarray, origin: np.ndarray, step: np.ndarray) -> Rows:
        """The rows of these items, origins and steps."""
        inputs = np.empty((len(row), len(self.names)), dtype=np.float32)
        for at, (_, values) in enumerate(self._columns(row, origin, step)):
            inputs[:, at] = values
        position = origin + step
        values = self.demand[row, np.minimum(position, self.periods - 1)]
        scale = self._scale(row, origin)
        target = np.where(position < self.periods, values, np.nan) / scale
        return Rows(inputs, target, scale, self._spread(row, origin, scale), position + 1)

    def _measure(self) -> None:
        """Running totals, from which the mean of any window is one subtraction."""
        known = ~np.isnan(self.demand)
        filled = np.where(known, self.demand, 0).astype(float)
        self._total, self._count = _running(filled), _running(known, np.int32)
        self._squares, self._sold = _running(filled**2), _running(filled > 0, np.int32)
        self._by_place, self._count_by_place = _running_by_place(filled, self.season), _running_by_place(known, self.season)
        positions = np.arange(1, self.periods + 1)
        last = np.maximum.accumulate(np.where(filled > 0, positions, 0), axis=1)
        self._last_sale = np.concatenate([np.zeros((len(filled), 1), int), last], axis=1)
        self._begin = np.where(known.any(axis=1), known.argmax(axis=1), self.periods)

    def _scale(self, row: np.ndarray, origin: np.ndarray) -> np.ndarray:
        begin = np.maximum(origin - self.windows[2], 0)
        total, count = _between(self._total, row, begin, origin), _between(self._count, row, begin, origin)
        before = self._mean(row, np.zeros_like(origin), origin)
        return (total + WEIGHT_OF_HISTORY * before) / (count + WEIGHT_OF_HISTORY)

    def _spread(self, row: np.ndarray, origin: np.ndarray, scale: np.ndarray) -> np.ndarray:
        values = self._deviation(row, origin, self.windows[4]) / scale
        return np.maximum(np.where(np.isnan(values), 1.0, values), SMALLEST_SPREAD)

    def _deviation(self, row: np.ndarray, origin: np.ndarray, window: int) -> np.ndarray:
        """Standard deviation of the known demand of `window` periods before the origin."""
        begin = np.maximum(origin - window, 0)
        count = _between(self._count, row, begin, origin)
        mean, squares = (_ratio(_between(totals, row, begin, origin), count) for totals in (self._total, self._squares))
        return np.sqrt(np.maximum(squares - mean**2, 0))

    def _mean(self, row: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Mean of known demand in positions begin to end, the end left out; NaN where nothing is known."""
        return _ratio(_between(self._total, row, begin, end), _between(self._count, row, begin, end))

    def _columns(self, row: np.ndarray, origin: np.ndarray, step: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        scale = self._scale(row, origin)
        yield "step", step
        yield from self._own(row, origin, scale)
        if self.season > 1:
            yield from self._seasonal(row, origin, step, scale)
        if self.periods >= self.year + self.horizon:
            yield from self._yearly(row, origin, step, scale)
        yield from self._calendar(origin + step)
        for name, covariate in self._covariates.items():
            for kind, values in covariate.columns(row, origin, origin + step, self.windows[2], origin + self.horizon):
                yield f"{name} {kind}".strip(), values
        for name, values in self._static.items():
            yield name, values[row]

    def _own(self, row: np.ndarray, origin: np.ndarray, scale: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """What the item sold lately."""
        for back in range(1, LAST_PERIODS + 1):
            values = self.demand[row, np.maximum(origin - back, 0)]
            yield f"last {back}", np.where(origin >= back, values, np.nan) / scale
        for window in self.windows:
            if window <= self.periods:
                yield f"mean {window}", self._mean(row, np.maximum(origin - window, 0), origin) / scale
        for window in (self.windows[2], self.windows[4]):
            begin = np.maximum(origin - window, 0)
            yield f"spread {window}", self._deviation(row, origin, window) / scale
            yield f"share sold {window}", _ratio(_between(self._sold, row, begin, origin), _between(self._count, row, begin, origin))
        window = self.windows[2]
        before = self._mean(row, np.maximum(origin - 2 * window, 0), np.maximum(origin - window, 0))
        yield f"trend {window}", (self._mean(row, np.maximum(origin - window, 0), origin) - before) / scale
        yield "periods since a sale", np.log1p(origin - self._last_sale[row, origin])
        yield "age", np.log1p(np.maximum(origin - self._begin[row], 0))
        yield "size", np.log(np.maximum(scale, 1e-9))

    def _seasonal(self, row: np.ndarray, origin: np.ndarray, step: np.ndarray, scale: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """The same place in seasons before."""
        back = (step // self.season + 1) * self.season
        last = origin + step - back
        for k in range(2):
            position = last - k * self.season
            values = self.demand[row, np.maximum(position, 0)]
            yield f"season {k + 1} before", np.where(position >= 0, values, np.nan) / scale
        for name, seasons in ((f"mean of {SEASONS_AVERAGED} seasons", SEASONS_AVERAGED), ("mean of all seasons", self.periods)):
            begin = np.maximum(last - seasons * self.season, last % self.season - self.season)
            total = _between(self._by_place, row, begin + self.season, last + self.season)
            count = _between(self._count_by_place, row, begin + self.season, last + self.season)
            yield name, np.where(last >= 0, _ratio(total, count), np.nan) / scale

    def _yearly(self, row: np.ndarray, origin: np.ndarray, step: np.ndarray, scale: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """What sold around the same day a year before, and how the level has moved since."""
        around, window = AROUND[self.frequency], self.windows[2]
        for k in range(2):
            middle = origin + step - (step // self.year + 1 + k) * self.year
            begin, end = np.clip(middle - around, 0, origin), np.clip(middle + around + 1, 0, origin)
            last = np.where(middle >= 0, self._mean(row, begin, end), np.nan)
            then = np.maximum(origin - (1 + k) * self.year, 0)
            level = self._mean(row, np.maximum(then - window, 0), then)
            known = np.where((level > 0) & (then > 0), level, np.nan)
            growth = np.clip(self._mean(row, np.maximum(origin - window, 0), origin) / known, 0.1, 10.0)
            yield f"year {k + 1} before", last / scale
            yield f"growth over {k + 1} years", growth
            yield f"year {k + 1} before, grown", last * growth / scale

    def _calendar(self, position: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        ds = self._ds[position]
        if self.frequency == "D":
            yield "weekday", ds.day_of_week.to_numpy()
            yield "day of month", ds.day.to_numpy()
            for at, name in ((2, "sine of the week"), (3, "cosine of the week")):
                yield name, self._waves[position, at]
        if self.periods < self.year + self.horizon:
            return
        yield "day of year", ds.day_of_year.to_numpy()
        yield "sine of the year", self._waves[position, 0]
        yield "cosine of the year", self._waves[position, 1]


class _Covariate:
    """A column that is known ahead, and what it meant to each item so far."""

    def __init__(self, block: np.ndarray, demand: np.ndarray) -> None:
        self.block = block
        self.width, periods = block.shape[1], demand.shape[1]
        self.marks = bool(np.isin(block[:, :periods], (0, 1)).all())
        past = block[:, :periods].astype(float)
        self._total = _running(past)
        if self.marks:
            known = ~np.isnan(demand)
            self._marked, self._sold = _running(known * past), _running(np.where(known, demand, 0) * past)
            self._known, self._all_sold = _running(known, np.int32), _running(np.where(known, demand, 0).astype(float))
            at = np.where(block > 0, np.arange(self.width), -self.width)
            self._before = np.maximum.accumulate(at, axis=1)
            self._after = -np.maximum.accumulate(np.where(block > 0, -np.arange(self.width), -2 * self.width)[:, ::-1], axis=1)[:, ::-1]

    def columns(
        self, row: np.ndarray, origin: np.ndarray, position: np.ndarray, window: int, end: np.ndarray
    ) -> Iterator[tuple[str, np.ndarray]]:
        """Features at `position` as known at `origin`, marks from `end` on not being known yet: the value, what it is usually and was
        lately; of a mark how far it is and how much more the item sold under it."""
        value = self.block[row, position]
        yield "", value
        begin = np.maximum(origin - window, 0)
        lately = _ratio(_between(self._total, row, begin, origin), origin - begin)
        if not self.marks:
            usual = _ratio(_between(self._total, row, np.zeros_like(origin), origin), origin)
            size = np.where(np.abs(usual) > 0, np.abs(usual), 1.0)
            yield "over its usual", np.clip((value - usual) / size, -FURTHEST, FURTHEST)
            yield "over its last", np.clip((value - lately) / size, -FURTHEST, FURTHEST)
            return
        yield "lately", lately
        yield "periods since", np.minimum(position - self._before[row, position], window)
        after = self._after[row, position]
        yield "periods until", np.where(after < end, np.minimum(after - position, window), window)
        yield "usual effect", value * np.log(self._effect(row, origin))

    def _effect(self, row: np.ndarray, origin: np.ndarray) -> np.ndarray:
        """How many times its usual demand an item sold under the mark, drawn to 1 as if 3 marked periods had shown that."""
        zero = np.zeros_like(origin)
        marked, sold = _between(self._marked, row, zero, origin), _between(self._sold, row, zero, origin)
        others = _between(self._known, row, zero, origin) - marked
        usual = _ratio(_between(self._all_sold, row, zero, origin) - sold, others)
        ratio = np.where(usual > 0, (sold + WEIGHT_OF_ONE * usual) / ((marked + WEIGHT_OF_ONE) * usual), 1.0)
        return np.clip(ratio, 1 / FURTHEST, FURTHEST)


def _one_hot(panel: SalesPanel) -> Columns:
    """One column of zeros and ones for each of the 12 most frequent values of category and supplier."""
    columns = {}
    for name in ("category", "supplier"):
        if name in panel.attributes:
            values = panel.attributes[name].astype("string").fillna("").to_numpy(dtype=object)
            kinds, count = np.unique(values, return_counts=True)
            for kind in kinds[np.argsort(-count, kind="stable")][:MOST_VALUES]:
                if 0 < (values == kind).sum() < len(values):
                    columns[f"{name} {kind}".strip()] = (values == kind).astype(np.float32)
    return columns


def _running(block: np.ndarray, dtype: type = float) -> np.ndarray:
    """Totals of all before each position, items x (periods + 1)."""
    totals = np.zeros((block.shape[0], block.shape[1] + 1), dtype=dtype)
    np.cumsum(block, axis=1, dtype=dtype, out=totals[:, 1:])
    return totals


def _running_by_place(block: np.ndarray, season: int) -> np.ndarray:
    """Totals by place of the season, at p + season that of p, p - season, …; items x a whole number of seasons, one more than needed."""
    n, periods = block.shape
    seasons = -(-periods // season)
    padded = np.zeros((n, (seasons + 1) * season))
    padded[:, season : season + periods] = block
    return padded.reshape(n, seasons + 1, season).cumsum(axis=1).reshape(n, -1)


def _between(totals: np.ndarray, row: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    return totals[row, end] - totals[row, begin]


def _ratio(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
