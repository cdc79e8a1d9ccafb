"""Tasks: what a run works through, each leaving a part in the run's folder. What a task computes is not known here."""

import contextlib
import os
import signal
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import pandas as pd

from workspace import home, runs, tables
from workspace.runs import Progress, Run, State, Terminated
from workspace.workers import Backend, team

KEPT = "kept"
PARTS = "parts"
Tell = Callable[[Progress], None]


class TaskFailed(Exception):
    """A task raised; says which and what it said."""


@dataclass(frozen=True)
class Task:
    """One step of a run. name: its part's. what: what a person reads of it. call: answers with the part, a table; it travels to another
    process. weight: its work, relative to others of the same `what`. of: a digest of all that its part depends on; such a part is found
    again by every run that has the same task ("": the part is this run's alone). asked: whether its forecasts are what was asked for; what
    failed in those that only lead to them is not counted as failed.

    `attrs` of a part: "failed": how many forecasts failed in it; "reasons": {status: how many}; "kept": bytes that a later run may want,
    which are written beside the part; whatever else is kept with the table.

    Raises ValueError for a name that cannot be a file's or a weight that is not above 0.
    """

    name: str
    what: str
    call: Callable[[], pd.DataFrame]
    weight: float = 1.0
    of: str = ""
    asked: bool = True

    @property
    def part(self) -> str:
        """The name of its part."""
        return f"{self.name}-{self.of}" if self.of else self.name

    def __post_init__(self) -> None:
        home.checked(self.part)
        if not self.weight > 0:
            raise ValueError(f"weight: got {self.weight}, expected more than 0")


def work(
    settings: Mapping[str, Any],
    tasks: Sequence[Task],
    assemble: Callable[[Run, list[Path]], None],
    tell: Tell = lambda _: None,
    prepare: Callable[[Run], Sequence[Path]] = lambda _: (),
    backend: Backend = Backend(),  # noqa: B008
) -> Run:
    """The run of these settings, when it has come to an end: tasks whose part is absent are done, then `assemble` is given the files of all
    parts in the order of `tasks` and writes what they make together. Where another process works on it, that one is waited for.

    prepare: writes the files that the tasks read, and says which they are; they stay in the run's folder, where a later run may look for
    them, also where all parts were taken over. backend: who does it.

    A run that was cancelled meanwhile comes back as it is. Raises TaskFailed where a task raised, the parts before it are kept; Changed
    where this process was started for other settings; Terminated where it is asked to end; NoWorkers where nobody can do the tasks.
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
            _work_through(run, tasks, tell, prepare, backend)
            assemble(run, [_part(run, task) for task in tasks])
            run.end(0)
        except Exception:
            run.end(1)
            raise
    return run


def seconds_left(left: Mapping[str, float], measured: Mapping[str, tuple[float, float]], workers: int) -> float | None:
    """Seconds until `left`, the weight still to do of each what, is done; None while one of these was never `measured`: (seconds, weight).

    Here one has 4 to do at 10 / 2 = 5 seconds each, the other 1 at 30, by 2 processes:

    >>> seconds_left({"prophet": 4, "lstm": 1}, {"prophet": (10, 2), "lstm": (60, 2)}, 2)
    25.0
    """
    if not all(what in measured for what in left):
        return None
    return sum(weight * measured[what][0] / measured[what][1] for what, weight in left.items()) / workers


def kept(run: Run, task: Task) -> bytes | None:
    """What the part of `task` in `run` kept for a later one; None where there is nothing."""
    path = _part(run, task).with_suffix(f".{KEPT}")
    return path.read_bytes() if path.exists() else None


def _work_through(run: Run, tasks: Sequence[Task], tell: Tell, prepare: Callable[[Run], Sequence[Path]], backend: Backend) -> None:
    """Does the tasks whose part is absent. Only this process writes: a worker that outlives it cannot."""
    read = prepare(run)
    _take_over(run, tasks)
    count = _Count(tasks)
    for task in tasks:
        if _part(run, task).exists():
            count.add(task, tables.read_metadata(_part(run, task)))
    absent = _in_turns([task for task in tasks if task.name not in count.done])
    ahead = deque(absent)

    def say() -> None:
        while ahead and ahead[0].name in count.done:
            ahead.popleft()
        told = replace(count.progress, what=ahead[0].what) if ahead and count.done else count.progress
        tables.write_facts(run.folder / "progress.json", vars(told))
        tell(told)

    say()
    if not absent:
        return
    with team(backend, read) as workers:
        count.workers = workers.workers
        with contextlib.closing(workers.answers([task.call for task in absent])) as answers:
            for at, part, seconds, said in answers:
                if part is None:
                    raise TaskFailed(f"{absent[at].name}\n{said}")
                count.add(absent[at], _write(run, absent[at], part, seconds))
                say()


def _write(run: Run, task: Task, part: pd.DataFrame, seconds: float) -> dict[str, Any]:
    """Writes a part and what it kept; its facts."""
    facts = {**part.attrs, "failed": int(part.attrs.get("failed", 0)), "seconds": seconds}
    if content := facts.pop(KEPT, None):
        tables.write_atomically(_part(run, task).with_suffix(f".{KEPT}"), lambda file: file.write(content))
    tables.write_table(_part(run, task), part, facts)
    return facts


def _take_over(run: Run, tasks: Sequence[Task]) -> None:
    """Parts that another run made of the same are parts of this one too: the same files, by a second name."""
    wanted = {f"{task.part}.parquet" for task in tasks if task.of and not _part(run, task).exists()}
    own = run.folder / PARTS
    own.mkdir(exist_ok=True)
    for found in home.folder("runs").glob(f"*/{PARTS}/[!.]*.parquet") if wanted else ():
        if found.name in wanted and found.parent != own:
            with contextlib.suppress(FileNotFoundError, FileExistsError):  # its run is deleted meanwhile; a run before had it too
                beside = found.with_suffix(f".{KEPT}")
                if beside.exists() and not (own / beside.name).exists():
                    os.link(beside, own / beside.name)
                os.link(found, own / found.name)


class _Count:
    """How far a run is, and how long each kind of task took."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.workers, self.done = 1, set[str]()
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
        expected = seconds_left(left, self.measured, self.workers)
        self.progress = replace(self.progress, what=task.what, done=len(self.done), seconds_left=expected)
        if task.asked:
            reasons = Counter(self.progress.reasons) + Counter(facts.get("reasons", {}))
            self.progress = replace(self.progress, failed=self.progress.failed + facts["failed"], reasons=dict(reasons))


def _in_turns(tasks: Sequence[Task]) -> list[Task]:
    """One of each what, then the next of each: the time left is soon known, and what is slow does not come last."""
    kinds = [[task for task in tasks if task.what == what] for what in dict.fromkeys(task.what for task in tasks)]
    return [task for task in chain.from_iterable(zip_longest(*kinds)) if task is not None]


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


def _part(run: Run, task: Task) -> Path:
    return run.folder / PARTS / f"{task.part}.parquet"
