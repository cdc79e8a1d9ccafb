"""Cells of a CSV: a spreadsheet opens them and nothing runs."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from workspace.cells import csv_table, plain_number, safe_text


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_would_run_gets_an_apostrophe_and_a_code_does_not(start: str) -> None:
    (row,) = read(csv_table(pd.DataFrame({"item": [f"{start}1"], "category": [f"{start}1"]}), codes=("item",)))
    assert row == {"item": f"{start}1", "category": f"'{start}1"}
    assert safe_text(f"{start}1") == f"'{start}1"


def test_quotes_commas_and_line_ends_come_back_as_they_were() -> None:
    texts = ["a,b", 'say "hi"', "two\nlines", "", "007", "müsli"]
    assert [row["item"] for row in read(csv_table(pd.DataFrame({"item": texts}), codes=("item",)))] == texts


def test_numbers_are_plain_and_missing_ones_empty() -> None:
    values = [12.0, 1 / 3, np.nan, -0.00001, 1e6, -2.5]
    assert [row["x"] for row in read(csv_table(pd.DataFrame({"item": range(6), "x": values})))] == [
        "12",
        "0.3333",
        "",
        "0",
        "1000000",
        "-2.5",
    ]


def test_no_number_is_written_with_an_exponent() -> None:
    values = [1e10, 123456789012.5, np.nan, 0.5]
    (one, two, three, four) = (row["x"] for row in read(csv_table(pd.DataFrame({"item": range(4), "x": values}))))
    assert (one, two, three, four) == ("10000000000", "123456789012.5", "", "0.5")
    assert plain_number(1e10) == "10000000000"


def test_dates_are_days_and_the_file_starts_with_its_mark() -> None:
    content = csv_table(pd.DataFrame({"ds": pd.to_datetime(["2024-02-29", None]), "n": [1, 2]}))
    assert content == b'\xef\xbb\xbf"ds","n"\r\n"2024-02-29",1\r\n,2\r\n'
