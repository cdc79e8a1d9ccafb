"""Each line of a reorder plan in one sentence: its arithmetic, and what to mind."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from inventory.overrides import Override
from inventory.plan import ReorderPlan
from ui.texts import text

_ALIKE = 1e-9
_WITHOUT_SUM = ("forecast_failed", "stock_unreadable", "no_errors_known", "no_demand")


class _Line(NamedTuple):
    """One item of the plan in plain numbers, which are read much faster than cells of arrays."""

    demand: float
    lead_time_days: float
    review_period_days: float
    safety_stock: float
    position: float
    backorders: float
    shortfall: float
    quantity: float
    computed: float
    moq: float
    pack: float
    on_hand: float
    on_order_later: float
    tail: bool
    extrapolated: bool
    assumed_lead_time: bool
    assumed_review: bool
    overridden: bool
    overdue: float
    wide: bool


def reasons(plan: ReorderPlan, rows: Iterable[int] | None = None, overrides: Iterable[Override] = ()) -> list[str]:
    """One sentence for each of `rows` (positions; None: all items), in their order. overrides: those that the plan heeds: who set
    quantities by hand, when and why."""
    at = np.arange(len(plan)) if rows is None else np.fromiter(rows, dtype=int)
    lines = map(_Line, *(getattr(plan, name)[at].tolist() for name in _Line._fields))
    by_item = {override.item: override for override in overrides}
    said = zip(lines, plan.computed_codes()[at], plan.items[at], strict=True)
    return [_reason(line, code, by_item.get(item)) for line, code, item in said]


def number(value: float) -> str:
    """A number to one decimal place, whole ones without it; nothing for NaN.

    >>> number(22.25), number(40668.0), number(-0.01)
    ('22.2', '40,668', '0')
    """
    if math.isnan(value):
        return ""
    return f"{round(value, 1) + 0.0:,.1f}".removesuffix(".0")


def _reason(line: _Line, code: str, override: Override | None) -> str:
    outcome = text(f"plan.reason.{code}", quantity=number(line.computed), moq=number(line.moq), pack=f"{line.pack:,.10g}")
    sentence = outcome if code in _WITHOUT_SUM else text("plan.and", first=_sum(line), second=outcome)
    for part in (*_by_hand(line, override), *_to_mind(line)):
        sentence = text("plan.and", first=sentence, second=part)
    return sentence


def _by_hand(line: _Line, override: Override | None) -> Iterator[str]:
    if not line.overridden:
        return
    if override is None:
        yield text("plan.reason.overridden", quantity=number(line.quantity))
    elif override.rest:
        yield text("plan.reason.rest", reason=override.reason)
    else:
        about = {"by": override.by, "at": override.at, "reason": override.reason}
        yield text("plan.reason.overridden_by", quantity=number(line.quantity), **about)
    if 0 < line.quantity < line.moq:
        yield text("plan.mind.below_moq", moq=number(line.moq))
    if line.pack and abs(line.quantity / line.pack - round(line.quantity / line.pack)) > _ALIKE:
        yield text("plan.mind.no_whole_packs", pack=number(line.pack))


def _sum(line: _Line) -> str:
    owed = line.backorders
    return text(
        "plan.sum_owed" if owed else "plan.sum",
        demand=_counted("unit", number(line.demand)),
        days=_counted("day", number(line.lead_time_days + line.review_period_days)),
        safety=number(line.safety_stock),
        stock=number(line.position + owed),
        owed=number(owed),
        shortfall=number(line.shortfall),
    )


def _counted(what: str, said: str) -> str:
    """A number with its unit; two texts, as the words of one that counts are found too slowly for every line of a plan."""
    return text(f"plan.{what}.one" if said == "1" else f"plan.{what}.many", number=said)


def _to_mind(line: _Line) -> Iterator[str]:
    if line.wide and line.demand:
        yield text("plan.mind.wide", times=number(line.safety_stock / line.demand))
    if line.tail:
        yield text("plan.mind.tail")
    if line.extrapolated:
        yield text("plan.mind.extrapolated")
    if line.assumed_lead_time:
        yield text("plan.mind.assumed_lead_time", days=number(line.lead_time_days))
    if line.assumed_review:
        yield text("plan.mind.assumed_review", days=number(line.review_period_days))
    if math.isnan(line.on_hand) and not math.isnan(line.position):
        yield text("plan.mind.no_stock")
    if line.overdue:
        yield text("plan.mind.overdue", units=number(line.overdue))
    if line.on_order_later:
        yield text("plan.mind.later", later=number(line.on_order_later))
