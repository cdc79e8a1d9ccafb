"""Datasets: named folders of tables, with their facts. What is inside the tables is not known here.

A dataset may be brought up to date: its facts then speak of the new version, and those of each version before stay beside them. The name of
a deleted dataset is never given to another: no record and no run of the old one can show under a new one.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from workspace import facts as database
from workspace import home, runs, tables

FACTS = "facts.json"
_EARLIER = "earlier"
_WRITERS = 2
_DELETED = "deleted.json"  # beside the datasets: the names that no new one may have


@dataclass(frozen=True)
class Dataset:
    """One saved dataset: `name` is its folder, `facts` what was said of it when it was saved (always with a `title`)."""

    name: str
    facts: Mapping[str, Any]

    @property
    def title(self) -> str:
        return str(self.facts["title"])

    @property
    def versions(self) -> list[Mapping[str, Any]]:
        """The facts of each version, the latest first."""
        return [self.facts, *self.facts.get(_EARLIER, [])]

    @property
    def folder(self) -> Path:
        return home.folder("datasets") / home.checked(self.name)

    def path(self, table: str) -> Path:
        return self.folder / f"{home.checked(table)}.parquet"

    def has(self, table: str) -> bool:
        return self.path(table).exists()

    def read(self, table: str) -> pd.DataFrame:
        return tables.read_table(self.path(table))

    def write(self, table: str, content: tables.Content) -> None:
        """Adds a table or replaces it. Raises KeyError where the dataset was deleted meanwhile."""
        with writing(self):
            tables.write(self.path(table), content)


def create(title: str, content: Mapping[str, tables.Content], facts: Mapping[str, Any]) -> Dataset:
    """Saves a new dataset under a free name made of `title`, all of it or nothing; no other is touched."""
    with tables.unfinished_folder(home.folder("datasets")) as staged:
        _write({staged / f"{home.checked(table)}.parquet": written for table, written in content.items()})
        return publish(staged, title, facts)


def _write(content: Mapping[Path, tables.Content]) -> None:
    """Each table to its path, two at a time."""
    with ThreadPoolExecutor(_WRITERS) as writers:
        for written in [writers.submit(tables.write, path, table) for path, table in content.items()]:
            written.result()


@contextmanager
def ahead(write: Callable[[Path], None]) -> Iterator[tables.Content]:
    """The table that `write` writes to a path, written by another thread from now on, so that it is there when it is saved; what is not
    saved is deleted in the end."""
    with tables.unfinished_folder(home.folder("datasets")) as folder, ThreadPoolExecutor(1) as writer:
        written = writer.submit(write, folder / "table.parquet")

        def place(path: Path) -> None:
            written.result()
            os.replace(folder / "table.parquet", path)

        yield place


def publish(staged: Path, title: str, facts: Mapping[str, Any], name: str = "") -> Dataset:
    """The tables in the folder `staged` as a new dataset: the folder itself becomes it. Two datasets never share a name or a title.

    name: the folder's name where that is free, "": one made of `title`.
    """
    root = home.folder("datasets")
    with _listing():
        there = datasets()
        taken = (
            {dataset.name for dataset in there}
            | set(tables.read_facts(home.home() / _DELETED) or {})
            | {path.name for path in root.iterdir()}
        )
        name = _free(name or home.slug(title), "{}-{}", taken)
        shown = _free(title, "{} ({})", {dataset.title for dataset in there})
        tables.write_facts(staged / FACTS, {**facts, "title": shown})
        os.rename(staged, root / name)
    return open_dataset(name)


def update(dataset: Dataset, content: Mapping[str, tables.Content], facts: Mapping[str, Any]) -> Dataset:
    """`dataset` with another version of what it holds, under its own name and title: `content` is added to its tables or replaces those of
    the same name, and `facts` take the place of the old ones, which stay readable as a version. A reader meets the old facts or the new.

    Raises KeyError where the dataset was deleted meanwhile.
    """
    with writing(dataset) as now:
        _write({dataset.path(table): written for table, written in content.items()})
        earlier = [{name: value for name, value in version.items() if name != _EARLIER} for version in now.versions]
        tables.write_facts(dataset.folder / FACTS, {**facts, "title": now.title, _EARLIER: earlier})
    return open_dataset(dataset.name)


def rename(dataset: Dataset, title: str) -> Dataset:
    """`dataset` under another title; its name, by which runs and records know it, stays. A title that another has is counted on."""
    with _listing(), writing(dataset) as now:
        shown = _free(title, "{} ({})", {other.title for other in datasets() if other.name != dataset.name})
        tables.write_facts(dataset.folder / FACTS, {**now.facts, "title": shown})
    return open_dataset(dataset.name)


def delete(dataset: Dataset, by: str) -> None:
    """Deletes the tables of `dataset`, its runs (one at work is ended first) and its place in the list, at once and for good. Its records
    end: they stay in the database for the audit, and its name is kept from others. `by`: the person who wanted it."""
    root, why = home.folder("datasets"), {"title": dataset.title, "by": database.named(by), "at": datetime.now(UTC).isoformat()}
    with _listing(), writing(dataset):
        tables.write_facts(home.home() / _DELETED, {**_deleted(), dataset.name: why})
        with tables.unfinished_folder(root) as bin:
            os.rename(dataset.folder, bin / dataset.name)
    for about in ("data", "tuning"):
        runs.forget({about: dataset.name})
    database.end([record.id for record in database.everything(dataset.name)], by, "deleted")


def open_dataset(name: str) -> Dataset:
    """The dataset in folder `name`. Raises KeyError where there is none."""
    facts = tables.read_facts(home.folder("datasets") / home.checked(name) / FACTS)
    if facts is None:
        raise KeyError(f"dataset: got {name!r}, expected one of {[d.name for d in datasets()]}")
    return Dataset(name, facts)


def datasets() -> list[Dataset]:
    """All saved datasets, the latest first."""
    found = []
    for path in home.folder("datasets").glob(f"[!.]*/{FACTS}"):
        try:
            found.append((path.stat().st_mtime_ns, open_dataset(path.parent.name)))
        except (FileNotFoundError, KeyError):  # deleted since
            continue
    return [dataset for _, dataset in sorted(found, key=lambda pair: (pair[0], pair[1].name), reverse=True)]


def _deleted() -> dict[str, Any]:
    return tables.read_facts(home.home() / _DELETED) or {}


def _listing() -> AbstractContextManager[None]:
    """Nobody else adds, renames or deletes a dataset meanwhile."""
    return tables.alone(home.home() / "datasets.lock")


@contextmanager
def writing(dataset: Dataset) -> Iterator[Dataset]:
    """The dataset as it is now, for its only writer."""
    with ExitStack() as stack:
        try:
            stack.enter_context(tables.alone(dataset.folder / ".lock"))
        except FileNotFoundError:
            raise KeyError(f"dataset {dataset.name}: it was deleted") from None
        yield open_dataset(dataset.name)


def _free(wanted: str, counted: str, taken: set[str]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = counted.format(wanted, count)
    return name
