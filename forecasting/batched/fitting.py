"""Levenberg-Marquardt over many columns at once: conditional sums of squares to search, the exact likelihood to finish."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from forecasting.batched import css
from forecasting.batched.kalman import innovations, predictions
from forecasting.batched.orders import Shape
from forecasting.batched.polynomials import coefficients

FURTHEST = 12.0  # |u|: a partial autocorrelation of 0.9965
FIRST_DAMPING = 1e-2
CONVERGED = 1e-7


class Step(NamedTuple):
    """A sum of squares, columns; half its gradient, parameters x columns; J'J, parameters x parameters x columns."""

    total: Array
    gradient: Array
    curvature: Array


def minimized(at: Callable[[Array], Step], u: Array, free: Array, most: int) -> Array:
    """`u`, parameters x columns, moved to where the sum of squares of each column is least (Marquardt, 1963); `free` marks what may move.
    A step that makes its column worse is not taken and the next one is shorter. Ends after `most` steps, or when no column gains."""

    def going(state: tuple[Array, Step, Array, Array, Array]) -> Array:
        return (state[3] < most) & (state[4] > CONVERGED).any()

    def step(state: tuple[Array, Step, Array, Array, Array]) -> tuple[Array, Step, Array, Array, Array]:
        u, here, damping, count, _ = state
        tried = jnp.clip(u - _direction(here, damping, free), -FURTHEST, FURTHEST)
        there = at(tried)
        better = there.total < here.total
        gain = jnp.where(better, (here.total - there.total) / here.total, jnp.where(damping > 1e6, 0.0, 1.0))
        damping = jnp.where(better, damping / 10, damping * 10)
        best = Step(*(jnp.where(better, new, old) for new, old in zip(there, here, strict=True)))
        return jnp.where(better, tried, u), best, damping, count + 1, gain

    start = u, at(u), jnp.full(u.shape[1], FIRST_DAMPING), jnp.array(0), jnp.ones(u.shape[1])
    return lax.while_loop(going, step, start)[0]


def _direction(here: Step, damping: Array, free: Array) -> Array:
    """The damped Gauss-Newton step of each column, 0 for what is not free."""
    k = len(free)
    both = free[:, None] & free[None, :]
    diagonal = jnp.einsum("kkn->kn", here.curvature)
    ridge = jnp.where(free, damping * diagonal + 1e-12 * here.total, 1.0)
    matrix = jnp.where(both, here.curvature, 0.0) + ridge * jnp.eye(k)[:, :, None]
    solved = jnp.linalg.solve(jnp.moveaxis(matrix, 2, 0), jnp.where(free, here.gradient, 0.0).T[:, :, None])
    return solved[:, :, 0].T


@partial(jax.jit, static_argnames=("shape", "most"))
def searched(u: Array, free: Array, w: Array, known: Array, counted: Array, shape: Shape, most: int) -> tuple[Array, Array]:
    """`u` of the least conditional sum of squares, and that sum over the periods `counted`, columns."""

    def at(u: Array) -> Step:
        return Step(*css.sums(u, w, known, counted, shape)[:3])

    found = minimized(at, u, free, most)
    return found, css.sums(found, w, known, counted, shape)[3]


class Exact(NamedTuple):
    """Where the exact likelihood ends: u; sigma2, columns: the variance of the noise; beta: regressors x columns; likelihood, columns: the
    log-likelihood of the periods counted, given those before; full: that of all known periods."""

    u: Array
    sigma2: Array
    beta: Array
    likelihood: Array
    full: Array


@partial(jax.jit, static_argnames=("shape", "most"))
def finished(u: Array, free: Array, blocks: Array, known: Array, counted: Array, level: Array, shape: Shape, most: int) -> Exact:
    """The exact maximum likelihood from `u` on. blocks: T x (1 + regressors) x columns, the series first, then a constant (0 where the
    order differences: `level` says which columns have it), then other regressors, all differenced alike."""
    n = known.sum(axis=0)

    def residuals(u: Array) -> Array:
        z, logs, _ = _whitened(u, blocks, known, shape)
        return _concentrated(z)[0] * jnp.exp(0.5 * logs.sum(axis=0) / n)

    def at(u: Array) -> Step:
        directions = jnp.broadcast_to(jnp.eye(shape.parameters)[:, :, None], (shape.parameters, *u.shape))
        r, jacobian = jax.vmap(lambda d: jax.jvp(residuals, (u,), (d,)), out_axes=(None, 0))(directions)
        return Step((r**2).sum(axis=0), jnp.einsum("tn,ktn->kn", r, jacobian), jnp.einsum("ktn,ltn->kln", jacobian, jacobian))

    found = minimized(at, u, free, most) if shape.parameters and most else u
    z, logs, _ = _whitened(found, blocks, known, shape)
    _, beta = _concentrated(z)
    return Exact(found, *_likelihood(z, logs, beta, known, counted, level))


def _whitened(u: Array, blocks: Array, known: Array, shape: Shape) -> tuple[Array, Array, Array]:
    """Innovations over their standard deviation, T x (1 + regressors) x columns, and log F, T x columns."""
    phi, theta = coefficients(u, shape)
    v, f = innovations(phi, theta, blocks, known)
    return v / jnp.sqrt(f)[:, None], jnp.log(f), f


def _concentrated(z: Array) -> tuple[Array, Array]:
    """Residuals of the series on its regressors, T x columns, and the coefficients (generalized least squares by whitened columns)."""
    y, x = z[:, 0], z[:, 1:]
    gram = jnp.einsum("tkn,tln->nkl", x, x)
    size = jnp.trace(gram, axis1=1, axis2=2)[:, None, None]
    gram = gram + (1e-10 * size + 1e-10) * jnp.eye(x.shape[1])
    beta = jnp.linalg.solve(gram, jnp.einsum("tkn,tn->nk", x, y)[:, :, None])[:, :, 0].T
    return y - (x * beta).sum(axis=1), beta


def _likelihood(z: Array, logs: Array, beta: Array, known: Array, counted: Array, level: Array) -> tuple[Array, Array, Array, Array]:
    """sigma2, beta, and the log-likelihood of the periods counted and of all. The constant is diffuse: each period is told from those
    before it alone (recursive residuals; Brown, Durbin & Evans, 1975), so that orders with and without differencing compare."""
    y, c = z[:, 0] - (z[:, 2:] * beta[1:]).sum(axis=1), z[:, 1]
    weight, moment = jnp.cumsum(c**2, axis=0) - c**2, jnp.cumsum(c * y, axis=0) - c * y
    told = ~level | (weight > 0)
    safe = jnp.where(weight > 0, weight, 1.0)
    v = jnp.where(level, y - c * moment / safe, y)
    f = jnp.where(level, 1 + c**2 / safe, 1.0)
    squares, used = v**2 / f, known & told
    sigma2 = jnp.where(used, squares, 0.0).sum(axis=0) / jnp.maximum(used.sum(axis=0), 1)
    each = -0.5 * (jnp.log(2 * jnp.pi * sigma2 * f) + logs + squares / sigma2)
    return sigma2, beta, jnp.where(used & counted, each, 0.0).sum(axis=0), jnp.where(used, each, 0.0).sum(axis=0)


@partial(jax.jit, static_argnames=("shape",))
def expected(u: Array, delta: Array, values: Array, known: Array, shape: Shape) -> tuple[Array, Array]:
    """See `kalman.predictions`."""
    return predictions(*coefficients(u, shape), delta, values, known)
