"""Text: separated values of any encoding. Arrow parses what is plain, DuckDB the rest; what both lack is done on the way into a copy."""

import csv
import io
import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sales.problems import InputProblems, Problem, Severity
from sales.readers import encoding, limits
from sales.readers.bare import read_bare
from sales.readers.engine import engine, literally
from sales.readers.layout import SAMPLE_ROWS, Layout, find_layout, kind

SEPARATORS = ("\t", "|", ";", ",")  # the comma last: where two split a file as evenly it is more often a decimal comma
_LONGEST_LINE = 2**20
_LEAST_WIDTH = 4  # lines cost time even where they hold next to nothing
_MOST_SAMPLED = 2**23
_CHUNK = 2**22


@dataclass(frozen=True)
class Plan:
    """How to read the rows: what splits them, where they begin (`lines`: of text above them), how many columns they have, and whether no
    cell among them is quoted."""

    made: encoding.Made
    separator: str
    layout: Layout
    lines: int
    width: int
    bare: bool


def read_text(
    path: Path, asked_encoding: str | None, separator: str | None, header_row: int | None, header_rows: int | None
) -> tuple[pd.DataFrame, list[Problem], dict[str, Any]]:
    """The cells below the header as text, missing where they are empty, with the header's names; the problems; and what was found.

    Raises InputProblems where there is no table.
    """
    _check_asked(asked_encoding, separator)
    made = encoding.look(path, asked_encoding)
    if made.zeros and not made.encoding.startswith("utf-16") and not made.encoding.startswith("utf-32"):
        raise InputProblems([Problem("not_text")])
    plan = plan_of(path, made, separator, header_row, header_rows)
    limits.check_cells("text", made.lines + 1, max(plan.width, _LEAST_WIDTH))
    problems = plan.layout.problems()
    if made.guessed:
        problems.append(Problem("encoding_guessed", Severity.INFO, got=made.encoding))
    # a header of one line in a file without blank lines: nothing that DuckDB would count otherwise than we do
    if made.plain and not made.odd_quotes and plan.lines == plan.layout.body <= 1:
        table, rejects = _read_bare(path, plan) or _parse(path, plan, plan.lines, made.lines - plan.lines)
    else:
        table, rejects, replaced = _parse_copy(path, plan)
        problems += replaced
    how = {"kind": "text", "encoding": made.encoding, "separator": plan.separator, **plan.layout.how()}
    return table, problems + rejects, how


def _check_asked(asked_encoding: str | None, separator: str | None) -> None:
    problems = []
    if asked_encoding is not None and not encoding.known(asked_encoding):
        problems.append(Problem("unknown_encoding", got=asked_encoding[:100]))
    if separator is not None and (len(separator) != 1 or not separator.isascii() or separator in '"\n\r\0'):
        problems.append(Problem("bad_separator", got=separator[:100]))
    if problems:
        raise InputProblems(problems)


def _open(path: Path, name: str) -> io.TextIOWrapper:
    return path.open(encoding="utf-8-sig" if name == "utf-8" else name, errors="replace", newline=None)


def plan_of(path: Path, made: encoding.Made, separator: str | None, header_row: int | None, header_rows: int | None) -> Plan:
    """How to read the text at `path`, as its first lines tell. Raises InputProblems where there is no table."""
    with _open(path, made.encoding) as text:
        lines: list[str] = []
        size = 0
        while len(lines) < SAMPLE_ROWS + (header_row or 0) and size < _MOST_SAMPLED and (line := text.readline(_LONGEST_LINE)):
            limits.check_columns((line.count(separator) if separator else max(map(line.count, SEPARATORS))) + 1)
            if len(line) == _LONGEST_LINE:
                break
            lines.append(line)
            size += len(line)
    if not lines and path.stat().st_size >= _LONGEST_LINE:
        raise InputProblems([Problem("line_too_long", row=1, params={"most": f"{_LONGEST_LINE:,}"})])
    told = lines[0].strip().lower() if lines else ""
    if separator is None and len(told) == 5 and told.startswith("sep="):
        separator = told[4]
    if separator is None:
        separator = max(SEPARATORS, key=lambda candidate: _evenness(lines, candidate))
    records = _records(lines, separator)
    rows = [row for row, _ in records]
    layout = find_layout(rows, header_row, header_rows)
    begin = records[layout.body - 1][1] if layout.body else 0
    width = max(len(layout.names), _usual_width(rows[layout.body :]))
    limits.check_columns(width)
    bare = made.quotes == sum(line.count('"') for line in lines[:begin])
    return Plan(made, separator, layout, begin, width, bare)


