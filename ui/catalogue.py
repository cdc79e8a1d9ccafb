"""What about the catalogue: all items together, by category and class, what models add, what they cost, and what has no score."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from forecasting.leaderboard import BASELINE
from forecasting.unscored import missing_metrics, unscored
from forecasting.value import value_added
from inventory.prices import UnitValues, unit_values
from sales.panel import SalesPanel
from ui import automatic, error_charts, leaderboard, session, tables
from ui.focus import Focus
from ui.model_style import named
from ui.session import Result
from ui.texts import text
from ui.texts.status import status_in_words
from workspace.datasets import Dataset

FALLBACKS = ("zero", "constant", "historic_mean")


def section(data: Dataset, result: Result, panel: SalesPanel, focus: Focus) -> None:
    """The metrics of every model over all items, the leaderboards, value added, and why errors are missing."""
    st.subheader(text("compare.overall"))
    scores = leaderboard.scores_of(result.run.name, "", result, panel)
    tables.scores(scores)
    pictures = _pictures(result.run.name, result, panel)
    for column, (title, figure) in zip(st.columns(len(pictures)), pictures, strict=True):
        column.markdown(text(title))
        column.plotly_chart(figure, key=title)
    statuses(result)
    automatic.winners(result)
    leaderboard.board(result, panel, focus.shown)
    added(data, result, panel)
    missing(result)


def added(data: Dataset, result: Result, panel: SalesPanel) -> None:
    """What each model adds over seasonal naive: a share of sales, units and money."""
    st.subheader(text("value.title"))
    values = unit_values(session.terms_of(data, session.decisions_of(data), result.fingerprint)[0], panel)
    found = value_added(result.errors, values.value)
    if found.empty:
        st.info(text("value.no_baseline", baseline=named(BASELINE)))
        return
    left, right = st.columns([2, 3])
    left.plotly_chart(error_charts.value_added(found[found["model"] != BASELINE]), key="value-added")
    with right:
        tables.value_added(found, session.currency(), money=bool(values.counts))
        st.caption(text("value.explained", cutoffs=result.backtest["cutoff"].nunique(), horizon=result.settings["horizon"]))
        st.caption(_money(values, found))


def _money(values: UnitValues, found: pd.DataFrame) -> str:
    """Where the money comes from, and for how much of the sales it speaks."""
    if not values.counts:
        return text("value.no_price")
    sources = ", ".join(text(f"value.from.{name}", count=count) for name, count in values.counts.items())
    return text("value.money", sources=sources, priced=float(found["priced"].max()))


def statuses(result: Result) -> None:
    """For how many items a model could not answer, or another answered for it, and why: at past cutoffs, and past the end."""
    both = {"past": result.backtest, "ahead": result.forecast}
    rows = pd.concat([part[part["status"] != "ok"].assign(when=when) for when, part in both.items()])
    if rows.empty:
        st.caption(text("compare.all_answered"))
        return
    counted = rows.groupby(["model", "status", "model_used", "when"])["item"].nunique().unstack("when", fill_value=0)
    counted = counted.reindex(columns=list(both), fill_value=0).reset_index()
    shown = pd.DataFrame(
        {
            "model": counted["model"].map(named),
            "status": counted["status"].map(status_in_words),
            "model_used": [_answered_by(row.status, row.model_used) for row in counted.itertuples()],
            **{when: counted[when] for when in both},
        }
    )
    with st.expander(text("compare.statuses", count=rows["item"].nunique())):
        st.dataframe(shown, hide_index=True, key="statuses", column_config={c: text(f"statuses.{c}") for c in shown.columns})


def _answered_by(status: str, model_used: str) -> str:
    if status.startswith("failed"):
        return text("statuses.nobody")
    return text(f"statuses.{model_used}") if model_used in FALLBACKS else named(model_used)


def missing(result: Result) -> None:
    """The items and models without a score, each with its reason."""
    found = _unscored(result.run.name, result)
    if found.empty:
        return
    with st.expander(text("unscored.title", count=found["item"].nunique())):
        st.caption(text("unscored.explained"))
        shown = found.assign(model=found["model"].map(named), reason=[text(f"unscored.{reason}") for reason in found["reason"]])
        st.dataframe(shown, hide_index=True, key="unscored", column_config={c: text(f"unscored.column.{c}") for c in shown.columns})


def reasons(result: Result, item: str, scores: pd.DataFrame) -> list[str]:
    """Why metrics of one item are missing, a sentence a reason."""
    own = _unscored(result.run.name, result)
    own = own[own["item"] == item].set_index("model")["reason"]
    said: dict[str, dict[str, list[str]]] = {}
    for _, row in scores.iterrows():
        for metric, reason in missing_metrics(row, str(own.get(row["model"], ""))).items():
            said.setdefault(reason, {}).setdefault(row["model"], []).append(text(f"metric.{metric}"))
    return [
        text("unscored.sentence", reason=text(f"unscored.{reason}"), models=", ".join(map(named, models)), metrics=_shared(models))
        for reason, models in said.items()
    ]


def _shared(models: dict[str, list[str]]) -> str:
    return ", ".join(dict.fromkeys(metric for metrics in models.values() for metric in metrics))


@st.cache_data(max_entries=8, show_spinner=False)
def _unscored(run: str, _result: Result) -> pd.DataFrame:
    return unscored(_result.errors)


@st.cache_resource(max_entries=8, show_spinner=False)
def _pictures(run: str, _result: Result, _panel: SalesPanel) -> tuple[tuple[str, go.Figure], ...]:
    board = leaderboard.overview(run, _result, _panel).overall
    return (("compare.by_model", error_charts.wape_by_model(_result.backtest)), ("compare.cost", error_charts.cost_and_error(board)))
