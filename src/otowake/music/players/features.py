"""Input features of the instrument recogniser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from otowake.music.network_weights import PITCH_RBF, pitch_rbf
from otowake.music.players.config import PATCH
from otowake.music.players.envelopes import ENVELOPE_FEATURES
from otowake.music.transcription.decoding import FRAME_PERIOD
from otowake.signal.mono import as_mono
from otowake.signal.vqt import BINS, HALF_FRAMES, LOWEST, ROWS, frames_of
from otowake.types import Floats, Sound

ROWS_BELOW = 12
"""Semitones of a patch below the pitch."""

ROWS_ABOVE_FINE = 48
"""Semitones above the pitch, to partial 16, that features keep row by row."""

ROWS_ABOVE = 84
"""Semitones of a patch above the pitch, to partial 128."""

PATCH_ROWS = ROWS_BELOW + 1 + ROWS_ABOVE
"""Rows of a patch, in semitones."""

FINE_ROWS = ROWS_BELOW + 1 + ROWS_ABOVE_FINE
"""Rows that features keep one by one."""

FEATURE_ROWS = FINE_ROWS + (ROWS_ABOVE - ROWS_ABOVE_FINE) // 3
"""Rows of features: the rows above partial 16 are pooled in threes."""

FRAMES_BEFORE, FRAMES_AFTER = 4, 48
"""Frames of a patch before the onset, and from the onset on."""

PATCH_FRAMES = FRAMES_BEFORE + FRAMES_AFTER
"""Frames of a patch."""

PARTIAL_ROWS = np.unique(np.rint(12 * np.log2(np.arange(1, 17)))).astype(int)
"""Rows of partials 1 to 16, counted from the pitch."""

POOLING_SEGMENTS = ((0, 3), (3, 5), (5, 7), (7, 11), (11, 18), (18, 30), (30, 52))
"""Frames of a patch that are averaged: before the onset, attack, and later stretches."""

SHORT_WINDOW_SEGMENTS = 4
"""First segments in which the short windows are averaged, too."""

LEVEL_PLANES = len(POOLING_SEGMENTS) + SHORT_WINDOW_SEGMENTS
"""Planes that hold levels."""

FEATURE_PLANES = LEVEL_PLANES + 4
"""Planes of features.

Levels in each segment by the long windows, in the first segments by the short windows; mean
detuning of the partials, its variation, the variation of their levels, and where other notes have
partials.
"""

OTHERS_PLANE = FEATURE_PLANES - 1
"""Plane that shows where other notes have partials."""

ENVELOPE_BANDS = 25
"""Bands of four semitones, from the lowest row, of the spectral envelope."""

ENVELOPE_PLANES = (2, 4)
"""Planes from which the spectral envelope is computed."""

INPUT_FEATURES = (
    FEATURE_PLANES * FEATURE_ROWS
    + ENVELOPE_BANDS * len(ENVELOPE_PLANES)
    + len(POOLING_SEGMENTS)
    + ENVELOPE_FEATURES
    + len(PITCH_RBF)
)
"""Size of the network's input (:func:`network_input`)."""

PITCH_COLUMNS = slice(INPUT_FEATURES - len(PITCH_RBF), INPUT_FEATURES)
"""Columns of the network's input that hold the code of the pitch."""

FEATURE_KEYS = ("planes", "sounding", "contour")
"""Names of the arrays of :class:`NoteFeatures` in files, in order."""


class Patches(NamedTuple):
    """Excerpts of the spectrogram around the onsets of notes, in rows counted from the pitch.

    Attributes
    ----------
    long_window, short_window
        Shape (note, frame, row): levels by the long windows (maximum over the bins of a row) and by
        the short windows.
    skew
        Shape (note, frame, row): level of the upper bin of a row minus level of the lower bin.
    others
        Shape (note, frame, row): whether another note has a partial there.
    active
        Shape (note, frame): whether the note sounds.
    midi
        Shape (note,).
    """

    long_window: Floats
    short_window: Floats
    skew: Floats
    others: NDArray[np.bool_]
    active: NDArray[np.bool_]
    midi: NDArray[np.int64]


