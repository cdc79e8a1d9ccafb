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
from pages_without_browser import finished, opened, ran
from panels import weekly_shop
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from forecasting.backtest import actual_after
from inventory import adjustments
from inventory.adjustments import Adjustment
from sales import datasets as saved
from sales.intake import intake
from sales.mapping import Mapping
from ui import leaderboard, session
from ui.compare import downloads
from ui.session import Result
from ui.texts import text
from workspace.datasets import Dataset

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


@pytest.fixture
def compared(data: Dataset) -> tuple[Dataset, Result]:
    """The same with a finished comparison of two models from three cutoffs, made up quickly."""
    panel, rng = saved.load_sales(data), np.random.default_rng(9)
    last = len(panel.periods) - 1
    backtest = pd.concat([made_rows(panel, last - HORIZON * k, m, rng) for m in MODELS for k in (3, 2, 1)], ignore_index=True)
    forecast = pd.concat([made_rows(panel, last, m, rng) for m in MODELS], ignore_index=True)
    finished(data, backtest, forecast)
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
    categories, classes = (frame.value for frame in app.dataframe if "group" in frame.value.columns)
    assert set(categories["group"]) == {"tea", "mugs", "=mugs", text("board.none")}
    assert set(classes["group"]) <= {"A", "B", "C"}
    assert classes["wins"].sum() == categories["wins"].sum() == 6


def test_items_are_sorted_by_units_and_narrow_to_what_a_model_wins(compared: tuple[Dataset, Result]) -> None:
    app = opened("compare", compared[0])
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


def test_errors_residuals_and_coverage_have_their_pictures(compared: tuple[Dataset, Result]) -> None:
    app = opened("compare", compared[0])
    keys = {chart.proto.id for chart in app.get("plotly_chart")}
    for key in ("error-by-cutoff", "coverage", "histogram-all", "autocorrelation-all", "histogram-item", "autocorrelation-item"):
        assert any(key in found for found in keys), key


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
    assert text("chart.adjusted") not in lines_of(opened("compare", data), "forecasts")
    by = {"reason": "fair", "by": "Ann", "at": datetime.now(UTC)}
    adjustments.save(data.name, [Adjustment(0, "item", "A000", first, first + pd.Timedelta(days=6), 50.0, None, **by)], "Ann")
    drawn = lines_of(opened("compare", data), "forecasts")
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

    def keep(column: Any, label: str, write: Any, name: str, *rest: Any, **more: Any) -> None:
        files[name] = write()

    monkeypatch.setattr(DeltaGenerator, "download_button", keep)
    downloads(result, saved.load_sales(data))
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
