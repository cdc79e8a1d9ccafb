"""The stock file as a table to edit: what was read stays what is read, edits land where they were made."""

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import panel

from inventory.columns import HEADERS
from inventory.matching import nearest, unmatched
from inventory.purchases import lead_times, read_purchases
from inventory.stock_table import edited, normalised, with_all_items, with_lead_times, with_open_orders
from inventory.terms import StockTerms, read_terms, template

SHOP = panel(np.ones((3, 5)))


def table(**columns: Any) -> pd.DataFrame:
    return normalised(pd.DataFrame(columns))


def alike(one: StockTerms, other: StockTerms) -> None:
    for field in fields(StockTerms)[:-1]:
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)
    for field in fields(one.orders):
        np.testing.assert_array_equal(getattr(one.orders, field.name), getattr(other.orders, field.name), err_msg=field.name)


def test_it_is_written_under_our_headers_in_our_units() -> None:
    made = table(
        SKU=["A000", "A001"], Lieferzeit_Wochen=["2", "1,5"], Lagerbestand=["1.234,5", "3"], on_order_due=["15.06.2024", ""], note=["x", ""]
    )
    assert tuple(made.columns) == (*HEADERS, "note")
    assert made["lead_time_days"].tolist() == ["14", "10.5"]
    assert made["on_hand"].tolist() == ["1234.5", "3"]
    assert made["on_order_due"].tolist() == ["2024-06-15", ""]


def test_what_cannot_be_read_stays_to_be_mended() -> None:
    made = table(item=["A000", "A001"], on_hand=["many", "-3"], lead_time_days=["1.500", "7"])
    assert made["on_hand"].tolist() == ["many", "-3"]
    assert made["lead_time_days"].tolist() == ["1.500?", "7"]


def test_the_template_is_as_it_was() -> None:
    made = normalised(template())
    assert made.columns.tolist() == list(HEADERS)
    assert made.loc[0, "unit_cost"] == "4.5"


NUMBERS = st.sampled_from(["", "3", "1.5", "1,5", "1.500", "1.234,5", "1,234.5", "-3", "x", "inf", "7 %", "€ 2", "1e3", "0.125"])
DAYS = st.sampled_from(["", "2024-06-15", "15.06.2024", "03/04/2024", "soon"])
ROW = st.fixed_dictionaries({
    "sku": st.sampled_from(["A000", "A001", "zz", ""]), "Lieferzeit (Wochen)": NUMBERS, "on_hand": NUMBERS, "on_order": NUMBERS,
    "on_order_due": DAYS, "on_order_2": NUMBERS, "Holding rate": NUMBERS, "note": st.sampled_from(["", "n"]),
})  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=5))
def test_the_same_is_read_from_it(rows: list[dict[str, str]]) -> None:
    raw = pd.DataFrame(rows)
    alike(read_terms(normalised(raw), SHOP)[0], read_terms(raw, SHOP)[0])


def test_edits_land_where_they_were_made() -> None:
    begun = with_all_items(table(item=["A002", "A000"], on_hand=["1", "2"], note=["x", "y"]), SHOP.items)
    assert begun["item"].tolist() == ["A002", "A000", "A001"]
    changes = {
        "edited_rows": {1: {"on_hand": "5", "moq": None}, 2: {"lead_time_days": "9"}},
        "added_rows": [{"item": "A000", "on_order": "7", "on_order_due": "2024-06-15"}, {"item": "A001"}],
        "deleted_rows": [0],
    }
    made = edited(begun, changes)
    assert made[["item", "on_hand", "lead_time_days", "on_order", "note"]].to_numpy().tolist() == [
        ["A000", "5", "", "", "y"],
        ["A001", "", "9", "", ""],
        ["A000", "", "", "7", ""],
    ]
    assert begun["on_hand"].tolist() == ["1", "2", ""]
    assert read_terms(made, SHOP)[0].on_order.tolist() == [0, 0, 0]


