"""Dates that can be read in more ways than one: told by the column as a whole, asked, or an error that names both; never guessed."""

import datetime

import numpy as np
import pandas as pd
import pytest

from sales.alike_files import written_alike
from sales.checks import read_days
from sales.dates import days
from sales.mapping import Mapping
from sales.problems import Severity

SIXTY = pd.date_range("2024-01-01", periods=60)


@pytest.mark.parametrize("form", ["%y-%m-%d", "%y/%m/%d", "%y-%m-%d 10:05"])
@pytest.mark.parametrize("day_first", [None, True, False])
def test_two_digits_of_a_year_come_first_where_the_last_part_runs_through_the_days(form: str, day_first: bool | None) -> None:
    read, _, unclear = days(pd.Series(SIXTY.strftime(form)), day_first)
    assert not unclear.any()
    np.testing.assert_array_equal(read, SIXTY.to_numpy().astype("datetime64[D]"))


@pytest.mark.parametrize("form", ["%d-%m-%y", "%m/%d/%y"])
def test_two_digits_of_a_year_come_last_where_the_first_parts_run(form: str) -> None:
    read, _, unclear = days(pd.Series(SIXTY.strftime(form)), None)
    assert not unclear.any()
    np.testing.assert_array_equal(read, SIXTY.to_numpy().astype("datetime64[D]"))


@pytest.mark.parametrize("cells", [["24-01-05"], ["24-01-01", "24-02-01"], ["05-01-24", "05-01-23"], ["24-01-05", "24-01-06"]])
def test_two_digits_of_a_year_that_may_stand_first_or_last_are_asked_about(cells: list[str]) -> None:
    assert days(pd.Series(cells), None)[2].all()


def test_years_that_are_no_days_come_first() -> None:
    assert days(pd.Series(["99-01-05", "00-02-05"]), None)[0].astype(str).tolist() == ["1999-01-05", "2000-02-05"]


def test_a_file_with_the_year_first_beside_one_with_the_day_first() -> None:
    old = pd.DataFrame({"item": "A", "date": SIXTY.strftime("%d-%m-%y"), "units": 1})
    new = pd.DataFrame({"item": "A", "date": (SIXTY + pd.Timedelta(days=60)).strftime("%y-%m-%d"), "units": 1})
    files, _ = written_alike([old, new], Mapping("item", "date", "units"), None)
    read = days(pd.concat([file["date"] for file in files]), None)[0]
    np.testing.assert_array_equal(read, pd.date_range("2024-01-01", periods=120).to_numpy().astype("datetime64[D]"))


def test_six_digits_are_weeks_where_one_can_be_no_month() -> None:
    read = days(pd.Series([f"2024{week:02d}" for week in range(1, 21)]), None)[0]
    np.testing.assert_array_equal(read, np.arange("2024-01-01", "2024-05-20", 7, dtype="datetime64[D]"))


def test_six_digits_are_months_where_all_can_be_and_that_is_said() -> None:
    read, (note,) = read_days(pd.Series([f"2024{month:02d}" for month in range(1, 13)]), None)
    np.testing.assert_array_equal(read, np.arange("2024-01", "2025-01", dtype="datetime64[M]").astype("datetime64[D]"))
    assert (note.code, note.severity, note.count) == ("dates_months_or_weeks", Severity.WARNING, 12)
    two_years = pd.Series([f"{year}{month:02d}" for year in (2023, 2024) for month in range(1, 13)])
    assert read_days(two_years, None)[1] == []


def test_a_few_dates_in_the_other_order_are_an_error_that_names_both() -> None:
    """18 of 365 in month/day: 11 of them can be no day/month, and of the others nobody knows."""
    year = pd.date_range("2024-01-01", periods=365)
    cells = np.where(np.arange(365) % 20 == 0, year.strftime("%m/%d/%Y"), year.strftime("%d/%m/%Y"))
    cells[0] = "01/01/2024"
    _, (problem,) = read_days(pd.Series(cells), None)
    assert (problem.code, problem.severity, problem.count) == ("dates_both_orders", Severity.ERROR, 11)
    assert problem.params == {"order": "day/month/year", "other": "month/day/year"}


def test_a_slip_that_is_no_date_in_any_order_is_left_out_and_named() -> None:
    _, (problem,) = read_days(pd.Series([*pd.date_range("2024-01-01", periods=40).strftime("%d/%m/%Y"), "32/13/2024"]), None)
    assert (problem.code, problem.severity) == ("date_unreadable", Severity.WARNING)


def test_dates_that_a_spreadsheet_swapped_are_an_error() -> None:
    year = pd.date_range("2024-01-01", "2024-03-31")
    cells = [datetime.date(2024, day.day, day.month) if day.day <= 12 else day.strftime("%d/%m/%Y") for day in year]
    _, (problem,) = read_days(pd.Series(cells, dtype=object), None)
    assert (problem.code, problem.severity, problem.count) == ("dates_half_swapped", Severity.ERROR, 36)


def test_dates_beside_texts_that_are_whole_are_read() -> None:
    year = pd.date_range("2024-01-01", "2024-03-31")
    cells = [day.date() if k % 2 else day.strftime("%d/%m/%Y") for k, day in enumerate(year)]
    read, problems = read_days(pd.Series(cells, dtype=object), None)
    assert problems == []
    np.testing.assert_array_equal(read, year.to_numpy().astype("datetime64[D]"))


@pytest.mark.parametrize(("first", "count"), [("2023-11-01", 3), ("2020-01-01", 24), ("2024-01-01", 12)])
def test_first_days_of_months_one_after_the_other_begin_with_the_year(first: str, count: int) -> None:
    months = pd.date_range(first, periods=count, freq="MS")
    for mark in "-/":
        read, _, unclear = days(pd.Series(months.strftime(f"%y{mark}%m{mark}%d").tolist() * 2), None)
        assert not unclear.any()
        assert read.astype(str).tolist() == [*months.strftime("%Y-%m-%d")] * 2


def test_days_of_2001_stay_days_of_2001() -> None:
    every = pd.date_range("2001-01-01", "2001-12-31")
    read, _, unclear = days(pd.Series(every.strftime("%d-%m-%y")), None)
    assert not unclear.any()
    assert read.astype(str).tolist() == every.strftime("%Y-%m-%d").tolist()
    ends = pd.date_range("2001-01-31", periods=12, freq="ME")
    assert str(days(pd.Series(ends.strftime("%d-%m-%y")), None)[0][1]) == "2001-02-28"
