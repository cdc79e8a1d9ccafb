"""The columns that names and contents suggest."""

from typing import Any

import pandas as pd
import pytest

from sales.mapping import Mapping, propose

DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"item": "A", "ds": DATES, "y": 1}, Mapping("item", "ds", "y")),
        (
            {"InvoiceNo": "536365", "StockCode": "85123A", "Quantity": "6", "InvoiceDate": "1/12/2010 8:26", "UnitPrice": "2.55"},
            Mapping("StockCode", "InvoiceDate", "Quantity", price="UnitPrice"),
        ),
        ({"Product ID": "A", "Order Date": DATES, "QTY": "3"}, Mapping("Product ID", "Order Date", "QTY")),
        (
            {"unique_id": "A", "week": DATES, "sales": 3, "on_promotion": "yes"},
            Mapping("unique_id", "week", "sales", promotion="on_promotion"),
        ),
        (
            {"sku": "A", "date": DATES, "units": 3, "Vendor": "V", "Department": "D"},
            Mapping("sku", "date", "units", category="Department", supplier="Vendor"),
        ),
        ({"sku": "A", "date": DATES, "sales": 9.5, "units": 3}, Mapping("sku", "date", "units")),
        ({"sku": "A", "date": "soon", "day": DATES, "units": 3}, Mapping("sku", "day", "units")),
        ({"sku": "A", "date": "soon", "units": 3}, Mapping("sku", "date", "units")),
        ({"sku": "A", "date": DATES, "units": 3, "stockout": "perhaps", "price": "cheap"}, Mapping("sku", "date", "units")),
        ({"what": "A", "when": DATES, "many": "3"}, Mapping("what", "when", "many")),
        ({"what": ["A", "B", "A"], "number": [1, 2, 3]}, Mapping("what", None, "number")),
        ({}, Mapping()),
    ],
)  # fmt: skip
def test_a_proposal(columns: dict[str, Any], expected: Mapping) -> None:
    assert propose(table(**columns) if not columns else pd.DataFrame(columns, index=range(3))) == expected


def test_a_column_plays_one_role() -> None:
    proposed = propose(pd.DataFrame({"product_name": "A", "date": DATES, "units": 1, "group": "g"}))
    assert (proposed.item, proposed.description, proposed.category) == ("product_name", None, "group")


def test_nothing_is_proposed_as_known_ahead() -> None:
    assert propose(pd.DataFrame({"item": "A", "date": DATES, "units": 1, "price": 2.0, "promotion": 0})).known == ()
