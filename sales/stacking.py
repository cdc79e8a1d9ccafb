"""Stacking: several files of one shop as one table, the newer in the place of the older, and what no file covers."""

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from sales import checks
from sales.calendar import Calendar, calendar_for, detect_frequency
from sales.grid import most_frequent
from sales.lines import MOST_DAYS, Coded, ends_of
from sales.mapping import Mapping
from sales.panel import SalesPanel
from sales.places import Absent, absent_places, places_of
from sales.problems import Problem, Severity

Span = tuple[pd.Timestamp, pd.Timestamp]
DENSE = 0.5  # of the rows that a usual day of a file has: days with fewer at its edges are late bookings, not all that was sold
PAUSE = {"D": 7, "W": 21, "M": 93}  # days without a row that part what a file holds from what strayed into it
STEPS = 3  # or as many times the usual distance between two days with sales
_DAY = np.timedelta64(1, "D")
_NEVER = np.datetime64("0001-01-01")


@dataclass(frozen=True, eq=False)
class Stack:
    """Several files as one table.

    table: their rows, oldest file first, without those that a newer file replaces, under the index that they had. replaced: how
    many rows those are. days: the first and last day that the newest file covers; None where it has none. items: the codes that it holds.
    uncovered: days that no file covers, between those that one does, on weekdays on which something sells. units: of the older files, those
    that the newest replaces; gone: those of them on items and days of which the newest holds nothing. absent: places whose sales are
    missing in some days. problems: what to know about the newest file. order: the files by the last day of each, the latest last.
    """

    table: pd.DataFrame
    replaced: int = 0
    days: Span | None = None
    items: np.ndarray = field(default_factory=lambda: np.array([], dtype=object))
    uncovered: pd.DatetimeIndex = field(default_factory=lambda: pd.DatetimeIndex([]))
    units: float = 0.0
    gone: float = 0.0
    absent: tuple[Absent, ...] = ()
    problems: tuple[Problem, ...] = ()
    order: tuple[int, ...] = ()


def stacked(
    tables: Sequence[pd.DataFrame], mapping: Mapping, day_first: bool | None = None, merges: MappingOf[str, str] | None = None
) -> Stack:
    """Long tables with the columns of `mapping`, oldest first, as one: on the days in which a newer file is dense, for the items that it
    holds and the places that it holds, it replaces all rows of the older ones. Its stray rows, days before, after or between, replace
    those of their own item and day alone. Items and places that it does not hold stay as they are, and so do rows whose day or item
    cannot be read. day_first, merges: as in `sales.intake.intake`. The place is the column of locations, mapped or so named.

    Raises KeyError where there is no column of dates or items.

    >>> old = pd.DataFrame({"item": ["A", "A", "B"], "day": ["2024-01-01", "2024-01-02", "2024-01-02"], "units": [1, 2, 3]})
    >>> new = pd.DataFrame({"item": ["A", "A"], "day": ["2024-01-02", "2024-01-03"], "units": [5, 6]})
    >>> stacked([old, new], Mapping("item", "day", "units")).table["units"].tolist()
    [1, 3, 5, 6]
    """
    part = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    whole = pd.concat(tables)
    days, _ = checks.read_days(whole[mapping.date], day_first, mapping.week_ends)
    days = days.astype("datetime64[D]")
    item, names = _items(whole[mapping.item], merges or {})
    place, places = places_of(whole, tables, mapping)
    distinct = _counted(days)[0]
    own, pause = _calendar(distinct), _pause(distinct)
    readable = (item >= 0) & ~np.isnat(days)
    key = np.where(readable, item.astype("int64") * 2**21 + days.astype("int64"), -1)
    kept = np.ones(len(whole), dtype=bool)
    held = np.zeros(len(names), dtype=bool)
    covered: list[list[Span]] = []
    units, gone, problems = 0.0, 0.0, tuple[Problem, ...]()
    for k in range(len(tables)):
        its, units, gone, problems = part == k, 0.0, 0.0, ()
        held = np.zeros(len(names), dtype=bool)
        held[item[its & (item >= 0)]] = True
        its_days = days[its & ~np.isnat(days)]
        dense, strays = _dense(its_days, pause)
        covered.append([(own.first_day(pd.Timestamp(a)), own.last_day(pd.Timestamp(b))) for a, b in _covered(dense, strays, pause)])
        of_places = np.ones(len(places) + 1, dtype=bool)
        if (place[its] >= 0).any():
            of_places[:-1] = np.isin(np.arange(len(places)), place[its])
        older = kept & (part < k) & readable & np.append(held, False)[item] & of_places[place]
        if not older.any():
            continue
        older &= (days >= its_days.min()) & (days <= its_days.max()) if len(its_days) else False
        its_own, within = np.zeros(len(whole), dtype=bool), np.zeros(len(whole), dtype=bool)
        its_own[older] = np.isin(key[older], key[its & readable])
        for begin, end in dense:
            within |= (days >= begin) & (days <= end)
        out = older & (within | its_own)
        units, gone = (_units(whole[where], mapping) for where in (out, out & ~its_own))
        problems = _strays(whole, mapping, its_days, older & ~out, strays)
        kept &= ~out
    absent = absent_places(part, days, item, place, names, places, covered) if len(tables) > 1 and len(places) > 1 else ()
    latest = covered[-1]
    reach = (min(first for first, _ in latest), max(end for _, end in latest)) if latest else None
    spans = [span for several in covered for span in several]
    order = tuple(np.argsort([days[(part == k) & ~np.isnat(days)].max(initial=_NEVER) for k in range(len(tables))], kind="stable").tolist())
    out = int((~kept).sum())
    return Stack(whole[kept], out, reach, names[held], _uncovered(spans, distinct), units, gone, absent, problems, order)


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
    return [Problem("duplicate_columns", column=name, row=1, params={"count": names.count(name)}) for name in twice]


