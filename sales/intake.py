"""Intake: the one road from a table somebody mapped to a SalesPanel, with everything found wrong on the way."""

import datetime
from collections.abc import Mapping as MappingOf
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sales import checks, grid
from sales.calendar import Calendar, Frequency, calendar_for, detect_frequency, full_periods
from sales.diagnosis import PanelFinding
from sales.grid import Gaps, Grid
from sales.holes import holes
from sales.keys import distinct_days
from sales.kind import Kind, kind_of
from sales.lines import SalesLines, read_lines
from sales.mapping import ROLES, Mapping
from sales.numbers import Mark
from sales.panel import ATTRIBUTES, SalesPanel
from sales.problems import ROWS_SHOWN, Problem, Severity, usable
from sales.repairs import Finding, repair, repairs_of

MOST_ITEMS = 100_000
MOST_PERIODS = 20_000
MOST_VALUES = 100_000_000
LEAST_PERIODS = 2
LEAST_COVERED = 0.9
_PROPOSED: MappingOf[str, str] = {}
_FINENESS = {"D": 0, "W": 1, "M": 2}
_RESERVED = ("item", "ds", "y", "out_of_stock", *ATTRIBUTES)


@dataclass(frozen=True, eq=False)
class Intake:
    """What became of a table: the panel, or None where an error forbids it, all problems, and what was found to repair.

    findings: in the order in which they were mended; each is among the problems too, under the same code. looks: what was found in the
    panel, where it was looked at (`sales.recipe.apply`); those that changed it are among the problems.
    kind: "order_lines" (summed) or "period_totals" (nearly always one row an item and date); frequency: the period of the panel; both
    None where the road ended before. rows_read: rows of the table; rows_used: those whose units or known-ahead values are in the panel.
    prices: money a unit on average, by item code; None without a column of money. currency: its sign or code, "" for none or several.
    """

    panel: SalesPanel | None
    problems: tuple[Problem, ...]
    frequency: Frequency | None
    kind: Kind | None
    rows_read: int
    rows_used: int
    findings: tuple[Finding, ...] = ()
    looks: tuple[PanelFinding, ...] = ()
    prices: pd.Series | None = None
    currency: str = ""


def intake(
    table: pd.DataFrame,
    mapping: Mapping,
    frequency: Frequency | None = None,
    gaps: Gaps = "zero",
    season: int | None = None,
    day_first: bool | None = None,
    actions: MappingOf[str, str] | None = _PROPOSED,
    merges: MappingOf[str, str] = _PROPOSED,
    today: datetime.date | None = None,
    decimal: Mark | None = None,
) -> Intake:
    """The panel that `table` holds, on the calendar the file is kept in or on that of `frequency`, and all problems found.

    Order lines are summed. `gaps`: what a missing row inside an item's life is in a file of period totals; among order lines it is 0.
    `season`: periods in a season, by default the calendar's. `day_first`: the order of 01/02/2024, where the file does not show it;
    `decimal`: the mark before the fraction, where 1.234 could be either.
    `actions`: what to do about findings, by code, else what is proposed; None keeps all lines as they are, as a panel's own file wants
    (of period totals what is below 0 is still not known). `merges`: old item codes and the codes they count under. `today`: sales dated
    after it are found, by default the day on the clock. Rows with empty units after the last sale carry columns known ahead. Never raises
    on what is in the table.

    Raises ValueError for a frequency, gaps or season that there is not, and for merges that run in a circle.
    """
    if frequency not in (None, "D", "W", "M") or gaps not in ("zero", "unknown") or (season is not None and season < 1):
        raise ValueError(f"intake: got {frequency!r}, {gaps!r}, {season!r}, expected D, W, M or None; zero or unknown; 1 or more or None")
    problems: list[Problem] = []
    mended = mended_lines(table, mapping, day_first, actions, merges, today, problems, decimal=decimal)
    if mended is None or not usable(problems):
        findings = () if mended is None else mended.findings
        return Intake(None, tuple(problems), frequency, None, len(table), 0, findings)
    return laid_out(mended, mapping, frequency, gaps, season, len(table), problems)


