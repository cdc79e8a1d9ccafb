"""The depth behind Compare's first table: who wins where, which item to open, what the errors have left."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import leaderboard as boards
from forecasting import residuals as left
from forecasting.scores import scores
from sales.panel import SalesPanel
from ui import certainty_charts, charts, error_charts, tables
from ui.model_style import color_of, named
from ui.session import Result
from ui.texts import text
from workspace.cells import csv_table

BOARD, ITEMS = "leaderboard", "items"
ITEM, WON_BY, MODEL = "compare-item", "won-by", "residual-model"
GROUPS = ("category", "volume", "pattern")


@dataclass(frozen=True, eq=False)
class Overview:
    """What a run says of all items together, worked out once: a leaderboard over all, one by each of GROUPS, error by cutoff, items."""

    overall: pd.DataFrame
    grouped: dict[str, pd.DataFrame]
    cutoffs: pd.DataFrame
    items: pd.DataFrame
    coverage: pd.DataFrame


@st.cache_resource(max_entries=8, show_spinner=False)
def overview(run: str, _result: Result, _panel: SalesPanel) -> Overview:
    """The overview of the run named."""
    parts = _result.errors
    first = _result.backtest["cutoff"].min()
    units, patterns = boards.units_until(_panel, first), boards.demand_classes(_panel, first)
    classes = boards.volume_classes(units)
    units = units.reindex(pd.unique(parts["item"]))
    categories = _categories(_panel).reindex(units.index).fillna("")
    items = boards.by_item(parts, units)
    items.insert(2, "volume", items["item"].map(classes))
    items.insert(3, "category", items["item"].map(categories))
    items.insert(4, "pattern", items["item"].map(patterns))
    grouped = {name: boards.leaderboard(parts, by) for name, by in zip(GROUPS, (categories, classes, patterns), strict=True)}
    return Overview(boards.leaderboard(parts), grouped, boards.by_cutoff(parts), items, left.coverage(_result.backtest))


def _categories(panel: SalesPanel) -> pd.Series:
    known = panel.attributes["category"].to_numpy() if "category" in panel.attributes else ""
    return pd.Series(known, index=pd.Index(panel.items, dtype=object), dtype=object)


def board(result: Result, panel: SalesPanel, focus_on: Sequence[str]) -> None:
    """The leaderboard over all items, by category, volume and demand class, pictures of the models `focus_on`; choosing a model lists the
    items that it wins."""
    st.subheader(text("board.title"))
    found = overview(result.run.name, result, panel)
    named = [name for name in GROUPS if name != "category" or (found.grouped[name]["group"] != "").any()]
    titles = [text("board.all"), *(text(f"board.{name}") for name in named)]
    first, *others = st.tabs(titles)
    with first:
        st.session_state[f"{BOARD}-shown"] = found.overall["model"].tolist()
        tables.leaderboard(found.overall, key=BOARD, on_select=partial(_model_chosen, result))
        st.caption(text("board.explained", items=int(found.overall["items"].max()), all=len(found.items)))
    for name, tab in zip(named, others, strict=True):
        with tab:
            table = found.grouped[name]
            shown = table.assign(group=[text(f"pattern.{group}") for group in table["group"]]) if name == "pattern" else table
            st.plotly_chart(error_charts.by_group(shown, focus_on or result.models), key=f"board-{name}-picture")
            tables.leaderboard(shown, key=f"{BOARD}-{name}")
            st.caption(text(f"board.{name}.explained"))


def key_of(field: str, result: Result) -> str:
    """The key of a field of this run's own: what was chosen in it may not be there in another run."""
    return f"{field}-{result.data}-{result.run.name}"


def _model_chosen(result: Result) -> None:
    chosen = st.session_state[key_of(WON_BY, result)] = _chosen(BOARD)
    if chosen is not None:
        st.session_state[key_of(MODEL, result)] = chosen


