"""Returns: lines with negative units, each taken from the sale that it undoes."""

from typing import Any

import numpy as np
import pandas as pd

from sales.lines import SalesLines, in_slots, mixed
from sales.repairs.finding import Repair

_ALL_OF_PREFIX = 0.95  # of the lines whose order ids begin so: a letter that says "cancelled"


def negative(lines: SalesLines) -> np.ndarray:
    """Mask of the lines with units below 0."""
    return lines.units < 0


def cancelled(lines: SalesLines) -> np.ndarray:
    """Mask of the lines whose order id says that they are a cancellation: it begins with letters under which nearly all units are
    negative, as C536379 among 536365, 536366, …"""
    if lines.prefix is None:
        return np.zeros(len(lines), dtype=bool)
    code, words = lines.prefix.codes, lines.prefix.words
    often = np.bincount(code[code >= 0], minlength=len(words))
    below = np.bincount(code[(code >= 0) & (lines.units < 0)], minlength=len(words))
    says = (below >= _ALL_OF_PREFIX * often) & (below > 0) & (words != "")
    return np.append(says, False)[code]


def matched(lines: SalesLines) -> np.ndarray:
    """Mask of the returns that undo a sale, and of these sales.

    A return undoes the nearest earlier sale, the same day included, of the same item, customer (where known) and units that no other return
    undoes. One without a price or with a price of 0, where others have prices, is a correction of the stock and undoes none.
    """
    mask = np.zeros(len(lines), dtype=bool)
    back = negative(lines)
    if lines.price is not None:
        back &= ~(lines.price <= 0)
    if not back.any():
        return mask
    candidates = _may_take_part(lines, back)
    key = pd.factorize(np.abs(lines.units[candidates]))[0].astype("int64")
    for part in (lines.item, lines.customer):
        if part is not None:
            code, words = pd.factorize(part[candidates])
            key = pd.factorize(key * (len(words) + 1) + code)[0].astype("int64")
    order = np.lexsort((back[candidates], lines.day[candidates].astype("int64"), key))
    mask[candidates[order[_nested(key[order], back[candidates[order]])]]] = True
    return mask


def _may_take_part(lines: SalesLines, back: np.ndarray) -> np.ndarray:
    """Places of the returns at mask `back`, and of the sales that may be of the same item, customer and units as one of them."""
    key = mixed(np.abs(lines.units), lines.item, *(() if lines.customer is None else (lines.customer,)))
    places = np.flatnonzero(in_slots(key, key[back]))
    sale = lines.units[places] > 0
    if lines.price is not None:
        sale &= ~(lines.price[places] <= 0)
    return places[sale | back[places]]


def _nested(key: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Mask of the pairs among events sorted by `key` and time: each one `back` closes the nearest one open before it, like brackets."""
    mask = np.zeros(len(key), dtype=bool)
    closing = np.flatnonzero(~_too_many(key, back))
    if len(closing) == 0:
        return mask
    key, back = key[closing], back[closing]
    open_after = _running(key, back)
    level = open_after + back  # of an opening the count that it makes, of a closing the count that it ends
    order = np.lexsort((level, key))
    follows = (key[order[1:]] == key[order[:-1]]) & (level[order[1:]] == level[order[:-1]]) & back[order[1:]]
    pair = np.zeros(len(key), dtype=bool)
    pair[order[1:][follows]] = pair[order[:-1][follows]] = True
    mask[closing[pair]] = True
    return mask


def _running(key: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Openings less closings so far, within each key."""
    total = np.cumsum(np.where(back, -1, 1))
    first = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    before = np.append(0, total)[first]
    return total - np.repeat(before, np.diff(np.append(first, len(key))))


def _too_many(key: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Mask of the closings with nothing left to close: those at which the running count of its key is lower than ever, and below 0."""
    count = _running(key, back)
    step = np.cumsum(np.append(0, key[1:] != key[:-1])) * (2 * len(key) + 2)  # each key below all before it: one running minimum for all
    lowest = np.minimum.accumulate(np.append(0, count - step))[:-1] + step
    lowest = np.minimum(lowest, 0)
    return count < lowest


def _net(lines: SalesLines, where: np.ndarray, action: str) -> SalesLines:
    if action == "keep":
        return lines
    return lines.at(~where & ~matched(lines)) if action == "net" else lines.at(~where)


def _counts(lines: SalesLines, where: np.ndarray) -> dict[str, Any]:
    pairs = matched(lines) & where
    return {"cancelled": int((cancelled(lines) & where).sum()), "matched": int(pairs.sum()), "unmatched": int((where & ~pairs).sum())}


RETURNS = Repair("returns", "units", ("net", "drop", "keep"), negative, _net, about=_counts)
