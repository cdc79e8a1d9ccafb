"""The home page's parts: the three steps and how far they are, and what needs attention today."""

import numpy as np
import streamlit as st

from forecasting.scores import comparable
from inventory.plan import WIDE
from ui import session, shell
from ui.desk import desk_of
from ui.session import Result
from ui.texts import plain, text
from workspace.datasets import Dataset

STEPS = ("sales", "compare", "reorder")


def steps(data: Dataset | None) -> None:
    """Sales, Compare, Reorder: what each is for."""
    for column, name in zip(st.columns(len(STEPS)), STEPS, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(text(f"home.step.{name}"))
            shell.link(name, text("shell.go", page=text(f"{name}.link")))


def today(data: Dataset) -> None:
    """What the chosen data holds, and what its plan says under the settings last saved."""
    st.header(text("home.today", title=plain(data.title)))
    result = session.result_of(data)
    facts = data.facts
    columns = st.columns(4)
    columns[0].metric(text("checks.items"), f"{facts['items']:,}")
    columns[1].metric(text("explore.last"), facts["last"])
    if result is None or comparable(result.backtest).empty:
        st.info(text("home.no_result"))
        return
    _plan(data, result, columns[2:])


def _plan(data: Dataset, result: Result, columns: list) -> None:
    if session.is_stale(data, result):
        st.warning(text("home.stale", made=result.fingerprint, now=data.facts["fingerprint"]))
        shell.link("compare", text("shell.go", page=text("compare.link")))
    desk = desk_of(data, result)
    made = desk.plan(desk.decided.settings)
    totals = made.totals()
    models = ", ".join(sorted({text(f"model.{model}") for model in made.model}))
    columns[0].metric(text("home.lines"), f"{totals.lines:,}", help=text("home.lines.help", models=models))
    value = text("table.none") if np.isnan(totals.value) else f"{totals.value:,.0f}"
    columns[1].metric(text("home.value", currency=plain(session.currency())), value, help=text("home.lines.help", models=models))
    if len(made) < data.facts["items"]:
        st.warning(text("home.part", items=len(made), all=data.facts["items"]))
    st.caption(text("home.origin", run=result.run.name, fingerprint=result.fingerprint))
    for name, count in {**made.notes(), "targets": int(made.targets_only)}.items():
        if count:
            st.markdown(text(f"home.note.{name}", count=count, items=len(made), times=WIDE))
