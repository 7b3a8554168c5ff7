"""The number of components, by entries that are held out.

For each number a model is learnt from nine tenths of the entries of V, drawn in speckles, and judged by how well it
foretells the tenth it has not seen. Too few components can't; too many learn what does not come again. Chosen is the
smallest number whose loss on the unseen is within one standard error of the best.

Source: Wold, "Cross-validatory estimation of the number of components in factor and principal components models"
(1978); Owen & Perry, "Bi-cross-validation of the SVD and the nonnegative matrix factorization" (2009), with single
entries in place of blocks.
"""

from __future__ import annotations

import numpy as np

from otowake.nmf.audition import thin
from otowake.nmf.frames import columns
from otowake.types import Floats, Matrix

NUMBERS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80)
"""The numbers of components that are tried."""

FRAMES = 400
"""On how many frames."""

HELD_OUT = 0.1
FOLDS = 3
ITERATIONS = 150
PATIENCE = 2
"""After so many numbers that are no better than the best, no more are tried."""


def speckles(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """The fold of each entry: 0 for all but the held out, which are spread evenly over folds 1 to FOLDS."""
    drawn = rng.uniform(size=shape)
    return np.where(drawn < FOLDS * HELD_OUT, np.floor(drawn / HELD_OUT) + 1, 0).astype(int)


def columns_of(V: Matrix) -> Floats:
    """Evenly spaced frames of V, at most :data:`FRAMES` or hardly more, shape (frequency, frame)."""
    return columns(V, thin(V.shape[1], FRAMES))
