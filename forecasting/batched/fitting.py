"""Levenberg-Marquardt over many columns at once: conditional sums of squares to search, the exact likelihood to finish."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from forecasting.batched import COMPILED, css
from forecasting.batched.kalman import innovations, predictions
from forecasting.batched.orders import Shape
from forecasting.batched.polynomials import coefficients

FURTHEST = 12.0  # |u|: a partial autocorrelation of 0.9965
FIRST_DAMPING, SHORTEST = 1e-2, 1e6
SEARCHED, FINISHED = 1e-4, 1e-8  # a share of the sum of squares less than which nothing is gained


class Step(NamedTuple):
    """A sum of squares, columns; half its gradient, parameters x columns; J'J, parameters x parameters x columns; whatever else was found
    there, columns last."""

    total: Array
    gradient: Array
    curvature: Array
    found: tuple[Array, ...]


class _State(NamedTuple):
    u: Array
    here: Step
    tried: Array
    damping: Array
    done: Array
    spent: Array


def minimized(at: Callable[[Array], Step], u: Array, free: Array, most: Array, enough: float) -> tuple[Array, Step]:
    """`u`, parameters x columns, moved to where the sum of squares of each column is least (Marquardt, 1963), and what was found there;
    `free` marks what may move. A step that makes its column worse is not taken and the next one is shorter. A column rests once it gains a
    share less than `enough`; all do after `most` evaluations."""

    def going(state: _State) -> Array:
        return (state.spent < most) & ~state.done.all()

    def step(state: _State) -> _State:
        u, here, tried, damping, done, spent = state
        there = at(tried)
        better = ~done & (there.total < here.total)
        gain = jnp.where(jnp.isinf(here.total), 1.0, (here.total - there.total) / here.total)
        done = done | (better & (gain < enough)) | (~better & (damping > SHORTEST))
        damping = jnp.where(better & jnp.isfinite(here.total), damping / 10, jnp.where(better, damping, damping * 10))
        here = jax.tree.map(lambda new, old: jnp.where(better, new, old), there, here)
        u = jnp.where(better, tried, u)
        tried = jnp.where(done, u, jnp.clip(u - _direction(here, damping, free), -FURTHEST, FURTHEST))
        return _State(u, here, tried, damping, done, spent + 1)

    nothing = jax.tree.map(lambda part: jnp.full(part.shape, jnp.nan, part.dtype), jax.eval_shape(at, u))
    nothing = nothing._replace(total=jnp.full(u.shape[1], jnp.inf, u.dtype))
    damping = jnp.full(u.shape[1], FIRST_DAMPING, u.dtype)
    end = lax.while_loop(going, step, _State(u, nothing, u, damping, jnp.zeros(u.shape[1], dtype=bool), jnp.zeros_like(most)))
    return end.u, end.here


def _direction(here: Step, damping: Array, free: Array) -> Array:
    """The damped Gauss-Newton step of each column, 0 for what is not free."""
    k = len(free)
    both = free[:, None] & free[None, :]
    diagonal = jnp.einsum("kkn->kn", here.curvature)
    ridge = jnp.where(free, damping * diagonal + 1e-12 * here.total, 1.0)
    matrix = jnp.where(both, here.curvature, 0.0) + ridge * jnp.eye(k)[:, :, None]
    solved = jnp.linalg.solve(jnp.moveaxis(matrix, 2, 0), jnp.where(free, here.gradient, 0.0).T[:, :, None])
    return solved[:, :, 0].T


@partial(jax.jit, static_argnames=("shape",), compiler_options=COMPILED)
def searched(u: Array, free: Array, w: Array, known: Array, counted: Array, most: Array, shape: Shape) -> tuple[Array, Array]:
    """`u` of the least conditional sum of squares, and that sum over the periods `counted`, columns."""

    def at(u: Array) -> Step:
        total, gradient, curvature, over = css.sums(u, w, known, counted, shape)
        return Step(total, gradient, curvature, (over,))

    u, there = minimized(at, u, free, most, SEARCHED)
    return u, there.found[0]


class Exact(NamedTuple):
    """Where the exact likelihood ends: u; sigma2, columns: the variance of the noise; beta: regressors x columns; likelihood, columns: the
    log-likelihood of the periods counted, given those before; full: that of all known periods."""

    u: Array
    sigma2: Array
    beta: Array
    likelihood: Array
    full: Array


@partial(jax.jit, static_argnames=("shape",), compiler_options=COMPILED)
def finished(u: Array, free: Array, blocks: Array, known: Array, counted: Array, level: Array, most: Array, shape: Shape) -> Exact:
    """The exact maximum likelihood from `u` on, after at most so many evaluations. blocks: T x (1 + regressors) x columns, the series
    first, then a constant (0 where the order differences: `level` says which columns have it), then other regressors, all differenced
    alike."""
    n = known.sum(axis=0)

    def residuals(u: Array) -> tuple[Array, tuple[Array, ...]]:
        z, logs, _ = _whitened(u, blocks, known, shape)
        y, beta = _concentrated(z)
        return y * jnp.exp(0.5 * logs.sum(axis=0) / n), _likelihood(z, logs, beta, known, counted, level)

    def at(u: Array) -> Step:
        directions = jnp.broadcast_to(jnp.eye(shape.parameters)[:, :, None], (shape.parameters, *u.shape))
        r, jacobian, found = jax.vmap(lambda d: jax.jvp(residuals, (u,), (d,), has_aux=True), out_axes=(None, 0, None))(directions)
        products = jnp.einsum("tn,ktn->kn", r, jacobian), jnp.einsum("ktn,ltn->kln", jacobian, jacobian)
        return Step((r**2).sum(axis=0), *products, found)

    u, there = minimized(at, u, free, most, FINISHED)
    return Exact(u, *there.found)


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


@partial(jax.jit, static_argnames=("shape",), compiler_options=COMPILED)
def expected(u: Array, delta: Array, values: Array, known: Array, shape: Shape) -> tuple[Array, Array]:
    """See `kalman.predictions`."""
    return predictions(*coefficients(u, shape), delta, values, known)
