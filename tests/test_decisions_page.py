"""What a planner decides on the Reorder page, without a browser: overrides, adjustments, and what ticked rows become."""

from datetime import date

import pandas as pd
import pytest
from pages_without_browser import (
    choose,
    none_ticked,
    opened,
    override,
    plan,
    planned,
    ran,
    said,
    signed,
    signed_by,
    sold_more,
    submit,
    table_of,
    tick,
)
from streamlit.testing.v1 import AppTest

from inventory import adjustments, overrides
from ui.texts import text
from workspace.datasets import Dataset


@pytest.fixture
def shop() -> Dataset:
    return planned()


def test_nothing_is_saved_without_a_name(shop: Dataset) -> None:
    app = choose(opened("reorder", shop), shop, "00")
    ran(app.slider(key=f"service-level-{shop.name}").set_value(80.0))
    assert all(app.button(key=key).disabled for key in ("save-settings", "mark-sent"))
    for label in ("override.save", "adjustment.save"):
        assert next(button for button in app.button if button.label == text(label)).disabled


def test_an_override_is_marked_seen_by_the_next_session_and_cleared(shop: Dataset) -> None:
    app = choose(signed(shop), shop, "00", "02")
    computed = plan(app)["quantity"]
    override(app, shop, 7)
    now = plan(app)
    assert now.loc[["00", "02"], "quantity"].tolist() == [7, 7]
    assert now.loc["00", "mark"] == text("reorder.mark", computed=f"{computed['00']:,.10g}")
    assert now.loc["01", "mark"] == ""
    assert {(o.item, o.reason, o.by) for o in overrides.load(shop.name)} == {(item, "fair next week", "Ada") for item in ("00", "02")}
    other = signed(shop)
    assert plan(other).loc["00", "quantity"] == 7
    assert signed_by("Ada") in plan(other).loc["00", "reason"]
    tick(other, "overrides", 0)
    ran(other.button(key="clear-overrides").click())
    assert [o.item for o in overrides.load(shop.name)] == ["00"]
    assert none_ticked(other, "clear-overrides")
    ran(other.button(key="clear-all-overrides").click())
    pd.testing.assert_series_equal(plan(other)["quantity"], computed)


def test_overrides_of_other_data_wait_for_an_answer(shop: Dataset) -> None:
    app = choose(signed(shop), shop, "00", "02")
    computed = plan(app)["quantity"]
    override(app, shop, 7)
    later = signed(sold_more(shop))
    assert text("override.ask_again", count=2) in [warning.value for warning in later.warning]
    pd.testing.assert_series_equal(plan(later)["quantity"], computed)
    tick(later, "old-overrides", 0)
    ran(later.button(key="keep-overrides").click())
    assert plan(later)["quantity"].eq(7).to_dict() == {"00": False, "01": False, "02": True, "03": False}
    assert none_ticked(later, "keep-overrides", "drop-overrides")
    tick(later, "old-overrides", 0)
    ran(later.button(key="drop-overrides").click())
    assert [o.item for o in overrides.load(shop.name)] == ["02"]
    assert not [button for button in later.button if button.key == "keep-overrides"]


@pytest.mark.parametrize("button", ["keep-overrides", "keep-all-overrides"])
def test_a_page_older_than_the_data_keeps_nothing(shop: Dataset, button: str) -> None:
    override(choose(signed(shop), shop, "00"), shop, 7)
    made = overrides.load(shop.name)
    app = tick(signed(sold_more(shop)), "old-overrides", 0)
    sold_more(shop, items=2)
    ran(app.button(key=button).click())
    assert text("override.moved_on") in said(app)
    assert overrides.load(shop.name) == made


def test_all_lines_shown_change_by_percent_and_not_the_others(shop: Dataset) -> None:
    app = signed(shop)
    ran(app.multiselect(key=f"suppliers-{shop.name}").set_value(["North"]))
    before = plan(app)["quantity"]
    override(app, shop, 50, "percent")
    after = plan(app)["quantity"]
    assert (after >= before * 1.5).all()
    assert (after < before * 1.5 + 6).all()
    assert (after % 6 == 0).all()
    assert {o.item for o in overrides.load(shop.name)} == set(before.index) == {"00", "02"}


