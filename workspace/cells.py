"""Cells of a file that a spreadsheet will open: text that cannot run, numbers that stay plain."""

import io
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
EXPONENT_FROM = 1e10
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def safe_text(value: str) -> str:
    """`value`, behind an apostrophe where a spreadsheet would run it as a formula.

    >>> safe_text("=1+1"), safe_text("mug")
    ("'=1+1", 'mug')
    """
    return f"'{value}" if value.startswith(RUNS_AS_FORMULA) else value


def plain_number(value: float, decimals: int = 4) -> str:
    """`value` with a decimal point, at most so many decimals and no exponent; empty for NaN.

    >>> [plain_number(value) for value in (12.0, 0.95, 1e6, 1 / 3, -0.00001, float("nan"))]
    ['12', '0.95', '1000000', '0.3333', '0', '']
    """
    return "" if np.isnan(value) else f"{round(value, decimals) + 0.0:.{decimals}f}".rstrip("0").rstrip(".")


def csv_table(table: pd.DataFrame, codes: Collection[str] = (), decimals: int = 4) -> bytes:
    """Millions of rows as CSV in seconds: UTF-8 with a byte order mark, RFC 4180, dates as YYYY-MM-DD, numbers like `plain_number`.

    codes: the columns whose text is never changed; any other text is made safe by `safe_text`.
    """
    columns = {str(name): _cells(table[name], name in codes, decimals) for name in table.columns}
    out = io.BytesIO(BYTE_ORDER_MARK)
    out.seek(0, io.SEEK_END)
    csv.write_csv(pa.table(columns), out, csv.WriteOptions(eol="\r\n"))
    return out.getvalue()


def texts(column: pd.Series, as_is: bool = False, decimals: int = 4) -> list[str]:
    """What `csv_table` writes of a column's cells, before any quotes; "" where there is none. as_is: codes, whose text is not changed."""
    return ["" if cell is None else cell for cell in _cells(column, as_is, decimals).cast(pa.string()).to_pylist()]


def _cells(column: pd.Series, as_is: bool, decimals: int) -> pa.Array:
    if pd.api.types.is_datetime64_dtype(column):
        return _each(column, lambda day: day.date().isoformat())
    if pd.api.types.is_float_dtype(column):
        rounded = column.to_numpy(dtype=float).round(decimals) + 0.0
        if (np.abs(rounded) >= EXPONENT_FROM).any():
            return pa.array([plain_number(value, decimals) for value in rounded])
        return pa.array(rounded, from_pandas=True)
    if pd.api.types.is_numeric_dtype(column):
        return pa.array(column.to_numpy())
    return _each(column, str if as_is else lambda value: safe_text(str(value)))


def _each(column: pd.Series, write: Callable[[Any], str]) -> pa.Array:
    """`write` of every value, worked out once a distinct one; null where there is none."""
    codes, distinct = pd.factorize(column)
    texts = np.array([write(value) for value in distinct] + [None], dtype=object)
    return pa.array(texts[codes], type=pa.string())
