"""Saved data: listed, opened, renamed, deleted, exported and imported."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO

import streamlit as st

from sales import datasets as saved
from ui import planner, shell, tables
from ui.planner import name_of_planner
from ui.texts import plain, text
from workspace import archive, facts, runs
from workspace.datasets import Dataset, datasets, delete, rename

COLUMNS = ("title", "items", "periods", "last", "source", "saved", "versions")
ROWS_SEEN, HEIGHT = 8, 320
_ASKED, _IMPORTED, _PROBLEMS = "delete-asked", "imports", "import-problems"


def listing(opened: Dataset | None) -> Dataset | None:
    """All saved data, the latest first; the one that is ticked, else the one opened, else None."""
    there = datasets()
    if not there:
        st.info(text("data.none"))
        shell.link("sales", text("shell.go", page=text("sales.link")))
        return None
    rows = saved.listed(there)
    rows["periods"] = [
        text(f"data.periods.{one.facts['frequency']}", count=count) for one, count in zip(there, rows["periods"], strict=True)
    ]
    rows["title"] = [text("data.opened", title=one.title) if opened and one.name == opened.name else one.title for one in there]
    config = {name: text(f"data.column.{name}") for name in COLUMNS}
    config |= {name: st.column_config.NumberColumn(text(f"data.column.{name}"), format="localized") for name in ("items", "versions")}
    config["saved"] = st.column_config.DatetimeColumn(text("data.column.saved"), format="YYYY-MM-DD HH:mm", timezone="UTC")
    st.caption(text("data.tick"))
    event = st.dataframe(
        rows,
        hide_index=True,
        column_order=COLUMNS,
        column_config=config,
        key=f"datasets-{hash(tuple(one.name for one in there))}",
        on_select="rerun",
        selection_mode="single-row",
        height=HEIGHT if len(there) > ROWS_SEEN else "auto",
    )
    ticked = event["selection"]["rows"]
    return there[ticked[0]] if ticked and ticked[0] < len(there) else opened


def actions(data: Dataset, opened: Dataset | None) -> None:
    """Open, rename, export and delete `data`."""
    st.subheader(plain(data.title))
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    left.button(
        text("data.open"),
        key=f"open-{data.name}",
        disabled=opened is not None and opened.name == data.name,
        on_click=shell.use,
        args=(data.name,),
        width="stretch",
        type="primary",
    )
    _export(middle, text("data.export"), f"export-{data.name}", [data])
    right.button(text("data.delete"), key=f"delete-{data.name}", on_click=_ask, args=(data.name,), width="stretch")
    if st.session_state.get(_ASKED) == data.name:
        _question(data)
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    left.text_input(text("data.title.field"), value=data.title, key=f"title-{data.name}", max_chars=60)
    right.button(text("data.rename"), key=f"rename-{data.name}", on_click=_rename, args=(data,), width="stretch")


def archives() -> None:
    """All saved data as one file, and such a file taken in."""
    st.header(text("data.archives"))
    left, right = st.columns(2)
    there = datasets()
    with left.container(border=True):
        st.markdown(text("data.export_all.about", count=len(there)))
        _export(st, text("data.export_all"), "export-all", there)
    with right.container(border=True):
        upload = st.file_uploader(text("data.import"), key=f"archive-{st.session_state.get(_IMPORTED, 0)}", help=text("data.import.help"))
        st.button(text("data.import.do"), key="import-archive", disabled=upload is None, on_click=_import, args=(upload,))
    tables.problems(st.session_state.pop(_PROBLEMS, ()))


def _export(place: object, label: str, key: str, chosen: Sequence[Dataset]) -> None:
    """Packed only once somebody clicks."""
    file = f"shelfcast-{chosen[0].name if len(chosen) == 1 else 'data'}-{datetime.now(UTC):%Y-%m-%d}.zip"
    names = [one.name for one in chosen]
    how = {"mime": "application/zip", "on_click": "ignore", "width": "stretch", "disabled": not names}
    place.download_button(label, _packed(names), file, key=key, help=text("data.export.help"), **how)  # type: ignore[attr-defined]


def _packed(names: Sequence[str]) -> Callable[[], bytes]:
    def pack() -> bytes:
        out = BytesIO()
        archive.export(out, names)
        return out.getvalue()

    return pack


def _question(data: Dataset) -> None:
    about = {
        "versions": len(data.versions),
        "runs": len(runs.latest({"data": data.name})),
        "records": len(facts.everything(data.name)),
    }
    with st.container(border=True):
        st.warning(text("data.delete.ask", title=plain(data.title), **about))
        left, right = st.columns(2)
        words = text("data.delete.do", title=plain(data.title))
        left.button(words, key="delete-do", on_click=_delete, args=(data,), width="stretch", **planner.signed())
        right.button(text("data.delete.keep"), key="delete-keep", on_click=_ask, args=(None,), width="stretch")


def _ask(name: str | None) -> None:
    st.session_state[_ASKED] = name


def _delete(data: Dataset) -> None:
    _ask(None)
    try:
        delete(data, name_of_planner())
    except KeyError:
        planner.complain("data.gone", title=plain(data.title))
    else:
        planner.say("data.deleted", title=plain(data.title))


def _rename(data: Dataset) -> None:
    title = str(st.session_state.get(f"title-{data.name}", "")).strip()
    if title in ("", data.title):
        return planner.complain("data.rename.other")
    try:
        now = rename(data, title)
    except KeyError:
        return planner.complain("data.gone", title=plain(data.title))
    st.session_state.pop(f"title-{data.name}", None)
    return planner.say("data.renamed", title=plain(now.title))


def _import(upload: BytesIO) -> None:
    with st.spinner(text("data.importing")):
        taken, problems = saved.import_archive(upload)
    st.session_state[_PROBLEMS] = problems
    if taken:
        st.session_state[_IMPORTED] = st.session_state.get(_IMPORTED, 0) + 1
        planner.say("data.imported", titles=plain(", ".join(one.title for one in taken)))
