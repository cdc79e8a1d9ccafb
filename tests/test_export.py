"""The order list as a file: what an ERP reads back is what the plan says."""

import csv
import io
import zipfile
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
import stock
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.export import COLUMNS, HEADERS, reorder_csv, reorder_xlsx
from inventory.plan import ReorderPlan, reorder_plan
from inventory.settings import PlanSettings
from sales.calendar import Calendar
from ui.texts.reasons import reasons

PROMISED = (
    "item, supplier, quantity, unit_cost, order_value, order_up_to, reorder_point, safety_stock, demand, on_hand, on_order, position, "
    "service_level, model, reason"
)


@pytest.fixture
def plan() -> ReorderPlan:
    """Five items: two to order, one covered, one without stock or cost, one that could not be forecast."""
    on_hand, unit_cost = [0, 3, 999, np.nan, 0], [0.1, 2, 3, np.nan, 1]
    given = stock.terms(5, on_hand=on_hand, unit_cost=unit_cost, pack=[6, 0, 0, 0.5, 0], on_order=[0, 7, 0, 0, 0])
    spread = stock.spread([1 / 3, 2, 2, 70_000, np.nan])
    return reorder_plan(given, spread, Calendar("D"), PlanSettings())


def named(plan: ReorderPlan, items: list[str], supplier: str = "Acme") -> ReorderPlan:
    return replace(plan, items=np.array(items, dtype=object), supplier=np.full(len(items), supplier, dtype=object))


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_headers_are_those_promised(plan: ReorderPlan) -> None:
    header = reorder_csv(plan, reasons(plan)).split(b"\r\n")[0]
    assert header.startswith(b"\xef\xbb\xbf" + PROMISED.replace(" ", "").encode() + b",")
    assert header.decode("utf-8-sig").split(",") == list(HEADERS)
    assert len(set(HEADERS)) == len(HEADERS) == len(COLUMNS)
    assert all(meaning for _, meaning in COLUMNS)


def test_one_row_an_item_to_order(plan: ReorderPlan) -> None:
    assert [row["item"] for row in read(reorder_csv(plan, reasons(plan)))] == ["A000", "A001", "A003"]
    assert [row["item"] for row in read(reorder_csv(plan, reasons(plan), all_rows=True))] == list(plan.items)


def test_rows_are_sorted_by_item(plan: ReorderPlan) -> None:
    shuffled = plan.selected(np.array([3, 0, 1]))
    assert reorder_csv(shuffled, reasons(shuffled)) == reorder_csv(plan, reasons(plan))


def test_numbers_read_back_as_the_plan_has_them(plan: ReorderPlan) -> None:
    table = pd.read_csv(io.BytesIO(reorder_csv(plan, reasons(plan), all_rows=True)), dtype={"item": str})
    frame = plan.to_frame()
    for name in HEADERS:
        if frame.get(name, table[name]).dtype == float:
            np.testing.assert_allclose(table[name], frame[name], atol=5.1e-5, err_msg=name)
    assert table["reason"].tolist() == reasons(plan)


def test_numbers_are_plain(plan: ReorderPlan) -> None:
    first, _, third = read(reorder_csv(plan, reasons(plan)))
    assert (first["quantity"], first["unit_cost"], first["demand"], first["order_value"]) == ("18", "0.1", "7", "1.8")
    assert third["demand"] == "1470000"
    assert (third["on_hand"], third["unit_cost"], third["order_value"]) == ("", "", "")
    assert (first["tail"], first["extrapolated"], first["as_of"]) == ("false", "false", "2024-03-03")
    (failed,) = (row for row in read(reorder_csv(plan, reasons(plan), all_rows=True)) if row["item"] == "A004")
    assert failed["quantity"] == failed["demand"] == failed["effective_service_level"] == ""


