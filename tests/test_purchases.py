"""Purchases: lead times measured from what came when, and what is still to come."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import stock
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import panel

from inventory.columns import PURCHASE_NAMES
from inventory.purchases import Purchases, lead_times, measured, read_purchases
from sales.problems import Problem, Severity
from ui.texts import problem

SHOP = panel(np.ones((3, 5)))


def read(**columns: Any) -> tuple[Purchases, tuple[Problem, ...]]:
    return read_purchases(pd.DataFrame(columns), SHOP)


def found(problems: tuple[Problem, ...]) -> list[tuple[Any, ...]]:
    return [(p.code, p.column, p.row, p.got, p.count) for p in problems if p.code != "stock_columns_recognized"]


def history(days: list[int], item: str = "A000", supplier: str = "Acme", first: str = "2024-01-01") -> pd.DataFrame:
    """Orders a week apart that took `days`."""
    ordered = pd.Timestamp(first) + pd.to_timedelta(np.arange(len(days)) * 7, unit="D")
    received = ordered + pd.to_timedelta(days, unit="D")
    table = pd.DataFrame({"item": item, "supplier": supplier, "ordered": ordered, "received": received})
    return table.assign(quantity=10, order=[f"{item}-{k}" for k in range(len(days))])


def measure(*parts: pd.DataFrame, **terms: Any) -> pd.DataFrame:
    made, _ = read_purchases(pd.concat(parts, ignore_index=True), SHOP)
    return lead_times(stock.terms(3, **terms), made).set_index("item")


def test_mean_and_deviation_of_an_item_with_enough_orders() -> None:
    """10, 12, 14, 16, 18: mean 14, variance (16 + 4 + 0 + 4 + 16) / 4 = 10."""
    made = measure(history([10, 12, 14, 16, 18])).loc["A000"]
    assert (made["lead_time_days"], made["lead_time_sd_days"]) == (14, 3.2)
    assert (made["lead_time_orders"], made["lead_time_from"], made["before"]) == (5, "item", 14)


def test_one_wrong_year_moves_little() -> None:
    made = measure(history([10, 11, 12, 13, 374])).loc["A000"]
    assert (made["lead_time_days"], made["lead_time_sd_days"]) == (13.1, 3.7)


def test_lead_times_all_but_one_alike_keep_the_one_that_was_late() -> None:
    made = measure(history([7] * 9 + [11])).loc["A000"]
    assert (made["lead_time_days"], made["lead_time_sd_days"]) == (7.4, 1.3)


def test_items_with_few_orders_get_their_suppliers_lead_time() -> None:
    parts = (history([10, 20, 10], "A000"), history([10, 20, 20], "A001"), history([30] * 4, "A002", "Solo"))
    made = measure(*parts, supplier="Acme")
    assert made["lead_time_days"].to_dict() == {"A000": 15, "A001": 15}
    assert made["lead_time_orders"].tolist() == [6, 6]
    assert set(made["lead_time_from"]) == {"supplier"}


def test_an_item_never_ordered_has_its_suppliers_lead_time() -> None:
    made = measure(history([10, 12, 14, 16, 18]), supplier=np.array(["Acme", "Acme", "Other"], dtype=object))
    assert made["lead_time_from"].to_dict() == {"A000": "item", "A001": "supplier"}


def test_only_the_present_supplier_counts() -> None:
    made = measure(history([40] * 9, supplier="Far"), history([5] * 5, supplier="Near", first="2024-06-01"))
    assert made.loc["A000", ["lead_time_days", "supplier"]].tolist() == [5, "Near"]


def test_an_order_counts_when_its_last_part_came_and_not_before() -> None:
    """The first order's second part came after 30 days: 30, 12, 14, 16, 18 have the mean 18; the open one is left out."""
    parts = history([10, 12, 14, 16, 18])
    late = parts.iloc[[0]].assign(received=pd.Timestamp("2024-01-31"))
    waiting = history([0]).assign(order="open", received=pd.NaT, ordered=pd.Timestamp("2024-01-02"))
    made = measure(parts, late, waiting).loc["A000"]
    assert (made["lead_time_days"], made["lead_time_orders"]) == (18, 5)


def test_receipts_of_one_line_share_its_units() -> None:
    made, problems = read(
        po=["1", "1", "2", "3"],
        item=["A000"] * 4,
        ordered=["2024-01-01"] * 4,
        received=["2024-01-05", "2024-01-09", "2024-01-05", ""],
        quantity=["100", "100", "50", "30"],
        received_quantity=["60", "40", "20", ""],
        due=["", "", "2024-01-08", "2024-02-01"],
    )
    assert made.orders()["complete"].tolist() == [True, False, False]
    assert made.orders()["days"].tolist()[0] == 8
    assert made.open_orders()["on_order"].tolist() == [30, 30]
    assert made.open_orders()["on_order_due"].astype(str).tolist() == ["2024-01-08", "2024-02-01"]
    assert ("purchases_open", "received", None, "A000", 2) in found(problems)


