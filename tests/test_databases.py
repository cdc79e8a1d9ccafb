"""A query over a real SQLite file and a real PostgreSQL: the cells as they are, nothing written, nothing endless, no secret told."""

import gc
import logging
import os
import signal
import socket
import sqlite3
import traceback
from collections.abc import Callable
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from postgres import PASSWORD, Server
from sqlalchemy import URL, make_url

from sales import databases, rows
from sales.databases import connections, read_query
from sales.intake import intake
from sales.mapping import Mapping
from sales.problems import InputProblems, Severity
from sales.readers import limits
from sales.reading import Reading
from ui.texts import problem

ORDERS = "CREATE TABLE orders (item text, day date, units numeric(12,3), price double precision)"
LINES = "INSERT INTO orders VALUES ('007', '2024-01-01', 2.000, 9.5), ('007', '2024-01-02', 1.125, NULL), ('aB ', '2024-01-02', -3, 1)"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a shop#1.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(ORDERS)
        connection.execute(LINES)
    connection.close()
    return path


@pytest.fixture(scope="module")
def server_url(postgres: Server, database: Callable[[], str]) -> str:
    name = database()
    postgres.execute(ORDERS, name)
    postgres.execute(LINES, name)
    postgres.execute("CREATE SEQUENCE numbers", name)
    return postgres.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The same orders on both."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("server_url"))
    return URL.create("sqlite", database=str(request.getfixturevalue("file"))).render_as_string()


def values(reading: Reading) -> list[Any]:
    assert reading.problems == ()
    assert reading.table is not None
    return reading.table.astype(object).where(reading.table.notna(), None).to_numpy().tolist()


def codes(reading: Reading) -> list[str]:
    assert reading.table is None
    return [problem.code for problem in reading.problems]


def test_rows_come_as_they_are(url: str) -> None:
    got = read_query(url, "SELECT item, units, price FROM orders ORDER BY units -- all; of them\n;")
    assert values(got) == [["aB ", -3.0, 1.0], ["007", 1.125, None], ["007", 2.0, 9.5]]
    assert got.table is not None
    assert got.table.columns.tolist() == ["item", "units", "price"]
    assert got.table.index.tolist() == [0, 1, 2]
    assert got.table["units"].dtype == np.dtype(float)


def test_names_are_stripped_and_rows_of_nothing_keep_their_place(url: str) -> None:
    got = read_query(url, 'SELECT price AS " p ", CASE WHEN units = 2 THEN NULL END AS " " FROM orders ORDER BY units')
    assert got.table is not None
    assert got.table.columns.tolist() == ["p", "column_2"]
    assert got.table["p"].to_dict() == {0: 1.0, 2: 9.5}
    assert got.how == {"kind": "database", "database": url.split(":")[0]}


def test_words_inside_strings_comments_and_names_are_no_statements(url: str) -> None:
    query = """WITH x AS (SELECT ';DELETE' AS a, 'it''s; %s :n ?' AS "b;c" /* ; DROP */) (SELECT * FROM x)"""
    query = query.replace("(SELECT * FROM x)", "SELECT * FROM x") if url.startswith("sqlite") else query
    assert values(read_query(url, query)) == [[";DELETE", "it's; %s :n ?"]]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "query_writes"),
        ("DELETE FROM orders", "query_writes"),
        ("-- SELECT\nDROP TABLE orders", "query_writes"),
        ("/* SELECT */ UPDATE orders SET units = 0", "query_writes"),
        ("EXPLAIN ANALYZE DELETE FROM orders", "query_writes"),
        ("PRAGMA query_only = OFF", "query_writes"),
        ("SELECT 1; DELETE FROM orders", "query_several"),
        ("SELECT 1;;", "query_several"),
        ("SELECT E'\\'; COMMIT; DELETE FROM orders; --'", "query_several"),
        ("SELECT 'a\\' AS b FROM orders", "query_unclear"),
        ("SELECT item FROM orders # all of them", "query_unclear"),
        (
            "SELECT E'a\\'' ; COMMIT; DELETE FROM orders --'",
            "query_unclear",
        ),  # one string to the first look, several statements to a server
        ("WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone", "query_failed"),
        ("SELECT * INTO copy FROM orders", "query_failed"),
        ("SELECT nothing FROM orders", "query_failed"),
        ("SELECT 'never ends FROM orders", "query_failed"),
        ("SELECT * FROM orders WHERE item = '\0'", "query_failed"),
        ("SELECT item, units AS item FROM orders", "duplicate_columns"),
        ("SELECT * FROM orders WHERE 1 = 0", "query_empty"),
    ],
)
def test_what_is_no_single_reading_query_is_refused_and_changes_nothing(url: str, query: str, code: str) -> None:
    assert set(codes(read_query(url, query))) == {code}
    assert values(read_query(url, "SELECT count(*) AS n FROM orders")) == [[3]]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT nextval('numbers')",
        "SELECT * FROM orders FOR UPDATE",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "SELECT query_to_xml('DELETE FROM orders', true, true, '')",
    ],
)
def test_postgresql_refuses_functions_that_write(server_url: str, query: str) -> None:
    assert codes(read_query(server_url, query)) == ["query_failed"]
    assert values(read_query(server_url, "SELECT last_value, is_called FROM numbers")) == [[1, False]]


