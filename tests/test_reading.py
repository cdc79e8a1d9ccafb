"""Files become tables within bounds, row for row; what is wrong with them becomes problems, never an exception."""

import datetime
import io
import json
import re
import zipfile
from pathlib import Path

import msoffcrypto.format.ooxml
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import realdata
from hypothesis import given, settings
from hypothesis import strategies as st

from sales.problems import Problem, Severity
from sales.readers import limits, text
from sales.reading import Asked, in_files, read_files, read_table

CSV = "item,date,units\n007,2024-01-01,3\nA,2024-01-02,4\n"


def codes(source: bytes | Path, name: str = "sales.csv") -> list[str]:
    return [problem.code for problem in read_table(source, name).problems]


def cells(source: bytes, name: str = "sales.csv") -> list[list[object]]:
    table = read_table(source, name).table
    assert table is not None
    return table.astype(object).where(table.notna(), None).to_numpy().tolist()


def workbook(table: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    table.to_excel(out, index=False, engine="xlsxwriter")
    return out.getvalue()


def parquet(table: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    table.to_parquet(out)
    return out.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators_line_ends_and_byte_order_mark(separator: str, ending: str, mark: str) -> None:
    text = mark + CSV.replace(",", separator).replace("\n", ending)
    assert cells(text.encode()) == [["007", "2024-01-01", "3"], ["A", "2024-01-02", "4"]]


def test_a_separator_inside_names_does_not_win() -> None:
    table = read_table("item;Größe;price, net, each\n007;1,5;3,0\n".encode(), "x.csv").table
    assert table is not None
    assert table.columns.tolist() == ["item", "Größe", "price, net, each"]
    assert table.iloc[0].tolist() == ["007", "1,5", "3,0"]


def test_the_index_counts_rows_of_the_file() -> None:
    text = 'a,b\n1,2\n\n"two\n\nlines",3\n,\n4,5,6\n7\n\n8" pipe,9\n'
    read = read_table(text.encode(), "x.csv")
    assert read.table is not None
    assert (read.table.index + 2).tolist() == [2, 4, 7, 9]
    assert read.table["a"].tolist() == ["1", "two\n\nlines", "7", '8" pipe']
    (lost,) = read.problems
    assert (lost.code, lost.severity, lost.row, lost.got) == ("rows_unreadable", Severity.WARNING, 6, "4,5,6")


def test_rows_are_counted_over_many_buffers() -> None:
    lines = [f"{place}," + "x" * 100 for place in range(60_000)]
    lines[40_000] = ""
    lines[50_000] = "1,2,3"
    read = read_table(("a,b\n" + "\n".join(lines)).encode(), "x.csv")
    assert read.table is not None
    assert (read.table["a"].astype(int) == read.table.index).all()
    assert len(read.table) == 59_998
    assert read.problems[0].row == 50_002


@pytest.mark.parametrize(
    ("source", "name", "code"),
    [
        (b"", "x.csv", "empty_file"),
        (b"", "x.xlsx", "empty_file"),
        (b"a,b\n", "x.csv", "no_rows"),
        (b"a,b", "x.csv", "no_rows"),
        (b"a,b\n,\n\n", "x.csv", "no_rows"),
        (b"\n\n", "x.csv", "no_header"),
        (b"a,b\n1,2\n", "x.exe", "wrong_extension"),
        (b"a,b\n1,2\n", "csv", "wrong_extension"),
        (b"a,a\n1,2\n", "x.csv", "duplicate_columns"),
        (b"a,b\n1,\0\n", "x.csv", "not_text"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "x.csv", "quote_open"),
        (b"PK\x03\x04 no workbook", "x.xlsx", "unreadable_file"),
        (b"no parquet", "x.parquet", "unreadable_file"),
        (Path("no-such-file.csv"), "x.csv", "file_not_found"),
        (Path(), "x.csv", "file_not_found"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(source: bytes | Path, name: str, code: str) -> None:
    read = read_table(source, name)
    assert read.table is None
    assert [problem.code for problem in read.problems] == [code]
    assert read.problems[0].severity is Severity.ERROR


def test_many_columns_are_refused_before_they_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_parse", lambda *_: pytest.fail("parsed"))
    header = ",".join(f"c{place}" for place in range(50_000))
    assert codes(f"{header}\n{header}\n".encode()) == ["too_many_columns"]
    assert codes(("x" * 3_000_000).encode()) == ["line_too_long"]


def test_a_thousand_columns_are_read() -> None:
    header = ",".join(f"c{place}" for place in range(1_000))
    assert np.shape(cells(f"{header}\n{header}\n".encode())) == (1, 1_000)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    table = pd.DataFrame({"item": ["A"] * 2_000, "units": range(2_000)})
    source = {"csv": lambda t: t.to_csv().encode(), "xlsx": workbook, "parquet": parquet}[kind](table)
    monkeypatch.setattr(limits, "MOST_BYTES", len(source) - 1)
    assert codes(source, f"x.{kind}") == ["file_too_large"]
    monkeypatch.setattr(limits, "MOST_BYTES", 2**30)
    monkeypatch.setitem(limits.MOST_CELLS, {"csv": "text", "xlsx": "workbook"}.get(kind, kind), 1_000)
    assert codes(source, f"x.{kind}") == ["too_many_cells"]


def test_a_workbook_keeps_its_types() -> None:
    stamp = datetime.datetime(2024, 1, 2, 3, 4)
    table = pd.DataFrame({"code": ["007", 8, None], "number": [1.5, 2, 3], "date": [stamp, stamp, None], "empty": [None] * 3})
    assert cells(workbook(table), "x.xlsx") == [["007", 1.5, stamp, None], [8, 2, stamp, None], [None, 3, None, None]]


def test_a_password_is_named() -> None:
    out = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(workbook(pd.DataFrame({"a": [1]})))).encrypt("secret", out)
    assert codes(out.getvalue(), "x.xlsx") == ["password_protected"]


def with_sheet(xml: bytes, declared: int | None = None) -> bytes:
    """A workbook whose sheet is `xml`; `declared`: the size that the zip claims it has."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(pd.DataFrame({"a": [1]})))) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, xml if name.startswith("xl/worksheets/") else old.read(name))
    source = out.getvalue()
    return source if declared is None else source.replace(len(xml).to_bytes(4, "little"), declared.to_bytes(4, "little"))


def test_a_workbook_that_unpacks_to_far_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BYTES", 10_000_000)
    bomb = with_sheet(b"0" * 30_000_000)
    assert len(bomb) < 100_000
    assert codes(bomb, "x.xlsx") == ["unpacks_too_large"]
    assert codes(with_sheet(b"0" * 30_000_000, declared=1_000), "x.xlsx") == ["unpacks_too_large"]


@pytest.mark.parametrize(("corner", "code"), [(b"ZZ1048576", "too_many_cells"), (b"XFD1", "too_many_columns")])
def test_a_cell_in_a_far_corner_is_refused(corner: bytes, code: str) -> None:
    rows = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c s="0" r="%s"><v>1</v></c></row>' % corner
    xml = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>' % rows
    assert codes(with_sheet(xml), "x.xlsx") == [code]


def test_parquet_keeps_types_and_large_codes() -> None:
    day = pd.Timestamp("2024-01-02")
    table = pd.DataFrame(
        {"code": pd.array([2**60 + 1, None], "Int64"), "date": [day.date(), None], "list": [[1], None], "units": [1.5, 2.0]}
    )
    read = read_table(parquet(table.set_index("code")), "x.parquet").table
    assert read is not None
    assert read["code"].tolist() == [2**60 + 1, pd.NA]
    assert read["date"].tolist() == [day, pd.NaT]
    assert read["list"].tolist()[0] == "[1]"


def test_parquet_bounds_unpacked_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"a": ["x" * 1_000_000 + str(place) for place in range(5)]}), out, compression="zstd")
    monkeypatch.setattr(limits, "MOST_BYTES", 1_000_000)
    assert codes(out.getvalue(), "x.parquet") == ["unpacks_too_large"]


def test_a_path_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "a1.csv").write_text("a,b\n9,9\n")
    odd = tmp_path / "a[1]*.csv"
    odd.write_text(CSV)
    read = read_table(odd, odd.name)
    assert read.table is not None
    assert read.table["units"].tolist() == ["3", "4"]


@settings(max_examples=60)
@given(st.binary(max_size=400), st.sampled_from(["x.csv", "x.tsv", "x.xlsx", "x.parquet"]))
def test_random_bytes_never_raise(source: bytes, name: str) -> None:
    read = read_table(source, name)
    assert read.table is not None or read.problems


@settings(max_examples=60)
@given(st.text(alphabet="ab1,;|\t\"\n\r' é", max_size=80))
def test_random_text_never_raises_and_loses_no_row_silently(written: str) -> None:
    read = read_table(written.encode(), "x.csv")
    assert read.table is not None or read.problems
    if '"' not in written and read.table is not None and {problem.code for problem in read.problems} <= {"rows_above_header"}:
        below = read.how["header_row"] - 1
        rows = re.split(r"\r\n|\r|\n", written)[1:]
        filled = {place for place, row in enumerate(rows) if place >= below and re.search("[ab1é]", row)}
        assert filled <= set(read.table.index) <= set(range(len(rows)))


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8), min_size=3, max_size=3), min_size=1)
)
def test_cells_come_back_byte_for_byte(rows: list[list[str]]) -> None:
    table = pd.DataFrame(rows, columns=["a", "b", "c"])
    assert cells(table.to_csv(index=False, lineterminator="\n").encode()) == rows


def test_files_of_one_kind_are_stacked_whatever_the_order_of_their_columns() -> None:
    march = b"units,item,date,promo\n5,B,2024-03-01,1\n6,C,2024-03-02,0\n"
    read = read_files([("february.csv", CSV.encode()), ("march.csv", b"March\n\n" + march)])
    assert read.table is not None
    assert read.table.columns.tolist() == ["item", "date", "units", "promo"]
    assert read.table["units"].tolist() == ["3", "4", "5", "6"]
    assert read.table["promo"].isna().tolist() == [True, True, False, False]
    assert read.table.index.tolist() == [0, 1, 5, 6]
    assert [(found.code, found.file) for found in read.problems] == [("rows_above_header", "march.csv")]
    assert [(file["name"], file["rows_before"], file["header_row"]) for file in read.how["files"]] == [
        ("february.csv", 0, 1),
        ("march.csv", 3, 3),
    ]


def test_a_row_of_stacked_files_is_found_in_its_own() -> None:
    read = read_files([("a.csv", CSV.encode()), ("b.csv", CSV.replace("2024-0", "2025-0").encode())])
    assert read.table is not None
    rows = [int(place) + 2 for place in read.table.index]
    placed = in_files([Problem("units_unreadable", row=row, also=((row, "x"),)) for row in rows], read.how)
    assert [(found.file, found.row, found.also) for found in placed] == [
        (name, row, ((row, "x"),)) for name in ("a.csv", "b.csv") for row in (2, 3)
    ]
    (apart,) = in_files([Problem("no_usable_row")], read.how)
    assert (apart.file, apart.row) == ("", None)


def test_a_file_that_does_not_fit_is_named_and_nothing_is_used() -> None:
    read = read_files([("a.csv", CSV.encode()), ("stores.csv", b"store,size\n1,2\n"), ("bad.csv", b"")])
    assert read.table is None
    assert sorted((found.code, found.file) for found in read.problems) == [("empty_file", "bad.csv"), ("file_does_not_fit", "stores.csv")]


def test_a_file_that_lacks_a_column_of_the_first_is_named() -> None:
    read = read_files([("a.csv", CSV.encode()), ("b.csv", b"item,units\nB,1\n")])
    assert read.table is not None
    assert read.table["date"].isna().tolist() == [False, False, True]
    assert [(found.code, found.file, found.got) for found in read.problems] == [("columns_absent", "b.csv", "date")]


def test_one_file_or_none() -> None:
    assert [found.code for found in read_files([]).problems] == ["empty_file"]
    alone = read_files([("a.csv", CSV.encode())])
    assert alone.table is not None
    assert "files" not in alone.how


def test_what_was_found_is_said_as_json() -> None:
    read = read_table("Sales\n\nitem;Größe\nA;1\nB;2\nSumme;3\n".encode("cp1252"), "x.csv")
    assert json.loads(json.dumps(read.how)) == {
        "kind": "text",
        "encoding": "cp1252",
        "separator": ";",
        "header_row": 3,
        "header_rows": 1,
        "title_rows": ["Sales"],
        "rows_left_out": [6],
    }


@pytest.mark.parametrize("asked", [{"header_row": 0}, {"header_rows": -1}, {"header_rows": 21}])
def test_what_cannot_be_asked_is_a_mistake_of_the_caller(asked: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="Asked: got header_row"):
        Asked(**asked)


def test_a_file_parsed_where_it_lies_reads_as_its_clean_copy_does(tmp_path: Path) -> None:
    lines = [f'{place},"x, {place}"' for place in range(3_000)]
    lines[1_000], lines[2_000] = "1,2,3", '"two\nlines",3'
    path = tmp_path / "x.csv"
    path.write_text("a,b\n" + "\n".join(lines) + "\n")
    where_it_lies, copied = read_table(path, path.name), read_table(path.read_text().encode("utf-16"), path.name)
    assert where_it_lies.table is not None
    assert copied.table is not None
    assert where_it_lies.table.equals(copied.table)
    assert where_it_lies.problems == copied.problems
    assert [found.row for found in where_it_lies.problems] == [1_002]


@pytest.mark.slow
def test_the_workbook_with_six_header_rows() -> None:
    path = realdata.folder("messy_ingest") / "MAN_raw_six_header_rows.xlsx"
    read = read_table(path, path.name)
    assert read.table is not None
    assert len(read.table) == 3_451
    assert (read.how["sheet"], read.how["header_row"], read.how["header_rows"], read.sheets) == ("Data", 1, 6, ("Data", "GOEIE", "Blad1"))
    assert read.table.columns[:4].tolist() == [
        "SKU nr",
        "products per unit (Sub packaging)",
        "cost price per unit",
        "fixed cost per order (Euro)",
    ]
    weeks = [name for name in read.table.columns if "week" in name.lower() and "lead" not in name]
    assert len(weeks) == 150
    assert (weeks[3], weeks[-1]) == ("2012 week 4", "2014 Week 46")
    assert read.table.loc[5, "DEMAND HISTORY (UNITS) week 2"] == 1_150
    assert [(found.code, found.row, found.count) for found in read.problems] == [("sheet_chosen", None, 0), ("rows_below", 3_459, 3)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("olist_order_items_dataset_90pct_blank_rows_CRLF_US_dates.csv.gz", 9_998),
        ("olist_orders_dataset_90pct_blank_rows_CRLF_US_dates.csv.gz", 9_999),
        ("sample_superstore_FICTIONAL.csv.gz", 7_498),
    ],
)
def test_files_of_blank_rows(name: str, rows: int) -> None:
    path = realdata.folder("messy_ingest") / name
    read = read_table(path, name)
    assert read.table is not None
    assert (len(read.table), read.problems) == (rows, ())


@pytest.mark.slow
def test_a_real_file_of_carriage_returns() -> None:
    folder = realdata.folder("walmart_weekly")
    as_published, cleaned = (read_table(folder / name, name).table for name in ("stores_original_CR_line_endings.csv", "stores.csv"))
    assert as_published is not None
    assert as_published.equals(cleaned)


@pytest.mark.parametrize(
    ("last", "is_total"),
    [("Total,2024-01-10,3", False), ("Total,2024-01-10,55", True), ("Total,,3", True), ("Total,,55", True), ("Tot,2024-01-10,55", False)],
)
def test_an_item_called_total_is_sold_on_a_day_and_a_total_sums_up(last: str, is_total: bool) -> None:
    rows = [f"Brand{n % 3},2024-01-{n:02d},{n}" for n in range(1, 11)]
    read = read_table("\n".join(["item,date,units", *rows, last, ""]).encode(), "a.csv")
    assert (len(read.table), [problem.code for problem in read.problems]) == ((10, ["totals_row"]) if is_total else (11, []))


def test_a_row_of_numbers_called_total_is_one_where_it_is_no_smaller_than_what_is_above() -> None:
    for last, rows in (("Total,5,8", 3), ("Total,1,1", 4)):
        read = read_table(f"item,2024-01-01,2024-01-02\nA,1,2\nB,3,4\nC,2,2\n{last}\n".encode(), "a.csv")
        assert len(read.table) == rows


def reports() -> dict[str, tuple[str, list[str]]]:
    """Headers below titles as wide as they are, with and without a blank line between, and dates below names that group them."""
    body = "A,2024-01-01,3\nB,2024-01-02,4\nA,2024-01-02,5\nC,2024-01-03,6\n"
    names = ["sku", "date", "qty"]
    return {
        "titles as wide as the table, a blank line": (
            "Report:,Sales by day,Store:,Berlin\nPrinted,2024-05-05,By,Ann\n\nsku,date,qty\n" + body,
            names,
        ),
        "titles as wide as the table, no blank line": ("Report:,Sales,Berlin\nsku,date,qty\n" + body, names),
        "dates below months": (
            ",Jan,,,Feb,,\nsku,2024-01-30,2024-01-31,Subtotal,2024-02-01,2024-02-02,Subtotal\n"
            + "".join(f"{code},1,2,3,4,5,9\n" for code in "ABCDEF"),
            ["sku", "2024-01-30", "2024-01-31", "Jan Subtotal", "2024-02-01", "2024-02-02", "Feb Subtotal"],
        ),
    }


@pytest.mark.parametrize("name", reports())
def test_the_header_of_a_report_is_found(name: str) -> None:
    content, columns = reports()[name]
    reading = read_table(content.encode(), "report.csv")
    assert reading.table is not None
    assert reading.table.columns.tolist() == columns
    assert len(reading.table) >= 4


def test_columns_of_subtotals_may_share_a_name_others_may_not() -> None:
    table = read_table(b"sku,Total,Total,qty\nA,1,2,3\nB,4,5,6\n", "x.csv").table
    assert table is not None
    assert table.columns.tolist() == ["sku", "Total", "Total 2", "qty"]
    assert [problem.code for problem in read_table(b"sku,qty,qty\nA,1,2\n", "x.csv").problems] == ["duplicate_columns"]


def test_text_dressed_as_a_formula_is_the_text() -> None:
    table = read_table(b'sku,qty\n"=""007""",3\n"=""B,1""",4\n', "x.csv").table
    assert table is not None
    assert table.to_numpy().tolist() == [["007", "3"], ["B,1", "4"]]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp932", "商品コード,日付,数量,商品名\nA1,2024/01/01,3,りんごジュース 1L\nA2,2024/01/02,4,バナナ(台湾産)\n"),
        ("euc_jp", "商品コード,日付,数量,商品名\nA1,2024/01/01,3,りんごジュース 1L\nA2,2024/01/02,4,バナナ(台湾産)\n"),
        ("big5", "商品編號,日期,數量,品名\nA1,2024-01-01,3,蘋果汁\nA2,2024-01-02,4,純棉T恤 白色\n"),
        ("gb18030", "商品编码,日期,销量,名称\nA1,2024-01-01,3,苹果汁\nA2,2024-01-02,4,纯棉T恤 白色\n"),
        ("cp949", "상품코드,날짜,수량,이름\nA1,2024-01-01,3,사과 주스\nA2,2024-01-02,4,바나나\n"),
        ("cp1251", "Артикул;Дата;Количество;Название\nA1;01.01.2024;3;Яблочный сок 1л\nA2;02.01.2024;4;БАНАНЫ сушёные\n"),
        ("cp1252", "Référence;Date;Quantité;Désignation\nA1;01.01.2024;3;Crème brûlée à l'été\nA2;02.01.2024;4;Käse süß, ÖKO\n"),
    ],
)
@pytest.mark.parametrize("times", [1, 200])
def test_an_encoding_is_told_by_the_letters_that_its_text_is_full_of(encoding: str, text: str, times: int) -> None:
    header, *rows = text.splitlines()
    reading = read_table("\n".join([header, *rows * times]).encode(encoding), "x.csv")
    assert (reading.how["encoding"], [problem.code for problem in reading.problems]) == (encoding, ["encoding_guessed"])
    assert reading.table is not None
    assert reading.table.columns.tolist() == header.split(reading.how["separator"])


def test_greek_is_not_taken_for_russian() -> None:
    text = "Κωδικός;Ημερομηνία;Ποσότητα;Όνομα\nA1;01.01.2024;3;Χυμός μήλου\nA2;02.01.2024;4;Μπανάνες ώριμες\n"
    assert read_table(text.encode("cp1253"), "x.csv").how["encoding"] == "cp1252"


def sheets(**parts: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    with pd.ExcelWriter(out, engine="openpyxl") as book:
        for name, part in parts.items():
            part.to_excel(book, sheet_name=name, index=False)
    return out.getvalue()


def month(first: str, units: int) -> pd.DataFrame:
    return pd.DataFrame({"sku": "A", "day": pd.date_range(first, periods=20), "qty": units})


def test_a_sheet_a_month_is_one_table() -> None:
    about = pd.DataFrame({"this workbook": ["holds sales", "ask Ann"]})
    book = sheets(about=about, Jan=month("2024-01-01", 1), Feb=month("2024-02-01", 2), Prices=pd.DataFrame({"sku": ["A"], "price": [2]}))
    reading = read_table(book, "year.xlsx")
    assert reading.table is not None
    assert (len(reading.table), reading.table["qty"].sum()) == (40, 60)
    assert [(problem.code, problem.params["sheets"]) for problem in reading.problems] == [("sheets_stacked", "Jan, Feb")]
    assert [file["name"] for file in reading.how["files"]] == ["Jan", "Feb"]
    alone = read_table(book, "year.xlsx", Asked(sheet="Feb")).table
    assert alone is not None
    assert alone["qty"].sum() == 40


def test_a_plan_beside_the_sales_is_not_added_to_them() -> None:
    reading = read_table(sheets(Sales=month("2024-01-01", 1), Plan=month("2024-01-01", 9)), "year.xlsx")
    assert reading.table is not None
    assert reading.table["qty"].sum() == 20
    assert [problem.code for problem in reading.problems] == ["sheets_alike"]
