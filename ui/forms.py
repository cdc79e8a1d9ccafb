"""Forms: a sales file from upload to saved data, samples, templates."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from inventory import terms
from sales import datasets as saved
from sales import samples
from sales.intake import Intake, intake
from sales.mapping import Mapping, propose
from sales.panel import SalesPanel
from sales.problems import Severity
from sales.reading import Reading, read_table
from ui import shell, tables
from ui.texts import plain, text
from workspace.datasets import Dataset

REQUIRED = ("item", "date", "units")
OPTIONAL = ("price", "promotion", "out_of_stock", "category", "supplier", "description")
FREQUENCIES = ("D", "W", "M")
GAPS = ("zero", "unknown")
PREVIEW = 5
SAVES, TITLE, PLACE = "saves", "save-title", "save-place"
NEW, REPLACE = "new", "replace"


def sample_buttons() -> None:
    """One click each: the made-up shop and the groceries, saved as new data and opened."""
    columns = st.columns(2)
    for column, make in zip(columns, (samples.made_up_shop, samples.groceries), strict=True):
        name = make.__name__
        with column.container(border=True):
            st.markdown(text(f"sample.{name}"))
            st.button(text("sample.open"), key=f"sample-{name}", on_click=_open_sample, args=(name,), width="stretch")


def _open_sample(name: str) -> None:
    for dataset in _samples_saved(name):
        return shell.use(dataset.name)
    with st.spinner(text("sample.making")):
        sample = getattr(samples, name)()
        read = intake(sample.sales, sample.mapping, sample.frequency)
        facts = {"source": text(f"sample.{name}.source"), "sample": name}
        dataset = saved.save_sales(text(f"sample.{name}.title"), read.panel, facts, stock=sample.stock, truth=sample.truth)
    return shell.use(dataset.name)


def _samples_saved(name: str) -> list[Dataset]:
    return [dataset for dataset in saved.datasets.datasets() if dataset.facts.get("sample") == name]


def sales_file(data: Dataset | None) -> None:
    """Upload, mapping, checks and saving of a sales file: as new data, or in the place of the sales of `data`, the dataset open."""
    upload = st.file_uploader(text("upload.sales"), key=f"sales-file-{saves()}", help=text("upload.help"))
    if upload is None:
        return
    reading = read_upload(upload.file_id, upload.name, upload)
    tables.problems(reading.problems)
    if reading.table is None:
        return
    st.subheader(text("mapping.title"))
    st.dataframe(reading.table.head(PREVIEW), hide_index=True, key="preview")
    mapping = _mapping(reading.table, upload.file_id)
    frequency, gaps, day_first = _reading_options(upload.file_id)
    read = _intake(upload.file_id, repr((mapping, frequency, gaps, day_first)), reading.table, (mapping, frequency, gaps, day_first))
    st.subheader(text("checks.title"))
    _facts(read)
    tables.problems(read.problems, nothing="checks.nothing")
    if read.panel is not None:
        _save(read, upload.name, upload.file_id, data)


def _mapping(table: pd.DataFrame, file: str) -> Mapping:
    proposed = propose(table)
    columns = [str(column) for column in table.columns]
    chosen: dict[str, str | None] = {}
    for roles, slots in ((REQUIRED, st.columns(3)), (OPTIONAL[:3], st.columns(3)), (OPTIONAL[3:], st.columns(3))):
        for role, slot in zip(roles, slots, strict=True):
            guess = getattr(proposed, role)
            chosen[role] = slot.selectbox(
                text(f"role.{role}"),
                columns,
                index=columns.index(guess) if guess in columns else None,
                placeholder=text("mapping.choose" if role in REQUIRED else "mapping.none"),
                help=text(f"role.{role}.help"),
                key=f"role-{role}-{file}",
            )
    taken = [chosen[role] for role in ("item", "date", "units")]
    known = st.multiselect(
        text("mapping.known"), [c for c in columns if c not in taken], key=f"known-{file}", help=text("mapping.known.help")
    )
    return replace(proposed, **chosen, known=tuple(known))


def _reading_options(file: str) -> tuple[str | None, str, bool | None]:
    left, middle, right = st.columns(3)
    frequency = left.selectbox(
        text("mapping.frequency"),
        [None, *FREQUENCIES],
        format_func=lambda f: text("mapping.as_file") if f is None else text(f"frequency.{f}"),
        key=f"frequency-{file}",
    )
    gaps = middle.selectbox(
        text("mapping.gaps"), GAPS, format_func=lambda g: text(f"gaps.{g}"), key=f"gaps-{file}", help=text("mapping.gaps.help")
    )
    day_first = right.selectbox(
        text("mapping.day_first"),
        [None, True, False],
        format_func=lambda d: text(f"day_first.{d}"),
        key=f"day-first-{file}",
        help=text("mapping.day_first.help"),
    )
    return frequency, gaps, day_first


def _facts(read: Intake) -> None:
    columns = st.columns(4)
    columns[0].metric(text("checks.rows_used", read=read.rows_read), f"{read.rows_used:,}")
    panel = read.panel
    if panel is None:
        return
    columns[1].metric(text("checks.items"), f"{len(panel):,}")
    columns[2].metric(text("checks.units"), f"{panel.units:,.0f}")
    period = text(f"frequency.{panel.calendar.frequency}")
    first, last = panel.periods[0], panel.last
    columns[3].metric(text("checks.periods", period=period), f"{len(panel.periods):,}", help=text("checks.range", first=first, last=last))
    st.caption(text("checks.range", first=first, last=last))


def _save(read: Intake, file_name: str, file: str, data: Dataset | None) -> None:
    if _placed(file, data) == NEW:
        st.text_input(text("save.title"), value=file_name.rsplit(".", 1)[0], key=f"{TITLE}-{file}", max_chars=60)
    repaired = any(p.severity is Severity.WARNING for p in read.problems)
    st.button(
        text("save.repaired" if repaired else "save.button"),
        type="primary",
        on_click=_save_sales,
        args=(read.panel, file_name, file, data),
        key="save-sales",
    )


def _placed(file: str, data: Dataset | None) -> str:
    """Whether the file becomes new data or the sales of the data open."""
    if data is None:
        return NEW
    names = {NEW: text("save.new"), REPLACE: text("save.replace", title=plain(data.title))}
    key = f"{PLACE}-{file}-{data.name}"
    chosen = st.radio(text("save.place"), list(names), format_func=names.__getitem__, key=key, help=text("save.replace.help"))
    return str(chosen)


def _save_sales(panel: SalesPanel, file_name: str, file: str, data: Dataset | None) -> None:
    source = {"source": file_name}
    if data is not None and st.session_state.get(f"{PLACE}-{file}-{data.name}") == REPLACE:
        dataset = saved.update_sales(data, panel, source)
    else:
        dataset = saved.save_sales(st.session_state.get(f"{TITLE}-{file}", "").strip() or file_name, panel, source)
    saved_once_more()
    shell.use(dataset.name)


def saves() -> int:
    """How often this session has saved: in the uploader's key, so that it is empty again after each time."""
    return int(st.session_state.get(SAVES, 0))


def saved_once_more() -> None:
    """Empties the uploaders."""
    st.session_state[SAVES] = saves() + 1


def templates() -> None:
    """The two files to fill in."""
    left, right = st.columns(2)
    sales_template = samples.template().to_csv(index=False)
    left.download_button(text("template.sales"), sales_template, "sales-template.csv", "text/csv", key="template-sales", width="stretch")
    stock_template = terms.template().to_csv(index=False)
    right.download_button(text("template.stock"), stock_template, "stock-template.csv", "text/csv", key="template-stock", width="stretch")


@st.cache_resource(scope="session", max_entries=2, show_spinner=text("upload.reading"))
def read_upload(file_id: str, name: str, _upload: object) -> Reading:
    """What the file uploaded holds, read once."""
    return read_table(_upload.getvalue(), name)  # type: ignore[attr-defined]


@st.cache_resource(scope="session", max_entries=4, show_spinner=text("upload.checking"))
def _intake(file_id: str, options: str, _table: pd.DataFrame, _options: tuple) -> Intake:
    mapping, frequency, gaps, day_first = _options
    return intake(_table, mapping, frequency, gaps=gaps, day_first=day_first)
