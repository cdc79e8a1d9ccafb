"""The Reorder page without a browser: the list, one line looked into, settings moved and saved, data that changed."""

import numpy as np
import pandas as pd
import pytest
import stock as spreads
from pages_without_browser import choose, listed, metrics, opened, plan, planned, ran, signed, sold_more

from inventory.plan import reorder_plan
from inventory.settings import KIND, PlanSettings, of_records, save_settings
from sales.calendar import Calendar
from ui import order_table
from ui.texts import text
from workspace import facts
from workspace.datasets import Dataset

ROWS_PER_PAGE = 3


@pytest.fixture
def shop() -> Dataset:
    return planned()


def test_a_line_chosen_shows_its_arithmetic_and_its_stock_to_come(shop: Dataset) -> None:
    app = opened("reorder", shop)
    assert text("line.choose") in [caption.value for caption in app.caption]
    choose(app, shop, "02")
    assert text("line.title", item="02") in [header.value for header in app.subheader]
    assert len(app.get("plotly_chart")) == 2
    row = plan(app).loc["02"]
    reason = next(m.value for m in app.markdown if "safety" in m.value)
    assert f"{row['quantity']:.0f}" in reason


def test_the_choice_stays_with_its_item_when_the_order_of_rows_changes(shop: Dataset) -> None:
    app = choose(opened("reorder", shop), shop, "00")
    before = list(listed(app).index)
    assert app.session_state[f"plan-{shop.name}"]["selection"]["rows"] == [before.index("00")]
    ran(app.selectbox(key="sort").set_value("item"))
    assert list(listed(app).index) != before
    assert app.session_state[f"plan-{shop.name}"]["selection"]["rows"] == [0]


def test_the_list_comes_in_pages_and_the_search_finds_the_rest(shop: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_table, "ROWS", ROWS_PER_PAGE)
    app = opened("reorder", shop)
    first = listed(app)
    assert len(first) == ROWS_PER_PAGE
    assert first["order_value"].is_monotonic_decreasing
    assert metrics(app)[text("reorder.lines")] == "4"
    app.session_state[f"page-{shop.name}"] = 2
    ran(app)
    assert set(listed(app).index) | set(first.index) == {"00", "01", "02", "03"}
    ran(app.text_input(key=f"search-{shop.name}").set_value("03"))
    assert list(listed(app).index) == ["03"]


def test_settings_saved_are_where_the_next_session_begins_and_reset_goes_back(shop: Dataset) -> None:
    app = signed(shop)
    assert app.button(key="save-settings").disabled
    ran(app.slider(key=f"service-level-{shop.name}").set_value(80.0))
    assert any("service level 95.0% → 80.0%" in caption.value for caption in app.caption)
    assert (plan(app)["change"] < 0).all()
    ran(app.button(key="save-settings").click())
    assert of_records(facts.records(KIND, shop.name)) == PlanSettings(service_level=0.8)
    assert "change" not in plan(app)
    other = opened("reorder", shop)
    assert other.slider(key=f"service-level-{shop.name}").value == 80.0
    ran(other.toggle(key=f"review-own-{shop.name}").set_value(False))
    ran(other.slider(key=f"review-{shop.name}").set_value(60))
    assert (plan(other)["change"] > 0).all()
    ran(other.button(key="reset-settings").click())
    assert other.toggle(key=f"review-own-{shop.name}").value
    assert "change" not in plan(other)


def test_the_change_is_stated_in_units_that_the_two_plans_differ_by(shop: Dataset) -> None:
    app = opened("reorder", shop)
    before = plan(app)["quantity"]
    ran(app.slider(key=f"safety-factor-{shop.name}").set_value(2.0))
    change = plan(app)["quantity"] - before
    pd.testing.assert_series_equal(plan(app)["change"], change, check_names=False, check_dtype=False)
    assert any(f"{change.sum():+,.0f} units" in caption.value for caption in app.caption)


def test_two_datasets_have_sliders_of_their_own(shop: Dataset) -> None:
    other = planned("Other")
    app = opened("reorder", shop)
    ran(app.slider(key=f"service-level-{shop.name}").set_value(80.0))
    app.selectbox(key="data").set_value(other.name)
    ran(app)
    assert app.slider(key=f"service-level-{other.name}").value == 95.0


def test_home_shows_the_plan_under_the_settings_saved(shop: Dataset) -> None:
    before = metrics(opened("home", shop))
    save_settings(shop.name, PlanSettings(safety_factor=3), "Ada")
    after = metrics(opened("home", shop))
    label = text("home.value", currency="EUR")
    assert float(after[label].replace(",", "")) > float(before[label].replace(",", ""))


def test_an_item_that_the_new_data_lacks_keeps_its_terms_in_the_plan_of_the_old(shop: Dataset) -> None:
    before = plan(opened("reorder", shop))
    after = plan(opened("reorder", sold_more(shop, items=3)))
    pd.testing.assert_frame_equal(after, before)


def test_a_plan_on_data_that_changed_says_so_and_asks_before_it_is_used(shop: Dataset) -> None:
    opened("reorder", shop)
    app = signed(sold_more(shop))
    assert any("data changed since" in warning.value for warning in app.warning)
    keys = ("download-csv", "download-xlsx", "download-statement")
    assert all(app.download_button(key=key).disabled for key in keys)
    ran(app.checkbox(key="agree-stale").check())
    assert not any(app.download_button(key=key).disabled for key in keys)


def test_rows_rank_by_what_is_asked_the_unknown_last() -> None:
    spread = spreads.spread([1, 9, 5, 6], 0)
    made_of = reorder_plan(spreads.terms(4, unit_cost=[1, np.nan, 5, 4]), spread, Calendar("D"), PlanSettings())
    change = np.array([-9, 1, 0, 2.0])
    assert made_of.order_value.tolist() == pytest.approx([21, np.nan, 525, 504], nan_ok=True)
    assert order_table.ranked(made_of, change, "order_value").tolist() == [2, 3, 0, 1]
    assert order_table.ranked(made_of, change, "quantity").tolist() == [1, 3, 2, 0]
    assert order_table.ranked(made_of, change, "change").tolist() == [0, 3, 1, 2]
    assert order_table.ranked(made_of, change, "item").tolist() == [0, 1, 2, 3]
