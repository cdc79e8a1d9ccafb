"""`python -m forecasting`: the issue's columns, exit codes and words; heavy models stay with the slow tests."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.__main__ import main
from forecasting.backtest import backtest, forecast_all
from forecasting.cutoffs import last_cutoffs
from forecasting.models import registry
from sales.intake import intake
from sales.mapping import Mapping
from ui.texts import text
from workspace import home, runs, tables

COLUMNS = ["item", "ds", "cutoff", "model", "model_used", "y", "mean", "q0.5", "q0.8", "q0.9", "q0.95", "q0.975", "seconds", "status"]


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    """Three items of 60 days: a weekly season, one that never sells, one that is new."""
    days = pd.date_range("2024-01-01", periods=60)
    season = pd.DataFrame({"item": "01", "ds": days, "y": 10 + days.day_of_week})
    never = pd.DataFrame({"item": "02", "ds": days, "y": 0})
    new = pd.DataFrame({"item": "new", "ds": days[-5:], "y": [3, 4, 5, 4, 3]})
    path = tmp_path / "sales.csv"
    pd.concat([season, never, new]).to_csv(path, index=False)
    return path


def test_backtest_writes_tidy_rows(sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "backtest.parquet"
    assert main(["backtest", str(sales), "--horizon", "7", "--cutoffs", "2", "--models", "seasonal_naive", "--out", str(out)]) == 0
    rows = pd.read_parquet(out)
    assert list(rows.columns) == COLUMNS
    assert set(rows["item"]) == {"01", "02", "new"}
    assert sorted(rows["cutoff"].unique()) == [pd.Timestamp("2024-02-15"), pd.Timestamp("2024-02-22")]
    assert (rows.loc[rows["item"] == "01", "mean"] == rows.loc[rows["item"] == "01", "y"]).all()
    assert set(rows.loc[rows["item"] == "02", "status"]) == {"fallback: all_zero"}
    assert set(rows.loc[rows["item"] == "new", "status"]) == {"failed: no_history"}
    assert rows.loc[rows["item"] == "new", "mean"].isna().all()
    said = capsys.readouterr()
    assert "seasonal_naive: WAPE 0.0%" in said.out
    assert "1 of 1 part done, 0 forecasts failed:" in said.err, "what began after a cutoff did not fail there"


def test_forecast_goes_past_the_end_and_says_how_far_it_is(sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "forecast.parquet"
    typed = ["forecast", str(sales), "--horizon", "3", "--models", "seasonal_naive"]
    assert main([*typed, "--best", "1", "--out", str(out)]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("Beginning: 0 of 1 part done, time left not yet known")
    assert said[-1].startswith("1 of 1 part done, 0 forecasts failed")
    rows = pd.read_parquet(out)
    assert list(rows["item"].unique()) == ["01"]
    assert list(rows["ds"]) == list(pd.date_range("2024-03-01", periods=3))
    assert rows["y"].isna().all()
    assert main([*typed, "--out", str(tmp_path / "all.parquet")]) == 0
    assert tables.read_table(out).attrs["fingerprint"] == tables.read_table(tmp_path / "all.parquet").attrs["fingerprint"]


def test_compare_is_backtest_and_forecast_in_one_with_the_same_numbers_as_in_memory(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFCAST_JOBS", "1")
    names = ("seasonal_naive", "tree")
    same = [str(sales), "--horizon", "7", "--models", ",".join(names)]
    assert main(["compare", *same, "--cutoffs", "2", "--out", str(tmp_path)]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "; learnt at " in line]
    panel = intake(pd.read_csv(sales, dtype={"item": str}), Mapping("item", "ds", "y")).panel
    assert panel is not None
    models, cutoffs = [registry.model(name) for name in names], last_cutoffs(panel, 2, 7)
    assert [line.split("; learnt at ")[1][:10] for line in told] == [f"{at:%Y-%m-%d}" for at in (cutoffs[-1], panel.last)]
    expected = {"backtest": backtest(panel, models, 7, cutoffs), "forecast": forecast_all(panel, models, 7)}
    for name, rows in expected.items():
        found = tables.read_table(tmp_path / f"{name}.parquet")
        assert found.attrs == {"details": rows.attrs["details"], "fingerprint": panel.sales_fingerprint}
        assert found["item"].tolist() == rows["item"].tolist()
        pd.testing.assert_frame_equal(found.drop(columns="seconds"), rows.drop(columns="seconds"), check_dtype=False)


def test_a_command_typed_again_computes_nothing_again(sales: Path, tmp_path: Path) -> None:
    typed = ["forecast", str(sales), "--horizon", "3", "--models", "seasonal_naive", "--out"]
    assert main([*typed, str(tmp_path / "a.parquet")]) == 0
    assert main([*typed, str(tmp_path / "b.parquet")]) == 0
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert len(list(home.folder("runs").iterdir())) == 1


def test_other_sales_or_settings_are_another_run(sales: Path, tmp_path: Path) -> None:
    out = ["--models", "seasonal_naive", "--out", str(tmp_path / "f.parquet")]
    assert main(["forecast", str(sales), "--horizon", "3", *out]) == 0
    assert main(["forecast", str(sales), "--horizon", "4", *out]) == 0
    assert pd.read_parquet(tmp_path / "f.parquet")["ds"].nunique() == 4
    table = pd.read_csv(sales, dtype={"item": str})
    table.loc[table["item"] == "01", "y"] += 1
    table.to_csv(sales, index=False)
    assert main(["forecast", str(sales), "--horizon", "4", *out]) == 0
    rows = pd.read_parquet(tmp_path / "f.parquet")
    assert rows.loc[rows["item"] == "01", "mean"].min() == 11
    assert len(list(home.folder("runs").iterdir())) == 3


def test_a_run_whose_data_changed_before_its_command_read_them_fails_and_says_so(sales: Path, tmp_path: Path) -> None:
    arguments = ["-m", "forecasting", "forecast", str(sales), "--horizon", "3", "--models", "seasonal_naive"]
    run = runs.start({"fingerprint": "of other data"}, [*arguments, "--out", str(tmp_path / "f.parquet")], {"data": "shop"})
    assert run.wait() is runs.State.FAILED
    assert text("forecast.changed") in run.log
    assert not (tmp_path / "f.parquet").exists()


def test_dates_work_as_cutoffs(sales: Path, tmp_path: Path) -> None:
    out = tmp_path / "backtest.parquet"
    typed = ["backtest", str(sales), "--horizon", "7", "--models", "seasonal_naive", "--cutoffs", "2024-02-01,2024-02-10"]
    assert main([*typed, "--out", str(out)]) == 0
    assert sorted(pd.read_parquet(out)["cutoff"].dt.strftime("%m-%d").unique()) == ["02-01", "02-10"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--horizon", "0"], "this horizon cannot be used"),
        (["--horizon", "7", "--models", "oracle"], "there is no model of this name"),
        (["--horizon", "7", "--cutoffs", "99"], "this many cutoffs do not fit"),
        (["--horizon", "7", "--cutoffs", "soon"], "this is no date"),
        (["--horizon", "7", "--best", "0"], "this number of best sellers"),
        (["--horizon", "7", "--models", "prophet", "--country", "Atlantis"], "no holidays are known"),
        (["--horizon", "7", "--known", "weather"], "weather"),
        (["--horizon", "7", "--cutoffs", "²"], "this is no date"),
    ],
)
def test_bad_arguments_are_listed_and_nothing_is_written(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], typed: list[str], said: str
) -> None:
    out = tmp_path / "backtest.parquet"
    assert main(["backtest", str(sales), *typed, "--out", str(out)]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_said_before_anything_is_computed(
    sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forecast", str(sales), "--horizon", "3", "--out", str(tmp_path / "nowhere" / "f.parquet")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_all_that_is_wrong_is_said_at_once(sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", str(sales), "--horizon", "0", "--models", "a,b", "--out", str(tmp_path / "x.csv")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 4


def test_a_file_that_cannot_be_used_is_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("item,y\na,1\n")
    assert main(["forecast", str(path), "--horizon", "3", "--models", "seasonal_naive", "--out", str(tmp_path / "f.parquet")]) == 2
    assert "date" in capsys.readouterr().err


@pytest.mark.slow
def test_all_that_is_compared_where_nobody_chose_answers_from_the_command_line(tmp_path: Path) -> None:
    from sales.samples import made_up_shop

    path, out = tmp_path / "shop.csv", tmp_path / "backtest.parquet"
    made_up_shop().sales.to_csv(path, index=False)
    typed = ["backtest", str(path), "--known", "price,promotion", "--best", "6", "--horizon", "28", "--cutoffs", "2", "--out", str(out)]
    assert main(typed) == 0
    rows = pd.read_parquet(out)
    assert set(rows["model"]) == set(registry.DEFAULT)
    assert set(rows["status"]) == {"ok"}
    assert np.isfinite(rows["mean"]).all()
    error = (rows["mean"] - rows["y"]).abs().groupby(rows["model"]).sum()
    assert error.drop("seasonal_naive").max() < error["seasonal_naive"]


def test_models_are_listed_with_their_cards(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(registry.NAMES)
    by_name = dict(zip(registry.NAMES, lines, strict=True))
    assert "last season in which they are known" in by_name["seasonal_naive"]
    at = head.index(text("card.takes"))
    for name, line in by_name.items():
        assert line[at:].startswith(text("card.covariates") if registry.card(name).uses_covariates else text("card.none")), name
        assert text(f"family.{registry.card(name).family}") in line
        assert len(line[head.index(text("card.description")) :]) > 20, name
