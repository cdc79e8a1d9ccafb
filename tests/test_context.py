"""Columns known ahead from elsewhere: holidays, events, another table."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from panels import panel
from realdata import folder

from sales.context import EventColumns, countries, with_events, with_holidays, with_known
from sales.intake import intake
from sales.mapping import Mapping
from sales.panel import SalesPanel


def shop(frequency: str = "D", periods: int = 10, **parts: object) -> SalesPanel:
    """Three items from Monday, 2 January 2023; A000 and A001 are toys, A002 is a tool that came on the fourth period."""
    y = np.ones((3, periods))
    y[2, :3] = np.nan
    made = panel(y, frequency, starts=[0, 0, 3], **parts)  # type: ignore[arg-type]
    return replace(made, attributes=pd.DataFrame({"category": pd.array(["toys", "toys", "tools"], dtype="str")}, index=made.items))


def codes(problems: tuple) -> list[str]:
    return [problem.code for problem in problems]


def test_a_column_by_date_is_for_all_items_and_reaches_ahead() -> None:
    weather = pd.DataFrame({"day": pd.date_range("2023-01-01", periods=14).strftime("%Y-%m-%d"), "degrees": np.arange(14.0)})
    joined, problems = with_known(shop(), weather, ["degrees"], {"date": "day"})
    assert problems == ()
    assert joined.ahead == 3
    np.testing.assert_array_equal(joined.covariates["degrees"][0], np.arange(1.0, 14))
    np.testing.assert_array_equal(joined.covariates["degrees"][2], [np.nan, np.nan, np.nan, *np.arange(4.0, 14)])


def test_a_column_by_date_and_item() -> None:
    table = pd.DataFrame(
        {"d": ["2023-01-02", "2023-01-03", "2023-01-02", "2023-01-02"], "sku": ["A000", "A000", "A001", "B"], "visits": [5, 6, 7, 8]}
    )
    joined, problems = with_known(shop(), table, ["visits"], {"date": "d", "item": "sku"})
    np.testing.assert_array_equal(joined.covariates["visits"][:2, :3], [[5, 6, np.nan], [7, np.nan, np.nan]])
    assert np.isnan(joined.covariates["visits"][2]).all()
    assert codes(problems) == ["known_key_unmatched", "known_key_absent", "known_not_ahead"]
    assert (problems[0].row, problems[0].got, problems[1].got) == (5, "B", "A002")


def test_several_rows_of_a_week_become_one_value() -> None:
    days = pd.date_range("2023-01-02", periods=28)
    table = pd.DataFrame({"d": days, "c": "toys", "visits": np.arange(28.0), "open": np.arange(28) == 8})
    joined, problems = with_known(shop("W", 3), table, ["visits", "open"], {"date": "d", "category": "c"})
    assert codes(problems) == ["known_key_absent"]
    np.testing.assert_array_equal(joined.covariates["visits"][0], [3, 10, 17, 24])
    np.testing.assert_array_equal(joined.covariates["open"][1], [0, 1, 0, 0])
    assert np.isnan(joined.covariates["open"][2]).all()


def test_columns_there_already_stay_as_they_are_and_become_as_wide() -> None:
    before = shop(covariates={"price": np.full(12, 3.0)})
    table = pd.DataFrame({"d": pd.date_range("2023-01-02", periods=20), "visits": 1.5, "price": 9})
    joined, problems = with_known(before, table, ["visits", "price"], {"date": "d"})
    assert codes(problems) == ["known_there_already"]
    np.testing.assert_array_equal(joined.covariates["price"][0], [3.0] * 12 + [np.nan] * 8)
    assert joined.sales_fingerprint == before.sales_fingerprint


def test_what_cannot_be_read_leaves_the_panel_as_it_was() -> None:
    table = pd.DataFrame({"d": ["2023-01-02", "soon"], "visits": [1, 2], "mood": ["good", "bad"]})
    joined, problems = with_known(shop(), table, ["visits", "mood", "visitors"], {"date": "d"})
    assert joined.covariates == {}
    assert codes(problems) == ["column_absent"]
    joined, problems = with_known(shop(), table, ["visits", "mood"], {"date": "d"})
    assert list(joined.covariates) == ["visits"]
    assert set(codes(problems)) == {"date_unreadable", "known_not_numbers", "known_not_ahead"}
    assert with_known(shop(), table.assign(d="never"), ["visits"], {"date": "d"})[0].covariates == {}


def test_dates_of_another_century_are_named_and_bounded() -> None:
    table = pd.DataFrame({"d": ["2023-01-02", "2090-01-01"], "visits": [1, 2]})
    joined, problems = with_known(shop(), table, ["visits"], {"date": "d"})
    assert codes(problems) == ["known_too_far", "known_not_ahead"]
    assert joined.ahead == 0
    assert codes(with_known(shop(), table.assign(d="1990-01-01"), ["visits"], {"date": "d"})[1])[0] == "known_no_overlap"


@pytest.mark.parametrize("by", [{"item": "d"}, {"date": "d", "item": "a", "category": "b"}, {"date": "d", "colour": "a"}])
def test_keys_that_the_panel_does_not_have_are_refused(by: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="expected date and at most one of item, category"):
        with_known(shop(), pd.DataFrame({"d": [1]}), [], by)


def test_holidays_of_several_countries() -> None:
    joined, problems = with_holidays(shop(), ["DE", "US", "DE-BW", "Atlantis"], ahead=10)
    assert codes(problems) == ["country_unknown"]
    labels = pd.date_range("2023-01-02", periods=20)
    days = {name: [f"{day:%m-%d}" for day in labels[block[0] == 1]] for name, block in joined.covariates.items()}
    assert days == {"holiday_DE": [], "holiday_US": ["01-02", "01-16"], "holiday_DE-BW": ["01-06"]}
    assert joined.ahead == 10
    with pytest.raises(ValueError, match="ahead: got -1"):
        with_holidays(shop(), ["DE"], -1)


def test_a_week_or_month_holds_the_holidays_that_fall_into_it() -> None:
    weeks = with_holidays(shop("W", 20), ["DE"], 2)[0].covariates["holiday_DE"][0]
    labels = pd.date_range("2023-01-02", periods=22, freq="W-MON")
    assert [f"{day:%m-%d}" for day in labels[weeks == 1]] == ["04-03", "04-10", "05-01", "05-15", "05-29"]
    months = with_holidays(shop("M", 12, start="2023-01-01"), ["DE"], 1)[0].covariates["holiday_DE"][0]
    assert np.flatnonzero(months == 0).tolist() == [1, 2, 5, 6, 7, 8, 10]


EVENTS = EventColumns("from", "name", "to", "value", "item", "category")


def events(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["from", "to", "name", "value", "item", "category"]).astype(object)


def test_events_for_all_for_a_category_and_for_an_item() -> None:
    table = events(
        ("2023-01-03", "2023-01-04", "fair", None, None, None),
        ("2023-01-06", None, "sale", 20, None, "toys"),
        ("2023-01-06", "2023-01-15", "sale", 30, "A001", None),
        ("2022-01-01", "2022-02-01", "fair", None, None, None),
    )
    joined, problems = with_events(shop(), table, EVENTS)
    assert problems == ()
    assert joined.ahead == 4
    fair, sale = joined.covariates["fair"], joined.covariates["sale"]
    np.testing.assert_array_equal(fair[0], [0, 1, 1] + [0] * 11)
    np.testing.assert_array_equal(sale[0], [0, 0, 0, 0, 20] + [0] * 9)
    np.testing.assert_array_equal(sale[1], [0, 0, 0, 0] + [30] * 10)
    np.testing.assert_array_equal(sale[2], [np.nan] * 3 + [0] * 11)


def test_an_event_that_began_before_the_history_reaches_into_it_and_into_its_week() -> None:
    joined, problems = with_events(shop("W", 4), events(("2022-12-20", "2023-01-09", "fair", None, None, None)), EVENTS)
    assert codes(problems) == ["events_past"]
    np.testing.assert_array_equal(joined.covariates["fair"][0], [1, 1, 0, 0])


def test_what_is_wrong_with_events_is_said_at_once() -> None:
    table = events(
        ("2023-01-03", "2023-01-01", "fair", None, None, None),
        ("2023-01-03", None, None, None, None, None),
        ("2023-01-03", None, "fair", None, "Z", None),
        ("2023-01-03", None, "fair", None, None, "food"),
        ("2023-01-05", None, "fair", None, "A000", "tools"),
        ("whenever", None, "fair", None, None, None),
        ("2023-01-04", None, "fair", None, None, None),
    )
    joined, problems = with_events(shop(), table, EVENTS)
    assert {(problem.code, problem.row) for problem in problems} == {
        ("date_unreadable", 7),
        ("event_unnamed", 3),
        ("event_backwards", 2),
        ("event_for_none", 5),
        ("event_for_none", 4),
        ("events_past", None),
    }
    np.testing.assert_array_equal(joined.covariates["fair"][0], [0, 0, 1] + [0] * 7)
    assert codes(with_events(shop(), table, replace(EVENTS, first="start"))[1]) == ["column_absent"]


def test_an_event_that_never_was_before_is_told() -> None:
    """No model can learn what it does."""
    table = events(("2023-01-03", None, "fair", None, None, None), ("2023-02-10", None, "fair", None, None, None))
    assert codes(with_events(shop(), table, EVENTS)[1]) == []
    new = with_events(shop(), table.assign(name=["fair", "opening"]), EVENTS)[1]
    assert [(told.code, told.got) for told in new] == [("event_never_before", "opening")]


def test_events_are_bounded() -> None:
    many = pd.DataFrame({"from": ["2023-01-03"] * 60, "name": [f"n{i}" for i in range(60)]})
    joined, problems = with_events(shop(), many, EventColumns("from", "name"))
    assert codes(problems) == ["too_many_event_names"]
    assert joined.covariates == {}
    long = pd.DataFrame({"from": ["2023-01-03"] * 10_001, "name": "n"})
    assert codes(with_events(shop(), long, EventColumns("from", "name"))[1]) == ["too_many_events"]
    endless, _ = with_events(shop(), events(("2023-01-03", "2199-01-01", "fair", None, None, None)), EVENTS)
    assert endless.ahead == 731


@pytest.mark.slow
def test_walmart_s_features_are_joined_by_store_and_reach_nine_months_ahead() -> None:
    train = pd.read_parquet(folder("walmart_weekly") / "train.parquet")
    features = pd.read_parquet(folder("walmart_weekly") / "features.parquet")
    train["item"] = train["Store"].astype(str).str.zfill(2) + "-" + train["Dept"].astype(str).str.zfill(2)
    train = train.assign(store=train["Store"].astype(str), units=train["Weekly_Sales"].clip(lower=0))
    sales = intake(train, Mapping("item", "Date", "units", category="store"), gaps="unknown").panel
    assert sales is not None
    names = ["Temperature", "Fuel_Price", "MarkDown1", "CPI", "IsHoliday"]
    joined, problems = with_known(sales, features, names, {"date": "Date", "category": "Store"})
    assert problems == ()
    assert joined.ahead == 39
    item = int(joined.rows_of(["33-08"])[0])
    of_store = features[features["Store"] == 33].sort_values("Date")
    for name in names:
        there = np.arange(joined.covariates[name].shape[1]) >= joined.start[item]
        np.testing.assert_array_equal(joined.covariates[name][item][there], of_store[name].to_numpy(dtype=np.float32)[there])


def test_countries_have_names_and_each_code_is_known() -> None:
    known = countries()
    assert (known["DE"], known["US"], len(known) > 100) == ("Germany", "United States", True)
    assert with_holidays(shop(), ["AD", "ZW"], 0)[1] == ()
