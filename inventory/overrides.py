"""Overrides: quantities that a planner sets by hand, kept with reason, name and time; asked about again when the data changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inventory.terms import MOST_UNITS
from workspace import facts

KIND = "override"
LONGEST_REASON = 500


@dataclass(frozen=True)
class Override:
    """The quantity of one item's line, units, whatever the plan computes; made on the data with this fingerprint, `by` whom and `at` which
    time (UTC) it was last set or kept.

    Raises ValueError for a quantity that is no number from 0 to 1e9, and where item, reason or name are missing.
    """

    id: int
    item: str
    quantity: float
    reason: str
    by: str
    at: datetime
    fingerprint: str

    def __post_init__(self) -> None:
        check_units("quantity", self.quantity, 0.0)
        check_reason(self.reason)
        facts.named(self.by)
        if not self.item:
            raise ValueError("item: got nothing, expected a code")


def save(data: str, fingerprint: str, quantities: Mapping[str, float], reason: str, by: str) -> list[Override]:
    """The overrides of these items, kept for the dataset `data`; they take the place of earlier ones. All of them or, where one cannot be,
    none: see `Override` for the ValueError."""
    bodies = [_body(item, float(units), reason.strip(), fingerprint) for item, units in quantities.items()]
    for body in bodies:
        Override(0, body["item"], body["quantity"], body["reason"], by, datetime.min, fingerprint)
    with facts.together():
        clear(data, quantities, by)
        return [_override(record) for record in facts.add(KIND, data, bodies, by)]


def load(data: str) -> list[Override]:
    """All overrides of the dataset `data` that hold, one an item, oldest first."""
    return [_override(record) for record in facts.records(KIND, data)]


def clear(data: str, items: Iterable[str] | None, by: str) -> None:
    """Ends the overrides of `items` (None: all)."""
    wanted = None if items is None else set(items)
    with facts.together():
        facts.end([o.id for o in load(data) if wanted is None or o.item in wanted], by, "cleared")


def keep(data: str, fingerprint: str, items: Iterable[str], by: str) -> list[Override]:
    """The overrides of `items`, now good for the data with this fingerprint: somebody was asked again and kept them."""
    wanted = set(items)
    with facts.together():
        old = [o for o in load(data) if o.item in wanted and o.fingerprint != fingerprint]
        return [_override(facts.replace(o.id, _body(o.item, o.quantity, o.reason, fingerprint), by)) for o in old]


def settle(data: str, items: Iterable[str], by: str) -> None:
    """What the overrides of `items` ask for was sent: until they are asked about again, nothing more is to be ordered."""
    wanted = set(items)
    with facts.together():
        for o in load(data):
            if o.item in wanted:
                facts.replace(o.id, _body(o.item, 0.0, o.reason, o.fingerprint), by)


def split(overrides: Sequence[Override], fingerprint: str) -> tuple[list[Override], list[Override]]:
    """Those made or kept on the data with this fingerprint, and those to ask about again, which no plan applies until they are kept."""
    return [o for o in overrides if o.fingerprint == fingerprint], [o for o in overrides if o.fingerprint != fingerprint]


def check_units(name: str, units: float, least: float) -> None:
    """Raises ValueError where `units` is no number from `least` to 1e9."""
    if not least <= units <= MOST_UNITS:
        raise ValueError(f"{name}: got {units}, expected a number from {least:,.0f} to {MOST_UNITS:,.0f}")


def check_reason(reason: str) -> None:
    """Raises ValueError where `reason` is empty or longer than a reason."""
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise ValueError(f"reason: got {reason[:20]!r}, expected 1 to {LONGEST_REASON} characters")


def _body(item: str, quantity: float, reason: str, fingerprint: str) -> dict[str, Any]:
    return {"item": item, "quantity": quantity, "reason": reason, "fingerprint": fingerprint}


def _override(record: facts.Record) -> Override:
    return Override(**facts.fields(record, "item", "quantity", "reason", "fingerprint"))
