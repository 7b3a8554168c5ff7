"""Decode note events from the posteriors of a network."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.signal.vqt import HOP, LOWEST, RATE
from otowake.types import Note

FRAME_PERIOD = HOP / RATE
"""Seconds per frame."""


class Thresholds(NamedTuple):
    """Thresholds of decoding.

    Attributes
    ----------
    onset
        A note begins at a peak of the onset posterior above this value.
    frame
        A note ends where the frame posterior falls below this value.
    shift
        Seconds added to every onset.
    """

    onset: float = 0.5
    frame: float = 0.5
    shift: float = 0.0


DEFAULT_THRESHOLDS = Thresholds()


class Notes(NamedTuple):
    """Notes in order of onset, as arrays of shape (note,).

    Attributes
    ----------
    onset, offset
        In seconds.
    midi
        MIDI pitch.
    velocity, confidence
        From 0 to 1.
    decay_end
        Seconds, end of the audible decay.
    """

    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    midi: NDArray[np.int64]
    velocity: NDArray[np.float64]
    confidence: NDArray[np.float64]
    decay_end: NDArray[np.float64]

    def as_list(self) -> list[Note]:
        """Convert to a list of :class:`Note`."""
        rows = zip(*(column.tolist() for column in self), strict=True)
        return [
            Note(*row, confidence=confidence, decay_end=max(decay_end, row[1]))
            for *row, confidence, decay_end in rows
        ]


def decode(
    onset: NDArray[np.floating],
    frame: NDArray[np.floating],
    velocity: NDArray[np.floating],
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Notes:
    """Decode notes from posteriors of shape (frame, key).

    The target of the onset posterior is a triangle around the true time, as in Kong et al.,
    "High-resolution piano transcription with pedals by regressing onset and offset times" (2021);
    the apex follows from the three values around a peak. A note ends where the frame posterior
    falls below the threshold, interpolated between frames, or at the next onset of the same key.

    Examples
    --------
    >>> onset, frame, velocity = np.zeros((3, 20, 88), np.float32)
    >>> onset[4:7, 39], frame[5:11, 39], velocity[5, 39] = [0.5, 1, 0.5], 1, 0.7
    >>> decode(onset, frame, velocity).as_list()[0].midi
    60
    """
    rows = [
        _decode_key(
            key,
            onset[:, key].astype(np.float32),
            frame[:, key].astype(np.float32),
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


def _decode_key(
    key: int,
    onset: NDArray[np.floating],
    frame: NDArray[np.floating],
    velocity: NDArray[np.floating],
    thresholds: Thresholds,
) -> NDArray[np.float64]:
    """Decode the notes of one key: onset, offset, MIDI pitch, velocity, confidence."""
    n = len(onset)
    padded = np.pad(onset, 1)
    before, after = padded[:-2], padded[2:]
    peaks = np.flatnonzero((onset > thresholds.onset) & (onset >= before) & (onset > after))
    peaks = peaks[np.diff(peaks, prepend=-9) > 1]
    peak, left, right = onset[peaks], before[peaks], after[peaks]
    shift = np.clip(
        (right - left) / (2 * np.maximum(peak - np.minimum(left, right), 1e-6)), -0.5, 0.5
    )
    begin = (peaks + shift) * FRAME_PERIOD + thresholds.shift
    below = frame < thresholds.frame
    next_below = np.append(np.where(below, np.arange(n), n), n)
    next_below = np.minimum.accumulate(next_below[::-1])[::-1]
    stop = next_below[np.minimum(peaks + 1, n)]
    last, first = frame[np.maximum(stop - 1, 0)], np.append(frame, 0)[stop]
    fraction = np.clip((last - thresholds.frame) / np.maximum(last - first, 1e-6), 0, 1)
    end = np.minimum((stop - 1 + fraction) * FRAME_PERIOD, np.append(begin[1:], np.inf))
    begin = np.maximum(begin, 0)
    end = np.maximum(end, begin + FRAME_PERIOD)
    midi = np.full(len(peaks), key + LOWEST)
    return np.stack(
        [begin, end, midi, np.clip(velocity[peaks], 0, 1), np.clip(peak, 0, 1)], axis=1
    ).astype(np.float64)
