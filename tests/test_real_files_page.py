"""Real files through the Sales page, each as it came: what is odd about it is found and counted, and what is made of it is sane."""

import datetime

import numpy as np
import pandas as pd
import pytest
import workbooks
from pages_without_browser import csv, metrics, opened, ran, upload
from realdata import folder
from streamlit.testing.v1 import AppTest
from test_intake_page import kept, keyed, labels
from test_stock_page import terms_of

from forecasting.backtest import backtest, forecast_all
from forecasting.cutoffs import last_cutoffs
from forecasting.models import registry
from forecasting.spread import demand_spread
from inventory.plan import PlanSettings, reorder_plan
from inventory.terms import default_terms
from sales import datasets as saved
from sales.__main__ import main
from sales.alike import alike_codes
from sales.panel import SalesPanel
from sales.recipe import Recipe, apply
from ui.tables import BREAK
from ui.texts import plain, text
from workspace.datasets import Dataset, datasets

pytestmark = pytest.mark.slow

ENORMOUS = "23166"  # 74,215 sold and taken back on one day


def by_command(*typed: object) -> Dataset:
    """What `python -m sales import` saves."""
    assert main(["import", *map(str, typed), "--dataset", "By command"]) == 0
    return datasets()[0]


def same_by_command(data: Dataset, *typed: object) -> None:
    """The command with these words decides as the page did, and saves the same sales."""
    typed_data = by_command(*typed)
    assert saved.recipe_of(typed_data) == saved.recipe_of(data)
    assert typed_data.facts["fingerprint"] == data.facts["fingerprint"]


def label(app: AppTest, name: str) -> str:
    (one,) = [label for label in labels(app) if text(name) in label]
    return one


def safety_stock(panel: SalesPanel, item: str) -> float:
    """Units of safety stock of `item` in a plan over it and the best sellers, lead time and review period as they are assumed."""
    some = panel.select(np.union1d(panel.best_sellers(50), panel.rows_of([item])))
    model, horizon = [registry.model("theta")], 6
    rows = backtest(some, model, horizon, last_cutoffs(some, 3, horizon))
    spread = demand_spread(some, forecast_all(some, model, horizon), rows, "theta")
    made = reorder_plan(default_terms(some), spread, some.calendar, PlanSettings(0.95))
    return float(made.safety_stock[made.items == item][0])


def counted(app: AppTest) -> None:
    """The quirks of the gift shop, as its description counts them."""
    for name, rows in {
        "repair.returns": "10,624 rows",
        "repair.duplicate_lines": "5,268 rows",
        "repair.price_not_positive": "2,517 rows",
    }.items():
        assert rows in label(app, name)
    assert text("checks.rows_used", read=541_909) in metrics(app)


def test_a_gift_shop_with_all_its_dirt() -> None:
    lines = pd.read_parquet(folder("online_retail") / "online_retail.parquet")
    app = upload(opened("sales"), "sales-file", "online retail.csv", csv(lines))
    ran(keyed(app.selectbox, "frequency-").set_value("W"))
    counted(app)
    assert metrics(app)[text("checks.items")] == "3,900"
    data = kept(app)
    panel = saved.load_sales(data)
    enormous = panel.y[panel.rows_of([ENORMOUS])[0]]
    assert np.nanmax(enormous) < 1_000
    (raw,) = saved.raw_of(data)
    recipe = Recipe.from_json(saved.recipe_of(data))
    assert set(raw["CustomerID"].dropna()).isdisjoint(lines["CustomerID"].dropna().astype(int).astype(str))
    (returns,) = [finding for finding in apply(recipe, raw).findings if finding.code == "returns"]
    assert returns.params["cancelled"] == 9_288
    spellings = lines.groupby(lines["StockCode"].str.upper())["StockCode"].nunique()
    assert len([group for group in alike_codes(lines["StockCode"].unique().tolist()) if group.why == "case"]) == (spellings > 1).sum()
    assert 0 < safety_stock(panel, ENORMOUS) < np.nansum(enormous[-13:])
    kept_all = apply(Recipe(recipe.mapping, "W", actions={"returns": "keep"}), raw).panel
    assert kept_all is not None
    assert np.nanmax(kept_all.y[kept_all.rows_of([ENORMOUS])[0]]) < 1_000  # taken back on the day it was sold
    dropped = apply(Recipe(recipe.mapping, "W", actions={"returns": "drop"}), raw).panel
    assert dropped is not None
    assert np.nanmax(dropped.y[dropped.rows_of([ENORMOUS])[0]]) > 74_000


def test_the_gift_shop_as_a_workbook() -> None:
    lines = pd.read_parquet(folder("online_retail") / "online_retail.parquet")
    app = upload(opened("sales"), "sales-file", "Online Retail.xlsx", workbooks.written(lines))
    assert any("sheet Sales" in caption.value for caption in app.caption)
    ran(keyed(app.selectbox, "frequency-").set_value("W"))
    counted(app)
    assert metrics(app)[text("checks.items")] == "3,900"


