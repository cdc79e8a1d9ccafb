"""What drives it: the components of an item's forecast, and how much each column matters to a model, as far as models can say."""

import pandas as pd
import streamlit as st

from sales.panel import SalesPanel
from ui import driver_charts, leaderboard
from ui.focus import Focus
from ui.model_style import named
from ui.session import Result
from ui.texts import plain, text
from workspace.datasets import Dataset

COMPONENT = "component"
MEASURES = ("importance", "coefficient", "f_score", "mutual_information", "weight")


def section(data: Dataset, result: Result, panel: SalesPanel, focus: Focus) -> None:
    """The drivers of one model's forecast: of the item where they are its own, else of all items."""
    rows = result.drivers
    able = [model for model in result.models if (rows["model"] == model).any()]
    if able:
        _told(result, panel, focus, able)
    _silent(result, able)


def _told(result: Result, panel: SalesPanel, focus: Focus, able: list[str]) -> None:
    """The drivers of one of the models that can tell them."""
    rows = result.drivers
    first = next((model for model in focus.shown if model in able), able[0])
    model = st.selectbox(
        text("drives.model"), able, index=able.index(first), format_func=named, key=leaderboard.key_of("drives-model", result), width=320
    )
    own = rows[(rows["model"] == model) & rows["item"].isin([focus.item, ""])]
    parts = own[own["kind"] == COMPONENT]
    if not parts.empty:
        st.markdown(text("drives.component", item=plain(focus.item)))
        st.plotly_chart(driver_charts.components(parts, panel, panel.last), key="components")
        st.caption(text("drives.component.explained"))
    elif (rows.loc[rows["model"] == model, "kind"] == COMPONENT).any():
        st.info(text("drives.not_this_item", item=plain(focus.item), model=named(model)))
    _columns(own, focus.item)


def _columns(own: pd.DataFrame, item: str) -> None:
    """How much each column matters, a picture a measure, two beside each other."""
    kinds = [kind for kind in MEASURES if (own["kind"] == kind).any()]
    for pair in (kinds[at : at + 2] for at in range(0, len(kinds), 2)):
        for column, kind in zip(st.columns(2), pair, strict=False):
            rows = own[own["kind"] == kind]
            of_all = bool((rows["item"] == "").all())
            column.markdown(text(f"drives.{kind}") + (text("drives.of_all") if of_all else text("drives.of_item", item=plain(item))))
            column.plotly_chart(driver_charts.columns(rows, kind), key=f"drives-{kind}")
            column.caption(text(f"drives.{kind}.explained"))


def _silent(result: Result, able: list[str]) -> None:
    """Which models say nothing of what drives them, and why."""
    said = result.drivers.attrs.get("said", {})
    for model, reason in said.items():
        st.warning(text("drives.failed", model=named(model), reason=plain(reason)))
    silent = [named(model) for model in result.models if model not in able and model not in said]
    if silent:
        st.caption(text("drives.silent", models=", ".join(silent)))
