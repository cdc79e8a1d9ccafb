"""Kind: whether a file holds order lines, which are summed, or period totals, of which an item and date has one."""

from typing import Any

import numpy as np
import pandas as pd

from sales.grid import Kind, Lines
from sales.problems import Problem, Severity

FEW = 0.05  # of the rows up to the last sale: slips of an export are rarer, and order lines meet on one item and date more often than that
FEW_ROWS = 3  # in a file too small for a share to say anything
LEAST_PAIRS = 10  # fewer items and dates can all have equally many equal order lines by chance


def kind_of(table: pd.DataFrame, lines: Lines) -> tuple[Kind, np.ndarray, list[Problem]]:
    """The kind of the file that `lines` were read from, the mask of the lines to keep, and what was found.

    Period totals where at most `FEW` of the rows repeat an item and date (in a small file up to 3 equal rows): rows equal in all columns
    are taken once, different totals are summed. Period totals too where the whole file is there several times over: it is taken once, the
    last of different totals counts. Else order lines, of which none is taken away: two equal lines of an order are ordinary.
    """
    copy = _copies(table, lines)
    total = pd.Series(lines.item_day.astype(float)).where(lines.sold & ~copy)
    conflict = (total.duplicated() & total.notna()).to_numpy()
    problems: list[Problem] = []

    def found(code: str, where: np.ndarray, severity: Severity = Severity.WARNING, **params: Any) -> None:
        if where.any():
            row = int(table.index[lines.place[np.argmax(where)]]) + 2
            problems.append(Problem(code, severity, row=row, count=int(where.sum()), params=params))

    if times := _times_over(lines, copy):
        found("file_repeated", copy, times=times)
        found("totals_corrected", conflict)
        return "period_totals", ~copy & ~(total.duplicated(keep="last") & total.notna()).to_numpy(), problems
    pairs = pd.Series(lines.item_day[~lines.ahead])
    repeats = pairs.duplicated().sum()
    if repeats <= FEW * len(pairs) or (not conflict.any() and repeats <= min(FEW_ROWS, len(pairs) / 4)):
        found("duplicate_rows", copy)
        found("conflicting_totals", conflict)
        return "period_totals", ~copy, problems
    found("duplicate_lines", copy, Severity.INFO)
    return "order_lines", np.ones(len(copy), dtype=bool), problems


def _copies(table: pd.DataFrame, lines: Lines) -> np.ndarray:
    """Mask of the lines that equal an earlier one in all columns of `table`."""
    copy = pd.Series(lines.item_day).duplicated(keep=False).to_numpy(copy=True)
    rows = table.iloc[lines.place[copy]]
    try:
        copy[copy] = rows.duplicated().to_numpy()
    except TypeError:  # lists and the like cannot be told apart by hash
        copy[copy] = rows.map(str).duplicated().to_numpy()
    return copy


def _times_over(lines: Lines, copy: np.ndarray) -> int:
    """How many times the whole file is there: nearly every item and date has that many rows, all equal; 0 where it is not."""
    of_pair = pd.DataFrame({"pair": lines.item_day, "copy": copy})[lines.sold].groupby("pair")["copy"].agg(["size", "sum"])
    times = int(of_pair["size"].mode().iloc[0])
    same = (of_pair["size"] == times) & (of_pair["sum"] == times - 1)
    return times if times > 1 and len(same) >= LEAST_PAIRS and same.mean() >= 1 - FEW else 0
