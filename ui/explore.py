"""Saved sales, looked at: what the data holds, and one item's past, its kinds of nothing kept apart."""

import numpy as np
import pandas as pd
import streamlit as st

from sales import datasets as saved
from sales import summary
from sales.nothing import Estimate, estimated_demand, inferred_out_of_stock
from sales.panel import SalesPanel
from sales.summary import Nothing
from ui import charts, past, session
from ui.texts import plain, text
from workspace.datasets import Dataset

MOST_LISTED, MOST_FOUND = 1000, 100
MOST_LOOKED_AT = 2_000_000  # values: about two seconds
TAKEN = ("stock_outs_inferred", "out_of_stock")


@st.fragment
def overview(dataset: Dataset) -> None:
    """What the dataset holds, and the past of one item with its facts."""
    panel = session.panel_of(dataset)
    facts = dataset.facts
    st.caption(text("explore.source", source=plain(facts["source"])))
    columns = st.columns(4)
    columns[0].metric(text("checks.items"), f"{len(panel):,}")
    columns[1].metric(text("checks.units"), f"{panel.units:,.0f}")
    columns[2].metric(text("checks.periods", period=text(f"frequency.{panel.calendar.frequency}")), f"{len(panel.periods):,}")
    columns[3].metric(text("explore.last"), facts["last"], help=text("checks.range", first=panel.periods[0], last=panel.last))
    inferred, estimate = _looked(dataset, panel)
    if estimate is not None:
        _hidden(panel, inferred, estimate)
    item = _item(dataset, panel)
    if item is not None:
        _past(dataset, panel, item, inferred, estimate)


def _hidden(panel: SalesPanel, inferred: np.ndarray | None, estimate: Estimate) -> None:
    """What stock-outs hid in the whole shop: those that the data flags, and those that are only inferred."""
    for kind, mask in (("given", panel.out_of_stock), ("inferred", inferred)):
        found = None if mask is None else summary.hidden(panel, mask, estimate)
        if found is not None and found.periods:
            period = text(f"frequency.{panel.calendar.frequency}")
            st.markdown(text(f"explore.hidden.{kind}", period=period, **vars(found)))


def _item(dataset: Dataset, panel: SalesPanel) -> str | None:
    """The item chosen; of many, among the first that hold what was typed."""
    labels = _labels(dataset.name, panel.fingerprint, panel)
    options = list(labels)
    if len(options) > MOST_LISTED:
        hits = summary.search(labels, st.text_input(text("explore.search"), key=f"search-{dataset.name}"))
        options = hits[:MOST_FOUND]
        if not hits:
            st.info(text("explore.no_hit"))
            return None
        if len(hits) > MOST_FOUND:
            st.caption(text("explore.listed", shown=MOST_FOUND, hits=len(hits)))
    return st.selectbox(text("explore.item"), options, key=f"explore-{dataset.name}", format_func=labels.get)


def _past(dataset: Dataset, panel: SalesPanel, item: str, inferred: np.ndarray | None, estimate: Estimate | None) -> None:
    nothing, row = summary.nothing(panel, item, inferred), panel.rows_of([item])[0]
    st.plotly_chart(charts.sales(panel, item, nothing, None if estimate is None else estimate.demand[row]), key="sales-chart")
    described = summary.describe(panel, item)
    slots = st.columns(4)
    period = charts.period(panel)
    slots[0].metric(text("explore.total"), f"{described.units:,.0f}")
    slots[1].metric(text("explore.mean", period=period), f"{described.mean:,.2f}")
    slots[2].metric(text("explore.zeros"), f"{described.zeros:.0%}", help=text("explore.zeros.help", period=period))
    slots[3].metric(text("explore.pattern"), text(f"pattern.{described.pattern}"))
    _kinds(dataset, nothing, described.first, text(f"frequency.{panel.calendar.frequency}"))
    if estimate is not None and (nothing.given | nothing.inferred).any():
        lacking = text("explore.not_estimated", count=int(estimate.not_estimated[row])) if estimate.not_estimated[row] else ""
        not_taken = text("explore.not_taken", count=nothing.counts["inferred"]) if nothing.inferred.any() else ""
        st.markdown(text("explore.added", units=float(estimate.units_added[row])) + lacking + not_taken)
    past.section(panel, item, f"sales-{dataset.name}")


def _looked(dataset: Dataset, panel: SalesPanel) -> tuple[np.ndarray | None, Estimate | None]:
    """Stock-outs inferred and demand estimated in them; of a large panel only where somebody asks for it."""
    if panel.y.size > MOST_LOOKED_AT and not st.toggle(text("explore.look"), key=f"look-{dataset.name}", help=text("explore.look.help")):
        return None, None
    return _estimated(dataset.name, panel.fingerprint, panel)


def _kinds(dataset: Dataset, nothing: Nothing, first: pd.Timestamp, period: str) -> None:
    """How many periods are of which kind, in a sentence."""
    parts = [text(f"explore.kind.{kind}", count=count) for kind, count in nothing.counts.items() if count]
    st.caption(text("explore.kinds", first=first, period=period, parts=" · ".join(parts)))
    kind, action = TAKEN
    actions = (saved.recipe_of(dataset) or {}).get("actions", {})
    if nothing.given.any() and actions.get(kind) == action:
        st.caption(text("explore.taken"))


@st.cache_resource(max_entries=8, show_spinner=False)
def _labels(name: str, fingerprint: str, _panel: SalesPanel) -> dict[str, str]:
    return summary.labels(_panel)


@st.cache_resource(max_entries=4, show_spinner=text("explore.looking"))
def _estimated(name: str, fingerprint: str, _panel: SalesPanel) -> tuple[np.ndarray, Estimate]:
    inferred = inferred_out_of_stock(_panel)
    return inferred, estimated_demand(_panel, _panel.out_of_stock | inferred)
