"""Transcribe a recording by NMF with fixed templates, without training.

Each key has a template for each of a few timbres, synthesised from sines. NMF estimates the
activations; in a few more iterations the templates adapt to the recording. An onset is a rise of
the activation of a key, so every note refers to the components and the activation it comes from.

V is the spectrogram of :mod:`otowake.signal.vqt` with its magnitudes to the power 0.5, and the loss
is the I-divergence. The trained transcriber (:mod:`otowake.music.transcription.transcriber`)
detects more notes.
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
from otowake.music.transcription.config import TEMPLATE_NMF
from otowake.music.transcription.decoding import Notes
from otowake.music.transcription.transcriber import N_KEYS
from otowake.nmf.updates import multiplied, slopes_H, slopes_W
from otowake.programs import program
from otowake.signal.mono import MonoSignal, as_mono
from otowake.signal.vqt import (
    BINS,
    FLOOR_DB,
    HALF_FRAMES,
    HOP,
    LOWEST,
    RATE,
    ROWS,
    UNIT_DB,
    frames_of,
    vqt,
)
from otowake.types import Floats, Sound

HALF_FRAME_PERIOD = HOP / HALF_FRAMES / RATE
"""Seconds per half frame."""

TEMPLATE_SAMPLES = 1 << 14
"""Length of the synthesised tones of templates."""

TEMPLATE_FRAMES = (14, 18)
"""First frame, and frame after the last, that a template averages."""


class Transcription(NamedTuple):
    """Notes with the factors that they come from.

    Attributes
    ----------
    notes
        In order of onset.
    activations
        Shape (frame, key), about 1 for loud notes; frames are :data:`HALF_FRAME_PERIOD` apart, the
        first key is A0.
    templates
        Shape (frequency, key, timbre): initial templates as magnitudes to the power
        ``TEMPLATE_NMF.power``; frequencies are a third of a semitone apart.
    frames
        Shape (note,): frame of the activation at each onset; the key is ``notes.midi - 21``.
    """

    notes: Notes
    activations: Floats
    templates: Floats
    frames: NDArray[np.intp]


def transcribe(sound: Sound) -> Notes:
    """Transcribe the notes of a recording without training; see :func:`note_factors`."""
    return note_factors(sound).notes


def note_factors(sound: Sound) -> Transcription:
    """Transcribe the notes of a recording, with the activations that they come from.

    Parameters
    ----------
    sound
        Of any rate, length, loudness and number of channels.

    Examples
    --------
    >>> from otowake.types import Audio
    >>> t = np.arange(RATE) / RATE
    >>> tone = sum(np.sin(2 * np.pi * 440 * n * t) / n for n in range(1, 6)) * np.exp(-t)
    >>> result = note_factors(Audio(np.concatenate([np.zeros(RATE // 2), tone]), RATE))
    >>> result.notes.midi.tolist(), round(float(result.notes.onset[0]), 1)
    ([69], 0.5)
    """
    mono = as_mono(sound)
    W = templates()
    if mono.is_silent:
        return Transcription(_notes([]), np.zeros((0, N_KEYS), np.float32), W, np.zeros(0, int))
    A = activations(mono)
    rows = [row for key in range(N_KEYS) for row in _detect_key(key, A[:, key])]
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


def activations(mono: MonoSignal) -> Floats:
    """Estimate the activation of each key, float32 of shape (frame, key), about 1 for loud notes.

    The signal must not be silent.
    """
    W = templates().reshape(-1, N_KEYS * len(TEMPLATE_NMF.timbres))
    W = np.concatenate([W, np.ones((len(W), 1))], axis=1)
    W = jnp.asarray(W / W.sum(axis=0), jnp.float32)
    n = frames_of(mono.n_samples)
    segments = []
    length = TEMPLATE_NMF.segment_frames // HALF_FRAMES
    for start in range(0, n, length):
        features = mono.vqt(start, start + length)
        V = _spectra(features) ** TEMPLATE_NMF.power
        H = np.asarray(_fit_activations(jnp.asarray(V / V.mean()), W))[:-1] * V.mean()
        segments.append(H.reshape(N_KEYS, len(TEMPLATE_NMF.timbres), -1).sum(axis=1).T)
    A = np.concatenate(segments)[: n * HALF_FRAMES]
    return A / np.percentile(A.max(axis=1), TEMPLATE_NMF.reference_percentile)


@program()
def _fit_activations(V: Array, W: Array) -> Array:
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
    return jax.lax.fori_loop(
        0,
        TEMPLATE_NMF.adapted_iterations,
        adapted,
        jax.lax.fori_loop(0, TEMPLATE_NMF.fixed_iterations, fixed, (W, H)),
    )[1]


def _spectra(features: Floats) -> Floats:
    """Convert features to magnitudes of shape (frequency, frame).

    Frequencies are a third of a semitone apart, frames half a hop.
    """
    magnitudes = 10 ** ((features[..., : HALF_FRAMES * BINS] * UNIT_DB + FLOOR_DB) / 20)
    half_frames = magnitudes.reshape(-1, ROWS, HALF_FRAMES, BINS).swapaxes(1, 2)
    return np.ascontiguousarray(half_frames.reshape(-1, ROWS * BINS).T)


@lru_cache
def templates() -> Floats:
    """Build the templates of all keys and timbres, float32 of shape (frequency, key, timbre)."""
    t = np.arange(TEMPLATE_SAMPLES) / RATE
    n = np.arange(1, TEMPLATE_NMF.n_partials + 1)[:, None]
    out = np.zeros((ROWS * BINS, N_KEYS, len(TEMPLATE_NMF.timbres)), np.float32)
    for key in range(N_KEYS):
        f0 = float(midi_to_hz(key + LOWEST))
        phases = np.random.default_rng(key).uniform(0, 2 * np.pi, n.shape)
        for timbre, (decay, stiffness) in enumerate(TEMPLATE_NMF.timbres):
            hz = n * f0 * np.sqrt((1 + stiffness * n**2) / (1 + stiffness))
            low = (hz < TEMPLATE_NMF.max_frequency)[:, 0]
            wave = (n[low] ** -decay * np.sin(2 * np.pi * hz[low] * t + phases[low])).sum(axis=0)
            out[:, key, timbre] = (
                _spectra(vqt(wave.astype(np.float32), 1.0, *TEMPLATE_FRAMES)).mean(axis=1)
                ** TEMPLATE_NMF.power
            )
    return out


def _detect_key(key: int, A: Floats) -> list[tuple[float, ...]]:
    """Detect the notes of one key: onset, offset, MIDI pitch, velocity, confidence, frame."""
    n = len(A)
    lead, lag = TEMPLATE_NMF.frames_before, TEMPLATE_NMF.frames_after
    padded = np.pad(A, (lead, lag))
    before = np.min([padded[lead - i : lead - i + n] for i in range(2, lead + 1)], axis=0)
    after = np.mean([padded[lead + i : lead + i + n] for i in range(lag + 1)], axis=0)
    rise = after - before
    local_maximum = np.lib.stride_tricks.sliding_window_view(
        np.pad(rise, TEMPLATE_NMF.peak_reach), 2 * TEMPLATE_NMF.peak_reach + 1
    ).max(axis=1)
    onsets: list[int] = []
    for frame in np.flatnonzero((rise > TEMPLATE_NMF.min_rise) & (rise == local_maximum)).tolist():
        if not onsets or frame - onsets[-1] >= TEMPLATE_NMF.min_distance:
            onsets.append(frame)
    rows = []
    for frame, end in zip(onsets, [*onsets, n][1:], strict=True):
        below = np.flatnonzero(A[frame + 1 : end] < TEMPLATE_NMF.offset_level)
        last = frame + 1 + int(below[0]) if len(below) else end
        onset = max(frame * HALF_FRAME_PERIOD - TEMPLATE_NMF.onset_delay, 0.0)
        offset = max(last * HALF_FRAME_PERIOD, onset + HOP / RATE)
        peak = float(A[frame : frame + 2 * lead].max())
        strength = float(rise[frame])
        velocity, confidence = min(peak / 2, 1.0), strength / (strength + TEMPLATE_NMF.min_rise)
        rows.append((onset, offset, key + LOWEST, velocity, confidence, frame))
    return rows
