"""The order list as a file: CSV for the ERP or the supplier, XLSX for people. The same plan gives the same bytes."""

import csv
import io
from collections.abc import Sequence

import numpy as np
import pandas as pd

from inventory.plan import ReorderPlan
from workspace.cells import texts

COLUMNS = (
    ("item", "item code, byte for byte as in the sales file"),
    ("supplier", "text"),
    ("quantity", "units to order, after minimum and pack, or as the planner set it"),
    ("unit_cost", "money a unit; empty: not given"),
    ("order_value", "money, quantity x unit_cost; empty: no cost given"),
    ("order_up_to", "units, demand + safety_stock"),
    ("reorder_point", "units, mean demand over the lead time + safety_stock"),
    ("safety_stock", "units"),
    ("demand", "units, mean total over lead time + review period"),
    ("on_hand", "units in the stock file and received since; empty: not given, counted as 0"),
    ("on_order", "units due within lead time + review period"),
    ("position", "units, on_hand + on_order - backorders"),
    ("service_level", "chance of no stock-out in a cycle that was asked for, 0 to 1"),
    ("model", "the model of the forecast"),
    ("reason", "the arithmetic of the line in words"),
    ("category", "text"),
    ("lead_time_days", "days"),
    ("review_period_days", "days"),
    ("moq", "units, minimum order; 0: none"),
    ("pack", "units a pack; 0: none"),
    ("backorders", "units owed to customers"),
    ("on_order_later", "units on order that are due too late to count"),
    ("effective_service_level", "chance of no stock-out that safety factor x safety stock gives, 0 to 1; empty: nothing is uncertain"),
    ("tail", "true where the safety stock rests on a parametric tail"),
    ("extrapolated", "true where lead time + review period is longer than what was forecast or backtested"),
    ("as_of", "last day of the sales, YYYY-MM-DD"),
    ("computed_quantity", "units, what the plan computes; another than quantity where the planner set that"),
    ("overridden", "true where the planner set the quantity"),
    ("sent_on_order", "units of orders marked as sent, not yet here; part of on_order or on_order_later"),
    ("received", "units of those that arrived since the stock file; part of on_hand, or of on_order where on_hand is empty"),
)
HEADERS = tuple(name for name, _ in COLUMNS)
_WIDEST = 40


def reorder_csv(plan: ReorderPlan, reasons: Sequence[str], all_rows: bool = False) -> bytes:
    """The lines to order (or all items) by item as CSV: UTF-8 with a byte order mark, RFC 4180 quoting and line ends, COLUMNS.

    reasons: one text for each item of `plan`. Numbers are plain: a decimal point, at most 4 decimals, no exponent, empty for NaN. Item
    codes are never changed; any other text that a spreadsheet would run as a formula gets a leading apostrophe.
    Raises ValueError where the reasons do not match the items.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADERS)
    columns = [texts(column, as_is=name == "item") for name, column in _table(plan, reasons, all_rows).items()]
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue().encode("utf-8-sig")


def reorder_xlsx(plan: ReorderPlan, reasons: Sequence[str], all_rows: bool = False) -> bytes:
    """The same table as `reorder_csv` as an Excel workbook of one sheet: codes and other text as text cells, never formulas, so that no
    apostrophe is needed; numbers and dates typed. It bears the date `as_of`, not today's."""
    from xlsxwriter import Workbook

    out = io.BytesIO()
    with Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}) as book:
        book.set_properties({"created": plan.as_of.to_pydatetime()})
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("reorder")
        sheet.freeze_panes(1, 1)
        for number, (name, column) in enumerate(_table(plan, reasons, all_rows).items()):
            sheet.write_string(0, number, str(name), bold)
            sheet.set_column(number, number, min(_WIDEST, max(len(str(name)), 9) + 2))
            for row, value in enumerate(column, start=1):
                if isinstance(value, str):
                    sheet.write_string(row, number, value)
                elif isinstance(value, bool | np.bool_):
                    sheet.write_boolean(row, number, bool(value))
                elif isinstance(value, pd.Timestamp):
                    sheet.write_datetime(row, number, value.to_pydatetime(), day)
                elif not np.isnan(value):
                    sheet.write_number(row, number, float(value))
    return out.getvalue()


def _table(plan: ReorderPlan, reasons: Sequence[str], all_rows: bool) -> pd.DataFrame:
    if len(reasons) != len(plan):
        raise ValueError(f"reasons: got {len(reasons)}, expected one for each of {len(plan)} items")
    frame = plan.to_frame()
    frame["reason"] = np.asarray(reasons, dtype=object)
    rows = np.full(len(plan), True) if all_rows else plan.to_order
    return frame.loc[rows, list(HEADERS)].sort_values("item", kind="stable")