def test_codes_are_never_changed_and_other_text_never_runs(plan: ReorderPlan) -> None:
    items = ["\t5", "+1", "007", "=1+1", "Größe, \"M\"\n"]
    for start in "=+-@\t\r":
        made = named(plan, items, f"{start}SUM(A1)")
        rows = read(reorder_csv(made, [f"{start}cmd"] * 5, all_rows=True))
        assert sorted(row["item"] for row in rows) == sorted(items)
        assert {row["supplier"] for row in rows} == {f"'{start}SUM(A1)"}
        assert {row["reason"] for row in rows} == {f"'{start}cmd"}
    assert read(reorder_csv(named(plan, items, "A=B"), [""] * 5))[0]["supplier"] == "A=B"


def test_line_ends_and_quotes_follow_rfc_4180(plan: ReorderPlan) -> None:
    content = reorder_csv(named(plan, list("abcde"), 'Ann "A", Co'), ["two\nlines"] * 5)
    assert content.count(b"\r\n") == 1 + 3
    assert b'"Ann ""A"", Co"' in content
    assert b'"two\nlines"' in content


def test_the_same_plan_gives_the_same_bytes(plan: ReorderPlan) -> None:
    assert reorder_csv(plan, reasons(plan)) == reorder_csv(plan, reasons(plan))
    assert reorder_xlsx(plan, reasons(plan)) == reorder_xlsx(plan, reasons(plan))
    with zipfile.ZipFile(io.BytesIO(reorder_xlsx(plan, reasons(plan)))) as parts:
        assert b"2024-03-03T00:00:00Z</dcterms:created>" in parts.read("docProps/core.xml")
        assert {part.date_time[0] for part in parts.infolist()} == {1980}


def test_an_empty_list_is_a_header(plan: ReorderPlan) -> None:
    nothing = plan.selected(plan.quantity == 0)
    assert reorder_csv(nothing, reasons(nothing)).decode("utf-8-sig") == ",".join(HEADERS) + "\r\n"
    assert openpyxl.load_workbook(io.BytesIO(reorder_xlsx(nothing, reasons(nothing)))).active.max_row == 1


def test_a_workbook_holds_codes_as_text_numbers_as_numbers_and_no_formula(plan: ReorderPlan) -> None:
    made = named(plan, ["007", "=1+1", "85123", "http://a.b", "x"], "=SUM(A1)")
    sheet = openpyxl.load_workbook(io.BytesIO(reorder_xlsx(made, reasons(made), all_rows=True))).active
    header, *rows = sheet.iter_rows()
    assert [cell.value for cell in header] == list(HEADERS)
    assert [(row[0].value, row[0].data_type) for row in rows] == [(code, "s") for code in sorted(made.items)]
    assert {(row[1].value, row[1].data_type) for row in rows} == {("=SUM(A1)", "s")}
    assert all(row[0].hyperlink is None for row in rows)
    cells = {header[k].value: cell.value for k, cell in enumerate(rows[0])}
    assert (cells["quantity"], cells["tail"], cells["as_of"]) == (18, False, pd.Timestamp("2024-03-03"))
    assert cells["safety_stock"] == pytest.approx(plan.safety_stock[0])


def test_each_item_needs_its_reason(plan: ReorderPlan) -> None:
    with pytest.raises(ValueError, match="reasons: got 1, expected one for each of 5"):
        reorder_csv(plan, ["only one"])


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@settings(max_examples=60, deadline=None)
@given(items=st.lists(TEXTS, min_size=2, max_size=5, unique=True), supplier=TEXTS)
def test_any_code_comes_back_byte_for_byte(items: list[str], supplier: str) -> None:
    n = len(items)
    plan = named(reorder_plan(stock.terms(n), stock.spread(np.full(n, 3.0)), Calendar("D"), PlanSettings()), items, supplier)
    rows = read(reorder_csv(plan, [supplier] * n))
    assert sorted(row["item"] for row in rows) == sorted(items)
    assert {row["supplier"].removeprefix("'") for row in rows} == {supplier.removeprefix("'")}
