"""Diagnosis: what is odd about a panel, what may be done about it, and the panel after it was done. Pure functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sales.calendar import WEEKDAYS
from sales.expected import Expected, expected
from sales.nothing import Estimate, estimated_demand, inferred_out_of_stock
from sales.outliers import ceilings, tamed
from sales.packs import Packs, packs
from sales.panel import SalesPanel
from sales.problems import Problem, Severity
from sales.shifts import Shifts, level_shifts
from sales.spells import Spells, spells_of

SHORT = {"D": 28, "W": 13, "M": 6}
ENDED = {"D": 56, "W": 13, "M": 6}
CLOSED_SHARE = 0.9
_LEAST_WEEKS = 8
_LEAST_SALES = 3
_CLOSED_SURPRISE = 12.0


@dataclass(frozen=True, eq=False)
class Seen:
    """A panel, what a unit of each item costs on average where that is known, and what is learnt from them once for all looks."""

    panel: SalesPanel
    price: pd.Series | None = None

    @cached_property
    def usual(self) -> Expected:
        """Ordinary demand, learnt from sales without their worst outliers."""
        return expected(self.panel, tamed(self.panel.demand))

    @cached_property
    def shifts(self) -> Shifts:
        return level_shifts(self.panel, self.usual)

    @cached_property
    def packs(self) -> Packs:
        return packs(self.panel, self.shifts)

    @cached_property
    def estimate(self) -> Estimate:
        """Demand with the periods that are flagged out of stock estimated."""
        return estimated_demand(self.panel)

    @property
    def alive(self) -> np.ndarray:
        """Mask items x periods from each item's start."""
        return np.arange(len(self.panel.periods)) >= self.panel.start[:, None]


def _nothing(seen: Seen, spells: Spells) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, eq=False)
class Look:
    """One thing that may be odd about a panel.

    code: its name. severity: WARNING where forecasts suffer unless something is done. actions: what may be done, the proposed one first.
    spot: the stretches concerned. mend: the panel after an action other than `keep`. about: further counts. change: units a period before
    and after, as `effect` gives them, out of what was seen before and what is after. of_shop: whether the stretches are those of all items
    together.
    """

    code: str
    severity: Severity
    actions: tuple[str, ...]
    spot: Callable[[Seen], Spells]
    mend: Callable[[Seen, Spells, str], SalesPanel]
    about: Callable[[Seen, Spells], dict[str, Any]] = _nothing
    change: Callable[[Seen, Seen], pd.DataFrame] = lambda before, after: effect(before.panel, after.panel)
    of_shop: bool = False


@dataclass(frozen=True, eq=False)
class PanelFinding:
    """What a look found in a panel, and what was done about it.

    spells: the stretches; items and rows: how many items and item-periods; units: sold in them; money: units x price, NaN where none is
    known; sample: up to 10 stretches (item, first, last, units; of the
    shop: first, last, items). actions: what may be done; proposed; chosen: what was done.
    effect: units of all items a period, before and after, only where they differ. params: further counts.

    Raises ValueError where the chosen or proposed action is none of the actions.
    """

    code: str
    severity: Severity
    spells: Spells
    units: float
    money: float
    sample: pd.DataFrame
    actions: tuple[str, ...]
    proposed: str
    chosen: str
    effect: pd.DataFrame
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not {self.proposed, self.chosen} <= set(self.actions):
            raise ValueError(f"{self.code}: got {self.proposed!r} and {self.chosen!r}, expected out of {', '.join(self.actions)}")

    @property
    def items(self) -> int:
        return len(self.spells.items)

    @property
    def rows(self) -> int:
        return self.spells.periods

    @property
    def told(self) -> dict[str, Any]:
        """What fills the sentence `look.<code>.found` of `ui.texts`."""
        return {"items": self.items, "rows": self.rows, "units": self.units, "money": self.money, **self.params}

    @property
    def problem(self) -> Problem:
        """What was done about it, as a line of the list of problems."""
        others = ", ".join(f"{self.code}={action}" for action in self.actions if action != self.chosen)
        params = {"look": self.code, "items": self.items, "units": f"{self.units:,.10g}", "chosen": self.chosen, "others": others}
        return Problem("panel_changed", Severity.WARNING, got=str(self.sample.iloc[0, 0]), count=self.rows, params=params)


