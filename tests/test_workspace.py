"""The workspace: whole files or none, names that lead nowhere else."""

import os
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import panel

from sales import datasets as saved
from workspace import datasets, facts, home, runs, tables
from workspace.datasets import Dataset
from workspace.runs import Run

ROOT = Path(__file__).resolve().parents[1]
TABLE = pd.DataFrame({"item": ["007", "A"], "y": [1.0, 2.0]})


def test_tables_come_back_with_their_metadata(tmp_path: Path) -> None:
    tables.write_table(tmp_path / "t.parquet", TABLE, {"details": {"a": 1}})
    back = tables.read_table(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(back, TABLE)
    assert back.attrs == {"details": {"a": 1}}


def test_parts_are_written_one_after_the_other_and_let_go(tmp_path: Path) -> None:
    told: dict[str, int] = {}
    seen: list[weakref.ref[pd.DataFrame]] = []

    def parts() -> Iterator[pd.DataFrame]:
        for at in range(5):
            part = pd.DataFrame({"at": [at, at], "said": ["x", None]})
            seen.append(weakref.ref(part))
            told[str(at)] = at
            yield part
            assert sum(ref() is not None for ref in seen) <= 2

    path = tmp_path / "whole.parquet"
    tables.write_tables(path, parts(), lambda: {"told": told})
    whole = pd.DataFrame({"at": np.repeat(np.arange(5), 2), "said": ["x", None] * 5})
    found = tables.read_table(path)
    pd.testing.assert_frame_equal(found, whole)
    assert found.attrs["told"] == told
    again = tables.Tables([path, path])
    assert [len(part) for _ in range(2) for part in again] == [10] * 4


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


def test_a_dataset_gets_another_title_and_keeps_its_name() -> None:
    first, second = datasets.create("Shop", {"sales": TABLE}, {"source": "a"}), datasets.create("Other", {}, {})
    now = datasets.rename(first, "Spring / 2024")
    assert (now.name, now.title, now.facts["source"]) == ("shop", "Spring / 2024", "a")
    assert datasets.rename(now, "Spring / 2024").title == "Spring / 2024"
    assert datasets.rename(second, "Spring / 2024").title == "Spring / 2024 (2)"
    assert datasets.create("Shop", {}, {}).name == "shop-2"


def asked(name: str, settings: dict[str, object]) -> Run:
    """A run that ended, asked for by the dataset `name`."""
    run, about = Run(runs.name_of(settings)), {"data": name}
    tables.write_facts(run.folder / f"asked-{runs.name_of(about)}.json", about)
    run.end(0)
    return run


@pytest.fixture
def deleted() -> Dataset:
    """A dataset with a record and two runs, of which another asked for one too, after it was deleted."""
    made, other = datasets.create("Shop", {"sales": TABLE}, {}), datasets.create("Other", {}, {})
    facts.add("note", made.name, [{"n": 1}], "Ann")
    facts.add("note", other.name, [{"n": 2}], "Ann")
    asked(made.name, {"n": 1})
    asked(made.name, {"n": 2})
    asked(other.name, {"n": 2})
    datasets.delete(made, "Bob")
    return made


def test_a_deleted_dataset_is_gone_with_its_runs_and_its_records_end(deleted: Dataset) -> None:
    assert [dataset.name for dataset in datasets.datasets()] == ["other"]
    assert [path.name for path in home.folder("datasets").iterdir()] == ["other"]
    assert [path.name for path in home.folder("runs").iterdir()] == [runs.name_of({"n": 2})]
    assert runs.latest({"data": "other"}) == [Run(runs.name_of({"n": 2}))]
    assert facts.records("note", "shop") == []
    assert [(r.ended_by, r.ended_why) for r in facts.history("note", "shop")] == [("Bob", "deleted")]
    assert len(facts.records("note", "other")) == 1


def test_a_new_dataset_of_the_same_title_shows_nothing_of_the_deleted(deleted: Dataset) -> None:
    new = datasets.create("Shop", {}, {})
    assert (new.name, new.title) == ("shop-2", "Shop")
    assert (facts.history("note", new.name), runs.latest({"data": new.name})) == ([], [])


def test_what_still_has_a_deleted_dataset_open_cannot_write_to_it(deleted: Dataset) -> None:
    for write in (
        lambda: deleted.write("stock", TABLE),
        lambda: datasets.update(deleted, {}, {}),
        lambda: datasets.rename(deleted, "Again"),
        lambda: datasets.delete(deleted, "Bob"),
    ):
        with pytest.raises(KeyError, match="shop"):
            write()
    assert not deleted.folder.exists()


def test_nobody_deletes_without_a_name() -> None:
    made = datasets.create("Shop", {}, {})
    with pytest.raises(ValueError, match="expected a name"):
        datasets.delete(made, " ")
    assert datasets.datasets() == [made]


def test_a_run_at_work_is_ended_before_its_data_goes() -> None:
    made = datasets.create("Shop", {}, {})
    script = """
import signal, sys
from workspace import runs
run = runs.Run(sys.argv[1])
runs.sign(runs.handed(run))
if not run.cancelled:
    signal.pause()
"""
    settings = {"n": 1}
    run = runs.start(settings, ["-c", script, runs.name_of(settings)], {"data": made.name})
    assert run.state is runs.State.RUNNING
    datasets.delete(made, "Ann")
    assert list(home.folder("runs").iterdir()) == []


def test_what_stands_beside_a_table_is_handed_on_and_not_copied_with_each_step(tmp_path: Path) -> None:
    tables.write_table(tmp_path / "t.parquet", pd.DataFrame({"a": [1, 2]}), {"details": {"ets": {"mug": "AAA"}}})
    back = tables.read_table(tmp_path / "t.parquet")
    assert back.attrs["details"] == {"ets": {"mug": "AAA"}}
    assert back[back["a"] > 1].attrs["details"] is back.attrs["details"]


def test_raw_tables_and_the_recipe_come_back_with_each_version() -> None:
    """Codes as they are, rows where they stood in the file, each cell of its own type; an undo is another recipe over the same."""
    raw = pd.DataFrame({"row": ["007", 12.0, None], "qty": [1, 2, 3], "when": pd.to_datetime(["2024-01-01"] * 3)}, index=[0, 3, 4])
    made = saved.save_sales("Shop", panel([[1, 2]]), {}, raw=[raw], recipe={"actions": {"returns": "drop"}})
    (back,) = saved.raw_of(made)
    assert (list(back.columns), list(back.index)) == (["row", "qty", "when"], [0, 3, 4])
    assert back["row"].fillna("").tolist() == ["007", 12.0, ""]
    pd.testing.assert_series_equal(back["qty"], raw["qty"])
    undone = saved.update_sales(made, panel([[1, 3]]), {}, recipe={"actions": {}})
    assert (saved.recipe_of(undone), saved.recipe_of(undone, made.facts["fingerprint"])) == (
        {"actions": {}},
        {"actions": {"returns": "drop"}},
    )
    assert saved.raw_names(undone) == saved.raw_names(made)
    more = saved.update_sales(undone, panel([[1, 3, 4]]), {}, raw=[*saved.raw_names(undone), raw.head(1)], recipe={"actions": {}})
    assert [len(table) for table in saved.raw_of(more)] == [3, 1]
    assert [len(table) for table in saved.raw_of(more, made.facts["fingerprint"])] == [3]


@pytest.mark.parametrize(
    "column",
    [
        ["a", 1],
        [True, "x", None],
        [1, 2**70],
        [b"x", "y"],
        [pd.Timestamp("2024-01-01", tz="Europe/Berlin"), pd.Timestamp("2024-07-01", tz="UTC")],
        [[1], {"a": 2}],
        [None, None],
    ],
)
def test_a_column_of_anything_can_be_kept(column: list[object]) -> None:
    raw = pd.DataFrame({"x": pd.Series(column, dtype=object)})
    (back,) = saved.raw_of(saved.save_sales("Shop", panel([[1, 2]]), {}, raw=[raw]))
    assert len(back) == len(raw)


def unfinished(folder: Path) -> Path:
    """As a writer that was killed an hour ago leaves it."""
    path = folder / f".t-x{tables.UNFINISHED}"
    path.write_text("half")
    os.utime(path, (0, 0))
    return path


def test_what_a_killed_writer_left_is_cleaned_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    left = unfinished(tmp_path)
    (tmp_path / f".new{tables.UNFINISHED}" / "inside").mkdir(parents=True)
    os.utime(tmp_path / f".new{tables.UNFINISHED}", (0, 0))
    just_made = tmp_path / f".now{tables.UNFINISHED}"
    just_made.touch()

    def write(file) -> None:  # type: ignore[no-untyped-def]
        (open_one,) = tmp_path.glob(".kept-*")
        os.utime(open_one, (0, 0))
        tables.clean(tmp_path)
        file.write(b"whole")

    with tables.unfinished_folder(tmp_path) as folder:
        os.utime(folder, (0, 0))
        tables.write_atomically(tmp_path / "kept", write)
        assert folder.exists()
    assert (tmp_path / "kept").read_bytes() == b"whole"
    assert sorted(path.name for path in tmp_path.iterdir()) == [just_made.name, "kept"]
    assert not left.exists()


UPDATING = """
import sys
from pathlib import Path
from panels import panel
from sales import datasets as saved
from workspace.datasets import open_dataset
who = int(sys.argv[1])
sys.stdin.read(1)
for n in range(15):
    made = panel([[who, n]])
    saved.update_sales(open_dataset("shop"), made, {"source": f"{who}-{n}"})
    assert saved.load_sales(open_dataset("shop")) is not None
    saved.save_sales("Same", made, {"source": f"{who}-{n}"})
"""


def processes(script: str, *arguments: str) -> list[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return [subprocess.Popen([sys.executable, "-c", script, one], cwd=ROOT, env=environment, **pipes) for one in arguments]  # type: ignore[call-overload]


@pytest.mark.slow
def test_two_processes_at_once_lose_nothing() -> None:
    """Both bring the same dataset up to date and save new ones of the same title, 15 times each."""
    saved.save_sales("Shop", panel([[0, 0]]), {"source": "first"})
    both = processes(UPDATING, "1", "2")
    for process in both:
        process.communicate(b"x")
    assert [process.returncode for process in both] == [0, 0]
    sources = {f"{who}-{n}" for who in (1, 2) for n in range(15)}
    versions = datasets.open_dataset("shop").versions
    assert {version["source"] for version in versions} == sources | {"first"}
    assert len(versions) == 31
    for version in versions[:-1]:
        who, n = map(float, version["source"].split("-"))
        assert saved.load_sales(datasets.open_dataset("shop"), version["fingerprint"]).y.tolist() == [[who, n]]
    new = [dataset for dataset in datasets.datasets() if dataset.name != "shop"]
    assert {dataset.facts["source"] for dataset in new} == sources
    assert len({dataset.title for dataset in new}) == len(new) == 30


KILLED = """
import os, random, select, signal, sys
import pandas as pd
from panels import panel
from sales import datasets as saved
from workspace import tables
from workspace.datasets import datasets, open_dataset

def writes(started):
    os.write(started, b"x")
    n = 0
    while True:
        n += 1
        made = panel([[n, os.getpid() % 1000]] * 50, items=[f"{i:02}" for i in range(50)])
        saved.update_sales(open_dataset("shop"), made, {"n": n}, raw=[pd.DataFrame({"n": [n]})], recipe={"n": n})
        open_dataset("shop").write("stock", panel([[n] * 2] * 50, items=[f"{i:02}" for i in range(50)]).to_frame())
        if n % 5 == 0:
            saved.save_sales("New", panel([[n, n]]), {"n": n})

random.seed(1)
for _ in range(50):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        writes(writing)
    os.read(reading, 1)
    select.select([], [], [], random.random() / 8)  # the moment of the kill
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading), os.close(writing)
    for dataset in datasets():
        assert saved.load_sales(dataset).units >= 0
    shop = open_dataset("shop")
    if "n" in shop.facts:  # sales, the tables that they were made of, recipe and facts are of one write
        parts = (saved.load_sales(shop).y[0, 0], saved.raw_of(shop)[0]["n"][0], saved.recipe_of(shop)["n"])
        assert parts == (shop.facts["n"],) * 3, (parts, shop.facts["n"])
    stock = open_dataset("shop").read("stock") if open_dataset("shop").has("stock") else None
    assert stock is None or (len(stock) == 100 and stock["y"].nunique() == 1)
print(len(open_dataset("shop").versions), len(datasets()))
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_the_old_or_the_new() -> None:
    """Fifty writers, each killed at some moment of its writing; after each kill everything can be read, and somebody can write again."""
    saved.save_sales("Shop", panel([[0, 0]]), {})
    (process,) = processes(KILLED, "")
    said = process.communicate()[0].split()
    assert process.returncode == 0
    versions = [int(number) for number in said]
    assert versions[0] > 5, "nothing was written between the kills"
    for version in datasets.open_dataset("shop").versions:
        saved.load_sales(datasets.open_dataset("shop"), version["fingerprint"])
    left = list(home.home().rglob(f".*{tables.UNFINISHED}"))
    for path in left:
        os.utime(path, (0, 0))
    tables.clean(home.home())
    assert list(home.home().rglob(f".*{tables.UNFINISHED}")) == []
    saved.update_sales(datasets.open_dataset("shop"), panel([[1, 1]]), {"n": "last"})
    assert datasets.open_dataset("shop").facts["n"] == "last"
