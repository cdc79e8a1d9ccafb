"""The exact Gaussian likelihood of many ARMA models at once, in JAX: a Kalman filter over the columns of a block, scanned in time.

A column is one series with one order. The state is Harvey's (1989, 3.3.6): state[0] is the series itself, state[i] what earlier values and
shocks add i periods later. Time runs down the rows of a block, columns stand beside each other, so that one step is a few long loops.
"""

import jax.numpy as jnp
from jax import Array, lax

DOUBLINGS = 22
DIFFUSE = 1e7


def stationary_covariance(phi: Array, noise: Array) -> Array:
    """The covariance of the state before anything is seen, r x r x columns: P = T P T' + R R', by doubling (Anderson & Moore, 1979, 6.7):
    22 doublings sum 4 million terms. phi, noise: r x columns, `noise` = (1, theta)."""
    r = phi.shape[0]
    shift = jnp.eye(r, k=1)[:, :, None]
    transition = jnp.broadcast_to(shift, (r, r, phi.shape[1])).at[:, 0].add(phi)
    covariance = noise[:, None] * noise[None, :]

    def doubled(carry: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], None]:
        step, total = carry
        return (_times(step, step), total + _times(_times(step, total), step.swapaxes(0, 1))), None

    return lax.scan(doubled, (transition, covariance), None, length=DOUBLINGS)[0][1]


def _times(a: Array, b: Array) -> Array:
    """The matrix products of each column: r x r x columns."""
    return jnp.einsum("ijn,jkn->ikn", a, b)


def innovations(phi: Array, theta: Array, blocks: Array, known: Array) -> tuple[Array, Array]:
    """What each period brings that was not expected, and its variance in units of the noise's.

    phi: ar x columns. theta: ma x columns. blocks: T x k x columns, k blocks that are filtered alike (a series and its regressors); known:
    T x columns, where the series is known. Returns v, T x k x columns (0 where not known) and F, T x columns (1 where not known).
    """
    columns = blocks.shape[2]
    r = max(phi.shape[0], theta.shape[0] + 1)
    phi = jnp.concatenate([phi, jnp.zeros((r - phi.shape[0], columns))])
    noise = jnp.concatenate([jnp.ones((1, columns)), theta, jnp.zeros((r - 1 - theta.shape[0], columns))])
    state = jnp.zeros((r, blocks.shape[1], columns))
    zero = jnp.zeros((1, columns))

    def step(carry: tuple[Array, Array], seen: tuple[Array, Array]) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        a, cov = carry
        values, here = seen
        f = cov[0, 0]
        v = jnp.where(here, values - a[0], 0.0)
        below = jnp.concatenate([cov[1:, 0], zero])
        gain = phi * f + below
        a = jnp.concatenate([a[1:], jnp.zeros_like(a[:1])]) + phi[:, None] * a[0] + gain[:, None] * (v / f)
        shifted = jnp.pad(cov[1:, 1:], ((0, 1), (0, 1), (0, 0)))
        # T P T' + R R' less what was learnt, M M' / F with M = gain: phi drops out of the difference where the period is known
        unlearnt = jnp.where(here, 0.0, gain[:, None] * gain[None, :]) / f
        cov = shifted - below[:, None] * below[None, :] / f + noise[:, None] * noise[None, :] + unlearnt
        return (a, cov), (v, jnp.where(here, f, 1.0))

    start = state, stationary_covariance(phi, noise)
    return lax.scan(step, start, (blocks, known))[1]


def predictions(phi: Array, theta: Array, delta: Array, values: Array, known: Array) -> tuple[Array, Array]:
    """What each period was expected to be before it was seen, and the variance of what it turns out to be, in units of the noise's.

    The series itself is filtered, not its differences, so that a gap costs one period alone; what is not known after the end of a series
    is its forecast. delta: lags x columns, see `orders.differencing`. values, known and both results: T x columns. The levels before
    the first period are diffuse (variance 1e7).
    """
    columns, lags = values.shape[1], delta.shape[0]
    r = max(phi.shape[0], theta.shape[0] + 1)
    phi = jnp.concatenate([phi, jnp.zeros((r - phi.shape[0], columns))])
    noise = jnp.concatenate([jnp.ones((1, columns)), theta, jnp.zeros((r - 1 - theta.shape[0] + lags, columns))])
    cov = jnp.zeros((r + lags, r + lags, columns)).at[:r, :r].set(stationary_covariance(phi, noise[:r]))
    cov = cov.at[jnp.arange(r, r + lags), jnp.arange(r, r + lags)].set(DIFFUSE)

    def moved(rows: Array) -> Array:
        """The transition applied to the first axis: the ARMA part, then the newest level, then the older ones."""
        arma = phi.reshape(r, *[1] * (rows.ndim - 2), columns) * rows[0] + jnp.concatenate([rows[1:r], jnp.zeros_like(rows[:1])])
        return jnp.concatenate([arma, seen_of(rows)[None], rows[r:-1]]) if lags else arma

    def seen_of(rows: Array) -> Array:
        """The observation of the first axis: w + sum delta[j] y[t - j]."""
        return rows[0] + (delta.reshape(lags, *[1] * (rows.ndim - 2), columns) * rows[r:]).sum(axis=0)

    def step(carry: tuple[Array, Array], seen: tuple[Array, Array]) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        a, cov = carry
        value, here = seen
        expected, reach = seen_of(a), seen_of(cov)
        f = seen_of(reach)
        weight = jnp.where(here, reach / f, 0.0)
        a = a + weight * jnp.where(here, value - expected, 0.0)
        cov = cov - weight[:, None] * reach[None, :]
        cov = moved(moved(cov).swapaxes(0, 1)) + noise[:, None] * noise[None, :]
        return (moved(a), cov), (expected, f)

    return lax.scan(step, (jnp.zeros((r + lags, columns)), cov), (values, known))[1]
