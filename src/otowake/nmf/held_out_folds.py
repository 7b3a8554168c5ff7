"""Folds of held-out entries for cross-validation of the number of components.

For each number, a model learns from most entries of V and predicts the held-out entries. Too few
components underfit, too many overfit. The selected number is the smallest whose held-out loss is
within one standard error of the best.

Neighbouring entries of a spectrogram are correlated: the main lobe of the window is four bins wide,
and a window covers four frames. Therefore whole patches are held out, with a margin that is used
neither for learning nor for evaluation. The loss of a patch is limited to that of the best single
component, because a component that only a few faint entries constrain can predict any value, and
one such patch would dominate all others (`docs/en/decisions/0004-number.md`).

Source: Wold, "Cross-validatory estimation of the number of components in factor and principal
components models" (1978); Owen & Perry, "Bi-cross-validation of the SVD and the nonnegative matrix
factorization" (2009), with small patches in place of their blocks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.nmf.frames import columns
from otowake.nmf.multistart import thin
from otowake.types import Floats, Matrix

CANDIDATES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80)
"""Candidate numbers of components."""

MAX_FRAMES = 400
"""Number of frames used for the cross-validation."""

PATCH = (8, 8)
"""Bins and frames of a held-out patch."""

MARGIN = 3
"""Width of the unused margin around a patch, in entries."""

HELD_OUT = 0.05
"""Fraction of the patches held out in each fold."""

FOLDS = 3
"""Number of folds."""

ITERATIONS = 150
"""Iterations of each fit."""

MAX_WORSE = 3
"""Candidates in a row without improvement after which the search ends."""


class Fold(NamedTuple):
    """One split of the entries; both arrays have the shape (frequency, frame).

    Attributes
    ----------
    seen
        Whether an entry is used for learning.
    patch
        Index of the held-out patch of an entry, −1 for none.
    """

    seen: NDArray[np.bool_]
    patch: NDArray[np.int64]


def patches(shape: tuple[int, int], rng: np.random.Generator) -> list[Fold]:
    """Draw the folds: patches without replacement, or single entries if V is small.

    Examples
    --------
    >>> fold = patches((80, 80), np.random.default_rng(0))[0]
    >>> int((fold.patch >= 0).sum()) // 64, bool((fold.seen & (fold.patch >= 0)).any())
    (5, False)
    """
    large = min(shape) >= MIN_PATCHED_SIZE
    size, margin = (PATCH, MARGIN) if large else ((1, 1), 0)
    grid = tuple(-(-n // length) for n, length in zip(shape, size, strict=True))
    number = max(round(HELD_OUT * grid[0] * grid[1]), 1)
    drawn = rng.permutation(grid[0] * grid[1])[: FOLDS * number].reshape(FOLDS, number)
    folds = []
    for indices in drawn:
        coarse = np.full(grid, -1)
        coarse.flat[indices] = np.arange(number)
        patch = np.kron(coarse, np.ones(size, dtype=np.int64))[: shape[0], : shape[1]]
        seen = np.ones(shape, dtype=bool)
        for i, j in np.argwhere(coarse >= 0):
            top, left = i * size[0], j * size[1]
            seen[
                max(top - margin, 0) : top + size[0] + margin,
                max(left - margin, 0) : left + size[1] + margin,
            ] = False
        folds.append(Fold(seen, patch))
    return folds


MIN_PATCHED_SIZE = 64
"""Bins or frames below which single entries are held out instead of patches."""


def held_out_loss(losses: Floats, single: Floats, fold: Fold) -> float:
    """Average the loss over held-out entries; each patch counts at most that of one component.

    `losses` and `single` (of the best single component) have the shape (frequency, frame).
    """
    held = fold.patch >= 0
    own, most = (np.bincount(fold.patch[held], values[held]) for values in (losses, single))
    return float(np.minimum(own, most).sum() / np.count_nonzero(held))


def columns_of(V: Matrix) -> Floats:
    """Select about :data:`MAX_FRAMES` evenly spaced frames of V, shape (frequency, frame)."""
    return columns(V, thin(V.shape[1], MAX_FRAMES))
