"""Lines that their status says were cancelled or came back: proposed by name and content, left out, kept where somebody wants them."""

import pandas as pd
import pytest
from pages_without_browser import csv, metrics, opened, ran, upload
from test_intake_page import file_key, keyed, unfolded

from sales.mapping import propose
from sales.recipe import Recipe, apply
from sales.repairs.status import is_not_sold
from ui.texts import text

DAYS = pd.date_range("2024-01-01", periods=40)


def orders(name: str, usual: str, odd: str) -> pd.DataFrame:
    """Two a day; every tenth line has the odd status."""
    state = [odd if k % 10 == 0 else usual for k in range(80)]
    return pd.DataFrame({"order": range(1_000, 1_080), "sku": ["A", "B"] * 40, "day": DAYS.repeat(2), "qty": 2, name: state})


@pytest.mark.parametrize(
    ("name", "usual", "odd"),
    [
        ("order_status", "delivered", "canceled"),
        ("Type", "Sale", "Return"),
        ("Belegart", "Rechnung", "Storno"),
        ("Statut", "livrée", "Annulée"),
        ("Estado", "enviado", "Devuelto"),
        ("订单状态", "已发货", "已取消"),
    ],
)
def test_what_was_not_sold_is_left_out_and_said(name: str, usual: str, odd: str) -> None:
    table = orders(name, usual, odd)
    mapping = propose(table)
    assert mapping.status == name
    read = apply(Recipe(mapping), table)
    (found,) = [finding for finding in read.findings if finding.code == "not_sold"]
    assert (found.rows, found.units, found.params["words"], found.chosen) == (8, 16, odd, "drop")
    assert read.panel is not None
    assert read.panel.units == 160 - 16
    kept = apply(Recipe(mapping, actions={"not_sold": "keep"}), table).panel
    assert kept is not None
    assert kept.units == 160


@pytest.mark.parametrize("word", ["shipped", "Not returned", "pending", "Cancelable", "no refund", "Boomerang", "未退款", "Annual plan"])
def test_other_words_say_nothing(word: str) -> None:
    assert not is_not_sold(word)


def test_a_column_where_most_lines_say_so_means_something_else() -> None:
    table = orders("type", "Return", "Sale")
    assert not [finding for finding in apply(Recipe(propose(table)), table).findings if finding.code == "not_sold"]


def test_a_column_of_many_texts_is_no_status() -> None:
    table = orders("status", "x", "y").assign(status=[f"note {k}" for k in range(80)])
    assert propose(table).status is None


def test_on_the_page() -> None:
    app = upload(opened("sales"), "sales-file", "orders.csv", csv(orders("status", "paid", "cancelled")))
    assert metrics(app)[text("checks.units")] == "144"
    unfolded(app, f"finding-not_sold-{file_key(app)}")
    ran(keyed(app.radio, "action-not_sold-").set_value("keep"))
    assert metrics(app)[text("checks.units")] == "160"
