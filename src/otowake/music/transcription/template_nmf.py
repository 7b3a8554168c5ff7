"""The transcriber that explains itself: harmonic templates, adapted to the recording, and their activations.

For each key there is a spectrum for each of a few timbres, all made from sines, none learnt; NMF finds how much of each
sounds, and for a few iterations lets the spectra follow the recording. A note begins where the activation of its key rises.
So every note points at the components and the activation that it was read from; no training is in it.

V is the spectrogram of :mod:`otowake.signal.vqt` with its magnitudes to the power 0.5, and the loss the I-divergence.
The trained transcriber (:mod:`otowake.music.transcription.transcriber`) finds more notes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from otowake.music.theory.names import midi_to_hz
from otowake.music.transcription.decoding import Notes
from otowake.music.transcription.transcriber import KEYS
from otowake.nmf.updates import multiplied, slopes_H, slopes_W
from otowake.programs import program
from otowake.signal.vqt import (
    BINS,
    FLOOR_DB,
    HALF_FRAMES,
    HOP,
    LOWEST,
    QUIETEST,
    RATE,
    ROWS,
    UNIT_DB,
    frames_of,
    level,
    mono,
    vqt,
)
from otowake.types import Floats, Sound

POWER = 0.5

TIMBRES = ((0.7, 0.0), (1.3, 0.0), (2.2, 0.0), (1.3, 3e-4))
"""For each timbre, by which power of its number a partial is lower, and the inharmonicity of its strings."""

PARTIALS = 30
FIXED, ADAPTED = 30, 5
"""Iterations with the templates as they are, and with templates that follow the recording."""

PIECE = 1536
"""Frames of the spectrogram that are explained together, 18 s; templates adapt to each piece by itself."""

SECONDS = HOP / HALF_FRAMES / RATE
"""From frame to frame."""

AHEAD, BACK, APART = 3, 6, 6
"""Frames after and before an onset whose activations are compared, and frames between onsets of one key at least."""

RISE, SOUNDING = 0.27, 0.08
"""How much an activation must rise for an onset, and where it ends, in units of the loud ones' level."""

LATE = 0.058
"""Seconds by which the rise is found before the note begins hard upon it: windows hear a note early."""


class Transcription(NamedTuple):
    """Notes and where they come from.

    Attributes
    ----------
    notes
        In order of onset.
    activations
        Shape (frame, key): how much of each key sounds, 1 for the loud ones; frames are :data:`SECONDS` apart, the first
        key is A0.
    templates
        Shape (frequency, key, timbre): the spectra they began with, to the power :data:`POWER`, a third of a semitone
        apart.
    frames
        Shape (note,): the frame of the activation at which each note was found; its key is ``notes.midi - 21``.
    """

    notes: Notes
    activations: Floats
    templates: Floats
    frames: NDArray[np.intp]


def transcribe(sound: Sound) -> Notes:
    """The notes of a recording, without anything learnt elsewhere; see :func:`note_factors`."""
    return note_factors(sound).notes


def note_factors(sound: Sound) -> Transcription:
    """The notes of a recording, and the activations that they were read from.

    Parameters
    ----------
    sound
        Of any rate, length, loudness and number of channels.

    Examples
    --------
    >>> from otowake.types import Audio
    >>> t = np.arange(RATE) / RATE
    >>> tone = sum(np.sin(2 * np.pi * 440 * n * t) / n for n in range(1, 6)) * np.exp(-t)
    >>> found = note_factors(Audio(np.concatenate([np.zeros(RATE // 2), tone]), RATE))
    >>> found.notes.midi.tolist(), round(float(found.notes.onset[0]), 1)
    ([69], 0.5)
    """
    samples = mono(sound)
    W = templates()
    reference = level(samples)
    if reference <= QUIETEST:
        return Transcription(_notes([]), np.zeros((0, KEYS), np.float32), W, np.zeros(0, int))
    A = activations(samples, reference)
    rows = [row for key in range(KEYS) for row in _key(key, A[:, key])]
    rows.sort(key=lambda row: (row[0], row[2]))
    return Transcription(_notes(rows), A, W, np.array([row[5] for row in rows], int))


def _notes(rows: list[tuple[float, ...]]) -> Notes:
    table = np.array(rows, float).reshape(-1, 6)
    return Notes(
        table[:, 0],
        table[:, 1],
        table[:, 2].astype(np.int64),
        table[:, 3],
        table[:, 4],
        table[:, 1],
    )


