"""Pictures: every one a Plotly figure made of tidy tables, with its axes named and its units stated."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sales.panel import SalesPanel
from sales.summary import Nothing
from ui.model_style import color_of, line_of
from ui.texts import text

# Okabe & Ito (2008): told apart by colour-blind readers too
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6D3B", "#5B5B5B")
ACTUAL = "#1C2624"
CUTOFF = "#9AA5A2"
ADJUSTED = "#C2185B"
FEW_PERIODS = 12
BAND = ("q0.5", "q0.95")
MOST_BANDS = 2
HORIZONS_BEFORE = 6
HEIGHT = 340
MOST_BARS = 60
DOT = 6


def sales(panel: SalesPanel, item: str, nothing: Nothing, demand: np.ndarray | None = None) -> go.Figure:
    """Units per period of one item; each kind of nothing marked in its own way. demand: its units, estimated where out of stock."""
    i = panel.rows_of([item])[0]
    y, figure = panel.y[i], go.Figure()
    for begin, end in _runs(nothing.unknown):
        figure.add_vrect(*_edges(panel, begin, end), fillcolor=CUTOFF, opacity=0.25, line_width=0, layer="below")
    if nothing.unknown.any():  # a rectangle has no place in the legend
        swatch = {"size": 11, "symbol": "square", "color": CUTOFF, "opacity": 0.4}
        figure.add_scatter(x=[None], y=[None], mode="markers", name=text("chart.unknown"), marker=swatch)
    figure.add_scatter(x=panel.periods, **_sold(y, PALETTE[0]))
    out = nothing.given | nothing.inferred
    if demand is not None and out.any():
        dotted = {"color": PALETTE[2], "width": 2, "dash": "dot"}
        near = out | np.append(out[1:], False) | np.append(False, out[:-1])
        figure.add_scatter(x=panel.periods, y=np.where(near, demand, np.nan), mode="lines", name=text("chart.estimated"), line=dotted)
    marks = {
        "zero": {"color": PALETTE[5], "size": 5, "symbol": "circle-open"},
        "closed": {"color": PALETTE[7], "size": 6, "symbol": "line-ns-open"},
        "given": {"color": PALETTE[1], "size": 6, "symbol": "x"},
        "inferred": {"color": PALETTE[3], "size": 7, "symbol": "diamond-open"},
    }
    for kind, marker in marks.items():
        where = getattr(nothing, kind)
        if where.any():
            at = np.nan_to_num(y[where])
            figure.add_scatter(x=panel.periods[where], y=at, mode="markers", name=text(f"chart.{kind}"), marker=marker)
    return _framed(figure, panel)


def _sold(y: np.ndarray, color: str) -> dict[str, Any]:
    """Units as a line, and as a dot where the periods beside are not known, so that a line would show nothing."""
    known = np.pad(~np.isnan(y), 1)
    alone = known[1:-1] & ~known[:-2] & ~known[2:]
    dots = {"mode": "lines+markers", "marker": {"color": color, "size": np.where(alone, DOT, 0)}} if alone.any() else {"mode": "lines"}
    return {"y": y, "name": text("chart.sales"), "line": {"color": color, "width": 1.5}, **dots}


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """First and last place of each run of true ones."""
    steps = np.diff(mask.astype(np.int8), prepend=0, append=0)
    return list(zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1) - 1, strict=True))


def _edges(panel: SalesPanel, begin: int, end: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    half = pd.Timedelta(days=panel.calendar.days / 2)
    return panel.periods[begin] - half, panel.periods[end] + half


def forecasts(
    panel: SalesPanel,
    item: str,
    backtest: pd.DataFrame,
    forecast: pd.DataFrame,
    shown: Sequence[str],
    adjusted: pd.DataFrame | None = None,
) -> go.Figure:
    """Sales of one item, the forecasts of the models `shown` from every cutoff and past the end, bands from the median to the 95 % quantile
    (of two models at most, else of the first: more hide each other), the cutoffs as dashed lines, and the planner's `adjusted` forecast
    (see `Desk.adjusted_forecast`) where it is given."""
    i = panel.rows_of([item])[0]
    figure = go.Figure()
    rows = pd.concat([backtest[backtest["item"] == item], forecast[forecast["item"] == item]])
    banded = shown if len(shown) <= MOST_BANDS else shown[:1]
    for model in shown:
        _add_model(figure, rows[rows["model"] == model], model, band=model in banded)
    if adjusted is not None:
        add_adjusted(figure, adjusted)
    figure.add_scatter(x=panel.periods, **_sold(panel.demand[i], ACTUAL))
    for cutoff in sorted(rows["cutoff"].unique()):
        figure.add_vline(x=cutoff, line={"color": CUTOFF, "width": 1, "dash": "dash"})
    horizon = forecast["ds"].nunique()
    first = backtest["cutoff"].min()
    begin = panel.periods[max(0, int(panel.periods.get_loc(first)) - HORIZONS_BEFORE * horizon)]
    figure.update_xaxes(range=[begin, forecast["ds"].max()])
    return _framed(figure, panel)


def before_after(effect: pd.DataFrame, period: str) -> go.Figure:
    """Units of all items before and after a repair in the periods that it changes: columns period, before, after."""
    figure = go.Figure()
    few = len(effect) <= FEW_PERIODS  # side by side under their own names: on an axis of time they may lie months apart
    periods = effect["period"].dt.strftime("%Y-%m-%d") if few else effect["period"]
    figure.update_xaxes(type="category" if few else "date")
    for name, color in (("before", CUTOFF), ("after", PALETTE[0])):
        words = text(f"chart.{name}")
        if len(effect) > MOST_BARS:
            figure.add_scatter(x=periods, y=effect[name], name=words, mode="lines", line={"color": color, "width": 1})
        else:
            figure.add_bar(x=periods, y=effect[name], name=words, marker={"color": color})
    figure.update_xaxes(title=text("chart.changed", period=period))
    figure.update_yaxes(title=text("chart.units_per", period=period))
    return framed(figure, legend_above=True)


def add_adjusted(figure: go.Figure, forecast: pd.DataFrame) -> None:
    """The planner's own forecast: columns ds and after."""
    line = {"color": ADJUSTED, "width": 3, "dash": "dot"}
    figure.add_scatter(x=forecast["ds"], y=forecast["after"], mode="lines", name=text("chart.adjusted"), line=line)


