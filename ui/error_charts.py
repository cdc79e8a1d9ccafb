"""Pictures of errors: which model errs least, where each errs, and what it adds."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from forecasting import where
from forecasting.scores import comparable, wape_by
from forecasting.value import Why
from sales.panel import SalesPanel
from ui.charts import CUTOFF, HEIGHT, framed, period
from ui.model_style import color_of, line_of, marker_of, named
from ui.texts import text

BAR_HEIGHT, LEAST_HEIGHT = 26, 120
MOST_GROUPS = 12
QUICKEST = 1e-5
TICKS, MOST_DECIMALS = 4, 3
LINES = ("step",)
CLOSE, MIDDLE = 0.06, "middle"
MEASURES = {"WAPE": ".0%", "bias": ".0%", "error": ",.1f", "off": ",.1f"}


def wape_by_model(backtest: pd.DataFrame) -> go.Figure:
    """WAPE of each model over the rows given, a bar each, lowest first."""
    table = wape_by(backtest, ["model"]).sort_values("WAPE")
    return _bars(table, "WAPE", "%{x:.1%}", text("chart.wape"))


def value_added(table: pd.DataFrame) -> go.Figure:
    """What each model adds over seasonal naive, points of percent of sales; left of 0 it takes away."""
    return _bars(table.sort_values("share", ascending=False), "share", "%{x:+.1%}", text("chart.value_added"), "+")


def cost_and_error(board: pd.DataFrame) -> go.Figure:
    """WAPE of each model against the seconds of one item at one cutoff, these by powers of ten: is it worth its time. Named are those that
    no other beats in both."""
    figure = go.Figure()
    told = board.dropna(subset=["WAPE"]).sort_values(["seconds_item", "WAPE"])
    best = told["WAPE"].cummin()
    seconds = np.log10(told["seconds_item"].clip(lower=QUICKEST))
    middle, unbeaten = (seconds.min() + seconds.max()) / 2, best < best.shift(fill_value=np.inf)
    for row, place, height in zip(told.itertuples(), seconds, _heights(told["WAPE"].where(unbeaten)), strict=True):
        figure.add_scatter(
            x=[max(row.seconds_item, QUICKEST)],
            y=[row.WAPE],
            mode="markers+text" if height else "markers",
            text=[named(row.model)],
            textposition=f"{height or MIDDLE} {'right' if place <= middle else 'left'}",
            name=named(row.model),
            marker=marker_of(row.model, 11),
            hovertemplate=f"{named(row.model)}: %{{x:.3g}} s, %{{y:.1%}}<extra></extra>",
        )
    reach = [seconds.min() - 1, seconds.max() + 1] if len(told) else None  # room for the names
    ticks = {"dtick": 1, "exponentformat": "power", "ticklabeloverflow": "hide past div"}
    figure.update_xaxes(title=text("chart.seconds_item"), type="log", range=reach, **ticks)
    figure.update_yaxes(title=text("chart.wape"), tickformat=_percent(told["WAPE"].max() - told["WAPE"].min()))
    figure.update_layout(showlegend=False)
    return framed(figure)


def why(found: Why, baseline: str) -> go.Figure:
    """WAPE of an item's best model, of its runner-up and of seasonal naive, a bar each."""
    wapes = {found.best: found.wape, found.runner_up: found.runner_up_wape, baseline: found.baseline_wape}
    table = pd.DataFrame({"model": list(wapes), "WAPE": list(wapes.values())}).query("model != ''").dropna()
    return _bars(table, "WAPE", "%{x:.1%}", text("chart.wape"))


def weights(shares: pd.Series) -> go.Figure:
    """The share of each model (the index) in automatic forecasts, a bar each, most first; those that count nothing are left out."""
    table = shares[shares > 0].rename_axis("model").rename("weight").reset_index().sort_values(["weight", "model"], ascending=[False, True])
    return _bars(table, "weight", "%{x:.0%}", text("chart.weight"))


def sliced(table: pd.DataFrame, way: str, names: Sequence[str], measure: str, shown: Sequence[str], panel: SalesPanel) -> go.Figure:
    """One measure (of MEASURES) of the models `shown` for each value of a way to slice the errors (see `forecasting.where.by`), called by
    `names` in their order: lines over the steps, else bars side by side."""
    figure, form = go.Figure(), MEASURES[measure]
    values = where.values(table, way)
    for model in shown:
        part = table[table["model"] == model].set_index(way).reindex(values)
        hover = f"{named(model)}: %{{y:{form}}} ({text('chart.rests_on')} %{{customdata:,}})<extra></extra>"
        common = {"x": list(names), "y": part[measure], "name": named(model), "customdata": part["periods"], "hovertemplate": hover}
        if way in LINES:
            figure.add_scatter(**common, mode="lines+markers", line=line_of(model), marker=marker_of(model))
        else:
            figure.add_bar(**common, marker={"color": color_of(model)})
    figure.add_hline(y=0, line={"color": CUTOFF, "width": 1})
    figure.update_xaxes(title=text(f"chart.by.{way}", period=period(panel)), type="category")
    figure.update_yaxes(title=text(f"chart.measure.{measure}", period=period(panel)), tickformat=form)
    return framed(figure)


