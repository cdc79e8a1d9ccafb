"""Stock files: which table of a dataset says what is on the shelf, since when, and the orders that it made history."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from inventory import sent
from inventory.cells import as_text
from inventory.terms import StockTerms
from sales.datasets import STOCK
from workspace import facts
from workspace.datasets import Dataset

KIND = "stock"


@dataclass(frozen=True)
class StockFile:
    """The stock file that holds: its `table` in the dataset, the name of the `file` it came from, who saved it and when (UTC)."""

    id: int
    table: str
    file: str
    by: str
    at: datetime


def save_stock(dataset: Dataset, content: pd.DataFrame, file: str, held: Iterable[int], by: str, counted: bool = True) -> StockFile:
    """Makes `content` the stock file of `dataset`. Its on_order has the open orders among `held` and, where its stock was `counted` anew,
    its on_hand those received until now: these orders end.

    The table is written first, under a name of its own; that it holds, and that those orders end, is one step, so that a machine that
    stops in between counts nothing twice and forgets nothing.
    """
    table = f"{STOCK}-{_digest(content)}"
    dataset.write(table, as_text(content))
    with facts.together():
        facts.end([record.id for record in facts.records(KIND, dataset.name)], by, "replaced")
        arrived = [order.id for order in sent.load(dataset.name) if order.state == "received" and counted]
        sent.in_stock_file(dataset.name, [*held, *arrived], by)
        (record,) = facts.add(KIND, dataset.name, [{"table": table, "file": file[: facts.LONGEST_NAME]}], by)
    return of_record(record)


@dataclass(frozen=True)
class Summary:
    """What stock terms say in all: items, and how many of them have stock on hand given and a lead time of their own (`timed`); on_hand,
    on_order, owed: units; lead_time_days: the median of the lead times of their own, NaN where none is; value: money, stock on hand at
    unit cost, of the items that have both (`valued`)."""

    items: int
    counted: int
    timed: int
    valued: int
    on_hand: float
    on_order: float
    owed: float
    lead_time_days: float
    value: float


def summary(terms: StockTerms) -> Summary:
    """The terms of all items in a few numbers."""
    own = ~terms.assumed_lead_time
    value = terms.on_hand * terms.unit_cost
    return Summary(
        items=len(terms),
        counted=int((~np.isnan(terms.on_hand)).sum()),
        timed=int(own.sum()),
        valued=int((~np.isnan(value)).sum()),
        on_hand=float(np.nansum(terms.on_hand)),
        on_order=float(terms.on_order.sum() + terms.orders.quantity.sum()),
        owed=float(terms.backorders.sum()),
        lead_time_days=float(np.median(terms.lead_time_days[own])) if own.any() else float("nan"),
        value=float(np.nansum(value)),
    )


def of_record(record: facts.Record) -> StockFile:
    """The stock file that was kept as `record`."""
    return StockFile(**facts.fields(record, "table", "file"))


def table_of(dataset: Dataset, file: StockFile | None) -> str | None:
    """The name of the table that holds; None where stock was never given. What came with the sales (a sample) holds until a file does."""
    if file is not None:
        return file.table
    return STOCK if dataset.has(STOCK) else None


def _digest(content: pd.DataFrame) -> str:
    text = as_text(content).to_csv(index=False, lineterminator="\n")
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
