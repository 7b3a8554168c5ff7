"""Measure the partials of notes: interpolated spectral peaks, apart from those of other notes.

The frequencies of spectral peaks are interpolated between bins (Smith & Serra, "PARSHL: an
analysis/synthesis program for non-harmonic sounds", 1987).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from otowake.music.theory.names import midi_to_hz
from otowake.music.transcription.config import CONTOURS
from otowake.signal.vqt import RATE
from otowake.types import Note

Array = NDArray[Any]

MIN_VELOCITY = 0.01
"""Keeps ratios of velocities finite."""


class _SpectralPeaks(NamedTuple):
    """The peaks of spectra: frame, frequency in Hz and root of the magnitude, each (peak,)."""

    frame: Array
    hz: Array
    weight: Array


class Target(NamedTuple):
    """A note to measure.

    Attributes
    ----------
    frames
        Its first frame, and the frame after its last.
    free
        Whether a partial is apart from those of other notes, shape (frame, partial).
    others
        Indices of the other notes.
    """

    frames: tuple[int, int]
    free: Array
    others: Array


class PartialPeaks(NamedTuple):
    """The peaks near partials of a note.

    Attributes
    ----------
    row
        Index of the frame among those of the note.
    partial
        Number of the partial, from 1.
    cents
        Distance from the partial.
    weight
        Root of the magnitude.
    n_rows
        Number of frames of the note.
    """

    row: Array
    partial: Array
    cents: Array
    weight: Array
    n_rows: int


def groups_of(notes: Sequence[Note]) -> Iterator[list[int]]:
    """Yield the notes that are long enough, in groups that bound the memory."""
    group: list[int] = []
    for index, note in enumerate(notes):
        if note.is_drum or not CONTOURS.min_duration <= note.offset - note.onset <= (
            CONTOURS.max_duration
        ):
            continue
        if group and note.onset > notes[group[0]].onset + CONTOURS.block_seconds:
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _frames(note: Note, window: int) -> tuple[int, int]:
    """Return the first frame of a note and the frame after its last, without its neighbours."""
    margin = CONTOURS.margin * window
    first = int(np.ceil((note.onset * RATE + margin) / CONTOURS.hop))
    return first, int((note.offset * RATE - margin) / CONTOURS.hop) + 1


def _frame(seconds: float) -> int:
    return int(seconds * RATE / CONTOURS.hop)


def _is_faint(loudness: Array, multiple: Array, partial: Array) -> Array:
    """Whether a partial of another note is too weak to disturb a partial of this note.

    Partials fall by 6 dB per octave; `loudness` is the other note's over this one's.
    """
    return loudness * partial < CONTOURS.min_disturbance * multiple


def targets_by_window(notes: Sequence[Note], group: Sequence[int]) -> dict[int, dict[int, Target]]:
    """Choose the shortest window for each note that separates enough of its partials.

    Returns the notes of each window by index.
    """
    onsets, ends = (np.array([getattr(n, name) for n in notes]) for name in ("onset", "offset"))
    pitches = np.array([note.midi for note in notes])
    drums = np.array([note.is_drum for note in notes])
    velocities = np.array([note.velocity for note in notes])
    longest = float((ends - onsets).max())
    chosen: dict[int, dict[int, Target]] = {}
    for index in group:
        note = notes[index]
        hz = float(midi_to_hz(note.midi))
        near = slice(
            int(np.searchsorted(onsets, note.onset - longest)),
            int(np.searchsorted(onsets, note.offset)),
        )
        overlap = np.minimum(ends[near], note.offset) - np.maximum(onsets[near], note.onset)
        other = (overlap > CONTOURS.min_overlap) & (pitches[near] != note.midi) & ~drums[near]
        others = np.flatnonzero(other) + near.start
        number = np.arange(1, CONTOURS.n_partials + 1)
        number = number[number * hz < CONTOURS.max_frequency * RATE]
        multiples = np.arange(1, CONTOURS.other_partials + 1)
        gaps = np.abs(number[:, None] * hz - midi_to_hz(pitches[others])[:, None, None] * multiples)
        loudness = velocities[others] / max(note.velocity, MIN_VELOCITY)
        faint = _is_faint(loudness[:, None, None], multiples, number[:, None])
        gaps = np.where(faint, np.inf, gaps).min(axis=2, initial=np.inf)  # (other, partial)
        for window in CONTOURS.windows:
            first, last = _frames(note, window)
            if window * hz < CONTOURS.min_periods * RATE or last - first < CONTOURS.min_frames:
                continue
            free = np.full((last - first, len(number)), True)
            shared = gaps < CONTOURS.separation * RATE / window
            for k in np.flatnonzero(shared.any(axis=1)):
                begin, end = (_frame(float(times[others[k]])) - first for times in (onsets, ends))
                free[max(begin, 0) : max(end + 1, 0)] &= ~shared[k]
            enough = min(CONTOURS.min_free, len(number))
            if (free.sum(axis=1) >= enough).mean() >= CONTOURS.min_voiced:
                chosen.setdefault(window, {})[index] = Target((first, last), free, others)
                break
    return chosen


def partial_peaks(
    notes: Sequence[Note], targets: dict[int, Target], samples: Array, window: int
) -> dict[int, PartialPeaks]:
    """Collect the peaks near the free partials of each note and apart from those of others."""
    ranges = np.array([target.frames for target in targets.values()])
    spectral = _spectral_peaks(samples, window, ranges)
    near = {}
    for index, ((first, last), free, others) in targets.items():
        begin, end = np.searchsorted(spectral.frame, (first, last))
        hz, row = spectral.hz[begin:end], spectral.frame[begin:end] - first
        f0 = float(midi_to_hz(notes[index].midi))
        partial = np.clip(np.rint(hz / f0).astype(int), 1, free.shape[1])
        cents = 1200 * np.log2(hz / (partial * f0))
        kept = (np.abs(cents) <= CONTOURS.reach) & free[row, partial - 1]
        for other in others.tolist():
            low, high = (_frame(getattr(notes[other], name)) for name in ("onset", "offset"))
            ratio = hz / float(midi_to_hz(notes[other].midi))
            nearest = np.maximum(np.rint(ratio), 1)
            differs = np.abs(ratio / nearest - 1) > CONTOURS.near * np.log(2) / 1200
            loudness = notes[other].velocity / max(notes[index].velocity, MIN_VELOCITY)
            differs |= _is_faint(np.asarray(loudness), nearest, partial)
            kept &= differs | (row + first < low) | (row + first > high)
        weight = spectral.weight[begin:end]
        near[index] = PartialPeaks(
            row[kept], partial[kept], cents[kept], weight[kept], last - first
        )
    return near


def _spectral_peaks(samples: Array, window: int, ranges: Array) -> _SpectralPeaks:
    """Find the peaks that stand out from their surroundings, in all frames of some ranges."""
    low, high = int(ranges[:, 0].min()), int(ranges[:, 1].max())
    steps = np.zeros(high - low + 1, int)
    np.add.at(steps, ranges[:, 0] - low, 1)
    np.add.at(steps, ranges[:, 1] - low, -1)
    needed = np.flatnonzero(np.cumsum(steps)[:-1]) + low
    size, half = CONTOURS.padding * window, window // 2
    hann = (np.hanning(window + 1)[:-1]).astype(np.float32)
    reach = int(CONTOURS.surroundings * 2 * CONTOURS.padding)
    blocks: list[tuple[Array, Array, Array]] = []
    for start in range(0, len(needed), CONTOURS.block_frames):
        frames = needed[start : start + CONTOURS.block_frames]
        begin = int(frames[0]) * CONTOURS.hop - half
        stop = int(frames[-1]) * CONTOURS.hop + half
        part = samples[max(begin, 0) : max(stop, 0)].astype(np.float32)
        part = np.pad(part, (max(-begin, 0), stop - max(begin, 0) - len(part)))
        windows = sliding_window_view(part, window)[frames * CONTOURS.hop - half - begin]
        spectra: Array = np.asarray(scipy.fft.rfft(windows * hann, size, axis=1))
        level = np.log(np.abs(spectra) + 1e-9)
        middle = level[:, 1:-1]
        is_peak = (middle > level[:, :-2]) & (middle >= level[:, 2:])
        is_peak &= middle > uniform_filter1d(level, 2 * reach + 1, axis=1)[:, 1:-1] + np.log(
            CONTOURS.peak_prominence
        )
        row, index = np.nonzero(is_peak)
        index += 1
        left, top, right = (level[row, index + step] for step in (-1, 0, 1))
        shift = (right - left) / (2 * np.maximum(2 * top - left - right, 1e-9))
        blocks.append((frames[row], (index + shift) * (RATE / size), np.exp(top / 2)))
    return _SpectralPeaks(*(np.concatenate(values) for values in zip(*blocks, strict=True)))
