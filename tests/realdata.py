"""Where tests and benchmarks find real sales: the one file that names the folder. SHELFCAST_REAL_DATA overrides it."""

import os
from pathlib import Path

import pytest

_ROOT = Path(os.environ.get("SHELFCAST_REAL_DATA") or Path(__file__).resolve().parents[2] / "shared")


def place(*parts: str) -> Path | None:
    """The file or folder `parts` of the real data; None where it is absent."""
    return path if (path := _ROOT.joinpath(*parts)).exists() else None


def folder(name: str) -> Path:
    """The data folder `name`; skips the test where it is absent (CI takes a skip for a failure)."""
    return _found("data", name)


def _found(*parts: str) -> Path:
    path = place(*parts)
    if path is None:
        pytest.skip(f"no real data: {parts[-1]} is not there; SHELFCAST_REAL_DATA may name the folder that holds data/ and splits/")
    return path
