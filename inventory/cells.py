"""Cells of a stock file or a purchase history: text, numbers and days, and what of them cannot be used."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from sales import distinct
from sales.dates import days
from sales.numbers import Mark, read_numbers
from sales.problems import Problem, Severity

MOST_DAYS = 3650.0
MOST_UNITS = 1e9
MOST_PERCENT = 1000.0
_MOST_LISTED = 20


def most(name: str) -> float:
    """The largest number that the column `name` may hold, in its unit."""
    return MOST_DAYS if name.endswith("_days") else MOST_PERCENT if name.endswith("_percent") else MOST_UNITS


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """`table` with each cell as text by the rule of sales files (`sales.distinct.texts`): byte for byte, whole numbers without a decimal
    point, days as YYYY-MM-DD, nothing as "". The same is read from both, and columns of mixed types can be saved as Parquet.

    A typed 1.234 is written with a fourth decimal, so that nobody takes it for one thousand and more.

    >>> as_text(pd.DataFrame({"item": ["A-1", 1001.0], "on_hand": [2.125, None]})).values.tolist()
    [['A-1', '2.1250'], ['1001', '']]
    """
    return pd.DataFrame({name: _texts(table[name]) for name in table.columns}, index=table.index, columns=table.columns, dtype=object)


def _texts(column: pd.Series) -> np.ndarray:
    codes, values = distinct.distinct(column)
    words = np.array([*(_written(value) for value in values), ""], dtype=object)
    return words[codes]


def _written(value: Any) -> str:
    text = distinct.as_text(value)
    if not text.strip():
        return ""
    return f"{text}0" if isinstance(value, float | np.floating | Decimal) and re.fullmatch(r"-?\d+\.\d{3}", text) else text


def decimal_mark(columns: Iterable[pd.Series]) -> Mark | None:
    """The decimal mark that all columns tell which tell one; None where none does, or where they disagree."""
    told: set[Mark] = set()
    for cells in columns:
        read, marked = read_numbers(cells), cells.str.contains("[.,]").to_numpy(dtype=bool)
        if marked.any() and not (read.unclear | np.isnan(read.values))[marked].any():
            told.add(read.decimal)
    return told.pop() if len(told) == 1 else None


def amounts(name: str, cells: pd.Series, mark: Mark | None, factor: float = 1.0) -> tuple[np.ndarray, list[Problem]]:
    """The texts `cells` of the column `name` as numbers from 0 to `most(name)`, times `factor`; NaN where there is none or it cannot be
    used, and why not. `mark`: the file's decimal mark, for cells like 1.234 of a column that does not tell."""
    read = read_numbers(cells)
    if read.unclear.any() and mark is not None:
        read = read_numbers(cells, mark)
    values = read.values * factor
    filled, infinite = (cells.str.strip() != "").to_numpy(), np.isinf(values)
    wrong = filled & (np.isnan(values) | (read.percent & (not name.endswith("_percent"))))
    tested = ~wrong & ~infinite & ~read.unclear
    problems = [
        *listed(Problem("stock_not_a_number"), cells, wrong),
        *listed(Problem("stock_number_unclear"), cells, read.unclear & ~wrong),
        *listed(Problem("stock_infinite"), cells, infinite),
        *listed(Problem("stock_negative"), cells, tested & (values < 0)),
        *listed(Problem("stock_too_large", params={"most": f"{most(name):,.0f}"}), cells, tested & (values > most(name))),
    ]
    return np.where(tested & (values >= 0) & (values <= most(name)), values, np.nan), problems


def dates(cells: pd.Series) -> tuple[np.ndarray, list[Problem]]:
    """The texts `cells` as days, NaT where there is none or it cannot be used, and why not."""
    read, _, unclear = days(cells, None)
    bad = (cells.str.strip() != "").to_numpy() & np.isnat(read) & ~unclear
    return read, [*listed(Problem("stock_bad_date"), cells, bad), *listed(Problem("stock_date_ambiguous"), cells, unclear)]


def listed(problem: Problem, cells: pd.Series, mask: np.ndarray) -> Iterator[Problem]:
    """`problem` as a warning for each text at `mask`, with its first row and how many rows share it; the last of a long list stands for all
    the rest."""
    bad = cells[mask]
    firsts = bad[~bad.duplicated()]
    counts = bad.value_counts()
    for k, (index, got) in enumerate(firsts.items()):
        last = k == _MOST_LISTED - 1
        count = int(counts[firsts.iloc[k:]].sum()) if last else int(counts[got])
        row = int(index) + 2
        yield replace(problem, severity=Severity.WARNING, column=str(cells.name), row=row, got=got, count=count)
        if last:
            return
