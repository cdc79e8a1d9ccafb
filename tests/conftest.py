"""What every test shares."""

import pytest
from hypothesis import settings

pytest_plugins = ["no_skips", "browser", "postgres"]

settings.register_profile("shelfcast", deadline=None, derandomize=True)
settings.load_profile("shelfcast")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that a test keeps reaches the person's own workspace."""
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path_factory.mktemp("home")))
