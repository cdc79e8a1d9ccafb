"""Cells as days: the forms of shops and programs, the order of day and month, and what is no date."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.dates import days


def read(*cells: object, day_first: bool | None = None, dtype: str | None = None) -> list[str]:
    return days(pd.Series(cells, dtype=dtype), day_first)[0].astype(str).tolist()


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2024-01-05", "2024-01-05"),
        ("2024/1/5", "2024-01-05"),
        ("2024.01.05", "2024-01-05"),
        ("20240105", "2024-01-05"),
        ("5.1.2024", "2024-01-05"),
        ("31/12/99", "1999-12-31"),
        ("31/12/69", "2069-12-31"),
        ("31/12/70", "1970-12-31"),
        ("1 Dec 2010", "2010-12-01"),
        ("01-déc-2010", "2010-12-01"),
        ("Dec 1, 2010", "2010-12-01"),
        ("Wednesday, 1st December 2010", "2010-12-01"),
        ("1. Dezember 2010", "2010-12-01"),
        ("1-Mrz-24", "2024-03-01"),
        ("5 de enero de 2024", "2024-01-05"),
        ("2 août 2024", "2024-08-02"),
        ("2024-Mar-05", "2024-03-05"),
        ("Dec-10", "2010-12-01"),
        ("Jan 2024", "2024-01-01"),
        ("2024-01", "2024-01-01"),
        ("01/2024", "2024-01-01"),
        ("202401", "2024-01-01"),
        ("2024年1月5日", "2024-01-05"),
        ("2024年12月", "2024-12-01"),
        ("2024-W05", "2024-01-29"),
        ("2024W05", "2024-01-29"),
        ("2024-W05-7", "2024-02-04"),
        ("2020-W53", "2020-12-28"),
        ("2012 week 1", "2012-01-02"),
        ("KW 5/2024", "2024-01-29"),
        ("2024-01-05T23:59:59.123+05:00", "2024-01-05"),
        ("2024-01-05 23:59 UTC", "2024-01-05"),
        ("2024-01-05T08:26:00+01:00[Europe/Berlin]", "2024-01-05"),
        ("5 Mai 2024 11:30 PM", "2024-05-05"),
        *((wrong, "NaT") for wrong in ("2021-W53", "2024-02-30", "2024-01-00", "2024-13", "10-Dec", "31 Feb 2024", "2024-01-05 soon")),
        *((wrong, "NaT") for wrong in ("1234.5", "2024-W00", "3 Foo 2024", "2024年13月", "24", "12", "X 24", "")),
    ],
)  # fmt: skip
def test_a_cell_is_a_day(cell: str, day: str) -> None:
    assert read(cell) == read(cell, dtype="object") == [day]


def test_the_data_tells_which_of_day_and_month_comes_first() -> None:
    assert read("01/02/24", "31/01/24") == ["2024-02-01", "2024-01-31"]
    assert read("01/02/24", "1/31/24 8:26") == ["2024-01-02", "2024-01-31"]
    assert read("01-02-2024", "31-01-2024") == ["2024-02-01", "2024-01-31"]


def test_where_nothing_tells_the_cells_that_could_be_two_days_are_unclear() -> None:
    cells = pd.Series(["01/02/24", "02/02/24", "2024-03-01", None])
    found, nothing, unclear = days(cells, None)
    assert (unclear.tolist(), nothing.tolist()) == ([True, False, False, False], [False, False, False, True])
    assert str(found[2]) == "2024-03-01"
    assert read("01/02/24", day_first=True) == ["2024-02-01"]
    assert read("01/02/24", day_first=False) == ["2024-01-02"]


@pytest.mark.parametrize(("against", "unclear"), [(1, False), (2, True)])
def test_a_column_of_both_orders_is_asked_about(against: int, unclear: bool) -> None:
    """Of 20 days that only day-first reads, a slip the other way is a bad cell; two are a second way of writing."""
    cells = [f"{day}/01/2024" for day in range(13, 31)] + ["31/01/2024", "30/03/2024"]
    slips = [f"01/{day}/2024" for day in range(13, 13 + against)]
    found, _, asked = days(pd.Series([*cells, *slips, "03/04/2024"]), None)
    assert asked.any() == asked[-1] == unclear
    assert np.isnat(found[-2])
    assert np.isnat(found[-1]) == unclear


def test_days_of_excel_only_where_the_whole_column_is_such() -> None:
    assert read("45000", "45001.5", "") == ["2023-03-15", "2023-03-16", "NaT"]
    assert read(45000, 45001.25) == ["2023-03-15", "2023-03-16"]
    assert read("45000", "2024-01-01") == ["NaT", "2024-01-01"]
    assert read("45000", "12") == read("45000", "99999") == ["NaT", "NaT"]


def test_columns_with_types_keep_the_time_on_the_wall() -> None:
    stamps = pd.to_datetime(["2024-01-30 23:00", None]).tz_localize("Asia/Tokyo")
    found, nothing, _ = days(pd.Series(stamps), None)
    assert (found.astype(str).tolist(), nothing.tolist()) == (["2024-01-30", "NaT"], [False, True])
    assert read(20240105, 20240106) == ["2024-01-05", "2024-01-06"]


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d/%m/%Y %H:%M:%S", "%d %b %Y %H:%M:%S"])
def test_many_stamps_read_as_a_few_do(form: str) -> None:
    """The quick way for many distinct stamps changes no day, and a bad cell among them stays bad."""
    stamps = pd.Series(np.datetime64("2024-01-25", "s") + np.arange(0, 150_000 * 17, 17).astype("timedelta64[s]"))
    cells = stamps.dt.strftime(form).astype("str")
    cells.iloc[[5, 70_000]] = ["2024-01-26 soon", None]
    found, nothing, unclear = days(cells, None)
    expected = stamps.to_numpy().astype("datetime64[D]")
    expected[[5, 70_000]] = "NaT"
    np.testing.assert_array_equal(found, expected)
    assert (np.flatnonzero(nothing).tolist(), unclear.any()) == ([70_000], False)


@given(st.dates(pd.Timestamp("1970-01-01").date(), pd.Timestamp("2069-12-31").date()))
def test_a_day_written_in_any_form_is_that_day(day: object) -> None:
    stamp = pd.Timestamp(day)  # type: ignore[arg-type]
    forms = ("%Y-%m-%d", "%Y%m%d", "%d.%m.%y", "%d %b %Y", "%B %d, %Y", "%Y年%m月%d日", "%G-W%V-%u")
    assert read(*(stamp.strftime(form) for form in forms)) == [f"{stamp:%Y-%m-%d}"] * len(forms)


@given(
    st.lists(st.one_of(st.none(), st.text(), st.text("0123456789-/.:TWZ jan年月日", max_size=14), st.integers(), st.binary()), max_size=20)
)
def test_random_cells_never_raise(cells: list[object]) -> None:
    found, nothing, unclear = days(pd.Series(cells, dtype=object), None)
    assert len(found) == len(nothing) == len(unclear) == len(cells)
    assert np.isnat(found[nothing | unclear]).all()


@pytest.mark.parametrize(
    "write",
    [
        "%Y-%m-%d %H:%M:%S",
        "%d/%m/%Y %H:%M",
        "%Y-%m-%dT%H:%M:%S+02:00",
        "%-d/%-m/%Y %H:%M",
        "%d/%m/%Y %H:%M ",
        "%Y年%m月%d日 %H:%M",
    ],
)
def test_many_stamps_are_read_as_few_are(write: str) -> None:
    """From 100,000 cells on, stamps of one width are cut by their bytes and others one by one; holes and what is no date stay."""
    minutes = pd.date_range("2021-12-25 00:00", periods=120_000, freq="11min")
    cells = minutes.strftime(write).to_series(index=range(120_000)).astype("str")
    for odd in ({7: None, 119_999: None}, {7: None, 9: "soon"}, {3: "2021-12-25"}):
        column = cells.copy()
        for place, cell in odd.items():
            column[place] = cell
        read, nothing, unclear = days(column, None)
        kept = np.array([place not in odd for place in range(120_000)])
        some = np.r_[0:40, 119_960:120_000]
        few = days(column.iloc[some], True if write.startswith(("%d", "%-d")) else None)
        assert (read[some][kept[some]] == few[0][kept[some]]).all()
        assert np.isnat(read[~kept]).sum() == sum(cell != "2021-12-25" for cell in odd.values())
        assert nothing.sum() == sum(cell is None for cell in odd.values())
        assert not unclear.any()
