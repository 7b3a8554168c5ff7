"""Constrained NMF from painted rectangles of the spectrogram.

A brush stroke states that a component belongs to a stretch of time and frequency, or that it does
not. As in ISSE (Bryan & Mysore, "An efficient posterior regularized latent variable model for
interactive sound source separation", 2013), this constrains which components may explain the energy
there: the multiplicative update for the I-divergence multiplies the shares of the excluded
components by exp(−λ) within the stroke. W and H continue from their current values; an excluded
component leaves the energy to the others.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from otowake.music.editing.config import PAINTING
from otowake.nmf.updates import FLOOR
from otowake.types import Factors, Floats


class BrushStroke(NamedTuple):
    """A painted rectangle of the spectrogram.

    Attributes
    ----------
    component
        Index of the component.
    low, high
        Rows of V, the second exclusive.
    start, stop
        Frames of V, the second exclusive.
    belongs
        Whether the component belongs there.
    """

    component: int
    low: int
    high: int
    start: int
    stop: int
    belongs: bool


class Cell(NamedTuple):
    """A rectangle in which the shares of components have constant factors.

    Attributes
    ----------
    rows, frames
        The rectangle.
    keep
        Shape (component,): the factor of each component's share.
    """

    rows: slice
    frames: slice
    keep: Floats


def paint(
    V: Floats,
    factors: Factors,
    brush_strokes: Sequence[BrushStroke],
    *,
    iterations: int = PAINTING.iterations,
) -> Factors:
    """Continue the factorisation under the constraint of brush strokes.

    Parameters
    ----------
    V
        Shape (frequency, frame), non-negative.
    factors
        The factors to start from.
    brush_strokes
        The brush strokes.
    iterations
        The number of updates of both factors.

    Examples
    --------
    >>> V = np.ones((4, 6))
    >>> even = Factors(np.ones((4, 2)), np.ones((2, 6)) / 2)
    >>> after = paint(V, even, [BrushStroke(0, 0, 4, 0, 3, belongs=False)])
    >>> bool(after.H[0, 0] < 0.01 * after.H[1, 0]), bool(np.allclose(after.product(), V, atol=1e-3))
    (True, True)
    """
    W, H = (np.maximum(factor, FLOOR).astype(np.float32) for factor in (factors.W, factors.H))
    cells = list(cells_of(brush_strokes, W.shape[1]))
    for _ in range(iterations):
        ratio = _ratio(V, W, H, cells)
        up = W.T @ ratio
        for rows, frames, keep in cells:
            up[:, frames] -= (1 - keep)[:, None] * (W[rows].T @ ratio[rows, frames])
        H = np.maximum(H * up / W.sum(axis=0)[:, None], FLOOR)
        ratio = _ratio(V, W, H, cells)
        up = ratio @ H.T
        for rows, frames, keep in cells:
            up[rows] -= (1 - keep) * (ratio[rows, frames] @ H[:, frames].T)
        W = np.maximum(W * up / H.sum(axis=1), FLOOR)
    return Factors(W, H)


def cells_of(brush_strokes: Sequence[BrushStroke], n_components: int) -> Iterator[Cell]:
    """Cut the plane at the edges of brush strokes and iterate over the covered rectangles.

    Examples
    --------
    >>> strokes = [BrushStroke(0, 0, 4, 0, 4, False), BrushStroke(1, 2, 6, 2, 6, False)]
    >>> len(list(cells_of(strokes, 2)))
    7
    """
    rows = sorted({edge for stroke in brush_strokes for edge in (stroke.low, stroke.high)})
    frames = sorted({edge for stroke in brush_strokes for edge in (stroke.start, stroke.stop)})
    for low, high in itertools.pairwise(rows):
        for start, stop in itertools.pairwise(frames):
            covering = [
                stroke
                for stroke in brush_strokes
                if stroke.low <= low < stroke.high and stroke.start <= start < stroke.stop
            ]
            if covering:
                excluded = np.zeros(n_components, bool)
                for stroke in covering:
                    painted = np.arange(n_components) == stroke.component
                    excluded |= ~painted if stroke.belongs else painted
                keep = np.where(excluded, np.exp(-PAINTING.strength), 1.0).astype(np.float32)
                yield Cell(slice(low, high), slice(start, stop), keep)


def _ratio(V: Floats, W: Floats, H: Floats, cells: Sequence[Cell]) -> Floats:
    """Return V over the constrained model."""
    model = W @ H
    for rows, frames, keep in cells:
        model[rows, frames] = (W[rows] * keep) @ H[:, frames]
    return V / np.maximum(model, FLOOR)
