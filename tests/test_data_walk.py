"""A month at the Data page in a real browser: tomorrow's file, holidays and events ahead, another name, an archive there and back."""

from pathlib import Path
from typing import TYPE_CHECKING

import journey
import numpy as np
import pandas as pd
import pytest
from browser import open_page, settled

from ui.texts import text

if TYPE_CHECKING:
    from playwright.sync_api import Page

LABELS = {name: text(f"tomorrow.{name}", period="days") for name in ("only_old", "both", "only_new")}


def sales(days: int = 130) -> pd.DataFrame:
    """Three items over so many days, with a mark of out of stock in four of them."""
    dates = pd.date_range("2024-01-01", periods=days)
    draw = np.random.default_rng(4)
    parts = [pd.DataFrame({"item": item, "date": dates, "units": draw.poisson(6, days)}) for item in ("A-1", "B-2", "C-3")]
    table = pd.concat(parts, ignore_index=True)
    out = (table["item"] == "A-1") & table["date"].between("2024-02-01", "2024-02-04")
    return table.assign(units=table["units"].where(~out, 0), out_of_stock=out.astype(int))


def save(page: "Page", file: Path, title: str) -> None:
    from playwright.sync_api import expect

    journey.go(page, "sales")
    journey.upload(page, "upload.sales", file)
    page.get_by_label(text("save.title")).fill(title)
    page.get_by_role("button", name=text("save.button"), exact=True).click()
    expect(page.get_by_role("heading", name=title, level=2, exact=True)).to_be_visible()
    settled(page)


def put_on_top(page: "Page", file: Path, title: str) -> None:
    """Uploads the file on the Sales page and asks for what it changes."""
    from playwright.sync_api import expect

    settled(page)
    journey.upload(page, "upload.sales", file)
    page.get_by_text(text("tomorrow.place", title=title)).click()
    expect(page.get_by_role("heading", name=text("tomorrow.title", title=title))).to_be_visible()
    settled(page)


def opened(page: "Page", label: str, inside: str) -> None:
    """Opens the box named by the text key `label`, and waits for what it holds, named by the key `inside`."""
    from playwright.sync_api import expect

    settled(page)
    box = page.get_by_test_id("stExpander").filter(has_text=text(label))
    box.locator("summary").click()
    expect(box.get_by_text(text(inside))).to_be_visible()
    expect(page.get_by_text(text("additions.saved", title="Shop"))).to_have_count(0)  # the run that opening it began has ended
    settled(page)


@pytest.mark.slow
def test_a_month_at_the_data_page(app: str, page: "Page", tmp_path: Path) -> None:
    from playwright.sync_api import expect

    table = sales()
    first, later = table[table["date"] < "2024-05-01"], table[table["date"] >= "2024-04-25"].copy()
    later.loc[later.index[0], "units"] += 100
    first.to_csv(tmp_path / "april.csv", index=False)
    later.to_csv(tmp_path / "may.csv", index=False)
    fairs = pd.DataFrame({"from": ["2024-03-01", "2024-06-01"], "until": ["2024-03-03", "2024-06-02"], "event": ["fair", "fair"]})
    fairs.to_csv(tmp_path / "fairs.csv", index=False)
    open_page(page, app)
    save(page, tmp_path / "april.csv", "Shop")
    expect(page.get_by_text("item-days of 1 item").first).to_be_visible()

    put_on_top(page, tmp_path / "may.csv", "Shop")
    shown = {name: page.get_by_test_id("stMetric").filter(has_text=label) for name, label in LABELS.items()}
    for name, value in (("only_old", "115"), ("both", "6"), ("only_new", "9")):
        expect(shown[name].get_by_test_id("stMetricValue")).to_have_text(value)
    added = int(later.loc[later["date"] >= "2024-05-01", "units"].sum())
    expect(shown["only_new"]).to_contain_text(text("tomorrow.units_new", units=added))
    page.get_by_role("button", name=text("tomorrow.save", title="Shop")).click()
    expect(page.get_by_text(text("tomorrow.saved", title="Shop"))).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").get_by_text("2024-05-09", exact=True)).to_be_visible()
    units = f"{int(table['units'].sum()) + 100:,}"
    expect(page.get_by_test_id("stMetric").filter(has_text=text("checks.units")).first).to_contain_text(units)

    put_on_top(page, tmp_path / "may.csv", "Shop")
    expect(page.get_by_role("button", name=text("tomorrow.save", title="Shop"))).to_be_disabled()

    journey.go(page, "data")
    opened(page, "additions.holidays", "additions.countries")
    for country, all_of_them in (("Germany (DE)", "of Germany"), ("China (CN)", "of Germany, China")):
        journey.choose(page, text("additions.countries"), country, typed=country.partition(" (")[0])
        page.keyboard.press("Escape")
        page.get_by_role("button", name=text("additions.keep", title="Shop")).click()
        expect(page.get_by_text(all_of_them, exact=False)).to_be_visible()
    opened(page, "additions.events", "additions.events.upload")
    journey.upload(page, "additions.events.upload", tmp_path / "fairs.csv")
    page.get_by_role("button", name=text("additions.keep", title="Shop")).click()
    expect(page.get_by_text("from fairs.csv")).to_be_visible()

    page.get_by_role("textbox", name=text("data.title.field"), exact=True).fill("Corner shop")
    page.get_by_role("textbox", name=text("data.title.field"), exact=True).press("Enter")
    page.get_by_role("button", name=text("data.rename"), exact=True).click()
    expect(page.get_by_text(text("data.renamed", title="Corner shop"))).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name=text("data.export"), exact=True).click()
    archive = tmp_path / download.value.suggested_filename
    download.value.save_as(archive)

    page.get_by_role("button", name=text("data.delete"), exact=True).click()
    sure = page.get_by_role("button", name=text("data.delete.do", title="Corner shop"))
    expect(sure).to_be_disabled()
    page.get_by_placeholder(text("planner.name.hint")).fill("Ada")
    page.get_by_placeholder(text("planner.name.hint")).press("Enter")
    expect(sure).to_be_enabled()
    sure.click()
    expect(page.get_by_text(text("data.none"))).to_be_visible()
    journey.upload(page, "data.import", archive)
    page.get_by_role("button", name=text("data.import.do")).click()
    expect(page.get_by_text(text("data.imported", titles="Corner shop"))).to_be_visible()
    open_page(page, f"{app}/Data?data=Corner+shop")
    expect(page.get_by_text("from fairs.csv")).to_be_visible()
    journey.go(page, "sales")
    expect(page.get_by_test_id("stMetric").filter(has_text=text("checks.units")).first).to_contain_text(units)
