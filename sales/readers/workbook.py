"""Workbooks: XLSX, XLSB, XLS and ODS, read by calamine within bounds."""

import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from sales.problems import InputProblems, Problem, Severity
from sales.readers import limits
from sales.readers.layout import SAMPLE_ROWS, Layout, find_layout

_CHUNK = 2**22
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MOST_MEMORY = 2**32
_MOST_SECONDS = 60
_TRIAL = """
import resource, sys
import python_calamine
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
workbook = python_calamine.load_workbook(sys.argv[1])
for name in workbook.sheet_names:
    workbook.get_sheet_by_name(name)
"""
_CELL = re.compile(rb"\br=[\"']([A-Z]{0,3})(\d{1,7})[\"']")
_ANY_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_SHARED = re.compile(rb"\bt=[\"']s[\"'][^>]*>\s*<(?:\w+:)?v>(\d{1,9})<")
_ITEM = re.compile(rb"<(?:\w+:)?si\b.*?</(?:\w+:)?si>", re.DOTALL)


def read_workbook(
    path: Path, sheet: str | None, header_row: int | None, header_rows: int | None
) -> tuple[pd.DataFrame, list[Problem], dict[str, Any], tuple[str, ...]]:
    """The table of `sheet`, by default of the first visible one that looks like a table, with the types of its cells; the problems; what
    was found; and the names of all sheets.

    Raises InputProblems where there is no table, and for a workbook larger than the limits.
    """
    import python_calamine as calamine

    if zipfile.is_zipfile(path):
        _check_size(path)
    elif _ENCRYPTED in path.read_bytes():
        raise InputProblems([Problem("password_protected")])
    if not _is_xlsx(path):
        _try(path)
    try:
        workbook = calamine.load_workbook(path)
    except calamine.PasswordError as error:
        raise InputProblems([Problem("password_protected")]) from error
    with workbook:
        about = [meta for meta in workbook.sheets_metadata if meta.typ == calamine.SheetTypeEnum.WorkSheet]
        names = tuple(meta.name for meta in about)
        if sheet is not None and sheet not in names:
            raise InputProblems([Problem("no_such_sheet", got=sheet[:100], params={"sheets": ", ".join(names)[:500]})])
        shown = [meta.name for meta in about if meta.visible == calamine.SheetVisibleEnum.Visible]
        chosen, cells, layout = _choose(workbook, [sheet] if sheet else shown or list(names), header_row, header_rows)
    problems = layout.problems()
    others = [name for name in shown if name != chosen]
    if sheet is None and others:
        problems.append(Problem("sheet_chosen", Severity.INFO, got=chosen, params={"sheets": ", ".join(others)[:500], "others": others}))
    how = {"kind": "workbook", "sheet": chosen, **layout.how()}
    return _table(cells, layout), problems, how, names


def _is_xlsx(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as parts:
        return "xl/workbook.xml" in parts.namelist()


def _try(path: Path) -> None:
    """Reads the workbook in another process, within bounds: damaged ones of the old kinds can end the process that reads them, and a
    few bytes of the open kind can repeat a cell a billion times."""
    trial = [sys.executable, "-I", "-c", _TRIAL, str(path), str(_MOST_MEMORY)]
    try:
        subprocess.run(trial, check=True, capture_output=True, timeout=_MOST_SECONDS)
    except subprocess.SubprocessError as error:
        raise ValueError("the workbook is damaged, or repeats its cells without end") from error


def _choose(workbook: Any, names: list[str], header_row: int | None, header_rows: int | None) -> tuple[str, list[list[Any]], Layout]:
    """The first sheet with a header over two columns and two rows at least, or else the first with a header; its cells and its layout."""
    spare: tuple[str, list[list[Any]], Layout] | None = None
    refused: InputProblems | None = None
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        rows, columns = (place + 1 for place in sheet.end or (-1, -1))
        limits.check_columns(columns)
        limits.check_cells("workbook", rows, columns)
        cells = sheet.to_python(skip_empty_area=False)
        if not cells:
            continue
        try:
            layout = find_layout(
                _filled_part(cells[: SAMPLE_ROWS + (header_row or 0)]), header_row, header_rows, sheet.merged_cell_ranges or ()
            )
        except InputProblems as found:
            refused = refused or found
            continue
        if len(cells) > layout.body and sum(map(bool, layout.names)) > 1:
            return name, cells, layout
        spare = spare or (name, cells, layout)
    if spare is None:
        raise refused or InputProblems([Problem("empty_file")])
    return spare


def _filled_part(cells: list[list[Any]]) -> list[list[Any]]:
    """The rows without the empty cells at their ends."""
    width = max((place + 1 for row in cells for place, cell in enumerate(row) if cell != ""), default=0)
    return [row[:width] for row in cells]


def _table(cells: list[list[Any]], layout: Layout) -> pd.DataFrame:
    width = max(len(cells[0]), len(layout.names))
    table = pd.DataFrame(cells[layout.body :], columns=range(width), dtype=object).replace({"": None})
    table.index = pd.RangeIndex(layout.body - 1, layout.body - 1 + len(table))
    names = [*layout.names, *[""] * (width - len(layout.names))]
    return table.infer_objects().set_axis(names, axis=1)


def _check_size(path: Path) -> None:
    """Unpacks every part once without keeping it: neither the sizes in the zip nor the extent in a sheet need be true, and one cell in a
    far corner makes the reader set aside memory for all cells before it."""
    unpacked, most = 0, 0
    with zipfile.ZipFile(path) as parts:
        for part in parts.infolist():
            part.file_size = 2**62
            rows, columns, cells, sheet = 0, 0, 0, part.filename.startswith("xl/worksheets/")
            with parts.open(part) as stream:
                tail = b""
                while chunk := stream.read(_CHUNK):
                    unpacked += len(chunk)
                    limits.check_unpacked(unpacked)
                    if sheet:
                        places = Counter(_CELL.findall(tail + chunk))
                        rows = max(rows, max((int(row) for _, row in places), default=0))
                        columns = max(columns, max(map(_column_number, {column for column, _ in places}), default=0))
                        cells += len(_ANY_CELL.findall(chunk))
                        tail = chunk[-16:]
            limits.check_columns(columns)
            limits.check_cells("workbook", rows, columns)
            limits.check_cells("workbook", cells, 1)
            most = max(most, cells)
        _check_shared_texts(parts, most)


def _check_shared_texts(parts: zipfile.ZipFile, cells: int) -> None:
    """A text written once may stand in a million cells, and each gets its own copy."""
    if "xl/sharedStrings.xml" not in parts.namelist():
        return
    lengths = [len(item) for item in _ITEM.findall(parts.read("xl/sharedStrings.xml"))]
    if max(lengths, default=0) * cells <= limits.MOST_BYTES:
        return
    for name in parts.namelist():
        if name.startswith("xl/worksheets/"):
            used = Counter(map(int, _SHARED.findall(parts.read(name))))
            limits.check_unpacked(sum(count * lengths[place] for place, count in used.items() if place < len(lengths)))


def _column_number(letters: bytes) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