def diagnose(
    panel: SalesPanel, actions: Mapping[str, str] | None = None, price: pd.Series | None = None
) -> tuple[SalesPanel, tuple[PanelFinding, ...]]:
    """The panel after `actions` (by code; what is not named is kept as it is), and what was found, look by look in the order of `LOOKS`,
    each in the panel as the looks before left it. price: money a unit on average, by item code, where the panel has no column `price`.

    Packs go first: a change of unit would be a shift and make outliers. Closed days come before stock-outs, which they would look like.
    Raises ValueError for an action or a code that there is not.
    """
    actions = actions or {}
    if unknown := sorted(set(actions) - set(LOOKS)):
        raise ValueError(f"got actions for {', '.join(unknown)}, expected out of {', '.join(LOOKS)}")
    findings, seen = [], Seen(panel, price)
    for look in LOOKS.values():
        spells = look.spot(seen)
        chosen = actions.get(look.code, "keep")
        _checked(look, chosen)
        if len(spells) == 0:
            continue
        after = seen if chosen == "keep" else Seen(look.mend(seen, spells, chosen), price)
        findings.append(_finding(look, seen, spells, chosen, after))
        seen = after
    return seen.panel, tuple(findings)


def apply(panel: SalesPanel, code: str, action: str) -> SalesPanel:
    """`panel` after `action` of the look named `code` alone. Raises KeyError for an unknown code, ValueError for an unknown action."""
    look, seen = LOOKS[code], Seen(panel)
    _checked(look, action)
    spells = look.spot(seen)
    return panel if action == "keep" or len(spells) == 0 else look.mend(seen, spells, action)


def _checked(look: Look, action: str) -> None:
    if action not in look.actions:
        raise ValueError(f"{look.code}: got {action!r}, expected one of {', '.join(look.actions)}")


def _finding(look: Look, seen: Seen, spells: Spells, chosen: str, after: Seen) -> PanelFinding:
    panel = seen.panel
    return PanelFinding(
        code=look.code,
        severity=look.severity,
        spells=spells,
        units=float(spells.sums(panel.y).sum()),
        money=_money(seen, spells),
        sample=spells.together(panel) if look.of_shop else spells.shown(panel),
        actions=look.actions,
        proposed=look.actions[0],
        chosen=chosen,
        effect=look.change(seen, after),
        params=look.about(seen, spells),
    )


def _money(seen: Seen, spells: Spells) -> float:
    """What was sold in the stretches brought in, at the price of each period or of the item; NaN where no price is known."""
    panel = seen.panel
    if (price := panel.covariates.get("price")) is not None:
        return float(spells.sums(panel.y * price[:, : len(panel.periods)]).sum())
    if seen.price is None:
        return float("nan")
    money = spells.sums(panel.y) * seen.price.reindex(panel.items).to_numpy()[spells.item]
    return float(np.nansum(money)) if (~np.isnan(money)).any() else float("nan")


def proposed_effect(panel: SalesPanel, code: str) -> pd.DataFrame:
    """What the action that the look named `code` proposes would change in `panel`, as `effect` gives it. Raises KeyError for an unknown
    code."""
    look, seen = LOOKS[code], Seen(panel)
    spells = look.spot(seen)
    if look.actions[0] == "keep" or len(spells) == 0:
        return effect(panel, panel)
    return look.change(seen, Seen(look.mend(seen, spells, look.actions[0])))


def effect(before: SalesPanel, after: SalesPanel) -> pd.DataFrame:
    """Demand of all items a period, units, before and after, on the periods on which they differ: period, before, after."""
    if before is after:
        return pd.DataFrame({"period": before.periods[:0], "before": np.array([]), "after": np.array([])})
    return _differing(before, before.demand, after.demand)


def _estimated(before: Seen, after: Seen) -> pd.DataFrame:
    """The same where periods turned out to be out of stock: after, with the demand that is estimated in them."""
    if before is after:
        return effect(before.panel, after.panel)
    found = after.panel.out_of_stock & ~before.panel.out_of_stock
    return _differing(before.panel, before.panel.demand, estimated_demand(after.panel, found).demand)


def _estimated_or_sold(before: Seen, after: Seen) -> pd.DataFrame:
    """The same where flags are what is looked at: before, units as they sold; after, with the demand that is estimated where they stay."""
    return _differing(before.panel, np.where(before.alive, before.panel.y, np.nan), after.estimate.demand)


def _differing(panel: SalesPanel, *demand: np.ndarray) -> pd.DataFrame:
    before, after = (np.nansum(block, axis=0, dtype=float) for block in demand)
    changed = ~np.isclose(before, after, rtol=1e-9)
    return pd.DataFrame({"period": panel.periods[changed], "before": before[changed], "after": after[changed]})


def _with(panel: SalesPanel, where: np.ndarray, value: float | np.ndarray) -> SalesPanel:
    return replace(panel, y=np.where(where, value, panel.y).astype(np.float32))


def _unknown(seen: Seen, spells: Spells, action: str) -> SalesPanel:
    return _with(seen.panel, spells.mask(seen.panel.y.shape), np.nan)


