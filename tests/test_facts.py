"""Records that several people write: all of them or none, ended and never gone, by two processes at once; in SQLite and in PostgreSQL."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from postgres import Server
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from workspace import facts, home

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(params=["sqlite", "postgresql"], autouse=True)
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same suite on both: the file in the workspace, and a database of its own on the server."""
    if request.param != "postgresql":
        yield request.param
        return
    server, database = request.getfixturevalue("postgres"), request.getfixturevalue("database")
    url = server.url(database())
    monkeypatch.setenv(facts.VARIABLE, url)
    yield request.param
    for named in dict.fromkeys((os.environ[facts.VARIABLE], url)):  # a test may have named another
        monkeypatch.setenv(facts.VARIABLE, named)
        facts._engine().dispose()


only_files = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
only_servers = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


def test_a_record_says_who_and_when_in_utc() -> None:
    before = datetime.now(UTC)
    (made,) = facts.add("note", "shop", [{"text": "Größe", "units": 1.5, "none": None}], "  Ann ")
    assert (made.kind, made.data, made.body, made.by) == ("note", "shop", {"text": "Größe", "units": 1.5, "none": None}, "Ann")
    assert before <= made.at <= datetime.now(UTC)
    assert facts.records("note", "shop") == [made]
    assert facts.records("note", "other") == facts.records("other", "shop") == []


def test_copies_for_another_say_who_and_when_and_follow_one_another() -> None:
    first, second = facts.add("note", "shop", [{"n": 1}, {"n": 2}], "Ann")
    facts.replace(first.id, {"n": 3}, "Bob")
    facts.end([second.id], "Eve", "cleared")
    facts.add("other", "shop", [{}], "Ann")
    kept = facts.everything("shop")
    copies = facts.restore(kept, "copy")
    assert facts.everything("copy") == copies
    assert facts.everything("shop") == kept
    place = {old.id: new.id for old, new in zip(kept, copies, strict=True)}
    expected = [replace(r, id=place[r.id], data="copy", follows=place.get(r.follows or 0)) for r in kept]
    assert copies == expected
    assert copies[2].follows == copies[0].id


def test_several_kinds_are_read_at_once_oldest_first() -> None:
    notes = [facts.add(kind, "shop", [{"n": n}], "Ann")[0] for n, kind in enumerate(("note", "task", "note", "other"))]
    assert facts.records(("task", "note"), "shop") == notes[:3]
    assert facts.records((), "shop") == []


