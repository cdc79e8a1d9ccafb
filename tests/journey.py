"""The main path as a person walks it: upload, map, save, compare, reorder, download. The slow tests and the screenshots share it."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import realdata
from browser import settled

from forecasting.models import registry
from ui.model_style import with_family
from ui.texts import text

if TYPE_CHECKING:
    from playwright.sync_api import Page

RUN_MS = 15 * 60_000
TRIES, TRY_MS = 10, 3_000


def online_retail_csv(folder: Path) -> Path:
    """The online retail sales as a CSV with all their dirt: cancellations, blank customers, codes that are no product."""
    path = folder / "online retail.csv"
    pd.read_parquet(realdata.folder("online_retail") / "online_retail.parquet").to_csv(path, index=False)
    return path


def stock_csv(folder: Path, items: list[str]) -> Path:
    """Stock terms for some items: full ones for most, none for the last."""
    terms = pd.DataFrame({"item": items})
    terms["on_hand"] = [100 + 50 * k for k in range(len(items))]
    terms["lead_time_days"], terms["review_period_days"] = 21, 7
    terms["pack"], terms["unit_cost"], terms["supplier"] = 12, 1.25, ["North" if k % 2 else "South" for k in range(len(items))]
    path = folder / "stock.csv"
    terms.iloc[:-1].to_csv(path, index=False)
    return path


def upload(page: "Page", label: str, file: Path) -> None:
    """Gives `file` to the uploader named by the text key `label`, once no uploader of a run before is left."""
    settled(page)
    page.get_by_test_id("stFileUploader").filter(has_text=text(label)).locator("input[type=file]").set_input_files(file)


def choose(page: "Page", label: str, option: str, typed: str = "") -> None:
    """Picks an option of the select box named by the words `label`; `typed`: what finds it in a long list."""
    from playwright.sync_api import TimeoutError as NothingThere

    box, wanted = page.get_by_role("combobox", name=label, exact=True), page.get_by_role("option", name=option, exact=True)
    for _ in range(TRIES):  # a list closes where the page scrolls to it, or where a script run that was still to come draws it anew
        settled(page)
        box.focus()
        box.fill(typed) if typed else box.press("ArrowDown")
        try:
            return wanted.click(timeout=TRY_MS)
        except NothingThere:
            box.press("Escape")
    raise AssertionError(f"{label}: the list never stayed open on {option}")


def go(page: "Page", name: str) -> None:
    """Follows the sidebar's link to a page."""
    page.get_by_test_id("stSidebar").get_by_role("link", name=text(f"{name}.link"), exact=True).click()
    page.get_by_role("heading", name=text(f"{name}.title"), level=1).wait_for()
    settled(page)


def save_sales(page: "Page", file: Path, title: str) -> None:
    """Uploads a sales file on the Sales page, confirms the mapping by weeks, accepts the repairs and saves."""
    check_sales(page, file)
    save_checked(page, title)


def save_checked(page: "Page", title: str) -> None:
    """Accepts the repairs of the file that was checked and saves it as `title`."""
    from playwright.sync_api import expect

    page.get_by_label(text("save.title")).fill(title)
    page.get_by_role("button", name=text("save.repaired")).click()
    expect(page.get_by_role("heading", name=title, level=2, exact=True)).to_be_visible(timeout=RUN_MS)
    settled(page)


def check_sales(page: "Page", file: Path) -> None:
    """Uploads a sales file on the Sales page and asks for weeks; what was found is on the page then."""
    from playwright.sync_api import expect

    upload(page, "upload.sales", file)
    expect(page.get_by_role("heading", name=text("checks.title"))).to_be_visible(timeout=RUN_MS)
    expect(page.get_by_label(text("save.title"))).to_be_visible(timeout=RUN_MS)
    choose(page, text("mapping.frequency"), text("frequency.W"))
    expect(page.get_by_text(text("checks.periods", period=text("frequency.W")))).to_be_visible(timeout=RUN_MS)
    settled(page)


def save_stock(page: "Page", file: Path) -> None:
    """Uploads a stock file on the Sales page and saves it."""
    from playwright.sync_api import expect

    upload(page, "upload.stock", file)
    page.get_by_role("button", name=text("stock.save")).click()
    expect(page.get_by_role("button", name=text("stock.save"))).to_have_count(0, timeout=RUN_MS)
    settled(page)


def only_models(page: "Page", *names: str) -> None:
    """Leaves only some of the models of the comparison chosen, by their names in the registry."""
    chosen = page.get_by_test_id("stMultiSelect").filter(has_text=text("form.models"))
    for other in set(registry.DEFAULT) - set(names):
        button = chosen.get_by_role("button", name=f"Remove {with_family(other)}", exact=True)
        button.click()
        button.wait_for(state="detached")


def compare(page: "Page") -> None:
    """Runs the comparison with the settings it starts with and waits for its table."""

    page.get_by_role("button", name=text("form.run")).click()
    compared(page)


def compared(page: "Page") -> None:
    """Waits for the table of the comparison under way; fails at once where it ended in another way."""
    from playwright.sync_api import expect

    table = page.get_by_role("heading", name=text("compare.overall"))
    ended = [page.get_by_text(text(key)) for key in ("run.failed", "run.given_up")]
    expect(table.or_(ended[0]).or_(ended[1]).first).to_be_visible(timeout=RUN_MS)
    expect(table).to_be_visible()
    settled(page)


def move_slider(page: "Page", label: str, key: str, steps: int, shown: str) -> None:
    """Moves the slider named by the text key `label` by arrow keys until the page says `shown`, which it works out from the new value."""
    from playwright.sync_api import expect

    thumb = page.get_by_test_id("stSlider").filter(has_text=text(label)).get_by_role("slider")
    thumb.focus()
    for _ in range(steps):  # as quick as a key held down: runs are interrupted on the way, and no part of the page may be lost
        thumb.press(key)
    expect(page.get_by_text(shown)).to_be_visible()
    settled(page)


def drawn(page: "Page") -> None:
    """Waits until the script has run, no part waits for its code, and every picture is there."""
    settled(page)
    page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')")
    charts = "[...document.querySelectorAll('[data-testid=stPlotlyChart]')]"
    page.wait_for_function(f"() => {charts}.every(chart => chart.querySelector('svg.main-svg'))")


def metric(page: "Page", label: str, **params: object) -> str:
    """The value of the metric named by the text key `label`."""
    return page.get_by_test_id("stMetric").filter(has_text=text(label, **params)).get_by_test_id("stMetricValue").first.inner_text()
