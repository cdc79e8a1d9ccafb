"""Periods, their labels, and the part of a file that they cover."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.calendar import WEEKDAYS, Calendar, calendar_for, detect_frequency, full_periods

ALIASES = ["D", "MS", "ME", *(f"W-{day}" for day in WEEKDAYS)]


def dates(*texts: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(texts)


@pytest.mark.parametrize("alias", ["W", "Q", "W-XYZ", ""])
def test_an_unknown_alias_is_refused(alias: str) -> None:
    with pytest.raises(ValueError, match="calendar alias: got"):
        Calendar(alias)


@pytest.mark.parametrize(
    ("alias", "date", "label"),
    [
        ("D", "2024-02-29 23:59", "2024-02-29"),
        ("W-MON", "2024-03-03", "2024-02-26"),
        ("W-SUN", "2024-03-03", "2024-03-03"),
        ("W-FRI", "2024-03-03", "2024-03-01"),
        ("MS", "2024-02-29", "2024-02-01"),
        ("ME", "2024-02-01 08:00", "2024-02-29"),
    ],
)
def test_labels(alias: str, date: str, label: str) -> None:
    assert Calendar(alias).label(dates(date))[0] == pd.Timestamp(label)


@given(st.sampled_from(ALIASES), st.dates(pd.Timestamp("1900-01-01").date(), pd.Timestamp("2199-12-31").date()))
def test_a_date_lies_within_its_period_and_the_next_begins_after_it(alias: str, day: object) -> None:
    calendar, date = Calendar(alias), pd.Timestamp(day)  # type: ignore[call-overload]
    label = calendar.label(pd.DatetimeIndex([date]))[0]
    assert calendar.first_day(label) <= date <= calendar.last_day(label)
    assert calendar.label(pd.DatetimeIndex([label]))[0] == label
    following = calendar.after(label, 2)
    assert calendar.first_day(following[0]) == calendar.last_day(label) + pd.Timedelta(days=1)
    assert calendar.range(label, 3)[1:].equals(following)


def test_days_become_periods_with_their_fractions() -> None:
    np.testing.assert_allclose(Calendar("W-MON").periods(np.array([7.0, 10.0])), [1, 10 / 7])
    np.testing.assert_allclose(Calendar("ME").periods(365.25), 12)


@pytest.mark.parametrize(
    ("days", "frequency", "alias"),
    [
        (pd.date_range("2024-01-01", periods=10), "D", "D"),
        (pd.date_range("2024-01-05", periods=3, freq="7D"), "W", "W-FRI"),
        (dates("2024-01-05", "2024-02-02", "2024-02-16"), "W", "W-FRI"),
        (dates("2024-01-31", "2024-02-29", "2024-06-30"), "M", "ME"),
        (dates("2024-01-01", "2024-04-01", "2024-07-01"), "M", "MS"),
        (dates("2024-01-01", "2024-01-08"), "D", "D"),
    ],
)
def test_the_period_a_file_is_kept_in(days: pd.DatetimeIndex, frequency: str, alias: str) -> None:
    assert detect_frequency(days) == frequency
    assert calendar_for(days, detect_frequency(days)).alias == alias


def test_a_coarser_period_is_labelled_by_its_first_day() -> None:
    days = pd.date_range("2024-01-03", periods=90)
    assert calendar_for(days, "W").alias == "W-MON"
    assert calendar_for(days, "M").alias == "MS"


WORKDAYS = pd.bdate_range("2024-01-01", "2024-03-29")


@pytest.mark.parametrize(
    ("days", "alias", "expected"),
    [
        (pd.date_range("2024-01-03", "2024-01-29"), "W-MON", ("2024-01-08", "2024-01-22")),
        (pd.date_range("2024-01-01", "2024-01-28"), "W-MON", ("2024-01-01", "2024-01-22")),
        (pd.date_range("2024-01-03", "2024-01-10"), "W-MON", None),
        (pd.date_range("2024-01-02", "2024-04-29"), "MS", ("2024-02-01", "2024-03-01")),
        (pd.date_range("2024-01-05", "2024-03-29", freq="7D"), "MS", ("2024-02-01", "2024-03-01")),
        (dates("2024-01-05", "2024-01-12"), "W-FRI", ("2024-01-05", "2024-01-12")),
        (dates("2024-01-31", "2024-02-29", "2024-03-31"), "ME", ("2024-01-31", "2024-03-31")),
        (dates("2024-01-01"), "D", ("2024-01-01", "2024-01-01")),
        (WORKDAYS, "W-MON", ("2024-01-01", "2024-03-25")),
        (WORKDAYS, "MS", ("2024-01-01", "2024-03-01")),
        (WORKDAYS[1:-1], "W-MON", ("2024-01-08", "2024-03-18")),
        (WORKDAYS[5:-5], "W-MON", ("2024-01-08", "2024-03-18")),
        (WORKDAYS[:10], "W-MON", ("2024-01-01", "2024-01-01")),
    ],
)
def test_full_periods(days: pd.DatetimeIndex, alias: str, expected: tuple[str, str] | None) -> None:
    found = full_periods(days, Calendar(alias))
    assert found == (None if expected is None else tuple(map(pd.Timestamp, expected)))
