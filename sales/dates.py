"""Dates: the cells of a column as days, in the ways that shops and their programs write them."""

import datetime
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sales.distinct import NOTHING, as_text, coded, distinct, spread, spread_mask, text_bytes, text_cells

SERIALS = (18_264, 73_050)  # Excel counts days from 1899-12-30: 1950-01-01 and 2099-12-31
FIRST_TWO_DIGIT_YEAR = 1970  # 70 is 1970, 69 is 2069
_MANY, _MOST_DAYS = 100_000, 10_000  # cells from which it is worth looking for time stamps, and more distinct ones than days can be
_THREADS = 2
_SIDE_BY_SIDE = 64
_DAY_WIDTH = 10  # 2024-01-31, 31/01/2024
_MOST_AGAINST = 0.1  # of the days that speak for one order: more against it and the column mixes both
_ZONE = r"(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})(?:\[[\w/+-]+\])?"
_TIME = rf"[T ]+\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:[.,]\d+)?)?(?: ?[APap]\.?[Mm]\.?)? ?(?:{_ZONE})?$"
_STAMP = rf"^\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}(?:{_TIME})?$"
_WEEKDAY = r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? +"
_MONTHS = (
    "january jan januar janvier janv enero ene jän jänner",
    "february feb februar février févr fév fevrier fevr fev febrero",
    "march mar märz mär mrz mars marzo maerz",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août aout agosto ago",
    "september sep sept septembre septiembre setiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre déc decembre diciembre dic",
)
_MONTH_OF = {name: month for month, names in enumerate(_MONTHS, 1) for name in names.split()}
_NAME = r"(?P<name>[a-zäéû]{3,12})\.?"
_YEAR = r"(?P<year>\d{4}|\d{2})"
_WRITTEN = (
    r"^(?P<year>\d{4})[-/](?P<month>\d{1,2})$",
    r"^(?P<year>(?:19|20|21)\d{2})\.(?P<month>0[1-9]|1[0-2])$",
    r"^(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})$",
    r"^(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})$",
    r"^(?P<year>\d{4})\.(?P<month>\d{1,2})\.(?P<day>\d{1,2})$",
    r"^(?P<year>(?:19|20|21)\d{2})(?P<month>\d{2})(?P<day>\d{2})$",
    r"^(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])$",
    r"^(?P<month>\d{1,2})[-/.](?P<year>\d{4})$",
    r"^(?P<year>\d{4}) ?年 ?(?P<month>\d{1,2}) ?月(?: ?(?P<day>\d{1,2}) ?[日号])?$",
    rf"^(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)?[ /-]*(?:de |of )?{_NAME}[ /,-]*(?:de |del )?{_YEAR}$",
    rf"^{_NAME}[ /-]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:, ?| )(?P<year>\d{{4}})$",
    rf"^{_NAME}[ /'-]*(?:de |del )?{_YEAR}$",
    rf"^(?P<year>\d{{4}})[ /-]*{_NAME}$",
    rf"^(?P<year>\d{{4}})[ /-]{_NAME}[ /-](?P<day>\d{{1,2}})$",
)
_WEEKS = (
    r"^(?P<year>\d{4})[ -]?(?:w|kw|week|semaine|semana|woche|第) ?-?(?P<week>\d{1,2}) ?周?(?:-(?P<weekday>[1-7]))?$",
    r"^(?P<year>\d{4})年? ?第 ?(?P<week>\d{1,2}) ?周$",
    r"^(?:w|kw|week|semaine|semana|woche|s) ?-?(?P<week>\d{1,2})[ ,/-]+(?P<year>\d{4})$",
)
_EITHER = (
    r"^(?P<first>\d{1,2})-(?P<second>\d{1,2})-(?P<year>\d{4}|\d{2})$",
    r"^(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d{4}|\d{2})$",
)
_DOTTED = r"^(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d{2})$"
_YEAR_FIRST = tuple(rf"^(?P<year>\d{{2}}){mark}(?P<month>\d{{2}}){mark}(?P<day>\d{{2}})$" for mark in "-/")
_LEAST_MONTHS, _MOST_YEARS = 3, 15
_RUNS, _LEAST_RUN = 3, 5  # as many more days of a month than years, and so many days, tell which is which
_WEEK_NUMBERS = r"^(?P<year>(?:19|20)\d{2})(?P<week>\d{2})$"
_CANNOT_BE_MONTHS = r"^(?:19|20)\d{2}(?:1[3-9]|[2-4]\d|5[0-3])$"
_NAT = np.datetime64("NaT", "D")


