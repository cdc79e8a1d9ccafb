"""Pictures of one line of the order list: its arithmetic, its stock to come, its forecast as adjusted."""

from collections.abc import Sequence
from itertools import accumulate

import pandas as pd
import plotly.graph_objects as go

from inventory.projection import Projection, Step
from sales.panel import SalesPanel
from ui import charts
from ui.charts import ACTUAL, CUTOFF, PALETTE
from ui.texts import text
from ui.texts.reasons import number

HEIGHT = 360
ROOM = 0.25  # of the bars' span, for the labels beside them
SEASONS_BEFORE, MOST_BEFORE = 2, 120


def waterfall(steps: Sequence[Step]) -> go.Figure:
    """From demand to quantity, a bar a step from top to bottom, units; totals begin at 0, steps of 0 are left out."""
    steps = [step for step in steps if step.total or step.units]
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=[text(f"step.{step.name}") for step in steps],
            x=[step.units for step in steps],
            measure=["total" if step.total else "relative" for step in steps],
            text=[number(step.units) if step.total else f"{step.units:+,.1f}".removesuffix(".0") for step in steps],
            textposition="outside",
            constraintext="none",
            cliponaxis=False,
            increasing={"marker": {"color": PALETTE[4]}},
            decreasing={"marker": {"color": PALETTE[5]}},
            totals={"marker": {"color": PALETTE[0]}},
            connector={"line": {"color": CUTOFF, "width": 1}},
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    reached = list(accumulate(steps, lambda units, step: step.units if step.total else units + step.units, initial=0.0))
    span = max(reached) - min(reached)
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title=text("chart.units"), range=[min(reached) - ROOM * span * (min(reached) < 0), max(reached) + ROOM * span])
    figure.update_layout(showlegend=False)
    return charts.framed(figure, HEIGHT, legend_above=True)


def projection(made: Projection) -> go.Figure:
    """The stock expected day by day, its band, the same without today's order, and where nothing is left."""
    figure = go.Figure()
    edge = {"line": {"width": 0}, "mode": "lines", "showlegend": False, "hoverinfo": "skip"}
    figure.add_scatter(x=made.day, y=made.low, **edge)
    figure.add_scatter(x=made.day, y=made.high, fill="tonexty", fillcolor="rgba(0,114,178,0.18)", **edge)
    if made.order > 0:
        grey = {"color": CUTOFF, "width": 1.5, "dash": "dot"}
        figure.add_scatter(x=made.day, y=made.without, mode="lines", name=text("chart.without_order"), line=grey)
    name = text("chart.stock" if made.order > 0 else "chart.stock_alone")
    figure.add_scatter(x=made.day, y=made.stock, mode="lines", name=name, line={"color": PALETTE[0], "width": 2})
    if made.receipts:
        days, units = zip(*made.receipts, strict=True)
        there = [float(made.stock[made.day == day][-1]) for day in days]
        marker = {"color": PALETTE[2], "size": 9, "symbol": "triangle-up"}
        told = {
            "text": [f"+{number(u)}" for u in units],
            "textposition": "top center",
            "hovertemplate": "%{x|%Y-%m-%d}: %{text}<extra></extra>",
        }
        figure.add_scatter(x=days, y=there, mode="markers+text", name=text("chart.receipts"), marker=marker, **told)
    out = made.out_of_stock
    if out.any():
        marker = {"color": PALETTE[1], "size": 5, "symbol": "x"}
        figure.add_scatter(x=made.day[out], y=made.stock[out], mode="markers", name=text("chart.owed"), marker=marker)
    if made.order > 0:
        arrival = {"color": ACTUAL, "width": 1, "dash": "dash"}
        figure.add_vline(x=made.order_arrives, line=arrival)
        label = text("chart.order_arrives", units=number(made.order))
        figure.add_annotation(x=made.order_arrives, y=1, yref="paper", text=label, showarrow=False, xanchor="left", yanchor="top")
    figure.add_hline(y=0, line={"color": ACTUAL, "width": 1})
    figure.update_yaxes(title=text("chart.units"))
    return charts.framed(figure, HEIGHT, legend_above=True)


def adjusted(panel: SalesPanel, item: str, forecast: pd.DataFrame) -> go.Figure:
    """Sales of one item, its model's forecast and beside it the forecast as the planner adjusted it: see `Desk.adjusted_forecast`."""
    i = panel.rows_of([item])[0]
    shown = min(MOST_BEFORE, SEASONS_BEFORE * panel.season, len(panel.periods))
    figure = go.Figure()
    for name, x, y, color, dash in (
        ("chart.sales", panel.periods[-shown:], panel.demand[i][-shown:], ACTUAL, "solid"),
        ("chart.forecast", forecast["ds"], forecast["before"], PALETTE[0], "solid"),
    ):
        figure.add_scatter(x=x, y=y, mode="lines", name=text(name), line={"color": color, "width": 2, "dash": dash})
    charts.add_adjusted(figure, forecast)
    figure.update_yaxes(title=text("chart.units_per", period=charts.period(panel)), rangemode="tozero")
    return charts.framed(figure, HEIGHT, legend_above=True)