def with_holes(panel: SalesPanel, stack: Stack) -> tuple[SalesPanel, list[Problem]]:
    """`panel`, made of the stack's table, not known in the periods with days that no file covers, nor for items of which a place is
    absent; and problems that name them."""
    hole = panel.periods.isin(panel.calendar.label(stack.uncovered))
    problems = []
    if hole.any():
        label = panel.periods[hole]
        params = {"periods": len(label), "first": f"{label[0]:%Y-%m-%d}", "last": f"{label[-1]:%Y-%m-%d}"}
        problems.append(Problem("append_hole", Severity.WARNING, params=params))
    unknown = np.repeat(hole[None, :], len(panel), axis=0)
    for absent in stack.absent:
        where = np.isin(panel.items, absent.items)[:, None] & panel.periods.isin(panel.calendar.label(absent.days))
        if where.any():
            params = {"places": len(absent.places), "items": int(where.any(axis=1).sum()), "units": f"{np.nansum(panel.y[where]):,.10g}"}
            params |= {"first": f"{absent.days[0]:%Y-%m-%d}", "last": f"{absent.days[-1]:%Y-%m-%d}"}
            problems.append(Problem("append_place_absent", Severity.WARNING, got=", ".join(absent.places[:5]), params=params))
        unknown |= where
    if not unknown.any():
        return panel, problems
    return replace(panel, y=np.where(unknown, np.float32(np.nan), panel.y)), problems


def with_latest_words(
    panel: SalesPanel, tables: Sequence[pd.DataFrame], mapping: Mapping, merges: MappingOf[str, str], order: Sequence[int]
) -> SalesPanel:
    """`panel`, made of `tables`, with the category, supplier and description that the latest of them has for an item (`order`: as in
    `Stack`): a new supplier counts from the first file that names it, however long the sales under the old one are."""
    if len(order) < 2:
        return panel
    attributes = panel.attributes.copy()
    for role in attributes.columns:
        column, told = getattr(mapping, role), attributes[role].fillna("").to_numpy(dtype=object)
        for table in (tables[k] for k in order[1:] if column in tables[k].columns):
            item, names = _items(table[mapping.item], merges)
            row = np.append(pd.Index(panel.items).get_indexer(pd.Index(names, dtype=object)), -1)[item]
            words = Coded(*checks.texts(table[column])).at(row >= 0)
            latest = most_frequent(row[row >= 0], len(panel), words)
            told = np.where(latest == "", told, latest)
        attributes[role] = pd.array(told, dtype="str")
    return replace(panel, attributes=attributes)


