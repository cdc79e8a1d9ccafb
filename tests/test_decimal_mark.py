"""1.234 in a column that does not tell what it is: the other columns of the file tell it, else somebody says so."""

from pathlib import Path

import pandas as pd
import pytest
from pages_without_browser import csv, metrics, opened, ran, upload
from test_intake_page import kept, keyed

from sales import datasets as saved
from sales.__main__ import main
from sales.mapping import Mapping
from sales.recipe import Recipe, apply
from ui.texts import text

DAYS = pd.date_range("2024-01-01", periods=30)
MAPPING = Mapping("sku", "day", "qty", price="price")


def thousands(**columns: str) -> pd.DataFrame:
    """A thousand a day and more, written as a German till does."""
    return pd.DataFrame({"sku": "A", "day": DAYS, "qty": [f"{1 + k % 3}.{200 + k}" for k in range(30)], **columns}).astype(str)


UNITS = sum(1_000 * (1 + k % 3) + 200 + k for k in range(30))


@pytest.mark.parametrize(("price", "units"), [("2,50 €", UNITS), ("1.234,50", UNITS), ("2.50", UNITS / 1_000)])
def test_another_column_tells_the_mark_of_one_that_does_not(price: str, units: float) -> None:
    read = apply(Recipe(MAPPING), thousands(price=price))
    assert read.panel is not None
    assert read.panel.units == pytest.approx(units)
    assert not [problem for problem in read.problems if problem.code == "numbers_unclear"]


def test_where_no_column_tells_it_is_said_and_what_somebody_chooses_counts() -> None:
    table = thousands(price="3")
    read = apply(Recipe(MAPPING), table)
    assert read.panel is not None
    assert ("numbers_unclear", round(read.panel.units)) in [(p.code, round(UNITS / 1_000)) for p in read.problems]
    for mark, units in ((",", UNITS), (".", UNITS / 1_000)):
        asked = apply(Recipe.from_json(Recipe(MAPPING, decimal=mark).to_json()), table)  # type: ignore[arg-type]
        assert asked.panel is not None
        assert asked.panel.units == pytest.approx(units)
        assert not [problem for problem in asked.problems if problem.code == "numbers_unclear"]


def test_a_mark_that_the_column_tells_is_not_overruled() -> None:
    read = apply(Recipe(MAPPING, decimal=","), thousands(price="3").assign(qty="2.5"))
    assert read.panel is not None
    assert read.panel.units == 75


def test_no_other_mark_than_point_and_comma_is_a_decision() -> None:
    with pytest.raises(ValueError, match="decimal: got ';'"):
        Recipe(decimal=";")  # type: ignore[arg-type]


def test_the_page_asks_saves_and_remembers_it() -> None:
    app = upload(opened("sales"), "sales-file", "till.csv", csv(thousands()))
    ran(keyed(app.selectbox, "decimal-").set_value(","))
    assert metrics(app)[text("checks.units")] == f"{UNITS:,}"
    assert Recipe.from_json(saved.recipe_of(kept(app))).decimal == ","
    again = upload(opened("sales"), "sales-file", "next.csv", csv(thousands()))
    assert metrics(again)[text("checks.units")] == f"{UNITS:,}"


def test_the_command_line_asks_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "till.csv").write_bytes(csv(thousands()))
    assert main(["check", str(tmp_path / "till.csv"), "--decimal", "comma"]) == 0
    out = capsys.readouterr()
    assert "--decimal" not in out.out + out.err
    assert f"{UNITS:,}" in out.out
