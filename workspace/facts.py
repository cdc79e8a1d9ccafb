"""Facts: small records that several people write, in one database, each with who and when. What a body means is not known here.

SQLite in the workspace folder, or the SQLite or PostgreSQL database that SHELFCAST_DATABASE_URL names. Nothing is ever deleted: a record
ends, and stays for the audit.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from workspace import home

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine, Select, Table

VARIABLE = "SHELFCAST_DATABASE_URL"
PATIENCE_SECONDS = 30
CONNECT_SECONDS = 10
LONGEST_NAME = 100
_IDS_AT_ONCE = 500
_FIRST_TURNS = 2**30  # two databases do not count from the same number

_open: ContextVar["Connection | None"] = ContextVar("facts", default=None)
_making = Lock()


class Unreachable(RuntimeError):
    """The database cannot be opened. The message names SHELFCAST_DATABASE_URL, never the address, which may hold a password."""


@dataclass(frozen=True)
class Record:
    """One fact: what `kind` of fact, of which `data`, its `body`, who wrote it and when (UTC). ended_at, ended_by, ended_why: where it no
    longer holds. follows: the id of the record that it took the place of."""

    id: int
    kind: str
    data: str
    body: dict[str, Any]
    by: str
    at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_why: str = ""
    follows: int | None = None


def add(kind: str, data: str, bodies: Iterable[Mapping[str, Any]], by: str) -> list[Record]:
    """The new records, one for each of `bodies`, all of them or none.

    Raises ValueError where `by` names nobody, or where a body holds what JSON cannot, NaN among it.
    """
    rows = [_row(kind, data, body, by) for body in bodies]
    with together() as connection:
        return _inserted(connection, rows) if rows else []


def records(kinds: str | Sequence[str], data: str) -> list[Record]:
    """The records of one kind, or of several, about `data` that hold, oldest first."""
    table = _tables().facts
    return _found(_of(table, kinds, data).where(table.c.ended_at.is_(None)))


def revision() -> str:
    """Another text after every write of anybody, and in another database: what was read under the same one need not be read again."""
    turn = _tables().turn
    with _engine().connect() as connection:
        return str(connection.execute(turn.select().with_only_columns(turn.c.number)).scalar_one())


def history(kind: str, data: str) -> list[Record]:
    """All records of `kind` about `data`, those that ended too, oldest first."""
    return _found(_of(_tables().facts, kind, data))


def everything(data: str) -> list[Record]:
    """All records about `data` of whatever kind, those that ended too, oldest first."""
    table = _tables().facts
    return _found(table.select().where(table.c.data == data).order_by(table.c.id))


def restore(records: Iterable[Record], data: str) -> list[Record]:
    """Copies of `records`, about `data`: who wrote and who ended them and when stay, and each follows the copy of the one that it followed.
    All of them or none."""
    copies: dict[int, Record] = {}
    with together() as connection:
        for record in sorted(records, key=lambda record: record.id):
            row = {**_row(record.kind, data, record.body, record.by), "ended_by": record.ended_by, "ended_why": record.ended_why}
            times = {"at": record.at, "ended_at": record.ended_at}
            row |= {name: None if at is None else at.astimezone(UTC).replace(tzinfo=None) for name, at in times.items()}
            before = None if record.follows is None else copies.get(record.follows)
            (copies[record.id],) = _inserted(connection, [{**row, "follows": before and before.id}])
    return list(copies.values())


def end(ids: Iterable[int], by: str, why: str = "") -> int:
    """Ends these records; one that has ended before keeps its first end. How many ended. Raises ValueError where `by` names nobody."""
    table, ended = _tables().facts, {"ended_at": _now(), "ended_by": named(by), "ended_why": why}
    ids, count = list(ids), 0
    with together() as connection:
        for at in range(0, len(ids), _IDS_AT_ONCE):
            some = table.c.id.in_(ids[at : at + _IDS_AT_ONCE])
            count += connection.execute(table.update().where(some, table.c.ended_at.is_(None)).values(ended)).rowcount
    return count


def replace(id: int, body: Mapping[str, Any], by: str) -> Record:
    """The record that takes the place of record `id`, which ends. Raises LookupError where that one has ended before or never was."""
    table = _tables().facts
    with together() as connection:
        row = connection.execute(table.select().where(table.c.id == id, table.c.ended_at.is_(None))).mappings().first()
        if row is None:
            raise LookupError(f"record {id}: it has ended, or there is none")
        (new,) = _inserted(connection, [{**_row(row["kind"], row["data"], body, by), "follows": id}])
        end([id], by, "replaced")
        return new


@contextmanager
def together() -> Iterator["Connection"]:
    """What is read and written inside happens as one: nobody else writes meanwhile, and an error undoes all of it."""
    inside = _open.get()
    if inside is not None:
        yield inside
        return
    with _connected() as connection, connection.begin():
        _take_turn(connection)
        token = _open.set(connection)
        try:
            yield connection
        finally:
            _open.reset(token)


def named(by: str) -> str:
    """`by` without outer spaces. Raises ValueError where nothing is left, or where it is longer than a name or holds a zero byte."""
    name = by.strip()
    if not 0 < len(name) <= LONGEST_NAME or "\0" in name:
        raise ValueError(f"by: got {name[:20]!r}, expected a name of 1 to {LONGEST_NAME} characters")
    return name


def fields(record: Record, *names: str) -> dict[str, Any]:
    """The id, the writer and the time of `record`, and these parts of its body."""
    return {"id": record.id, "by": record.by, "at": record.at, **{name: record.body[name] for name in names}}


class _Tables(NamedTuple):
    facts: "Table"
    turn: "Table"


@cache
def _tables() -> _Tables:
    from sqlalchemy import JSON, Column, DateTime, Index, Integer, MetaData, String, Table

    metadata = MetaData()
    facts = Table(
        "facts",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("kind", String, nullable=False),
        Column("data", String, nullable=False),
        Column("body", JSON, nullable=False),
        Column("by", String, nullable=False),
        Column("at", DateTime, nullable=False),
        Column("ended_at", DateTime),
        Column("ended_by", String, nullable=False, default=""),
        Column("ended_why", String, nullable=False, default=""),
        Column("follows", Integer),
        Index("facts_of", "kind", "data"),
        sqlite_autoincrement=True,
    )
    return _Tables(facts, Table("turn", metadata, Column("id", Integer, primary_key=True), Column("number", Integer, nullable=False)))


def _row(kind: str, data: str, body: Mapping[str, Any], by: str) -> dict[str, Any]:
    return {"kind": kind, "data": data, "body": dict(body), "by": named(by), "at": _now()}


def _inserted(connection: "Connection", rows: list[dict[str, Any]]) -> list[Record]:
    table = _tables().facts
    ids = connection.execute(table.insert().returning(table.c.id, sort_by_parameter_order=True), rows).scalars()
    return [_record({**row, "id": id}) for row, id in zip(rows, ids, strict=True)]


def _of(table: "Table", kinds: str | Sequence[str], data: str) -> "Select[Any]":
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    return table.select().where(table.c.kind.in_(wanted), table.c.data == data).order_by(table.c.id)


def _found(query: "Select[Any]") -> list[Record]:
    inside = _open.get()
    if inside is not None:
        return [_record(dict(row)) for row in inside.execute(query).mappings()]
    with _connected() as connection:
        return [_record(dict(row)) for row in connection.execute(query).mappings()]


def _record(row: Mapping[str, Any]) -> Record:
    times = {name: row[name].replace(tzinfo=UTC) for name in ("at", "ended_at") if row.get(name) is not None}
    return Record(**{**row, **times})


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)  # columns hold UTC without saying so, as SQLite has no other


@contextmanager
def _connected() -> Iterator["Connection"]:
    """A connection of its own. Raises Unreachable where there is none to be had; what goes wrong later keeps its name."""
    from sqlalchemy.exc import SQLAlchemyError

    engine = _engine()
    try:
        connection = engine.connect()
    except SQLAlchemyError as error:
        raise _unreachable(engine.name, error) from None
    with connection:
        yield connection


def _take_turn(connection: "Connection") -> None:
    """Waits until nobody else writes, and keeps others waiting until the end of the transaction: a write to the one row that all write
    first. What is read after it is what the one before has left."""
    from sqlalchemy import text

    if connection.engine.name == "postgresql":  # SQLite has its patience from the connection, and nobody on another machine
        connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'"))
        connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{2 * PATIENCE_SECONDS}s'"))
    turn = _tables().turn
    if connection.execute(turn.update().values(number=turn.c.number + 1)).rowcount != 1:
        raise Unreachable("facts: the table turn must hold one row")


def _engine() -> "Engine":
    address, own = os.environ.get(VARIABLE, ""), home.home() / "facts.sqlite"
    with _making:
        if not address and not own.exists():
            _made.cache_clear()  # the workspace was deleted to forget everything
        return _made(address, own)


@cache
def _made(address: str, own: Path) -> "Engine":
    """The engine of the database at `address` (none: SQLite in the file `own`), whose tables are there."""
    from sqlalchemy import URL, make_url
    from sqlalchemy.exc import SQLAlchemyError

    kind = "named"
    try:
        url = make_url(address) if address else URL.create("sqlite", database=str(own))
        kind = url.get_backend_name()
        if kind == "sqlite":
            return _sqlite(url)
        if kind in ("postgresql", "postgres"):  # hosting services write it short
            return _postgresql(url.set(drivername="postgresql+psycopg"))
    except (SQLAlchemyError, OSError, ImportError) as error:
        raise _unreachable(kind, error) from None
    raise Unreachable(f"facts: only SQLite and PostgreSQL can hold them; see {VARIABLE}")


def _sqlite(url: "URL") -> "Engine":
    """Each connection is opened anew, so that none outlives its use."""
    from sqlalchemy import NullPool, create_engine, event

    if url.database in (None, "", ":memory:"):
        raise Unreachable(f"{VARIABLE}: a database in memory forgets; name a file")
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": PATIENCE_SECONDS}, **_options())
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=FULL").close())
    with _alone(Path(str(url.database))):
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        with engine.begin() as connection:
            _make_tables(connection)
    return engine


def _postgresql(url: "URL") -> "Engine":
    """One process at a time makes the tables; each transaction sees what was committed before each of its statements, whatever the
    server's own setting: the turn rests on that."""
    from sqlalchemy import create_engine, text

    usual = {"connect_timeout": CONNECT_SECONDS, "client_encoding": "utf8"}
    asked = {name: value for name, value in usual.items() if name not in url.query}
    engine = create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=asked, **_options())
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('shelfcast facts'))"))
        _make_tables(connection)
    return engine


def _options() -> dict[str, Any]:
    return {"json_serializer": partial(json.dumps, ensure_ascii=False, allow_nan=False), "hide_parameters": True}


def _make_tables(connection: "Connection") -> None:
    tables = _tables()
    tables.facts.metadata.create_all(connection)
    if connection.execute(tables.turn.select()).first() is None:
        connection.execute(tables.turn.insert().values(id=1, number=secrets.randbelow(_FIRST_TURNS)))


def _unreachable(kind: str, error: Exception) -> Unreachable:
    return Unreachable(f"facts: the {kind} database cannot be opened ({type(error).__name__}); see {VARIABLE}")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """The database file, readable by its owner alone, made by one process at a time."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    lock = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
