"""Runs: shared, cancelled, killed and continued; no finished part is made again."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from waiting import until

from ui.texts import text
from workspace import runs, tables, tasks, workers
from workspace.runs import Progress, Run, State

SETTINGS = {"n": 1}
STEPS = """
import os, pathlib, sys
import pandas as pd
from workspace import runs, tables, tasks, workers
folder = pathlib.Path(sys.argv[1])
def step(name):
    (folder / f"begun-{name}").write_text(str(os.getpid()))
    if (folder / name).is_fifo():
        open(folder / name).read()
    if (folder / f"bad-{name}").exists():
        raise RuntimeError("no such luck")
    part = pd.DataFrame({"step": [name], "jobs": [workers.jobs()]})
    part.attrs["failed"] = 2
    return part
def assemble(run, parts):
    tables.write_table(run.folder / "all.parquet", pd.concat([tables.read_table(part).assign() for part in parts]))
def main():
    steps = [tasks.Task(name, "step", lambda name=name: step(name), asked=name != "three") for name in ("one", "two", "three")]
    return 0 if tasks.work({"n": 1}, steps, assemble).state else 1
sys.exit(runs.recorded(main))
"""


def parts(run: Run) -> dict[str, tuple[int, int]]:
    """The parts of a run, each with what changes when it is written again."""
    found = (run.folder / "parts").glob("[!.]*.parquet")
    return {path.stem: (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def pid(run: Run) -> int:
    """The process that works on it."""
    until(lambda: (run.folder / "lock").read_text())
    return int((run.folder / "lock").read_text())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Three steps, of which the second waits until somebody writes into its pipe."""
    monkeypatch.setenv(workers.JOBS, "2")
    os.mkfifo(tmp_path / "two")
    yield tmp_path
    for pipe in filter(Path.is_fifo, tmp_path.iterdir()):  # a worker that outlived its killed process still waits there
        with contextlib.suppress(OSError):
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))


def started(folder: Path, data: str = "shop") -> Run:
    return runs.start(SETTINGS, ["-c", STEPS, str(folder)], {"data": data})


def half_way(folder: Path) -> Run:
    """A run whose second step waits and whose others are done."""
    run = started(folder)
    until(lambda: len(parts(run)) == 2 and (folder / "begun-two").exists() and (folder / "begun-two").read_text())
    return run


def released(folder: Path) -> None:
    """Lets the second step go on, and every later one."""
    (folder / "two").rename(folder / "pipe")
    (folder / "pipe").write_text("")


def killed(run: Run) -> None:
    os.kill(pid(run), signal.SIGKILL)
    assert run.wait() is State.STOPPED


def test_a_run_makes_all_parts_and_puts_them_together(folder: Path) -> None:
    run = half_way(folder)
    assert run.state is State.RUNNING
    until(lambda: run.progress.done == 2)
    assert (run.progress.what, run.progress.total, run.progress.failed) == ("step", 3, 2), "what failed where nobody asked is not counted"
    assert run.progress.seconds_left is not None
    released(folder)
    assert run.wait() is State.DONE
    made = tables.read_table(run.folder / "all.parquet")
    assert list(made["step"]) == ["one", "two", "three"]
    assert set(made["jobs"]) == {1}, "a step in a process of its own starts no others"
    assert (run.progress.done, run.progress.failed, run.progress.seconds_left) == (3, 4, 0.0)
    assert run.settings == SETTINGS


def test_a_killed_run_goes_on_unasked_and_makes_no_part_again(folder: Path) -> None:
    run = half_way(folder)
    killed(run)
    before = parts(run)
    (folder / "two").rename(folder / "old")
    assert runs.resume() == [run]
    assert run.wait() is State.DONE
    assert {name: parts(run)[name] for name in before} == before
    assert set(parts(run)) == {"one", "two", "three"}
    assert runs.resume() == []


def test_the_workers_of_a_killed_run_end_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.JOBS, "2")
    run = half_way(folder)
    worker = int((folder / "begun-two").read_text())
    assert worker != pid(run)
    killed(run)
    until(lambda: not alive(worker))


