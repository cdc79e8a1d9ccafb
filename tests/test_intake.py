"""The road from a table to a panel: rules of periods, gaps and rows, bad input, and the round trip."""

import datetime
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import realdata
from hypothesis import given, settings
from hypothesis import strategies as st

from sales import intake as road
from sales.calendar import Frequency
from sales.intake import Intake, intake
from sales.mapping import Mapping, propose
from sales.panel import ATTRIBUTES, SalesPanel
from sales.problems import Problem, Severity
from sales.reading import read_table
from ui.texts import problem_row

PLAIN = Mapping("item", "date", "units")


def table(text: str) -> pd.DataFrame:
    """The table in `text`, columns between blanks, `.` for nothing."""
    lines = [line.split() for line in text.strip().splitlines()]
    found = read_table("\n".join(";".join("" if cell == "." else cell for cell in line) for line in lines).encode(), "x.csv").table
    assert found is not None
    return found


def days(*units: object, item: str = "A", start: str = "2024-01-01") -> pd.DataFrame:
    return pd.DataFrame({"item": item, "date": pd.date_range(start, periods=len(units)), "units": units})


def panel_of(read: Intake) -> SalesPanel:
    assert read.panel is not None, read.problems
    return read.panel


def codes(read: Intake) -> list[str]:
    return [problem.code for problem in read.problems]


def only(read: Intake, code: str) -> Problem:
    (found,) = [problem for problem in read.problems if problem.code == code]
    return found


def test_order_lines_are_summed_and_a_missing_day_is_zero() -> None:
    read = intake(table("item date units\nA 2024-01-01 2\nA 2024-01-01 3\nB 2024-01-02 1\nA 2024-01-03 4"), PLAIN, gaps="unknown")
    assert (read.kind, read.frequency) == ("order_lines", "D")
    np.testing.assert_array_equal(panel_of(read).y, [[5, 0, 4], [np.nan, 1, 0]])
    assert panel_of(read).start.tolist() == [0, 1]


@pytest.mark.parametrize("units", [[0.1] * 11, [2**24 + 1, 1, 1], [1e11, 1, -1e11], [48, -12, 6]], ids=str)
def test_sums_are_rounded_once_whatever_the_units(units: list[float]) -> None:
    lines = pd.DataFrame({"item": "A", "day": "2024-01-01", "units": units, "order": [str(row) for row in range(len(units))]})
    lines = pd.concat([lines, lines.assign(day="2024-01-02")])
    read = panel_of(intake(lines, Mapping("item", "day", "units", order="order"), "D", actions=None))
    total = 0.0
    for sold in units:
        total += sold
    assert read.y.tolist() == [[np.float32(total)] * 2]


def test_gaps_of_period_totals_are_what_the_person_says() -> None:
    totals = table("item date units\nA 2024-01-01 2\nB 2024-01-01 1\nB 2024-01-02 0\nA 2024-01-03 4\nB 2024-01-03 1")
    zero, unknown = (panel_of(intake(totals, PLAIN, gaps=gaps)).y for gaps in ("zero", "unknown"))
    np.testing.assert_array_equal(zero, [[2, 0, 4], [1, 0, 1]])
    np.testing.assert_array_equal(unknown, [[2, np.nan, 4], [1, 0, 1]])


def test_a_week_of_days_is_known_only_where_the_item_has_every_date_of_the_file() -> None:
    both = pd.concat([days(*[1.0] * 21), days(*[2.0] * 21, item="B").drop(index=10)])
    unknown = panel_of(intake(both, PLAIN, "W", gaps="unknown"))
    np.testing.assert_array_equal(unknown.y, [[7, 7, 7], [14, np.nan, 14]])
    closed = both[both["date"].dt.day_of_week != 6]
    np.testing.assert_array_equal(
        panel_of(intake(pd.concat([closed, days(1.0, start="2024-01-21")]), PLAIN, "W", gaps="unknown")).y[0], [6, 6, 7]
    )


def test_empty_units_inside_the_history_are_not_known_whatever_gaps_say() -> None:
    read = intake(days(1.0, None, 3.0), PLAIN, gaps="zero")
    np.testing.assert_array_equal(panel_of(read).y, [[1, np.nan, 3]])
    assert (only(read, "units_unknown").row, only(read, "units_unknown").severity) == (3, Severity.INFO)


