"""What drives a forecast: asked of the models that can say, kept with the run, and never worth losing the run for."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import panel

from forecasting import backtest as backtests
from forecasting.backtest import driver_tasks
from forecasting.comparison import BACKTEST, Comparison, compared
from forecasting.cutoffs import last_cutoffs
from forecasting.forecaster import DRIVERS, Forecaster, driver_rows
from forecasting.models.naive import SeasonalNaive
from forecasting.parts import joined_drivers
from sales.panel import SalesPanel
from workspace import tables

SALES = panel(np.arange(1, 121).reshape(3, 40), season=7)


@dataclass(frozen=True)
class Told(SeasonalNaive):
    """Says the level of each item, and how much one column matters."""

    def drivers(self, panel: SalesPanel, horizon: int, rng: np.random.Generator) -> pd.DataFrame:
        ds = panel.periods.append(panel.calendar.after(panel.last, horizon))
        parts = [pd.DataFrame({"item": i, "kind": "component", "name": "level", "ds": ds, "value": 1.0}) for i in panel.items]
        one = pd.DataFrame({"item": "", "kind": "importance", "name": "price", "ds": pd.NaT, "value": 0.25}, index=[0])
        return driver_rows([*parts, one.astype({"ds": "datetime64[us]"})])


@dataclass(frozen=True)
class Broken(SeasonalNaive):
    def drivers(self, panel: SalesPanel, horizon: int, rng: np.random.Generator) -> pd.DataFrame:
        raise ValueError("no idea")


def test_only_models_that_can_say_are_asked_and_only_of_the_best_sellers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtests, "MOST_EXPLAINED", 2)
    assert driver_tasks(SALES, [SeasonalNaive()], 7) == []
    (task,) = driver_tasks(SALES, [SeasonalNaive(), Told()], 7)
    rows = task.call()
    assert list(rows.columns) == ["model", *DRIVERS]
    assert set(rows.loc[rows["kind"] == "component", "item"]) == {"A001", "A002"}
    assert (rows["kind"] == "component").sum() == 2 * 47


def test_a_model_that_cannot_say_after_all_leaves_its_reason() -> None:
    rows = joined_drivers([task.call() for model in (Told(), Broken()) for task in driver_tasks(SALES, [model], 7)])
    assert rows.attrs["said"] == {"seasonal_naive": "ValueError: no idea"}
    assert len(rows) == 3 * 47 + 1


def test_a_comparison_keeps_them_and_a_backtest_does_not_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path))
    monkeypatch.setenv("SHELFCAST_JOBS", "1")
    cutoffs = last_cutoffs(SALES, 2, 7)
    models: list[Forecaster] = [Told()]
    run = compared(Comparison(("seasonal_naive",), 7, "2"), SALES, models, cutoffs)
    kept = tables.read_table(run.folder / "drivers.parquet")
    assert kept.loc[kept["kind"] == "importance", ["model", "name", "value"]].to_numpy().tolist() == [["seasonal_naive", "price", 0.25]]
    assert kept["ds"].max() == SALES.last + pd.Timedelta(days=7)
    assert len(tables.read_table(run.folder / "backtest.parquet")) == 3 * 2 * 7
    alone = compared(Comparison(("seasonal_naive",), 7, "2", verb=BACKTEST), SALES, models, cutoffs)
    assert not (alone.folder / "drivers.parquet").exists()
