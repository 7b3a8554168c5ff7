"""Features of notes that the recogniser of instruments takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from otowake.music.networks import PITCH_RBF, pitch_rbf
from otowake.music.players.envelopes import NUMBERS
from otowake.music.transcription.decoding import FRAME_PERIOD
from otowake.signal.vqt import BINS, HALF_FRAMES, LOWEST, ROWS, frames_of, level, vqt
from otowake.types import Floats

BELOW, ABOVE, FAR = 12, 48, 84
"""Semitones under a note's pitch that its patch reaches; above it, to partial 16, row by row; and, to partial 128, in threes."""


WIDE = BELOW + 1 + FAR
"""Rows of a patch."""


FINE = BELOW + 1 + ABOVE


SPAN = FINE + (FAR - ABOVE) // 3
"""Rows of a description: the upper ones of the patch are taken in threes."""


BEFORE, AFTER = 4, 48
"""Frames of a patch before the onset, and from it on."""


FRAMES = BEFORE + AFTER


PARTIALS = np.unique(np.rint(12 * np.log2(np.arange(1, 17)))).astype(int)
"""Rows of the partials 1 to 16, from the pitch."""


OFF = 2
"""Thirds of a semitone by which a note may be out of tune: its rows are moved along."""


DEPTH = 3.0
"""How far below a note's strongest partial the network hears, in units of a cell (20 dB)."""


SEGMENTS = ((0, 3), (3, 5), (5, 7), (7, 11), (11, 18), (18, 30), (30, 52))
"""Stretches of a patch, in frames, over which a mean is taken: before the onset, its attack, and later on."""


STROKES = 4
"""Of so many of them the short windows are heard, too."""


HEARD = len(SEGMENTS) + STROKES


PLANES = HEARD + 4
"""Rows of numbers that tell of a note: its partials in each segment, the same by the short windows in the first four, how
far its partials lie from the middle of their rows, how much that and their strength change, and where others' partials are."""


BANDS = 25
"""Bands of four semitones from the lowest row on, in which the envelope over absolute frequency is told."""


ENVELOPES = (2, 4)
"""The segments whose envelope over absolute frequency is told."""


INPUTS = PLANES * SPAN + BANDS * len(ENVELOPES) + len(SEGMENTS) + NUMBERS + len(PITCH_RBF)
"""Numbers that the network is given of a note (:func:`flat`)."""


BATCH = 64
"""Notes done at once."""


class Patches(NamedTuple):
    """What is heard about notes.

    Attributes
    ----------
    tone, stroke
        Shape (note, frame, row): cells of the long windows (the strongest of a row's bins) and of the short ones.
    skew
        Shape (note, frame, row): by how much the upper bin of a row is stronger than the lower one.
    others
        Shape (note, frame, row): whether another note has a partial there.
    sounding
        Shape (note, frame): whether the note itself sounds.
    midi
        Shape (note,).
    """

    tone: Floats
    stroke: Floats
    skew: Floats
    others: NDArray[np.bool_]
    sounding: NDArray[np.bool_]
    midi: NDArray[np.int64]


def patches(
    samples: Floats, onset: Floats, offset: Floats, midi: Floats, size: int = BATCH
) -> Iterator[tuple[NDArray[np.int64], Patches]]:
    """The patches of all notes, at most `size` at once, in order of onset: which notes they are of, and they.

    `samples` has the shape (sample,), at 22,050 Hz; the notes are as for :func:`recognize`.
    """
    reference, n = level(samples), frames_of(len(samples))
    keys = np.clip(np.rint(midi), LOWEST, LOWEST + ROWS - 1).astype(np.int64)
    first = np.clip(np.rint(onset / FRAME_PERIOD), 0, n).astype(np.int64) - BEFORE
    last = np.maximum(
        np.clip(np.rint(offset / FRAME_PERIOD), 0, n).astype(np.int64), first + BEFORE + 2
    )
    order = np.argsort(onset, kind="stable")
    for begin in range(0, len(order), size):
        which = order[begin : begin + size]
        start, stop = int(first[which].min()), int(first[which].max()) + FRAMES
        fine, short = _fine(vqt(samples, reference, start, stop))
        near = np.flatnonzero((first + BEFORE < stop) & (last > start))
        counts = np.zeros(short.shape, np.int16)
        for i in near:
            counts[
                max(first[i] + BEFORE - start, 0) : last[i] - start,
                keys[i] - LOWEST + BELOW + PARTIALS,
            ] += 1
        rows = keys[which] - LOWEST
        frames = first[which] - start
        at = (
            frames[:, None, None] + np.arange(FRAMES)[:, None],
            rows[:, None, None] + np.arange(WIDE),
        )
        sounding = np.arange(FRAMES) < (last - first)[which, None]
        sounding[:, :BEFORE] = False
        own = np.zeros((len(which), FRAMES, WIDE), np.int16)
        own[:, :, BELOW + PARTIALS] = sounding[:, :, None]
        off = _off(fine, frames + BEFORE, rows)
        bins = (3 * at[1] + off[:, None, None])[..., None] + np.arange(BINS)
        heard = fine[at[0][..., None], :, bins]  # (note, frame, row, bin, instant)
        tone, skew = (
            heard.max(axis=3).mean(axis=3),
            (heard[..., 2, :] - heard[..., 0, :]).mean(axis=3),
        )
        yield which, Patches(tone, short[at], skew, counts[at] > own, sounding, keys[which])


