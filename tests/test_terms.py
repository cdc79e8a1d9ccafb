"""Stock terms: what cannot be is not built, what a file gets wrong is said and counts as not given."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import stock
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import panel

from inventory.terms import HEADERS, NUMBERS, StockTerms, as_text, default_terms, read_terms, template
from sales.panel import SalesPanel
from sales.problems import Problem, Severity
from ui.texts import problem
from workspace.tables import read_table, write_table


@pytest.fixture(scope="module")
def shop() -> SalesPanel:
    made = panel(np.ones((4, 5)), items=["007", "85123", "A", "a b"])
    attributes = pd.DataFrame({"supplier": ["S0", "S1", None, "S3"], "category": ["C0", "C1", "C2", "C3"]})
    return replace(made, attributes=attributes)


def read(shop: SalesPanel, **columns: Any) -> tuple[StockTerms, tuple[Problem, ...]]:
    return read_terms(pd.DataFrame(columns), shop)


def found(problems: tuple[Problem, ...]) -> list[tuple[Any, ...]]:
    return [(p.code, p.column, p.row, p.got, p.count) for p in problems if p.code not in ("stock_item_without_row",)]


def test_without_a_file_the_default_days_are_marked_as_assumed(shop: SalesPanel) -> None:
    made = default_terms(shop)
    assert made.lead_time_days.tolist() == [14] * 4
    assert made.review_period_days.tolist() == [7] * 4
    assert made.assumed_lead_time.all()
    assert made.assumed_review.all()
    assert np.isnan(made.on_hand).all()
    assert made.supplier.tolist() == ["S0", "S1", "", "S3"]
    assert made.category.tolist() == ["C0", "C1", "C2", "C3"]
    assert default_terms(panel(np.ones((1, 5)))).supplier.tolist() == [""]


def test_a_whole_file_of_text_is_read(shop: SalesPanel) -> None:
    row = dict(zip(HEADERS, ["A", " 3.5 ", "4", "2024-06-15", "1", "20", "2", "10", "6", "0.5", "1.25", "2.5", "New", ""], strict=True))
    made, problems = read_terms(pd.DataFrame([row]), shop)
    at = {field.name: getattr(made, field.name)[2] for field in fields(made)}
    assert at == {
        "items": "A", "on_hand": 3.5, "on_order": 4, "on_order_due": np.datetime64("2024-06-15"), "backorders": 1, "lead_time_days": 20,
        "lead_time_sd_days": 2, "review_period_days": 10, "moq": 6, "pack": 0.5, "unit_cost": 1.25, "unit_price": 2.5, "supplier": "New",
        "category": "C2", "assumed_lead_time": False, "assumed_review": False, "unusable": False,
    }  # fmt: skip
    assert [(p.code, p.severity, p.got, p.count) for p in problems] == [("stock_item_without_row", Severity.INFO, "007", 3)]
    assert made.supplier.tolist() == ["S0", "S1", "New", "S3"]
    assert made.assumed_lead_time.tolist() == [True, True, False, True]


def test_typed_cells_are_read_like_text(shop: SalesPanel) -> None:
    made, problems = read(
        shop,
        item=[85123.0, "007", "A", "a b"],
        on_hand=[1, Decimal("2.5"), np.float32(3), None],
        on_order=pd.array([1, 1, None, None], dtype="Int64"),
        on_order_due=[pd.Timestamp("2024-06-15 10:00", tz="Asia/Tokyo"), date(2024, 6, 16), pd.NaT, None],
    )
    assert found(problems) == []
    assert made.on_hand[:3].tolist() == [2.5, 1.0, 3.0]
    assert np.isnan(made.on_hand[3])
    assert made.on_order.tolist() == [1, 1, 0, 0]
    assert made.on_order_due[:2].astype(str).tolist() == ["2024-06-16", "2024-06-15"]


def test_headers_may_differ_in_case_and_spaces(shop: SalesPanel) -> None:
    made, problems = read_terms(pd.DataFrame({"ITEM ": ["A"], " On  Hand": ["3"], "Lead_Time days": ["5"]}), shop)
    assert found(problems) == []
    assert (made.on_hand[2], made.lead_time_days[2]) == (3, 5)


def test_leading_zeros_belong_to_the_code(shop: SalesPanel) -> None:
    assert found(read(shop, item=["7"], on_hand=["1"])[1])[0] == ("stock_unknown_item", "item", 2, "7", 1)
    assert read(shop, item=["007"], on_hand=["1"])[0].on_hand[0] == 1


def test_a_code_is_never_changed_to_fit(shop: SalesPanel) -> None:
    """ " A1" and "A1" are two items of a sales file; the stock of one is never the other's."""
    twins = panel(np.ones((3, 5)), items=[" A1", "A1", "B1"])
    made, problems = read(twins, item=[" A1", "b1 ", "a1"], on_hand=["7", "8", "9"])
    assert made.on_hand[0] == 7
    assert np.isnan(made.on_hand[1:]).all()
    assert found(problems) == [("stock_item_alike", "item", 3, "b1 ", 1), ("stock_unknown_item", "item", 4, "a1", 1)]
    assert "did you mean 'B1'?" in problem(problems[0])
    assert read(shop, item=[85123.0])[0].items[1] == "85123"


