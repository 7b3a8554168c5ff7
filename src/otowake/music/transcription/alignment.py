"""A score brought into the time of a recording.

Both become features of 23 ms: what sounds in each pitch class, and what begins in each (Ewert, Müller & Grosche, "High
resolution audio synchronization using chroma onset features", 2009). Dynamic time warping finds the way through both,
first coarsely, then finer in a band about the way before (Müller, Mattes & Kurth, "An efficient multiscale approach to
audio synchronization", 2006), so memory grows with the length and not with its square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from otowake.errors import BadInput
from otowake.music.components.pitch import tuning_of_frames
from otowake.music.theory.names import midi_to_hz
from otowake.music.transcription.transcriber import transcribe
from otowake.options import StftSpec
from otowake.signal.magnitude import axes, magnitudes
from otowake.types import Floats, Note, Sound

STFT = StftSpec(sample_rate=22050, n_fft=4096, hop=512)

SECONDS = STFT.hop / STFT.sample_rate
"""From frame to frame."""

WINDOW = STFT.n_fft // STFT.hop // 2
BLUR = np.hanning(2 * WINDOW + 3)[1:-1] / np.hanning(2 * WINDOW + 3).sum()
"""What the window makes of an instant: a score's notes begin and end as gradually as a recording's."""

LOWEST, HIGHEST = 36, 96
"""MIDI pitches whose bands are looked at."""

LASTING = 10
"""Frames over which the mark of an onset fades."""

COARSE = 1500
"""Frames that are compared each with each at most."""

FINER = 4
"""How many times finer each level is than the one before."""

REACH = 24
"""Frames by which the finer way may leave the coarser one, on either side."""

NEAR = 0.2
"""A note that was heard at its pitch no further away, in seconds, tells a moved note's onset."""

HIT = 0.05
"""A score's note that is heard within so many seconds fits."""

ALIGNED = 0.8
"""A score is left as it is if it fits at least so well beside the moved one: it may well be more exact."""


def align(notes: Sequence[Note], sound: Sound) -> list[Note]:
    """The notes of a score in the time of a recording.

    Parameters
    ----------
    notes
        The score, at any tempo; a part of it may be missing from the recording only at its ends.
    sound
        The recording.

    Returns
    -------
    The same notes in the same order with other onsets and ends; unchanged if they fit the recording as they are, or if
    there is nothing to go by.
    """
    try:
        V = np.concatenate(list(magnitudes(sound, STFT)), axis=1)
    except BadInput:
        return list(notes)
    pitched = [note for note in notes if not note.is_drum]
    if not pitched or V.max() <= 0:
        return list(notes)
    bands = _bands(V)
    heard = _features(bands)
    n_score = int(max(note.offset for note in pitched) / SECONDS) + 2
    written = _features(_written(pitched, n_score))
    columns, rows = way(written, heard)
    score, when = np.unique(columns, return_index=True)
    moved = [_moved(note, score * SECONDS, rows[when] * SECONDS) for note in notes]
    onsets = _onsets(sound)
    found = [_struck(note, onsets) for note in moved]
    return list(notes) if _fits(notes, onsets) >= ALIGNED * _fits(found, onsets) else found


def _onsets(sound: Sound) -> dict[int, Floats]:
    """The onsets that the transcriber hears, by pitch."""
    heard = transcribe(sound)
    return {midi: heard.onset[heard.midi == midi] for midi in np.unique(heard.midi).tolist()}


def _nearest(note: Note, onsets: dict[int, Floats]) -> float:
    """The heard onset of the note's pitch that is nearest to its own; infinite where there is none."""
    own = onsets.get(note.midi, np.zeros(0))
    return float(own[np.argmin(np.abs(own - note.onset))]) if len(own) else np.inf


def _fits(notes: Sequence[Note], onsets: dict[int, Floats]) -> float:
    """The share of the pitched notes that are heard when they are written."""
    pitched = [note for note in notes if not note.is_drum]
    return float(np.mean([abs(_nearest(note, onsets) - note.onset) <= HIT for note in pitched]))


def _moved(note: Note, score: Floats, recording: Floats) -> Note:
    onset, offset = np.interp([note.onset, note.offset], score, recording).tolist()
    return replace(note, onset=onset, offset=max(offset, onset + SECONDS))


def _struck(note: Note, onsets: dict[int, Floats]) -> Note:
    """The note begun where its pitch is heard to begin, if that is near: the way is only as exact as a frame."""
    onset = _nearest(note, onsets)
    if note.is_drum or abs(onset - note.onset) > NEAR:
        return note
    return replace(note, onset=onset, offset=max(note.offset, onset + SECONDS))


def _bands(V: Floats) -> Floats:
    """The loudness of each semitone, shape (frame, pitch), about 1 for the loudest."""
    frequencies, _ = axes(STFT, V.shape[1])
    tuning_hz = tuning_of_frames(V, frequencies)
    edges = midi_to_hz(np.arange(LOWEST, HIGHEST + 2) - 0.5, tuning_hz) / frequencies[1]
    bins = np.arange(len(V))
    weights = np.clip(
        np.minimum(bins + 0.5, edges[1:, None]) - np.maximum(bins - 0.5, edges[:-1, None]), 0, 1
    )
    bands = (weights / weights.sum(axis=1, keepdims=True) @ V).T
    return bands / max(float(np.quantile(bands.max(axis=1), 0.95)), 1e-30)