def test_what_a_query_sets_is_gone_with_it(server_url: str) -> None:
    read_query(server_url, "SELECT set_config('default_transaction_read_only', 'off', false)")
    assert codes(read_query(server_url, "SELECT nextval('numbers')")) == ["query_failed"]


def test_what_a_query_makes_is_gone_with_it(server_url: str, postgres: Server) -> None:
    """PostgreSQL 15 lets a transaction that only reads make a large object."""
    read_query(server_url, "SELECT lo_create(0)")
    assert postgres.execute("SELECT count(*) FROM pg_largeobject_metadata", str(make_url(server_url).database)) == [(0,)]


def test_an_open_transaction_of_a_shop_is_not_waited_for(file: Path) -> None:
    with sqlite3.connect(file, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM orders")
        assert values(read_query(f"sqlite:///{file}", "SELECT count(*) FROM orders")) == [[3]]
    connection.close()


def test_types_of_postgresql(server_url: str) -> None:
    query = """SELECT 9007199254740993::bigint AS whole, 12345678901234567890::numeric AS long, 0.1::numeric AS exact, true AS yes,
        date '2024-02-29' AS day, timestamp '9999-12-31 23:00' AS wall, timestamptz '2024-07-01 00:30+02' AS moment,
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS id, '{"a": [1, "ü"]}'::jsonb AS body, array[1, 2] AS list,
        interval '1 day' AS span, 'NaN'::numeric AS nan, 'inf'::float8 AS inf, 'A1'::char(4) AS padded, NULL AS nothing"""
    table = read_query(server_url, query).table
    assert table is not None
    assert table["whole"].tolist() == [9007199254740993]
    assert table["long"].tolist() == [12345678901234567890]
    assert (table["exact"].tolist(), table["yes"].tolist(), table["inf"].tolist()) == ([0.1], [True], [float("inf")])
    assert table["day"].tolist() == [pd.Timestamp("2024-02-29")]
    assert table["wall"].tolist() == [pd.Timestamp("9999-12-31 23:00").as_unit("us")]
    assert [str(moment) for moment in table["moment"]] == ["2024-07-01 00:30:00+02:00"]
    assert str(table["moment"].dtype) == "datetime64[us, Europe/Berlin]"
    assert table["id"].tolist() == ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]
    assert (table["body"].tolist(), table["list"].tolist()) == (['{"a": [1, "ü"]}'], ["[1, 2]"])
    assert (table["span"].tolist(), table["padded"].tolist()) == (["1 day, 0:00:00"], ["A1  "])
    assert table["nan"].isna().all()
    assert table["nothing"].isna().all()


def test_a_database_without_an_encoding_gives_text(postgres: Server, database: Callable[[], str]) -> None:
    name = f"{database()}_ascii"
    postgres.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    assert values(read_query(postgres.url(name), "SELECT 'Größe' AS item")) == [["Größe"]]
    assert codes(read_query(postgres.url(name), "SELECT convert_from(decode('ff', 'hex'), 'SQL_ASCII') AS item")) == ["query_failed"]


def test_a_date_that_no_calendar_holds_is_told(server_url: str) -> None:
    got = read_query(server_url, "SELECT 'infinity'::timestamp AS day")
    assert codes(got) == ["query_failed"]
    assert "timestamp too large" in got.problems[0].got


def test_a_column_of_many_kinds_keeps_each_cell(file: Path) -> None:
    query = "SELECT 1 AS a, 2 AS b, 3 AS c UNION ALL SELECT 'x1', 2.5, 9007199254740993 UNION ALL SELECT NULL, NULL, 0.5"
    assert values(read_query(f"sqlite:///{file}", query)) == [[1, 2.0, 3], ["x1", 2.5, 9007199254740993], [None, None, 0.5]]


