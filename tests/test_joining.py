"""Two tables become one: keys, what has no partner, and what cannot be joined."""

import pandas as pd
import pytest
import realdata

from sales.joining import join, propose_join
from sales.problems import Severity
from sales.reading import read_table

ORDERS = pd.DataFrame({"id": ["1", "2", "3"], "day": ["2024-01-01", "2024-01-02", None]})
LINES = pd.DataFrame({"order": ["2", "1", "2", "9", None, "9"], "sku": list("abcdef"), "day": "x"}, index=[0, 1, 2, 5, 6, 7])


@pytest.mark.parametrize("swapped", [False, True])
def test_each_line_gets_its_order_and_what_is_alone_is_counted(swapped: bool) -> None:
    table, problems = join(ORDERS, LINES, [("id", "order")], "right") if swapped else join(LINES, ORDERS, [("order", "id")])
    assert table.columns.tolist() == ["order", "sku", "day", "day (2)"]
    assert table.index.tolist() == [0, 1, 2, 5, 6, 7]
    assert table["day (2)"].fillna("").tolist() == ["2024-01-02", "2024-01-01", "2024-01-02", "", "", ""]
    assert [(found.code, found.severity, found.column, found.row, found.count) for found in problems] == [
        ("join_key_empty", Severity.WARNING, "order", 8, 1),
        ("join_row_alone", Severity.WARNING, "order", 7, 2),
        ("join_key_unused", Severity.WARNING if swapped else Severity.INFO, "id", 4, 1),
    ]
    assert problems[1].params == {"keys": 1}


def test_many_to_many_is_refused() -> None:
    table, problems = join(LINES, pd.concat([ORDERS, ORDERS]), [("order", "id")])
    assert len(table) == 0
    assert [(found.code, found.severity, found.column) for found in problems] == [
        ("join_many_to_many", Severity.ERROR, "order"),
        ("join_many_to_many", Severity.ERROR, "id"),
    ]


def test_the_sales_keep_exactly_their_own_rows() -> None:
    """Sales of three items, one row each; a master that holds A twice and lacks C."""
    sales = pd.DataFrame({"sku": ["A", "B", "C"], "2024-01": [100, 200, 300], "2024-02": [200, 400, 600]})
    master = pd.DataFrame({"sku": ["A", "A", "B"], "category": ["x", "y", "z"]})
    table, problems = join(sales, master, [("sku", "sku")])
    assert len(table) == 0
    assert [(one.code, one.severity, one.row, one.got) for one in problems] == [("join_second_repeats", Severity.ERROR, 3, "A")]
    table, problems = join(sales, master.iloc[1:], [("sku", "sku")])
    assert table[["2024-01", "2024-02"]].to_numpy().sum() == 1_800
    assert table["category"].fillna("").tolist() == ["y", "z", ""]
    assert [one.code for one in problems] == ["join_row_alone"]


def test_several_columns_and_keys_byte_for_byte() -> None:
    sales = pd.DataFrame({"store": ["1", "1", "2"], "sku": ["007", "7", "A"], "units": [1, 2, 3]})
    master = pd.DataFrame({"s": [1.0, 1.0, 2.0], "code": ["7", "007", "a"], "price": [10, 20, 30]})
    table, problems = join(sales, master, [("store", "s"), ("sku", "code")])
    assert table["price"].fillna(-1).tolist() == [20, 10, -1]
    assert [found.code for found in problems] == ["join_row_alone", "join_key_unused"]


def test_columns_that_are_not_there_or_not_chosen_are_errors() -> None:
    assert [found.code for found in join(LINES, ORDERS, [])[1]] == ["join_no_columns"]
    assert [(found.code, found.column) for found in join(LINES, ORDERS, [("sku", "gone"), ("no", "id")])[1]] == [
        ("column_absent", "no"),
        ("column_absent", "gone"),
    ]


def test_empty_tables_join_to_an_empty_table() -> None:
    assert len(join(LINES.iloc[:0], ORDERS, [("order", "id")])[0]) == 0
    assert join(LINES, ORDERS.iloc[:0], [("order", "id")])[0]["day (2)"].isna().all()


def test_the_columns_that_share_keys_are_proposed() -> None:
    assert propose_join(LINES, ORDERS) == (("order", "id"),)
    sales = pd.DataFrame({"sku": ["a", "b", "a"], "units": ["1", "2", "3"]})
    assert propose_join(sales, pd.DataFrame({"code": ["b", "c"], "sku": ["a", "b"]})) == (("sku", "sku"),)
    assert propose_join(sales, pd.DataFrame({"word": ["x", "y"]})) == ()
    assert propose_join(sales, pd.DataFrame()) == ()


@pytest.mark.slow
def test_orders_and_their_lines_of_the_marketplace() -> None:
    folder = realdata.folder("messy_ingest")
    names = (f"olist_{part}_dataset_90pct_blank_rows_CRLF_US_dates.csv.gz" for part in ("orders", "order_items"))
    orders, lines = (read_table(folder / name, name).table for name in names)
    assert orders is not None
    assert lines is not None
    on = propose_join(lines, orders)
    assert on == (("order_id", "order_id"),)
    table, problems = join(lines, orders, on)
    oracle = lines.merge(orders, on="order_id", how="left")
    assert table["order_purchase_timestamp"].fillna("").tolist() == oracle["order_purchase_timestamp"].fillna("").tolist()
    counts = {found.code: found.count for found in problems}
    assert counts["join_row_alone"] == (~lines["order_id"].isin(orders["order_id"])).sum()
    assert counts["join_key_unused"] == (~orders["order_id"].isin(lines["order_id"])).sum()