def _fine(heard: Floats) -> tuple[Floats, Floats]:
    """Cells in thirds of a semitone, (frame, instant, third), and by the short windows, (frame, row), with silent rows
    around, as far as patches reach."""
    n = len(heard)
    bins = (
        heard[..., : HALF_FRAMES * BINS]
        .reshape(n, ROWS, HALF_FRAMES, BINS)
        .swapaxes(1, 2)
        .reshape(n, HALF_FRAMES, -1)
    )
    fine = np.pad(bins, ((0, 0), (0, 0), (BINS * BELOW + BINS, BINS * FAR + BINS)))
    return fine, np.pad(heard[..., HALF_FRAMES * BINS :].mean(axis=2), ((0, 0), (BELOW, FAR)))


def _off(fine: Floats, onset: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where in `fine` row 0 of a patch begins less three times its row, (note,): BINS, and the thirds of a semitone by
    which the note's partials lie higher than their names say."""
    frames = np.minimum(onset[:, None] + np.arange(2, 14), len(fine) - 1)[:, :, None]
    partials = BINS * (row[:, None] + BELOW + PARTIALS[:8]) + BINS + BINS // 2
    heard = [
        fine[frames, :, (partials + off)[:, None, :]].mean(axis=(1, 2, 3))
        for off in range(-OFF, OFF + 1)
    ]
    return BINS - OFF + np.argmax(heard, axis=0)


class Description(NamedTuple):
    """What is known of notes: `planes` of shape (note, plane, row), `sounding`, the share of each segment in which the
    note sounds, (note, segment), and `contour`, what :func:`otowake.music.players.envelopes.contours` tells, (note, number)."""

    planes: Floats
    sounding: Floats
    contour: Floats


def described(batch: Patches, contour: Floats) -> Description:
    """Patches and contours of notes in few numbers: means over segments of what is heard, against the note's strongest partial.

    Only frames in which the note sounds count, but for those before and at the onset.
    """
    own = batch.tone[:, BEFORE : BEFORE + 12, BELOW + PARTIALS[:10]]
    strongest = own.max(axis=(1, 2)) if len(own) else np.zeros(0, np.float32)
    floor = (strongest - DEPTH)[:, None, None]
    tone, stroke = (
        _pooled(np.clip(x - floor, 0, DEPTH + 1) / DEPTH) for x in (batch.tone, batch.stroke)
    )
    skew = _pooled(batch.skew * (batch.tone > floor + 1))
    counts = batch.sounding.astype(np.float32)
    counts[:, : BEFORE + 1] = 1
    parts = [_mean(tone, counts, *segment) for segment in SEGMENTS]
    parts += [_mean(stroke, counts, *segment) for segment in SEGMENTS[:STROKES]]
    late, end = SEGMENTS[2][0], FRAMES
    middle, lean = _mean(tone, counts, late, end), _mean(skew, counts, late, end)
    parts.append(lean)
    parts.append(_mean(np.abs(skew - lean[:, None]), counts, late, end))
    parts.append(_mean(np.abs(tone - middle[:, None]), counts, late, end))
    parts.append(_mean(_pooled(batch.others.astype(np.float32)), counts, BEFORE, end))
    shares = [batch.sounding[:, a:b].mean(axis=1) for a, b in SEGMENTS]
    planes, sounding = (np.stack(each, axis=1).astype(np.float32) for each in (parts, shares))
    return Description(planes, sounding, contour)


def _pooled(x: Floats) -> Floats:
    """The rows of a description from those of a patch, (note, frame, row): the strongest of three above partial 16."""
    upper = x[..., FINE:]
    return np.concatenate(
        [x[..., :FINE], upper.reshape(*upper.shape[:-1], -1, 3).max(axis=-1)], axis=-1
    )


def _mean(x: Floats, counts: Floats, start: int, stop: int) -> Floats:
    """The mean over some frames, (note, row), of x (note, frame, row); 0 where none counts."""
    weights = counts[:, start:stop]
    return (
        np.einsum("nfr,nf->nr", x[:, start:stop], weights)
        / np.maximum(weights.sum(axis=1), 1)[:, None]
    )


def flat(description: Description, midi: ArrayLike) -> Floats:
    """The network's input, (note, number): a description, the envelope over absolute frequency, and the pitch as bumps so
    wide that neighbours look alike (last)."""
    pitch = np.asarray(midi, float)
    planes = description.planes.reshape(len(pitch), -1)
    envelopes = enveloped(description.planes, np.rint(pitch).astype(np.int64))
    told = [planes, envelopes, description.sounding, description.contour, pitch_rbf(pitch)]
    return np.concatenate(told, axis=1).astype(np.float32)


def enveloped(planes: Floats, midi: NDArray[np.int64]) -> Floats:
    """The strongest in each band of absolute frequency, (note, number), by the planes of :data:`ENVELOPES`."""
    row = np.arange(ROWS) + LOWEST - midi[:, None] + BELOW
    row = np.where(row < FINE, row, FINE + (row - FINE) // 3)
    inside = (row >= 0) & (row < SPAN)
    chosen = planes[:, list(ENVELOPES)]
    heard = np.take_along_axis(chosen, np.clip(row, 0, SPAN - 1)[:, None], axis=2) * inside[:, None]
    return heard.reshape(len(midi), len(ENVELOPES) * BANDS, -1).max(axis=2)
