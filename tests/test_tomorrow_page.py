"""Tomorrow's file and a database's rows on the Sales page: what changes is shown, then saved on top; an address is never shown."""

import sqlite3
from pathlib import Path

import pandas as pd
import pytest
from pages_without_browser import csv, lines, metrics, opened, ran, said, table_of, upload
from streamlit.testing.v1 import AppTest

from sales import datasets as saved
from sales.mapping import Mapping
from sales.recipe import Recipe, apply
from ui.texts import text
from workspace.datasets import Dataset, datasets, open_dataset

RECIPE = Recipe(Mapping("sku", "day", "qty"))


@pytest.fixture
def data() -> Dataset:
    """Ninety days of four items, with the file they came from."""
    panel = apply(RECIPE, lines()).panel
    assert panel is not None
    return saved.save_sales("Shop", panel, {"source": "first.csv"}, [lines()], RECIPE.to_json())


def on_top(data: Dataset, table: pd.DataFrame) -> AppTest:
    app = upload(opened("sales", data), "sales-file", "next.csv", csv(table))
    return ran(next(radio for radio in app.radio if str(radio.key).startswith("save-place")).set_value("append"))


def later(days: int = 3, first: str = "2024-03-30") -> pd.DataFrame:
    """From the 90th day, 2024-03-30, on."""
    dates = pd.date_range(first, periods=days).strftime("%Y-%m-%d")
    return pd.DataFrame([(f"0{i}", day, 7) for day in dates for i in range(4)], columns=["sku", "day", "qty"])


def test_the_difference_is_shown_before_it_is_saved(data: Dataset) -> None:
    app = on_top(data, later())
    shown = metrics(app)
    assert [shown[text(f"tomorrow.{name}", period="days")] for name in ("only_old", "both", "only_new")] == ["89", "1", "2"]
    assert shown[text("tomorrow.units")] == "28"
    (added,) = [metric.delta for metric in app.metric if metric.label == text("tomorrow.only_new", period="days")]
    assert added == text("tomorrow.units_new", units=56)
    changes = table_of(app, "change")
    assert set(changes["after"]) == {7.0}
    assert open_dataset(data.name).facts["last"] == "2024-03-30"
    ran(app.button(key="save-tomorrow").click())
    assert said(app) == [text("tomorrow.saved", title="Shop")]
    now = open_dataset(data.name)
    assert (now.facts["last"], now.facts["source"], len(saved.raw_of(now))) == ("2024-04-01", "next.csv", 2)
    assert saved.load_sales(now).y[:, -3:].tolist() == [[7, 7, 7]] * 4
    assert [one.name for one in datasets()] == [data.name]
    assert len(now.versions) == 2


def test_one_day_alone_is_too_few_periods_and_yet_goes_on_top(data: Dataset) -> None:
    app = on_top(data, later(1, "2024-03-31"))
    ran(app.button(key="save-tomorrow").click())
    assert saved.load_sales(open_dataset(data.name)).y[:, -1].tolist() == [7, 7, 7, 7]


def test_identical_data_changes_nothing(data: Dataset) -> None:
    app = on_top(data, lines())
    assert app.button(key="save-tomorrow").disabled


def test_what_somebody_else_saved_meanwhile_is_not_overwritten(data: Dataset) -> None:
    app = on_top(data, later())
    panel = apply(RECIPE, lines(days=95)).panel
    assert panel is not None
    saved.update_sales(data, panel, {"source": "other.csv"}, [lines(days=95)], RECIPE.to_json())
    ran(app.button(key="save-tomorrow").click())
    assert said(app) == [text("tomorrow.moved_on", title="Shop")]
    assert open_dataset(data.name).facts["source"] == "other.csv"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of the same lines, named shop."""
    path = tmp_path / "secret-name.db"
    with sqlite3.connect(path) as connection:
        lines().assign(day=lambda table: table["day"].astype(str)).to_sql("sold", connection, index=False)
    connection.close()
    monkeypatch.setenv("SHELFCAST_SOURCE_SHOP", f"sqlite:///{path}")
    return path


def asked(app: AppTest, query: str) -> AppTest:
    next(area for area in app.text_area if str(area.key).startswith("database-query")).set_value(query)
    return ran(next(button for button in app.button if button.label == text("database.ask")).click())


def test_rows_of_a_query_take_the_road_of_a_file(database: Path) -> None:
    app = asked(opened("sales"), "SELECT sku, day, qty FROM sold")
    ran(app.button(key="save-sales").click())
    (made,) = datasets()
    assert (made.facts["source"], made.facts["items"], len(saved.raw_of(made))) == ("shop", 4, 1)
    assert saved.load_sales(made).fingerprint == apply(RECIPE, lines()).panel.fingerprint  # type: ignore[union-attr]
    again = asked(opened("sales", made), "SELECT sku, day, qty FROM sold WHERE day > '2024-03-01'")
    ran(next(radio for radio in again.radio if str(radio.key).startswith("save-place")).set_value("append"))
    assert again.button(key="save-tomorrow").disabled


def test_a_query_that_writes_or_fails_is_a_problem_without_the_address(database: Path) -> None:
    for query in ("DELETE FROM sold", "SELECT nothing FROM nowhere"):
        app = asked(opened("sales"), query)
        assert text("problems.error", count=1) in [error.value for error in app.error]
        shown = " ".join(str(element.value) for kind in (app.markdown, app.table, app.error, app.caption) for element in kind)
        assert "secret-name" not in shown
    assert not [button for button in app.button if button.key == "save-sales"]


def test_without_a_database_it_says_how_one_is_named() -> None:
    assert text("database.none") in [info.value for info in opened("sales").info]


def test_much_that_would_be_gone_is_saved_only_where_somebody_says_so(data: Dataset) -> None:
    table = lines()
    few = table[(table["sku"] == "00") & table["day"].isin(table["day"].unique()[[50, 55]])]
    app = on_top(data, few)
    assert app.button(key="save-tomorrow").disabled
    (sure,) = [box for box in app.checkbox if str(box.key).startswith("sure-")]
    ran(sure.check())
    assert not app.button(key="save-tomorrow").disabled
