"""The likelihood of exponential smoothing and its maximum, all items and all forms of the model in parallel.

Lanes are pairs of an item and a form; a loop runs over the periods alone. Level, trend and season move by the error of one step. The least
squares of the errors is found by Levenberg and Marquardt's method (Nocedal & Wright, Numerical Optimization, 2nd ed., 10.3), whose
derivatives are taken forwards through the recursion; lanes that have arrived are left out of further work.
"""

from dataclasses import dataclass

import numpy as np

from forecasting.models.scans import BLOCK

MOST_STEPS, FIRST_STEPS = 25, 4
ENOUGH = 1e-6
FURTHEST = 8.0
STARTS = ((0.1, 0.1, 0.1, 0.9), (0.5, 0.1, 0.9, 0.5), (0.1, 0.5, 0.4, 0.9))  # of alpha, beta / alpha, gamma / (1 - alpha), damping
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
class Lanes:
    """What lanes smooth: y, periods x lanes, scaled to around 1, 0 where not known; known: 1.0 and 0.0; season: its kind (N, A, M), one for
    all lanes; multiplies, trend, damped: 1.0 where the lane's error multiplies, where it has a trend, where that is damped."""

    y: np.ndarray
    known: np.ndarray
    season: str
    multiplies: np.ndarray
    trend: np.ndarray
    damped: np.ndarray

    def of(self, lanes: np.ndarray | slice) -> "Lanes":
        """Some of them."""
        parts = (self.multiplies[lanes], self.trend[lanes], self.damped[lanes])
        return Lanes(self.y[:, lanes], self.known[:, lanes], self.season, *parts)


@dataclass(frozen=True, eq=False)
class Smoothing:
    """Parameters of lanes in their natural units. alpha, beta, gamma, damping (0 without a trend), first level and slope: lanes each.
    places: m x lanes, the season's first places by t mod m (one row of nothing without a season)."""

    alpha: np.ndarray
    beta: np.ndarray
    gamma: np.ndarray
    damping: np.ndarray
    level: np.ndarray
    slope: np.ndarray
    places: np.ndarray


def natural(theta: np.ndarray, lanes: Lanes) -> Smoothing:
    """The parameters that the free numbers `theta` (6 + m - 1, or 6 without a season, x lanes) stand for.

    0 < alpha < 1, 0 < beta < alpha, 0 < gamma < 1 - alpha and 0.8 < damping < 0.98 by logistic curves: the usual region (Hyndman et al.,
    2008, 2.3). The season's places have mean 0 where it adds, 1 where it multiplies.
    """
    alpha, beta, gamma, damping = _logistic(theta[:SMOOTHING])
    free = theta[SMOOTHING + STATES :]
    last = (len(free) + 1.0 if lanes.season == "M" else 0.0) - free.sum(axis=0)
    return Smoothing(
        alpha=alpha,
        beta=lanes.trend * alpha * beta,
        gamma=(1 - alpha) * gamma,
        damping=lanes.trend * (1 - lanes.damped * (0.2 - 0.18 * damping)),
        level=theta[SMOOTHING],
        slope=lanes.trend * theta[SMOOTHING + 1],
        places=np.concatenate([free, last[None]]),
    )


