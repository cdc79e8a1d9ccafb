"""One line of the plan looked into: its arithmetic step by step, and its stock day by day until the next order could arrive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.spread import DemandSpread
from inventory.plan import ReorderPlan
from inventory.receipts import Receipts
from inventory.terms import StockTerms
from sales.calendar import Calendar

MOST_POINTS = 400
_ALIKE = 1e-9


@dataclass(frozen=True)
class Step:
    """One step of a line's arithmetic: its name, the units that it adds (a total: the units reached), and whether it is a total."""

    name: str
    units: float
    total: bool = False


def arithmetic(plan: ReorderPlan, row: int) -> list[Step]:
    """The steps from demand to the quantity of the line at `row`, units; the steps between two totals add up to the second. [] where the
    line has no computed quantity.

    lead_time_demand + review_demand + safety_stock = order_up_to; - on_hand - on_order + backorders = shortfall; + rounding (to minimum and
    pack; where the stock covers, what it has too much) = computed; + override = quantity. All figures are those of the plan's columns.
    """
    at = {name: float(getattr(plan, name)[row]) for name in _FIGURES}
    if np.isnan(at["shortfall"]) or np.isnan(at["computed"]):
        return []
    lead_time_demand = at["reorder_point"] - at["safety_stock"]
    steps = [
        Step("lead_time_demand", lead_time_demand),
        Step("review_demand", at["demand"] - lead_time_demand),
        Step("safety_stock", at["safety_stock"]),
        Step("order_up_to", at["order_up_to"], total=True),
        Step("on_hand", -float(np.nan_to_num(at["on_hand"]))),
        Step("on_order", -at["on_order"]),
        Step("backorders", at["backorders"]),
        Step("shortfall", at["shortfall"], total=True),
        Step("rounding" if at["shortfall"] > 0 else "covered", at["computed"] - at["shortfall"]),
        Step("computed", at["computed"], total=True),
    ]
    if plan.overridden[row]:
        steps += [Step("override", at["quantity"] - at["computed"]), Step("quantity", at["quantity"], total=True)]
    return steps


_FIGURES = (
    "demand",
    "safety_stock",
    "order_up_to",
    "reorder_point",
    "on_hand",
    "on_order",
    "backorders",
    "shortfall",
    "computed",
    "quantity",
)


@dataclass(frozen=True, eq=False)
class Projection:
    """The expected stock of one item over the protection interval, t moments: each day before and after what arrives on it.

    day: t dates from the last day of the sales, when the order is placed. stock: units in stock, with the order; below 0 what is owed to
    customers. low, high: the same where total demand is at the upper and at the lower quantile of its spread. without: stock without the
    order. order_arrives: the day on which the order arrives; order: its units. receipts: day and units of what was on order before.
    """

    day: pd.DatetimeIndex
    stock: np.ndarray
    low: np.ndarray
    high: np.ndarray
    without: np.ndarray
    order_arrives: pd.Timestamp
    order: float
    receipts: tuple[tuple[pd.Timestamp, float], ...]

    @property
    def out_of_stock(self) -> np.ndarray:
        """Mask of the moments at which customers wait, t."""
        return self.stock < -_ALIKE


