"""Places: shops whose sales come in several files. What no file tells of a place is not known, and not nothing sold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales import checks
from sales.mapping import Mapping
from sales.role_names import NAMES, plain_name

RECENT = 90  # days with sales by which a place is judged
LEAST_DAYS = 3  # with sales: of a place with fewer nothing can be expected
CHANCE = 0.001  # that a place which sells as often as it did shows nothing


@dataclass(frozen=True, eq=False)
class Absent:
    """Places of which files say nothing on `days`, where they would have sold, and the codes of the items that they sold lately."""

    places: tuple[str, ...]
    items: np.ndarray
    days: pd.DatetimeIndex


def places_of(whole: pd.DataFrame, tables: Sequence[pd.DataFrame], mapping: Mapping) -> tuple[np.ndarray, np.ndarray]:
    """Codes, -1 where none is given, and names of the place of each row: of the column of locations that is mapped, or else of one that is
    so named, in at least two of the tables."""
    taken = {mapping.item, mapping.date, mapping.units}
    named = [name for name in whole.columns if plain_name(name) in NAMES["location"] and name not in taken]
    column = mapping.location if mapping.location is not None else next(iter(named), None)
    if column is None or sum([str(name) for name in table.columns].count(str(column)) == 1 for table in tables) < 2:
        return np.full(len(whole), -1), np.array([], dtype=object)
    return checks.texts(whole[column])


def absent_places(
    part: np.ndarray,
    days: np.ndarray,
    item: np.ndarray,
    place: np.ndarray,
    items: np.ndarray,
    places: np.ndarray,
    covered: Sequence[Sequence[tuple[pd.Timestamp, pd.Timestamp]]],
) -> tuple[Absent, ...]:
    """The places that a newer file does not hold, though they sold so often before that this cannot be chance.

    part, days, item, place: of each row its file, its day, and codes into `items` and `places`, -1 or no date where not known. covered:
    the spans of days that each file speaks of. A place is awaited until a file holds it again; days that another file covers for it are
    known.
    """
    seen = np.zeros((len(covered), len(places)), dtype=bool)
    readable = (place >= 0) & (item >= 0) & ~np.isnat(days)
    seen[part[readable], place[readable]] = True
    awaited: dict[int, np.ndarray] = {}
    groups: dict[tuple[pd.Timestamp, ...], tuple[list[int], list[np.ndarray]]] = {}
    for k in range(1, len(covered)):
        if not seen[k].any() or not covered[k]:
            continue
        older = readable & (part < k)
        recent = np.unique(days[older])[-RECENT:]
        within = older & (days >= recent[0]) if len(recent) else older
        its_days = len(np.unique(days[readable & (part == k)]))
        expected = _expected(days[within], place[within], recent, its_days, len(places))
        awaited = {one: of for one, of in awaited.items() if not seen[k, one]}
        for one in np.flatnonzero(expected & ~seen[k]).tolist():
            awaited.setdefault(one, np.unique(item[within & (place == one)]))
        for one, of in awaited.items():
            told = [span for file in np.flatnonzero(seen[:, one]).tolist() for span in covered[file]]
            missing = tuple(day for day in _days(covered[k]) if not any(first <= day <= last for first, last in told))
            if missing:
                group = groups.setdefault(missing, ([], []))
                group[0].append(one)
                group[1].append(of)
    return tuple(
        Absent(tuple(map(str, places[ones])), items[np.unique(np.concatenate(of))], pd.DatetimeIndex(missing))
        for missing, (ones, of) in groups.items()
    )


def _days(spans: Sequence[tuple[pd.Timestamp, pd.Timestamp]]) -> list[pd.Timestamp]:
    return sorted({day for first, last in spans for day in pd.date_range(first, last)})


def _expected(days: np.ndarray, place: np.ndarray, recent: np.ndarray, its_days: int, count: int) -> np.ndarray:
    """Mask over places: those that would show in a file with `its_days` days of sales, and had not ended before, by the share of the
    `recent` days on which each sold between its first and its last."""
    pairs = np.unique(place.astype("int64") * len(recent) + np.searchsorted(recent, days)) if len(recent) else np.array([], dtype="int64")
    which, when = np.divmod(pairs, max(len(recent), 1))
    sold = np.bincount(which, minlength=count)
    first, last = np.full(count, len(recent)), np.full(count, -1)
    np.minimum.at(first, which, when)
    np.maximum.at(last, which, when)
    silence = 1 - sold / np.maximum(last - first + 1, 1)
    ended = (last < len(recent) - 1) & (silence ** (len(recent) - 1 - last) < CHANCE)
    return (sold >= LEAST_DAYS) & ~ended & (silence**its_days < CHANCE)
