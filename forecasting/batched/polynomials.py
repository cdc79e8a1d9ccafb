"""Lag polynomials of many ARIMA models at once, in JAX: from unconstrained numbers to stationary and invertible coefficients.

A column is one series with one order. Four groups of numbers stand one below the other: p_max AR, q_max MA, one seasonal AR, one seasonal
MA; those that a column's order does not have are masked, so that all orders go through one compiled kernel.
"""

import jax.numpy as jnp
from jax import Array

from forecasting.batched.orders import Shape


def stationary(u: Array) -> Array:
    """Coefficients of a stationary AR, rows x columns, of unconstrained `u`: partial autocorrelations u / sqrt(1 + u^2) through the
    Durbin-Levinson recursion (Monahan, 1984). A masked row must be 0: it stays 0 where it is the last."""
    partial = u / jnp.sqrt(1 + u**2)
    found: list[Array] = []
    for k in range(u.shape[0]):
        own = partial[k]
        found = [found[i] - own * found[k - 1 - i] for i in range(k)] + [own]
    return jnp.stack(found) if found else u


def coefficients(u: Array, shape: Shape) -> tuple[Array, Array]:
    """`phi`, ar x columns, and `theta`, ma x columns, of w[t] = sum phi[i] w[t - i] + e[t] + sum theta[j] e[t - j], seasonal and plain
    parts multiplied out."""
    p, q, P = shape.p, shape.q, shape.P  # noqa: N806
    plain_ar, plain_ma = stationary(u[:p]), -stationary(u[p : p + q])
    seasonal_ar, seasonal_ma = stationary(u[p + q : p + q + P]), -stationary(u[p + q + P :])
    return -_product(-plain_ar, -seasonal_ar, shape.season), _product(plain_ma, seasonal_ma, shape.season)


def _product(plain: Array, seasonal: Array, season: int) -> Array:
    """Coefficients past the leading 1 of (1 + sum plain[i] B^i)(1 + sum seasonal[j] B^(season j))."""
    columns = plain.shape[1:]
    one = jnp.ones((1, *columns), plain.dtype)
    factor = jnp.concatenate([one, plain])
    if not seasonal.shape[0]:
        return plain
    whole = jnp.zeros((len(factor) + season * len(seasonal), *columns), plain.dtype).at[: len(factor)].set(factor)
    for j in range(len(seasonal)):
        at = season * (j + 1)
        whole = whole.at[at : at + len(factor)].add(factor * seasonal[j])
    return whole[1:]
