"""Parts: order lines in several files give the panel that they give together, and what is not looked for across files is said."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from sales import parts
from sales.__main__ import main
from sales.datasets import load_sales
from sales.intake import Intake
from sales.mapping import Mapping
from sales.reading import read_files
from sales.recipe import Recipe, apply
from workspace.datasets import open_dataset

ORDERS = Mapping("item", "date", "units", price="price", order="order", description="text")


def lines(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Order lines with an order of its own each, and a description by its length."""
    table = pd.DataFrame(rows, columns=["item", "date", "units"])
    table["order"] = [f"{'C' if units < 0 else ''}{place}" for place, units in enumerate(table["units"])]
    return table.assign(price=1.5, text=[f"{item} of {len(date)}" for item, date in zip(table["item"], table["date"], strict=True)])


FIRST = lines(("007", "2024-01-01", 3), *[("7", "2024-01-01", 2)] * 6, ("7", "2024-01-02", 5), ("7", "2024-01-02", -5))
SECOND = lines(("7", "2024-01-02", 1), ("007", "2024-01-03", 4), ("9", "2024-01-04", 6), ("9", "2024-01-04", -6), ("9", "2024-01-05", 1))


def written(folder: Path, *tables: pd.DataFrame) -> list[tuple[str, Path]]:
    files = [(f"part{place}.parquet", folder / f"part{place}.parquet") for place in range(len(tables))]
    for (_, path), table in zip(files, tables, strict=True):
        table.to_parquet(path)
    return files


def in_parts(files: list[tuple[str, Path]], recipe: Recipe) -> Intake:
    return parts.intake_in_parts(files, lambda table: recipe, lambda rows: None)[1]


@pytest.mark.parametrize("frequency", ["D", "W", "M"])
@pytest.mark.parametrize("returns", ["net", "drop", "keep"])
def test_parts_give_the_panel_of_the_whole(returns: str, frequency: str, tmp_path: Path) -> None:
    later = [table.assign(date=(pd.to_datetime(table["date"]) + pd.Timedelta(days=70)).astype(str)) for table in (FIRST, SECOND)]
    files = written(tmp_path, FIRST, SECOND, *later)
    recipe = Recipe(ORDERS, frequency, actions={"returns": returns}, merges={"9": "90"})  # type: ignore[arg-type]
    whole, told = apply(recipe, read_files(files).table), in_parts(files, recipe)  # type: ignore[arg-type]
    assert whole.panel is not None
    assert told.panel is not None
    assert told.panel.fingerprint == whole.panel.fingerprint
    assert (told.rows_read, told.rows_used, told.kind, told.frequency) == (whole.rows_read, whole.rows_used, whole.kind, whole.frequency)


def test_findings_of_all_files_are_counted_together_and_acted_on_alike(tmp_path: Path) -> None:
    told = in_parts(written(tmp_path, FIRST, SECOND), Recipe(ORDERS, "D"))
    (returns,) = [finding for finding in told.findings if finding.code == "returns"]
    assert (returns.rows, returns.units, returns.money, returns.params["matched"], returns.row) == (2, 11, 16.5, 2, 10)
    assert returns.effect["before"].sum() - returns.effect["after"].sum() == 0
    codes = [problem.code for problem in told.problems]
    assert codes.count("returns") == 1
    assert "parts_checked_alone" in codes


def test_a_return_is_not_netted_against_a_sale_in_another_file_and_that_is_said(tmp_path: Path) -> None:
    """Sold 2 on the first day in one file, returned in the other: together the sale is undone, apart it stays."""
    sold = lines(*[("7", f"2024-01-0{day}", 2) for day in (1, 1, 1, 1, 1, 2, 3)], ("8", "2024-01-01", 2))
    back = lines(*[("7", f"2024-01-0{day}", 1) for day in (4, 4, 5)], ("8", "2024-01-05", -2))
    files = written(tmp_path, sold, back)
    told, whole = in_parts(files, Recipe(ORDERS, "D")), apply(Recipe(ORDERS, "D"), read_files(files).table)  # type: ignore[arg-type]
    assert (told.panel.units, whole.panel.units) == (19, 17)  # type: ignore[union-attr]
    assert {"returns", "parts_checked_alone"} <= {problem.code for problem in told.problems}


