"""The engine: orders of many series searched, finished, compared and forecast in a few compiled calls; numpy in, numpy out.

Series are rows here, n x T, NaN where not known. The kernels below take columns of a fixed number, so that each is compiled once. All is
computed with 64 bits: a likelihood over a thousand periods, and the diffuse levels of a forecast, need them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecasting.batched.columns import Columns, Histories
from forecasting.batched.orders import Order, Shape

SEARCH_STEPS, SHORTLIST, COMPARED_STEPS, FINALISTS, FINISH_STEPS = 5, 6, 6, 3, 12
LEAST_VARIANCE = 1e-18  # of a series of mean size 1: below it nothing varies


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was fitted to each of n series, over `scale` (n, units).

    orders: those compared. order: n, position in `orders`, -1 where none could be fitted. u: n x parameters, unconstrained coefficients.
    sigma2: n, variance of the noise. beta: n x (1 + k), the constant and the regressors' coefficients. aicc: n. likelihood: n, the
    log-likelihood of all known periods of the differenced series. NaN where none could be fitted.
    """

    orders: tuple[Order, ...]
    order: np.ndarray
    u: np.ndarray
    sigma2: np.ndarray
    beta: np.ndarray
    aicc: np.ndarray
    likelihood: np.ndarray
    scale: np.ndarray

    @property
    def each(self) -> list[Order | None]:
        """The order of each series, None where none could be fitted."""
        return [self.orders[at] if at >= 0 else None for at in self.order]

    def select(self, rows: np.ndarray) -> "Fitted":
        """Those at positions or mask `rows`."""
        return replace(self, **{name: value[rows] for name, value in vars(self).items() if name != "orders"})


def fit(histories: Histories, orders: Sequence[Order], allowed: np.ndarray) -> Fitted:
    """The order of least AICc among those `allowed` (n x orders) for each series, at its exact maximum likelihood.

    All allowed orders are searched by conditional sums of squares; the best 6 by the AICc that follows from these are searched further, and
    the best 3 of them (all, where no order has seasonal coefficients: these are quick) compared by the exact likelihood, close to its
    maximum; the one chosen is then finished: the last digits of a likelihood choose no other order, but may move a forecast.

    AICc = -2 log L + 2k + 2k(k + 1) / (m - k - 1) (Burnham & Anderson, 2002, 2.4) compares models of the SAME observations only: log L
    takes the m periods that remain after the longest differencing, given those before it, whatever the order itself loses. Where gaps
    leave fewer than 10 periods, only orders without differencing are compared.
    """
    columns = Columns(histories, tuple(orders), allowed)
    u = np.broadcast_to(columns.start.T, (*columns.allowed.shape, columns.shape.parameters)).copy()
    left = columns.allowed
    for places in (SHORTLIST, FINALISTS) if columns.shape.season > 1 else (len(columns.orders),) * 2:
        left = _first(_searched(columns, u, left), places)
    found = exact(columns, u, left, COMPARED_STEPS)
    chosen = _best(columns, found).order[:, None] == np.arange(len(columns.orders))
    return _best(columns, exact(columns, found.u, chosen))


def refit(histories: Histories, orders: Sequence[Order], order: np.ndarray) -> Fitted:
    """The maximum likelihood of the order that each series was given: positions in `orders`, n."""
    columns = Columns(histories, tuple(orders), order[:, None] == np.arange(len(orders)))
    u = np.broadcast_to(columns.start.T, (*columns.allowed.shape, columns.shape.parameters)).copy()
    _searched(columns, u, columns.allowed)
    return _best(columns, exact(columns, u, columns.allowed))


