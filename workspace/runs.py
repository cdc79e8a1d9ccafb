"""Runs: long work as processes of their own, whose state is read from their folder.

A run is named by its settings, so that two that ask for the same share it. The process that works on it holds a lock on a file in its
folder for as long as it lives: a run without an end whose lock is free was killed, and is continued by whoever asks for it next.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from workspace import home, tables

ROOT = Path(__file__).resolve().parent.parent
LINES_OF_LOG = 20
MOST_STARTS = 3
HANDED = "SHELFCAST_RUN"
TERMINATED, INTERRUPTED = 143, 130


class State(StrEnum):
    """Failed: its command ended by itself without a result. Stopped: it was ended from outside, and is to be continued. Cancelled: a person
    ended it, and it is not."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


class Terminated(BaseException):
    """The process was asked to end (SIGTERM): nothing is wrong with its run, which is as if killed."""


class Changed(Exception):
    """The command does not come to the settings that its run was asked for: the data or the program changed in between."""


@dataclass(frozen=True)
class Progress:
    """What is being done ("" at the beginning; the last once all is done), parts done, parts in all, what failed so far and why ({status:
    how many}), seconds left (None: not yet known)."""

    what: str = ""
    done: int = 0
    total: int = 0
    failed: int = 0
    seconds_left: float | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 0.0