@pytest.mark.parametrize(
    ("change", "code"),
    [({"known": ("price",), "price": None}, "parts_with_known"), ({"on_hand": "price", "price": None}, "parts_with_known")],
)
def test_what_is_not_a_sum_is_refused(change: dict[str, object], code: str, tmp_path: Path) -> None:
    mapping = Mapping(**{**vars(ORDERS), **change})  # type: ignore[arg-type]
    told = in_parts(written(tmp_path, FIRST, SECOND), Recipe(mapping))
    assert (told.panel, [problem.code for problem in told.problems]) == (None, [code])


def test_totals_and_files_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    totals = lines(*[(item, f"2024-01-{day:02d}", 1) for item in ("a", "b") for day in range(1, 20)])
    told = in_parts(written(tmp_path, totals, FIRST), Recipe(Mapping(**{**vars(ORDERS), "order": None})))
    assert told.panel is None
    assert [(problem.code, problem.file) for problem in told.problems] == [("parts_of_totals", "part0.parquet")]
    written(tmp_path, FIRST)
    (tmp_path / "part1.parquet").write_bytes(b"PAR1 and nothing else")
    told = in_parts([("part0.parquet", tmp_path / "part0.parquet"), ("part1.parquet", tmp_path / "part1.parquet")], Recipe(ORDERS))
    assert told.panel is None
    assert any(problem.file == "part1.parquet" and problem.severity == "error" for problem in told.problems)


def test_the_command_counts_rows_where_files_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(parts, "MOST_AT_ONCE", 13)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    files = [str(path) for _, path in written(tmp_path, FIRST, SECOND)]
    assert main(["import", *files, "--dataset", "Big", "--freq", "D"]) == 0
    shown = capsys.readouterr()
    assert "[############        ] 9 of 14 rows" in shown.err
    assert "too many rows to be checked together" in shown.out
    saved = open_dataset("big")
    assert load_sales(saved).units == 21
    assert not saved.facts["raw"]


def test_rows_are_counted_only_where_the_files_say(tmp_path: Path) -> None:
    files = [path for _, path in written(tmp_path, FIRST, SECOND)]
    assert parts.rows_of(files) == [9, 5]
    (tmp_path / "x.csv").write_text("item,date,units\nA,2024-01-01,1\n")
    assert parts.rows_of([*files, tmp_path / "x.csv"]) == [9, 5, 2]
    (tmp_path / "x.xlsx").write_bytes(b"PK")
    assert parts.rows_of([*files, tmp_path / "x.xlsx"]) is None
    assert parts.rows_of([tmp_path / "absent.parquet"]) is None


def csv_of(folder: Path, name: str, *tables: pd.DataFrame, before: str = "") -> tuple[str, Path]:
    """The tables as one file, dates with the day first and decimal commas, with line breaks in quotes."""
    table = pd.concat(tables, ignore_index=True)
    dates = pd.to_datetime(table["date"]).dt.strftime("%d/%m/%Y")
    table = table.assign(date=dates, price="1,5", text=table["text"] + '\nsaid "so"; both')
    (folder / name).write_text(before + table.to_csv(index=False, sep=";"), encoding="utf-8")
    return name, folder / name


def test_a_large_text_is_read_block_by_block_and_gives_the_panel_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days = pd.date_range("2024-01-20", periods=300).strftime("%Y-%m-%d")
    sold = lines(*[(item, day, units) for day in days for item, units in (("007", 3), ("7", 2), ("7", -2))])
    file = csv_of(tmp_path, "orders.csv", sold, before="Orders of 2024\n\n")
    whole = apply(Recipe(ORDERS, "D"), read_files([file]).table)  # type: ignore[arg-type]
    monkeypatch.setattr(parts, "BLOCK_BYTES", 6_000)
    passed: list[int] = []
    told = parts.intake_in_parts([file], lambda table: Recipe(ORDERS, "D"), passed.append)[1]
    assert len(passed) >= 5
    assert told.panel is not None
    assert whole.panel is not None
    assert told.panel.fingerprint == whole.panel.fingerprint
    assert (told.rows_read, told.rows_used) == (900, whole.rows_used)
    (returns,), (alike,) = ([one for one in read.findings if one.code == "returns"] for read in (told, whole))
    assert (returns.rows, returns.units, returns.money, returns.row) == (alike.rows, alike.units, alike.money, alike.row)
    assert "parts_checked_alone" in {problem.code for problem in told.problems}