def test_an_order_line_without_units_is_left_out() -> None:
    read = intake(pd.concat([days(1.0, None, 3.0), days(2.0, None)], ignore_index=True), PLAIN)
    np.testing.assert_array_equal(panel_of(read).y, [[3, 0, 3]])
    assert (only(read, "units_empty").row, only(read, "units_empty").count) == (3, 2)


def test_partial_periods_are_left_out_and_named() -> None:
    read = intake(days(*[1.0] * 20, start="2024-01-03"), PLAIN, "W")
    panel = panel_of(read)
    assert [str(label.date()) for label in panel.periods] == ["2024-01-08", "2024-01-15"]
    assert panel.start.tolist() == [0]
    first, last = only(read, "partial_first_period"), only(read, "partial_last_period")
    assert (first.params, first.count) == ({"period": "2024-01-08", "units": "5"}, 5)
    assert (last.params, last.count) == ({"period": "2024-01-15", "units": "1"}, 1)
    assert (read.rows_read, read.rows_used) == (20, 14)


@pytest.mark.parametrize(
    ("dates", "alias", "first", "last"),
    [
        (pd.date_range("2010-02-05", periods=6, freq="W-FRI"), "W-FRI", "2010-02-05", "2010-03-12"),
        (pd.date_range("2024-01-01", periods=4, freq="MS"), "MS", "2024-01-01", "2024-04-01"),
        (pd.date_range("2024-01-31", periods=4, freq="ME"), "ME", "2024-01-31", "2024-04-30"),
        (pd.date_range("2024-02-28", periods=4), "D", "2024-02-28", "2024-03-02"),
    ],
)
def test_the_file_labels_its_own_periods(dates: pd.DatetimeIndex, alias: str, first: str, last: str) -> None:
    panel = panel_of(intake(pd.DataFrame({"item": "A", "date": dates, "units": 1}), PLAIN))
    assert panel.calendar.alias == alias
    assert [str(panel.periods[0].date()), str(panel.last.date()), len(panel.periods)] == [first, last, len(dates)]


def test_two_weeks_are_enough_where_the_frequency_is_said() -> None:
    weeks = pd.DataFrame({"item": "A", "date": ["2024-01-03", "2024-01-10"], "units": [1, 2]})
    assert panel_of(intake(weeks, PLAIN, "W")).y.tolist() == [[1, 2]]


def test_items_are_forecast_from_one_date_and_new_ones_after_it_are_named() -> None:
    read = intake(pd.concat([days(*[1.0] * 15), days(5.0, item="B"), days(3.0, item="C", start="2024-01-15")]), PLAIN, "W")
    np.testing.assert_array_equal(panel_of(read).y, [[7, 7], [5, 0]])
    new = only(read, "items_too_new")
    assert (new.got, new.params, new.count) == ("C", {"items": 1}, 1)
    assert problem_row(new)["what"].startswith("1 item first sold")


def test_a_finer_period_than_the_files_own_is_warned_of() -> None:
    weeks = pd.DataFrame({"item": "A", "date": pd.date_range("2024-01-01", periods=3, freq="7D"), "units": 1})
    found = only(intake(weeks, PLAIN, "D"), "finer_than_file")
    assert (found.severity, found.params) == (Severity.WARNING, {"chosen": "D", "own": "W"})


def test_the_season_is_the_calendars_or_the_one_asked_for() -> None:
    assert panel_of(intake(days(1, 2, 3), PLAIN)).season == 7
    assert panel_of(intake(days(1, 2, 3), PLAIN, season=1)).season == 1
    with pytest.raises(ValueError, match="expected D, W, M"):
        intake(days(1, 2, 3), PLAIN, season=0)


def test_items_whose_every_row_was_left_out_are_named() -> None:
    read = intake(pd.concat([days(1, 2, 3), days(4e12, 5e12, item="B"), days(-1.0, -2.0, item="C")]), PLAIN)
    found = only(read, "items_without_rows")
    assert (found.got, found.params, problem_row(found)["count"]) == ("B", {"items": 2}, "0")
    assert panel_of(read).items.tolist() == ["A"]


