"""Adjustments: what a planner knows and the model does not, added to its forecast for some dates, with reason, name and time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pandas as pd

from inventory.overrides import check_reason, check_units
from inventory.terms import MOST_UNITS
from sales.panel import SalesPanel
from workspace import facts

KIND = "adjustment"
Scope = Literal["item", "category", "all"]
SCOPES: tuple[Scope, ...] = ("item", "category", "all")
MOST_PERCENT = 10_000.0
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


def save(
    data: str,
    scope: Scope,
    target: str,
    first: pd.Timestamp,
    last: pd.Timestamp,
    percent: float | None,
    units: float | None,
    reason: str,
    by: str,
) -> Adjustment:
    """The adjustment, kept for the dataset `data`. Raises ValueError where it cannot be: see `Adjustment`."""
    made = Adjustment(0, scope, target, pd.Timestamp(first), pd.Timestamp(last), percent, units, reason.strip(), by, datetime.min)
    days = {"first": f"{made.first:%Y-%m-%d}", "last": f"{made.last:%Y-%m-%d}"}
    amount = {name: None if value is None else float(value) for name, value in {"percent": percent, "units": units}.items()}
    body = {"scope": scope, "target": target, "reason": made.reason, **days, **amount}
    return _adjustment(facts.add(KIND, data, [body], by)[0])


def load(data: str) -> list[Adjustment]:
    """All adjustments of the dataset `data` that hold, oldest first."""
    return [_adjustment(record) for record in facts.records(KIND, data)]


def clear(data: str, ids: Iterable[int] | None, by: str) -> None:
    """Ends the adjustments `ids` of the dataset `data` (None: all)."""
    wanted = None if ids is None else set(ids)
    with facts.together():
        facts.end([a.id for a in load(data) if wanted is None or a.id in wanted], by, "cleared")


def adjusted(
    forecast: pd.DataFrame, panel: SalesPanel, adjustments: Sequence[Adjustment], category: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """`forecast` (tidy rows, see `Forecast.to_frame`) with mean and quantiles moved by `adjustments`, one after the other, never below 0;
    what is NaN stays so. No other column changes, nor does `forecast` itself.

    Each period is moved by the share of its days that lie within the dates. percent multiplies. units are added: shared over the items and
    periods in proportion to the mean forecast (that of all models together, so that a plan of several models adds up too), by days where it
    is 0 throughout; of a range of dates that reaches past the forecast's periods, the share of its days that lie inside. To the units that
    a forecast has (10 a day) +50 % on half of a week's days brings 70 to 87.5.

    category: item -> category; None: the attributes of `panel`.
    """
    if not adjustments or forecast.empty:
        return forecast
    columns = ["mean", *(name for name in forecast.columns if str(name).startswith("q0."))]
    values = forecast[columns].to_numpy(dtype=float)
    labels = forecast["ds"].drop_duplicates().sort_values()
    at = pd.Index(labels).get_indexer(pd.Index(forecast["ds"]))
    first = np.array([panel.calendar.first_day(label) for label in labels], dtype="datetime64[D]")
    last = np.array([panel.calendar.last_day(label) for label in labels], dtype="datetime64[D]")
    for one in adjustments:
        rows = _rows(one, forecast["item"], panel, category)
        inside = _overlap(one, first, last)
        length = (last - first).astype(int) + 1
        if one.percent is not None:
            factor = 1 + one.percent / 100 * (inside / length)[at]
            values = np.where(rows[:, None], values * factor[:, None], values)
        else:
            extra = _shared(one, forecast, values[:, 0], rows, inside[at].astype(float), length[at])
            values = np.where(np.isnan(values), np.nan, np.maximum(values + extra[:, None], 0.0))
    moved = forecast.copy()
    moved[columns] = values
    return moved


def _overlap(one: Adjustment, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """How many days of each period lie within the dates of the adjustment."""
    begin, end = one.first.to_datetime64().astype("datetime64[D]"), one.last.to_datetime64().astype("datetime64[D]")
    return np.maximum((np.minimum(last, end) - np.maximum(first, begin)).astype(int) + 1, 0)


def _rows(one: Adjustment, items: pd.Series, panel: SalesPanel, category: Mapping[str, str] | None) -> np.ndarray:
    """Mask of the rows that the adjustment is about."""
    if one.scope == "all":
        return np.full(len(items), True)
    if one.scope == "item":
        return (items == one.target).to_numpy()
    if category is None:
        known = panel.attributes["category"].to_numpy() if "category" in panel.attributes else np.full(len(panel), None)
        category = dict(zip(panel.items, known, strict=True))
    return (items.map(category) == one.target).to_numpy()


def _shared(
    one: Adjustment, forecast: pd.DataFrame, mean: np.ndarray, rows: np.ndarray, inside: np.ndarray, length: np.ndarray
) -> np.ndarray:
    """The units that each row gets: the same for all models of an item and period."""
    extra = np.zeros(len(forecast))
    touched = rows & (inside > 0) & ~np.isnan(mean)
    if not touched.any() or one.units is None:
        return extra
    cells = forecast.loc[touched, ["item", "ds"]].assign(mean=mean[touched], inside=inside[touched], length=length[touched])
    cells = cells.groupby(["item", "ds"], as_index=False, observed=True).mean()
    weight = (cells["mean"] * cells["inside"] / cells["length"]).to_numpy()
    if weight.sum() == 0:
        weight = cells["inside"].to_numpy(dtype=float)
    covered = cells.groupby("ds")["inside"].first().sum() / ((one.last - one.first) / _DAY + 1)
    cells["extra"] = one.units * covered * weight / weight.sum()
    return np.where(touched, forecast[["item", "ds"]].merge(cells, how="left", on=["item", "ds"])["extra"].fillna(0.0).to_numpy(), 0.0)


def _adjustment(record: facts.Record) -> Adjustment:
    read: dict[str, Any] = facts.fields(record, "scope", "target", "percent", "units", "reason")
    return Adjustment(first=pd.Timestamp(record.body["first"]), last=pd.Timestamp(record.body["last"]), **read)