def _add_model(figure: go.Figure, rows: pd.DataFrame, model: str, band: bool) -> None:
    name, color = text(f"model.{model}"), color_of(model)
    for k, (_, part) in enumerate(rows.groupby("cutoff")):
        if band and set(BAND) <= set(part.columns):
            shade = {"line": {"width": 0}, "mode": "lines", "showlegend": False, "hoverinfo": "skip", "legendgroup": model}
            figure.add_scatter(x=part["ds"], y=part[BAND[0]], **shade)
            figure.add_scatter(x=part["ds"], y=part[BAND[1]], fill="tonexty", fillcolor=_faded(color, 0.2), **shade)
        figure.add_scatter(
            x=part["ds"], y=part["mean"], mode="lines", name=name, line=line_of(model), showlegend=k == 0, legendgroup=model
        )


def period(panel: SalesPanel) -> str:
    """The panel's period in words: day, week, month."""
    return text(f"period.{panel.calendar.frequency}")


def _faded(color: str, share: float) -> str:
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def _framed(figure: go.Figure, panel: SalesPanel) -> go.Figure:
    figure.update_yaxes(title=text("chart.units_per", period=period(panel)), rangemode="tozero")
    return framed(figure)


def framed(figure: go.Figure, height: int = HEIGHT, legend_above: bool = False) -> go.Figure:
    """`figure` with the margins and the legend that all pictures have."""
    legend = {"orientation": "h", "yanchor": "bottom" if legend_above else "top", "y": 1.02 if legend_above else -0.25, "x": 0}
    margin = {"l": 10, "r": 10, "t": 30 if legend_above else 10, "b": 10}
    figure.update_layout(margin=margin, legend=legend, hovermode="closest", height=height)
    return figure