def activations(samples: Floats, reference: float) -> Floats:
    """How much of each key sounds, float32 of shape (frame, key), 1 for the loud ones.

    Parameters
    ----------
    samples
        Shape (sample,), at 22,050 Hz.
    reference
        Their :func:`otowake.signal.vqt.level`, above 0.
    """
    W = templates().reshape(-1, KEYS * len(TIMBRES))
    W = np.concatenate([W, np.ones((len(W), 1))], axis=1)
    W = jnp.asarray(W / W.sum(axis=0), jnp.float32)
    n = frames_of(len(samples))
    found = []
    for start in range(0, n, PIECE // HALF_FRAMES):
        V = _spectra(vqt(samples, reference, start, start + PIECE // HALF_FRAMES)) ** POWER
        H = np.asarray(_explained(jnp.asarray(V / V.mean()), W))[:-1] * V.mean()
        found.append(H.reshape(KEYS, len(TIMBRES), -1).sum(axis=1).T)
    A = np.concatenate(found)[: n * HALF_FRAMES]
    return A / np.percentile(A.max(axis=1), 90)


@program()
def _explained(V: Array, W: Array) -> Array:
    free = jnp.zeros((), bool)

    def fixed(_: Array, carried: tuple[Array, Array]) -> tuple[Array, Array]:
        W, H = carried
        return W, multiplied(H, *slopes_H(V, W, H, 1.0), 1.0, free)

    def adapted(_: Array, carried: tuple[Array, Array]) -> tuple[Array, Array]:
        W, H = fixed(_, carried)
        W = multiplied(W, *slopes_W(V, W, H, 1.0), 1.0, free)
        total = W.sum(axis=0)
        return W / total, H * total[:, None]

    H = jnp.ones((W.shape[1], V.shape[1]), V.dtype)
    return jax.lax.fori_loop(0, ADAPTED, adapted, jax.lax.fori_loop(0, FIXED, fixed, (W, H)))[1]


def _spectra(heard: Floats) -> Floats:
    """Magnitudes of shape (frequency, frame), a third of a semitone and half a cell's hop apart."""
    magnitudes = 10 ** ((heard[..., : HALF_FRAMES * BINS] * UNIT_DB + FLOOR_DB) / 20)
    each = magnitudes.reshape(-1, ROWS, HALF_FRAMES, BINS).swapaxes(1, 2)
    return np.ascontiguousarray(each.reshape(-1, ROWS * BINS).T)


@lru_cache
def templates() -> Floats:
    """The spectra of all keys and timbres, to the power :data:`POWER`, float32 of shape (frequency, key, timbre)."""
    t = np.arange(1 << 14) / RATE
    n = np.arange(1, PARTIALS + 1)[:, None]
    out = np.zeros((ROWS * BINS, KEYS, len(TIMBRES)), np.float32)
    for key in range(KEYS):
        f0 = float(midi_to_hz(key + LOWEST))
        phases = np.random.default_rng(key).uniform(0, 2 * np.pi, n.shape)
        for timbre, (decay, stiffness) in enumerate(TIMBRES):
            hz = n * f0 * np.sqrt((1 + stiffness * n**2) / (1 + stiffness))
            low = (hz < 10000)[:, 0]
            wave = (n[low] ** -decay * np.sin(2 * np.pi * hz[low] * t + phases[low])).sum(axis=0)
            out[:, key, timbre] = (
                _spectra(vqt(wave.astype(np.float32), 1.0, 14, 18)).mean(axis=1) ** POWER
            )
    return out


def _key(key: int, A: Floats) -> list[tuple[float, ...]]:
    """The notes of one key: onset, offset, midi, velocity, confidence, frame."""
    n = len(A)
    padded = np.pad(A, (BACK, AHEAD))
    before = np.min([padded[BACK - lag : BACK - lag + n] for lag in range(2, BACK + 1)], axis=0)
    after = np.mean([padded[BACK + lag : BACK + lag + n] for lag in range(AHEAD + 1)], axis=0)
    rise = after - before
    near = np.lib.stride_tricks.sliding_window_view(np.pad(rise, 4), 9).max(axis=1)
    at: list[int] = []
    for frame in np.flatnonzero((rise > RISE) & (rise == near)).tolist():
        if not at or frame - at[-1] >= APART:
            at.append(frame)
    rows = []
    for frame, end in zip(at, [*at, n][1:], strict=True):
        quiet = np.flatnonzero(A[frame + 1 : end] < SOUNDING)
        last = frame + 1 + int(quiet[0]) if len(quiet) else end
        onset = max(frame * SECONDS - LATE, 0.0)
        offset = max(last * SECONDS, onset + HOP / RATE)
        loud = float(A[frame : frame + 2 * BACK].max())
        strength = float(rise[frame])
        rows.append(
            (onset, offset, key + LOWEST, min(loud / 2, 1.0), strength / (strength + RISE), frame)
        )
    return rows
