"""Source and filter of the formant singer: glottal pulses, and resonances of the vocal tract.

The source is a band-limited pulse train with the spectrum of the glottal flow's derivative (a
glottal formant and a spectral tilt; Doval, d'Alessandro and Henrich, "The spectrum of glottal flow
models", Acta Acustica 92, 2006). The filter is a cascade of formants, and an antiformant in nasals
(Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67, 1980).
"""

import numpy as np
from numpy.typing import NDArray

from training.music.phrases import STEP
from training.sounds.samples import RATE

SIZE = 2048
"""Length of the Fourier transform of a frame, samples."""

TOP = 9800.0
"""Highest harmonic, Hz."""

NASAL_BANDWIDTH = 300.0
"""Bandwidth of the antiformant, Hz."""

Curve = NDArray[np.float64]


def filled(pitch: Curve) -> Curve:
    """Return the pitch with values that are not finite interpolated."""
    known = np.flatnonzero(np.isfinite(pitch))
    if len(known) == 0:
        return np.full(len(pitch), 60.0)
    return np.interp(np.arange(len(pitch)), known, np.asarray(pitch, float)[known])


def sampled(curve: Curve, length: int) -> Curve:
    """Interpolate a curve of 5-ms frames at the samples; it keeps its last value."""
    return np.interp(np.arange(length) / (STEP * RATE), np.arange(len(curve)), curve)


def frequency_and_phase(pitch: Curve, length: int) -> tuple[Curve, Curve]:
    """Return frequency (Hz) and phase (radians) at the samples."""
    hertz = sampled(440 * 2 ** ((pitch - 69) / 12), length)
    return hertz, 2 * np.pi * np.cumsum(hertz) / RATE


def pulses(hertz: Curve, phase: Curve) -> Curve:
    """Sum all harmonics up to `TOP` at amplitude 1, the last with a fraction, in closed form."""
    count = np.floor(TOP / hertz)
    below = np.sin(phase / 2)
    near = np.abs(below) < 1e-6
    kernel = np.sin((count + 0.5) * phase) / np.where(near, 1, below)
    total = np.where(near, count, 0.5 * (kernel - 1))
    return total + (TOP / hertz - count) * np.cos((count + 1) * phase)


def bandwidth(hertz: Curve) -> Curve:
    """Return the bandwidths (Hz) of formants: Fant (1972), at most 250 Hz above 3 kHz.

    Examples
    --------
    >>> bandwidth(np.array([500.0, 1000.0])).round()
    array([40., 52.])
    """
    ratio = hertz / 500
    return np.minimum(15 / ratio**2 + 20 * np.sqrt(ratio) + 5 * ratio**2, 250)


def cascade(hertz: Curve, damping: float) -> NDArray[np.complex128]:
    """Return the response (frame, frequency) of resonators in series, each 1 at 0 Hz."""
    radius = np.exp(-np.pi * damping * bandwidth(hertz) / RATE)
    turn = -2 * radius * np.cos(2 * np.pi * hertz / RATE)
    denominator = np.ones((len(hertz), 1))
    for index in range(hertz.shape[1]):
        longer = np.zeros((len(hertz), denominator.shape[1] + 2))
        longer[:, :-2] += denominator
        longer[:, 1:-1] += turn[:, index : index + 1] * denominator
        longer[:, 2:] += radius[:, index : index + 1] ** 2 * denominator
        denominator = longer / (1 + turn[:, index] + radius[:, index] ** 2)[:, None]
    return 1 / np.fft.rfft(denominator, SIZE, axis=1)


def antiformant(hertz: Curve, depth: Curve) -> NDArray[np.complex128]:
    """Return the response of a zero, 1 at 0 Hz and limited above; `depth` 0 … 1 mixes it in."""
    radius = np.exp(-np.pi * NASAL_BANDWIDTH / RATE)
    poly = np.stack(
        [
            np.ones(len(hertz)),
            -2 * radius * np.cos(2 * np.pi * hertz / RATE),
            np.full(len(hertz), radius**2),
        ],
        axis=1,
    )
    zero = np.fft.rfft(poly / poly.sum(axis=1, keepdims=True), SIZE, axis=1)
    # two real poles take back the zero's rise of 12 dB per octave, a third dulls the murmur
    frequency = np.fft.rfftfreq(SIZE, 1 / RATE)[None]
    zero /= (1 + (frequency / hertz[:, None]) ** 2) * (1 + (frequency / 600) ** 2) ** 0.5
    return 1 + depth[:, None] * (zero - 1)
