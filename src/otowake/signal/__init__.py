"""Sound to spectrogram and back: pure functions of arrays."""

from otowake.signal.masks import separate
from otowake.signal.resampling import resample
from otowake.signal.stft import axes, istft, magnitudes, spectrogram, stft, stft_blocks

__all__ = ["axes", "istft", "magnitudes", "resample", "separate", "spectrogram", "stft", "stft_blocks"]
