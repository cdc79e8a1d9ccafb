"""What every test shares."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from workspace import compiled

pytest_plugins = ["no_skips", "browser", "postgres"]

# Each test has a workspace of its own; what JAX compiles is the same in all of them and in the processes that they start
os.environ.setdefault(compiled.FOLDER, str(Path(__file__).parents[1] / ".pytest_cache" / "compiled"))
compiled.keep()

settings.register_profile("shelfcast", deadline=None, derandomize=True)
settings.load_profile("shelfcast")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that a test keeps reaches the person's own workspace."""
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path_factory.mktemp("home")))
