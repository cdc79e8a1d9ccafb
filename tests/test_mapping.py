"""The columns that names and contents suggest."""

from typing import Any

import pandas as pd
import pytest

from sales.mapping import Mapping, confidence, header_key, propose

DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]


def table(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"item": "A", "ds": DATES, "y": 1}, Mapping("item", "ds", "y")),
        (
            {"InvoiceNo": "536365", "StockCode": "85123A", "Quantity": "6", "InvoiceDate": "1/12/2010 8:26", "UnitPrice": "2.55"},
            Mapping("StockCode", "InvoiceDate", "Quantity", price="UnitPrice", order="InvoiceNo"),
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
        ({"sku": "A", "date": DATES, "sales": 9.5, "units": 3}, Mapping("sku", "date", "units", revenue="sales")),
        (
            {"订单编号": "9", "货号": "A1", "下单时间": "2024年1月5日", "数量": "3", "销售额": "9,5", "店铺": "上海", "现有库存": 4},
            Mapping("货号", "下单时间", "数量", revenue="销售额", on_hand="现有库存", location="店铺", order="订单编号"),
        ),
        (
            {"Beleg-Nummer": "9", "Artikelnr.": "007", "Belegdatum": "31.01.2024", "Menge": "3", "Stückpreis": "1,50 €", "Kunde": "K1"},
            Mapping("Artikelnr.", "Belegdatum", "Menge", price="Stückpreis", order="Beleg-Nummer", customer="Kunde"),
        ),
        (
            {"N° commande": "9", "Réf. article": "A", "Date de vente": "31/01/2024", "Qté": "3", "Désignation": "Tasse", "Rayon": "R"},
            Mapping("Réf. article", "Date de vente", "Qté", category="Rayon", description="Désignation", order="N° commande"),
        ),
        (
            {"Código artículo": "A", "Fecha": "31/01/2024", "Cantidad": "3", "Importe": "9,00", "Proveedor": "P", "Sucursal": "S"},
            Mapping("Código artículo", "Fecha", "Cantidad", revenue="Importe", supplier="Proveedor", location="Sucursal"),
        ),
        ({"order_id": "9", "product_id": "A", "order_purchase_timestamp": "5/13/2024 8:00", "total_qty": 1},
         Mapping("product_id", "order_purchase_timestamp", "total_qty", order="order_id")),
        ({"holiday": [True, False, True], "event": ["x", None, None], "date": DATES, "y": 2}, Mapping(None, "date", "y")),
        (
            {"product_id": "A", "shipping_limit_date": DATES, "freight_value": 9.5, "order_purchase_timestamp": DATES},
            Mapping("product_id", "order_purchase_timestamp"),
        ),
        ({"sku": "A", "date": DATES, "line_id": 3}, Mapping("sku", "date")),
        ({"sku": "A", "date": DATES, "gross sales": 9.5, "net quantity": 3}, Mapping("sku", "date", "net quantity", revenue="gross sales")),
        ({"sku": "A", "date": DATES, "product sales": 9.5, "net quantity": 3}, Mapping("sku", "date", "net quantity")),
        ({"sku": "A", "date": DATES, "forecast quantity": 3}, Mapping("sku", "date")),
        ({"sku": "A", "date": DATES, "quantity returned": 3, "sold qty": 2}, Mapping("sku", "date", "sold qty")),
        ({"sku": "A", "date": DATES, "returned quantity": 3}, Mapping("sku", "date")),
        ({"sku": "A", "date": DATES, "open quantity": 3}, Mapping("sku", "date")),
        ({"sku": "A", "date": DATES, "stock quantity": 3}, Mapping("sku", "date")),
        ({"item": "A", "when": ["45000", "45001", "45002"]}, Mapping("item", None, "when")),
        ({"item": "A", "date": ["45000", "45001", "45002"], "units": 3}, Mapping("item", "date", "units")),
        ({"item": "A", "date": DATES, "units": 3, "stock": -3}, Mapping("item", "date", "units")),
        ({"item": "A", "date": DATES, "units": 3, "stock": True}, Mapping("item", "date", "units")),
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


def test_confidence_adds_up_name_and_content() -> None:
    table = pd.DataFrame({"sku": "A", "when": DATES, "units": "many", "my_price": 2})
    mapping = Mapping("sku", "when", "units", price="my_price", category="gone")
    assert confidence(table, mapping) == {"item": 1.0, "date": 0.4, "units": 0.6, "price": 0.7}


def test_a_long_table_is_judged_by_rows_from_all_of_it() -> None:
    long = pd.DataFrame({"item": "A", "date": DATES[0], "many": [None] * 5_000 + ["3"] * 5_000})
    assert propose(long).units == "many"


def test_a_key_of_the_header_knows_names_and_their_order() -> None:
    keys = {header_key(pd.DataFrame(columns=list(names))) for names in (("a", "b"), ("b", "a"), ("ab",), ("a", "b", "c"))}
    assert len(keys) == 4
    assert header_key(pd.DataFrame({"a": [1], "b": [2]})) == header_key(pd.DataFrame(columns=["a", "b"]))
