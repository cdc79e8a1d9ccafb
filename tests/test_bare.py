"""Text without quotes is read by Arrow, quickly, and just as DuckDB reads it."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales.readers import encoding, text
from sales.readers.bare import read_bare

CELL = st.text(st.sampled_from("aÄ1.,;|\t '#\\-％数 "), max_size=4)
ROWS = st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bare") / "sales.csv"


def plan_of(path: Path, written: bytes, separator: str | None = None) -> text.Plan:
    path.write_bytes(written)
    return text.plan_of(path, encoding.look(path, None), separator, 1, 1)


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, separator=st.sampled_from("\t|;,"), end=st.sampled_from(("\n", "\r\n")), closed=st.booleans(), marked=st.booleans())
def test_both_readers_read_the_same(path: Path, rows: list[list[str]], separator: str, end: str, closed: bool, marked: bool) -> None:
    lines = [separator.join(["a", "b", "c"]), *(separator.join(row) for row in rows)]
    written = (end.join(lines) + end * closed).encode("utf-8-sig" if marked else "utf-8")
    plan = plan_of(path, written, separator)
    read = text._read_bare(path, plan) if plan.made.plain and plan.lines == 1 else None
    if read is not None:
        table, problems = text._parse(path, plan, plan.lines, plan.made.lines - plan.lines)
        pd.testing.assert_frame_equal(read[0], table)
        assert read[1] == problems


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_plain_rows_are_read_without_duckdb(path: Path, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(end.join(['"item","units"', "007,3", ",", "ä b,"]).encode())
    monkeypatch.setattr(text, "_parse", None)
    table, problems, _ = text.read_text(path, None, None, None, None)
    assert table.astype(object).where(table.notna(), None).values.tolist() == [["007", "3"], [None, None], ["ä b", None]]
    assert list(table.columns) == ["item", "units"]
    assert not problems


@pytest.mark.parametrize(
    "written",
    [
        'item,units\n"007",3\n',
        "item,units\n007,3\n008\n",
        "item,units\n007,3,4\n008,1\n009,2\n",
        "item,units\n007,3\r\n008,1\n",
        "item\n007\n",
    ],
    ids=["quoted", "short row", "long row", "line ends of two kinds", "one column"],
)
def test_all_else_is_left_to_duckdb(path: Path, written: str) -> None:
    assert text._read_bare(path, plan_of(path, written.encode(), ",")) is None


def test_a_row_of_megabytes_is_left_to_duckdb(path: Path) -> None:
    path.write_bytes(b"item,units\n007," + b"1" * 2**21 + b"\n")
    assert not encoding.look(path, None).plain


def test_a_name_that_ends_like_a_packed_file_is_no_packed_file(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv.gz"
    path.write_text("item,units\n007,3\n")
    table = read_bare(path, ",", 1, 2, 1)
    assert table is not None
    assert table.values.tolist() == [["007", "3"]]
