"""Rows that a stray quote swallows and numbers that a comma splits: refused, with how much is lost, never left out in silence."""

import pytest

from sales.problems import Severity
from sales.reading import Reading, read_table

LAMPS = [f"SKU{i % 50:03d},Lamp {i},2024-01-{i % 28 + 1:02d},{i % 9 + 1}" for i in range(2000)]


def with_rows(rows: dict[int, str], end: str = "\n") -> Reading:
    lines = [rows.get(place, line) for place, line in enumerate(LAMPS)]
    return read_table(("item,desc,date,units\n" + "\n".join(lines) + end).encode(), "lamps.csv")


@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize(
    ("closes", "code", "count"),
    [
        ('SKU901,Good lamp",2024-01-02,4', "quote_swallows", 1400),  # a cell of 1,401 lines
        ('SKU901,"Good lamp,2024-01-02,4', "rows_unreadable", 1401),  # a row of as many
    ],
)
def test_two_stray_quotes_do_not_swallow_the_rows_between_them(closes: str, code: str, count: int, end: str) -> None:
    read = with_rows({100: 'SKU900,"Best lamp,2024-01-01,3', 1500: closes}, end)
    assert read.table is None
    (problem,) = read.problems
    assert (problem.code, problem.severity, problem.row, problem.count) == (code, Severity.ERROR, 102, count)


def test_one_row_swallowed_by_the_one_before_is_found() -> None:
    read = with_rows({100: 'SKU900,"Best lamp,2024-01-01,3', 101: 'SKU901,Good lamp",2024-01-02,4'})
    assert [(problem.code, problem.row, problem.count) for problem in read.problems] == [("quote_swallows", 102, 1)]


def test_cells_of_several_lines_with_separators_are_read() -> None:
    read = with_rows(
        {100: 'SKU900,"Best\nlamp, of all, 3",2024-01-01,3', 1500: 'SKU901,"6, a\nb",2024-01-02,4', 1600: 'SKU9,5" lamp,2024-01-02,4'}
    )
    assert read.table is not None
    assert (len(read.table), read.problems) == (2000, ())


def test_a_decimal_comma_between_commas_is_refused() -> None:
    text = "item,date,units\n" + "".join(f"A{i},2024-01-0{i + 1},{i},5\n" for i in range(9))
    read = read_table(text.encode(), "kilos.csv")
    assert read.table is None
    assert [(problem.code, problem.severity, problem.row, problem.count, problem.got) for problem in read.problems] == [
        ("comma_splits", Severity.ERROR, 2, 9, "A0,2024-01-01,0,5")
    ]


def test_a_column_of_words_beyond_the_header_is_kept() -> None:
    read = read_table(b"item,units\nA,3,red\nB,4,blue\n", "x.csv")
    assert read.table is not None
    assert read.table.columns.tolist() == ["item", "units", "column_3"]