def note_patches(
    sound: Sound, onset: Floats, offset: Floats, midi: Floats, size: int = PATCH.batch_size
) -> Iterator[tuple[NDArray[np.int64], Patches]]:
    """Iterate over the patches of all notes, in order of onset.

    Times are in seconds.

    Yields
    ------
    Indices of at most `size` notes, and the patches of these notes.
    """
    mono = as_mono(sound)
    n = frames_of(mono.n_samples)
    keys = np.clip(np.rint(midi), LOWEST, LOWEST + ROWS - 1).astype(np.int64)
    onset_frame = np.clip(np.rint(onset / FRAME_PERIOD), 0, n).astype(np.int64)
    first = onset_frame - FRAMES_BEFORE
    offset_frame = np.clip(np.rint(offset / FRAME_PERIOD), 0, n).astype(np.int64)
    last = np.maximum(offset_frame, first + FRAMES_BEFORE + 2)
    order = np.argsort(onset, kind="stable")
    for begin in range(0, len(order), size):
        indices = order[begin : begin + size]
        start, stop = int(first[indices].min()), int(first[indices].max()) + PATCH_FRAMES
        fine, short = _padded_rows(mono.vqt(start, stop))
        partial_counts = np.zeros(short.shape, np.int16)
        for i in np.flatnonzero((first + FRAMES_BEFORE < stop) & (last > start)):
            frames = slice(max(first[i] + FRAMES_BEFORE - start, 0), last[i] - start)
            partial_counts[frames, keys[i] - LOWEST + ROWS_BELOW + PARTIAL_ROWS] += 1
        rows = keys[indices] - LOWEST
        frames = first[indices] - start
        at = (
            frames[:, None, None] + np.arange(PATCH_FRAMES)[:, None],
            rows[:, None, None] + np.arange(PATCH_ROWS),
        )
        active = np.arange(PATCH_FRAMES) < (last - first)[indices, None]
        active[:, :FRAMES_BEFORE] = False
        own = np.zeros((len(indices), PATCH_FRAMES, PATCH_ROWS), np.int16)
        own[:, :, ROWS_BELOW + PARTIAL_ROWS] = active[:, :, None]
        first_bin = _first_bins(fine, frames + FRAMES_BEFORE, rows)
        bins = (3 * at[1] + first_bin[:, None, None])[..., None] + np.arange(BINS)
        levels = fine[at[0][..., None], :, bins]  # (note, frame, row, bin, half-frame)
        yield (
            indices,
            Patches(
                long_window=levels.max(axis=3).mean(axis=3),
                short_window=short[at],
                skew=(levels[..., 2, :] - levels[..., 0, :]).mean(axis=3),
                others=partial_counts[at] > own,
                active=active,
                midi=keys[indices],
            ),
        )


def _padded_rows(levels: Floats) -> tuple[Floats, Floats]:
    """Split a spectrogram by window and pad it with silent rows as far as patches reach.

    Returns
    -------
    Levels by the long windows in thirds of a semitone, (frame, half-frame, third), and by the short
    windows in semitones, (frame, row).
    """
    n = len(levels)
    bins = (
        levels[..., : HALF_FRAMES * BINS]
        .reshape(n, ROWS, HALF_FRAMES, BINS)
        .swapaxes(1, 2)
        .reshape(n, HALF_FRAMES, -1)
    )
    fine = np.pad(bins, ((0, 0), (0, 0), (BINS * ROWS_BELOW + BINS, BINS * ROWS_ABOVE + BINS)))
    short = levels[..., HALF_FRAMES * BINS :].mean(axis=2)
    return fine, np.pad(short, ((0, 0), (ROWS_BELOW, ROWS_ABOVE)))


