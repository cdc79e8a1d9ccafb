"""Stock terms on the Sales page: measured, taken over, matched; what is saved without a new count ends no order."""

import pandas as pd
import pytest
import stock
from pages_without_browser import csv, lines, metrics, opened, planned, ran, said, sold, table_of, upload
from pages_without_browser import stock as stock_table
from streamlit.testing.v1 import AppTest

from inventory import sent
from inventory.decisions import decisions
from inventory.sending import send
from inventory.stock import save_stock
from inventory.stock import table_of as saved_table
from inventory.terms import read_terms
from sales import datasets as saved
from sales.mapping import Mapping
from sales.recipe import Recipe, apply
from ui.texts import text
from workspace.datasets import Dataset


@pytest.fixture
def data() -> Dataset:
    """Saved sales with a stock file."""
    made = saved.save_sales("Shop", sold(), {"source": "test"})
    save_stock(made, stock_table(), "stock.csv", [], "Ann")
    return made


def history() -> pd.DataFrame:
    """Six orders of item 00, nine days each, and one of 01 that is still to come."""
    days = pd.date_range("2024-01-01", periods=6, freq="7D")
    came = pd.DataFrame({"item": "00", "supplier": "North", "ordered": days, "received": days + pd.Timedelta(days=9), "quantity": 5})
    return pd.concat([came, came.iloc[[0]].assign(item="01", received=pd.NaT, quantity=30, supplier="South")], ignore_index=True)


def terms_of(data: Dataset):  # type: ignore[no-untyped-def]
    table = saved_table(data, decisions(data.name, data.facts["fingerprint"]).stock)
    return read_terms(data.read(table), saved.load_sales(data))[0]


def tick_box(app: AppTest, key: str) -> AppTest:
    return ran(next(box for box in app.checkbox if str(box.key).startswith(key)).check())


def test_lead_times_are_shown_before_they_are_used(data: Dataset) -> None:
    app = upload(opened("sales", data), "purchases-file", "orders.csv", csv(history()))
    shown = table_of(app, "lead_time_orders").set_index("item")
    assert shown["lead_time_days"].to_dict() == {"00": 9, "02": 9}
    assert shown["lead_time_from"].to_dict() == {"00": text("purchases.from.item"), "02": text("purchases.from.supplier")}
    assert not [button for button in app.button if button.key == "save-stock"]
    ran(tick_box(app, "use-lead-times").button(key="save-stock").click())
    assert terms_of(data).lead_time_days.tolist() == [9, 10, 9, 10]
    assert terms_of(data).lead_time_orders.tolist() == [6, 0, 6, 0]
    assert terms_of(data).on_hand.tolist() == [20] * 4


def test_what_is_still_to_come_can_be_taken_as_on_order(data: Dataset) -> None:
    app = upload(opened("sales", data), "purchases-file", "orders.csv", csv(history()))
    ran(tick_box(app, "use-open").button(key="save-stock").click())
    assert terms_of(data).on_order.tolist() == [0, 30, 0, 0]


def test_terms_changed_without_a_count_end_no_order(data: Dataset) -> None:
    version = data.facts["fingerprint"]
    made = send(data.name, version, stock.planned(2, [1, 2], 0), decisions(data.name, version), "Ann")
    sent.received(data.name, [made[0].id], "Ann")
    app = upload(opened("sales", data), "purchases-file", "orders.csv", csv(history()))
    tick_box(app, "use-lead-times")
    assert text("stock.on_top") in [caption.value for caption in app.caption]
    ran(app.text_input(key="planner-name").set_value("Bob"))
    ran(app.button(key="save-stock").click())
    assert [(order.item, order.state) for order in sent.load(data.name)] == [("A001", "open"), ("A000", "received")]


def test_items_without_a_partner_are_listed_with_the_nearest(data: Dataset) -> None:
    app = upload(opened("sales", data), "stock-file", "new.csv", csv(stock_table().replace({"item": {"01": "0-1"}})))
    listed = table_of(app, "nearest")
    assert listed[["item", "nearest"]].to_numpy().tolist() == [["0-1", "01"], ["01", "0-1"]]
    assert text("stock.unmatched", file=1, sales=1) in [box.label for box in app.expander]


def test_terms_are_summed_up_with_their_units_before_and_after_they_are_saved(data: Dataset) -> None:
    table = stock_table().assign(on_order=[6, 0, 0, 0], backorders=1, unit_cost=["2.5", "2.5", "2.5", ""], on_hand=[20, 21, 22, ""])
    app = upload(opened("sales", data), "stock-file", "new.csv", csv(table))
    wanted = {
        text("stock.counted", items=4): "3",
        text("stock.on_hand"): "63",
        text("stock.on_order"): "6",
        text("stock.lead_time"): "10",
        text("stock.value", currency="EUR"): "158",
    }
    assert wanted.items() <= metrics(app).items()
    ran(app.button(key="save-stock").click())
    assert text("stock.done", title="Shop") in said(app)
    assert wanted.items() <= metrics(app).items()
    assert text("stock.done", title="Shop") not in said(ran(app))


def test_a_column_is_what_somebody_says_that_it_is(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[bytes] = []
    monkeypatch.setattr("ui.tables.st.download_button", lambda label, content, *_, **__: files.append(content))
    table = stock_table().rename(columns={"unit_cost": "Price", "lead_time_days": "Wait"}).assign(colour="red")
    app = upload(opened("sales", data), "stock-file", "new.csv", csv(table))

    def role(header: str):  # type: ignore[no-untyped-def]
        return next(box for box in app.selectbox if str(box.key).startswith(f"stock-role-{header}"))

    assert [role(header).value for header in ("item", "Price", "Wait", "colour")] == ["item", "unit_price", "", ""]
    assert "colour" in files[-1].decode()
    role("Price").set_value("unit_cost")
    ran(role("Wait").set_value("lead_time_days"))
    ran(app.button(key="save-stock").click())
    made = terms_of(data)
    assert (made.unit_cost.tolist(), made.lead_time_days.tolist()) == ([2.5] * 4, [10] * 4)
    assert pd.isna(made.unit_price).all()


def test_stock_under_a_code_that_another_took_the_place_of_is_told() -> None:
    table = lines()
    recipe = Recipe(Mapping("sku", "day", "qty"), merges={"00": "01"})
    panel = apply(recipe, table).panel
    assert panel is not None
    made = saved.save_sales("Merged", panel, {"source": "test"}, [table], recipe.to_json())
    app = upload(opened("sales", made), "stock-file", "new.csv", csv(stock_table()))
    told = " ".join(str(cell) for one in app.table for cell in one.value.to_numpy().ravel())
    assert "00 → 01" in told


def test_the_table_to_edit_has_all_items_and_units(data: Dataset) -> None:
    app = opened("sales", data)
    ran(next(toggle for toggle in app.toggle if str(toggle.key).startswith("stock-edit")).set_value(True))
    shown = table_of(app, "order_multiple")
    assert shown["item"].tolist() == ["00", "01", "02", "03"]
    assert shown["lead_time_days"].tolist() == ["10"] * 4
    assert not [button for button in app.button if button.key == "save-stock"]


def test_a_supplier_below_its_minimum_is_told_on_the_order_list() -> None:
    data = planned()
    save_stock(data, stock_table().assign(supplier_minimum=1e6), "stock.csv", [], "Ann")
    warnings = [warning.value for warning in opened("reorder", data).warning]
    assert sum("North" in one and "below" in one for one in warnings) == 1
