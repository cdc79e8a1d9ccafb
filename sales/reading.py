"""Reading: a file somebody hands over becomes a table, within bounds; whatever is wrong with it becomes problems, never an exception."""

import csv
import io
import re
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from sales.problems import InputProblems, Problem, Severity

MOST_COLUMNS = 1_000
MOST_BYTES = 2**30
MOST_CELLS = {"xlsx": 30_000_000, "parquet": 500_000_000}
SEPARATORS = ("\t", "|", ";", ",")  # the comma last: where two split a file as evenly it is more often a decimal comma
_LONGEST_HEADER = 2**20
_CHUNK = 2**22
_SAMPLE_ROWS = 20
_CELL = re.compile(rb'\br="([A-Z]{0,3})(\d{1,7})"')


@dataclass(frozen=True, eq=False)
class Reading:
    """A table as read, or None where it cannot be used. The row with index i is row i + 2 of the file: the header is row 1."""

    table: pd.DataFrame | None
    problems: tuple[Problem, ...]


def read_table(source: Path | bytes, name: str) -> Reading:
    """The table in `source`, read by the ending of `name`: .csv, .tsv and .txt (cells stay text), .xlsx and .parquet (cells keep types).

    Cells that hold nothing are missing values, rows that hold nothing are left out. At most 1,000 columns and 1 GiB unpacked; both are
    checked before the file is parsed. Never raises on what is in a file.

    >>> read_table(b"item;date;units\\n007;2024-01-01;3\\n", "sales.csv").table.values.tolist()
    [['007', '2024-01-01', '3']]
    """
    reader = _READERS.get(Path(name).suffix.lower())
    if reader is None:
        return Reading(None, (Problem("wrong_extension", got=name[-100:]),))
    try:
        with _opened(source) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _checked(*reader(file))
    except InputProblems as found:
        return Reading(None, found.problems)
    except Exception as error:  # the readers below are other people's code, handed bytes that anybody may have written
        return Reading(None, (Problem("unreadable_file", got=f"{type(error).__name__}: {error}"[:200], params={"name": name[-100:]}),))


@contextmanager
def _opened(source: Path | bytes) -> Iterator[BinaryIO]:
    if isinstance(source, Path) and not source.is_file():
        raise InputProblems([Problem("file_not_found", got=str(source))])
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        if size == 0:
            raise InputProblems([Problem("empty_file")])
        if size > MOST_BYTES:
            raise InputProblems([_too_large(size)])
        yield file


def _checked(table: pd.DataFrame, problems: list[Problem]) -> Reading:
    """`table` with named columns and without empty rows, unless a name is there twice or nothing is left."""
    names = [str(column).strip() or f"column_{place}" for place, column in enumerate(table.columns, 1)]
    repeated = sorted({column for column in names if names.count(column) > 1})
    problems += [Problem("duplicate_columns", column=column, row=1, count=names.count(column)) for column in repeated]
    table = table.set_axis(names, axis=1)
    if not repeated:
        table = table[table.notna().any(axis=1)] if len(names) else table
        if table.empty:
            problems.append(Problem("no_rows"))
    return Reading(None if repeated or table.empty else table, tuple(problems))


def _too_large(size: int) -> Problem:
    return Problem("file_too_large", got=f"{size:,}", params={"most": f"{MOST_BYTES:,}"})


def _check_columns(count: int) -> None:
    if count > MOST_COLUMNS:
        raise InputProblems([Problem("too_many_columns", got=f"{count:,}", params={"most": f"{MOST_COLUMNS:,}"})])


def _check_cells(kind: str, rows: int, columns: int) -> None:
    if rows * columns > MOST_CELLS[kind]:
        raise InputProblems([Problem("too_many_cells", got=f"{rows:,} x {columns:,}", params={"most": f"{MOST_CELLS[kind]:,}"})])


# --- text ---------------------------------------------------------------------------------------------------------------------------


