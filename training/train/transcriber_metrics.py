"""Accuracy of the transcriber on held-out clips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otowake.music.transcription.decoding import FRAME_PERIOD, Notes

ONSET_TOLERANCE = 0.05
"""Seconds between a true and a detected onset that match, as in mir_eval."""

OFFSET_TOLERANCE = 0.2
"""The same for offsets, as a share of the note, but at least the tolerance of onsets."""


def match_notes(true: NDArray[np.float64], detected: Notes) -> list[tuple[int, int]]:
    """Pair true notes with detected notes of the same pitch and onset, by their indices.

    The rows of `true` are onset, offset, midi, … The search is greedy in time; this is the largest
    matching, as all notes have the same tolerance.
    """
    pairs = []
    for midi in np.intersect1d(true[:, 2], detected.midi):
        estimates, references = (
            np.flatnonzero(detected.midi == midi),
            np.flatnonzero(true[:, 2] == midi),
        )
        estimates = estimates[np.argsort(detected.onset[estimates])]
        references = references[np.argsort(true[references, 0])]
        i = j = 0
        while i < len(estimates) and j < len(references):
            delay = detected.onset[estimates[i]] - true[references[j], 0]
            if abs(delay) <= ONSET_TOLERANCE:
                pairs.append((int(references[j]), int(estimates[i])))
            i, j = i + (delay <= ONSET_TOLERANCE), j + (delay >= -ONSET_TOLERANCE)
    return pairs


def offset_hits(offset: NDArray[np.float64], true: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which durations (or offsets from the same onset) are within the tolerance."""
    return np.abs(offset - true) <= np.maximum(ONSET_TOLERANCE, OFFSET_TOLERANCE * true)


def f1_scores(true: NDArray[np.float64], detected: Notes) -> tuple[float, float]:
    """Return the F1 score of onsets, and of onsets with offsets."""
    pairs = match_notes(true, detected)
    hits = [
        abs(detected.offset[i] - true[j, 1])
        <= max(ONSET_TOLERANCE, OFFSET_TOLERANCE * (true[j, 1] - true[j, 0]))
        for j, i in pairs
    ]
    total = max(len(true) + len(detected.onset), 1)
    return 2 * len(pairs) / total, 2 * sum(hits) / total


def audible_notes(notes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the notes on a piano's keys that last for more than half a frame."""
    return notes[
        (notes[:, 2] >= 21)
        & (notes[:, 2] <= 108)
        & (notes[:, 1] - notes[:, 0] > 0.5 * FRAME_PERIOD)
    ]
