"""What an item's past tells: stationarity, strength of trend and season, what it remembers; for Compare and Sales alike."""

import math

import streamlit as st

from forecasting.diagnostics import Diagnostics, diagnostics
from sales.panel import SalesPanel
from ui import certainty_charts, charts
from ui.texts import text


def section(panel: SalesPanel, item: str, key: str) -> None:
    """The diagnostics of one item, worked out once it is opened. key: of the place on the page."""
    opened = st.expander(text("past.title"), key=f"past-{key}", on_change="rerun")
    if opened.open:
        with opened:
            _shown(_diagnosed(panel.fingerprint, item, panel), panel, key)


def _shown(found: Diagnostics, panel: SalesPanel, key: str) -> None:
    period = charts.period(panel)
    if found.status != "ok":
        st.info(text(f"past.{found.status}", known=found.known, gaps=found.gaps, period=period))
        return
    season, trend, tests, steps = st.columns(4)
    season.metric(text("past.season"), _strength(found.season), help=text("past.strength.help", length=found.season_length, period=period))
    trend.metric(text("past.trend"), _strength(found.trend), help=text("past.strength.help", length=found.season_length, period=period))
    tests.metric(text("past.verdict"), text(f"past.verdict.{found.verdict}"))
    counted = text("past.differences.value", regular=found.differences, seasonal=found.seasonal_differences)
    steps.metric(text("past.differences"), counted, help=text("past.differences.help"))
    st.markdown(text(f"past.verdict.{found.verdict}.explained"))
    if found.adf and found.kpss:
        adf = {"adf": found.adf.statistic, "adf_p": found.adf.p_value, "adf_lags": found.adf.lags}
        st.caption(text("past.tests", **adf, kpss=found.kpss.statistic, kpss_p=_bounded(found.kpss.p_value)))
    if math.isnan(found.season):
        st.caption(text("past.no_season", length=found.season_length, period=period))
    if found.correlogram is not None:
        for column, which in zip(st.columns(2), ("acf", "pacf"), strict=True):
            column.markdown(text(f"past.{which}"))
            column.plotly_chart(certainty_charts.correlogram(found.correlogram, which, found.season_length), key=f"{which}-{key}")
        st.caption(text("past.correlation.explained"))
    if found.gaps:
        st.caption(text("past.gaps", gaps=found.gaps, period=period))


def _strength(value: float) -> str:
    """In words and as a number from 0 to 1."""
    if math.isnan(value):
        return text("past.unknown")
    words = "strong" if value > 0.64 else "some" if value > 0.3 else "weak"
    return text(f"past.strength.{words}", value=value)


def _bounded(p_value: float) -> str:
    """A p-value of KPSS, whose table ends at 0.01 and 0.1."""
    return "< 0.01" if p_value <= 0.01 else "> 0.10" if p_value >= 0.1 else f"{p_value:.2f}"


@st.cache_resource(max_entries=64, show_spinner=False)
def _diagnosed(fingerprint: str, item: str, _panel: SalesPanel) -> Diagnostics:
    return diagnostics(_panel, item)
