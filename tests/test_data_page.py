"""The Data page: what is saved is listed, opened, renamed, deleted, exported, imported, and gets what is known from elsewhere."""

from io import BytesIO

import pandas as pd
import pytest
from pages_without_browser import csv, opened, planned, ran, said, sold, table_of, tick, upload
from streamlit.testing.v1 import AppTest

from sales import datasets as saved
from sales import samples
from sales.additions import Events, Holidays, Known
from sales.intake import intake
from ui.texts import text
from workspace import archive
from workspace.datasets import Dataset, datasets, open_dataset


@pytest.fixture
def data() -> Dataset:
    return saved.save_sales("Shop", sold(), {"source": "a_file.csv"})


@pytest.fixture
def other() -> Dataset:
    return saved.save_sales("Weeks", sold(2, 60), {"source": "b.csv"})


def row_of(app: AppTest, title: str) -> int:
    return int(next(place for place, name in enumerate(table_of(app, "versions")["title"]) if name.startswith(title)))


def ticked(app: AppTest, title: str) -> AppTest:
    return tick(app, "datasets-", row_of(app, title))


def named(app: AppTest, name: str = "Ada") -> AppTest:
    return ran(app.text_input(key="planner-name").set_value(name))


def test_without_data_it_says_where_to_go() -> None:
    app = opened("data")
    assert [info.value for info in app.info] == [text("data.none")]


def test_all_saved_data_is_listed(data: Dataset, other: Dataset) -> None:
    shown = table_of(opened("data", data), "versions").set_index("title")
    assert shown.loc["Shop (open)", ["items", "periods", "source", "versions"]].tolist() == [4, "90 days", "a_file.csv", 1]
    assert str(shown.loc["Weeks", "last"]) == "2024-02-29"
    assert shown["saved"].notna().all()


def test_a_row_that_is_ticked_is_opened(data: Dataset, other: Dataset) -> None:
    app = ticked(opened("data", data), "Weeks")
    ran(app.button(key=f"open-{other.name}").click())
    assert app.query_params["data"] == "Weeks"
    assert app.button(key=f"open-{other.name}").disabled


def test_renamed_it_stays_open_under_its_new_name(data: Dataset, other: Dataset) -> None:
    app = opened("data", data)
    app.text_input(key=f"title-{data.name}").set_value("Weeks")
    ran(app.button(key=f"rename-{data.name}").click())
    assert open_dataset(data.name).title == "Weeks (2)"
    assert said(app) == [text("data.renamed", title="Weeks (2)")]
    assert app.query_params["data"] == "Weeks (2)"
    ran(app.button(key=f"rename-{data.name}").click())
    assert said(app) == [text("data.rename.other")]


def test_deleting_asks_first_and_names_what_goes_with_it(other: Dataset) -> None:
    shop = planned()
    app = named(opened("data", shop))
    ran(app.button(key=f"delete-{shop.name}").click())
    (question,) = [warning.value for warning in app.warning]
    assert question == text("data.delete.ask", title="Shop", versions=1, runs=1, records=1)
    ran(app.button(key="delete-keep").click())
    assert not app.warning
    ran(app.button(key=f"delete-{shop.name}").click())
    ran(app.button(key="delete-do").click())
    assert [one.title for one in datasets()] == ["Weeks"]
    assert said(app) == [text("data.deleted", title="Shop")]


def test_nothing_is_deleted_without_a_name(data: Dataset) -> None:
    app = opened("data", data)
    ran(app.button(key=f"delete-{data.name}").click())
    assert app.button(key="delete-do").disabled


def test_an_archive_is_taken_in_and_a_foreign_file_is_refused(data: Dataset) -> None:
    out = BytesIO()
    archive.export(out, [data.name])
    app = upload(opened("data", data), "archive-", "shop.zip", out.getvalue())
    ran(app.button(key="import-archive").click())
    assert sorted(one.title for one in datasets()) == ["Shop", "Shop (2)"]
    assert said(app) == [text("data.imported", titles="Shop (2)")]
    app = upload(app, "archive-", "shop.zip", b"PK no")
    ran(app.button(key="import-archive").click())
    assert len(datasets()) == 2
    assert text("problems.error", count=1) in [error.value for error in app.error]


