"""A planner's day in a browser: the made-up shop, a run killed half way that goes on unasked, an override, an adjustment, an order sent."""

import io
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import journey
import pandas as pd
import pytest
from browser import open_page, served

from ui.texts import text
from workspace import runs
from workspace.runs import Run, State

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

MODELS = ("seasonal_naive", "sarima", "prophet")
SOME_PARTS_DONE = re.compile(r": [1-9]\d* of \d+ parts done")


@pytest.mark.slow
def test_a_planner_s_day(page: "Page", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path))
    with served(tmp_path) as url:
        open_page(page, url)
        page.get_by_role("button", name=text("sample.open")).first.click()
        page.get_by_role("heading", name=text("home.today", title=text("sample.made_up_shop.title"))).wait_for()
        killed_half_way_it_goes_on(page)
        journey.go(page, "reorder")
        a_click_right_after_a_name_gets_the_list(page)
        sign(page, "Ann")
        a_row_ticked_opens_its_line_and_stays_with_it(page)
        item = an_override_doubles_one_line(page)
        an_adjustment_reaches_the_plan(page)
        what_was_sent_is_not_ordered_again(page, item)
        sign(page, "Ann")
        what_arrived_is_ticked_once_and_can_be_taken_back(page)


def killed_half_way_it_goes_on(page: "Page") -> None:
    """No part that was finished is written again."""
    from playwright.sync_api import expect

    journey.go(page, "compare")
    journey.only_models(page, *MODELS)
    expect(page.get_by_role("spinbutton", name=text("form.best", items=200), exact=True)).to_have_value("20")
    page.get_by_role("button", name=text("form.run")).click()
    expect(page.get_by_text(SOME_PARTS_DONE)).to_be_visible(timeout=journey.RUN_MS)
    run = runs.latest({})[0]
    worker = kill(run)
    finished = written(run)
    assert 0 < len(finished) < run.progress.total
    journey.compared(page)
    assert run.state is State.DONE
    assert worker_of(run) != worker
    assert finished.items() <= written(run).items()


def kill(run: Run) -> int:
    """Kills the process that works on `run` as `kill -9` does, before the run is done; its number."""
    worker = worker_of(run)
    assert run.state is State.RUNNING
    os.kill(worker, signal.SIGKILL)
    return worker


def worker_of(run: Run) -> int:
    return int((run.folder / "lock").read_text())


def written(run: Run) -> dict[str, int]:
    """When each finished part was written."""
    return {path.name: path.stat().st_mtime_ns for path in (run.folder / "parts").glob("[!.]*.parquet")}


def a_click_right_after_a_name_gets_the_list(page: "Page") -> None:
    """Leaving the field runs the script: the click meets that run, each time at another moment of it."""
    for name in ("A", "An", "Ann", "Anna", "Annal"):
        page.get_by_role("textbox", name=text("planner.name"), exact=True).fill(name)
        with page.expect_download():
            page.get_by_role("button", name=text("reorder.download.csv")).click()


def a_row_ticked_opens_its_line_and_stays_with_it(page: "Page") -> None:
    """The largest order is the first row; at another service level its line is still open, with another quantity."""
    from playwright.sync_api import expect

    item = str(ordered(page)["order_value"].idxmax())
    opened = page.get_by_role("heading", name=text("line.title", item=item))
    expect(opened).to_have_count(0)
    tick_first(page, page.get_by_test_id("stDataFrame").first)
    expect(opened).to_be_visible()
    expect(page.locator(".st-key-waterfall svg.main-svg").first).to_be_visible()
    journey.move_slider(page, "reorder.service_level", "ArrowLeft", 30, "service level of 92.0%")
    expect(opened).to_be_visible()
    assert page.locator(".st-key-waterfall svg.main-svg").first.is_visible()
    journey.move_slider(page, "reorder.service_level", "ArrowRight", 30, "service level of 95.0%")
    tick_first(page, page.get_by_test_id("stDataFrame").first)
    expect(opened).to_have_count(0)


def tick_first(page: "Page", table: "Locator") -> None:
    """Clicks the box of the table's first row, which is drawn on a canvas."""
    journey.settled(page)
    table.evaluate("table => table.scrollIntoView({block: 'center'})")
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 55)
    journey.settled(page)


