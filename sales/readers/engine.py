"""DuckDB, as the readers use it: in memory, and with nothing fetched from elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def engine() -> Iterator[Any]:
    """A connection of its own: DuckDB's extensions are neither installed nor loaded by themselves, and nothing is printed."""
    import duckdb

    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET arrow_large_buffer_size = true")  # what pandas holds texts in: they are handed over, not copied
        yield connection


def literally(path: Path) -> str:
    """`path` for DuckDB, which takes *, ? and [ in a path for a pattern.

    >>> literally(Path("a[1].csv"))
    'a[[]1].csv'
    """
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))
