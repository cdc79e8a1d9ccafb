"""Prophet's model (Taylor & Letham, 2018) of many series at once: the maximum of its posterior, and forecasts from there; numpy in and out.

    y = g (1 + x'b) + e  or  y = g + x'b + e,    g(t) = m + k t + sum of d_j (t - c_j)+,    e ~ N(0, s^2)

y is demand over its largest size, t runs from 0 to 1 over the item's known periods. m, k ~ N(0, 5^2), d_j ~ Laplace(0, 0.05),
b ~ N(0, 10^2), s ~ N+(0, 0.5^2): the defaults of prophet 1.5.0, whose `prophet.stan` this is. The library's optimizers (L-BFGS; Newton
below 100 periods) take the corners of the Laplace prior for smooth and end below the maximum, L-BFGS far below where a few peaks stand out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecasting.batched.lasso import lasso

CHANGES, CHANGES_WITHIN = 25, 0.8
CHANGE, TREND, EFFECT, NOISE = 0.05, 5.0, 10.0, 0.5
MOST_STEPS, MOST_HALVINGS, NOTHING_TO_GAIN = 300, 12, 1e-6
LEAST_NOISE = 1e-4
NUMBERS_AT_ONCE = 2**19
LEAST_CHANGE = 1e-8


@dataclass(frozen=True, eq=False)
class Fitted:
    """The model of n series at the maximum of its posterior.

    scale: n, units. t: n x P, the time of each of P periods. changes: n x S, times at which the slope may change, infinite beyond the
    number that the history allows. effects: n x K, b. line: n x 2, m and k. bends: n x S, d. trend: n x P, g. noise: n, s. objective: n,
    the negative log posterior without its constants. settled: n, whether the last step had less than 1e-6 to gain.
    """

    scale: np.ndarray
    t: np.ndarray
    changes: np.ndarray
    effects: np.ndarray
    line: np.ndarray
    bends: np.ndarray
    trend: np.ndarray
    noise: np.ndarray
    objective: np.ndarray
    settled: np.ndarray


def number_of_changes(known: int) -> int:
    """How many changes of slope a history of so many known periods (3 or more) may have."""
    return min(CHANGES, int(known * CHANGES_WITHIN) - 1)


def fit(demand: np.ndarray, days: np.ndarray, features: np.ndarray, multiplicative: bool) -> Fitted:
    """The series of `demand` (n x T, units, NaN where not known; 10 known periods or more), each by itself.

    days: P >= T, of each period from any day on. features: n x K x P, the x of each period; one that is 0 all along has no effect.
    """
    known = ~np.isnan(demand)
    n, periods = demand.shape
    first, last = (days[at][:, None] for at in (known.argmax(axis=1), periods - 1 - known[:, ::-1].argmax(axis=1)))
    t = (days - first) / (last - first)
    changes = np.stack([_changes(row[mask]) for row, mask in zip(t[:, :periods], known, strict=True)])
    y = np.where(known, demand, 0.0)
    scale = np.abs(y).max(axis=1)
    width = features.shape[1]
    size = max(1, NUMBERS_AT_ONCE // (periods * (width + 2 + CHANGES)))
    parts = []
    for rows in (slice(at, at + size) for at in range(0, n, size)):
        trend_rows = _trend_rows(t[rows], changes[rows])
        design = np.concatenate([features[rows, :, :periods], trend_rows[:, :, :periods]], axis=1) * known[rows, None, :]
        series = _Series(y[rows] / scale[rows, None], known[rows].sum(axis=1), design, width, multiplicative)
        x, *found = series.maximum()
        parts.append((x, product(trend_rows, x[:, width:]), *found))
    x, trend, noise, objective, settled = (np.concatenate(part) for part in zip(*parts, strict=True))
    effects, line, bends = x[:, :width], x[:, width : width + 2], x[:, width + 2 :]
    return Fitted(scale, t, changes, effects, line, bends, trend, noise, objective, settled)


def quantiles(
    fitted: Fitted, effect: np.ndarray, multiplicative: bool, levels: Sequence[float], samples: int, rng: np.random.Generator
) -> np.ndarray:
    """Quantiles n x h x L of the last h periods, units, by `samples` paths whose random numbers all series share. effect: n x h, their x'b.

    The library's law: in every period the slope may change, with the chance of the past's changes and Laplace distributed with their mean
    size; to that comes the noise. That parameters are not known exactly does not count.
    """
    n, h = effect.shape
    draws, sizes, noise = rng.random((h, samples)), rng.laplace(size=(h, samples)), rng.normal(size=(h, samples))
    trend, found = fitted.trend[:, -h:], np.empty((n, h, len(levels)))
    allowed = np.isfinite(fitted.changes).sum(axis=1)
    usual = np.abs(fitted.bends).sum(axis=1) / allowed + LEAST_CHANGE
    between = (fitted.t[:, -1] - fitted.t[:, -h - 1]) / h
    paths: dict[tuple[float, float], np.ndarray] = {}
    for row in range(n):
        key = (float(between[row]), float(allowed[row]))
        if key not in paths:
            paths = {key: _paths(draws < key[0] * key[1], sizes) * key[0]}
        level = trend[row, :, None] + usual[row] * paths[key]
        value = level * (1 + effect[row, :, None]) if multiplicative else level + effect[row, :, None]
        found[row] = _at(value + fitted.noise[row] * noise, levels) * fitted.scale[row]
    return found


def _at(values: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Quantiles of each row, rows x L, as `np.quantile` has them; to sort whole rows is quicker than to part them at each level."""
    ordered, place = np.sort(values, axis=1), np.asarray(levels) * (values.shape[1] - 1)
    below = place.astype(int)
    lower, upper = ordered[:, below], ordered[:, np.minimum(below + 1, values.shape[1] - 1)]
    return lower + (place - below) * (upper - lower)