def _zero(seen: Seen, spells: Spells, action: str) -> SalesPanel:
    return _with(seen.panel, spells.mask(seen.panel.y.shape), 0.0)


def _drop(seen: Seen, spells: Spells, action: str) -> SalesPanel:
    return seen.panel.select(np.setdiff1d(np.arange(len(seen.panel)), spells.items))


def _lives(seen: Seen, items: np.ndarray) -> Spells:
    """The whole life of each of `items` (a mask)."""
    where = np.flatnonzero(items & (seen.panel.start < len(seen.panel.periods)))
    return Spells(where, seen.panel.start[where], np.full(len(where), len(seen.panel.periods)))


def _all_zero(seen: Seen) -> Spells:
    y = seen.panel.y
    return _lives(seen, ~(np.nan_to_num(y) != 0).any(axis=1) & ~np.isnan(y).all(axis=1))


def _short(seen: Seen) -> Spells:
    return _lives(seen, (~np.isnan(seen.panel.demand)).sum(axis=1) < SHORT[seen.panel.calendar.frequency])


def _least(seen: Seen, spells: Spells) -> dict[str, Any]:
    return {"least": SHORT[seen.panel.calendar.frequency]}


def _recent(seen: Seen, spells: Spells) -> dict[str, Any]:
    return {"recent": 2 * SHORT[seen.panel.calendar.frequency]}


def _new(seen: Seen) -> Spells:
    """Items that came in the last periods, into a shop that is at least twice as old."""
    recent = 2 * SHORT[seen.panel.calendar.frequency]
    periods = len(seen.panel.periods)
    return _lives(seen, (seen.panel.start >= periods - recent) & (periods >= 2 * recent) & (seen.panel.start < periods))


def _ended(seen: Seen) -> Spells:
    """The zeros at the end of items that sold at least 3 times, and never paused for half as long."""
    y = np.nan_to_num(seen.panel.y)
    periods = y.shape[1]
    spells = spells_of((y == 0) & seen.alive)
    last, inner = spells.end == periods, np.zeros(len(y), dtype=np.int64)
    length = spells.end - spells.first
    np.maximum.at(inner, spells.item[~last], length[~last])
    often = (y > 0).sum(axis=1) >= _LEAST_SALES
    at = last & often[spells.item] & (length >= np.maximum(ENDED[seen.panel.calendar.frequency], 2 * inner[spells.item] + 1))
    return Spells(spells.item[at], spells.first[at], spells.end[at])


def _gaps(seen: Seen) -> Spells:
    return spells_of(np.isnan(seen.panel.y) & seen.alive & ~seen.panel.out_of_stock)


def _shop_zero(seen: Seen) -> np.ndarray:
    """Mask of the periods in which no item sold anything."""
    return ~(np.nan_to_num(seen.panel.y) != 0).any(axis=0) & (~np.isnan(seen.panel.y)).any(axis=0)


def _closed_weekday(seen: Seen) -> np.ndarray:
    """Mask of the periods without sales on weekdays of which at least 90 % have none."""
    periods = seen.panel.periods
    if seen.panel.calendar.frequency != "D" or len(periods) < 7 * _LEAST_WEEKS:
        return np.zeros(len(periods), dtype=bool)
    zero, weekday = _shop_zero(seen), periods.day_of_week.to_numpy()
    share = np.bincount(weekday, zero, 7) / np.bincount(weekday, minlength=7)
    return zero & (share >= CLOSED_SHARE)[weekday]


def _everybody(seen: Seen, where: np.ndarray) -> Spells:
    """The periods `where`, for all items that were alive."""
    return spells_of(where & seen.alive & ~np.isnan(seen.panel.y))


def _weekdays(seen: Seen) -> Spells:
    return _everybody(seen, _closed_weekday(seen))


def _which_weekdays(seen: Seen, spells: Spells) -> dict[str, Any]:
    """The codes of the weekdays of the stretches."""
    return {"days": ", ".join(WEEKDAYS[day] for day in np.unique(seen.panel.periods[spells.first].day_of_week))}


