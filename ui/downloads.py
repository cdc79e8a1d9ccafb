"""Files to take away, made so that a click always gets them."""

from collections.abc import Callable
from typing import Any

from ui.texts import text


def button(place: Any, label: str, make: Callable[[], bytes], file: str, at_once: bool = True, **how: Any) -> None:
    """A button in `place` that gives `file`, by the text key `label`.

    at_once: it is made with the page, so that it is there before the click. Only what takes long to write is made when it is asked for:
    where such a click meets a run of the script, Streamlit (1.67) clears its answer from the queue, and the button turns for minutes.
    how: further arguments of `st.download_button`.
    """
    data = make if not at_once else b"" if how.get("disabled") else make()
    mime = "text/csv" if file.endswith(".csv") else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    place.download_button(text(label), data, file, mime, key="-".join(label.split(".")[-2:]), on_click="ignore", width="stretch", **how)
