"""The Compare page's parts: all items together, one item, the choice for the plan."""

import pandas as pd
import streamlit as st

from forecasting.choice import OVERALL, OWN, best_model
from forecasting.scores import comparable, scores
from sales.panel import SalesPanel
from ui import charts, session, tables
from ui.session import Result
from ui.texts import plain, text


def usable(result: Result) -> bool:
    """Whether the run has any row to compare; says so where it has none."""
    if comparable(result.backtest).empty:
        st.error(text("compare.nothing"))
        return False
    return True


def asked(result: Result, panel: SalesPanel) -> None:
    """What the run compared: items, cutoffs, horizon, models."""
    cutoffs = sorted(result.backtest["cutoff"].unique())
    dates = ", ".join(f"{cutoff:%Y-%m-%d}" for cutoff in cutoffs)
    period = charts.period(panel)
    st.caption(
        text("compare.asked", items=len(result.items), all=len(panel), horizon=result.run.settings["horizon"], period=period, cutoffs=dates)
    )


def overall(result: Result, panel: SalesPanel) -> None:
    """The metrics of every model over all items, error by model and by horizon step, what failed."""
    st.subheader(text("compare.overall"))
    tables.scores(_scores(result.run.name, "", result, panel))
    pictures = (
        ("compare.by_model", charts.wape_by_model(result.backtest, result.models)),
        ("compare.by_step", charts.wape_by_step(result.backtest, result.models, panel)),
        ("compare.errors", charts.errors(result.backtest, result.models, panel)),
    )
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
def one_item(result: Result, panel: SalesPanel) -> None:
    """Sales of one item with every model's forecasts and bands, its metrics, and the model its plan uses."""
    st.subheader(text("compare.item"))
    left, right = st.columns([1, 2])
    item = left.selectbox(text("compare.choose_item"), result.items, key="compare-item", persist_state="session")
    shown = right.multiselect(
        text("compare.shown"),
        result.models,
        default=list(_scores(result.run.name, "", result, panel)["model"][: charts.MOST_BANDS]),
        format_func=lambda m: text(f"model.{m}"),
        key=f"shown-{result.run.name}",
    )
    st.plotly_chart(charts.forecasts(panel, item, result.backtest, result.forecast, shown, result.models), key="forecasts")
    st.caption(text("compare.bands"))
    tables.scores(_scores(result.run.name, item, result, panel), key="item-scores")
    settled = [
        text("compare.detail", model=text(f"model.{model}"), detail=detail)
        for model in result.models
        if (detail := result.detail(model, item))
    ]
    st.markdown(text("compare.settled", details=" · ".join(settled)))
    _choice_for(result, item)


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
    best = text(f"model.{best_model(result.backtest)}")
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
    st.page_link("pages/Reorder.py", label=text("compare.to_reorder"), icon=":material/local_shipping:")


@st.cache_data(max_entries=200, show_spinner=False)
def _scores(run: str, item: str, _result: Result, _panel: SalesPanel) -> pd.DataFrame:
    rows = _result.backtest[_result.backtest["item"] == item] if item else _result.backtest
    return scores(rows, _panel)
