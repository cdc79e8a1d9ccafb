"""Rows as a database's driver hands them over, batch after batch, become a table that holds each column as small as its values allow."""

import datetime
import json
import sys
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sales.problems import InputProblems, Problem, Severity
from sales.readers import limits

MOST_ROWS = 20_000_000
_PLAIN: tuple[set[type], ...] = ({int}, {float}, {int, float}, {bool}, {str}, {datetime.date}, {datetime.datetime})
_CELLS = (str, int, float, bool, datetime.date, datetime.datetime)
_BYTES = (bytes, bytearray, memoryview)
_MOST_DIGITS = 300


class Rows:
    """Rows gathered so far under the columns `names`. Raises InputProblems where there are more than a table may hold."""

    def __init__(self, names: Sequence[str]) -> None:
        limits.check_columns(len(names))
        self.names = [str(name).strip() or f"column_{place}" for place, name in enumerate(names, 1)]
        repeated = sorted({name for name in self.names if self.names.count(name) > 1})
        if repeated:
            raise InputProblems([Problem("duplicate_columns", column=name, params={"count": self.names.count(name)}) for name in repeated])
        self.count = 0
        self.bytes = 0
        self._parts: list[list[pa.Array | list[Any]]] = [[] for _ in self.names]
        self._binary: dict[str, int] = {}

    def add(self, rows: Sequence[Sequence[Any]]) -> int:
        """Takes in the next rows; gives the bytes that they fill."""
        self.count += len(rows)
        before = self.bytes
        for name, parts, values in zip(self.names, self._parts, zip(*rows, strict=True), strict=True):
            part, size = _part(values)
            if part is None:
                self._binary[name] = self._binary.get(name, 0) + sum(isinstance(value, _BYTES) for value in values)
            parts.append(pa.nulls(len(values)) if part is None else part)
            self.bytes += size
        if self.count > MOST_ROWS or self.bytes > limits.MOST_BYTES:
            raise InputProblems([Problem("query_too_large", params={"rows": f"{MOST_ROWS:,}", "bytes": f"{limits.MOST_BYTES:,}"})])
        return self.bytes - before

    def table(self) -> tuple[pd.DataFrame, list[Problem]]:
        """The table, row i with the index i, without columns of bytes and rows that hold nothing; and those columns, named."""
        columns = {name: _column(parts) for name, parts in zip(self.names, self._parts, strict=True) if name not in self._binary}
        table = pd.DataFrame(columns, index=pd.RangeIndex(self.count))
        problems = [Problem("column_of_bytes", Severity.WARNING, column=name, count=count) for name, count in self._binary.items()]
        filled = table.notna().any(axis=1)
        return table if filled.all() else table[filled], problems


def _part(values: Sequence[Any]) -> tuple[pa.Array | list[Any] | None, int]:
    """`values` as an array where all are of one kind, else as they are, and their bytes; None where some are bytes."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds & set(_BYTES):
        return None, 0
    if kinds == {Decimal} and (numbers := _decimals(values)) is not None:
        return numbers, numbers.nbytes
    if Decimal in kinds:
        values = [_number(value) if isinstance(value, Decimal) else value for value in values]
        kinds = set(map(type, values)) - {type(None)}
    zones = {value.tzinfo for value in values if value is not None} if kinds == {datetime.datetime} else ()
    if not kinds or (kinds in _PLAIN and len(zones) < 2):
        try:
            array = pa.array(values, pa.float64() if len(kinds) == 2 else None)
            return array, array.nbytes
        except (pa.ArrowException, OverflowError, UnicodeError):
            pass  # a whole number beyond 64 bits, or one that no float holds
    cells = [value if value is None or type(value) in _CELLS else _text(value) for value in values]
    return cells, sum(map(sys.getsizeof, cells))


def _decimals(values: Sequence[Decimal | None]) -> pa.Array | None:
    """The numbers, whole where all are; None where a float may not hold all digits of a whole number."""
    try:
        numbers = np.array(values, dtype=float)
    except ValueError:  # a signaling NaN
        return None
    missing = np.isnan(numbers)
    if (np.abs(numbers) >= 2**53).any():
        return None
    whole = (np.floor(numbers) == numbers) | missing
    return pa.array(np.nan_to_num(numbers).astype(np.int64) if whole.all() else numbers, mask=missing)


def _number(value: Decimal) -> int | float | str:
    """A whole number with all its digits, the nearest float of another; text where neither can be.

    >>> [_number(Decimal(text)) for text in ("12.00", "12345678901234567890", "0.1", "1E+9999")]
    [12, 12345678901234567890, 0.1, '1E+9999']
    """
    if value.is_nan():
        return float("nan")
    if value.is_infinite():
        return float(value)
    if value.adjusted() > _MOST_DIGITS:
        return str(value)
    whole = int(value)
    return whole if whole == value else float(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)


def _column(parts: list[pa.Array | list[Any]]) -> pd.Series:
    """The parts as one column: of one type where they agree, else of objects."""
    arrays = [part for part in parts if isinstance(part, pa.Array)]
    types = {part.type for part in arrays} - {pa.null()}
    if len(arrays) == len(parts) and (len(types) < 2 or types == {pa.int64(), pa.float64()}):
        wanted = pa.float64() if len(types) == 2 else next(iter(types), pa.null())
        try:
            whole = pa.chunked_array([part.cast(wanted) for part in arrays], wanted)
            return whole.to_pandas(date_as_object=False, types_mapper={pa.int64(): pd.Int64Dtype()}.get)
        except pa.ArrowException:
            pass  # whole numbers that no float holds
    values = [value for part in parts for value in (part.to_pylist() if isinstance(part, pa.Array) else part)]
    return pd.Series(values, dtype=object)