@dataclass(frozen=True)
class Run:
    """A run that was asked for at some time."""

    name: str

    @property
    def folder(self) -> Path:
        return home.folder("runs", self.name)

    @property
    def settings(self) -> dict[str, Any]:
        """What the run works on and everything that changes its answer."""
        return self.facts("run").get("settings", {})

    @property
    def state(self) -> State:
        """Running as long as somebody holds its lock; done, failed or cancelled where that was written down; else stopped: killed, or its
        machine was, and to be continued."""
        if self._locked():  # looked at first: what a free lock leaves behind stays as it is
            return State.RUNNING
        if self.ended == 0:
            return State.DONE
        if self.cancelled:
            return State.CANCELLED
        return State.STOPPED if self.ended is None else State.FAILED

    @property
    def ended(self) -> int | None:
        """The exit status of its command; None where it has not come to an end."""
        return self.facts("ended").get("code")

    @property
    def ended_at(self) -> datetime | None:
        """When it came to an end (UTC); None where it has not."""
        path = self.folder / "ended.json"
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None

    @property
    def cancelled(self) -> bool:
        return (self.folder / "cancelled").exists()

    @property
    def given_up(self) -> bool:
        """Whether it failed because it was killed again and again and never got any further."""
        return bool(self.facts("ended").get("given_up"))

    @property
    def progress(self) -> Progress:
        """How far it was when it last said."""
        return Progress(**self.facts("progress"))

    @property
    def log(self) -> str:
        """The last lines that its process printed."""
        path = self.folder / "log.txt"
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_OF_LOG:]) if path.exists() else ""

    def wait(self) -> State:
        """Blocks until nobody works on the run; how it ended."""
        with (self.folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
        return self.state

    def cancel(self) -> None:
        """Ends the process that works on it. The run is not continued unasked; asked for again, it goes on from its parts."""
        if self.state is not State.RUNNING:
            return
        (self.folder / "cancelled").touch()  # before the process is looked up: one that just starts finds it
        pid = (self.folder / "lock").read_text()
        if pid and self._locked():
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(int(pid), signal.SIGTERM)

    def begin(self) -> None:
        """Forgets how it ended. Only for the holder of its lock."""
        for left in ("ended.json", "cancelled"):
            (self.folder / left).unlink(missing_ok=True)

    def end(self, code: int, **facts: Any) -> None:
        """Writes down how it ended. Only for the holder of its lock."""
        tables.write_facts(self.folder / "ended.json", {"code": code, **facts})

    def facts(self, name: str) -> dict[str, Any]:
        """What its folder says in NAME.json; nothing where there is none."""
        return tables.read_facts(self.folder / f"{name}.json") or {}

    def _locked(self) -> bool:
        with (self.folder / "lock").open("a") as file:
            return not _lock(file, fcntl.LOCK_SH)


def start(settings: Mapping[str, Any], arguments: Sequence[str], about: Mapping[str, Any]) -> Run:
    """Starts `python ARGUMENTS`, a command that works on the run of these settings (see `workspace.tasks.work`), unless that is done or
    running; what was cancelled, failed or killed goes on from its parts. Returns at once.

    about: who asks (the name of a dataset), for `latest`; it is not part of the run's name.
    """
    run = Run(name_of(settings))
    tables.write_facts(run.folder / f"asked-{name_of(about)}.json", about)
    if run.state is State.RUNNING:
        (run.folder / "cancelled").unlink(missing_ok=True)  # where it is ending still, it is one that was killed, which goes on unasked
    elif run.state is not State.DONE:
        _launch(run, {"settings": dict(settings), "arguments": list(arguments)})
    return run


def latest(about: Mapping[str, Any]) -> list[Run]:
    """The runs that were asked for with at least this `about`, the one asked for last first."""
    asked = home.folder("runs").glob("*/asked-*.json")
    found = [(path.stat().st_mtime_ns, path.parent.name) for path in asked if about.items() <= (tables.read_facts(path) or {}).items()]
    return [Run(name) for name in dict.fromkeys(name for _, name in sorted(found, reverse=True))]


def resume() -> list[Run]:
    """Continues every run that `start` began and that was killed; those that go on now.

    One that was started 3 times without a new part fails: what kills it would kill it again.
    """
    begun = [Run(path.parent.name) for path in sorted(home.folder("runs").glob("*/run.json"))]
    return [run for run in begun if run.state is State.STOPPED and _launch(run, None)]


def forget(about: Mapping[str, Any]) -> None:
    """Deletes the runs that were asked for with at least this `about` and by nobody else; one at work is ended first."""
    for run in latest(about):
        asked = {path: about.items() <= (tables.read_facts(path) or {}).items() for path in run.folder.glob("asked-*.json")}
        for path in (path for path, ours in asked.items() if ours):
            path.unlink()
        if not all(asked.values()):
            continue
        run.cancel()
        run.wait()
        lock = claimed(run)
        if lock is not None:  # nobody asked for it again meanwhile
            with lock, tables.unfinished_folder(home.folder("runs")) as bin:
                os.rename(run.folder, bin / run.name)


def name_of(settings: Mapping[str, Any]) -> str:
    """The name of the run with these settings: 16 hexadecimal digits of what was asked for."""
    return hashlib.blake2b(json.dumps(dict(settings), sort_keys=True).encode(), digest_size=8).hexdigest()


def claimed(run: Run) -> IO[str] | None:
    """The run's lock, held until it is closed; None where another process works on it."""
    file = os.fdopen(os.open(run.folder / "lock", os.O_RDWR | os.O_CREAT), "r+")
    while not _lock(file, fcntl.LOCK_EX):
        if not _lock(file, fcntl.LOCK_SH):
            file.close()
            return None
        fcntl.flock(file, fcntl.LOCK_UN)  # only readers were in the way
    file.truncate(0)
    return file


def handed(run: Run) -> IO[str] | None:
    """The lock that `start` took for this process; None where it was typed by a person.

    Raises Changed where this process was started for another run.
    """
    name, _, number = os.environ.get(HANDED, "").partition(":")
    if not name:
        return None
    if name != run.name:
        raise Changed(f"run: got {run.name}, expected {name}")
    del os.environ[HANDED]
    os.set_inheritable(int(number), False)
    return os.fdopen(os.dup(int(number)), "r+")  # the other one stays open: the run goes on until this process has said its last words


def sign(lock: IO[str]) -> None:
    """Writes into the lock whose process holds it: the one that `Run.cancel` ends."""
    lock.seek(0)
    lock.write(str(os.getpid()))
    lock.flush()


def recorded(main: Callable[[], int]) -> int:
    """The exit status of `main`, written down where this process was started for a run that `main` never came to work on.

    A process that is asked to end writes nothing: its run is as if killed.
    """
    name = os.environ.get(HANDED, "").partition(":")[0]
    code: Any = 1
    try:
        code = main()
    except Terminated:
        return TERMINATED
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as exit:
        code = exit.code
        raise
    finally:
        if name and HANDED in os.environ:
            Run(name).end(code if isinstance(code, int) and code else 1)
    return code


def _launch(run: Run, asked: Mapping[str, Any] | None) -> bool:
    """Starts the process of `run`; whether it did. `asked` None: unasked, as it was asked for before."""
    lock = claimed(run)
    if lock is None:
        return False
    with lock:
        facts = dict(asked or run.facts("run"))
        if run.ended == 0 or (asked is None and (run.ended is not None or run.cancelled or "arguments" not in facts)):
            return False
        parts = len(list((run.folder / "parts").glob("[!.]*.parquet")))
        starts = 1 if asked or parts > facts.get("parts", 0) else facts.get("starts", 0) + 1
        tables.write_facts(run.folder / "run.json", {**facts, "starts": starts, "parts": parts})
        if starts > MOST_STARTS:
            run.end(1, given_up=True)
            return False
        run.begin()
        _spawn(run, facts["arguments"], lock)
    return True


def _spawn(run: Run, arguments: Sequence[str], lock: IO[str]) -> None:
    """The process gets the lock with its descriptor, so that there is no moment in which a started run looks killed."""
    with (run.folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            pass_fds=[lock.fileno()],
            start_new_session=True,
            env={**os.environ, HANDED: f"{run.name}:{lock.fileno()}"},
        )
    threading.Thread(target=process.wait, daemon=True).start()  # nobody else collects it when it ends


def _lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
