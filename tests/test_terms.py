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
import realdata
import stock
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import panel

from inventory.cells import as_text
from inventory.columns import HEADERS, NUMBERS
from inventory.receipts import Receipts
from inventory.terms import CARRIED, StockTerms, default_terms, read_terms, template
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
    row = {
        "item": "A", "on_hand": " 3.5 ", "on_order": "4", "on_order_due": "2024-06-15", "backorders": "1", "lead_time_days": "20",
        "lead_time_sd_days": "2", "review_period_days": "10", "moq": "6", "pack": "0.5", "order_multiple": "3", "unit_cost": "1.25",
        "unit_price": "2.5", "order_cost": "30", "holding_rate_percent": "20 %", "holding_cost": "0.25", "shelf_life_days": "365",
        "min_stock": "5", "max_stock": "50", "supplier_minimum": "250", "supplier": "New", "category": "", "lead_time_orders": "8",
        "lead_time_from": "item",
    }  # fmt: skip
    assert tuple(row) == HEADERS
    made, problems = read_terms(pd.DataFrame([row]), shop)
    at = {field.name: getattr(made, field.name)[2] for field in fields(made) if field.name != "orders"}
    assert at == {
        "items": "A", "on_hand": 3.5, "on_order": 4, "on_order_due": np.datetime64("2024-06-15"), "backorders": 1, "lead_time_days": 20,
        "lead_time_sd_days": 2, "review_period_days": 10, "moq": 6, "pack": 0.5, "order_multiple": 3, "unit_cost": 1.25, "unit_price": 2.5,
        "order_cost": 30, "holding_rate_percent": 20, "holding_cost": 0.25, "shelf_life_days": 365, "min_stock": 5, "max_stock": 50,
        "supplier_minimum": 250, "supplier": "New", "category": "C2", "lead_time_orders": 8, "lead_time_from": "item",
        "assumed_lead_time": False, "assumed_review": False, "unusable": False,
    }  # fmt: skip
    gap = ("stock_item_without_row", Severity.INFO, "007", 0)
    assert [(p.code, p.severity, p.got, p.count) for p in problems] == [gap, ("stock_carried", Severity.INFO, "", 0)]
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
    for field in fields(StockTerms)[:-1]:
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
        ("stock_unknown_column", None, None, "", 0),
        ("stock_item_missing", "item", 5, "", 1),
        ("stock_unknown_item", "item", 3, "zz", 1),
        ("stock_duplicate_item", "item", 4, "A", 1),
        ("stock_not_a_number", "on_hand", 2, "x", 1),
        ("stock_infinite", "on_hand", 7, "inf", 1),
        ("stock_negative", "on_hand", 6, "-1", 1),
        ("stock_negative", "moq", 2, "-6", 2),
        ("stock_too_large", "moq", 6, "2e9", 1),
        ("stock_not_a_number", "lead_time_days", 8, "nan", 1),
        ("stock_negative", "lead_time_days", 2, "-3", 1),
        ("stock_too_large", "lead_time_days", 6, "5000", 1),
        ("stock_bad_date", "on_order_due", 6, "2024-02-30", 1),
        ("stock_bad_date", "on_order_due", 8, "2024-01-01x", 1),
    ]
    assert all(p.severity is not Severity.ERROR for p in problems)
    assert made.on_hand[3] == 1.5
    assert np.isnan(made.on_hand[:3]).all()
    assert made.unusable.tolist() == [True, True, True, False]
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
    assert ("stock_duplicate_item", "item", 52, "z0", 1) in found(problems)


def test_without_an_item_column_nothing_can_be_used(shop: SalesPanel) -> None:
    made, problems = read(shop, thing=["A"], on_hand=["1"])
    assert [(p.code, p.severity) for p in problems if p.code == "stock_no_item_column"] == [("stock_no_item_column", Severity.ERROR)]
    assert np.isnan(made.on_hand).all()


def test_a_header_given_twice_is_used_once(shop: SalesPanel) -> None:
    made, problems = read_terms(pd.DataFrame([["A", "1", "2"]], columns=["item", "on_hand", "On hand"]), shop)
    assert found(problems) == [("stock_repeated_column", "On hand", None, "", 0)]
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
    if name in ("on_hand", "unit_cost", "unit_price", "supplier_minimum", *CARRIED):
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


