"""Exponential smoothing of many series and forms at once: the recursion, its least squares, and the way there, in loops over time.

Columns are pairs of a series and a form (see `models.smoothing_fit.Pairs`). Time goes in cycles of `m` periods, the season's length, so
that every place of the season has a row of its own; without a season a cycle is only a piece of time. Derivatives are carried forwards
through the recursion: as many numbers as are estimated go beside each state. How many cycles, starts and steps there are is data, so one
compiled kernel serves every length of history.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from forecasting.batched import COMPILED

FIRST_DAMPING, MOST_DAMPING = 1e-2, 1e7
GAINED = 2e-6
SMOOTHING, STATES = 4, 2


class Columns(NamedTuple):
    """y: cycles x m x columns; known: mask of the same shape; 1.0 or 0.0 a column: multiplies (the error), trend, damped, times (the season
    multiplies), adds (it adds)."""

    y: Any
    known: Any
    multiplies: Any
    trend: Any
    damped: Any
    times: Any
    adds: Any


class States(NamedTuple):
    """level, slope: columns; places: m x columns, the season's."""

    level: Array
    slope: Array
    places: Array


class Squares(NamedTuple):
    """A sum of squares, columns, infinite where a mean has no sense; half its gradient, numbers x columns; J'J, numbers x numbers x
    columns."""

    total: Array
    gradient: Array
    curvature: Array


def natural(x: Array, flags: Columns, m: int) -> tuple[tuple[Array, Array, Array, Array], States]:
    """alpha, beta, gamma and damping (0 without a trend), columns each, and the first states that the numbers `x` stand for: alpha, beta /
    alpha, gamma / (1 - alpha), damping, level, slope, and with a season its places but the last. These have mean 0 where the season adds,
    1 where it multiplies."""
    free = x[SMOOTHING + STATES :]
    last = m * flags.times - free.sum(axis=0)
    places = jnp.concatenate([free, last[None]]) if len(free) else jnp.zeros((m, x.shape[1]))
    alpha, beta, gamma, damping = x[:SMOOTHING]
    by = alpha, flags.trend * alpha * beta, (1 - alpha) * gamma, flags.trend * (1 - flags.damped * (1 - damping))
    return by, States(x[SMOOTHING], flags.trend * x[SMOOTHING + 1], places)


@partial(jax.jit, compiler_options=COMPILED)
def smoothed(x: Array, columns: Columns, cycles: Array) -> tuple[tuple[Array, Array, Array, Array], States, tuple[Array, ...]]:
    """What `natural` says, and the `paths`."""
    return *natural(x, columns, columns.y.shape[1]), paths(x, columns, cycles)


def paths(x: Array, columns: Columns, cycles: Array) -> tuple[Array, Array, Array, Array]:
    """Means of one step, and level, slope and the season's place after each period, (cycles x m) x columns each; nothing past `cycles`."""
    by, start = natural(x, columns, columns.y.shape[1])

    def cycle(at: Array, carry: tuple[States, tuple[Array, ...]]) -> tuple[States, tuple[Array, ...]]:
        def period(now: tuple[Array, Array], seen: tuple[Array, ...]) -> tuple[tuple[Array, Array], tuple[Array, ...]]:
            level, slope, place, mean = _period(*now, seen[2], by, seen[0], seen[1], columns)
            return (level, slope), (mean, level, slope, place)

        states, found = carry
        now, written = lax.scan(period, states[:2], (columns.y[at], columns.known[at], states.places))
        found = tuple(lax.dynamic_update_index_in_dim(whole, part, at, 0) for whole, part in zip(found, written, strict=True))
        return States(*now, written[3]), found

    empty = tuple(jnp.full(columns.y.shape, jnp.nan) for _ in range(4))
    found = lax.fori_loop(0, cycles, cycle, (start, empty))[1]
    mean, level, slope, place = (block.reshape(-1, block.shape[-1]) for block in found)
    return mean, level, slope, place