def test_kinds_may_change_from_batch_to_batch(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "FIRST_BATCH", 1)
    monkeypatch.setattr(databases, "LARGEST_BATCH", 1)
    rows = ("SELECT 1 AS a, 2 AS b, NULL AS c, 4 AS d", "SELECT 'x1', 2.5, '2024-01-01', 9007199254740993", "SELECT 7, 3, NULL, 0.5")
    query = " UNION ALL ".join(rows)
    got = read_query(f"sqlite:///{file}", query)
    assert values(got) == [[1, 2.0, None, 4], ["x1", 2.5, "2024-01-01", 9007199254740993], [7, 3.0, None, 0.5]]
    assert got.table is not None
    assert got.table["b"].dtype == np.dtype(float)


def test_the_same_sales_are_the_same_panel_from_text_and_from_a_database(url: str, request: pytest.FixtureRequest) -> None:
    """Codes that are digits, a price of whole numbers among broken ones, a stamp near midnight: what text and a driver put differently."""
    sales = [(f"{item:03}", f"2024-01-{day:02} 23:30:00", item * day % 5, 2 + item / 8) for item in range(8) for day in range(1, 29)]
    names = ["item", "sold_at", "units", "price"]
    cells = ", ".join(f"('{item}', '{at}', {units}, {price})" for item, at, units, price in sales)
    stamp = "timestamptz" if url.startswith("postgresql") else "text"
    make = f"CREATE TABLE lines (item text, sold_at {stamp}, units numeric(9,2), price real); INSERT INTO lines VALUES {cells}"
    if url.startswith("postgresql"):
        request.getfixturevalue("postgres").execute(make, str(make_url(url).database))
    else:
        with closing(sqlite3.connect(str(make_url(url).database))) as connection:
            connection.executescript(make)
    tables = [pd.DataFrame(sales, columns=names).astype(str), read_query(url, "SELECT * FROM lines").table]
    panels = [intake(table, Mapping("item", "sold_at", "units", price="price")).panel for table in tables if table is not None]
    assert panels[0] is not None
    assert panels[0].y.sum() == sum(units for _, _, units, _ in sales)
    assert [panel and panel.fingerprint for panel in panels] == [panels[0].fingerprint] * 2


def test_bytes_are_left_out_and_named(url: str) -> None:
    blob = "x'00ff'" if url.startswith("sqlite") else "decode('00ff', 'hex')"
    got = read_query(url, f"SELECT item, CASE WHEN units > 0 THEN {blob} END AS photo FROM orders ORDER BY units")
    (problem,) = got.problems
    assert (problem.code, problem.severity, problem.column, problem.count) == ("column_of_bytes", Severity.WARNING, "photo", 2)
    assert got.table is not None
    assert got.table["item"].tolist() == ["aB ", "007", "007"]
    assert got.table.columns.tolist() == ["item"]
    only = read_query(url, f"SELECT {blob} AS photo")
    assert codes(only) == ["column_of_bytes", "query_empty"]


COUNTED = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n{limit}) SELECT i, '0' || i AS item FROM n"


def test_many_rows_arrive_in_order(url: str) -> None:
    table = read_query(url, COUNTED.format(limit=" WHERE i < 300000")).table
    assert table is not None
    assert table["i"].tolist() == list(range(1, 300_001))
    assert table["item"].iloc[-1] == "0300000"
    assert str(table["i"].dtype) == "Int64"


@pytest.mark.parametrize(("module", "name", "most"), [(rows, "MOST_ROWS", 1_000), (limits, "MOST_BYTES", 100_000)])
def test_what_does_not_fit_is_no_table_at_all(url: str, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, most: int) -> None:
    monkeypatch.setattr(module, name, most)
    assert codes(read_query(url, COUNTED.format(limit=""))) == ["query_too_large"]