@dataclass(frozen=True, eq=False)
class Mended:
    """The lines of a table after all repairs, those whose units are refused, what the table holds, and what was found to repair."""

    lines: SalesLines
    refused: SalesLines
    kind: Kind
    findings: tuple[Finding, ...]


def mended_lines(
    table: pd.DataFrame,
    mapping: Mapping,
    day_first: bool | None,
    actions: MappingOf[str, str] | None,
    merges: MappingOf[str, str],
    today: datetime.date | None,
    problems: list[Problem],
    kind: Kind | None = None,
    decimal: Mark | None = None,
) -> Mended | None:
    """The lines of `table` as `intake` lays them out, None where they cannot be read; what is wrong is added to `problems`. `kind`: what
    the table holds, where that is known; None: the table tells."""
    table = _plain(table)
    problems += _check_mapping(table, mapping)
    lines = _read_lines(table, mapping, day_first, decimal, problems) if usable(problems) else None
    if lines is None:
        return None
    kind, times = kind_of(lines, mapping.order is not None) if kind is None else (kind, 1)
    lines, findings = _repaired(lines, kind, times, actions, merges, today, table, mapping, problems)
    refused, lines = lines.at(lines.refused), lines.at(~lines.refused)
    if lines.sold.any():
        lines = _without_empty(table, mapping, lines, kind, problems)
    else:
        problems.append(Problem("no_usable_row", count=len(table)))
    return Mended(lines, refused, kind, findings)


def laid_out(
    mended: Mended, mapping: Mapping, frequency: Frequency | None, gaps: Gaps, season: int | None, rows: int, problems: list[Problem]
) -> Intake:
    """What `intake` answers for lines after their repairs, out of a table of so many `rows`, with the `problems` found so far."""
    lines, refused, kind = mended.lines, mended.refused, mended.kind
    stopped = Intake(None, (), frequency, None, rows, 0, mended.findings)
    if kind == "order_lines" and gaps == "unknown":
        problems.append(Problem("gaps_ignored", Severity.WARNING))
    dates = pd.DatetimeIndex(distinct_days(lines.day[lines.sold]))
    calendar = _calendar(dates, frequency, problems)
    stopped = replace(stopped, frequency=calendar.frequency, kind=kind)
    cells = grid.grid_of(lines, len(lines.items), calendar)
    if not _fits(cells, problems):
        return replace(stopped, problems=tuple(problems))
    with ThreadPoolExecutor(1) as thread:
        beside = thread.submit(lambda: (holes(cells, refused), _prices(lines)))
        y = grid.units(cells, kind, gaps, refused)
        odd, prices = beside.result()
    problems += odd
    begin, end = _known_columns(cells, y, full_periods(dates, calendar))
    if end - begin < LEAST_PERIODS:
        problems.append(Problem("too_few_periods", got=str(end - begin), params={"least": LEAST_PERIODS}))
        return replace(stopped, problems=tuple(problems))
    _name_below_zero(cells, y, problems)
    _name_left_out(cells, y, begin, end, problems)
    if kind == "order_lines" and cells.lines.known:
        cells = _without_sold_flags(cells, ~np.isnan(y[:, begin:end]), begin, problems)
    kept = ~np.isnan(y[:, begin:end]).all(axis=1)
    panel = _panel(cells, y, kept, begin, end, calendar, season)
    _name_ahead(cells, panel, mapping, end, problems)
    used = kept[cells.lines.item] & (cells.column >= begin) & (cells.column < end + panel.ahead)
    return replace(stopped, panel=panel, problems=tuple(problems), rows_used=int(used.sum()), prices=prices)


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
    roles = [getattr(mapping, role) for role in ROLES]
    for name in dict.fromkeys([*(name for name in roles if name is not None), *mapping.known]):
        if name not in columns:
            problems.append(Problem("column_absent", column=name, params=there))
        if columns.count(name) > 1:
            problems.append(Problem("duplicate_columns", column=name, row=1, params={"count": columns.count(name)}))
        if required.count(name) > 1:
            problems.append(Problem("column_twice", column=name))
        if name in mapping.known and name in required:
            problems.append(Problem("known_is_taken", column=name))
        if name in mapping.known and name in _RESERVED and name not in required:
            problems.append(Problem("known_reserved", column=name))
    return problems


