"""Sent orders: what a planner marked as sent, until it has arrived and the stock file knows of it.

An open order counts as on order with its due date, a received one as on hand until a newer stock file is saved: see `receipts.Receipts`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

from inventory import overrides
from inventory.receipts import Receipts
from workspace import facts

KIND = "sent"
_PARTS = ("item", "quantity", "supplier", "state")


@dataclass(frozen=True)
class SentOrder:
    """One line of an order list that was sent: `quantity` units of `item`, expected on the day `due`, planned at the end of the day
    `sent_as_of`. state: open, or received and not yet in a stock file. by, at: who wrote this and when (UTC)."""

    id: int
    item: str
    quantity: float
    due: pd.Timestamp
    supplier: str
    state: Literal["open", "received"]
    sent_as_of: pd.Timestamp
    by: str
    at: datetime

    def __post_init__(self) -> None:
        overrides.check_units("quantity", self.quantity, 0.0)
        if self.state not in ("open", "received"):
            raise ValueError(f"state: got {self.state!r}, expected open or received")


def load(data: str) -> list[SentOrder]:
    """The orders of the dataset `data` that are open, or received and not yet in a stock file, oldest first."""
    return [of_record(record) for record in facts.records(KIND, data)]


def received(data: str, ids: Iterable[int], by: str) -> int:
    """Marks the open orders among `ids` as received, beside what the stock file has on hand; how many."""
    return _become(data, ids, "received", by)


def not_received(data: str, ids: Iterable[int], by: str) -> int:
    """Marks the received orders among `ids` as open again; how many."""
    return _become(data, ids, "open", by)


def cancelled(data: str, ids: Iterable[int], by: str) -> int:
    """Ends the orders `ids`, which never arrive; how many. What an override left unordered after them (`overrides.settle`) may be ordered
    again."""
    wanted = set(ids)
    with facts.together():
        found = [order for order in load(data) if order.id in wanted]
        overrides.unsettle(data, {order.item for order in found}, by)
        return facts.end([order.id for order in found], by, "cancelled")


def in_stock_file(data: str, ids: Iterable[int], by: str) -> int:
    """Ends the orders `ids`: the stock file knows of them, on hand or on order; how many."""
    wanted = set(ids)
    with facts.together():
        return facts.end([order.id for order in load(data) if order.id in wanted], by, "in the stock file")


def receipts(orders: Sequence[SentOrder]) -> Receipts:
    """What `orders` bring, for `reorder_plan`."""
    return Receipts(
        items=np.array([order.item for order in orders], dtype=object),
        quantity=np.array([order.quantity for order in orders], dtype=float),
        due=np.array([order.due for order in orders], dtype="datetime64[D]"),
        received=np.array([order.state == "received" for order in orders], dtype=bool),
    )


def of_record(record: facts.Record) -> SentOrder:
    """The order that was kept as `record`."""
    days = {name: pd.Timestamp(record.body[name]) for name in ("due", "sent_as_of")}
    return SentOrder(**facts.fields(record, *_PARTS), **days)


def _become(data: str, ids: Iterable[int], state: str, by: str) -> int:
    wanted = set(ids)
    with facts.together():
        found = [record for record in facts.records(KIND, data) if record.id in wanted and record.body["state"] != state]
        for record in found:
            facts.replace(record.id, {**record.body, "state": state}, by)
        return len(found)
