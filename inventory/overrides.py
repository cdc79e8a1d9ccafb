"""Overrides: quantities that a planner sets by hand, kept with reason, name and time; asked about again when the data changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from inventory import formulas
from inventory.plan import ReorderPlan
from inventory.terms import MOST_UNITS
from workspace import facts

KIND = "override"
LONGEST_REASON = 500
MOST_PERCENT = 10_000.0


@dataclass(frozen=True)
class Override:
    """The quantity of one item's line, units, whatever the plan computes; made on this version of the data, `by` whom and `at` which time
    (UTC) it was last set or kept. rest: nobody typed it, it is the 0 that stays after a smaller order than computed was sent.

    Raises ValueError for a quantity that is no number from 0 to 1e9, and where item, reason or name are missing.
    """

    id: int
    item: str
    quantity: float
    reason: str
    by: str
    at: datetime
    version: str
    rest: bool = False

    def __post_init__(self) -> None:
        check_units("quantity", self.quantity, 0.0)
        check_reason(self.reason)
        facts.named(self.by)
        if not self.item:
            raise ValueError("item: got nothing, expected a code")


def save(data: str, version: str, quantities: Mapping[str, float], reason: str, by: str) -> list[Override]:
    """The overrides of these items, kept for the dataset `data`; they take the place of earlier ones. All of them or, where one cannot be,
    none: see `Override` for the ValueError."""
    bodies = [_body(item, float(units), reason.strip(), version) for item, units in quantities.items()]
    for body in bodies:
        Override(0, body["item"], body["quantity"], body["reason"], by, datetime.min, version)
    with facts.together():
        clear(data, [o.id for o in load(data) if o.item in quantities], by)
        return [of_record(record) for record in facts.add(KIND, data, bodies, by)]


def load(data: str) -> list[Override]:
    """All overrides of the dataset `data` that have not ended, one an item, oldest first."""
    return [of_record(record) for record in facts.records(KIND, data)]


def clear(data: str, ids: Iterable[int], by: str) -> int:
    """Ends those of the overrides `ids` that are the dataset's; how many."""
    wanted = set(ids)
    with facts.together():
        return facts.end([o.id for o in load(data) if o.id in wanted], by, "cleared")


def keep(data: str, version: str, ids: Iterable[int], by: str) -> int:
    """Makes the overrides `ids` good for this version of the data: somebody was asked again and kept them; how many."""
    wanted = set(ids)
    with facts.together():
        found = [o for o in load(data) if o.id in wanted and o.version != version]
        for o in found:
            facts.replace(o.id, _body(o.item, o.quantity, o.reason, version), by)
        return len(found)


def settle(data: str, sent: Mapping[str, float], computed: Mapping[str, float], version: str, by: str) -> None:
    """What the overrides of the items `sent` (units of each) asked for was sent, so that they end. Where less than `computed` was, an
    override of 0 takes the place: the rest is not ordered until there is a newer version of the data."""
    with facts.together():
        for o in load(data):
            if o.item not in sent:
                continue
            if o.version == version and not sent[o.item] >= computed[o.item]:
                facts.replace(o.id, _body(o.item, 0.0, o.reason, version, rest=True), by)
            else:
                facts.end([o.id], by, "sent")


def unsettle(data: str, items: Iterable[str], by: str) -> None:
    """The orders of `items` never arrive: the 0 that was left after them ends."""
    wanted = set(items)
    with facts.together():
        facts.end([o.id for o in load(data) if o.rest and o.item in wanted], by, "order cancelled")


def by_percent(plan: ReorderPlan, percent: float) -> dict[str, float]:
    """Item -> units: the computed quantity of each line to order changed by `percent` (+10: a tenth more), raised to its minimum and up to
    whole packs, whole units where there is no pack; 0 at -100. Lines with nothing computed to order are left out.

    Raises ValueError where `percent` is not a number from -100 to 10,000.
    """
    if not -100 <= percent <= MOST_PERCENT:
        raise ValueError(f"percent: got {percent}, expected a number from -100 to {MOST_PERCENT:,.0f}")
    rows = np.flatnonzero(plan.computed > 0)
    units = formulas.round_up_to_pack(plan.computed[rows] * (1 + percent / 100), plan.moq[rows], plan.pack[rows])
    return dict(zip(plan.items[rows], units.tolist(), strict=True))


def of_record(record: facts.Record) -> Override:
    """The override that was kept as `record`."""
    return Override(**facts.fields(record, "item", "quantity", "reason", "version"), rest=record.body.get("rest", False))


def check_units(name: str, units: float, least: float) -> None:
    """Raises ValueError where `units` is no number from `least` to 1e9."""
    if not least <= units <= MOST_UNITS:
        raise ValueError(f"{name}: got {units}, expected a number from {least:,.0f} to {MOST_UNITS:,.0f}")


def check_reason(reason: str) -> None:
    """Raises ValueError where `reason` is empty or longer than a reason."""
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise ValueError(f"reason: got {reason[:20]!r}, expected 1 to {LONGEST_REASON} characters")


def _body(item: str, quantity: float, reason: str, version: str, rest: bool = False) -> dict[str, Any]:
    return {"item": item, "quantity": quantity, "reason": reason, "version": version, "rest": rest}
