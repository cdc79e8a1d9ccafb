"""The second file: what the list rests on, complete and safe to open."""

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
import stock

from inventory.adjustments import Adjustment
from inventory.decisions import Decisions
from inventory.overrides import Override
from inventory.plan import reorder_plan
from inventory.sent import SentOrder
from inventory.settings import PlanSettings
from inventory.statement import HEADERS, statement
from inventory.stock import StockFile
from sales.calendar import Calendar
from workspace import runs, tables

AT = datetime(2024, 3, 4, 8, 30, tzinfo=UTC)
DAYS = pd.Timestamp("2024-03-10"), pd.Timestamp("2024-03-12")
DECIDED = Decisions(
    "f1",
    PlanSettings(),
    StockFile(9, "stock-1", "=Monday; new.csv", "Ann", AT),
    (
        Override(1, "A000", 12, "=HYPERLINK(1)", "Ann", AT, "f1"),
        Override(2, "A002", 5, 'fair; by="Eve"', "Ann", AT, "f1"),
        Override(3, "elsewhere", 5, "fair", "Ann", AT, "f1"),
    ),
    (Override(6, "A001", 5, "old", "Ann", AT, "f0"),),
    (
        Adjustment(4, "category", "=Mugs", *DAYS, -10, None, "rain", "Bob", AT),
        Adjustment(5, "all", "", *DAYS, None, 30, "fair", "Bob", AT),
    ),
    (
        SentOrder(7, "A001", 40, pd.Timestamp("2024-03-17"), "Acme", "open", DAYS[0], "Bob", AT),
        SentOrder(8, "elsewhere", 40, pd.Timestamp("2024-03-17"), "Acme", "open", DAYS[0], "Bob", AT),
    ),
)


def finished() -> runs.Run:
    """A run that two datasets share, asked for last for the other one."""
    run = runs.Run("a1b2")
    tables.write_facts(run.folder / "run.json", {"settings": {"fingerprint": "f1", "horizon": 28, "cutoffs": 3, "models": ["a", "b"]}})
    run.end(0)
    for data in ("shop", "other"):
        tables.write_facts(run.folder / f"asked-{runs.name_of({'data': data})}.json", {"data": data})
    return run


def made() -> bytes:
    spread = stock.spread([1, 2, np.nan])
    plan = reorder_plan(stock.terms(3), spread, Calendar("D"), PlanSettings(), DECIDED.quantities, DECIDED.receipts)
    models = {"A000": "naive", "A001": "prophet", "elsewhere": "naive"}
    return statement(plan, "shop", finished(), DECIDED, {4: -2.5}, models, AT.astimezone(timezone(timedelta(hours=2))))


def rows(section: str) -> list[tuple[str, str]]:
    read = csv.DictReader(io.StringIO(made().decode("utf-8-sig"), newline=""))
    return [(row["name"], row["value"]) for row in read if row["section"] == section]


def test_it_states_time_data_run_stock_and_settings() -> None:
    assert made().startswith(b"\xef\xbb\xbf" + ",".join(HEADERS).encode() + b"\r\n")
    assert rows("made") == [("at", "2024-03-04 08:30:00 UTC")]
    assert rows("data") == [("name", "shop"), ("as_of", "2024-03-03")]
    assert rows("run") == [("name", "a1b2"), ("cutoffs", "3"), ("fingerprint", "f1"), ("horizon", "28"), ("models", "a, b")]
    assert rows("stock") == [("file", "'=Monday; new.csv"), ("saved_at", "2024-03-04 08:30:00 UTC"), ("saved_by", "Ann")]
    settings = dict(rows("settings"))
    assert settings == {
        "service_level": "0.95", "safety_factor": "1", "lead_time_days": "own", "review_period_days": "own", "method": "backtest",
    }  # fmt: skip


def test_it_states_the_sums_of_the_list_and_each_items_model() -> None:
    sums = dict(rows("plan"))
    assert (sums["items"], sums["lines"], sums["units"], sums["value"], sums["not_planned"]) == ("3", "3", "27", "54", "0")
    assert rows("model") == [("A000", "naive"), ("A001", "prophet")]


def test_it_states_what_was_decided_by_whom_when_and_why() -> None:
    """Of the plan's items, and only what the plan heeds."""
    at = "at=2024-03-04 08:30:00 UTC"
    assert rows("override") == [
        ("A000", f'by=Ann; {at}; quantity=12; computed=29; reason="=HYPERLINK(1)"'),
        ("A002", f'by=Ann; {at}; quantity=5; reason="fair; by=\\"Eve\\""'),
    ]
    days = "first=2024-03-10; last=2024-03-12"
    assert rows("adjustment") == [
        ("'=Mugs", f"by=Bob; {at}; scope=category; {days}; percent=-10; forecast_moved_by=-2.5; reason=rain"),
        ("all", f"by=Bob; {at}; scope=all; {days}; units=30; forecast_moved_by=0; reason=fair"),
    ]
    assert rows("sent") == [("A001", f"by=Bob; {at}; quantity=40; state=open; due=2024-03-17")]


def test_no_cell_runs_and_the_same_gives_the_same() -> None:
    cells = [cell for row in csv.reader(io.StringIO(made().decode("utf-8-sig"), newline="")) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert made() == made()


def test_a_time_without_its_zone_is_refused() -> None:
    plan = reorder_plan(stock.terms(1), stock.spread([1]), Calendar("D"), PlanSettings())
    with pytest.raises(ValueError, match="made_at: got 2024"):
        statement(plan, "shop", finished(), DECIDED, {}, {}, datetime(2024, 3, 4))
