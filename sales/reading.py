"""Reading: a file somebody hands over becomes a table, within bounds; whatever is wrong with it becomes problems, never an exception."""

import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from sales.alike_files import written_alike
from sales.mapping import propose
from sales.overlaps import without_overlap
from sales.problems import InputProblems, Problem, Severity, usable
from sales.readers import limits, packed
from sales.readers.layout import numbered_totals, without_formulas, without_totals
from sales.readers.outline import filled_down
from sales.readers.parquet import read_parquet
from sales.readers.text import read_text
from sales.readers.workbook import read_workbook

_ALIKE = 0.5
_MOST_SHEETS = 40


@dataclass(frozen=True)
class Asked:
    """What somebody says of a file, in place of what would be found by itself. None: find it.

    sheet: of a workbook, or a file in a zip; header_row: its first header row, from 1; header_rows: how many there are, 0 for none;
    encoding: as Python calls it; separator: one character; outline: whether open cells of the first columns hold what stands above them.
    """

    sheet: str | None = None
    header_row: int | None = None
    header_rows: int | None = None
    encoding: str | None = None
    separator: str | None = None
    outline: bool | None = None

    def __post_init__(self) -> None:
        if (self.header_row is not None and self.header_row < 1) or (self.header_rows is not None and not 0 <= self.header_rows <= 20):
            raise ValueError(f"Asked: got header_row {self.header_row}, header_rows {self.header_rows}, expected 1 or more, and 0 to 20")


@dataclass(frozen=True, eq=False)
class Reading:
    """A table as read, or None where it cannot be used. The row with index i is row i + 2 of the file, which counts from 1.

    how: what was found, fit for JSON: kind ("text", "workbook", "parquet"), header_row (from 1), header_rows, title_rows (texts above the
    header) and, where there are such, encoding, separator, sheet, member (of a zip), rows_left_out (numbers of totals rows), files (of
    several stacked, each with its name, rows_before and its own how). sheets: of the workbook, or the tables in the zip.
    """

    table: pd.DataFrame | None
    problems: tuple[Problem, ...]
    how: dict[str, Any] = field(default_factory=dict)
    sheets: tuple[str, ...] = ()


def read_table(source: Path | bytes, name: str, asked: Asked = Asked()) -> Reading:
    """The table in `source`: separated text (cells stay text), a workbook or Parquet (cells keep types), plain or in a gzip or zip.

    The ending of `name` must be one of those; what the file is, its bytes say. Cells that hold nothing are missing values, rows that hold
    nothing are left out, and so are titles above the header and totals below the rows, each named. Bounds (sales.readers.limits) are
    checked before anything is parsed. Never raises on what is in a file.

    >>> read_table(b"item;date;units\\n007;2024-01-01;3\\n", "sales.csv").table.values.tolist()
    [['007', '2024-01-01', '3']]
    """
    if packed.suffix(name) not in packed.TABLES + packed.PACKED:
        return Reading(None, (Problem("wrong_extension", got=name[-100:]),))
    with _refused(name) as refused, _on_disk(source) as (path, folder):
        return _read(path, name, asked, folder, limits.MOST_BYTES, 0)
    return Reading(None, tuple(refused))


def read_files(files: Sequence[tuple[str, Path | bytes]], asked: Asked = Asked()) -> Reading:
    """The tables of several files, each a name and its content, one below the other; a column that only some have is missing in the
    others. Of two files that hold the same days the sales that are in both count once (`sales.overlaps`).

    A file that cannot be read or has less than half of its columns in common with the first is an error that names it. The rows of the
    second file count on from the last of the first, and so on: `in_files` says of which file a row is.
    """
    readings = [(name, read_table(source, name, asked)) for name, source in files]
    if not readings:
        return Reading(None, (Problem("empty_file"),))
    if len(readings) == 1:
        return readings[0][1]
    try:
        return _stacked(readings)
    except InputProblems as found:
        return Reading(None, found.problems)


def in_files(problems: Iterable[Problem], how: dict[str, Any]) -> tuple[Problem, ...]:
    """`problems` with the file that each row is of, and the row's number there, where `how` is that of several files stacked.

    >>> how = {"files": [{"name": "a.csv", "rows_before": 0}, {"name": "b.csv", "rows_before": 10}]}
    >>> [(problem.file, problem.row) for problem in in_files([Problem("date_empty", row=13)], how)]
    [('b.csv', 3)]
    """
    files = how.get("files", ())

    def placed(problem: Problem) -> Problem:
        holders = [file for file in files if problem.row is not None and file["rows_before"] + 1 < problem.row]
        if problem.file or not holders:
            return problem
        before = holders[-1]["rows_before"]
        also = tuple((row - before, got) for row, got in problem.also)
        return replace(problem, file=holders[-1]["name"], row=(problem.row or 0) - before, also=also)

    return tuple(map(placed, problems))


