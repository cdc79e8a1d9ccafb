"""Values that can hardly be right: prices of 0 and below, absurd quantities, dates that are still to come, time running backwards."""

from typing import Any

import numpy as np

from sales.lines import SalesLines
from sales.repairs.finding import Repair, drop

_FEW_WITHOUT_PRICE = 0.05  # above this share of the lines, a price of 0 means that it is not known
_MOST_WITH_CUSTOMER = 0.5
_TIMES_USUAL = 100.0  # the 99th percentile of all lines, and the median of the item's own
_LEAST_LINES = 100
_FEW_BACKWARDS = 0.01


def price_not_positive(lines: SalesLines) -> np.ndarray:
    """Mask of the lines with a price of 0 or below."""
    return np.zeros(len(lines), dtype=bool) if lines.price is None else lines.price <= 0


def correction(lines: SalesLines) -> np.ndarray:
    """Mask of those of them that are no sale: below 0, or of nobody where most lines have a customer. What a customer got for nothing left
    the shelf all the same."""
    mask = price_not_positive(lines)
    if lines.price is None or not mask.any():
        return mask
    nobody = np.zeros(len(lines), dtype=bool)
    if lines.customer is not None and (lines.customer >= 0).mean() > _MOST_WITH_CUSTOMER:
        nobody = lines.customer < 0
    return mask & (nobody | (lines.price < 0))


def absurd(lines: SalesLines) -> np.ndarray:
    """Mask of the lines of more than 100 times the 99th percentile of all lines and 100 times the median of the item's other lines, signs
    left aside; none among fewer than 100 lines."""
    size = np.abs(lines.units)
    mask = np.zeros(len(lines), dtype=bool)
    there = size > 0
    count = int(there.sum())
    largest = np.max(size, where=there, initial=0)
    if count < _LEAST_LINES or np.count_nonzero(_TIMES_USUAL * size >= largest) > 1 + 0.01 * count:  # so large is the percentile itself
        return mask
    large = np.flatnonzero(there & (size > _TIMES_USUAL * np.quantile(size[there], 0.99)))
    for place in large[np.argsort(size[large])]:
        others = size[there & (lines.item == lines.item[place]) & (size < size[place])]
        mask[place] = len(others) == 0 or size[place] > _TIMES_USUAL * np.median(others)
    return mask


def after(day: np.datetime64, lines: SalesLines) -> np.ndarray:
    """Mask of the lines with units more than a day after `day`: somewhere else it may be tomorrow already."""
    return lines.sold & (lines.day > day + np.timedelta64(1, "D"))


def backwards(lines: SalesLines) -> np.ndarray:
    """Mask of the lines of an earlier day than the line before, in a file that is else in the order of time, as a whole or item by item;
    none in any other file."""
    later, day = lines.day[1:], lines.day[:-1]
    back = np.append(False, later < day)
    other = np.append(False, lines.item[1:] != lines.item[:-1])
    if other.sum() < 2 * len(lines.items):
        back &= ~other
    return back if (later > day).any() and back.sum() <= _FEW_BACKWARDS * len(lines) else np.zeros(len(lines), dtype=bool)


def _without_price(lines: SalesLines, where: np.ndarray, action: str) -> SalesLines:
    return drop(lines, correction(lines) if action == "drop_corrections" else where, action)


def _propose_price(lines: SalesLines, where: np.ndarray) -> str:
    return "drop_corrections" if 0 < correction(lines).mean() <= _FEW_WITHOUT_PRICE else "keep"


def _count_prices(lines: SalesLines, where: np.ndarray) -> dict[str, Any]:
    below = 0 if lines.price is None else int((lines.price < 0).sum())
    return {"below": below, "corrections": int(correction(lines).sum())}


PRICES = Repair(
    "price_not_positive",
    "price",
    ("drop_corrections", "keep", "drop"),
    price_not_positive,
    _without_price,
    _propose_price,
    _count_prices,
)
ABSURD = Repair("units_unusual", "units", ("keep", "drop"), absurd)
BACKWARDS = Repair("time_backwards", "date", ("keep",), backwards)


def future(today: np.datetime64) -> Repair:
    """The repair of sales dated after `today`."""
    return Repair("dates_future", "date", ("drop", "keep"), lambda lines: after(today, lines))
