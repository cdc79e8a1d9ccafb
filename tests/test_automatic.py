"""auto: one computation in runs, in memory and as a model; no look-ahead; candidates worked out once; what it chose is told."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import panel, weekly_shop
from waiting import until

from forecasting import automatic, rule, settings
from forecasting.__main__ import main
from forecasting.automatic import BACKTEST, FORECAST, Auto, Work
from forecasting.backtest import backtest, forecast_all
from forecasting.chosen import CHOICE, choice_table
from forecasting.comparison import Comparison
from forecasting.cutoffs import last_cutoffs
from forecasting.forecast import LEVELS, Forecast
from forecasting.forecaster import Forecaster
from forecasting.models import registry
from forecasting.models.naive import Naive, SeasonalNaive
from forecasting.parts import called
from inventory.__main__ import main as plan
from sales.panel import SalesPanel
from ui.texts import text
from workspace import runs, tables

LIGHT = ("seasonal_naive", "moving_average", "theta")
HORIZON = 7


def shop(periods: int = 120) -> SalesPanel:
    """Five items that sell, one that never does, one whose sales nobody knows and one that is new."""
    sold = weekly_shop(8, periods, np.random.default_rng(3)).y.copy()
    sold[5], sold[6], sold[7, :-4] = 0, np.nan, np.nan
    return panel(sold, season=7)


@cache
def done(*more: str) -> tuple[Work, automatic.Parts, pd.DataFrame]:
    """The steps of auto and of `more` models, their parts, and the table of what auto chose."""
    sales = shop()
    models = [Auto(LIGHT), *(registry.model(name) for name in more)]
    work = Work(sales, models, HORIZON, last_cutoffs(sales, 3, HORIZON))
    parts = called(work.tasks)
    return work, parts, choice_table(work.choices(parts))


def of_auto(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["model"] == rule.AUTO].drop(columns="seconds").reset_index(drop=True)


class Drawing(Naive):
    """Naive, and a draw."""

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        found = super()._forecast(panel, horizon, levels, rng)
        return replace(found, mean=found.mean + rng.random())


def test_a_forecast_in_memory_and_the_model_itself_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    make = registry.model
    monkeypatch.setattr(registry, "model", lambda name: Drawing() if name == "naive" else make(name))
    auto, seed = Auto((*LIGHT, "naive")), int(np.random.default_rng(9).integers(2**32))
    rows = forecast_all(shop(), [auto], HORIZON, seed=seed)
    own = auto.forecast(shop(), HORIZON, LEVELS, np.random.default_rng(9)).to_frame()
    pd.testing.assert_frame_equal(rows[own.columns].drop(columns="seconds"), own.drop(columns="seconds"))


def test_what_a_backtest_says_after_its_first_cutoff_is_what_the_model_says_there() -> None:
    work, parts, _ = done()
    first = work.cutoffs[0]
    rows = of_auto(work.rows(BACKTEST, parts, work.choices(parts)))
    own = Auto(LIGHT).forecast(work.panel.until(first, HORIZON), HORIZON, LEVELS, np.random.default_rng(0)).to_frame()
    there = rows[rows["cutoff"] == first]
    pd.testing.assert_frame_equal(there[["item", "ds", "model_used", "mean", "q0.95", "status"]].reset_index(drop=True),
                                  own[["item", "ds", "model_used", "mean", "q0.95", "status"]])  # fmt: skip


def test_a_forecast_alone_that_chooses_by_the_cutoffs_of_a_comparison_says_what_it_says() -> None:
    work, parts, _ = done()
    compared = work.rows(FORECAST, parts, work.choices(parts))
    alone = forecast_all(work.panel, [Auto(LIGHT), registry.model("naive")], HORIZON, cutoffs=work.cutoffs)
    pd.testing.assert_frame_equal(of_auto(alone), of_auto(compared))
    by_itself = Work(work.panel, [Auto(LIGHT), registry.model("naive")], HORIZON, work.cutoffs, scored=False)
    assert {task.what for task in by_itself.tasks[BACKTEST]} == set(LIGHT)
    assert not any(task.asked for task in by_itself.tasks[BACKTEST])
    asked = {stage: {task.asked for task in own} for stage, own in work.tasks.items()}
    assert asked == {"origins": {False}, BACKTEST: {True}, FORECAST: {True}}
    assert by_itself.fits["naive"] == 1


def test_nothing_after_a_cutoff_moves_what_is_chosen_or_said_at_it_or_before() -> None:
    sales = shop()
    cutoffs = last_cutoffs(sales, 3, HORIZON)
    later = np.arange(len(sales.periods)) > sales.periods.get_loc(cutoffs[1])
    changed = replace(sales, y=np.where(later, 500.0 - 9 * sales.y, sales.y).astype(np.float32), out_of_stock=sales.out_of_stock | later)
    found = []
    for of in (sales, changed):
        work = Work(of, [Auto(LIGHT)], HORIZON, cutoffs)
        parts = called(work.tasks)
        chosen = work.choices(parts)
        rows, table = of_auto(work.rows(BACKTEST, parts, chosen)).drop(columns="y"), choice_table(chosen)
        found.append([frame[frame["cutoff"] <= cutoffs[1]].reset_index(drop=True) for frame in (rows, table)])
    for before, after in zip(*found, strict=True):
        pd.testing.assert_frame_equal(before, after)


def test_the_candidates_and_origins_are_settled_by_what_came_before_the_first_cutoff(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(rule, "candidates", lambda seen, horizon: asked.append(seen.last) or LIGHT)
    sales = shop()
    cutoffs = last_cutoffs(sales, 2, HORIZON)
    work = Work(sales, [Auto()], HORIZON, cutoffs)
    assert [model.card.name for model in work.candidates] == list(LIGHT)
    assert asked == [cutoffs[0]]
    assert max(work.origins) + pd.Timedelta(days=HORIZON) <= cutoffs[0]


def test_only_cutoffs_whose_horizon_has_ended_have_a_say() -> None:
    sales = shop()
    cutoffs = [sales.periods[at] for at in (-20, -17, -13, -8)]
    work = Work(sales, [Auto(LIGHT)], HORIZON, cutoffs)
    table = choice_table(work.choices(called(work.tasks)))
    counted = table.groupby("cutoff")["cutoffs"].first() - len(work.origins)
    assert counted.tolist() == [0, 0, 1, 2, 4]


def test_there_is_a_row_an_item_and_period_with_what_was_chosen() -> None:
    work, parts, table = done()
    rows = work.rows(BACKTEST, parts, work.choices(parts))
    assert not rows.duplicated(["item", "cutoff", "ds"]).any()
    assert set(rows["model"]) == {rule.AUTO}
    assert list(rows.columns[-2:]) == ["runner_up", "reason"]
    chosen = rows.drop_duplicates(["item", "cutoff"]).merge(table.drop_duplicates(["item", "cutoff"]), on=["item", "cutoff"])
    assert (chosen["model_used"] == chosen["used"]).all()
    assert (chosen["reason_x"] == chosen["reason_y"]).all()
    last = rows[rows["cutoff"] == work.cutoffs[-1]].drop_duplicates("item").set_index("item")
    assert last.loc["A005", ["model_used", "status", "reason"]].tolist() == ["zero", "fallback: all_zero", ""]
    assert last.loc["A006", "status"] == "failed: no_history"
    assert set(last["status"].iloc[:5]) == {"ok"}
    assert set(rows.attrs["details"]) == {rule.AUTO}


def test_the_weights_of_the_table_make_the_forecast_of_the_candidates() -> None:
    work, parts, table = done(*LIGHT)
    rows = work.rows(BACKTEST, parts, work.choices(parts))
    assert list(table.columns) == list(CHOICE)
    assert set(table["cutoff"]) == {*work.cutoffs, work.panel.last}
    per_item = table.groupby(["item", "cutoff"])
    assert per_item["weight"].sum().to_numpy() == pytest.approx(1.0)
    alone = table[table["weight"] == 1].set_index(["item", "cutoff"])["candidate"]
    used = per_item["used"].first()
    assert used.to_dict() == {key: alone.get(key, rule.ENSEMBLE) for key in used.index}
    assert per_item["rank"].agg(sorted).tolist() == [[1, 2, 3]] * per_item.ngroups
    said = rows[rows["model"] != rule.AUTO].rename(columns={"model": "candidate"}).merge(table, on=["item", "cutoff", "candidate"])
    mixed = (said["mean"] * said["weight"]).groupby([said["item"], said["cutoff"], said["ds"]]).sum()
    own = rows[(rows["model"] == rule.AUTO) & (rows["status"] == "ok")].set_index(["item", "cutoff", "ds"])["mean"].sort_index()
    np.testing.assert_allclose(mixed, own, rtol=1e-6)


def test_candidates_asked_for_by_name_are_worked_out_once_and_say_what_they_say_alone() -> None:
    alone, _, _ = done()
    both, parts, _ = done(*LIGHT)
    names = {stage: [task.name for task in tasks] for stage, tasks in both.tasks.items()}
    assert names == {stage: [task.name for task in tasks] for stage, tasks in alone.tasks.items()}
    assert len({name for stage in names.values() for name in stage}) == sum(map(len, names.values()))
    rows = both.rows(BACKTEST, parts, both.choices(parts)).drop(columns=["seconds", "runner_up", "reason"])
    by_name = backtest(both.panel, [registry.model("theta")], HORIZON, both.cutoffs).drop(columns="seconds")
    pd.testing.assert_frame_equal(rows[rows["model"] == "theta"].reset_index(drop=True), by_name)


class Broken(SeasonalNaive):
    def _forecast(self, *_: object) -> None:
        raise RuntimeError("no idea")


def test_candidates_that_fail_are_passed_over_and_where_all_fail_auto_says_so() -> None:
    sales = shop()
    rows = forecast_all(sales, [Auto(("seasonal_naive", "theta")), Broken()], HORIZON)
    mine = of_auto(rows).drop_duplicates("item").set_index("item")
    assert set(mine["model_used"].iloc[:5]) == {"theta"}
    assert mine["mean"].iloc[:5].notna().all()
    none = of_auto(forecast_all(sales, [Auto(("seasonal_naive",)), Broken()], HORIZON)).drop_duplicates("item")
    assert none["status"].iloc[0] == automatic.NO_CANDIDATE
    assert none["mean"].iloc[0] != none["mean"].iloc[0]


@pytest.mark.parametrize("names", [("theta",), ("seasonal_naive", "theta", "theta"), ("seasonal_naive", "auto")])
def test_impossible_candidates_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="expected different models, seasonal_naive among them"):
        Auto(names)


def test_settings_of_ones_own_reach_the_candidates() -> None:
    own = settings.of_models({"moving_average": {"window": 3}, "boosting": {"rate": 0.2}}, ["auto"])
    assert set(own) == {"moving_average", "boosting"}
    assert settings.of_models(own, ["theta"]) == {}
    (auto,) = settings.made(["auto"], own)
    assert isinstance(auto, Auto)
    work = Work(shop(), [replace(auto, candidates=LIGHT)], HORIZON)
    assert work.candidates[1] == registry.model("moving_average", window=3)


def test_what_a_run_takes_counts_the_candidates_and_their_earlier_cutoffs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "candidates", lambda *_: LIGHT)
    sales = shop()
    fits = Comparison(("theta", "prophet", "auto"), HORIZON, "3").fits(sales)
    origins = len(Work(sales, [Auto()], HORIZON, last_cutoffs(sales, 3, HORIZON)).origins)
    assert origins > 0
    assert fits == {"theta": 4 + origins, "prophet": 4, "seasonal_naive": 4 + origins, "moving_average": 4 + origins}
    measured = dict.fromkeys(fits, 1.0)
    assert Comparison(("auto",), HORIZON, "3").expected_seconds(2, measured, 1, {"theta": 5, "ets": 2}) == pytest.approx(10 + 2 * 2 * 0.03)


@pytest.mark.parametrize("reason", rule.REASONS)
def test_every_reason_has_words(reason: str) -> None:
    assert len(text(f"auto.reason.{reason}")) > 10


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sequence[str]:
    """The words that name a file of sales, its horizon and auto, whose candidates are light ones."""
    monkeypatch.setenv("SHELFCAST_JOBS", "1")
    monkeypatch.setattr(rule, "candidates", lambda *_: LIGHT)
    sales = shop()
    sales.select(np.arange(6)).to_frame().to_csv(tmp_path / "sales.csv", index=False)
    return [str(tmp_path / "sales.csv"), "--horizon", "7", "--models", "auto,moving_average"]


def test_commands_write_what_was_chosen_beside_the_rows_and_a_plan_rests_on_it(
    typed: Sequence[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *typed, "--cutoffs", "2", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "auto: ensemble for" in said or "auto: theta for" in said
    back, ahead, choice = (tables.read_table(tmp_path / f"{name}.parquet") for name in ("backtest", "forecast", "choice"))
    assert set(back["model"]) == set(ahead["model"]) == {"auto", "moving_average"}
    assert set(back.loc[back["model"] == "moving_average", "reason"]) == {""}
    assert choice["cutoff"].nunique() == 3
    assert choice.attrs["fingerprint"] == back.attrs["fingerprint"]
    files = {name: str(tmp_path / f"{name}.parquet") for name in ("forecast", "backtest")}
    out = tmp_path / "reorder.csv"
    asked = ["plan", "--sales", typed[0], "--forecast", files["forecast"], "--model", "auto", "--all-rows", "--out", str(out)]
    assert plan([*asked, "--backtest", files["backtest"]]) == 0
    assert set(pd.read_csv(out)["model"]) == {"auto"}
    given = pd.read_csv(out)
    assert plan(asked) == 0  # backtests again by itself, auto and all
    assert pd.read_csv(out)["quantity"].tolist() == pytest.approx(given["quantity"].tolist(), rel=0.5, abs=20)


def test_a_forecast_alone_writes_its_choice_beside_its_file(typed: Sequence[str], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    assert main(["forecast", *typed, "--out", str(folder / "forecast.parquet")]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["choice.parquet", "forecast.parquet"]
    assert main(["compare", *typed, "--out", str(tmp_path)]) == 0
    alone, compared = (pd.read_parquet(at / "forecast.parquet").drop(columns="seconds") for at in (folder, tmp_path))
    pd.testing.assert_frame_equal(alone, compared)
    assert pd.read_parquet(folder / "choice.parquet")["cutoff"].nunique() == 1


def test_a_run_without_auto_leaves_no_choice(typed: Sequence[str], tmp_path: Path) -> None:
    assert main(["compare", *typed[:-1], "moving_average", "--cutoffs", "2", "--out", str(tmp_path)]) == 0
    assert not (tmp_path / "choice.parquet").exists()
    assert "reason" not in pd.read_parquet(tmp_path / "backtest.parquet")


def test_auto_is_a_model_like_any_other() -> None:
    models: list[Forecaster] = [registry.model("auto")]
    assert models[0] == Auto()
    assert registry.card("auto").shared


@pytest.mark.slow
def test_on_real_sales_it_beats_seasonal_naive_killed_half_way_and_typed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real candidates over the best sellers of a web shop: every part that was done before stays, and one number an item and period
    comes out; typed for the plan, the list rests on it."""
    import journey

    monkeypatch.setenv("SHELFCAST_JOBS", "1")
    sales = journey.online_retail_csv(tmp_path)
    data = ["--item", "StockCode", "--date", "InvoiceDate", "--units", "Quantity", "--freq", "W"]
    typed = [sys.executable, "-m", "forecasting", "compare", str(sales), *data, "--horizon", "4", "--cutoffs", "3", "--best", "12"]
    typed += ["--models", "seasonal_naive,auto", "--out", str(tmp_path)]
    root = Path(os.environ["SHELFCAST_HOME"]) / "runs"

    def parts() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in root.glob("*/parts/[!.]*.parquet")}

    process = subprocess.Popen(typed, cwd=runs.ROOT, stderr=subprocess.DEVNULL)
    until(lambda: len(parts()) >= 6)
    process.kill()
    process.wait()
    before = parts()
    assert not (tmp_path / "choice.parquet").exists()
    subprocess.run(typed, cwd=runs.ROOT, capture_output=True, check=True)
    assert {name: parts()[name] for name in before} == before
    back, ahead, choice = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("backtest", "forecast", "choice"))
    assert {name.split("-")[0] for name in parts()} == {"origins", "backtest", "forecast"}
    assert not back.duplicated(["item", "model", "cutoff", "ds"]).any()
    error = (back["mean"] - back["y"]).abs().groupby(back["model"]).sum()
    assert error["auto"] < error["seasonal_naive"]
    assert choice["cutoff"].nunique() == 4
    assert choice.groupby(["item", "cutoff"])["weight"].sum().to_numpy() == pytest.approx(1.0)
    assert ahead[ahead["model"] == "auto"]["mean"].notna().all()
    files = [str(tmp_path / f"{name}.parquet") for name in ("forecast", "backtest")]
    out = tmp_path / "order.csv"
    asked = ["plan", "--sales", str(sales), *data, "--forecast", files[0], "--backtest", files[1], "--model", "auto", "--out", str(out)]
    assert plan(asked) == 0
    assert set(pd.read_csv(out)["model"]) == {"auto"}
