"""Databases: the rows of a query become a table, within bounds; whatever is wrong becomes problems, and no problem tells an address, which
may hold a password. A query can only read: one statement, in a transaction that the database itself keeps from writing."""

import os
import re
import socket
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Timer
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sales.problems import InputProblems, Problem
from sales.reading import Reading
from sales.rows import Rows

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.exc import DBAPIError

VARIABLES = "SHELFCAST_SOURCE_"
MOST_SECONDS = 300.0
CONNECT_SECONDS = 10
GRACE_SECONDS = 2.0
LONGEST_CELL = 2**24
FIRST_BATCH, LARGEST_BATCH, BATCH_BYTES = 128, 2**16, 2**23
KINDS = ("postgresql", "postgres", "sqlite")  # those that can be told, before a query, that it must not write
_OTHERS = {"mysql", "mariadb", "oracle", "mssql", "duckdb", "snowflake", "bigquery", "redshift"}
_HIDDEN = re.compile(  # what may hold any word: comments, strings, names in quotes; what never ends reaches to the end
    r"""--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^']|'')*(?:'|\Z)|"(?:[^"]|"")*(?:"|\Z)|`[^`]*(?:`|\Z)|\$(\w*)\$.*?(?:\$\1\$|\Z)""", re.DOTALL
)
_ODD_STRING = re.compile(r"'(?:[^'\\]|'')*\\")  # a backslash: whether it ends a string, databases do not agree
_ODD_COMMENT = re.compile(r"#(?![>-])")  # a comment to some databases, an operator to others
_SQLITE_MAGIC = b"SQLite format 3\0"


def connections() -> dict[str, str]:
    """The databases that whoever runs Shelfcast has named, each name with its address, a SQLAlchemy URL. Only the names are for showing.

    SHELFCAST_SOURCE_SHOP names one called shop, `[connections.shop]` with a `url` in .streamlit/secrets.toml too; where both do, the
    environment counts. Raises InputProblems where a file of secrets cannot be read.
    """
    named: dict[str, str] = {}
    for folder in (Path.home(), Path.cwd()):
        named |= _in_secrets(folder / ".streamlit" / "secrets.toml")
    environment = {name.removeprefix(VARIABLES).lower(): url for name, url in os.environ.items() if name.startswith(VARIABLES)}
    return {name: url for name, url in (named | environment).items() if name and url}


def read_named(name: str, query: str) -> Reading:
    """What `query` gives in the database that somebody named `name` (`connections`, `read_query`). Never raises."""
    try:
        named = connections()
    except InputProblems as found:
        return Reading(None, found.problems)
    if name not in named:
        return Reading(None, (Problem("source_unknown", got=name[:100], params={"names": ", ".join(sorted(named)) or "-"}),))
    return read_query(named[name], query)


def _in_secrets(path: Path) -> dict[str, str]:
    try:
        sections = tomllib.loads(path.read_text(encoding="utf-8")).get("connections", {})
        return {name: str(section["url"]) for name, section in sections.items() if "url" in section}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError):
        raise InputProblems([Problem("secrets_unreadable", params={"file": ".streamlit/secrets.toml"})]) from None


def read_query(url: str, query: str, seconds: float = MOST_SECONDS) -> Reading:
    """What `query`, a single SELECT (or WITH … SELECT), gives in the database at `url`, a SQLAlchemy URL; row i has the index i.

    Cells keep their types: whole numbers, numbers, texts, yes and no, dates, and stamps with the zone that the database gives them; exact
    decimals become numbers, anything else text. A column of bytes is left out and named. At most `seconds`, 20 million rows and the
    bounds of any file (sales.readers.limits): what goes beyond is no table at all, as a part of the sales would look like a fall in
    sales. Never raises.

    PostgreSQL and SQLite keep a query from writing by themselves, and are stopped when the time is over; any other database is refused.
    """
    try:
        engine = _engine(url)
        _check_query(query)
        with _connected(engine, seconds) as connection:
            return _read(connection, query, seconds)
    except InputProblems as found:
        return Reading(None, found.problems)
    except Exception as error:  # a driver is other people's code, and its words may hold what it was told
        return Reading(None, (Problem("query_failed", got=type(error).__name__),))


def _engine(address: str) -> "Engine":
    from sqlalchemy import NullPool, create_engine, make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        url = make_url(address.strip())
        kind = url.get_backend_name()
    except (ArgumentError, ValueError):
        raise InputProblems([Problem("database_address")]) from None
    if kind not in KINDS:
        raise InputProblems([Problem("database_kind", got=kind if kind in _OTHERS else "")])
    arguments: dict[str, Any] = {}
    if kind == "sqlite":
        url = _read_only(url)
    else:
        url = url.set(drivername="postgresql+psycopg")
        watch = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}  # a server that is gone says nothing
        usual = {"connect_timeout": CONNECT_SECONDS, "client_encoding": "utf8", **watch}  # a database without an encoding gives bytes
        arguments = {name: value for name, value in usual.items() if name not in url.query}
    try:
        return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    except (NoSuchModuleError, ImportError, ArgumentError, TypeError, ValueError):
        raise InputProblems([Problem("database_address")]) from None