def test_text_cells_are_read_like_the_typed_ones_they_come_from(shop: SalesPanel, tmp_path: Path) -> None:
    days = [date(2024, 6, 15), "2024-06-16", None]
    mixed = pd.DataFrame({"item": [85123, "A", "007"], "on_hand": [1, "2.5", None], "on_order_due": days})
    with pytest.raises(pa.ArrowInvalid, match="tried to convert to int64"):
        write_table(tmp_path / "stock.parquet", mixed)
    write_table(tmp_path / "stock.parquet", as_text(mixed))
    saved = read_table(tmp_path / "stock.parquet")
    assert saved.to_numpy().tolist() == [["85123", "1", "2024-06-15"], ["A", "2.5", "2024-06-16"], ["007", "", ""]]
    assert_alike(read_terms(saved, shop), read_terms(mixed, shop))


def assert_alike(one: tuple[StockTerms, tuple[Problem, ...]], other: tuple[StockTerms, tuple[Problem, ...]]) -> None:
    assert one[1] == other[1]
    for field in fields(StockTerms):
        np.testing.assert_array_equal(getattr(one[0], field.name), getattr(other[0], field.name), err_msg=field.name)


def test_everything_wrong_is_said_at_once_and_counts_as_not_given(shop: SalesPanel) -> None:
    made, problems = read(
        shop,
        item=["A", "zz", "A", None, "007", "85123", "a b"],
        on_hand=["x", "9", "9", "9", "-1", "inf", "1,5"],
        moq=["-6", "", "", "", "2e9", "-6", ""],
        lead_time_days=["-3", "", "", "", "5000", "", "nan"],
        on_order_due=["15.06.2024", "", "", "", "2024-02-30", "", "2024-01-01x"],
        colour=["red"] * 7,
    )
    assert found(problems) == [
        ("stock_unknown_column", "colour", None, "", 1),
        ("stock_item_missing", "item", 5, "", 1),
        ("stock_duplicate_item", "item", 4, "A", 1),
        ("stock_unknown_item", "item", 3, "zz", 1),
        ("stock_not_a_number", "on_hand", 2, "x", 1),
        ("stock_not_a_number", "on_hand", 8, "1,5", 1),
        ("stock_infinite", "on_hand", 7, "inf", 1),
        ("stock_negative", "on_hand", 6, "-1", 1),
        ("stock_bad_date", "on_order_due", 6, "2024-02-30", 1),
        ("stock_bad_date", "on_order_due", 8, "2024-01-01x", 1),
        ("stock_not_a_number", "lead_time_days", 8, "nan", 1),
        ("stock_negative", "lead_time_days", 2, "-3", 1),
        ("stock_too_large", "lead_time_days", 6, "5000", 1),
        ("stock_negative", "moq", 2, "-6", 2),
        ("stock_too_large", "moq", 6, "2e9", 1),
    ]
    assert all(p.severity is not Severity.ERROR for p in problems)
    assert np.isnan(made.on_hand).all()
    assert made.unusable.all()
    assert made.moq.tolist() == [0] * 4
    assert made.lead_time_days.tolist() == [14] * 4
    assert made.assumed_lead_time.all()
    assert all(problem(p) for p in problems)


@pytest.mark.parametrize("name", ["on_hand", "on_order"])
@pytest.mark.parametrize("cell", ["1,500", "n/a", "-3", "inf", "2e9"])
def test_stock_that_was_given_and_cannot_be_read_is_not_stock_of_zero(shop: SalesPanel, name: str, cell: str) -> None:
    made, _ = read(shop, item=["A", "007", "85123"], **{name: [cell, "", "0"]}, moq=["x", "x", "x"])
    assert made.unusable.tolist() == [False, False, True, False]


def test_due_dates_are_read_as_sales_dates_are(shop: SalesPanel) -> None:
    made, problems = read(
        shop, item=["A", "007", "85123"], on_order_due=["15.06.2024", "07.06.2024", "2024-06-08"], on_order=["1", "1", "1"]
    )
    assert made.on_order_due[[2, 0, 1]].astype(str).tolist() == ["2024-06-15", "2024-06-07", "2024-06-08"]
    assert found(problems) == []
    assert read(shop, item=["A", "007"], on_order_due=["15/06/2024", "07/06/2024"])[0].on_order_due[0] == np.datetime64("2024-06-07")


def test_a_due_date_that_cannot_be_read_matters_where_something_is_due(shop: SalesPanel) -> None:
    made, problems = read(
        shop, item=["A", "007", "85123"], on_order=["5", "0", "5"], on_order_due=["06/07/2024", "06/07/2024", "2024-06-07"]
    )
    assert found(problems)[:1] == [("stock_date_ambiguous", "on_order_due", 2, "06/07/2024", 2)]
    assert made.unusable.tolist() == [False, False, True, False]
    assert read(shop, item=["A"], on_order=["5"], on_order_due=["soon"])[0].unusable[2]


