"""Wide tables become long ones, whatever is across."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import realdata
from hypothesis import given
from hypothesis import strategies as st

from sales.intake import intake
from sales.mapping import Mapping, propose
from sales.reading import read_table
from sales.shapes import Shape, detect_shape, to_long


def wide(*dates: str) -> pd.DataFrame:
    return pd.DataFrame({"sku": ["007", "b"], "family": ["x", None], **{date: [place, None] for place, date in enumerate(dates)}})


MONTHS = ("2024-01", "2024-02", "2024-03")


@pytest.mark.parametrize(
    "dates",
    [
        MONTHS,
        MONTHS[::-1],
        ("01/02/2024", "02/02/2024", "03/02/2024"),
        ("2024-01-05 00:00:00", "2024-01-06 00:00:00", "2024-01-07 00:00:00"),
        ("2024 week 1", "2024 week 2", "2024 week 3"),
        ("Jan 2024", "Feb 2024", "Mar 2024"),
        ("2024年1月", "2024年2月", "2024年3月"),
        ("45292", "45293", "45294"),
    ],
)
def test_dates_across_are_found_whatever_their_form_and_order(dates: tuple[str, ...]) -> None:
    table = wide(*dates)
    found = detect_shape(table)
    assert (found.layout, found.beside, found.across(table)) == ("dates_across", ("sku", "family"), list(dates))
    assert found.confidence > 0.8
    long = to_long(table, found)
    assert long.columns.tolist() == ["sku", "family", "date", "units"]
    assert long["date"].tolist() == [date for date in dates for _ in range(2)]
    assert long["sku"].tolist() == ["007", "b"] * 3


def test_nothing_stays_apart_from_zero_and_rows_stay_those_of_the_file() -> None:
    table = wide(*MONTHS).set_index(pd.Index([3, 7]))
    long = to_long(table, detect_shape(table))
    np.testing.assert_array_equal(long["units"], [0, np.nan, 1, np.nan, 2, np.nan])
    assert long.index.tolist() == [3, 7] * 3
    assert long["family"].isna().tolist() == [False, True] * 3


def test_a_bad_cell_is_named_by_its_row_of_the_file() -> None:
    table = pd.DataFrame({"sku": ["a", "b"], **{month: ["1", "2"] for month in MONTHS}})
    table.loc[1, "2024-02"] = "two"
    long = to_long(table, detect_shape(table))
    (found,) = [problem for problem in intake(long, propose(long)).problems if problem.code == "units_unreadable"]
    assert (found.row, found.got) == (3, "two")


def test_items_across_beside_a_date_and_a_total() -> None:
    table = pd.DataFrame(
        {"day": pd.date_range("2024-01-01", periods=4).astype(str), "A-1": 1, "a-1": [2, None, 0, 1], "B": "3", "Total": 9}
    )
    found = detect_shape(table)
    assert (found.layout, found.date, found.beside) == ("items_across", "day", ("Total",))
    long = to_long(table, found)
    assert long.columns.tolist() == ["Total", "day", "item", "units"]
    panel = intake(long, propose(long)).panel
    assert panel is not None
    assert panel.items.tolist() == ["A-1", "B", "a-1"]
    np.testing.assert_array_equal(panel.y, [[1, 1, 1, 1], [3, 3, 3, 3], [2, np.nan, 0, 1]])


def test_rows_without_a_date_are_periods_from_a_day_somebody_names() -> None:
    table = pd.DataFrame({"0": [1, 2, 3], "1": [4, 5, 6], "2": [7, 8, 9]})
    found = detect_shape(table)
    assert (found.layout, found.date, found.confidence) == ("items_across", None, 0.42)
    assert to_long(table, found)["date"].isna().all()
    monthly = to_long(table, replace(found, first_date="2024-01-01", step="M"))
    assert monthly["date"].dt.strftime("%Y-%m-%d").tolist() == ["2024-01-01", "2024-02-01", "2024-03-01"] * 3


@pytest.mark.parametrize(
    "columns",
    [
        {"sku": ["A", "B"], "date": ["2024-01-01", "2024-01-02"], "units": 1, "price": 2, "visits": 3},
        {"date": ["2024-01-01", "2024-01-02"], "Quantity": 1, "Temp": 2, "Visits": 3},
        {"sku": ["A", "B"], "2024-01": 1, "2024-02": 2},
        {"sku": ["A", "B"], "2024-01": "x", "2024-02": "y", "2024-03": "z"},
        {"sku": ["A", "B"], "V1": 1, "V2": 2, "V3": 3},
        {"sku": []},
        {},
    ],
)
def test_other_tables_are_long_and_stay_as_they_are(columns: dict[str, Any]) -> None:
    table = pd.DataFrame(columns)
    assert detect_shape(table) == Shape()
    assert to_long(table, Shape()) is table


def test_weeks_before_the_first_with_a_year_are_told_by_their_numbers() -> None:
    names = ["sku", "SOLD week 51", "week 52", "2013 week 1", "2013 week 2", "2013 week 3"]
    table = pd.DataFrame([["A", 1, 2, 3, 4, 5]], columns=names)
    found = detect_shape(table)
    assert dict(found.dates) == {"week 52": "2012-W52", "SOLD week 51": "2012-W51"}
    assert to_long(table, found)["date"].tolist() == ["2012-W51", "2012-W52", "2013 week 1", "2013 week 2", "2013 week 3"]
    assert detect_shape(table.rename(columns={"week 52": "week 50"})).dates == ()


def test_a_shape_fits_the_same_file_with_more_dates() -> None:
    found = detect_shape(wide(*MONTHS))
    assert len(to_long(wide(*MONTHS, "2024-04"), found)) == 8
    assert Shape(**{**asdict(found), "beside": tuple(found.beside)}) == found


def test_names_that_are_there_already_are_kept() -> None:
    table = pd.DataFrame({"date": ["a"], "units": ["kg"], **{month: [1] for month in MONTHS}})
    assert to_long(table, Shape("dates_across", ("date", "units"))).columns.tolist() == ["date", "units", "date_", "units_"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layout": "round"}, "expected one of"),
        ({"confidence": 2.0}, "0 to 1"),
        ({"date": "day"}, "items across alone"),
        ({"layout": "items_across", "first_date": "2024-01-01"}, "expected a column, or a day"),
        ({"layout": "items_across", "first_date": "2024-01-01", "step": "Q"}, "expected a column, or a day"),
        ({"layout": "items_across", "first_date": "soon", "step": "D"}, "expected a day like"),
    ],
)
def test_impossible_shapes_cannot_be_built(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Shape(**wrong)


def test_a_table_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="without \\['gone'\\]"):
        to_long(wide(*MONTHS), Shape("dates_across", ("gone",)))
    with pytest.raises(ValueError, match="no column across"):
        to_long(wide(), Shape("dates_across", ("sku", "family")))


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(0, 99)), min_size=4, max_size=4), min_size=2, max_size=6, unique_by=tuple))
def test_long_and_wide_hold_the_same(rows: list[list[int | None]]) -> None:
    table = pd.DataFrame(rows, columns=["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"], dtype=float)
    table.insert(0, "sku", [f"s{place}" for place in range(len(rows))])
    long = to_long(table, Shape("dates_across", ("sku",)))
    back = long.assign(date=long["date"].astype(str), sku=long["sku"].astype(str)).pivot(index="sku", columns="date", values="units")
    np.testing.assert_array_equal(back.to_numpy(), table.iloc[:, 1:].to_numpy())


cell = st.one_of(st.none(), st.text(max_size=6), st.integers(), st.floats(), st.booleans(), st.dates(), st.binary(max_size=3), st.just([1]))
header = st.one_of(st.text(max_size=5), st.integers(0, 3), st.sampled_from([*MONTHS, "45292", "week 3", "2024 week 4", "Total", "date"]))


@given(st.lists(header, max_size=6), st.data())
def test_random_tables_never_raise(names: list[object], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(*[cell] * len(names)), max_size=5))
    table = pd.DataFrame(rows, columns=names, dtype=object)
    found = detect_shape(table)
    assert len(to_long(table, found)) == len(rows) * (1 if found.layout == "long" else len(found.across(table)))


@pytest.mark.slow
def test_the_workbook_of_the_manufacturer_is_150_weeks_as_published() -> None:
    path = realdata.folder("messy_ingest") / "MAN_raw_six_header_rows.xlsx"
    table = read_table(path, path.name).table
    assert table is not None
    long = to_long(table, detect_shape(table))
    read = intake(long, Mapping("SKU nr", "date", "units"))
    assert read.panel is not None
    weeks = pd.read_parquet(realdata.folder("spare_parts") / "man_demand_weekly.parquet")
    clean = weeks.assign(sku=weeks["sku"].astype(str)).pivot(index="sku", columns="week", values="demand")
    assert read.panel.y.shape == clean.shape == (3451, 150)
    assert read.panel.periods.tolist() == clean.columns.tolist()
    np.testing.assert_array_equal(read.panel.y, clean.loc[read.panel.items].to_numpy(dtype=np.float32))


@pytest.mark.slow
def test_jewellery_is_wide_with_items_across_and_no_dates() -> None:
    table = pd.read_parquet(realdata.folder("jewelry") / "jewelry_wide.parquet")
    found = detect_shape(table)
    assert (found.layout, found.date, len(found.across(table))) == ("items_across", None, 314)
    long = to_long(table, replace(found, first_date="1998-01-05", step="W"))
    assert (len(long), int(long["units"].sum())) == (314 * 124, int(table.to_numpy().sum()))
