"""Kind: whether a file holds order lines, which are summed, or period totals, of which an item and date has one."""

from typing import Literal

import numpy as np
import pandas as pd

from sales.distinct import blocks
from sales.keys import repeated
from sales.lines import SalesLines
from sales.undoing import matched

Kind = Literal["order_lines", "period_totals"]
FEW = 0.05  # of the rows up to the last sale: slips of an export are rarer, and order lines meet on one item and date more often than that
FEW_ROWS = 3  # in a file too small for a share to say anything
_LEAST_COPIES = 0.25
_MOST_TICKED = 10**8
_LEAST_UNDONE = 3
_FEWER = 0.25  # of the repeats that chance alone would make
LEAST_PAIRS = 10  # fewer items and dates can all have equally many equal order lines by chance


def kind_of(lines: SalesLines, ordered: bool = False) -> tuple[Kind, int]:
    """The kind of the file that `lines` were read from, and how many times the whole file is there (1 as a rule). `ordered`: its lines
    are of orders.

    Order lines where they are `ordered`, or where most returns undo a sale. Of the others period totals where at most `FEW` of the rows
    repeat an item, date and location (in a small file up to 3 equal rows), and where the whole file is there several times over. Else
    order lines.
    """
    told = ~lines.refused & ~(lines.units < 0)
    sold = told & lines.sold
    if not sold.any():
        return "period_totals", 1
    times = _times_over(lines.at(told)) if lines.copy.sum() >= _LEAST_COPIES * sold.sum() else 0
    if ordered or _undone(lines.at(~lines.copy) if times else lines):
        return "order_lines", times or 1
    if times:
        return "period_totals", times
    last = lines.day[sold].max()
    there = told & (lines.day <= last)
    count = int(there.sum())
    repeats = count - _pairs(lines, there)
    few = repeats <= FEW * count or (repeats <= min(FEW_ROWS, count / 4) and not conflicts(lines.at(told)).any())
    return ("period_totals" if few else "order_lines"), 1


def _pairs(lines: SalesLines, where: np.ndarray) -> int:
    """How many items and days the lines at mask `where` are of. Where they fit in a table, they are ticked off in it: sorting is slower."""
    first, last = lines.day.min(), lines.day.max()
    days = int((last - first).astype("int64")) + 1
    if len(lines.items) * days > _MOST_TICKED or lines.location is not None:
        return _distinct(lines.item_day[where])
    ticked = np.zeros(len(lines.items) * days, dtype=bool)
    for at in blocks(len(lines)):
        here = where[at]
        ticked[lines.item[at][here] * days + (lines.day[at][here] - first).astype("int64")] = True
    return int(np.count_nonzero(ticked))


def _distinct(numbers: np.ndarray) -> int:
    """How many different numbers there are: of millions sorting is quicker than hashing."""
    ordered = np.sort(numbers)
    return min(len(ordered), 1) + int((ordered[1:] != ordered[:-1]).sum())


def _undone(lines: SalesLines) -> bool:
    """Whether most returns undo a sale, as those of orders do. Totals of one a day and item, each day, may do so by chance: they hold far
    fewer repeats than lines strewn over the days would."""
    back = lines.units < 0
    if back.sum() < _LEAST_UNDONE or 2 * int((matched(lines) & back).sum()) < int(back.sum()):
        return False
    days = int((lines.day.max() - lines.day.min()).astype("int64")) + 1
    places = 1 if lines.location is None else int(lines.location.max()) + 1
    by_chance = float((np.bincount(lines.item).astype(float) ** 2).sum()) / (2 * days * places)
    return by_chance < LEAST_PAIRS or len(lines) - _distinct(lines.item_day) >= _FEWER * by_chance


def conflicts(lines: SalesLines, keep: Literal["first", "last"] = "first") -> np.ndarray:
    """Mask of the lines with units, beside an earlier, different line of their item and day (`keep` "last": a later one)."""
    there = np.flatnonzero((lines.units >= 0) & ~lines.copy)
    pair = lines.item_day[there]
    again = repeated(pair)
    mask = np.zeros(len(lines), dtype=bool)
    mask[there[again]] = pd.Series(pair[again]).duplicated(keep=keep)
    return mask


def _times_over(lines: SalesLines) -> int:
    """How many times the whole file is there: nearly every item and date has that many rows, all equal; 0 where it is not."""
    copies = lines.copy[lines.sold]
    if copies.mean() < _LEAST_COPIES:
        return 0
    of_pair = pd.DataFrame({"pair": lines.item_day[lines.sold], "copy": copies}).groupby("pair")["copy"].agg(["size", "sum"])
    times = int(of_pair["size"].mode().iloc[0])
    same = (of_pair["size"] == times) & (of_pair["sum"] == times - 1)
    return times if times > 1 and len(same) >= LEAST_PAIRS and same.mean() >= 1 - FEW else 0
