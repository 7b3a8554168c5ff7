"""Conversion between sound and spectrograms, as pure functions of arrays."""

from otowake.signal.downmix import downmix
from otowake.signal.magnitude import axes, magnitudes, spectrogram
from otowake.signal.masks import separate
from otowake.signal.resampling import resample
from otowake.signal.stft import istft, stft, stft_blocks

__all__ = [
    "axes",
    "downmix",
    "istft",
    "magnitudes",
    "resample",
    "separate",
    "spectrogram",
    "stft",
    "stft_blocks",
]