def test_both_tables_of_a_marketplace_joined() -> None:
    """Nine of ten rows of either file are blank, and each was cut on its own: most lines have no order, which is said."""
    place = folder("messy_ingest")
    app = opened("sales")
    for key, name in (("sales-file", "order_items"), ("second-", "orders")):
        file = f"olist_{name}_dataset_90pct_blank_rows_CRLF_US_dates.csv.gz"
        upload(app, key, file, (place / file).read_bytes())
    assert keyed(app.multiselect, "join-left-").value == keyed(app.multiselect, "join-right-").value == ["order_id"]
    assert keyed(app.selectbox, "role-date-").value == "order_purchase_timestamp"
    ran(keyed(app.checkbox, "one-a-row-").set_value(True))
    told = [row for table in app.table for row in table.value.to_numpy().tolist()]
    assert any("9,024" in str(cell) for row in told for cell in row)
    data = kept(app)
    panel = saved.load_sales(data)
    assert 900 < panel.units <= 974
    assert (str(panel.periods[0].date()) >= "2016-09-01", str(panel.last.date()) <= "2018-10-17") == (True, True)
    lines, orders = (place / f"olist_{name}_dataset_90pct_blank_rows_CRLF_US_dates.csv.gz" for name in ("order_items", "orders"))
    same_by_command(data, lines, "--join", orders, "--one-a-row")


def test_a_workbook_with_six_rows_of_header_and_weeks_across() -> None:
    name = "MAN_raw_six_header_rows.xlsx"
    app = upload(opened("sales"), "sales-file", name, (folder("messy_ingest") / name).read_bytes())
    assert any("header from row 1 on, 6 rows" in caption.value for caption in app.caption)
    assert keyed(app.radio, "layout-").value == "dates_across"
    assert keyed(app.selectbox, "role-item-").value == "SKU nr"
    assert (metrics(app)[text("checks.items")], metrics(app)[text("checks.periods", period=text("frequency.W"))]) == ("3,451", "150")
    data = kept(app)
    panel = saved.load_sales(data)
    same_by_command(data, folder("messy_ingest") / name)
    weekly = pd.read_parquet(folder("spare_parts") / "man_demand_weekly.parquet")
    assert panel.units == pytest.approx(weekly.select_dtypes("number").to_numpy()[:, -1].sum(), rel=0.001)


def test_weekly_sales_of_departments_each_store_apart() -> None:
    name = "train.parquet"
    app = upload(opened("sales"), "sales-file", name, (folder("walmart_weekly") / name).read_bytes())
    keyed(app.selectbox, "role-item-").set_value("Store")
    keyed(app.selectbox, "role-category-").set_value(None)
    keyed(app.selectbox, "gaps-").set_value("unknown")
    ran(keyed(app.multiselect, "apart-").set_value(["Dept"]))
    assert "1,285 rows" in label(app, "repair.negative_totals")
    assert text("look.unknown_periods") in label(app, "look.unknown_periods")
    data = kept(app)
    panel = saved.load_sales(data)
    assert (len(panel), len(panel.periods), panel.items[0]) == (3_323, 143, "1 / 1")
    same_by_command(data, folder("walmart_weekly") / name, "--item", "Store", "--location", "Store", "--apart", "Dept", "--gaps", "unknown")


def test_a_column_for_each_item_and_no_dates() -> None:
    name = "jewelry_wide.parquet"
    app = upload(opened("sales"), "sales-file", name, (folder("jewelry") / name).read_bytes())
    assert keyed(app.radio, "layout-").value == "items_across"
    keyed(app.date_input, "first-date-").set_value(datetime.date(1998, 1, 5))
    ran(keyed(app.selectbox, "shape-step-").set_value("W"))
    data = kept(app)
    panel = saved.load_sales(data)
    assert (len(panel), len(panel.periods), panel.calendar.frequency) == (314, 124, "W")
    assert panel.units == pd.read_parquet(folder("jewelry") / name).to_numpy().sum()
    typed = by_command(folder("jewelry") / name, "--first-date", "1998-01-05", "--freq", "W")
    assert typed.facts["fingerprint"] == data.facts["fingerprint"]


def test_a_refinery_s_parts_with_their_stock_terms() -> None:
    """7,024 parts by month and the terms of all of them, of which a price is what the store pays."""
    place = folder("spare_parts")
    app = upload(opened("sales"), "sales-file", "oil_demand_monthly.parquet", (place / "oil_demand_monthly.parquet").read_bytes())
    assert "2,032 rows" in label(app, "repair.negative_totals")
    data = kept(app)
    upload(app, "stock-file", "oil_items.parquet", (place / "oil_items.parquet").read_bytes())
    assert [keyed(app.selectbox, f"stock-role-{name}").value for name in ("sku", "price", "reorder_point", "stock_on_hand")] == [
        "item",
        "unit_price",
        "min_stock",
        "on_hand",
    ]
    told = [str(cell).replace(BREAK, "") for table in app.table for row in table.value.to_numpy().tolist() for cell in row]
    for words in ("n_high_crit; n_med_crit; n_low_crit; n_installed", "min_stock, max_stock"):
        assert [cell for cell in told if plain(words) in cell]
    ran(keyed(app.selectbox, "stock-role-price").set_value("unit_cost"))
    items = pd.read_parquet(place / "oil_items.parquet").set_index("sku")
    shown = metrics(app)
    assert shown[text("stock.counted", items=7_024)] == "7,024"
    assert shown[text("stock.on_hand")] == f"{items['stock_on_hand'].sum():,}"
    assert shown[text("stock.lead_time")] == f"{items['lead_time_days'].median():g}"
    assert shown[text("stock.value", currency="EUR")] == f"{(items['stock_on_hand'] * items['price']).sum():,.0f}"
    ran(app.button(key="save-stock").click())
    terms = terms_of(data)
    rows = items.loc[terms.items.astype(int)]
    for name, column in (("on_hand", "stock_on_hand"), ("lead_time_days",) * 2, ("unit_cost", "price"), ("max_stock",) * 2):
        np.testing.assert_array_equal(getattr(terms, name), rows[column])
    np.testing.assert_array_equal(terms.min_stock, rows["reorder_point"])
