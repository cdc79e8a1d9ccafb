"""The engine: orders of many series searched, finished, compared and forecast in a few compiled calls; numpy in, numpy out.

Series are rows here, n x T, NaN where not known. The kernels below take columns of a fixed number, so that each is compiled once. All is
computed with 64 bits: a likelihood over a thousand periods, and the diffuse levels of a forecast, need them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecasting.batched.columns import Columns, Histories
from forecasting.batched.orders import Order

SEARCH_STEPS, FINISH_STEPS, FINALISTS = 10, 6, 3
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

    All allowed orders are searched by conditional sums of squares; the best 3 by the AICc that follows from these are finished and compared
    by the exact likelihood. AICc = -2 log L + 2k + 2k(k + 1) / (m - k - 1) (Burnham & Anderson, 2002, 2.4) compares models of the SAME
    observations only: log L takes the m periods that remain after the longest differencing, given those before it, whatever the order
    itself loses. Where gaps leave fewer than 10 periods, only orders without differencing are compared.
    """
    columns = Columns(histories, tuple(orders), allowed)
    sums, u = _searched(columns)
    varies = sums > LEAST_VARIANCE * columns.compared[:, None]
    rough = _aicc(columns, -0.5 * columns.compared[:, None] * np.log(np.where(varies, sums, np.nan)))
    finalists = np.argsort(np.where(np.isnan(rough), np.inf, rough), axis=1, kind="stable")[:, :FINALISTS]
    entered = np.zeros(rough.shape, dtype=bool)
    np.put_along_axis(entered, finalists, True, axis=1)
    return _best(columns, exact(columns, u, entered & np.isfinite(rough)))


def refit(histories: Histories, orders: Sequence[Order], order: np.ndarray) -> Fitted:
    """The maximum likelihood of the order that each series was given: positions in `orders`, n."""
    columns = Columns(histories, tuple(orders), order[:, None] == np.arange(len(orders)))
    return _best(columns, exact(columns, _searched(columns)[1], columns.allowed))


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
    for rows, orders in columns.chunks(wanted, "finish"):
        blocks, known, compared, level = columns.blocks(rows, orders)
        start, free = columns.padded(u[rows, orders].T), columns.padded(columns.free[:, orders])
        with jax.enable_x64(True):
            answer = fitting.finished(start, free, blocks, known, compared, level, columns.shape, steps)
        for block, part in zip(vars(found).values(), answer, strict=True):
            block[rows, orders] = columns.cut(part, rows)
    return found


def _searched(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Conditional sums of squares over the periods compared, n x orders, NaN where not allowed; and u, n x orders x parameters."""
    import jax

    from forecasting.batched import fitting

    n, m = columns.allowed.shape
    sums, u = np.full((n, m), np.nan), np.zeros((n, m, columns.shape.parameters))
    for rows, orders in columns.chunks(columns.allowed, "search"):
        start, free = columns.padded(columns.start[:, orders]), columns.padded(columns.free[:, orders])
        with jax.enable_x64(True):
            found, total = fitting.searched(start, free, *columns.residuals(rows, orders), columns.shape, SEARCH_STEPS)
        u[rows, orders], sums[rows, orders] = columns.cut(found, rows), columns.cut(total, rows)
    return sums, u


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
