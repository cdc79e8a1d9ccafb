"""Runs: long work as processes of their own, whose state is read from their folder. A run knows commands, not what they compute.

A run is named by what it was asked for, so that two pages that ask for the same share it. Its process holds a lock on a file in the folder
for as long as it lives: a killed one is known by its lock being free.
"""

import fcntl
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from workspace import home, tables

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "{folder}"
LINES_OF_LOG = 20


class State(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Progress:
    """What is being done, steps done, steps in all, items failed so far."""

    what: str = ""
    done: int = 0
    total: int = 0
    failed: int = 0

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 0.0


@dataclass(frozen=True)
class Run:
    """A run that was started at some time."""

    name: str

    @property
    def folder(self) -> Path:
        return home.folder("runs", self.name)

    @property
    def settings(self) -> dict[str, Any]:
        """What the run was asked for."""
        return (tables.read_facts(self.folder / "run.json") or {}).get("settings", {})

    @property
    def state(self) -> State:
        if self.ended is None:
            return State.RUNNING if self._locked() else State.STOPPED
        return State.DONE if self.ended == 0 else State.FAILED

    @property
    def ended(self) -> int | None:
        """The exit code of the last command run; None where it has not come to an end."""
        return (tables.read_facts(self.folder / "ended.json") or {}).get("code")

    @property
    def progress(self) -> Progress:
        return Progress(**(tables.read_facts(self.folder / "progress.json") or {}))

    @property
    def log(self) -> str:
        """The last lines that its commands printed."""
        path = self.folder / "log.txt"
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_OF_LOG:]) if path.exists() else ""

    def wait(self) -> State:
        """Blocks until the run no longer works; how it ended."""
        with (self.folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
        return self.state

    def _locked(self) -> bool:
        with (self.folder / "lock").open("a") as file:
            return not _lock(file)


def start(settings: Mapping[str, Any], commands: Sequence[Sequence[str]]) -> Run:
    """Starts `commands` (arguments of python, in turn, each only if the one before succeeded) unless a run with the same settings is done
    or running; `{folder}` in an argument is the run's folder. Returns at once."""
    run = Run(name_of(settings))
    with (run.folder / "lock").open("a") as lock:
        if not _lock(lock):
            return run
        asked = {"settings": dict(settings), "commands": [list(command) for command in commands]}
        tables.write_facts(run.folder / "run.json", asked)  # written anew also where it is done: the run asked for last
        if run.ended == 0:
            return run
        (run.folder / "ended.json").unlink(missing_ok=True)
        child = [sys.executable, "-m", "workspace", run.name]
        with (run.folder / "log.txt").open("wb") as log:
            worker = subprocess.Popen(
                child, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL, pass_fds=[lock.fileno()], start_new_session=True
            )
        threading.Thread(target=worker.wait, daemon=True).start()  # nobody else collects it when it ends
    return run


def latest(settings: Mapping[str, Any]) -> list[Run]:
    """The runs whose settings include these, the one started last first."""
    asked = sorted(home.folder("runs").glob("*/run.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    found = [Run(path.parent.name) for path in asked]
    return [run for run in found if settings.items() <= run.settings.items()]


def name_of(settings: Mapping[str, Any]) -> str:
    """The name of the run with these settings: 16 hexadecimal digits of what was asked for."""
    return hashlib.blake2b(json.dumps(dict(settings), sort_keys=True).encode(), digest_size=8).hexdigest()


def work(run: Run) -> int:
    """Runs the commands of `run` in this process's children, one after the other; the exit code of the last one run."""
    code = 0
    for command in (tables.read_facts(run.folder / "run.json") or {})["commands"]:
        arguments = [argument.replace(FOLDER, str(run.folder)) for argument in command]
        # a command holds the lock too: if this process is killed, the run counts as running until the command has ended
        code = subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False, close_fds=False).returncode
        if code:
            break
    tables.write_facts(run.folder / "ended.json", {"code": code})
    return code


def write_progress(path: Path, progress: Progress) -> None:
    """Says how far a command is, for `Run.progress` to read."""
    tables.write_facts(path, vars(progress))


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
