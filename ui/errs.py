"""Where it errs: by step, weekday or month, promotion, size of demand, and cutoff."""

import pandas as pd
import streamlit as st

from forecasting import where
from sales.panel import SalesPanel
from ui import error_charts, leaderboard
from ui.focus import Focus
from ui.session import Result
from ui.texts import plain, text
from workspace.datasets import Dataset

ALL, ITEM = "all", "item"


def section(data: Dataset, result: Result, panel: SalesPanel, focus: Focus) -> None:
    """The errors of the models shown, of all items or of the one looked at, sliced in every way that these sales have."""
    left, right = st.columns(2)
    names = {ALL: text("errs.all", count=len(result.items)), ITEM: text("errs.item", item=plain(focus.item))}
    scope = left.radio(text("errs.scope"), list(names), format_func=names.get, horizontal=True, key="errs-scope", persist_state="session")
    measure = right.radio(
        text("errs.measure"),
        list(error_charts.MEASURES),
        format_func=lambda name: text(f"errs.measure.{name}"),
        horizontal=True,
        key="errs-measure",
        persist_state="session",
    )
    item = focus.item if scope == ITEM else ""
    slices = _sliced(result.run.name, item, result, panel)
    if slices.empty or not focus.shown:
        st.info(text("errs.nothing" if focus.shown else "errs.no_model"))
        return
    ways = where.ways(slices)
    for pair in (ways[at : at + 2] for at in range(0, len(ways), 2)):
        for column, way in zip(st.columns(2), pair, strict=False):
            table = where.by(slices, way)
            column.markdown(text(f"errs.by.{way}"))
            figure = error_charts.sliced(table, way, _named(table, way), measure, focus.shown, panel)
            column.plotly_chart(figure, key=f"errs-{way}")
    st.caption(text("errs.level.explained") + ("" if where.PROMOTION in ways else " " + text("errs.no_promotion")))
    by_cutoff, spread = st.columns(2)
    by_cutoff.markdown(text("errors.by_cutoff"))
    found = leaderboard.overview(result.run.name, result, panel)
    by_cutoff.plotly_chart(error_charts.error_by_cutoff(found.cutoffs, focus.shown), key="error-by-cutoff")
    by_cutoff.caption(text("errs.cutoff.explained"))
    spread.markdown(text("compare.errors"))
    spread.plotly_chart(error_charts.errors(slices, focus.shown, panel), key="compare.errors")
    spread.caption(text("errs.spread.explained"))


def _named(table: pd.DataFrame, way: str) -> list[str]:
    """What the values of a way to slice are called, in their order."""
    values = where.values(table, way)
    if way == where.STEP:
        return [str(value) for value in values]
    return [text(f"{way}.{str(value).lower()}") for value in values]


@st.cache_resource(max_entries=8, show_spinner=False)
def _sliced(run: str, item: str, _result: Result, _panel: SalesPanel) -> pd.DataFrame:
    rows = _result.backtest[_result.backtest["item"] == item] if item else _result.backtest
    return where.sliced(rows, _panel)
