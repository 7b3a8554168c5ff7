"""Align a score to a recording by dynamic time warping.

Score and recording become features at a hop of 23 ms: loudness and onset strength of each pitch
class (Ewert, Müller & Grosche, "High resolution audio synchronization using chroma onset features",
2009). Dynamic time warping runs first at a coarse resolution, then at finer ones in a band around
the previous path (Müller, Mattes & Kurth, "An efficient multiscale approach to audio
synchronization", 2006), so memory grows linearly with the length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from otowake.errors import BadInput
from otowake.music.components.pitch import tuning_of_frames
from otowake.music.theory.names import midi_to_hz
from otowake.music.transcription.config import ALIGNMENT
from otowake.music.transcription.transcriber import transcribe
from otowake.options import StftSpec
from otowake.signal.magnitude import axes, magnitudes
from otowake.signal.mono import as_mono
from otowake.types import Floats, Note, Sound

CHROMA_STFT = StftSpec(sample_rate=22050, n_fft=4096, hop=512)

CHROMA_PERIOD = CHROMA_STFT.hop / CHROMA_STFT.sample_rate
"""Seconds per frame."""

HALF_WINDOW = CHROMA_STFT.n_fft // CHROMA_STFT.hop // 2
"""Frames, half the length of the analysis window."""

WINDOW_RESPONSE = np.hanning(2 * HALF_WINDOW + 3)[1:-1] / np.hanning(2 * HALF_WINDOW + 3).sum()
"""Response of the analysis window to an impulse; notes of the score fade in and out with it."""

LOWEST_BAND, HIGHEST_BAND = 36, 96
"""MIDI pitches of the lowest and the highest band."""


def align(notes: Sequence[Note], sound: Sound) -> list[Note]:
    """Align the notes of a score to a recording.

    Parameters
    ----------
    notes
        The score, at any tempo; the recording may lack only its beginning or its end.
    sound
        The recording.

    Returns
    -------
    The same notes in the same order with new onsets and offsets; unchanged if they fit the
    recording already, or if score or recording are empty.
    """
    mono = as_mono(sound)
    try:
        V = np.concatenate(list(magnitudes(mono, CHROMA_STFT)), axis=1)
    except BadInput:
        return list(notes)
    pitched = [note for note in notes if not note.is_drum]
    if not pitched or V.max() <= 0:
        return list(notes)
    bands = _bands(V)
    recorded = _features(bands)
    n_score = int(max(note.offset for note in pitched) / CHROMA_PERIOD) + 2
    written = _features(_score_bands(pitched, n_score))
    columns, rows = warping_path(written, recorded)
    score, first_index = np.unique(columns, return_index=True)
    warped = [
        _warped(note, score * CHROMA_PERIOD, rows[first_index] * CHROMA_PERIOD) for note in notes
    ]
    onsets = _onsets(mono)
    snapped = [_snapped(note, onsets) for note in warped]
    if _fit(notes, onsets) >= ALIGNMENT.min_fit * _fit(snapped, onsets):
        return list(notes)
    return snapped


def _onsets(sound: Sound) -> dict[int, Floats]:
    """Detect onsets in the recording, by pitch."""
    detected = transcribe(sound)
    return {
        midi: detected.onset[detected.midi == midi] for midi in np.unique(detected.midi).tolist()
    }


def _nearest(note: Note, onsets: dict[int, Floats]) -> float:
    """Find the detected onset of the note's pitch nearest to the note; infinite without one."""
    candidates = onsets.get(note.midi, np.zeros(0))
    if not len(candidates):
        return np.inf
    return float(candidates[np.argmin(np.abs(candidates - note.onset))])


def _fit(notes: Sequence[Note], onsets: dict[int, Floats]) -> float:
    """Compute the share of pitched notes with a detected onset within the tolerance."""
    pitched = [note for note in notes if not note.is_drum]
    distances = [abs(_nearest(note, onsets) - note.onset) for note in pitched]
    return float(np.mean([distance <= ALIGNMENT.onset_tolerance for distance in distances]))


def _warped(note: Note, score: Floats, recording: Floats) -> Note:
    onset, offset = np.interp([note.onset, note.offset], score, recording).tolist()
    return replace(note, onset=onset, offset=max(offset, onset + CHROMA_PERIOD))


def _snapped(note: Note, onsets: dict[int, Floats]) -> Note:
    """Move a note to the nearest detected onset of its pitch, if it is near.

    The warping path is only as precise as a frame.
    """
    onset = _nearest(note, onsets)
    if note.is_drum or abs(onset - note.onset) > ALIGNMENT.snap_distance:
        return note
    return replace(note, onset=onset, offset=max(note.offset, onset + CHROMA_PERIOD))


def _bands(V: Floats) -> Floats:
    """Compute the loudness of each semitone, shape (frame, pitch), about 1 for the loudest."""
    frequencies, _ = axes(CHROMA_STFT, V.shape[1])
    tuning_hz = tuning_of_frames(V, frequencies)
    edges = midi_to_hz(np.arange(LOWEST_BAND, HIGHEST_BAND + 2) - 0.5, tuning_hz) / frequencies[1]
    bins = np.arange(len(V))
    weights = np.clip(
        np.minimum(bins + 0.5, edges[1:, None]) - np.maximum(bins - 0.5, edges[:-1, None]), 0, 1
    )
    bands = (weights / weights.sum(axis=1, keepdims=True) @ V).T
    return bands / max(float(np.quantile(bands.max(axis=1), ALIGNMENT.loud_quantile)), 1e-30)


