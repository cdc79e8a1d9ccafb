"""The workspace: whole files or none, names that lead nowhere else."""

from pathlib import Path

import pandas as pd
import pytest

from workspace import datasets, home, tables

TABLE = pd.DataFrame({"item": ["007", "A"], "y": [1.0, 2.0]})


def test_tables_come_back_with_their_metadata(tmp_path: Path) -> None:
    tables.write_table(tmp_path / "t.parquet", TABLE, {"details": {"a": 1}})
    back = tables.read_table(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(back, TABLE)
    assert back.attrs == {"details": {"a": 1}}


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    tables.write_facts(path, {"a": 1})
    with pytest.raises(TypeError, match="not JSON serializable"):
        tables.write_facts(path, {"a": object()})

    def half(file) -> None:  # type: ignore[no-untyped-def]
        file.write(b"{")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        tables.write_atomically(path, half)
    assert tables.read_facts(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["facts.json"]


@pytest.mark.parametrize("name", ["..", "a/b", "/etc", "", ".hidden", "a\0b", "x" * 200])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected letters"):
        home.folder("datasets", name)


def test_a_dataset_never_replaces_another() -> None:
    first = datasets.create("Spring: sale/1", {"sales": TABLE}, {"source": "a"})
    second = datasets.create("Spring: sale/1", {"sales": TABLE.iloc[:1]}, {"source": "b"})
    assert (first.name, second.name) == ("spring-sale-1", "spring-sale-1-2")
    assert second.title == "Spring: sale/1 (2)"
    assert len(datasets.open_dataset(first.name).read("sales")) == 2
    assert {d.name for d in datasets.datasets()} == {first.name, second.name}


def test_a_dataset_that_cannot_be_written_leaves_no_trace() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        datasets.create("bad", {"sales": TABLE}, {"source": object()})
    assert datasets.datasets() == []
    assert list(home.folder("datasets").iterdir()) == []


def test_an_unknown_dataset_says_which_there_are() -> None:
    datasets.create("known", {"sales": TABLE}, {})
    with pytest.raises(KeyError, match="known"):
        datasets.open_dataset("other")
