"""Layout: where a table begins and ends among the rows of a sheet: title rows, one or more header rows, body, totals rows."""

import datetime
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from sales.problems import InputProblems, Problem, Severity
from sales.role_names import ROLE_NAMES, plain_name

Row = Sequence[Any]
Range = tuple[tuple[int, int], tuple[int, int]]

SAMPLE_ROWS = 100
_FORMULA, _FIRST_ROWS = r'^="((?:[^"]|"")*)"$', 20
_MOST_BELOW = 20
_LEAST_DATES = 3
_LEAST_ABOVE = 5
_NOTHING = {"", "-", "–", "—", "?", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "unknown", "tbd"}
_DATE = re.compile(
    r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}\b.*|\d{4}[-/]\d{1,2}|\d{1,2}[-/]\d{4}|\d{4}-?W\d{1,2}|\d{4}年.*|"
    r"\d{1,2}[ .-]{1,2}[^\W\d]{3,9}[ .-]{1,2}\d{2,4}\b.*",
    re.DOTALL,
)
_NUMBER = re.compile(r"[-+(]?[^\w\s]?[-+]?(?:\d[\d.,'\xa0\u202f ]*|\.\d+)(?:[eE][-+]?\d+)?[%€$£¥)-]{0,2}|[-+]?inf(?:inity)?", re.IGNORECASE)
_TOTAL = re.compile(
    r"(?:grand |sub|sub-)?totals?(?: g[eé]n[eé]ral| general)?|sums?|summen?|(?:gesamt|end)(?:summe|betrag)?|insgesamt|zwischensumme|"
    r"sommes?|suma|合计|总计|小计|总和|合計|總計|小計|總和",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Layout:
    """The place of the first header row (0 is the first row of all), how many header rows there are (0: none), the names of the columns,
    and the title rows above, each a place and its text."""

    header_row: int
    header_rows: int
    names: tuple[str, ...]
    titles: tuple[tuple[int, str], ...]

    @property
    def body(self) -> int:
        """The place of the first row below the header."""
        return self.header_row + self.header_rows

    def problems(self) -> list[Problem]:
        """Title rows left out and a header that is not there, named."""
        found = []
        if self.titles:
            place, text = self.titles[0]
            found.append(Problem("rows_above_header", Severity.INFO, row=place + 1, got=text[:100], count=len(self.titles)))
        if self.header_rows == 0:
            found.append(Problem("header_missing", Severity.WARNING, row=self.header_row + 1, params={"first": "column_1"}))
        return found

    def how(self) -> dict[str, Any]:
        """What was found, for `Reading.how`; rows count from 1."""
        return {"header_row": self.header_row + 1, "header_rows": self.header_rows, "title_rows": [text for _, text in self.titles]}


def kind(cell: Any) -> str:
    """What a cell looks like: "number", "date", "word", or "" where it holds nothing.

    >>> [kind(cell) for cell in ("1.234,50 €", "31/03/2024", "2024-W05", "SKU-1", "n/a", None, 7)]
    ['number', 'date', 'date', 'word', '', '', 'number']
    """
    if isinstance(cell, str):
        text = cell[:100].strip()
        if text.lower() in _NOTHING:
            return ""
        if len(text) > 40:
            return "word"
        return "date" if _DATE.fullmatch(text) else "number" if _NUMBER.fullmatch(text) else "word"
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, datetime.date):
        return "date"
    return "number" if isinstance(cell, Number | datetime.time | datetime.timedelta) else "word"