def test_the_revision_changes_with_every_write_and_with_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = [facts.revision()]

    def wrote() -> bool:
        seen.append(facts.revision())
        return len(set(seen)) == len(seen)

    (record,) = facts.add("note", "shop", [{"n": 1}], "Ann")
    assert wrote()
    new = facts.replace(record.id, {"n": 2}, "Bob")
    assert wrote()
    facts.end([new.id], "Bob")
    assert wrote()
    facts.records("note", "shop")
    facts.history("note", "shop")
    assert not wrote()
    monkeypatch.setenv(facts.VARIABLE, f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert facts.revision() not in seen


def test_what_ends_stays_in_the_history_with_its_first_end() -> None:
    first, second = facts.add("note", "shop", [{"n": 1}, {"n": 2}], "Ann")
    facts.end([first.id], "Bob", "cleared")
    facts.end([first.id, 999], "Eve")
    assert facts.records("note", "shop") == [second]
    old, new = facts.history("note", "shop")
    assert (old.body, old.ended_by, old.ended_why) == ({"n": 1}, "Bob", "cleared")
    assert old.ended_at is not None
    assert old.at <= old.ended_at <= datetime.now(UTC)
    assert new == second
    assert new.ended_at is None


def test_what_is_replaced_is_followed_once() -> None:
    (first,) = facts.add("note", "shop", [{"n": 1}], "Ann")
    second = facts.replace(first.id, {"n": 2}, "Bob")
    assert (second.follows, second.by, facts.records("note", "shop")) == (first.id, "Bob", [second])
    for number in (first.id, 999):
        with pytest.raises(LookupError, match=f"record {number}: it has ended"):
            facts.replace(number, {"n": 3}, "Eve")
    assert facts.records("note", "shop") == [second]


def test_all_or_nothing() -> None:
    facts.add("note", "shop", [{"n": 0}], "Ann")
    with pytest.raises(Exception, match="not JSON compliant"):
        facts.add("note", "shop", [{"n": 1}, {"n": float("nan")}], "Ann")

    def half() -> None:
        with facts.together():
            facts.end([1], "Ann")
            facts.add("note", "shop", [{"n": 2}], "Ann")
            assert [record.body["n"] for record in facts.records("note", "shop")] == [2]
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        half()
    assert [record.body["n"] for record in facts.records("note", "shop")] == [0]


def test_what_is_restored_is_as_it_was_and_follows_its_own_kind() -> None:
    first, second = facts.add("note", "shop", [{"n": 1}, {"n": 2}], "Ann")
    third = facts.replace(first.id, {"n": 3}, "Bob")
    facts.end([second.id], "Eve", "cleared")
    kept = facts.everything("shop")
    copies = facts.restore(reversed(kept), "other")
    assert facts.everything("other") == copies
    assert facts.everything("shop") == kept
    place = {record.id: copy.id for record, copy in zip(kept, copies, strict=True)}
    assert [replace(copy, id=0, data="shop", follows=None) for copy in copies] == [replace(record, id=0, follows=None) for record in kept]
    assert [copy.follows for copy in copies] == [None, None, place[first.id]]
    assert third.follows == first.id


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\0b"])
def test_a_name_is_needed(name: str) -> None:
    with pytest.raises(ValueError, match=r"by: got .*, expected a name of 1 to 100"):
        facts.add("note", "shop", [{}], name)
    with pytest.raises(ValueError, match="expected a name"):
        facts.end([1], name)


@only_files
def test_nobody_else_reads_the_file() -> None:
    facts.add("note", "shop", [{}], "Ann")
    with facts.together():
        modes = {path.name: path.stat().st_mode & 0o777 for path in home.home().glob("facts.sqlite*")}
    assert {"facts.sqlite", "facts.sqlite-wal"} <= modes.keys()
    assert set(modes.values()) == {0o600}


@only_files
def test_a_workspace_that_was_deleted_begins_anew() -> None:
    facts.add("note", "shop", [{}], "Ann")
    for path in home.home().glob("facts.sqlite*"):
        path.unlink()
    assert facts.records("note", "shop") == []


@only_files
@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://ann:geheim@localhost:1/x", "the postgresql database cannot be opened"),
        ("postgresql://ann@localhost:1/x?password=geheim", "the postgresql database cannot be opened"),
        ("postgresql://ann:geheim@localhost/x?geheim=1", "the postgresql database cannot be opened"),
        ("postgresql+geheim://ann:geheim@localhost:1/x", "the postgresql database cannot be opened"),
        ("sqlite:////proc/geheim/x.sqlite", "the sqlite database cannot be opened"),
        ("no address: geheim", "the named database cannot be opened"),
        ("geheim://ann:geheim@h/x?password=geheim", "only SQLite and PostgreSQL"),
    ],
)
def test_an_address_stays_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], address: str, told: str
) -> None:
    monkeypatch.setenv(facts.VARIABLE, address)
    with caplog.at_level(logging.DEBUG), pytest.raises(facts.Unreachable, match=told) as caught:
        facts.records("note", "shop")
    assert facts.VARIABLE in str(caught.value)
    assert "geheim" not in "".join((str(caught.value), caplog.text, *capfd.readouterr()))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@only_servers
def test_a_wrong_password_and_a_server_that_went_away_keep_the_secret(
    monkeypatch: pytest.MonkeyPatch, postgres: Server, database: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    name, other = database(), database()
    monkeypatch.setenv(facts.VARIABLE, postgres.url(name, "not this geheim"))
    with caplog.at_level(logging.DEBUG), pytest.raises(facts.Unreachable, match=r"cannot be opened \(OperationalError\)") as wrong:
        facts.records("note", "shop")
    monkeypatch.setenv(facts.VARIABLE, postgres.url(name))
    facts.add("note", "shop", [{}], "Ann")
    facts._engine().dispose()
    postgres.execute(f"ALTER DATABASE {name} RENAME TO {name}_away")
    with caplog.at_level(logging.DEBUG), pytest.raises(facts.Unreachable, match="cannot be opened") as gone:
        facts.records("note", "shop")
    monkeypatch.setenv(facts.VARIABLE, postgres.url(other))
    shown = f"{wrong.value} {gone.value} {caplog.text} {facts._engine()!r}"
    assert "geheim" not in shown
    assert "%3A%40" not in shown


@only_servers
def test_an_address_as_hosting_services_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    facts.add("note", "shop", [{"n": 1}], "Ann")
    facts._engine().dispose()
    monkeypatch.setenv(facts.VARIABLE, os.environ[facts.VARIABLE].replace("postgresql://", "postgres://"))
    assert [record.body for record in facts.records("note", "shop")] == [{"n": 1}]


@only_servers
def test_a_connection_that_the_server_ended_is_made_anew(postgres: Server) -> None:
    facts.add("note", "shop", [{"n": 1}], "Ann")
    name = facts._engine().url.database
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    assert [record.body for record in facts.records("note", "shop")] == [{"n": 1}]


@only_servers
def test_one_process_at_a_time_makes_the_tables(postgres: Server) -> None:
    name = str(make_url(os.environ[facts.VARIABLE]).database)
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    address = make_url(postgres.url(name)).set(drivername="postgresql+psycopg")
    maker = create_engine(address, poolclass=NullPool)
    with ThreadPoolExecutor(1) as pool, maker.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext('shelfcast facts'))"))
        second = pool.submit(facts.records, "note", "shop")
        while postgres.execute(waiting, name) == [(0,)]:
            assert not second.done()
        connection.execute(text("SELECT pg_advisory_unlock(hashtext('shelfcast facts'))"))
    assert second.result() == []