def test_columns_are_bounded(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_COLUMNS", 2)
    assert codes(read_query(url, "SELECT item, units, price FROM orders")) == ["too_many_columns"]


def test_wide_rows_come_in_small_batches(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BYTES", 2**25)
    taken: list[int] = []
    monkeypatch.setattr(rows.Rows, "add", lambda self, batch, add=rows.Rows.add: taken.append(len(batch)) or add(self, batch))
    wide = "substr(hex(zeroblob(50000)), i)" if url.startswith("sqlite") else "repeat('x', 100000)"
    query = f"{COUNTED.format(limit='').split(' SELECT i,')[0]} SELECT {wide} AS text FROM n"
    assert codes(read_query(url, query)) == ["query_too_large"]
    assert taken[0] == max(taken[1:]) == databases.FIRST_BATCH


def test_a_giant_cell_of_a_file_is_refused(file: Path) -> None:
    got = read_query(f"sqlite:///{file}", "SELECT hex(zeroblob(20000000))")
    assert codes(got) == ["query_failed"]
    assert "too big" in got.problems[0].got


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM ({counted}) AS endless",
        "SELECT pg_sleep(600)",
        "SELECT set_config('statement_timeout', '0', false), pg_sleep(600)",
        "SELECT i, set_config('statement_timeout', '0', false), pg_sleep(0.01) FROM generate_series(1, 60000) AS i",
    ],
)
def test_what_takes_too_long_is_stopped(url: str, query: str) -> None:
    if url.startswith("sqlite") and "set_config" in query + "set_config" * ("pg_" in query):
        query = COUNTED.format(limit="")
    (problem,) = read_query(url, query.format(counted=COUNTED.format(limit="")), seconds=0.3).problems
    assert (problem.code, problem.params) == ("query_too_slow", {"seconds": "0.3"})


