"""Returns: lines with negative units, each taken from the sale that it undoes, or from the sales that it makes smaller."""

from dataclasses import replace
from typing import Any

import numpy as np

from sales.lines import SalesLines
from sales.repairs.finding import Repair
from sales.undoing import ROUNDING, negative

_ALL_OF_PREFIX = 0.95  # of the lines whose order ids begin so: a letter that says "cancelled"


def cancelled(lines: SalesLines) -> np.ndarray:
    """Mask of the lines whose order id says that they are a cancellation: it begins with letters under which nearly all units are
    negative, as C536379 among 536365, 536366, …"""
    if lines.prefix is None:
        return np.zeros(len(lines), dtype=bool)
    code, words = lines.prefix.codes + 1, np.append("", lines.prefix.words)
    often, below = (np.bincount(some, minlength=len(words)) for some in (code, code[negative(lines)]))
    says = (below >= _ALL_OF_PREFIX * often) & (below > 0) & (words != "")
    return says[code]


def _net(lines: SalesLines, where: np.ndarray, action: str) -> SalesLines:
    if action == "keep":
        return lines
    if action == "drop":
        return lines.at(~where)
    touched = np.flatnonzero(lines.undone)
    taken = lines.undone[touched]
    left, units = ~where, lines.units.copy()
    left[touched] &= units[touched] - taken > ROUNDING * taken
    units[touched] -= taken
    return replace(lines, units=units).at(left)


def _counts(lines: SalesLines, where: np.ndarray) -> dict[str, Any]:
    taken = lines.undone[where]
    matched = int(np.count_nonzero(taken))
    left = float((np.abs(lines.units[where]) - taken).sum())
    return {
        "cancelled": int((cancelled(lines) & where).sum()),
        "matched": matched,
        "unmatched": len(taken) - matched,
        "left": f"{left:,.10g}",
    }


RETURNS = Repair("returns", "units", ("net", "drop", "keep"), negative, _net, about=_counts)
