"""Flags decide what the Sales page asks: two tables, wide files, places apart, sheets, decisions as a file; night after night."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sales import datasets as saved
from sales.__main__ import main
from sales.panel import SalesPanel
from sales.recipe import Recipe
from workspace.datasets import Dataset, datasets, open_dataset
from workspace.home import home

DAYS = pd.date_range("2024-01-01", periods=9).strftime("%Y-%m-%d")
SHOPS = pd.DataFrame([(shop, sku, day, 2) for day in DAYS for shop in ("North", "South") for sku in ("007", "7a")])
SHOPS.columns = pd.Index(["shop", "sku", "date", "qty"])


def file(folder: Path, table: pd.DataFrame, name: str) -> str:
    table.to_csv(folder / name, index=False)
    return str(folder / name)


def imported(*typed: str) -> Dataset:
    assert main(["import", *typed, "--dataset", "Shop"]) == 0
    return datasets()[0]


def panel(data: Dataset) -> SalesPanel:
    return saved.load_sales(open_dataset(data.name))


def kept() -> dict[str, str]:
    """What every file of the workspace holds."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in home().rglob("*") if path.is_file()}


@pytest.fixture
def shops(tmp_path: Path) -> Dataset:
    return imported(file(tmp_path, SHOPS, "history.csv"), "--apart", "shop")


