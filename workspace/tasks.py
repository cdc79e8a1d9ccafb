"""Tasks: what a run works through, in processes, each leaving a part in the run's folder. What a task computes is not known here."""

import contextlib
import os
import signal
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, zip_longest
from typing import Any

import pandas as pd

from workspace import home, runs, tables
from workspace.runs import Progress, Run, State, Terminated

JOBS = "SHELFCAST_JOBS"
PARENT_LOOKED_AT_EVERY = 1.0
Tell = Callable[[Progress], None]


class TaskFailed(Exception):
    """A task raised; says which and what it said."""


@dataclass(frozen=True)
class Task:
    """One step of a run. name: its part's. what: what a person reads of it. call: answers with the part, a table whose `attrs["failed"]`
    counts what failed in it; it travels to another process. weight: its work, relative to others of the same `what`.

    Raises ValueError for a name that cannot be a file's or a weight that is not above 0.
    """

    name: str
    what: str
    call: Callable[[], pd.DataFrame]
    weight: float = 1.0

    def __post_init__(self) -> None:
        home.checked(self.name)
        if not self.weight > 0:
            raise ValueError(f"weight: got {self.weight}, expected more than 0")


def work(
    settings: Mapping[str, Any],
    tasks: Sequence[Task],
    assemble: Callable[[Run, list[pd.DataFrame]], None],
    tell: Tell = lambda _: None,
) -> Run:
    """The run of these settings, when it has come to an end: tasks whose part is absent are done, then `assemble` is given all parts in
    the order of `tasks` and writes what they make together. Where another process works on it, that one is waited for.

    A run that was cancelled meanwhile comes back as it is. Raises TaskFailed where a task raised, the parts before it are kept; Changed
    where this process was started for other settings; Terminated where it is asked to end.
    """
    run = Run(runs.name_of(settings))
    lock = given = runs.handed(run)
    while lock is None and (lock := runs.claimed(run)) is None:
        if run.wait() in (State.DONE, State.CANCELLED):
            return run
    with lock, _terminable():
        runs.sign(lock)
        if given is not None and run.cancelled:
            raise Terminated
        if run.ended == 0:
            return run
        if given is None:
            run.begin()
            tables.write_facts(run.folder / "run.json", {**run.facts("run"), "settings": dict(settings)})
        try:
            _work_through(run, tasks, tell)
            assemble(run, [tables.read_table(_part(run, task)) for task in tasks])
            run.end(0)
        except Exception:
            run.end(1)
            raise
    return run


def jobs() -> int:
    """How many processes to use: the variable SHELFCAST_JOBS, or one a core. Raises ValueError where it is not 1 or more."""
    asked = os.environ.get(JOBS, "").strip()
    if not asked:
        return os.cpu_count() or 1
    if not asked.isdigit() or int(asked) < 1:
        raise ValueError(f"{JOBS}: got {asked!r}, expected a whole number of 1 or more")
    return int(asked)


def seconds_left(left: Mapping[str, float], measured: Mapping[str, tuple[float, float]], workers: int) -> float | None:
    """Seconds until `left`, the weight still to do of each what, is done; None while one of these was never `measured`: (seconds, weight).

    Here one has 4 to do at 10 / 2 = 5 seconds each, the other 1 at 30, by 2 processes:

    >>> seconds_left({"prophet": 4, "lstm": 1}, {"prophet": (10, 2), "lstm": (60, 2)}, 2)
    25.0
    """
    if not all(what in measured for what in left):
        return None
    return sum(weight * measured[what][0] / measured[what][1] for what, weight in left.items()) / workers


