"""Cells: a table as anybody handed it over, in a form that Parquet can hold, and back."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sales.distinct import as_text, coded, codes_kept, text_cells

_TOLD = "\x1f"  # before a cell that is no text, in a column of texts
_FIRST_CELLS, _FEW = 50_000, 0.1
_KINDS: dict[str, Any] = {
    "float": float,
    "int": int,
    "bool": bool,
    "decimal": Decimal,
    "stamp": pd.Timestamp,
    "datetime": datetime,
    "date": date,
    "time": time,
}
_PLAIN = ("string", "boolean", "integer", "floating", "date", "decimal", "empty")


def as_cells(table: pd.DataFrame) -> pd.DataFrame:
    """`table` as Parquet can hold it: a column of mixed types as texts that tell what is no text, any other as it is. `from_cells` gives
    the cells back.

    >>> as_cells(pd.DataFrame({"sku": ["007", 12.5, None], "qty": [1, 2, 3]})).values.tolist()
    [['007', 1], ['\\x1ffloat 12.5', 2], [nan, 3]]
    """
    return pd.DataFrame({name: _column(table[name]) for name in table.columns}, index=table.index)


def from_cells(table: pd.DataFrame) -> pd.DataFrame:
    """The table that `as_cells` made `table` of: 1.125 beside "1,5" stays the number that it was, and no text to be read with a comma.

    >>> from_cells(as_cells(pd.DataFrame({"kilos": ["1,5", 1.125]})))["kilos"].tolist()
    ['1,5', 1.125]
    """
    columns = {name: table[name] for name in table.columns}
    for name, column in columns.items():
        if _told(column):
            cells = column.astype(object).where(column.notna(), None)
            columns[name] = pd.Series([_from_text(cell) for cell in cells], index=table.index, dtype=object)
    return pd.DataFrame(columns, index=table.index)


def as_arrow(table: pd.DataFrame) -> pa.Table:
    """`table` as Arrow holds it, its texts that are few beside the rows by codes, which Parquet takes as they are."""
    whole = pa.Table.from_pandas(table, preserve_index=False)
    for place, field in enumerate(whole.schema):
        if pa.types.is_large_string(field.type):
            cells = text_cells(table.iloc[:, place])
            if found := codes_kept(cells) or (coded(cells) if _are_few(cells) else None):
                codes = pa.array(found[0], mask=found[0] < 0)
                whole = whole.set_column(place, field.name, pa.DictionaryArray.from_arrays(codes, found[1]))
    return whole


def _are_few(cells: pa.ChunkedArray) -> bool:
    """Whether texts come again and again in the first cells."""
    first = cells[:_FIRST_CELLS]
    return len(first.unique()) <= _FEW * len(first)


def _column(column: pd.Series) -> pd.Series:
    if not _told(column) and (column.dtype != object or _fits(column)):
        return column
    cells = [None if gone else _to_text(cell) for cell, gone in zip(column.astype(object), column.isna(), strict=True)]
    return pd.Series(pd.array(cells, dtype="str"), index=column.index)


def _told(column: pd.Series) -> bool:
    """Whether a cell begins like one that is no text."""
    if not isinstance(column.dtype, pd.StringDtype):
        return False
    cells = text_cells(column)
    found = codes_kept(cells)
    return bool(pc.any(pc.starts_with(found[1] if found else cells, _TOLD)).as_py())


def _to_text(cell: Any) -> str:
    if isinstance(cell, np.generic):
        cell = cell.item()
    kind = next((name for name, kind in _KINDS.items() if type(cell) is kind), None)
    if kind is not None:
        return f"{_TOLD}{kind} {cell.isoformat() if hasattr(cell, 'isoformat') else repr(cell) if kind == 'float' else cell}"
    return f"{_TOLD}text {as_text(cell)}" if str(cell).startswith(_TOLD) else as_text(cell)


def _from_text(cell: str | None) -> Any:
    if cell is None or not cell.startswith(_TOLD):
        return cell
    kind, _, written = cell[1:].partition(" ")
    if kind == "bool":
        return written == "True"
    if hasattr(_KINDS.get(kind), "fromisoformat"):
        return _KINDS[kind].fromisoformat(written)
    return _KINDS[kind](written) if kind in _KINDS else written


def _fits(column: pd.Series) -> bool:
    """Whether Parquet holds these objects as they are: texts, or numbers or days of one kind."""
    if pd.api.types.infer_dtype(column, skipna=True) not in _PLAIN:
        return False
    try:
        pa.array(column, from_pandas=True)
    except (pa.ArrowException, OverflowError):
        return False
    return True
