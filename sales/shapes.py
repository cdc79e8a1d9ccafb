"""Shapes: a table with a column for each date or each item becomes a long one, a row an item and date."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from sales.calendar import Frequency
from sales.dates import days
from sales.distinct import distinct
from sales.numbers import numbers
from sales.role_names import NAMES, plain_name

Layout = Literal["long", "dates_across", "items_across"]
LEAST_ACROSS = 3
_SAMPLE = 50
_TOTALS = frozenset(
    ("total", "totals", "grandtotal", "sum", "summe", "gesamt", "gesamtsumme", "insgesamt", "somme", "totalgeneral", "suma", "合计", "总计")
)
_STEPS = {"D": "D", "W": "7D", "M": "MS"}


@dataclass(frozen=True)
class Shape:
    """How a table holds sales: "long", with a column for each date ("dates_across"), or with one for each item ("items_across").

    beside: the columns that say more of a row; all others are across, also those that a later file adds. dates: (column, date) of those
    across whose name alone is no date, such as a week without its year. date: the column of dates beside
    items across. Where there is none, the rows are periods of length `step` from the day `first_date` (ISO) on. confidence: 0 to 1.

    Raises ValueError for a layout that there is not, or dates of rows that are given twice or by half.
    """

    layout: Layout = "long"
    beside: tuple[str, ...] = ()
    dates: tuple[tuple[str, str], ...] = ()
    date: str | None = None
    first_date: str | None = None
    step: Frequency | None = None
    confidence: float = 1.0

    def __post_init__(self) -> None:
        if self.layout not in get_args(Layout) or not 0 <= self.confidence <= 1:
            raise ValueError(f"shape: got {self.layout!r} of confidence {self.confidence}, expected one of {get_args(Layout)}, 0 to 1")
        if (self.date or self.first_date or self.step) and self.layout != "items_across":
            raise ValueError(f"shape: got dates of rows in {self.layout!r}, expected them with items across alone")
        if (self.first_date is None) != (self.step is None) or (self.first_date and self.date) or self.step not in (None, *_STEPS):
            raise ValueError(f"shape: got {self.date!r}, {self.first_date!r}, {self.step!r}, expected a column, or a day and D, W or M")
        if self.first_date is not None and np.isnat(days(pd.Series([self.first_date]), None)[0]).any():
            raise ValueError(f"shape: first_date: got {self.first_date!r}, expected a day like 2024-01-31")

    def across(self, table: pd.DataFrame) -> list[str]:
        """The columns of `table` that hold one date or one item each."""
        return [name for name in map(str, table.columns) if name not in self.beside and name != self.date]


def detect_shape(table: pd.DataFrame) -> Shape:
    """The shape that the names and cells of `table` suggest, with a confidence.

    Dates across: at least 3 columns with numbers whose names are dates. Items across: at least 3 columns with numbers and names that no
    role has, beside one column in which each date is there once. Columns of totals stay beside.

    >>> detect_shape(pd.DataFrame({"sku": ["A"], "Jan 2024": [1], "Feb 2024": [2], "Mar 2024": [3]})).layout
    'dates_across'
    """
    table = _named(table)
    if table.columns.has_duplicates or table.empty:
        return Shape()
    amounts = _amounts(table)
    return _dates_across(table, amounts) or _items_across(table, amounts) or Shape()


def to_long(table: pd.DataFrame, shape: Shape) -> pd.DataFrame:
    """`table` with a row an item and date: the columns beside, then date or item, and units.

    A long table stays as it is. An empty cell stays empty, a zero zero. The index stays that of the row a cell came from, so that row i of
    the file is at i - 2 once for each column across. Names that the table has already get a _ at the end.

    Raises ValueError where a column that `shape` names is not there, or no column is left across.

    >>> wide = pd.DataFrame({"sku": ["A", "B"], "2024-01": [3, 0], "2024-02": [None, 5]})
    >>> to_long(wide, Shape("dates_across", beside=("sku",))).to_csv(index=False).split()
    ['sku,date,units', 'A,2024-01,3.0', 'B,2024-01,0.0', 'A,2024-02,', 'B,2024-02,5.0']
    """
    if shape.layout == "long":
        return table
    table = _named(table)
    kept = [*shape.beside, *([shape.date] if shape.date else [])]
    across = shape.across(table)
    if missing := [name for name in kept if name not in table.columns]:
        raise ValueError(f"shape: got a table without {missing}, expected the columns that the shape names")
    if not across or table.columns.has_duplicates:
        raise ValueError("shape: got no column across, or two of one name, expected one for each date or item")
    times, rows = len(across), len(table)
    long = pd.DataFrame({name: _tiled(table[name], times) for name in kept}, index=np.tile(table.index, times))
    if shape.layout == "items_across" and shape.date is None:
        long[free_name("date", kept)] = np.tile(_dates_of_rows(shape, rows), times)
    what = "date" if shape.layout == "dates_across" else "item"
    told = dict(shape.dates)
    words, place = np.unique([told.get(name, name) for name in across], return_inverse=True)
    long[free_name(what, kept)] = pd.Categorical.from_codes(np.repeat(place, rows), words.astype(object))
    long[free_name("units", kept)] = pd.concat([table[name] for name in across], ignore_index=True).to_numpy()
    return long


def _named(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_axis([str(name) for name in table.columns], axis=1)


def _amounts(table: pd.DataFrame) -> pd.Series:
    """For each column, whether most of its filled cells are numbers; a column without any is none."""
    some = table.iloc[np.unique(np.linspace(0, len(table) - 1, _SAMPLE).astype(int))]
    cells = pd.concat([some[name].astype(object) for name in some.columns], ignore_index=True)
    read, nothing = (part.reshape(len(some.columns), -1) for part in numbers(cells))
    filled = (~nothing).sum(axis=1)
    return pd.Series((~np.isnan(read)).sum(axis=1) > filled / 2, index=some.columns)


def _dates_across(table: pd.DataFrame, amounts: pd.Series) -> Shape | None:
    names = pd.Series(table.columns, dtype="str")
    read, _, unclear = days(names, None)
    if np.isnat(read).all() and not unclear.any():
        digits = names.str.fullmatch(r"\d{5}")  # days of Excel
        read[digits] = days(names[digits], None)[0]
    dated = ~np.isnat(read) | unclear
    told = _weeks_before(names, read, amounts.to_numpy())
    dated[: np.argmax(dated)] |= names[: np.argmax(dated)].isin(list(told)).to_numpy()
    fits = amounts.to_numpy() | table.isna().all().to_numpy()
    if dated.sum() < LEAST_ACROSS or (share := float(fits[dated].mean())) <= 0.5:
        return None
    return Shape("dates_across", tuple(names[~dated]), tuple(told.items()), confidence=round(share * (1 - 0.5 / int(dated.sum())), 2))


def _weeks_before(names: pd.Series, read: np.ndarray, amounts: np.ndarray) -> dict[str, str]:
    """Weeks without a year, right before the first that has one: names that end in the numbers of the weeks that must stand there."""
    first = int(np.argmax(~np.isnat(read)))
    weeks = names.str.extract(r"(?i)\b(?:w|kw|week|semaine|semana|woche) ?(\d{1,2})$")[0].astype(float).to_numpy()
    told: dict[str, str] = {}
    for back, place in enumerate(range(first - 1, -1, -1), 1):
        week = pd.Timestamp(read[first]).date() - datetime.timedelta(weeks=back)
        if np.isnan(weeks[first]) or week.isocalendar().week != weeks[place] or not amounts[place]:
            break
        told[names[place]] = f"{week:%G-W%V}"
    return told


def _items_across(table: pd.DataFrame, amounts: pd.Series) -> Shape | None:
    roles = {name for names in NAMES.values() for name in names}
    plain = {name: plain_name(name) for name in table.columns}
    date = next((name for name in table.columns if _is_calendar(table[name])), None)
    across = [name for name in table.columns if amounts[name] and name != date and plain[name] not in _TOTALS]
    if len(across) < LEAST_ACROSS or any(plain[name] in roles for name in across):
        return None
    beside = tuple(name for name in table.columns if name not in across and name != date)
    if date is None and beside:
        return None
    surer = 1 - 0.5 / len(across)
    return Shape("items_across", beside, date=date, confidence=round(surer * (1 if date else 0.5) * (1 if not beside else 0.8), 2))


def _is_calendar(column: pd.Series) -> bool:
    """Whether each cell is a date of its own."""
    if pd.api.types.is_numeric_dtype(column.dtype) or len(distinct(column)[1]) < len(column):
        return False
    read, _, unclear = days(column, None)
    return bool((~np.isnat(read) | unclear).mean() > 0.9)


def _tiled(column: pd.Series, times: int) -> object:
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return np.tile(column.to_numpy(), times)
    codes, words = distinct(column)
    return pd.Categorical.from_codes(np.tile(codes, times), words)


def _dates_of_rows(shape: Shape, rows: int) -> np.ndarray:
    if shape.first_date is None or shape.step is None:
        return np.full(rows, np.datetime64("NaT", "D"))
    first = days(pd.Series([shape.first_date]), None)[0][0]
    return pd.date_range(first, periods=rows, freq=_STEPS[shape.step]).to_numpy()


def free_name(name: str, taken: Sequence[str]) -> str:
    """`name`, with a _ at its end for each that is taken."""
    while name in taken:
        name += "_"
    return name