def smooth(lanes: Lanes, by: Smoothing) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Means of one step, periods x lanes, and level, slope and the season's place after each period (Hyndman et al., 2008, tables 2.2 and
    2.3, written in the error y - mean, in which both kinds of error move alike). From a period not known nothing is learnt."""
    level, slope, places = by.level, by.slope, by.places.copy()
    means, levels, slopes, seasons = np.empty((4, *lanes.y.shape))
    for t, (y, known) in enumerate(zip(lanes.y, lanes.known, strict=True)):
        place = places[t % len(places)]
        ahead = level + by.damping * slope
        means[t] = ahead * place if lanes.season == "M" else ahead + place if lanes.season == "A" else ahead
        error = known * (y - means[t])
        unit = error / place if lanes.season == "M" else error
        level, slope = ahead + by.alpha * unit, by.damping * slope + by.beta * unit
        if lanes.season != "N":
            places[t % len(places)] = place + by.gamma * (error / ahead if lanes.season == "M" else error)
        levels[t], slopes[t], seasons[t] = level, slope, places[t % len(places)]
    return means, levels, slopes, seasons


def squares(lanes: Lanes, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The residuals whose sum of squares has the likelihood's maximum, periods x lanes, and their sums; infinite where a mean has no sense.

    Errors; where the error multiplies, relative errors times the geometric mean of the means: n log of either sum is -2 log L but for a
    constant (Hyndman et al., 2008, eq. 5.3).
    """
    with np.errstate(all="ignore"):
        safe = np.where(lanes.multiplies * lanes.known > 0, means, 1.0)
        size = np.exp((lanes.known * np.log(safe)).sum(axis=0) / lanes.known.sum(axis=0))
        residuals = lanes.known * (lanes.y - means) / safe * size
        total = (residuals**2).sum(axis=0)
    return residuals, np.where(np.isfinite(total), total, np.inf)