def test_rows_of_a_block_are_those_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = lines(*[("7", f"2024-02-{1 + place // 20:02d}", 2) for place in range(400)]).astype({"units": object})
    table.loc[333, "units"] = "many"
    file = csv_of(tmp_path, "orders.csv", table, before="Orders of 2024\n")
    monkeypatch.setattr(parts, "BLOCK_BYTES", 3_000)
    told = in_parts([file], Recipe(ORDERS, "D", day_first=True))
    (bad,) = [problem for problem in told.problems if problem.code == "units_unreadable"]
    assert (bad.row, bad.got, bad.count, bad.file) == (333 + 3, "many", 1, "orders.csv")


def test_a_part_that_does_not_tell_how_it_is_written_is_read_as_those_before(tmp_path: Path) -> None:
    first = lines(*[("7", f"2024-01-{day}", 2.5) for day in range(20, 30)])
    second = lines(*[("7", f"2024-02-{day:02d}", 1.234) for day in range(1, 11)])
    files = [csv_of(tmp_path, "first.csv", first), csv_of(tmp_path, "second.csv", second)]
    for _, path in files:
        path.write_text(path.read_text(encoding="utf-8").replace("2.5", "2,5"), encoding="utf-8")
    told = in_parts(files, Recipe(ORDERS, "D"))
    assert told.panel is not None
    assert (told.panel.last, told.panel.y[0, -1]) == (pd.Timestamp("2024-02-10"), 1234)


def test_utf_16_is_not_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "orders.csv").write_text(FIRST.to_csv(index=False), encoding="utf-16")
    monkeypatch.setattr(parts, "BLOCK_BYTES", 200)
    told = in_parts([("orders.csv", tmp_path / "orders.csv")], Recipe(ORDERS))
    assert [problem.code for problem in told.problems] == ["not_in_blocks"]


def test_the_command_cuts_a_large_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(parts, "MOST_AT_ONCE", 13)
    monkeypatch.setattr(parts, "BLOCK_BYTES", 300)
    pd.concat([FIRST, SECOND]).to_csv(tmp_path / "orders.csv", index=False)
    assert main(["import", str(tmp_path / "orders.csv"), "--dataset", "Big", "--freq", "D"]) == 0
    assert "too many rows to be checked together" in capsys.readouterr().out
    saved = open_dataset("big")
    assert (load_sales(saved).units, saved.facts["raw"]) == (21, [])


def test_sales_before_1970_are_counted_on_their_days(tmp_path: Path) -> None:
    early = [table.assign(date=table["date"].str.replace("2024", "1969")) for table in (FIRST, SECOND)]
    files = written(tmp_path, *early)
    told, whole = in_parts(files, Recipe(ORDERS, "D")), apply(Recipe(ORDERS, "D"), read_files(files).table)  # type: ignore[arg-type]
    assert told.panel is not None
    assert whole.panel is not None
    assert (told.panel.units, len(told.panel.periods), told.panel.fingerprint) == (21, 5, whole.panel.fingerprint)


def test_parts_are_joined_told_apart_and_merged_as_the_whole_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes that are alike are found among all files, and tomorrow's file is read as these were."""
    monkeypatch.setattr(parts, "MOST_AT_ONCE", 13)
    shop = {"shop": "North"}
    files = [str(path) for _, path in written(tmp_path, FIRST.assign(**shop), SECOND.assign(**shop))]
    pd.DataFrame({"code": ["007", "7", "9"], "category": ["a", "a", "b"]}).to_csv(tmp_path / "master.csv", index=False)
    flags = ["--join", str(tmp_path / "master.csv"), "--on", "item=code", "--apart", "shop", "--merge-alike", "--repair", "returns=keep"]
    assert main(["import", *files, "--dataset", "Parts", *flags]) == 0
    monkeypatch.setattr(parts, "MOST_AT_ONCE", 1_000)
    assert main(["import", *files, "--dataset", "Whole", *flags]) == 0
    in_parts, whole = open_dataset("parts"), open_dataset("whole")
    assert in_parts.facts["fingerprint"] == whole.facts["fingerprint"]
    assert load_sales(whole).items.tolist() == ["7 / North", "9 / North"]
    (tmp_path / "night").mkdir()
    night = SECOND.assign(date=["2024-01-06", "2024-01-07"] * 2 + ["2024-01-07"], units=2, **shop)
    ((_, later),) = written(tmp_path / "night", night)
    assert main(["import", str(later), "--append", "Parts"]) == 0
    now = load_sales(open_dataset("parts"))
    assert (now.items.tolist(), str(now.last.date())) == (["7 / North", "9 / North"], "2024-01-07")
