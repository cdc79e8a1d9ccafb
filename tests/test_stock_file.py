"""Stock files: what holds, which orders end with it, what stays where the machine stops half way."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import stock

from inventory import overrides, sent
from inventory.decisions import decisions
from inventory.plan import ReorderPlan, reorder_plan
from inventory.sending import send
from inventory.settings import PlanSettings
from inventory.stock import save_stock, table_of
from inventory.terms import StockTerms
from sales.calendar import Calendar
from sales.datasets import STOCK
from workspace import datasets, facts
from workspace.datasets import Dataset

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def data() -> Dataset:
    return datasets.create("shop", {}, {})


def plan(*on_hand: float) -> ReorderPlan:
    """Items of 1, 2 and 3 units a day over 21 days, with the orders of `shop`."""
    terms: StockTerms = stock.terms(3, on_hand=on_hand or 0)
    return reorder_plan(terms, stock.spread([1, 2, 3], 0), Calendar("D"), PlanSettings(), receipts=decisions("shop", "f1").receipts)


def ordered() -> dict[str, int]:
    """The ids of orders sent of the three items: 21, 42 and 63 units."""
    return {order.item: order.id for order in send("shop", "f1", plan(), decisions("shop", "f1"), "Ann")}


def counted(*on_hand: float) -> pd.DataFrame:
    return pd.DataFrame({"item": stock.codes(3), "on_hand": on_hand})


def test_it_ends_the_open_orders_named_and_all_that_arrived(data: Dataset) -> None:
    ids = ordered()
    sent.received("shop", [ids["A000"]], "Ann")
    made = save_stock(data, counted(21, 0, 0), "Monday.csv", [ids["A001"]], "Bob")
    assert [order.item for order in sent.load("shop")] == ["A002"]
    assert (made.file, made.by) == ("Monday.csv", "Bob")
    assert decisions("shop", "f1").stock == made
    assert plan(21, 0, 0).position.tolist() == [21, 0, 63]
    assert {record.ended_why for record in facts.history(sent.KIND, "shop")} == {"replaced", "in the stock file", ""}


def test_an_order_sent_while_the_file_was_looked_at_stays(data: Dataset) -> None:
    first = send("shop", "f1", plan().selected([0]), decisions("shop", "f1"), "Ann")
    held = [order.id for order in first]  # what the page asked about
    send("shop", "f1", plan().selected([1]), decisions("shop", "f1"), "Bob")
    save_stock(data, counted(21, 0, 0), "Monday.csv", held, "Ann")
    assert [order.item for order in sent.load("shop")] == ["A001"]


def test_orders_of_other_data_stay(data: Dataset) -> None:
    (order,) = send("other", "f1", plan().selected([0]), decisions("other", "f1"), "Ann")
    save_stock(data, counted(0, 0, 0), "Monday.csv", [order.id], "Ann")
    assert sent.load("other") == [order]


def test_the_latest_holds_and_every_one_stays_readable(data: Dataset) -> None:
    files = [save_stock(data, counted(units, 0, 0), f"{units}.csv", [], "Ann") for units in (1, 2, 1)]
    assert decisions("shop", "f1").stock == files[-1]
    assert files[0].table == files[2].table != files[1].table
    assert [data.read(file.table)["on_hand"].iloc[0] for file in files] == ["1", "2", "1"]
    assert [record.body["file"] for record in facts.history("stock", "shop")] == ["1.csv", "2.csv", "1.csv"]


def test_what_came_with_the_sales_holds_until_a_file_is_saved(data: Dataset) -> None:
    assert table_of(data, None) is None
    data.write(STOCK, counted(5, 5, 5))
    assert table_of(data, None) == STOCK
    made = save_stock(data, counted(1, 2, 3), "Monday.csv", [], "Ann")
    assert table_of(data, made) == made.table


def test_a_new_file_asks_about_overrides_again(data: Dataset) -> None:
    version = decisions("shop", "f1").version
    (typed,) = overrides.save("shop", version, {"A000": 7}, "fair", "Ann")
    assert decisions("shop", "f1").overrides == (typed,)
    save_stock(data, counted(1, 2, 3), "Monday.csv", [], "Bob")
    now = decisions("shop", "f1")
    assert (now.overrides, now.waiting) == ((), (typed,))
    assert now.version != version


KILLED_BETWEEN = """
import os, signal
import pandas as pd
from contextlib import contextmanager
from inventory.stock import save_stock
from workspace import facts
from workspace.datasets import open_dataset

@contextmanager
def killed():
    os.kill(os.getpid(), signal.SIGKILL)
    yield

facts.together = killed
save_stock(open_dataset("shop"), pd.DataFrame({"item": ["A000"], "on_hand": [99]}), "Tuesday.csv", [1, 2, 3], "Bob")
"""


def test_killed_between_table_and_database_nothing_changed(data: Dataset) -> None:
    ids = ordered()
    sent.received("shop", [ids["A000"]], "Ann")
    before = save_stock(data, counted(21, 0, 0), "Monday.csv", [], "Ann")
    open_orders = sent.load("shop")
    died = subprocess.run([sys.executable, "-c", KILLED_BETWEEN], cwd=ROOT, check=False)
    assert died.returncode == -9
    assert len(list(data.folder.glob(f"{STOCK}-*.parquet"))) == 2
    now = decisions("shop", "f1")
    assert (now.stock, list(now.orders)) == (before, open_orders)
    assert data.read(before.table)["on_hand"].tolist() == ["21", "0", "0"]