def _written(notes: Sequence[Note], n_frames: int) -> Floats:
    """What :func:`_bands` would be for notes that die away, with their first partials."""
    bands = np.zeros((n_frames, HIGHEST + 1 - LOWEST))
    for note in notes:
        start, stop = (
            round(note.onset / SECONDS),
            max(round(note.offset / SECONDS), round(note.onset / SECONDS) + 2),
        )
        for interval, strength in ((0, 1.0), (12, 0.5), (19, 0.3), (24, 0.2)):
            row = note.midi + interval - LOWEST
            if 0 <= row < bands.shape[1]:
                span = bands[start:stop, row]
                np.maximum(span, strength * np.exp(-np.arange(len(span)) / 40), out=span)
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(bands, ((WINDOW, WINDOW), (0, 0))), len(BLUR), axis=0
    )
    return around @ BLUR


def _features(bands: Floats) -> Floats:
    """Shape (frame, 24): what sounds, then what begins, in each pitch class."""
    classes = np.eye(12)[(np.arange(bands.shape[1]) + LOWEST) % 12]
    bands = np.log1p(100 * bands)
    sounding = bands @ classes
    sounding /= (
        np.linalg.norm(sounding, axis=1, keepdims=True)
        + 0.3 * np.median(np.linalg.norm(sounding, axis=1))
        + 1e-9
    )
    rise = np.maximum(bands - np.pad(bands, ((2, 0), (0, 0)))[:-2], 0) @ classes
    rise /= np.quantile(rise.max(axis=1), 0.98) + 1e-9
    marks = np.minimum(rise, 1.5)
    for frame in range(1, len(marks)):
        np.maximum(marks[frame], marks[frame - 1] * (1 - 1 / LASTING) - 0.02, out=marks[frame])
    return np.concatenate([sounding, marks], axis=1).astype(np.float32)


def _cost(a: Floats, b: Floats) -> Floats:
    """The unlikeness of features of shapes (…, 24), squared distances."""
    return np.square(a - b).sum(axis=-1)


def way(a: Floats, b: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The cheapest way through two sequences of features of shapes (place, feature): the places in each, one for each of
    a's steps at least, both never going back.

    Examples
    --------
    >>> a = np.eye(4)
    >>> [places.tolist() for places in way(a, a[[0, 0, 1, 2, 2, 3]])]
    [[0, 0, 1, 2, 2, 3], [0, 1, 2, 3, 4, 5]]
    """
    levels = [(a, b)]
    while max(len(levels[-1][0]), len(levels[-1][1])) > COARSE:
        levels.append((_pooled(levels[-1][0]), _pooled(levels[-1][1])))
    coarse_a, coarse_b = levels.pop()
    first = np.zeros(len(coarse_a), int)
    found = _banded(coarse_a, coarse_b, first, len(coarse_b))
    while levels:
        a, b = levels.pop()
        middle = np.interp(np.arange(len(a)) / FINER, *_single(*found)) * FINER
        slope = int(np.ceil(np.abs(np.diff(middle)).max(initial=1)))
        width = min(2 * REACH + 4 * slope, len(b))
        first = np.clip(middle - width // 2, 0, len(b) - width).astype(int)
        first[0], first[-1] = 0, len(b) - width
        found = _banded(a, b, np.maximum.accumulate(first), width)
    return found


def _single(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Each row once, with the mean of its columns."""
    unique, count = np.unique(rows, return_counts=True)
    return unique.astype(float), np.bincount(rows, columns)[unique] / count


def _pooled(features: Floats) -> Floats:
    spare = -len(features) % FINER
    padded = np.pad(features, ((0, spare), (0, 0)), mode="edge")
    return padded.reshape(-1, FINER, features.shape[1]).mean(axis=1)


def _banded(
    a: Floats, b: Floats, first: NDArray[np.intp], width: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Dynamic time warping where row i may meet the columns from ``first[i]`` on, `width` of them.

    A row follows from the one before without a loop over its columns: with C the sums of costs along the row, the
    cheapest way to column j that enters the row at k costs entry[k] − C[k−1] + C[j].
    """
    n = len(a)
    total = np.full((n, width), np.inf)
    total[0] = np.cumsum(_cost(a[0], b[first[0] : first[0] + width]), dtype=float)
    for i in range(1, n):
        cost = _cost(a[i], b[first[i] : first[i] + width]).astype(float)
        along = np.cumsum(cost)
        step = first[i] - first[i - 1]
        before = np.full(width + 1, np.inf)
        kept = total[i - 1, max(step - 1, 0) :]
        before[max(1 - step, 0) :][: len(kept)] = kept[: width + 1 - max(1 - step, 0)]
        entry = np.minimum(before[1:], before[:-1])
        total[i] = np.minimum.accumulate(entry + cost - along) + along
    rows, columns = [n - 1], [len(b) - 1]
    while rows[-1] > 0 or columns[-1] > first[0]:
        i, j = rows[-1], columns[-1]
        options = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        costs = [_at(total, first, *place) for place in options]
        i, j = options[int(np.argmin(costs))]
        rows.append(i)
        columns.append(j)
    return np.array(rows[::-1]), np.array(columns[::-1])


def _at(total: Floats, first: NDArray[np.intp], i: int, j: int) -> float:
    """The cost of a place, infinite outside the band."""
    if i < 0 or not 0 <= j - first[i] < total.shape[1]:
        return np.inf
    return float(total[i, j - first[i]])
