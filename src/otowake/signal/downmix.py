"""One channel that stands for all of a recording, in which nothing cancels.

The mean of the channels is what is analysed, as in the manual. A part that the channels hold in opposite polarity is
missing from it: a "wide" synthesiser, a miswired microphone, one inverted channel. Where the mean loses nearly all
of what the channels hold, the channels are added with equal polarity instead; everywhere else the mean stays as it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import overload

import numpy as np
from scipy.ndimage import uniform_filter1d

from otowake.signal.stft import Complexes, OverlapAdd, stft_blocks
from otowake.types import Audio, Floats, Sound, Source

CANCELLED, REGION = 10.0, 9
"""Where the channels hold this many times the power of their mean (10 dB), over so many frequency bins, it is cancelled."""

EVIDENCE = 0.03
"""The share of a frame's power that must be cancelled before anything in that frame is changed.

Chance alone reaches less: independent noise in two channels 0.016 at most in 5,000 frames at 44,100 Hz. A part that is
cancelled is found from about 8 dB below what the channels have in common.
"""

NEAR = 3
"""Frequency bins over which powers are compared once a frame shows cancellation, about the width of a partial."""

WINDOW_SECONDS = 0.093
"""The window in which channels are compared: 4,096 samples at 44,100 Hz."""


@overload
def downmix(sound: Audio) -> Audio: ...
@overload
def downmix(sound: Sound) -> Sound: ...
def downmix(sound: Sound) -> Sound:
    """Mix a recording down to one channel without losing what is in opposite polarity.

    Parameters
    ----------
    sound
        The recording, in memory or on disk; one that has a single channel is returned as it is.

    Returns
    -------
    The recording with one channel: the mean of its channels, bit for bit, wherever they do not cancel. It stays on
    disk if `sound` does.

    Examples
    --------
    >>> x = np.sin(np.arange(9000) / 5)
    >>> inverted = downmix(Audio(np.stack([x, -x]), 22050)).samples
    >>> inverted.shape, bool(np.allclose(inverted[0], x, atol=1e-5))
    ((1, 9000), True)
    """
    if sound.n_channels == 1:
        return sound
    lazy = Downmix(sound)
    if not isinstance(sound, Audio):
        return lazy
    samples = np.concatenate([*lazy.blocks(1 << 18), np.zeros((1, 0), np.float32)], axis=1)
    return Audio(samples, sound.rate, sound.name, sound.source)


@dataclass(frozen=True)
class Downmix:
    """A recording on disk as one channel, mixed down block by block each time that it is read."""

    sound: Sound
    n_channels: int = 1

    @property
    def rate(self) -> int:
        return self.sound.rate

    @property
    def name(self) -> str:
        return self.sound.name

    @property
    def source(self) -> Source | None:
        return self.sound.source

    @property
    def n_samples(self) -> int:
        return self.sound.n_samples

    def blocks(self, size: int) -> Iterator[Floats]:
        """The samples in pieces of shape (1, at most `size`), in order."""
        for block in mixed_blocks(self.sound.blocks(size), self.rate, self.n_samples):
            for start in range(0, block.shape[1], size):
                yield block[:, start : start + size]


def mixed_blocks(blocks: Iterable[Floats], rate: int, n_samples: int) -> Iterator[Floats]:
    """Mix a sound down that comes in pieces.

    Parameters
    ----------
    blocks
        Pieces of shape (channel, sample), in order.
    rate
        In Hz.
    n_samples
        How many samples they have in all.

    Yields
    ------
    float32 arrays of shape (1, sample).
    """
    n_fft = max(4, 4 * round(WINDOW_SECONDS * rate / 4))
    means: deque[Floats] = deque()

    def counted() -> Iterator[Floats]:
        for block in blocks:
            piece = np.asarray(block, np.float32)
            means.append(piece.mean(axis=0, keepdims=True))
            yield piece

    overlap = OverlapAdd(n_fft // 2, n_samples)
    for spectra in stft_blocks(counted(), n_fft, n_fft // 2):
        correction = mixed_spectra(spectra) - spectra.mean(axis=0)
        yield _taken(means, overlap.add(correction[None]))
    yield _taken(means, overlap.rest())


def _taken(means: deque[Floats], correction: Floats) -> Floats:
    """As many samples off the means as there are of the correction, corrected."""
    mixed, at = correction, 0
    while at < correction.shape[1]:
        mean = means.popleft()
        n = min(mean.shape[1], correction.shape[1] - at)
        mixed[:, at : at + n] += mean[:, :n]
        if n < mean.shape[1]:
            means.appendleft(mean[:, n:])
        at += n
    return mixed


def mixed_spectra(spectra: Complexes) -> Complexes:
    """Mix the spectra of channels down, cell by cell.

    Parameters
    ----------
    spectra
        Shape (channel, frequency, frame).

    Returns
    -------
    Shape (frequency, frame): the mean of the channels, or where it is cancelled the mean after each channel was given
    the polarity in which it agrees with the loudest.
    """
    mean = spectra.mean(axis=0)
    if len(spectra) == 1:
        return mean
    powers = _power(spectra)
    loudest = np.take_along_axis(spectra, _smooth(powers, NEAR).argmax(axis=0)[None], axis=0)
    agreement = _smooth((spectra * loudest.conj()).real, NEAR)
    aligned = np.where(agreement < 0, -spectra, spectra).mean(axis=0)
    of_mean, of_aligned, of_all = _power(mean), _power(aligned), powers.mean(axis=0)
    cancelled = _smooth(of_aligned, REGION) > CANCELLED * _smooth(of_mean, REGION)
    frames = (of_all * cancelled).sum(axis=0) > EVIDENCE * of_all.sum(axis=0)
    return np.where(frames & (_smooth(of_aligned, NEAR) > _smooth(of_mean, NEAR)), aligned, mean)


def _power(spectra: Complexes) -> Floats:
    return spectra.real**2 + spectra.imag**2


def _smooth(power: Floats, bins: int) -> Floats:
    """The mean over neighbouring frequencies, the last axis but one."""
    return uniform_filter1d(power, bins, axis=-2, mode="nearest")


def mixed_samples(samples: Floats) -> Floats:
    """Mix some samples of a single part or component down, quicker than :func:`downmix`.

    Parameters
    ----------
    samples
        Shape (channel, sample).

    Returns
    -------
    Shape (sample,): the mean of the channels, or where it is cancelled their mean with equal polarity.

    Examples
    --------
    >>> mixed_samples(np.array([[1.0, 2.0], [-1.0, -2.0]])).tolist()
    [1.0, 2.0]
    """
    channels = [*samples]  # sums of rows are many times faster than a mean along so short an axis
    mean = np.asarray(sum(channels)) / samples.dtype.type(len(channels))
    loudest = max(channels, key=lambda channel: float(channel @ channel))
    signs = [-1 if channel @ loudest < 0 else 1 for channel in channels]
    aligned = sum(sign * channel for sign, channel in zip(signs, channels, strict=True))
    aligned = np.asarray(aligned) / samples.dtype.type(len(channels))
    return aligned if aligned @ aligned > CANCELLED * (mean @ mean) else mean
