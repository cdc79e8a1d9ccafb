"""Kind: whether a file holds order lines, which are summed, or period totals, of which an item and date has one."""

from typing import Literal

import numpy as np
import pandas as pd

from sales.lines import SalesLines, repeated

Kind = Literal["order_lines", "period_totals"]
FEW = 0.05  # of the rows up to the last sale: slips of an export are rarer, and order lines meet on one item and date more often than that
FEW_ROWS = 3  # in a file too small for a share to say anything
_LEAST_COPIES = 0.25
LEAST_PAIRS = 10  # fewer items and dates can all have equally many equal order lines by chance


def kind_of(lines: SalesLines) -> tuple[Kind, int]:
    """The kind of the file that `lines` were read from, and how many times the whole file is there (1 as a rule).

    Period totals where at most `FEW` of the rows repeat an item and date (in a small file up to 3 equal rows), and where the whole file is
    there several times over. Else order lines. Returns and refused units say nothing about it.
    """
    told = ~lines.refused & ~(lines.units < 0)
    sold = told & lines.sold
    if not sold.any():
        return "period_totals", 1
    if lines.copy.sum() >= _LEAST_COPIES * sold.sum() and (times := _times_over(lines.at(told))):
        return "period_totals", times
    last = lines.day[sold].max()
    pairs = lines.item_day[told & (lines.day <= last)]
    repeats = len(pairs) - _distinct(pairs)
    few = repeats <= FEW * len(pairs) or (repeats <= min(FEW_ROWS, len(pairs) / 4) and not conflicts(lines.at(told)).any())
    return ("period_totals" if few else "order_lines"), 1


def _distinct(pairs: np.ndarray) -> int:
    """How many different numbers there are."""
    ordered = np.sort(pairs)
    return 1 + int((ordered[1:] != ordered[:-1]).sum())


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