def an_override_doubles_one_line(page: "Page") -> str:
    """The item of the line: + 100 % of the largest order, with a reason."""
    before = ordered(page)
    assert 0 < len(before) <= 20
    item = str(before["quantity"].idxmax())
    search(page, item, 1)
    tab = opened_tab(page, "override.tab")
    pick(tab, text("override.kind.percent"))
    save(page, tab, "override", amount="100", reason="spring campaign")
    said(page, text("override.saved", count=1))
    search(page, "", 20)
    after = ordered(page)
    assert after.loc[item, "quantity"] == 2 * before.loc[item, "quantity"]
    pd.testing.assert_series_equal(after["quantity"].drop(item), before["quantity"].drop(item))
    return item


def an_adjustment_reaches_the_plan(page: "Page") -> None:
    """+ 50 % of all items in the first week."""
    before = ordered(page)
    tab = opened_tab(page, "adjustment.tab")
    pick(tab, text("adjustment.scope.all"))
    save(page, tab, "adjustment", amount="50", reason="street festival")
    said(page, text("adjustment.saved", count=1))
    after = ordered(page)
    assert set(before.index) <= set(after.index)
    of_both = after.loc[before.index]
    assert (of_both["demand"] > before["demand"]).all()
    assert (of_both["quantity"] >= before["quantity"]).all()
    assert after["quantity"].sum() > before["quantity"].sum()


def what_was_sent_is_not_ordered_again(page: "Page", overridden: str) -> None:
    """The whole list is sent: the next plan orders none of it, the overridden line neither."""
    from playwright.sync_api import expect

    sent = ordered(page)
    assert overridden in sent.index
    page.get_by_role("button", name=text("sent.mark")).click()
    page.get_by_role("button", name=text("sent.yes")).click()
    said(page, text("sent.sent", count=len(sent)))
    expect(page.get_by_test_id("stMetric").filter(has_text=text("reorder.lines")).get_by_test_id("stMetricValue")).to_have_text("0")
    assert ordered(page).empty
    page.reload()
    journey.settled(page)
    expect(page.get_by_test_id("stMetric").filter(has_text=text("reorder.lines")).get_by_test_id("stMetricValue")).to_have_text("0")


def what_arrived_is_ticked_once_and_can_be_taken_back(page: "Page") -> None:
    """What moves up into the row that was ticked is not ticked: a second click would mark an order that nobody chose."""
    from playwright.sync_api import expect

    tab = opened_tab(page, "sent.tab")
    for verb, back in (("received", "not_received"), ("not_received", "received")):
        tick_first(page, tab.get_by_test_id("stDataFrame").first)
        tab.get_by_role("button", name=text(f"sent.{verb}", count=1), exact=True).click()
        said(page, text(f"sent.{verb}.said", count=1))
        for name in (verb, back, "counted", "cancelled"):
            expect(tab.get_by_role("button", name=text(f"sent.{name}", count=0), exact=True)).to_be_disabled()


def ordered(page: "Page") -> pd.DataFrame:
    """Quantity, value and demand of each line of the list that the page's button gives, by item."""
    journey.settled(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name=text("reorder.download.csv")).click()
    lines = pd.read_csv(io.BytesIO(Path(waiting.value.path()).read_bytes()), dtype={"item": str}, index_col="item")
    return lines[["quantity", "order_value", "demand"]].astype(float)


def sign(page: "Page", name: str) -> None:
    field = page.get_by_role("textbox", name=text("planner.name"), exact=True)
    field.fill(name)
    field.press("Enter")
    journey.settled(page)


def search(page: "Page", code: str, shown: int) -> None:
    """Shows only the items whose code contains `code`, of which there are `shown`."""
    from playwright.sync_api import expect

    field = page.get_by_role("textbox", name=text("reorder.search"), exact=True)
    field.fill(code)
    field.press("Enter")
    expect(page.get_by_text(f"of {shown} {'item' if shown == 1 else 'items'} shown")).to_be_visible()
    journey.settled(page)


def opened_tab(page: "Page", name: str) -> "Locator":
    page.get_by_role("tab", name=text(name)).click()
    return page.get_by_role("tabpanel", name=text(name))


def pick(tab: "Locator", option: str) -> None:
    tab.get_by_text(option, exact=True).click()


def save(page: "Page", tab: "Locator", name: str, amount: str, reason: str) -> None:
    """Fills amount and reason of the form in `tab` and sends it."""
    tab.get_by_role("spinbutton", name=text(f"{name}.amount"), exact=True).fill(amount)
    tab.get_by_role("textbox", name=text("planner.reason"), exact=True).fill(reason)
    tab.get_by_role("textbox", name=text("planner.reason"), exact=True).press("Tab")
    tab.get_by_role("button", name=text(f"{name}.save")).click()


def said(page: "Page", words: str) -> None:
    from playwright.sync_api import expect

    expect(page.get_by_text(words)).to_be_visible()
    journey.settled(page)
