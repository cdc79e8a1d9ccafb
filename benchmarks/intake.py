"""A CSV of 5 million order lines to a saved daily panel, beside DuckDB's own typed parse of it; 50 million lines as Parquet in parts."""

import importlib
import multiprocessing
import resource
import statistics
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import journey
from browser import chromium, has_chromium, open_page, served

from benchmarks import shop
from benchmarks.figures import Figure, seconds
from sales import datasets
from sales.customers import without_names
from sales.intake import Intake
from sales.mapping import propose
from sales.memory import keep_freed
from sales.parts import intake_in_parts
from sales.reading import read_table
from sales.recipe import Recipe, apply
from ui.texts import text
from workspace.salt import salt
from workspace.tables import Content

if TYPE_CHECKING:
    from playwright.sync_api import Page

LINES, ITEMS, DAYS = 5_000_000, 50_000, 730
PARTS = 10
PARSES = 3
TITLE, SOUGHT = "Benchmark", "00042C"
OPENED, FOUND = f"Sales page of {LINES:,} lines opened until drawn", "an item found on it until drawn"
MOST_SECONDS = 2
MOST_RATIO, MOST_GB, MOST_GB_IN_PARTS = 4, 2.5, 4
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
    process held; then how long the Sales page takes with what was saved; then time and memory of the lines in parts."""
    with tempfile.TemporaryDirectory() as folder, shop.workspace() as home:
        figures = [figure for name, stamp in STAMPS.items() for figure in _text(Path(folder), name, stamp)]
        return [*figures, *_page(home), *_parts(Path(folder))]


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
    """Seconds from the file to a dataset of daily sales, on the road of `python -m sales import`, once libraries are loaded; and the most
    memory that the process held, in GB. Raises RuntimeError where the file cannot be used."""
    for library in _LOADED:
        importlib.import_module(library)
    keep_freed()
    taken = seconds(partial(_import_parts if len(paths) > 1 else _import, paths))
    return taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def _import(paths: list[Path]) -> None:
    table = read_table(paths[0], paths[0].name).table
    if table is None:
        raise RuntimeError(f"{paths[0].name}: expected a table")
    recipe = Recipe(propose(table), "D")
    customer = recipe.mapping.customer
    with datasets.kept(lambda: table if customer is None else without_names(table, customer, salt())) as raw:
        _save(apply(recipe, table), [raw], recipe.to_json())


def _import_parts(paths: list[Path]) -> None:
    files = [(path.name, path) for path in paths]
    _save(intake_in_parts(files, lambda table: Recipe(propose(table), "D"), lambda rows: None)[1], [], None)


def _save(read: Intake, raw: list[Content], recipe: dict[str, Any] | None) -> None:
    if read.panel is None:
        raise RuntimeError(f"expected sales, got {[problem.code for problem in read.problems]}")
    datasets.save_sales(TITLE, read.panel, {"source": "made up"}, raw, recipe)


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


def _page(home: Path) -> list[Figure]:
    if not has_chromium():
        return [Figure(name, None, "s", note="no Chromium on the PATH") for name in (OPENED, FOUND)]
    with served(home) as url, chromium() as opened:
        return answers(opened.new_page(), f"{url}/Sales?data={TITLE}")


def answers(page: "Page", url: str) -> list[Figure]:
    """Seconds until the page is drawn when it is opened, by a server that has shown it before, and after a search for one item."""

    def opens() -> None:
        open_page(page, url)
        journey.drawn(page)

    def finds() -> None:
        field = page.get_by_label(text("explore.search"))
        field.fill(SOUGHT)
        field.press("Enter")
        page.locator(f"[data-testid=stSelectbox] input[value^='{SOUGHT}']").wait_for()
        journey.drawn(page)

    opens()
    page.goto("about:blank")
    return [Figure(name, seconds(step), "s", at_most=MOST_SECONDS) for name, step in ((OPENED, opens), (FOUND, finds))]


def _parts(folder: Path) -> list[Figure]:
    paths = [folder / f"part{part:02d}.parquet" for part in range(PARTS)]
    for part, path in enumerate(paths):
        _alone(partial(shop.write_order_lines, path, LINES, ITEMS, DAYS // PARTS, part=part))
    taken, held = _alone(partial(imported, paths))
    name = f"{PARTS * LINES:,} lines in {PARTS} files of Parquet"
    return [Figure(f"{name} to saved panel", taken, "s"), Figure(f"most memory, {name}", held, "GB", at_most=MOST_GB_IN_PARTS)]


def _alone(step: Callable[[], Answer]) -> Answer:
    """What `step` answers in a process of its own, whose memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(step).result()
