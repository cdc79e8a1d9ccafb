"""Series and orders laid out for the kernels: each pair of a series and an order is a column, in chunks of one width."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from forecasting.batched.orders import Order, Shape, differencing

WIDTHS = {"search": (64, 256), "finish": (16, 64), "forecast": (16, 64)}
PERIODS_PADDED_TO = 64
FEWEST_TO_COMPARE = 10
_TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Histories:
    """n series of the same T periods, ready to be fitted.

    y: n x T, units, NaN where not known. season: periods. x: n x k x (T or more), regressors without NaN, over past and future.
    """

    y: np.ndarray
    season: int
    x: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0)))

    def __post_init__(self) -> None:
        if not self.x.size:
            object.__setattr__(self, "x", np.zeros((len(self.y), 0, self.y.shape[1])))

    @cached_property
    def scale(self) -> np.ndarray:
        """Mean size of each series, n, which it is divided by; 1 where nothing is known or all is 0."""
        known = ~np.isnan(self.y)
        size = np.where(known, np.abs(self.y), 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return np.where(size > 0, size, 1.0)

    @cached_property
    def gapless(self) -> np.ndarray:
        """Which series are known from their first known period to their last, n."""
        known = ~np.isnan(self.y)
        return known.sum(axis=1) == known.shape[1] - known.argmax(axis=1) - known[:, ::-1].argmax(axis=1)

    def select(self, rows: np.ndarray) -> "Histories":
        """Those at positions or mask `rows`."""
        return Histories(self.y[rows], self.season, self.x[rows])

    def without_last(self, periods: int) -> "Histories":
        """The same length, the last `periods` not known."""
        seen = np.arange(self.y.shape[1]) < self.y.shape[1] - periods
        return Histories(np.where(seen, self.y, np.nan), self.season, self.x)

    def differenced(self, d: int, D: int) -> tuple[np.ndarray, np.ndarray]:  # noqa: N803
        """Scaled series n x T and regressors n x k x T after (1 - B)^d (1 - B^season)^D; NaN where a member is not known."""
        w, x = self.y / self.scale[:, None], self.x[:, :, : self.y.shape[1]]
        for lag in (1,) * d + (self.season,) * D:
            w, x = (_difference(part, lag) for part in (w, x))
        return w, np.where(np.isnan(w)[:, None], 0.0, x)


class Columns:
    """The pairs of n series and m orders that are `allowed` (n x m), and what the kernels read of them."""

    def __init__(self, histories: Histories, orders: tuple[Order, ...], allowed: np.ndarray) -> None:
        self.histories, self.orders = histories, orders
        longest = max(orders, key=lambda order: order.lost)
        self.counted = ~np.isnan(histories.differenced(longest.d, longest.D)[0])
        few = self.counted.sum(axis=1) < FEWEST_TO_COMPARE
        self.counted[few] = ~np.isnan(histories.y[few])
        self.compared = self.counted.sum(axis=1)
        self.lost = np.array([order.lost for order in orders])
        self.allowed = allowed & ~(few[:, None] & (self.lost > 0)) if allowed.shape[1] > 1 else allowed
        most = {part: max(getattr(order, part) for order in orders) for part in "pqPQ"}
        self.shape = Shape(**most, season=histories.season if most["P"] or most["Q"] else 1)
        self.free, self.start = _free(orders, self.shape), _start(orders, self.shape)
        self._differenced: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}

    def chunks(self, wanted: np.ndarray, what: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Rows and orders of the pairs `wanted`, at most so many at a time as the kernel `what` takes."""
        rows, orders = np.nonzero(wanted)
        small, large = WIDTHS[what]
        self._width = small if len(rows) <= small else large
        for at in range(0, len(rows), self._width):
            yield rows[at : at + self._width], orders[at : at + self._width]

    def padded(self, columns: np.ndarray) -> np.ndarray:
        """`columns` (… x columns) made as many as the kernel takes: the last ones come again."""
        return columns[..., np.minimum(np.arange(self._width), columns.shape[-1] - 1)]

    def cut(self, columns: Any, rows: np.ndarray) -> np.ndarray:
        """What a kernel answers, … x columns, for the columns that were asked: columns x …"""
        return np.asarray(columns).T[: len(rows)]

    def residuals(self, rows: np.ndarray, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Differenced series without what regressors and, where the order does not difference, the mean explain; what is known of them;
        what is compared: T x columns each."""
        w = np.stack([self._residual(order)[row] for row, order in zip(rows, orders, strict=True)])
        known = ~np.isnan(w)
        return self._tall(np.nan_to_num(w)), self._tall(known), self._tall(known & self.counted[rows])

    def blocks(self, rows: np.ndarray, orders: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Series, constant and regressors, T x (2 + k) x columns; known and compared, T x columns; whether the order has a constant."""
        pairs = list(zip(rows, orders, strict=True))
        w = np.stack([self._of(order)[0][row] for row, order in pairs])
        x = np.stack([self._of(order)[1][row] for row, order in pairs])
        known, level = ~np.isnan(w), self.lost[orders] == 0
        constant = np.where(level[:, None] & known, 1.0, 0.0)
        whole = np.concatenate([np.nan_to_num(w)[:, None], constant[:, None], x], axis=1)
        tall = np.stack([self._tall(whole[:, i]) for i in range(whole.shape[1])], axis=1)
        return tall, self._tall(known), self._tall(known & self.counted[rows]), self.padded(level)

    def regression(self, rows: np.ndarray, orders: np.ndarray, beta: np.ndarray, horizon: int) -> np.ndarray:
        """What the constant and the regressors say, scaled, columns x (T + horizon)."""
        periods = self.histories.y.shape[1] + horizon
        x = self.histories.x[rows, :, :periods]
        constant = np.where(self.lost[orders] == 0, beta[:, 0], 0.0)
        return constant[:, None] + np.einsum("nkt,nk->nt", x, beta[:, 1:]) if x.shape[1] else np.repeat(constant[:, None], periods, axis=1)

    def levels(self, rows: np.ndarray, scale: np.ndarray, regression: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """Series over `scale` without what `regression` says, and what is known of them, the horizon not: (T + horizon) x columns."""
        y = self.histories.y[rows] / scale[rows, None]
        y = np.concatenate([y, np.full((len(rows), horizon), np.nan)], axis=1) - regression
        return self._tall(np.nan_to_num(y)), self._tall(~np.isnan(y))

    def delta(self, orders: np.ndarray) -> np.ndarray:
        """The levels that each order carries on, lags x columns (see `orders.differencing`): as many as any order of these columns loses
        that differences by seasons no more often, so that the kernel is compiled for few lengths."""
        most = max(self.orders[at].D for at in orders)
        longest = max(order.lost for order in self.orders if most >= order.D)
        rows = [differencing(order.d, order.D, order.season, longest) for order in (self.orders[at] for at in orders)]
        return self.padded(np.array(rows).reshape(len(orders), longest).T)

    def _of(self, order: int) -> tuple[np.ndarray, np.ndarray]:
        key = self.orders[order].d, self.orders[order].D
        if key not in self._differenced:
            self._differenced[key] = self.histories.differenced(*key)
        return self._differenced[key]

    @cached_property
    def _residuals(self) -> dict[tuple[int, int], np.ndarray]:
        return {}

    def _residual(self, order: int) -> np.ndarray:
        key = self.orders[order].d, self.orders[order].D
        if key not in self._residuals:
            w, x = self._of(order)
            constant = np.where(np.isnan(w), 0.0, 1.0)[:, None] if sum(key) == 0 else np.zeros((len(w), 0, w.shape[1]))
            self._residuals[key] = _without(w, np.concatenate([constant, x], axis=1))
        return self._residuals[key]

    def _tall(self, rows: np.ndarray) -> np.ndarray:
        """Periods x columns of columns x periods; periods before the first that are not known make up a round number."""
        before = -rows.shape[1] % PERIODS_PADDED_TO
        return self.padded(np.pad(rows, ((0, 0), (before, 0))).T)


def _difference(values: np.ndarray, lag: int) -> np.ndarray:
    lost = np.full_like(values[..., :lag], np.nan)
    return np.concatenate([lost, values[..., lag:] - values[..., :-lag]], axis=-1)[..., : values.shape[-1]]


def _without(w: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Least squares residuals of each series n x T on its regressors n x k x T, which are 0 where the series is not known."""
    if not x.shape[1]:
        return w
    gram = np.einsum("nkt,nlt->nkl", x, x)
    gram += (np.trace(gram, axis1=1, axis2=2)[:, None, None] * _TINY + _TINY) * np.eye(x.shape[1])
    beta = np.linalg.solve(gram, np.einsum("nkt,nt->nk", x, np.nan_to_num(w))[:, :, None])[:, :, 0]
    return w - np.einsum("nkt,nk->nt", x, beta)


def _free(orders: tuple[Order, ...], shape: Shape) -> np.ndarray:
    """Which unconstrained numbers each order has, parameters x orders."""
    groups = [(getattr(shape, part), np.array([getattr(order, part) for order in orders])) for part in "pqPQ"]
    return np.concatenate([np.arange(most)[:, None] < own for most, own in groups])


def _start(orders: tuple[Order, ...], shape: Shape) -> np.ndarray:
    """Where the search begins, parameters x orders: about where orders of this kind were found on days of shops."""
    start = np.zeros((shape.parameters, len(orders)))
    for place, order in enumerate(orders):
        at = 0
        for part, value in (("p", 0.1 if order.d else 1.0), ("q", 1.4 if order.d else 0.5), ("P", 4.0 if order.Q else 0.6), ("Q", 2.0)):
            if getattr(order, part):
                start[at, place] = value
            at += getattr(shape, part)
    return start
