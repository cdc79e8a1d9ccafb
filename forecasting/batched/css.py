"""Conditional sums of squares of many ARMA models at once, with their gradients and Gauss-Newton matrices, in one scan over time."""

import jax
import jax.numpy as jnp
from jax import Array, lax

from forecasting.batched.orders import Shape
from forecasting.batched.polynomials import coefficients


def sums(u: Array, w: Array, known: Array, counted: Array, shape: Shape) -> tuple[Array, Array, Array, Array]:
    """Sums over the periods `known` of squared conditional residuals e[t], columns; half its gradient in `u`, parameters x columns; J'J,
    parameters x parameters x columns; and the sum over the periods `counted` alone. What is not known, and what lies before the first
    period, counts as w = 0 and e = 0 (Box & Jenkins, 1976, 7.1.2). w, known, counted: T x columns.
    """
    columns, k = w.shape[1], shape.parameters
    (phi, theta), (d_phi, d_theta) = _with_derivatives(u, shape)
    values = jnp.where(known, w, 0.0)
    past_w = jnp.zeros((shape.ar, columns))
    past_e = jnp.zeros((shape.ma, 1 + k, columns))
    start: tuple[Array, ...] = past_w, past_e, jnp.zeros((1 + k, 1 + k, columns)), jnp.zeros(columns)
    mix_ar = jnp.concatenate([phi[:, None], d_phi], axis=1)  # ar x (1 + k) x columns

    def step(carry: tuple[Array, ...], seen: tuple[Array, ...]) -> tuple[tuple[Array, ...], None]:
        before_w, before_e, products, over = carry
        value, here, count = seen
        e = -(mix_ar * before_w[:, None]).sum(axis=0) - (theta[:, None] * before_e).sum(axis=0)
        e = e.at[0].add(value)
        e = e.at[1:].add(-(d_theta * before_e[:, :1]).sum(axis=0))
        e = jnp.where(here, e, 0.0)
        products = products + e[:, None] * e[None, :]
        over = over + jnp.where(count, e[0] ** 2, 0.0)
        before_w = jnp.concatenate([value[None], before_w[:-1]]) if shape.ar else before_w
        before_e = jnp.concatenate([e[None], before_e[:-1]]) if shape.ma else before_e
        return (before_w, before_e, products, over), None

    seen: tuple[Array, ...] = (values, known, counted)
    _, _, products, over = lax.scan(step, start, seen)[0]
    return products[0, 0], products[0, 1:], products[1:, 1:], over


def _with_derivatives(u: Array, shape: Shape) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """phi and theta, and their derivatives by each row of `u`: lags x parameters x columns."""
    directions = jnp.broadcast_to(jnp.eye(shape.parameters)[:, :, None], (shape.parameters, *u.shape))
    return jax.vmap(lambda d: jax.jvp(lambda x: coefficients(x, shape), (u,), (d,)), out_axes=(None, 1))(directions)
