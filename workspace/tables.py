"""Tables as Parquet and small facts as JSON, each written whole or not at all."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

_METADATA = b"shelfcast"


def write_table(path: Path, table: pd.DataFrame, metadata: Mapping[str, Any] | None = None) -> None:
    """Writes `table` as Parquet; a reader meets the old file or the new one, never a part. `metadata` travels inside, as JSON."""
    plain = table.copy(deep=False)
    plain.attrs = {}
    arrow = pa.Table.from_pandas(plain, preserve_index=False)
    extra = {**(arrow.schema.metadata or {}), _METADATA: json.dumps(dict(metadata or {}), sort_keys=True).encode()}
    write_atomically(path, lambda file: pq.write_table(arrow.replace_schema_metadata(extra), file, compression="zstd"))


def read_table(path: Path) -> pd.DataFrame:
    """The table at `path`; what was written as metadata is in its `attrs`."""
    arrow = pq.read_table(path)
    table = arrow.to_pandas()
    table.attrs = json.loads((arrow.schema.metadata or {}).get(_METADATA, b"{}"))
    return table


def read_metadata(path: Path) -> dict[str, Any]:
    """What was written as metadata with the table at `path`, without reading the table."""
    return json.loads((pq.read_schema(path).metadata or {}).get(_METADATA, b"{}"))


def write_facts(path: Path, facts: Mapping[str, Any]) -> None:
    """Writes small facts as JSON, whole or not at all."""
    text = json.dumps(dict(facts), ensure_ascii=False, indent=1, sort_keys=True)
    write_atomically(path, lambda file: file.write(text.encode()))


def read_facts(path: Path) -> dict[str, Any] | None:
    """The facts at `path`; None where there is no such file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def write_atomically(path: Path, write: Callable[[Any], Any]) -> None:
    """Calls `write` with an open binary file beside `path`, then renames it to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
