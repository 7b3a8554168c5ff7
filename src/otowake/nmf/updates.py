"""One update of one factor, by the multiplicative rule (Lee & Seung, 2001; Févotte & Idier, 2011).

The rule is written once, in :func:`multiplied`; the two updates differ in the side from which the halves of the
gradient are multiplied. (Updating W as "H of the transpose" would be shorter, and twice as slow: V would be
copied in every iteration.)
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from otowake.nmf.divergence import TINY, exponent, halves

FLOOR = 1e-12
"""The least that an entry of W or H becomes: an exact 0 could never grow again."""


def update_H(V: Array, W: Array, H: Array, beta: float) -> Array:
    """H after one update; V (frequency, frame), W (frequency, component), H (component, frame)."""
    negative, positive = halves(V, W @ H, beta)
    denominator = W.sum(axis=0)[:, None] if positive is None else W.T @ positive
    return multiplied(H, W.T @ negative, denominator, beta)


def update_W(V: Array, W: Array, H: Array, beta: float) -> Array:
    """W after one update."""
    negative, positive = halves(V, W @ H, beta)
    denominator = H.sum(axis=1) if positive is None else positive @ H.T
    return multiplied(W, negative @ H.T, denominator, beta)


def multiplied(factor: Array, numerator: Array, denominator: Array, beta: float) -> Array:
    """factor · (numerator / denominator)^γ, at least :data:`FLOOR` but where it is exactly 0.

    An exact 0 stays 0; this is how frames that only pad are kept out.
    """
    ratio = numerator / (denominator + TINY)
    power = exponent(beta)
    changed = factor * (ratio if power == 1 else ratio**power)
    return jnp.where(factor > 0, jnp.maximum(changed, FLOOR), 0.0)
