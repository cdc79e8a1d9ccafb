"""Records that several people write: all of them or none, ended and never gone, by two processes at once."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workspace import facts, home

ROOT = Path(__file__).resolve().parents[1]


def test_a_record_says_who_and_when_in_utc() -> None:
    before = datetime.now(UTC)
    (made,) = facts.add("note", "shop", [{"text": "Größe", "units": 1.5, "none": None}], "  Ann ")
    assert (made.kind, made.data, made.body, made.by) == ("note", "shop", {"text": "Größe", "units": 1.5, "none": None}, "Ann")
    assert before <= made.at <= datetime.now(UTC)
    assert facts.records("note", "shop") == [made]
    assert facts.records("note", "other") == facts.records("other", "shop") == []


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


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_name_is_needed(name: str) -> None:
    with pytest.raises(ValueError, match=r"by: got .*, expected a name of 1 to 100"):
        facts.add("note", "shop", [{}], name)
    with pytest.raises(ValueError, match="expected a name"):
        facts.end([1], name)


def test_nobody_else_reads_the_file() -> None:
    facts.add("note", "shop", [{}], "Ann")
    with facts.together():
        modes = {path.name: path.stat().st_mode & 0o777 for path in home.home().glob("facts.sqlite*")}
    assert {"facts.sqlite", "facts.sqlite-wal"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_a_workspace_that_was_deleted_begins_anew() -> None:
    facts.add("note", "shop", [{}], "Ann")
    for path in home.home().glob("facts.sqlite*"):
        path.unlink()
    assert facts.records("note", "shop") == []


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:geheim@localhost/x",
        "sqlite:////proc/geheim/x.sqlite",
        "no address: geheim",
        "mysql://ann:geheim@h/x?password=geheim",
    ],
)
def test_an_address_stays_secret(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv(facts.VARIABLE, address)
    with pytest.raises(facts.Unreachable, match="SHELFCAST_DATABASE") as caught:
        facts.records("note", "shop")
    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_database_in_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(facts.VARIABLE, "sqlite://")
    with pytest.raises(facts.Unreachable, match="in memory forgets"):
        facts.records("note", "shop")


def test_another_database_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(facts.VARIABLE, f"sqlite:///{tmp_path / 'other.sqlite'}")
    facts.add("note", "shop", [{}], "Ann")
    assert (tmp_path / "other.sqlite").stat().st_mode & 0o777 == 0o600
    monkeypatch.delenv(facts.VARIABLE)
    assert facts.records("note", "shop") == []


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


def test_two_processes_write_at_once_and_lose_nothing() -> None:
    """Each reads the last count and writes the next: a count that both read would be lost. The database is made by both at once too."""
    command = [sys.executable, "-c", COUNTING]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    both = [subprocess.Popen([*command, name], stdin=subprocess.PIPE, cwd=ROOT, env=environment) for name in ("Ann", "Bob")]
    for process in both:
        assert process.stdin is not None
        process.stdin.write(b"x")
        process.stdin.flush()
    for process in both:
        process.communicate()
    assert [process.returncode for process in both] == [0, 0]
    assert [record.body["n"] for record in facts.records("count", "shop")] == [50]
    assert [record.body["n"] for record in facts.history("count", "shop")] == list(range(1, 51))