def test_several_open_orders_of_an_item_keep_their_own_days(shop: SalesPanel) -> None:
    made, problems = read(
        shop,
        item=["A", "A", "007", "A", "A"],
        on_hand=["3", "", "1", "3", "3"],
        on_order=["10", "20", "5", "30", "10"],
        on_order_due=["2024-06-15", "2024-07-01", "", "", "2024-06-15"],
    )
    assert found(problems) == [("stock_duplicate_item", "item", 6, "A", 1), ("stock_no_due_date", "on_order_due", None, "007", 2)]
    assert (made.on_order[2], str(made.on_order_due[2])) == (10, "2024-06-15")
    assert (made.orders.items.tolist(), made.orders.quantity.tolist()) == (["A", "A"], [20, 30])
    assert made.orders.due.astype(str).tolist() == ["2024-07-01", "NaT"]


def test_further_orders_may_stand_in_numbered_columns(shop: SalesPanel) -> None:
    made, problems = read(
        shop,
        item=["A", "007"],
        on_order=["10", ""],
        on_order_due=["2024-06-15", ""],
        on_order_2=["20", ""],
        on_order_due_2=["2024-07-01", ""],
    )
    assert found(problems) == []
    assert (made.on_order[2], made.orders.quantity.tolist(), str(made.orders.due[0])) == (10, [20], "2024-07-01")


def test_two_orders_alike_but_for_a_number_that_we_do_not_know_are_two(shop: SalesPanel) -> None:
    made, _ = read(shop, item=["A", "A"], on_order=["10", "10"], on_order_due=["2024-06-15"] * 2, voucher=["1", "2"])
    assert made.orders.quantity.tolist() == [10]


def test_a_row_that_says_something_else_is_no_further_order(shop: SalesPanel) -> None:
    made, problems = read(shop, item=["A", "A"], on_hand=["3", "4"], on_order=["10", "20"])
    assert ("stock_duplicate_item", "item", 3, "A", 1) in found(problems)
    assert (made.on_hand[2], made.on_order[2], len(made.orders.items)) == (3, 10, 0)


@pytest.mark.parametrize("wrong", [{"on_order": ["10", "many"]}, {"on_order": ["10", "20"], "on_order_due": ["2024-06-15", "soon"]}])
def test_a_further_order_that_cannot_be_read_leaves_the_stock_unknown(shop: SalesPanel, wrong: dict[str, list[str]]) -> None:
    assert read(shop, item=["A", "A"], on_hand=["3", ""], **wrong)[0].unusable.tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("headers", "values"),
    [
        ("SKU|Stock on Hand|Lead time (weeks)|Min. order qty|Pack size|Unit cost (EUR)", "A|3|2|6|12|1.5"),
        ("货号|库存数量|交货期(周)|最小起订量|包装数|采购价", "A|3|2|6|12|1.5"),
        ("Artikelnummer|Lagerbestand|Lieferzeit Wochen|Mindestbestellmenge|Gebindegröße|Einkaufspreis", "A|3|2|6|12|1,5"),
        ("Réf. article|Quantité en stock|Délai (semaines)|Quantité minimum|Conditionnement|Prix d'achat", "A|3|2|6|12|1,50 €"),
        ("Código artículo|Existencias|Plazo de entrega (semanas)|Pedido mínimo|Unidades por caja|Precio de compra", "A|3|2|6|12|1,5"),
    ],
)
def test_headers_in_five_languages(shop: SalesPanel, headers: str, values: str) -> None:
    made, problems = read_terms(pd.DataFrame([values.split("|")], columns=headers.split("|")), shop)
    assert [p.code for p in problems] == ["stock_columns_recognized", "stock_item_without_row"]
    at = [getattr(made, name)[2] for name in ("on_hand", "lead_time_days", "moq", "pack", "unit_cost")]
    assert at == [3, 14, 6, 12, 1.5]


def test_a_time_without_a_unit_is_read_as_days_and_said(shop: SalesPanel) -> None:
    made, problems = read(shop, item=["A"], Lieferzeit=["9"])
    assert made.lead_time_days[2] == 9
    assert ("stock_days_taken", "Lieferzeit", None, "", 0) in found(problems)


@pytest.mark.parametrize(("cell", "other", "read_as"), [("1.500", "0,5", 1500), ("1.500", "0.5", 1.5), ("1,500", "0.25", 1500)])
def test_the_file_tells_what_a_column_does_not(shop: SalesPanel, cell: str, other: str, read_as: float) -> None:
    made, problems = read(shop, item=["A"], on_hand=[cell], unit_cost=[other])
    assert found(problems) == []
    assert made.on_hand[2] == read_as


