"""Where tests and benchmarks find real sales: the one file that names the folder. SHELFCAST_REAL_DATA overrides it."""

import os
from pathlib import Path

import pytest

_ROOT = Path(os.environ.get("SHELFCAST_REAL_DATA", Path(__file__).resolve().parents[2] / "shared"))


def folder(name: str) -> Path:
    """The data folder `name`; skips the test where it is absent."""
    path = _ROOT / "data" / name
    if not path.is_dir():
        pytest.skip(f"no real data: {name} is not beside the checkout; SHELFCAST_REAL_DATA may name the folder that holds data/ and splits/")
    return path
