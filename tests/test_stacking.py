"""Files of one shop on top of each other: the newer counts for the days and items that it holds, and a hole is not nothing sold."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from sales.intake import intake
from sales.mapping import Mapping
from sales.stacking import stacked, with_holes

PLAIN = Mapping("item", "day", "units")


def file(rows: list[tuple[str, str, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item", "day", "units"])


def daily(first: str, days: int, items: Sequence[str] = "AB", units: int = 2) -> pd.DataFrame:
    return file([(item, f"{day:%Y-%m-%d}", units) for day in pd.date_range(first, periods=days) for item in items])


def test_the_newer_counts_from_its_first_day_to_its_last_for_the_items_that_it_holds() -> None:
    old = file([("A", "2024-01-01", 1), ("A", "2024-01-02", 2), ("B", "2024-01-02", 3), ("A", "2024-01-04", 4)])
    new = file([("A", "2024-01-02", 5), ("A", "2024-01-03", 6)])
    stack = stacked([old, new], PLAIN)
    assert stack.table.values.tolist() == [
        ["A", "2024-01-01", 1],
        ["B", "2024-01-02", 3],
        ["A", "2024-01-04", 4],
        ["A", "2024-01-02", 5],
        ["A", "2024-01-03", 6],
    ]
    assert (stack.replaced, list(stack.items)) == (1, ["A"])
    assert stack.days == (pd.Timestamp("2024-01-02"), pd.Timestamp("2024-01-03"))
    assert stack.table.index.tolist() == [0, 2, 3, 0, 1]


def test_a_line_that_the_newer_file_no_longer_has_is_gone_and_unreadable_rows_stay() -> None:
    old = file([("A", "2024-01-01", 1), ("A", "2024-01-02", 2), ("A", "soon", 7), (None, "2024-01-02", 8)])  # type: ignore[list-item]
    new = file([("A", "2024-01-01", 1), ("A", "2024-01-03", 1)])
    assert stacked([old, new], PLAIN).table["units"].tolist() == [7, 8, 1, 1]


def test_an_old_code_and_its_new_one_are_the_same_item() -> None:
    old, new = file([("a", "2024-01-01", 1), ("b", "2024-01-01", 2)]), file([("A", "2024-01-01", 3)])
    assert stacked([old, new], PLAIN, merges={"a": "A"}).table["units"].tolist() == [2, 3]
    assert stacked([old, new], PLAIN).table["units"].tolist() == [1, 2, 3]


def test_types_may_differ_between_files() -> None:
    old = file([("007", "2024-01-01", 1), ("7", "2024-01-01", 2)])
    new = pd.DataFrame({"item": ["007"], "day": [pd.Timestamp("2024-01-01 13:00")], "units": [3.0]})
    assert stacked([old, new], PLAIN).table["units"].tolist() == [2, 3]


def test_days_that_no_file_covers_are_not_known() -> None:
    parts = [daily("2024-01-01", 10), daily("2024-01-15", 10)]
    stack = stacked(parts, PLAIN)
    assert list(stack.uncovered) == list(pd.date_range("2024-01-11", "2024-01-14"))
    read = intake(stack.table, PLAIN)
    assert read.panel is not None
    panel, problems = with_holes(read.panel, stack)
    assert [(p.code, p.params) for p in problems] == [("append_hole", {"periods": 4, "first": "2024-01-11", "last": "2024-01-14"})]
    assert np.isnan(panel.y).sum(axis=1).tolist() == [4, 4]
    assert panel.units == 2 * 2 * 20


def test_a_sunday_on_which_nothing_ever_sells_is_no_hole() -> None:
    """Two weeks from Monday to Saturday, each a file."""
    parts = [daily("2024-01-01", 6), daily("2024-01-08", 6)]
    assert len(stacked(parts, PLAIN).uncovered) == 0


def test_weekly_totals_cover_their_weeks() -> None:
    weeks = [
        file([("A", f"{day:%Y-%m-%d}", 1) for day in pd.date_range(first, periods=4, freq="7D")]) for first in ("2024-01-01", "2024-01-29")
    ]
    assert len(stacked(weeks, PLAIN).uncovered) == 0
    assert len(stacked([weeks[0], weeks[1].iloc[:1], weeks[1].iloc[1:2]], PLAIN).uncovered) == 0
    assert list(stacked([weeks[0], weeks[1].iloc[1:]], PLAIN).uncovered) == list(pd.date_range("2024-01-29", periods=7))


rows = st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 9), st.integers(0, 5)), min_size=1, max_size=12)


def of(drawn: list[tuple[str, int, int]]) -> pd.DataFrame:
    return file([(item, f"2024-01-{day:02}", units) for item, day, units in drawn])


@given(st.lists(rows, min_size=1, max_size=3))
def test_a_file_put_on_top_of_itself_changes_nothing(drawn: list[list[tuple[str, int, int]]]) -> None:
    files = [of(part) for part in drawn]
    once, twice = stacked(files, PLAIN).table, stacked([*files, files[-1]], PLAIN).table
    assert sorted(once.values.tolist()) == sorted(twice.values.tolist())


@given(st.lists(rows, min_size=1, max_size=3))
def test_the_last_file_is_whole_and_each_row_is_of_some_file(drawn: list[list[tuple[str, int, int]]]) -> None:
    files = [of(part) for part in drawn]
    stack = stacked(files, PLAIN)
    assert stack.table.iloc[len(stack.table) - len(files[-1]) :].values.tolist() == files[-1].values.tolist()
    assert len(stack.table) + stack.replaced == sum(map(len, files))


def test_a_late_row_far_from_the_rest_replaces_its_own_item_and_day_only() -> None:
    """Fourteen months of three items, 10 a day; then ten days, and one row of the year before."""
    old = daily("2023-01-01", 425, "ABC", 10)
    stray = file([("A", "2023-03-11", 7)])
    new = pd.concat([daily("2024-03-01", 10, "ABC", 10), stray], ignore_index=True)
    stack = stacked([old, new], PLAIN)
    assert stack.table["units"].sum() == 3 * 10 * 435 - 3
    assert (stack.replaced, stack.gone) == (1, 0)
    assert stack.days == (pd.Timestamp("2024-03-01"), pd.Timestamp("2024-03-10"))
    assert [(one.code, one.got, one.count) for one in stack.problems] == [("append_strays", "2023-03-11", 1)]
    assert stack.problems[0].params["units"] == f"{10 * (3 * (425 - 69) - 1):,}"  # from 11 March on, without the item and day replaced


def test_late_rows_close_to_the_rest_do_not_wipe_the_days_between() -> None:
    old = daily("2024-01-01", 60, "ABC", 10)
    new = pd.concat([file([("A", "2024-02-27", 10)]), daily("2024-03-01", 10, "ABC", 10)], ignore_index=True)
    assert stacked([old, new], PLAIN).table["units"].sum() == 3 * 10 * 70


def test_a_pause_within_the_newer_file_keeps_what_the_older_holds_there() -> None:
    old = daily("2024-01-01", 91)
    new = pd.concat([daily("2024-01-01", 31), daily("2024-03-01", 31)])
    assert stacked([old, new], PLAIN).table["units"].sum() == old["units"].sum()


def test_what_would_be_gone_is_counted() -> None:
    stack = stacked([daily("2024-01-01", 10), file([("A", "2024-01-03", 2), ("A", "2024-01-08", 2)])], PLAIN)
    assert (stack.units, stack.gone) == (12, 8)
    later = stacked([daily("2024-01-01", 10), file([("A", "2024-01-03", 2), ("A", "2024-01-08", 2)]), daily("2024-01-11", 2)], PLAIN)
    assert (later.units, later.gone, later.problems) == (0, 0, ())


PLACED = Mapping("item", "day", "units", location="store")


def test_each_place_comes_in_its_own_file_and_what_is_awaited_is_not_known() -> None:
    base = pd.concat([daily("2024-01-01", 91, "ABC", 10).assign(store="x"), daily("2024-01-01", 91, "ABC", 5).assign(store="y")])
    x, y = (daily("2024-04-01", 10, "ABC", units).assign(store=store) for store, units in (("x", 10), ("y", 5)))
    for mapping in (PLACED, PLAIN):  # mapped, or so named
        stack = stacked([base, x, y], mapping)
        assert (stack.replaced, stack.absent) == (0, ())
        assert stack.table["units"].sum() == 3 * 15 * 101
    (absent,) = stacked([base, x], PLACED).absent
    assert (absent.places, list(absent.items)) == (("y",), ["A", "B", "C"])
    assert list(absent.days) == list(pd.date_range("2024-04-01", periods=10))
    stack = stacked([base, x], PLACED)
    read = intake(stack.table, PLACED)
    assert read.panel is not None
    panel, problems = with_holes(read.panel, stack)
    assert np.isnan(panel.y).sum(axis=1).tolist() == [10, 10, 10]
    assert [(one.code, one.got, one.params["units"]) for one in problems] == [("append_place_absent", "y", "300")]


def test_items_of_an_absent_place_are_not_known_and_others_are() -> None:
    base = pd.concat([daily("2024-01-01", 91, ["A / x"], 10).assign(store="x"), daily("2024-01-01", 91, ["A / y"], 5).assign(store="y")])
    stack = stacked([base, daily("2024-04-01", 10, ["A / x"], 10).assign(store="x")], PLAIN)
    read = intake(stack.table, PLAIN)
    assert read.panel is not None
    panel, _ = with_holes(read.panel, stack)
    assert np.isnan(panel.y).sum(axis=1).tolist() == [0, 10]


def test_a_place_that_seldom_sells_or_has_ended_is_not_awaited() -> None:
    often = daily("2024-01-01", 91, "A").assign(store="x")
    seldom = pd.concat([daily(day, 1, "A").assign(store="island") for day in ("2024-01-10", "2024-02-10", "2024-03-10")])
    ended = daily("2024-01-01", 40, "A").assign(store="closed")
    assert stacked([pd.concat([often, seldom, ended]), daily("2024-04-01", 5, "A").assign(store="x")], PLACED).absent == ()


def test_a_file_without_places_replaces_its_items_wherever_they_sold() -> None:
    old = daily("2024-01-01", 4, "A").assign(store="x")
    assert stacked([old, daily("2024-01-03", 4, "A", 7)], PLACED).table["units"].tolist() == [2, 2, 7, 7, 7, 7]


def test_a_line_of_0_units_says_that_a_place_has_closed() -> None:
    base = pd.concat([daily("2024-01-01", 91).assign(store="x"), daily("2024-01-01", 91).assign(store="y")])
    closed = file([("A", "2024-04-10", 0)]).assign(store="y")
    april = pd.concat([daily("2024-04-01", 10).assign(store="x"), closed])
    stack = stacked([base, april], PLACED)
    assert (stack.absent, stack.gone) == ((), 0)