def _records(lines: list[str], separator: str) -> list[tuple[list[str], int]]:
    """Rows of cells and the count of lines up to each one's end; what comes after a quote that does not close is left out."""
    reader = csv.reader(lines, delimiter=separator)
    records: list[tuple[list[str], int]] = []
    try:
        for row in reader:
            records.append((row, reader.line_num))  # noqa: PERF401 - what was read before an error is kept
    except csv.Error as error:
        if not records:
            raise InputProblems([Problem("header_unreadable", row=1, got=str(error)[:100])]) from error
    return records


def _evenness(lines: list[str], separator: str) -> tuple[int, int]:
    """How many rows have the width that most have, and that width; nothing where it does not split them."""
    width = _usual_width([row for row, _ in _records(lines, separator)])
    return (sum(len(row) == width for row, _ in _records(lines, separator)) if width > 1 else 0, width)


def _usual_width(rows: list[list[str]]) -> int:
    widths = Counter(len(row) for row in rows if any(map(str.strip, row)))
    return max(widths, key=lambda width: (widths[width], width), default=1)


def _parse_copy(path: Path, plan: Plan) -> tuple[pd.DataFrame, list[Problem], list[Problem]]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "rows.csv"
        lines, replaced = _copy(path, copy, plan)
        table, rejects = _parse(copy, plan, 0, lines)
    return table, rejects, replaced


def _copy(path: Path, copy: Path, plan: Plan) -> tuple[int, list[Problem]]:
    """Writes the rows in UTF-8 with line feeds; counts their lines, and names characters that could not be read. A blank line gets a
    separator of its own: DuckDB skips blank lines, and row numbers would shift."""
    quoted, count, chunk, bad, first = False, 0, "\n", 0, 0
    with _open(path, plan.made.encoding) as text, copy.open("w", encoding="utf-8", newline="\n") as out:
        for _ in range(plan.lines):
            text.readline()
        while more := text.read(_CHUNK):
            chunk = more + text.readline(_CHUNK)
            if "\0" in chunk:
                raise InputProblems([Problem("not_text")])
            if "\ufffd" in chunk:
                first = first or plan.lines + count + chunk.count("\n", 0, chunk.index("\ufffd")) + 1
                bad += chunk.count("\ufffd")
            count += chunk.count("\n")
            blank = "\n\n" in chunk or chunk.startswith("\n")
            if blank and not quoted and '"' not in chunk:
                marked = ("\n" + chunk).replace("\n\n", f"\n{plan.separator}\n").replace("\n\n", f"\n{plan.separator}\n")
                out.write(marked[1:])
            elif blank:
                lines, inside = chunk.split("\n"), quoted
                for place, line in enumerate(lines[:-1]):
                    if not line and not inside:
                        lines[place] = plan.separator
                    inside ^= bool(line.count('"') % 2)
                out.write("\n".join(lines))
            else:
                out.write(chunk)
            quoted ^= bool(chunk.count('"') % 2)
    params = {"encoding": plan.made.encoding}
    replaced = [Problem("characters_unreadable", Severity.WARNING, row=first, count=bad, params=params)] if bad else []
    return count + (not chunk.endswith("\n")), replaced


def _read_bare(path: Path, plan: Plan) -> tuple[pd.DataFrame, list[Problem]] | None:
    """What `_parse` answers where no cell is quoted and rows are all equally wide; None where DuckDB has to tell."""
    if not (plan.bare and plan.made.ends and plan.width > 1):
        return None
    table = read_bare(path, plan.separator, plan.lines, plan.width, plan.made.lines - plan.lines)
    if table is None:
        return None
    first = plan.layout.body - 1
    table.index = pd.RangeIndex(first, first + len(table))
    return table.set_axis(_names(plan), axis=1), _comma_splits(table, plan)


def _names(plan: Plan) -> list[str]:
    return [*plan.layout.names, *[""] * (plan.width - len(plan.layout.names))]


def _parse(path: Path, plan: Plan, skip: int, lines: int) -> tuple[pd.DataFrame, list[Problem]]:
    """The table in the file at `path`, after `skip` lines, of which `lines` are left; and what is wrong with its rows."""
    import duckdb

    names = _names(plan)
    if path.stat().st_size == 0:
        return pd.DataFrame(columns=names), []
    try:
        table, lost, got, held = _parsed(path, plan, skip, parallel=not plan.made.odd_quotes)
    except duckdb.Error:  # line breaks in quotes, which DuckDB does not read with several threads
        table, lost, got, held = _parsed(path, plan, skip, parallel=False)
    first = plan.layout.body - 1
    table.index = pd.Index(np.delete(np.arange(len(table) + len(lost)), lost - 1) + first)
    swallowed, breaks = _swallowed(table, plan) if len(table) + len(lost) < lines else ([], 0)
    unread = lines - len(table) - breaks  # what is told of a rejected row may be cut short: its lines are those that are in no other
    if len(lost):
        severity = Severity.ERROR if held or len(lost) > len(table) else Severity.WARNING
        row, params = int(lost[0]) + first + 1, {"columns": plan.width}
        swallowed.append(Problem("rows_unreadable", severity, row=row, got=got, count=max(unread, len(lost)), params=params))
    elif unread > 0:
        raise InputProblems([Problem("quote_open", row=plan.layout.body + len(table))])
    return table.set_axis(names, axis=1), swallowed + _comma_splits(table, plan)


