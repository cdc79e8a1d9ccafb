"""Where tests and benchmarks find real sales: the one file that names the folder. SHELFCAST_REAL_DATA overrides it."""

import os
from pathlib import Path

import pytest

_ROOT = Path(os.environ.get("SHELFCAST_REAL_DATA") or Path(__file__).resolve().parents[2] / "shared")


def folder(name: str) -> Path:
    """The data folder `name`; skips the test where it is absent (CI takes a skip for a failure)."""
    return _found(_ROOT / "data" / name)


def splits(name: str) -> Path:
    """The file of items in their fixed random order, one a line, for the set `name`; skips the test where it is absent."""
    return _found(_ROOT / "splits" / f"{name}.csv")


def _found(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"no real data: {path.name} is not there; SHELFCAST_REAL_DATA may name the folder that holds data/ and splits/")
    return path