def _score_bands(notes: Sequence[Note], n_frames: int) -> Floats:
    """Synthesise the bands of decaying notes with their first partials; see :func:`_bands`."""
    bands = np.zeros((n_frames, HIGHEST_BAND + 1 - LOWEST_BAND))
    for note in notes:
        start, stop = (
            round(note.onset / CHROMA_PERIOD),
            max(round(note.offset / CHROMA_PERIOD), round(note.onset / CHROMA_PERIOD) + 2),
        )
        for interval, strength in ALIGNMENT.partials:
            row = note.midi + interval - LOWEST_BAND
            if 0 <= row < bands.shape[1]:
                span = bands[start:stop, row]
                np.maximum(
                    span, strength * np.exp(-np.arange(len(span)) / ALIGNMENT.note_decay), out=span
                )
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(bands, ((HALF_WINDOW, HALF_WINDOW), (0, 0))), len(WINDOW_RESPONSE), axis=0
    )
    return windows @ WINDOW_RESPONSE


def _features(bands: Floats) -> Floats:
    """Compute chroma and onset features of each pitch class, shape (frame, 24)."""
    classes = np.eye(12)[(np.arange(bands.shape[1]) + LOWEST_BAND) % 12]
    bands = np.log1p(ALIGNMENT.compression * bands)
    chroma = bands @ classes
    chroma /= (
        np.linalg.norm(chroma, axis=1, keepdims=True)
        + ALIGNMENT.norm_floor * np.median(np.linalg.norm(chroma, axis=1))
        + 1e-9
    )
    rise = (
        np.maximum(
            bands - np.pad(bands, ((ALIGNMENT.onset_lag, 0), (0, 0)))[: -ALIGNMENT.onset_lag], 0
        )
        @ classes
    )
    rise /= np.quantile(rise.max(axis=1), ALIGNMENT.onset_quantile) + 1e-9
    onsets = np.minimum(rise, ALIGNMENT.onset_limit)
    for frame in range(1, len(onsets)):
        np.maximum(
            onsets[frame],
            onsets[frame - 1] * (1 - 1 / ALIGNMENT.onset_decay) - ALIGNMENT.onset_fall,
            out=onsets[frame],
        )
    return np.concatenate([chroma, onsets], axis=1).astype(np.float32)


def _cost(a: Floats, b: Floats) -> Floats:
    """Compute squared distances of features of shapes (…, 24)."""
    return np.square(a - b).sum(axis=-1)


def warping_path(a: Floats, b: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the cheapest monotonic path through two sequences of features of shape (frame, feature).

    Returns indices into both sequences; the path visits every frame of both.

    Examples
    --------
    >>> a = np.eye(4)
    >>> [indices.tolist() for indices in warping_path(a, a[[0, 0, 1, 2, 2, 3]])]
    [[0, 0, 1, 2, 2, 3], [0, 1, 2, 3, 4, 5]]
    """
    levels = [(a, b)]
    while max(len(levels[-1][0]), len(levels[-1][1])) > ALIGNMENT.max_coarse_frames:
        levels.append((_pooled(levels[-1][0]), _pooled(levels[-1][1])))
    coarse_a, coarse_b = levels.pop()
    first = np.zeros(len(coarse_a), int)
    path = _banded(coarse_a, coarse_b, first, len(coarse_b))
    while levels:
        a, b = levels.pop()
        centre = (
            np.interp(np.arange(len(a)) / ALIGNMENT.refinement, *_mean_columns(*path))
            * ALIGNMENT.refinement
        )
        slope = int(np.ceil(np.abs(np.diff(centre)).max(initial=1)))
        width = min(2 * ALIGNMENT.band_reach + ALIGNMENT.band_slope * slope, len(b))
        first = np.clip(centre - width // 2, 0, len(b) - width).astype(int)
        first[0], first[-1] = 0, len(b) - width
        path = _banded(a, b, np.maximum.accumulate(first), width)
    return path


def _mean_columns(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Reduce a path to one column per row, the mean of its columns."""
    unique, count = np.unique(rows, return_counts=True)
    return unique.astype(float), np.bincount(rows, columns)[unique] / count


def _pooled(features: Floats) -> Floats:
    spare = -len(features) % ALIGNMENT.refinement
    padded = np.pad(features, ((0, spare), (0, 0)), mode="edge")
    return padded.reshape(-1, ALIGNMENT.refinement, features.shape[1]).mean(axis=1)


def _banded(
    a: Floats, b: Floats, first: NDArray[np.intp], width: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Run dynamic time warping where row i meets `width` columns from ``first[i]`` on.

    A row follows from the previous one without a loop over its columns: with C the cumulative costs
    along the row, the cheapest path to column j that enters the row at k costs entry[k] − C[k−1] +
    C[j].
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
        costs = [_at(total, first, *option) for option in options]
        i, j = options[int(np.argmin(costs))]
        rows.append(i)
        columns.append(j)
    return np.array(rows[::-1]), np.array(columns[::-1])


def _at(total: Floats, first: NDArray[np.intp], i: int, j: int) -> float:
    """Look up an accumulated cost, infinite outside the band."""
    if i < 0 or not 0 <= j - first[i] < total.shape[1]:
        return np.inf
    return float(total[i, j - first[i]])