def test_a_number_that_nothing_explains_is_not_guessed(shop: SalesPanel) -> None:
    made, problems = read(shop, item=["A"], on_hand=["1.500"])
    assert ("stock_number_unclear", "on_hand", 2, "1.500", 1) in found(problems)
    assert made.unusable[2]
    assert read(shop, item=["A"], on_hand=[1.125])[0].on_hand[2] == 1.125


def test_a_holding_rate_is_percent_and_shares_are_told(shop: SalesPanel) -> None:
    rates = {
        name: read(shop, item=["A", "007"], **{name: cells})
        for name, cells in (("holding_rate_percent", ["0.2", "0.3"]), ("Holding rate", ["0.2", "0.3"]), ("holding rate", ["20%", "30%"]))
    }
    assert [made.holding_rate_percent[2] for made, _ in rates.values()] == [0.2, 20, 20]
    assert [any(p.code == "stock_rate_as_share" for p in problems) for _, problems in rates.values()] == [False, True, False]


def test_values_that_cannot_stand_together_are_not_both_used(shop: SalesPanel) -> None:
    made, problems = read(shop, item=["A", "007"], pack=["6", "6"], order_multiple=["24", "10"], min_stock=["5", "5"], max_stock=["9", "4"])
    assert made.rounding[[2, 0]].tolist() == [24, 6]
    assert np.isnan(made.max_stock[0])
    assert {("stock_multiple_against_pack", "order_multiple", None, "007", 1), ("stock_max_below_min", "max_stock", None, "007", 1)} <= set(
        found(problems)
    )
    with pytest.raises(ValueError, match="order_multiple of item A000: got 10 and packs of 6, expected a whole number of one in the other"):
        stock.terms(1, pack=6, order_multiple=10)


def test_the_plan_counts_each_open_order_by_its_own_day() -> None:
    """Two units a day, 21 days from 3 March to the 24th: 10 + 20 arrive by then, 40 do not; 5 were due on the 1st."""
    items, days = np.array(["A000"] * 3, dtype=object), np.array(["2024-03-20", "2024-04-20", "2024-03-01"], dtype="datetime64[D]")
    orders = Receipts(items, np.array([20.0, 40.0, 5.0]), days, np.full(3, False))
    made = stock.planned(1, 2, 0, on_hand=3, on_order=10, on_order_due=np.datetime64("2024-03-10"), orders=orders)
    assert (made.on_order[0], made.on_order_later[0], made.overdue[0], made.position[0]) == (35, 40, 5, 38)
    assert made.computed[0] == 4
    assert made.sent[0] == 0


def test_an_order_is_a_multiple_of_packs() -> None:
    assert stock.planned(1, 2, 0, on_hand=3, pack=6, order_multiple=24).computed[0] == 48


@pytest.mark.slow
def test_the_stock_terms_of_a_refinery_are_read_under_their_own_headers() -> None:
    table = pd.read_parquet(realdata.folder("spare_parts") / "oil_items.parquet")
    codes = sorted(table["sku"].map(str))
    made, problems = read_terms(table, panel(np.ones((len(codes), 2)), items=codes))
    assert {p.code for p in problems} == {"stock_unknown_column", "stock_columns_recognized", "stock_carried"}
    first = made.select(["7505"])
    assert (first.lead_time_days[0], first.on_hand[0], first.unit_price[0], first.min_stock[0], first.max_stock[0]) == (
        71,
        280,
        2.7,
        120,
        200,
    )
    assert made.on_hand.sum() == table["stock_on_hand"].sum()
    assert not made.assumed_lead_time.any()
    assert_alike(read_terms(as_text(table), panel(np.ones((len(codes), 2)), items=codes)), (made, problems))


@pytest.mark.slow
def test_the_buying_terms_of_a_manufacturer_are_read_with_weeks_as_days() -> None:
    table = pd.read_parquet(realdata.folder("spare_parts") / "man_items.parquet")
    codes = sorted(table["sku"].map(str))
    made, _ = read_terms(table, panel(np.ones((len(codes), 2)), items=codes))
    first = made.select(["6"])
    assert (first.lead_time_days[0], first.moq[0], first.pack[0], first.order_cost[0]) == (49, 1, 10, 5)
    assert first.unit_cost[0] == pytest.approx(25.78329)
    assert first.holding_cost[0] == pytest.approx(5.156658)
