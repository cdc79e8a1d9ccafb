"""Bad and strange files, built here, each with what reading it must say: the codes of its problems, and its table or None."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from sales.reading import Asked

LINES = "item,date,units\n007,2024-01-01,3\nA,2024-01-02,4\n"
HEADER = ["item", "date", "units"]
ROWS = [["007", "2024-01-01", "3"], ["A", "2024-01-02", "4"]]
CHINESE = "商品,日期,数量\n苹果,2024-01-01,3\n香蕉,2024-01-02,4\n"
GERMAN = "Artikel;Größe;Menge\nTür;1,5;3\nMütze;2,5;4\n"


@dataclass(frozen=True)
class Strange:
    """A file, and what must come of it. columns and rows: of the table, None for no table; `rows` None: any rows."""

    title: str
    name: str
    content: bytes
    codes: tuple[str, ...] = ()
    columns: Sequence[str] | None = None
    rows: list[list[Any]] | None = None
    asked: Asked = field(default_factory=Asked)
    first_row: int = 2


def workbook(fill: Callable[[xlsxwriter.Workbook], Any]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        fill(book)
    return out.getvalue()


def sheet(rows: Sequence[Sequence[Any]]) -> Callable[[xlsxwriter.Workbook], Any]:
    def fill(book: xlsxwriter.Workbook) -> Any:
        page = book.add_worksheet()
        for place, row in enumerate(rows):
            page.write_row(place, 0, row)
        return page

    return fill


def zipped(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, content in files:
            parts.writestr(name, content)
    return out.getvalue()


def zipped_workbook(*, sheet_xml: bytes | None = None, shared: bytes | None = None) -> bytes:
    """A workbook of one cell with its sheet or its shared texts replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(sheet([["a"]])))) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            replaced = sheet_xml if name.startswith("xl/worksheets/") else shared if name.endswith("sharedStrings.xml") else None
            new.writestr(name, old.read(name) if replaced is None else replaced)
    return out.getvalue()


def sheet_of(rows: bytes) -> bytes:
    return b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + rows + b"</sheetData></worksheet>"


def parquet(table: pa.Table, **how: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **how)
    return out.getvalue()


