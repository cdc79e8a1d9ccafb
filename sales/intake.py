"""Intake: the one road from a table somebody mapped to a SalesPanel, with everything found wrong on the way."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sales import checks, grid
from sales.calendar import Calendar, Frequency, calendar_for, detect_frequency, full_periods
from sales.grid import Gaps, Grid, Kind, Lines
from sales.holes import holes
from sales.kind import kind_of
from sales.mapping import Mapping
from sales.panel import ATTRIBUTES, SalesPanel
from sales.problems import Problem, Severity, usable

MOST_ITEMS = 100_000
MOST_PERIODS = 20_000
MOST_VALUES = 100_000_000
LEAST_PERIODS = 2
LEAST_COVERED = 0.9
_FINENESS = {"D": 0, "W": 1, "M": 2}
_RESERVED = ("item", "ds", "y", "out_of_stock", *ATTRIBUTES)


@dataclass(frozen=True, eq=False)
class Intake:
    """What became of a table: the panel, or None where an error forbids it, and all problems.

    kind: "order_lines" (summed) or "period_totals" (nearly always one row an item and date); frequency: the period of the panel; both
    None where the road ended before. rows_read: rows of the table; rows_used: those whose units or known-ahead values are in the panel.
    """

    panel: SalesPanel | None
    problems: tuple[Problem, ...]
    frequency: Frequency | None
    kind: Kind | None
    rows_read: int
    rows_used: int


@dataclass(frozen=True, eq=False)
class _Columns:
    """The columns of a table, read: items in order, usable lines, and one value a line for columns known ahead, flags and attributes.

    refused: lines whose units cannot be used, without them.
    """

    items: np.ndarray
    lines: Lines
    refused: Lines
    known: dict[str, np.ndarray]
    flags: np.ndarray | None
    attributes: dict[str, tuple[np.ndarray, np.ndarray]]

    def at(self, where: np.ndarray) -> "_Columns":
        return _Columns(
            self.items,
            self.lines.at(where),
            self.refused,
            {name: values[where] for name, values in self.known.items()},
            None if self.flags is None else self.flags[where],
            {name: (code[where], words) for name, (code, words) in self.attributes.items()},
        )


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
    columns = _read_columns(table, mapping, day_first, problems) if usable(problems) else None
    if columns is None:
        return replace(stopped, problems=tuple(problems))
    kind, kept, of_kind = kind_of(table, columns.lines)
    problems += of_kind
    if kind == "order_lines" and gaps == "unknown":
        problems.append(Problem("gaps_ignored", Severity.WARNING))
    columns = _without_empty(table, mapping, columns.at(kept), kind, problems)
    dates = pd.DatetimeIndex(np.unique(columns.lines.day[columns.lines.sold]))
    calendar = _calendar(dates, frequency, problems)
    stopped = replace(stopped, frequency=calendar.frequency, kind=kind)
    cells = grid.grid_of(columns.lines, len(columns.items), calendar)
    if not _fits(cells, problems):
        return replace(stopped, problems=tuple(problems))
    problems += holes(cells, columns.refused)
    y = grid.units(cells, kind, gaps, columns.refused)
    begin, end = _known_columns(cells, y, full_periods(dates, calendar))
    if end - begin < LEAST_PERIODS:
        problems.append(Problem("too_few_periods", got=str(end - begin), params={"least": LEAST_PERIODS}))
        return replace(stopped, problems=tuple(problems))
    _name_left_out(cells, columns.items, y, begin, end, problems)
    if kind == "order_lines":
        columns = _without_sold_flags(columns, cells, ~np.isnan(y[:, begin:end]), begin, problems)
    panel = _panel(columns, cells, y, begin, end, calendar, season)
    _name_ahead(cells, panel, mapping, end, problems)
    return replace(stopped, panel=panel, problems=tuple(problems), rows_used=_rows_used(cells, panel, columns.items, begin))


# --- columns ------------------------------------------------------------------------------------------------------------------------


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """The table with text names and an index that counts rows."""
    counted = table if pd.api.types.is_integer_dtype(table.index) else table.reset_index(drop=True)
    return counted.set_axis([str(name) for name in table.columns], axis=1)


def _check_mapping(table: pd.DataFrame, mapping: Mapping) -> list[Problem]:
    columns = table.columns.tolist()
    there = {"columns": ", ".join(columns[:20])}
    problems = []
    if mapping.item is None:
        problems.append(Problem("no_item_column", params=there))
    if mapping.date is None:
        problems.append(Problem("no_date_column", params=there))
    if mapping.units is None:
        problems.append(Problem("no_units_column", params=there))
    required = [name for name in (mapping.item, mapping.date, mapping.units) if name is not None]
    others = [mapping.price, mapping.promotion, mapping.out_of_stock, *(getattr(mapping, role) for role in ATTRIBUTES), *mapping.known]
    for name in dict.fromkeys([*required, *(name for name in others if name is not None)]):
        if name not in columns:
            problems.append(Problem("column_absent", column=name, params=there))
        if columns.count(name) > 1:
            problems.append(Problem("duplicate_columns", column=name, row=1, count=columns.count(name)))
        if required.count(name) > 1:
            problems.append(Problem("column_twice", column=name))
        if name in mapping.known and name in required:
            problems.append(Problem("known_is_taken", column=name))
        if name in mapping.known and name in _RESERVED and name not in required:
            problems.append(Problem("known_reserved", column=name))
    return problems


def _read_columns(table: pd.DataFrame, mapping: Mapping, day_first: bool | None, problems: list[Problem]) -> _Columns | None:
    """The columns that `mapping` names, at the rows that can be used; None where a problem forbids it."""
    code, items, of_items = checks.read_items(table[mapping.item])
    day, of_days = checks.read_days(table[mapping.date], day_first)
    units, bad, of_units = checks.read_units(table[mapping.units])
    problems += [*of_items, *of_days, *of_units]
    known, flags = {}, None
    for name in mapping.known:
        known[name], of_known = checks.read_known(table[name])
        problems += of_known
    if mapping.out_of_stock is not None:
        flags, of_flags = checks.read_flags(table[mapping.out_of_stock])
        problems += of_flags
    if len(items) > MOST_ITEMS:
        problems.append(Problem("too_many_items", column=mapping.item, got=f"{len(items):,}", params={"most": f"{MOST_ITEMS:,}"}))
    lines = Lines(np.arange(len(table)), code.astype("int64"), day, units)
    placed = (code >= 0) & ~np.isnat(day)
    good = placed & ~bad
    if usable(problems) and not (good & lines.sold).any():
        problems.append(Problem("no_usable_row", count=len(table)))
    if not usable(problems):
        return None
    roles = {role: column for role in ATTRIBUTES if (column := getattr(mapping, role)) is not None}
    attributes = {role: checks.texts(table[column]) for role, column in roles.items()}
    return _Columns(items, lines, lines.at(placed & bad), known, flags, attributes).at(good)


# --- rows ---------------------------------------------------------------------------------------------------------------------------


def _without_empty(table: pd.DataFrame, mapping: Mapping, columns: _Columns, kind: Kind, problems: list[Problem]) -> _Columns:
    """Rows without units inside the history: an order line says nothing, a period total says that it is not known."""
    empty = ~columns.lines.sold & ~columns.lines.ahead
    where = np.zeros(len(table), dtype=bool)
    where[columns.lines.place[empty]] = True
    if kind == "period_totals":
        problems += checks.found("units_unknown", where, table[mapping.units], Severity.INFO)
        return columns
    problems += checks.found("units_empty", where, table[mapping.units])
    return columns.at(~empty)


# --- periods ------------------------------------------------------------------------------------------------------------------------


def _calendar(dates: pd.DatetimeIndex, frequency: Frequency | None, problems: list[Problem]) -> Calendar:
    own = detect_frequency(dates)
    calendar = calendar_for(dates, frequency or own)
    if _FINENESS[calendar.frequency] < _FINENESS[own]:
        problems.append(Problem("finer_than_file", Severity.WARNING, params={"chosen": calendar.frequency, "own": own}))
    return calendar


def _fits(cells: Grid, problems: list[Problem]) -> bool:
    periods = len(cells.labels)
    if periods > MOST_PERIODS:
        problems.append(Problem("too_many_periods", got=f"{periods:,}", params={"most": f"{MOST_PERIODS:,}"}))
    if cells.n * periods > MOST_VALUES:
        problems.append(Problem("too_many_values", got=f"{cells.n:,} x {periods:,}", params={"most": f"{MOST_VALUES:,}"}))
    return usable(problems)


def _known_columns(cells: Grid, y: np.ndarray, full: tuple[pd.Timestamp, pd.Timestamp] | None) -> tuple[int, int]:
    """The columns of the `full` periods, from the first to the last in which any item is known: begin, and end after the last."""
    within = np.zeros(len(cells.labels), dtype=bool) if full is None else (cells.labels >= full[0]) & (cells.labels <= full[1])
    known = np.flatnonzero(within & ~np.isnan(y).all(axis=0))
    return (int(known[0]), int(known[-1]) + 1) if len(known) else (0, 0)


def _name_left_out(cells: Grid, items: np.ndarray, y: np.ndarray, begin: int, end: int, problems: list[Problem]) -> None:
    """Names the periods that are not full, and the items that sold in no full period or are known in none."""

    def partial(told: Problem, where: np.ndarray, column: int) -> None:
        if where.any():
            params = {"period": f"{cells.labels[column]:%Y-%m-%d}", "units": f"{np.nansum(cells.lines.units[where]):,.10g}"}
            problems.append(replace(told, count=int(where.sum()), params=params))

    def missing(told: Problem, where: np.ndarray) -> None:
        if where.any():
            problems.append(replace(told, got=str(items[where][0]), params={"items": int(where.sum())}))

    sold = cells.lines.sold
    partial(Problem("partial_first_period", Severity.INFO), sold & (cells.column < begin), begin)
    partial(Problem("partial_last_period", Severity.INFO), sold & (cells.column >= end), end - 1)
    absent, first = np.isnan(y[:, begin:end]).all(axis=1), cells.first_sold
    missing(Problem("items_too_new", Severity.INFO), absent & (first >= end) & (first < len(cells.labels)))
    missing(Problem("items_never_known", Severity.WARNING), absent & (first < end))
    missing(Problem("items_not_yet_sold", Severity.INFO), (first >= len(cells.labels)) & np.isin(np.arange(cells.n), cells.lines.item))


# --- the panel ----------------------------------------------------------------------------------------------------------------------


def _without_sold_flags(columns: _Columns, cells: Grid, alive: np.ndarray, begin: int, problems: list[Problem]) -> _Columns:
    """The columns without those flags known ahead that order lines carry in too few of the `alive` periods, items x periods from `begin`:
    without a sale such a flag has no row, so it would say whether something sold."""
    known = dict(columns.known)
    for name, values in columns.known.items():
        there = ~np.isnan(values)
        if there.any() and np.isin(values[there], (0, 1)).all():
            rows = cells.counts(there)[:, begin : begin + alive.shape[1]] > 0
            covered = float(rows[alive].mean())
            if covered < LEAST_COVERED:
                problems.append(Problem("known_only_where_sold", Severity.WARNING, name, got=f"{covered:.0%}"))
                del known[name]
    return replace(columns, known=known)


def _panel(columns: _Columns, cells: Grid, y: np.ndarray, begin: int, end: int, calendar: Calendar, season: int | None) -> SalesPanel:
    """Periods `begin` up to `end`, items known in any of them, each from its first known period; covariates as far as there are any."""
    history = slice(begin, end)
    kept = ~np.isnan(y[:, history]).all(axis=1)
    start = np.argmax(~np.isnan(y[kept, history]), axis=1)
    covariates = {name: grid.covariate(cells, values)[kept, begin:] for name, values in columns.known.items()}
    before = np.arange(len(cells.labels) - begin) < start[:, None]
    reach = max((np.flatnonzero(~np.isnan(block).all(axis=0)).max(initial=-1) + 1 for block in covariates.values()), default=0)
    width = max(int(reach), end - begin)
    flagged = np.zeros(y.shape, dtype=bool) if columns.flags is None else grid.out_of_stock(cells, columns.flags)
    attributes = {role: pd.array(grid.most_frequent(cells, *texts)[kept], dtype="str") for role, texts in columns.attributes.items()}
    items = columns.items[kept]
    return SalesPanel(
        items=items,
        calendar=calendar,
        periods=cells.labels[history],
        y=y[kept, history].astype(np.float32),
        start=start,
        out_of_stock=flagged[kept, history] & ~before[:, : end - begin],
        covariates={name: np.where(before, np.nan, block)[:, :width].astype(np.float32) for name, block in covariates.items()},
        attributes=pd.DataFrame(attributes, index=pd.Index(items, name="item")) if attributes else pd.DataFrame(),
        season=calendar.season if season is None else season,
    )


def _name_ahead(cells: Grid, panel: SalesPanel, mapping: Mapping, end: int, problems: list[Problem]) -> None:
    for name, block in panel.covariates.items():
        if np.isnan(block[:, len(panel.periods) :]).all():
            problems.append(Problem("known_not_ahead", Severity.INFO, column=name))
    empty = ~cells.lines.sold & (cells.column >= end)
    if empty.any() and not mapping.known:
        problems.append(Problem("ahead_unused", Severity.INFO, column=mapping.units, count=int(empty.sum())))


def _rows_used(cells: Grid, panel: SalesPanel, items: np.ndarray, begin: int) -> int:
    kept = pd.Index(items).isin(panel.items)[cells.lines.item]
    return int((kept & (cells.column >= begin) & (cells.column < begin + len(panel.periods) + panel.ahead)).sum())
