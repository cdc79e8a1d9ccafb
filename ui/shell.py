"""The frame that every page calls first: title, sidebar with links, the choice of data."""

import streamlit as st

from sales.migrations import prepare
from ui.texts import text
from workspace import runs
from workspace.datasets import Dataset, datasets

PAGES = {
    "home": ("app.py", ":material/home:"),
    "sales": ("pages/Sales.py", ":material/upload_file:"),
    "compare": ("pages/Compare.py", ":material/query_stats:"),
    "reorder": ("pages/Reorder.py", ":material/local_shipping:"),
}
DATA = "data"
ICON = "📦"  # a :material/ icon in the browser's tab would be fetched from outside


def frame(page: str) -> Dataset | None:
    """Draws what all pages share and returns the data chosen, None where none is. Must be the page's first call."""
    st.set_page_config(page_title=text("shell.tab", page=text(f"{page}.title")), page_icon=ICON, layout="wide")
    _continue_runs()
    with st.sidebar:
        st.markdown(text("shell.brand"))
        for name, (path, page_icon) in PAGES.items():
            st.page_link(path, label=text(f"{name}.link"), icon=page_icon)
        chosen = _choose()
        st.caption(text("shell.shared"))
    st.title(text(f"{page}.title"))
    st.markdown(text(f"{page}.intro"))
    return chosen


def need(page: str, reason: str) -> None:
    """Says what is missing before this page can show something, links to where it is made, and ends the script run."""
    path, icon = PAGES[page]
    st.info(text(reason))
    st.page_link(path, label=text("shell.go", page=text(f"{page}.link")), icon=icon)
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
    saved = {dataset.name: dataset for dataset in datasets()}
    name = st.selectbox(
        text("shell.data"),
        list(saved),
        index=None,
        format_func=lambda name: saved[name].title,
        placeholder=text("shell.no_data" if not saved else "shell.choose_data"),
        key=DATA,
        bind="query-params",
    )
    return saved.get(name) if name else None