def items(result: Result, panel: SalesPanel, shown_models: Sequence[str]) -> None:
    """Every item with its best model, what that adds, and the WAPE of some models; choosing a row opens the item below."""
    st.subheader(text("items.title"))
    found = overview(result.run.name, result, panel).items
    won_by = st.selectbox(
        text("items.won_by"),
        [None, *result.models],
        format_func=_model_or_all,
        key=key_of(WON_BY, result),
        persist_state="session",
        width=320,
    )
    shown = found if won_by is None else found[found["best"] == won_by]
    st.session_state[f"{ITEMS}-shown"] = shown["item"].tolist()
    tables.items(shown, shown_models, key=ITEMS, on_select=partial(_item_chosen, result))
    st.caption(text("items.explained", shown=len(shown), all=len(found)))


def _item_chosen(result: Result) -> None:
    chosen = _chosen(ITEMS)
    if chosen is not None:
        st.session_state[key_of(ITEM, result)] = chosen


def _chosen(table: str) -> str | None:
    """What stands in the row chosen of the table with this key."""
    state: Any = st.session_state.get(table)
    shown = st.session_state.get(f"{table}-shown", [])
    rows = state["selection"]["rows"] if state else []
    return shown[rows[0]] if rows and rows[0] < len(shown) else None


def _model_or_all(model: str | None) -> str:
    return text("items.all") if model is None else named(model)


def residuals_of_all(result: Result, model: str) -> None:
    """The residuals of one model over all items."""
    of_all = _residuals(result.run.name, model, result)
    _pictures(left.histogram(of_all.scaled()), left.autocorrelation(of_all), model, text("residuals.scaled"), "all")
    st.caption(text("residuals.all"))


def residuals_of(result: Result, panel: SalesPanel, item: str, model: str) -> None:
    """The residuals of one model for one item."""
    found = _residuals(result.run.name, model, result).of(item)
    axis = text("chart.error", period=charts.period(panel))
    _pictures(left.histogram(found.known()), left.autocorrelation(found), model, axis, "item")
    st.caption(text("residuals.item"))


def _pictures(spread: left.Histogram | None, correlation: left.Autocorrelation, model: str, axis: str, key: str) -> None:
    color = color_of(model)
    one, other = st.columns(2)
    one.markdown(text("residuals.histogram"))
    if spread is None:
        one.caption(text("residuals.too_few"))
    else:
        one.plotly_chart(certainty_charts.histogram(spread, color, axis), key=f"histogram-{key}")
    other.markdown(text("residuals.autocorrelation"))
    if len(correlation.lags) == 0 or pd.isna(correlation.typical()[0]).all():
        other.caption(text("residuals.too_few"))
        return
    other.plotly_chart(certainty_charts.autocorrelation(correlation, color), key=f"autocorrelation-{key}")
    if key == "all":
        other.caption(
            text("residuals.outside", share=np.nanmax(correlation.outside), lag=correlation.lags[np.nanargmax(correlation.outside)])
        )


def metrics_csv(result: Result, panel: SalesPanel) -> bytes:
    """Scores and leaderboards of the run as CSV: scope, item, group (a category, class or cutoff), model, metric, value."""
    found = overview(result.run.name, result, panel)
    cutoffs = found.cutoffs.assign(group=found.cutoffs["cutoff"].dt.strftime("%Y-%m-%d"))
    items = found.items.melt(["item"], [m for m in result.models if m in found.items], "model", "WAPE")
    scored = scores_of(result.run.name, "", result, panel)
    tables = {"overall": scored, "leaderboard": found.overall, **found.grouped, "cutoff": cutoffs, "item": items}
    return csv_table(boards.long(tables), codes=("item",), decimals=6)


@st.cache_data(max_entries=200, show_spinner=False)
def scores_of(run: str, item: str, _result: Result, _panel: SalesPanel) -> pd.DataFrame:
    """The metrics of every model over one item; over all where `item` is ""."""
    rows = _result.backtest[_result.backtest["item"] == item] if item else _result.backtest
    return scores(rows, _panel)


@st.cache_resource(max_entries=16, show_spinner=False)
def _residuals(run: str, model: str, _result: Result) -> left.Residuals:
    return left.residuals(_result.backtest, model)