def _swallowed(table: pd.DataFrame, plan: Plan) -> tuple[list[Problem], int]:
    """Rows that stand in a cell because a quote opens before them and closes behind, named; and how many line breaks all cells hold."""
    kinds = [_usual_kind(table.iloc[:, place]) for place in range(table.shape[1])]
    breaks, lines, at, got = 0, 0, len(table), ""
    for place, name in enumerate(table.columns):
        several = np.flatnonzero(table[name].str.contains("\n", regex=False).fillna(False).to_numpy(dtype=bool))
        cells = table[name].iloc[several]
        breaks += int(cells.str.count("\n").sum())
        wide = (cells.str.count(re.escape(plan.separator)) >= (plan.width - 1 - place or plan.width - 1)).to_numpy(dtype=bool)
        for row, cell in zip(several[wide].tolist(), cells[wide].to_numpy(dtype=object), strict=True):
            within = cell.split("\n")
            if any(_is_row(line, 0 if k else place, plan.separator, kinds) for k, line in enumerate(within)):
                lines += len(within) - 1
                at, got = min((at, got), (row, within[0]))
    return [Problem("quote_swallows", row=int(table.index[at]) + 2, got=got[:100], count=lines)] if lines else [], breaks


def _usual_kind(column: pd.Series) -> str:
    """What most cells look like where that is a number or a date, else nothing."""
    usual = Counter(map(kind, column.dropna().iloc[:SAMPLE_ROWS])).most_common(1)
    return usual[0][0] if usual and usual[0][0] in ("number", "date") else ""


def _is_row(line: str, place: int, separator: str, kinds: list[str]) -> bool:
    """Whether what stands in `line` from the column at `place` on is a row: as wide, with numbers and dates where the others have them."""
    cells = line.split(separator)
    typed = [(kind(cell), wanted) for cell, wanted in zip(cells[1:], kinds[place + 1 :], strict=False) if wanted]
    return place + len(cells) == len(kinds) and bool(typed) and all(is_a in (wanted, "") for is_a, wanted in typed)


def _comma_splits(table: pd.DataFrame, plan: Plan) -> list[Problem]:
    """Columns beyond the header's that hold nothing but a few digits: what stands behind a decimal comma that is also the separator."""
    beyond = table.iloc[:, len(plan.layout.names) :]
    if plan.separator != "," or plan.layout.header_rows == 0 or beyond.empty:
        return []
    digits = pd.concat([beyond[name].dropna() for name in beyond.columns])
    if digits.empty or not digits.str.fullmatch(r"\d{1,4}").all():
        return []
    count = int(beyond.notna().any(axis=1).sum())
    row = int(beyond.dropna(how="all").index[0]) + 2
    return [Problem("comma_splits", row=row, got=plan.separator.join(table.loc[row - 2].dropna())[:100], count=count)]


def _parsed(path: Path, plan: Plan, skip: int, parallel: bool) -> tuple[pd.DataFrame, np.ndarray, str, int]:
    """The rows; which rows are none, from 1; the text of the first of these, and how many line feeds they hold."""
    # two columns at least: the separator that stands for a blank line must not be one cell too many
    columns = {f"c{place}": "VARCHAR" for place in range(max(plan.width, 2))}
    with engine() as connection:
        rows = connection.read_csv(
            literally(path),
            columns=columns,
            auto_detect=False,
            header=False,
            skiprows=skip,
            sep=plan.separator,
            quotechar='"',
            escapechar='"',
            compression="none",
            null_padding=True,
            parallel=parallel,
            store_rejects=True,
        )
        table = rows.to_arrow_table().to_pandas(self_destruct=True).iloc[:, : plan.width]
        rejects = "SELECT line, rtrim(any_value(csv_line), chr(10)) AS written FROM reject_errors GROUP BY line"
        lost = connection.execute(f"SELECT line FROM ({rejects}) ORDER BY line").fetchnumpy()["line"]
        breaks = "sum(length(written) - length(replace(written, chr(10), '')))::BIGINT"
        held, got = connection.execute(f"SELECT {breaks}, arg_min(written, line) FROM ({rejects})").fetchone()
    return table, np.asarray(lost, dtype=int) - skip, (got or "").strip().replace("\n", " ")[:100], held or 0
