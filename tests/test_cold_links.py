"""Every page, opened first of all on a fresh server, draws its whole frame."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import journey
import numpy as np
import pytest
from browser import open_page, served
from panels import weekly_shop

from sales import datasets as saved
from ui.texts import text

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATHS = {"home": "", "sales": "Sales", "compare": "Compare", "reorder": "Reorder"}


@pytest.fixture(scope="module", params=PATHS)
def cold(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A page's name and its address on a server that nobody has visited."""
    with served(tmp_path_factory.mktemp("cold")) as url:
        yield request.param, f"{url}/{PATHS[request.param]}"


@pytest.mark.slow
def test_a_cold_link_shows_the_whole_frame(cold: tuple[str, str], page: "Page") -> None:
    from playwright.sync_api import expect

    name, url = cold
    open_page(page, url)
    expect(page.get_by_role("heading", name=text(f"{name}.title"), level=1)).to_be_visible()
    expect(page).to_have_title(text("shell.tab", page=text(f"{name}.title")))
    sidebar = page.get_by_test_id("stSidebar")
    for link in PATHS:
        expect(sidebar.get_by_role("link", name=text(f"{link}.link"))).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)


@pytest.mark.slow
def test_the_data_of_a_cold_link_stays_chosen(page: "Page", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From page to page, after a reload, and one page back."""
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path))
    saved.save_sales("Corner shop", weekly_shop(3, 60, np.random.default_rng(1)), {"source": "test"})
    with served(tmp_path) as url:
        open_page(page, f"{url}/Compare?data=Corner+shop")
        for name in ("reorder", "home", "sales", "compare"):
            journey.go(page, name)
            assert chosen(page) == "Corner shop"
        page.reload()
        journey.settled(page)
        journey.go(page, "reorder")
        assert chosen(page) == "Corner shop"
        page.go_back()
        journey.settled(page)
        assert chosen(page) == "Corner shop"


def chosen(page: "Page") -> str:
    return page.get_by_test_id("stSidebar").get_by_role("combobox", name=text("shell.data")).input_value()
