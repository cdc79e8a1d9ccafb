"""The reorder plan: from the spread of demand and the stock terms to what to order today, every step kept."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy import stats

from forecasting.spread import DemandSpread
from inventory import formulas
from inventory.receipts import NO_RECEIPTS, Receipts
from inventory.settings import PlanSettings
from inventory.terms import MOST_UNITS, StockTerms
from sales.calendar import Calendar

LEAST_HORIZON = {"D": 28, "W": 6, "M": 3}
MOST_HORIZON_DAYS = 182.0
MOST_EFFECTIVE_LEVEL = 0.9999
WIDE = 5.0
_ALIKE = 1e-9
_NO_OVERRIDES: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class Totals:
    """What the lines to order add up to: lines, units, value (money; NaN where no line has a cost), lines whose cost is not known, items
    without a quantity, and the safety stock of all items, units."""

    lines: int
    units: float
    value: float
    lines_without_cost: int
    not_planned: int
    safety_stock: float


@dataclass(frozen=True, eq=False)
class ReorderPlan:
    """What to order now, n items, one array a step.

    demand: mean total over the protection interval P = lead time + review period. quantile: its service level quantile. safety_stock.
    order_up_to: demand + safety_stock. reorder_point: mean demand over the lead time alone + safety_stock. on_hand: what the stock file
    gives and what was received since (NaN: not given, counted as 0; what was received then counts in on_order). on_order: what is due
    inside P; on_order_later: the rest; both with the orders sent. overdue: of on_order, what was due before the last day of the sales and
    has not come. sent: units of orders sent and not yet arrived; received: units of those
    that arrived since the stock file. backorders. position: on_hand + on_order - backorders. shortfall: order_up_to - position. computed:
    the shortfall raised to moq and rounded up to pack, never negative; NaN where the forecast failed, where the textbook formula has no
    errors to work from, or where the stock could not be read (stock_unreadable; there position and shortfall are NaN too). overridden: true
    where the planner's quantity took its place. quantity: what to order. All units. order_value: quantity x unit_cost, money.
    lead_time_days, review_period_days: as used. protection_periods: P in periods. effective_level: the service level that the safety stock
    gives (NaN: nothing is uncertain). tail: the quantile rests on a parametric tail. extrapolated: P is longer than the forecast or the
    backtested totals. as_of: the last day of the sales. targets_only: no item has stock on hand, so that quantities are targets and not
    orders.
    """

    items: np.ndarray
    supplier: np.ndarray
    category: np.ndarray
    model: np.ndarray
    demand: np.ndarray
    quantile: np.ndarray
    safety_stock: np.ndarray
    order_up_to: np.ndarray
    reorder_point: np.ndarray
    on_hand: np.ndarray
    on_order: np.ndarray
    on_order_later: np.ndarray
    overdue: np.ndarray
    backorders: np.ndarray
    position: np.ndarray
    shortfall: np.ndarray
    moq: np.ndarray
    pack: np.ndarray
    sent: np.ndarray
    received: np.ndarray
    computed: np.ndarray
    overridden: np.ndarray
    quantity: np.ndarray
    unit_cost: np.ndarray
    order_value: np.ndarray
    lead_time_days: np.ndarray
    review_period_days: np.ndarray
    protection_periods: np.ndarray
    effective_level: np.ndarray
    tail: np.ndarray
    extrapolated: np.ndarray
    assumed_lead_time: np.ndarray
    assumed_review: np.ndarray
    stock_unreadable: np.ndarray
    as_of: pd.Timestamp
    settings: PlanSettings
    targets_only: bool

    def __len__(self) -> int:
        return len(self.items)

    @property
    def to_order(self) -> np.ndarray:
        """Mask of the lines to order, n."""
        return self.quantity > 0

    def selected(self, rows: np.ndarray) -> "ReorderPlan":
        """The plan of the items at `rows`, a mask or positions."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: array[rows] for name, array in arrays.items() if isinstance(array, np.ndarray)})

    def totals(self) -> Totals:
        """What the lines to order add up to."""
        value = self.order_value[self.to_order]
        unknown = np.isnan(value)
        money = np.nan if len(value) and unknown.all() else float(value[~unknown].sum())
        units = float(self.quantity[self.to_order].sum())
        return Totals(len(value), units, money, int(unknown.sum()), int(np.isnan(self.quantity).sum()), float(np.nansum(self.safety_stock)))

    def notes(self) -> dict[str, int]:
        """How many items carry a caution, by its name: not_planned (no forecast, or no error known to the textbook formula) and
        stock_unreadable, where no override gives a quantity, overdue (units on order that should have come), assumed (lead time or review
        period), no_stock, wide, tail, extrapolated; only those that occur."""
        counts = {
            "not_planned": np.isnan(self.order_up_to) & ~self.overridden,
            "stock_unreadable": self.stock_unreadable & ~self.overridden,
            "overdue": self.overdue > 0,
            "assumed": self.assumed_lead_time | self.assumed_review,
            "no_stock": np.isnan(self.on_hand) & ~self.stock_unreadable & (not self.targets_only),
            "wide": self.wide,
            "tail": self.tail,
            "extrapolated": self.extrapolated,
        }
        return {name: int(mask.sum()) for name, mask in counts.items() if mask.any()}

    @property
    def wide(self) -> np.ndarray:
        """Mask of the lines to order whose safety stock is more than WIDE times their demand, n: a jump in their past, or too few sales."""
        return self.to_order & (self.safety_stock > WIDE * self.demand)

    def effective_levels(self) -> tuple[float, float, float]:
        """The least, median and largest effective service level of the items where anything is uncertain; NaN where nothing is."""
        known = self.effective_level[~np.isnan(self.effective_level)]
        if not len(known):
            return (np.nan, np.nan, np.nan)
        return float(known.min()), float(np.median(known)), float(known.max())

    def to_frame(self) -> pd.DataFrame:
        """One row an item in the plan's order, columns typed and named as in the export, without the reason."""
        return pd.DataFrame(
            {
                "item": self.items,
                "supplier": self.supplier,
                "quantity": self.quantity,
                "unit_cost": self.unit_cost,
                "order_value": self.order_value,
                "order_up_to": self.order_up_to,
                "reorder_point": self.reorder_point,
                "safety_stock": self.safety_stock,
                "demand": self.demand,
                "on_hand": self.on_hand,
                "on_order": self.on_order,
                "position": self.position,
                "service_level": np.full(len(self), self.settings.service_level),
                "model": self.model,
                "category": self.category,
                "lead_time_days": self.lead_time_days,
                "review_period_days": self.review_period_days,
                "moq": self.moq,
                "pack": self.pack,
                "backorders": self.backorders,
                "on_order_later": self.on_order_later,
                "effective_service_level": self.effective_level,
                "tail": self.tail,
                "extrapolated": self.extrapolated,
                "as_of": np.full(len(self), self.as_of.to_datetime64()),
                "computed_quantity": self.computed,
                "overridden": self.overridden,
                "sent_on_order": self.sent,
                "received": self.received,
            }
        )

    def computed_codes(self) -> np.ndarray:
        """Why each quantity computed is what it is, n: forecast_failed, stock_unreadable, no_errors_known (the textbook formula needs the
        backtest to have some), no_demand (none expected, none owed), position_covers, ordered (exactly the shortfall), rounded_to_units,
        rounded_to_pack, raised_to_moq, raised_to_moq_and_pack."""
        raised = self.moq > self.shortfall
        rounded = self.computed > np.maximum(self.shortfall, self.moq) + _ALIKE
        packed = rounded & (self.pack > 0)
        reasons = {
            "forecast_failed": np.isnan(self.demand),
            "stock_unreadable": self.stock_unreadable,
            "no_errors_known": np.isnan(self.computed),
            "no_demand": (self.computed == 0) & (self.order_up_to == 0),
            "position_covers": self.computed == 0,
            "raised_to_moq_and_pack": raised & packed,
            "raised_to_moq": raised,
            "rounded_to_pack": packed,
            "rounded_to_units": rounded,
        }
        return np.select(list(reasons.values()), list(reasons), default="ordered").astype(object)