def find_layout(rows: Sequence[Row], header_row: int | None = None, header_rows: int | None = None, merged: Sequence[Range] = ()) -> Layout:
    """The layout of a table whose first rows are `rows`. The header is the first row nearly as wide as the widest above the body, and
    the rows below it that name what it leaves open; the body is what the rows further down look like, column by column.

    header_row (from 1) and header_rows decide instead where they are given. merged: ranges of cells merged, ((row, column), (row,
    column)) from 0. Raises InputProblems where there is no row to be the header.

    >>> find_layout([["Sales 2024"], [], ["item", "units"], ["A", "3"], ["B", "4"]]).how()
    {'header_row': 3, 'header_rows': 1, 'title_rows': ['Sales 2024']}
    """
    sheet = _Sheet(rows)
    if header_row is not None:
        first = header_row - 1
        if not 0 <= first < len(rows) or (not sheet.filled(first) and header_rows != 0):
            raise InputProblems([Problem("no_header", row=header_row)])
        count = sheet.header_rows(first) if header_rows is None else header_rows
    elif not any(map(sheet.filled, range(len(rows)))):
        raise InputProblems([Problem("no_header", row=1)])
    else:
        first, missing = sheet.header()
        first = first if missing else sheet.with_rows_above(first, merged)
        count = header_rows if header_rows is not None else 0 if missing else sheet.header_rows(first)
    count = min(count, len(rows) - first)
    names = _names([list(row) for row in rows[first : first + count]], first, merged)
    names += [""] * ((sheet.width if count == 0 else 0) - len(names))
    titles = [(place, " ".join(_name(cell) for cell in rows[place] if _name(cell))) for place in range(first)]
    return Layout(first, count, tuple(names), tuple((place, text) for place, text in titles if text))