def _read_lines(
    table: pd.DataFrame, mapping: Mapping, day_first: bool | None, decimal: Mark | None, problems: list[Problem]
) -> SalesLines | None:
    """The lines of `table` that have an item and a day; None where a problem forbids it."""
    lines, found = read_lines(table, mapping, day_first, decimal)
    problems += found
    if len(lines.items) > MOST_ITEMS:
        problems.append(Problem("too_many_items", column=mapping.item, got=f"{len(lines.items):,}", params={"most": f"{MOST_ITEMS:,}"}))
    if usable(problems) and not lines.sold.any():
        problems.append(Problem("no_usable_row", count=len(table)))
    return lines if usable(problems) else None


def _repaired(
    lines: SalesLines,
    kind: Kind,
    times: int,
    actions: MappingOf[str, str] | None,
    merges: MappingOf[str, str],
    today: datetime.date | None,
    table: pd.DataFrame,
    mapping: Mapping,
    problems: list[Problem],
) -> tuple[SalesLines, tuple[Finding, ...]]:
    """The lines after all repairs. Order lines are merged before, so that a return of the new code undoes a sale of the old one; totals
    after, so that two codes on one day are no contradiction."""
    problems += _name_merged(lines, merges)
    if merges and kind == "order_lines":
        lines = lines.merged(merges)
    repairs = repairs_of(kind, times, np.datetime64(today or datetime.date.today(), "D"))
    if actions is None:
        actions = {one.code: action for one in repairs for action in ("keep", "sum") if action in one.actions}
    lines, findings, of_actions = repair(lines, repairs, actions, table, mapping)
    problems += [*of_actions, *(finding.problem for finding in findings)]
    return lines.merged(merges) if merges and kind == "period_totals" else lines, findings


def _name_merged(lines: SalesLines, merges: MappingOf[str, str]) -> list[Problem]:
    """The lines whose codes count under others."""
    old = np.isin(lines.items, list(merges))
    count = int(old[lines.item].sum())
    if count == 0:
        return []
    pairs = ", ".join(f"{code} -> {merges[code]}" for code in lines.items[old][:ROWS_SHOWN])
    return [Problem("codes_merged", Severity.WARNING, count=count, params={"codes": int(old.sum()), "pairs": pairs})]


def _without_empty(table: pd.DataFrame, mapping: Mapping, lines: SalesLines, kind: Kind, problems: list[Problem]) -> SalesLines:
    """Rows without units inside the history: an order line says nothing, a period total says that it is not known."""
    empty = ~lines.sold
    if empty.any():
        empty &= ~lines.ahead
    if not empty.any():
        return lines
    where = np.zeros(len(table), dtype=bool)
    where[lines.place[empty]] = True
    if kind == "period_totals":
        problems += checks.found("units_unknown", where, table[mapping.units], Severity.INFO)
        return lines
    problems += checks.found("units_empty", where, table[mapping.units])
    return lines.at(~empty)


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


def _name_below_zero(cells: Grid, y: np.ndarray, problems: list[Problem]) -> None:
    """Units below 0, where returns are kept and outweigh the sales of a period, count as 0."""
    below = y < 0
    if below.any():
        params = {"units": f"{-y[below].sum():,.10g}", "periods": f"{int(below.sum()):,}"}
        problems.append(Problem("below_zero", Severity.WARNING, got=str(cells.lines.items[below.any(axis=1)][0]), params=params))
        y[below] = 0