def test_an_order_open_longer_than_any_took_is_told() -> None:
    waiting = history([0]).assign(order="open", received=pd.NaT)
    _, problems = read_purchases(pd.concat([history([10, 12, 14]), waiting]), SHOP)
    assert [(p.code, p.severity) for p in problems] == [("purchases_open", Severity.INFO), ("purchases_open_long", Severity.WARNING)]


def test_everything_wrong_is_said_at_once() -> None:
    made, problems = read(
        Artikel=["A000", "", "A000", "A000", "A000", "A000", "zz", "A000"],
        Bestelldatum=["2024-01-01", "2024-01-01", "", "2024-01-09", "soon", "2024-01-01", "2024-01-01", "2024-01-01"],
        Wareneingang=["2024-01-05", "2024-01-05", "2024-01-05", "2024-01-05", "2024-01-05", "2044-01-05", "2024-01-05", ""],
        Menge=["x", "1", "1", "1", "1", "1", "1", "1"],
        Status=["", "", "", "", "", "", "", "storniert"],
    )
    assert found(problems) == [
        ("purchases_bad_date", "ordered", 6, "soon", 1),
        ("purchases_item_missing", "item", 3, "", 1),
        ("purchases_not_ordered", "ordered", 4, "", 1),
        ("purchases_received_before", "received", 5, "2024-01-05", 1),
        ("purchases_received_late", "received", 7, "2044-01-05", 1),
        ("purchases_cancelled", "status", 9, "storniert", 1),
        ("purchases_bad_units", "quantity", 2, "x", 1),
        ("purchases_unknown_item", "item", None, "zz", 1),
    ]
    assert made.items.tolist() == ["A000", "zz"]
    assert len(made.open_orders()) == 0


def test_one_column_of_days_tells_how_another_is_written() -> None:
    made, problems = read(item=["A000"], ordered=["03/04/2024"], received=["25/04/2024"])
    assert found(problems) == []
    assert made.ordered.astype(str).tolist() == ["2024-04-03"]
    assert [p.code for p in read(item=["A000"], ordered=["03/04/2024"])[1]] == ["purchases_date_ambiguous"]


def test_without_items_or_days_there_is_nothing_to_measure() -> None:
    made, problems = read(item=["A000"], when=["2024-01-01"])
    assert "purchases_no_column" in [p.code for p in problems if p.severity is Severity.ERROR]
    assert len(made) == len(lead_times(stock.terms(3), made)) == 0


def test_terms_say_what_was_measured_and_from_how_much() -> None:
    made, _ = read_purchases(history([10, 12, 14, 16, 18], supplier=""), SHOP)
    terms = measured(stock.terms(3, supplier="", lead_time_days=30, assumed_lead_time=True), made)
    assert terms.lead_time_days.tolist() == [14, 30, 30]
    assert terms.lead_time_sd_days.tolist() == [3.2, 0, 0]
    assert terms.lead_time_orders.tolist() == [5, 0, 0]
    assert terms.lead_time_from.tolist() == ["item", "", ""]
    assert terms.assumed_lead_time.tolist() == [False, True, True]


def test_impossible_purchases_cannot_be_built() -> None:
    text, day, units = np.array(["A"], dtype=object), np.array(["2024-01-02"], dtype="datetime64[D]"), np.zeros(1)
    with pytest.raises(ValueError, match="none received before it"):
        Purchases(text, text, text, day, day, day - 1, units)
    with pytest.raises(ValueError, match="open: got negative units"):
        Purchases(text, text, text, day, day, day, units - 1)
    with pytest.raises(ValueError, match=r"due: got shape \(0,\), expected \(1,\)"):
        Purchases(text, text, text, day, day[:0], day, units)


CELLS = st.one_of(
    st.none(), st.text(max_size=10), st.floats(), st.dates(), st.sampled_from(["2024-01-01", "A000", "5", "1.234", "cancelled"])
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.one_of(st.sampled_from(list(PURCHASE_NAMES)), st.text(max_size=5)), st.lists(CELLS, min_size=4, max_size=4)))
def test_whatever_the_cells_hold_nothing_raises(columns: dict[str, list[Any]]) -> None:
    made, problems = read_purchases(pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()}), SHOP)
    assert all(isinstance(problem(p), str) for p in problems)
    assert measured(stock.terms(3), made).items.tolist() == SHOP.items.tolist()
