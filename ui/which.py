"""Which model for this item, and why: the items, one item's forecasts, the best beside its runner-up, and the choice for the plan."""

import math

import streamlit as st

from forecasting.leaderboard import BASELINE
from forecasting.value import Why, why
from sales.panel import SalesPanel
from ui import automatic, catalogue, charts, error_charts, leaderboard, past, reference, session, tables
from ui.desk import desk_of
from ui.focus import Focus
from ui.model_style import named, spelt
from ui.session import Result
from ui.texts import plain, text
from workspace.datasets import Dataset

CLOSE = 0.01  # of sales: less apart than this, two models are as good as level


def section(data: Dataset, result: Result, panel: SalesPanel, focus: Focus) -> None:
    """All items to choose from; one item's sales with the forecasts of the models shown, and why one of them is best for it."""
    leaderboard.items(result, panel, focus.shown)
    item = focus.item
    st.subheader(text("compare.item", item=plain(item)))
    adjusted = desk_of(data, result).adjusted_forecast(item)
    figure = charts.forecasts(panel, item, result.backtest, result.forecast, focus.shown, adjusted)
    st.plotly_chart(figure, key="forecasts")
    st.caption(text("compare.bands"))
    if adjusted is not None:
        st.caption(text("compare.adjusted"))
    reasons(result, panel, item)
    automatic.section(result, item)
    scores = leaderboard.scores_of(result.run.name, item, result, panel)
    tables.scores(scores, key="item-scores")
    for sentence in catalogue.reasons(result, item, scores):
        st.caption(sentence)
    settled = [
        text("compare.detail", model=named(model), detail=plain(spelt(detail)))
        for model in focus.shown
        if (detail := result.detail(model, item))
    ]
    if settled:
        st.markdown(text("compare.settled", details=" · ".join(settled)))
    _choice_for(result, item)
    past.section(panel, item, f"compare-{result.data}")
    reference.section(result, panel, item)


def reasons(result: Result, panel: SalesPanel, item: str) -> None:
    """The best model beside the runner-up and seasonal naive, in a picture and in words."""
    found = why(result.errors, item)
    if found is None:
        st.info(text("why.none", item=plain(item)))
        return
    left, right = st.columns([3, 2], vertical_alignment="center")
    row = leaderboard.overview(result.run.name, result, panel).items.set_index("item").loc[item]
    left.markdown(" ".join(_sentences(found)))
    pattern, volume = row["pattern"], row["volume"]
    left.markdown(text("why.class", pattern=text(f"pattern.{pattern}"), volume=volume, explained=text(f"why.pattern.{pattern}")))
    right.plotly_chart(error_charts.why(found, BASELINE), key="why")


def _sentences(found: Why) -> list[str]:
    best = named(found.best)
    said = [text("why.best", model=best, wape=found.wape)]
    if found.runner_up:
        key = "why.close" if found.runner_up_wape - found.wape < CLOSE else "why.runner_up"
        said.append(text(key, model=named(found.runner_up), wape=found.runner_up_wape, ahead=found.ahead, cutoffs=found.cutoffs))
    if found.best == BASELINE:
        said.append(text("why.baseline_best"))
    elif math.isnan(found.baseline_wape):
        said.append(text("why.no_baseline", baseline=named(BASELINE)))
    else:
        said.append(text("why.value_added", baseline=named(BASELINE), added=100 * found.value_added))
    return said


def _choice_for(result: Result, item: str) -> None:
    chosen = session.chosen_models(result)[item]
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    model = left.selectbox(
        text("compare.use_item", item=item),
        result.models,
        index=result.models.index(chosen),
        format_func=named,
        key=f"use-{result.run.name}-{item}",
    )
    right.button(text("compare.use"), on_click=session.choose_for_item, args=(result, item, model), key="use-item")
    st.caption(text("compare.used", item=plain(item), model=named(chosen)))
