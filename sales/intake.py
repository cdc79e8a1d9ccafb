"""Intake: the one road from a table somebody mapped to a SalesPanel, with everything found wrong on the way."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from sales import checks
from sales.calendar import Calendar, Frequency, calendar_for, detect_frequency, full_periods
from sales.mapping import Mapping
from sales.panel import ATTRIBUTES, SalesPanel
from sales.problems import Problem, Severity, usable

Gaps = Literal["zero", "unknown"]
Kind = Literal["order_lines", "period_totals"]
MOST_ITEMS = 100_000
MOST_PERIODS = 20_000
MOST_VALUES = 100_000_000
LEAST_PERIODS = 2
_FINENESS = {"D": 0, "W": 1, "M": 2}
_RESERVED = ("item", "ds", "y", "out_of_stock", *ATTRIBUTES)


@dataclass(frozen=True, eq=False)
class Intake:
    """What became of a table: the panel, or None where an error forbids it, and all problems.

    kind: "order_lines" (summed) or "period_totals" (one row an item and date); frequency: the period of the panel; both None where the
    road ended before. rows_read: rows of the table; rows_used: those whose units or known-ahead values are in the panel.
    """

    panel: SalesPanel | None
    problems: tuple[Problem, ...]
    frequency: Frequency | None
    kind: Kind | None
    rows_read: int
    rows_used: int


@dataclass(frozen=True, eq=False)
class _Lines:
    """Rows that can be used, aligned: their places in the table, item codes, days and units (NaN where empty)."""

    place: np.ndarray
    item: np.ndarray
    day: np.ndarray
    units: np.ndarray

    def at(self, where: np.ndarray) -> "_Lines":
        return _Lines(self.place[where], self.item[where], self.day[where], self.units[where])

    @property
    def sold(self) -> np.ndarray:
        """Mask of the rows with units, 0 included."""
        return ~np.isnan(self.units)

    @property
    def ahead(self) -> np.ndarray:
        """Mask of the rows after the last with units."""
        return self.day > self.day[self.sold].max()


@dataclass(frozen=True, eq=False)
class _Grid:
    """Where each line falls: its column among `labels`, every period from the earliest line to the latest; n items; the full periods of
    the file are columns first to last."""

    lines: _Lines
    column: np.ndarray
    labels: pd.DatetimeIndex
    n: int
    first: int
    last: int

    def sums(self, values: np.ndarray, where: np.ndarray) -> np.ndarray:
        """Sums of `values` (one a line) over the lines at mask `where`, items x labels."""
        cell = self.lines.item[where] * len(self.labels) + self.column[where]
        return np.bincount(cell, values[where], self.n * len(self.labels)).reshape(self.n, -1)

    def counts(self, where: np.ndarray) -> np.ndarray:
        return self.sums(np.ones(len(self.column)), where)


def intake(
    table: pd.DataFrame,
    mapping: Mapping,
    frequency: Frequency | None = None,
    gaps: Gaps = "zero",
    season: int | None = None,
    day_first: bool | None = None,
) -> Intake:
    """The panel that `table` holds, on the calendar the file is kept in or on that of `frequency`, and all problems found.

    Order lines are summed. `gaps`: what a missing row inside an item's life is in a file of period totals; among order lines it is 0.
    `season`: periods in a season, by default the calendar's. `day_first`: the order of 01/02/2024, where the file does not show it.
    Rows with empty units after the last sale carry columns known ahead. Never raises on what is in the table.

    Raises ValueError for a frequency, gaps or season that there is not.
    """
    if frequency not in (None, "D", "W", "M") or gaps not in ("zero", "unknown") or (season is not None and season < 1):
        raise ValueError(f"intake: got {frequency!r}, {gaps!r}, {season!r}, expected D, W, M or None; zero or unknown; 1 or more or None")
    table = _plain(table)
    problems = _check_mapping(table, mapping)
    stopped = Intake(None, (), frequency, None, len(table), 0)
    if not usable(problems):
        return replace(stopped, problems=tuple(problems))
    items, lines, known, flags = _read_columns(table, mapping, day_first, problems)
    if lines is None or not usable(problems):
        return replace(stopped, problems=tuple(problems))
    kind, lines = _without_copies(table, lines, problems)
    lines = _without_empty(table, lines, kind, str(mapping.units), problems)
    dates = pd.DatetimeIndex(np.unique(lines.day[lines.sold]))
    own = detect_frequency(dates)
    calendar = calendar_for(dates, frequency or own)
    stopped = replace(stopped, frequency=calendar.frequency, kind=kind)
    if _FINENESS[calendar.frequency] < _FINENESS[own]:
        problems.append(Problem("finer_than_file", Severity.WARNING, params={"chosen": calendar.frequency, "own": own}))
    grid = _grid(lines, calendar, dates, len(items), problems)
    if grid is None:
        return replace(stopped, problems=tuple(problems))
    y = _units(grid, kind, gaps)
    begin, end = _known_columns(grid, y)
    if end - begin < LEAST_PERIODS:
        return replace(stopped, problems=(*problems, _too_few(grid, end - begin)))
    _name_partial(grid, begin, end, problems)
    panel, used = _panel(table, mapping, items, calendar, grid, y, begin, end, known, flags, season, problems)
    return replace(stopped, panel=panel, problems=tuple(problems), rows_used=used)


# --- columns ------------------------------------------------------------------------------------------------------------------------


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """The table with text names and an index that counts rows."""
    counted = table if pd.api.types.is_integer_dtype(table.index) else table.reset_index(drop=True)
    return counted.set_axis([str(name) for name in table.columns], axis=1)


def _check_mapping(table: pd.DataFrame, mapping: Mapping) -> list[Problem]:
    columns = table.columns.tolist()
    named = {"columns": ", ".join(columns[:20])}
    roles = {role: getattr(mapping, role) for role in ("item", "date", "units", "price", "promotion", "out_of_stock", *ATTRIBUTES)}
    problems = []
    if mapping.item is None:
        problems.append(Problem("no_item_column", params=named))
    if mapping.date is None:
        problems.append(Problem("no_date_column", params=named))
    if mapping.units is None:
        problems.append(Problem("no_units_column", params=named))
    wanted = dict.fromkeys(name for name in (*roles.values(), *mapping.known) if name is not None)
    problems += [Problem("column_absent", column=name, params=named) for name in wanted if name not in columns]
    problems += [Problem("duplicate_columns", column=name, row=1, count=columns.count(name)) for name in wanted if columns.count(name) > 1]
    required = [name for name in (mapping.item, mapping.date, mapping.units) if name is not None]
    problems += [Problem("column_twice", column=name) for name in dict.fromkeys(required) if required.count(name) > 1]
    problems += [Problem("known_is_taken", column=name) for name in mapping.known if name in required]
    problems += [Problem("known_reserved", column=name) for name in mapping.known if name in _RESERVED and name not in required]
    return problems


def _read_columns(
    table: pd.DataFrame, mapping: Mapping, day_first: bool | None, problems: list[Problem]
) -> tuple[np.ndarray, _Lines | None, dict[str, np.ndarray], np.ndarray | None]:
    """Items; the lines that can be used, None where there are none; and for every row of the table the known-ahead values and the
    out-of-stock flags."""
    code, items, of_items = checks.read_items(table[mapping.item])
    day, of_days = checks.read_days(table[mapping.date], day_first)
    units, bad, of_units = checks.read_units(table[mapping.units])
    problems += [*of_items, *of_days, *of_units]
    known = {}
    for name in dict.fromkeys(mapping.known):
        known[name], of_known = checks.read_known(table[name])
        problems += of_known
    flags = None
    if mapping.out_of_stock is not None:
        flags, of_flags = checks.read_flags(table[mapping.out_of_stock])
        problems += of_flags
    if len(items) > MOST_ITEMS:
        problems.append(Problem("too_many_items", column=mapping.item, got=f"{len(items):,}", params={"most": f"{MOST_ITEMS:,}"}))
    place = np.flatnonzero((code >= 0) & ~np.isnat(day) & ~bad)
    lines = _Lines(place, code[place].astype("int64"), day[place], units[place])
    if not lines.sold.any():
        if usable(problems):
            problems.append(Problem("no_usable_row", count=len(table)))
        return items, None, known, flags
    return items, lines, known, flags


# --- rows ---------------------------------------------------------------------------------------------------------------------------


def _without_copies(table: pd.DataFrame, lines: _Lines, problems: list[Problem]) -> tuple[Kind, _Lines]:
    """Period totals where one row an item and date is left once rows that are equal in all columns are taken once; else order lines, of
    which none is taken away: two equal lines of an order are ordinary."""
    key = lines.item * 2_000_000 + lines.day.astype("int64")
    repeated = pd.Series(key).duplicated(keep=False).to_numpy()
    if not repeated.any():
        return "period_totals", lines
    copy = np.zeros(len(key), dtype=bool)
    copy[repeated] = _copies(table.iloc[lines.place[repeated]])
    single = not pd.Series(key[~copy]).duplicated().any()
    if copy.any():
        row, count = int(table.index[lines.place[np.argmax(copy)]]) + 2, int(copy.sum())
        told = Problem("duplicate_rows", Severity.WARNING) if single else Problem("duplicate_lines", Severity.INFO)
        problems.append(replace(told, row=row, count=count))
    return ("period_totals", lines.at(~copy)) if single else ("order_lines", lines)


def _copies(rows: pd.DataFrame) -> np.ndarray:
    try:
        return rows.duplicated().to_numpy()
    except TypeError:  # lists and the like cannot be told apart by hash
        return rows.map(str).duplicated().to_numpy()


def _without_empty(table: pd.DataFrame, lines: _Lines, kind: Kind, units: str, problems: list[Problem]) -> _Lines:
    """Rows without units inside the history: an order line says nothing, a period total says that it is not known."""
    empty = ~lines.sold & ~lines.ahead
    where = np.zeros(len(table), dtype=bool)
    where[lines.place[empty]] = True
    if kind == "period_totals":
        problems += checks.found("units_unknown", where, table[units], Severity.INFO)
        return lines
    problems += checks.found("units_empty", where, table[units])
    return lines.at(~empty)


# --- periods ------------------------------------------------------------------------------------------------------------------------


def _grid(lines: _Lines, calendar: Calendar, dates: pd.DatetimeIndex, n: int, problems: list[Problem]) -> _Grid | None:
    days, of_day = np.unique(lines.day, return_inverse=True)
    labels = calendar.label(pd.DatetimeIndex(days))
    periods = calendar.range(labels[0], 1 + int(np.ceil((labels[-1] - labels[0]).days / (calendar.days * 0.9))))
    periods = periods[periods <= labels[-1]]
    if len(periods) > MOST_PERIODS:
        problems.append(Problem("too_many_periods", got=f"{len(periods):,}", params={"most": f"{MOST_PERIODS:,}"}))
    if n * len(periods) > MOST_VALUES:
        problems.append(Problem("too_many_values", got=f"{n:,} x {len(periods):,}", params={"most": f"{MOST_VALUES:,}"}))
    if not usable(problems):
        return None
    full = full_periods(dates, calendar)
    first, last = (-1, -1) if full is None else (periods.get_loc(full[0]), periods.get_loc(full[1]))
    grid = _Grid(lines, periods.get_indexer(labels)[of_day], periods, n, int(first), int(last))
    if full is None:
        problems.append(_too_few(grid, 0))
        return None
    return grid


def _too_few(grid: _Grid, periods: int) -> Problem:
    return Problem("too_few_periods", got=f"{periods}", count=len(grid.column), params={"least": LEAST_PERIODS})


def _units(grid: _Grid, kind: Kind, gaps: Gaps) -> np.ndarray:
    """Units, items x labels, NaN where not known and before an item's first row with units."""
    sold = grid.lines.sold
    y = grid.sums(grid.lines.units, sold)
    start = np.full(grid.n, len(grid.labels))
    np.minimum.at(start, grid.lines.item[sold], grid.column[sold])
    unknown = np.arange(len(grid.labels)) < start[:, None]
    if kind == "period_totals":
        unknown |= grid.counts(~sold) > 0
        if gaps == "unknown":
            dates = pd.DataFrame({"day": grid.lines.day, "column": grid.column}).drop_duplicates("day")["column"]
            of_file = np.bincount(dates, minlength=len(grid.labels))
            unknown |= (grid.counts(sold) < of_file) | (of_file == 0)
    y[unknown] = np.nan
    return y