def predicted(histories: Histories, fitted: Fitted, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """What each period was expected to be by those before it, and its standard deviation, units, n x (T + `horizon`): in the past one-step
    predictions, past the end the forecast. NaN where no order could be fitted. Parameters count as known."""
    import jax

    from forecasting.batched import fitting

    columns = Columns(histories, fitted.orders, fitted.order[:, None] == np.arange(len(fitted.orders)))
    n, periods = histories.y.shape
    mean, variance = np.full((2, n, periods + horizon), np.nan)
    for rows, orders in columns.chunks(columns.allowed, "forecast"):
        regression = columns.regression(rows, orders, fitted.beta[rows], horizon)
        level, known = columns.levels(rows, fitted.scale, regression, horizon)
        with jax.enable_x64(True):
            answer = fitting.expected(columns.padded(fitted.u[rows].T), columns.delta(orders), level, known, columns.shape)
        expected, spread = (columns.cut(part, rows)[:, -(periods + horizon) :] for part in answer)
        mean[rows], variance[rows] = expected + regression, spread * fitted.sigma2[rows, None]
    return mean * fitted.scale[:, None], np.sqrt(variance) * fitted.scale[:, None]


@dataclass(frozen=True, eq=False)
class Exact:
    """Pairs of series and orders by the exact likelihood, n x orders each, NaN where not asked: u and beta with an axis more; compared: the
    log-likelihood of the periods that all orders are compared over; likelihood: that of all known ones."""

    u: np.ndarray
    sigma2: np.ndarray
    beta: np.ndarray
    compared: np.ndarray
    likelihood: np.ndarray


def exact(columns: Columns, u: np.ndarray, wanted: np.ndarray, steps: int = FINISH_STEPS) -> Exact:
    """The pairs `wanted` (n x orders) after at most so many steps from `u` (n x orders x parameters) to the exact maximum likelihood."""
    import jax

    from forecasting.batched import fitting

    n, m = wanted.shape
    sigma2, counted, whole = np.full((3, n, m), np.nan)
    found = Exact(u.copy(), sigma2, np.full((n, m, 1 + columns.histories.x.shape[1]), np.nan), counted, whole)
    easy = columns.histories.gapless[:, None]
    for kernel, asked in ((_gapless, wanted & easy), (fitting.finished, wanted & ~easy)):
        for rows, orders in columns.chunks(asked, "finish"):
            start, free = columns.padded(u[rows, orders].T), columns.padded(columns.free[:, orders])
            with jax.enable_x64(True):
                answer = kernel(start, free, *columns.blocks(rows, orders), 1 + steps, columns.shape)
            for block, part in zip(vars(found).values(), answer, strict=True):
                block[rows, orders] = columns.cut(part, rows)
    return found


def _gapless(
    u: np.ndarray, free: np.ndarray, blocks: np.ndarray, known: np.ndarray, counted: np.ndarray, level: np.ndarray, most: int, shape: Shape
) -> tuple[Any, ...]:
    """As `fitting.finished`, by a quicker way that gaps do not allow."""
    from forecasting.batched import gapless

    found = gapless.finished(u, free, blocks, known, most, shape)
    before = known & ~counted
    early = gapless.finished(found.u, free, np.where(before[:, None], blocks, 0.0), before, 1, shape)
    sigma2, compared, whole = gapless.likelihood(found, known.sum(axis=0), early, before.sum(axis=0), level)
    return found.u, sigma2, found.beta, compared, whole


def _searched(columns: Columns, u: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """AICc by conditional sums of squares over the periods compared, n x orders, NaN where not `wanted`; moves `u`, n x orders x
    parameters, to where they are least. With 32 bits, which are twice as quick: what it finds is finished."""
    from forecasting.batched import fitting

    sums = np.full(wanted.shape, np.nan)
    for rows, orders in columns.chunks(wanted, "search"):
        start, free = columns.padded(u[rows, orders].T), columns.padded(columns.free[:, orders])
        w, known, counted = columns.residuals(rows, orders)
        found, total = fitting.searched(start.astype(np.float32), free, w.astype(np.float32), known, counted, SEARCH_STEPS, columns.shape)
        u[rows, orders], sums[rows, orders] = columns.cut(found, rows), columns.cut(total, rows)
    varies = sums > LEAST_VARIANCE * columns.compared[:, None]
    return _aicc(columns, -0.5 * columns.compared[:, None] * np.log(np.where(varies, sums, np.nan)))


def _first(aicc: np.ndarray, places: int) -> np.ndarray:
    """Which orders have the least AICc of their series, `places` of them."""
    rank = np.argsort(np.argsort(np.where(np.isnan(aicc), np.inf, aicc), axis=1, kind="stable"), axis=1, kind="stable")
    return (rank < places) & np.isfinite(aicc)


def _best(columns: Columns, found: Exact) -> Fitted:
    """The order of least AICc of each series."""
    aicc = _aicc(columns, found.compared)
    usable = np.where(np.isfinite(aicc) & (found.sigma2 > LEAST_VARIANCE), aicc, np.inf)
    order = np.where(np.isfinite(usable).any(axis=1), usable.argmin(axis=1), -1)
    u, sigma2, beta, aicc, likelihood = (_picked(part, order) for part in (found.u, found.sigma2, found.beta, aicc, found.likelihood))
    return Fitted(columns.orders, order, u, sigma2, beta, aicc, likelihood, columns.histories.scale)


def _picked(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The values of each series' own order, NaN where it has none."""
    chosen = values[np.arange(len(order)), order].copy()
    chosen[order < 0] = np.nan
    return chosen


def _aicc(columns: Columns, likelihood: np.ndarray) -> np.ndarray:
    """AICc of log-likelihoods n x orders; NaN where there are too few periods for the order's numbers."""
    k = np.array([order.parameters for order in columns.orders]) + columns.histories.x.shape[1]
    left = columns.compared[:, None] - k - 1
    return np.where(left > 0, -2 * likelihood + 2 * k + 2 * k * (k + 1) / np.maximum(left, 1), np.nan)
