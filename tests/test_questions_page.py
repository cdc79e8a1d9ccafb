"""The five questions of Compare in a real browser: each tab shows its pictures, and one item is followed through them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import journey
import numpy as np
import pytest
from browser import open_page, served
from pages_without_browser import finished
from panels import weekly_shop

from forecasting.backtest import backtest, forecast_all
from forecasting.cutoffs import last_cutoffs
from forecasting.models import registry
from sales import datasets as saved
from ui.compare import QUESTIONS
from ui.model_style import with_family
from ui.texts import text

if TYPE_CHECKING:
    from playwright.sync_api import Page

HORIZON = 14


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server over a shop of five items with a finished comparison of all models that take no time."""
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path))
    panel = weekly_shop(5, 120, np.random.default_rng(4))
    data = saved.save_sales("Shop", panel, {"source": "test"})
    models = [registry.model(name) for name in registry.NAMES if registry.card(name).cost == "instant"]
    finished(data, backtest(panel, models, HORIZON, last_cutoffs(panel, 2, HORIZON)), forecast_all(panel, models, HORIZON))
    with served(tmp_path) as running:
        yield running


@pytest.mark.slow
def test_each_question_is_answered_by_pictures_about_the_item_chosen(url: str, page: "Page") -> None:
    from playwright.sync_api import expect

    open_page(page, f"{url}/Compare?data=Shop")
    journey.choose(page, text("compare.choose_item"), "A003")
    for name in QUESTIONS:
        tab = page.get_by_role("tab", name=text(f"question.{name}"), exact=True)
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        if name != "drives":
            expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible()
        journey.drawn(page)
        if name == "which":
            expect(page.get_by_role("heading", name=text("compare.item", item="A003"))).to_be_visible()
            page.get_by_text(text("past.title")).click()
            expect(page.get_by_text(text("past.acf").split("*")[2], exact=True)).to_be_visible()
    expect(page.get_by_text("A003 by")).to_be_visible()


@pytest.mark.slow
def test_one_click_asks_for_all_models_by_name_and_family(url: str, page: "Page") -> None:
    from playwright.sync_api import expect

    open_page(page, f"{url}/Compare?data=Shop")
    page.get_by_role("radio", name=text("form.quick.all", count=len(registry.NAMES)), exact=True).click()
    chosen = page.get_by_test_id("stMultiSelect").filter(has_text=text("form.models"))
    for model in registry.NAMES:
        expect(chosen.get_by_text(with_family(model), exact=True)).to_be_visible()
