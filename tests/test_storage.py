"""A panel as a Parquet file: equal when it comes back, and told from any other file."""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn
from panels import panel

from sales import storage
from sales.commandline import add_sales_arguments, read_sales
from sales.panel import SalesPanel
from ui.texts import problem
from workspace import tables

UNITS = st.one_of(st.just(np.nan), st.just(0.0), st.just(-0.0), st.floats(-1e6, 2.0**40, width=32))


def written(tmp_path: Path, made: SalesPanel) -> Path:
    path = tmp_path / "panel.parquet"
    storage.write_panel(path, made)
    return path


def rich() -> SalesPanel:
    """Codes with leading zeros and in two cases, flags, columns known ahead whose names need quoting, attributes with a hole, months."""
    made = panel(
        [[np.nan, 1, 0], [2, np.nan, 3], [0, 0, 0.5]],
        frequency="M",
        items=["007", "7", "a"],
        starts=[1, 0, 0],
        out_of_stock=[[0, 0, 1], [0, 1, 0], [0, 0, 0]],
        covariates={
            "price, EUR": [[np.nan, 2, 2.5, 3, np.nan], [1.5, 2, 2, 3, 4], [1, 1, 1, 1, 1]],
            "start": [[np.nan, 1, 0, 1, 1], [0, 1, 0, 1, 1], [0, 1, 0, 1, 1]],
        },
        season=6,
    )
    words = pd.DataFrame({"category": pd.array(["x", None, "ü\n"], dtype="str")}, index=pd.Index(made.items, name="item"))
    return SalesPanel(**{**made.__dict__, "attributes": words})


def read(path: Path, *flags: str):  # type: ignore[no-untyped-def]
    parser = argparse.ArgumentParser()
    add_sales_arguments(parser)
    return read_sales(parser.parse_args([str(path), *flags]))


def same(left: SalesPanel, right: SalesPanel) -> None:
    assert left.fingerprint == right.fingerprint
    assert (left.calendar, left.season, left.ahead, list(left.covariates)) == (
        right.calendar,
        right.season,
        right.ahead,
        list(right.covariates),
    )
    for name in ("items", "periods", "y", "start", "out_of_stock"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
        assert getattr(left, name).dtype == getattr(right, name).dtype
    pd.testing.assert_frame_equal(left.attributes, right.attributes)


def test_a_panel_comes_back_equal_in_every_part(tmp_path: Path) -> None:
    made = rich()
    path = written(tmp_path, made)
    same(storage.read_panel(path), made)
    assert storage.is_panel(path)
    assert pq.read_metadata(path).num_rows == 3, "one row an item"


def test_other_programs_read_the_units_as_lists(tmp_path: Path) -> None:
    table = pq.read_table(written(tmp_path, panel([[1, 2], [3, 4.5]]))).to_pydict()
    assert (table["item"], table["y"]) == (["A000", "A001"], [[1.0, 2.0], [3.0, 4.5]])


@given(hn.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 9)), elements=UNITS), st.randoms(use_true_random=False))
def test_whatever_the_units_are(y: np.ndarray, random) -> None:  # type: ignore[no-untyped-def]
    flags = np.array([[random.random() < 0.3 for _ in row] for row in y])
    made = panel(y, starts=[random.randrange(y.shape[1] + 1) for _ in y], out_of_stock=flags)
    with tempfile.TemporaryDirectory() as folder:
        same(storage.read_panel(written(Path(folder), made)), made)


def test_many_items_are_read_group_by_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_ROWS", 2)
    path = written(tmp_path, rich())
    assert pq.read_metadata(path).num_row_groups == 2
    same(storage.read_panel(path), rich())


def test_what_is_no_panel_is_told_from_one(tmp_path: Path) -> None:
    tables.write_table(tmp_path / "long.parquet", rich().to_frame())
    (tmp_path / "text.parquet").write_text("item,ds,y\n")
    assert [storage.is_panel(tmp_path / name) for name in ("long.parquet", "text.parquet", "none.parquet")] == [False] * 3
    with pytest.raises(ValueError, match="expected sales panel"):
        storage.read_panel(tmp_path / "long.parquet")


def changed(path: Path, **about: object) -> Path:
    """The file with another word in its metadata."""
    table = pq.read_table(path)
    tables.write_arrow(path, table, {**tables.read_metadata(path), **about})
    return path


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"fingerprint": "0" * 16}, "got fingerprint"),
        ({"format": 2}, "expected sales panel 1"),
        ({"periods": 10**12}, "expected at most"),
        ({"periods": 2}, "reshape"),
        ({"periods": "3"}, "TypeError"),
        ({"known": ["price"]}, "known:price"),
        ({"calendar": "H"}, "calendar alias"),
        ({"first": "soon"}, "soon"),
        ({"ahead": -3}, "expected at most"),
    ],
)
def test_a_file_that_somebody_changed_is_a_problem(tmp_path: Path, about: dict[str, object], said: str) -> None:
    path = changed(written(tmp_path, rich()), **about)
    found = read(path)
    assert found.panel is None
    assert [p.code for p in found.problems] == ["panel_unreadable"]
    assert said in problem(found.problems[0])


def test_half_a_file_is_a_problem(tmp_path: Path) -> None:
    path = written(tmp_path, rich())
    path.write_bytes(path.read_bytes()[:-200])
    assert read(path).panel is None


def test_a_command_reads_a_panel_without_flags(tmp_path: Path) -> None:
    found = read(written(tmp_path, rich()))
    assert found.problems == ()
    assert found.panel is not None
    same(found.panel, rich())


def test_flags_of_an_earlier_version_still_fit_and_others_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, rich())
    own = ["--freq", "M", "--season", "6", "--gaps", "unknown", '--known="price, EUR",start', "--out-of-stock", "out_of_stock"]
    found = read(path, *own, "--category", "category")
    assert (found.problems, found.panel.fingerprint) == ((), rich().fingerprint)
    found = read(path, "--units", "revenue", "--season", "12")
    assert [(p.code, p.got) for p in found.problems] == [("panel_flag_ignored", "units revenue")]
    assert found.panel.season == 12


def test_days_can_be_read_as_weeks(tmp_path: Path) -> None:
    found = read(written(tmp_path, panel([[1] * 21, [2] * 21])), "--freq", "W")
    assert found.panel is not None
    assert found.panel.y.tolist() == [[7, 7, 7], [14, 14, 14]]


def test_metadata_says_what_the_columns_do_not(tmp_path: Path) -> None:
    about = json.loads(pq.read_metadata(written(tmp_path, rich())).metadata[b"shelfcast"])
    assert (about["calendar"], about["first"], about["season"]) == ("MS", "2023-02-01", 6)
