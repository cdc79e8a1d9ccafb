"""Tuning: what is searched, on which cutoffs, that it is never worse than the model as it is, and that what it finds is used."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from panels import panel, weekly_shop

from forecasting import settings, tuning
from forecasting.__main__ import main
from forecasting.backtest import backtest
from forecasting.batched.orders import Order
from forecasting.comparison import Comparison, compared
from forecasting.cutoffs import last_cutoffs
from forecasting.models import registry
from forecasting.scores import scores
from forecasting.spaces import SPACES, TUNABLE, Choice, Real, Whole, space
from forecasting.tuning import Tuning, found, ground, searched, tuned
from sales import datasets as saved
from sales.panel import SalesPanel
from sales.problems import InputProblems
from ui.texts import text
from workspace import datasets, home, runs, tables

SHOP = weekly_shop(4, 120, np.random.default_rng(3))
STEADY = panel(np.random.default_rng(8).poisson(20, (4, 120)))  # the longer an average here, the better
HORIZON = 7


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFCAST_JOBS", "1")


def trials_of(name: str, sold: SalesPanel = SHOP, most: int = 6, budget: float = 3600.0, seed: int = 0) -> pd.DataFrame:
    return searched(name, sold, HORIZON, last_cutoffs(sold, 2, HORIZON), budget, most, seed)


@pytest.mark.parametrize("name", TUNABLE)
def test_each_space_is_of_fields_holds_the_default_and_has_words(name: str) -> None:
    model = registry.model(name)
    there = space(model, SHOP)
    assert there
    for field, values in there.items():
        default = getattr(model, field)
        match values:
            case Choice(options):
                assert default in options
                ends: tuple[Any, ...] = options
            case Whole(low, high, log) | Real(low, high, log):
                assert low <= default <= high
                assert low > 0 or not log
                ends = (low, high)
        for end in ends:
            assert settings.checked({name: {field: end}}) == {name: {field: end}}
        assert text(f"setting.{field}")


@pytest.mark.slow
@pytest.mark.parametrize("name", TUNABLE)
def test_each_space_can_be_searched(name: str) -> None:
    rows = trials_of(name, most=3)
    assert len(rows) >= 2
    assert set(rows["status"]) <= {"ok", "halved"}
    assert found(rows)["error"] <= found(rows)["default_error"]


def test_no_space_is_without_a_model() -> None:
    assert set(SPACES) == set(TUNABLE)


def test_the_first_trial_is_the_model_as_it_is_and_the_best_is_never_worse() -> None:
    rows = trials_of("moving_average", most=12)
    cutoffs = last_cutoffs(SHOP, 2, HORIZON)
    usual = scores(backtest(SHOP, [registry.model("moving_average")], HORIZON, cutoffs), SHOP).iloc[0]
    assert json.loads(rows["settings"][0]) == {"window": 8}
    assert rows["error"][0] == pytest.approx(usual["WAPE"])
    assert rows["pinball"][0] == pytest.approx(usual["pinball"], rel=1e-6)
    best = rows[rows["best"]].iloc[0]
    assert best["error"] == rows.loc[rows["status"] == "ok", "error"].min()
    assert found(rows)["error"] <= found(rows)["default_error"] == rows["error"][0]
    own = registry.model("moving_average", **json.loads(best["settings"]))
    assert scores(backtest(SHOP, [own], HORIZON, cutoffs), SHOP)["WAPE"][0] == pytest.approx(best["error"])


def test_the_same_seed_tries_the_same() -> None:
    columns = ["status", "error", "settings"]
    pd.testing.assert_frame_equal(trials_of("linear", most=3)[columns], trials_of("linear", most=3)[columns])
    assert trials_of("linear", most=3, seed=1)["settings"].tolist() != trials_of("linear", most=3)["settings"].tolist()


def test_without_a_budget_the_model_as_it_is_is_all_there_is() -> None:
    rows = trials_of("linear", budget=0.0)
    assert len(rows) == 1
    assert found(rows)["settings"] == {}


def test_a_trial_is_cheap_first_and_the_worse_half_is_left_off() -> None:
    sold = weekly_shop(12, 120, np.random.default_rng(5))
    rows = trials_of("seasonal_average", sold, most=12)
    halved = rows[rows["status"] == "halved"]
    assert len(halved)
    assert set(zip(halved["items"], halved["cutoffs"], strict=True)) <= {(4, 1), (12, 1)}
    assert set(zip(*rows.loc[rows["status"] == "ok", ["items", "cutoffs"]].T.to_numpy(), strict=True)) == {(12, 2)}
    assert rows.loc[rows["best"], "status"].tolist() == ["ok"]


def test_no_settings_are_tried_twice_and_a_small_space_comes_to_an_end() -> None:
    rows = trials_of("seasonal_average", most=100)
    assert len(rows) <= 12
    assert rows["settings"].is_unique


def test_a_trial_that_fails_is_a_row_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    make = registry.model

    def fails_when_long(name: str, **own: Any) -> Any:
        if own.get("window", 8) > 8:
            raise MemoryError("too long")
        return make(name, **own)

    monkeypatch.setattr(registry, "model", fails_when_long)
    rows = trials_of("moving_average", most=12)
    failed = rows["status"].str.startswith("failed")
    assert set(rows.loc[failed, "status"]) == {"failed: too long"}
    assert rows.loc[failed, "error"].isna().all()
    assert (~failed).sum() > 1
    assert found(rows)["failed"] == rows.attrs["failed"] == failed.sum() > 0


def test_a_model_that_cannot_be_scored_is_not_tuned() -> None:
    rows = trials_of("moving_average", panel(np.zeros((2, 60))))
    assert rows["status"].tolist() == ["failed: nothing sold after the cutoffs"]
    assert not rows["best"].any()
    assert (found(rows)["settings"], found(rows)["error"]) == ({}, None)


def test_items_that_the_model_as_it_is_answers_must_be_answered() -> None:
    course = tuning.Course(SHOP, HORIZON, last_cutoffs(SHOP, 1, HORIZON), 0)
    list(course.results(registry.model("moving_average")))
    empty = SHOP.y.copy()
    empty[1] = np.nan
    course.panel = panel(empty)
    with pytest.raises(ArithmeticError, match="1 items without an answer"):
        list(course.results(registry.model("moving_average")))


def test_nothing_after_the_first_scored_cutoff_is_seen() -> None:
    scored = last_cutoffs(SHOP, 3, HORIZON)
    asked = Tuning(("moving_average",), HORIZON, "3", before=2)
    other = SHOP.y.copy()
    other[:, list(SHOP.periods).index(scored[0]) + 1 :] = 1000
    seen, cutoffs = ground(asked, SHOP, scored)
    assert max(cutoffs) + pd.Timedelta(days=HORIZON) == seen.last == scored[0]
    assert ground(asked, panel(other), scored)[0].fingerprint == ground(asked, panel(SHOP.y), scored)[0].fingerprint


def test_best_sellers_are_those_until_then() -> None:
    sold = np.ones((3, 60))
    sold[0, 46:], sold[2, :46] = 100, 5
    asked = Tuning(("moving_average",), HORIZON, "2", best=1)
    assert ground(asked, panel(sold), last_cutoffs(panel(sold), 2, HORIZON))[0].items.tolist() == ["A002"]


@pytest.mark.parametrize("before", [0, 14])
def test_cutoffs_that_do_not_fit_are_told(before: int) -> None:
    with pytest.raises(InputProblems, match="tuning_no_room"):
        ground(Tuning(("moving_average",), HORIZON, before=before), SHOP, last_cutoffs(SHOP, 3, HORIZON))


def test_an_order_of_all_items_is_used_where_its_season_has_room() -> None:
    sold = panel(SHOP.y[:2], starts=[0, 100])
    given = registry.model("sarima", order="(1,0,1)(0,1,1)")
    assert "(1,0,1)(0,1,1)" in space(given, sold)["order"].options  # type: ignore[union-attr]
    forecast = given.tuned(sold, np.random.default_rng(0)).forecast(sold, 3, (0.5,), np.random.default_rng(0))
    assert forecast.detail[0] == str(Order(1, 0, 1, 0, 1, 1, 7))
    assert "[7]" not in forecast.detail[1]
    with pytest.raises(ValueError, match="expected one like"):
        registry.model("sarima", order="(1,0)")


def test_a_killed_run_goes_on_with_the_models_not_yet_done(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Tuning(("moving_average", "seasonal_average"), HORIZON, "2", trials=3)
    scored, real, begun = last_cutoffs(SHOP, 2, HORIZON), searched, []

    def dies(name: str, *args: Any) -> pd.DataFrame:
        begun.append(name)
        if begun == ["moving_average", "seasonal_average"]:
            raise KeyboardInterrupt
        return real(name, *args)

    monkeypatch.setattr(tuning, "searched", dies)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        tuned(asked, SHOP, scored)
    (run,) = (runs.Run(path.name) for path in home.folder("runs").iterdir())
    assert run.state is runs.State.STOPPED
    assert tuned(asked, SHOP, scored) == run
    assert begun == ["moving_average", "seasonal_average", "seasonal_average"]
    trials = tables.read_table(run.folder / "trials.parquet")
    assert trials["model"].value_counts().to_dict() == {"moving_average": 3, "seasonal_average": 3}
    entries = run.facts("tuned")
    assert set(entries) == {"moving_average", "seasonal_average"}
    expected = {"settings", "error", "default_error", "trials", "seconds", "cutoffs", "budget", "until", "items", "fingerprint"}
    assert expected <= entries["moving_average"].keys()
    assert entries["moving_average"]["until"] == f"{scored[0]:%Y-%m-%d}"


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    STEADY.to_frame().to_csv(path, index=False)
    return path


def test_what_is_found_travels_through_the_commands(sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "tuned.json"
    typed = [str(sales), "--horizon", "7", "--cutoffs", "2", "--models", "moving_average"]
    assert main(["tune", *typed, "--trials", "8", "--out", str(out)]) == 0
    entry = json.loads(out.read_text())["moving_average"]
    assert entry["settings"].keys() == {"window"}
    assert len(pd.read_parquet(tmp_path / "tuned.parquet")) == entry["trials"] == 8
    assert "Moving average: WAPE" in capsys.readouterr().out
    plain, own = tmp_path / "plain.parquet", tmp_path / "own.parquet"
    assert main(["backtest", *typed, "--out", str(plain)]) == 0
    assert main(["backtest", *typed, "--settings", str(out), "--out", str(own)]) == 0
    assert "warning" not in capsys.readouterr().err
    assert len(list(home.folder("runs").iterdir())) == 3, "other settings are another run"
    expected = backtest(STEADY, [registry.model("moving_average", **entry["settings"])], 7, last_cutoffs(STEADY, 2, 7))
    assert pd.read_parquet(own)["mean"].to_numpy() == pytest.approx(expected["mean"].to_numpy())
    assert not np.allclose(pd.read_parquet(own)["mean"], pd.read_parquet(plain)["mean"])
    assert main(["backtest", *typed[:3], "--cutoffs", "4", *typed[5:], "--settings", str(out), "--out", str(own)]) == 0
    assert "errors look too good" in capsys.readouterr().err


def test_own_settings_name_the_run_and_are_typed_whole() -> None:
    asked = Comparison(("linear",), 7, own={"linear": {"l2": 5.0}})
    assert runs.name_of(asked.settings("f")) != runs.name_of(Comparison(("linear",), 7).settings("f"))
    typed = asked.arguments(["x.csv"])
    assert settings.read(typed[typed.index("--settings") + 1])[0] == asked.own


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ('{"oracle": {"l2": 1}}', "there is no model of this name, got 'oracle'"),
        ('{"linear": {"depth": 3}}', "no such setting, got 'linear.depth: 3'; expected one of rows, features, l2"),
        ('{"linear": {"l2": "much"}}', "expected float"),
        ('{"linear": {"l2": true}}', "expected float"),
        ('{"linear": {"features": 2.5}}', "expected int, null"),
        ('{"boosting": {"rate": NaN}}', "expected float"),
        ('{"boosting": {"rate": -1}}', "rate: got -1"),
        ('{"boosting": {"leaves": 1}}', "leaves: got 1, expected 2 or more"),
        ('{"sarima": {"order": "(1,0)"}}', "expected one like (1,0,1)"),
        ('{"sarima": {"orders": []}}', "no such setting"),
        ('{"linear": 3}', "cannot be read"),
        ("{", "cannot be read"),
        ("nowhere.json", "there is no such file"),
    ],
)
def test_settings_that_cannot_be_are_told(sales: Path, capsys: pytest.CaptureFixture[str], own: str, said: str) -> None:
    assert main(["compare", str(sales), "--horizon", "7", "--models", "seasonal_naive", "--settings", own]) == 2
    assert said in capsys.readouterr().err
    assert not list(home.folder("runs").iterdir())


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--models", "seasonal_naive"], "there is no model of this name"),
        (["--models", "linear", "--budget", "-1"], "--budget -1"),
        (["--models", "linear", "--budget", "nan"], "--budget nan"),
        (["--models", "linear", "--trials", "0"], "--trials 0"),
        (["--models", "linear", "--before", "99"], "do not fit before"),
        (["--models", "linear", "--out", "tuned.csv"], "ends in .json"),
        (["--models", "linear", "--keep", "Nobody's"], "Nobody's"),
    ],
)
def test_what_cannot_be_tuned_is_told(sales: Path, capsys: pytest.CaptureFixture[str], typed: list[str], said: str) -> None:
    assert main(["tune", str(sales), "--horizon", "7", *typed]) == 2
    assert said in capsys.readouterr().err


def test_a_dataset_keeps_what_was_found_until_it_is_cleared() -> None:
    data = saved.save_sales("Shop", SHOP, {"source": "test"})
    typed = [*saved.arguments_of(data), "--horizon", "7", "--cutoffs", "2", "--trials", "2", "--keep", "Shop"]
    assert settings.kept(data) == {}
    assert main(["tune", *typed, "--models", "moving_average"]) == 0
    assert main(["tune", *typed, "--models", "seasonal_average"]) == 0
    assert set(settings.kept(data)) == {"moving_average", "seasonal_average"}
    settings.clear(data)
    assert settings.kept(data) == {}
    assert not os.path.lexists(data.folder / settings.KEPT)


def test_tuning_runs_of_a_deleted_dataset_are_forgotten() -> None:
    data = saved.save_sales("Shop", SHOP, {"source": "test"})
    run = runs.start({"n": 1}, ["-c", ""], {"tuning": data.name})
    run.wait()
    datasets.delete(data, "Ann")
    assert runs.latest({"tuning": data.name}) == []
    assert not run.folder.joinpath("run.json").exists()


def test_a_comparison_uses_the_settings_in_every_step() -> None:
    own = {"moving_average": {"window": 28}}
    models = [registry.model("moving_average", **own["moving_average"])]
    run = compared(Comparison(("moving_average",), 7, "1", own=own), SHOP, models, last_cutoffs(SHOP, 1, 7))
    assert run.settings["own"] == own
    forecast = tables.read_table(run.folder / "forecast.parquet")
    np.testing.assert_allclose(forecast.groupby("item")["mean"].first(), SHOP.y[:, -28:].mean(axis=1), rtol=1e-6)
