"""The frame that every page calls first: title, sidebar with links, the choice of data."""

import streamlit as st

from sales.migrations import prepare
from ui import planner
from ui.texts import text
from workspace import runs
from workspace.datasets import Dataset, datasets

PAGES = {
    "home": ("app.py", ":material/home:"),
    "sales": ("pages/Sales.py", ":material/upload_file:"),
    "data": ("pages/Data.py", ":material/database:"),
    "compare": ("pages/Compare.py", ":material/query_stats:"),
    "reorder": ("pages/Reorder.py", ":material/local_shipping:"),
}
DATA, _KEPT = "data", "data-kept"
ICON = "📦"  # a :material/ icon in the browser's tab would be fetched from outside


def frame(page: str) -> Dataset | None:
    """Draws what all pages share and returns the data chosen, None where none is. Must be the page's first call."""
    st.set_page_config(page_title=text("shell.tab", page=text(f"{page}.title")), page_icon=ICON, layout="wide")
    _continue_runs()
    with st.sidebar:
        st.markdown(text("shell.brand"))
        links = st.container()
        chosen = _choose()
        st.caption(text("shell.shared"))
        planner.ask_name()
    with links:
        for name in PAGES:
            link(name, text(f"{name}.link"))
    st.title(text(f"{page}.title"))
    st.markdown(text(f"{page}.intro"))
    return chosen


def link(page: str, label: str) -> None:
    """A link to a page of this house."""
    path, icon = PAGES[page]
    st.page_link(path, label=label, icon=icon)


def need(page: str, reason: str) -> None:
    """Says what is missing before this page can show something, links to where it is made, and ends the script run."""
    st.info(text(reason))
    link(page, text("shell.go", page=text(f"{page}.link")))
    st.stop()


def use(name: str) -> None:
    """Makes the dataset `name` this session's choice. Only for callbacks: they run before the sidebar is drawn."""
    st.session_state[DATA] = name


@st.cache_resource(show_spinner=False)
def _continue_runs() -> None:
    """Once for each start of the server: the workspace is made ready, and what was killed with it goes on, unasked."""
    prepare()
    runs.resume()


def _choose() -> Dataset | None:
    """The data chosen: by the address where that has changed, else as before; the address then names it, so that it can be sent to others.
    It is kept beside the widget, whose own state a change of page may forget."""
    saved, kept = {dataset.name: dataset for dataset in datasets()}, st.session_state.get(_KEPT, (None, None))
    asked = st.query_params.get(DATA)
    before = st.session_state.get(DATA, kept[0])
    named = [name for name, dataset in saved.items() if dataset.title == asked and asked != kept[1]]
    st.session_state[DATA] = (
        named[0] if named else before if before in saved else None
    )  # set anew each time: on another page the widget would begin empty
    name = st.selectbox(
        text("shell.data"),
        list(saved),
        index=None,
        format_func=lambda name: saved[name].title,
        placeholder=text("shell.no_data" if not saved else "shell.choose_data"),
        key=DATA,
    )
    chosen = saved.get(name) if name else None
    st.session_state[_KEPT] = (chosen.name, chosen.title) if chosen else (None, None)
    if chosen:
        st.query_params[DATA] = chosen.title
    else:
        st.query_params.pop(DATA, None)
    return chosen
