"""Each line of a reorder plan in one sentence: its arithmetic, and what to mind."""

from collections.abc import Iterable, Iterator

import numpy as np

from inventory.plan import ReorderPlan
from ui.texts import text

_WITHOUT_SUM = ("forecast_failed", "no_errors_known", "no_demand")


def reasons(plan: ReorderPlan, rows: Iterable[int] | None = None) -> list[str]:
    """One sentence for each of `rows` (positions; None: all items), in their order."""
    codes = plan.reason_codes()
    return [_reason(plan, int(row), codes[row]) for row in (range(len(plan)) if rows is None else rows)]


def number(value: float) -> str:
    """A number to one decimal place, whole ones without it; nothing for NaN.

    >>> number(22.25), number(24.0), number(-0.01)
    ('22.2', '24', '0')
    """
    if np.isnan(value):
        return ""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def _reason(plan: ReorderPlan, row: int, code: str) -> str:
    outcome = text(f"plan.reason.{code}", quantity=number(plan.quantity[row]), moq=number(plan.moq[row]), pack=f"{plan.pack[row]:g}")
    parts = [outcome] if code in _WITHOUT_SUM else [_sum(plan, row), outcome]
    parts += _to_mind(plan, row)
    sentence = parts[0]
    for part in parts[1:]:
        sentence = text("plan.and", first=sentence, second=part)
    return sentence


def _sum(plan: ReorderPlan, row: int) -> str:
    owed = plan.backorders[row]
    return text(
        "plan.sum_owed" if owed else "plan.sum",
        demand=number(plan.demand[row]),
        days=number(plan.lead_time_days[row] + plan.review_period_days[row]),
        safety=number(plan.safety_stock[row]),
        stock=number(plan.position[row] + owed),
        owed=number(owed),
        shortfall=number(plan.shortfall[row]),
    )


def _to_mind(plan: ReorderPlan, row: int) -> Iterator[str]:
    if plan.tail[row]:
        yield text("plan.mind.tail")
    if plan.extrapolated[row]:
        yield text("plan.mind.extrapolated")
    if plan.assumed_lead_time[row] or plan.assumed_review[row]:
        days = {"lead_time": number(plan.lead_time_days[row]), "review_period": number(plan.review_period_days[row])}
        yield text("plan.mind.assumed", **days)
    if np.isnan(plan.on_hand[row]):
        yield text("plan.mind.no_stock")
    if plan.on_order_later[row]:
        yield text("plan.mind.later", later=number(plan.on_order_later[row]))