def test_what_a_download_holds(data: Dataset) -> None:
    from ui.data import _packed

    with archive.unpacked(BytesIO(_packed([data.name])())) as packed:
        assert [one.facts["title"] for one in packed] == ["Shop"]


def columns(data: Dataset) -> set[str]:
    return set(saved.load_sales(open_dataset(data.name)).covariates)


def kept(app: AppTest, prefix: str) -> AppTest:
    return ran(next(button for button in app.button if str(button.key).startswith(f"keep-{prefix}")).click())


def test_holidays_of_several_countries_are_added_changed_and_taken_away(data: Dataset) -> None:
    app = opened("data", data)
    ran(app.multiselect(key=f"countries-{data.name}").set_value(["DE", "CN"]))
    kept(app, "holidays")
    assert columns(data) == {"holiday_DE", "holiday_CN"}
    assert table_of(app, "ahead")["ahead"].tolist() == [366, 366]
    ran(app.multiselect(key=f"countries-{data.name}").set_value(["CN"]))
    kept(app, "holidays")
    assert (columns(data), saved.additions_of(open_dataset(data.name))) == ({"holiday_CN"}, (Holidays(("CN",)),))
    ran(app.button(key=f"remove-0-{data.name}").click())
    assert (columns(data), saved.additions_of(open_dataset(data.name))) == (set(), ())


def test_columns_that_came_with_the_sales_show_how_far_they_are_known() -> None:
    sample = samples.made_up_shop()
    panel = intake(sample.sales, sample.mapping, sample.frequency).panel
    assert panel is not None
    app = opened("data", saved.save_sales("Shop", panel, {"source": "test"}))
    shown = table_of(app, "ahead").set_index("column")
    assert shown.loc[["price", "promotion"], "ahead"].tolist() == [56, 56]
    ahead = sample.sales[sample.sales["date"] > "2025-06-30"]
    assert shown.loc["promotion", "coming"] == ahead.groupby("date")["promotion"].max().sum()


def test_a_country_that_is_not_known_is_a_problem(data: Dataset) -> None:
    app = opened("data", data)
    ran(app.multiselect(key=f"countries-{data.name}").set_value(["XX"]))
    assert text("problems.error", count=1) in [error.value for error in app.error]
    assert all(button.disabled for button in app.button if str(button.key).startswith("keep-"))


def test_a_calendar_of_events_reaches_ahead_and_stays_with_tomorrows_sales(data: Dataset) -> None:
    fairs = pd.DataFrame({"from": ["2024-02-01", "2024-04-10"], "until": ["2024-02-03", "2024-04-12"], "event": ["fair", "fair"]})
    app = upload(opened("data", data), "events-file", "fairs.csv", csv(fairs))
    kept(app, "")
    assert columns(data) == {"fair"}
    (one,) = saved.additions_of(open_dataset(data.name))
    assert isinstance(one, Events)
    assert (one.source, one.columns.last) == ("fairs.csv", "until")
    assert "fairs.csv" in " ".join(m.value for m in app.markdown)
    later = saved.load_sales(saved.update_sales(open_dataset(data.name), sold(4, 100), {"source": "b.csv"}))
    assert later.covariates["fair"][0].sum() == 6
    assert later.ahead == 3


def test_columns_of_another_file_are_chosen(data: Dataset) -> None:
    weather = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=100).astype(str), "degrees": range(100), "wind": range(100)})
    app = upload(opened("data", data), "known-file", "weather.csv", csv(weather))
    assert not [button for button in app.button if str(button.key).startswith("keep-")]
    ran(next(one for one in app.multiselect if str(one.key).startswith("columns-known")).set_value(["degrees"]))
    kept(app, "")
    assert columns(data) == {"degrees"}
    (one,) = saved.additions_of(open_dataset(data.name))
    assert isinstance(one, Known)
    assert (one.columns, dict(one.by)) == (("degrees",), {"date": "date"})
