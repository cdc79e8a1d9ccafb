"""The forms of exponential smoothing, and the maximum of their likelihood for many pairs of an item and a form at once.

The work is done by the kernel of `forecasting.batched.smoothing`; here pairs are laid out for it and those that have arrived are left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

WIDTH = 64
CYCLE_WITHOUT_SEASON = 8
MOST_PERIODS = 730
SEARCH_STEPS, FINISH_STEPS, MOST_ROUNDS = 5, 6, 6
EDGE = 1e-4
LEAST_DAMPING, MOST_DAMPING = 0.8, 0.98
STARTS = (  # two families, each with alpha, beta / alpha, gamma / (1 - alpha), damping: slow and quick, of level or, with one, of season
    ((0.02, 0.05, 0.05, 0.97), (0.1, 0.02, 0.1, 0.97), (0.3, 0.02, 0.05, 0.97), (0.3, 0.3, 0.2, 0.85), (0.6, 0.05, 0.1, 0.95)),
    ((0.05, 0.05, 0.6, 0.97), (0.2, 0.02, 0.8, 0.97), (0.2, 0.5, 0.8, 0.9), (0.5, 0.02, 0.9, 0.97), (0.5, 0.2, 0.9, 0.85)),
)
SMOOTHING, STATES = 4, 2


@dataclass(frozen=True)
class Form:
    """Error (A adds, M multiplies), trend (N none, A adds, Ad damped) and season (N, A, M), as in Hyndman et al. (2008).

    >>> str(Form("M", "Ad", "N"))
    'ETS(M,Ad,N)'
    """

    error: str
    trend: str
    season: str

    def __str__(self) -> str:
        return f"ETS({self.error},{self.trend},{self.season})"

    def parameters(self, season: int) -> int:
        """Numbers estimated: smoothing parameters, first states and the variance."""
        smoothing = 1 + (self.trend != "N") + (self.trend == "Ad") + (self.season != "N")
        states = 1 + (self.trend != "N") + (season - 1 if self.season != "N" else 0)
        return smoothing + states + 1


@dataclass(frozen=True, eq=False)
class Smoothing:
    """Pairs' parameters in their natural units, and where they lead.

    alpha, beta, gamma, damping (0 without a trend): pairs each. mean: periods x pairs, what each period was expected to be by those before
    it. level, slope: (1 + periods) x pairs, before the first period and after each. places: (m + periods) x pairs, the season's places
    before the first period by t mod m, then that of each period after it.
    """

    alpha: np.ndarray
    beta: np.ndarray
    gamma: np.ndarray
    damping: np.ndarray
    mean: np.ndarray
    level: np.ndarray
    slope: np.ndarray
    places: np.ndarray


@dataclass(frozen=True, eq=False)
class Pairs:
    """Items and forms to be fitted, all with a season of `season` periods or (season 1) all without one.

    y: items x periods, at most 730, scaled to around 1, NaN where not known. rows: the pairs' items, positions in y. forms: the pairs'
    forms.

    Numbers of pairs (`x`, 6 or 6 + season - 1 a pair) are alpha, beta / alpha, gamma / (1 - alpha) and damping, between 0 and 1 (damping
    between 0.8 and 0.98): the usual region (Hyndman et al., 2008, 2.3); level and slope before the first period; the season's first places
    but the last.
    """

    y: np.ndarray
    season: int
    rows: np.ndarray
    forms: Sequence[Form]

    @property
    def numbers(self) -> int:
        """How many numbers a pair has."""
        return SMOOTHING + STATES + self.season - 1

    @cached_property
    def count(self) -> np.ndarray:
        """Known periods, pairs."""
        return (~np.isnan(self.y)).sum(axis=1)[self.rows]

    def searched(self, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers x pairs and the sum of squares, pairs, a few steps from where it is least in each family of `STARTS` with the first
        `states` (2 + season - 1 x pairs): sums of squares have several valleys, those of a slow and of a quick season above all."""
        every = np.arange(len(self.rows))
        ends = []
        for family in STARTS:
            points = np.repeat(np.array(family)[:, :, None], len(every), axis=2)
            found, least = np.empty((self.numbers, len(every))), np.empty(len(every))
            self._descend(np.concatenate([points, np.tile(states, (len(family), 1, 1))], axis=1), found, least, every, SEARCH_STEPS)
            ends.append((found, least))
        (slow, low), (quick, high) = ends
        return np.where(low <= high, slow, quick), np.minimum(low, high)

    def finished(self, x: np.ndarray, least: np.ndarray, some: np.ndarray) -> None:
        """Takes the pairs at `some` to the least sum of squares, in place."""
        for _ in range(MOST_ROUNDS):
            if not len(some):
                return
            some = some[self._descend(x[None], x, least, some, FINISH_STEPS)]

    def likelihood(self, least: np.ndarray) -> np.ndarray:
        """The log-likelihood, pairs, that a sum of squares stands for."""
        with np.errstate(divide="ignore"):
            return -self.count / 2 * (np.log(2 * np.pi * np.maximum(least, 1e-20) / self.count) + 1)

    def aicc(self, least: np.ndarray) -> np.ndarray:
        """-2 log L + 2k + 2k(k + 1) / (n - k - 1), pairs; infinite where there are too few periods for the form's numbers."""
        k = np.array([form.parameters(self.season) for form in self.forms])
        left = self.count - k - 1
        return np.where(left > 0, -2 * self.likelihood(least) + 2 * k + 2 * k * (k + 1) / np.maximum(left, 1), np.inf)

    def smoothed(self, x: np.ndarray, some: np.ndarray) -> Smoothing:
        """The pairs at `some` with their numbers `x`."""
        import jax

        from forecasting.batched import smoothing

        parts = []
        for at, columns, cycles in self._chunks(some):
            with jax.enable_x64(True):
                by, (level, slope, places), after = smoothing.smoothed(_padded(x[:, some[at]]), columns, cycles)
            mean, *after = (block[: self.y.shape[1]] for block in after)
            before = level[None], slope[None], places
            whole = [*by, mean, *(np.concatenate(pair) for pair in zip(before, after, strict=True))]
            parts.append([np.asarray(block)[..., : at.stop - at.start] for block in whole])
        return Smoothing(*(np.concatenate(blocks, axis=-1) for blocks in zip(*parts, strict=True)))

    def _descend(self, x: np.ndarray, found: np.ndarray, least: np.ndarray, some: np.ndarray, steps: int) -> np.ndarray:
        """Moves the pairs at `some` from the best of `x` (points x numbers x pairs) at most so many steps down; mask of those that are
        not there yet."""
        import jax

        from forecasting.batched import smoothing

        going = np.zeros(len(some), dtype=bool)
        low, high = self._region
        for at, columns, cycles in self._chunks(some):
            which, width = some[at], at.stop - at.start
            points = np.empty((len(STARTS[0]), self.numbers, WIDTH))
            points[: len(x)] = _padded(x[:, :, which])
            free = _padded(self._free[:, which])
            with jax.enable_x64(True):
                answer = smoothing.descended(points, free, low, high, columns, cycles, len(x), steps)
            numbers, total, more = (np.asarray(part)[..., :width] for part in answer)
            found[:, which], least[which], going[at] = numbers, total, more
        return going

    def _chunks(self, some: np.ndarray) -> Iterator[tuple[slice, Any, int]]:
        """Where each chunk of the pairs at `some` stands among them, what the kernel reads of it, and how many cycles it has."""
        from forecasting.batched import smoothing

        m = self.season if self.season > 1 else CYCLE_WITHOUT_SEASON
        most, cycles = -(-MOST_PERIODS // m), -(-self.y.shape[1] // m)
        for first in range(0, len(some), WIDTH):
            at = slice(first, min(first + WIDTH, len(some)))
            y = np.full((most * m, WIDTH), np.nan)
            y[: self.y.shape[1]] = _padded(self.y[self.rows[some[at]]].T)
            known = ~np.isnan(y)
            shape = most, m, WIDTH
            flags = _padded(self._flags[:, some[at]])
            yield at, smoothing.Columns(np.where(known, y, 0.0).reshape(shape), known.reshape(shape), *flags), cycles

    @cached_property
    def _flags(self) -> np.ndarray:
        """1.0 where the error multiplies, where there is a trend, where that is damped, where the season multiplies, where it adds: 5 x
        pairs."""
        rows = [(f.error == "M", f.trend != "N", f.trend == "Ad", f.season == "M", f.season == "A") for f in self.forms]
        return np.array(rows, dtype=float).T

    @cached_property
    def _free(self) -> np.ndarray:
        """Mask of the numbers that a pair's form has, numbers x pairs."""
        _, trend, damped, _, _ = self._flags > 0
        season = np.full(len(trend), self.season > 1)
        free = np.ones((self.numbers, len(trend)), dtype=bool)
        free[1], free[2], free[3], free[5] = trend, season, damped, trend
        return free

    @property
    def _region(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and largest numbers, numbers x 1 each."""
        low, high = np.full((2, self.numbers, 1), np.inf)
        low[:SMOOTHING, 0], high[:SMOOTHING, 0] = (EDGE, EDGE, EDGE, LEAST_DAMPING), (1 - EDGE, 1 - EDGE, 1 - EDGE, MOST_DAMPING)
        low[SMOOTHING:] = -np.inf
        return low, high


def _padded(columns: np.ndarray) -> np.ndarray:
    """`columns` (… x columns) made as many as the kernel takes: the last ones come again."""
    return columns[..., np.minimum(np.arange(WIDTH), columns.shape[-1] - 1)]