def reorder_plan(
    terms: StockTerms,
    spread: DemandSpread,
    calendar: Calendar,
    settings: PlanSettings,
    overrides: Mapping[str, float] = _NO_OVERRIDES,
    receipts: Receipts = NO_RECEIPTS,
) -> ReorderPlan:
    """What to order for every item of `spread`, at the end of its last period, under `terms` (of these items or more) and `settings`.

    With P = lead time + review period: S = mean of total demand over P + safety stock; safety stock = factor x max(0, quantile of the
    total - its mean); quantity = S - (on hand + receipts due inside P - backorders), raised to MOQ and pack. A receipt is due inside P when
    it is due by the last day of the sales + P; overdue or undated ones are. Lead times that vary (sd in days) add d x sigma_L, d the mean
    demand per period, as an independent source: see `DemandSpread.excess`, and `formulas.safety_stock_textbook` for method "normal".

    overrides: item -> units, which take the place of what is computed; those of other items are left out. receipts: orders that were sent,
    beside what the stock file has on order; of a received one nothing is due any more, it is there.

    Raises KeyError where an item of `spread` has no terms, ValueError for an override that is no number from 0 to 1e9.
    """
    terms = terms.select(spread.items)
    as_of = calendar.last_day(spread.cutoff)
    lead_time_days = _one_for_all(settings.lead_time_days, terms.lead_time_days)
    review_period_days = _one_for_all(settings.review_period_days, terms.review_period_days)
    days = lead_time_days + review_period_days
    periods = calendar.periods(days)

    demand = spread.mean(periods)
    excess, safety_stock, level = _safety(terms, spread, calendar, settings, periods, demand)
    order_up_to = formulas.order_up_to_level(demand, safety_stock)
    today = np.datetime64(as_of, "D")
    until = today + np.floor(days).astype("timedelta64[D]")
    received, sent_inside, sent_later = receipts.of(spread.items, until)
    later = terms.on_order_due > until
    overdue = np.where(terms.on_order_due < today, terms.on_order, 0.0)
    unknown = np.isnan(terms.on_hand)
    _, file_inside, file_later = terms.orders.of(spread.items, until)
    on_hand = terms.on_hand + received
    on_order = np.where(later, 0.0, terms.on_order) + file_inside + sent_inside + np.where(unknown, received, 0.0)
    in_stock = np.where(terms.unusable, np.nan, np.nan_to_num(on_hand))
    position = formulas.inventory_position(in_stock, on_order, terms.backorders)
    shortfall = order_up_to - position
    computed = formulas.round_up_to_pack(shortfall, terms.moq, terms.rounding)
    quantity, overridden = _overridden(computed, spread.items, overrides)
    normal = settings.method == "normal"
    return ReorderPlan(
        items=spread.items,
        supplier=terms.supplier,
        category=terms.category,
        model=spread.model,
        demand=demand,
        quantile=demand + excess,
        safety_stock=safety_stock,
        order_up_to=order_up_to,
        reorder_point=formulas.reorder_point(spread.mean(calendar.periods(lead_time_days)), safety_stock),
        on_hand=on_hand,
        on_order=on_order,
        on_order_later=np.where(later, terms.on_order, 0.0) + file_later + sent_later,
        overdue=overdue + terms.orders.overdue(spread.items, today) + receipts.overdue(spread.items, today),
        backorders=terms.backorders,
        position=position,
        shortfall=shortfall,
        moq=terms.moq,
        pack=terms.rounding,
        sent=sent_inside + sent_later,
        received=received,
        computed=computed,
        overridden=overridden,
        quantity=quantity,
        unit_cost=terms.unit_cost,
        order_value=quantity * terms.unit_cost,
        lead_time_days=lead_time_days,
        review_period_days=review_period_days,
        protection_periods=periods,
        effective_level=level,
        tail=np.full(len(periods), False) if normal else spread.beyond(periods, settings.service_level),
        extrapolated=periods > spread.horizon if normal else spread.extrapolated(periods),
        assumed_lead_time=terms.assumed_lead_time & (settings.lead_time_days is None),
        assumed_review=terms.assumed_review & (settings.review_period_days is None),
        stock_unreadable=terms.unusable,
        as_of=as_of,
        settings=settings,
        targets_only=bool(unknown.all()),
    )


