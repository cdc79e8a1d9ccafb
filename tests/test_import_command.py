"""`python -m sales import` on top of a dataset and out of a database."""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from sales import datasets as saved
from sales.__main__ import main
from workspace.datasets import Dataset, datasets


def file(folder: Path, first: str, days: int, units: int = 2) -> str:
    dates = pd.date_range(first, periods=days).strftime("%Y-%m-%d")
    table = pd.DataFrame(
        [(item, day, units, f"customer {item}") for day in dates for item in ("A", "B")], columns=["sku", "date", "qty", "customer_id"]
    )
    path = folder / f"from-{first}.csv"
    table.to_csv(path, index=False)
    return str(path)


@pytest.fixture
def shop(tmp_path: Path) -> Dataset:
    assert main(["import", file(tmp_path, "2024-01-01", 10), "--dataset", "My shop"]) == 0
    return datasets()[0]


def test_a_later_file_goes_on_top_and_says_what_it_changes(shop: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["import", file(tmp_path, "2024-01-10", 3, 5), "--append", "My shop"]) == 0
    said = capsys.readouterr().out
    assert "9 periods only before, 1 in both, 2 added" in said
    assert "2 values change: 4 units become 10" in said
    assert "A, 2024-01-10: 2 become 5" in said
    (now,) = datasets()
    assert saved.load_sales(now).y.tolist() == [[2] * 9 + [5] * 3] * 2
    first, later = saved.raw_of(now)
    assert set(later["customer_id"]) == set(first["customer_id"])
    assert not any("customer" in who for who in later["customer_id"])


def test_the_same_file_again_changes_nothing(shop: Dataset, tmp_path: Path) -> None:
    assert main(["import", file(tmp_path, "2024-01-01", 10), "--append", shop.name]) == 0
    (now,) = datasets()
    assert (now.facts, len(now.versions)) == (shop.facts, 1)


def test_a_file_of_other_columns_or_for_no_dataset_is_refused(shop: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "odd.csv").write_text("a,b\nx,y\nz,w\n")
    assert main(["import", str(tmp_path / "odd.csv"), "--append", "My shop"]) == 2
    assert main(["import", file(tmp_path, "2024-01-11", 2), "--append", "Another"]) == 2
    assert "no dataset has this name, got 'Another'; expected one of: My shop" in capsys.readouterr().err
    assert datasets()[0].facts == shop.facts


def test_sales_come_out_of_a_database_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(tmp_path / "hidden.db") as connection:
        pd.read_csv(file(tmp_path, "2024-01-01", 10)).to_sql("sold", connection, index=False)
    connection.close()
    monkeypatch.setenv("SHELFCAST_SOURCE_TILL", f"sqlite:///{tmp_path / 'hidden.db'}")
    asked = ["--source", "till", "--query", "SELECT * FROM sold"]
    assert main(["check", *asked]) == 0
    assert main(["import", *asked, "--dataset", "From the till"]) == 0
    assert main(["import", *asked, "--append", "From the till"]) == 0
    (made,) = datasets()
    assert (made.facts["source"], made.facts["items"], len(made.versions)) == ("till", 2, 1)
    assert main(["check", "--source", "tills", "--query", "SELECT 1"]) == 2
    assert main(["import", "--source", "till", "--query", "DROP TABLE sold", "--dataset", "x"]) == 2
    said = capsys.readouterr()
    assert "no database has this name, got 'tills'; expected one of: till" in said.out
    assert "hidden" not in said.out + said.err


@pytest.mark.parametrize(
    "given", [[], ["x.csv", "--source", "till", "--query", "SELECT 1"], ["--source", "till"], ["x.csv", "--query", "SELECT 1"]]
)
def test_it_is_files_or_a_query(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for verb in (["check"], ["import", "--dataset", "x"]):
        with pytest.raises(SystemExit, match="2"):
            main([*verb, *given])
        assert "give files, or --source and --query" in capsys.readouterr().err