def _known_columns(grid: _Grid, y: np.ndarray) -> tuple[int, int]:
    """The full periods from the first to the last in which any item is known: begin, and end after the last."""
    known = np.flatnonzero(~np.isnan(y[:, grid.first : grid.last + 1]).all(axis=0)) + grid.first
    return (int(known[0]), int(known[-1]) + 1) if len(known) else (0, 0)


def _name_partial(grid: _Grid, begin: int, end: int, problems: list[Problem]) -> None:
    def left_out(where: np.ndarray, column: int) -> dict[str, object]:
        units = float(np.nansum(grid.lines.units[where]))
        return {"count": int(where.sum()), "params": {"period": f"{grid.labels[column]:%Y-%m-%d}", "units": f"{units:,.10g}"}}

    before, after = grid.lines.sold & (grid.column < begin), grid.lines.sold & (grid.column >= end)
    if before.any():
        problems.append(replace(Problem("partial_first_period", Severity.INFO), **left_out(before, begin)))
    if after.any():
        problems.append(replace(Problem("partial_last_period", Severity.INFO), **left_out(after, end - 1)))


# --- the panel ----------------------------------------------------------------------------------------------------------------------


def _panel(
    table: pd.DataFrame,
    mapping: Mapping,
    items: np.ndarray,
    calendar: Calendar,
    grid: _Grid,
    y: np.ndarray,
    begin: int,
    end: int,
    known: dict[str, np.ndarray],
    flags: np.ndarray | None,
    season: int | None,
    problems: list[Problem],
) -> tuple[SalesPanel, int]:
    """The panel, and how many lines are in it."""
    there = ~np.isnan(y[:, begin:end])
    kept = there.any(axis=1)
    _name_missing(grid, items, kept, end, problems)
    start = np.argmax(there[kept], axis=1)
    before = np.arange(end - begin) < start[:, None]
    covariates = {name: _covariate(grid, values, name == mapping.price)[kept, begin:] for name, values in known.items()}
    reach = max((int(np.flatnonzero(~np.isnan(block).all(axis=0)).max(initial=-1)) + 1 for block in covariates.values()), default=0)
    width = max(reach, end - begin)
    for name, block in covariates.items():
        block[:, : end - begin][before] = np.nan
        covariates[name] = block[:, :width].astype(np.float32)
        if np.isnan(covariates[name][:, end - begin :]).all():
            problems.append(Problem("known_not_ahead", Severity.INFO, column=name))
    empty_ahead = ~grid.lines.sold & (grid.column >= end)
    if empty_ahead.any() and not covariates:
        problems.append(Problem("ahead_unused", Severity.INFO, column=mapping.units, count=int(empty_ahead.sum())))
    panel = SalesPanel(
        items=items[kept],
        calendar=calendar,
        periods=grid.labels[begin:end],
        y=y[kept, begin:end].astype(np.float32),
        start=start,
        out_of_stock=_out_of_stock(grid, flags)[kept, begin:end] & ~before,
        covariates=covariates,
        attributes=_attributes(table, mapping, grid, items, kept),
        season=calendar.season if season is None else season,
    )
    used = kept[grid.lines.item] & (grid.column >= begin) & (grid.column < begin + (width if covariates else end - begin))
    return panel, int(used.sum())


