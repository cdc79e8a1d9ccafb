"""The main job in a real browser, on real sales: upload, map, compare four models, move a slider, download; the command line agrees."""

import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import journey
import pandas as pd
import pytest
from browser import ROOT, open_page

from ui.texts import text

if TYPE_CHECKING:
    from playwright.sync_api import Page


def downloaded(page: "Page") -> pd.DataFrame:
    """The order list as the page's button gives it, text as it stands in the file."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=text("reorder.download.csv")).click()
    content = Path(waiting.value.path()).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)


@pytest.mark.slow
def test_the_main_job_on_real_sales(app: str, page: "Page", tmp_path: Path) -> None:
    sales = journey.online_retail_csv(tmp_path)
    open_page(page, app)
    journey.go(page, "sales")
    journey.save_sales(page, sales, "Online retail")
    assert journey.metric(page, "checks.periods", period=text("frequency.W")) == "52"
    assert journey.metric(page, "explore.last") == "2011-11-28"

    journey.go(page, "compare")
    journey.compare(page)
    assert page.get_by_test_id("stException").count() == 0

    best = best_sellers(sales)
    journey.go(page, "sales")
    stock = journey.stock_csv(tmp_path, best)
    journey.save_stock(page, stock)
    journey.go(page, "reorder")
    journey.move_slider(page, "reorder.service_level", "ArrowLeft", 50, "service level of 90.0%")
    page.get_by_test_id("stCheckbox").filter(has_text="targets, not orders").locator("label").click()
    at_90 = downloaded(page)
    journey.move_slider(page, "reorder.service_level", "ArrowRight", 90, "service level of 99.0%")
    at_99 = downloaded(page)

    assert set(at_90["service_level"]) == {"0.9"}
    assert set(at_99["service_level"]) == {"0.99"}
    both = at_90.merge(at_99, on="item", suffixes=("_90", "_99"))
    assert len(both) == len(at_90) > 10
    more = both["quantity_99"].astype(float) - both["quantity_90"].astype(float)
    assert (more >= 0).all()
    assert (more > 0).mean() > 0.8
    assert set(at_99["item"]) <= set(best)

    pd.testing.assert_frame_equal(typed_plan(tmp_path, sales, stock, at_99["model"].iloc[0]), at_99)


def best_sellers(sales: Path, count: int = 30) -> list[str]:
    """The items with most units in the 52 full weeks, by pandas alone: returns are not taken from them, so the 20 that are planned, whose
    returns are, are among more than 20."""
    lines = pd.read_csv(sales, dtype={"StockCode": str}, parse_dates=["InvoiceDate"])
    full = lines[(lines["Quantity"] > 0) & lines["InvoiceDate"].between("2010-12-06", "2011-12-04 23:59:59")]
    return sorted(full.groupby("StockCode")["Quantity"].sum().nlargest(count).index)


def typed_plan(folder: Path, sales: Path, stock: Path, model: str) -> pd.DataFrame:
    """The same order list by the commands that README shows."""
    columns = ["--item", "StockCode", "--date", "InvoiceDate", "--units", "Quantity", "--freq", "W"]
    back, ahead, out = (str(folder / name) for name in ("backtest.parquet", "forecast.parquet", "reorder.csv"))
    same = ["--horizon", "6", "--best", "20"]
    command("forecasting", "backtest", str(sales), *columns, *same, "--cutoffs", "3", "--models", model, "--out", back)
    command("forecasting", "forecast", str(sales), *columns, *same, "--models", model, "--out", ahead)
    plan = ["--forecast", ahead, "--backtest", back, "--stock", str(stock), "--service-level", "0.99", "--out", out]
    command("inventory", "plan", "--sales", str(sales), *columns, *plan)
    return pd.read_csv(out, dtype=str, keep_default_na=False)
