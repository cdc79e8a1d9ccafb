"""The Compare page without a browser: leaderboards, items to open, residuals, coverage, downloads, where it all comes from."""

import base64
import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from pages_without_browser import asked, finished, metrics, opened, ran, table_of
from panels import weekly_shop
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from forecasting.backtest import actual_after
from forecasting.models import registry
from inventory import adjustments
from inventory.adjustments import Adjustment
from inventory.stock import save_stock
from sales import datasets as saved
from sales.intake import intake
from sales.mapping import Mapping
from ui import compare, leaderboard, session
from ui.session import Result
from ui.texts import text
from workspace import tables
from workspace.datasets import Dataset
from workspace.workers import jobs

MODELS = ("seasonal_naive", "prophet")
HORIZON = 14


@pytest.fixture
def data() -> Dataset:
    """Six items of two categories, sales without stock terms."""
    sold = weekly_shop(6, 150, np.random.default_rng(4)).to_frame()
    category = dict(zip(sorted(sold["item"].unique()), ("tea", "mugs", "=mugs", "tea", None, "tea"), strict=True))
    read = intake(sold.assign(category=sold["item"].map(category)), Mapping("item", "ds", "y", category="category")).panel
    assert read is not None
    return saved.save_sales("Shop", read, {"source": "test"})


def made_rows(panel: Any, cutoff: int, model: str, rng: np.random.Generator) -> pd.DataFrame:
    """Rows of a model that is off by a random share; seasonal naive more than the other, but on the first item."""
    at = panel.periods[cutoff]
    y = actual_after(panel, at, HORIZON)
    guess = np.where(np.isnan(y), 20.0, y)
    wide = np.full(len(panel), 6.0 if model == "seasonal_naive" else 3.0)
    wide[0] = 2.0 if model == "seasonal_naive" else 8.0
    mean = np.clip(guess + rng.normal(size=y.shape) * wide[:, None], 0, None)
    ds = panel.calendar.after(at, HORIZON)
    frame = pd.DataFrame({"item": np.repeat(panel.items, HORIZON), "ds": np.tile(ds, len(panel)), "cutoff": at, "model": model})
    frame = frame.assign(model_used=model, y=y.ravel(), mean=mean.ravel())
    for level, z in ((0.5, 0.0), (0.8, 0.84), (0.9, 1.28), (0.95, 1.64), (0.975, 1.96)):
        frame[f"q{level:g}"] = (mean + z * wide[:, None]).ravel()
    return frame.assign(seconds=0.5, status="ok")


