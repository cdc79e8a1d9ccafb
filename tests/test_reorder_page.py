"""The Reorder page without a browser: one line looked into, settings saved, overrides, adjustments, orders sent, data that changed."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import stock as spreads
from inventory.saved import save_settings, saved_settings
from streamlit.testing.v1 import AppTest
from test_pages import lines, metrics, opened, ran, stock

from forecasting.backtest import backtest, forecast_all, last_cutoffs
from forecasting.models import registry
from inventory import adjustments, overrides, sent
from inventory.plan import reorder_plan
from inventory.settings import PlanSettings
from sales import datasets as saved
from sales.calendar import Calendar
from sales.intake import intake
from sales.mapping import Mapping
from ui import order_table, session
from ui.session import Result
from ui.texts import text
from workspace.datasets import Dataset, open_dataset

ROWS_PER_PAGE = 3


def made(title: str, items: int = 4) -> Dataset:
    panel = intake(lines(items), Mapping("sku", "day", "qty")).panel
    assert panel is not None
    terms = stock(items).assign(pack=6, category=["Mugs", "Pans"] * (items // 2))
    return saved.save_sales(title, panel, {"source": "test"}, stock=terms)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Saved sales and stock with a comparison of one model, which stands whatever becomes of the data."""
    results: dict[str, Result] = {}

    def result_of(dataset: Dataset) -> Result:
        if dataset.name not in results:
            panel, model = session.panel_of(dataset), [registry.model("seasonal_naive")]
            rows = backtest(panel, model, 14, last_cutoffs(panel, 3, 14))
            settings = {"fingerprint": dataset.facts["fingerprint"], "horizon": 14}
            run = SimpleNamespace(
                name=f"run-of-{dataset.name}-{dataset.facts['fingerprint']}", settings=settings, about={"data": dataset.name}
            )
            results[dataset.name] = Result(run, rows, forecast_all(panel, model, 14))  # type: ignore[arg-type]
        return results[dataset.name]

    monkeypatch.setattr(session, "result_of", result_of)
    return made("Shop")


def planner(data: Dataset) -> AppTest:
    """The page, its reader's name typed."""
    app = opened("reorder", data)
    return ran(app.text_input(key="planner-name").set_value("Ada"))


def listed(app: AppTest) -> pd.DataFrame:
    return next(table.value for table in app.dataframe if "order_up_to" in table.value).set_index("item")


def plan(app: AppTest) -> pd.DataFrame:
    """The list by item."""
    return listed(app).sort_index()


def choose(app: AppTest, data: Dataset, *items: str) -> AppTest:
    app.session_state[f"chosen-{data.name}"] = list(items)
    return ran(app)


def submit(app: AppTest, label: str) -> AppTest:
    return ran(next(button for button in app.button if button.label == text(label)).click())


def override(app: AppTest, data: Dataset, amount: float, kind: str = "units", reason: str = "fair next week") -> AppTest:
    app.radio(key=f"override-kind-{data.name}").set_value(kind)
    app.number_input(key=f"override-amount-{data.name}").set_value(amount)
    app.text_input(key=f"override-reason-{data.name}").set_value(reason)
    return submit(app, "override.save")


def said(app: AppTest) -> list[str]:
    return [message.value for message in (*app.success, *app.error)]


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
    app = planner(shop)
    assert app.button(key="save-settings").disabled
    ran(app.slider(key=f"service-level-{shop.name}").set_value(80.0))
    assert any("service level 95.0% → 80.0%" in caption.value for caption in app.caption)
    assert (plan(app)["change"] < 0).all()
    ran(app.button(key="save-settings").click())
    assert saved_settings(shop.name) == PlanSettings(service_level=0.8)
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
    other = made("Other")
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


def test_nothing_is_saved_without_a_name(shop: Dataset) -> None:
    app = choose(opened("reorder", shop), shop, "00")
    ran(app.slider(key=f"service-level-{shop.name}").set_value(80.0))
    assert all(app.button(key=key).disabled for key in ("save-settings", "mark-sent"))
    for label in ("override.save", "adjustment.save"):
        assert next(button for button in app.button if button.label == text(label)).disabled


