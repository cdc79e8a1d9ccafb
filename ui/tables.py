"""Tables: problems, scores, the reorder list, with their headings, formats and units."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from forecasting.scores import COVERAGE_LEVEL, LOWER_IS_BETTER
from sales.problems import Problem, Severity
from ui.texts import plain, problem_rows, text
from workspace.cells import csv_table

PERCENT = ("WAPE", "bias", "MAPE", "sMAPE", "coverage", "answered")
BOARD_FORMATS = {
    **dict.fromkeys(("WAPE", "bias", "beats", "answered"), "{:.1%}"),
    **dict.fromkeys(("items", "beats_of"), "{:,.0f}"),
    "wins": "{:,.1f}",
    "seconds": "{:,.1f}",
}
ITEMS_HEIGHT, ITEMS_SEEN = 320, 8
RATIOS = ("MASE", "RMSSE", "pinball")
LEAST_SECONDS = 0.001
BREAK = "\u200b"  # where a long file name may go on in the next line; else it pushes how to fix it out of sight
BEST = "background-color: rgba(15, 110, 100, 0.18); font-weight: 600"


def problems(found: Sequence[Problem], nothing: str = "", download: str = "") -> None:
    """All problems with where, got, expected and fix; the gravest first. `nothing` is the text key shown where there are none; `download`
    the key of a button that downloads them, "": none."""
    if not found:
        if nothing:
            st.success(text(nothing))
        return
    order = list(Severity)
    ranked = sorted(found, key=lambda p: order.index(p.severity))
    counts = {severity: sum(p.severity is severity for p in found) for severity in order}
    say = st.error if counts[Severity.ERROR] else st.warning if counts[Severity.WARNING] else st.info
    say(" · ".join(text(f"problems.{severity}", count=count) for severity, count in counts.items() if count))
    rows = [{**row, "what": row["what"].replace("_", f"_{BREAK}"), "count": f"{int(row['count']):,}"} for row in problem_rows(ranked)]
    table = pd.DataFrame(rows).map(plain).rename(columns=lambda name: text(f"problems.{name}"))
    st.table(table.set_index(table.columns[0]), border="horizontal")
    if download:
        download_problems(ranked, download)


def download_problems(found: Sequence[Problem], key: str) -> None:
    """A button that downloads all problems as CSV."""
    table = pd.DataFrame(problem_rows(found)).rename(columns=lambda name: text(f"problems.{name}"))
    st.download_button(text("findings.download"), csv_table(table), "problems.csv", "text/csv", key=key)


def scores(table: pd.DataFrame, key: str = "scores") -> None:
    """The metrics of each model, the best of each column marked."""
    shown = table.assign(model=[text(f"model.{model}") for model in table["model"]])
    formats = {column: _metric_format(column) for column in table.columns[1:]}
    style = shown.style.format(formats, na_rep=text("table.none"))
    style = style.highlight_min(subset=[c for c in LOWER_IS_BETTER if table[c].notna().any()], props=BEST)
    distance = {"bias": table["bias"].abs(), "coverage": (table["coverage"] - COVERAGE_LEVEL).abs(), "R2": -table["R2"]}
    for column, values in distance.items():
        if values.notna().any():
            style = style.map(lambda _: BEST, subset=pd.IndexSlice[[values.idxmin()], [column]])
    config = {c: st.column_config.Column(text(f"metric.{c}"), help=text(f"metric.{c}.help"), pinned=c == "model") for c in table.columns}
    st.dataframe(style, hide_index=True, column_config=config, placeholder=text("table.none"), key=key)


def _metric_format(column: str) -> Callable[[float], str]:
    """How a metric is written: shares in percent, ratios with three decimals, squared units whole, units with two decimals."""
    if column == "seconds":
        return _seconds
    form = ".1%" if column in PERCENT else ".3f" if column in RATIOS else ",.0f" if column == "MSE" else ",.2f"
    return lambda value: format(value, form)


def _seconds(value: float) -> str:
    return f"{value:,.3f}" if value >= LEAST_SECONDS else text("table.under", value=LEAST_SECONDS)


def leaderboard(table: pd.DataFrame, key: str, on_select: Callable[[], None] | None = None) -> None:
    """A row a model, or a group and model; where `on_select` is given, a row can be chosen."""
    shown = table.assign(model=[text(f"model.{model}") for model in table["model"]])
    if "group" in shown:
        shown["group"] = [group or text("board.none") for group in table["group"]]
    config = {
        name: st.column_config.Column(text(f"board.column.{name}"), help=text(f"board.column.{name}.help"), pinned=name == "model")
        for name in shown.columns
    }
    choosing: dict[str, Any] = {"on_select": on_select, "selection_mode": "single-row"} if on_select else {}
    style = shown.style.format({**BOARD_FORMATS, "seconds_item": _seconds}, na_rep=text("table.none"))
    st.dataframe(style, hide_index=True, column_config=config, key=key, placeholder=text("table.none"), **choosing)


def items(table: pd.DataFrame, models: Sequence[str], key: str, on_select: Callable[[], None]) -> None:
    """A row an item, with its best model and the WAPE of each; a row can be chosen."""
    shown = table.assign(best=[text(f"model.{model}") if model else text("table.none") for model in table["best"]])
    shown["pattern"] = [text(f"pattern.{pattern}") for pattern in table["pattern"]]
    named = ("item", "units", "best", "value_added", "volume", "pattern", "category")
    config = {
        name: st.column_config.Column(text(f"items.column.{name}"), help=text(f"items.column.{name}.help"), pinned=name == "item")
        for name in named
    }
    config |= {model: st.column_config.Column(text("items.column.WAPE", model=text(f"model.{model}"))) for model in models}
    shares = [name for name in ("value_added", *models) if name in shown]
    style = shown.style.format({"units": "{:,.0f}", **dict.fromkeys(shares, "{:.1%}")}, na_rep=text("table.none"))
    st.dataframe(
        style,
        hide_index=True,
        column_order=("item", "units", "best", "value_added", *models, "volume", "pattern", "category"),
        column_config=config,
        key=key,
        on_select=on_select,
        selection_mode="single-row",
        height=ITEMS_HEIGHT if len(table) > ITEMS_SEEN else "auto",
        placeholder=text("table.none"),
    )


def value_added(table: pd.DataFrame, currency: str, money: bool) -> None:
    """A row a model: what it adds over seasonal naive as a share of sales, in units and, where prices are known, in money."""
    shown = table.assign(model=[text(f"model.{model}") for model in table["model"]])
    columns = ["model", "share", "units", *(["money"] if money else [])]
    config = {
        name: st.column_config.Column(
            text(f"value.column.{name}", currency=currency), help=text(f"value.column.{name}.help"), pinned=name == "model"
        )
        for name in columns
    }
    style = shown[columns].style.format({"share": "{:+.1%}", "units": "{:+,.0f}", "money": "{:+,.0f}"}, na_rep=text("table.none"))
    st.dataframe(style, hide_index=True, column_config=config, key="value-table", placeholder=text("table.none"))
