"""The input of a factorisation, checked and normalised."""

from __future__ import annotations

from typing import Literal, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike

from otowake import text
from otowake.errors import BadInput
from otowake.nmf.checks import checked_matrix, checked_weights
from otowake.nmf.frames import BLOCK_FRAMES, LONG_FRAMES, InMemory
from otowake.nmf.problem import MINIBATCH_SOLVER
from otowake.nmf.scale import Scale, divided
from otowake.options import FitSpec
from otowake.types import Factors, Floats, Matrix


class Input(NamedTuple):
    """A checked matrix in units of `scale`, and the weight of each entry."""

    V: Matrix
    weights: Floats | None
    dtype: np.dtype
    scale: Scale = Scale()

    def at_level(self, start: Factors) -> Factors:
        """Scale initial factors for a V of mean 1 to the level of this V."""
        level = self.scale.level
        return (
            start
            if level == 1
            else Factors(start.W, start.H.astype(self.dtype) * self.dtype.type(level))
        )

    def in_memory(self) -> Floats:
        """Return V as an array, 0 where its weight is 0.

        Raises
        ------
        BadInput
            If V comes in blocks.
        """
        if not isinstance(self.V, InMemory):
            raise BadInput(text.NOT_IN_BLOCKS, what="init=nndsvd")
        values = self.V.values
        return values if self.weights is None else np.where(self.weights > 0, values, 0)


def checked_input(
    V: ArrayLike | Matrix, weights: ArrayLike | Literal["observed"] | None, spec: FitSpec
) -> Input:
    """Check V and its weights, and normalise V to a mean near 1.

    Raises
    ------
    BadInput
        If V or the weights are invalid, or `spec` does not support them.
    """
    given = _checked(V, weights, spec)
    scale = Scale.of(given.V, given.weights, spec.beta, spec.precision)
    normalised = divided(given.V, scale.V, given.dtype)
    if spec.beta < 0 and isinstance(normalised, InMemory) and not normalised.values.all():
        raise BadInput(text.ZEROS, value=spec.beta)
    return given._replace(V=normalised, scale=scale)


def _checked(
    V: ArrayLike | Matrix, weights: ArrayLike | Literal["observed"] | None, spec: FitSpec
) -> Input:
    dtype = np.dtype(spec.precision)
    if hasattr(V, "frames") and hasattr(V, "shape"):
        for what, requested in (
            ("weights", weights is not None),
            ("smooth_H", spec.smooth_H),
        ):
            if requested:
                raise BadInput(text.NOT_IN_BLOCKS, what=what)
        return Input(cast(Matrix, V), None, dtype)
    values = checked_matrix(cast(ArrayLike, V), "V", nan=None if weights is None else True)
    counts = checked_weights(weights, values, dtype)
    values = np.where(np.isnan(values), 0, values) if counts is not None else values
    limit = BLOCK_FRAMES if spec.solver == MINIBATCH_SOLVER else LONG_FRAMES
    if spec.smooth_H and values.shape[1] >= limit:
        raise BadInput(text.NOT_IN_BLOCKS, what="smooth_H")
    return Input(InMemory(values), counts, dtype)