def test_shops_stay_apart_night_after_night(shops: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for night, day in enumerate(("2024-01-10", "2024-01-11", "2024-01-12"), 10):
        assert main(["import", file(tmp_path, SHOPS[:4].assign(date=day, qty=night), f"{day}.csv"), "--append", "Shop"]) == 0
    now = panel(shops)
    assert now.items.tolist() == ["007 / North", "007 / South", "7a / North", "7a / South"]
    np.testing.assert_array_equal(now.y, [[2] * 9 + [10, 11, 12]] * 4)
    assert "lacks" not in capsys.readouterr().out


def test_a_bad_file_leaves_everything_as_it_was_and_says_why(shops: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, capsys_before = kept(), capsys.readouterr()
    assert capsys_before.err == ""
    bad = {
        "": "error: file night.csv: the file is empty",
        "<!DOCTYPE html><html></html>": "error: file night.csv: this is a web page",
        "shop,sku,date\nNorth,007,2024-01-10\n": "error: column qty: there is no such column",
        "shop,sku,date,qty\nNorth,007,soon,1\n": "error: row 2, column date: most of this column is no date, got 'soon'",
    }
    for content, why in bad.items():
        (tmp_path / "night.csv").write_text(content)
        assert main(["import", str(tmp_path / "night.csv"), "--append", "Shop"]) == 2
        said = capsys.readouterr()
        assert why in said.err
        assert said.out == ""
    assert kept() == before


def test_what_decides_about_all_sales_is_not_taken_from_one_file(
    shops: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night = file(tmp_path, SHOPS[:4].assign(date="2024-01-10"), "night.csv")
    flags = ["--freq", "W", "--repair", "returns=keep", "--merge", "a=b", "--gaps", "zero"]
    assert main(["import", night, "--append", "Shop", *flags]) == 0
    said = capsys.readouterr().out
    ignored = [line.split("got '")[1].split("'")[0] for line in said.splitlines() if "a flag decides about the whole dataset" in line]
    assert ignored == ["--freq W", "--repair returns=keep", "--merge a=b"]
    assert panel(shops).calendar.frequency == "D"


def test_a_file_that_lacks_a_column_of_the_others_goes_on_top_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = SHOPS.assign(category="toys")
    imported(file(tmp_path, table, "history.csv"))
    night = table[:4].assign(date="2024-01-10").drop(columns="category")
    assert main(["import", file(tmp_path, night, "night.csv"), "--append", "Shop"]) == 0
    assert "warning: this file lacks columns that others have, got 'category'" in capsys.readouterr().out


def test_the_order_of_day_and_month_of_one_file_may_be_said(tmp_path: Path) -> None:
    """The dataset's own files are in ISO and tell nothing; the newer one could be read either way."""
    data = imported(file(tmp_path, SHOPS[SHOPS["date"] < "2024-01-04"], "history.csv"))
    night = file(tmp_path, SHOPS[:4].assign(date="04/01/2024"), "night.csv")
    assert main(["import", night, "--append", "Shop"]) == 2
    assert main(["import", night, "--append", "Shop", "--day-first"]) == 0
    assert str(panel(data).last.date()) == "2024-01-04"


ORDERS = pd.DataFrame({"id": ["1", "2", "3"], "date": ["2024-01-01", "2024-01-02", "2024-01-03"]})
LINES = pd.DataFrame({"order": ["1", "1", "2", "3"], "sku": ["A", "B", "A", "B"], "qty": [1, 2, 3, 4]})


@pytest.mark.parametrize("lines_first", [True, False])
def test_orders_and_their_lines_are_joined(lines_first: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orders, lines = file(tmp_path, ORDERS, "orders.csv"), file(tmp_path, LINES, "lines.csv")
    first, second, on = (lines, orders, "order=id") if lines_first else (orders, lines, "id=order")
    if not lines_first:
        assert main(["check", first, "--join", second, "--on", on]) == 2
        assert "--join-lines" in capsys.readouterr().out
    data = imported(first, "--join", second, "--on", on, *([] if lines_first else ["--join-lines"]))
    np.testing.assert_array_equal(panel(data).y, [[1, 3, 0], [2, 0, 4]])
    with_day = {"left": orders, "right": lines}["left" if lines_first else "right"]
    assert main(["import", first, "--join", with_day, "--append", "Shop"]) == 0
    assert len(open_dataset(data.name).versions) == 1


def test_a_master_may_be_left_out_later_and_what_is_said_of_joining_needs_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    master = file(tmp_path, pd.DataFrame({"code": ["007", "7a"], "category": ["x", "y"]}), "master.csv")
    data = imported(file(tmp_path, SHOPS, "history.csv"), "--join", master, "--on", "sku=code")
    assert panel(data).attributes["category"].tolist() == ["x", "y"]
    assert main(["import", file(tmp_path, SHOPS[:4].assign(date="2024-01-10"), "night.csv"), "--append", "Shop"]) == 0
    assert panel(data).attributes["category"].tolist() == ["x", "y"]
    assert main(["import", str(tmp_path / "night.csv"), "--append", "Shop", "--on", "sku=code"]) == 2
    assert "it is said how to join, but not what" in capsys.readouterr().err


def wide(days: pd.Index, units: int) -> pd.DataFrame:
    return pd.DataFrame({"sku": ["A", "B"], "name": ["a", "b"], **dict.fromkeys(days, units)})


def test_a_wide_sheet_is_read_by_its_name_also_tomorrow(tmp_path: Path) -> None:
    for name, table in (("one", wide(DAYS, 2)), ("two", wide(DAYS[-1:], 5).assign(**{"2024-01-10": 6, "2024-01-11": 7}))):
        with pd.ExcelWriter(tmp_path / f"{name}.xlsx") as book:
            pd.DataFrame({"note": ["made by hand"]}).to_excel(book, sheet_name="Notes", index=False)
            table.to_excel(book, sheet_name="Units", index=False)
    data = imported(str(tmp_path / "one.xlsx"), "--sheet", "Units")
    for _ in range(2):
        assert main(["import", str(tmp_path / "two.xlsx"), "--append", "Shop"]) == 0
    np.testing.assert_array_equal(panel(data).y, [[2] * 8 + [5, 6, 7]] * 2)
    assert len(open_dataset(data.name).versions) == 2


@pytest.mark.parametrize(
    ("table", "flags"),
    [
        (pd.DataFrame({"when": DAYS, "A": 2, "B": 2, "C": 2}), []),
        (pd.DataFrame({"A": [2] * 9, "B": 2, "C": 2}), ["--first-date", "2024-01-01", "--freq", "D"]),
        (wide(DAYS, 2)[["sku", *DAYS]].assign(level=7), ["--beside", "sku,level"]),
    ],
)
def test_wide_files_are_laid_out(table: pd.DataFrame, flags: list[str], tmp_path: Path) -> None:
    now = panel(imported(file(tmp_path, table, "wide.csv"), *flags))
    assert (set(now.y.ravel()), len(now.periods), str(now.periods[0].date())) == ({2.0}, 9, "2024-01-01")


def test_a_file_with_a_column_of_units_is_long_whatever_it_looks_like(tmp_path: Path) -> None:
    table = pd.DataFrame({"day": DAYS, "p": range(9), "q": 2, "r": 1})
    flags = ["--item", "r", "--date", "day", "--units", "q"]
    assert panel(imported(file(tmp_path, table, "x.csv"), *flags)).items.tolist() == ["1"]


def test_decisions_are_printed_and_make_the_same_of_the_same_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.concat([SHOPS, SHOPS[:1].assign(qty=-1), SHOPS[:1].assign(sku="7A")])
    typed = [file(tmp_path, table, "history.csv"), "--apart", "shop", "--one-a-row", "--merge-alike", "--gaps", "unknown", "--category", ""]
    data = imported(*typed, "--repair", "no_product=keep")
    capsys.readouterr()
    assert main(["recipe", "Shop"]) == 0
    printed = capsys.readouterr().out
    (tmp_path / "decisions.json").write_text(printed)
    recipe = Recipe.from_json(json.loads(printed))
    assert (recipe.apart, recipe.one_a_row, recipe.merges) == (("shop",), True, {"7A / North": "7a / North"})
    again = imported(typed[0], "--recipe", str(tmp_path / "decisions.json"))
    assert saved.recipe_of(again) == saved.recipe_of(data)
    assert again.facts["fingerprint"] == data.facts["fingerprint"]
    other = imported(typed[0], "--recipe", str(tmp_path / "decisions.json"), "--season", "3")
    assert panel(other).season == 3


@pytest.mark.parametrize("content", ["[", "[]", '{"version": 99}', '{"version": 1, "reading": {"header_row": "2"}}', None])
def test_decisions_that_cannot_be_read_are_a_problem(content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if content is not None:
        (tmp_path / "x.json").write_text(content)
    assert main(["import", file(tmp_path, SHOPS, "a.csv"), "--dataset", "S", "--recipe", str(tmp_path / "x.json")]) == 2
    assert "x.json: these decisions cannot be read, got '" in capsys.readouterr().err


def test_sales_are_made_anew_by_other_decisions_and_replaced(shops: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rebuild", "Shop", "--merge", "7a / North=007 / North"]) == 0
    assert panel(shops).y[0].tolist() == [4] * 9
    assert main(["rebuild", "Shop", "--merge", "7a / North=007 / North"]) == 0
    assert "nothing changed" in capsys.readouterr().out
    assert len(open_dataset(shops.name).versions) == 2
    assert main(["import", file(tmp_path, SHOPS[SHOPS["shop"] == "North"], "north.csv"), "--replace", "Shop"]) == 0
    now = open_dataset(shops.name)
    assert (now.title, len(now.versions), panel(now).items.tolist()) == ("Shop", 3, ["007", "7a"])


def test_what_somebody_saved_meanwhile_is_not_lost(
    shops: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    night = file(tmp_path, SHOPS[:4].assign(date="2024-01-10"), "night.csv")
    put = saved.raw_of

    def meanwhile(data: Dataset) -> list[pd.DataFrame]:
        monkeypatch.setattr(saved, "raw_of", put)
        assert main(["rebuild", "Shop", "--season", "3"]) == 0
        return put(data)

    monkeypatch.setattr(saved, "raw_of", meanwhile)
    assert main(["import", night, "--append", "Shop"]) == 2
    assert "somebody changed or deleted this dataset meanwhile, got 'Shop'" in capsys.readouterr().err
    assert (panel(shops).season, len(panel(shops).periods)) == (3, 9)


def test_a_broken_dataset_and_a_workspace_that_cannot_be_written_are_problems(
    shops: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    night = file(tmp_path, SHOPS[:4].assign(date="2024-01-10"), "night.csv")
    shops.path(shops.facts["table"]).write_bytes(b"broken")
    assert main(["import", night, "--append", "Shop"]) == 2
    assert "the dataset cannot be read" in capsys.readouterr().err
    monkeypatch.setenv("SHELFCAST_HOME", night)
    assert main(["import", str(tmp_path / "history.csv"), "--dataset", "Other"]) == 2
    assert "the workspace cannot be read or written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--repair", "retuns=drop"], "got 'retuns', expected one of all_zero"),
        (["--separator", ";;"], "expected one character, or tab"),
        (["--header-row", "0"], "expected 1 or more"),
        (["--header-rows", "21"], "expected 0 to 20"),
        (["--first-date", "soon"], "expected a day like 2024-01-31"),
        (["--on", "a"], "expected two names with = between them"),
        (["--dataset", " "], "give a name"),
    ],
)
def test_flags_that_cannot_be_are_refused(flags: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["import", "x.csv", "--dataset", "Shop", *flags])
    assert said in capsys.readouterr().err


def test_a_terminal_sees_what_is_being_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    imported(file(tmp_path, SHOPS, "history.csv"))
    shown: list[Any] = capsys.readouterr().err.split("\r")
    assert {len(line) for line in shown if line} == {59}
    assert [line.strip() for line in shown if line.strip()] == [
        "[                    ] reading history.csv",
        "[##########          ] checks and repairs",
        "[###############     ] saving",
    ]
    assert shown[-1] == ""
