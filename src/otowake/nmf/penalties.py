"""Penalties (regularisation terms) of a factor: loss, halves of the gradient, powers.

A factor X has the shape (component, index): H itself, or W transposed. The powers belong to the
monomials that majorise a penalty at the current point. Together with the powers of the divergence
they determine the exponent of the multiplicative rule, 1 / (highest power of the positive half −
lowest power of the negative half), under which the penalised loss never rises, for any β and any
penalties.

Source: Yang & Oja, "Unified development of multiplicative algorithms for linear and quadratic
nonnegative matrix factorization" (2011). The group penalty is that of Lefèvre, Bach & Févotte,
"Itakura-Saito nonnegative matrix factorization with group sparsity" (2011), with a square root in
place of the logarithm.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

GROUP_NORM_EPS = 1e-12
"""Added to the squared norm of a group, against a division by 0."""


class Penalty(NamedTuple):
    """The weight λ of each penalty; None for none.

    Attributes
    ----------
    l1
        λ Σ X.
    l2
        λ/2 Σ X².
    smooth
        λ/2 Σ (X_n − X_{n−1})² over neighbouring indices.
    decorrelation
        λ/2 Σ_{i≠j} ⟨x_i, x_j⟩: favours components that do not overlap.
    group
        λ Σ_g Σ_n ‖X_{g,n}‖₂ over the groups in `members`, of shape (group, component), 0 or 1.
    """

    l1: float | Array | None = None
    l2: float | Array | None = None
    smooth: float | Array | None = None
    decorrelation: float | Array | None = None
    group: float | Array | None = None
    members: Array | None = None


NONE = Penalty()


def penalty_loss(penalty: Penalty, X: Array) -> Array | float:
    """Sum the penalties on X, shape (component, index).

    Examples
    --------
    >>> float(penalty_loss(Penalty(l1=2.0, l2=1.0), jnp.array([[1.0, 2.0]])))
    8.5
    """
    total: Array | float = 0.0
    if penalty.l1 is not None:
        total += penalty.l1 * X.sum()
    if penalty.l2 is not None:
        total += penalty.l2 / 2 * (X**2).sum()
    if penalty.smooth is not None:
        total += penalty.smooth / 2 * (jnp.diff(X, axis=1) ** 2).sum()
    if penalty.decorrelation is not None:
        total += penalty.decorrelation / 2 * ((X.sum(axis=0) ** 2).sum() - (X**2).sum())
    if penalty.group is not None and penalty.members is not None:
        total += penalty.group * jnp.sqrt(penalty.members @ X**2 + GROUP_NORM_EPS).sum()
    return total


def penalty_halves(penalty: Penalty, X: Array) -> tuple[Array | float, Array | float]:
    """Compute the negative and the positive half of the gradient, each 0 or in the shape of X."""
    negative: Array | float = 0.0
    positive: Array | float = 0.0
    if penalty.l1 is not None:
        positive += penalty.l1
    if penalty.l2 is not None:
        positive += penalty.l2 * X
    if penalty.smooth is not None and X.shape[1] > 1:
        before, after = jnp.pad(X[:, :-1], ((0, 0), (1, 0))), jnp.pad(X[:, 1:], ((0, 0), (0, 1)))
        index = jnp.arange(X.shape[1])
        neighbours = 2.0 - (index == 0) - (index == X.shape[1] - 1)
        positive += penalty.smooth * neighbours * X
        negative += penalty.smooth * (before + after)
    if penalty.decorrelation is not None:
        positive += penalty.decorrelation * (X.sum(axis=0) - X)
    if penalty.group is not None and penalty.members is not None:
        norms = jnp.sqrt(penalty.members @ X**2 + GROUP_NORM_EPS)
        positive += penalty.group * X * (penalty.members.T @ (1 / norms))
    return negative, positive


def powers(beta: float, penalty: Penalty = NONE) -> tuple[float, float]:
    """Return the highest and the lowest power of the monomials that majorise the loss.

    Examples
    --------
    >>> powers(1.0), powers(0.0), powers(2.0), powers(1.0, Penalty(l2=0.1))
    ((1.0, 0.0), (1.0, -1.0), (2.0, 1.0), (2.0, 0.0))
    """
    highest, lowest = max(beta, 1.0), min(beta - 1, 1.0)
    quadratic = (penalty.l2, penalty.smooth, penalty.decorrelation, penalty.group)
    if any(weight is not None for weight in quadratic):
        highest = max(highest, 2.0)
    if penalty.smooth is not None:
        lowest = min(lowest, 0.0)
    return highest, lowest


def exponent(beta: float, penalty: Penalty = NONE) -> float:
    """Return the exponent of the multiplicative rule under which the penalised loss never rises.

    Without penalties it is the exponent of Févotte & Idier (2011): 1 for 1 ≤ β ≤ 2, 1/(2−β) below,
    1/(β−1) above.

    Examples
    --------
    >>> exponent(1.0), exponent(0.0), exponent(3.0)
    (1.0, 0.5, 0.5)
    >>> exponent(1.0, Penalty(l1=0.1)), exponent(1.0, Penalty(l2=0.1))
    (1.0, 0.5)
    """
    highest, lowest = powers(beta, penalty)
    return 1 / (highest - lowest)
