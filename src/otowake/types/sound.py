"""Sound and its spectrogram."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from otowake import text
from otowake.errors import BadInput
from otowake.options import StftSpec
from otowake.text import Text

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Source:
    """The origin of a sound: its file, the SHA-256 of the file, and the excerpt in seconds."""

    path: str
    sha256: str
    start: float = 0.0
    duration: float | None = None


class Sound(Protocol):
    """The interface of a recording, in memory (:class:`Audio`) or on disk."""

    @property
    def rate(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def source(self) -> Source | None: ...
    @property
    def n_channels(self) -> int: ...
    @property
    def n_samples(self) -> int: ...
    def blocks(self, size: int) -> Iterator[Floats]:
        """Yield the samples in pieces of shape (channel, at most `size`), in order."""
        ...


@dataclass(frozen=True, eq=False)
class Audio:
    """Sound in memory.

    Parameters
    ----------
    samples
        Shape (channel, sample), full scale ±1. One-dimensional input becomes one channel.
    rate
        Sampling rate in Hz.
    name
        Name in messages and figures.
    source
        The file that the sound was read from, if any.

    Raises
    ------
    BadInput
        If the samples are not real and finite, or have another shape.

    Examples
    --------
    >>> audio = Audio(np.zeros(22050), 22050)
    >>> audio.samples.shape, audio.duration
    ((1, 22050), 1.0)
    """

    samples: Floats
    rate: int
    name: str = "audio"
    source: Source | None = None

    def __post_init__(self) -> None:
        if not (isinstance(self.rate, (int, np.integer)) and self.rate > 0):
            must = Text("a whole number above 0", " 0 より大きい整数")
            raise BadInput(text.OPTION, name="rate", must=must, value=repr(self.rate))
        samples = np.asarray(self.samples)
        if samples.dtype.kind not in "fiu":
            raise BadInput(text.NOT_NUMBERS, name=self.name, got=samples.dtype)
        samples = np.atleast_2d(samples)
        if samples.ndim != 2 or samples.shape[0] == 0:
            raise BadInput(
                text.BAD_SHAPE, name=self.name, need="(channel, sample)", got=samples.shape
            )
        if samples.dtype.kind != "f" or samples.dtype.itemsize < 4:
            samples = samples.astype(np.float32)
        bad = samples.size - np.count_nonzero(np.isfinite(samples))
        if bad:
            raise BadInput(text.NOT_FINITE, name=self.name, count=bad, total=samples.size)
        object.__setattr__(self, "samples", samples)

    @property
    def n_channels(self) -> int:
        return self.samples.shape[0]

    @property
    def n_samples(self) -> int:
        """Number of samples in each channel."""
        return self.samples.shape[1]

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.rate

    def mono(self) -> Floats:
        """Average the channels, shape (sample,)."""
        return self.samples[0] if self.n_channels == 1 else self.samples.mean(axis=0)

    def blocks(self, size: int) -> Iterator[Floats]:
        """Yield the samples in pieces of shape (channel, at most `size`), in order."""
        for start in range(0, self.n_samples, size):
            yield self.samples[:, start : start + size]


class Matrix(Protocol):
    """The interface of a non-negative matrix V of shape (frequency, frame), possibly on disk."""

    @property
    def shape(self) -> tuple[int, int]: ...

    def frames(self, start: int, stop: int) -> Floats:
        """Return the columns from `start` to `stop`, shape (frequency, stop − start)."""
        ...


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """A magnitude spectrogram with its axes.

    Attributes
    ----------
    values
        Magnitudes, shape (frequency, frame), normalised to a mean of 1, plus 1e-10: an array, or a
        :class:`Matrix` on disk for a long recording.
    frequencies
        In Hz.
    times
        Centres of the windows, in seconds.
    scale
        The mean of the magnitudes before normalisation.
    spec
        Parameters of the STFT.

    Examples
    --------
    >>> import otowake
    >>> V = otowake.spectrogram(otowake.load(otowake.demo_path(), duration=1))
    >>> V.values.shape, round(float(V.frequencies[-1])), round(float(V.times[-1]), 2)
    ((1025, 44), 11025, 1.0)
    """

    values: Any
    frequencies: Floats
    times: Floats
    scale: float
    spec: StftSpec
