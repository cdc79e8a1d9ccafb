"""Undoing: which sales each line with negative units undoes, as a whole or in part."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sales.keys import in_slots, mixed

if TYPE_CHECKING:
    from sales.lines import SalesLines

ROUNDING = 1e-9  # of the units of a line


def negative(lines: "SalesLines") -> np.ndarray:
    """Mask of the lines with units below 0."""
    return lines.units < 0


def matched(lines: "SalesLines") -> np.ndarray:
    """Mask of the returns that undo a sale, and of these sales.

    A return undoes the nearest earlier sale, the same day included, of the same item, customer (where known) and units that no other return
    undoes. One with a price of 0, where others have prices, is a correction of the stock and undoes none; below 0 it is money given back.
    """
    mask = np.zeros(len(lines), dtype=bool)
    places = _beside(lines, _given_back(lines), np.abs(lines.units), *_parties(lines))
    mask[places] = _paired(lines.at(places))
    return mask


def undone(lines: "SalesLines") -> np.ndarray:
    """Units, one a line, 0 or more: of a sale what came back, of a return what it takes from sales.

    Each return takes from the sale that `matched` finds. The others take from what is left of the nearest earlier sales, the same day
    included, of the same item and customer (where known), if one of these was larger; what they find nothing for is left over.
    Sales of 5 and 3, then returns of 3 and 4: the 3 is undone, and of the 5 one is left.
    """
    taken = np.zeros(len(lines))
    places = _beside(lines, _given_back(lines), *_parties(lines))
    some = lines.at(places)
    taken[places] = np.where(matched(some), np.abs(some.units), 0.0)
    left = places[taken[places] == 0]
    some = lines.at(left)
    beside = _beside(some, negative(some), *_parties(some))
    events = _events(some.at(beside))
    taken[left[beside[events.index]]] = _taken(events)
    return taken


def _beside(lines: "SalesLines", back: np.ndarray, *parts: np.ndarray) -> np.ndarray:
    """Places of the returns at mask `back`, and of the sales that may agree with one of them in all `parts`."""
    if not back.any():
        return np.empty(0, dtype=np.intp)
    key = mixed(*parts)
    places = np.flatnonzero(in_slots(key, key[back]))
    return places[(_sales(lines) | back)[places]]


def _parties(lines: "SalesLines") -> tuple[np.ndarray, ...]:
    return (lines.item,) if lines.customer is None else (lines.item, lines.customer)


def _paired(lines: "SalesLines") -> np.ndarray:
    """Mask of the returns that undo a sale, and of these sales, where no others are among `lines`."""
    mask, back = np.zeros(len(lines), dtype=bool), negative(lines)
    key = pd.factorize(np.abs(lines.units))[0].astype("int64")
    for part in _parties(lines):
        code, words = pd.factorize(part)
        key = pd.factorize(key * (len(words) + 1) + code)[0].astype("int64")
    order = np.lexsort((back, lines.day.astype("int64"), key))
    mask[order[_nested(key[order], back[order])]] = True
    return mask


def _events(lines: "SalesLines") -> pd.DataFrame:
    """Sales, and the returns that may take from them because an earlier one is larger, in order: key (of item and customer), day, back.
    The index says which line each is."""
    events = pd.DataFrame({"day": lines.day, "back": negative(lines), "units": np.abs(lines.units)})
    events["key"] = events.groupby(list(_parties(lines)), sort=False).ngroup()
    events = events.sort_values(["key", "day", "back"], kind="stable")
    sold = events["units"].where(~events["back"])
    return events[~events["back"] | (events["units"] < sold.groupby(events["key"]).cummax().groupby(events["key"]).ffill())]


def _taken(events: pd.DataFrame) -> np.ndarray:
    """Units that each of the events takes or loses, in order: key, day, back. A sale lies on top of what is open of those before it, and a
    return digs from the top; of a sale there is left what lies below the lowest that is dug later."""
    back, units, key = events["back"].to_numpy(), events["units"].to_numpy(), events["key"]
    total = pd.Series(np.where(back, -units, units), index=events.index).groupby(key).cumsum()
    lost = (-total.groupby(key).cummin()).clip(lower=0)
    top = total + lost
    newly_lost = lost - lost.groupby(key).shift(fill_value=0.0)
    lowest = top[::-1].groupby(key[::-1]).cummin()[::-1]
    below = (top - units).to_numpy()
    gone = np.where(back, units - newly_lost, top - np.maximum(lowest, below))
    return np.where(gone > ROUNDING * units, np.minimum(gone, units), 0.0)


def _given_back(lines: "SalesLines") -> np.ndarray:
    return negative(lines) if lines.price is None else negative(lines) & (lines.price != 0)


def _sales(lines: "SalesLines") -> np.ndarray:
    return lines.units > 0 if lines.price is None else (lines.units > 0) & ~(lines.price <= 0)


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