def _closures(seen: Seen) -> Spells:
    """Other periods without any sale, where chance would hardly leave none: the items' chances of a zero, multiplied, are below e^-12."""
    zero = _shop_zero(seen)
    other = zero & ~_closed_weekday(seen)
    if not other.any() or zero.all():
        return spells_of(np.zeros(seen.panel.y.shape, dtype=bool))
    known = ~np.isnan(seen.panel.y) & ~zero
    mean = np.where(known, np.nan_to_num(seen.usual.mean), 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    surprise = np.log1p(seen.usual.dispersion * mean) / seen.usual.dispersion
    return _everybody(seen, other & (surprise @ seen.alive >= _CLOSED_SURPRISE))


def _outliers(seen: Seen) -> Spells:
    return spells_of(seen.panel.demand > ceilings(seen.panel, seen.usual))


def _capped(seen: Seen, spells: Spells, action: str) -> SalesPanel:
    where = spells.mask(seen.panel.y.shape)
    return _with(seen.panel, where, np.floor(ceilings(seen.panel, seen.usual)) if action == "cap" else np.nan)


def _stock_outs(seen: Seen) -> Spells:
    return spells_of(inferred_out_of_stock(seen.panel, seen.usual))


def _flagged(seen: Seen, spells: Spells, action: str) -> SalesPanel:
    return replace(seen.panel, out_of_stock=seen.panel.out_of_stock | spells.mask(seen.panel.y.shape))


def _given(seen: Seen) -> Spells:
    return spells_of(seen.panel.out_of_stock & seen.alive)


def _unflagged(seen: Seen, spells: Spells, action: str) -> SalesPanel:
    return replace(seen.panel, out_of_stock=np.zeros_like(seen.panel.out_of_stock))


def _added_where_given(seen: Seen, spells: Spells) -> dict[str, Any]:
    return {"units_added": float(seen.estimate.units_added.sum()), "not_estimated": int(seen.estimate.not_estimated.sum())}


def _units_added(seen: Seen, spells: Spells) -> dict[str, Any]:
    estimate = estimated_demand(seen.panel, spells.mask(seen.panel.y.shape))
    return {"units_added": float(estimate.units_added.sum()), "not_estimated": int(estimate.not_estimated.sum())}


def _until_shift(seen: Seen, shifts: Shifts) -> Spells:
    """The stretch of each item before its shift."""
    start = seen.panel.start[shifts.item]
    there = start < shifts.period
    return Spells(shifts.item[there], start[there], shifts.period[there])


def _level_shift(seen: Seen) -> Spells:
    return _until_shift(seen, seen.shifts.at(seen.packs.evidence == 0))


def _from_here(seen: Seen, spells: Spells, action: str) -> SalesPanel:
    forgotten = spells.mask(seen.panel.y.shape)
    start = seen.panel.start.copy()
    start[spells.item] = spells.end
    return replace(_with(seen.panel, forgotten, np.nan), start=start, out_of_stock=seen.panel.out_of_stock & ~forgotten)


def _pack_change(seen: Seen) -> Spells:
    return _until_shift(seen, seen.shifts.at(seen.packs.evidence == 2))


def _pack_change_possible(seen: Seen) -> Spells:
    return _until_shift(seen, seen.shifts.at(seen.packs.evidence == 1))


def _pack(seen: Seen, spells: Spells, action: str) -> SalesPanel:
    """Sales before the change in the unit of those after, or forgotten."""
    if action == "from_here":
        return _from_here(seen, spells, action)
    factor = np.ones(len(seen.panel))
    factor[seen.shifts.item] = seen.packs.factor
    return _with(seen.panel, spells.mask(seen.panel.y.shape), seen.panel.y * factor[:, None])


LOOKS: dict[str, Look] = {
    look.code: look
    for look in (
        Look("all_zero", Severity.INFO, ("keep", "drop"), _all_zero, _drop),
        Look("pack_change", Severity.WARNING, ("rescale", "keep", "from_here"), _pack_change, _pack),
        Look("pack_change_possible", Severity.INFO, ("keep", "rescale", "from_here"), _pack_change_possible, _pack),
        Look("unknown_periods", Severity.INFO, ("keep", "zero"), _gaps, _zero),
        Look("closed_weekdays", Severity.INFO, ("keep", "closed"), _weekdays, _unknown, _which_weekdays, of_shop=True),
        Look("closed_periods", Severity.WARNING, ("closed", "keep"), _closures, _unknown, of_shop=True),
        Look("stock_outs_given", Severity.INFO, ("keep", "sold"), _given, _unflagged, _added_where_given, _estimated_or_sold),
        Look("stock_outs_inferred", Severity.WARNING, ("out_of_stock", "keep"), _stock_outs, _flagged, _units_added, _estimated),
        Look("outliers", Severity.WARNING, ("keep", "unknown", "cap"), _outliers, _capped),
        Look("level_shift", Severity.WARNING, ("keep", "from_here"), _level_shift, _from_here),
        Look("short_history", Severity.INFO, ("keep", "drop"), _short, _drop, _least),
        Look("new_items", Severity.INFO, ("keep", "drop"), _new, _drop, _recent),
        Look("ended_items", Severity.INFO, ("keep", "drop"), _ended, _drop),
    )
}