def horizon_for(terms: StockTerms, calendar: Calendar, share: float = 0.95) -> int:
    """Periods that a forecast should reach so that the lead time + review period of `share` of the items lie within it: at least 28 days,
    6 weeks or 3 months, at most half a year."""
    days = np.quantile(terms.lead_time_days + terms.review_period_days, share) if len(terms) else 0.0
    needed = int(np.ceil(calendar.periods(min(float(days), MOST_HORIZON_DAYS)) - _ALIKE))
    return max(needed, LEAST_HORIZON[calendar.frequency])


def _safety(
    terms: StockTerms, spread: DemandSpread, calendar: Calendar, settings: PlanSettings, periods: np.ndarray, demand: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Excess of the quantile over the mean, safety stock (both units) and the service level that it gives, n each."""
    per_period = np.divide(demand, periods, out=np.zeros(len(demand)), where=periods > 0)
    lead_time_sd = calendar.periods(terms.lead_time_sd_days)
    if settings.method == "normal":
        excess = formulas.safety_stock_textbook(settings.service_level, periods, spread.sigma, per_period, lead_time_sd)
    else:
        excess = spread.excess(periods, settings.service_level, per_period * lead_time_sd)
    excess = np.where(np.isnan(demand), np.nan, excess)
    safety_stock = settings.safety_factor * np.maximum(excess, 0.0)
    level = _effective_level(spread, settings, periods, excess, safety_stock, per_period * lead_time_sd)
    return excess, safety_stock, np.where(np.isnan(safety_stock), np.nan, level)


def _effective_level(
    spread: DemandSpread,
    settings: PlanSettings,
    periods: np.ndarray,
    excess: np.ndarray,
    safety_stock: np.ndarray,
    lead_time_sd: np.ndarray,
) -> np.ndarray:
    """The service level that the safety stock gives, n, at most 0.9999; NaN where nothing is uncertain. It is the level asked wherever the
    safety stock is just what that asks for, and never on its other side where it is more or less."""
    asked, factor = settings.service_level, settings.safety_factor
    as_asked = (factor == 1) & (excess >= 0)
    level = np.full(len(excess), asked)
    if settings.method == "normal":
        sigma = spread.sigma
        level[~as_asked] = stats.norm.cdf(factor * stats.norm.ppf(asked))
    else:
        sigma = spread.scale
        if not as_asked.all():
            level = np.where(as_asked, asked, spread.level_of(periods, safety_stock, lead_time_sd))
        level = np.where(safety_stock >= excess, np.fmax(level, asked), np.fmin(level, asked))
    certain = (periods == 0) | ((sigma == 0) & (lead_time_sd == 0))
    return np.where(certain, np.nan, np.minimum(level, MOST_EFFECTIVE_LEVEL))


def _overridden(computed: np.ndarray, items: np.ndarray, overrides: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """What to order with `overrides` in the place of what is computed, and the mask of the lines where they are, n each."""
    wrong = {item: units for item, units in overrides.items() if not 0 <= units <= MOST_UNITS}
    if wrong:
        raise ValueError(f"overrides: got {wrong}, expected units from 0 to {MOST_UNITS:,.0f}")
    rows = pd.Index(items).get_indexer(pd.Index(list(overrides), dtype=object))
    quantity, overridden = computed.copy(), np.full(len(items), False)
    quantity[rows[rows >= 0]] = np.array(list(overrides.values()), dtype=float)[rows >= 0]
    overridden[rows[rows >= 0]] = True
    return quantity, overridden


def _one_for_all(days: float | None, own: np.ndarray) -> np.ndarray:
    return own if days is None else np.full(len(own), float(days))
