"""Programs that JAX has compiled, kept for the next process: a model's first answer costs seconds of compiling, its second none."""

import os

from workspace import home

MOST_BYTES = 500_000_000
WORTH_KEEPING_SECONDS = 0.2


def keep() -> None:
    """Has JAX keep what it compiles in the workspace, least recently used going first; asked before JAX is imported for the first time.

    A program is known by the hash of all that it is made of, JAX's version and the processor's kind among it; two processes may write at
    once. What the environment says of JAX's cache already stays.
    """
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(home.folder("compiled"))
    os.environ.setdefault("JAX_COMPILATION_CACHE_MAX_SIZE", str(MOST_BYTES))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", str(WORTH_KEEPING_SECONDS))
