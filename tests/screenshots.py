"""`make screenshots`: every page with real sales on it, written to docs/images/."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import journey
from browser import ROOT, chromium, open_page, served
from test_journey import best_sellers

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES = ROOT / "docs" / "images"
WIDTH = 1400
HEIGHTS = {"home": 720, "check": 1900, "sales": 1500, "compare": 2500, "reorder": 1500}


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as url, chromium() as browser:
        page = browser.new_context(viewport={"width": WIDTH, "height": 1000}, locale="en-US").new_page()
        walk(page, url, Path(folder))


def walk(page: "Page", url: str, folder: Path) -> None:
    """The main path, a picture at each stop."""
    sales = journey.online_retail_csv(folder)
    open_page(page, url)
    journey.go(page, "sales")
    journey.check_sales(page, sales)
    picture(page, "check")
    journey.save_checked(page, "Online retail")
    journey.save_stock(page, journey.stock_csv(folder, best_sellers(sales)))
    picture(page, "sales")
    journey.go(page, "compare")
    journey.compare(page)
    picture(page, "compare")
    journey.go(page, "reorder")
    picture(page, "reorder")
    journey.go(page, "home")
    picture(page, "home")


def picture(page: "Page", name: str) -> None:
    """The whole page as docs/images/NAME.png, once nothing on it is still being drawn."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHTS[name]})
    journey.drawn(page)
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main()
