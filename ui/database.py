"""Sales from a database: a connection that somebody named, a query that only reads, and its rows on the same road as a file."""

from hashlib import blake2b

import streamlit as st

from sales.databases import connections, read_query
from sales.problems import InputProblems
from sales.reading import Reading
from ui import forms, source, tables
from ui.source import Source
from ui.texts import text

_ASKED = "database-asked"


def queried() -> Source | None:
    """The rows that a query gave, read as a file would be; None until somebody asked. Only names of connections are shown."""
    with st.expander(text("database.title"), icon=":material/database:"):
        asked = _form()
    if asked is None:
        return None
    name, url, query = asked
    key = blake2b(f"{st.session_state[_ASKED]} {name} {query}".encode(), digest_size=8).hexdigest()
    reading = _rows(key, url, query)
    tables.problems(reading.problems)
    return None if reading.table is None else source.source(reading, key, name)


def _form() -> tuple[str, str, str] | None:
    """Name and address of the connection chosen and the query typed, once somebody asked."""
    try:
        named = connections()
    except InputProblems as found:
        tables.problems(found.problems)
        return None
    if not named:
        st.info(text("database.none"))
        return None
    with st.form(f"database-{forms.saves()}", border=False):
        name = st.selectbox(text("database.connection"), sorted(named), key="database-name")
        label, of, hint = (text(f"database.{part}") for part in ("query", "query.help", "hint"))
        query = st.text_area(label, key=f"database-query-{forms.saves()}", help=of, placeholder=hint)
        st.form_submit_button(text("database.ask"), on_click=_ask, key="database-ask")
    asked = st.session_state.get(_ASKED, (-1, 0))[0] == forms.saves()
    return (name, named[name], query) if asked and query.strip() and name is not None else None


def _ask() -> None:
    """Each click asks the database again."""
    st.session_state[_ASKED] = (forms.saves(), st.session_state.get(_ASKED, (0, 0))[1] + 1)


@st.cache_resource(scope="session", max_entries=1, show_spinner=text("database.asking"))
def _rows(key: str, _url: str, _query: str) -> Reading:
    return read_query(_url, _query)