def _items(column: pd.Series, merges: MappingOf[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Codes and names of the items as they end after all merges: one file may hold the old code, the next the new."""
    code, names = checks.texts(column)
    ends = ends_of(merges)
    words, place = np.unique(np.array([ends.get(str(name), str(name)) for name in names], dtype=object), return_inverse=True)
    return np.append(place, -1)[code], words


def _counted(days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sorted days, each once, and how often each is there. Days are few beside rows: they are counted, not sorted."""
    days = days[~np.isnat(days)]
    if len(days) == 0 or (days.max() - days.min()) // _DAY > MOST_DAYS:
        return np.unique(days, return_counts=True)
    first = days.min()
    rows = np.bincount((days - first).astype("int64"))
    there = np.flatnonzero(rows)
    return first + there, rows[there]


def _calendar(days: np.ndarray) -> Calendar:
    """The one that all files together are kept in: of weekly totals each covers whole weeks."""
    dates = pd.DatetimeIndex(days)
    return calendar_for(dates, detect_frequency(dates))


def _pause(days: np.ndarray) -> int:
    """Days without a row from which on what follows is another block of a file."""
    usual = int(np.median(np.diff(days) // _DAY)) if len(days) > 1 else 1
    return max(PAUSE[detect_frequency(pd.DatetimeIndex(days))], STEPS * usual)


def _dense(days: np.ndarray, pause: int) -> tuple[list[tuple[np.datetime64, np.datetime64]], np.ndarray]:
    """The blocks of days in which a file with rows on these `days` is dense, and the days of its other rows."""
    if len(days) == 0:
        return [], days
    distinct, rows = _counted(days)
    block = np.append(0, np.cumsum(np.diff(distinct) // _DAY > pause))
    usual = np.median(rows[block == np.argmax(np.bincount(block, weights=rows))])
    full = rows >= DENSE * usual
    blocks = []
    stray = np.ones(len(distinct), dtype=bool)
    for number in range(block[-1] + 1):
        its = np.flatnonzero((block == number) & full)
        if len(its):
            blocks.append((distinct[its[0]], distinct[its[-1]]))
            stray[its[0] : its[-1] + 1] = False
    return blocks, distinct[stray]


def _covered(dense: list[tuple[np.datetime64, np.datetime64]], strays: np.ndarray, pause: int) -> list[tuple[np.datetime64, np.datetime64]]:
    """What a file speaks of: from its first dense day to its last one, and the thin days close to them."""
    if not dense:
        return []
    first, last = dense[0][0], dense[-1][1]
    near = strays[(strays >= first - pause * _DAY) & (strays <= last + pause * _DAY) & ((strays < first) | (strays > last))]
    return [(first, last), *((day, day) for day in near)]


def _units(rows: pd.DataFrame, mapping: Mapping) -> float:
    """Units sold in these rows, returns left aside."""
    if mapping.units not in rows.columns or rows.empty:
        return 0.0
    units, _, _ = checks.read_units(rows[mapping.units])
    return float(units[units > 0].sum())


def _strays(whole: pd.DataFrame, mapping: Mapping, its: np.ndarray, stake: np.ndarray, strays: np.ndarray) -> tuple[Problem, ...]:
    """What the older files hold of the same items between the first and last day of a file (`its` days) and keep, the rows at mask
    `stake`, where it has strays."""
    if len(strays) == 0 or not stake.any():
        return ()
    count = int(np.isin(its, strays).sum())
    params = {"first": str(strays[0]), "last": str(strays[-1]), "days": len(strays), "units": f"{_units(whole[stake], mapping):,.10g}"}
    return (Problem("append_strays", Severity.WARNING, mapping.date, got=str(strays[0]), count=count, params=params),)


def _uncovered(spans: Sequence[Span], days: np.ndarray) -> pd.DatetimeIndex:
    if not spans:
        return pd.DatetimeIndex([])
    every = pd.date_range(min(first for first, _ in spans), max(last for _, last in spans))
    covered = np.zeros(len(every), dtype=bool)
    for first, last in spans:
        covered |= (every >= first) & (every <= last)
    weekdays = pd.DatetimeIndex(days).day_of_week.unique()
    return every[~covered & (every.day_of_week.isin(weekdays) | (len(weekdays) == 1))]