@pytest.mark.parametrize(
    ("scope", "amount", "kind", "reason", "why"),
    [
        ("shown", 5, "units", "fair", "override.choose_first"),
        ("chosen", -5, "units", "fair", "override.negative"),
        ("chosen", 20_000, "percent", "fair", "override.percent"),
        ("chosen", 5, "units", " ", "planner.no_reason"),
    ],
)
def test_an_override_that_cannot_be_says_why_and_saves_nothing(
    shop: Dataset, scope: str, amount: float, kind: str, reason: str, why: str
) -> None:
    app = choose(signed(shop), shop, "00")
    app.radio(key=f"override-scope-chosen-{shop.name}").set_value(scope)
    override(app, shop, amount, kind, reason)
    assert text(why, most=10_000) in said(app)
    assert overrides.load(shop.name) == []


def test_an_adjustment_moves_the_plan_and_is_drawn_beside_the_model(shop: Dataset) -> None:
    app = choose(signed(shop), shop, "01")
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


def adjust(
    app: AppTest, data: Dataset, amount: float, scope: str | None = None, first: date | None = None, last: date = date(2024, 5, 31)
) -> AppTest:
    name = data.name
    if scope:
        app.radio(key=f"adjustment-scope-many-{name}").set_value(scope)
    if first:
        app.date_input(key=f"adjustment-first-{name}").set_value(first)
    app.date_input(key=f"adjustment-last-{name}").set_value(last)
    app.number_input(key=f"adjustment-amount-{name}").set_value(float(amount))
    app.text_input(key=f"adjustment-reason-{name}").set_value("spring campaign")
    return submit(app, "adjustment.save")


def test_an_adjustment_says_by_how_much_it_moves_the_forecast(shop: Dataset) -> None:
    """The last day of sales is 30 March: a year before nothing is moved, and the page says so."""
    app = choose(signed(shop), shop, "01")
    before = plan(app).loc["01", "demand"]
    adjust(app, shop, 100, first=date(2024, 4, 12), last=date(2024, 4, 13))
    moved = plan(app).loc["01", "demand"] - before
    assert moved > 0
    assert table_of(app, "moved")["moved"].tolist() == pytest.approx([moved])
    assert not idle(app)
    adjust(app, shop, 100, first=date(2023, 4, 12), last=date(2023, 4, 13))
    assert table_of(app, "moved")["moved"].tolist() == pytest.approx([0, moved])
    assert idle(app) == [text("adjustment.idle", count=1)]
    tick(app, "adjustments", 0)
    ran(app.button(key="clear-adjustments").click())
    assert not idle(app)
    assert none_ticked(app, "clear-adjustments")


def test_past_the_forecast_an_adjustment_counts_where_the_interval_reaches_it(shop: Dataset) -> None:
    """14 days are forecast, from 31 March on. Lead time and review of 40 days reach 9 May."""
    app = choose(signed(shop), shop, "01")
    before = plan(app).loc["01", "demand"]
    adjust(app, shop, 100, first=date(2024, 5, 1), last=date(2024, 5, 2))
    assert plan(app).loc["01", "demand"] == before
    assert not idle(app)
    for name, days in (("lead_time", 30), ("review", 10)):
        ran(app.toggle(key=f"{name}-own-{shop.name}").set_value(False))
        ran(app.slider(key=f"{name}-{shop.name}").set_value(days))
    moved, after = table_of(app, "moved")["moved"].iloc[0], plan(app).loc["01", "demand"]
    ran(app.button(key="clear-all-adjustments").click())
    assert 0 < moved == pytest.approx(after - plan(app).loc["01", "demand"])


def idle(app: AppTest) -> list[str]:
    return [warning.value for warning in app.warning if "change nothing" in warning.value]


def test_a_category_of_the_stock_file_can_be_adjusted(shop: Dataset) -> None:
    app = signed(shop)
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
    app = adjust(signed(shop), shop, amount, "all", first)
    assert text(why, least=-100, most=10_000) in said(app)
    assert adjustments.load(shop.name) == []
