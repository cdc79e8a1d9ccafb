"""Sales and stock brought up to date on the Sales page: what was there before is kept, and orders sent are never counted twice."""

import pytest
import stock
from test_pages import csv, data, lines, opened, ran, upload
from test_pages import stock as stock_table

from inventory import overrides, sent
from inventory.plan import reorder_plan
from inventory.settings import PlanSettings
from sales import datasets as saved
from sales.calendar import Calendar
from sales.intake import intake
from sales.mapping import Mapping
from ui.texts import text
from workspace.datasets import Dataset, datasets, open_dataset

__all__ = ["data"]


def radio(app, key: str):  # type: ignore[no-untyped-def]
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
    assert overrides.split(overrides.load(data.name), now.facts["fingerprint"])[0] == []


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
    second = intake(lines(days=100), Mapping("sku", "day", "qty")).panel
    assert second is not None
    now = saved.update_sales(saved.update_sales(data, second, {"source": "b"}), first, {"source": "c"})
    now = saved.update_sales(now, first, {"source": "d"})
    assert [version["source"] for version in now.versions] == ["d", "c", "b", "test"]
    assert all("earlier" not in version for version in now.versions[1:])
    assert saved.load_sales(now).fingerprint == first.fingerprint
    assert saved.load_sales(now, second.fingerprint).fingerprint == second.fingerprint


@pytest.fixture
def orders(data: Dataset) -> list[sent.SentOrder]:
    """Two orders sent, one of them received."""
    plan = reorder_plan(stock.terms(2), stock.spread([1, 2]), Calendar("D"), PlanSettings())
    made = sent.send(data.name, plan, "Ann")
    sent.received(data.name, [made[0].id], "Ann")
    return made


@pytest.mark.parametrize("holds", [True, False])
def test_a_stock_file_asks_whether_it_holds_what_was_sent(data: Dataset, orders: list[sent.SentOrder], holds: bool) -> None:
    app = upload(opened("sales", data), "stock-file", "stock.csv", csv(stock_table()))
    assert app.button(key="save-stock").disabled
    question = radio(app, "holds-sent")
    assert (question.value, question.label) == (None, text("stock.sent", count=1, units=50.0))
    ran(question.set_value(holds))
    ran(app.button(key="save-stock").click())
    assert [o.item for o in sent.load(data.name)] == ([] if holds else ["A001"])


def test_nothing_is_asked_where_nothing_was_sent(data: Dataset) -> None:
    app = upload(opened("sales", data), "stock-file", "stock.csv", csv(stock_table()))
    assert not [one for one in app.radio if str(one.key).startswith("holds-sent")]
    assert not app.button(key="save-stock").disabled
