"""The number of components, by entries that are held out.

For each number a model is learnt from most of the entries of V, and judged by how well it foretells those that it has
not seen. Too few components can't; too many learn what does not come again. Chosen is the smallest number whose loss
on the unseen is within one standard error of the best.

Neighbouring entries of a spectrogram tell of each other: the window's main lobe is four bins wide, and it covers four
frames. So whole patches are held out, with a margin about them that is neither learnt from nor judged by. And a patch
counts at most as much as the best single component would make it: where a component was tied down by a few faint
entries alone, what it foretells can be any number, and one such patch would outweigh all others
(`docs/en/decisions/0004-number.md`).

Source: Wold, "Cross-validatory estimation of the number of components in factor and principal components models"
(1978); Owen & Perry, "Bi-cross-validation of the SVD and the nonnegative matrix factorization" (2009), with small
patches in place of their blocks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.nmf.frames import columns
from otowake.nmf.multistart import thin
from otowake.types import Floats, Matrix

NUMBERS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80)
"""The numbers of components that are tried."""

FRAMES = 400
"""On how many frames."""

PATCH = (8, 8)
"""Frequencies and frames of a patch."""

MARGIN = 3
"""Entries about a patch that are left out."""

HELD_OUT = 0.05
"""The part of the patches that is held out in each fold."""

FOLDS = 3
ITERATIONS = 150
PATIENCE = 3
"""After so many numbers that are no better than the best, no more are tried."""


class Fold(NamedTuple):
    """What is learnt from, and the patch of each entry that is judged by (−1: none); both of shape (frequency, frame)."""

    seen: NDArray[np.bool_]
    patch: NDArray[np.int64]


def patches(shape: tuple[int, int], rng: np.random.Generator) -> list[Fold]:
    """The folds: patches drawn without replacement, where V is small single entries.

    Examples
    --------
    >>> fold = patches((80, 80), np.random.default_rng(0))[0]
    >>> int((fold.patch >= 0).sum()) // 64, bool((fold.seen & (fold.patch >= 0)).any())
    (5, False)
    """
    large = min(shape) >= SMALLEST
    size, margin = (PATCH, MARGIN) if large else ((1, 1), 0)
    grid = tuple(-(-n // each) for n, each in zip(shape, size, strict=True))
    number = max(round(HELD_OUT * grid[0] * grid[1]), 1)
    drawn = rng.permutation(grid[0] * grid[1])[: FOLDS * number].reshape(FOLDS, number)
    folds = []
    for places in drawn:
        coarse = np.full(grid, -1)
        coarse.flat[places] = np.arange(number)
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


SMALLEST = 64
"""Below so many frequencies or frames single entries are held out: a matrix that small is no spectrogram."""


def judged(losses: Floats, alone: Floats, fold: Fold) -> float:
    """The loss per held-out entry, each patch at most that of a single component; arrays of shape (frequency, frame)."""
    held = fold.patch >= 0
    own, most = (np.bincount(fold.patch[held], each[held]) for each in (losses, alone))
    return float(np.minimum(own, most).sum() / np.count_nonzero(held))


def columns_of(V: Matrix) -> Floats:
    """Evenly spaced frames of V, at most :data:`FRAMES` or hardly more, shape (frequency, frame)."""
    return columns(V, thin(V.shape[1], FRAMES))
