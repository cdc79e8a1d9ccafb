"""Libraries that fit one series at a time, mapped over the items of a panel: the one place that starts processes for models."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecasting.forecast import OK
from forecasting.models.libraries import one_thread, quiet
from workspace.workers import jobs

FEWEST_FOR_PROCESSES = 4
MOST_PER_CHUNK = 16


@dataclass(frozen=True)
class Outcome:
    """What became of one item: the value that the function returned (None where it failed), "ok" or "failed: ExceptionName", seconds."""

    value: Any
    status: str
    seconds: float


def mapped(fit: Callable[[Any, np.random.SeedSequence], Any], tasks: Sequence[Any], rng: np.random.Generator) -> list[Outcome]:
    """`fit(task, seed)` of every task, in order; what a task raises becomes its status and what it warns of is dropped.

    Each task has a seed of its own, spawned from one draw of `rng`, so answers do not depend on the number of processes. These are
    spawned, never forked; a handful of tasks runs in this process. `fit` is a module's function or a partial of one.
    """
    seeds = np.random.SeedSequence(int(rng.integers(2**63))).spawn(len(tasks))
    pairs = list(zip(tasks, seeds, strict=True))
    workers = min(jobs(), len(tasks))
    if workers < 2 or len(tasks) < FEWEST_FOR_PROCESSES:
        return _chunk(fit, pairs)
    from joblib import Parallel, delayed

    size = min(MOST_PER_CHUNK, math.ceil(len(pairs) / workers))
    chunks = [pairs[i : i + size] for i in range(0, len(pairs), size)]
    parts = Parallel(n_jobs=workers, backend="loky", batch_size=1)(delayed(_chunk)(fit, chunk) for chunk in chunks)
    return [outcome for part in parts for outcome in part]


def _chunk(fit: Callable[[Any, np.random.SeedSequence], Any], pairs: list[tuple[Any, np.random.SeedSequence]]) -> list[Outcome]:
    with quiet(), one_thread():
        return [_one(fit, task, seed) for task, seed in pairs]


def _one(fit: Callable[[Any, np.random.SeedSequence], Any], task: Any, seed: np.random.SeedSequence) -> Outcome:
    began = time.perf_counter()
    try:
        value, status = fit(task, seed), OK
    except Exception as error:  # one item's failure must not take the others along
        value, status = None, f"failed: {type(error).__name__}"
    return Outcome(value, status, time.perf_counter() - began)
