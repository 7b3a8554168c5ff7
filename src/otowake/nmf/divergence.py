"""The β-divergence and the two halves of its gradient: the only file that branches on β.

For V and its model X = W·H, the derivative of the divergence by X is the positive half minus the
negative half, X^(β−1) − V·X^(β−2); both are non-negative. Every multiplicative rule and every
gradient is built from these halves.

β = 2 is the squared error without the usual ½, as in the lecture manual; β = 1 the I-divergence
Σ V·log(V/X) − V + X (generalised Kullback–Leibler), in nats; β = 0 the Itakura–Saito divergence.

Source: Févotte & Idier, "Algorithms for nonnegative matrix factorization with the β-divergence"
(2011).
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

TINY = 1e-30
"""Keeps quotients and logarithms finite where V and W·H are both 0 (padding frames)."""


def divergence(V: Array, X: Array, beta: float, weights: Array | None = None) -> Array:
    """Compute D(V‖X), the weighted sum over all entries.

    Examples
    --------
    >>> V, X = jnp.array([[1.0, 2.0]]), jnp.array([[1.0, 3.0]])
    >>> float(divergence(V, X, 2.0))
    1.0
    >>> round(float(divergence(V, X, 1.0)), 4)
    0.1891
    """
    values = entries(V, X, beta)
    return (values if weights is None else weights * values).sum(axis=1).sum()


def entries(V: Array, X: Array, beta: float) -> Array:
    """Compute the divergence of each entry, shape of V."""
    if beta == 2:
        return (V - X) ** 2
    ratio = V / (X + TINY)
    if beta == 1:
        return V * jnp.log(ratio + TINY) - V + X
    if beta == 0:
        return jnp.where(X == 0, 0.0, ratio - jnp.log(ratio + TINY) - 1)
    safe = X + TINY
    whole = (V**beta + (beta - 1) * safe**beta - beta * V * safe ** (beta - 1)) / (
        beta * (beta - 1)
    )
    return jnp.where(X == 0, 0.0, whole)


def halves(
    V: Array, X: Array, beta: float, weights: Array | None = None
) -> tuple[Array, Array | None]:
    """Compute the negative and the positive half of the gradient by X, up to a common factor.

    The positive half is None if it is 1 everywhere (β = 1), to avoid a product with ones.
    """
    if weights is not None:
        negative, positive = halves(V, X, beta)
        return weights * negative, weights if positive is None else weights * positive
    if beta == 1:
        return V / (X + TINY), None
    if beta == 2:
        return V, X
    safe = X + TINY
    power = safe ** (beta - 2)
    valid = X > 0
    return jnp.where(valid, V * power, 0.0), jnp.where(valid, power * safe, 0.0)


def gradient_scale(beta: float) -> float:
    """Return the factor that :func:`halves` omits: 2 for the squared error without ½."""
    return 2.0 if beta == 2 else 1.0
