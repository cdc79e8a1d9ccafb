"""Rows that are there more than once, and period totals below 0."""

from dataclasses import replace

import numpy as np
import pandas as pd

from sales.kind import conflicts
from sales.lines import SalesLines
from sales.repairs.finding import Repair
from sales.undoing import negative

_BY_CHANCE = 0.05


def copies(lines: SalesLines) -> np.ndarray:
    """Mask of the lines that equal an earlier one in all columns of their table."""
    return lines.copy


def pasted(lines: SalesLines, where: np.ndarray) -> bool:
    """Whether more rows that meet on an item and day are equal than chance makes: else they are sales that happen to be alike.

    Chance: that two other rows of the item have equal units. Rows of one unit each are all alike; totals of 0 to 29, each once, never.
    """
    from scipy.stats import binom

    if lines.pasted:
        return True
    first = lines.sold & ~where & (lines.units >= 0)
    size = np.bincount(lines.item[first], minlength=len(lines.items)).astype(float)
    code, words = pd.factorize(lines.units[first])
    often = np.unique(lines.item[first].astype("int64") * len(words) + code, return_counts=True)
    alike = np.bincount(often[0] // max(len(words), 1), often[1] * (often[1] - 1.0), len(lines.items))
    overall = alike.sum() / max((size * (size - 1)).sum(), 1.0)
    chance = np.divide(alike, size * (size - 1), out=np.full(len(size), overall), where=size > 1)
    meet = where | conflicts(lines)
    return bool(binom.sf(where.sum() - 1, meet.sum(), min(chance[lines.item[meet]].mean(), 1.0)) < _BY_CHANCE)


def _one_total(lines: SalesLines, where: np.ndarray, action: str) -> SalesLines:
    return lines if action == "sum" else lines.at(~conflicts(lines, "first" if action == "first" else "last"))


def _not_known(lines: SalesLines, where: np.ndarray, action: str) -> SalesLines:
    if action == "zero":
        return replace(lines, units=np.where(where, 0.0, lines.units))
    return replace(lines, units=np.where(where, np.nan, lines.units), refused=lines.refused | where)


FILE_REPEATED = Repair("file_repeated", "item", ("drop", "keep"), copies)
DUPLICATE_ROWS = Repair(
    "duplicate_rows", "item", ("drop", "keep"), copies, propose=lambda lines, where: "drop" if pasted(lines, where) else "keep"
)
DUPLICATE_LINES = Repair(
    "duplicate_lines", "item", ("keep", "drop"), copies, propose=lambda lines, where: "drop" if lines.pasted else "keep"
)
TOTALS_CORRECTED = Repair("totals_corrected", "units", ("last", "first", "sum"), conflicts, _one_total)
CONFLICTING_TOTALS = Repair("conflicting_totals", "units", ("sum", "first", "last"), conflicts, _one_total)
NEGATIVE_TOTALS = Repair("negative_totals", "units", ("unknown", "zero"), negative, _not_known)