@pytest.mark.filterwarnings("ignore:<psycopg.ServerCursor:ResourceWarning")  # it cannot be closed any more
def test_a_server_that_no_longer_answers_is_hung_up_on(postgres: Server, server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process behind the connection is stopped, so that it heeds nobody."""
    monkeypatch.setattr(databases, "GRACE_SECONDS", 0.2)
    frozen: list[int] = []

    def freeze(driver: Any, *rest: Any, stopping: Any = databases._stopping) -> Any:
        frozen.append(driver.info.backend_pid)
        os.kill(frozen[0], signal.SIGSTOP)
        return stopping(driver, *rest)

    monkeypatch.setattr(databases, "_stopping", freeze)
    try:
        assert codes(read_query(server_url, "SELECT 1", seconds=0.2)) == ["query_too_slow"]
    finally:
        os.kill(frozen[0], signal.SIGCONT)
    gc.collect()


def test_a_server_that_takes_the_call_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"postgresql://ann:geheim@127.0.0.1:{mute.getsockname()[1]}/x"
        assert codes(read_query(url, "SELECT 1")) == ["database_unreachable"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "database_address"),
        ("geheim", "database_address"),
        ("geheim://geheim:geheim@geheim/geheim", "database_kind"),
        ("mysql://ann:geheim@localhost/x", "database_kind"),
        ("mysql+geheim://ann:geheim@localhost/x", "database_kind"),
        ("postgresql://ann:geheim@localhost:geheim/x", "database_address"),
        ("postgresql://ann:geheim@127.0.0.1:1/x", "database_unreachable"),
        ("postgresql+geheim://ann:geheim@127.0.0.1:1/x", "database_unreachable"),
        ("postgres://ann@127.0.0.1:1/x?password=geheim", "database_unreachable"),
        ("postgresql://ann@127.0.0.1:1/x?geheim=geheim", "database_unreachable"),
        ("postgresql://ann:geheim@geheim.invalid/x", "database_unreachable"),
        ("sqlite://", "database_file_missing"),
        ("sqlite:///:memory:", "database_file_missing"),
        ("sqlite:////geheim/x.sqlite", "database_file_missing"),
        ("sqlite:////geheim\0", "database_file_missing"),
        ("sqlite:////", "database_file_missing"),
    ],
)
def test_an_address_that_leads_nowhere_is_not_told(
    url: str, code: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        got = read_query(url, "SELECT 1")
    assert codes(got) == [code]
    assert "geheim" not in "".join((repr(got), *map(problem, got.problems), caplog.text, *capfd.readouterr()))


def test_a_wrong_password_is_not_told(postgres: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG):
        got = read_query(postgres.url("postgres", "falsch:/@"), "SELECT 1")
        other = read_query(postgres.url("geheim"), "SELECT 1")
    assert codes(got) == codes(other) == ["database_unreachable"]
    told = "".join((repr(got), repr(other), *map(problem, got.problems), caplog.text, *capfd.readouterr()))
    assert [secret for secret in ("falsch", "geheim", PASSWORD, "planner") if secret in told] == []


def test_a_query_that_holds_the_password_does_not_tell_it(server_url: str) -> None:
    (told,) = read_query(server_url, f"SELECT 1 WHERE '{PASSWORD}' = 1").problems
    assert (told.code, told.got) == ("query_failed", "DataError")
    (told,) = read_query(server_url, "SELECT none FROM orders").problems
    assert told.got == 'column "none" does not exist'


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("item,day,units\n")
    assert codes(read_query(f"sqlite:///{tmp_path / 'sales.csv'}", "SELECT 1")) == ["not_a_database"]
    (tmp_path / "torn.sqlite").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    assert codes(read_query(f"sqlite:///{tmp_path / 'torn.sqlite'}", "SELECT * FROM orders")) == ["query_failed"]


def test_reading_makes_no_file_and_changes_none(file: Path) -> None:
    before = {path: path.read_bytes() for path in file.parent.iterdir()}
    read_query(f"sqlite:///{file}?mode=rwc", "SELECT * FROM orders")
    read_query(f"sqlite:///{file.parent / 'other.sqlite'}", "SELECT 1")
    assert {path: path.read_bytes() for path in file.parent.iterdir()} == before


def test_what_a_writer_left_in_its_log_stays_there(file: Path) -> None:
    """Whoever opens it for writing moves the log into the file."""
    copy, log = file.parent / "copy.sqlite", file.parent / "copy.sqlite-wal"
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("DELETE FROM orders WHERE units < 0")
        writer.commit()
        copy.write_bytes(file.read_bytes())
        log.write_bytes(Path(f"{file}-wal").read_bytes())
    before = copy.read_bytes()
    assert values(read_query(f"sqlite:///{copy}", "SELECT count(*) AS n FROM orders")) == [[2]]
    assert copy.read_bytes() == before


def test_connections_are_named_by_the_environment_and_by_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "SHELFCAST_SOURCE_SHOP_EU", "SHELFCAST_SOURCE_EMPTY"):
        monkeypatch.setenv(name, str(tmp_path / "home") if name == "HOME" else "")
    monkeypatch.chdir(tmp_path)
    assert connections() == {}
    monkeypatch.setenv("SHELFCAST_SOURCE_SHOP_EU", "sqlite:///eu")
    for folder, text in (
        (tmp_path / "home", '[connections.old]\nurl = "sqlite:///home"\n[connections.both]\nurl = "sqlite:///home"'),
        (tmp_path, '[connections.both]\nurl = "sqlite:///here"\n[connections.shop_eu]\nurl = "x"\n[connections.other]\ntype = "sql"'),
    ):
        (folder / ".streamlit").mkdir(parents=True)
        (folder / ".streamlit" / "secrets.toml").write_text(text)
    assert connections() == {"old": "sqlite:///home", "both": "sqlite:///here", "shop_eu": "sqlite:///eu"}


@pytest.mark.parametrize("text", ["url = 'geheim", "connections = 'geheim'", "[connections]\nshop = 'geheim'\nother = 3", "\udcff"])
def test_secrets_that_cannot_be_read_are_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputProblems, match="secrets_unreadable") as caught:
        connections()
    assert "geheim" not in "".join(traceback.format_exception(caught.value))


CELLS = (
    st.none()
    | st.integers()
    | st.floats()
    | st.text()
    | st.booleans()
    | st.decimals()
    | st.dates()
    | st.datetimes()
    | st.uuids()
    | st.binary()
)


@settings(max_examples=50)
@given(st.data(), st.integers(1, 3))
def test_any_rows_become_a_table(data: st.DataObject, width: int) -> None:
    """Whatever a driver hands over, in whatever batches: what is in the table is what came, and what is not is named."""
    of_column = [
        data.draw(st.sampled_from([CELLS, st.none() | st.integers(), st.none() | st.text(), st.decimals(places=2)])) for _ in range(width)
    ]
    batches = data.draw(st.lists(st.lists(st.tuples(*of_column), max_size=4), max_size=4))
    gathered = rows.Rows([f"c{place}" for place in range(width)])
    for batch in filter(None, batches):
        gathered.add(batch)
    table, problems = gathered.table()
    came = [row for batch in batches for row in batch]
    left_out = {problem.column for problem in problems}
    assert left_out == {f"c{place}" for place in range(width) if any(isinstance(row[place], bytes) for row in came)}
    for name in table.columns:
        cells = [row[int(name[1:])] for row in came]
        for row, kept in table[name].items():
            was = cells[row]
            if was is None or (was.is_nan() if isinstance(was, Decimal) else was != was):
                assert pd.isna(kept)
            elif isinstance(was, Decimal):
                assert float(kept) == float(was)
            elif isinstance(was, date):
                assert pd.Timestamp(kept) == pd.Timestamp(was)
            else:
                assert kept == (str(was) if isinstance(was, UUID) else was)
