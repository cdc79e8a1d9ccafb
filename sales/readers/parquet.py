"""Parquet: typed columns. A few bytes may stand for gigabytes: how many is counted before they are unpacked."""

from pathlib import Path
from typing import Any

import pandas as pd

from sales.problems import Problem
from sales.readers import limits


def read_parquet(path: Path) -> tuple[pd.DataFrame, list[Problem], dict[str, Any]]:
    """The table with the types of the file, whole numbers kept whole beside missing ones; no problems; and what was found.

    Raises InputProblems for a file that unpacks to more than the limits.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as plain:
        about, schema = plain.metadata, plain.schema_arrow
    limits.check_columns(about.num_columns)
    groups = [about.row_group(place) for place in range(about.num_row_groups)]
    chunks = [group.column(place) for group in groups for place in range(about.num_columns)]
    limits.check_cells("parquet", max(about.num_rows, 0), about.num_columns)
    limits.check_cells("parquet", sum(chunk.num_values for chunk in chunks), 1)
    limits.check_unpacked(sum(chunk.total_uncompressed_size for chunk in chunks))
    if nested := [field.name for field in schema if pa.types.is_nested(field.type)]:
        nested_values = max(chunk.num_values for chunk in chunks)
        limits.check_cells("workbook", nested_values, len(nested))
    # a text written once may fill a billion rows: it is read once, and counted before it is repeated
    texts = [field.name for field in schema if _is_text(field.type)]
    with pq.ParquetFile(path, read_dictionary=texts) as parquet:
        packed = parquet.read()
    limits.check_unpacked(sum(_bytes(packed.column(place)) for place in range(packed.num_columns)))
    whole = {pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()}
    types: dict[Any, Any] = dict.fromkeys(whole, pd.Int64Dtype())
    columns = [_unpacked(column) for column in packed.columns]
    names = packed.column_names
    del packed
    table = pa.Table.from_arrays(columns, names=[str(place) for place in range(len(names))])
    del columns
    frame = table.to_pandas(ignore_metadata=True, date_as_object=False, types_mapper=types.get)
    for name in frame.select_dtypes(object).columns:
        frame[name] = frame[name].map(_plain, na_action="ignore")
    return frame.set_axis(names, axis=1), [], {"kind": "parquet", "header_row": 1, "header_rows": 1, "title_rows": []}


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _bytes(column: Any) -> int:
    """How many bytes the column takes once every row holds its own text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    return sum(int(pc.sum(pc.take(pc.binary_length(chunk.dictionary), chunk.indices)).as_py() or 0) for chunk in column.chunks)


def _unpacked(column: Any) -> Any:
    """Text in place of references to text; bytes that are text are read as text."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        return column
    text = pa.large_string() if pa.types.is_string(column.type.value_type) or pa.types.is_large_string(column.type.value_type) else None
    return column.cast(text or pa.large_binary())


def _plain(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