def test_rows_count_as_the_file_counts_them(shop: SalesPanel) -> None:
    table = pd.DataFrame({"item": ["A", "zz"], "on_hand": ["1", "1"]}, index=[4, 9])
    assert [p.row for p in read_terms(table, shop)[1] if p.row] == [11]


def test_a_long_list_of_faults_ends_with_the_rest_in_one(shop: SalesPanel) -> None:
    _, problems = read(shop, item=[f"z{i}" for i in range(50)] + ["z0"])
    unknown = [p.count for p in problems if p.code == "stock_unknown_item"]
    assert unknown == [1] * 19 + [31]
    assert found(problems)[0] == ("stock_duplicate_item", "item", 52, "z0", 1)


def test_without_an_item_column_nothing_can_be_used(shop: SalesPanel) -> None:
    made, problems = read(shop, sku=["A"], on_hand=["1"])
    assert [(p.code, p.severity) for p in problems if p.code == "stock_no_item_column"] == [("stock_no_item_column", Severity.ERROR)]
    assert np.isnan(made.on_hand).all()


def test_a_header_given_twice_is_used_once(shop: SalesPanel) -> None:
    made, problems = read_terms(pd.DataFrame([["A", "1", "2"]], columns=["item", "on_hand", "On hand"]), shop)
    assert found(problems) == [("stock_repeated_column", "On hand", None, "", 1)]
    assert made.on_hand[2] == 1


def test_units_on_order_without_a_day_are_told(shop: SalesPanel) -> None:
    _, problems = read(shop, item=["007", "A"], on_order=["5", "5"], on_order_due=["2024-06-15", ""])
    assert [(p.code, p.severity, p.got, p.count) for p in problems[1:]] == [("stock_no_due_date", Severity.INFO, "A", 1)]


def test_the_template_reads_without_a_problem() -> None:
    assert tuple(template().columns) == HEADERS
    made, problems = read_terms(template(), panel(np.ones((2, 5)), items=template()["item"].tolist()))
    assert problems == ()
    assert (made.on_hand[0], made.on_hand[1], made.pack[0]) == (42, 7, 6)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-1.0, np.inf, 1e10])
def test_impossible_terms_cannot_be_built(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} of item A001: got {value}, expected a number from 0"):
        stock.terms(2, **{name: [1.0, value]})


@pytest.mark.parametrize("name", NUMBERS)
def test_only_stock_cost_and_price_may_be_missing(name: str) -> None:
    if name in ("on_hand", "unit_cost", "unit_price"):
        assert np.isnan(getattr(stock.terms(1, **{name: np.nan}), name)).all()
    else:
        with pytest.raises(ValueError, match=f"{name} of item A000: got nan"):
            stock.terms(1, **{name: np.nan})


def test_arrays_that_do_not_fit_cannot_be_built() -> None:
    with pytest.raises(ValueError, match=r"pack: got shape \(1,\), expected \(2,\)"):
        replace(stock.terms(2), pack=np.zeros(1))
    with pytest.raises(ValueError, match="on_order_due: got object, expected days"):
        replace(stock.terms(1), on_order_due=np.array(["2024-01-01"], dtype=object))
    with pytest.raises(ValueError, match="items: expected sorted unique"):
        replace(stock.terms(2), items=np.array(["b", "a"], dtype=object))


def test_select_takes_items_by_code() -> None:
    made = stock.terms(4, moq=[0, 1, 2, 3])
    assert made.select(["A001", "A003"]).moq.tolist() == [1, 3]
    with pytest.raises(KeyError, match=r"items without stock terms: \['B'\]"):
        made.select(["A001", "B"])


TYPED = (st.floats(), st.integers(), st.booleans(), st.dates(), st.datetimes(), st.binary(max_size=4))
CELLS = st.one_of(st.none(), st.text(max_size=12), *TYPED)


@settings(max_examples=100, deadline=None)
@given(
    table=st.dictionaries(st.one_of(st.sampled_from(HEADERS), st.text(max_size=6)), st.lists(CELLS, min_size=3, max_size=3)),
    items=st.lists(st.sampled_from(["A", "007", "85123", "zz", None]), min_size=3, max_size=3),
)
def test_whatever_the_cells_hold_nothing_raises(shop: SalesPanel, table: dict[str, list[Any]], items: list[str | None]) -> None:
    columns = {name: pd.Series(cells, dtype=object) for name, cells in {**table, "item": items}.items()}
    made, problems = read_terms(pd.DataFrame(columns), shop)
    assert len(made) == 4
    assert all(isinstance(problem(p), str) for p in problems)
    assert_alike(read_terms(as_text(pd.DataFrame(columns)), shop), (made, problems))


def test_a_file_of_which_no_row_fits_is_an_error(shop: SalesPanel) -> None:
    made, problems = read(shop, item=["ghost", "other"], on_hand=["1", "2"])
    assert [p.code for p in problems if p.severity is Severity.ERROR] == ["stock_no_row_fits"]
    assert np.isnan(made.on_hand).all()
