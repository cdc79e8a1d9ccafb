"""Additions: what a dataset gets from elsewhere beside its own files, remembered so that tomorrow's sales get it again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from sales.checks import texts
from sales.context import Answer, EventColumns, with_events, with_holidays, with_known
from sales.panel import SalesPanel
from sales.problems import Problem
from sales.role_names import plain_name

MOST_COUNTRIES = 20
AHEAD = {"D": 366, "W": 53, "M": 12}  # periods: a year of holidays ahead

Read = Callable[[str], pd.DataFrame]


@dataclass(frozen=True)
class Holidays:
    """Public holidays of countries (ISO codes, a part of one after a dash), a year ahead of whatever the last sale is."""

    countries: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.countries) <= MOST_COUNTRIES or not _texts(self.countries):
            raise ValueError(f"holidays: got {self.countries!r}, expected 1 to {MOST_COUNTRIES} codes of countries")

    @property
    def table(self) -> str | None:
        """The name of the table that it comes from; None where it needs none."""
        return None

    def names(self, read: Read) -> tuple[str, ...]:
        """The columns known ahead that come of it; `read` gives the table of a name."""
        return tuple(f"holiday_{country}" for country in self.countries)

    def added(self, panel: SalesPanel, read: Read) -> Answer:
        return with_holidays(panel, self.countries, AHEAD[panel.calendar.frequency])


@dataclass(frozen=True)
class Events:
    """Events and promotions out of the table named `table`; source: what it was called when it was uploaded."""

    table: str
    columns: EventColumns
    source: str = ""
    day_first: bool | None = None

    def names(self, read: Read) -> tuple[str, ...]:
        return tuple(map(str, texts(read(self.table)[self.columns.name])[1]))

    def added(self, panel: SalesPanel, read: Read) -> Answer:
        return with_events(panel, read(self.table), self.columns, self.day_first)


@dataclass(frozen=True)
class Known:
    """`columns` of the table named `table`, found by the columns `by` (see `sales.context.with_known`)."""

    table: str
    columns: tuple[str, ...]
    by: Mapping[str, str]
    source: str = ""
    day_first: bool | None = None

    def __post_init__(self) -> None:
        if not self.columns or not _texts(self.columns) or "date" not in self.by or not _texts([*self.by, *self.by.values()]):
            raise ValueError(f"known: got {self.columns!r} by {self.by!r}, expected columns, and at least a date to find them by")

    def names(self, read: Read) -> tuple[str, ...]:
        return self.columns

    def added(self, panel: SalesPanel, read: Read) -> Answer:
        keys = [role for role in self.by if role not in ("date", "item", *panel.attributes.columns)]
        if keys:  # the attribute that it was found by is gone
            return panel, (Problem("known_key_gone", got=keys[0]),)
        return with_known(panel, read(self.table), self.columns, self.by, self.day_first)


Addition = Holidays | Events | Known
_KINDS: dict[str, type[Addition]] = {"holidays": Holidays, "events": Events, "known": Known}


_EVENT_NAMES = {
    "first": "start startdate from begin begins first date day ds 开始日期 日期 beginn von datum debut du desde inicio fecha",
    "last": "end enddate to until ends last 结束日期 ende bis fin au hasta",
    "name": "event name eventname promotion promo campaign title holiday what 活动 名称 aktion ereignis evenement evento",
    "value": "value discount strength rate 折扣 rabatt remise descuento",
    "item": "item sku product article 商品编码 artikel article articulo",
    "category": "category group 类别 kategorie categorie categoria",
}


def propose_events(table: pd.DataFrame) -> dict[str, str]:
    """The columns of a calendar of events by their names, by role of `EventColumns`; only those that are found.

    >>> propose_events(pd.DataFrame(columns=["From", "Until", "Event"]))
    {'first': 'From', 'last': 'Until', 'name': 'Event'}
    """
    names = {plain_name(str(name)): str(name) for name in table.columns}
    found = {role: [names[word] for word in words.split() if word in names] for role, words in _EVENT_NAMES.items()}
    return {role: columns[0] for role, columns in found.items() if columns}


def with_additions(panel: SalesPanel, additions: Sequence[Addition], read: Read) -> Answer:
    """`panel` with all `additions`, in their order, and what was wrong; `read` gives the table of a name."""
    problems: list[Problem] = []
    for addition in additions:
        panel, told = addition.added(panel, read)
        problems += told
    return panel, tuple(problems)


def without(panel: SalesPanel, names: Sequence[str]) -> SalesPanel:
    """`panel` without the columns known ahead of these names; what is left reaches as far as anything is known."""
    left = {name: block for name, block in panel.covariates.items() if name not in names}
    reach = max((int(np.flatnonzero(~np.isnan(block).all(axis=0)).max(initial=-1)) + 1 for block in left.values()), default=0)
    width = max(reach, len(panel.periods))
    return replace(panel, covariates={name: block[:, :width] for name, block in left.items()})


def instead(panel: SalesPanel, before: Sequence[Addition], after: Sequence[Addition], read: Read) -> Answer:
    """`panel`, which has the additions `before`, with those `after` in their place."""
    return with_additions(without(panel, [name for one in before for name in one.names(read)]), after, read)


def described(panel: SalesPanel, names: Sequence[str]) -> pd.DataFrame:
    """A row for each of these columns that the panel has: column, items (for which it is ever other than 0), first and last (periods in
    which it is known; NaT: none), ahead (periods after the history in which it is known), past and coming (periods of the history, and
    after it, in which it is other than 0 for any item), mean (of what is known)."""
    labels = panel.periods.append(panel.calendar.after(panel.last, panel.ahead)) if panel.ahead else panel.periods
    rows = []
    for name in names:
        if name not in panel.covariates:
            continue
        block, history = panel.covariates[name], len(panel.periods)
        known, there = ~np.isnan(block), np.nan_to_num(block) != 0
        moves = there.any(axis=0)
        at = np.flatnonzero(known.any(axis=0))
        mean = float(block[known].mean(dtype=float)) if len(at) else float("nan")
        ends = (labels[at[0]], labels[at[-1]]) if len(at) else (pd.NaT, pd.NaT)
        past, coming = int(moves[:history].sum()), int(moves[history:].sum())
        rows.append((name, int(there.any(axis=1).sum()), *ends, int((at >= history).sum()), past, coming, mean))
    return pd.DataFrame(rows, columns=["column", "items", "first", "last", "ahead", "past", "coming", "mean"])


def to_json(additions: Sequence[Addition]) -> list[dict[str, Any]]:
    """The additions as JSON; `from_json` reads them back equal."""
    kinds = {kind: name for name, kind in _KINDS.items()}
    return [{"kind": kinds[type(addition)], **asdict(addition)} for addition in additions]


def from_json(read: Any) -> tuple[Addition, ...]:
    """The additions that `read`, a list of JSON, holds. Raises ValueError where it holds anything else."""
    try:
        return tuple(_addition(dict(one)) for one in read)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"additions: got {str(read)[:200]}: {error}") from None


def _addition(read: dict[str, Any]) -> Addition:
    kind = _KINDS[read.pop("kind")]
    for name in ("countries", "columns"):
        if isinstance(read.get(name), list):
            read[name] = tuple(read[name])
    if kind is Events:
        read["columns"] = EventColumns(**read["columns"])
    if kind is not Holidays and not isinstance(read["table"], str):
        raise TypeError("table")
    return kind(**read)


def _texts(parts: Sequence[Any]) -> bool:
    return all(isinstance(part, str) for part in parts)
