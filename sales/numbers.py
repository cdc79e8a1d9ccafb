"""Numbers: the cells of a column as numbers, however a shop writes them; the decimal mark is told by the column as a whole."""

from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sales.distinct import NOTHING, as_text, coded, distinct, spread, spread_mask, text_cells
from sales.problems import Problem, Severity, found

Mark = Literal[".", ","]
_FIRST_ROWS = 2_000

_AS_ASCII = {
    **{0xFF01 + place: chr(0x21 + place) for place in range(94)},  # full-width
    0xFFE1: "£",
    0xFFE5: "¥",
    0xFFE6: "₩",
    **dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u00b4`"), "'"),
    **dict.fromkeys(map(ord, "\u2212\u2012\ufe63"), "-"),
}
_CURRENCY = (
    r"€|£|¥|₹|₽|₩|₺|₫|₴|₪|฿|₦|元|円|圆|\$|[A-Z]{1,2}\$|kr\.?|zł|Kč|Ft|Fr\.?|Rs\.?|(?i:EUR|USD|GBP|JPY|CNY|RMB|CHF|SEK|NOK|DKK|ISK|PLN|CZK|HUF|"
    r"RON|BGN|TRY|RUB|UAH|ILS|AED|SAR|EGP|ZAR|NGN|KES|INR|PKR|BDT|LKR|IDR|MYR|SGD|THB|VND|PHP|KRW|TWD|HKD|AUD|NZD|CAD|MXN|BRL|ARS|CLP|COP|PEN)"
)
_BODY = r"\d[\d., ']*(?:[eE][+-]?\d{1,3})?|[.,]\d+|(?i:inf(?:inity)?)"
_DRESSED = (
    rf"^(?P<open>\()? *(?P<first>[+-])? *(?P<before>{_CURRENCY})? *(?P<second>[+-])? *(?P<body>{_BODY}) *(?P<after>{_CURRENCY})?"
    r" *(?P<percent>%)? *(?P<last>-)? *(?P<close>\))?$"
)


def _grammar(decimal: str, other: str) -> str:
    """The bodies that are a number where `decimal` marks the fraction and `other`, a blank or an apostrophe may part the thousands.

    A part of thousands begins with no zero: 0.250 is a quarter.
    """
    grouped = "|".join(rf"[1-9]\d{{0,2}}(?:{mark}\d{{3}})+" for mark in (other, " ", "'")) + rf"|[1-9]\d?(?:{other}\d{{2}})+{other}\d{{3}}"
    plain = rf"(?:\d+(?:{decimal}\d*)?|{decimal}\d+)(?:[eE][+-]?\d{{1,3}})?"
    return rf"^(?:{plain}|(?:{grouped})(?:{decimal}\d*)?|(?i:inf(?:inity)?))$"


_WITH: dict[Mark, str] = {".": _grammar(r"\.", ","), ",": _grammar(",", r"\.")}


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column read: values (NaN where there is none), and masks of its rows.

    nothing: rows that are empty; decimal: the mark that the column was read with; unclear: rows such as 1.234 or 1,234 where nothing in
    the column tells whether the mark parts thousands; percent: rows with a percent sign, read as the number before it (12 % is 12);
    currencies: the signs and codes of money met.
    """

    values: np.ndarray
    nothing: np.ndarray
    decimal: Mark
    unclear: np.ndarray
    percent: np.ndarray
    currencies: tuple[str, ...]

    def notes(self, column: pd.Series) -> list[Problem]:
        """How `column` was read, where somebody may have meant it otherwise."""
        here = np.zeros(len(column), dtype=bool)
        here[:1] = len(self.currencies) > 1
        return [
            *found("numbers_unclear", self.unclear, column, decimal=self.decimal),
            *found("numbers_percent", self.percent, column, Severity.INFO),
            *found("numbers_currencies", here, column, currencies=", ".join(self.currencies)),
        ]


def numbers(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of `column`, NaN where there is nothing or what is there is no number, and the mask of the rows with nothing.

    >>> numbers(pd.Series(["1.234,5", "(3)", "€ 12", "7-", "many", None]))[0].tolist()
    [1234.5, -3.0, 12.0, -7.0, nan, nan]
    """
    read = read_numbers(column)
    return read.values, read.nothing


def read_numbers(column: pd.Series, decimal: Mark | None = None) -> Numbers:
    """The numbers of `column` and how they were read; `decimal` decides the decimal mark where it is not None.

    Currency signs and codes, percent signs, thousands between separators, blanks or apostrophes, (3) and 3- for -3, and full-width digits
    are read. What more distinct cells tell is the decimal mark: 1,5 and 1.234,56 tell a comma. Where none tells, it is a point, and cells
    like 1.234 are `unclear`. A yes or no, a fraction and a number with its unit (5 kg) are no numbers.
    """
    none = np.zeros(len(column), dtype=bool)
    if pd.api.types.is_bool_dtype(column.dtype):
        return Numbers(np.full(len(column), np.nan), column.isna().to_numpy(), ".", none, none, ())
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        return Numbers(values, np.isnan(values), ".", none, none, ())
    if isinstance(column.dtype, pd.StringDtype):
        return _of_text_column(column, decimal)
    codes, cells = distinct(column)
    is_text = np.array([isinstance(cell, str) for cell in cells], dtype=bool)
    read = _read_texts(pa.array([as_text(cell) for cell in cells[is_text]], pa.large_string()), decimal)
    values = np.full(len(cells) + 1, np.nan)
    values[:-1][is_text] = read.values
    values[:-1][~is_text] = [_number(cell) for cell in cells[~is_text]]

    def rows(mask: np.ndarray) -> np.ndarray:
        whole = np.zeros(len(cells) + 1, dtype=bool)
        whole[:-1][is_text] = mask
        return whole[codes]

    return Numbers(values[codes], rows(read.nothing) | (codes < 0), read.decimal, rows(read.unclear), rows(read.percent), read.currencies)


def numbers_by(column: pd.Series, decimal: Mark | None) -> Numbers:
    """The numbers of `column`; `decimal` is the mark before the fraction where the column itself does not tell it.

    >>> [numbers_by(pd.Series([cell]), ",").values[0].item() for cell in ("1.234", "1.5", "1,5")]
    [1234.0, 1.5, 1.5]
    """
    read = read_numbers(column)
    return read_numbers(column, decimal) if decimal is not None and read.unclear.any() else read


def told_mark(column: pd.Series) -> Mark | None:
    """The decimal mark that cells of the column tell; None where none tells.

    >>> [told_mark(pd.Series([cell])) for cell in ("1,5", "1.5", "1.234", "7")]
    [',', '.', None, None]
    """
    point, comma = (~np.isnan(read_numbers(column, mark).values) for mark in _WITH)
    for_point, for_comma = int((point & ~comma).sum()), int((comma & ~point).sum())
    return None if for_point == for_comma else "," if for_comma > for_point else "."


def currency_of(column: pd.Series) -> str:
    """The sign or code of money in the first cells of the column; "" where there is none, or more than one.

    >>> [currency_of(pd.Series(cells)) for cells in (["€ 12", "3,50 €"], ["12"], ["$1", "£1"])]
    ['€', '', '']
    """
    found = read_numbers(column.iloc[:_FIRST_ROWS]).currencies
    return found[0] if len(found) == 1 else ""


def marks_swapped(column: pd.Series) -> pd.Series:
    """The column with points for the commas in its texts, and commas for the points."""
    codes, cells = distinct(column)
    swap = str.maketrans(",.", ".,")
    swapped = np.array([*(cell.translate(swap) if isinstance(cell, str) else cell for cell in cells), None], dtype=object)
    kind = column.dtype if isinstance(column.dtype, pd.StringDtype) else object
    return pd.Series(swapped[codes], index=column.index, name=column.name, dtype=kind)


def _of_text_column(column: pd.Series, decimal: Mark | None) -> Numbers:
    codes, words = coded(text_cells(column))
    read = _read_texts(words, decimal)

    values, nothing = spread(np.append(read.values, np.nan), codes), spread_mask(read.nothing, codes, missing=True)
    unclear, percent = (spread_mask(mask, codes) for mask in (read.unclear, read.percent))
    return Numbers(values, nothing, read.decimal, unclear, percent, read.currencies)


def _read_texts(cells: pa.Array, decimal: Mark | None) -> Numbers:
    """The numbers of distinct texts."""
    words = pc.utf8_trim_whitespace(cells)
    percent, minus = np.zeros(len(words), dtype=bool), _fits(words, "^-")
    currencies: tuple[str, ...] = ()
    dressed = ~_fits(words, r"^[+-]?(?:\d+\.?\d*|\.\d+)$")
    body = pc.utf8_ltrim(words, "+-")
    if dressed.any():
        undressed, minus[dressed], percent[dressed], currencies = _undressed(words.filter(pa.array(dressed)))
        body = pc.replace_with_mask(body, pa.array(dressed), undressed)
    point, comma, marked = _fits(body, _WITH["."]), _fits(body, _WITH[","]), _fits(body, "[.,]")
    for_point, for_comma = int((marked & point & ~comma).sum()), int((marked & comma & ~point).sum())
    mark: Mark = decimal or ("," if for_comma > for_point else ".")
    untold = decimal is None and bool(for_point) == bool(for_comma)
    good = point if mark == "." else comma
    bare = pc.replace_substring_regex(body.filter(pa.array(good)), "[, ']" if mark == "." else "[. ']", "")
    values = np.full(len(words), np.nan)
    values[good] = pc.cast(pc.replace_substring(bare, ",", "."), pa.float64())
    nothing = np.asarray(pc.is_in(pc.utf8_lower(words), pa.array(sorted(NOTHING), words.type)), dtype=bool)
    return Numbers(np.where(minus, -values, values), nothing, mark, marked & point & comma & untold, percent & good, currencies)


def _undressed(words: pa.Array) -> tuple[pa.Array, np.ndarray, np.ndarray, tuple[str, ...]]:
    """What is left of each word without sign, currency and percent, "" where it cannot be a number; masks of those below zero and of those
    with a percent sign; and the currencies met."""
    words = pa.array([word if word.isascii() else word.translate(_AS_ASCII).strip() for word in words.to_pylist()], words.type)
    parts = pc.extract_regex(words, _DRESSED)
    names = ("body", "first", "second", "last", "open", "close", "before", "after", "percent")
    part = {name: pc.struct_field(parts, name).fill_null("") for name in names}
    there = {name: np.asarray(pc.not_equal(part[name], ""), dtype=bool) for name in names}
    signs = [there[name].astype(int) for name in ("first", "second", "last", "open")]
    good = (sum(signs) <= 1) & (there["open"] == there["close"]) & ~(there["before"] & there["after"])
    minus = there["open"] | there["last"] | np.asarray(pc.or_(pc.equal(part["first"], "-"), pc.equal(part["second"], "-")), dtype=bool)
    money = {sign.upper() for name in ("before", "after") for sign in pc.unique(part[name]).to_pylist() if sign}
    body = pc.utf8_rtrim_whitespace(pc.if_else(pa.array(good), part["body"], ""))
    return body, minus, there["percent"], tuple(sorted(money))


def _fits(words: pa.Array, pattern: str) -> np.ndarray:
    return np.asarray(pc.match_substring_regex(words, pattern), dtype=bool)


def _number(value: Any) -> float:
    if isinstance(value, (Real, Decimal)) and not isinstance(value, (bool, np.bool_)):
        try:
            return float(value)
        except (OverflowError, ValueError):
            return np.inf
    return np.nan
