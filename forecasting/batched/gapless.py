"""The exact Gaussian likelihood of ARMA models of series without gaps, in JAX, without a Kalman filter.

Residuals started from nothing are e = e* + Z a, where a is what values and shocks before the first period add to it and the next ones
(Harvey's state, 1989, 3.3.6, without the first shock) and column i of Z is the response 1 / theta(B), begun i periods late. With
a ~ N(0, P) they have the covariance I + Z P Z', so that a few sums over time give all that the likelihood needs (Ljung & Box,
Biometrika 66, 1979).
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from forecasting.batched import COMPILED, css
from forecasting.batched.fitting import FINISHED, Step, minimized
from forecasting.batched.orders import Shape
from forecasting.batched.polynomials import coefficients


class Sums(NamedTuple):
    """Over the periods known, columns last: what blocks' residuals have in common (E'E), with the responses (Z'E), and these (Z'Z)."""

    ee: Array
    ze: Array
    zz: Array


class Found(NamedTuple):
    """Where the likelihood is greatest: u, parameters x columns; beta, regressors x columns; gram, blocks x blocks x columns, what they
    have in common once whitened: E' (I + Z P Z')^-1 E; logs, columns: log |I + Z P Z'|."""

    u: Array
    beta: Array
    gram: Array
    logs: Array


@partial(jax.jit, static_argnames=("shape",), compiler_options=COMPILED)
def finished(u: Array, free: Array, blocks: Array, known: Array, most: Array, shape: Shape) -> Found:
    """As `fitting.finished`; every column is known from some period to its last known one."""
    n = known.sum(axis=0)
    directions = jnp.broadcast_to(jnp.eye(shape.parameters)[:, :, None], (shape.parameters, *u.shape))

    def at(u: Array) -> Step:
        (phi, theta), p, p_moved = _with_covariance(u, directions, shape)
        both = sums(phi, theta, blocks, known, shape)
        gram, logs, shrunk, inverse = _whitened(both, p)
        beta = _regression(gram)
        mix = jnp.concatenate([jnp.ones_like(beta[:1]), -beta])
        total = jnp.einsum("kn,kln,ln->n", mix, gram, mix)
        start = jnp.einsum("rkn,kn->rn", shrunk, mix)
        w, before = (blocks * mix).sum(axis=1), jnp.einsum("rsn,sn->rn", p, start)
        _, gradient, curvature, _ = css.sums(u, w, known, known, shape, before)
        # what remains of the gradient where residuals, regression and what was before stay as they are
        spread = jnp.einsum("nrs,dstn,trn->dn", inverse, _responses_moved(u, directions, known, shape), p)
        spread += jnp.einsum("nrs,stn,dtrn->dn", inverse, both.zz, p_moved)
        gradient += 0.5 * (total / n * spread - jnp.einsum("rn,drsn,sn->dn", start, p_moved, start))
        factor = jnp.exp(logs / n)
        return Step(total * factor, gradient * factor, curvature * factor, (beta, gram, logs))

    u, there = minimized(at, u, free, most, FINISHED)
    return Found(u, *there.found)


