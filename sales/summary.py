"""One item's past in a few numbers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from sales.panel import SalesPanel

Pattern = Literal["smooth", "erratic", "intermittent", "lumpy", "none"]
REGULAR_ADI, REGULAR_CV2 = 1.32, 0.49


def by_units(panel: SalesPanel) -> list[str]:
    """Item codes, most units sold first."""
    units = np.nansum(panel.y, axis=1, dtype=float)
    return list(panel.items[np.argsort(-units, kind="stable")])


def labels(panel: SalesPanel) -> dict[str, str]:
    """Each item's code, with its description where there is one, most units sold first."""
    order = by_units(panel)
    if "description" not in panel.attributes.columns:
        return {item: item for item in order}
    described = dict(zip(panel.items, panel.attributes["description"], strict=True))
    return {item: f"{item} · {described[item]}" if described[item] else item for item in order}


@dataclass(frozen=True)
class Description:
    """First period of the item, units in all, mean units per known period (NaN: none known), share of known periods without a sale, and the
    pattern of demand."""

    first: pd.Timestamp
    units: float
    mean: float
    zeros: float
    pattern: Pattern


def describe(panel: SalesPanel, item: str) -> Description:
    """The past of `item`. Raises KeyError for an item that the panel does not hold."""
    i = panel.rows_of([item])[0]
    known = panel.demand[i][~np.isnan(panel.demand[i])].astype(float)
    return Description(
        first=panel.periods[min(int(panel.start[i]), len(panel.periods) - 1)],
        units=float(np.nansum(panel.y[i], dtype=float)),
        mean=float(known.mean()) if len(known) else float("nan"),
        zeros=float((known == 0).mean()) if len(known) else float("nan"),
        pattern=pattern(known),
    )


def pattern(known: np.ndarray) -> Pattern:
    """The class of demand by ADI (mean periods between sales) against 1.32 and CV² (of the sales' size) against 0.49 (Syntetos, Boylan &
    Croston, 2005); none where nothing sold.

    >>> pattern(np.array([0.0, 0, 5, 0, 0, 5, 0, 0, 5]))
    'intermittent'
    """
    sold = known[known > 0]
    if len(sold) == 0:
        return "none"
    often = len(known) / len(sold) < REGULAR_ADI
    even = np.var(sold) / np.mean(sold) ** 2 < REGULAR_CV2
    return ("smooth" if even else "erratic") if often else ("intermittent" if even else "lumpy")
