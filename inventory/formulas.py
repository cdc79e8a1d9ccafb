"""The formulas of periodic review with backorders, one function each: arrays in, arrays out.

Symbols are those of Silver, Pyke & Thomas, "Inventory and Production Management in Supply Chains", 4th ed., 2017, chapter 6: an item is
reviewed every R days, an order arrives L days later, so that an order placed now protects P = L + R; S is the order-up-to level.
"""

import numpy as np
from scipy import stats

_PACKS_ALIKE = 1e-9


def safety_stock_textbook(
    service_level: float,
    periods: np.ndarray | float,
    sigma: np.ndarray | float,
    demand_per_period: np.ndarray | float = 0.0,
    lead_time_sd: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Safety stock in units, z x sqrt(P x sigma^2 + d^2 x sigma_L^2), for independent normal errors; 0 below a service level of 0.5.

    service_level: chance of no stock-out in a cycle, 0 to 1; z is its normal quantile. periods: P. sigma: standard deviation of one
    period's forecast error, units. demand_per_period: d, units. lead_time_sd: sigma_L, standard deviation of the lead time, periods.

    Chopra & Meindl, "Supply Chain Management", 6th ed., chapter 12: 500 units of error a day, 7 days of lead time with a standard deviation
    of 7 days, 2,500 units a day; 90 % of service.

    >>> float(safety_stock_textbook(0.90, 7, 500, 2500, 7).round())
    22491.0
    """
    z = stats.norm.ppf(service_level)
    variance = np.asarray(periods, float) * np.square(sigma) + np.square(np.multiply(demand_per_period, lead_time_sd))
    return np.maximum(z * np.sqrt(variance), 0.0)


def order_up_to_level(demand: np.ndarray | float, safety_stock: np.ndarray | float) -> np.ndarray:
    """S, units: mean demand over the protection interval plus safety stock (Silver et al., 2017, section 6.9).

    Chopra & Meindl, chapter 12: 2,500 units a week, error 500, reviewed every 4 weeks, delivered in 2; 90 % of service.

    >>> float(order_up_to_level(6 * 2500, safety_stock_textbook(0.90, 4 + 2, 500)).round())
    16570.0
    """
    return np.add(demand, safety_stock)


def reorder_point(lead_time_demand: np.ndarray | float, safety_stock: np.ndarray | float) -> np.ndarray:
    """s, units: mean demand over the lead time alone plus safety stock; at or below it, waiting one more review eats into the safety stock.

    >>> float(reorder_point(58.3, 8.2))
    66.5
    """
    return np.add(lead_time_demand, safety_stock)


def inventory_position(on_hand: np.ndarray | float, due_inside: np.ndarray | float, backorders: np.ndarray | float) -> np.ndarray:
    """Units that can serve the protection interval: on hand, plus receipts due inside it, less what customers are still owed.

    Receipts due later cannot serve it, so that they do not count (a stricter position than Silver's, which counts all on order).

    >>> float(inventory_position(30, 12, 5))
    37.0
    """
    return np.subtract(np.add(on_hand, due_inside), backorders)


def round_up_to_pack(shortfall: np.ndarray | float, moq: np.ndarray | float, pack: np.ndarray | float) -> np.ndarray:
    """Units to order: 0 where nothing is short, else at least `moq` and a whole number of packs; whole units where `pack` is 0.

    A pack may hold a fraction (0.5 kg). Sums of fractions that miss a whole number of packs by a billionth count as whole. NaN stays NaN.

    >>> round_up_to_pack(np.array([-3, 22.2, 22.2, 24.0000000001, 0.7]), np.array([0, 0, 50, 0, 0]), np.array([6, 6, 6, 6, 0.5])).tolist()
    [0.0, 24.0, 54.0, 24.0, 1.0]
    """
    size = np.where(np.greater(pack, 0), pack, 1.0)
    packs = np.maximum(shortfall, moq) / size
    nearest = np.rint(packs)
    whole = np.where(np.abs(packs - nearest) <= _PACKS_ALIKE, nearest, np.ceil(packs))
    quantity = np.where(np.less_equal(shortfall, _PACKS_ALIKE), 0.0, whole * size)
    return np.where(np.isnan(shortfall), np.nan, quantity)
