"""Two people on one server: saved data is seen by both; what one uploads, chooses, filters or moves never reaches the other."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import journey
import numpy as np
import pandas as pd
import pytest
from browser import open_page, person

from ui.texts import text

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

SUPPLIERS = ("North", "South")


@pytest.fixture
def two(browser: "Browser") -> Iterator[tuple["Page", "Page"]]:
    """A browser of one person and a browser of another: nothing is shared but the server."""
    with person(browser) as ann, person(browser) as bob:
        yield ann, bob


def sales_csv(folder: Path, name: str, days: int = 200) -> Path:
    """Three items over so many days."""
    dates = pd.date_range("2024-01-01", periods=days)
    draw = np.random.default_rng(4)
    parts = [pd.DataFrame({"item": item, "date": dates, "units": draw.poisson(6, days)}) for item in ("A-1", "B-2", "C-3")]
    pd.concat(parts).to_csv(path := folder / f"{name}.csv", index=False)
    return path


def stock_csv(folder: Path) -> Path:
    terms = pd.DataFrame({"item": ["A-1", "B-2", "C-3"], "on_hand": [5, 6, 7], "lead_time_days": 7, "review_period_days": 7})
    terms.assign(unit_cost=2.0, supplier=["North", "South", "North"]).to_csv(path := folder / "stock.csv", index=False)
    return path


def uploaded(page: "Page", file: Path) -> None:
    """The file on the Sales page, checked, not saved."""
    from playwright.sync_api import expect

    journey.go(page, "sales")
    journey.upload(page, "upload.sales", file)
    expect(page.get_by_label(text("save.title"))).to_be_visible()
    journey.settled(page)


def save(page: "Page", title: str) -> None:
    from playwright.sync_api import expect

    page.get_by_label(text("save.title")).fill(title)
    page.get_by_role("button", name=text("save.button"), exact=True).click()
    expect(page.get_by_role("heading", name=title, level=2, exact=True)).to_be_visible()
    journey.settled(page)


def service_level(page: "Page") -> "Locator":
    return page.get_by_test_id("stSlider").filter(has_text=text("reorder.service_level")).get_by_role("slider")


def suppliers(page: "Page") -> "Locator":
    return page.get_by_test_id("stMultiSelect").filter(has_text=text("reorder.suppliers"))


@pytest.mark.slow
def test_what_one_does_stays_with_one(app: str, two: tuple["Page", "Page"], tmp_path: Path) -> None:
    from playwright.sync_api import expect

    ann, bob = two
    for page in two:
        open_page(page, app)

    # Ann's upload is hers until she saves it, and her choice of data stays hers after
    uploaded(ann, sales_csv(tmp_path, "spring"))
    journey.go(bob, "sales")
    expect(bob.get_by_label(text("save.title"))).to_have_count(0)
    expect(bob.get_by_text("spring.csv")).to_have_count(0)
    save(ann, "Spring")
    journey.go(bob, "home")
    expect(bob.get_by_placeholder(text("shell.choose_data"))).to_have_value("")

    # both see what was saved; each has a choice of their own
    uploaded(bob, sales_csv(tmp_path, "autumn"))
    save(bob, "Autumn")
    journey.go(ann, "home")
    expect(ann.get_by_role("heading", name=text("home.today", title="Spring"))).to_be_visible()
    for page, other in ((ann, "Autumn"), (bob, "Spring"), (bob, "Autumn")):
        journey.choose(page, text("shell.data"), other)
        expect(page).to_have_url(re.compile(f"data={other}"))
        journey.settled(page)
        journey.go(page, "home")
        expect(page.get_by_role("heading", name=text("home.today", title=other))).to_be_visible()

    # the run that Ann starts is there for Bob, who opened the same data; what each does with it is not
    journey.go(ann, "sales")
    journey.save_stock(ann, stock_csv(tmp_path))
    journey.go(ann, "compare")
    journey.only_models(ann, "seasonal_naive")
    journey.compare(ann)
    for page in two:
        journey.go(page, "reorder")
        expect(service_level(page)).to_have_attribute("aria-valuetext", "95.0 %")
    filtered(ann, "South")
    journey.move_slider(ann, "reorder.service_level", "ArrowRight", 20, "service level of 97.0%")
    expect(ann.get_by_text("of 1 item shown")).to_be_visible()
    journey.go(bob, "home")
    journey.go(bob, "reorder")
    expect(service_level(bob)).to_have_attribute("aria-valuetext", "95.0 %")
    expect(suppliers(bob).get_by_text("South")).to_have_count(0)
    expect(bob.get_by_text("of 3 items shown")).to_be_visible()
    expect(bob.get_by_text("service level of 95.0%")).to_be_visible()

    # and back: what Bob moves does not undo what Ann did
    journey.move_slider(bob, "reorder.service_level", "ArrowLeft", 10, "service level of 94.0%")
    journey.go(ann, "home")
    journey.go(ann, "reorder")
    expect(service_level(ann)).to_have_attribute("aria-valuetext", "97.0 %")
    expect(ann.get_by_text("of 1 item shown")).to_be_visible()

    # what Bob decides is in Ann's plan at her next move, and so are the sales that he replaces
    bobs_override(bob)
    stale = ann.get_by_text("The data changed since this plan")
    journey.move_slider(ann, "reorder.service_level", "ArrowLeft", 1, "service level of 96.9%")
    expect(ann.get_by_role("button", name=text("override.clear_all", count=3), exact=True).first).to_be_visible()
    expect(stale).to_have_count(0)
    replaced(bob, sales_csv(tmp_path, "later", days=210), "Autumn")
    journey.move_slider(ann, "reorder.service_level", "ArrowLeft", 1, "service level of 96.8%")
    expect(stale).to_be_visible()
    expect(ann.get_by_role("button", name=text("override.keep_all", count=3), exact=True).first).to_be_visible()


def bobs_override(page: "Page") -> None:
    """All lines shown are doubled."""
    from playwright.sync_api import expect

    name = page.get_by_role("textbox", name=text("planner.name"), exact=True)
    name.fill("Bob")
    name.press("Enter")
    journey.settled(page)
    tab = page.get_by_role("tabpanel", name=text("override.tab"))
    tab.get_by_text(text("override.kind.percent"), exact=True).click()
    tab.get_by_role("spinbutton", name=text("override.amount"), exact=True).fill("100")
    reason = tab.get_by_role("textbox", name=text("planner.reason"), exact=True)
    reason.fill("fair")
    reason.press("Tab")
    tab.get_by_role("button", name=text("override.save")).click()
    expect(page.get_by_text(text("override.saved", count=3))).to_be_visible()
    journey.settled(page)


def replaced(page: "Page", file: Path, title: str) -> None:
    """The file takes the place of the sales of the data open."""
    from playwright.sync_api import expect

    journey.go(page, "sales")
    journey.upload(page, "upload.sales", file)
    page.get_by_text(text("save.replace", title=title), exact=True).click()
    expect(page.get_by_role("textbox", name=text("save.title"), exact=True)).to_have_count(0)
    journey.settled(page)
    button = page.get_by_role("button", name=text("save.button"), exact=True)
    button.click()
    expect(button).to_have_count(0)
    journey.settled(page)


def filtered(page: "Page", supplier: str) -> None:
    """Only the lines of one supplier."""
    from playwright.sync_api import expect

    journey.choose(page, text("reorder.suppliers"), supplier)
    page.keyboard.press("Escape")
    expect(suppliers(page).get_by_text(supplier)).to_be_visible()
    journey.settled(page)
