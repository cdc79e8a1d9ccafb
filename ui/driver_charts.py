"""Pictures of what drives a forecast: its components over time, and how much each column matters."""

import pandas as pd
import plotly.graph_objects as go

from sales.panel import SalesPanel
from ui.charts import ACTUAL, CUTOFF, PALETTE, framed, period
from ui.model_style import named
from ui.texts import text

MOST_COLUMNS = 20
MEMBERS = "weight"
ROW_HEIGHT = 110


def components(rows: pd.DataFrame, panel: SalesPanel, cutoff: pd.Timestamp) -> go.Figure:
    """The components of one item's forecast over its past and its future, each in a row of its own, units per period."""
    from plotly.subplots import make_subplots

    kinds = list(rows["name"].unique())
    figure = make_subplots(rows=len(kinds), cols=1, shared_xaxes=True, vertical_spacing=0.04, subplot_titles=kinds)
    for at, kind in enumerate(kinds):
        part = rows[rows["name"] == kind].sort_values("ds")
        line = {"color": PALETTE[at % len(PALETTE)], "width": 1.5}
        figure.add_scatter(x=part["ds"], y=part["value"], mode="lines", line=line, name=kind, row=at + 1, col=1)
    figure.add_vline(x=cutoff, line={"color": CUTOFF, "width": 1, "dash": "dash"})
    figure.update_yaxes(title={"text": text("chart.units_per", period=period(panel)), "font": {"size": 10}})
    figure.update_annotations(font_size=12, x=0, xanchor="left")
    figure.update_layout(showlegend=False)
    return framed(figure, 60 + ROW_HEIGHT * len(kinds), legend_above=True)


def columns(rows: pd.DataFrame, kind: str) -> go.Figure:
    """How much each column matters by one measure, a bar each, the largest first: the 20 largest of many."""
    largest = rows.loc[rows["value"].abs().sort_values(ascending=False, kind="stable").index].head(MOST_COLUMNS)
    colors = [PALETTE[0] if value >= 0 else PALETTE[1] for value in largest["value"]]
    names = largest["name"].map(named) if kind == MEMBERS else largest["name"]
    figure = go.Figure(go.Bar(x=largest["value"], y=names, orientation="h", marker={"color": colors}))
    figure.add_vline(x=0, line={"color": ACTUAL, "width": 1})
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title=text(f"chart.driver.{kind}"))
    return framed(figure, 90 + 24 * len(largest))