def _read_csv(file: BinaryIO) -> tuple[pd.DataFrame, list[Problem]]:
    """DuckDB parses a clean copy: UTF-8 without a byte order mark, lines ending in a line feed, without the header."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline=None)
    try:
        header, separator = _header(text)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "rows.csv"
            lines, open_quote = _copy(text, copy, separator)
            return _parse(copy, header, separator, lines if open_quote else 0)
    except UnicodeDecodeError as error:
        raise InputProblems([Problem("not_utf8", got=repr(error.object[error.start : error.start + 1])[2:-1])]) from error
    except csv.Error as error:
        raise InputProblems([Problem("header_unreadable", row=1, got=str(error)[:100])]) from error


def _header(text: io.TextIOWrapper) -> tuple[list[str], str]:
    """The names in the first row that is not blank, and the separator that splits it and the rows after it most evenly; `text` is left at
    the row after the header."""
    first = text.readline(_LONGEST_HEADER)
    if len(first) == _LONGEST_HEADER:
        raise InputProblems(
            [Problem("too_many_columns", got=f"{max(map(first.count, SEPARATORS)):,}", params={"most": f"{MOST_COLUMNS:,}"})]
        )
    if not first.strip():
        raise InputProblems([Problem("no_header", row=1)])
    _check_columns(max(map(first.count, SEPARATORS)) + 1)
    start = text.tell()
    sample = [first, *(text.readline(_LONGEST_HEADER) for _ in range(_SAMPLE_ROWS))]
    text.seek(start)

    def evenness(separator: str) -> tuple[int, int]:
        widths = [len(cells) for cells in csv.reader(sample, delimiter=separator) if cells]
        return (widths.count(widths[0]) if widths[0] > 1 else 0, widths[0])

    separator = max(SEPARATORS, key=evenness)

    def lines() -> Iterator[str]:
        yield first
        while line := text.readline(_LONGEST_HEADER):
            yield line

    return next(csv.reader(lines(), delimiter=separator)), separator


def _copy(text: io.TextIOWrapper, copy: Path, separator: str) -> tuple[int, bool]:
    """Writes what is left of `text`; its lines, and whether a quote may be left open. A blank line gets a separator of its own: DuckDB
    skips blank lines, and row numbers would shift."""
    quoted, count, chunk = False, 0, "\n"
    with copy.open("w", encoding="utf-8", newline="\n") as out:
        while more := text.read(_CHUNK):
            chunk = more + text.readline(_CHUNK)
            count += chunk.count("\n")
            if "\0" in chunk:
                raise InputProblems([Problem("not_text")])
            if "\n\n" in chunk or chunk.startswith("\n"):
                lines, inside = chunk.split("\n"), quoted
                for place, line in enumerate(lines[:-1]):
                    if not line and not inside:
                        lines[place] = separator
                    inside ^= bool(line.count('"') % 2)
                out.write("\n".join(lines))
            else:
                out.write(chunk)
            quoted ^= bool(chunk.count('"') % 2)
    return count + (not chunk.endswith("\n")), quoted


def _parse(copy: Path, header: list[str], separator: str, lines: int) -> tuple[pd.DataFrame, list[Problem]]:
    """The table, and the rows that are none. `lines`: how many there must be, 0 where no quote is left open."""
    import duckdb

    if copy.stat().st_size == 0:
        return pd.DataFrame(columns=header), []
    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}) as connection:
        # two columns at least: the separator that stands for a blank line must not be one cell too many
        columns = {f"c{place}": "VARCHAR" for place in range(max(len(header), 2))}
        rows = connection.read_csv(
            str(copy),
            columns=columns,
            auto_detect=False,
            header=False,
            sep=separator,
            quotechar='"',
            escapechar='"',
            compression="none",
            null_padding=True,
            parallel=False,
            store_rejects=True,
        )
        table = rows.to_arrow_table().to_pandas().iloc[:, : len(header)]
        rejects = connection.execute("SELECT line, any_value(csv_line) FROM reject_errors GROUP BY line ORDER BY line").fetchall()
    held = len(rejects) + sum(line.count("\n", 0, -1) for _, line in rejects) if lines else 0
    if lines and len(table) + held + sum(int(table[name].str.count("\n").sum()) for name in table.columns) < lines:
        raise InputProblems([Problem("quote_open", row=len(table) + len(rejects) + 1)])
    lost = np.array([line - 1 for line, _ in rejects], dtype=int)
    table.index = pd.Index(np.delete(np.arange(len(table) + len(lost)), lost))
    problems = []
    if rejects:
        got = (rejects[0][1] or "").strip().replace("\n", " ")[:100]
        params = {"columns": len(header)}
        problems = [Problem("rows_unreadable", Severity.WARNING, row=int(lost[0]) + 2, got=got, count=len(lost), params=params)]
    return table.set_axis(header, axis=1), problems


# --- workbooks ----------------------------------------------------------------------------------------------------------------------


def _read_xlsx(file: BinaryIO) -> tuple[pd.DataFrame, list[Problem]]:
    import python_calamine as calamine

    if file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":  # a workbook with a password is one stream in an OLE container, and no zip
        raise InputProblems([Problem("password_protected")])
    file.seek(0)
    _check_workbook(file)
    file.seek(0)
    with calamine.load_workbook(file) as workbook:
        shown = [s.name for s in workbook.sheets_metadata if s.visible == calamine.SheetVisibleEnum.Visible]
        cells = next((rows for name in shown if (rows := workbook.get_sheet_by_name(name).to_python(skip_empty_area=False))), [])
    if not cells:
        raise InputProblems([Problem("empty_file")])
    table = pd.DataFrame(cells[1:], columns=range(len(cells[0])), dtype=object).replace({"": None})
    names = ["" if name is None else str(name) for name in cells[0]]
    if not any(names):
        raise InputProblems([Problem("no_header", row=1)])
    used = [place for place, name in enumerate(names) if name or table[place].notna().any()]
    return table[used].infer_objects().set_axis([names[place] for place in used], axis=1), []


def _check_workbook(file: BinaryIO) -> None:
    """Unpacks every part once without keeping it: neither the sizes in the zip nor the extent in a sheet need be true, and one cell in a
    far corner makes the reader set aside memory for all cells before it."""
    unpacked, rows, columns = 0, 0, 0
    with zipfile.ZipFile(file) as parts:
        for part in parts.infolist():
            part.file_size = 2**62
            with parts.open(part) as stream:
                sheet = part.filename.startswith("xl/worksheets/")
                tail = b""
                while chunk := stream.read(_CHUNK):
                    unpacked += len(chunk)
                    if unpacked > MOST_BYTES:
                        raise InputProblems([Problem("unpacks_too_large", params={"most": f"{MOST_BYTES:,}"})])
                    if sheet:
                        places = _CELL.findall(tail + chunk)
                        rows = max(rows, max((int(row) for _, row in places), default=0))
                        columns = max(columns, max(map(_column_number, {column for column, _ in places}), default=0))
                        tail = chunk[-16:]
    _check_columns(columns)
    _check_cells("xlsx", rows, columns)


def _column_number(letters: bytes) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


# --- parquet ------------------------------------------------------------------------------------------------------------------------


def _read_parquet(file: BinaryIO) -> tuple[pd.DataFrame, list[Problem]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    parquet = pq.ParquetFile(file)
    about = parquet.metadata
    _check_columns(about.num_columns)
    _check_cells("parquet", about.num_rows, about.num_columns)
    groups = (about.row_group(place) for place in range(about.num_row_groups))
    size = sum(group.column(place).total_uncompressed_size for group in groups for place in range(about.num_columns))
    if size > MOST_BYTES:
        raise InputProblems([Problem("unpacks_too_large", params={"most": f"{MOST_BYTES:,}"})])
    whole = {pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()}
    types: dict[Any, Any] = dict.fromkeys(whole, pd.Int64Dtype())
    table = parquet.read().to_pandas(ignore_metadata=True, date_as_object=False, types_mapper=types.get)
    for name in table.select_dtypes(object).columns:
        if table.columns.tolist().count(name) == 1:
            table[name] = table[name].map(str, na_action="ignore")
    return table, []


_READERS: dict[str, Callable[[BinaryIO], tuple[pd.DataFrame, list[Problem]]]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), _read_csv),
    ".xlsx": _read_xlsx,
    ".parquet": _read_parquet,
}
