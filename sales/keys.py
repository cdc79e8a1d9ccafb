"""Keys: whole numbers that lines share, counted and told apart by the million."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from sales.distinct import blocks

_THREADS = 2
_SLOT_BITS = 22
_ODD = np.int64(0x1E3779B97F4A7C15)


def distinct_days(day: np.ndarray) -> np.ndarray:
    """The sorted days that `day` holds, each once. Days are few beside lines: they are counted, not sorted."""
    if len(day) == 0:
        return day
    first = day.min()
    return first + np.flatnonzero(np.bincount((day - first).astype("int64")))


def repeated(key: np.ndarray) -> np.ndarray:
    """The places of the numbers that `key` holds more than once, in order. Sorting millions of numbers is quick, and hashing them is not:
    only those that share a slot with a number that is there again are hashed."""
    below = key < 0
    with ThreadPoolExecutor(_THREADS) as threads:
        again = np.concatenate(list(threads.map(_there_again, (key[below], key[~below]))))
    places = np.flatnonzero(in_slots(key, again))
    return places[pd.Series(key[places]).duplicated(keep=False)]


def _there_again(key: np.ndarray) -> np.ndarray:
    ordered = np.sort(key)
    return ordered[1:][ordered[1:] == ordered[:-1]]


def in_slots(key: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Mask of the numbers of `key` that may be among `some`: all that are, and a few that share a slot with one by chance."""
    slots = np.zeros(2**_SLOT_BITS, dtype=bool)
    slots[_slot(some)] = True
    mask = np.empty(len(key), dtype=bool)
    for at in blocks(len(key)):
        mask[at] = slots[_slot(key[at])]
    return mask


def mixed(*parts: np.ndarray) -> np.ndarray:
    """A whole number for each line that two lines share where they agree in all `parts`, numbers one a line; others share it by chance
    only."""
    key = np.zeros(len(parts[0]), dtype="int64")
    for at in blocks(len(key)):
        for part in parts:
            key[at] *= _ODD
            key[at] += part[at].astype("int64") if part.dtype.kind != "f" else (np.nan_to_num(part[at], nan=-0.5) + 0.0).view("int64")
    return key


def _slot(key: np.ndarray) -> np.ndarray:
    return (key * _ODD).view("uint64") >> np.uint64(64 - _SLOT_BITS)
