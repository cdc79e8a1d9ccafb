"""Parquet: typed columns. A few bytes may stand for gigabytes: how many is counted before they are unpacked."""

from pathlib import Path
from typing import Any

import pandas as pd

from sales.problems import Problem
from sales.readers import limits
from sales.readers.engine import engine, literally


def read_parquet(path: Path) -> tuple[pd.DataFrame, list[Problem], dict[str, Any]]:
    """The table with the types of the file, whole numbers kept whole beside missing ones; no problems; and what was found.

    Raises InputProblems for a file that unpacks to more than the limits.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    _check_size(path)
    with pq.ParquetFile(path) as parquet:
        packed = parquet.read()
    whole = {pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()}
    types: dict[Any, Any] = dict.fromkeys(whole, pd.Int64Dtype())
    names = packed.column_names
    packed = packed.rename_columns([str(place) for place in range(len(names))])
    table = packed.to_pandas(ignore_metadata=True, date_as_object=False, types_mapper=types.get)
    for name in table.select_dtypes(object).columns:
        table[name] = table[name].map(_plain, na_action="ignore")
    return table.set_axis(names, axis=1), [], {"kind": "parquet", "header_row": 1, "header_rows": 1, "title_rows": []}


def _check_size(path: Path) -> None:
    """What the file says it holds, and its texts: one that is written once may fill a billion rows. DuckDB looks first: a damaged file is
    an error to it, where Arrow's look at the same would end the process."""
    with engine() as connection:
        place = [literally(path)]
        columns = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", place).fetchall()
        limits.check_columns(len(columns))
        rows = connection.execute("SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata(?)", place).fetchone()[0]
        sums = "count(DISTINCT path_in_schema), sum(num_values)::BIGINT, sum(total_uncompressed_size)::BIGINT"
        leaves, values, size = connection.execute(f"SELECT {sums} FROM parquet_metadata(?)", place).fetchone()
        limits.check_columns(leaves)
        limits.check_cells("parquet", max(rows, 0), len(columns))
        nested = any(kind.endswith("]") or kind.startswith(("STRUCT", "MAP")) for _, kind, *_ in columns)
        limits.check_cells("workbook" if nested else "parquet", values or 0, 1)
        limits.check_unpacked(size or 0)
        length = {"VARCHAR": "strlen", "BLOB": "octet_length"}
        texts = [(length[kind], name.replace('"', '""')) for name, kind, *_ in columns if kind in length]
        if texts:
            lengths = " + ".join(f'coalesce(sum({bytes_of}("{name}"))::HUGEINT, 0)' for bytes_of, name in texts)
            limits.check_unpacked(int(connection.execute(f"SELECT {lengths} FROM read_parquet(?)", place).fetchone()[0]))


def _plain(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