def test_an_override_is_marked_seen_by_the_next_session_and_cleared(shop: Dataset) -> None:
    app = choose(planner(shop), shop, "00", "02")
    computed = plan(app)["quantity"]
    override(app, shop, 7)
    now = plan(app)
    assert now.loc[["00", "02"], "quantity"].tolist() == [7, 7]
    assert now.loc["00", "mark"] == text("reorder.mark", computed=f"{computed['00']:,.10g}")
    assert now.loc["01", "mark"] == ""
    assert {(o.item, o.reason, o.by) for o in overrides.load(shop.name)} == {(item, "fair next week", "Ada") for item in ("00", "02")}
    other = planner(shop)
    assert plan(other).loc["00", "quantity"] == 7
    other.session_state[f"overrides-{shop.name}"] = {"selection": {"rows": [0]}}
    ran(other)
    ran(other.button(key="clear-overrides").click())
    assert plan(other)["mark"].ne("").sum() == 1
    ran(other.button(key="clear-all-overrides").click())
    pd.testing.assert_series_equal(plan(other)["quantity"], computed)


def test_all_lines_shown_change_by_percent_and_not_the_others(shop: Dataset) -> None:
    app = planner(shop)
    ran(app.multiselect(key=f"suppliers-{shop.name}").set_value(["North"]))
    before = plan(app)["quantity"]
    override(app, shop, 50, "percent")
    after = plan(app)["quantity"]
    assert (after >= before * 1.5).all()
    assert (after < before * 1.5 + 6).all()
    assert (after % 6 == 0).all()
    assert {o.item for o in overrides.load(shop.name)} == set(before.index) == {"00", "02"}


@pytest.mark.parametrize(
    ("chosen", "amount", "kind", "reason", "why"),
    [
        ([], 5, "units", "fair", "override.choose_first"),
        (["00"], -5, "units", "fair", "override.negative"),
        (["00"], 5, "units", " ", "planner.no_reason"),
    ],
)
def test_an_override_that_cannot_be_says_why_and_saves_nothing(
    shop: Dataset, chosen: list[str], amount: float, kind: str, reason: str, why: str
) -> None:
    app = choose(planner(shop), shop, *chosen)
    override(app, shop, amount, kind, reason)
    assert text(why) in said(app)
    assert overrides.load(shop.name) == []


def changed(data: Dataset, items: int = 4) -> Dataset:
    """The same dataset with ten more days of sales, and with so many items left."""
    panel = intake(lines(items, days=100), Mapping("sku", "day", "qty")).panel
    assert panel is not None
    saved.update_sales(data, panel, {"source": "test"})
    return open_dataset(data.name)


def test_overrides_of_other_data_wait_for_an_answer(shop: Dataset) -> None:
    app = choose(planner(shop), shop, "00", "02")
    computed = plan(app)["quantity"]
    override(app, shop, 7)
    later = planner(changed(shop))
    assert text("override.ask_again", count=2) in [warning.value for warning in later.warning]
    pd.testing.assert_series_equal(plan(later)["quantity"], computed)
    later.session_state[f"old-overrides-{shop.name}"] = {"selection": {"rows": [0]}}
    ran(later)
    ran(later.button(key="keep-overrides").click())
    assert plan(later)["quantity"].eq(7).sum() == 1
    later.session_state[f"old-overrides-{shop.name}"] = {"selection": {"rows": []}}
    ran(later)
    ran(later.button(key="drop-overrides").click())
    assert [o.item for o in overrides.load(shop.name)] == ["00"]


def test_an_item_that_the_new_data_lacks_keeps_its_terms_in_the_plan_of_the_old(shop: Dataset) -> None:
    before = plan(opened("reorder", shop))
    after = plan(opened("reorder", changed(shop, items=3)))
    pd.testing.assert_frame_equal(after, before)


def test_a_plan_on_data_that_changed_says_so_and_asks_before_it_is_used(shop: Dataset) -> None:
    opened("reorder", shop)
    app = planner(changed(shop))
    assert any("data changed since" in warning.value for warning in app.warning)
    keys = ("download-csv", "download-xlsx", "download-statement")
    assert all(app.download_button(key=key).disabled for key in keys)
    ran(app.checkbox(key="agree-stale").check())
    assert not any(app.download_button(key=key).disabled for key in keys)


