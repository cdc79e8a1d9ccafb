"""Catalogues on the engine: which periods and orders each item is fitted with, its own or those that suit its history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.batched import engine
from forecasting.batched.columns import Histories
from forecasting.batched.engine import Fitted
from forecasting.batched.orders import Order, candidates

MOST_PERIODS = 1096
KPSS_AT_5_PERCENT = 0.463


@dataclass(frozen=True, eq=False)
class Group:
    """Items that were fitted together: their rows in what was asked, what was read of them, and the fit; every one has an order."""

    rows: np.ndarray
    histories: Histories
    fitted: Fitted


def groups(demand: np.ndarray, season: int, own: Sequence[Order | None]) -> list[Group]:
    """Items x periods of demand (units, NaN where not known) fitted, each with its `own` order, without one (or where that one cannot be
    fitted) with that of least AICc among `candidates`. Items that no order fits are in no group.

    Read are the last 1,096 periods, all of them where those do not vary. Without a season and where nothing speaks against a steady level
    (`level_is_steady`) only orders without differencing are compared, or one large order at the end would be carried on.
    """
    found = []
    for rows, y in _recent(demand):
        given = [own[row] for row in rows]
        refitted = _refitted(y, season, [order if order and order.season in (1, season) else None for order in given])
        left = np.setdiff1d(np.arange(len(rows)), np.concatenate([np.array([], dtype=int), *(group.rows for group in refitted)]))
        found += [Group(rows[group.rows], group.histories, group.fitted) for group in (*refitted, *_chosen(y, season, left))]
    return found


def level_is_steady(history: np.ndarray) -> bool:
    """Whether the KPSS test does not reject a steady level at 5 % (Kwiatkowski, Phillips, Schmidt & Shin, 1992, eq. 13; Bartlett weights of
    3 sqrt(n) / 13 lags, as Hyndman & Khandakar, 2008, 3.1, who choose d by it)."""
    known = history[~np.isnan(history)].astype(float)
    around = known - known.mean()
    n, lags = len(known), int(3 * np.sqrt(len(known)) / 13)
    products = [(1 if k == 0 else 2 * (1 - k / (lags + 1))) * (around[k:] @ around[: n - k]) for k in range(lags + 1)]
    variance = sum(products) / n
    return bool((np.cumsum(around) ** 2).sum() < KPSS_AT_5_PERCENT * n**2 * variance)


def _recent(demand: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows, and their periods that are modelled."""
    last = demand[:, -MOST_PERIODS:].astype(float)
    known = ~np.isnan(last)
    vary = np.where(known, last, -np.inf).max(axis=1, initial=-np.inf) > np.where(known, last, np.inf).min(axis=1, initial=np.inf)
    for mask, y in ((vary, last), (~vary, demand.astype(float))):
        if mask.any():
            yield np.flatnonzero(mask), y[mask]


def _refitted(y: np.ndarray, season: int, own: Sequence[Order | None]) -> list[Group]:
    given = sorted({order for order in own if order is not None})
    if not given:
        return []
    # with those that others are chosen from, so that the kernels are compiled once
    orders = tuple(dict.fromkeys((*given, *candidates(season, y.shape[1]))))
    rows = np.flatnonzero([order is not None for order in own])
    place = np.array([orders.index(order) for order in own if order is not None])
    histories = Histories(y[rows], season)
    return [_group(rows, histories, engine.refit(histories, orders, place))]


def _chosen(y: np.ndarray, season: int, left: np.ndarray) -> Iterator[Group]:
    sets = [candidates(season, int(known)) for known in (~np.isnan(y[left])).sum(axis=1)]
    for orders in dict.fromkeys(sets):
        rows = left[[own == orders for own in sets]]
        allowed = np.ones((len(rows), len(orders)), dtype=bool)
        if all(order.season == 1 for order in orders):
            steady = np.array([level_is_steady(y[row]) for row in rows])
            allowed &= ~steady[:, None] | np.array([order.lost == 0 for order in orders])
        histories = Histories(y[rows], season)
        yield _group(rows, histories, engine.fit(histories, orders, allowed))


def _group(rows: np.ndarray, histories: Histories, fitted: Fitted) -> Group:
    """The rows that have an order."""
    able = fitted.order >= 0
    return Group(rows[able], histories.select(able), fitted.select(able))
