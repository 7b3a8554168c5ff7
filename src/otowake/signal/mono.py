"""The mono signal of a recording, and what several stages of an analysis derive from it.

An analysis makes one :class:`MonoSignal` and hands it to each stage in place of the recording, so
the stages share one resampling, one level and one spectrogram.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from otowake.options import StftSpec
from otowake.signal.downmix import downmix
from otowake.signal.magnitude import BLOCK_SECONDS, floored, magnitudes, normalise, spectrogram
from otowake.signal.resampling import resampled
from otowake.signal.stft import n_frames
from otowake.signal.vqt import QUIETEST, RATE, half_frames, level, vqt
from otowake.types import Floats, Sound, Source, Spectrogram

MAX_KEPT_BYTES = 64 << 20
"""Bytes, largest spectrogram that is kept: 6 minutes of the default STFT."""


class Magnitudes(NamedTuple):
    """A magnitude spectrogram divided by its mean; silence is not divided.

    Attributes
    ----------
    values
        float32 array of shape (frequency, frame), read-only if it is kept.
    scale
        The mean of the magnitudes.
    """

    values: Floats
    scale: float


@dataclass(frozen=True, eq=False)
class MonoSignal:
    """A recording, mixed down and resampled to 22,050 Hz; itself a :class:`~otowake.types.Sound`.

    Samples and level are computed on first use and kept. A spectrogram is kept if it has at most
    :data:`MAX_KEPT_BYTES`, otherwise each call computes it again.

    Parameters
    ----------
    sound
        Of any rate and number of channels, in memory or on disk.

    Examples
    --------
    >>> from otowake.types import Audio
    >>> signal = MonoSignal(Audio(np.ones((2, 44100)), 44100))
    >>> signal.samples.shape, round(signal.level), signal.is_silent
    ((22050,), 1, False)
    """

    sound: Sound
    _kept: dict[StftSpec, Magnitudes] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def samples(self) -> Floats:
        """Samples, float32 of shape (sample,)."""
        mixed = downmix(self.sound).blocks(BLOCK_SECONDS * self.sound.rate)
        blocks = [block[0] for block in resampled(mixed, self.sound.rate, RATE)]
        return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)

    @cached_property
    def level(self) -> float:
        """Level by :func:`otowake.signal.vqt.level`."""
        return level(self.samples)

    @property
    def is_silent(self) -> bool:
        """Whether the level is at most :data:`~otowake.signal.vqt.QUIETEST`."""
        return self.level <= QUIETEST

    @property
    def rate(self) -> int:
        return RATE

    @property
    def name(self) -> str:
        return self.sound.name

    @property
    def source(self) -> Source | None:
        return self.sound.source

    @property
    def n_channels(self) -> int:
        return 1

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.samples)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.n_samples / RATE

    def blocks(self, size: int) -> Iterator[Floats]:
        """Yield the samples in pieces of shape (1, at most `size`), in order."""
        for start in range(0, self.n_samples, size):
            yield self.samples[None, start : start + size]

    def vqt(self, start: int, stop: int) -> Floats:
        """Compute :func:`otowake.signal.vqt.vqt` of the frames from `start` to `stop`."""
        return vqt(self.samples, self.level, start, stop)

    def half_frames(self, start: int, stop: int) -> Floats:
        """Compute :func:`otowake.signal.vqt.half_frames` of the frames from `start` to `stop`."""
        return half_frames(self.samples, self.level, start, stop)

    def magnitudes(self, spec: StftSpec) -> Magnitudes:
        """Compute the normalised magnitude spectrogram; `spec` has the rate of the signal.

        Raises
        ------
        BadInput
            If the recording is shorter than one window.
        """
        if spec in self._kept:
            return self._kept[spec]
        # Frame by frame like the blocks: rounding of the mean depends on the order in memory.
        shape = spec.n_fft // 2 + 1, n_frames(self.n_samples, spec.hop)
        values, first = np.empty(shape, np.float32, order="F"), 0
        for block in magnitudes(self, spec):
            values[:, first : first + block.shape[1]] = block
            first += block.shape[1]
        result = Magnitudes(values, normalise(values))
        if values.nbytes <= MAX_KEPT_BYTES:
            values.flags.writeable = False
            self._kept[spec] = result
        return result

    def spectrogram(self, spec: StftSpec) -> Spectrogram:
        """Compute :func:`otowake.spectrogram`; for another rate, from the recording itself.

        Raises
        ------
        BadInput
            If the recording is shorter than one window, or silent.
        """
        if spec.sample_rate != RATE:
            return spectrogram(self.sound, spec)
        values, scale = self.magnitudes(spec)
        return floored(values, scale, spec, self.name)


def as_mono(sound: Sound) -> MonoSignal:
    """Return the mono signal of a recording; a mono signal is returned unchanged.

    Examples
    --------
    >>> from otowake.types import Audio
    >>> signal = as_mono(Audio(np.ones(1000), 8000))
    >>> as_mono(signal) is signal
    True
    """
    return sound if isinstance(sound, MonoSignal) else MonoSignal(sound)