def test_items_with_rows_ahead_alone_are_named() -> None:
    read = intake(pd.concat([days(1, 2, 3), days(None, item="B", start="2024-01-04"), days(None, item="C", start="2024-01-05")]), PLAIN)
    found = only(read, "items_not_yet_sold")
    assert (found.severity, found.got, found.params) == (Severity.INFO, "B", {"items": 2})
    assert panel_of(read).items.tolist() == ["A"]


def test_a_mistyped_year_is_a_long_gap_in_a_sparse_calendar() -> None:
    read = intake(pd.concat([days(*[1] * 100), days(1, start="2034-01-01")]), PLAIN, today=datetime.date(2035, 1, 1))
    gap, sparse = only(read, "long_gap"), only(read, "sparse_calendar")
    assert gap.params == {"periods": "3,553", "first": "2024-04-10", "last": "2033-12-31"}
    assert (gap.severity, sparse.severity, sparse.params["suggested"]) == (Severity.WARNING, Severity.WARNING, "D")


MIDDLES = pd.date_range("2024-01-01", periods=24, freq="MS") + pd.Timedelta(days=14)
WEEKS = pd.date_range("2024-01-01", periods=30, freq="7D").to_series()


@pytest.mark.parametrize(
    ("dates", "share", "suggested"),
    [(MIDDLES, "97%", "M"), (WEEKS.replace(WEEKS.iloc[9], WEEKS.iloc[9] + pd.Timedelta(days=1)), "85%", "W")],
)
def test_totals_of_months_or_weeks_read_by_day_suggest_their_period(dates: pd.DatetimeIndex, share: str, suggested: str) -> None:
    totals = pd.DataFrame({"item": "A", "date": np.asarray(dates), "units": 1})
    params = only(intake(totals, PLAIN), "sparse_calendar").params
    assert (params["chosen"], params["share"], params["suggested"]) == ("D", share, suggested)
    assert "sparse_calendar" not in codes(intake(totals, PLAIN, suggested))


@pytest.mark.parametrize(("empty", "named"), [(13, False), (14, True)])
def test_a_hole_is_long_from_14_periods_and_a_tenth_of_the_history(empty: int, named: bool) -> None:
    holed = days(*[1] * 126).drop(index=range(50, 50 + empty))
    assert ("long_gap" in codes(intake(holed, PLAIN))) is named
    assert "long_gap" not in codes(intake(days(*[1] * 150).drop(index=range(50, 50 + empty)), PLAIN))


def test_a_few_equal_rows_of_period_totals_count_once() -> None:
    read = intake(pd.concat([days(*range(30)), days(0, 1)], ignore_index=True).drop(index=31), PLAIN)
    assert (read.kind, panel_of(read).y.tolist()) == ("period_totals", [list(range(30))])
    assert (only(read, "duplicate_rows").row, only(read, "duplicate_rows").severity) == (32, Severity.WARNING)


def test_many_equal_rows_are_order_lines_that_all_count() -> None:
    lines = days(*[1] * 60).loc[np.repeat(np.arange(60), np.arange(60) % 5 + 1)].reset_index(drop=True)
    read = intake(lines, PLAIN)
    assert (read.kind, panel_of(read).units) == ("order_lines", len(lines))
    assert (only(read, "duplicate_lines").row, only(read, "duplicate_lines").severity) == (4, Severity.INFO)
    few = intake(pd.concat([days(1, 2, 3), days(1), days(7)], ignore_index=True), PLAIN)
    assert (few.kind, panel_of(few).y.tolist()) == ("order_lines", [[9, 2, 3]])


def test_a_few_different_totals_are_summed_and_named_and_gaps_stay_unknown() -> None:
    totals = pd.concat([days(*range(60)).drop(index=10), days(5)], ignore_index=True)
    read = intake(totals, PLAIN, gaps="unknown")
    y = panel_of(read).y[0]
    assert (read.kind, y[0], np.isnan(y).nonzero()[0].tolist()) == ("period_totals", 5, [10])
    found = only(read, "conflicting_totals")
    assert (found.severity, found.row, found.count) == (Severity.WARNING, 61, 1)


