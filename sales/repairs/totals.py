"""Rows that are there more than once, and period totals below 0."""

from dataclasses import replace

import numpy as np

from sales.kind import conflicts
from sales.lines import SalesLines
from sales.repairs.finding import Repair
from sales.repairs.returns import negative


def copies(lines: SalesLines) -> np.ndarray:
    """Mask of the lines that equal an earlier one in all columns of their table."""
    return lines.copy


def _one_total(lines: SalesLines, where: np.ndarray, action: str) -> SalesLines:
    return lines if action == "sum" else lines.at(~conflicts(lines, "first" if action == "first" else "last"))


def _not_known(lines: SalesLines, where: np.ndarray, action: str) -> SalesLines:
    if action == "zero":
        return replace(lines, units=np.where(where, 0.0, lines.units))
    return replace(lines, units=np.where(where, np.nan, lines.units), refused=lines.refused | where)


FILE_REPEATED = Repair("file_repeated", "item", ("drop", "keep"), copies)
DUPLICATE_ROWS = Repair("duplicate_rows", "item", ("drop", "keep"), copies)
DUPLICATE_LINES = Repair("duplicate_lines", "item", ("keep", "drop"), copies)
TOTALS_CORRECTED = Repair("totals_corrected", "units", ("last", "first", "sum"), conflicts, _one_total)
CONFLICTING_TOTALS = Repair("conflicting_totals", "units", ("sum", "first", "last"), conflicts, _one_total)
NEGATIVE_TOTALS = Repair("negative_totals", "units", ("unknown", "zero"), negative, _not_known)
