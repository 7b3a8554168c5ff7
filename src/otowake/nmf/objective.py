"""The objective of a fit: the data, what is fixed, and the penalised loss."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import Array

from otowake.nmf.divergence import divergence
from otowake.nmf.penalties import NONE, Penalty, penalty_loss


class Block(NamedTuple):
    """A block of V of shape (frequency, frame), and the weight of each entry (None: all 1)."""

    V: Any
    weights: Any = None


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["held_W", "held_H", "on_W", "on_H"],
    meta_fields=["beta"],
)
@dataclass(frozen=True)
class Problem:
    """The objective of a fit.

    Attributes
    ----------
    beta
        β of the divergence.
    held_W, held_H
        Components whose spectra or activations are fixed, shape (component,).
    on_W, on_H
        Penalties.
    """

    beta: float
    held_W: Any
    held_H: Any
    on_W: Penalty = NONE
    on_H: Penalty = NONE

    @classmethod
    def plain(cls, beta: float, n_components: int) -> Problem:
        """Define a problem without fixed components or penalties."""
        free = np.zeros(n_components, dtype=bool)
        return cls(beta, free, free)


def penalised(problem: Problem, block: Block, W: Array, H: Array) -> Array:
    """Compute the loss of a block with the penalty on H, without :func:`W_penalty`."""
    data = divergence(block.V, W @ H, problem.beta, block.weights)
    return data + penalty_loss(problem.on_H, H)


def W_penalty(problem: Problem, W: Array) -> Array | float:
    """Compute the penalty on W."""
    return penalty_loss(problem.on_W, W.T)
