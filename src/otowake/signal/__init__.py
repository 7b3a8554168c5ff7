"""Sound to spectrogram and back: pure functions of arrays."""

from otowake.signal.masks import separate
from otowake.signal.resampling import resample
from otowake.signal.stft import istft, spectrogram, stft, stft_blocks

__all__ = ["istft", "resample", "separate", "spectrogram", "stft", "stft_blocks"]
