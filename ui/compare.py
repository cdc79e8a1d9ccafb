"""The Compare page's parts: where the numbers come from, the five questions, the choice for the plan, the files."""

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from forecasting.choice import OVERALL, OWN, best_model
from forecasting.scores import comparable
from sales.panel import SalesPanel
from ui import catalogue, charts, downloads, drives, errs, focus, leaderboard, session, shell, sure, which
from ui.focus import Focus
from ui.model_style import named
from ui.session import Result
from ui.texts import plain, text
from workspace.cells import csv_table
from workspace.datasets import Dataset

MOST_SIDE_BY_SIDE = 8
MOST_ROWS_AT_ONCE = 20_000  # of a CSV: some hundredths of a second
Answer = Callable[[Dataset, Result, SalesPanel, Focus], None]
# What a forecaster asks of a comparison, in the order of the tabs, and who answers
QUESTIONS: dict[str, Answer] = {
    "catalogue": catalogue.section,
    "which": which.section,
    "errs": errs.section,
    "drives": drives.section,
    "sure": sure.section,
}


def usable(result: Result) -> bool:
    """Whether the run has any row to compare; says so where it has none."""
    if comparable(result.backtest).empty:
        st.error(text("compare.nothing"))
        return False
    return True


def origin(data: Dataset, result: Result, panel: SalesPanel) -> None:
    """What the run compared, and what it is made of; says so where the data changed since."""
    settings = result.settings
    if session.is_stale(data, result):
        st.warning(text("compare.stale", made=result.fingerprint, now=data.facts["fingerprint"]))
    cutoffs = ", ".join(f"{cutoff:%Y-%m-%d}" for cutoff in sorted(result.backtest["cutoff"].unique()))
    compared = len(result.items)
    horizon, period = settings["horizon"], charts.period(panel)
    st.caption(text("compare.asked", items=compared, all=len(panel), horizon=horizon, period=period, cutoffs=cutoffs))
    with st.expander(text("compare.origin", run=result.run.name, fingerprint=result.fingerprint)):
        told = {name: ", ".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in settings.items()}
        st.table(pd.Series(told, name=text("compare.setting")).map(plain), border="horizontal")


@st.fragment
def questions(data: Dataset, result: Result, panel: SalesPanel) -> None:
    """Asks what is looked at, and answers the question whose tab is open."""
    chosen = focus.choose(result, panel)
    names = [text(f"question.{name}") for name in QUESTIONS]
    tabs = st.tabs(names, key=f"question-{data.name}", on_change="rerun")
    for tab, answer in zip(tabs, QUESTIONS.values(), strict=True):
        if tab.open:
            with tab:
                answer(data, result, panel, chosen)


def for_the_plan(result: Result) -> None:
    """The rule by which the plan takes a model for each item."""
    st.subheader(text("compare.plan"))
    best = best_model(result.errors)
    names = {OVERALL: text("rule.overall", model=named(best)), OWN: text("rule.own")}
    rules = [OVERALL, OWN, *(model for model in result.models if model != best)]

    def worded(rule: str) -> str:
        return names.get(rule) or text("rule.one", model=named(rule))

    if len(rules) <= MOST_SIDE_BY_SIDE:
        st.radio(text("compare.rule"), rules, format_func=worded, key="rule", persist_state="session", horizontal=True)
    else:
        st.selectbox(text("compare.rule"), rules, format_func=worded, key="rule", persist_state="session", width=420)
    own = session.own_choices(result)
    if own:
        st.button(text("compare.forget", count=len(own)), on_click=session.forget_items, args=(result,), key="forget")
    shell.link("reorder", text("compare.to_reorder"))


def files(result: Result, panel: SalesPanel) -> None:
    """Forecasts, backtest and metrics of the run as CSV."""
    st.subheader(text("compare.downloads"))
    forecast = result.forecast.drop(columns=["y", "seconds"], errors="ignore")
    tables = {"forecast": forecast, "backtest": result.backtest, "choice": result.choice}
    writers = {name: (partial(csv_table, table, ("item",)), len(table)) for name, table in tables.items() if len(table)}
    writers["metrics"] = (partial(leaderboard.metrics_csv, result, panel), len(result.backtest))
    for column, (name, (write, rows)) in zip(st.columns(len(writers)), writers.items(), strict=True):
        downloads.button(column, f"download.{name}", write, f"{name}-{result.run.name}.csv", at_once=rows <= MOST_ROWS_AT_ONCE)
    st.caption(text("compare.downloads.explained"))
