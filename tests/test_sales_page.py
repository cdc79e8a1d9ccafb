"""Sales and stock brought up to date on the Sales page: what was there before is kept, and orders sent are never counted twice."""

import pytest
import stock
from pages_without_browser import csv, lines, opened, planned, ran, signed, sold, tick, upload
from pages_without_browser import stock as stock_table
from streamlit.testing.v1 import AppTest

from inventory import overrides, sent
from inventory.decisions import decisions
from inventory.sending import send
from inventory.sent import SentOrder
from sales import datasets as saved
from ui.texts import text
from workspace.datasets import Dataset, datasets, open_dataset


@pytest.fixture
def data() -> Dataset:
    """Saved sales without stock terms."""
    return saved.save_sales("Shop", sold(), {"source": "test"})


def radio(app: AppTest, key: str):  # type: ignore[no-untyped-def]
    return next(radio for radio in app.radio if str(radio.key).startswith(key))


def test_new_sales_take_the_place_of_the_old_which_stay(data: Dataset) -> None:
    before = saved.load_sales(data)
    overrides.save(data.name, data.facts["fingerprint"], {"00": 5}, "fair", "Ann")
    app = upload(opened("sales", data), "sales-file", "more.csv", csv(lines(days=100)))
    ran(radio(app, "save-place").set_value("replace"))
    assert not [box for box in app.text_input if str(box.key).startswith("save-title")]
    ran(app.button(key="save-sales").click())
    (now,) = datasets()
    assert (now.name, now.title, now.facts["source"], now.facts["last"]) == (data.name, "Shop", "more.csv", "2024-04-09")
    assert len(saved.load_sales(now).periods) == 100
    old = saved.load_sales(now, data.facts["fingerprint"])
    assert old.fingerprint == before.fingerprint
    assert saved.facts_of(now, before.fingerprint)["source"] == "test"
    decided = decisions(data.name, now.facts["fingerprint"])
    assert (decided.overrides, [o.item for o in decided.waiting]) == ((), ["00"])


def test_a_file_becomes_new_data_unless_asked_otherwise(data: Dataset) -> None:
    app = upload(opened("sales", data), "sales-file", "more.csv", csv(lines(days=100)))
    ran(app.button(key="save-sales").click())
    assert {d.title for d in datasets()} == {"Shop", "more"}
    assert open_dataset(data.name).facts == data.facts


def test_sales_that_never_were_are_named(data: Dataset) -> None:
    with pytest.raises(KeyError, match="got fingerprint other, expected one of"):
        saved.load_sales(data, "other")


def test_each_version_stays_readable_however_often_it_changes(data: Dataset) -> None:
    first = saved.load_sales(data)
    second = sold(days=100)
    now = saved.update_sales(saved.update_sales(data, second, {"source": "b"}), first, {"source": "c"})
    now = saved.update_sales(now, first, {"source": "d"})
    assert [version["source"] for version in now.versions] == ["d", "c", "b", "test"]
    assert all("earlier" not in version for version in now.versions[1:])
    assert saved.load_sales(now).fingerprint == first.fingerprint
    assert saved.load_sales(now, second.fingerprint).fingerprint == second.fingerprint


@pytest.fixture
def orders(data: Dataset) -> list[SentOrder]:
    """Three orders sent, the first of them received."""
    version = data.facts["fingerprint"]
    made = send(data.name, version, stock.planned(3, [1, 2, 3], 0), decisions(data.name, version), "Ann")
    assert [(order.item, order.quantity) for order in made] == [("A000", 21), ("A001", 42), ("A002", 63)]
    sent.received(data.name, [made[0].id], "Ann")
    return made


def offered(data: Dataset) -> AppTest:
    """The Sales page with a stock file that is not yet saved."""
    return upload(opened("sales", data), "stock-file", "stock.csv", csv(stock_table()))


def signed_and_saved(app: AppTest) -> AppTest:
    ran(app.text_input(key="planner-name").set_value("Bob"))
    return ran(app.button(key="save-stock").click())


@pytest.mark.parametrize(("answer", "left"), [("all", []), ("none", ["A001", "A002"]), ("ticked", ["A001"])])
def test_a_stock_file_asks_which_orders_it_holds(data: Dataset, orders: list[SentOrder], answer: str, left: list[str]) -> None:
    """The one that arrived is in it anyway. Ticked: the latest, which is listed first."""
    app = offered(data)
    assert app.button(key="save-stock").disabled
    question = radio(app, "held-")
    assert question.value is None
    assert text("stock.sent", count=2, units=105.0) in [m.value for m in app.markdown]
    ran(question.set_value(answer))
    if answer == "ticked":
        tick(app, "held-orders", 0)
    assert app.button(key="save-stock").disabled
    signed_and_saved(app)
    assert [order.item for order in sent.load(data.name)] == left
    file = decisions(data.name, data.facts["fingerprint"]).stock
    assert file is not None
    assert (file.file, file.by) == ("stock.csv", "Bob")


def test_an_order_sent_while_the_question_was_open_is_not_taken_for_answered(data: Dataset, orders: list[SentOrder]) -> None:
    app = offered(data)
    ran(radio(app, "held-").set_value("all"))
    ran(app.text_input(key="planner-name").set_value("Bob"))
    version = data.facts["fingerprint"]
    send(data.name, version, stock.planned(1, 4, 0), decisions(data.name, version), "Eve")
    ran(app.button(key="save-stock").click())
    assert [(order.item, order.quantity, order.by) for order in sent.load(data.name)] == [("A000", 84, "Eve")]


def test_nothing_is_asked_where_nothing_was_sent(data: Dataset) -> None:
    app = offered(data)
    assert not [one for one in app.radio if str(one.key).startswith("held-")]
    ran(app.button(key="save-stock").click())
    file = decisions(data.name, data.facts["fingerprint"]).stock
    assert file is not None
    assert file.by == text("planner.nobody")


def test_after_another_stock_file_overrides_are_asked_about_again() -> None:
    shop = planned()
    overrides.save(shop.name, decisions(shop.name, shop.facts["fingerprint"]).version, {"00": 5}, "fair", "Ann")
    assert not warned(signed(shop))
    ran(offered(shop).button(key="save-stock").click())
    assert warned(signed(shop))


def warned(app: AppTest) -> bool:
    return text("override.ask_again", count=1) in [warning.value for warning in app.warning]