def test_unknown_gaps_among_order_lines_are_said_to_count_as_zero() -> None:
    lines = pd.concat([days(1, 2, 3), days(1, 2, 4)], ignore_index=True)
    assert only(intake(lines, PLAIN, gaps="unknown"), "gaps_ignored").severity is Severity.WARNING
    assert "gaps_ignored" not in codes(intake(lines, PLAIN))


@pytest.mark.parametrize("times", [2, 3])
def test_a_file_there_several_times_is_taken_once_with_its_corrections(times: int) -> None:
    later = days(*range(29), 100)
    read = intake(pd.concat([days(*range(30)), *[later] * (times - 1)], ignore_index=True), PLAIN)
    assert panel_of(read).y.tolist() == [[*range(29), 100]]
    repeated, corrected = only(read, "file_repeated"), only(read, "totals_corrected")
    assert (repeated.row, repeated.count, repeated.params["chosen"]) == (32, 29 * (times - 1) + times - 2, "drop")
    assert (corrected.severity, corrected.row, corrected.count) == (Severity.WARNING, 61, 1)


def test_order_lines_are_told_by_the_rows_with_units_however_many_are_ahead() -> None:
    lines = pd.concat([days(1, 2, 3), days(4), days(*[None] * 60, start="2024-01-04")], ignore_index=True)
    read = intake(lines, PLAIN)
    assert (read.kind, panel_of(read).y.tolist()) == ("order_lines", [[5, 2, 3]])


def test_rows_that_cannot_be_used_are_left_out_and_named() -> None:
    dirty = table("""
        item date        units
        A    2024-01-01  1
        A    2024-01-02  -3
        A    2024-01-03  inf
        A    2024-01-04  1/5
        .    2024-01-05  1
        A    .           1
        A    2024-13-01  1
        A    2024-01-05  1e12
        A    2024-01-06  999999999999
        A    2024-01-07  2
        A    2024-01-08  -4
        """)
    read = intake(dirty, PLAIN)
    np.testing.assert_array_equal(panel_of(read).y, np.float32([[1, np.nan, np.nan, np.nan, np.nan, 999_999_999_999, 2]]))
    assert {(p.code, p.column, p.row, p.got, p.count) for p in read.problems} == {
        ("negative_totals", "units", 3, "-3", 2),
        ("units_infinite", "units", 4, "inf", 1),
        ("units_unreadable", "units", 5, "1/5", 1),
        ("item_empty", "item", 6, "", 1),
        ("date_empty", "date", 7, "", 1),
        ("date_unreadable", "date", 8, "2024-13-01", 1),
        ("units_absurd", "units", 9, "1e12", 1),
    }
    assert {p.severity for p in read.problems} == {Severity.WARNING}
    assert only(read, "negative_totals").params["units"] == "7"


@pytest.mark.parametrize(
    ("change", "mapping", "code"),
    [
        ({}, replace(PLAIN, item=None), "no_item_column"),
        ({}, replace(PLAIN, date=None), "no_date_column"),
        ({}, replace(PLAIN, units=None), "no_units_column"),
        ({}, replace(PLAIN, category="colour"), "column_absent"),
        ({}, replace(PLAIN, units="item"), "column_twice"),
        ({}, replace(PLAIN, known=("units",)), "known_is_taken"),
        ({"category": 1}, replace(PLAIN, known=("category",)), "known_reserved"),
        ({"date": "soon"}, PLAIN, "dates_unreadable"),
        ({"date": "1850-01-01"}, PLAIN, "date_out_of_range"),
        ({"date": "2024-01-01"}, PLAIN, "too_few_periods"),
        ({"date": ["01/02/2024", "02/03/2024", "03/04/2024"]}, PLAIN, "dates_ambiguous"),
        ({"units": "many"}, PLAIN, "units_not_numbers"),
        ({"units": ["1/5", "2/5", "3"]}, PLAIN, "units_not_numbers"),
        ({"units": None}, PLAIN, "no_usable_row"),
        ({"price": "cheap"}, replace(PLAIN, known=("price",)), "known_not_numbers"),
        ({"gone": "perhaps"}, replace(PLAIN, out_of_stock="gone"), "flag_unreadable"),
    ],
)
def test_what_cannot_be_repaired_is_an_error(change: dict[str, Any], mapping: Mapping, code: str) -> None:
    read = intake(days(1, 2, 3).assign(**change), mapping)
    assert read.panel is None
    assert only(read, code).severity is Severity.ERROR