def alive(number: int) -> bool:
    stat = Path(f"/proc/{number}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_typed_or_at_the_start_of_the_server_killed_runs_go_on(folder: Path) -> None:
    run = half_way(folder)
    killed(run)
    (folder / "two").rename(folder / "old")
    said = subprocess.run([sys.executable, "-m", "workspace", "resume"], cwd=runs.ROOT, capture_output=True, text=True, check=True)
    assert said.stderr.strip() == text("workspace.resumed", run=run.name)
    assert run.wait() is State.DONE


def test_a_run_that_is_killed_again_and_again_without_a_new_part_is_given_up(folder: Path) -> None:
    run = half_way(folder)
    killed(run)
    resumed = 0
    while runs.resume():
        resumed += 1
        killed(run)
    assert resumed == runs.MOST_STARTS
    assert (run.state, run.given_up) == (State.FAILED, True)
    (folder / "two").rename(folder / "old")
    assert started(folder).wait() is State.DONE, "asked for again, it is tried again"


def test_two_that_ask_share_one_process_and_both_find_it(folder: Path) -> None:
    run = half_way(folder)
    first = pid(run)
    assert started(folder, "other") == run
    ask = [sys.executable, "-c", STEPS, str(folder)]
    typed = subprocess.Popen(ask, cwd=runs.ROOT)
    assert pid(run) == first
    released(folder)
    assert run.wait() is State.DONE
    assert typed.wait() == 0
    assert runs.latest({"data": "shop"}) == runs.latest({"data": "other"}) == [run]
    assert runs.latest({"data": "none"}) == []


def test_a_cancelled_run_ends_stays_so_and_goes_on_when_asked_again(folder: Path) -> None:
    run = half_way(folder)
    before = parts(run)
    run.cancel()
    assert run.wait() is State.CANCELLED
    until(lambda: not Path(f"/proc/{(folder / 'begun-two').read_text()}").exists())
    assert runs.resume() == []
    (folder / "two").rename(folder / "old")
    assert started(folder).wait() is State.DONE
    assert {name: parts(run)[name] for name in before} == before
    run.cancel()
    assert run.state is State.DONE


SLOW_TO_END = """
import signal, sys, time
from pathlib import Path
from workspace import runs

folder, run = Path(sys.argv[1]), runs.Run(sys.argv[2])

def end(*_):
    while not (folder / "may-end").exists():
        time.sleep(0.01)
    sys.exit(143)

signal.signal(signal.SIGTERM, end)
lock = runs.handed(run)
runs.sign(lock)
if (folder / "may-end").exists():
    run.end(0)
    sys.exit(0)
(folder / "begun").touch()
while True:
    signal.pause()
"""


def test_asked_for_again_while_it_is_still_ending_it_goes_on(folder: Path) -> None:
    settings = {"n": 3}
    name = runs.name_of(settings)
    run = runs.start(settings, ["-c", SLOW_TO_END, str(folder), name], {"data": "shop"})
    until((folder / "begun").exists)
    run.cancel()
    assert runs.start(settings, ["-c", SLOW_TO_END, str(folder), name], {"data": "shop"}) == run
    assert run.state is State.RUNNING
    (folder / "may-end").touch()
    assert run.wait() is State.STOPPED
    assert runs.resume() == [run]
    assert run.wait() is State.DONE


def test_a_step_that_raises_fails_the_run_with_its_words_and_the_other_parts_are_kept(folder: Path) -> None:
    (folder / "bad-two").touch()
    run = half_way(folder)
    before = parts(run)
    released(folder)
    assert run.wait() is State.FAILED
    assert "RuntimeError: no such luck" in run.log
    assert "two" in run.log
    assert parts(run) == before
    assert runs.resume() == []
    (folder / "bad-two").unlink()
    assert started(folder).wait() is State.DONE


def test_a_command_that_never_comes_to_work_fails() -> None:
    code = "import sys\nfrom workspace import runs\nsys.exit(runs.recorded(lambda: 2))"
    assert runs.start({"n": 2}, ["-c", code], {"data": "shop"}).wait() is State.FAILED


def test_the_run_asked_for_last_comes_first_though_it_was_done_before(folder: Path) -> None:
    (folder / "two").rename(folder / "old")
    first = started(folder)
    assert first.wait() is State.DONE
    made = parts(first)
    second = runs.start({"n": 2}, ["-c", ""], {"data": "shop"})
    second.wait()
    assert runs.latest({"data": "shop"}) == [second, first]
    assert started(folder).state is State.DONE
    assert runs.latest({"data": "shop"}) == [first, second]
    assert parts(first) == made


@pytest.mark.parametrize(
    ("left", "measured", "workers", "expected"),
    [
        ({}, {}, 2, 0.0),
        ({"a": 3.0}, {}, 1, None),
        ({"a": 3.0}, {"a": (10.0, 5.0)}, 1, 6.0),
        ({"a": 3.0, "b": 1.0}, {"a": (10.0, 5.0), "b": (8.0, 2.0)}, 2, 5.0),
        ({"a": 3.0, "b": 1.0}, {"a": (10.0, 5.0)}, 2, None),
    ],
)
def test_the_time_left_is_what_such_work_took_over_the_processes(
    left: dict[str, float], measured: dict[str, tuple[float, float]], workers: int, expected: float | None
) -> None:
    assert tasks.seconds_left(left, measured, workers) == expected


@pytest.mark.parametrize(("name", "weight", "said"), [("a/b", 1.0, "expected letters"), ("a", 0.0, "expected more than 0")])
def test_a_task_that_cannot_be_is_refused(name: str, weight: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        tasks.Task(name, "a", pd.DataFrame, weight)


def test_progress_names_what_is_being_done_not_what_was_done_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.JOBS, "1")
    told: list[Progress] = []
    steps = [tasks.Task(name, f"model of {name}", pd.DataFrame) for name in ("one", "two", "three")]
    tasks.work({"what": "names"}, steps, lambda *_: None, told.append)
    assert [progress.what for progress in told] == ["", "model of two", "model of three", "model of three"]


def test_progress_without_any_part_is_none() -> None:
    assert Progress().share == 0.0


def test_a_comparison_killed_half_way_goes_on_by_the_same_command_typed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.JOBS, "1")
    rng, days = np.random.default_rng(3), pd.date_range("2024-01-01", periods=70)
    sales = [pd.DataFrame({"item": f"{i:02d}", "ds": days, "y": rng.poisson(20, 70)}) for i in range(24)]
    pd.concat(sales).to_csv(tmp_path / "sales.csv", index=False)
    typed = [sys.executable, "-m", "forecasting", "compare", str(tmp_path / "sales.csv"), "--horizon", "7", "--cutoffs", "2"]
    typed += ["--models", "seasonal_naive,sarima", "--out", str(tmp_path)]
    process = subprocess.Popen(typed, cwd=runs.ROOT, stderr=subprocess.DEVNULL)
    root = Path(os.environ["SHELFCAST_HOME"]) / "runs"
    until(lambda: len(list(root.glob("*/parts/[!.]*.parquet"))) >= 3)
    process.kill()
    process.wait()
    (run,) = [Run(path.name) for path in root.iterdir()]
    before = parts(run)
    assert run.state is State.STOPPED
    total = run.progress.total
    assert 3 <= len(before) < total
    again = subprocess.run(typed, cwd=runs.ROOT, capture_output=True, text=True, check=True)
    assert f"{len(before)} of {total} parts done" in again.stderr
    assert {name: parts(run)[name] for name in before} == before
    assert len(parts(run)) == total
    assert pd.read_parquet(tmp_path / "backtest.parquet").groupby(["model", "cutoff"])["item"].nunique().tolist() == [24] * 4
    assert pd.read_parquet(tmp_path / "forecast.parquet")["mean"].notna().all()