@contextmanager
def _refused(name: str) -> Iterator[list[Problem]]:
    """The problems that ended the reading: the readers below are other people's code, handed bytes that anybody may have written."""
    problems: list[Problem] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield problems
    except InputProblems as found:
        problems += found.problems
    except BaseException as error:
        # the workbook reader's panics are no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        params = {"name": name[-100:]}
        problems.append(Problem("unreadable_file", got=f"{type(error).__name__}: {error}"[:200], params=params))


@contextmanager
def _on_disk(source: Path | bytes) -> Iterator[tuple[Path, Path]]:
    """The file's path, and a folder to unpack into."""
    if isinstance(source, Path) and not source.is_file():
        raise InputProblems([Problem("file_not_found", got=str(source))])
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size == 0:
        raise InputProblems([Problem("empty_file")])
    limits.check_bytes(size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload" if isinstance(source, bytes) else source
        if isinstance(source, bytes):
            path.write_bytes(source)
        yield path, Path(folder)


def _read(path: Path, name: str, asked: Asked, folder: Path, left: int, depth: int) -> Reading:
    if path.stat().st_size == 0:
        raise InputProblems([Problem("empty_file")])
    kind = packed.kind_of(path)
    if kind in ("gzip", "zip"):
        if depth == limits.MOST_NESTED:
            raise InputProblems([Problem("nested_too_deep", params={"most": limits.MOST_NESTED})])
        inner = folder / f"inside{depth}"
        inner.mkdir()
        return _read_packed(path, name, asked, inner, left, depth)
    if kind == "web":
        raise InputProblems([Problem("web_page")])
    if kind == "parquet":
        return _finished(*read_parquet(path), ())
    if kind == "workbook":
        first = _finished(*read_workbook(path, asked.sheet, asked.header_row, asked.header_rows), asked.outline)
        return first if asked.sheet or asked.header_row or asked.header_rows is not None else _with_alike_sheets(path, first, asked)
    if packed.suffix(name) in packed.PARQUETS + packed.PACKED:
        raise InputProblems([Problem("unreadable_file", params={"name": name[-100:]})])
    table, problems, how = read_text(path, asked.encoding, asked.separator, asked.header_row, asked.header_rows)
    if packed.suffix(name) in packed.WORKBOOKS:
        problems.append(Problem("text_named_workbook", Severity.INFO, got=name[-100:]))
    return _finished(table, problems, how, (), asked.outline)


def _with_alike_sheets(path: Path, first: Reading, asked: Asked) -> Reading:
    """The sheet read with those of the same columns below it, a sheet a month or a year; where they hold the same days it stays alone."""
    others = [text for found in first.problems if found.code == "sheet_chosen" for text in found.params["others"]]
    if first.table is None or len(others) > _MOST_SHEETS or propose(first.table).date is None:
        return first
    readings = [(first.how["sheet"], first)]
    for name in others:
        with _refused(name):
            reading = _finished(*read_workbook(path, name, None, None), asked.outline)
            if reading.table is not None and set(reading.table.columns) == set(first.table.columns):
                readings.append((name, replace(reading, problems=_but_chosen(reading))))
    if len(readings) == 1:
        return first
    names = ", ".join(name for name, _ in readings)[:500]
    with _refused(names):
        whole = _stacked([(readings[0][0], replace(first, problems=_but_chosen(first))), *readings[1:]])
        if not any(found.code.startswith("files_overlap") for found in whole.problems):
            told = Problem("sheets_stacked", Severity.WARNING, params={"count": len(readings), "sheets": names})
            return replace(whole, problems=(told, *whole.problems), sheets=first.sheets)
    told = Problem("sheets_alike", Severity.WARNING, got=readings[0][0], params={"count": len(readings), "sheets": names})
    return replace(first, problems=(told, *_but_chosen(first)))


def _but_chosen(reading: Reading) -> tuple[Problem, ...]:
    return tuple(found for found in reading.problems if found.code != "sheet_chosen")


def _read_packed(path: Path, name: str, asked: Asked, folder: Path, left: int, depth: int) -> Reading:
    """The table in a gzip, or those in a zip, stacked; one of them where `asked` chooses it."""
    if packed.kind_of(path) == "gzip":
        member = packed.unpack_gzip(path, name, folder, left)
        return _read(member.path, member.name, asked, folder, left - member.path.stat().st_size, depth + 1)
    members, names = packed.unpack_zip(path, folder, left, asked.sheet)
    if asked.sheet in names:
        asked = replace(asked, sheet=None)
    left -= sum(member.path.stat().st_size for member in members)
    readings = []
    for place, member in enumerate(members):
        inner = folder / f"member{place}"
        inner.mkdir()
        with _refused(member.name) as refused:
            readings.append((member.name, _read(member.path, member.name, asked, inner, left, depth + 1)))
        if refused:
            readings.append((member.name, Reading(None, tuple(refused))))
    if len(readings) > 1:
        return replace(_stacked(readings), sheets=names)
    inside = readings[0][1]
    return replace(inside, how={**inside.how, "member": readings[0][0]}, sheets=names if len(names) > 1 else inside.sheets)


def _finished(
    table: pd.DataFrame, problems: list[Problem], how: dict[str, Any], sheets: tuple[str, ...], outline: bool | None = False
) -> Reading:
    """The table with named columns, without empty rows and without what stands below them, and with what is written once for several rows
    in each (`outline`), unless a name is there twice or nothing is left."""
    given = [str(column).strip() for column in table.columns]
    empty = [not name and bool(table.iloc[:, place].isna().all()) for place, name in enumerate(given)]
    if any(empty):
        table, given = (
            table.loc[:, [not nothing for nothing in empty]],
            [name for name, nothing in zip(given, empty, strict=True) if not nothing],
        )
    places = [place for place, nothing in enumerate(empty, 1) if not nothing]
    names = numbered_totals([name or f"column_{place}" for name, place in zip(given, places, strict=True)])
    repeated = sorted({name for name in names if names.count(name) > 1})
    row = how["header_row"]
    problems += [Problem("duplicate_columns", column=name, row=row, params={"count": names.count(name)}) for name in repeated]
    table = table.set_axis(names, axis=1)
    if not repeated:
        filled = table.notna().any(axis=1) if names else pd.Series(dtype=bool)
        table = table if filled.all() else table[filled]
        before = table.index
        if how["kind"] != "parquet":
            table, below = without_totals(table)
            problems += below
            table, outlined = filled_down(without_formulas(table), outline)
            problems += outlined
        if len(table) < len(before):
            how["rows_left_out"] = [int(place) + 2 for place in before[len(table) :]]
        if table.empty:
            problems.append(Problem("no_rows"))
    return Reading(None if table.empty or not usable(problems) else table, tuple(problems), how, sheets)


def _stacked(readings: Sequence[tuple[str, Reading]]) -> Reading:
    problems = [replace(problem, file=problem.file or name) for name, reading in readings for problem in reading.problems]
    tables = [(name, reading.table) for name, reading in readings if reading.table is not None]
    first = set(tables[0][1].columns) if tables else set()
    for name, table in tables:
        columns = set(table.columns)
        if len(columns & first) < _ALIKE * len(columns | first):
            params = {"first": tables[0][0], "columns": ", ".join(tables[0][1].columns)[:300]}
            problems.append(Problem("file_does_not_fit", got=", ".join(table.columns)[:100], params=params, file=name))
    how = {"files": _files(readings)}
    if not usable(problems):
        return Reading(None, tuple(problems), how)
    limits.check_cells("text", sum(len(table) for _, table in tables), len({column for _, table in tables for column in table.columns}))
    alike, differ = _written_alike([table for _, table in tables], how["files"])
    problems += in_files(differ, how)
    if not usable(problems):
        return Reading(None, tuple(problems), how)
    once, overlaps = without_overlap([(name, table) for (name, _), table in zip(tables, alike, strict=True)])
    problems += overlaps
    shifted = [table.set_axis(table.index + file["rows_before"]) for table, file in zip(once, how["files"], strict=True)]
    for name, table in tables:
        absent = [column for column in first if column not in table.columns]
        if absent:
            problems.append(Problem("columns_absent", Severity.WARNING, got=", ".join(sorted(absent))[:100], file=name))
    return Reading(pd.concat(shifted), tuple(problems), how)


def _written_alike(tables: list[pd.DataFrame], files: Sequence[dict[str, Any]]) -> tuple[list[pd.DataFrame], list[Problem]]:
    """The tables with dates and numbers in one way where the files tell different ones (`sales.alike_files`), in what look like such
    columns; and the problems, rows counting on from file to file."""
    shifted = [table.set_axis(table.index + file["rows_before"]) for table, file in zip(tables, files, strict=True)]
    alike, problems = written_alike(shifted, propose(tables[0]), None)
    return [one.set_axis(table.index) for one, table in zip(alike, tables, strict=True)], problems


def _files(readings: Sequence[tuple[str, Reading]]) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = []
    before = 0
    for name, reading in readings:
        files.append({"name": name, "rows_before": before, **reading.how})
        before += int(reading.table.index[-1]) + 2 if reading.table is not None else 0
    return files
