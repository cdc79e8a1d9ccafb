"""One item's past in a few numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from sales.nothing import Estimate
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


def search(labels: Mapping[str, str], words: str) -> list[str]:
    """The items whose label has all `words`, in any order and of any case, in the order of `labels`; an item of that very code first.

    >>> search({"A1": "A1 · Red mug", "M": "M · Mug", "MUG": "MUG · Cup"}, "mug"), search({"A1": "A1 · Red mug", "M": "M · Mug"}, "MUG red")
    (['MUG', 'A1', 'M'], ['A1'])
    """
    wanted, code = words.casefold().split(), words.strip().casefold()
    folded = {item: label.casefold() for item, label in labels.items()} if wanted else labels
    hits = [item for item, label in folded.items() if all(word in label for word in wanted)]
    return sorted(hits, key=lambda item: item.casefold() != code) if wanted else hits


@dataclass(frozen=True, eq=False)
class Nothing:
    """The kinds of nothing in one item's periods, each a mask over the periods of the panel, no period in two of them.

    zero: sold 0 while it could sell; closed: sold 0 while no item of the shop sold anything; given, inferred: out of stock, by the data or
    by what is improbable for the item; unknown: not known, since the item's first period. sold: the rest, since then.
    """

    sold: np.ndarray
    zero: np.ndarray
    closed: np.ndarray
    given: np.ndarray
    inferred: np.ndarray
    unknown: np.ndarray

    @property
    def counts(self) -> dict[str, int]:
        """How many periods are of each kind."""
        return {name: int(mask.sum()) for name, mask in vars(self).items()}


def nothing(panel: SalesPanel, item: str, inferred: np.ndarray | None = None) -> Nothing:
    """The kinds of nothing of `item`; inferred: mask items x periods (`sales.nothing.inferred_out_of_stock`), None: not looked for.

    Raises KeyError for an item that the panel does not hold.
    """
    i = panel.rows_of([item])[0]
    alive, y = np.arange(len(panel.periods)) >= panel.start[i], panel.y[i]
    given = alive & panel.out_of_stock[i]
    guessed = alive & ~given & (False if inferred is None else inferred[i])
    unknown = alive & ~given & np.isnan(y)
    empty = alive & ~given & ~guessed & (y == 0)
    closed = empty & ~(panel.y > 0).any(axis=0)
    return Nothing(alive & ~given & (y > 0), empty & ~closed, closed, given, guessed, unknown)


@dataclass(frozen=True)
class Hidden:
    """What stock-outs hid: how many item-periods of how many items, the units of demand not sold in them, and their share of all demand."""

    periods: int
    items: int
    units: float
    share: float


def hidden(panel: SalesPanel, where: np.ndarray, estimate: Estimate) -> Hidden:
    """What the stock-outs `where` (mask items x periods) hid by `estimate`, which has all of them."""
    out = where & (np.arange(len(panel.periods)) >= panel.start[:, None])
    units = float(np.nansum(estimate.demand[out] - np.nan_to_num(panel.y[out]), dtype=float))
    every = float(np.nansum(estimate.demand, dtype=float))
    return Hidden(int(out.sum()), int(out.any(axis=1).sum()), units, units / every if every else 0.0)


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
    demand = panel.select(np.array([i])).demand[0]
    known = demand[~np.isnan(demand)].astype(float)
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
