"""Refine the offsets of notes with a small network.

The decoded offset is good for wind, bowed strings and voice, and poor for struck and plucked
strings, which keep ringing under a pedal. For these, neighbouring notes are more informative: the
distance to the next onsets, and how long neighbours ring. :func:`note_features` computes such
features. A network of two hidden layers (weights ``ends.*`` in ``data/transcriber.npz``) estimates
the odds that the decoded offset is right, and the distribution of the length. A note gets the
length that is most probably within the tolerance of evaluation: 50 ms or a fifth of the note.
Decoded lengths beyond the range of the features stay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otowake.music.network_weights import Weights
from otowake.music.transcription.config import OFFSETS
from otowake.music.transcription.decoding import FRAME_PERIOD, Notes, Posteriors
from otowake.signal.vqt import LOWEST

LENGTH_EDGES = np.exp(
    np.linspace(np.log(OFFSETS.min_length), np.log(OFFSETS.max_length), OFFSETS.n_length_edges)
)
"""Seconds, edges of the length classes."""

LENGTH_CENTRES = np.sqrt(LENGTH_EDGES[1:] * LENGTH_EDGES[:-1])
"""Seconds, centres of the length classes, shape (length,)."""

CANDIDATE_LENGTHS = np.exp(
    np.linspace(np.log(OFFSETS.min_length), np.log(OFFSETS.max_length), OFFSETS.n_candidates)
)
"""Seconds, candidate lengths."""

OFFSET_LAYERS = ("ends.1", "ends.2", "ends.3")
"""Dense layers of shape (in, out), each with a bias ``.bias`` (out,)."""

MAX_INTERVAL = 128
"""Semitones, larger than every interval."""


def note_features(notes: Notes, posteriors: Posteriors) -> NDArray[np.float32]:
    """Compute the input of the network, shape (note, feature).

    Parameters
    ----------
    notes
        Decoded notes, in order of onset.
    posteriors
        Posteriors from which they were decoded.
    """
    rings = np.log(_ringing(notes, posteriors.frame))
    sustained = _sustained(notes, posteriors)[:, None]
    gaps = np.log(_gaps(notes))
    neighbourhood = _neighbour_medians(
        np.column_stack(
            [rings[:, [2, 4, 6]], gaps[:, [0]], rings[:, [2]] - gaps[:, [0]], sustained]
        )
    )
    chord_size = _counts(notes.onset, notes.onset, OFFSETS.chord_onset_gap)
    density = _counts(notes.onset, notes.onset, OFFSETS.density_window)
    duration = np.log(np.maximum(notes.offset - notes.onset, FRAME_PERIOD))
    own = np.column_stack(
        [
            *(chord_size, np.log(density), notes.midi / 12, notes.velocity, notes.confidence),
            *(duration, sustained),
        ]
    )
    return np.column_stack([rings, gaps, neighbourhood, own]).astype(np.float32)


N_OFFSET_FEATURES = len(OFFSETS.levels) + len(OFFSETS.next_onsets) + 1 + 6 + 7


def refine_offsets(notes: Notes, posteriors: Posteriors, weights: Weights) -> Notes:
    """Refine the offsets of notes; no note outlasts the next onset of its key.

    Examples
    --------
    >>> from otowake.music.transcription.transcriber import load_pretrained
    >>> values = Posteriors(*np.zeros((5, 60, 88)))
    >>> no_notes = Notes(*(np.zeros(0) for _ in Notes._fields))
    >>> len(refine_offsets(no_notes, values, load_pretrained().weights).offset)
    0
    """
    if not len(notes.onset):
        return notes
    scores = _forward(note_features(notes, posteriors), weights)
    offset = notes.onset + most_probable_length(scores, notes.offset - notes.onset)
    for midi in np.unique(notes.midi):
        at = np.flatnonzero(notes.midi == midi)
        offset[at[:-1]] = np.minimum(offset[at[:-1]], notes.onset[at[1:]])
    return notes._replace(offset=np.maximum(offset, notes.onset + FRAME_PERIOD))


def most_probable_length(
    scores: NDArray[np.floating], decoded: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Find the length in seconds that is most probably within the tolerance of the true length.

    Parameters
    ----------
    scores
        Shape (note, length + 1): log-probabilities of the lengths, up to a constant per note, and
        last the log-odds of the decoded length.
    decoded
        Shape (note,): decoded lengths in seconds.

    Returns
    -------
    Shape (note,).
    """
    probs = np.exp(scores[:, :-1].astype(np.float64) - scores[:, :-1].max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    right = probs @ _within_tolerance(CANDIDATE_LENGTHS[:, None], LENGTH_CENTRES).T
    decoded_right = 1 / (1 + np.exp(-scores[:, -1].astype(np.float64)))
    best = CANDIDATE_LENGTHS[right.argmax(axis=1)]
    stays = (decoded_right >= right.max(axis=1)) | (decoded > OFFSETS.max_time)
    return np.where(stays, decoded, best)


def _within_tolerance(
    length: NDArray[np.floating], true: NDArray[np.floating]
) -> NDArray[np.bool_]:
    return np.abs(length - true) <= np.maximum(OFFSETS.tolerance, OFFSETS.tolerance_ratio * true)


def _forward(features: NDArray[np.float32], weights: Weights) -> NDArray[np.float32]:
    """Compute scores of the lengths, and last of the decoded length: (note, length + 1)."""
    x = features
    for name in OFFSET_LAYERS[:-1]:
        x = np.maximum(x @ weights[name] + weights[f"{name}.bias"], 0)
    return x @ weights[OFFSET_LAYERS[-1]] + weights[f"{OFFSET_LAYERS[-1]}.bias"]


def _sustained(notes: Notes, posteriors: Posteriors) -> NDArray[np.float64]:
    """Average the posterior of a sustained note over each note, shape (note,)."""
    weighted = (posteriors.frame.astype(np.float32) + 1e-3).cumsum(axis=0, dtype=np.float64)
    product = posteriors.sustained.astype(np.float32) * (posteriors.frame.astype(np.float32) + 1e-3)
    product = product.cumsum(axis=0, dtype=np.float64)
    n, key = len(weighted), notes.midi.astype(int) - LOWEST
    first = np.clip(np.rint(notes.onset / FRAME_PERIOD).astype(int), 0, n - 2)
    last = np.clip(np.rint(notes.offset / FRAME_PERIOD).astype(int), first + 1, n - 1)
    return (product[last, key] - product[first, key]) / (weighted[last, key] - weighted[first, key])


def _ringing(notes: Notes, frame: NDArray[np.floating]) -> NDArray[np.float64]:
    """Measure the seconds from each onset until the frame posterior falls below each level.

    Shape (note, level).
    """
    n = len(frame)
    first = np.minimum(np.rint(notes.onset / FRAME_PERIOD).astype(int) + 1, n)
    times = np.empty((len(notes.onset), len(OFFSETS.levels)))
    for midi in np.unique(notes.midi):
        of_key, key = notes.midi == midi, frame[:, int(midi) - LOWEST].astype(np.float32)
        for level_index, level in enumerate(OFFSETS.levels):
            next_below = np.append(np.where(key < level, np.arange(n), n), n)
            next_below = np.minimum.accumulate(next_below[::-1])[::-1]
            times[of_key, level_index] = (
                next_below[first[of_key]] - first[of_key] + 1
            ) * FRAME_PERIOD
    return np.minimum(times, OFFSETS.max_time)


def _gaps(notes: Notes) -> NDArray[np.float64]:
    """Measure the seconds to the following onsets, and last to the previous: (note, gap)."""
    onset, midi = notes.onset, notes.midi
    gaps = np.full((len(onset), len(OFFSETS.next_onsets) + 1), OFFSETS.max_time)
    for i, (at, pitch) in enumerate(zip(onset.tolist(), midi.tolist(), strict=True)):
        later = slice(
            np.searchsorted(onset, at + OFFSETS.chord_onset_gap, "right"),
            np.searchsorted(onset, at + OFFSETS.max_time),
        )
        times, intervals = onset[later] - at, np.abs(midi[later] - pitch)
        for index, (reach, nth) in enumerate(OFFSETS.next_onsets):
            matching = times[intervals <= reach] if reach < MAX_INTERVAL else times
            if len(matching) >= nth:
                gaps[i, index] = matching[nth - 1]
        n_before = np.searchsorted(onset, at - OFFSETS.chord_onset_gap)
        if n_before:
            gaps[i, -1] = min(OFFSETS.max_time, at - onset[n_before - 1])
    return np.maximum(gaps, OFFSETS.min_gap)


def _counts(
    onset: NDArray[np.float64], at: NDArray[np.float64], reach: float
) -> NDArray[np.float64]:
    """Count the onsets within `reach` seconds."""
    return (
        np.searchsorted(onset, at + reach, "right") - np.searchsorted(onset, at - reach)
    ).astype(float)


def _neighbour_medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute medians over neighbouring notes, shape (note, value)."""
    if not len(values):
        return values
    padded = np.pad(
        values, ((OFFSETS.n_neighbours // 2, OFFSETS.n_neighbours // 2), (0, 0)), mode="edge"
    )
    return np.median(
        np.lib.stride_tricks.sliding_window_view(padded, OFFSETS.n_neighbours + 1, axis=0), axis=2
    )
