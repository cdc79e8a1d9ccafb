"""A CSV of 5 million order lines to a saved daily panel, beside DuckDB's own typed parse of it."""

import importlib
import multiprocessing
import resource
import statistics
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks import shop
from benchmarks.figures import Figure, seconds

LINES, ITEMS, DAYS = 5_000_000, 50_000, 730
PARSES = 3
MOST_RATIO, MOST_GB = 4, 2.5
STAMPS = {"ISO dates": "%Y-%m-%d %H:%M:%S", "day-first dates": "%d/%m/%Y %H:%M"}
Answer = TypeVar("Answer")
_LOADED = ("duckdb", "pyarrow.parquet", "sqlalchemy")
_TYPES = {
    "order": "VARCHAR",
    "item": "VARCHAR",
    "units": "BIGINT",
    "date": "TIMESTAMP",
    "price": "DOUBLE",
    "customer": "BIGINT",
    "country": "VARCHAR",
}


def run() -> list[Figure]:
    """For each way to write dates: the road's time as a ratio of the parse's, both without starting Python, and the most memory that its
    process held."""
    with tempfile.TemporaryDirectory() as folder, shop.workspace():
        return [figure for name, stamp in STAMPS.items() for figure in _text(Path(folder), name, stamp)]


def parsed(path: Path, stamp: str) -> list[float]:
    """Seconds that DuckDB takes for a table of typed columns, told each column's type and how dates are written; several times."""
    import duckdb

    def parse() -> None:
        with duckdb.connect(":memory:") as connection:
            rows = connection.read_csv(str(path), header=True, sep=",", auto_detect=False, columns=_TYPES, timestamp_format=stamp)
            connection.execute("SET enable_progress_bar = false")
            rows.create("lines")

    return [seconds(parse) for _ in range(PARSES)]


def imported(paths: list[Path]) -> tuple[float, float]:
    """Seconds that `python -m sales import` takes once its libraries are loaded, and the most memory that the process held, in GB."""
    from sales.__main__ import main

    for library in _LOADED:
        importlib.import_module(library)

    arguments = ["import", *map(str, paths), "--dataset", "Benchmark", "--freq", "D"]
    status: list[int] = []
    taken = seconds(lambda: status.append(main(arguments)))
    if status != [0]:
        raise RuntimeError(f"import of {[path.name for path in paths]} ended with {status}")
    return taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def _text(folder: Path, name: str, stamp: str) -> list[Figure]:
    path = folder / "orders.csv"
    _alone(partial(shop.write_order_lines, path, LINES, ITEMS, DAYS, stamp))
    parses = _alone(partial(parsed, path, stamp))
    taken, held = _alone(partial(imported, [path]))
    parse = statistics.median([*parses, *_alone(partial(parsed, path, stamp))])  # before and after: the machine may have other work
    return [
        Figure(f"DuckDB parses {LINES:,} lines, {name}", parse, "s"),
        Figure(f"file to saved panel, {name}", taken, "s"),
        Figure(f"times the parse, {name}", taken / parse, "x", at_most=MOST_RATIO),
        Figure(f"most memory, {name}", held, "GB", at_most=MOST_GB),
    ]


def _alone(step: Callable[[], Answer]) -> Answer:
    """What `step` answers in a process of its own, whose memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(step).result()
