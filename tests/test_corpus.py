"""Bad and strange files: each says what is wrong with it, with a fix; none raises, hangs or takes the memory."""

import subprocess
import sys
from pathlib import Path

import pytest
from corpus import FILES, LINES, Strange, plain, workbook, xls, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from sales.problems import Severity
from sales.reading import Reading, read_table
from ui.texts import problem


def test_there_are_sixty() -> None:
    assert len({strange.title for strange in FILES}) == len(FILES) >= 60


@pytest.mark.parametrize("strange", FILES, ids=lambda strange: strange.title)
def test_strange_files(strange: Strange) -> None:
    read = read_table(strange.content, strange.name, strange.asked)
    assert sorted(found.code for found in read.problems) == sorted(strange.codes)
    assert (read.table is None) == (strange.columns is None)
    check(read)
    if read.table is not None:
        assert read.table.columns.tolist() == list(strange.columns or ())
        assert int(read.table.index[0]) + 2 == strange.first_row
        if strange.rows is not None:
            assert plain(read.table) == strange.rows


def check(read: Reading) -> None:
    """No table without a reason, and every problem a sentence with a fix."""
    assert (read.table is None) == any(found.severity is Severity.ERROR for found in read.problems)
    assert all(problem(found).rstrip().endswith(".") for found in read.problems)
    assert read.table is None or (len(read.table) and read.table.columns.is_unique and read.table.index.is_monotonic_increasing)


WHOLE = {
    "csv": LINES.encode(),
    "xlsx": workbook(lambda book: book.add_worksheet().write_row(0, 0, ["item", "units"])),
    "xls": xls([["item", "units"], ["A", 3.0]]),
    "zip": zipped(("a.csv", LINES.encode()), ("b.csv", LINES.encode())),
    "csv.gz": next(strange.content for strange in FILES if strange.title == "gzip"),
    "parquet": next(strange.content for strange in FILES if strange.title == "Parquet"),
}


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(sorted(WHOLE)))
def test_damaged_files_never_raise(data: st.DataObject, kind: str) -> None:
    damaged = bytearray(WHOLE[kind])
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(damaged) - 1), st.integers(0, 255)), min_size=1, max_size=8)):
        damaged[place] = value
    check(read_table(bytes(damaged), f"x.{kind}"))


@settings(max_examples=40, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"\x1f\x8b\x08", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe"]),
)
def test_random_bytes_behind_every_sign_never_raise(content: bytes, sign: bytes) -> None:
    check(read_table(sign + content, "x.zip" if sign.startswith(b"PK") else "x.csv"))


CELLS = st.one_of(st.sampled_from(["", "A", "007", "2024-01-01", "1,5", "Total", "n/a", "x y"]), st.text('ab1é商"\n,;', max_size=4))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=12), st.sampled_from(["utf-8", "utf-16", "gb18030"]))
def test_random_tables_are_read_or_refused_with_a_reason(rows: list[list[str]], encoding: str) -> None:
    text = "\n".join(",".join('"' + cell.replace('"', '""') + '"' if cell else "" for cell in row) for row in rows)
    read = read_table(text.encode(encoding), "x.csv")
    check(read)
    if read.table is not None:
        said = sum(
            found.count for found in read.problems if found.code in ("rows_above_header", "totals_row", "rows_below", "rows_unreadable")
        )
        filled = sum(any(cell.strip() for cell in row) for row in rows)
        assert len(read.table) + said + read.how["header_rows"] >= filled


@pytest.mark.slow
def test_the_whole_corpus_takes_little_memory_and_time() -> None:
    script = (
        "import corpus, re\nfrom pathlib import Path\nfrom sales.reading import read_table\n"
        "[read_table(strange.content, strange.name, strange.asked) for strange in corpus.FILES]\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"  # ru_maxrss begins with the parent's
    )
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, env={"PYTHONPATH": ".:tests"}, stdout=subprocess.PIPE, timeout=10 * len(FILES), check=True
    )
    assert int(done.stdout) * 1024 < 2**30
