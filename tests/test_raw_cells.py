"""Raw tables come back from the workspace as they were read, cell by cell, so that a recipe makes the same sales of them again."""

import datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales.cells import as_cells, from_cells
from sales.datasets import kept, raw_of, save_sales
from sales.mapping import Mapping
from sales.recipe import Recipe, apply
from workspace import tables

CELLS = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["1,5", "1.234", "\x1f", "\x1ffloat 1.5", "True", "1"]),
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.decimals(allow_nan=False),
    st.dates(),
    st.times(),
    st.datetimes(),
)


def test_numbers_beside_decimal_commas_are_the_same_before_and_after_they_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path))
    units = pd.Series(["1,5", "2,5", "3,5", 1.125, 12.0, 2.0], dtype=object)
    table = pd.DataFrame({"item": "A", "day": [f"2024-01-0{day}" for day in range(1, 7)], "units": units})
    recipe = Recipe(Mapping("item", "day", "units"))
    read = apply(recipe, table).panel
    assert read is not None
    assert read.units == 22.625
    again = apply(recipe, raw_of(save_sales("Shop", read, {}, [table], recipe.to_json()))).panel
    assert again is not None
    assert (again.units, again.fingerprint) == (22.625, read.fingerprint)


def test_a_table_kept_while_its_panel_is_made_is_the_one_that_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path))
    units = pd.Series(["1,5", 2.25, None], dtype=object)
    table = pd.DataFrame({"item": "A", "day": ["2024-01-01", "2024-01-02", "2024-01-03"], "units": units}, index=[0, 1, 5])
    recipe = Recipe(Mapping("item", "day", "units"))
    with kept(lambda: table) as raw:
        panel = apply(recipe, table).panel
        assert panel is not None
        saved = save_sales("Shop", panel, {}, [raw], recipe.to_json())
    pd.testing.assert_frame_equal(raw_of(saved)[0], raw_of(save_sales("Shop", panel, {}, [table], recipe.to_json()))[0])
    assert raw_of(saved)[0]["units"].tolist()[:2] == ["1,5", 2.25]
    assert raw_of(saved)[0].index.tolist() == [0, 1, 5]


def test_a_table_whose_panel_was_not_saved_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path))
    with pytest.raises(ValueError, match="no panel"), kept(lambda: pd.DataFrame({"item": ["A"]})):
        raise ValueError("no panel")
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cells=st.lists(CELLS, min_size=1, max_size=6))
def test_cells_of_any_types_come_back(cells: list[object], tmp_path: Path) -> None:
    table = pd.DataFrame({"mixed": pd.Series(["a", 1.5, *cells], dtype=object)})
    tables.write_table(tmp_path / "raw.parquet", as_cells(table))
    back = from_cells(tables.read_table(tmp_path / "raw.parquet"))["mixed"].tolist()
    assert [(type(cell), cell) for cell in back] == [(type(cell), cell) for cell in ["a", 1.5, *cells]]


def test_numbers_and_stamps_of_other_libraries_come_back_as_plain_ones() -> None:
    cells = [
        "a",
        np.float64(1.5),
        np.int64(3),
        np.True_,
        Decimal("1.10"),
        pd.Timestamp("2024-01-05 10:00", tz="UTC"),
        datetime.date(2024, 1, 5),
    ]
    back = from_cells(as_cells(pd.DataFrame({"mixed": pd.Series(cells, dtype=object)})))["mixed"].tolist()
    assert back == cells
