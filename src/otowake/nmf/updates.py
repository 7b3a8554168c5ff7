"""The update of one factor.

Both factors share the halves of the gradient by X and differ in the matrix products. (Updating W as
the H of the transposed problem would be shorter but twice as slow: it copies V in every iteration.)
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from otowake.nmf.divergence import TINY, halves
from otowake.nmf.penalties import Penalty, penalty_halves

FLOOR = 1e-12
"""Smallest value of an entry of W or H after an update; an exact 0 could never grow again."""


def slopes_H(
    V: Array, W: Array, H: Array, beta: float, weights: Array | None = None
) -> tuple[Array, Array]:
    """Compute the negative and the positive half of the divergence's gradient by H.

    Shapes (component, frame); the positive half can be (component, 1).
    """
    negative, positive = halves(V, W @ H, beta, weights)
    # (negativeᵀ·W)ᵀ is five times as fast for a single frame, and equal for many frames.
    return (negative.T @ W).T, W.sum(axis=0)[:, None] if positive is None else (positive.T @ W).T


def slopes_W(
    V: Array, W: Array, H: Array, beta: float, weights: Array | None = None
) -> tuple[Array, Array]:
    """Compute the negative and the positive half of the divergence's gradient by W.

    Shapes (frequency, component); the positive half can be (component,). The halves of several
    blocks of frames add up.
    """
    negative, positive = halves(V, W @ H, beta, weights)
    return negative @ H.T, H.sum(axis=1) if positive is None else positive @ H.T


def with_penalty(
    negative: Array, positive: Array, penalty: Penalty, X: Array, scale: float
) -> tuple[Array, Array]:
    """Add the halves of a penalty on X, divided by the factor `scale` of the divergence."""
    less, more = penalty_halves(penalty, X)
    return negative + less / scale, positive + more / scale


def multiplied(
    factor: Array,
    negative: Array,
    positive: Array,
    power: float,
    held: Array,
    over: Array | float = 0.0,
) -> Array:
    """Apply the multiplicative rule (Lee & Seung, 2001): factor · (negative / positive)^power.

    `over`, from 0 to 1, is the momentum of the extrapolation of `factor`; the step is lengthened by
    up to 3/10 (Salakhutdinov & Roweis, "Adaptive overrelaxed bound optimization methods", 2003).
    Near a minimum, where a plain step shrinks an error by some factor from 0 to 1, steps from an
    extrapolated point converge if they are less than 1 + 1/(1 + 2·over) times as long, which is 4/3
    or more.

    The result is at least :data:`FLOOR`, except that an exact 0 stays 0: gates, combs and padding
    frames rely on it. Entries where `held` is true do not change.
    """
    ratio = negative / (positive + TINY)
    moved = ratio if power == 1 else ratio**power
    if not isinstance(over, float):
        moved = moved * (1 + 0.6 * over * (jnp.sqrt(moved) - 1))
    return kept(factor, factor * moved, held)


def kept(factor: Array, changed: Array, held: Array) -> Array:
    """Bound `changed` below by :data:`FLOOR`; entries that are 0 or `held` keep their value."""
    return jnp.where((factor > 0) & ~held, jnp.maximum(changed, FLOOR), factor)


def swept(X: Array, A: Array, G: Array, l1: Array | float, l2: Array | float, held: Array) -> Array:
    """Run one sweep of hierarchical alternating least squares over the rows of X.

    Minimises ½ Σ‖V − W·X‖² + l1 Σ X + l2/2 Σ X² row by row, given A = Wᵀ·V of shape
    (component, index) and G = Wᵀ·W of shape (component, component) (Cichocki, Zdunek & Amari, 2007;
    Gillis & Glineur, 2012).
    """

    def row(k: Array, X: Array) -> Array:
        target = A[k] - G[k] @ X + G[k, k] * X[k] - l1
        return X.at[k].set(kept(X[k], target / (G[k, k] + l2 + TINY), held[k]))

    return jax.lax.fori_loop(0, X.shape[0], row, X)
