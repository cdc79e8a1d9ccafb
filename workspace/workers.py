"""Workers: where the tasks of a run are done. Processes of this machine, or those of a cluster that already stands (Dask, Ray)."""

import asyncio
import contextlib
import io
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

JOBS = "SHELFCAST_JOBS"
PARENT_LOOKED_AT_EVERY = 1.0
SECONDS_TO_CONNECT = 10
LONG_SECONDS = 60.0
USUAL_SCHEDULER = "tcp://127.0.0.1:8786"
ROUNDS = 4
PROCESSES, DASK, RAY = "processes", "dask", "ray"
BACKENDS = (PROCESSES, DASK, RAY)
ABSENT, UNREACHABLE, MALFORMED, NO_WORKERS = "backend_absent", "scheduler_unreachable", "scheduler_malformed", "no_workers"
SCHEMES = {DASK: ("tcp", "tls"), RAY: ("", "ray")}
PACKAGES = {DASK: "distributed", RAY: "ray"}
Call = Callable[[], pd.DataFrame]
Answer = tuple[int, pd.DataFrame | None, float, str]


class NoWorkers(Exception):
    """There is nobody to do the tasks: its package is not installed, its scheduler's address is none, nobody answers there, or it has no
    workers. said: the address."""

    def __init__(self, code: str, backend: str, said: str = "") -> None:
        self.code, self.backend, self.said = code, backend, said
        super().__init__(f"{code}: {backend} {said}".rstrip())


@dataclass(frozen=True)
class Backend:
    """Who does the tasks. name: one of `BACKENDS`. scheduler: the address of a cluster's, "tcp://host:8786" of Dask, "host:6379" of Ray
    ("": the one that runs on this machine). Where tasks are done does not change what they answer, and is no part of a run's name."""

    name: str = PROCESSES
    scheduler: str = ""

    def checked(self) -> "Backend":
        """This one. Raises NoWorkers where its package is not installed."""
        if self.name in PACKAGES and find_spec(PACKAGES[self.name]) is None:
            raise NoWorkers(ABSENT, self.name)
        return self


@dataclass(frozen=True, eq=False)
class Files:
    """What tasks read, by path: `content` holds the bytes where they travel to workers that may not see this machine's files."""

    content: Mapping[str, bytes] = field(default_factory=dict)


_HANDED: dict[str, bytes] = {}
_ONE_AT_A_TIME = threading.Lock()


def opened(path: Path) -> Path | io.BytesIO:
    """Where a task reads a file: what was handed to this worker with the task, else the file itself."""
    content = _HANDED.get(str(path))
    return path if content is None else io.BytesIO(content)


def jobs() -> int:
    """How many processes to use: the variable SHELFCAST_JOBS, or one a core. Raises ValueError where it is not 1 or more."""
    asked = os.environ.get(JOBS, "").strip()
    if not asked:
        return os.cpu_count() or 1
    if not asked.isdigit() or int(asked) < 1:
        raise ValueError(f"{JOBS}: got {asked!r}, expected a whole number of 1 or more")
    return int(asked)


@contextlib.contextmanager
def team(backend: Backend, files: Sequence[Path]) -> Iterator["Team"]:
    """Those who do tasks that read `files`, until this is closed. Processes of this machine read them; to those of a cluster their bytes
    are handed, so that they need not share a disk: once to each of Dask, with each task of Ray. Raises NoWorkers."""
    backend.checked()
    if backend.name == DASK:
        with _dask(backend.scheduler) as client:
            yield Team(len(client.nthreads()), partial(_by_dask, client, client.scatter(_read(files), broadcast=True)))
    elif backend.name == RAY:
        workers = _ray(backend.scheduler)
        yield Team(workers, partial(_by_ray, workers, _read(files)))
    else:
        yield Team(jobs(), _by_processes)


@dataclass(frozen=True)
class Team:
    """workers: how many. answers: the place of each call, its part (None where it raised), its seconds and what it raised, as they are
    done; who works on them stops when it is closed."""

    workers: int
    answers: Callable[[Sequence[Call]], Generator[Answer, None, None]]


def _by_processes(calls: Sequence[Call]) -> Generator[Answer, None, None]:
    """Processes are spawned, never forked, and wait for the next calls; those that worked for long end instead: they hold much, and what
    parts come to is put together in the memory that they held."""
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    began = time.monotonic()
    workers = max(min(jobs(), len(calls)), 1)
    backend = {"backend": "loky", "max_nbytes": None} if workers > 1 else {"backend": "sequential"}
    parallel = Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1, **backend)
    with contextlib.closing(parallel(delayed(_done)(at, call, os.getpid(), Files()) for at, call in enumerate(calls))) as answers:
        yield from answers
    if workers > 1 and time.monotonic() - began > LONG_SECONDS:
        get_reusable_executor(reuse=True).shutdown()