class _Sheet:
    """The first rows of a sheet, the kind of every cell, and of every column in the body: the lower half of these rows."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.kinds = [[kind(cell) for cell in row] for row in rows]
        filled = [place for place in range(len(rows)) if self.filled(place)]
        body = [self.kinds[place] for place in filled[len(filled) // 2 :]]
        self.width = max((len(row) for row in body), default=0)
        columns = [Counter(row[place] for row in body if place < len(row)) for place in range(self.width)]
        self.body_kind = [_most(column) for column in columns]
        self.always = [place for place, column in enumerate(columns) if body and 20 * (column.total() - column[""]) >= 19 * len(body)]
        self.typical = float(np.median([sum(map(bool, row)) for row in body])) if body else 0.0

    def filled(self, place: int) -> int:
        return sum(_name(cell) != "" for cell in self.rows[place])

    def header(self) -> tuple[int, bool]:
        """The place of the header's widest row; or that of the first row of the body, and true, where there is no header."""
        filled = [place for place in range(len(self.rows)) if self.filled(place)]
        for place in filled[: len(filled) // 2 + 1]:
            if self._says_roles(place) and 2 * self.filled(place) >= self.typical:
                return place, False
        start = next((place for place in filled if self._like_body(place)), filled[len(filled) // 2])
        above = [place for place in filled if place < start]
        widest = max(map(self.filled, above), default=0)
        if 2 * widest >= self.typical and above:
            return next(place for place in above if 5 * self.filled(place) >= 4 * min(widest, self.typical)), False
        return start, self._is_body(start)

    def _says_roles(self, place: int) -> bool:
        """Whether two cells or more are names that columns have in shops' files."""
        return sum(plain_name(cell) in ROLE_NAMES for cell in self.rows[place] if isinstance(cell, str)) >= 2

    def header_rows(self, first: int) -> int:
        """The header row and the rows right below it that are names too."""
        count, named = 1, {place for place, cell in enumerate(self.rows[first]) if _name(cell)}
        while first + count < len(self.rows) and self._names_more(first + count, named, count):
            named |= {place for place, cell in enumerate(self.rows[first + count]) if _name(cell)}
            count += 1
        return count

    def with_rows_above(self, first: int, merged: Sequence[Range]) -> int:
        """The header row, or the one above it where that groups columns: by merged cells, or because the names below are not unique."""
        if first == 0 or not self.filled(first - 1):
            return first
        names = [_name(cell) for cell in self.rows[first] if _name(cell)]
        groups = [right - left for (top, left), (_, right) in merged if top == first - 1 and 0 < right - left < len(names) - 1]
        repeated = len(set(names)) < len(names) and self.filled(first - 1) > 1
        return first - 1 if groups or repeated else first

    def _names_more(self, place: int, named: set[int], count: int) -> bool:
        kinds = dict(enumerate(self.kinds[place]))
        typed = [kinds[column] for column in kinds if kinds[column] and self._body_kind(column) in ("number", "date")]
        words = typed.count("word")
        if self._dates_columns(place):
            return True
        if not words or 2 * words < len(typed) or "date" in typed:
            return False
        fills_gap = any(kinds[column] == "word" and column not in named for column in kinds)
        units_of_all = words == len(typed) >= 2
        notes = count > 1 and 2 * self.filled(place) < self.typical
        return fills_gap or units_of_all or notes

    def _dates_columns(self, place: int) -> bool:
        """Whether the row holds the dates of columns of numbers, each once, below names that group them."""
        over = [str(cell) for column, cell in enumerate(self.rows[place]) if self.kinds[place][column] == "date"]
        bodies = [self._body_kind(column) for column, is_a in enumerate(self.kinds[place]) if is_a == "date"]
        return len(over) >= _LEAST_DATES and set(bodies) == {"number"} and len(set(over)) == len(over) and "number" not in self.kinds[place]

    def _body_kind(self, column: int) -> str:
        return self.body_kind[column] if column < self.width else ""

    def _like_body(self, place: int) -> bool:
        """Whether the row's cells are of the kinds that the body has below them; years or other numbers in even steps are names."""
        kinds = self.kinds[place]
        typed = [column for column in self.always if self.body_kind[column] in ("number", "date")]
        if not typed or self.always[0] >= len(kinds) or not kinds[self.always[0]]:
            return False
        same = sum(column < len(kinds) and kinds[column] == self.body_kind[column] for column in typed)
        return 2 * same >= len(typed) and not self._counts(place)

    def _counts(self, place: int) -> bool:
        numbers = [str(cell).strip() for cell, is_a in zip(self.rows[place], self.kinds[place], strict=True) if is_a == "number"]
        if len(numbers) < 2 or not all(re.fullmatch(r"\d{1,6}(\.0)?", number) for number in numbers):
            return False
        return set(np.diff([int(float(number)) for number in numbers]).tolist()) == {1}

    def _is_body(self, place: int) -> bool:
        """Whether a row is one of the body for sure: with a date where the body has dates, and numbers where it has numbers."""
        kinds = self.kinds[place]
        typed = [column for column in self.always if self.body_kind[column] in ("number", "date")]
        same = all(column < len(kinds) and kinds[column] == self.body_kind[column] for column in typed)
        return same and any(self.body_kind[column] == "date" for column in typed) and len(self.rows) > 1


def _most(column: Counter[str]) -> str:
    """The kind of two thirds of the filled cells, or a word."""
    filled = {is_a: count for is_a, count in column.items() if is_a}
    best = max(filled, key=lambda is_a: filled[is_a], default="")
    return best if 3 * filled.get(best, 0) >= 2 * sum(filled.values()) else "word"


def _names(header: list[list[Any]], first: int, merged: Sequence[Range]) -> list[str]:
    """The header rows joined by a space. A cell merged over several columns names them all; without merged cells, a name in the first
    of several rows holds until the next."""
    width = max(map(len, header), default=0)
    cells = [[*row, *[None] * (width - len(row))] for row in header]
    spans = [(top - first, left, right) for (top, left), (_, right) in merged if 0 <= top - first < len(cells) and right > left]
    for row, left, right in spans:
        cells[row][left : right + 1] = [cells[row][left]] * (min(right + 1, width) - left)
    if len(cells) > 1 and not spans:
        for place in range(1, width):
            if not _name(cells[0][place]) and _name(cells[1][place]):
                cells[0][place] = cells[0][place - 1]
    parts = [[_name(row[place]) for row in cells if not (len(cells) > 1 and _is_fraction(row[place]))] for place in range(width)]
    parts = [words[-1:] if cells and kind(cells[-1][place]) == "date" else words for place, words in enumerate(parts)]
    return [" ".join(dict.fromkeys(part for part in words if part)) for words in parts]


def _is_fraction(cell: Any) -> bool:
    """A number that is no year and no count: a stray figure among the names."""
    return isinstance(cell, float) and not cell.is_integer()


def _name(cell: Any) -> str:
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return " ".join(str(cell).split())


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """`table` with 007 for ="007": programs write text so that a spreadsheet keeps its zeros.

    >>> without_formulas(pd.DataFrame({"sku": ['="007"', '="B"'], "units": ["1", "2"]}))["sku"].tolist()
    ['007', 'B']
    """
    some = table.head(_FIRST_ROWS)
    dressed = [name for name in table.columns if some[name].map(lambda cell: isinstance(cell, str) and cell.startswith('="')).any()]
    return table.assign(**{name: table[name].replace(_FORMULA, r"\1", regex=True) for name in dressed}) if dressed else table


def numbered_totals(names: Sequence[str]) -> list[str]:
    """`names` with the second and later of columns that say they are a total numbered: a report may have one for each group.

    >>> numbered_totals(["item", "Subtotal", "Subtotal", "units", "units"])
    ['item', 'Subtotal', 'Subtotal 2', 'units', 'units']
    """
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(f"{name} {seen[name]}" if seen[name] > 1 and _TOTAL.fullmatch(name.strip(" :*.")) else name)
    return numbered


def without_totals(table: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """`table` without the rows at its end that are none of its own, and a problem that names each kind. A total says so in a cell ("Total",
    "Summe", "合计") whose text is nowhere else in its column, or holds nothing but sums of its columns; a note fills fewer than half of the
    columns that every row above fills.

    >>> left, problems = without_totals(pd.DataFrame({"item": ["A", "B", "Total"], "units": ["3", "4", "7"]}))
    >>> len(left), problems[0].code, problems[0].row
    (2, 'totals_row', 4)
    """
    always = set(_always_filled(table))
    totals: list[tuple[int, str]] = []
    notes: list[tuple[int, str]] = []
    end = len(table)
    while end > 1 and len(table) - end < _MOST_BELOW:
        cells = [(place, cell) for place, cell in enumerate(table.iloc[end - 1]) if kind(cell)]
        filled = {place for place, _ in cells} & always
        is_total = any(_is_total(table, place, cell, end, filled < always) for place, cell in cells)
        is_total = is_total or (filled < always and _is_sum(table, cells, end))
        if not is_total and (end <= _LEAST_ABOVE or len(always) < 2 or 2 * len(filled) >= len(always)):
            break
        end -= 1
        (totals if is_total else notes).insert(0, (int(table.index[end]) + 2, " ".join(str(cell) for _, cell in cells)[:100]))
    problems = []
    if totals:
        (row, got), *also = totals
        problems.append(Problem("totals_row", Severity.WARNING, row=row, got=got, count=len(totals), also=tuple(also)))
    if notes:
        (row, got), *also = notes
        problems.append(Problem("rows_below", Severity.WARNING, row=row, got=got, count=len(notes), also=tuple(also)))
    return table.iloc[:end], problems


def _always_filled(table: pd.DataFrame) -> list[int]:
    """The columns that hardly any row leaves empty, those at the end aside."""
    body = table.iloc[: max(len(table) - _MOST_BELOW, len(table) // 2)]
    return [place for place in range(table.shape[1]) if len(body) and body.iloc[:, place].isna().mean() <= 0.05]


def _is_total(table: pd.DataFrame, place: int, cell: Any, end: int, leaves_open: bool) -> bool:
    if not isinstance(cell, str) or not _TOTAL.fullmatch(cell.strip(" :*.\t")):
        return False
    others = [(where, other) for where, other in enumerate(table.iloc[end - 1]) if kind(other) and where != place]
    amounts = [(where, other) for where, other in others if kind(other) == "number"]
    if int((table.iloc[:, place] == cell).sum()) != 1:
        return False
    if any(kind(other) == "date" for _, other in others):  # a line of its own day, as that of an item called Total
        return _is_sum(table, amounts, end)
    first = all(where > place for where, _ in others)
    return leaves_open or (first and (not amounts or any(_reaches(table, where, other, end) for where, other in amounts)))


def _reaches(table: pd.DataFrame, place: int, cell: Any, end: int) -> bool:
    """Whether a number is at least the largest above it, as a total is."""
    above = pd.to_numeric(table.iloc[: end - 1, place], errors="coerce").max()
    return not float(pd.to_numeric(str(cell), errors="coerce")) < above


def _is_sum(table: pd.DataFrame, cells: list[tuple[int, Any]], end: int) -> bool:
    """Whether the row before `end` holds numbers alone, each the sum of two cells or more above."""

    def adds_up(place: int, cell: Any) -> bool:
        above = pd.to_numeric(table.iloc[: end - 1, place], errors="coerce")
        total = pd.to_numeric(str(cell), errors="coerce")
        return int(above.notna().sum()) > 1 and bool(np.isclose(float(above.sum()), float(total), rtol=1e-9, atol=0))

    return bool(cells) and all(kind(cell) == "number" and adds_up(place, cell) for place, cell in cells)
