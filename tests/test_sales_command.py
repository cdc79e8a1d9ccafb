"""`python -m sales`: how a file is read, said in words, and an exit status that scripts can trust."""

import argparse
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sales.__main__ import main
from sales.commandline import add_sales_arguments, read_sales
from sales.datasets import arguments_of, save_sales
from sales.intake import intake
from sales.mapping import Mapping

GOOD = "item,ds,y,price\nA,2024-01-01,1,2\nA,2024-01-02,2,2\nB,2024-01-01,3,1\nA,2024-01-03,,1\n"


def written(folder: Path, text: str, name: str = "sales.csv") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_a_good_file_is_described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", written(tmp_path, GOOD), "--known", "price"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert {"item: item", "date: ds", "units: y", "known: price", "Period totals, read by day", "The file can be used."} <= set(said)
    assert "2 full periods, 2024-01-01 to 2024-01-02; columns known ahead reach 1 further" in said
    assert "2 items, 6 units, from 4 of 4 rows" in said


def test_repairs_are_named_and_the_file_can_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", written(tmp_path, GOOD + "A,2024-01-02,-5,2\n")]) == 0
    said = capsys.readouterr().out
    assert (
        "row 6, column y: a total below zero, 5 units in all, got '-5'; expected 0 or more. More came back than was sold: what was asked "
        "for is not known. What was done: unknown (or choose --repair negative_totals=zero)." in said
    )


@pytest.mark.parametrize(
    ("text", "name", "flags", "words"),
    [
        ("", "sales.csv", [], "the file is empty"),
        (GOOD, "sales.doc", [], "this kind of file cannot be read"),
        (GOOD, "sales.csv", ["--units", "sold"], "column sold: there is no such column"),
        ("item,units\nA,1\nB,2\n", "sales.csv", [], "no column is chosen as the date"),
        ("item,ds,y\nA,2024-01-01,1\n", "sales.csv", [], "too few full periods, got '1'"),
    ],
)
def test_a_bad_file_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, name: str, flags: list[str], words: str
) -> None:
    assert main(["check", written(tmp_path, text, name), *flags]) == 2
    said = capsys.readouterr().out
    assert words in said
    assert said.endswith("The file cannot be used.\n")


def test_flags_decide(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{day:02}/02/2024;x;{day};1" for day in range(1, 13)]
    file = written(tmp_path, "\n".join(["when;code;sold;item", *rows]))
    flags = ["--item", "code", "--date", "when", "--units", "sold", "--freq", "D", "--gaps", "unknown", "--season", "1"]
    assert main(["check", file, *flags]) == 2
    assert "--day-first" in capsys.readouterr().out
    assert main(["check", file, *flags, "--day-first"]) == 0
    assert "12 full periods, 2024-02-01 to 2024-02-12" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main(["check", file, "--season", "0"])


def test_a_sample_is_written_and_can_be_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "shop", "--out", str(tmp_path / "shop")]) == 0
    assert sorted(path.name for path in (tmp_path / "shop").iterdir()) == ["sales.csv", "stock.csv", "truth.csv"]
    assert len(pd.read_csv(tmp_path / "shop" / "stock.csv")) == 200
    assert main(["check", str(tmp_path / "shop" / "sales.csv"), "--known", "price,promotion"]) == 0
    assert "columns known ahead reach 56 further" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "shop", "--out", written(tmp_path, "a file")]) == 2
    assert "the folder cannot be written" in capsys.readouterr().err


def test_a_saved_dataset_is_read_by_its_own_arguments() -> None:
    table = pd.DataFrame({"item": "A", "ds": pd.date_range("2024-01-01", periods=6), "y": [1, 2, 3, 4, None, None]})
    table = table.assign(**{"price, EUR": 2.5, "stockout": [0, 1, 0, 1, 0, 1], '-5" wide': 7, "category": "x"})
    panel = intake(table, Mapping("item", "ds", "y", category="category", known=("price, EUR", "stockout", '-5" wide'))).panel
    assert panel is not None
    parser = argparse.ArgumentParser()
    add_sales_arguments(parser)
    read = read_sales(parser.parse_args(arguments_of(save_sales("shop", panel, {}))))
    assert read.panel is not None
    assert read.panel.fingerprint == panel.fingerprint


def test_a_name_with_a_comma_is_typed_in_quotes() -> None:
    parser = argparse.ArgumentParser()
    add_sales_arguments(parser)
    assert parser.parse_args(["x.csv", "--known", 'promo, "price, EUR" ,']).known == ("promo", "price, EUR")
    assert parser.parse_args(["x.csv", "--known", ""]).known == ()
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args(["x.csv", "--known", "a\nb"])


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "sales", "check", written(tmp_path, "")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "")