def test_an_order_in_a_row_below_counts_as_a_further_one() -> None:
    begun = table(item=["A000"], on_hand=["2"], on_order=["5"], on_order_due=["2024-06-01"])
    made = edited(begun, {"added_rows": [{"item": "A000", "on_order": "7", "on_order_due": "2024-06-15"}]})
    assert read_terms(made, SHOP)[0].orders.quantity.tolist() == [7]


def test_a_lead_time_changed_by_hand_is_no_longer_measured() -> None:
    begun = table(item=["A000"], lead_time_days=["9"], lead_time_orders=["6"], lead_time_from=["item"])
    assert edited(begun, {"edited_rows": {"0": {"moq": "2"}}})["lead_time_from"].tolist() == ["item"]
    made = edited(begun, {"edited_rows": {0: {"lead_time_days": "8"}}})
    assert made[["lead_time_days", "lead_time_orders", "lead_time_from"]].to_numpy().tolist() == [["8", "", ""]]


@pytest.fixture
def bought() -> pd.DataFrame:
    """Six orders of A000 that took ten days each, and two of A001 that are still to come."""
    days = pd.date_range("2024-01-01", periods=6, freq="7D")
    came = pd.DataFrame({"item": "A000", "ordered": days, "received": days + pd.Timedelta(days=10), "quantity": 5})
    waiting = pd.DataFrame({"item": "A001", "ordered": days[:2], "due": days[:2] + pd.Timedelta(days=90), "quantity": [3, 4]})
    return pd.concat([came, waiting], ignore_index=True)


def test_measured_lead_times_take_their_place(bought: pd.DataFrame) -> None:
    begun = table(item=["A000", "A000", "A002"], on_order=["1", "2", ""], lead_time_days=["30", "30", "5"], lead_time_sd_days=["2", "", ""])
    made = with_lead_times(begun, lead_times(read_terms(begun, SHOP)[0], read_purchases(bought, SHOP)[0]))
    terms, problems = read_terms(made, SHOP)
    assert [p.code for p in problems if p.code == "stock_duplicate_item"] == []
    assert terms.lead_time_days.tolist() == [10, 14, 5]
    assert (terms.lead_time_orders[0], terms.lead_time_from[0], terms.orders.quantity.tolist()) == (6, "item", [2])


def test_what_is_still_to_come_takes_the_place_of_what_was_on_order(bought: pd.DataFrame) -> None:
    begun = table(item=["A000", "A000"], on_hand=["1", ""], on_order=["8", "9"])
    terms, _ = read_terms(with_open_orders(begun, read_purchases(bought, SHOP)[0].open_orders()), SHOP)
    assert terms.on_hand[0] == 1
    assert terms.on_order.tolist() == [0, 3, 0]
    assert (terms.orders.items.tolist(), terms.orders.quantity.tolist()) == (["A001"], [4])
    assert [str(terms.on_order_due[1]), str(terms.orders.due[0])] == ["2024-03-31", "2024-04-07"]


def test_items_without_a_partner_are_listed_both_ways_with_the_nearest() -> None:
    shop = panel(np.ones((4, 5)), items=["85123A", "KETTLE-01", "MUG-007", "ZINC"])
    made, counts = unmatched(np.array(["mug7", "85123B", "ZINC", "", "quux"], dtype=object), shop)
    assert made.to_numpy().tolist() == [
        ["file", "85123B", "85123A"],
        ["file", "mug7", "MUG-007"],
        ["file", "quux", ""],
        ["sales", "85123A", "85123B"],
        ["sales", "KETTLE-01", ""],
        ["sales", "MUG-007", "mug7"],
    ]
    assert counts == (3, 3)


def test_codes_of_signs_alone_are_near_nothing() -> None:
    assert nearest(np.array(["--", "A"], dtype=object), np.array(["!!", "?"], dtype=object)).tolist() == ["", ""]
    assert nearest(np.array(["A"], dtype=object), np.array([], dtype=object)).tolist() == [""]
