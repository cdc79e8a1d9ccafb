"""Datasets: named folders of tables, with their facts. What is inside the tables is not known here.

A dataset may be brought up to date: its facts then speak of the new version, and those of each version before stay beside them.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from workspace import home, tables

_FACTS = "facts.json"
_EARLIER = "earlier"


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
        return home.folder("datasets", self.name)

    def path(self, table: str) -> Path:
        return self.folder / f"{home.checked(table)}.parquet"

    def has(self, table: str) -> bool:
        return self.path(table).exists()

    def read(self, table: str) -> pd.DataFrame:
        return tables.read_table(self.path(table))

    def write(self, table: str, content: pd.DataFrame) -> None:
        """Adds a table or replaces it."""
        tables.write_table(self.path(table), content)


def create(title: str, content: Mapping[str, pd.DataFrame], facts: Mapping[str, Any]) -> Dataset:
    """Saves a new dataset under a free name made of `title`, all of it or nothing; no other is touched."""
    root = home.folder("datasets")
    staged = Path(tempfile.mkdtemp(dir=root, prefix=".new-"))
    try:
        for table, frame in content.items():
            tables.write_table(staged / f"{home.checked(table)}.parquet", frame)
        return _publish(root, staged, title, facts)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def update(dataset: Dataset, content: Mapping[str, pd.DataFrame], facts: Mapping[str, Any]) -> Dataset:
    """`dataset` with another version of what it holds, under its own name and title: `content` is added to its tables or replaces those of
    the same name, and `facts` take the place of the old ones, which stay readable as a version. A reader meets the old facts or the new."""
    with (dataset.folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for table, frame in content.items():
            dataset.write(table, frame)
        now = open_dataset(dataset.name)
        earlier = [{name: value for name, value in version.items() if name != _EARLIER} for version in now.versions]
        tables.write_facts(dataset.folder / _FACTS, {**facts, "title": now.title, _EARLIER: earlier})
    return open_dataset(dataset.name)


def _publish(root: Path, staged: Path, title: str, facts: Mapping[str, Any]) -> Dataset:
    base, count = home.slug(title), 1
    while True:
        name, shown = (base, title) if count == 1 else (f"{base}-{count}", f"{title} ({count})")
        tables.write_facts(staged / _FACTS, {**facts, "title": shown})
        try:
            os.rename(staged, root / name)
            return open_dataset(name)
        except OSError:
            if not (root / name).exists():
                raise
            count += 1


def open_dataset(name: str) -> Dataset:
    """The dataset in folder `name`. Raises KeyError where there is none."""
    facts = tables.read_facts(home.folder("datasets") / home.checked(name) / _FACTS)
    if facts is None:
        raise KeyError(f"dataset: got {name!r}, expected one of {[d.name for d in datasets()]}")
    return Dataset(name, facts)


def datasets() -> list[Dataset]:
    """All saved datasets, the latest first."""
    root = home.folder("datasets")
    found = [(path.stat().st_mtime_ns, path.parent.name) for path in root.glob(f"[!.]*/{_FACTS}")]
    return [open_dataset(name) for _, name in sorted(found, reverse=True)]