def test_errors_of_several_columns_come_together() -> None:
    read = intake(days(1, 2, 3).assign(units="x", date="y", price="z"), replace(PLAIN, known=("price",)))
    assert set(codes(read)) == {"units_not_numbers", "dates_unreadable", "known_not_numbers"}


def test_one_row_is_too_few() -> None:
    assert codes(intake(days(1), PLAIN)) == ["too_few_periods"]


@pytest.mark.parametrize(("name", "most", "code"), [("MOST_ITEMS", 1, "too_many_items"), ("MOST_VALUES", 5, "too_many_values")])
def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch, name: str, most: int, code: str) -> None:
    monkeypatch.setattr(road, name, most)
    assert codes(intake(pd.concat([days(1, 2, 3), days(1, 2, 3, item="B")]), PLAIN)) == [code]


def test_periods_are_bounded() -> None:
    far = pd.DataFrame({"item": "A", "date": ["1901-01-01", "1901-01-02", "2199-01-01"], "units": 1})
    late = datetime.date(2200, 1, 1)
    assert codes(intake(far, PLAIN, today=late)) == ["too_many_periods"]
    assert len(panel_of(intake(far, PLAIN, "M", today=late)).periods) == 3_576


EXPECTED = [datetime.date(2024, 1, 30), datetime.date(2024, 1, 31), datetime.date(2024, 2, 1)]


@pytest.mark.parametrize(
    "dates",
    [
        ["2024-01-30", "2024-01-31T23:59:59Z", "2024-02-01 10:00:00+05:00"],
        ["2024/1/30", "2024/01/31", "2024/2/1 08:26"],
        ["30/01/2024", "31/01/2024", "1/2/2024 8:26"],
        ["1/30/2024 8:26", "01/31/2024", "2/1/2024 11:00 PM"],
        ["30.01.2024", "31.1.2024 08:26:00", "01.02.2024"],
        ["20240130", "20240131", "20240201"],
        [20240130, 20240131, 20240201],
        [datetime.date(2024, 1, 30), datetime.datetime(2024, 1, 31, 5), "2024-02-01"],
        pd.to_datetime(["2024-01-30 23:00", "2024-01-31 23:00", "2024-02-01 23:00"]).tz_localize("Asia/Tokyo"),
        pd.to_datetime(["2024-01-30", "2024-01-31", "2024-02-01"]).astype("datetime64[s]"),
    ],
)
def test_dates_are_read_with_the_time_on_the_wall(dates: Any) -> None:
    panel = panel_of(intake(pd.DataFrame({"item": "A", "date": dates, "units": 1}), PLAIN))
    assert [label.date() for label in panel.periods] == EXPECTED


def test_ambiguous_dates_are_asked_about() -> None:
    unclear = pd.DataFrame({"item": "A", "date": ["01/02/2024", "02/02/2024", "03/02/2024"], "units": 1})
    assert only(intake(unclear, PLAIN), "dates_ambiguous").got == "01/02/2024"
    assert str(panel_of(intake(unclear, PLAIN, day_first=True)).last.date()) == "2024-02-03"
    assert str(panel_of(intake(unclear, PLAIN, "D", day_first=False)).last.date()) == "2024-03-02"
    same = unclear.assign(date=["01/01/2024", "02/02/2024", "03/03/2024"])
    assert str(panel_of(intake(same, PLAIN)).last.date()) == "2024-03-03"


def test_codes_stay_byte_for_byte_and_numbers_lose_their_point() -> None:
    odd = ["007", 7.0, 85123, "=1+1", " A", "a", 1.5]
    mixed = pd.concat([days(1, 2).assign(item=pd.Series([code] * 2, dtype=object)) for code in odd])
    assert panel_of(intake(mixed, PLAIN)).items.tolist() == sorted(["007", "7", "85123", "=1+1", " A", "a", "1.5"])


