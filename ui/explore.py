"""Saved sales, looked at: what the data holds, and one item's past."""

import streamlit as st

from sales import summary
from ui import charts, session
from ui.texts import plain, text
from workspace.datasets import Dataset


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

    labels = summary.labels(panel)
    item = st.selectbox(text("explore.item"), list(labels), key=f"explore-{dataset.name}", format_func=labels.get)
    st.plotly_chart(charts.sales(panel, item), key="sales-chart")
    described = summary.describe(panel, item)
    slots = st.columns(5)
    period = charts.period(panel)
    slots[0].metric(text("explore.first", period=period), f"{described.first:%Y-%m-%d}")
    slots[1].metric(text("explore.total"), f"{described.units:,.0f}")
    slots[2].metric(text("explore.mean", period=period), f"{described.mean:,.2f}")
    slots[3].metric(text("explore.zeros", period=period), f"{described.zeros:.0%}")
    slots[4].metric(text("explore.pattern"), text(f"pattern.{described.pattern}"))
