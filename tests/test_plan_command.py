"""`python -m inventory plan`: the same numbers as the functions, exit codes, and every problem said at once."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
import stock
from panels import panel

from forecasting import backtest as backtests
from forecasting.backtest import backtest, forecast_all
from forecasting.cutoffs import last_cutoffs
from forecasting.models.registry import model
from forecasting.spread import demand_spread
from inventory.__main__ import main
from inventory.export import reorder_csv
from inventory.plan import reorder_plan
from inventory.settings import PlanSettings
from inventory.terms import read_terms
from sales.panel import SalesPanel
from ui.texts.reasons import reasons
from workspace.tables import write_table

HORIZON = 21
STOCK = {"item": ["A000", "A001", "A002"], "on_hand": ["40", "0", "5000"], "lead_time_days": ["9", "", "30"], "pack": ["6", "", ""]}


@pytest.fixture
def shop() -> SalesPanel:
    return panel(np.random.default_rng(2).poisson([[3.0], [8.0], [20.0]], size=(3, 140)), season=7)


@pytest.fixture
def files(tmp_path: Path, shop: SalesPanel) -> Path:
    """sales.csv, forecast.parquet, backtest.parquet and stock.csv of three items."""
    shop.to_frame().to_csv(tmp_path / "sales.csv", index=False)
    naive = [model("seasonal_naive")]
    write_table(tmp_path / "forecast.parquet", forecast_all(shop, naive, HORIZON))
    write_table(tmp_path / "backtest.parquet", backtest(shop, naive, HORIZON, last_cutoffs(shop, 3, HORIZON)))
    pd.DataFrame(STOCK).to_csv(tmp_path / "stock.csv", index=False)
    return tmp_path


def run(files: Path, *typed: str, out: str = "reorder.csv", **changed: str | None) -> int:
    """The command with all four files, some of them changed or left out (None)."""
    given = {"sales": "sales.csv", "forecast": "forecast.parquet", "backtest": "backtest.parquet", "stock": "stock.csv", **changed}
    flags = [part for name, file in given.items() if file for part in (f"--{name}", str(files / file))]
    return main(["plan", *flags, "--out", str(files / out), *typed])


def lines(files: Path, out: str = "reorder.csv") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((files / out).read_text(encoding="utf-8-sig"))))


def test_the_file_is_what_the_functions_give(files: Path, shop: SalesPanel, capsys: pytest.CaptureFixture[str]) -> None:
    typed = ["--service-level", "0.9", "--safety-factor", "1.5", "--review-days", "3", "--method", "normal"]
    assert run(files, *typed, "--all-rows") == 0
    tables = [pd.read_parquet(files / name) for name in ("forecast.parquet", "backtest.parquet")]
    spread = demand_spread(shop, *tables, "seasonal_naive")
    terms = read_terms(pd.DataFrame(STOCK), shop)[0]
    expected = reorder_plan(terms, spread, shop.calendar, PlanSettings(0.9, 1.5, None, 3.0, "normal"))
    assert (files / "reorder.csv").read_bytes() == reorder_csv(expected, reasons(expected), all_rows=True)
    said = capsys.readouterr()
    assert said.out == f"2 of 3 items to order, {expected.totals().units:.10g} units, written to {files / 'reorder.csv'}\n"
    assert said.err == ""


def test_only_lines_to_order_unless_asked(files: Path) -> None:
    assert run(files) == 0
    assert [line["item"] for line in lines(files)] == ["A000", "A001"]
    assert int(lines(files)[0]["quantity"]) % 6 == 0


def test_without_a_backtest_the_forecasts_model_is_backtested_and_it_says_so(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files) == 0
    given = (files / "reorder.csv").read_bytes()
    assert run(files, backtest=None) == 0
    assert (files / "reorder.csv").read_bytes() == given
    assert "seasonal_naive backtested now, 3 cutoffs, horizon 21" in capsys.readouterr().err


def test_settings_that_a_forecast_does_not_tell_are_said(
    files: Path, shop: SalesPanel, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    naive = model("seasonal_naive")
    monkeypatch.setattr(backtests, "backtest", lambda panel, models, *rest: backtest(panel, [naive], *rest).assign(model="prophet"))
    write_table(files / "forecast.parquet", stock.rows(shop, shop.last, HORIZON, 5.0, model="prophet"))
    assert run(files, backtest=None) == 0
    assert "Whether the forecast of prophet knew the holidays of a country is not known" in capsys.readouterr().err
    write_table(files / "forecast.parquet", forecast_all(shop, [naive], HORIZON))
    assert run(files, backtest=None) == 0
    assert "holidays" not in capsys.readouterr().err


def test_as_many_cutoffs_as_fit(files: Path, shop: SalesPanel, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(files / "long.parquet", forecast_all(shop, [model("seasonal_naive")], 60))
    assert run(files, backtest=None, forecast="long.parquet") == 0
    assert "2 cutoffs, horizon 60" in capsys.readouterr().err
    write_table(files / "long.parquet", forecast_all(shop, [model("seasonal_naive")], 139))
    assert run(files, backtest=None, forecast="long.parquet") == 0
    assert "140 periods hold none of horizon 139" in capsys.readouterr().err
    assert {line["tail"] for line in lines(files)} == {"true"}


def test_without_stock_these_are_targets(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, stock=None) == 0
    assert "targets, not orders" in capsys.readouterr().err
    assert {line["on_hand"] for line in lines(files)} == {""}
    assert len(lines(files)) == 3


def test_the_best_of_several_models_is_used_for_all(files: Path, shop: SalesPanel, capsys: pytest.CaptureFixture[str]) -> None:
    level = np.nanmean(shop.demand, axis=1, keepdims=True)
    for name, cutoffs in (("forecast", [shop.last]), ("backtest", last_cutoffs(shop, 3, HORIZON))):
        rows = pd.read_parquet(files / f"{name}.parquet")
        actual = {cutoff: rows.loc[rows["cutoff"] == cutoff, "y"].to_numpy().reshape(3, HORIZON) for cutoff in cutoffs}
        better = [stock.rows(shop, cutoff, HORIZON, level, actual[cutoff], model="better") for cutoff in cutoffs]
        write_table(files / f"{name}.parquet", pd.concat([rows, *better], ignore_index=True))
    assert run(files) == 0
    assert {line["model"] for line in lines(files)} == {"better"}
    assert "the plan uses better" in capsys.readouterr().err


def test_a_workbook_by_its_ending(files: Path) -> None:
    assert run(files, out="reorder.xlsx") == 0
    sheet = openpyxl.load_workbook(files / "reorder.xlsx").active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["A000", "A001"]


def test_everything_wrong_is_said_at_once(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "stock.csv").write_text("thing,on_hand\nA000,3\n")
    typed = ["--service-level", "95", "--safety-factor", "-1", "--review-days", "nan"]
    assert run(files, *typed, forecast="none.parquet", backtest="sales.csv", out="reorder.pdf") == 2
    said = capsys.readouterr().err
    for part in (
        "--service-level cannot have this value, got '95'; expected 0.5 to 0.999",
        "--safety-factor cannot have this value, got '-1'; expected 0 to 3",
        "--review-days cannot have this value, got 'nan'",
        "there is no such file",
        "this is no forecast or backtest, got 'sales.csv'",
        "no column of items; it has: thing, on_hand",
        "a name that ends in .csv / .xlsx",
    ):
        assert part in said
    assert not (files / "reorder.pdf").exists()


def test_a_faulty_stock_file_still_makes_a_plan(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "stock.csv").write_text("item,on_hand,moq\nA000,3,-6\nzz,1,1\n")
    assert run(files) == 0
    said = capsys.readouterr().err
    assert "row 2, column moq: negative value, got '-6'" in said
    assert "row 3, column item: no sales of this item, got 'zz'" in said


def _wrong_forecast(change: str, shop: SalesPanel) -> pd.DataFrame:
    rows = stock.rows(shop, shop.last, HORIZON, 5.0, model="seasonal_naive")
    earlier = stock.rows(shop, shop.periods[-2], HORIZON, 5.0, model="seasonal_naive")
    changes: dict[str, Any] = {
        "negative": lambda: rows.assign(mean=-1.0),
        "infinite": lambda: rows.assign(mean=np.inf),
        "text": lambda: rows.assign(mean="5"),
        "dates as text": lambda: rows.assign(ds=rows["ds"].astype(str)),
        "no cutoff": lambda: rows.drop(columns="cutoff"),
        "other cutoff": lambda: earlier,
        "two cutoffs": lambda: pd.concat([rows, earlier]),
        "unknown item": lambda: rows.assign(item="zz"),
        "other model": lambda: rows.assign(model="mine"),
        "no rows": lambda: rows.iloc[:0],
    }
    return changes[change]()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("negative", "column mean: forecast.parquet holds something else"),
        ("infinite", "column mean: forecast.parquet holds something else"),
        ("text", "column mean: forecast.parquet holds something else"),
        ("dates as text", "column ds: forecast.parquet holds something else"),
        ("no cutoff", "does not have all columns of a forecast, got 'cutoff'"),
        ("other cutoff", "got '2023-05-20'; expected one cutoff, 2023-05-21"),
        ("two cutoffs", "got '2023-05-20, 2023-05-21'; expected one cutoff"),
        ("unknown item", "holds 1 item that the sales file does not, got 'zz'"),
        ("other model", "backtest.parquet has no rows of this model of the forecast, got 'mine'"),
        ("no rows", "no rows"),
    ],
)
def test_a_forecast_that_does_not_fit_is_refused(
    files: Path, shop: SalesPanel, change: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(files / "forecast.parquet", _wrong_forecast(change, shop))
    assert run(files) == 2
    assert said in capsys.readouterr().err


def test_a_forecast_and_a_backtest_of_other_sales_are_refused(files: Path, shop: SalesPanel, capsys: pytest.CaptureFixture[str]) -> None:
    """The same codes, the same days, sixty times the units: what a wrong path does."""
    rows = [pd.read_parquet(files / f"{name}.parquet") for name in ("forecast", "backtest")]
    for name, table in zip(("forecast", "backtest"), rows, strict=True):
        write_table(files / f"{name}.parquet", table, {"fingerprint": shop.sales_fingerprint, "details": {}})
    assert run(files) == 0
    other = panel(np.asarray(shop.y) * 60, season=7)
    for name, table in zip(("forecast", "backtest"), rows, strict=True):
        write_table(files / f"{name}.parquet", table.assign(mean=table["mean"] * 60), {"fingerprint": other.sales_fingerprint})
    assert run(files, out="wrong.csv") == 2
    said = capsys.readouterr().err
    assert "forecast.parquet was made from other sales" in said
    assert "backtest.parquet was made from other sales" in said
    assert not (files / "wrong.csv").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.assign(y=rows["y"] * 60), "actual sales that the sales file does not, first for A000, "),
        (lambda rows: rows.assign(y=rows["y"] + 1.0), "actual sales that the sales file does not"),
        (lambda rows: rows.assign(y=np.nan), "backtest.parquet knows no actual sales: it is no backtest"),
        (lambda rows: pd.concat([rows, rows.tail(1)]), "holds this period twice for one model and cutoff, got 'A002, 2023-05-21'"),
        (lambda rows: rows.assign(cutoff=rows["cutoff"] - pd.Timedelta("400D")), "does not follow its cutoff"),
        (lambda rows: rows.assign(ds=rows["ds"] + pd.Timedelta("1D")), "does not follow its cutoff 2023-03-19 in these sales, got"),
        (lambda rows: rows.assign(ds=rows["ds"].dt.tz_localize("UTC")), "column ds: backtest.parquet holds something else"),
        (lambda rows: rows.assign(model=None), "column model: backtest.parquet holds something else"),
    ],
)
def test_a_backtest_without_a_name_is_held_by_its_content(
    files: Path, change: Callable[[pd.DataFrame], pd.DataFrame], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(files / "backtest.parquet", change(pd.read_parquet(files / "backtest.parquet")))
    assert run(files) == 2
    assert said in capsys.readouterr().err


def test_a_forecast_given_as_a_backtest_is_refused(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, backtest="forecast.parquet") == 2
    assert "forecast.parquet knows no actual sales" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no table"])
def test_a_broken_file_is_a_problem(files: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "forecast.parquet").write_bytes(content)
    assert run(files) == 2
    assert "forecast.parquet cannot be read" in capsys.readouterr().err


def test_items_of_the_sales_without_a_forecast_are_named(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pd.read_parquet(files / "forecast.parquet")
    write_table(files / "forecast.parquet", rows[rows["item"] != "A001"])
    assert run(files) == 0
    assert "1 of 3 items of the sales has no forecast and is on no order, the first of them, got 'A001'" in capsys.readouterr().err


def test_an_unknown_model_cannot_be_backtested(files: Path, shop: SalesPanel, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(files / "forecast.parquet", _wrong_forecast("other model", shop))
    assert run(files, backtest=None) == 2
    assert "there is no model of this name, got 'mine'" in capsys.readouterr().err


def test_a_backtest_without_an_answer_chooses_no_model(files: Path, shop: SalesPanel, capsys: pytest.CaptureFixture[str]) -> None:
    cutoff, actual = shop.periods[-1 - HORIZON], shop.demand[:, -HORIZON:]
    write_table(files / "forecast.parquet", pd.concat([stock.rows(shop, shop.last, HORIZON, 5.0, model=name) for name in ("a", "b")]))
    write_table(files / "backtest.parquet", pd.concat([stock.rows(shop, cutoff, HORIZON, np.nan, actual, name) for name in ("a", "b")]))
    assert run(files) == 2
    assert "does not say which of these models is best, got 'a, b'" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_said(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, out="sales.csv/reorder.csv") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_items_without_a_quantity_are_counted(files: Path, shop: SalesPanel, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pd.read_parquet(files / "forecast.parquet")
    rows.loc[rows["item"] == "A001", "mean"] = np.nan
    write_table(files / "forecast.parquet", rows)
    assert run(files) == 0
    assert "1 item has no quantity" in capsys.readouterr().err
    assert [line["item"] for line in lines(files)] == ["A000"]


def test_a_stock_file_of_another_shop_is_refused(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "stock.csv").write_text("item,on_hand\nghost,5\nother,6\n")
    assert run(files) == 2
    assert "none of the 2 rows belongs to an item of the sales" in capsys.readouterr().err