def likelihood(found: Found, n: np.ndarray, early: Found, before: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, ...]:
    """As the last three of `fitting.Exact`: sigma2; the log-likelihood given the first periods, `before` of n, of which `early` tells at
    the same parameters; that of all. The constant is diffuse: of a level the first period says nothing, so that orders with and without
    differencing compare (Harvey & Phillips, Biometrika 66, 1979)."""
    beta = np.asarray(found.beta)
    mix = np.concatenate([np.ones_like(beta[:1]), np.zeros_like(beta[:1]), -beta[1:]])

    def parts(found: Found, n: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        gram = np.asarray(found.gram)
        yy, yc, cc = np.einsum("kn,kln,ln->n", mix, gram, mix), np.einsum("kn,kn->n", gram[1], mix), gram[1, 1]
        seen = level & (n > 0)
        safe = np.where(seen, cc, 1.0)
        return yy - np.where(seen, yc**2 / safe, 0.0), n - seen, np.asarray(found.logs) + np.log(safe)

    squares, free, logs = parts(found, n)
    sigma2 = squares / np.maximum(free, 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # where nothing varies
        of_all, of_early = (
            -0.5 * (free * np.log(2 * np.pi * sigma2) + logs + squares / sigma2)
            for squares, free, logs in ((squares, free, logs), parts(early, before))
        )
    return sigma2, of_all - np.where(before > 0, of_early, 0.0), of_all


def _with_covariance(u: Array, directions: Array, shape: Shape) -> tuple[tuple[Array, Array], Array, Array]:
    """phi and theta; P; and how P moves in each of the directions."""

    def at(u: Array) -> tuple[Array, tuple[Array, Array]]:
        both = coefficients(u, shape)
        return start_covariance(*both), both

    p, moved, both = jax.vmap(lambda d: jax.jvp(at, (u,), (d,), has_aux=True), out_axes=(None, 0, None))(directions)
    return both, p, moved


def sums(phi: Array, theta: Array, blocks: Array, known: Array, shape: Shape) -> Sums:
    """Of `blocks`, T x k x columns, 0 where not known."""
    shifted = jnp.pad(blocks, ((shape.ar, 0), (0, 0), (0, 0)))
    moved = blocks - sum((phi[lag - 1] * shifted[shape.ar - lag : -lag] for lag in shape.ar_lags), jnp.zeros_like(blocks))
    k, columns, r = blocks.shape[1], blocks.shape[2], _states(shape)

    def step(carry: tuple[Array, ...], seen: tuple[Array, ...]) -> tuple[tuple[Array, ...], None]:
        past, ee, ze, first = carry  # past: lags x (blocks, response) x columns
        value, here = seen
        now = _filtered(past, theta, value, here, shape)
        recent = jnp.concatenate([now[None], past[:-1]])
        e, h = now[:k], recent[:, k]
        past = jnp.where(here, recent, past)
        return (past, ee + e[:, None] * e[None, :], ze + h[:, None] * e[None, :], first + h * now[k]), None

    begins = (known & ~jnp.pad(known, ((1, 0), (0, 0)))[:-1]).astype(blocks.dtype)
    inputs = jnp.concatenate([moved, begins[:, None]], axis=1), known
    nothing = tuple(jnp.zeros((*size, columns)) for size in ((r, k + 1), (k, k), (r, k), (r,)))
    past, ee, ze, first = lax.scan(step, nothing, inputs)[0]
    return Sums(ee, ze, _toeplitz(first, past[:, k]))


def _filtered(past: Array, theta: Array, value: Array, here: Array, shape: Shape) -> Array:
    """`value` / theta(B), 0 where not `here`; `past`: what came before, newest first."""
    return jnp.where(here, value - sum((theta[lag - 1] * past[lag - 1] for lag in shape.ma_lags), jnp.zeros_like(value)), 0.0)


def _responses_moved(u: Array, directions: Array, known: Array, shape: Shape) -> Array:
    """How Z'Z moves with each row of `u`, parameters x lags x lags x columns; with AR rows it does not."""
    ma = np.array(shape.sides[1], dtype=int)
    r = _states(shape)
    nothing = jnp.zeros((shape.parameters, r, r, u.shape[1]))
    if not len(ma):
        return nothing
    empty = jnp.zeros((len(known), 0, u.shape[1]))

    def responses(u: Array) -> Array:
        phi, theta = coefficients(u, shape)
        return sums(phi, theta, empty, known, shape).zz

    return nothing.at[ma].set(jax.vmap(lambda d: jax.jvp(responses, (u,), (d,))[1])(directions[ma]))


def _toeplitz(first: Array, tail: Array) -> Array:
    """Z'Z, r x r x columns: responses begun i and j periods late have in common what those begun 0 and |i - j| late have, less what falls
    past the end. tail: the last values of the response, newest first."""
    r = len(first)
    apart = np.abs(np.subtract.outer(np.arange(r), np.arange(r)))
    products = tail[:, None] * tail[None, :]
    past = sum(
        (jnp.pad(products[: r - late, : r - late], ((late, 0), (late, 0), (0, 0))) for late in range(1, r)), jnp.zeros_like(products)
    )
    return first[apart] - past


def start_covariance(phi: Array, theta: Array) -> Array:
    """P, r x r x columns: a[i] is the sum over k > i of phi[k] w[i - k] + theta[k] e[i - k]. Autocovariances of w by the Yule-Walker
    equations of an ARMA (Brockwell & Davis, 1991, 3.3.8)."""
    r = max(len(phi), len(theta), 1)
    phi, theta = (jnp.pad(part, ((0, r - len(part)), (0, 0))).T for part in (phi, theta))  # columns x r
    at = np.arange(r + 1)
    back = (at[:, None, None] - at[None, 1:, None] == at).astype(float)  # value k, lag i: k - i
    either = (np.abs(at[:, None, None] - at[None, 1:, None]) == at).astype(float)
    one = jnp.ones((len(phi), 1))
    shocks = jnp.concatenate([one, theta], axis=1)
    psi = _solved(jnp.eye(r + 1) - jnp.einsum("ni,kim->nkm", phi, back), shocks)
    ahead = (at[None, :, None] - at[:, None, None] == at).astype(float)  # value k, shock j: j - k
    gamma = _solved(jnp.eye(r + 1) - jnp.einsum("ni,kim->nkm", phi, either), jnp.einsum("nj,kjm,nm->nk", shocks, ahead, psi))
    place = np.add.outer(at[:r], at[:r])
    hankel = [jnp.pad(part, ((0, 0), (0, r)))[:, place] for part in (phi, theta)]
    apart = np.subtract.outer(at[:r], at[:r])
    values = hankel[0] @ gamma[:, np.abs(apart)] @ hankel[0].swapaxes(1, 2)
    cross = hankel[0] @ jnp.where(apart <= 0, psi[:, np.maximum(-apart, 0)], 0.0) @ hankel[1].swapaxes(1, 2)
    return jnp.moveaxis(values + cross + cross.swapaxes(1, 2) + hankel[1] @ hankel[1].swapaxes(1, 2), 0, 2)


def _whitened(both: Sums, p: Array) -> tuple[Array, Array, Array, Array]:
    """gram and logs as in `Found`; A^-1 Z'E, r x k x columns, and A^-1, columns x r x r, of A = I + Z'Z P."""
    r = len(p)
    factored = jax.scipy.linalg.lu_factor(jnp.eye(r) + jnp.einsum("rsn,stn->nrt", both.zz, p))
    inverse = jax.scipy.linalg.lu_solve(factored, jnp.broadcast_to(jnp.eye(r), (p.shape[2], r, r)))
    shrunk = jnp.einsum("nrs,skn->rkn", inverse, both.ze)
    explained = jnp.einsum("rkn,rsn,sln->kln", both.ze, p, shrunk)
    return both.ee - explained, jnp.log(jnp.abs(jnp.einsum("nrr->nr", factored[0]))).sum(axis=1), shrunk, inverse


def _regression(gram: Array) -> Array:
    """The coefficients of the blocks past the first, generalized least squares, regressors x columns."""
    rows = jnp.moveaxis(gram, 2, 0)
    size = jnp.trace(rows[:, 1:, 1:], axis1=1, axis2=2)[:, None, None]
    ridge = (1e-10 * size + 1e-10) * jnp.eye(len(gram) - 1)
    return _solved(rows[:, 1:, 1:] + ridge, rows[:, 1:, 0]).T


def _solved(matrix: Array, vector: Array) -> Array:
    return jnp.linalg.solve(matrix, vector[:, :, None])[:, :, 0]


def _states(shape: Shape) -> int:
    return max(shape.ar, shape.ma, 1)