def maximised(lanes: Lanes, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Free numbers of the least sum of squares and that sum, lanes, from the first states in `theta`.

    Each lane sets out from a few sets of smoothing parameters and goes on from where it got furthest in a few steps: sums of squares have
    valleys that end at the edge of the region.
    """
    n = theta.shape[1]
    each = np.tile(np.arange(n), len(STARTS))
    from_all = theta[:, each]
    from_all[:SMOOTHING] = np.repeat(_logit(np.array(STARTS)).T, n, axis=1)
    found, least = _descended(lanes.of(each), from_all, FIRST_STEPS)
    best = least.reshape(len(STARTS), n).argmin(axis=0) * n + np.arange(n)
    return _descended(lanes, found[:, best], MOST_STEPS)


def _descended(lanes: Lanes, theta: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """At most so many steps down from `theta`, and the sum of squares there."""
    theta = theta.copy()
    least = squares(lanes, _means(lanes, theta))[1]
    matrix, gradient = _gauss_newton(lanes, theta)
    damping, going = np.full(len(least), 1e-2), np.isfinite(least)
    for _ in range(steps):
        at = np.flatnonzero(going)
        if not len(at):
            break
        trial = theta[:, at] + _move(matrix[at], gradient[at], damping[at])
        trial[:SMOOTHING] = np.clip(trial[:SMOOTHING], -FURTHEST, FURTHEST)
        some = lanes.of(at)
        cost = squares(some, _means(some, trial))[1]
        lower = cost < least[at]
        better = at[lower]
        going[better] = least[better] - cost[lower] > ENOUGH * cost[lower]
        theta[:, better], least[better] = trial[:, lower], cost[lower]
        damping[at] = np.clip(np.where(lower, damping[at] / 5, damping[at] * 5), 1e-9, 1e9)
        going &= damping < 1e7
        moved = better[going[better]]
        if len(moved):
            matrix[moved], gradient[moved] = _gauss_newton(lanes.of(moved), theta[:, moved])
    return theta, least


def _means(lanes: Lanes, theta: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return smooth(lanes, natural(theta, lanes))[0]


def _move(matrix: np.ndarray, gradient: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """The step of Levenberg and Marquardt, numbers x lanes, no number moving by more than 2."""
    diagonal = np.diagonal(matrix, axis1=1, axis2=2)
    more = damping[:, None] * diagonal + 1e-10 * (1 + diagonal.max(axis=1, keepdims=True))
    damped = matrix + np.eye(matrix.shape[1]) * more[:, None, :]
    return np.clip(-np.linalg.solve(damped, gradient[:, :, None])[:, :, 0].T, -2.0, 2.0)


def _gauss_newton(lanes: Lanes, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """J'J (lanes x p x p) and J'r (lanes x p) of the residuals, in pieces that fit into a processor's cache."""
    p, n = theta.shape
    matrix, gradient = np.empty((n, p, p)), np.empty((n, p))
    for first in range(0, n, BLOCK):
        part = slice(first, first + BLOCK)
        with np.errstate(all="ignore"):
            r, jacobian = _jacobian(lanes.of(part), theta[:, part])
        of_lane = np.ascontiguousarray(jacobian.transpose(2, 1, 0))
        matrix[part] = of_lane @ of_lane.transpose(0, 2, 1)
        gradient[part] = (of_lane @ r.T[:, :, None])[:, :, 0]
    return matrix, gradient


def _jacobian(lanes: Lanes, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Residuals, periods x lanes, and their derivatives by the free numbers, periods x numbers x lanes: `smooth` differentiated line by
    line."""
    means, slopes_of = np.empty(lanes.y.shape), np.empty((len(lanes.y), *theta.shape))
    by = natural(theta, lanes)
    d_alpha, d_beta, d_gamma, d_damping, d_level, d_slope, d_places = _derivatives(theta, lanes, by)
    level, slope, places = by.level, by.slope, by.places.copy()
    times, adds = lanes.season == "M", lanes.season == "A"
    for t, (y, known) in enumerate(zip(lanes.y, lanes.known, strict=True)):
        k = t % len(places)
        place, d_place = places[k], d_places[k]
        ahead, d_ahead = level + by.damping * slope, d_level + by.damping * d_slope
        d_ahead[3] += slope * d_damping
        d_drift = by.damping * d_slope
        d_drift[3] += slope * d_damping
        mean, d_mean = ahead, d_ahead
        if times:
            mean, d_mean = ahead * place, place * d_ahead + ahead * d_place
        elif adds:
            mean, d_mean = ahead + place, d_ahead + d_place
        means[t], slopes_of[t] = mean, d_mean
        error, d_error = known * (y - mean), -known * d_mean
        unit, d_unit = (error / place, (d_error - error / place * d_place) / place) if times else (error, d_error)
        level, slope = ahead + by.alpha * unit, by.damping * slope + by.beta * unit
        d_level, d_slope = d_ahead + by.alpha * d_unit, d_drift + by.beta * d_unit
        d_level[0] += unit * d_alpha
        d_slope[:2] += unit * d_beta
        if times or adds:
            ratio, d_ratio = (error / ahead, (d_error - error / ahead * d_ahead) / ahead) if times else (error, d_error)
            places[k] = place + by.gamma * ratio
            d_places[k] = d_place + by.gamma * d_ratio
            d_places[k, :3:2] += ratio * d_gamma
    residuals, _ = squares(lanes, means)
    safe = np.where(lanes.multiplies * lanes.known > 0, means, 1.0)
    count = lanes.known.sum(axis=0)
    size = np.exp((lanes.known * np.log(safe)).sum(axis=0) / count)
    of_mean = np.where(lanes.multiplies > 0, lanes.y / safe**2, 1.0) * lanes.known * size
    d_size = lanes.multiplies * np.einsum("tpb,tb->pb", slopes_of, lanes.known / safe) / count
    return residuals, residuals[:, None, :] * d_size - of_mean[:, None, :] * slopes_of


def _derivatives(theta: np.ndarray, lanes: Lanes, by: Smoothing) -> tuple[np.ndarray, ...]:
    """Derivatives of the parameters by the free numbers: alpha by the first; beta by the first two; gamma by the first and third; damping
    by the fourth; first level, slope and places by all."""
    p, n = theta.shape
    alpha, beta, gamma, _ = at = _logistic(theta[:SMOOTHING])
    by_alpha, by_beta, by_gamma, by_damping = at * (1 - at)
    d_level, d_slope = np.zeros((2, p, n))
    d_level[SMOOTHING], d_slope[SMOOTHING + 1] = 1.0, lanes.trend
    d_places = np.zeros((len(by.places), p, n))
    for k in range(len(by.places) - 1):
        d_places[k, SMOOTHING + STATES + k], d_places[-1, SMOOTHING + STATES + k] = 1.0, -1.0
    return (
        by_alpha,
        lanes.trend * np.stack([by_alpha * beta, alpha * by_beta]),
        np.stack([-by_alpha * gamma, (1 - alpha) * by_gamma]),
        0.18 * lanes.trend * lanes.damped * by_damping,
        d_level,
        d_slope,
        d_places,
    )


def _logit(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p))


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