def negative_log_posterior(
    squares: np.ndarray, count: np.ndarray, noise: np.ndarray, line: np.ndarray, bends: np.ndarray, effects: np.ndarray
) -> np.ndarray:
    """Of n series, without its constants. squares: n, the sum of squared residuals over the scale; count: n, known periods."""
    of_noise = squares / (2 * noise**2) + count * np.log(noise) + noise**2 / (2 * NOISE**2)
    of_trend = (line**2).sum(axis=1) / (2 * TREND**2) + np.abs(bends).sum(axis=1) / CHANGE
    return of_noise + of_trend + (effects**2).sum(axis=1) / (2 * EFFECT**2)


def product(rows: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Sum over k of x (n x k) times rows (n x k x P): n x P."""
    return np.matmul(x[:, None], rows)[:, 0]


def _paths(changed: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """How far slopes that change take the trend, h x samples, in steps of a period; a change counts half in the period it falls into."""
    slope = np.where(changed, sizes, 0.0)
    slope[1:] += slope[:-1].copy()
    return slope.cumsum(axis=0).cumsum(axis=0) / 2


def _changes(t: np.ndarray) -> np.ndarray:
    """Known periods evenly placed within the first 80 % of them, without the very first; infinite where there are fewer than 25."""
    count = number_of_changes(len(t))
    at = np.linspace(0, int(len(t) * CHANGES_WITHIN) - 1, count + 1).round().astype(int)[1:]
    return np.append(t[at], np.full(CHANGES - count, np.inf))


def _trend_rows(t: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """1, t and (t - c)+ of each change: n x (2 + S) x P."""
    return np.concatenate([np.ones_like(t)[:, None], t[:, None], np.maximum(t[:, None] - changes[:, :, None], 0)], axis=1)


@dataclass(frozen=True, eq=False)
class _Series:
    """n series on the way to their maximum. y: n x T over their scale, 0 where not known; count: n, known periods; design: n x p x T, of
    which the first `width` rows are effects and the others the trend's, all 0 where not known. x: n x p are coefficients in that order."""

    y: np.ndarray
    count: np.ndarray
    design: np.ndarray
    width: int
    multiplicative: bool

    def maximum(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """x, noise, objective and whether it settled, from the line through the first and the last known period."""
        x = self._start()
        trend, effect = self._lines(x)
        objective, settled = self._objective(x, trend, effect), np.zeros(len(x), dtype=bool)
        left = np.arange(len(x))
        for _ in range(MOST_STEPS):
            part = self if len(left) == len(x) else self._select(left)
            way, gain = part._way(x[left], trend[left], effect[left])
            lines = part._lines(way)
            share = part._share(x[left], (trend[left], effect[left]), way, lines, objective[left])[:, None]
            x[left] += share * way
            trend[left] += share * lines[0]
            effect[left] += share * lines[1]
            objective[left] = part._objective(x[left], trend[left], effect[left])
            settled[left] = gain < NOTHING_TO_GAIN
            left = left[~settled[left] & (share[:, 0] > 0)]
            if not len(left):
                break
        return x, np.sqrt(self._variance(self._squares(trend, effect))), objective, settled

    def _select(self, rows: np.ndarray) -> "_Series":
        return replace(self, y=self.y[rows], count=self.count[rows], design=self.design[rows])

    def _start(self) -> np.ndarray:
        known = self.design[:, self.width] > 0
        rows, last = np.arange(len(known)), known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
        x = np.zeros(self.design.shape[:2])
        x[:, self.width] = self.y[rows, known.argmax(axis=1)]
        x[:, self.width + 1] = self.y[rows, last] - x[:, self.width]
        return x

    def _lines(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Trend and effect of each period, n x T each."""
        return product(self.design[:, self.width :], x[:, self.width :]), product(self.design[:, : self.width], x[:, : self.width])

    def _way(self, x: np.ndarray, trend: np.ndarray, effect: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """From x to the maximum of the posterior whose model is made linear at x (Gauss-Newton), the noise being what it is there, and how
        much that one rises on the way."""
        variance = self._variance(self._squares(trend, effect))
        slopes, at = self.design, self.y
        if self.multiplicative:
            slopes = np.empty_like(self.design)
            np.multiply(self.design[:, : self.width], trend[:, None], out=slopes[:, : self.width])
            np.multiply(self.design[:, self.width :], 1 + effect[:, None], out=slopes[:, self.width :])
            at = self.y + effect * trend
        places = np.arange(x.shape[1])
        gram = np.matmul(slopes, slopes.transpose(0, 2, 1))
        gram[:, places, places] += variance[:, None] * self._precision()
        c = np.matmul(slopes, at[:, :, None])[:, :, 0]
        best = _penalised(gram, c, variance / CHANGE, x, self.width + 2)
        there, here = (
            ((product(gram, of) / 2 - c) * of).sum(axis=1) / variance + np.abs(of[:, self.width + 2 :]).sum(axis=1) / CHANGE
            for of in (best, x)
        )
        return best - x, here - there

    def _share(
        self, x: np.ndarray, at: tuple[np.ndarray, np.ndarray], way: np.ndarray, lines: tuple[np.ndarray, np.ndarray], objective: np.ndarray
    ) -> np.ndarray:
        """How much of the way to go so that the objective does not rise, n: all, half, a quarter…, 0."""
        share = np.ones((len(x), 1))
        for _ in range(MOST_HALVINGS):
            rises = self._objective(x + share * way, at[0] + share * lines[0], at[1] + share * lines[1]) > objective
            if not rises.any():
                return share[:, 0]
            share[rises] /= 2
        return np.where(rises, 0.0, share[:, 0])

    def _objective(self, x: np.ndarray, trend: np.ndarray, effect: np.ndarray) -> np.ndarray:
        """The negative log posterior at the noise that suits x best, n."""
        squares = self._squares(trend, effect)
        noise, bends = np.sqrt(self._variance(squares)), x[:, self.width + 2 :]
        return negative_log_posterior(squares, self.count, noise, x[:, self.width : self.width + 2], bends, x[:, : self.width])

    def _squares(self, trend: np.ndarray, effect: np.ndarray) -> np.ndarray:
        return ((self.y - (trend * (1 + effect) if self.multiplicative else trend + effect)) ** 2).sum(axis=1)

    def _variance(self, squares: np.ndarray) -> np.ndarray:
        """The s^2 of highest posterior given the sum of squared residuals: the root of s^4 / 0.5^2 + n s^2 = sum; not below 1e-8."""
        return np.maximum(2 * squares / (self.count + np.sqrt(self.count**2 + 4 * squares / NOISE**2)), LEAST_NOISE**2)

    def _precision(self) -> np.ndarray:
        """Of the normal priors, p; 0 of the changes, whose prior is none."""
        return np.repeat([EFFECT**-2, TREND**-2, 0.0], [self.width, 2, self.design.shape[1] - self.width - 2])


def _penalised(gram: np.ndarray, c: np.ndarray, penalty: np.ndarray, start: np.ndarray, free: int) -> np.ndarray:
    """The x of least x'Qx / 2 - c'x + penalty * (sum of |x| but for the first `free`), n x p: those are eliminated, then put back."""
    solved = np.linalg.solve(gram[:, :free, :free], np.concatenate([gram[:, :free, free:], c[:, :free, None]], axis=2))
    reduced = np.concatenate([gram[:, free:, free:], c[:, free:, None]], axis=2) - np.matmul(gram[:, free:, :free], solved)
    d = lasso(reduced[:, :, :-1], reduced[:, :, -1], penalty, start[:, free:])
    u = solved[:, :, -1] - np.matmul(solved[:, :, :-1], d[:, :, None])[:, :, 0]
    return np.concatenate([u, d], axis=1)
