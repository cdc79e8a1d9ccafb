"""The workspace: whole files or none, names that lead nowhere else, runs that are shared."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from workspace import datasets, home, runs, tables

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


WRITE = [
    "-c",
    "import sys, pathlib; p = pathlib.Path(sys.argv[1]) / 'count'; p.write_text(p.read_text() + 'x' if p.exists() else 'x')",
    runs.FOLDER,
]


def test_a_run_does_its_commands_once_and_is_shared() -> None:
    run = runs.start({"data": "a", "n": 1}, [WRITE, WRITE])
    assert run.wait() is runs.State.DONE
    assert runs.start({"data": "a", "n": 1}, [WRITE, WRITE]) == run
    assert (run.folder / "count").read_text() == "xx"
    assert runs.latest({"data": "a"}) == runs.latest({"data": "a", "n": 1}) == [run]
    assert runs.latest({"data": "a", "n": 2}) == []


def test_a_failing_command_ends_the_run_and_its_words_are_kept() -> None:
    run = runs.start({"data": "b"}, [["-c", "import sys; print('no such luck'); sys.exit(2)"], WRITE])
    assert run.wait() is runs.State.FAILED
    assert run.log == "no such luck"
    assert not (run.folder / "count").exists()
    again = runs.start({"data": "b"}, [WRITE])
    assert again.wait() is runs.State.DONE


def test_two_that_ask_at_once_start_one_process(tmp_path: Path) -> None:
    """The first holds its run's lock until a file appears; the second finds it running."""
    wait = f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'go')!r}).exists(): time.sleep(0.01)"
    command = ["-c", wait]
    run = runs.start({"data": "c"}, [command, WRITE])
    assert run.state is runs.State.RUNNING
    ask = f"from workspace import runs; print(runs.start({{'data': 'c'}}, [{command!r}, {WRITE!r}]).state)"
    other = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == "running"
    (tmp_path / "go").touch()
    assert run.wait() is runs.State.DONE
    assert (run.folder / "count").read_text() == "x"


def test_progress_is_read_back() -> None:
    run = runs.start({"data": "d"}, [["-c", ""]])
    runs.write_progress(run.folder / "progress.json", runs.Progress("prophet", 1, 4, 2))
    assert run.progress == runs.Progress("prophet", 1, 4, 2)
    assert run.progress.share == 0.25
    run.wait()


def test_the_run_asked_for_last_is_the_latest_though_it_was_done_before() -> None:
    first = runs.start({"data": "e", "n": 1}, [WRITE])
    first.wait()
    second = runs.start({"data": "e", "n": 2}, [WRITE])
    second.wait()
    assert runs.latest({"data": "e"}) == [second, first]
    assert runs.start({"data": "e", "n": 1}, [WRITE]).wait() is runs.State.DONE
    assert runs.latest({"data": "e"}) == [first, second]
    assert (first.folder / "count").read_text() == "x"


def test_a_killed_worker_is_not_started_twice_while_its_command_still_works(tmp_path: Path) -> None:
    started, go = tmp_path / "started", tmp_path / "go"
    os.mkfifo(go)
    wait = f"import os, pathlib\npathlib.Path({str(started)!r}).write_text(str(os.getppid()))\nopen({str(go)!r}).read()"
    run = runs.start({"data": "f"}, [["-c", wait], WRITE])
    while not started.exists() or not started.read_text():
        os.sched_yield()
    os.kill(int(started.read_text()), signal.SIGKILL)
    assert run.state is runs.State.RUNNING
    assert runs.start({"data": "f"}, [WRITE]).state is runs.State.RUNNING
    go.write_text("")
    assert run.wait() is runs.State.STOPPED
    assert runs.start({"data": "f"}, [WRITE]).wait() is runs.State.DONE