def _period(
    level: Array, slope: Array, place: Array, by: tuple[Array, ...], y: Array, known: Array, flags: Columns
) -> tuple[Array, Array, Array, Array]:
    """Level, slope and place after a period, and what was expected of it (Hyndman et al., 2008, tables 2.2 and 2.3, written in the error
    y - mean, in which both kinds of error move alike). From a period not known nothing is learnt."""
    alpha, beta, gamma, damping = by
    ahead = level + damping * slope
    factor = jnp.where(flags.times > 0, place, 1.0)
    mean = ahead * factor + flags.adds * place
    error = jnp.where(known, y - mean, 0.0)
    unit = error / factor
    moved = place + gamma * error / jnp.where(flags.times > 0, ahead, 1.0)
    return ahead + alpha * unit, damping * slope + beta * unit, moved, mean


def squares(x: Array, columns: Columns, cycles: Array) -> Squares:
    """The sum of squares whose least has the likelihood's maximum, with what a step of Gauss and Newton's takes.

    Residuals are errors; where the error multiplies, relative errors times the geometric mean of the means: n log of either sum is -2 log L
    but for a constant (Hyndman et al., 2008, eq. 5.3).
    """
    (p, width), m = x.shape, columns.y.shape[1]
    directions = jnp.broadcast_to(jnp.eye(p)[:, :, None], (p, p, width))
    (by, start), (d_by, d_start) = _pushed(lambda x: natural(x, columns, m), (x,), (directions,))
    d_start = States(d_start.level, d_start.slope, jnp.moveaxis(d_start.places, 1, 0))

    def cycle(at: Array, carry: Any) -> Any:
        (states, d_states), (products, logs, d_logs) = carry
        y, known = columns.y[at], columns.known[at]

        def period(carry: Any, seen: Any) -> Any:
            (level, slope), (d_level, d_slope) = carry
            y, known, place, d_place = seen

            def moved(level: Array, slope: Array, place: Array, by: Any) -> Any:
                return _period(level, slope, place, by, y, known, columns)

            now, d_now = _pushed(moved, (level, slope, place, by), (d_level, d_slope, d_place, d_by))
            return (now[:2], d_now[:2]), (*now[2:], *d_now[2:])

        began = (states.level, states.slope), (d_states.level, d_states.slope)
        (now, d_now), (places, mean, d_places, d_mean) = lax.scan(period, began, (y, known, states.places, d_states.places))
        relative = (columns.multiplies > 0) & known
        safe = jnp.where(relative, mean, 1.0)
        residual = jnp.where(known, (y - mean) / safe, 0.0)
        slope = jnp.where(known, jnp.where(relative, y / safe**2, 1.0), 0.0)
        rows = jnp.concatenate([residual[:, None], -slope[:, None] * d_mean], axis=1)
        for row in rows:
            products = products + row[:, None] * row[None, :]
        logs = logs + jnp.log(safe).sum(axis=0)
        d_logs = d_logs + jnp.where(relative[:, None], d_mean / safe[:, None], 0.0).sum(axis=0)
        return (States(now[0], now[1], places), States(d_now[0], d_now[1], d_places)), (products, logs, d_logs)

    none = jnp.zeros((1 + p, 1 + p, width)), jnp.zeros(width), jnp.zeros((p, width))
    products, logs, d_logs = lax.fori_loop(0, cycles, cycle, ((start, d_start), none))[1]
    count = columns.known.sum(axis=(0, 1))
    size, by_size = jnp.exp(2 * logs / count), d_logs / count
    total, crossed = products[0, 0], products[0, 1:]
    mixed = crossed[:, None] * by_size[None] + by_size[:, None] * crossed[None]
    curvature = products[1:, 1:] + mixed + total * by_size[:, None] * by_size[None]
    safe_total = jnp.where(jnp.isfinite(size * total), size * total, jnp.inf)
    return Squares(safe_total, size * (crossed + total * by_size), size * curvature)


