"""How sure: the bands of a forecast, whether quantiles hold what they promise, and what the errors have left."""

import streamlit as st

from sales.panel import SalesPanel
from ui import certainty_charts, charts, leaderboard
from ui.focus import Focus
from ui.model_style import named
from ui.session import Result
from ui.texts import plain, text
from workspace.datasets import Dataset


def section(data: Dataset, result: Result, panel: SalesPanel, focus: Focus) -> None:
    """One model's bands for the item, coverage of the models shown, residuals of that model for the item and for all."""
    order = focus.shown or tuple(result.models)
    model = st.selectbox(
        text("sure.model"),
        result.models,
        index=result.models.index(order[0]),
        format_func=named,
        key=leaderboard.key_of(leaderboard.MODEL, result),
        persist_state="session",
        width=320,
    )
    bands, covered = st.columns([3, 2])
    bands.markdown(text("sure.bands", item=plain(focus.item), model=named(model)))
    bands.plotly_chart(charts.forecasts(panel, focus.item, result.backtest, result.forecast, [model]), key="bands")
    bands.caption(text("compare.bands"))
    covered.markdown(text("errors.coverage"))
    found = leaderboard.overview(result.run.name, result, panel)
    shown = [name for name in order if name != model] + [model]
    covered.plotly_chart(certainty_charts.coverage(found.coverage, shown), key="coverage")
    covered.caption(text("errors.coverage.explained"))
    st.subheader(text("residuals.title"))
    leaderboard.residuals_of(result, panel, focus.item, model)
    st.subheader(text("residuals.title.all"))
    leaderboard.residuals_of_all(result, model)
