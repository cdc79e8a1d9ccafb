"""Tables as Parquet and small facts as JSON, each written whole or not at all."""

import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

UNFINISHED = ".unfinished"
JUST_MADE_SECONDS = 60
MOST_VALUES = 1_000_000_000
MOST_TEXT = 2**32
_METADATA = b"shelfcast"
_WORDS_BYTES = 2**20  # of distinct values in a group of rows, beyond which Parquet writes them as they are
_CODED_BYTES = 2**23  # the same where they are coded already
Content: TypeAlias = pd.DataFrame | Callable[[Path], None]
Told: TypeAlias = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


class Beside(dict[str, Any]):
    """What a table's `attrs` hold of many items. pandas copies `attrs` in depth with every step; this is handed on as it is, and not to be
    changed."""

    def __deepcopy__(self, memo: Any) -> "Beside":
        return self


def write(path: Path, content: Content) -> None:
    """Writes `content`, a table or what writes one to a path, as Parquet to `path`."""
    if isinstance(content, pd.DataFrame):
        write_table(path, content)
    else:
        content(path)


def write_table(path: Path, table: pd.DataFrame, metadata: Mapping[str, Any] | None = None) -> None:
    """Writes `table` as Parquet; a reader meets the old file or the new one, never a part. `metadata` travels inside, as JSON."""
    write_tables(path, [table], metadata or {})


def write_tables(path: Path, parts: Iterable[pd.DataFrame], metadata: Told) -> None:
    """The same of tables of the same columns, one below the other, each written as it comes and then let go."""
    _write(path, _as_arrow(parts), metadata)


def write_arrow(path: Path, table: pa.Table, metadata: Told, row_group_size: int | None = None) -> None:
    """The same of an Arrow table; where some texts are held by codes, others are written as they are."""
    _write(path, iter([table]), metadata, row_group_size)


def _write(path: Path, parts: Iterator[pa.Table], metadata: Told, row_group_size: int | None = None) -> None:
    """`metadata` that is worked out meanwhile is asked for in the end."""
    first = next(parts)
    schema = first.schema.with_metadata({key: value for key, value in (first.schema.metadata or {}).items() if key != _METADATA})
    whole = [field.name for field in schema if pa.types.is_integer(field.type)]
    as_it_is = [field.name for field in schema if pa.types.is_large_string(field.type)]
    as_it_is = as_it_is if any(pa.types.is_dictionary(field.type) for field in schema) else []
    words = [field.name for field in schema if field.name not in (*whole, *as_it_is) and not pa.types.is_nested(field.type)]

    def write(file: Any) -> None:
        with pq.ParquetWriter(
            file,
            schema,
            compression="zstd",
            write_statistics=False,
            dictionary_pagesize_limit=_CODED_BYTES if as_it_is else _WORDS_BYTES,
            use_dictionary=words,  # whole numbers are quicker written as steps, and long lists as they are
            column_encoding=dict.fromkeys(whole, "DELTA_BINARY_PACKED"),
        ) as writer:
            for part in chain([first], parts):
                writer.write_table(part.replace_schema_metadata(schema.metadata), row_group_size)
            told = metadata() if callable(metadata) else metadata
            writer.add_key_value_metadata({_METADATA: json.dumps(dict(told), sort_keys=True).encode()})

    write_atomically(path, write)


def _as_arrow(parts: Iterable[pd.DataFrame]) -> Iterator[pa.Table]:
    """The parts as Arrow tables, with the types of the first."""
    schema = None
    for part in parts:
        plain = part.copy(deep=False)
        plain.attrs = {}
        table = pa.Table.from_pandas(plain, schema, preserve_index=False)
        schema = table.schema
        yield table


def read_table(path: Path) -> pd.DataFrame:
    """The table at `path`; what was written as metadata is in its `attrs`."""
    with pq.ParquetFile(path) as file:
        table = _without_codes(file.read()).to_pandas()
        table.attrs = {name: Beside(told) if isinstance(told, dict) else told for name, told in metadata_of(file.metadata).items()}
    return table


@dataclass(frozen=True)
class Tables:
    """The tables of files, one after the other, each read when it is its turn: every time they are gone through, no more than one is
    held."""

    files: Sequence[Path]

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return map(read_table, self.files)


def _without_codes(table: pa.Table) -> pa.Table:
    """The texts themselves where they were written by codes, though they were none."""
    told = {column["field_name"]: column["pandas_type"] for column in (table.schema.pandas_metadata or {}).get("columns", ())}
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type) and told.get(field.name) != "categorical":
            table = table.set_column(place, field.name, table.column(place).cast(field.type.value_type))
    return table


def read_metadata(path: Path) -> dict[str, Any]:
    """What was written as metadata with the table at `path`, without reading the table."""
    return metadata_of(pq.read_metadata(path))


def metadata_of(file: pq.FileMetaData) -> dict[str, Any]:
    """What was written as metadata with the table in this file; nothing where it is not one of ours."""
    return json.loads((file.metadata or {}).get(_METADATA, b"{}"))


def bounded(path: Path) -> bool:
    """Whether the file at `path` is Parquet that anybody may read: at most 1,000,000,000 values and 4 GiB of text, however well packed."""
    try:
        with pq.ParquetFile(path) as file:
            rows = [file.metadata.row_group(group) for group in range(file.num_row_groups)]
            values = sum(group.column(place).num_values for group in rows for place in range(group.num_columns))
            file.schema_arrow.empty_table().to_pandas()
            texts = [field.name for field in file.schema_arrow if _is_text(field.type)]
        return values <= MOST_VALUES and _text_bytes(path, texts) <= MOST_TEXT
    except Exception:  # other people's code, handed bytes that anybody may have written
        return False


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(told(kind) for told in (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary))


def _text_bytes(path: Path, names: list[str]) -> int:
    """Bytes of these columns once unpacked, counted without unpacking them: a text that stands in every row is held once."""
    total = 0
    with pq.ParquetFile(path, read_dictionary=names) as file:
        for batch in file.iter_batches(columns=names) if names else ():
            for column in batch.columns:
                lengths = pc.binary_length(column.dictionary).cast(pa.int64()).take(column.indices)
                total += pc.sum(lengths).as_py() or 0
            if total > MOST_TEXT:
                break
    return total


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
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            write(file)
            file.flush()
            os.fsync(file.fileno())
            os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def unfinished_folder(parent: Path) -> Iterator[Path]:
    """A folder in `parent` to fill and then to rename; what is left of it in the end is deleted."""
    path = Path(tempfile.mkdtemp(dir=parent, prefix=".", suffix=UNFINISHED))
    with _locked(path, fcntl.LOCK_EX):
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Nobody else is inside with the same `path`, a file made if absent; who comes second waits."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def clean(root: Path) -> None:
    """Deletes what processes that were killed left unfinished anywhere under `root`; never what another is still writing."""
    for path in sorted(root.rglob(f".*{UNFINISHED}")):
        try:
            with _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
                if time.time() - path.stat().st_mtime < JUST_MADE_SECONDS:  # its writer may not have come to lock it yet
                    continue
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        except (BlockingIOError, FileNotFoundError):
            continue


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, kind)
        yield
    finally:
        os.close(handle)
