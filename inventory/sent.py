"""Sent orders: what a planner marked as sent, until it has arrived and the stock file knows of it.

An open order counts as on order with its due date, a received one as on hand until a newer stock file is saved: see `terms.Receipts`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

from inventory import overrides
from inventory.plan import ReorderPlan
from inventory.terms import Receipts
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


def send(data: str, plan: ReorderPlan, by: str) -> list[SentOrder]:
    """Marks the lines to order of `plan` as sent for the dataset `data`; the new ones.

    Due is the plan's `as_of` + the lead time, whole days, parts dropped, so that it lies within the protection interval. A line whose plan
    did not see all that was sent of its item (a double click, a page that somebody else's sending made old) is not sent again. An override
    is for one order: that of a line sent ends, or says 0 from now on where it asked for less than was computed, so that the rest is not
    ordered until the planner is asked again.
    """
    plan = plan.selected(plan.to_order)
    due = [f"{plan.as_of + pd.Timedelta(days=int(days)):%Y-%m-%d}" for days in plan.lead_time_days]
    with facts.together():
        new = [row for row, up_to_date in enumerate(_saw_all(plan, load(data))) if up_to_date]
        less = plan.overridden & ~(plan.quantity >= plan.computed)
        overrides.settle(data, [plan.items[row] for row in new if less[row]], by)
        overrides.clear(data, [plan.items[row] for row in new if plan.overridden[row] and not less[row]], by)
        about = {"state": "open", "sent_as_of": f"{plan.as_of:%Y-%m-%d}"}
        bodies = [
            {"item": plan.items[row], "quantity": float(plan.quantity[row]), "supplier": plan.supplier[row], "due": due[row], **about}
            for row in new
        ]
        return [_order(record) for record in facts.add(KIND, data, bodies, by)]


def load(data: str) -> list[SentOrder]:
    """The orders of the dataset `data` that are open, or received and not yet in a stock file, oldest first."""
    return [_order(record) for record in facts.records(KIND, data)]


def received(data: str, ids: Iterable[int], by: str) -> list[SentOrder]:
    """Marks the open orders among `ids` as received; those."""
    wanted = set(ids)
    with facts.together():
        found = [record for record in facts.records(KIND, data) if record.id in wanted and record.body["state"] == "open"]
        return [_order(facts.replace(record.id, {**record.body, "state": "received"}, by)) for record in found]


def cancelled(data: str, ids: Iterable[int], by: str) -> None:
    """Ends the orders `ids`: they never arrive."""
    wanted = set(ids)
    with facts.together():
        facts.end([order.id for order in load(data) if order.id in wanted], by, "cancelled")


def stock_file_saved(data: str, holds_sent: bool, by: str) -> None:
    """A newer stock file says what is on hand, so received orders end; with `holds_sent` its on_order has the open ones, which end too."""
    with facts.together():
        facts.end([order.id for order in load(data) if holds_sent or order.state == "received"], by, "in the stock file")


def receipts(orders: Iterable[SentOrder], items: Sequence[str] | np.ndarray) -> Receipts:
    """What `orders` bring of `items`, for `reorder_plan`."""
    known = set(items)
    of = [order for order in orders if order.item in known]
    return Receipts(
        items=np.array([order.item for order in of], dtype=object),
        quantity=np.array([order.quantity for order in of], dtype=float),
        due=np.array([order.due for order in of], dtype="datetime64[D]"),
        received=np.array([order.state == "received" for order in of], dtype=bool),
    )


def _saw_all(plan: ReorderPlan, orders: Sequence[SentOrder]) -> np.ndarray:
    """Mask of the items of `plan` for which it counted just these orders, n."""
    sent, arrived = np.zeros(len(plan)), np.zeros(len(plan))
    rows = {item: row for row, item in enumerate(plan.items)}
    for order in orders:
        if order.item in rows:
            (sent if order.state == "open" else arrived)[rows[order.item]] += order.quantity
    return np.isclose(sent, plan.sent) & np.isclose(arrived, plan.received)


def _order(record: facts.Record) -> SentOrder:
    days = {name: pd.Timestamp(record.body[name]) for name in ("due", "sent_as_of")}
    return SentOrder(**facts.fields(record, *_PARTS), **days)
