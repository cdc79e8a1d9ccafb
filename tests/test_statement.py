"""The second file: what the list rests on, complete and safe to open."""

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
import stock

from inventory.adjustments import Adjustment
from inventory.overrides import Override
from inventory.plan import reorder_plan
from inventory.settings import PlanSettings
from inventory.statement import HEADERS, statement
from sales.calendar import Calendar
from workspace import runs, tables

AT = datetime(2024, 3, 4, 8, 30, tzinfo=UTC)
DAYS = pd.Timestamp("2024-03-10"), pd.Timestamp("2024-03-12")
OVERRIDES = [
    Override(1, "A000", 12, "=HYPERLINK(1)", "Ann", AT, "f1"),
    Override(2, "A002", 5, "fair", "Ann", AT, "f1"),
    Override(3, "elsewhere", 5, "fair", "Ann", AT, "f1"),
]
ADJUSTMENTS = [
    Adjustment(4, "category", "=Mugs", *DAYS, -10, None, "rain", "Bob", AT),
    Adjustment(5, "all", "", *DAYS, None, 30, "fair", "Bob", AT),
]


def made() -> bytes:
    run = runs.Run("a1b2")
    tables.write_facts(run.folder / "run.json", {"settings": {"fingerprint": "f1", "horizon": 28, "cutoffs": 3, "models": ["a", "b"]}})
    spread = stock.spread([1, 2, np.nan])
    plan = reorder_plan(stock.terms(3), spread, Calendar("D"), PlanSettings(), {"A000": 12, "A002": 5})
    models = {"A000": "naive", "A001": "prophet", "elsewhere": "naive"}
    return statement(plan, run, "f1", OVERRIDES, ADJUSTMENTS, models, AT.astimezone(timezone(timedelta(hours=2))))


def rows(section: str) -> list[tuple[str, str]]:
    read = csv.DictReader(io.StringIO(made().decode("utf-8-sig"), newline=""))
    return [(row["name"], row["value"]) for row in read if row["section"] == section]


def test_it_states_time_data_run_and_settings() -> None:
    assert made().startswith(b"\xef\xbb\xbf" + ",".join(HEADERS).encode() + b"\r\n")
    assert rows("made") == [("at", "2024-03-04 08:30:00 UTC")]
    assert dict(rows("data"))["fingerprint"] == "f1"
    assert dict(rows("data"))["as_of"] == "2024-03-03"
    assert rows("run") == [("name", "a1b2"), ("cutoffs", "3"), ("fingerprint", "f1"), ("horizon", "28"), ("models", "a, b")]
    settings = dict(rows("settings"))
    assert settings == {
        "service_level": "0.95", "safety_factor": "1", "lead_time_days": "own", "review_period_days": "own", "method": "backtest",
    }  # fmt: skip


def test_it_states_the_sums_of_the_list_and_each_items_model() -> None:
    sums = dict(rows("plan"))
    assert (sums["items"], sums["lines"], sums["units"], sums["value"], sums["not_planned"]) == ("3", "3", "67", "134", "0")
    assert rows("model") == [("A000", "naive"), ("A001", "prophet")]


def test_it_states_what_was_decided_by_whom_when_and_why() -> None:
    assert rows("override") == [
        ("A000", "quantity=12; computed=29; by=Ann; at=2024-03-04 08:30:00 UTC; reason==HYPERLINK(1)"),
        ("A002", "quantity=5; by=Ann; at=2024-03-04 08:30:00 UTC; reason=fair"),
    ]
    first, second = rows("adjustment")
    signed = "by=Bob; at=2024-03-04 08:30:00 UTC"
    assert first == ("'=Mugs", f"scope=category; first=2024-03-10; last=2024-03-12; percent=-10; {signed}; reason=rain")
    assert second == ("all", f"scope=all; first=2024-03-10; last=2024-03-12; units=30; {signed}; reason=fair")


def test_no_cell_runs_and_the_same_gives_the_same() -> None:
    cells = [cell for row in csv.reader(io.StringIO(made().decode("utf-8-sig"), newline="")) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert made() == made()


def test_a_time_without_its_zone_is_refused() -> None:
    plan = reorder_plan(stock.terms(1), stock.spread([1]), Calendar("D"), PlanSettings())
    with pytest.raises(ValueError, match="made_at: got 2024"):
        statement(plan, runs.Run("a1b2"), "f1", [], [], {}, datetime(2024, 3, 4))
