"""Checks: one column of a table becomes clean values, and what does not fit becomes problems, one for each code with its first row."""

import datetime
import re
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from sales.problems import Problem, Severity

MOST_UNITS = 1e12
EARLIEST, LATEST = np.datetime64("1900-01-01"), np.datetime64("2200-12-31")
_NOTHING = {"", "na", "n/a", "#n/a", "nan", "null", "none"}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?|[+-]?inf(?:inity)?", re.IGNORECASE | re.ASCII)
ROWS_SHOWN = 10
_TIME = r"[T ]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[APap][Mm])? ?(Z|UTC|[+-]\d{2}:?\d{2})?$"
_YEAR_FIRST = r"^(\d{4})([-/.])(\d{1,2})(?:\2(\d{1,2}))?$"
_COMPACT = r"^((?:19|20|21)\d{2})(\d{2})(\d{2})$"
_YEAR_LAST = r"^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})$"
_FLAGS = {"1": 1.0, "yes": 1.0, "y": 1.0, "true": 1.0, "t": 1.0, "0": 0.0, "no": 0.0, "n": 0.0, "false": 0.0, "f": 0.0}


def found(code: str, where: np.ndarray, column: pd.Series, severity: Severity = Severity.WARNING, **params: Any) -> list[Problem]:
    """One problem for the rows of `column` at mask `where`, or none where the mask is empty. The row with index i is row i + 2."""
    if not where.any():
        return []
    (row, got), *also = [(int(column.index[place]) + 2, _shown(column.iloc[place])) for place in np.flatnonzero(where)[:ROWS_SHOWN]]
    return [Problem(code, severity, str(column.name), row, got, int(where.sum()), params, tuple(also))]


def _shown(value: Any) -> str:
    return "" if value is None or value is pd.NA or value is pd.NaT or value != value else str(value)[:100]