def _name_missing(grid: _Grid, items: np.ndarray, kept: np.ndarray, end: int, problems: list[Problem]) -> None:
    """Items that sold, but in no full period, or in none that is known."""
    sold = grid.lines.sold
    first = np.full(grid.n, len(grid.labels))
    np.minimum.at(first, grid.lines.item[sold], grid.column[sold])
    too_new = ~kept & (first >= end) & (first < len(grid.labels))
    never = ~kept & (first < end)
    if too_new.any():
        problems.append(Problem("items_too_new", Severity.INFO, got=str(items[too_new][0]), count=int(too_new.sum())))
    if never.any():
        problems.append(Problem("items_never_known", Severity.WARNING, got=str(items[never][0]), count=int(never.sum())))


def _covariate(grid: _Grid, values: np.ndarray, is_price: bool) -> np.ndarray:
    """One value an item and period, items x labels, NaN where there is none: the largest of zeros and ones (a promotion on any day), the
    mean of others, a price weighted by the units sold at it."""
    of_lines = values[grid.lines.place]
    there = ~np.isnan(of_lines)
    total, count = grid.sums(of_lines, there), grid.counts(there)
    block = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    if np.isin(of_lines[there], (0, 1)).all():
        return np.where(np.isnan(block), np.nan, block > 0)
    if is_price:
        units = np.nan_to_num(grid.lines.units)
        weight = grid.sums(units, there)
        np.divide(grid.sums(of_lines * units, there), weight, out=block, where=weight > 0)
    return block


