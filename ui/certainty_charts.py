"""Pictures of certainty: what quantiles cover, how errors are spread and correlated, and what an item's past remembers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from forecasting.diagnostics import Correlogram
from forecasting.residuals import Autocorrelation, Histogram
from ui.charts import ACTUAL, CUTOFF, PALETTE, framed
from ui.model_style import line_of, marker_of, named
from ui.texts import text

MOST_TICKS = 16


def coverage(table: pd.DataFrame, models: Sequence[str]) -> go.Figure:
    """The share of sales at or below each quantile against its level; a calibrated model lies on the diagonal."""
    figure = go.Figure()
    diagonal = {"color": CUTOFF, "width": 1, "dash": "dash"}
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", name=text("chart.calibrated"), line=diagonal, hoverinfo="skip")
    for model in models:
        part = table[table["model"] == model]
        line, marker = line_of(model), marker_of(model)
        figure.add_scatter(x=part["level"], y=part["covered"], mode="lines+markers", name=named(model), line=line, marker=marker)
    lowest = min([0.45, *(table["covered"] - 0.05)])
    figure.update_xaxes(tickformat=".0%", title=text("chart.nominal"), range=[0.45, 1.02])
    figure.update_yaxes(tickformat=".0%", title=text("chart.covered"), range=[lowest, 1.02])
    return framed(figure)


def histogram(spread: Histogram, color: str, axis: str) -> go.Figure:
    """Shares of the residuals in bins, and those of a normal distribution of the same mean and standard deviation as a line."""
    figure = go.Figure(go.Bar(x=spread.middle, y=spread.share, width=spread.width, name=text("chart.residuals"), marker={"color": color}))
    line = {"color": ACTUAL, "width": 1.5}
    figure.add_scatter(x=spread.middle, y=spread.normal, mode="lines", name=text("chart.normal"), line=line)
    figure.update_xaxes(title=axis)
    figure.update_yaxes(tickformat=".0%", title=text("chart.share"))
    figure.update_layout(bargap=0.05)
    return framed(figure)


def autocorrelation(found: Autocorrelation, color: str) -> go.Figure:
    """The correlation of residuals so many periods apart (of several items: the median), and between which bounds noise would stay."""
    values, bounds = found.typical()
    figure = go.Figure(go.Bar(x=found.lags, y=values, name=text("chart.correlation"), marker={"color": color}, width=0.4))
    line = {"color": CUTOFF, "width": 1, "dash": "dash"}
    for sign, shown in ((1, True), (-1, False)):
        figure.add_scatter(x=found.lags, y=sign * bounds, mode="lines", name=text("chart.bounds"), line=line, showlegend=shown)
    figure.update_xaxes(title=text("chart.lag"), dtick=1)
    figure.update_yaxes(title=text("chart.correlation"), range=[-1, 1])
    return framed(figure)


def correlogram(found: Correlogram, which: str, season: int) -> go.Figure:
    """Correlation of an item's sales with those so many periods before, whole ("acf") or partial ("pacf"), those at whole seasons dark; and
    between which bounds noise would stay."""
    values = getattr(found, which)
    colors = np.where((found.lags % season == 0) & (season > 1), PALETTE[1], PALETTE[0])
    figure = go.Figure(go.Bar(x=found.lags, y=values, marker={"color": colors}, name=text("chart.correlation"), showlegend=False))
    for sign in (1, -1):
        figure.add_hline(y=sign * found.bound, line={"color": CUTOFF, "width": 1, "dash": "dash"})
    figure.update_xaxes(title=text("chart.lag"), dtick=None if len(found.lags) > MOST_TICKS else 1)
    figure.update_yaxes(title=text("chart.correlation"), range=[-1, 1])
    return framed(figure, 260)
