"""Uploads: read once a session, and emptied after what they held was saved."""

import streamlit as st

from sales.reading import Reading, read_table
from ui.texts import text

SAVES = "saves"


def saves() -> int:
    """How often this session has saved: in the uploader's key, so that it is empty again after each time."""
    return int(st.session_state.get(SAVES, 0))


def saved_once_more() -> None:
    """Empties the uploaders."""
    st.session_state[SAVES] = saves() + 1


@st.cache_resource(scope="session", max_entries=4, show_spinner=text("upload.reading"))
def read_upload(file_id: str, name: str, _upload: object) -> Reading:
    """What the file uploaded holds, read once."""
    return read_table(_upload.getvalue(), name)  # type: ignore[attr-defined]
