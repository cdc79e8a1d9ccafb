"""Reports that write a code once for a block of rows: open cells below it, in text or merged in a workbook, hold what stands above."""

import io

import openpyxl
import pandas as pd
import pytest
from pages_without_browser import csv, metrics, opened, ran, upload
from test_intake_page import keyed

from sales.reading import Asked, Reading, read_table
from ui.texts import text

DAYS = pd.date_range("2024-01-01", periods=10)
TABLE = pd.DataFrame({"sku": ["A"] * 10 + ["B"] * 10, "day": [*DAYS, *DAYS], "qty": range(20)})
OUTLINE = TABLE.assign(sku=TABLE["sku"].where(~TABLE["sku"].duplicated()))


def filled(reading: Reading) -> list[tuple[int, str | None]]:
    """How many cells were filled from above, and in which column."""
    return [(problem.count, problem.column) for problem in reading.problems if problem.code == "cells_filled_down"]


def merged() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["sku", "day", "qty"])
    for row in TABLE.itertuples(index=False):
        sheet.append([row.sku, row.day.to_pydatetime(), row.qty])
    sheet.merge_cells("A2:A11")
    sheet.merge_cells("A12:A21")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(("name", "content"), [("pivot.csv", csv(OUTLINE)), ("merged.xlsx", merged())])
def test_a_code_written_once_for_a_block_is_that_of_each_row(name: str, content: bytes) -> None:
    reading = read_table(content, name)
    assert reading.table is not None
    assert reading.table["sku"].tolist() == TABLE["sku"].tolist()
    assert filled(reading) == [(18, "sku")]


def test_nested_codes_are_filled_each() -> None:
    rows = pd.concat([OUTLINE.assign(region="N"), OUTLINE.assign(region="S")], ignore_index=True)[["region", "sku", "day", "qty"]]
    rows["region"] = rows["region"].where(~rows["region"].duplicated())
    table = read_table(csv(rows), "nested.csv").table
    assert table is not None
    assert table["region"].tolist() == ["N"] * 20 + ["S"] * 20
    assert table["sku"].tolist() == TABLE["sku"].tolist() * 2


@pytest.mark.parametrize(
    "first",
    [
        ["A"] * 12 + [None] * 8,  # few values, many times
        [None] * 4 + ["A"] + [None] * 15,  # nothing above the first
        [f"A{k}" if k % 5 else None for k in range(20)],  # missing here and there
    ],
)
def test_columns_that_are_merely_not_full_stay_so(first: list[str | None]) -> None:
    reading = read_table(csv(TABLE.assign(sku=first)), "gaps.csv")
    assert filled(reading) == []


def test_somebody_may_say_otherwise_either_way() -> None:
    assert filled(read_table(csv(OUTLINE), "pivot.csv", Asked(outline=False))) == []
    gaps = TABLE.assign(sku=[f"A{k}" if k % 5 != 1 else None for k in range(20)])
    assert filled(read_table(csv(gaps), "gaps.csv", Asked(outline=True))) == [(4, "sku")]


def test_the_page_fills_says_so_and_lets_it_be() -> None:
    app = upload(opened("sales"), "sales-file", "pivot.csv", csv(OUTLINE))
    assert metrics(app)[text("checks.rows_used", read=20)] == "20"
    ran(keyed(app.selectbox, "asked-outline-").set_value(False))
    assert text("checks.rows_used", read=20) not in metrics(app) or metrics(app)[text("checks.rows_used", read=20)] != "20"
