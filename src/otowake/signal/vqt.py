"""What the transcriber hears: a constant-Q-like spectrogram in cells of (frame, semitone, channel).

A variable-Q transform after Schörkhuber et al., "A Matlab toolbox for efficient perfect reconstruction
time-frequency transforms" (2014): the window is shorter than constant Q would have it at low pitches, so that a bass
note's onset is not smeared. Each kernel is a Hann window times a cosine, applied in the frequency domain of a centred
FFT (Brown & Puckette, "An efficient algorithm for the calculation of a constant Q transform", 1992). A second set of
windows, a third as long, tells *when*; the first tells *which*.

A cell has 8 numbers: three bins of a third of a semitone at each of two instants (the long windows, `bin` fastest),
and one bin at each of the two instants (the short windows). They are in units of 20 dB above a floor that lies
80 dB below the recording's own level, so the loudness of a recording does not matter.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from otowake.signal.downmix import downmix
from otowake.signal.resampling import resampled
from otowake.types import Floats, Sound

RATE = 22050
"""Sampling rate, in Hz."""

HOP = 512
"""Samples from frame to frame."""

LOWEST = 21
"""MIDI pitch of row 0."""

ROWS = 100
"""Semitones."""

CHANNELS = 8
HALF_FRAMES = 2
BINS = 3

FLOOR = -80.0
"""What counts as silence, in dB below the level."""

STEP = 20.0
"""Decibels that make 1."""

LONG_FFT, SHORT_FFT = 8192, 2048
SHORTEST = 256
"""Least window of the short set, in samples."""

BLOCK = 128
"""Frames transformed at once."""


class Kernel(NamedTuple):
    """Some neighbouring bins: `weights` of shape (frequency, bin) over the FFT's bins from `first`."""

    first: int
    weights: Floats


def frames_of(n_samples: int) -> int:
    """How many frames a sound has; frame i is centred on sample 512 · i."""
    return 1 + n_samples // HOP


