"""Overlaps: files handed over together of which two hold the same days; sales that are in both count once, and what cannot be told is
named."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sales import checks
from sales.mapping import Mapping, propose
from sales.problems import Problem, Severity

MOSTLY = 0.8  # of the rows of the file with fewer, on days that both hold: then one is an export of the other's sales once more


def without_overlap(tables: Sequence[tuple[str, pd.DataFrame]]) -> tuple[list[pd.DataFrame], list[Problem]]:
    """Tables of one kind, each with its file's name, without the rows that an earlier one holds too on the days of both, where most of
    these are equal; and problems that name the files and the units.

    Rows are equal in all cells that both tables have; what is there three times in one and twice in the other stays three times. Files
    that share days but no item, no place or no order are of other sales. Columns are told by `sales.mapping.propose`.
    """
    mapping = propose(tables[0][1]) if tables else Mapping()
    if mapping.date is None or any(name not in table for _, table in tables for name in (mapping.date, mapping.item)):
        return [table for _, table in tables], []
    days = _days(tables, mapping.date)
    kept, problems = [np.ones(len(table), dtype=bool) for _, table in tables], []
    for later in range(1, len(tables)):
        for earlier in range(later):
            both = _on_shared_days(days[earlier], days[later])
            both = (both[0], both[1] & kept[later])
            one, other = (tables[k][1][where] for k, where in zip((earlier, later), both, strict=True))
            if one.empty or other.empty or _of_other_sales(one, other, mapping):
                continue
            equal = _equal(one, other)
            again = equal.sum() >= MOSTLY * min(len(one), len(other))
            if again:
                kept[later][np.flatnonzero(both[1])[equal]] = False
            problems.append(_told(tables[earlier][0], tables[later][0], other, equal, bool(again), mapping, days[later][both[1]]))
    return [table if where.all() else table[where] for (_, table), where in zip(tables, kept, strict=True)], problems


def _days(tables: Sequence[tuple[str, pd.DataFrame]], date: str) -> list[np.ndarray]:
    """The day of each row of each table; where nothing tells which of day and month comes first, the day does."""
    column = pd.concat([table[date] for _, table in tables], ignore_index=True)
    read, _, unclear = checks.days(column, None)
    if unclear.any():
        read = checks.days(column, True)[0]
    return np.split(read.astype("datetime64[D]"), np.cumsum([len(table) for _, table in tables])[:-1])


def _on_shared_days(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Masks over the rows of either that lie within the days of both."""
    if np.isnat(one).all() or np.isnat(other).all():
        return np.zeros(len(one), dtype=bool), np.zeros(len(other), dtype=bool)
    first, last = max(np.nanmin(one), np.nanmin(other)), min(np.nanmax(one), np.nanmax(other))
    return (one >= first) & (one <= last), (other >= first) & (other <= last)


def _of_other_sales(one: pd.DataFrame, other: pd.DataFrame, mapping: Mapping) -> bool:
    for column in (mapping.item, mapping.location, mapping.order):
        if column in one and column in other:
            words = [checks.texts(table[column])[1] for table in (one, other)]
            if all(map(len, words)) and not np.isin(words[0], words[1]).any():
                return True
    return False


def _equal(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """Mask over the rows of `other` that `one` holds too, each of them as often as it is there."""
    columns = [name for name in one.columns if name in other.columns]
    keys = [pd.util.hash_pandas_object(table[columns].astype("str"), index=False).reset_index(drop=True) for table in (one, other)]
    ranked = [pd.MultiIndex.from_arrays([key, key.groupby(key).cumcount()]) for key in keys]
    return np.asarray(ranked[1].isin(ranked[0]))


def _told(earlier: str, later: str, rows: pd.DataFrame, equal: np.ndarray, again: bool, mapping: Mapping, days: np.ndarray) -> Problem:
    """What became of the `rows` of the later file on days that the earlier one holds too."""
    units = np.zeros(len(rows))
    if mapping.units in rows:
        units = np.nan_to_num(checks.read_units(rows[mapping.units])[0])
    params = {"first": str(days.min()), "last": str(days.max()), "rows": len(rows)}
    params |= {"units": f"{units[equal].sum():,.10g}", "others": f"{units[~equal].sum():,.10g}", "all": f"{units.sum():,.10g}"}
    if again:
        return Problem("files_overlap", Severity.WARNING, got=earlier, count=int(equal.sum()), params=params, file=later)
    return Problem("files_overlap_summed", Severity.WARNING, got=earlier, count=len(rows), params=params, file=later)