def _out_of_stock(grid: _Grid, flags: np.ndarray | None) -> np.ndarray:
    """Items x labels: whether at least half of an item's rows in the period are flagged."""
    if flags is None:
        return np.zeros((grid.n, len(grid.labels)), dtype=bool)
    every = np.ones(len(grid.column), dtype=bool)
    flagged = flags[grid.lines.place]
    return flagged_at_least_half(grid.counts(flagged), grid.counts(every))


def flagged_at_least_half(flagged: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Mask where `flagged` of `rows` are half or more."""
    return (rows > 0) & (flagged * 2 >= rows)


def _attributes(table: pd.DataFrame, mapping: Mapping, grid: _Grid, items: np.ndarray, kept: np.ndarray) -> pd.DataFrame:
    """One row an item: the text it has most often, the first in order of those it has equally often, "" where it has none."""
    frame = pd.DataFrame(index=pd.Index(items[kept], dtype="str", name="item"))
    for role in ATTRIBUTES:
        column = getattr(mapping, role)
        if column is None:
            continue
        code, words = checks.texts(table[column].iloc[grid.lines.place])
        pair, often = np.unique((grid.lines.item * (len(words) + 1) + code)[code >= 0], return_counts=True)
        best = pair[np.lexsort((pair, -often, pair // (len(words) + 1)))]
        item, first = np.unique(best // (len(words) + 1), return_index=True)
        text = np.full(grid.n, "", dtype=object)
        text[item] = words[best[first] % (len(words) + 1)] if len(words) else ""
        frame[role] = pd.array(text[kept], dtype="str")
    return frame if len(frame.columns) else pd.DataFrame()