def level(samples: Floats) -> float:
    """The loudness of a sound of shape (sample,): the mean RMS of 46 ms, weighted by itself.

    Silence before, between and after the music hardly changes it. 0 for digital silence.

    Examples
    --------
    >>> x = np.sin(np.arange(22050.0))
    >>> round(level(x), 1), round(level(np.pad(x, 22050)), 1)
    (0.7, 0.7)
    """
    size = 1024
    n = -(-max(len(samples), 1) // size)
    energies = np.zeros(n)
    for start in range(0, n, 1024):
        piece = samples[start * size : (start + 1024) * size]
        piece = np.pad(piece, (0, -len(piece) % size)).reshape(-1, size).astype(np.float64)
        energies[start : start + len(piece)] = np.mean(piece**2, axis=1)
    rms = np.sqrt(energies)
    return float(energies.sum() / max(rms.sum(), 1e-300))


def cells(samples: Floats, reference: float, start: int = 0, stop: int | None = None) -> Floats:
    """The cells of some frames of a sound.

    Parameters
    ----------
    samples
        Shape (sample,), at 22,050 Hz.
    reference
        The recording's :func:`level`, above 0.
    start, stop
        The frames wanted; frames before and after the sound are silent.

    Returns
    -------
    float32 array of shape (frame, row, channel), 0 for silence, about 4 for the loudest partials.

    Examples
    --------
    >>> x = np.sin(2 * np.pi * 440 / RATE * np.arange(RATE)).astype(np.float32)
    >>> C = cells(x, level(x))
    >>> C.shape, int(C[20, :, 1].argmax()) + LOWEST, round(float(C[20, 48, 1]), 2)
    ((44, 100, 8), 69, 4.15)
    """
    stop = frames_of(len(samples)) if stop is None else stop
    out = np.empty((stop - start, ROWS, CHANNELS), np.float32)
    gain = np.float32(1 / max(reference, 1e-30))
    for first in range(start, stop, BLOCK):
        last = min(first + BLOCK, stop)
        block = out[first - start : last - start]
        long = _magnitudes(samples, gain, first, last, LONG_FFT)
        short = _magnitudes(samples, gain, first, last, SHORT_FFT)
        block[..., : HALF_FRAMES * BINS] = (
            long.reshape(-1, HALF_FRAMES, ROWS, BINS)
            .swapaxes(1, 2)
            .reshape(-1, ROWS, HALF_FRAMES * BINS)
        )
        block[..., HALF_FRAMES * BINS :] = short.reshape(-1, HALF_FRAMES, ROWS).swapaxes(1, 2)
    return _levels(out)


def half_frames(samples: Floats, reference: float, start: int, stop: int) -> Floats:
    """What the short windows alone hear, instant by instant: shape (:data:`HALF_FRAMES` · frame, row), else as :func:`cells`.

    Instant i of frame f is centred on sample 512 · f − 128 + 256 · i.

    Examples
    --------
    >>> x = np.sin(2 * np.pi * 440 / RATE * np.arange(RATE)).astype(np.float32)
    >>> heard = half_frames(x, level(x), 10, 14)
    >>> bool(np.array_equal(heard[0], cells(x, level(x), 10, 14)[0, :, HALF_FRAMES * BINS]))
    True
    """
    gain = np.float32(1 / max(reference, 1e-30))
    blocks = [(first, min(first + BLOCK, stop)) for first in range(start, stop, BLOCK)]
    heard = [_magnitudes(samples, gain, first, last, SHORT_FFT) for first, last in blocks]
    return _levels(np.concatenate(heard)) if heard else np.zeros((0, ROWS), np.float32)


def _levels(magnitudes: Floats) -> Floats:
    """Magnitudes in units of a cell, in place."""
    np.maximum(magnitudes, 10 ** (FLOOR / 20), out=magnitudes)
    np.log10(magnitudes, out=magnitudes)
    magnitudes *= 20 / STEP
    magnitudes -= FLOOR / STEP
    return magnitudes


def _magnitudes(samples: Floats, gain: np.float32, start: int, stop: int, n_fft: int) -> Floats:
    """Amplitudes of shape (instant, bin): 1 for a sine of amplitude 1 / `gain`."""
    step = HOP // HALF_FRAMES
    begin = start * HOP - step // 2 - n_fft // 2
    size = ((stop - start) * HALF_FRAMES - 1) * step + n_fft
    piece = samples[max(begin, 0) : max(begin + size, 0)].astype(np.float32) * gain
    left = min(max(-begin, 0), size)
    piece = np.pad(piece, (left, size - left - len(piece)))
    windows = np.lib.stride_tricks.sliding_window_view(piece, n_fft)[::step]
    spectra = np.fft.rfft(windows, axis=1)
    real, imag = np.ascontiguousarray(spectra.real), np.ascontiguousarray(spectra.imag)
    found = []
    for first, weights in kernels(n_fft):
        band = slice(first, first + len(weights))
        found.append(np.hypot(real[:, band] @ weights, imag[:, band] @ weights))
    return np.concatenate(found, axis=1)


@lru_cache
def kernels(n_fft: int) -> tuple[Kernel, ...]:
    """The kernels of the long or the short windows, an octave at a time; real, as every window is centred."""
    short = n_fft == SHORT_FFT
    per_row = 1 if short else BINS
    pitch = LOWEST + (np.arange(ROWS * per_row) - per_row // 2) / per_row
    hz = 440 * 2 ** ((pitch - 69) / 12)
    if short:
        lengths = np.maximum(RATE * 0.5 / (0.0194 * hz + 6), SHORTEST)
    else:
        lengths = RATE * 1.5 / (0.0194 * hz + 4)
    at = np.arange(n_fft) - n_fft // 2
    window = np.where(
        np.abs(at) < lengths[:, None] / 2, 0.5 + 0.5 * np.cos(2 * np.pi * at / lengths[:, None]), 0
    )
    waves = window * np.exp(2j * np.pi * hz[:, None] / RATE * at)
    spectra = np.fft.fft(waves, axis=1)[:, : n_fft // 2 + 1] * (
        2 / window.sum(axis=1, keepdims=True) / n_fft
    )
    spectra = (spectra * (-1.0) ** np.arange(n_fft // 2 + 1)).real
    parts = []
    for group in range(0, len(hz), 12 * per_row):
        rows = spectra[group : group + 12 * per_row]
        used = np.flatnonzero(np.abs(rows).max(axis=0) > 1e-3 * np.abs(rows).max())
        first, last = int(used[0]), int(used[-1]) + 1
        weights = rows[:, first:last] * (-1.0) ** np.arange(first, last)
        parts.append(Kernel(first, np.ascontiguousarray(weights.T, dtype=np.float32)))
    return tuple(parts)


QUIETEST = 1e-6
"""A sound whose level is below this (−120 dB full scale) is silence."""


def mono(sound: Sound) -> Floats:
    """The recording mixed down (:func:`~otowake.signal.downmix`) at 22,050 Hz, float32 of shape (sample,)."""
    mixed = downmix(sound).blocks(20 * sound.rate)
    blocks = [block[0] for block in resampled(mixed, sound.rate, RATE)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