def xls(rows: Sequence[Sequence[str | float]]) -> bytes:
    """An old workbook (BIFF8 in a compound file) of one sheet."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def cell(row: int, column: int, value: str | float) -> bytes:
        at = struct.pack("<HHH", row, column, 0)
        if isinstance(value, str):
            return record(0x0204, at + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
        return record(0x0203, at + struct.pack("<d", value))

    end = record(0x000A, b"")
    start = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    page = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    page += record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    page += b"".join(cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row)) + end
    name = b"Old"
    offset = len(start) + 4 + 8 + len(name) + len(end)
    globals_ = start + record(0x0085, struct.pack("<IBBBB", offset, 0, 0, len(name), 0) + name) + end
    return _compound((globals_ + page).ljust(4096, b"\0"))


def _compound(stream: bytes) -> bytes:
    """A compound file with one stream, Workbook: header, allocation table, directory, stream."""
    sectors = -(-len(stream) // 512)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0) + b"\xff" * 432
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")

    def entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
        text = (name + "\0").encode("utf-16-le")
        links = struct.pack("<HBBIII", len(text) if name else 0, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", first, size)

    empty = entry("", 0, 0xFFFFFFFF, 0, 0)
    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream)) + empty * 2
    return header + table + directory + stream.ljust(sectors * 512, b"\0")


def two_header_rows(book: xlsxwriter.Workbook) -> None:
    page = book.add_worksheet()
    page.merge_range("A1:A2", "item")
    page.merge_range("B1:C1", "units")
    page.merge_range("D1:E1", "value")
    page.write_row(1, 1, ["shop", "web", "shop", "web"])
    page.write_row(2, 0, ["A", 1, 2, 3, 4])
    page.write_row(3, 0, ["B", 5, 6, 7, 8])


def several_sheets(book: xlsxwriter.Workbook) -> None:
    hidden, notes, data = (book.add_worksheet(name) for name in ("hidden", "notes", "data"))
    hidden.write_row(0, 0, ["x", "y"])
    hidden.write_row(1, 0, [1, 2])
    notes.write(0, 0, "Exported by the shop")
    for place, row in enumerate((["item", "units"], ["A", 3], ["B", 4])):
        data.write_row(place, 0, row)
    data.activate()
    hidden.hide()


def text_files() -> list[Strange]:
    """Separated text: encodings, separators, lines, quotes."""
    good = {"columns": HEADER, "rows": ROWS}
    chinese = {"columns": ["商品", "日期", "数量"], "rows": [["苹果", "2024-01-01", "3"], ["香蕉", "2024-01-02", "4"]]}
    german = {"columns": ["Artikel", "Größe", "Menge"], "rows": [["Tür", "1,5", "3"], ["Mütze", "2,5", "4"]]}
    guess = ("encoding_guessed",)
    return [
        Strange("plain", "x.csv", LINES.encode(), **good),
        Strange("tabs", "x.tsv", LINES.replace(",", "\t").encode(), **good),
        Strange("semicolons", "x.txt", LINES.replace(",", ";").encode(), **good),
        Strange("bars", "x.csv", LINES.replace(",", "|").encode(), **good),
        Strange(
            "the separator said in the first line",
            "x.csv",
            b"sep=;\n" + LINES.replace(",", ";").encode(),
            ("rows_above_header",),
            **good,
            first_row=3,
        ),
        Strange("a separator asked for", "x.csv", LINES.replace(",", "^").encode(), **good, asked=Asked(separator="^")),
        Strange("a separator that cannot be", "x.csv", LINES.encode(), ("bad_separator",), asked=Asked(separator="ab")),
        Strange(
            "decimal commas between semicolons",
            "x.csv",
            b"item;price;cost\nA;1,5;2,5\nB;2,5;3,5\n",
            (),
            ["item", "price", "cost"],
            [["A", "1,5", "2,5"], ["B", "2,5", "3,5"]],
        ),
        Strange("carriage returns alone", "x.csv", LINES.replace("\n", "\r").encode(), **good),
        Strange("carriage returns and line feeds", "x.csv", LINES.replace("\n", "\r\n").encode(), **good),
        Strange("line ends of all kinds", "x.csv", b"item,date,units\r\n007,2024-01-01,3\rA,2024-01-02,4\n", **good),
        Strange("a carriage return at the very end", "x.csv", LINES.replace("\n", "\r\n").encode()[:-1], **good),
        Strange("no line end at the end", "x.csv", LINES.rstrip().encode(), **good),
        Strange("UTF-8 with a mark", "x.csv", LINES.encode("utf-8-sig"), **good),
        Strange("UTF-16 with a mark", "x.csv", CHINESE.encode("utf-16"), **chinese),
        Strange("UTF-16, big end first, with a mark", "x.csv", b"\xfe\xff" + CHINESE.encode("utf-16-be"), **chinese),
        Strange("UTF-16, small end first, no mark", "x.csv", CHINESE.encode("utf-16-le"), guess, **chinese),
        Strange("UTF-16, big end first, no mark", "x.csv", LINES.encode("utf-16-be"), guess, **good),
        Strange(
            "UTF-16 cut in a character", "x.csv", LINES.encode("utf-16-le")[:-1], ("encoding_guessed", "characters_unreadable"), HEADER
        ),
        Strange("UTF-32", "x.csv", LINES.encode("utf-32"), **good),
        Strange("GB18030", "x.csv", CHINESE.encode("gb18030"), guess, **chinese),
        Strange("Latin-1", "x.csv", GERMAN.encode("latin-1"), guess, **german),
        Strange("Windows-1252 with a euro sign", "x.csv", "item;price €\nA;3\nB;4\n".encode("cp1252"), guess, ["item", "price €"]),
        Strange(
            "an encoding asked for",
            "x.csv",
            "товар,штук\nчай,3\nкофе,4\n".encode("cp1251"),
            (),
            ["товар", "штук"],
            [["чай", "3"], ["кофе", "4"]],
            Asked(encoding="cp1251"),
        ),
        Strange("an encoding that there is not", "x.csv", LINES.encode(), ("unknown_encoding",), asked=Asked(encoding="utf-9")),
        Strange("an encoding that is none of text", "x.csv", LINES.encode(), ("unknown_encoding",), asked=Asked(encoding="zlib")),
        Strange(
            "UTF-8 with one wrong byte",
            "x.csv",
            b"item,units\n" + "Größe,1\n".encode() * 20 + b"Gr\xf6\xdfe,1\n",
            ("characters_unreadable",),
            ["item", "units"],
        ),
        Strange("binary zeros", "x.csv", b"a,b\n1,\0\n" * 9, ("not_text",)),
        Strange(
            "a line break in quotes",
            "x.csv",
            b'item,note\nA,"two\nlines"\nB,"three\r\nmore\nlines"\n',
            (),
            ["item", "note"],
            [["A", "two\nlines"], ["B", "three\r\nmore\nlines"]],
        ),
        Strange("doubled quotes", "x.csv", b'item,note\nA,"8"" pipe"\nB,x\n', (), ["item", "note"], [["A", '8" pipe'], ["B", "x"]]),
        Strange("a quote within a cell", "x.csv", b'item,units\n8" pipe,1\nB,2\n', (), ["item", "units"], [['8" pipe', "1"], ["B", "2"]]),
        Strange("a quote that never closes", "x.csv", b'a,b\n1,2\n3,"4\n5,6\n7,8\n', ("quote_open",)),
        Strange(
            "a cell with the separator, unquoted",
            "x.csv",
            b"a,b\nx,1\ny,2\nz,3,4\n",
            ("rows_unreadable",),
            ["a", "b"],
            [["x", "1"], ["y", "2"]],
        ),
        Strange("decimal commas between commas", "x.csv", b"item,price\nA,1,5\nB,2,5\nC,3,5\n", ("comma_splits",)),
        Strange(
            "fewer cells than the header",
            "x.csv",
            b"a,b,c\nx,1,2\ny\nz,3,4\n",
            (),
            ["a", "b", "c"],
            [["x", "1", "2"], ["y", None, None], ["z", "3", "4"]],
        ),
        Strange("separators behind every row", "x.csv", LINES.replace("\n", ",,\n").encode(), **good),
        Strange("blank lines", "x.csv", LINES.replace("\n", "\n\n").encode(), columns=HEADER, rows=ROWS, first_row=3),
        Strange("rows of separators", "x.csv", (LINES + ",,\n" * 50).encode(), **good),
        Strange("one column", "x.csv", b"item\nA\nB\n", (), ["item"], [["A"], ["B"]]),
        Strange("a name twice", "x.csv", b"a,a\n1,2\n", ("duplicate_columns",)),
        Strange("a column without a name", "x.csv", b"item,,units\nA,x,1\nB,y,2\n", (), ["item", "column_2", "units"]),
        Strange("nothing", "x.csv", b"", ("empty_file",)),
        Strange("white space", "x.csv", b" \n\t\n  \n", ("no_header",)),
        Strange("a mark and nothing", "x.csv", b"\xef\xbb\xbf", ("no_header",)),
        Strange("a header alone", "x.csv", b"item,date,units\n", ("no_rows",)),
        Strange("columns by the thousand", "x.csv", (",".join(map(str, range(50_000))) + "\n").encode() * 2, ("too_many_columns",)),
        Strange("a cell of 200,000 letters", "x.csv", b"a,b\n1,2\n" + b"x" * 200_000 + b",2\n", (), ["a", "b"]),
        Strange("three million blank lines", "x.csv", b"a,b\n" + b"\n" * 3_000_000, ("no_rows",)),
        Strange("a line without end", "x.csv", b"x" * 3_000_000, ("line_too_long",)),
        Strange(
            "a cell of three million letters",
            "x.csv",
            b"a,b\n1,2\n3," + b"x" * 3_000_000 + b"\n",
            ("rows_unreadable",),
            ["a", "b"],
            [["1", "2"]],
        ),
    ]


def layouts() -> list[Strange]:
    """Titles above, several header rows, none, totals and notes below."""
    titled = "Sales 2024\nStore:,Berlin\n\n" + LINES
    rows = [["A", "2024-01-01", "3"], ["B", "2024-01-02", "4"]]
    body = "item,date,units\nA,2024-01-01,3\nB,2024-01-02,4\n"
    return [
        Strange("sums below, without a word", "x.csv", (body + ",,7\n").encode(), ("totals_row",), HEADER, rows),
        Strange("a number below that is no sum", "x.csv", (body + ",,8\n").encode(), (), HEADER, [*rows, [None, None, "8"]]),
        Strange("titles above the header", "x.csv", titled.encode(), ("rows_above_header",), HEADER, ROWS, first_row=5),
        Strange("a header row asked for", "x.csv", titled.encode(), ("rows_above_header",), HEADER, ROWS, Asked(header_row=4), first_row=5),
        Strange("a header row beyond the end", "x.csv", LINES.encode(), ("no_header",), asked=Asked(header_row=99)),
        Strange(
            "two header rows",
            "x.csv",
            b"item,units,,value,\n,shop,web,shop,web\nA,1,2,3,4\nB,5,6,7,8\n",
            (),
            ["item", "units shop", "units web", "value shop", "value web"],
            first_row=3,
        ),
        Strange(
            "units below the names",
            "x.csv",
            b"item,cost,weight\n(code),(EUR),(kg)\nA,1,2\nB,5,6\n",
            (),
            ["item (code)", "cost (EUR)", "weight (kg)"],
            first_row=3,
        ),
        Strange(
            "months below years",
            "x.csv",
            b",2023,,2024,\nitem,Jan,Feb,Jan,Feb\nA,1,2,3,4\nB,5,6,7,8\n",
            (),
            ["item", "2023 Jan", "2023 Feb", "2024 Jan", "2024 Feb"],
            first_row=3,
        ),
        Strange("years as names", "x.csv", b"item,2022,2023,2024\nA,1,2,3\nB,5,6,7\n", (), ["item", "2022", "2023", "2024"]),
        Strange("dates as names", "x.csv", b"item,2024-01-01,2024-01-02\nA,1,2\nB,5,6\n", (), ["item", "2024-01-01", "2024-01-02"]),
        Strange("codes as names", "x.csv", b"date,007,008\n2024-01-01,1,2\n2024-01-02,5,6\n", (), ["date", "007", "008"]),
        Strange(
            "no header",
            "x.csv",
            LINES.split("\n", 1)[1].encode(),
            ("header_missing",),
            ["column_1", "column_2", "column_3"],
            ROWS,
            first_row=1,
        ),
        Strange(
            "a first row that is bad",
            "x.csv",
            b"item,units\nA,n/a\nB,4\nC,5\n",
            (),
            ["item", "units"],
            [["A", "n/a"], ["B", "4"], ["C", "5"]],
        ),
        Strange("a total below", "x.csv", (body + "Total,,7\n").encode(), ("totals_row",), HEADER, rows),
        Strange(
            "a Chinese total below",
            "x.csv",
            ("商品,数量\n苹果,3\n香蕉,4\n合计,7\n").encode(),
            ("totals_row",),
            ["商品", "数量"],
            [["苹果", "3"], ["香蕉", "4"]],
        ),
        Strange("a German total in the second column", "x.csv", (body + ",Summe:,7\n").encode(), ("totals_row",), HEADER, rows),
        Strange(
            "an item called Total",
            "x.csv",
            b"brand,units\nTotal,3\nShell,4\nTotal,5\n",
            (),
            ["brand", "units"],
            [["Total", "3"], ["Shell", "4"], ["Total", "5"]],
        ),
        Strange(
            "a note below",
            "x.csv",
            ("item,date,units\n" + "A,2024-01-01,3\n" * 9 + "\nPrinted on 5 May\n").encode(),
            ("rows_below",),
            HEADER,
        ),
    ]


def workbooks() -> list[Strange]:
    """Workbooks: sheets, merged cells, bombs."""
    table = [["item", "units"], ["007", 3], ["B", 4]]
    good = {"columns": ["item", "units"], "rows": [["007", 3], ["B", 4]]}
    far = sheet_of(b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="ZZ1048576"><v>1</v></c></row>')
    many = sheet_of(b"<row>" + b'<c t="s"><v>0</v></c>' * 400_000 + b"</row>")
    long_text = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>' + b"x" * 30_000 + b"</t></si></sst>"
    whole = workbook(sheet(table))
    return [
        Strange("a workbook", "x.xlsx", whole, **good),
        Strange("an old workbook", "x.xls", xls(table), **good),
        Strange("an old workbook called new", "x.xlsx", xls(table), **good),
        Strange("text called an old workbook", "x.xls", LINES.replace(",", "\t").encode(), ("text_named_workbook",), HEADER, ROWS),
        Strange("a web page called an old workbook", "x.xls", b"<html><table><tr><td>1</td></tr></table></html>", ("web_page",)),
        Strange("a workbook called CSV", "x.csv", whole, **good),
        Strange(
            "titles in a workbook",
            "x.xlsx",
            workbook(sheet([["Sales"], [], *table, ["Total", 7]])),
            ("rows_above_header", "totals_row"),
            **good,
            first_row=4,
        ),
        Strange(
            "merged header cells",
            "x.xlsx",
            workbook(two_header_rows),
            (),
            ["item", "units shop", "units web", "value shop", "value web"],
            first_row=3,
        ),
        Strange("several sheets", "x.xlsx", workbook(several_sheets), ("sheet_chosen",), ["item", "units"], [["A", 3], ["B", 4]]),
        Strange("a hidden sheet asked for", "x.xlsx", workbook(several_sheets), (), ["x", "y"], [[1, 2]], Asked(sheet="hidden")),
        Strange("a sheet that is not there", "x.xlsx", workbook(several_sheets), ("no_such_sheet",), asked=Asked(sheet="Data")),
        Strange("an empty sheet", "x.xlsx", workbook(sheet([])), ("empty_file",)),
        Strange("a workbook cut off", "x.xlsx", whole[: len(whole) // 2], ("unreadable_file",)),
        Strange("an old workbook cut off", "x.xls", xls(table)[:700], ("unreadable_file",)),
        Strange("a cell in a far corner", "x.xlsx", zipped_workbook(sheet_xml=far), ("too_many_cells",)),
        Strange(
            "a sheet of too many columns", "x.xlsx", zipped_workbook(sheet_xml=sheet_of(b'<row><c r="XFD1"/></row>')), ("too_many_columns",)
        ),
        Strange("one long text in every cell", "x.xlsx", zipped_workbook(sheet_xml=many, shared=long_text), ("unpacks_too_large",)),
        Strange("a sheet that is no XML", "x.xlsx", zipped_workbook(sheet_xml=b"<worksheet><sheetData><row"), ("unreadable_file",)),
    ]


def packed_files() -> list[Strange]:
    """gzip and zip: one table, several, none, bombs; and Parquet."""
    good = {"columns": HEADER, "rows": ROWS}
    lines = LINES.encode()
    other = b"store,size\n1,2\n3,4\n"
    more = b"units,item,date\n5,B,2024-01-03\n"
    nested = lines
    for _ in range(5):
        nested = gzip.compress(nested)
    secret = bytearray(zipped(("x.csv", lines)))
    secret[6] |= 1
    secret[secret.index(b"PK\x01\x02") + 8] |= 1
    typed = pa.table({"item": ["007", None], "units": [3, 4]})
    constant = pa.table({"item": pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), ["x" * 100_000])})
    return [
        Strange("gzip", "x.csv.gz", gzip.compress(lines), **good),
        Strange("gzip by another name", "x.csv", gzip.compress(lines), **good),
        Strange("gzip cut off", "x.csv.gz", gzip.compress(lines * 99)[:-20], ("unreadable_file",)),
        Strange("gzip of nothing", "x.csv.gz", gzip.compress(b""), ("empty_file",)),
        Strange("no gzip", "x.csv.gz", lines, ("unreadable_file",)),
        Strange("gzip five times", "x.csv.gz", nested, ("nested_too_deep",)),
        Strange("zip", "x.zip", zipped(("x.csv", lines)), **good),
        Strange("zip of a workbook", "x.zip", zipped(("x.xlsx", workbook(sheet([["a", "b"], [1, 2]])))), (), ["a", "b"], [[1, 2]]),
        Strange("zip of gzip", "x.zip", zipped(("x.csv.gz", gzip.compress(lines))), **good),
        Strange("zip of two parts", "x.zip", zipped(("a.csv", lines), ("b.csv", more)), (), HEADER, [*ROWS, ["B", "2024-01-03", "5"]]),
        Strange("zip of two that differ", "x.zip", zipped(("a.csv", lines), ("b.csv", other)), ("file_does_not_fit",)),
        Strange(
            "one of two chosen", "x.zip", zipped(("a.csv", lines), ("b.csv", other)), (), ["store", "size"], None, Asked(sheet="b.csv")
        ),
        Strange(
            "one that is not in the zip",
            "x.zip",
            zipped(("a.csv", lines), ("b.csv", other)),
            ("no_such_sheet",),
            asked=Asked(sheet="c.csv"),
        ),
        Strange("zip with a program's leftovers", "x.zip", zipped(("__MACOSX/._x.csv", b"\0"), ("x.csv", lines), ("read.me", b"")), **good),
        Strange("zip without a table", "x.zip", zipped(("read.me", b"")), ("no_table_inside",)),
        Strange("zip of nothing", "x.zip", zipped(), ("no_table_inside",)),
        Strange("zip with a password", "x.zip", bytes(secret), ("password_protected",)),
        Strange("zip cut off", "x.zip", zipped(("x.csv", lines))[:-30], ("unreadable_file",)),
        Strange("zip with a bad part", "x.zip", zipped(("a.csv", lines), ("b.csv", b"a,a\n1,2\n")), ("duplicate_columns",)),
        Strange("Parquet", "x.parquet", parquet(typed), (), ["item", "units"], [["007", 3], [None, 4]]),
        Strange("Parquet without rows", "x.parquet", parquet(typed.slice(0, 0)), ("no_rows",)),
        Strange("Parquet cut off", "x.parquet", parquet(typed)[:-9], ("unreadable_file",)),
        Strange("no Parquet", "x.parquet", lines, ("unreadable_file",)),
        Strange("one long text in every row", "x.parquet", parquet(constant, compression="zstd"), ("unpacks_too_large",)),
        Strange(
            "Parquet with a name twice",
            "x.parquet",
            parquet(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])),
            ("duplicate_columns",),
        ),
        Strange("lists in cells", "x.parquet", parquet(pa.table({"a": [[1], [2]]})), (), ["a"], [["[1]"], ["[2]"]]),
        Strange("bytes in cells", "x.parquet", parquet(pa.table({"a": [b"007", "Tür".encode()]})), (), ["a"], [["007"], ["Tür"]]),
        Strange("a program", "x.exe", b"MZ", ("wrong_extension",)),
    ]


FILES = [*text_files(), *layouts(), *workbooks(), *packed_files()]


def plain(table: pd.DataFrame) -> list[list[Any]]:
    """The cells of a table, None for what is missing."""
    return table.astype(object).where(table.notna(), None).to_numpy().tolist()
