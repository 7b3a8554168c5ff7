"""Electric guitars through an overdriven amplifier and the cabinet of its loudspeaker."""

import numpy as np
from scipy.signal import butter, sosfilt

from training.rng import Rng
from training.sounds.samples import RATE, Wave


def amplified(rng: Rng, wave: Wave) -> Wave:
    """Drive an amplifier with a sound of any level; the result has the same peak.

    High-pass, asymmetric saturation, tone and a cabinet: nothing above 3.5–6 kHz, a resonance at
    80–140 Hz and a presence peak at 2–3.5 kHz.

    Examples
    --------
    >>> tone = np.sin(np.arange(2205) / 10).astype(np.float32)
    >>> amplified(np.random.default_rng(1), tone).shape
    (2205,)
    """
    peak = float(np.abs(wave).max()) + 1e-9
    drive, bias = float(np.exp(rng.uniform(np.log(2), np.log(120)))), float(rng.uniform(0, 0.3))
    sound = sosfilt(butter(1, float(rng.uniform(80, 400)), "high", fs=RATE, output="sos"), wave)
    sound = np.tanh(drive * sound / peak + bias) - np.tanh(bias)
    spectrum, frequency = np.fft.rfft(sound), np.fft.rfftfreq(len(sound), 1 / RATE)
    octave = np.log2(np.maximum(frequency, 1))
    bumps = ((80, 140, 6), (2000, 3500, 6))
    decibels = sum(
        float(rng.uniform(0, top))
        * np.exp(-(((octave - np.log2(float(rng.uniform(low, high)))) / 0.6) ** 2))
        for low, high, top in bumps
    )
    edges = (float(rng.uniform(60, 120)), -4), (float(rng.uniform(3500, 6000)), 4)
    response = 10 ** (decibels / 20)
    for edge, order in edges:
        response = response / np.sqrt(1 + (np.maximum(frequency, 1) / edge) ** (2 * order))
    sound = np.fft.irfft(spectrum * response, len(sound))
    return (peak * sound / (np.abs(sound).max() + 1e-9)).astype(np.float32)