def made(data: Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Backtest rows of two models from three cutoffs and their forecasts, made up quickly."""
    panel, rng = saved.load_sales(data), np.random.default_rng(9)
    last = len(panel.periods) - 1
    backtest = pd.concat([made_rows(panel, last - HORIZON * k, m, rng) for m in MODELS for k in (3, 2, 1)], ignore_index=True)
    return backtest, pd.concat([made_rows(panel, last, m, rng) for m in MODELS], ignore_index=True)


@pytest.fixture
def compared(data: Dataset) -> tuple[Dataset, Result]:
    """The same with a finished comparison."""
    finished(data, *made(data))
    result = session.result_of(data)
    assert result is not None
    return data, result


def shown(app: AppTest, column: str) -> pd.DataFrame:
    """The first table that has this column."""
    return next(frame.value for frame in app.dataframe if column in frame.value.columns)


def test_the_leaderboard_stands_over_all_items_by_category_and_by_class(compared: tuple[Dataset, Result]) -> None:
    app = opened("compare", compared[0])
    overall = shown(app, "wins").set_index("model")
    assert overall.loc[text("model.prophet"), "wins"] == 5
    assert overall.loc[text("model.prophet"), "beats"] == pytest.approx(5 / 6)
    assert overall["wins"].sum() == overall["items"].iloc[0] == 6
    categories, classes, patterns = (frame.value for frame in app.dataframe if "group" in frame.value.columns)
    assert set(categories["group"]) == {"tea", "mugs", "=mugs", text("board.none")}
    assert set(classes["group"]) <= {"A", "B", "C"}
    assert set(patterns["group"]) == {text("pattern.smooth")}
    assert classes["wins"].sum() == categories["wins"].sum() == patterns["wins"].sum() == 6


def test_items_are_sorted_by_units_and_narrow_to_what_a_model_wins(compared: tuple[Dataset, Result]) -> None:
    app = asked(opened("compare", compared[0]), compared[0], "which")
    items = shown(app, "value_added")
    assert len(items) == 6
    assert items["units"].is_monotonic_decreasing
    ran(app.selectbox(key=leaderboard.key_of(leaderboard.WON_BY, compared[1])).set_value("seasonal_naive"))
    assert list(shown(app, "value_added")["item"]) == ["A000"]
    assert shown(app, "value_added")["value_added"].tolist() == [0]


def chosen(key: str, row: int, rows: list[str]) -> dict[str, Any]:
    return {key: {"selection": {"rows": [row], "columns": [], "cells": []}}, f"{key}-shown": rows}


def test_choosing_an_item_opens_it_and_choosing_a_model_lists_what_it_wins(
    compared: tuple[Dataset, Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = compared[1]
    item, won_by, model = (leaderboard.key_of(field, result) for field in (leaderboard.ITEM, leaderboard.WON_BY, leaderboard.MODEL))
    state: dict[str, Any] = {**chosen(leaderboard.ITEMS, 1, ["b", "a"]), **chosen(leaderboard.BOARD, 0, ["prophet", "sarima"])}
    monkeypatch.setattr(leaderboard.st, "session_state", state)
    leaderboard._item_chosen(result)
    leaderboard._model_chosen(result)
    assert (state[item], state[won_by], state[model]) == ("a", "prophet", "prophet")
    state[leaderboard.ITEMS]["selection"]["rows"] = []
    leaderboard._item_chosen(result)
    assert state[item] == "a"


PICTURES = {
    "catalogue": ("compare.by_model", "compare.cost", "board-volume-picture", "board-pattern-picture", "value-added"),
    "which": ("forecasts", "why"),
    "errs": ("errs-step", "errs-weekday", "errs-month", "errs-level", "error-by-cutoff", "compare.errors"),
    "sure": ("bands", "coverage", "histogram-all", "autocorrelation-all", "histogram-item", "autocorrelation-item"),
}


@pytest.mark.parametrize("question", PICTURES)
def test_errors_residuals_and_coverage_have_their_pictures(compared: tuple[Dataset, Result], question: str) -> None:
    app = asked(opened("compare", compared[0]), compared[0], question)
    keys = {chart.proto.id for chart in app.get("plotly_chart")}
    for key in PICTURES[question]:
        assert any(key in found for found in keys), key


def captions(app: AppTest) -> list[str]:
    return [caption.value for caption in app.caption]


def test_why_a_model_is_the_item_s_is_said_in_words(compared: tuple[Dataset, Result]) -> None:
    """On the first item nothing beats seasonal naive; on the others Prophet does, by what is said."""
    data, result = compared
    app = asked(opened("compare", data), data, "which")
    said = " ".join(block.value for block in app.markdown)
    assert text("why.baseline_best") in said
    ran(app.selectbox(key=leaderboard.key_of(leaderboard.ITEM, result)).set_value("A001"))
    wapes = table_of(app, "WAPE").set_index("model")["WAPE"]
    added = 100 * (wapes[text("model.seasonal_naive")] - wapes[text("model.prophet")])
    said = " ".join(block.value for block in app.markdown)
    assert text("why.value_added", baseline=text("model.seasonal_naive"), added=added) in said
    assert text("why.class", pattern=text("pattern.smooth"), volume="A", explained=text("why.pattern.smooth"))[:30] in said


def test_value_added_is_in_money_only_where_a_price_is_known(compared: tuple[Dataset, Result]) -> None:
    data, result = compared
    app = opened("compare", data)
    table = table_of(app, "share").set_index("model")
    assert "money" not in table
    assert text("value.no_price") in captions(app)
    off = (result.backtest["mean"] - result.backtest["y"]).abs().groupby(result.backtest["model"]).sum()
    assert table.loc[text("model.prophet"), "units"] == pytest.approx(off["seasonal_naive"] - off["prophet"])
    priced = pd.DataFrame({"item": ["A001", "A002"], "on_hand": 1, "unit_price": 10.0})
    save_stock(data, priced, "stock.csv", [], "Ann")
    app = opened("compare", data)
    of_two = result.backtest[result.backtest["item"].isin(["A001", "A002"])]
    off = (of_two["mean"] - of_two["y"]).abs().groupby(of_two["model"]).sum()
    money = table_of(app, "share").set_index("model").loc[text("model.prophet"), "money"]
    assert money == pytest.approx(10 * (off["seasonal_naive"] - off["prophet"]))


def test_what_has_no_score_says_why(data: Dataset) -> None:
    """One item sold nothing in the span, one model did not answer for another: each is listed, and said under the item's table."""
    backtest, forecast = made(data)
    backtest.loc[backtest["item"] == "A000", "y"] = 0.0
    silent = (backtest["item"] == "A001") & (backtest["model"] == "prophet")
    backtest.loc[silent, ["mean", "q0.5", "q0.8", "q0.9", "q0.95", "q0.975"]] = np.nan
    backtest.loc[silent, "status"] = "failed: no_idea"
    forecast.loc[forecast["item"].isin(["A002", "A003"]) & (forecast["model"] == "prophet"), "status"] = "failed: implausible"
    finished(data, backtest, forecast)
    app = opened("compare", data)
    listed = table_of(app, "reason").set_index(["item", "model"])["reason"]
    assert listed["A001", text("model.prophet")] == text("unscored.failed")
    assert listed["A001", text("model.seasonal_naive")] == text("unscored.others_failed")
    assert listed["A000", text("model.prophet")] == text("unscored.nothing_sold")
    counted = table_of(app, "status").set_index(["model", "status"])
    assert list(counted.loc[(text("model.prophet"), "no_idea"), ["model_used", "past", "ahead"]]) == [text("statuses.nobody"), 1, 0]
    assert list(counted.loc[(text("model.prophet"), text("status.implausible")), ["past", "ahead"]]) == [0, 2]
    app = asked(app, data, "which")
    assert any(text("unscored.nothing_sold") in caption and "WAPE" in caption for caption in captions(app))


def test_drivers_are_shown_where_models_say_them_and_their_absence_is_said(compared: tuple[Dataset, Result]) -> None:
    data, result = compared
    app = asked(opened("compare", data), data, "drives")
    assert any("Prophet" in caption for caption in captions(app))
    assert not app.get("plotly_chart")
    ds = pd.date_range("2023-01-02", periods=164)
    parts = [pd.DataFrame({"item": "A000", "kind": "component", "name": name, "ds": ds, "value": 1.0}) for name in ("trend", "week")]
    flat = pd.DataFrame({"item": "", "kind": "importance", "name": ["price", "lag 1"], "ds": pd.NaT, "value": [0.1, 0.4]})
    rows = pd.concat([*parts, flat.astype({"ds": "datetime64[us]"})]).assign(model="prophet")
    tables.write_table(result.run.folder / "drivers.parquet", rows, {"said": {"seasonal_naive": "ValueError: no idea"}})
    st.cache_resource.clear()
    app = asked(opened("compare", data), data, "drives")
    keys = {chart.proto.id for chart in app.get("plotly_chart")}
    assert [any(key in found for found in keys) for key in ("components", "drives-importance", "drives-coefficient")] == [True, True, False]
    assert app.warning[0].value == text("drives.failed", model=text("model.seasonal_naive"), reason="ValueError\\: no idea")
    ran(app.selectbox(key=leaderboard.key_of(leaderboard.ITEM, result)).set_value("A001"))
    assert "A001" in app.info[0].value


def test_one_click_chooses_several_models(compared: tuple[Dataset, Result]) -> None:
    app = opened("compare", compared[0])
    assert list(app.multiselect(key="models").value) == list(registry.DEFAULT)
    app.session_state["models"] = ["seasonal_naive"]
    ran(app)
    expected = text("form.expected", models=1, items=6, workers=jobs(), takes=text("run.takes.seconds"))
    assert expected in captions(app)
    ran(app.get("button_group")[0].set_value("all"))
    assert list(app.multiselect(key="models").value) == list(registry.NAMES)


def test_the_item_s_past_is_told_once_it_is_opened(compared: tuple[Dataset, Result]) -> None:
    data, _ = compared
    app = asked(opened("compare", data), data, "which")
    assert text("past.season") not in metrics(app)
    app.session_state[f"past-compare-{data.name}"] = True
    ran(app)
    assert metrics(app)[text("past.season")].startswith("strong")
    assert any("acf-compare" in chart.proto.id for chart in app.get("plotly_chart"))


def test_the_sarima_of_one_item_is_held_against_statsmodels_once_it_is_opened(data: Dataset) -> None:
    panel = saved.load_sales(data)
    backtest, forecast = (rows.replace({"model": {"prophet": "sarima"}, "model_used": {"prophet": "sarima"}}) for rows in made(data))
    backtest.attrs["details"] = {"sarima": dict.fromkeys(panel.items, "(1,0,0)")}  # of an earlier cutoff: not that of the forecast compared
    forecast.attrs["details"] = {"sarima": dict.fromkeys(panel.items, "(0,1,1)(0,1,1)[7]")}
    finished(data, backtest, forecast)
    app = asked(opened("compare", data), data, "which")
    assert text("reference.apart") not in metrics(app)
    app.session_state[f"reference-sarima-{data.name}"] = True
    ran(app)
    assert metrics(app)[text("reference.apart")].endswith("%")
    assert metrics(app)[text("reference.white")] in {text("reference.white.yes"), text("reference.white.no")}
    assert list(shown(app, "coefficient")["coefficient"]) == ["ma.L1", "ma.S.L7"]


def test_the_prophet_of_one_item_is_held_against_its_library_with_the_run_s_settings(data: Dataset) -> None:
    panel = saved.load_sales(data)
    backtest, forecast = made(data)
    own = {"prophet": {"multiplicative": False}}
    rows = registry.model("prophet", **own["prophet"]).forecast(panel, HORIZON, (0.5,), np.random.default_rng(0)).to_frame()
    forecast = pd.concat([forecast[forecast["model"] != "prophet"], rows])
    forecast.attrs["details"] = {"prophet": dict.fromkeys(panel.items, "trend + week")}
    finished(data, backtest, forecast, own=own)
    app = asked(opened("compare", data), data, "which")
    app.session_state[f"reference-prophet-{data.name}"] = True
    ran(app)
    assert float(metrics(app)[text("reference.apart")].rstrip("%")) < 1
    assert 0 <= float(metrics(app)[text("reference.short")]) < 5
    assert any("trend + week" in caption for caption in captions(app))


def test_the_page_names_its_run_and_says_when_the_data_changed(compared: tuple[Dataset, Result]) -> None:
    data, result = compared
    app = opened("compare", data)
    title = text("compare.origin", run=result.run.name, fingerprint=result.fingerprint)
    assert title in [expander.label for expander in app.expander]
    assert not app.warning
    later = saved.load_sales(data).until(pd.Timestamp(data.facts["last"]) - pd.Timedelta(weeks=1), 0)
    app = opened("compare", saved.update_sales(data, later, {"source": "test"}))
    assert "Run it again" in app.warning[0].value
    assert title in [expander.label for expander in app.expander]


def test_the_planner_s_own_forecast_is_drawn_beside_the_models(compared: tuple[Dataset, Result]) -> None:
    data, result = compared
    first = pd.Timestamp(result.forecast["ds"].min())
    assert text("chart.adjusted") not in lines_of(asked(opened("compare", data), data, "which"), "forecasts")
    by = {"reason": "fair", "by": "Ann", "at": datetime.now(UTC)}
    adjustments.save(data.name, [Adjustment(0, "item", "A000", first, first + pd.Timedelta(days=6), 50.0, None, **by)], "Ann")
    drawn = lines_of(asked(opened("compare", data), data, "which"), "forecasts")
    model = session.chosen_models(result)["A000"]
    of_item = result.forecast[(result.forecast["item"] == "A000") & (result.forecast["model"] == model)]
    before = of_item.sort_values("ds")["mean"].to_numpy()
    np.testing.assert_allclose(drawn[text("chart.adjusted")][:HORIZON], [*before[:7] * 1.5, *before[7:]])


def lines_of(app: AppTest, key: str) -> dict[str, list[float]]:
    """The lines of the picture with this key, by their names."""
    spec = next(json.loads(chart.proto.spec) for chart in app.get("plotly_chart") if key in chart.proto.id)
    return {trace["name"]: decoded(trace["y"]) for trace in spec["data"] if trace.get("name")}


def decoded(values: Any) -> list[float]:
    """Numbers of a Plotly figure, which are typed arrays in base64 where there are many."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]).tolist()
    return list(values)


def test_files_are_named_by_their_run_and_hold_what_the_page_shows(
    compared: tuple[Dataset, Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, result = compared
    files: dict[str, bytes] = {}

    def keep(column: Any, label: str, content: bytes, name: str, *rest: Any, **more: Any) -> None:
        files[name] = content

    monkeypatch.setattr(DeltaGenerator, "download_button", keep)
    compare.files(result, saved.load_sales(data))
    rows = {
        name.split("-")[0]: list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))) for name, content in files.items()
    }
    assert all(name.endswith(f"-{result.run.name}.csv") for name in files)
    assert len(rows["forecast"]) == 6 * 2 * HORIZON
    assert len(rows["backtest"]) == 6 * 2 * 3 * HORIZON
    assert rows["backtest"][0]["item"] == "A000"
    assert float(rows["backtest"][0]["mean"]) == pytest.approx(result.backtest["mean"].iloc[0], abs=1e-4)
    wins = {row["model"]: float(row["value"]) for row in rows["metrics"] if (row["scope"], row["metric"]) == ("leaderboard", "wins")}
    assert wins == {"seasonal_naive": 1, "prophet": 5}
    groups = {row["group"] for row in rows["metrics"] if row["scope"] == "category"}
    assert "'=mugs" in groups
    assert not any(row["group"].startswith("=") for row in rows["metrics"])
    assert {row["metric"] for row in rows["metrics"] if row["scope"] == "item"} == {"WAPE"}