def _pushed(function: Callable[..., Any], at: tuple[Any, ...], moved: tuple[Any, ...]) -> Any:
    """`function` at a point, and its derivatives along each of `moved`, whose first axis counts directions."""
    return jax.vmap(lambda along: jax.jvp(function, at, along), out_axes=(None, 0))(moved)


@partial(jax.jit, compiler_options=COMPILED)
def descended(
    x: Array, free: Array, low: Array, high: Array, columns: Columns, cycles: Array, starts: Array, steps: Array
) -> tuple[Array, Array, Array]:
    """The numbers of the least sum of squares, numbers x columns, that sum, and whether more steps would still lower it, columns each.

    Each column sets out from that of the first `starts` points of `x` (points x numbers x columns) which has the least sum, and goes at
    most so many steps of Levenberg and Marquardt's (Nocedal & Wright, Numerical Optimization, 2nd ed., 10.3) within `low` and `high`: a
    number at the edge that is drawn out of the region stays there for this step (a projected step, 16.7). `free` marks what a column's form
    has.
    """

    def better(i: Array, best: tuple[Array, Array]) -> tuple[Array, Array]:
        total = _total(x[i], columns, cycles)
        lower = total < best[1]
        return jnp.where(lower, x[i], best[0]), jnp.where(lower, total, best[1])

    width = x.shape[2]
    x0, _ = lax.fori_loop(0, starts, better, (x[0], jnp.full(width, jnp.inf)))

    def unfinished(state: Any) -> Array:
        return (state[3] < steps) & state[4].any()

    def step(state: Any) -> Any:
        at, here, damping, count, going = state
        inside = free & ~((at <= low) & (here.gradient > 0)) & ~((at >= high) & (here.gradient < 0))
        tried = jnp.clip(at - _direction(here, damping, inside), low, high)
        there = squares(tried, columns, cycles)
        lower = there.total < here.total
        gained = lower & (here.total - there.total > GAINED * there.total)
        damping = jnp.where(lower, damping / 5, damping * 5)
        going = jnp.where(lower, gained, damping < MOST_DAMPING)
        best = Squares(*(jnp.where(lower, new, old) for new, old in zip(there, here, strict=True)))
        return jnp.where(lower, tried, at), best, jnp.clip(damping, 1e-9, 1e9), count + 1, going

    first = squares(x0, columns, cycles)
    state = x0, first, jnp.full(width, FIRST_DAMPING), jnp.array(0), jnp.isfinite(first.total)
    found, best, _, _, going = lax.while_loop(unfinished, step, state)
    return found, best.total, going


def _total(x: Array, columns: Columns, cycles: Array) -> Array:
    """The sum of squares alone."""
    mean = paths(x, columns, cycles)[0].reshape(columns.y.shape)
    safe = jnp.where((columns.multiplies > 0) & columns.known, mean, 1.0)
    total = jnp.where(columns.known, ((columns.y - mean) / safe) ** 2, 0.0).sum(axis=(0, 1))
    whole = total * jnp.exp(2 * jnp.log(safe).sum(axis=(0, 1)) / columns.known.sum(axis=(0, 1)))
    return jnp.where(jnp.isfinite(whole), whole, jnp.inf)


def _direction(here: Squares, damping: Array, free: Array) -> Array:
    """The damped step of each column, 0 for what is not free."""
    diagonal = jnp.einsum("kkn->kn", here.curvature)
    ridge = damping * diagonal + 1e-10 * (1 + diagonal.max(axis=0))
    matrix = jnp.where(free[:, None] & free[None, :], here.curvature, 0.0) + jnp.where(free, ridge, 1.0) * jnp.eye(len(free))[:, :, None]
    solved = jnp.linalg.solve(jnp.moveaxis(matrix, 2, 0), jnp.where(free, here.gradient, 0.0).T[:, :, None])
    return solved[:, :, 0].T
