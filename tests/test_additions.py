"""What is added to a dataset from elsewhere: remembered as JSON, given again to tomorrow's sales, taken away again."""

import json

import numpy as np
import pandas as pd
import pytest
from panels import panel

from sales import datasets as saved
from sales.additions import Events, Holidays, Known, described, from_json, instead, to_json, with_additions, without
from sales.context import EventColumns

FAIRS = pd.DataFrame({"from": ["2023-01-04", "2023-01-20"], "what": ["fair", "fair"]})
WEATHER = pd.DataFrame({"day": pd.date_range("2023-01-02", periods=30).astype(str), "degrees": np.arange(30.0)})
ALL = (
    Holidays(("DE", "CN")),
    Events("events-1", EventColumns("from", "what"), "fairs.csv"),
    Known("known-1", ("degrees",), {"date": "day"}, "weather.csv", True),
)
TABLES = {"events-1": FAIRS, "known-1": WEATHER}


def test_written_and_read_again_they_are_equal() -> None:
    assert from_json(json.loads(json.dumps(to_json(ALL)))) == ALL


@pytest.mark.parametrize(
    "read", [3, [3], [{}], [{"kind": "magic"}], [{"kind": "holidays", "countries": []}], [{"kind": "events", "table": 3, "columns": {}}]]
)
def test_anything_else_is_refused(read: object) -> None:
    with pytest.raises(ValueError, match=r"additions: got|holidays: got"):
        from_json(read)


def test_added_and_taken_away_again_the_panel_is_as_before() -> None:
    before = panel(np.ones((2, 14)), covariates={"price": np.ones(20)})
    after, problems = with_additions(before, ALL, TABLES.__getitem__)
    assert problems == ()
    assert set(after.covariates) == {"price", "holiday_DE", "holiday_CN", "fair", "degrees"}
    assert after.covariates["fair"][0, :19].tolist() == [0, 0, 1, *[0] * 15, 1]
    assert without(after, ["holiday_DE", "holiday_CN", "fair", "degrees"]).fingerprint == before.fingerprint


def test_a_column_found_by_what_the_items_no_longer_have_is_named() -> None:
    told = with_additions(
        panel(np.ones((1, 9))), [Known("known-1", ("degrees",), {"date": "day", "category": "shop"})], TABLES.__getitem__
    )[1]
    assert [(problem.code, problem.got) for problem in told] == [("known_key_gone", "category")]


def test_tomorrows_sales_of_the_dataset_get_them_again() -> None:
    data = saved.save_sales("Shop", panel(np.ones((2, 9))), {"source": "a.csv", "sample": "x"}, raw=[WEATHER], recipe={"version": 1})
    for one in ALL:
        data = saved.change_additions(data, add=one, table=TABLES.get(one.table or ""))
    full, _ = with_additions(panel(np.ones((2, 9))), ALL, TABLES.__getitem__)
    assert saved.load_sales(data).fingerprint == full.fingerprint
    pd.testing.assert_frame_equal(saved.addition_table(data, saved.additions_of(data)[1].table or ""), FAIRS)
    assert (data.facts["source"], data.facts["sample"], saved.recipe_of(data)) == ("a.csv", "x", {"version": 1})
    later = saved.update_sales(data, panel(np.ones((2, 12))), {"source": "b.csv"}, raw=[WEATHER])
    now = saved.load_sales(later)
    assert set(now.covariates) == set(full.covariates)
    assert now.ahead == 366
    np.testing.assert_array_equal(now.covariates["degrees"][0, :30], np.arange(30.0))
    less = saved.change_additions(later, drop=saved.additions_of(later)[0])
    assert set(saved.load_sales(less).covariates) == {"fair", "degrees"}
    assert (len(saved.raw_of(less)), [type(one) for one in saved.additions_of(less)]) == (1, [Events, Known])


def test_others_in_their_place_and_how_far_they_are_known() -> None:
    before = panel(np.ones((2, 14)), starts=[0, 2])
    full, _ = with_additions(before, ALL, TABLES.__getitem__)
    changed, problems = instead(full, ALL, ALL[1:], TABLES.__getitem__)
    assert (problems, set(changed.covariates), changed.ahead) == ((), {"fair", "degrees"}, 16)
    assert instead(full, ALL, (), TABLES.__getitem__)[0].fingerprint == before.fingerprint
    told = described(changed, ["degrees", "holiday_DE"])
    assert told.values.tolist() == [
        ["degrees", 2, pd.Timestamp("2023-01-02"), pd.Timestamp("2023-01-31"), 16, 13, 16, pytest.approx(14.9825, abs=1e-3)]
    ]


def test_of_an_event_it_is_told_for_how_many_items_and_how_often_before_and_ahead() -> None:
    fairs = pd.DataFrame({"day": ["2023-01-05", "2023-01-06", "2023-01-20"], "what": "fair", "sku": "A001"})
    events = Events("fairs", EventColumns("day", "what", item="sku"), "fairs.csv")
    made, problems = with_additions(panel(np.ones((3, 14))), [events], {"fairs": fairs}.__getitem__)
    assert problems == ()
    told = described(made, ["fair"]).iloc[0]
    assert (told["items"], told["ahead"], told["past"], told["coming"]) == (1, 5, 2, 1)
