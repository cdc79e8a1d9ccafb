"""Workers: a cluster's answer as processes of this machine do, and what is missing for one is said."""

import contextlib
import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from distributed import Client
from panels import weekly_shop
from waiting import until

from forecasting.__main__ import main
from forecasting.backtest import backtest_tasks
from forecasting.cutoffs import last_cutoffs
from forecasting.models import registry
from forecasting.source import Source
from workspace import tables, workers
from workspace.runs import ROOT
from workspace.workers import Backend, Files, NoWorkers, team

MODELS = ("seasonal_naive", "theta", "tree")


@contextlib.contextmanager
def started(*arguments: str) -> Iterator[None]:
    """A process of Dask, without whatever else belongs to it."""
    process = subprocess.Popen([sys.executable, "-m", "dask", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler on loopback with two workers, which do not see what this process is told of files."""
    file = tmp_path_factory.mktemp("dask") / "scheduler.json"
    kept = ("--local-directory", str(file.parent))
    worker = ("worker", "--scheduler-file", str(file), "--nthreads", "2", "--no-nanny", "--no-dashboard", *kept)
    with contextlib.ExitStack() as stack:
        stack.enter_context(started("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)))
        until(file.exists)
        address = str((tables.read_facts(file) or {})["address"])
        for _ in range(2):
            stack.enter_context(started(*worker))
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield address


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    """Sales of 12 items in a file."""
    path = tmp_path / "sales.csv"
    weekly_shop(12, 70, np.random.default_rng(2)).to_frame().to_csv(path, index=False)
    return path


def compared(sales: Path, home: Path, monkeypatch: pytest.MonkeyPatch, flags: Sequence[str] = ()) -> list[pd.DataFrame]:
    """Backtest, forecast and spread of the commands, in a workspace of its own, without what depends on the machine's speed."""
    monkeypatch.setenv("SHELFCAST_HOME", str(home))
    home.mkdir()
    typed = ["compare", str(sales), "--horizon", "7", "--cutoffs", "2", "--models", ",".join(MODELS), "--out", str(home)]
    assert main([*typed, *flags]) == 0
    spread = ["spread", str(sales), "--interval", "7", "--cutoffs", "5", "--model", "tree", "--out", str(home / "spread.parquet")]
    assert main([*spread, *flags]) == 0
    tables = [pd.read_parquet(home / f"{name}.parquet") for name in ("backtest", "forecast", "spread")]
    return [table.drop(columns="seconds", errors="ignore") for table in tables]


def test_two_dask_workers_answer_bit_for_bit_as_processes_here(
    scheduler: str, sales: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(workers.JOBS, "1")
    here = compared(sales, tmp_path / "here", monkeypatch)
    there = compared(sales, tmp_path / "there", monkeypatch, ["--backend", "dask", "--scheduler", scheduler])
    for own, theirs in zip(here, there, strict=True):
        assert own["mean"].notna().all()
        pd.testing.assert_frame_equal(own, theirs, check_exact=True)


def test_workers_that_do_not_see_the_files_are_handed_them(scheduler: str, tmp_path: Path) -> None:
    panel = weekly_shop(12, 70, np.random.default_rng(2))
    source = Source(panel, tmp_path / "panel.parquet")
    (task, *_) = backtest_tasks(panel, [registry.model("seasonal_naive")], 7, last_cutoffs(panel, 1, 7), source=source)
    with team(Backend(workers.DASK, scheduler), source.write()) as found:
        (tmp_path / "panel.parquet").unlink()
        ((_, part, _, said),) = list(found.answers([task.call]))
    assert said == ""
    assert part is not None
    assert part["mean"].notna().all()


def test_processes_that_worked_for_long_end_with_their_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.JOBS, "2")
    monkeypatch.setattr(workers, "LONG_SECONDS", 0.0)
    with team(Backend(), []) as found:
        numbers = {number for _, number, _, _ in found.answers([os.getpid, os.getpid])}  # type: ignore[list-item]
        assert os.getpid() not in numbers
        assert not any(Path("/proc", str(number)).exists() for number in numbers)


def test_joblib_still_asks_what_is_switched_off_in_workers() -> None:
    from joblib.externals.loky import process_executor

    assert "_USE_PSUTIL" in process_executor._process_worker.__code__.co_names


def test_a_task_that_refers_to_other_sales_than_its_file_holds_fails(tmp_path: Path) -> None:
    first, second = (weekly_shop(3, 70, np.random.default_rng(seed)) for seed in (1, 2))
    path = tmp_path / "panel.parquet"
    Source(first, path).write()
    source = Source(second, path)
    with pytest.raises(ValueError, match="expected " + second.fingerprint):
        _ = pickle.loads(pickle.dumps(source)).panel


def test_what_is_missing_for_a_cluster_is_said(
    sales: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ["forecast", str(sales), "--horizon", "7", "--models", "naive", "--out", str(tmp_path / "f.parquet")]
    monkeypatch.setitem(workers.PACKAGES, workers.RAY, "no_such_ray")
    assert main([*typed, "--backend", "ray"]) == 2
    assert "no_such_ray is not installed" in capsys.readouterr().err
    assert main([*typed, "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "--backend dask or --backend ray beside it" in capsys.readouterr().err
    monkeypatch.setattr(workers, "SECONDS_TO_CONNECT", 0.2)
    for malformed in ("foo", "tcp://127.0.0.1", "http://127.0.0.1:8786", "tcp://:8786", "tcp://127.0.0.1:99999"):
        assert main([*typed, "--backend", "dask", "--scheduler", malformed]) == 2
        assert f"not the address of a scheduler of Dask, got '{malformed}'" in capsys.readouterr().err
    monkeypatch.setitem(workers.PACKAGES, workers.RAY, "distributed")  # one that is here: addresses are looked at before Ray is
    for malformed in ("nonsense", "127.0.0.1", "tcp://127.0.0.1:6379", "127.0.0.1:99999"):
        assert main([*typed, "--backend", "ray", "--scheduler", malformed]) == 2
        assert f"not the address of a scheduler of Ray, got '{malformed}'" in capsys.readouterr().err
    assert main([*typed, "--backend", "ray", "--scheduler", "127.0.0.1:1"]) == 2
    assert "no scheduler answers at this address, got '127.0.0.1:1'" in capsys.readouterr().err
    monkeypatch.setattr(workers, "USUAL_SCHEDULER", "tcp://127.0.0.1:1")
    assert main([*typed, "--backend", "dask"]) == 2
    assert "no scheduler answers at this address, got 'tcp://127.0.0.1:1'" in capsys.readouterr().err
    spread = ["spread", str(sales), "--interval", "7", "--model", "naive", "--out", str(tmp_path / "s.parquet")]
    for of in (typed, spread):
        assert main([*of, "--backend", "dask", "--scheduler", "tcp://127.0.0.1:1"]) == 2
        assert "no scheduler answers at this address" in capsys.readouterr().err


def greeted_by(other: socket.socket, banner: bytes) -> None:
    """Whoever comes is sent `banner` and listened to until gone."""
    with other.accept()[0] as peer, contextlib.suppress(ConnectionError):
        peer.sendall(banner)
        while peer.recv(4096):
            pass


@pytest.mark.parametrize("banner", [b"", b"SSH-2.0-OpenSSH\r\n", bytes(64)])
def test_what_listens_there_and_is_no_scheduler_is_told(monkeypatch: pytest.MonkeyPatch, banner: bytes) -> None:
    monkeypatch.setattr(workers, "SECONDS_TO_CONNECT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as other, ThreadPoolExecutor() as pool:
        pool.submit(greeted_by, other, banner)
        address = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(NoWorkers, match=f"scheduler_unreachable: dask {address}"), team(Backend(workers.DASK, address), []):
            pass
    assert time.monotonic() - began < 10


def test_a_scheduler_without_workers_is_no_team(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    with started("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)):
        until(file.exists)
        address = str((tables.read_facts(file) or {})["address"])
        with pytest.raises(NoWorkers, match="no_workers: dask"), team(Backend(workers.DASK, address), []):
            pass


def test_what_was_handed_over_is_read_before_a_file_of_the_same_name(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"here")
    with workers_files(path, b"handed"):
        assert workers.opened(path).read() == b"handed"  # type: ignore[union-attr]
    assert workers.opened(path) == path


@contextlib.contextmanager
def workers_files(path: Path, content: bytes) -> Iterator[None]:
    files = Files({str(path): content})
    workers._HANDED.update(files.content)
    try:
        yield
    finally:
        workers._HANDED.pop(str(path))


@pytest.mark.parametrize("given", ["0", "two", "-1"])
def test_a_number_of_jobs_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("SHELFCAST_JOBS", given)
    with pytest.raises(ValueError, match="expected a whole number of 1 or more"):
        workers.jobs()