@only_servers
def test_the_turn_holds_whatever_isolation_the_server_prefers(postgres: Server) -> None:
    """A transaction that saw the state before it waited would count from there, or fail."""
    name = make_url(os.environ[facts.VARIABLE]).database
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")

    def count(_: int) -> None:
        with facts.together():
            facts.add("count", "shop", [{"n": len(facts.records("count", "shop"))}], "Ann")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(20)))
    assert [record.body["n"] for record in facts.records("count", "shop")] == list(range(20))


@only_servers
def test_who_waits_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    facts.add("note", "shop", [{}], "Ann")
    monkeypatch.setattr(facts, "PATIENCE_SECONDS", 1)
    with facts.together(), ThreadPoolExecutor(1) as pool, pytest.raises(OperationalError, match="lock timeout"):
        pool.submit(facts.add, "note", "shop", [{}], "Bob").result()
    assert len(facts.records("note", "shop")) == 1


@only_files
def test_a_database_in_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(facts.VARIABLE, "sqlite://")
    with pytest.raises(facts.Unreachable, match="in memory forgets"):
        facts.records("note", "shop")


@only_files
def test_another_database_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(facts.VARIABLE, f"sqlite:///{tmp_path / 'other.sqlite'}")
    facts.add("note", "shop", [{}], "Ann")
    assert (tmp_path / "other.sqlite").stat().st_mode & 0o777 == 0o600
    monkeypatch.delenv(facts.VARIABLE)
    assert facts.records("note", "shop") == []


@settings(max_examples=25)
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8")),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(codec="utf-8")),
    )
)
def test_a_body_comes_back_as_it_was(body: dict[str, object]) -> None:
    (made,) = facts.add("note", "any", [body], "Ann")
    assert facts.records("note", "any")[-1] == made
    assert json.dumps(made.body) == json.dumps(body)


COUNTING = """
import sys
from workspace import facts
sys.stdin.read(1)
for _ in range(25):
    with facts.together():
        last = facts.records("count", "shop")
        n = last[-1].body["n"] if last else 0
        facts.end([record.id for record in last], sys.argv[1])
        facts.add("count", "shop", [{"n": n + 1}], sys.argv[1])
"""


def started(script: str, *arguments: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment)


def test_several_processes_write_at_once_and_lose_nothing() -> None:
    """Each reads the last count and writes the next: a count that both read would be lost. The tables are made by all at once too."""
    processes = [started(COUNTING, name) for name in ("Ann", "Bob", "Eve")]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"x")
        process.stdin.flush()
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert [record.body["n"] for record in facts.records("count", "shop")] == [75]
    assert [record.body["n"] for record in facts.history("count", "shop")] == list(range(1, 76))


HALFWAY = """
import sys
from workspace import facts
with facts.together():
    facts.end([1], "Ann")
    facts.add("note", "shop", [{"n": 2}], "Ann")
    print("halfway", flush=True)
    sys.stdin.read(1)
"""


def test_a_process_killed_halfway_leaves_the_old_state_and_holds_nobody_up() -> None:
    (first,) = facts.add("note", "shop", [{"n": 1}], "Ann")
    with started(HALFWAY) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"halfway\n"
        process.kill()
    (second,) = facts.add("note", "shop", [{"n": 3}], "Bob")
    assert facts.history("note", "shop") == [first, second]
