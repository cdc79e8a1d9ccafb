"""Stacking: several files of one shop as one table, the newer in the place of the older, and what no file covers."""

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from sales import checks
from sales.calendar import Calendar, calendar_for, detect_frequency
from sales.lines import ends_of
from sales.mapping import Mapping
from sales.panel import SalesPanel
from sales.problems import Problem, Severity

Span = tuple[pd.Timestamp, pd.Timestamp]


@dataclass(frozen=True, eq=False)
class Stack:
    """Several files as one table.

    table: their rows, oldest file first, without those that a newer file replaces, under the index that they had. replaced: how
    many rows those are. days: the first and last day that the newest file covers; None where it has none. items: the codes that it holds.
    uncovered: days that no file covers, between those that one does, on weekdays on which something sells.
    """

    table: pd.DataFrame
    replaced: int = 0
    days: Span | None = None
    items: np.ndarray = field(default_factory=lambda: np.array([], dtype=object))
    uncovered: pd.DatetimeIndex = field(default_factory=lambda: pd.DatetimeIndex([]))


def stacked(
    tables: Sequence[pd.DataFrame], mapping: Mapping, day_first: bool | None = None, merges: MappingOf[str, str] | None = None
) -> Stack:
    """Long tables with the columns of `mapping`, oldest first, as one: on the days from its first to its last, for the items that it holds,
    a newer file replaces all rows of the older ones. Items that it does not hold stay as they are, and so do rows whose day or item cannot
    be read. day_first, merges: as in `sales.intake.intake`.

    Raises KeyError where there is no column of dates or items.

    >>> old = pd.DataFrame({"item": ["A", "A", "B"], "day": ["2024-01-01", "2024-01-02", "2024-01-02"], "units": [1, 2, 3]})
    >>> new = pd.DataFrame({"item": ["A", "A"], "day": ["2024-01-02", "2024-01-03"], "units": [5, 6]})
    >>> stacked([old, new], Mapping("item", "day", "units")).table["units"].tolist()
    [1, 3, 5, 6]
    """
    part = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    whole = pd.concat(tables)
    days, _ = checks.read_days(whole[mapping.date], day_first)
    item, names = _items(whole[mapping.item], merges or {})
    own = _calendar(days)
    kept, held = np.ones(len(whole), dtype=bool), np.zeros(len(names), dtype=bool)
    spans: list[Span | None] = []  # None: no day in it
    for k in range(len(tables)):
        its = part == k
        held = np.zeros(len(names), dtype=bool)
        held[item[its & (item >= 0)]] = True
        its = days[its & ~np.isnat(days)]
        if len(its) == 0:
            spans.append(None)
            continue
        first, last = its.min(), its.max()
        spans.append((own.first_day(pd.Timestamp(first)), own.last_day(pd.Timestamp(last))))
        kept &= ~((part < k) & (days >= first) & (days <= last) & (item >= 0) & held[item])
    return Stack(whole[kept], int((~kept).sum()), spans[-1], names[held], _uncovered(spans, days))


def counted_on(tables: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """The tables, the rows of each counting on from those of the one before, its header among them."""
    before, shifted = 0, []
    for table in tables:
        plain = table if pd.api.types.is_integer_dtype(table.index) else table.reset_index(drop=True)
        shifted.append(plain.set_axis(plain.index + before) if before else plain)
        before += int(plain.index.max()) + 2 if len(plain) else 0
    return shifted


def repeated(table: pd.DataFrame) -> list[Problem]:
    """The columns of `table` that are there more than once: it cannot be stacked with others."""
    names = [str(name) for name in table.columns]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    return [Problem("duplicate_columns", column=name, row=1, count=names.count(name)) for name in twice]


def with_holes(panel: SalesPanel, stack: Stack) -> tuple[SalesPanel, list[Problem]]:
    """`panel`, made of the stack's table, not known in the periods with days that no file covers; and a problem that names them."""
    hole = panel.periods.isin(panel.calendar.label(stack.uncovered))
    if not hole.any():
        return panel, []
    label = panel.periods[hole]
    params = {"periods": len(label), "first": f"{label[0]:%Y-%m-%d}", "last": f"{label[-1]:%Y-%m-%d}"}
    y = np.where(hole, np.float32(np.nan), panel.y)
    return replace(panel, y=y), [Problem("append_hole", Severity.WARNING, params=params)]


def _items(column: pd.Series, merges: MappingOf[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Codes and names of the items as they end after all merges: one file may hold the old code, the next the new."""
    code, names = checks.texts(column)
    ends = ends_of(merges)
    words, place = np.unique(np.array([ends.get(str(name), str(name)) for name in names], dtype=object), return_inverse=True)
    return np.append(place, -1)[code], words


def _calendar(days: np.ndarray) -> Calendar:
    """The one that all files together are kept in: of weekly totals each covers whole weeks."""
    dates = pd.DatetimeIndex(np.unique(days[~np.isnat(days)]))
    return calendar_for(dates, detect_frequency(dates))


def _uncovered(spans: Sequence[Span | None], days: np.ndarray) -> pd.DatetimeIndex:
    known = [span for span in spans if span is not None]
    if not known:
        return pd.DatetimeIndex([])
    every = pd.date_range(min(first for first, _ in known), max(last for _, last in known))
    covered = np.zeros(len(every), dtype=bool)
    for first, last in known:
        covered |= (every >= first) & (every <= last)
    weekdays = pd.DatetimeIndex(np.unique(days[~np.isnat(days)])).day_of_week.unique()
    return every[~covered & (every.day_of_week.isin(weekdays) | (len(weekdays) == 1))]
