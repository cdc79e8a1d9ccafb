"""Cells as numbers: marks, money, signs, and what is no number."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.numbers import Mark, numbers, read_numbers
from sales.problems import Severity

NAN = np.nan


def column(*cells: object, dtype: str | None = None) -> pd.Series:
    return pd.Series(cells, dtype=dtype, name="units")


@pytest.mark.parametrize(
    ("cells", "values", "decimal"),
    [
        (["1.5", "1,234.5", "12,345,678"], [1.5, 1234.5, 12345678], "."),
        (["1,5", "1.234,5", "1.234"], [1.5, 1234.5, 1234], ","),
        (["1.234.567", "1.234"], [1234567, 1234], ","),
        (["1,234,567", "1,234"], [1234567, 1234], "."),
        (["12,34,567", "1,234"], [1234567, 1234], "."),
        (["0,250", "1,234"], [0.25, 1.234], ","),
        (["1234,500", "1,234"], [1234.5, 1.234], ","),
        (["1 234,5", "1\u202f234,25", "1\u00a0234"], [1234.5, 1234.25, 1234], ","),
        (["1'234.50", "1’234"], [1234.5, 1234], "."),
        (["12,345.678,9", "1.2.3", "1,23,4", "1 23", "1_000", "--3", "(3", "0x1A", "½", "5 kg", "a3"], [NAN] * 11, "."),
        (["1,5", "2,5", "2.5"], [1.5, 2.5, NAN], ","),
        (["€ 1,5", "1,5 EUR", "US$ 3", "-£3", "£-3", "R$ 2,5", "12 kr.", "5 元", "¥7"], [1.5, 1.5, 3, -3, -3, 2.5, 12, 5, 7], ","),
        (["(3)", "(£3.50)", "3-", "3.5 -", "−3", "- 3", "+3"], [-3, -3.5, -3, -3.5, -3, -3, 3], "."),
        (["１２３", "１，２３４．５", "－３", "￥５"], [123, 1234.5, -3, 5], "."),
        (["12 %", "12.5%", "-3%"], [12, 12.5, -3], "."),
        (["1e3", "1.5E-2", "inf", "-Infinity", "1e999"], [1000, 0.015, np.inf, -np.inf, np.inf], "."),
        (["", " ", "NA", "#N/A", "null", "None", "nan"], [NAN] * 7, "."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", ["str", "object"])
def test_cells_are_read_with_the_marks_of_their_column(cells: list[str], values: list[float], decimal: Mark, dtype: str) -> None:
    read = read_numbers(column(*cells, dtype=dtype))
    np.testing.assert_array_equal(read.values, values)
    assert read.decimal == decimal
    assert not read.unclear.any()


def test_a_mark_that_nothing_explains_is_a_decimal_point_and_said_so() -> None:
    cells = column("1.234", "950", None, "2,500")
    read = read_numbers(cells)
    np.testing.assert_array_equal(read.values, [1.234, 950, NAN, 2500])
    (note,) = read.notes(cells)
    assert (note.code, note.severity, note.row, note.count, note.also) == ("numbers_unclear", Severity.WARNING, 2, 2, ((5, "2,500"),))
    assert read_numbers(cells, decimal=",").values[0] == 1234
    assert not read_numbers(cells, decimal=",").unclear.any()


def test_a_column_that_speaks_for_both_marks_leaves_what_could_be_either_unclear() -> None:
    assert read_numbers(column("2.5", "3.5", "1,5", "1,234")).unclear.tolist() == [False, False, False, True]


def test_percent_signs_and_several_currencies_are_said() -> None:
    cells = column("€ 3", "$ 4", "5 %")
    assert [(note.code, note.row, note.count) for note in read_numbers(cells).notes(cells)] == [
        ("numbers_percent", 4, 1),
        ("numbers_currencies", 2, 1),
    ]
    assert read_numbers(column("3 eur", "4 EUR")).currencies == ("EUR",)


def test_yes_and_no_are_no_numbers_and_nothing_stays_apart_from_zero() -> None:
    values, nothing = numbers(column(True, 1, 0.0, None, "x", "", False, 2**2000, dtype="object"))
    np.testing.assert_array_equal(values, [NAN, 1, 0, NAN, NAN, NAN, NAN, np.inf])
    assert nothing.tolist() == [False, False, False, True, False, True, False, False]
    values, nothing = numbers(column(True, False))
    assert np.isnan(values).all()
    assert not nothing.any()


def test_typed_columns_are_as_they_are() -> None:
    np.testing.assert_array_equal(numbers(column(1, None, 3, dtype="Int64"))[0], [1, NAN, 3])
    np.testing.assert_array_equal(numbers(column(1.5, None, dtype="float32"))[0], [1.5, NAN])


@given(st.lists(st.floats(-1e9, 1e9).map(lambda value: round(value, 2)), min_size=1, max_size=30))
def test_english_and_german_print_are_read_back(values: list[float]) -> None:
    values = [*values, 0.5]
    english = [f"{value:,.2f}" for value in values]
    german = [text.translate(str.maketrans(",.", ".,")) for text in english]
    np.testing.assert_array_equal(numbers(column(*english))[0], values)
    np.testing.assert_array_equal(numbers(column(*german))[0], values)


@given(st.lists(st.one_of(st.none(), st.text(), st.text("0123456789.,-+()% '€eE", max_size=12), st.floats(), st.binary()), max_size=20))
def test_random_cells_never_raise(cells: list[object]) -> None:
    values, nothing = numbers(column(*cells, dtype="object"))
    assert len(values) == len(nothing) == len(cells)
    assert np.isnan(values[nothing]).all()
