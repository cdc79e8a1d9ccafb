"""One item's past in a few numbers."""

import numpy as np

from sales.panel import SalesPanel

REGULAR_ADI, REGULAR_CV2 = 1.32, 0.49


def by_units(panel: SalesPanel) -> list[str]:
    """Item codes, most units sold first."""
    units = np.nansum(panel.y, axis=1, dtype=float)
    return list(panel.items[np.argsort(-units, kind="stable")])


def label(panel: SalesPanel, item: str) -> str:
    """An item's code with its description where there is one."""
    if "description" not in panel.attributes.columns:
        return item
    described = panel.attributes["description"].iloc[panel.rows_of([item])[0]]
    return f"{item} · {described}" if described else item


def describe(panel: SalesPanel, item: str) -> dict[str, float | str]:
    """First period, units in all, mean units per known period, share of known periods without a sale, and the pattern of demand.

    The pattern is smooth, erratic, intermittent or lumpy, by ADI (mean periods between sales) against 1.32 and CV² (of the sales' size)
    against 0.49 (Syntetos, Boylan & Croston, 2005); none where nothing sold.
    """
    i = panel.rows_of([item])[0]
    known = panel.demand[i][~np.isnan(panel.demand[i])].astype(float)
    sold = known[known > 0]
    start = panel.periods[min(int(panel.start[i]), len(panel.periods) - 1)]
    return {
        "first": f"{start:%Y-%m-%d}",
        "total": float(np.nansum(panel.y[i], dtype=float)),
        "mean": float(known.mean()) if len(known) else float("nan"),
        "zeros": float((known == 0).mean()) if len(known) else float("nan"),
        "pattern": pattern(known, sold),
    }


def pattern(known: np.ndarray, sold: np.ndarray) -> str:
    """The class of demand that Syntetos, Boylan and Croston (2005) would give."""
    if len(sold) == 0:
        return "none"
    often = len(known) / len(sold) < REGULAR_ADI
    even = np.var(sold) / np.mean(sold) ** 2 < REGULAR_CV2
    return ("smooth" if even else "erratic") if often else ("intermittent" if even else "lumpy")
