"""From files to a table: what is uploaded, how it was read and may be read otherwise, a second table joined, a wide one laid out long."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from typing import Any

import pandas as pd
import streamlit as st

from sales.checks import EARLIEST, LATEST
from sales.joining import Side, join, propose_join
from sales.mapping import header_key
from sales.problems import Problem, usable
from sales.reading import Asked, Reading, in_files, read_files
from sales.recipe import Recipe, prepared
from sales.shapes import Shape, detect_shape
from ui import forms, tables
from ui.texts import plain, text

ENCODINGS = ("utf-8", "utf-16", "cp1252", "cp1250", "cp1251", "cp1253", "koi8-r", "gb18030", "big5", "cp932", "euc_jp", "cp949")
SEPARATORS = (",", ";", "\t", "|")
LAYOUTS = ("long", "dates_across", "items_across")
STEPS = ("D", "W", "M")


@dataclass(frozen=True, eq=False)
class Source:
    """A table that came from outside, and what was decided about it so far.

    key: of the widgets that belong to it. content: another text where what came is another. name: of what it came from. raw: as it was
    read and joined. decided: how, as a part of a recipe. long: the same, a row an item and date. how: see `sales.reading.Reading`.
    problems: of reading and joining.
    """

    key: str
    content: str
    name: str
    raw: pd.DataFrame
    decided: Recipe
    long: pd.DataFrame
    how: dict[str, Any]
    problems: tuple[Problem, ...] = ()

    @property
    def version(self) -> str:
        """Another text where the table or what was decided about it is another."""
        return f"{self.content} {self.decided.to_json()}"


def uploaded() -> Source | None:
    """The sales files that are uploaded, read as somebody chooses; None until there is a table."""
    label, of = text("upload.sales"), text("upload.help")
    uploads = st.file_uploader(label, accept_multiple_files=True, key=f"sales-file-{forms.saves()}", help=of)
    if not uploads:
        return None
    key = blake2b(" ".join(one.file_id for one in uploads).encode(), digest_size=8).hexdigest()
    asked = _asked(key)
    reading = _read(key, repr(asked), uploads, asked)
    tables.problems(reading.problems)
    return source(reading, key, ", ".join(one.name for one in uploads), asked)


def source(reading: Reading, key: str, name: str, asked: Asked | None = None) -> Source | None:
    """What was read, with how it was read to be changed where there is something `asked`, joined and laid out as somebody chooses; None
    where that gives no table, which is said."""
    if asked is not None:
        with st.expander(text("source.how"), icon=":material/tune:", expanded=reading.table is None):
            _options(reading, key)
    if reading.table is None:
        return None
    st.caption(_told(reading))
    raw, on, of_join, second = _with_second(reading.table, key)
    decided = Recipe(reading={} if asked is None else {part: value for part, value in vars(asked).items() if value is not None}, join=on)
    if raw is None:
        return None
    content = f"{key}-{second}-{decided.reading}"
    decided = replace(decided, shape=_shape(raw, f"{key}-{header_key(raw)}", content))
    long, problems = _long(f"{content} {decided.to_json()}", raw, decided)
    tables.problems(problems)
    told = (*in_files(reading.problems, reading.how), *of_join)
    return Source(key, content, name, raw, decided, long, reading.how, told) if usable(problems) else None


def _asked(key: str) -> Asked:
    """What was chosen in the fields of `_options` before this script run."""
    chosen = {part.name: st.session_state.get(f"asked-{part.name}-{key}") for part in fields(Asked)}
    return Asked(**{part: value if part in ("header_rows", "outline") else value or None for part, value in chosen.items()})


def _options(reading: Reading, key: str) -> None:
    how = reading.how

    def words(part: str) -> dict[str, Any]:
        found = how.get(part)
        return {"label": text(f"source.{part}"), "key": f"asked-{part}-{key}", "help": text(f"source.{part}.help")} | (
            {"placeholder": text("source.found", found=_sign(str(found)))} if found is not None else {"placeholder": text("source.itself")}
        )

    left, middle, right = st.columns(3)
    if reading.sheets:
        left.selectbox(options=list(reading.sheets), index=None, **words("sheet"))
    middle.number_input(min_value=1, value=None, step=1, **words("header_row"))
    right.number_input(min_value=0, max_value=20, value=None, step=1, **words("header_rows"))
    if how.get("kind", "text") == "parquet":
        return
    left, middle, right = st.columns(3)
    right.selectbox(options=[True, False], index=None, format_func=lambda so: text(f"source.outline.{so}"), **words("outline"))
    if how.get("kind", "text") == "text":
        left.selectbox(options=list(ENCODINGS), index=None, **words("encoding"))
        middle.selectbox(options=list(SEPARATORS), index=None, format_func=_sign, **words("separator"))


def _sign(separator: str) -> str:
    return {"\t": text("source.tab")}.get(separator, separator)


def _told(reading: Reading) -> str:
    """How the file, or the first of several, was read, in a line."""
    files = reading.how.get("files", ())
    how = files[0] if files else reading.how
    parts = [text("source.files", count=len(files))] if files else []
    parts += [
        text(f"source.told.{part}", **{part: plain(_sign(str(how[part])))})
        for part in ("member", "sheet", "encoding", "separator")
        if part in how
    ]
    if how.get("header_rows"):
        one = "_one" if how["header_rows"] == 1 else ""
        parts.append(text(f"source.told.header{one}", row=how["header_row"], rows=how["header_rows"]))
    if how.get("title_rows"):
        parts.append(text("source.told.titles", count=len(how["title_rows"])))
    if how.get("rows_left_out"):
        parts.append(text("source.told.left_out", count=len(how["rows_left_out"])))
    assert reading.table is not None
    parts.append(text("source.told.table", rows=len(reading.table), columns=len(reading.table.columns)))
    return " · ".join(parts)


def _with_second(table: pd.DataFrame, key: str) -> tuple[pd.DataFrame | None, dict[str, Any] | None, Sequence[Problem], str]:
    """The table with a second one joined to it where somebody hands one over, how, what was wrong, and another text for another second
    one; no table where it cannot be joined."""
    with st.expander(text("join.title"), icon=":material/join_inner:"):
        upload = st.file_uploader(text("join.upload"), key=f"second-{key}", help=text("join.help"))
        if upload is None:
            return table, None, (), ""
        reading = forms.read_upload(upload.file_id, upload.name, upload)
        tables.problems(reading.problems)
        second = reading.table
        if second is None:
            return None, None, (), ""
        proposed = _proposed_join(f"{key} {upload.file_id}", table, second)
        sides = [
            slot.multiselect(
                text(f"join.{side}"),
                [str(name) for name in columns],
                default=[pair[place] for pair in proposed],
                key=f"join-{side}-{key}-{upload.file_id}",
            )
            for place, (slot, side, columns) in enumerate(
                zip(st.columns(2), ("left", "right"), (table.columns, second.columns), strict=True)
            )
        ]
        if len(sides[0]) != len(sides[1]) or not sides[0]:
            st.info(text("join.choose"))
            return None, None, (), ""
        on = [list(pair) for pair in zip(*sides, strict=True)]
        joined, problems = _join(f"{key} {upload.file_id} {on}", table, second, on, "left")
        how: dict[str, Any] = {"on": on, "name": upload.name}
        lines_key = f"join-lines-{key}-{upload.file_id}"
        repeats = any(found.code == "join_second_repeats" for found in problems)
        if repeats and st.checkbox(text("join.lines"), key=lines_key, help=text("join.lines.help")):
            joined, problems = _join(f"{key} {upload.file_id} {on} lines", table, second, on, "right")
            how["lines"] = "right"
        tables.problems(problems)
        told = (*reading.problems, *problems)
        return (joined if usable(problems) else None), how, told, f"{upload.file_id} {how}"


def _shape(table: pd.DataFrame, key: str, content: str) -> Shape | None:
    """How the table holds sales: as it looks, or as somebody says; None where it is long."""
    found = _detected(content, table)
    with st.expander(
        text("shape.title", found=text(f"shape.{found.layout}")), icon=":material/pivot_table_chart:", expanded=found.layout != "long"
    ):
        layout = st.radio(
            text("shape.layout"),
            LAYOUTS,
            index=LAYOUTS.index(found.layout),
            format_func=lambda name: text(f"shape.{name}"),
            key=f"layout-{key}",
            horizontal=True,
            help=text("shape.help"),
        )
        if layout == "long":
            return None
        columns = [str(name) for name in table.columns]
        proposed = found if layout == found.layout else Shape(layout)
        beside = st.multiselect(
            text("shape.beside"), columns, default=proposed.beside, key=f"beside-{layout}-{key}", help=text("shape.beside.help")
        )
        if layout == "dates_across":
            return Shape(layout, tuple(beside), proposed.dates)
        return _with_dates(layout, [name for name in columns if name not in beside], tuple(beside), proposed, key)


def _with_dates(layout: Any, columns: Sequence[str], beside: tuple[str, ...], proposed: Shape, key: str) -> Shape:
    """The column of dates beside items across; where there is none, the day and the length of the first row."""
    left, middle, right = st.columns(3)
    index = columns.index(proposed.date) if proposed.date in columns else None
    date = left.selectbox(text("shape.date"), columns, index=index, placeholder=text("shape.no_date"), key=f"shape-date-{key}")
    if date is not None:
        return Shape(layout, beside, date=date)
    label, key_of_first = text("shape.first_date"), f"first-date-{key}"
    first = middle.date_input(label, value=None, min_value=EARLIEST.item(), max_value=LATEST.item(), key=key_of_first)
    step = right.selectbox(text("shape.step"), STEPS, format_func=lambda s: text(f"frequency.{s}"), key=f"shape-step-{key}")
    return Shape(layout, beside, first_date=first.isoformat(), step=step) if first is not None else Shape(layout, beside)


@st.cache_resource(scope="session", max_entries=2, show_spinner=text("upload.reading"))
def _read(key: str, asked: str, _uploads: list, _asked: Asked) -> Reading:
    return read_files([(one.name, one.getvalue()) for one in _uploads], _asked)


@st.cache_resource(scope="session", max_entries=2, show_spinner=text("join.joining"))
def _join(key: str, _left: pd.DataFrame, _right: pd.DataFrame, _on: list, _lines: Side) -> tuple[pd.DataFrame, list[Problem]]:
    return join(_left, _right, _on, _lines)


@st.cache_resource(scope="session", max_entries=4, show_spinner=False)
def _proposed_join(key: str, _left: pd.DataFrame, _right: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    return propose_join(_left, _right)


@st.cache_resource(scope="session", max_entries=4, show_spinner=False)
def _detected(content: str, _table: pd.DataFrame) -> Shape:
    return detect_shape(_table)


@st.cache_resource(scope="session", max_entries=2, show_spinner=text("upload.reading"))
def _long(key: str, _raw: pd.DataFrame, _decided: Recipe) -> tuple[pd.DataFrame, list[Problem]]:
    return prepared(_decided, _raw)
