"""Spectra of tones for the tests of pitch estimation."""

import numpy as np

from otowake.music.components.pitch import find_pitches

RATE, N_FFT = 22050, 2048


FREQUENCIES = np.arange(N_FFT // 2 + 1) * RATE / N_FFT


PARTIAL = np.arange(1, 31)


TIMBRES = {
    "sawtooth": 1 / PARTIAL,
    "bright": 1 / np.sqrt(PARTIAL),
    "odd partials": np.where(PARTIAL % 2, 1 / PARTIAL, 0.02 / PARTIAL),
    "weak fundamental": np.where(PARTIAL == 1, 0.05, 1 / PARTIAL),
    "formant": np.exp(-((PARTIAL - 6) ** 2) / 18) + 0.05 / PARTIAL,
    "dull": 1.0 / PARTIAL**3,
}


def spectrum(f0, amplitudes, stretch=0.0, rate=RATE, n_fft=N_FFT, seed=0):
    """Average the magnitudes of 8 frames of a steady, slightly noisy tone, shape (frequency,)."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_fft + 7 * n_fft // 4) / rate
    n = np.arange(1, len(amplitudes) + 1)
    f = n * f0 * np.sqrt((1 + stretch * n**2) / (1 + stretch))
    audible = f < 0.48 * rate
    phase = rng.uniform(0, 2 * np.pi, len(n))
    waves = np.cos(2 * np.pi * f[audible, None] * t + phase[audible, None])
    sound = np.asarray(amplitudes)[audible] @ waves + 1e-3 * rng.normal(size=len(t))
    frames = np.lib.stride_tricks.sliding_window_view(sound, n_fft)[:: n_fft // 4]
    return np.abs(np.fft.rfft(np.hanning(n_fft + 1)[:-1] * frames)).mean(axis=0)


def only_pitch(W, frequencies=FREQUENCIES):
    (pitch,) = find_pitches(W[:, None], frequencies)
    return pitch


def cents_between(hz, f0):
    return 1200 * np.log2(hz / f0)
