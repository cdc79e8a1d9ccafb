"""A file over the server's limit is refused by name, and nothing already saved is lost."""

from pathlib import Path
from typing import TYPE_CHECKING

import journey
import pytest
from browser import open_page, served

from ui.texts import text

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.mark.slow
def test_a_file_over_the_limit_is_refused(page: "Page", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from playwright.sync_api import expect

    monkeypatch.setenv("STREAMLIT_SERVER_MAX_UPLOAD_SIZE", "1")
    big = tmp_path / "big.csv"
    big.write_text("item,date,units\n" + "a,2024-01-01,1\n" * 100_000)
    with served(tmp_path) as url:
        open_page(page, url)
        page.get_by_role("button", name=text("sample.open")).first.click()
        today = page.get_by_role("heading", name=text("home.today", title=text("sample.made_up_shop.title")))
        expect(today).to_be_visible()
        journey.go(page, "sales")
        journey.upload(page, "upload.sales", big)
        expect(page.get_by_text("1.0MB or smaller")).to_be_visible()
        journey.go(page, "home")
        expect(today).to_be_visible()
