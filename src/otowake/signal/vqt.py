"""The variable-Q transform (VQT), input of the networks, of shape (frame, semitone, channel).

The transform follows Schörkhuber et al., "A Matlab toolbox for efficient perfect reconstruction
time-frequency transforms" (2014): at low pitches the window is shorter than in a constant-Q
transform, so that the onset of a bass note is not smeared. Each kernel is a Hann window times a
cosine, applied in the frequency domain of a centred FFT (Brown & Puckette, "An efficient algorithm
for the calculation of a constant Q transform", 1992). The long windows resolve pitch; a second set
of windows, a third as long, resolves time.

The 8 channels are three bins of a third of a semitone in each of two half-frames (long windows,
bins fastest), and one bin in each half-frame (short windows). Values are in units of 20 dB above a
floor, which lies 80 dB below the level of the recording; they do not depend on the loudness of a
recording.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from otowake.types import Floats

RATE = 22050
"""Hz, sampling rate of the transform."""

HOP = 512
"""Samples, hop length."""

LOWEST = 21
"""MIDI note number of row 0."""

ROWS = 100
"""Number of rows, in semitones."""

CHANNELS = 8
"""Values for each frame and row."""

HALF_FRAMES = 2
"""Half-frames in a frame."""

BINS = 3
"""Bins of the long windows in a semitone."""

FLOOR_DB = -80.0
"""dB relative to the level of the recording, the value 0."""

UNIT_DB = 20.0
"""dB, unit of the values."""

LONG_FFT, SHORT_FFT = 8192, 2048
"""Samples, FFT lengths of the long and the short windows."""

MIN_SHORT_WINDOW = 256
"""Samples, shortest of the short windows."""

VQT_BLOCK_FRAMES = 128
"""Frames transformed at once."""

QUIETEST = 1e-6
"""Level below which a sound counts as silent (−120 dB relative to full scale)."""


class Kernel(NamedTuple):
    """Kernels of neighbouring bins, `weights` of shape (frequency, bin) from FFT bin `first` on."""

    first: int
    weights: Floats


def frames_of(n_samples: int) -> int:
    """Return the number of frames of a sound; frame i is centred on sample 512 · i."""
    return 1 + n_samples // HOP


def level(samples: Floats) -> float:
    """Measure the level of a sound of shape (sample,): the RMS in 46 ms, averaged by itself.

    Silence before, in and after the music has little influence. The level of digital silence is 0.

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


def vqt(samples: Floats, reference: float, start: int = 0, stop: int | None = None) -> Floats:
    """Compute the VQT of a range of frames.

    Parameters
    ----------
    samples
        Shape (sample,), at 22,050 Hz.
    reference
        :func:`level` of the recording, above 0.
    start, stop
        The range of frames; frames before and after the sound are silent.

    Returns
    -------
    float32 array of shape (frame, row, channel), 0 for silence, about 4 for the loudest partials.

    Examples
    --------
    >>> x = np.sin(2 * np.pi * 440 / RATE * np.arange(RATE)).astype(np.float32)
    >>> values = vqt(x, level(x))
    >>> values.shape, int(values[20, :, 1].argmax()) + LOWEST, round(float(values[20, 48, 1]), 2)
    ((44, 100, 8), 69, 4.15)
    """
    stop = frames_of(len(samples)) if stop is None else stop
    out = np.empty((stop - start, ROWS, CHANNELS), np.float32)
    gain = np.float32(1 / max(reference, 1e-30))
    for first in range(start, stop, VQT_BLOCK_FRAMES):
        last = min(first + VQT_BLOCK_FRAMES, stop)
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
    """Compute the short windows of the VQT, shape (:data:`HALF_FRAMES` · frame, row).

    Half-frame i of frame f is centred on sample 512 · f − 128 + 256 · i. The arguments are those of
    :func:`vqt`.

    Examples
    --------
    >>> x = np.sin(2 * np.pi * 440 / RATE * np.arange(RATE)).astype(np.float32)
    >>> short = half_frames(x, level(x), 10, 14)
    >>> bool(np.array_equal(short[0], vqt(x, level(x), 10, 14)[0, :, HALF_FRAMES * BINS]))
    True
    """
    gain = np.float32(1 / max(reference, 1e-30))
    blocks = [
        (first, min(first + VQT_BLOCK_FRAMES, stop))
        for first in range(start, stop, VQT_BLOCK_FRAMES)
    ]
    short = [_magnitudes(samples, gain, first, last, SHORT_FFT) for first, last in blocks]
    return _levels(np.concatenate(short)) if short else np.zeros((0, ROWS), np.float32)


def _levels(magnitudes: Floats) -> Floats:
    """Convert magnitudes to units of :data:`UNIT_DB` above the floor, in place."""
    np.maximum(magnitudes, 10 ** (FLOOR_DB / 20), out=magnitudes)
    np.log10(magnitudes, out=magnitudes)
    magnitudes *= 20 / UNIT_DB
    magnitudes -= FLOOR_DB / UNIT_DB
    return magnitudes


def _magnitudes(samples: Floats, gain: np.float32, start: int, stop: int, n_fft: int) -> Floats:
    """Compute amplitudes of shape (half-frame, bin); 1 for a sine of amplitude 1 / `gain`."""
    step = HOP // HALF_FRAMES
    begin = start * HOP - step // 2 - n_fft // 2
    size = ((stop - start) * HALF_FRAMES - 1) * step + n_fft
    piece = samples[max(begin, 0) : max(begin + size, 0)].astype(np.float32) * gain
    left = min(max(-begin, 0), size)
    piece = np.pad(piece, (left, size - left - len(piece)))
    windows = np.lib.stride_tricks.sliding_window_view(piece, n_fft)[::step]
    spectra = np.fft.rfft(windows, axis=1)
    real, imag = np.ascontiguousarray(spectra.real), np.ascontiguousarray(spectra.imag)
    amplitudes = []
    for first, weights in kernels(n_fft):
        band = slice(first, first + len(weights))
        amplitudes.append(np.hypot(real[:, band] @ weights, imag[:, band] @ weights))
    return np.concatenate(amplitudes, axis=1)


@lru_cache
def kernels(n_fft: int) -> tuple[Kernel, ...]:
    """Compute the kernels of the long or the short windows, one for each octave.

    The kernels are real because every window is centred.
    """
    short = n_fft == SHORT_FFT
    per_row = 1 if short else BINS
    pitch = LOWEST + (np.arange(ROWS * per_row) - per_row // 2) / per_row
    hz = 440 * 2 ** ((pitch - 69) / 12)
    if short:
        lengths = np.maximum(RATE * 0.5 / (0.0194 * hz + 6), MIN_SHORT_WINDOW)
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
