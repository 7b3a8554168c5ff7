"""One update of one factor.

The halves of the gradient are found once, for both factors; the two sides differ in how they are multiplied.
(Updating W as "H of the transpose" would be shorter, and twice as slow: V would be copied in every iteration.)
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from otowake.nmf.divergence import TINY, halves
from otowake.nmf.penalties import Penalty, penalty_halves

FLOOR = 1e-12
"""The least that an entry of W or H becomes: an exact 0 could never grow again."""


def slopes_H(
    V: Array, W: Array, H: Array, beta: float, weights: Array | None = None
) -> tuple[Array, Array]:
    """The negative and the positive half of the divergence's gradient by H, shapes (component, frame) or (…, 1)."""
    negative, positive = halves(V, W @ H, beta, weights)
    # As (negativeᵀ·W)ᵀ a single frame takes a fifth of the time, and many frames the same.
    return (negative.T @ W).T, W.sum(axis=0)[:, None] if positive is None else (positive.T @ W).T


def slopes_W(
    V: Array, W: Array, H: Array, beta: float, weights: Array | None = None
) -> tuple[Array, Array]:
    """The same by W, shapes (frequency, component) or (component,). Over blocks of frames they add up."""
    negative, positive = halves(V, W @ H, beta, weights)
    return negative @ H.T, H.sum(axis=1) if positive is None else positive @ H.T


def with_penalty(
    negative: Array, positive: Array, penalty: Penalty, X: Array, scale: float
) -> tuple[Array, Array]:
    """The halves with those of a penalty on X added; `scale` is the factor that the divergence's leave out."""
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
    """The multiplicative rule (Lee & Seung, 2001): factor · (negative half / positive half)^power.

    `over`, from 0 to 1, is the momentum with which `factor` was extrapolated; the step is taken further by up to
    3/10 (Salakhutdinov & Roweis, "Adaptive overrelaxed bound optimization methods", 2003). Near a minimum, where a
    plain step shrinks an error by some factor from 0 to 1, steps from an extrapolated point converge while they
    are less than 1 + 1/(1 + 2·over) times as far, which is 4/3 or more.

    The result is at least :data:`FLOOR` but where the factor is exactly 0: a 0 stays 0, and that is how gates,
    combs and frames that only pad work. Where `held` is true, nothing changes.
    """
    ratio = negative / (positive + TINY)
    moved = ratio if power == 1 else ratio**power
    if not isinstance(over, float):
        moved = moved * (1 + 0.6 * over * (jnp.sqrt(moved) - 1))
    return kept(factor, factor * moved, held)


def kept(factor: Array, changed: Array, held: Array) -> Array:
    """`changed`, at least :data:`FLOOR`, but the old value where it is exactly 0 or `held`."""
    return jnp.where((factor > 0) & ~held, jnp.maximum(changed, FLOOR), factor)


def swept(X: Array, A: Array, G: Array, l1: Array | float, l2: Array | float, held: Array) -> Array:
    """One sweep of hierarchical alternating least squares over the rows of X.

    Minimises ½ Σ‖V − W·X‖² + l1 Σ X + l2/2 Σ X² row by row, given A = Wᵀ·V of shape (component, place) and
    G = Wᵀ·W of shape (component, component) (Cichocki, Zdunek & Amari, 2007; Gillis & Glineur, 2012).
    """

    def row(k: Array, X: Array) -> Array:
        target = A[k] - G[k] @ X + G[k, k] * X[k] - l1
        return X.at[k].set(kept(X[k], target / (G[k, k] + l2 + TINY), held[k]))

    return jax.lax.fori_loop(0, X.shape[0], row, X)
