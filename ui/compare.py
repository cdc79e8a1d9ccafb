"""The Compare page's parts: all items together, one item, the choice for the plan."""

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from forecasting.choice import OVERALL, OWN, best_model
from forecasting.scores import comparable, scores
from sales.panel import SalesPanel
from ui import charts, leaderboard, session, shell, tables
from ui.desk import desk_of
from ui.session import Result
from ui.texts import plain, text
from workspace.cells import csv_table
from workspace.datasets import Dataset


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


def overall(result: Result, panel: SalesPanel) -> None:
    """The metrics of every model over all items, error by model and by horizon step, what failed."""
    st.subheader(text("compare.overall"))
    tables.scores(_scores(result.run.name, "", result, panel))
    pictures = _pictures(result.run.name, result, panel)
    for column, (title, figure) in zip(st.columns(len(pictures)), pictures, strict=True):
        column.markdown(text(title))
        column.plotly_chart(figure, key=title)
    statuses(result)


def statuses(result: Result) -> None:
    """How often a model could not answer, or another answered for it, and why."""
    rows = result.backtest[result.backtest["status"] != "ok"].drop_duplicates(["item", "cutoff", "model"])
    if rows.empty:
        st.caption(text("compare.all_answered"))
        return
    counted = rows.groupby(["model", "status", "model_used"])["item"].nunique().rename("items").reset_index()
    with st.expander(text("compare.statuses", count=rows["item"].nunique())):
        st.dataframe(counted, hide_index=True, key="statuses", column_config={c: text(f"statuses.{c}") for c in counted.columns})


@st.fragment
def one_item(data: Dataset, result: Result, panel: SalesPanel) -> None:
    """All items to choose from; sales of one with every model's forecasts and bands, its metrics, and the model its plan uses."""
    leaderboard.items(result, panel)
    st.subheader(text("compare.item"))
    left, right = st.columns([1, 2])
    item = left.selectbox(
        text("compare.choose_item"), result.items, key=leaderboard.key_of(leaderboard.ITEM, result), persist_state="session"
    )
    shown = right.multiselect(
        text("compare.shown"),
        result.models,
        default=list(_scores(result.run.name, "", result, panel)["model"][: charts.MOST_BANDS]),
        format_func=lambda m: text(f"model.{m}"),
        key=f"shown-{result.run.name}",
    )
    adjusted = desk_of(data, result).adjusted_forecast(item)
    figure = charts.forecasts(panel, item, result.backtest, result.forecast, shown, result.models, adjusted)
    st.plotly_chart(figure, key="forecasts")
    st.caption(text("compare.bands"))
    if adjusted is not None:
        st.caption(text("compare.adjusted"))
    tables.scores(_scores(result.run.name, item, result, panel), key="item-scores")
    settled = [
        text("compare.detail", model=text(f"model.{model}"), detail=detail)
        for model in result.models
        if (detail := result.detail(model, item))
    ]
    st.markdown(text("compare.settled", details=" · ".join(settled)))
    _choice_for(result, item)
    with st.expander(text("residuals.title")):
        model = st.selectbox(
            text("residuals.model"),
            result.models,
            format_func=lambda m: text(f"model.{m}"),
            key=leaderboard.key_of("item-model", result),
            persist_state="session",
        )
        leaderboard.residuals_of(result, panel, item, model)


def _choice_for(result: Result, item: str) -> None:
    chosen = session.chosen_models(result)[item]
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    model = left.selectbox(
        text("compare.use_item", item=item),
        result.models,
        index=result.models.index(chosen),
        format_func=lambda m: text(f"model.{m}"),
        key=f"use-{result.run.name}-{item}",
    )
    right.button(text("compare.use"), on_click=session.choose_for_item, args=(result, item, model), key="use-item")
    st.caption(text("compare.used", item=plain(item), model=text(f"model.{chosen}")))


def for_the_plan(result: Result) -> None:
    """The rule by which the plan takes a model for each item."""
    st.subheader(text("compare.plan"))
    best = text(f"model.{best_model(result.errors)}")
    names = {OVERALL: text("rule.overall", model=best), OWN: text("rule.own")}
    st.radio(
        text("compare.rule"),
        [OVERALL, OWN, *result.models],
        format_func=lambda rule: names.get(rule) or text("rule.one", model=text(f"model.{rule}")),
        key="rule",
        persist_state="session",
        horizontal=True,
    )
    own = session.own_choices(result)
    if own:
        st.button(text("compare.forget", count=len(own)), on_click=session.forget_items, args=(result,), key="forget")
    shell.link("reorder", text("compare.to_reorder"))


def downloads(result: Result, panel: SalesPanel) -> None:
    """Forecasts, backtest and metrics of the run as CSV, each written when it is asked for."""
    st.subheader(text("compare.downloads"))
    writers: dict[str, Callable[[], bytes]] = {
        "forecast": lambda: csv_table(result.forecast.drop(columns=["y", "seconds"], errors="ignore"), codes=("item",)),
        "backtest": lambda: csv_table(result.backtest, codes=("item",)),
        "metrics": lambda: leaderboard.metrics_csv(result, panel, _scores(result.run.name, "", result, panel)),
    }
    for column, (name, write) in zip(st.columns(len(writers)), writers.items(), strict=True):
        file = f"{name}-{result.run.name}.csv"
        column.download_button(
            text(f"download.{name}"), write, file, "text/csv", key=f"download-{name}", on_click="ignore", width="stretch"
        )
    st.caption(text("compare.downloads.explained"))


@st.cache_resource(max_entries=8, show_spinner=False)
def _pictures(run: str, _result: Result, _panel: SalesPanel) -> tuple[tuple[str, go.Figure], ...]:
    return (
        ("compare.by_model", charts.wape_by_model(_result.backtest, _result.models)),
        ("compare.by_step", charts.wape_by_step(_result.backtest, _result.models, _panel)),
        ("compare.errors", charts.errors(_result.backtest, _result.models, _panel)),
    )


@st.cache_data(max_entries=200, show_spinner=False)
def _scores(run: str, item: str, _result: Result, _panel: SalesPanel) -> pd.DataFrame:
    rows = _result.backtest[_result.backtest["item"] == item] if item else _result.backtest
    return scores(rows, _panel)
