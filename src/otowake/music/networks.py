"""Parts that several networks share: weights from a file, and the radial-basis code of a pitch."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import ArrayLike, NDArray

from otowake import text
from otowake.arrays import arrays_of
from otowake.errors import BadInput

PITCH_RBF = np.arange(21, 109, 6.0)
"""Centres of the bumps, in MIDI pitches, by which a network is told a pitch."""


def pitch_rbf(midi: ArrayLike) -> NDArray[np.float32]:
    """Pitches as bumps so wide that neighbours look alike, (note, number).

    Examples
    --------
    >>> pitch_rbf([21, 60]).argmax(axis=1).tolist()
    [0, 6]
    """
    return np.exp(-0.5 * ((np.asarray(midi, float)[:, None] - PITCH_RBF) / 5) ** 2).astype(
        np.float32
    )


Weights = dict[str, NDArray[np.float32]]
"""Layers by name: a layer `x` of shape (tap, in, out), with `x.bias` (out,), and maybe `x.reduce` (in, out) before it."""


def weights_of(content: bytes) -> Weights:
    """The arrays of a weights file.

    Raises
    ------
    BadInput
        If it is damaged, or they are not finite numbers.
    """
    try:
        arrays = {
            name: its.astype(np.float32) for name, its in arrays_of(io.BytesIO(content)).items()
        }
    except (OSError, ValueError) as error:
        raise BadInput(text.NOT_WEIGHTS, why=error) from error
    if not all(np.isfinite(its).all() for its in arrays.values()):
        raise BadInput(text.NOT_WEIGHTS, why="a weight is not finite")
    return arrays
