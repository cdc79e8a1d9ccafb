"""Texts that come again and again are told apart once: their codes are kept as long as the column, and Parquet is handed them."""

import gc
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sales import distinct
from sales.cells import as_arrow, as_cells
from sales.customers import without_names
from sales.distinct import coded, codes_kept, text_cells
from workspace import tables

ROWS = distinct._MANY


def column(texts: int) -> pd.Series:
    parts = [
        pa.array([None if row % 7 == 0 else f"Ä{row % texts}" for row in range(begin, ROWS, 4)], pa.large_string()) for begin in range(4)
    ]
    return pd.Series(pd.array(pa.chunked_array(parts), dtype="str"), name="who")


def test_codes_stand_for_the_texts() -> None:
    who = column(50)
    codes, words = coded(text_cells(who))
    again = np.append(words.to_numpy(zero_copy_only=False), None)[codes]
    assert (again == who.astype(object).where(who.notna(), None).to_numpy()).all()
    assert len(words) == len(set(words.to_pylist()))


def test_codes_are_worked_out_once_and_forgotten_with_their_column(monkeypatch: pytest.MonkeyPatch) -> None:
    who = column(50)
    found = coded(text_cells(who))
    monkeypatch.setattr(distinct, "_coded", None)
    assert coded(text_cells(pd.DataFrame({"a": who}).set_axis(["b"], axis=1)["b"])) is found
    there = len(distinct._KEPT)
    del who
    gc.collect()
    assert len(distinct._KEPT) == there - 1


def test_codes_of_texts_that_hardly_come_again_are_not_kept() -> None:
    cells = text_cells(column(ROWS))
    assert len(coded(cells)[1]) > ROWS / 10
    assert codes_kept(cells) is None


def test_nobody_can_change_codes_that_are_kept() -> None:
    codes, _ = coded(text_cells(column(50)))
    with pytest.raises(ValueError, match="read-only"):
        codes[0] = 1


def test_hashes_of_customers_have_the_codes_of_the_customers() -> None:
    cells = text_cells(without_names(pd.DataFrame({"who": column(50)}), "who", bytes(16))["who"])
    kept = codes_kept(cells)
    assert kept is not None
    assert np.array_equal(kept[0], distinct._coded(cells)[0])
    assert kept[1].equals(distinct._coded(cells)[1])


def test_texts_written_by_their_codes_come_back_as_texts(tmp_path: Path) -> None:
    table = pd.DataFrame({"who": column(50), "order": column(ROWS), "units": np.arange(ROWS)})
    tables.write_arrow(tmp_path / "raw.parquet", as_arrow(as_cells(table)), {"a": 1})
    assert [pa.types.is_dictionary(kind) for kind in pq.read_schema(tmp_path / "raw.parquet").types] == [True, False, False]
    back = tables.read_table(tmp_path / "raw.parquet")
    pd.testing.assert_frame_equal(back, table)
    assert back.attrs == {"a": 1}


def test_categories_come_back_as_categories(tmp_path: Path) -> None:
    table = pd.DataFrame({"size": pd.Categorical(["L", "S", "L"]), "item": ["a", "b", "a"]})
    tables.write_arrow(tmp_path / "raw.parquet", as_arrow(table), {})
    pd.testing.assert_frame_equal(tables.read_table(tmp_path / "raw.parquet"), table)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.large_string())], ids=str)
def test_texts_are_counted_unpacked_however_they_are_held(kind: pa.DataType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"text": pa.array(["x" * 1000] * 1000).cast(kind)}), path)
    assert tables.bounded(path)
    monkeypatch.setattr(tables, "MOST_TEXT", 999_999)
    assert not tables.bounded(path)
