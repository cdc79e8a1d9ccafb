"""Sales put on top of others: what is new is added, what differs is told, what is the same changes nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn
from panels import panel

from sales.appending import Difference, appended
from sales.calendar import Calendar
from sales.panel import SalesPanel
from ui.texts import problem

NAN = float("nan")


def codes(found: Difference) -> list[str]:
    assert all(problem(told) for told in found.problems)
    return [told.code for told in found.problems]


def units(made: SalesPanel | None) -> dict[str, list[float | None]]:
    assert made is not None
    return {item: [None if np.isnan(value) else float(value) for value in row] for item, row in zip(made.items, made.y, strict=True)}


def part(made: SalesPanel, first: int, end: int) -> SalesPanel:
    """What a file of these periods alone would give: items known in them, each from its first known period."""
    seen = made.until(made.periods[end - 1], made.ahead)
    y = seen.y[:, first:]
    kept = ~np.isnan(y).all(axis=1)
    cut = replace(
        seen,
        periods=seen.periods[first:],
        y=y,
        out_of_stock=seen.out_of_stock[:, first:],
        start=np.argmax(~np.isnan(y), axis=1),
        covariates={name: block[:, first:] for name, block in seen.covariates.items()},
    )
    return cut.select(kept)


def test_the_next_days_are_added_and_nothing_is_said() -> None:
    old = panel([[1, 2, 3], [4, 5, 6]], items=["007", "b"])
    new = panel([[7, 8], [9, 1]], items=["007", "b"], start="2023-01-05")
    found = appended(old, new)
    assert units(found.panel) == {"007": [1, 2, 3, 7, 8], "b": [4, 5, 6, 9, 1]}
    assert (found.only_old, found.only_new, found.both) == (3, 2, 0)
    assert (codes(found), found.changed, len(found.changes), found.same) == ([], 0, 0, False)


def test_where_both_cover_a_period_the_newer_counts_and_the_difference_is_told() -> None:
    old = panel([[1, 2, 3], [4, 5, 6]], items=["a", "b"])
    new = panel([[2, 30, 7], [5, 4, 9]], items=["a", "b"], start="2023-01-03")
    found = appended(old, new)
    assert units(found.panel) == {"a": [1, 2, 30, 7], "b": [4, 5, 4, 9]}
    assert (found.only_old, found.only_new, found.both, found.changed) == (1, 1, 2, 2)
    assert (found.units_before, found.units_after) == (16, 41)
    assert found.changes.to_dict("list") == {
        "item": ["a", "b"],
        "ds": [pd.Timestamp("2023-01-04")] * 2,
        "before": [3, 6],
        "after": [30, 4],
        "change": [27, -2],
    }
    assert codes(found) == ["append_changes"]
    assert "2 values of the dataset differ" in problem(found.problems[0])
    assert "16 units become 41" in problem(found.problems[0])


def test_an_item_without_a_row_sold_nothing_or_is_not_known() -> None:
    old = panel([[1, 2], [4, 5]], items=["a", "b"])
    new = panel([[NAN, 3], [6, 7]], items=["a", "c"], starts=[1, 0], start="2023-01-04")
    zero = appended(old, new)
    assert units(zero.panel) == {"a": [1, 2, 0, 3], "b": [4, 5, 0, 0], "c": [None, None, 6, 7]}
    assert zero.panel is not None
    assert zero.panel.start.tolist() == [0, 0, 2]
    assert (zero.items_new, zero.items_missed) == (("c",), ("b",))
    unknown = appended(old, new, "unknown")
    assert units(unknown.panel) == {"a": [1, 2, None, 3], "b": [4, 5, None, None], "c": [None, None, 6, 7]}


def test_what_the_older_does_not_know_stays_so_until_a_row_says_otherwise() -> None:
    old = panel([[1, NAN, 3], [1, NAN, 1]], items=["a", "b"])
    new = panel([[5, 6]], items=["a"], start="2023-01-03")
    found = appended(old, new)
    assert units(found.panel) == {"a": [1, 5, 6], "b": [1, None, 0]}
    assert (found.filled, found.changed) == (1, 2)


def test_what_the_newer_cannot_read_keeps_what_the_older_knew() -> None:
    found = appended(panel([[1, 2, 3]]), panel([[2, NAN, 4]], start="2023-01-03"))
    assert units(found.panel) == {"A000": [1, 2, 3, 4]}


def test_an_older_file_is_told_and_its_own_periods_are_added_in_front() -> None:
    old = panel([[1, 2, 3]], start="2023-01-10")
    found = appended(old, panel([[4, 5, 6]], items=["0"], start="2023-01-07"))
    assert units(found.panel) == {"0": [4, 5, 6, 0, 0, 0], "A000": [None, None, None, 1, 2, 3]}
    assert codes(found) == ["append_older"]
    assert "end before those of the dataset, which reach to 2023-01-12, got '2023-01-09'" in problem(found.problems[0])


def test_a_hole_is_not_known_and_told() -> None:
    found = appended(panel([[1, 2]]), panel([[3, 4]], start="2023-01-06"))
    assert units(found.panel) == {"A000": [1, 2, None, None, 3, 4]}
    assert [(p.code, p.params) for p in found.problems] == [
        ("append_hole", {"periods": 2, "first": "2023-01-04", "last": "2023-01-05"}),
    ]


def test_a_part_of_the_shop_is_told() -> None:
    old = panel(np.ones((10, 6)))
    found = appended(old, panel(np.ones((4, 2)), start="2023-01-08"))
    assert codes(found) == ["append_few_items"]
    assert "10 did in the last 2 periods before, got '4'" in problem(found.problems[0])
    assert len(found.items_missed) == 6
    assert codes(appended(old, panel(np.ones((5, 2)), start="2023-01-08"))) == []


def test_other_periods_cannot_be_added() -> None:
    found = appended(panel([[1, 2]], frequency="W"), panel([[1, 2]], frequency="D"))
    assert (found.panel, codes(found)) == (None, ["append_other_calendar"])
    mondays, sundays = panel([[1, 2]], frequency="W"), Calendar("W-SUN")
    others = replace(mondays, calendar=sundays, periods=sundays.range(pd.Timestamp("2023-01-01"), 2))
    assert codes(appended(mondays, others)) == ["append_other_calendar"]


def test_what_is_known_ahead_reaches_as_far_as_either_and_the_newer_counts() -> None:
    old = panel([[1, 2]], covariates={"price": [1, 2, 3, 4], "ads": [0, 1, 1, 0]}, season=14)
    new = panel([[2, 3]], start="2023-01-03", covariates={"price": [2, NAN, 9]})
    found = appended(old, new)
    assert found.panel is not None
    assert found.panel.covariates["price"].tolist() == [[1, 2, 3, 9]]
    np.testing.assert_array_equal(found.panel.covariates["ads"], [[0, 1, 1, 0]])
    assert found.panel.season == 14
    assert [(p.code, p.column) for p in found.problems] == [("append_besides", None), ("append_known_missing", "ads")]
    assert found.problems[0].params == {"flags": 0, "known": 1, "words": 0}


def test_flags_and_words_come_from_the_newer_where_it_has_them() -> None:
    def worded(made: SalesPanel, **words: list[str | None]) -> SalesPanel:
        texts = {name: pd.array(values, dtype="str") for name, values in words.items()}
        return replace(made, attributes=pd.DataFrame(texts, index=pd.Index(made.items, name="item")))

    old = worded(panel([[1, 0], [1, 1]], items=["a", "b"], out_of_stock=[[0, 1], [0, 0]]), category=["x", "y"])
    new = worded(panel([[5, 0], [1, 1]], items=["a", "c"], start="2023-01-03", out_of_stock=[[0, 1], [0, 0]]), supplier=["s", None])
    found = appended(old, new)
    assert found.panel is not None
    assert found.panel.out_of_stock.tolist() == [[False, False, True], [False] * 3, [False] * 3]
    assert found.panel.attributes.fillna("").to_dict("list") == {"category": ["x", "y", ""], "supplier": ["s", "", ""]}


HISTORIES = hn.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(2, 9)), elements=st.sampled_from([0, 0, 1, 2, 5]))


@given(HISTORIES, st.data())
def test_what_is_there_already_changes_nothing(y: np.ndarray, data: st.DataObject) -> None:
    """A file of any stretch of the same history, with items that start later and flags, in either reading of gaps."""
    periods = y.shape[1]
    starts = np.array([data.draw(st.integers(0, periods - 1)) for _ in y])
    y = np.where(np.arange(periods) < starts[:, None], np.float32(np.nan), y)
    flags = data.draw(hn.arrays(bool, y.shape)) & ~np.isnan(y)
    old = panel(y, starts=starts, out_of_stock=flags, start=str(pd.Timestamp("2023-01-02").date()))
    first = data.draw(st.integers(0, periods - 1))
    end = data.draw(st.integers(first + 1, periods))
    stretch = part(old, first, end)
    for gaps in ("zero", "unknown"):
        if len(stretch):
            found = appended(old, stretch, gaps)  # type: ignore[arg-type]
            assert (found.same, found.changed, found.filled) == (True, 0, 0)
            assert codes(found) == ["append_same"]


@given(HISTORIES, st.data())
def test_two_parts_make_the_whole_again(y: np.ndarray, data: st.DataObject) -> None:
    """Whatever the cut and the overlap, as long as each item starts in the first part and nothing is unknown."""
    whole = panel(y)
    periods = y.shape[1]
    cut = data.draw(st.integers(1, periods - 1))
    begin = data.draw(st.integers(0, cut))
    found = appended(part(whole, 0, cut), part(whole, begin, periods))
    assert found.panel is not None
    assert found.panel.fingerprint == whole.fingerprint
    assert (found.only_old, found.both, found.only_new) == (begin, cut - begin, periods - cut)
    assert found.changed == 0


@pytest.mark.slow
def test_50_000_items_of_three_years_are_compared_in_seconds() -> None:
    whole = panel(np.random.default_rng(1).poisson(1, (50_000, 1_096)), items=[f"{i:05d}" for i in range(50_000)])
    assert appended(part(whole, 0, 1_090), part(whole, 1_060, 1_096)).changed == 0
