"""Sums of squares of many ARMA models at once, with their gradients and Gauss-Newton matrices, in one scan over time."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from forecasting.batched.orders import Shape
from forecasting.batched.polynomials import coefficients


def sums(u: Array, w: Array, known: Array, counted: Array, shape: Shape, start: Array | None = None) -> tuple[Array, Array, Array, Array]:
    """Sums over the periods `known` of squared residuals e[t], columns; half its gradient in `u`, parameters x columns; J'J, parameters x
    parameters x columns; and the sum over the periods `counted` alone. w, known, counted: T x columns. start: lags x columns, what values
    and shocks before the first known period add to it and the next ones; without it 0 (conditional residuals; Box & Jenkins, 1976, 7.1.2).
    What is not known counts as w = 0 and e = 0.

    With x = w / theta(B) and y = e / theta(B) the derivative of e[t] by phi[i] is -x[t - i], by theta[j] -y[t - j], so that two filters
    serve all parameters (in gaps nearly so).
    """
    columns = w.shape[1]
    (phi, theta), (d_phi, d_theta) = _with_derivatives(u, shape)
    ar, ma = (np.array(rows, dtype=int) for rows in shape.sides)
    d_phi, d_theta = -d_phi[:, ar], -d_theta[:, ma]
    lags = max(shape.ar, shape.ma, 1)
    added = jnp.zeros((1, columns), w.dtype) if start is None else start

    def step(carry: tuple[Array, ...], seen: tuple[Array, ...]) -> tuple[tuple[Array, ...], None]:
        past, before, products, over = carry  # past: lags x (w, x, e, y) x columns
        value, here, count = seen
        w_now, x, e, y = (value, value, value - before[0], jnp.zeros_like(value))
        for lag in shape.ma_lags:
            x, e, y = (now - theta[lag - 1] * past[lag - 1, at] for at, now in ((1, x), (2, e), (3, y)))
        for lag in shape.ar_lags:
            e = e - phi[lag - 1] * past[lag - 1, 0]
        x, e, y = jnp.where(here, x, 0.0), jnp.where(here, e, 0.0), jnp.where(here, y + e, 0.0)
        by_ar = sum((d_phi[lag - 1] * past[lag - 1, 1] for lag in shape.ar_lags), jnp.zeros((len(ar), columns), w.dtype))
        by_ma = sum((d_theta[lag - 1] * past[lag - 1, 3] for lag in shape.ma_lags), jnp.zeros((len(ma), columns), w.dtype))
        whole = jnp.concatenate([e[None], jnp.where(here, by_ar, 0.0), jnp.where(here, by_ma, 0.0)])
        products = products + whole[:, None] * whole[None, :]
        over = over + jnp.where(count, e**2, 0.0)
        before = jnp.where(here, jnp.concatenate([before[1:], jnp.zeros_like(before[:1])]), before)
        past = jnp.concatenate([jnp.stack([w_now, x, e, y])[None], past[:-1]])
        return (past, before, products, over), None

    k = shape.parameters
    past, products, over = (jnp.zeros((*size, columns), w.dtype) for size in ((lags, 4), (1 + k, 1 + k), ()))
    carry: tuple[Array, ...] = past, added, products, over
    seen: tuple[Array, ...] = jnp.where(known, w, 0.0), known, counted
    _, _, products, over = lax.scan(step, carry, seen)[0]
    back = 1 + np.argsort(np.concatenate([ar, ma]))
    return products[0, 0], products[0, back], products[back][:, back], over


def _with_derivatives(u: Array, shape: Shape) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """phi and theta, and their derivatives by each row of `u`: lags x parameters x columns."""
    directions = jnp.broadcast_to(jnp.eye(shape.parameters, dtype=u.dtype)[:, :, None], (shape.parameters, *u.shape))
    return jax.vmap(lambda d: jax.jvp(lambda x: coefficients(x, shape), (u,), (d,)), out_axes=(None, 1))(directions)