@dataclass(frozen=True, eq=False)
class _Words:
    """The days as they are written, once each; row i has word `codes[i]`, or nothing where the code is -1."""

    codes: np.ndarray
    words: pa.Array


def days(column: pd.Series, day_first: bool | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days of `column` as datetime64[D], NaT where there is nothing or what is there is no date; the mask of the rows with nothing; and
    the mask of those that could be two days, where no row tells which. Time zones are dropped, the time on the wall is kept.

    Of d/m/y and m/d/y the order that more days of the column speak for is taken, and those that it cannot read are no dates; where none
    speaks, or a tenth as many for the other, they are unclear. `day_first` decides instead where it is not None. A month is its first day,
    a week its Monday (ISO 8601); 202405 is a month, and a week where others of the column can only be such. Two digits of a year are 1970
    to 2069; they stand first, whatever `day_first` says, where the last part runs through the days and the first does not. Numbers are days
    of Excel where the whole column is such.

    >>> days(pd.Series(["31/01/2024", "2024-W05", "1 Dec 2010", "2024年1月", "soon"]), None)[0].astype(str).tolist()
    ['2024-01-31', '2024-01-29', '2010-12-01', '2024-01-01', 'NaT']
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        wall = column.dt.tz_localize(None)
        return wall.to_numpy().astype("datetime64[D]"), wall.isna().to_numpy(), np.zeros(len(column), dtype=bool)
    held = _held(column)
    nothing = np.asarray(pc.is_in(pc.utf8_lower(held.words), pa.array(sorted(NOTHING), held.words.type)), dtype=bool)
    read, unclear = _parsed(held.words, nothing, day_first)
    rows = spread(np.append(read, _NAT), held.codes)
    return rows, spread_mask(nothing, held.codes, missing=True), spread_mask(unclear, held.codes)


def told_order(column: pd.Series) -> bool | None:
    """Whether the column itself tells that the day comes before the month; None where it does not tell.

    >>> [told_order(pd.Series([cell])) for cell in ("31/01/2024", "01/31/2024", "01/02/2024")]
    [True, False, None]
    """
    as_day, as_month = (~np.isnat(days(column, order)[0]) for order in (True, False))
    for_day, for_month = int((as_day & ~as_month).sum()), int((as_month & ~as_day).sum())
    return None if for_day == for_month else for_day > for_month


def are_serials(column: pd.Series) -> bool:
    """Whether all that is in the column are days of Excel."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    held = _held(column)
    nothing = np.asarray(pc.is_in(pc.utf8_lower(held.words), pa.array(sorted(NOTHING), held.words.type)), dtype=bool)
    return _serials(held.words, nothing) is not None


def tell_year_first(column: pd.Series) -> bool:
    """Whether the column tells that its dates begin with two digits of a year.

    >>> tell_year_first(pd.Series([f"24-01-{day:02d}" for day in range(1, 32)])), tell_year_first(pd.Series(["24-01-05"]))
    (True, False)
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    return _year_first(_held(column).words) is True


def in_iso(column: pd.Series, day_first: bool | None) -> pd.Series:
    """The column with its days in ISO, each with its time; what is no date stays as it is.

    >>> in_iso(pd.Series(["01/02/2024 10:05", "soon"]), True).tolist(), in_iso(pd.Series([45292, 45292.5]), None).tolist()
    (['2024-02-01 10:05', 'soon'], ['2024-01-01', '2024-01-01 12:00:00'])
    """
    serial = are_serials(column)
    codes, cells = distinct(column)
    read = days(pd.Series(cells, dtype=object), day_first)[0]

    def written(cell: Any, day: np.datetime64) -> Any:
        if np.isnat(day) or isinstance(cell, datetime.date):
            return cell
        if serial:
            seconds = round(float(cell) % 1 * 86_400)
            return f"{day} {datetime.timedelta(seconds=seconds)!s:0>8}" if seconds else str(day)
        time = re.search(_TIME, as_text(cell).strip())
        return f"{day}{time[0] if time else ''}"

    told = np.array([*map(written, cells, read), None], dtype=object)
    kind = column.dtype if isinstance(column.dtype, pd.StringDtype) else object
    return pd.Series(told[codes], index=column.index, name=column.name, dtype=kind)


def _held(column: pd.Series) -> _Words:
    if not isinstance(column.dtype, pd.StringDtype):
        codes, values = distinct(column)
        return _Words(codes, _without_time(pa.array([_date_text(value) for value in values], pa.large_string())))
    cells = text_cells(column)
    if len(cells) >= _MANY and len(cells[:_MANY].unique()) > _MOST_DAYS:
        if stamps := _stamps(cells):
            return stamps
        with ThreadPoolExecutor(_THREADS) as threads:
            cells = pa.chunked_array(threads.map(_cut, cells.chunks), cells.type)
    codes, words = coded(cells)
    return _Words(codes, _without_time(words))


def _stamps(cells: pa.ChunkedArray) -> _Words | None:
    """Time stamps that are all of one width and whose first letters are the day, as programs write them; None where they are not."""
    parts = [letters for chunk in cells.chunks if len(letters := _letters(chunk))]
    if len({letters.shape[1] for letters in parts}) != 1 or parts[0].shape[1] <= _DAY_WIDTH:
        return None
    try:
        code, words = _coded_letters([letters[:, :_DAY_WIDTH] for letters in parts])
        times = [letters[:, _DAY_WIDTH:] for letters in parts]
        times = form if (form := _form(times)) is not None else _coded_letters(times)[1]
    except pa.ArrowInvalid:  # cut through a letter of several bytes
        return None
    if not (pc.all(pc.match_substring_regex(words, _STAMP)).as_py() and pc.all(pc.match_substring_regex(times, f"^{_TIME}")).as_py()):
        return None
    codes = np.full(len(cells), -1, dtype=code.dtype)
    codes[cells.is_valid().to_numpy()] = code
    return _Words(codes, words)


def _letters(cells: pa.Array) -> np.ndarray:
    """The bytes of the cells that hold something, one row each; of no width where they are not all equally long."""
    begin, content = text_bytes(cells)
    there = begin[np.append(cells.is_valid().to_numpy(zero_copy_only=False), True)]
    widths = np.diff(there)
    if len(widths) == 0 or (widths != widths[0]).any() or there[0] != begin[0]:
        return np.empty((len(widths), 0), dtype=np.uint8)
    return content[there[0] : there[-1]].reshape(len(widths), -1)


def _form(parts: list[np.ndarray]) -> pa.Array | None:
    """The one text that all rows are, with 0 for a digit, where they differ in digits alone; None where in more."""
    low = np.min([_over_rows(np.minimum, rows) for rows in parts], axis=0)
    high = np.max([_over_rows(np.maximum, rows) for rows in parts], axis=0)
    digit = (low >= ord("0")) & (high <= ord("9"))
    return pa.array([bytes(np.where(digit, ord("0"), low)).decode()], pa.large_string()) if (digit | (low == high)).all() else None


def _over_rows(least_or_most: np.ufunc, rows: np.ndarray) -> np.ndarray:
    """The least or most of each column of letters. Rows are short: many side by side are compared at once."""
    many = len(rows) // _SIDE_BY_SIDE * _SIDE_BY_SIDE
    first = least_or_most.reduce(rows[:many].reshape(-1, _SIDE_BY_SIDE, rows.shape[1]), axis=0) if many else rows
    return least_or_most.reduce(np.concatenate([first, rows[many:]]), axis=0)


def _coded_letters(parts: list[np.ndarray]) -> tuple[np.ndarray, pa.Array]:
    """Codes of the rows, each a text of one width, and the texts."""
    letters = np.concatenate(parts)
    rows = pa.FixedSizeBinaryArray.from_buffers(pa.binary(letters.shape[1]), len(letters), [None, pa.py_buffer(letters)])
    encoded = rows.dictionary_encode()
    return encoded.indices.to_numpy(), encoded.dictionary.cast(pa.binary()).cast(pa.large_string())


def _cut(cells: pa.Array) -> pa.Array:
    """Time stamps without their time: many stamps, few days. Other cells stay as they are."""
    stamps = pc.match_substring_regex(cells, _STAMP)
    iso = pc.match_substring_regex(cells, r"^\d{4}-\d{2}-\d{2}[T ]")
    before = (
        pc.utf8_slice_codeunits(cells, 0, 10) if pc.all(iso).as_py() else pc.list_element(pc.split_pattern(cells, " ", max_splits=1), 0)
    )
    return pc.if_else(stamps, before, cells)


def _without_time(words: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(pc.utf8_trim_whitespace(words), _TIME, "")


def _date_text(value: Any) -> str:
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    return as_text(value)


def _parsed(words: pa.Array, nothing: np.ndarray, day_first: bool | None) -> tuple[np.ndarray, np.ndarray]:
    """Days of `words`, and the mask of those that could be two days where nothing tells which order the column has."""
    if (serials := _serials(words, nothing)) is not None:
        return serials, np.zeros(len(words), dtype=bool)
    read = np.full(len(words), _NAT)
    lower = pc.replace_substring_regex(pc.utf8_lower(words), _WEEKDAY, "")
    if pc.any(pc.match_substring_regex(lower, _CANNOT_BE_MONTHS)).as_py():
        _fill(read, lower, _WEEK_NUMBERS)
    for pattern in (*_WRITTEN, *_WEEKS, _DOTTED):
        _fill(read, lower, pattern)
    year_first = _year_first(lower)
    if year_first or (year_first is None and day_first is None):
        as_year = read.copy()
        for pattern in _YEAR_FIRST:
            _fill(as_year, lower, pattern)
        differ = as_year.view("int64") != read.view("int64")
        return (as_year, np.zeros(len(read), dtype=bool)) if year_first else (read, differ)
    return _ordered(read, lower, day_first)


def _serials(words: pa.Array, nothing: np.ndarray) -> np.ndarray | None:
    """Days of Excel, where all that is there are such numbers."""
    filled = words.filter(pa.array(~nothing))
    if not len(filled) or not pc.all(pc.match_substring_regex(filled, r"^\d{5}(?:\.\d+)?$")).as_py():
        return None
    numbers = np.floor(np.asarray(pc.cast(filled, pa.float64()))).astype("int64")
    if numbers.min() < SERIALS[0] or numbers.max() > SERIALS[1]:
        return None
    read = np.full(len(words), _NAT)
    read[~nothing] = np.datetime64("1899-12-30", "D") + numbers
    return read


def _fill(read: np.ndarray, words: pa.Array, pattern: str) -> None:
    """Fills the days of those `words` that `pattern` reads, where there is none yet."""
    open_ = np.flatnonzero(np.isnat(read))
    if not len(open_):
        return
    parts = pc.extract_regex(words.take(pa.array(open_)), pattern)
    there = np.asarray(pc.is_valid(parts), dtype=bool)
    if not there.any():
        return
    part = {field.name: pc.struct_field(parts, field.name).filter(pa.array(there)) for field in parts.type}
    read[open_[there]] = _week(part) if "week" in part else _day(part)


def _day(part: dict[str, pa.Array]) -> np.ndarray:
    named = {name: _MONTH_OF.get(name, 0) for name in pc.unique(part["name"]).to_pylist()} if "name" in part else {}
    month = np.array([named[name] for name in part["name"].to_pylist()], dtype="int64") if named else _whole(part["month"])
    day = _whole(part["day"]) if "day" in part else np.ones(len(month), dtype="int64")
    return _dates(_years(part["year"]), month, day)


def _week(part: dict[str, pa.Array]) -> np.ndarray:
    """The Monday of a week of ISO 8601, or the weekday named."""
    year, week = _years(part["year"]), _whole(part["week"])
    weekday = _whole(part["weekday"]) if "weekday" in part else np.ones(len(week), dtype="int64")
    fourth = _dates(year, np.ones_like(year), np.full_like(year, 4))  # 4 January is in week 1
    monday = fourth - (fourth.astype("int64") + 3) % 7
    after = _dates(year + 1, np.ones_like(year), np.full_like(year, 4))
    weeks = ((after - (after.astype("int64") + 3) % 7) - monday).astype("int64") // 7
    return np.where((week >= 1) & (week <= weeks), monday + (week - 1) * 7 + weekday - 1, _NAT)


def _year_first(words: pa.Array) -> bool | None:
    """Whether dates like 24-01-05 begin with the year: the last part runs through the days of a month while the first hardly changes.
    None where that can neither be told nor ruled out."""
    parts = pc.drop_null(pc.extract_regex(words, r"^(?P<first>\d{2})[-/](?P<second>\d{2})[-/](?P<third>\d{2})$"))
    short = pc.sum(pc.match_substring_regex(words, r"^\d{1,2}[-/]\d{1,2}[-/]\d{2}$")).as_py() or 0
    if len(parts) == 0 or short > len(parts):  # 1/5/24 is no year
        return False
    first, second, third = (np.asarray(pc.cast(pc.struct_field(parts, name), pa.int64())) for name in ("first", "second", "third"))
    if third.min() < 1 or third.max() > 31 or second.min() < 1 or second.max() > 12:
        return False
    if _months_of_years(first, second, third):
        return True
    years, run = len(np.unique(first)), len(np.unique(third))
    if first.min() < 1 or first.max() > 31 or (run >= _RUNS * years and run >= _LEAST_RUN):
        return True
    return None if run > years or run == years == 1 else False


def _months_of_years(first: np.ndarray, second: np.ndarray, third: np.ndarray) -> bool:
    """Whether 23-11-01, 23-12-01, 24-01-01 are months: their first days, one after the other, and not days of some months of 2001."""
    months = np.unique(first * 12 + second)
    in_a_row = len(months) >= _LEAST_MONTHS and months[-1] - months[0] + 1 == len(months)
    return bool((third == 1).all() and first.min() > 12 and first.max() - first.min() < _MOST_YEARS and in_a_row)


def _ordered(read: np.ndarray, words: pa.Array, day_first: bool | None) -> tuple[np.ndarray, np.ndarray]:
    as_day, as_month = read.copy(), read.copy()
    for pattern in _EITHER:
        _fill(as_day, words, pattern.replace("first", "day").replace("second", "month"))
        _fill(as_month, words, pattern.replace("first", "month").replace("second", "day"))
    differ = as_day.view("int64") != as_month.view("int64")
    for_day, for_month = int((np.isnat(as_month) & ~np.isnat(as_day)).sum()), int((np.isnat(as_day) & ~np.isnat(as_month)).sum())
    if day_first is None and differ.any() and min(for_day, for_month) >= _MOST_AGAINST * max(for_day, for_month):
        return np.where(differ, _NAT, as_day), differ
    chosen = for_day >= for_month if day_first is None else day_first
    return as_day if chosen else as_month, np.zeros(len(read), dtype=bool)


def _whole(digits: pa.Array) -> np.ndarray:
    """Whole numbers, 1 where none is written: a month is its first day, a week its Monday."""
    return np.asarray(pc.cast(pc.if_else(pc.equal(digits, ""), "1", digits), pa.int64()))


def _years(digits: pa.Array) -> np.ndarray:
    year = _whole(digits)
    return np.where(year >= 100, year, FIRST_TWO_DIGIT_YEAR + (year - FIRST_TWO_DIGIT_YEAR) % 100)


def _dates(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """datetime64[D], NaT where there is no such day."""
    there = (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(there, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    return np.where(there & (days.astype("datetime64[M]") == months), days, _NAT)