def _first_bins(
    fine: Floats, onset: NDArray[np.int64], row: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the bin in `fine` of a patch's row 0, minus three times the row, shape (note,).

    The bin is :data:`~otowake.signal.vqt.BINS` plus the detuning of the partials (1/3 semitone).
    """
    first, last = PATCH.detuning_frames
    frames = np.minimum(onset[:, None] + np.arange(first, last), len(fine) - 1)[:, :, None]
    partials = PARTIAL_ROWS[: PATCH.detuning_partials]
    bins = BINS * (row[:, None] + ROWS_BELOW + partials) + BINS + BINS // 2
    levels = [
        fine[frames, :, (bins + detuning)[:, None, :]].mean(axis=(1, 2, 3))
        for detuning in range(-PATCH.max_detuning, PATCH.max_detuning + 1)
    ]
    return BINS - PATCH.max_detuning + np.argmax(levels, axis=0)


class NoteFeatures(NamedTuple):
    """Features of notes.

    Attributes
    ----------
    planes
        Shape (note, plane, row): pooled patches.
    activity
        Shape (note, segment): share of each segment in which the note sounds.
    envelope
        Shape (note, feature): output of :func:`otowake.music.players.envelopes.note_envelopes`.
    """

    planes: Floats
    activity: Floats
    envelope: Floats


def pool_patches(batch: Patches, envelope: Floats) -> NoteFeatures:
    """Average patches over segments, relative to the strongest partial of each note.

    From the onset on only frames in which the note sounds count.
    """
    partials = ROWS_BELOW + PARTIAL_ROWS[: PATCH.reference_partials]
    reference_frames = slice(FRAMES_BEFORE, FRAMES_BEFORE + PATCH.reference_frames)
    own = batch.long_window[:, reference_frames, partials]
    strongest = own.max(axis=(1, 2)) if len(own) else np.zeros(0, np.float32)
    depth = PATCH.dynamic_range
    floor = (strongest - depth)[:, None, None]
    long_window, short_window = (
        _pool_rows(np.clip(x - floor, 0, depth + 1) / depth)
        for x in (batch.long_window, batch.short_window)
    )
    skew = _pool_rows(batch.skew * (batch.long_window > floor + 1))
    weights = batch.active.astype(np.float32)
    weights[:, : FRAMES_BEFORE + 1] = 1
    late, end = POOLING_SEGMENTS[2][0], PATCH_FRAMES
    mean_level = _weighted_mean(long_window, weights, late, end)
    mean_skew = _weighted_mean(skew, weights, late, end)
    others = _pool_rows(batch.others.astype(np.float32))
    planes = [
        *(_weighted_mean(long_window, weights, *segment) for segment in POOLING_SEGMENTS),
        *(
            _weighted_mean(short_window, weights, *segment)
            for segment in POOLING_SEGMENTS[:SHORT_WINDOW_SEGMENTS]
        ),
        mean_skew,
        _weighted_mean(np.abs(skew - mean_skew[:, None]), weights, late, end),
        _weighted_mean(np.abs(long_window - mean_level[:, None]), weights, late, end),
        _weighted_mean(others, weights, FRAMES_BEFORE, end),
    ]
    activity = [batch.active[:, start:stop].mean(axis=1) for start, stop in POOLING_SEGMENTS]
    return NoteFeatures(
        np.stack(planes, axis=1).astype(np.float32),
        np.stack(activity, axis=1).astype(np.float32),
        envelope,
    )


def _pool_rows(x: Floats) -> Floats:
    """Pool the rows of a patch, (note, frame, row): maximum of every three above partial 16."""
    upper = x[..., FINE_ROWS:]
    pooled = upper.reshape(*upper.shape[:-1], -1, 3).max(axis=-1)
    return np.concatenate([x[..., :FINE_ROWS], pooled], axis=-1)


def _weighted_mean(x: Floats, weights: Floats, start: int, stop: int) -> Floats:
    """Average x (note, frame, row) over frames; 0 where all weights (note, frame) are 0."""
    segment = weights[:, start:stop]
    total = np.einsum("nfr,nf->nr", x[:, start:stop], segment)
    return total / np.maximum(segment.sum(axis=1), 1)[:, None]


def network_input(features: NoteFeatures, midi: ArrayLike) -> Floats:
    """Concatenate the network's input, (note, :data:`INPUT_FEATURES`).

    The columns are features, with the spectral envelope after the planes, and the radial-basis code
    of the pitch.
    """
    pitch = np.asarray(midi, float)
    columns = [
        features.planes.reshape(len(pitch), -1),
        spectral_envelopes(features.planes, np.rint(pitch).astype(np.int64)),
        features.activity,
        features.envelope,
        pitch_rbf(pitch),
    ]
    return np.concatenate(columns, axis=1).astype(np.float32)


def spectral_envelopes(planes: Floats, midi: NDArray[np.int64]) -> Floats:
    """Return the maximum in each band of absolute frequency, (note, band), bands plane by plane.

    The resonances of an instrument's body do not move with the pitch.
    """
    row = np.arange(ROWS) + LOWEST - midi[:, None] + ROWS_BELOW
    row = np.where(row < FINE_ROWS, row, FINE_ROWS + (row - FINE_ROWS) // 3)
    inside = (row >= 0) & (row < FEATURE_ROWS)
    selected = planes[:, list(ENVELOPE_PLANES)]
    clipped = np.clip(row, 0, FEATURE_ROWS - 1)[:, None]
    levels = np.take_along_axis(selected, clipped, axis=2) * inside[:, None]
    return levels.reshape(len(midi), len(ENVELOPE_PLANES) * ENVELOPE_BANDS, -1).max(axis=2)
