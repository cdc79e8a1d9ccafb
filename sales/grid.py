"""Grid: usable rows of a file laid out as items x periods, and the blocks of a panel summed from them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from sales.calendar import Calendar
from sales.distinct import blocks, spread
from sales.keys import distinct_days
from sales.kind import Kind
from sales.lines import Coded, SalesLines

Gaps = Literal["zero", "unknown"]
_MOST_EXACT = 2**24  # whole numbers up to it are told apart in single precision


@dataclass(frozen=True, eq=False)
class Grid:
    """Where lines of n items fall: each in one column of `labels`, every period from the earliest line to the latest."""

    lines: SalesLines
    n: int
    calendar: Calendar
    labels: pd.DatetimeIndex
    column: np.ndarray

    def columns_of(self, days: np.ndarray) -> np.ndarray:
        """The columns that `days` fall into, -1 outside the labels."""
        return self.labels.get_indexer(self.calendar.label(pd.DatetimeIndex(days)))

    @cached_property
    def first_sold(self) -> np.ndarray:
        """The column of each item's first line with units, n; past the labels where it has none."""
        first = np.full(self.n, len(self.labels), dtype=self.column.dtype)  # of one type with the columns: NumPy is slow at mixing them
        for at in blocks(len(self.column)):
            sold = self.lines.sold[at]
            np.minimum.at(first, self.lines.item[at][sold].astype(np.intp), self.column[at][sold])
        return first

    def sums(self, values: np.ndarray, where: np.ndarray, kind: type[float | np.float32] = float) -> np.ndarray:
        """Sums of `values`, one a line, over the lines at mask `where`, items x labels, as numbers of this kind."""
        total = np.empty(self.n * len(self.labels), dtype=kind)
        total.fill(0)  # memory that comes as zeros is handed out twice: to read, then to write
        for at in blocks(len(where)):
            here = where[at]
            cell = self.lines.item[at][here].astype("int64") * len(self.labels) + self.column[at][here]
            np.add.at(total, cell, values[at][here].astype(kind, copy=False))
        return total.reshape(self.n, -1)

    def counts(self, where: np.ndarray) -> np.ndarray:
        """Lines at mask `where`, items x labels."""
        return self.sums(np.ones(len(self.column)), where)


def grid_of(lines: SalesLines, n: int, calendar: Calendar) -> Grid:
    """The grid of `lines` on `calendar`."""
    days = distinct_days(lines.day)
    labels = calendar.label(pd.DatetimeIndex(days))
    last = labels[-1] + pd.Timedelta(hours=1)
    periods = pd.date_range(labels[0], last, freq=calendar.alias, unit="us")
    first = days[0]
    column = np.zeros(int((days[-1] - first).astype("int64")) + 1, dtype=np.int32)
    column[(days - first).astype("int64")] = periods.get_indexer(labels)
    return Grid(lines, n, calendar, periods, spread(column, (lines.day - first).astype("int64")))


def units(grid: Grid, kind: Kind, gaps: Gaps, refused: SalesLines) -> np.ndarray:
    """Units, float32, items x labels, NaN where not known and before an item's first line with units.

    Period totals with empty units are not known, nor are those whose only line of a day is `refused`. With unknown gaps a total is known
    only where the item has units on every date of the period on which the file has any line.
    """
    sold = grid.lines.sold
    y = grid.sums(grid.lines.units, sold, np.float32 if _exact(grid) else float).astype(np.float32, copy=False)
    unknown = np.arange(len(grid.labels)) < grid.first_sold[:, None]
    if kind == "period_totals":
        unknown |= grid.counts(~sold) > 0
        alone = refused.at(~np.isin(refused.item_day, grid.lines.item_day))
        column = grid.columns_of(alone.day)
        unknown[alone.item[column >= 0], column[column >= 0]] = True
        if gaps == "unknown":
            dates = pd.DataFrame({"day": grid.lines.day, "column": grid.column}).drop_duplicates("day")["column"]
            of_file = np.bincount(dates, minlength=len(grid.labels))
            unknown |= (grid.counts(sold) < of_file * _places(grid)) | (of_file == 0)
    np.copyto(y, np.nan, where=unknown)
    return y


def _exact(grid: Grid) -> bool:
    """Whether sums of units are the same in single precision: whole numbers that it holds without rounding."""
    total = np.zeros(grid.n)
    for at in blocks(len(grid.column)):
        size = np.abs(np.nan_to_num(grid.lines.units[at]))
        if (size != np.floor(size)).any():
            return False
        np.add.at(total, grid.lines.item[at], size)
    return bool(total.max(initial=0) <= _MOST_EXACT)


def _places(grid: Grid) -> np.ndarray:
    """In how many locations each item has units, n x 1: each has a total of its own."""
    if grid.lines.location is None:
        return np.ones((grid.n, 1))
    pairs = pd.DataFrame({"item": grid.lines.item, "location": grid.lines.location})[grid.lines.sold].drop_duplicates()
    return np.bincount(pairs["item"], minlength=grid.n)[:, None]


def covariate(grid: Grid, values: np.ndarray) -> np.ndarray:
    """One value an item and period out of `values`, one a line; items x labels, NaN where there is none.

    The largest of zeros and ones (a promotion on any day), the mean of others. Units sold weigh nothing: a backtest may see the
    covariates of periods whose sales it must not see.
    """
    there = ~np.isnan(values)
    total, count = grid.sums(values, there), grid.counts(there)
    block = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    if np.isin(values[there], (0, 1)).all():
        return np.where(np.isnan(block), np.nan, block > 0)
    return block


def out_of_stock(grid: Grid, flags: np.ndarray) -> np.ndarray:
    """Items x labels: whether at least half of an item's lines in the period are flagged; `flags`: one a line."""
    lines = grid.counts(np.ones(len(flags), dtype=bool))
    return (lines > 0) & (grid.counts(flags) * 2 >= lines)


def most_frequent(item: np.ndarray, n: int, texts: Coded) -> np.ndarray:
    """Each item's most frequent text, n, the first in order of those it has equally often, "" where it has none; `item`: one a line."""
    best_of = np.full(n, "", dtype=object)
    if len(texts.words):
        pair, often = np.unique((item.astype("int64") * len(texts.words) + texts.codes)[texts.codes >= 0], return_counts=True)
        best = pair[np.lexsort((pair, -often, pair // len(texts.words)))]
        of_item, first = np.unique(best // len(texts.words), return_index=True)
        best_of[of_item] = texts.words[best[first] % len(texts.words)]
    return best_of