def test_columns_known_ahead_reach_past_the_last_sale() -> None:
    rows = table("""
        item date       units price promo
        A    2024-01-01 1     2     no
        A    2024-01-01 3     4     yes
        A    2024-01-02 0     5     no
        B    2024-01-02 1     .     no
        A    2024-01-03 .     6     yes
        C    2024-01-04 .     9     yes
        """)
    read = intake(rows, replace(PLAIN, price="price", known=("price", "promo")))
    panel = panel_of(read)
    assert panel.items.tolist() == ["A", "B"]
    np.testing.assert_array_equal(panel.covariates["price"], [[3, 5, 6], [np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(panel.covariates["promo"], [[1, 0, 1], [np.nan, 0, np.nan]])
    assert (panel.ahead, read.rows_used) == (1, 5)


def test_sales_after_a_cutoff_do_not_move_the_covariates_before_its_horizon_ends() -> None:
    rng = np.random.default_rng(3)
    sold = pd.concat([days(*rng.integers(1, 9, 42))] * 2, ignore_index=True).assign(price=rng.uniform(1, 3, 84))
    later = sold.assign(units=sold["units"].where(sold["date"] < "2024-01-22", sold["units"] * rng.integers(1, 50, 84)))
    mapping = replace(PLAIN, price="price", known=("price",))
    before, after = (panel_of(intake(table, mapping, "W")).until(pd.Timestamp("2024-01-15"), 3) for table in (sold, later))
    np.testing.assert_array_equal(before.covariates["price"], after.covariates["price"])
    assert before.covariates["price"].shape == (1, 6)
    np.testing.assert_array_equal(before.y, after.y)


def test_a_flag_that_order_lines_carry_only_where_something_sold_is_left_out() -> None:
    every = days(*[1] * 20).assign(promo=[0, 1] * 10, price=2.0)
    mapping = replace(PLAIN, known=("promo", "price"))
    few = pd.concat([every.drop(index=range(5, 8)), every.iloc[:5]], ignore_index=True)
    read = intake(few, mapping)
    found = only(read, "known_only_where_sold")
    assert (read.kind, found.severity, found.column, found.got) == ("order_lines", Severity.WARNING, "promo", "85%")
    assert list(panel_of(read).covariates) == ["price"]
    enough = pd.concat([every.drop(index=[5, 6]), every.iloc[:5]], ignore_index=True)
    assert list(panel_of(intake(enough, mapping)).covariates) == ["promo", "price"]
    assert list(panel_of(intake(every.drop(index=range(5, 8)), mapping)).covariates) == ["promo", "price"]


def test_what_is_not_known_ahead_is_said() -> None:
    priced = days(1, 2, 3).assign(price=2)
    assert only(intake(priced, replace(PLAIN, known=("price",))), "known_not_ahead").column == "price"
    assert only(intake(days(1, 2, None, None), PLAIN), "ahead_unused").count == 2


def test_nothing_but_what_is_named_becomes_a_covariate() -> None:
    assert panel_of(intake(days(1, 2, 3).assign(price=2, revenue=9), replace(PLAIN, price="price"))).covariates == {}


def test_a_period_is_out_of_stock_where_half_its_rows_are() -> None:
    flagged = days(*[1.0] * 14).assign(gone=["yes"] * 3 + ["no"] * 4 + ["yes"] * 4 + ["no"] * 3)
    panel = panel_of(intake(flagged, replace(PLAIN, out_of_stock="gone"), "W"))
    assert panel.out_of_stock.tolist() == [[False, True]]


def test_an_attribute_is_the_most_frequent_text() -> None:
    texts = pd.concat(
        [days(1, 2, 3, 4, 5).assign(c=["x", "y", "y", None, " "]), days(1, 2, item="B").assign(c=["b", "a"]), days(1, 2, item="C")]
    )
    panel = panel_of(intake(texts, replace(PLAIN, category="c")))
    assert panel.attributes["category"].tolist() == ["y", "a", ""]


def again(panel: SalesPanel) -> SalesPanel:
    frame = panel.to_frame()
    roles = {role: role for role in ("out_of_stock", *ATTRIBUTES) if role in frame.columns}
    mapping = Mapping("item", "ds", "y", known=tuple(panel.covariates), **roles)  # type: ignore[arg-type]
    return panel_of(intake(frame, mapping, panel.calendar.frequency, gaps="unknown", season=panel.season))


amounts = st.one_of(st.none(), st.integers(0, 9), st.floats(0, 100, width=32))
lines = st.tuples(
    st.sampled_from("ABC"), st.integers(0, 40), amounts, st.sampled_from([None, 1.5, 2.25]), st.booleans(), st.sampled_from(["", "x", "y"])
)


@settings(max_examples=150)
@given(
    st.lists(lines, min_size=3, max_size=60),
    st.sampled_from(["D", "W", "M", None]),
    st.sampled_from(["zero", "unknown"]),
    st.sampled_from([1, 3, 7]),
    st.booleans(),
)
def test_a_panel_written_and_read_again_is_the_same(
    rows: list[tuple[Any, ...]], frequency: Frequency | None, gaps: Any, step: int, totals: bool
) -> None:
    frame = pd.DataFrame(rows, columns=["item", "date", "units", "price", "gone", "kind"])
    if totals:
        frame = frame.drop_duplicates(["item", "date"])
    frame["date"] = pd.Timestamp("2024-01-29") + pd.to_timedelta(frame["date"] * step, unit="D")
    frame["promo"] = frame["gone"] ^ (frame["price"] == 1.5)
    mapping = replace(PLAIN, price="price", known=("price", "promo"), out_of_stock="gone", category="kind")
    panel = intake(frame, mapping, frequency, gaps).panel
    if panel is None:
        return
    assert again(panel).fingerprint == panel.fingerprint
    out = io.BytesIO()
    panel.to_frame().to_parquet(out)
    read = read_table(out.getvalue(), "sales.parquet").table
    assert read is not None
    assert len(read) == len(panel.to_frame())


@settings(max_examples=100)
@given(st.lists(lines, min_size=2, max_size=40), st.sampled_from(["D", "W", "M"]))
def test_no_unit_is_lost_or_made_up(rows: list[tuple[Any, ...]], frequency: Frequency) -> None:
    frame = pd.DataFrame(rows, columns=["item", "date", "units", "price", "gone", "kind"])
    frame["date"] = pd.Timestamp("2024-01-29") + pd.to_timedelta(frame["date"], unit="D")
    panel = intake(frame, PLAIN, frequency).panel
    if panel is not None:
        span = frame["date"].between(panel.periods[0], panel.calendar.last_day(panel.last))
        unknown = np.isnan(panel.y[np.arange(panel.y.shape[1]) >= panel.start[:, None]]).any()
        whole = frame[span & frame["item"].isin(panel.items)].drop_duplicates()["units"].sum()
        kept = frame[span & frame["item"].isin(panel.items)]["units"].sum()
        assert unknown or any(panel.units == pytest.approx(total, abs=1e-3) for total in (whole, kept))


texts_and_numbers = [st.none(), st.text(max_size=6), st.integers(), st.floats(), st.booleans()]
cell = st.one_of(*texts_and_numbers, st.datetimes(), st.dates(), st.binary(max_size=3), st.just([1]))


@settings(max_examples=200)
@given(st.lists(st.tuples(cell, cell, cell, cell), max_size=8), st.booleans(), st.sampled_from(["D", "W", "M", None]))
def test_random_tables_never_raise(rows: list[tuple[Any, ...]], proposed: bool, frequency: Frequency | None) -> None:
    frame = pd.DataFrame(rows, columns=["item", "date", "units", "other"], dtype=object)
    roles = dict.fromkeys(("price", "promotion", "out_of_stock", "category", "supplier", "description"), "other")
    mapping = propose(frame) if proposed else Mapping("item", "date", "units", **roles, known=("other",))  # type: ignore[arg-type]
    read = intake(frame, mapping, frequency)
    assert read.panel is not None or any(problem.severity is Severity.ERROR for problem in read.problems)


@pytest.mark.slow
def test_real_order_lines_agree_with_pandas() -> None:
    lines = pd.read_parquet(realdata.folder("online_retail") / "online_retail.parquet")
    read = read_table(lines.to_csv(index=False).encode(), "online_retail.csv").table
    assert read is not None
    assert read["StockCode"].tolist() == lines["StockCode"].tolist()
    mapping = propose(read)
    assert (mapping.item, mapping.date, mapping.units, mapping.price) == ("StockCode", "InvoiceDate", "Quantity", "UnitPrice")
    taken = intake(read, mapping, "W", actions={"returns": "drop", "no_product": "keep", "price_not_positive": "keep"})
    panel = panel_of(taken)
    assert (len(panel.periods), str(panel.periods[0].date()), str(panel.last.date())) == (52, "2010-12-06", "2011-11-28")
    assert only(taken, "returns").count == 10_624

    sold = lines[(lines["Quantity"] >= 0) & lines["InvoiceDate"].between("2010-12-06", "2011-12-04 23:59:59")]
    week = sold["InvoiceDate"].dt.to_period("W").dt.start_time
    oracle = sold.groupby(["StockCode", week])["Quantity"].sum().unstack().reindex(columns=panel.periods).fillna(0)
    np.testing.assert_array_equal(np.nan_to_num(panel.y[panel.rows_of(list(oracle.index))]), oracle.to_numpy())
    assert panel.units == sold["Quantity"].sum()


def test_a_total_whose_units_cannot_be_used_is_not_known_whatever_gaps_mean() -> None:
    days = pd.date_range("2024-01-01", periods=5).astype(str)
    table = pd.DataFrame({"item": ["a"] * 5 + ["b"] * 5, "ds": [*days, *days], "y": ["1", "two", "-3", "4", "5", *"12345"]})
    panel = intake(table, Mapping("item", "ds", "y")).panel
    assert panel is not None
    np.testing.assert_array_equal(panel.y, [[1, np.nan, np.nan, 4, 5], [1, 2, 3, 4, 5]])


def test_a_day_that_nobody_can_read_is_not_known_either() -> None:
    table = pd.DataFrame({"item": "a", "ds": pd.date_range("2024-01-01", periods=4), "y": [1, np.inf, 3, 4]})
    panel = intake(table, Mapping("item", "ds", "y")).panel
    assert panel is not None
    np.testing.assert_array_equal(panel.y, [[1, np.nan, 3, 4]])


def test_a_return_beside_the_sale_of_its_day_takes_nothing_away() -> None:
    table = pd.DataFrame({"item": "a", "ds": ["2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03"], "y": [1, 2, -2, 3]})
    panel = intake(table, Mapping("item", "ds", "y")).panel
    assert panel is not None
    np.testing.assert_array_equal(panel.y, [[1, 2, 3]])


def test_a_row_pasted_twice_into_a_small_file_is_taken_once() -> None:
    table = pd.DataFrame({"item": "a", "ds": pd.date_range("2024-01-01", periods=9), "y": np.arange(9)})
    read = intake(pd.concat([table, table.iloc[[4]]], ignore_index=True), Mapping("item", "ds", "y"))
    assert read.kind == "period_totals"
    assert panel_of(read).units == 36
    assert [p.code for p in read.problems] == ["duplicate_rows"]


def test_every_bad_cell_is_shown_with_its_row_not_only_the_first() -> None:
    table = pd.DataFrame({"item": "a", "ds": pd.date_range("2024-01-01", periods=6), "y": ["1", "three", "2", "1.2.3", "5", "6"]})
    shown = problem_row(only(intake(table, Mapping("item", "ds", "y")), "units_unreadable"))
    assert (shown["row"], shown["got"], shown["count"]) == ("3, 5", "three; 1.2.3", "2")


def test_codes_that_a_spreadsheet_rounded_are_told() -> None:
    table = pd.DataFrame({"sku": ["4.00617E+12", "4,00618E+12", "4006170000001", "5E12", "1e"], "day": "2024-01-01", "qty": 1})
    (told,) = [problem for problem in intake(table, Mapping("sku", "day", "qty")).problems if problem.code == "item_rounded"]
    assert (told.count, told.row, told.got) == (2, 2, "4.00617E+12")