def _by_dask(client: Any, files: Any, calls: Sequence[Call]) -> Generator[Answer, None, None]:
    from distributed import as_completed

    asked = [client.submit(_done, at, call, 0, files, pure=False) for at, call in enumerate(calls)]
    try:
        done: Any = as_completed
        for future in done(asked, loop=client.loop):
            yield future.result()
            future.release()
    finally:
        client.cancel(asked)


def _by_ray(workers: int, files: Files, calls: Sequence[Call]) -> Generator[Answer, None, None]:
    """By joblib, whose backend for Ray answers lists alone: parts come round by round."""
    from joblib import Parallel, delayed

    asked = [delayed(_done)(at, call, 0, files) for at, call in enumerate(calls)]
    for at in range(0, len(asked), ROUNDS * workers):
        yield from Parallel(n_jobs=workers, backend="ray", batch_size=1)(asked[at : at + ROUNDS * workers])


def _read(files: Sequence[Path]) -> Files:
    return Files({str(path): path.read_bytes() for path in files})


@contextlib.contextmanager
def _dask(scheduler: str) -> Iterator[Any]:
    """A client of the scheduler. What is no address is refused before one is made: Dask would hold on to it, and complain at the end. So is
    what does not greet as Dask does: a client waits for that without an end."""
    scheduler = scheduler or USUAL_SCHEDULER
    _place(DASK, scheduler)
    import distributed

    connect: Any = distributed.Client
    try:
        asyncio.run(asyncio.wait_for(_greeted(scheduler), SECONDS_TO_CONNECT))
        client = connect(scheduler, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NoWorkers(UNREACHABLE, DASK, scheduler) from error
    with client:
        if not client.nthreads():
            raise NoWorkers(NO_WORKERS, DASK, scheduler)
        yield client


async def _greeted(scheduler: str) -> None:
    """Raises OSError where nobody listens or whoever does is not of Dask."""
    import distributed

    dask: Any = distributed
    try:
        own = dask.Security().get_connection_args("client")
        comm = await dask.comm.connect(scheduler, timeout=SECONDS_TO_CONNECT, **own)
    except Exception as error:  # whatever comes of reading what another says as if Dask had said it
        raise ConnectionError(f"{scheduler} does not greet as Dask does") from error
    await comm.close()


def _place(backend: str, scheduler: str) -> tuple[str, int]:
    """Host and port of an address that has one of the schemes of `backend`, and nothing else. Raises NoWorkers."""
    try:
        parts = urlsplit(scheduler if "://" in scheduler else f"//{scheduler}")
        if parts.scheme in SCHEMES[backend] and parts.hostname and parts.port and not parts.path:
            return parts.hostname, parts.port
    except ValueError:  # a port that is none
        pass
    raise NoWorkers(MALFORMED, backend, scheduler)


def _ray(scheduler: str) -> int:
    """Processors of the cluster. Where nobody listens Ray would look for minutes."""
    try:
        if scheduler:
            socket.create_connection(_place(RAY, scheduler), SECONDS_TO_CONNECT).close()
        import ray
        from ray.util.joblib import register_ray

        ray.init(address=scheduler or None, ignore_reinit_error=True, log_to_driver=False)
    except OSError as error:
        raise NoWorkers(UNREACHABLE, RAY, scheduler) from error
    register_ray()
    return int(ray.cluster_resources().get("CPU", 1))


def _done(at: int, call: Call, parent: int, files: Files) -> Answer:
    """Runs in a worker, one at a time in a process (seeds and settings of libraries are the process's); what maps over processes of its
    own does so in this one."""
    if parent:
        _ends_with(parent)
    _HANDED.update(files.content)
    with _ONE_AT_A_TIME, one_job():
        began = time.perf_counter()
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
        _keeps_what_it_compiled()
        threading.Thread(target=watch, daemon=True).start()


def _keeps_what_it_compiled() -> None:
    """Where psutil is installed joblib ends a worker that has grown by 300 MB; compiled kernels and networks are that large and meant. It
    has no setting for that."""
    from joblib.externals.loky import process_executor

    process_executor._USE_PSUTIL = False


@contextlib.contextmanager
def one_job() -> Iterator[None]:
    """What maps over processes of its own does so in this one inside."""
    before = os.environ.get(JOBS)
    os.environ[JOBS] = "1"
    try:
        yield
    finally:
        os.environ.pop(JOBS)
        if before is not None:
            os.environ[JOBS] = before