def _read_only(url: "URL") -> "URL":
    """`url` of a database in a file that is there, opened for reading alone."""
    path = Path(url.database or "")
    try:
        with path.open("rb") as file:
            start = file.read(len(_SQLITE_MAGIC))
    except (OSError, ValueError):
        raise InputProblems([Problem("database_file_missing")]) from None
    if start not in (_SQLITE_MAGIC, b""):
        raise InputProblems([Problem("not_a_database")])
    return url.set(database=f"file:{quote(str(path.resolve()))}", query={"mode": "ro", "uri": "true"})


def _check_query(query: str) -> None:
    bare = _HIDDEN.sub(" ", query).strip().removesuffix(";")
    first = re.match(r"[\s(]*(\w*)", bare)
    if ";" in bare:
        raise InputProblems([Problem("query_several", got=query.strip()[:100])])
    if any(_ODD_STRING.match(hidden[0]) for hidden in _HIDDEN.finditer(query)) or _ODD_COMMENT.search(bare):
        raise InputProblems([Problem("query_unclear", got=query.strip()[:100])])
    if first is None or first[1].lower() not in ("select", "with"):
        raise InputProblems([Problem("query_writes", got=query.strip()[:100])])


@contextmanager
def _connected(engine: "Engine", seconds: float) -> Iterator["Connection"]:
    """A connection in a transaction that cannot write; nothing of it stays."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        connection = engine.connect().execution_options(no_parameters=True, postgresql_readonly=True, sqlite_raw_colnames=True)
    except (SQLAlchemyError, OSError):
        raise InputProblems([Problem("database_unreachable", params={"seconds": CONNECT_SECONDS})]) from None
    with connection:
        if engine.name == "sqlite":
            driver: Any = connection.connection.driver_connection
            driver.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_CELL)
            connection.exec_driver_sql("PRAGMA query_only = ON")
            connection.exec_driver_sql("PRAGMA trusted_schema = OFF")
        elif engine.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
        yield connection


def _read(connection: "Connection", query: str, seconds: float) -> Reading:
    """Everything that `query` gives, unless it takes longer than `seconds` in all."""
    from sqlalchemy.exc import DBAPIError

    too_slow = InputProblems([Problem("query_too_slow", params={"seconds": f"{seconds:g}"})])
    late = Event()
    try:
        with _stopping(connection.connection.driver_connection, seconds, late):
            table, problems = _gathered(connection, query, late).table()
    except DBAPIError as error:
        if late.is_set() or type(error.orig).__name__ == "QueryCanceled":
            raise too_slow from None
        raise InputProblems([Problem("query_failed", got=_said(error, connection.engine.url))]) from None
    if late.is_set():
        raise too_slow
    if table.empty:
        problems.append(Problem("query_empty"))
    return Reading(None if table.empty else table, tuple(problems), {"kind": "database", "database": connection.engine.name})


def _gathered(connection: "Connection", query: str, late: Event) -> Rows:
    """Batches grow while their rows are small: a few rows may fill as much as many."""
    # a cursor on the server: PostgreSQL then takes one statement only, that gives rows, and hands them over as they are asked for
    with connection.exec_driver_sql(query, execution_options={"stream_results": True, "max_row_buffer": 1}) as result:
        rows, size = Rows(list(result.keys())), FIRST_BATCH
        while not late.is_set() and (batch := result.fetchmany(size)):
            size = min(2 * size, LARGEST_BATCH) if rows.add(batch) < BATCH_BYTES else max(size // 2, 1)
    return rows


@contextmanager
def _stopping(driver: Any, seconds: float, late: Event) -> Iterator[None]:
    """After `seconds`, `late` is set and what the connection is at ends, by the names that drivers have for that; a PostgreSQL that does
    not answer even then is hung up on."""
    done = Event()

    def stop() -> None:
        late.set()
        name = next((name for name in ("interrupt", "cancel_safe", "cancel") if hasattr(driver, name)), None)
        with suppress(Exception):
            getattr(driver, name)(**({"timeout": GRACE_SECONDS} if name == "cancel_safe" else {})) if name else None
        if not done.wait(GRACE_SECONDS) and hasattr(driver, "pgconn"):
            with suppress(Exception), socket.socket(fileno=os.dup(driver.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        done.set()
        timer.cancel()
        timer.join()


def _said(error: "DBAPIError", url: "URL") -> str:
    """The first line of what the database said, unless a secret is in it."""
    line = (str(error.orig).splitlines() or [""])[0][:200]
    secrets = [str(value) for value in (url.password, *url.query.values()) if value]
    hidden = any(form in line for value in secrets for form in (value, quote(value, safe="")))
    return type(error).__name__ if hidden or not line else line
