"""The β-divergence and the two halves of its gradient: the only file that branches on β.

For V and its model X = W·H, the derivative of the divergence by X is (positive half) − (negative half), both
non-negative: X^(β−1) and V·X^(β−2). Every multiplicative rule and every gradient is made from these two.

β = 2 is the squared error without the usual ½, as in the manual; β = 1 the I-divergence
Σ V·log(V/X) − V + X (generalised Kullback–Leibler), in nats; β = 0 Itakura–Saito.

Source: Févotte & Idier, "Algorithms for nonnegative matrix factorization with the β-divergence" (2011).
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

TINY = 1e-30
"""Keeps quotients and logarithms finite where V and W·H are both 0 (frames that only pad)."""


def divergence(V: Array, X: Array, beta: float, weights: Array | None = None) -> Array:
    """D(V‖X), summed over all entries, each times its weight; a scalar.

    Examples
    --------
    >>> V, X = jnp.array([[1.0, 2.0]]), jnp.array([[1.0, 3.0]])
    >>> float(divergence(V, X, 2.0))
    1.0
    >>> round(float(divergence(V, X, 1.0)), 4)
    0.1891
    """
    each = entries(V, X, beta)
    return (each if weights is None else weights * each).sum(axis=1).sum()


def entries(V: Array, X: Array, beta: float) -> Array:
    """The divergence of each entry, of the shape of V."""
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
    """The negative and the positive half of the gradient by X, up to one common factor.

    The positive half is None where it is 1 everywhere (β = 1), so that nobody multiplies by a matrix of ones.
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
    """The factor that :func:`halves` leave out of the gradient: 2 for the squared error without ½."""
    return 2.0 if beta == 2 else 1.0
