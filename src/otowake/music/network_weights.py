"""Load network weights and encode pitches by radial basis functions."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import ArrayLike, NDArray

from otowake import text
from otowake.arrays import arrays_of
from otowake.errors import BadInput

PITCH_RBF = np.arange(21, 109, 6.0)
"""MIDI pitches, centres of the radial basis functions that encode a pitch."""

PITCH_RBF_WIDTH = 5
"""Semitones, standard deviation of a radial basis function."""


def pitch_rbf(midi: ArrayLike) -> NDArray[np.float32]:
    """Encode MIDI pitches as Gaussian bumps centred on :data:`PITCH_RBF`, shape (note, centre).

    Examples
    --------
    >>> pitch_rbf([21, 60]).argmax(axis=1).tolist()
    [0, 6]
    """
    return np.exp(
        -0.5 * ((np.asarray(midi, float)[:, None] - PITCH_RBF) / PITCH_RBF_WIDTH) ** 2
    ).astype(np.float32)


Weights = dict[str, NDArray[np.float32]]
"""Layers by name. A layer ``x`` has shape (tap, in, out) and a bias ``x.bias`` (out,).

Some layers follow a projection ``x.reduce`` of shape (in, out).
"""


def weights_of(content: bytes) -> Weights:
    """Read the arrays of a weights file as float32.

    Raises
    ------
    BadInput
        If the file is damaged or a weight is not finite.
    """
    try:
        arrays = {
            name: array.astype(np.float32) for name, array in arrays_of(io.BytesIO(content)).items()
        }
    except (OSError, ValueError) as error:
        raise BadInput(text.NOT_WEIGHTS, why=error) from error
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise BadInput(text.NOT_WEIGHTS, why="a weight is not finite")
    return arrays
