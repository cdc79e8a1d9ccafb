"""Items that are no items: totals and subtotals that a report writes among its rows or columns, so that every unit would count twice."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sales.lines import SalesLines
from sales.repairs.finding import Repair

_WORDS = (
    r"(?:(?:grand|sub|sous|over ?all)[ -]?)?totals?|total g[eé]n[eé]ral|gesamt|(?:gesamt|zwischen|end|teil)?summen?|gesamtbetrag|insgesamt|"
    r"sommes?|sumas?"
)
_CHINESE = "总计|合计|小计|总和|總計|合計|小計|總和"
_SAYS = re.compile(rf"(?:{_WORDS})(?:\b.*)?|.*\b(?:{_WORDS})|(?:{_CHINESE}).*|.*(?:{_CHINESE})", re.IGNORECASE | re.DOTALL)
_GLANCE = rf"(?i)total|summ|gesamt|somme|suma|{_CHINESE}"  # codes are many
_LEAST = 0.9  # of the days on which such a code has units must be sums


def is_a_total(code: str) -> bool:
    """Whether a code says that it is a sum: as a whole, or by how it begins or ends.

    >>> [is_a_total(code) for code in ("Total", "Food Total", "Subtotal North:", "Zwischensumme", "小计", "Totally Mug", "SUMMER HAT")]
    [True, True, True, True, True, False, False]
    """
    return bool(_SAYS.fullmatch(code.strip(" :*.")))


def said(lines: SalesLines) -> np.ndarray:
    """Mask over the items whose code says so; none where all do."""
    mask = pc.match_substring_regex(pa.array(lines.items, pa.string()), _GLANCE).to_numpy(zero_copy_only=False)
    mask[mask] = [is_a_total(code) for code in lines.items[mask]]
    if not mask.any():
        return mask
    there = np.bincount(lines.item, minlength=len(lines.items)) > 0
    return mask & there & bool((there & ~mask).any())


def sums(lines: SalesLines) -> np.ndarray:
    """Mask over the items that say so and are: on the days on which they have units, those are what all other items sold, alone (a grand
    total) or those left of them together (subtotals)."""
    mask = said(lines)
    if not mask.any():
        return mask
    days = (lines.day - lines.day.min()).astype("int64")
    width, units = int(days.max()) + 1, np.nan_to_num(lines.units)
    others = np.bincount(days[~mask[lines.item]], units[~mask[lines.item]], width)

    def are(items: np.ndarray) -> bool:
        of = np.isin(lines.item, items) & lines.sold
        total, there = np.bincount(days[of], units[of], width), np.bincount(days[of], minlength=width) > 0
        return bool(there.any()) and bool(np.isclose(total, others)[there].mean() >= _LEAST)

    grand = [item for item in np.flatnonzero(mask) if are(np.array([item]))]
    left = np.setdiff1d(np.flatnonzero(mask), grand)
    found = np.zeros(len(mask), dtype=bool)
    found[grand] = True
    found[left] = len(left) > 0 and are(left)
    return found


def _left_out(lines: SalesLines, action: str) -> np.ndarray:
    return np.zeros(len(lines.items), dtype=bool) if action == "keep" else sums(lines) if action == "drop" else said(lines)


def _counts(lines: SalesLines, where: np.ndarray) -> dict[str, Any]:
    mask, sure = said(lines), sums(lines)
    return {"items": int(mask.sum()), "sure": int(sure.sum()), "names": ", ".join(lines.items[mask][:20])}


SUMS = Repair(
    "totals_inside",
    "item",
    ("drop", "keep", "drop_all"),
    lambda lines: said(lines)[lines.item],
    propose=lambda lines, where: "drop" if sums(lines).any() else "keep",
    about=_counts,
    items=_left_out,
)
