"""Who plans: a name typed once a session, and the word that a click left to be read."""

from typing import Any

import streamlit as st

from ui.texts import text

NAME = "planner-name"
MOST_LETTERS = 60
_SAID, _COMPLAINT = "planner-said", "planner-complaint"


def ask_name() -> None:
    """The field for the name that overrides, adjustments, orders sent and settings are signed with."""
    st.text_input(
        text("planner.name"),
        key=NAME,
        persist_state="session",
        max_chars=MOST_LETTERS,
        help=text("planner.name.help"),
        placeholder=text("planner.name.hint"),
    )


def name_of_planner() -> str:
    """The name typed, "" where none is."""
    return str(st.session_state.get(NAME) or "").strip()


def say(key: str, **params: object) -> None:
    """Leaves a word for the next script run: what a click did, for `tell` to show."""
    st.session_state[_SAID] = text(key, **params)


def tell() -> None:
    """Shows what the last click did, or why it did nothing, once."""
    for name, show in ((_SAID, st.success), (_COMPLAINT, st.error)):
        said = st.session_state.pop(name, None)
        if said:
            show(said)


def signed(also: bool = True) -> dict[str, Any]:
    """What a button needs that writes: it is off until a name is typed and `also` holds, and says so."""
    named = bool(name_of_planner())
    return {"disabled": not (named and also), "help": None if named else text("planner.name_first")}


def complain(key: str, **params: object) -> None:
    """Leaves a word on why a click did nothing."""
    st.session_state[_COMPLAINT] = text(key, **params)
