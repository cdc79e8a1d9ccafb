"""`python -m forecasting spread`: totals over an interval from many past cutoffs, and that a plan from the same errors says the same."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import panel, weekly_shop

from forecasting.__main__ import main
from forecasting.backtest import backtest, forecast_all
from forecasting.models import registry
from forecasting.spread import demand_spread
from forecasting.totals import LEVELS, MOST_CUTOFFS, Totals, backtested_length, dense_cutoffs, spread_from, spread_tasks, table
from ui.texts import text

SHOP = weekly_shop(6, 90, np.random.default_rng(4))
COLUMNS = ["item", "cutoff", "model", "interval", "mean", *(f"q{level:g}" for level in LEVELS)]
COLUMNS += ["scale", "class", "cutoffs", "errors", "tail", "extrapolated", "status"]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFCAST_JOBS", "1")


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, an item that never sold and one whose only sale is its last day."""
    path = tmp_path_factory.mktemp("sales") / "sales.csv"
    days = SHOP.periods
    never = pd.DataFrame({"item": "never", "ds": days, "y": 0})
    new = pd.DataFrame({"item": "new", "ds": days[-1:], "y": 3})
    pd.concat([SHOP.to_frame(), never, new]).to_csv(path, index=False)
    return path


def test_one_row_an_item_and_typed_again_the_same(sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed = ["spread", str(sales), "--interval", "5", "--model", "seasonal_naive", "--out"]
    assert main([*typed, str(tmp_path / "a.parquet")]) == 0
    said = capsys.readouterr()
    assert "calibrated at 56 past cutoffs" in said.out
    assert "1 of 1 part done, 0 forecasts failed:" in said.err, "what began after a cutoff did not fail there"
    rows = pd.read_parquet(tmp_path / "a.parquet")
    assert list(rows.columns) == COLUMNS
    assert rows["item"].tolist() == [*SHOP.items, "never", "new"]
    known, never, new = rows.iloc[:6], rows.iloc[6], rows.iloc[7]
    assert (np.diff(known[COLUMNS[5:11]].to_numpy(), axis=1) >= 0).all()
    assert (known["q0.9"] > known["mean"]).all()
    assert not known["extrapolated"].any()
    assert (known["cutoffs"] >= 40).all()
    assert (never["mean"], never["q0.99"], never["status"]) == (0, 0, "fallback: all_zero")
    assert new["status"] == "failed: no_history" or new["q0.9"] > 0
    assert new[["mean", "q0.5", "q0.99"]].isna().nunique() == 1
    before = (tmp_path / "a.parquet").read_bytes()
    assert main([*typed, str(tmp_path / "b.parquet")]) == 0
    assert (tmp_path / "b.parquet").read_bytes() == before


def test_an_interval_longer_than_the_history_supports_is_marked(sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "long.parquet"
    assert (
        main(["spread", str(sales), "--interval", "40", "--model", "naive", "--levels", "0.95,0.9", "--cutoffs", "5", "--out", str(out)])
        == 0
    )
    rows = pd.read_parquet(out)
    assert rows["extrapolated"].all()
    assert [column for column in rows if column.startswith("q")] == ["q0.9", "q0.95"]
    assert text("spread.extrapolated", interval=40, backtested=30) in capsys.readouterr().err
    assert rows["cutoffs"].max() == 5


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--interval", "0"], "this interval cannot be used"),
        (["--interval", "5", "--model", "naive,theta"], "there is no model of this name"),
        (["--interval", "5", "--cutoffs", "0"], "this number of cutoffs cannot be used"),
    ],
)
def test_what_cannot_be_used_is_said(sales: Path, tmp_path: Path, typed: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spread", str(sales), *typed, "--out", str(tmp_path / "s.parquet")]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("levels", ["1", "0.9,x", ""])
def test_levels_lie_between_0_and_1(sales: Path, tmp_path: Path, levels: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["spread", str(sales), "--interval", "5", "--levels", levels, "--out", str(tmp_path / "s.parquet")])
    assert "expected numbers between 0 and 1" in capsys.readouterr().err


def test_a_plan_from_the_same_errors_has_the_same_quantiles() -> None:
    models, length = [registry.model("seasonal_naive")], 5
    cutoffs = dense_cutoffs(SHOP, length)
    planned = demand_spread(SHOP, forecast_all(SHOP, models, length), backtest(SHOP, models, length, cutoffs), "seasonal_naive")
    asked = Totals("seasonal_naive", length)
    rows = pd.concat([task.call() for task in spread_tasks(SHOP, models[0], asked)])
    made = table(spread_from(SHOP, "seasonal_naive", rows, length), np.full(6, "ok"), length, (0.5, 0.95))
    periods = np.full(6, float(length))
    assert made["mean"].to_numpy() == pytest.approx(planned.mean(periods))
    assert made["q0.95"].to_numpy() == pytest.approx(planned.mean(periods) + planned.excess(periods, 0.95))


def test_cutoffs_are_close_and_as_many_as_the_history_supports() -> None:
    weeks, days, long = (panel(np.ones((1, count)), frequency) for count, frequency in ((143, "W"), (120, "D"), (1941, "D")))
    assert len(dense_cutoffs(weeks, 6)) == MOST_CUTOFFS
    assert dense_cutoffs(weeks, 6)[-1] == weeks.periods[-7]
    some = dense_cutoffs(days, 7)
    assert (some[0], some[-1], len(some)) == (days.periods[48], days.periods[-8], MOST_CUTOFFS)
    apart = np.unique(np.diff(dense_cutoffs(long, 42)))
    assert apart.astype("timedelta64[D]").tolist() == [pd.Timedelta(days=7).to_pytimedelta()]
    year = panel(np.ones((1, 60)), "W")
    assert year.periods.get_loc(dense_cutoffs(year, 3)[0]) == 29  # a season and a period do not leave half
    assert backtested_length(days, 7) == 7
    assert backtested_length(days, 90) == 40
    assert dense_cutoffs(panel(np.ones((1, 3))), 2) == []


def test_with_no_past_cutoff_the_quantiles_are_normal_and_marked(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    pd.DataFrame({"item": "a", "ds": pd.date_range("2024-01-01", periods=2), "y": [4, 5]}).to_csv(path, index=False)
    assert main(["spread", str(path), "--interval", "2", "--model", "naive", "--out", str(tmp_path / "s.parquet")]) == 0
    (row,) = pd.read_parquet(tmp_path / "s.parquet").itertuples()
    assert (row.mean, row.cutoffs, row.extrapolated, row.tail) == (10, 0, True, True)
    assert row._9 > row.mean
