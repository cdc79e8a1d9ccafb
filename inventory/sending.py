"""Sending: an order list becomes orders that are under way."""

from typing import Any

import numpy as np
import pandas as pd

from inventory import overrides, sent
from inventory.decisions import Decisions, decisions
from inventory.plan import ReorderPlan
from inventory.sent import SentOrder
from workspace import facts


def send(data: str, fingerprint: str, plan: ReorderPlan, seen: Decisions, by: str) -> list[SentOrder]:
    """Marks the lines to order of `plan`, made under the decisions `seen`, as sent for the dataset `data`; the new orders.

    fingerprint: of the dataset's sales now. Due is the plan's `as_of` + the lead time, whole days, parts dropped, so that it lies within
    the protection interval. A line about which something was decided since (a double click, somebody else's order or override) is not sent,
    and no line is where sales, stock file or adjustments are others. An override is for one order: that of a line sent ends (see
    `overrides.settle`).
    """
    plan = plan.selected(plan.to_order)
    with facts.together():
        now = decisions(data, fingerprint)
        if (now.version, now.of_all) != (seen.version, seen.of_all):
            return []
        same = [now.of_item.get(item, set()) == seen.of_item.get(item, set()) for item in plan.items]
        plan = plan.selected(np.array(same, dtype=bool))
        units, computed = (dict(zip(plan.items, values.tolist(), strict=True)) for values in (plan.quantity, plan.computed))
        overrides.settle(data, units, computed, seen.version, by)
        return [sent.of_record(record) for record in facts.add(sent.KIND, data, _bodies(plan), by)]


def _bodies(plan: ReorderPlan) -> list[dict[str, Any]]:
    due = [f"{plan.as_of + pd.Timedelta(days=int(days)):%Y-%m-%d}" for days in plan.lead_time_days]
    columns = zip(plan.items, plan.quantity.tolist(), plan.supplier, due, strict=True)
    about = {"state": "open", "sent_as_of": f"{plan.as_of:%Y-%m-%d}"}
    return [{"item": item, "quantity": units, "supplier": supplier, "due": day, **about} for item, units, supplier, day in columns]