def project(
    plan: ReorderPlan,
    row: int,
    spread: DemandSpread,
    calendar: Calendar,
    arrivals: Sequence[tuple[pd.Timestamp, float]] = (),
    level: float = 0.95,
) -> Projection | None:
    """The stock of the line at `row` until the next order could arrive, None where its demand, stock or quantity is not known.

    Stock on a day = on hand - backorders + what arrived by then - mean demand up to then (days within a period evenly); the order of today
    arrives after the lead time. Of what the plan counts as on order, `arrivals` (day, units) arrive on their days; those overdue at once;
    the rest has no date and is drawn with the order of today, the latest that anything ordered before it should come. So the stock ends at
    position + quantity - demand, the plan's own figures. Unmet demand is owed, not lost, as in the plan: stock falls below 0.

    level: the band lies between the 1 - level and level quantiles of total demand up to each day (from backtested errors of totals; when
    the supplier delivers is taken as certain).
    """
    if np.isnan(plan.position[row]) or np.isnan(plan.quantity[row]) or np.isnan(plan.demand[row]):
        return None
    length, lead_time = float(plan.protection_periods[row]) * calendar.days, float(plan.lead_time_days[row])
    receipts = _receipts(plan, row, arrivals, length)
    days = _days(length, [lead_time, *receipts])
    demand, excess_low, excess_high = _demand(spread, plan.items[row], calendar.periods(days), level)
    opening = float(np.nan_to_num(plan.on_hand[row]) - plan.backorders[row])
    without = opening + _arrived(days, receipts) - _twice(demand)
    stock = without + _arrived(days, {lead_time: float(plan.quantity[row])})
    moments = pd.DatetimeIndex(np.repeat(plan.as_of + pd.to_timedelta(days, unit="D").round("s"), 2))
    arrives = plan.as_of + pd.Timedelta(days=lead_time).round("s")
    low, high = stock - _twice(excess_high), stock - _twice(excess_low)
    coming = tuple((plan.as_of + pd.Timedelta(days=day).round("s"), units) for day, units in sorted(receipts.items()))
    return Projection(moments, stock, low, high, without, arrives, float(plan.quantity[row]), coming)


def arrivals(terms: StockTerms, receipts: Receipts, item: str, today: pd.Timestamp) -> list[tuple[pd.Timestamp, float]]:
    """Days and units of all that is on order for `item`, in the stock file and sent; what was received counts as there already where the
    stock on hand is known, else it arrives today."""
    row = int(np.searchsorted(terms.items, item))
    there = receipts if np.isnan(terms.on_hand[row]) else receipts.open
    first = (pd.Timestamp(terms.on_order_due[row]), float(terms.on_order[row]))
    return [first, *terms.orders.arrivals(item, today), *there.arrivals(item, today)]


def _receipts(plan: ReorderPlan, row: int, arrivals: Sequence[tuple[pd.Timestamp, float]], length: float) -> dict[float, float]:
    """Days after `as_of` -> units, of all that the plan counts as on order; never more than that."""
    left, receipts = float(plan.on_order[row]), dict[float, float]()
    for due, units in sorted((due, units) for due, units in arrivals if not pd.isna(due)):
        day = max(float((due - plan.as_of).days), 0.0)
        if day <= length and (taken := min(units, left)) > 0:
            receipts[day] = receipts.get(day, 0.0) + taken
            left -= taken
    if left > 0:
        day = float(plan.lead_time_days[row])
        receipts[day] = receipts.get(day, 0.0) + left
    return receipts


def _days(length: float, others: Sequence[float]) -> np.ndarray:
    """Rising days from 0 to `length`, both ends and `others` among them."""
    every = np.ceil(max(length, 1.0) / MOST_POINTS)
    return np.unique(np.append(np.arange(0.0, length, every), [length, *others]))


def _demand(spread: DemandSpread, item: str, periods: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean total demand of `item` over each of `periods`, and how far its 1 - level and level quantiles lie from it."""
    at = np.full(len(periods), int(np.searchsorted(spread.items, item)))
    names = ("items", "cumulative", "sigma", "scale", "kind", "model", *(("changes",) if spread.changes is not None else ()))
    arrays = {name: getattr(spread, name)[at] for name in names}
    one = replace(spread, **arrays)
    return one.mean(periods), one.excess(periods, 1 - level), one.excess(periods, level)


def _arrived(days: np.ndarray, receipts: Mapping[float, float]) -> np.ndarray:
    """Units arrived before and after what comes on each of `days`, one after the other."""
    before = sum((units * (days > day) for day, units in receipts.items()), np.zeros(len(days)))
    after = sum((units * (days >= day) for day, units in receipts.items()), np.zeros(len(days)))
    return np.column_stack([before, after]).ravel()


def _twice(values: np.ndarray) -> np.ndarray:
    return np.repeat(values, 2)