def test_an_adjustment_moves_the_plan_and_is_drawn_beside_the_model(shop: Dataset) -> None:
    app = choose(planner(shop), shop, "01")
    before = plan(app)
    adjust(app, shop, 100)
    after = plan(app)
    assert after.loc["01", "demand"] == pytest.approx(2 * before.loc["01", "demand"])
    assert (after.drop("01")["quantity"] == before.drop("01")["quantity"]).all()
    assert text("adjustment.chart", item="01") in [m.value for m in app.markdown]
    assert len(app.get("plotly_chart")) == 3
    assert [(a.scope, a.target, a.percent, a.by) for a in adjustments.load(shop.name)] == [("item", "01", 100.0, "Ada")]
    ran(app.button(key="clear-all-adjustments").click())
    pd.testing.assert_series_equal(plan(app)["quantity"], before["quantity"])


def adjust(app: AppTest, data: Dataset, amount: float, scope: str | None = None, first: date | None = None) -> AppTest:
    name = data.name
    if scope:
        app.radio(key=f"adjustment-scope-many-{name}").set_value(scope)
    if first:
        app.date_input(key=f"adjustment-first-{name}").set_value(first)
    app.date_input(key=f"adjustment-last-{name}").set_value(date(2024, 5, 31))
    app.number_input(key=f"adjustment-amount-{name}").set_value(float(amount))
    app.text_input(key=f"adjustment-reason-{name}").set_value("spring campaign")
    return submit(app, "adjustment.save")


def test_a_category_of_the_stock_file_can_be_adjusted(shop: Dataset) -> None:
    app = planner(shop)
    before = plan(app)
    app.selectbox(key=f"adjustment-category-{shop.name}").set_value("Pans")
    adjust(app, shop, -50, "category")
    after = plan(app)
    ratio = (after["demand"] / before["demand"]).round(6)
    assert ratio.to_dict() == {"00": 1.0, "01": 0.5, "02": 1.0, "03": 0.5}


@pytest.mark.parametrize(
    ("amount", "first", "why"),
    [(0, None, "adjustment.nothing"), (-200, None, "adjustment.percent"), (10, date(2024, 6, 1), "adjustment.dates")],
)
def test_an_adjustment_that_cannot_be_says_why(shop: Dataset, amount: float, first: date | None, why: str) -> None:
    app = adjust(planner(shop), shop, amount, "all", first)
    assert text(why, least=-100, most=1000) in said(app)
    assert adjustments.load(shop.name) == []


def test_an_order_marked_as_sent_is_on_order_and_not_ordered_again(shop: Dataset) -> None:
    app = planner(shop)
    before = plan(app)
    ran(app.button(key="mark-sent").click())
    orders = sent.load(shop.name)
    assert {o.item: o.quantity for o in orders} == before["quantity"].to_dict()
    after = plan(app)
    assert after["quantity"].eq(0).all()
    assert (after["on_order"] == before["quantity"]).all()
    app.session_state[f"sent-{shop.name}"] = {"selection": {"rows": [0]}}
    ran(app)
    ran(app.button(key="cancelled-sent").click())
    assert plan(app)["quantity"].gt(0).sum() == 1
    app.session_state[f"sent-{shop.name}"] = {"selection": {"rows": [0]}}
    ran(app)
    ran(app.button(key="received-sent").click())
    assert [o.state for o in sent.load(shop.name)].count("received") == 1
    assert plan(app)["quantity"].gt(0).sum() == 1


def test_rows_rank_by_what_is_asked_the_unknown_last() -> None:
    spread = spreads.spread([1, 9, 5, 6], 0)
    made_of = reorder_plan(spreads.terms(4, unit_cost=[1, np.nan, 5, 4]), spread, Calendar("D"), PlanSettings())
    change = np.array([-9, 1, 0, 2.0])
    assert made_of.order_value.tolist() == pytest.approx([21, np.nan, 525, 504], nan_ok=True)
    assert order_table.ranked(made_of, change, "order_value").tolist() == [2, 3, 0, 1]
    assert order_table.ranked(made_of, change, "quantity").tolist() == [1, 3, 2, 0]
    assert order_table.ranked(made_of, change, "change").tolist() == [0, 3, 1, 2]
    assert order_table.ranked(made_of, change, "item").tolist() == [0, 1, 2, 3]
