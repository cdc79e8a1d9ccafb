"""Items that are no items: totals and subtotals that a report writes among its rows or columns, so that every unit would count twice."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sales.lines import MOST_DAYS, SalesLines
from sales.repairs.finding import Repair
from sales.total_words import GLANCE, is_a_total

_LEAST = 0.9  # of the days on which such a code has units must be sums


def said(lines: SalesLines) -> np.ndarray:
    """Mask over the items whose code says so; none where all do."""
    mask = pc.match_substring_regex(pa.array(lines.items, pa.string()), GLANCE).to_numpy(zero_copy_only=False)
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


def _of_everywhere(lines: SalesLines) -> np.ndarray:
    return np.zeros(len(lines), dtype=bool) if lines.everywhere is None else lines.everywhere & lines.sold


def are_sums(lines: SalesLines, where: np.ndarray) -> bool:
    """Whether the lines at mask `where` hold, item by item and day by day, what the others do."""
    key = pd.factorize(lines.item.astype("int64") * MOST_DAYS + lines.day.astype("int64"))[0]
    units, width = np.nan_to_num(lines.units), int(key.max(initial=-1)) + 1
    whole, others = (np.bincount(key[mask], units[mask], width) for mask in (where, ~where))
    both = (np.bincount(key[where], minlength=width) > 0) & (np.bincount(key[~where], minlength=width) > 0)
    return bool(both.any()) and bool(np.isclose(whole, others)[both].mean() >= _LEAST)


PLACES = Repair(
    "totals_of_places",
    "location",
    ("drop", "keep"),
    _of_everywhere,
    propose=lambda lines, where: "drop" if are_sums(lines, where) else "keep",
)
