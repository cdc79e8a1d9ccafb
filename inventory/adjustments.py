"""Adjustments: what a planner knows and the model does not, added to its forecast for some dates, with reason, name and time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pandas as pd

from forecasting.spread import DemandSpread
from inventory.overrides import MOST_PERCENT, check_reason, check_units
from inventory.terms import MOST_UNITS
from sales.calendar import Calendar
from workspace import facts

KIND = "adjustment"
Scope = Literal["item", "category", "all"]
SCOPES: tuple[Scope, ...] = ("item", "category", "all")
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Adjustment:
    """More or less demand than forecast, from day `first` to day `last`, both included.

    scope, target: one item (its code), one category (its name) or all (""). Either percent (-100 to 10,000: of the forecast) or units (in
    total over the dates and items, negative for less). by, at: who saved it and when (UTC).

    Raises ValueError for anything else.
    """

    id: int
    scope: Scope
    target: str
    first: pd.Timestamp
    last: pd.Timestamp
    percent: float | None
    units: float | None
    reason: str
    by: str
    at: datetime

    def __post_init__(self) -> None:
        if self.scope not in SCOPES:
            raise ValueError(f"scope: got {self.scope!r}, expected one of {', '.join(SCOPES)}")
        if (self.scope == "all") == bool(self.target):
            raise ValueError(f"target: got {self.target!r}, expected a name for scope item or category, and none for all")
        days = (self.first, self.last)
        if any(pd.isna(day) or day != day.normalize() or day.tz is not None for day in days) or self.first > self.last:
            raise ValueError(f"first, last: got {self.first} to {self.last}, expected two days in order")
        if (self.percent is None) == (self.units is None):
            raise ValueError("percent, units: expected one of the two")
        if self.percent is not None and not -100 <= self.percent <= MOST_PERCENT:
            raise ValueError(f"percent: got {self.percent}, expected a number from -100 to {MOST_PERCENT:,.0f}")
        if self.units is not None:
            check_units("units", self.units, -MOST_UNITS)
        check_reason(self.reason)
        facts.named(self.by)


def save(data: str, wanted: Iterable[Adjustment], by: str) -> list[Adjustment]:
    """The adjustments `wanted`, kept for the dataset `data`, all or none; their id, name and time are set here."""
    bodies = [_body(one) for one in wanted]
    return [of_record(record) for record in facts.add(KIND, data, bodies, by)]


def load(data: str) -> list[Adjustment]:
    """All adjustments of the dataset `data` that hold, oldest first."""
    return [of_record(record) for record in facts.records(KIND, data)]


def clear(data: str, ids: Iterable[int], by: str) -> int:
    """Ends those of the adjustments `ids` that are the dataset's; how many."""
    wanted = set(ids)
    with facts.together():
        return facts.end([one.id for one in load(data) if one.id in wanted], by, "cleared")


def of_record(record: facts.Record) -> Adjustment:
    """The adjustment that was kept as `record`."""
    read: dict[str, Any] = facts.fields(record, "scope", "target", "percent", "units", "reason")
    return Adjustment(first=pd.Timestamp(record.body["first"]), last=pd.Timestamp(record.body["last"]), **read)


def adjusted(
    spread: DemandSpread, calendar: Calendar, adjustments: Sequence[Adjustment], category: Mapping[str, str], most_periods: int
) -> tuple[DemandSpread, dict[int, float]]:
    """`spread` with its means moved by `adjustments`, one after the other, never below 0; and the units by which each moved the sum of all
    means, by its id: 0 for one whose dates or items the spread does not reach.

    Each period is moved by the share of its days that lie within the dates, also past the horizon, as far as `most_periods`. percent
    multiplies. units are added: shared over the items and periods in proportion to their demand within the dates, by days where none is
    expected; of dates that reach past the periods, the share of days that lie inside; never more taken away than is there. To a forecast
    of 10 a day +50 % on half of a week's days brings 70 to 87.5. category: item -> category.
    """
    periods = _reached(spread, calendar, adjustments, most_periods)
    moved = dict.fromkeys((one.id for one in adjustments), 0.0)
    if not periods:
        return spread, moved
    labels = calendar.after(spread.cutoff, periods)
    first = np.array([calendar.first_day(label) for label in labels], dtype="datetime64[D]")
    last = np.array([calendar.last_day(label) for label in labels], dtype="datetime64[D]")
    before = spread.means(periods)
    known = ~np.isnan(before[:, 0])
    values = np.where(known[:, None], before, 0.0)
    for one in adjustments:
        rows = known & _mask(one, spread.items, category)
        share = _overlap(one, first, last) / ((last - first).astype(int) + 1)
        inside = values[rows] * share
        more = inside * (one.percent / 100) if one.percent is not None else _shared(one, inside, _overlap(one, first, last))
        values[rows] += more
        moved[one.id] = float(more.sum())
    return spread.changed(np.where(known[:, None], values - before, 0.0)), moved


def _reached(spread: DemandSpread, calendar: Calendar, adjustments: Sequence[Adjustment], most: int) -> int:
    """The periods from the cutoff to the last day of any adjustment, at most `most`."""
    if not adjustments:
        return 0
    days = max((max(one.last for one in adjustments) - calendar.last_day(spread.cutoff)).days, 0)
    return min(int(np.ceil(calendar.periods(days))) + 1 if days else 0, most)


def _overlap(one: Adjustment, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """How many days of each period lie within the dates of the adjustment."""
    begin, end = one.first.to_datetime64().astype("datetime64[D]"), one.last.to_datetime64().astype("datetime64[D]")
    return np.maximum((np.minimum(last, end) - np.maximum(first, begin)).astype(int) + 1, 0)


def _mask(one: Adjustment, items: np.ndarray, category: Mapping[str, str]) -> np.ndarray:
    """Mask of the items that the adjustment is about."""
    if one.scope == "all":
        return np.full(len(items), True)
    return items == one.target if one.scope == "item" else np.array([category.get(item) == one.target for item in items], dtype=bool)


def _shared(one: Adjustment, inside: np.ndarray, days: np.ndarray) -> np.ndarray:
    """The units that each item and period gets, of `inside`, the demand expected there within the dates."""
    units = (one.units or 0.0) * days.sum() / ((one.last - one.first) / _DAY + 1)
    expected = inside.sum()
    if expected > 0:
        return inside * (max(units, -expected) / expected)
    weight = np.broadcast_to(days.astype(float), inside.shape)
    return weight * (max(units, 0.0) / weight.sum()) if weight.sum() else np.zeros(inside.shape)


def _body(one: Adjustment) -> dict[str, Any]:
    days = {"first": f"{one.first:%Y-%m-%d}", "last": f"{one.last:%Y-%m-%d}"}
    return {name: getattr(one, name) for name in ("scope", "target", "percent", "units")} | {"reason": one.reason.strip(), **days}