def _work_through(run: Run, tasks: Sequence[Task], tell: Tell) -> None:
    """Does the tasks whose part is absent. Only this process writes: a worker that outlives it cannot."""
    workers = jobs()
    count = _Count(tasks, workers)
    for task in tasks:
        if _part(run, task).exists():
            count.add(task, tables.read_metadata(_part(run, task)))
    absent = [task for task in tasks if task.name not in count.done]

    def say() -> None:
        tables.write_facts(run.folder / "progress.json", vars(count.progress))
        tell(count.progress)

    say()
    with contextlib.closing(_answers(_in_turns(absent), workers)) as answers:
        for task, part, seconds in answers:
            facts = {**part.attrs, "failed": int(part.attrs.get("failed", 0)), "seconds": seconds}
            tables.write_table(_part(run, task), part, facts)
            count.add(task, facts)
            say()


class _Count:
    """How far a run is, and how long each kind of task took."""

    def __init__(self, tasks: Sequence[Task], workers: int) -> None:
        self.workers, self.done = workers, set[str]()
        self.measured: dict[str, tuple[float, float]] = {}
        self.left: dict[str, dict[str, float]] = defaultdict(dict)
        for task in tasks:
            self.left[task.what][task.name] = task.weight
        self.progress = Progress(total=len(tasks))

    def add(self, task: Task, facts: Mapping[str, Any]) -> None:
        self.done.add(task.name)
        seconds, weight = self.measured.get(task.what, (0.0, 0.0))
        self.measured[task.what] = (seconds + facts["seconds"], weight + task.weight)
        self.left[task.what].pop(task.name)
        left = {what: sum(weights.values()) for what, weights in self.left.items() if weights}
        failed = self.progress.failed + facts["failed"]
        expected = seconds_left(left, self.measured, self.workers)
        self.progress = replace(self.progress, what=task.what, done=len(self.done), failed=failed, seconds_left=expected)


def _in_turns(tasks: Sequence[Task]) -> list[Task]:
    """One of each what, then the next of each: the time left is soon known, and what is slow does not come last."""
    kinds = [[task for task in tasks if task.what == what] for what in dict.fromkeys(task.what for task in tasks)]
    return [task for task in chain.from_iterable(zip_longest(*kinds)) if task is not None]


def _answers(tasks: Sequence[Task], workers: int) -> Generator[tuple[Task, pd.DataFrame, float], None, None]:
    """Each task with its part and its seconds, as they are done; processes are spawned, never forked, and end when this is closed."""
    from joblib import Parallel, delayed

    workers = min(workers, len(tasks))
    backend = {"backend": "loky", "max_nbytes": None} if workers > 1 else {"backend": "sequential"}
    parallel = Parallel(n_jobs=max(workers, 1), return_as="generator_unordered", batch_size=1, **backend)
    with contextlib.closing(parallel(delayed(_done)(at, task.call, os.getpid()) for at, task in enumerate(tasks))) as answers:
        for at, part, seconds, said in answers:
            if part is None:
                raise TaskFailed(f"{tasks[at].name}\n{said}")
            yield tasks[at], part, seconds


def _done(at: int, call: Callable[[], pd.DataFrame], parent: int) -> tuple[int, pd.DataFrame | None, float, str]:
    """Runs in a worker, where what maps over processes of its own does so in this one."""
    _ends_with(parent)
    began = time.perf_counter()
    with _one_job():
        try:
            return at, call(), time.perf_counter() - began, ""
        except Exception:
            return at, None, 0.0, traceback.format_exc()


@cache
def _ends_with(parent: int) -> None:
    """Ends this worker soon after its `parent` is gone: one that was killed tells nobody to stop, and its workers would wait for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_LOOKED_AT_EVERY)
        os._exit(1)

    if os.getpid() != parent:
        threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def _one_job() -> Iterator[None]:
    before = os.environ.get(JOBS)
    os.environ[JOBS] = "1"
    try:
        yield
    finally:
        os.environ.pop(JOBS)
        if before is not None:
            os.environ[JOBS] = before


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM raises Terminated inside, so that what is open is closed and the workers end."""

    def end(number: int, frame: Any) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _part(run: Run, task: Task) -> Any:
    return run.folder / "parts" / f"{task.name}.parquet"
