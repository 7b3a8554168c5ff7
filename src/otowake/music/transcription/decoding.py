"""From a network's probabilities to notes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.signal.vqt import HOP, LOWEST, RATE
from otowake.types import Note

SECONDS = HOP / RATE
"""From frame to frame."""


class Thresholds(NamedTuple):
    """How probabilities become notes.

    Attributes
    ----------
    onset
        A note begins at a peak of the onset probability above this.
    sounding
        It ends where the probability of sounding falls below this.
    shift
        What is added to each onset, in seconds.
    """

    onset: float = 0.5
    sounding: float = 0.5
    shift: float = 0.0


USUAL = Thresholds()


class Notes(NamedTuple):
    """Notes in order of onset, every array of shape (note,): times in seconds (`decay_end`: until when they are heard),
    `velocity` and `confidence` from 0 to 1."""

    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    midi: NDArray[np.int64]
    velocity: NDArray[np.float64]
    confidence: NDArray[np.float64]
    decay_end: NDArray[np.float64]

    def as_list(self) -> list[Note]:
        """The same as :class:`Note`."""
        rows = zip(*(column.tolist() for column in self), strict=True)
        return [
            Note(*row, confidence=confidence, decay_end=max(decay_end, row[1]))
            for *row, confidence, decay_end in rows
        ]


def decode(
    onset: NDArray[np.floating],
    sounding: NDArray[np.floating],
    velocity: NDArray[np.floating],
    thresholds: Thresholds = USUAL,
) -> Notes:
    """Notes from probabilities of shape (frame, key).

    The onset probability is taught as a triangle about the true time, as by Kong et al., "High-resolution piano
    transcription with pedals by regressing onset and offset times" (2021); its apex follows from the three values
    about a peak. A note ends where it is no longer sounding, between two frames by a straight line, or where the same
    key is struck again.

    Examples
    --------
    >>> on, sounds, v = np.zeros((3, 20, 88), np.float32)
    >>> on[4:7, 39], sounds[5:11, 39], v[5, 39] = [0.5, 1, 0.5], 1, 0.7
    >>> decode(on, sounds, v).as_list()[0].midi
    60
    """
    rows = [
        _key(
            key,
            onset[:, key].astype(np.float32),
            sounding[:, key].astype(np.float32),
            velocity[:, key],
            thresholds,
        )
        for key in np.flatnonzero((onset > thresholds.onset).any(axis=0)).tolist()
    ]
    table = np.concatenate([*rows, np.zeros((0, 5))])
    table = table[np.lexsort((table[:, 2], table[:, 0]))]
    return Notes(
        table[:, 0],
        table[:, 1],
        table[:, 2].astype(np.int64),
        table[:, 3],
        table[:, 4],
        table[:, 1],
    )


def _key(
    key: int,
    onset: NDArray[np.floating],
    sounding: NDArray[np.floating],
    velocity: NDArray[np.floating],
    thresholds: Thresholds,
) -> NDArray[np.float64]:
    """The notes of one key: onset, offset, midi, velocity, confidence."""
    n = len(onset)
    around = np.pad(onset, 1)
    before, after = around[:-2], around[2:]
    at = np.flatnonzero((onset > thresholds.onset) & (onset >= before) & (onset > after))
    at = at[np.diff(at, prepend=-9) > 1]
    peak, left, right = onset[at], before[at], after[at]
    moved = np.clip(
        (right - left) / (2 * np.maximum(peak - np.minimum(left, right), 1e-6)), -0.5, 0.5
    )
    begin = (at + moved) * SECONDS + thresholds.shift
    below = sounding < thresholds.sounding
    quiet = np.append(np.where(below, np.arange(n), n), n)
    quiet = np.minimum.accumulate(quiet[::-1])[::-1]
    stop = quiet[np.minimum(at + 1, n)]
    last, first = sounding[np.maximum(stop - 1, 0)], np.append(sounding, 0)[stop]
    part = np.clip((last - thresholds.sounding) / np.maximum(last - first, 1e-6), 0, 1)
    end = np.minimum((stop - 1 + part) * SECONDS, np.append(begin[1:], np.inf))
    begin = np.maximum(begin, 0)
    end = np.maximum(end, begin + SECONDS)
    full = np.full(len(at), key + LOWEST)
    return np.stack(
        [begin, end, full, np.clip(velocity[at], 0, 1), np.clip(peak, 0, 1)], axis=1
    ).astype(np.float64)
