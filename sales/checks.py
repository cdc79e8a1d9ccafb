"""Checks: one column of a table becomes clean values, and what does not fit becomes problems, one for each code with its first row."""

import datetime
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sales.dates import days as days
from sales.distinct import distinct
from sales.distinct import texts as texts
from sales.numbers import Mark, numbers_by
from sales.numbers import numbers as numbers
from sales.problems import ROWS_SHOWN as ROWS_SHOWN
from sales.problems import Problem, Severity
from sales.problems import found as found

MOST_UNITS = 1e12
LEAST_SWAPPED = 5  # dates, and as many texts: fewer tell nothing
EARLIEST, LATEST = np.datetime64("1900-01-01"), np.datetime64("2200-12-31")
_ROUNDED = r"^\d(?:[.,]\d+)?E\+\d{2}$"
_WEEK = np.timedelta64(6, "D")  # from the last day of a week back to its first
_FLAGS = {"1": 1.0, "yes": 1.0, "y": 1.0, "true": 1.0, "t": 1.0, "0": 0.0, "no": 0.0, "n": 0.0, "false": 0.0, "f": 0.0}


def read_items(column: pd.Series) -> tuple[np.ndarray, np.ndarray, list[Problem]]:
    """Codes, -1 where there is no item, sorted items, and problems."""
    codes, names = texts(column)
    rounded = pc.match_substring_regex(pa.array(names, pa.string()), _ROUNDED).to_numpy(zero_copy_only=False)
    problems = found("item_empty", codes < 0, column)
    return codes, names, problems + (found("item_rounded", np.append(rounded, False)[codes], column) if rounded.any() else [])


def read_days(column: pd.Series, day_first: bool | None, week_ends: bool = False) -> tuple[np.ndarray, list[Problem]]:
    """Days, NaT in rows to leave out, and problems; where the column holds the last days of weeks, their first ones."""
    read, problems = _read_days(column, day_first)
    return (read - _WEEK if week_ends else read), problems


def _read_days(column: pd.Series, day_first: bool | None) -> tuple[np.ndarray, list[Problem]]:
    read, nothing, unclear = days(column, day_first)
    if unclear.any():
        return read, found("dates_ambiguous", unclear, column, Severity.ERROR)
    bad = np.isnat(read) & ~nothing
    outside = (read < EARLIEST) | (read > LATEST)
    problems = found("date_empty", nothing, column) + found("date_out_of_range", outside, column, Severity.ERROR)
    if (swapped := _half_swapped(column, read)).any():
        return read, problems + found("dates_half_swapped", swapped, column, Severity.ERROR)
    if (first := _in_other_order(column, bad)) is not None:
        order, other = ("month/day/year", "day/month/year") if first else ("day/month/year", "month/day/year")
        return read, problems + found("dates_both_orders", bad, column, Severity.ERROR, order=order, other=other)
    if bad.sum() * 2 > (~nothing).sum():
        return read, problems + found("dates_unreadable", bad, column, Severity.ERROR)
    return read, problems + found("date_unreadable", bad, column) + _months_or_weeks(column, read)


def _in_other_order(column: pd.Series, bad: np.ndarray) -> bool | None:
    """Whether the day stands first in the `bad` cells that are dates in another order than the rest; None where none is."""
    if not bad.any() or not (isinstance(column.dtype, pd.StringDtype) or column.dtype == object):
        return None
    first, second = (~np.isnat(days(column[bad], order)[0]) for order in (True, False))
    return bool(first.any()) if (first != second).any() else None


def _half_swapped(column: pd.Series, read: np.ndarray) -> np.ndarray:
    """Mask of the dates of a workbook that a spreadsheet made of texts in the other order: it took those that it could, with day and month
    swapped, and left the others as texts. Then no date has a day beyond 12, and no text a day up to 12."""
    none = np.zeros(len(column), dtype=bool)
    if column.dtype != object:
        return none
    dates = np.fromiter((isinstance(cell, datetime.date) for cell in column), dtype=bool, count=len(column)) & ~np.isnat(read)
    texts_ = np.fromiter((isinstance(cell, str) for cell in column), dtype=bool, count=len(column)) & ~np.isnat(read)
    if dates.sum() < LEAST_SWAPPED or texts_.sum() < LEAST_SWAPPED:
        return none
    days_in = (read[dates] - read[dates].astype("datetime64[M]").astype("datetime64[D]")).astype(int) + 1
    first, second = (np.isnat(days(column[texts_], order)[0]) for order in (True, False))
    return dates if days_in.max() <= 12 and (first != second).all() else none


def _months_or_weeks(column: pd.Series, read: np.ndarray) -> list[Problem]:
    """A note where cells like 202401 to 202412 could be the first weeks of their one year."""
    there = ~np.isnat(read)
    if not there.any() or not re.fullmatch(r"\s*\d{6}\s*", str(column.iloc[np.argmax(there)])):
        return []
    months = np.unique(read[there])
    if not 1 < len(months) <= 12 or len(np.unique(months.astype("datetime64[Y]"))) > 1:
        return []
    unclear = column.astype(str).str.fullmatch(r"\s*\d{6}\s*").fillna(False).to_numpy(dtype=bool) & there
    return found("dates_months_or_weeks", unclear, column)


def read_units(column: pd.Series, decimal: Mark | None = None) -> tuple[np.ndarray, np.ndarray, list[Problem]]:
    """Units, NaN in rows with nothing; the mask of the rows whose cell is no amount; and problems. What came back is negative.

    decimal: the mark before the fraction where the column does not tell it.
    """
    told = numbers_by(column, decimal)
    read, nothing = told.values, told.nothing
    refused = ~(np.abs(read) < MOST_UNITS) & ~nothing
    if not refused.any():
        return read, refused, told.notes(column)
    bad = np.isnan(read) & ~nothing
    if bad.sum() * 2 > (~nothing).sum():
        return read, bad, found("units_not_numbers", bad, column, Severity.ERROR)
    infinite, absurd = np.isinf(read), np.isfinite(read) & (np.abs(read) >= MOST_UNITS)
    problems = [
        *found("units_unreadable", bad, column),
        *told.notes(column),
        *found("units_infinite", infinite, column),
        *found("units_absurd", absurd, column, most=f"{MOST_UNITS:,.0f}"),
    ]
    return np.where(refused, np.nan, read), refused, problems


def read_known(column: pd.Series, decimal: Mark | None = None) -> tuple[np.ndarray, list[Problem]]:
    """A column known ahead as numbers, yes and no as 1 and 0, NaN where there is nothing, and problems; `decimal` as in `read_units`."""
    read, nothing = _with_flags(column, decimal)
    wrong = (np.isnan(read) & ~nothing) | (np.abs(np.nan_to_num(read)) >= np.finfo(np.float32).max)
    return read, found("known_not_numbers", wrong, column, Severity.ERROR)


def read_flags(column: pd.Series) -> tuple[np.ndarray, list[Problem]]:
    """A column of yes and no as booleans, false where there is nothing, and problems."""
    read, nothing = _with_flags(column)
    return read == 1, found("flag_unreadable", ~nothing & ~np.isin(read, (0, 1)), column, Severity.ERROR)


def _with_flags(column: pd.Series, decimal: Mark | None = None) -> tuple[np.ndarray, np.ndarray]:
    told = numbers_by(column, decimal)
    read, nothing = told.values, told.nothing
    if (np.isnan(read) & ~nothing).any():
        codes, values = distinct(column)
        flags = np.array([*(_FLAGS.get(str(value).strip().lower(), np.nan) for value in values), np.nan])[codes]
        read = np.where(np.isnan(read), flags, read)
    return read, nothing