def texts(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Codes and sorted texts of `column`: row i holds `texts[codes[i]]`, or nothing where the code is -1.

    A text stays as it is, byte for byte; a whole number has no decimal point.

    >>> texts(pd.Series(["007", 12.0, None, " "], dtype=object))
    (array([ 0,  1, -1, -1]), array(['007', '12'], dtype=object))
    """
    codes, values = _uniques(column)
    words = np.array([_text(value) for value in values], dtype=object)
    filled = np.array([bool(word.strip()) for word in words], dtype=bool)
    names, place = np.unique(words[filled], return_inverse=True)
    translation = np.full(len(words) + 1, -1)
    translation[:-1][filled] = place
    return translation[codes], names


def numbers(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of `column`, NaN where there is nothing or what is there is no number, and the mask of the rows with nothing."""
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_integer_dtype(column) or pd.api.types.is_float_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        return values, np.isnan(values)
    codes, values = _uniques(column)
    read = np.array([*(_number(value) for value in values), np.nan])
    nothing = np.array([*(isinstance(value, str) and value.strip().lower() in _NOTHING for value in values), True])
    return read[codes], nothing[codes]


def days(column: pd.Series, day_first: bool | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days of `column` as datetime64[D], NaT where there is nothing or what is there is no date; the mask of the rows with nothing; and
    the mask of those that could be two days, where no row tells which. Time zones are dropped, the time on the wall is kept.

    Of d/m/y and m/d/y the order that reads more of the column is taken; `day_first` decides instead where it is not None.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        wall = column.dt.tz_localize(None)
        return wall.to_numpy().astype("datetime64[D]"), wall.isna().to_numpy(), np.zeros(len(column), dtype=bool)
    codes, values = _uniques(column)
    stamps = pd.Series(values if isinstance(column.dtype, pd.StringDtype) else [_date_text(value) for value in values], dtype="str")
    day_of_stamp, words = pd.factorize(_without_time(stamps))  # many stamps, few days
    read, unclear = _parsed(pd.Series(words, dtype="str"), day_first)
    nothing = np.append(stamps.str.strip().str.lower().isin(_NOTHING).to_numpy(dtype=bool), True)
    return np.append(read[day_of_stamp], np.datetime64("NaT"))[codes], nothing[codes], np.append(unclear[day_of_stamp], False)[codes]


def read_items(column: pd.Series) -> tuple[np.ndarray, np.ndarray, list[Problem]]:
    """Codes, -1 where there is no item, sorted items, and problems."""
    codes, names = texts(column)
    return codes, names, found("item_empty", codes < 0, column)


def read_days(column: pd.Series, day_first: bool | None) -> tuple[np.ndarray, list[Problem]]:
    """Days, NaT in rows to leave out, and problems."""
    read, nothing, unclear = days(column, day_first)
    if unclear.any():
        return read, found("dates_ambiguous", unclear, column, Severity.ERROR)
    bad = np.isnat(read) & ~nothing
    outside = ~np.isnat(read) & ((read < EARLIEST) | (read > LATEST))
    problems = found("date_empty", nothing, column) + found("date_out_of_range", outside, column, Severity.ERROR)
    if bad.sum() * 2 > (~nothing).sum():
        return read, problems + found("dates_unreadable", bad, column, Severity.ERROR)
    return read, problems + found("date_unreadable", bad, column)


def read_units(column: pd.Series) -> tuple[np.ndarray, np.ndarray, list[Problem]]:
    """Units, NaN in rows with nothing; the mask of the rows whose cell is no amount; and problems. What came back is negative."""
    read, nothing = numbers(column)
    bad = np.isnan(read) & ~nothing
    if bad.sum() * 2 > (~nothing).sum():
        return read, bad, found("units_not_numbers", bad, column, Severity.ERROR)
    infinite, absurd = np.isinf(read), np.isfinite(read) & (np.abs(read) >= MOST_UNITS)
    problems = [
        *found("units_unreadable", bad, column),
        *found("units_infinite", infinite, column),
        *found("units_absurd", absurd, column, most=f"{MOST_UNITS:,.0f}"),
    ]
    return np.where(bad | infinite | absurd, np.nan, read), bad | infinite | absurd, problems


def read_known(column: pd.Series) -> tuple[np.ndarray, list[Problem]]:
    """A column known ahead as numbers, yes and no as 1 and 0, NaN where there is nothing, and problems."""
    read, nothing = _with_flags(column)
    wrong = (np.isnan(read) & ~nothing) | (np.abs(np.nan_to_num(read)) >= np.finfo(np.float32).max)
    return read, found("known_not_numbers", wrong, column, Severity.ERROR)


def read_flags(column: pd.Series) -> tuple[np.ndarray, list[Problem]]:
    """A column of yes and no as booleans, false where there is nothing, and problems."""
    read, nothing = _with_flags(column)
    return read == 1, found("flag_unreadable", ~nothing & ~np.isin(read, (0, 1)), column, Severity.ERROR)


def _with_flags(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    read, nothing = numbers(column)
    if (np.isnan(read) & ~nothing).any():
        codes, values = _uniques(column)
        flags = np.array([*(_FLAGS.get(str(value).strip().lower(), np.nan) for value in values), np.nan])[codes]
        read = np.where(np.isnan(read), flags, read)
    return read, nothing


def _uniques(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Codes, -1 where nothing is, and the values they stand for."""
    try:
        codes, values = pd.factorize(column)
    except TypeError:  # lists and the like cannot be told apart by hash
        codes, values = pd.factorize(column.map(str, na_action="ignore"))
    return codes, np.asarray(values, dtype=object)


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).encode("utf-8", "replace").decode()


def _number(value: Any) -> float:
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value := value.strip()) else np.nan
    if isinstance(value, (Real, Decimal)):
        try:
            return float(value)
        except (OverflowError, ValueError):
            return np.inf
    return np.nan


def _without_time(stamps: pd.Series) -> pd.Series:
    return stamps.str.strip().str.replace(_TIME, "", regex=True)


def _date_text(value: Any) -> str:
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    return _text(value).strip()


def _parsed(words: pd.Series, day_first: bool | None) -> tuple[np.ndarray, np.ndarray]:
    """Days of `words`, and the mask of those that could be two days where nothing tells which order the column has."""
    year_first, compact, year_last = (words.str.extract(pattern) for pattern in (_YEAR_FIRST, _COMPACT, _YEAR_LAST))
    read = _days(year_first[0], year_first[2], year_first[3].where(year_first[3].notna() | year_first[0].isna(), "1"))
    read = np.where(np.isnat(read), _days(compact[0], compact[1], compact[2]), read)
    dotted = (year_last[1] == ".").to_numpy(dtype=bool)
    as_day = _days(year_last[3], year_last[2], year_last[0])
    as_month = np.where(dotted, as_day, _days(year_last[3], year_last[0], year_last[2]))
    differ = as_day.view("int64") != as_month.view("int64")
    lead = int((~np.isnat(as_day)).sum()) - int((~np.isnat(as_month)).sum())
    if day_first is None and lead == 0 and differ.any():
        return read, differ
    chosen = as_day if (lead >= 0 if day_first is None else day_first) else as_month
    return np.where(np.isnat(read), chosen, read), np.zeros(len(words), dtype=bool)


def _days(year: pd.Series, month: pd.Series, day: pd.Series) -> np.ndarray:
    """datetime64[D], NaT where a part is missing or there is no such day."""
    y, m, d = (pd.to_numeric(part).to_numpy(dtype=float, na_value=np.nan) for part in (year, month, day))
    there = ~np.isnan(y) & (m >= 1) & (m <= 12) & (d >= 1)
    months = np.where(there, (y - 1970) * 12 + m - 1, 0).astype("int64").astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(there, d, 1).astype("int64") - 1)
    return np.where(there & (days.astype("datetime64[M]") == months), days, np.datetime64("NaT"))
