"""Pack changes: a shift that is one of unit, not of demand: an item sold by six is from one period on counted in pieces, or the reverse."""

from dataclasses import dataclass

import numpy as np

from sales.panel import SalesPanel
from sales.shifts import Shifts

PACKS = np.array([2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 18, 20, 24, 25, 30, 36, 40, 48, 50, 60, 72, 96, 100, 144])
STRIKING = np.array([6, 10, 12, 20, 24, 48, 50, 100])
NEAR = 0.25
NEAR_STRIKING = 0.12
LEAST_SALES = 10
OF_PACK, NOT_OF_PACK = 0.98, 0.6


@dataclass(frozen=True, eq=False)
class Packs:
    """For each shift: what sales before it are multiplied by to be in the unit of those after it (1 / a pack where they fell), and the
    evidence: 2 where all sales on the larger side are multiples of the pack and on the other they are not, or where the price moved the
    other way by as much; 1 where only the ratio, at once and for good, is that of a usual pack (6, 10, 12, 20, 24, 48, 50, 100); 0 none."""

    factor: np.ndarray
    evidence: np.ndarray


def packs(panel: SalesPanel, shifts: Shifts) -> Packs:
    """The pack behind each of `shifts` of `panel`, whose column `price`, where there is one, is taken as the price of a unit."""
    ratio = shifts.after / shifts.before
    size = np.maximum(ratio, 1 / ratio)
    factor, evidence = np.ones(len(size)), np.zeros(len(size), dtype=int)
    price = panel.covariates.get("price")
    for place, (item, period, much) in enumerate(zip(shifts.item, shifts.period, size, strict=True)):
        sides = panel.demand[item, :period], panel.demand[item, period:]
        small, large = sides if ratio[place] > 1 else sides[::-1]
        pack = _pack_of(small, large, much)
        if pack == 0 and price is not None and _price_moved(price[item], int(period), ratio[place], len(panel.periods)):
            pack = int(PACKS[np.argmin(np.abs(np.log(PACKS / much)))])
        evidence[place] = 2 if pack else 0
        at_once = np.clip(shifts.at_once[place], 1e-9, 1e9) ** np.sign(np.log(ratio[place]))
        both = np.maximum(np.abs(np.log(STRIKING / much)), np.abs(np.log(STRIKING / at_once)))
        if pack == 0 and both.min() <= NEAR_STRIKING:
            pack, evidence[place] = int(STRIKING[np.argmin(both)]), 1
        if pack:
            factor[place] = pack if ratio[place] > 1 else 1 / pack
    return Packs(factor, evidence)


def _pack_of(small: np.ndarray, large: np.ndarray, ratio: float) -> int:
    """The largest pack near `ratio` of which the sales on the `large` side are multiples, those on the `small` side not; 0: none."""
    small, large = small[small > 0], large[large > 0]
    if min(len(small), len(large)) < LEAST_SALES:
        return 0
    near = PACKS[np.abs(np.log(PACKS / ratio)) <= NEAR]
    fitting = [int(p) for p in near if _share(large, p) >= OF_PACK and _share(small, p) <= NOT_OF_PACK]
    return max(fitting, default=0)


def _share(units: np.ndarray, pack: int) -> float:
    return float((np.abs(units / pack - np.round(units / pack)) < 1e-4).mean())


def _price_moved(price: np.ndarray, period: int, ratio: float, periods: int) -> bool:
    """Whether the median price before and after moved against the units, by about as much."""
    sides = [side[~np.isnan(side)] for side in (price[:period], price[period:periods])]
    if min(map(len, sides)) < LEAST_SALES:
        return False
    before, after = (float(np.median(side)) for side in sides)
    return before > 0 and after > 0 and abs(np.log(after / before * ratio)) <= NEAR
