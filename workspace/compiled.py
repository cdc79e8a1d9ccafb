"""Programs that JAX has compiled, kept for the next process: a model's first answer costs seconds of compiling, its second none."""

import os
import warnings
from pathlib import Path

from filelock import FileLock

from workspace import home

FOLDER, MOST, SECONDS = "JAX_COMPILATION_CACHE_DIR", "JAX_COMPILATION_CACHE_MAX_SIZE", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"
MOST_BYTES = 500_000_000
WORTH_KEEPING_SECONDS = 0.2
PROGRAM, USED, LOCK = "-cache", "-atime", ".lockfile"


def keep() -> None:
    """Has JAX keep what it compiles in the workspace, least recently used going first; asked before JAX is imported for the first time.

    A program is known by the hash of all that it is made of, JAX's version and the processor's kind among it; two processes may write at
    once. What the environment says of JAX's cache already stays. That a program could not be kept costs time, and nobody is told.
    """
    if FOLDER not in os.environ:
        os.environ[FOLDER] = str(home.folder("compiled"))
    os.environ.setdefault(MOST, str(MOST_BYTES))
    os.environ.setdefault(SECONDS, str(WORTH_KEEPING_SECONDS))
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache")
    mend(Path(os.environ[FOLDER]))


def mend(folder: Path) -> None:
    """Takes away what a process was killed at writing, under the lock that JAX writes under: beside it no other program would be kept."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / LOCK):
        for program in folder.glob(f"*{PROGRAM}"):
            if not program.with_name(program.name.removesuffix(PROGRAM) + USED).exists():
                program.unlink()
