"""A PostgreSQL of the tests' own: started once a session from Debian's package, reached through a socket in a temporary folder."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

USER, PASSWORD = "planner", "geheim:@/"
PATIENCE_SECONDS = 60
QUICK = ("-c", "fsync=off", "-c", "max_connections=40", "-c", "shared_buffers=16MB", "-c", "timezone=Europe/Berlin")


@dataclass(frozen=True)
class Server:
    """A running server, whose user is its owner. folder: where its socket is."""

    folder: Path

    def url(self, database: str, password: str = PASSWORD) -> str:
        """The address of `database` with everything in it."""
        from sqlalchemy import URL

        url = URL.create("postgresql", USER, password, database=database, query={"host": str(self.folder)})
        return url.render_as_string(hide_password=False)

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        """What `statement` gives, each row a tuple; none where it gives nothing."""
        import psycopg

        with psycopg.connect(host=str(self.folder), user=USER, password=PASSWORD, dbname=database, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: install Debian's package postgresql")
    if os.getuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("PostgreSQL refuses to run as root, and there is no setpriv to change the user")
    with _folder() as folder, _running(programs, folder):
        yield Server(folder)


@pytest.fixture(scope="session")
def database(postgres: Server) -> Callable[[], str]:
    """Each call makes an empty database and gives its name."""
    numbers = count(1)

    def made() -> str:
        name = f"shop{next(numbers)}"
        postgres.execute(f"CREATE DATABASE {name}")
        return name

    return made


def _programs() -> Path | None:
    """The folder of the newest initdb and postgres; Debian keeps them out of the PATH."""
    packaged = Path("/usr/lib/postgresql").glob("*/bin")
    found = shutil.which("initdb")
    folders = [*sorted(packaged, key=lambda path: float(path.parent.name)), *([Path(found).resolve().parent] if found else [])]
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder with a short path, as that of a socket may hold 107 characters only, which the server's user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="shelfcast-pg-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _running(programs: Path, folder: Path) -> Iterator[None]:
    """The server as a child of this process, which ends with it, killed or not."""
    # Debian's package makes the user postgres
    other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    data, log, secret = folder / "data", folder / "log", folder / "password"
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    secret.write_text(PASSWORD)
    make = [
        str(programs / "initdb"),
        "-D",
        str(data),
        "-U",
        USER,
        "-E",
        "UTF8",
        "--no-sync",
        "-A",
        "scram-sha-256",
        "--pwfile",
        str(secret),
    ]
    made = subprocess.run([*other, *make], capture_output=True, text=True, env=environment, cwd=folder)
    assert made.returncode == 0, made.stderr
    serve = [str(programs / "postgres"), "-D", str(data), "-k", str(folder), "-c", "listen_addresses=", *QUICK]
    if shutil.which("setpriv"):
        serve = [*(other or ["setpriv"]), "--pdeathsig", "INT", *serve]
    with log.open("w") as out:
        server = subprocess.Popen(serve, stdout=out, stderr=out, env=environment, cwd=folder)
    try:
        _await_answer(programs, folder, server, log)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # ends open connections; SIGTERM would wait for them
        server.wait(PATIENCE_SECONDS)


def _await_answer(programs: Path, folder: Path, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while subprocess.run([programs / "pg_isready", "-q", "-h", folder]).returncode != 0:
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.02)