def by_group(board: pd.DataFrame, shown: Sequence[str]) -> go.Figure:
    """WAPE of the models `shown` in each group of a leaderboard, bars side by side, groups with most items first."""
    order = board.groupby("group")["items"].max().sort_values(ascending=False, kind="stable")
    groups = list(order.index[:MOST_GROUPS])
    figure = go.Figure()
    for model in shown:
        part = board[board["model"] == model].set_index("group").reindex(groups)
        hover = f"{named(model)}: %{{y:.1%}} ({text('chart.items')} %{{customdata:,}})<extra></extra>"
        names = [group or text("board.none") for group in groups]
        marker = {"color": color_of(model)}
        figure.add_bar(x=names, y=part["WAPE"], customdata=part["items"], name=named(model), hovertemplate=hover, marker=marker)
    figure.update_xaxes(type="category")
    figure.update_yaxes(title=text("chart.wape"), tickformat=".0%")
    return framed(figure, 280)


def errors(backtest: pd.DataFrame, models: Sequence[str], panel: SalesPanel) -> go.Figure:
    """The spread of forecast errors of each model, units per period: boxes of the middle half, whiskers to 5 and 95 %; above 0 too high."""
    common = comparable(backtest)
    off = (common["mean"] - common["y"]).groupby(common["model"]).quantile([0.05, 0.25, 0.5, 0.75, 0.95]).unstack()
    figure = go.Figure()
    for model in [m for m in models if m in off.index]:
        low, q1, median, q3, high = ([value] for value in off.loc[model])
        box = {"lowerfence": low, "q1": q1, "median": median, "q3": q3, "upperfence": high}
        figure.add_box(**box, x=[named(model)], name=named(model), marker={"color": color_of(model)})
    figure.update_yaxes(title=text("chart.error", period=period(panel)))
    figure.update_layout(showlegend=False)
    return framed(figure)


def error_by_cutoff(table: pd.DataFrame, models: Sequence[str]) -> go.Figure:
    """WAPE of each model at each cutoff as lines, its bias as dotted ones: whether a model was good once or always."""
    figure = go.Figure()
    for model in models:
        part = table[table["model"] == model]
        for column, dash in (("WAPE", "solid"), ("bias", "dot")):
            hover = f"{named(model)} {text(f'metric.{column}')} %{{y:.1%}}<extra></extra>"
            figure.add_scatter(
                x=[f"{cutoff:%Y-%m-%d}" for cutoff in part["cutoff"]],
                y=part[column],
                mode="lines+markers",
                name=named(model),
                line={**line_of(model), "dash": dash},
                marker=marker_of(model),
                legendgroup=model,
                showlegend=column == "WAPE",
                hovertemplate=hover,
            )
    figure.add_hline(y=0, line={"color": CUTOFF, "width": 1})
    figure.update_xaxes(title=text("chart.cutoff"), type="category")
    figure.update_yaxes(tickformat=".0%", title=text("chart.wape_and_bias"))
    return framed(figure)


def _heights(wape: pd.Series) -> list[str]:
    """Where the name of each point stands, so that names of two that err alike do not cover each other. wape: NaN where a point has no
    name; of those that have one it falls."""
    close = CLOSE * np.ptp(wape.dropna()) if wape.notna().any() else 0.0
    falls = -wape.dropna().diff()
    below, above = (falls < close).reindex(wape.index, fill_value=False), (falls.shift(-1) < close).reindex(wape.index, fill_value=False)
    places = np.where(below, "bottom", np.where(above, "top", MIDDLE))
    return list(np.where(wape.isna(), "", places))


def _percent(span: float) -> str:
    """How ticks over so wide a span of shares are written, so that no two look alike: ".0%" over 0.6, ".1%" over 0.02."""
    decimals = -math.log10(span / TICKS) - 2 if span > 0 else 0
    return f".{min(max(math.ceil(decimals), 0), MOST_DECIMALS)}%"


def _bars(table: pd.DataFrame, column: str, template: str, title: str, sign: str = "") -> go.Figure:
    """A bar a model, the first on top; as high as there are models."""
    colors = [color_of(model) for model in table["model"]]
    names = [named(model) for model in table["model"]]
    hidden = np.where(table[column].isna(), "", template)
    figure = go.Figure(go.Bar(x=table[column], y=names, orientation="h", marker={"color": colors}, texttemplate=list(hidden)))
    figure.update_traces(textposition="auto", textangle=0, constraintext="none", textfont={"size": 12}, cliponaxis=False)
    figure.update_yaxes(autorange="reversed")
    span = np.ptp([0.0, *table[column].dropna()])
    figure.update_xaxes(tickformat=sign + _percent(span), title=title, rangemode="tozero")
    return framed(figure, max(min(HEIGHT, LEAST_HEIGHT + 40 * len(table)), BAR_HEIGHT * len(table)))