def _name_left_out(cells: Grid, y: np.ndarray, begin: int, end: int, problems: list[Problem]) -> None:
    """Names the periods that are not full, and the items that sold in no full period, are known in none or have no row left."""

    def partial(told: Problem, where: np.ndarray, column: int) -> None:
        if where.any():
            params = {"period": f"{cells.labels[column]:%Y-%m-%d}", "units": f"{np.nansum(cells.lines.units[where]):,.10g}"}
            problems.append(replace(told, count=int(where.sum()), params=params))

    def missing(told: Problem, where: np.ndarray) -> None:
        if where.any():
            params = {"items": int(where.sum())}
            problems.append(replace(told, got=str(cells.lines.items[where][0]), count=int(rows[where].sum()), params=params))

    sold, rows = cells.lines.sold, np.bincount(cells.lines.item, minlength=cells.n)
    partial(Problem("partial_first_period", Severity.INFO), sold & (cells.column < begin), begin)
    partial(Problem("partial_last_period", Severity.INFO), sold & (cells.column >= end), end - 1)
    absent, first = np.isnan(y[:, begin:end]).all(axis=1), cells.first_sold
    missing(Problem("items_too_new", Severity.INFO), absent & (first >= end) & (first < len(cells.labels)))
    missing(Problem("items_never_known", Severity.WARNING), absent & (first < end))
    missing(Problem("items_not_yet_sold", Severity.INFO), (rows > 0) & (first >= len(cells.labels)))
    missing(Problem("items_without_rows", Severity.WARNING), rows == 0)


def _without_sold_flags(cells: Grid, alive: np.ndarray, begin: int, problems: list[Problem]) -> Grid:
    """The grid without those flags known ahead that order lines carry in too few of the `alive` periods, items x periods from `begin`:
    without a sale such a flag has no row, so it would say whether something sold."""
    known = dict(cells.lines.known)
    for name, values in cells.lines.known.items():
        there = ~np.isnan(values)
        if there.any() and np.isin(values[there], (0, 1)).all():
            rows = cells.counts(there)[:, begin : begin + alive.shape[1]] > 0
            covered = float(rows[alive].mean())
            if covered < LEAST_COVERED:
                problems.append(Problem("known_only_where_sold", Severity.WARNING, name, got=f"{covered:.0%}"))
                del known[name]
    return replace(cells, lines=replace(cells.lines, known=known))


def _prices(lines: SalesLines) -> pd.Series | None:
    """Money over units of all lines of an item whose price is known, signs left aside."""
    if lines.price is None:
        return None
    money = np.abs(lines.money)
    there = ~np.isnan(money)
    of, n = lines.item[there], len(lines.items)
    units = np.bincount(of, np.abs(lines.units[there]), n)
    return pd.Series(np.divide(np.bincount(of, money[there], n), units, out=np.full(n, np.nan), where=units > 0), index=lines.items)


def _panel(cells: Grid, y: np.ndarray, kept: np.ndarray, begin: int, end: int, calendar: Calendar, season: int | None) -> SalesPanel:
    """Periods `begin` up to `end`, items `kept`, each from its first known period; covariates as far as there are any."""
    lines, history = cells.lines, slice(begin, end)
    units = np.ascontiguousarray((y if kept.all() else y[kept])[:, history])
    start = np.argmax(~np.isnan(units), axis=1)
    covariates = {name: grid.covariate(cells, values)[kept, begin:] for name, values in lines.known.items()}
    before = np.arange(len(cells.labels) - begin) < start[:, None]
    reach = max((np.flatnonzero(~np.isnan(block).all(axis=0)).max(initial=-1) + 1 for block in covariates.values()), default=0)
    width = max(int(reach), end - begin)
    flagged = np.zeros((int(kept.sum()), end - begin), dtype=bool)
    if lines.flags is not None:
        flagged = grid.out_of_stock(cells, lines.flags)[kept, history] & ~before[:, : end - begin]
    texts = {role: lines.attributes[role] for role in ATTRIBUTES if role in lines.attributes}
    attributes = {role: pd.array(grid.most_frequent(lines.item, cells.n, of)[kept], dtype="str") for role, of in texts.items()}
    items = lines.items[kept]
    return SalesPanel(
        items=items,
        calendar=calendar,
        periods=cells.labels[history],
        y=units,
        start=start,
        out_of_stock=flagged,
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
