"""Downmix of a recording to one channel, without cancellation.

The analysis uses the mean of the channels, as the lecture manual does. The mean cancels sound that
the channels hold in opposite polarity: a "wide" synthesiser, a miswired microphone, an inverted
channel. Where nearly all power cancels, the channels are averaged with equal polarity instead;
elsewhere the mean is unchanged.
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

CANCELLED_RATIO = 10.0
"""Ratio (10 dB) of the aligned power to the power of the mean that counts as cancellation."""

DETECTION_BINS = 9
"""Frequency bins over which powers are averaged to detect cancellation."""

MIN_CANCELLED_SHARE = 0.03
"""Share of a frame's power that must cancel before the frame is corrected.

Independent noise in two channels reaches at most 0.016 in 5,000 frames at 44,100 Hz. A cancelled
part is detected down to about 8 dB below the sound that the channels have in common.
"""

CORRECTION_BINS = 3
"""Frequency bins over which powers are averaged in a corrected frame; about one partial wide."""

DOWNMIX_WINDOW = 0.093
"""Seconds, STFT window of the comparison: 4,096 samples at 44,100 Hz."""


@overload
def downmix(sound: Audio) -> Audio: ...
@overload
def downmix(sound: Sound) -> Sound: ...
def downmix(sound: Sound) -> Sound:
    """Mix a recording down to one channel, without cancelling sound in opposite polarity.

    Parameters
    ----------
    sound
        The recording, in memory or on disk; a recording with one channel is returned unchanged.

    Returns
    -------
    The recording with one channel, exactly the mean of its channels wherever they do not cancel.
    It stays on disk if `sound` is on disk.

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
    """A recording on disk with one channel, mixed down block by block on each read."""

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
        """Yield the samples in pieces of shape (1, at most `size`), in order."""
        for block in mixed_blocks(self.sound.blocks(size), self.rate, self.n_samples):
            for start in range(0, block.shape[1], size):
                yield block[:, start : start + size]


def mixed_blocks(blocks: Iterable[Floats], rate: int, n_samples: int) -> Iterator[Floats]:
    """Mix down a sound in pieces.

    Parameters
    ----------
    blocks
        Pieces of shape (channel, sample), in order.
    rate
        Sampling rate, in Hz.
    n_samples
        Total number of samples.

    Yields
    ------
    float32 arrays of shape (1, sample).
    """
    n_fft = max(4, 4 * round(DOWNMIX_WINDOW * rate / 4))
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
    """Take as many samples from `means` as `correction` has, and add the correction."""
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
    """Mix down the spectra of channels, for each time-frequency point.

    Parameters
    ----------
    spectra
        Shape (channel, frequency, frame).

    Returns
    -------
    Shape (frequency, frame): the mean of the channels; where it cancels, the mean of the channels
    in the polarity that agrees with the loudest channel.
    """
    mean = spectra.mean(axis=0)
    if len(spectra) == 1:
        return mean
    powers = _power(spectra)
    loudest = np.take_along_axis(
        spectra, _smooth(powers, CORRECTION_BINS).argmax(axis=0)[None], axis=0
    )
    agreement = _smooth((spectra * loudest.conj()).real, CORRECTION_BINS)
    aligned = np.where(agreement < 0, -spectra, spectra).mean(axis=0)
    of_mean, of_aligned, of_all = _power(mean), _power(aligned), powers.mean(axis=0)
    cancelled = _smooth(of_aligned, DETECTION_BINS) > CANCELLED_RATIO * _smooth(
        of_mean, DETECTION_BINS
    )
    frames = (of_all * cancelled).sum(axis=0) > MIN_CANCELLED_SHARE * of_all.sum(axis=0)
    return np.where(
        frames & (_smooth(of_aligned, CORRECTION_BINS) > _smooth(of_mean, CORRECTION_BINS)),
        aligned,
        mean,
    )


def _power(spectra: Complexes) -> Floats:
    return spectra.real**2 + spectra.imag**2


def _smooth(power: Floats, bins: int) -> Floats:
    """Average over neighbouring frequencies, the second last axis."""
    return uniform_filter1d(power, bins, axis=-2, mode="nearest")


def mixed_samples(samples: Floats) -> Floats:
    """Mix down samples of a single part or component, faster than :func:`downmix`.

    Parameters
    ----------
    samples
        Shape (channel, sample).

    Returns
    -------
    Shape (sample,): the mean of the channels, or their mean with equal polarity if it cancels.

    Examples
    --------
    >>> mixed_samples(np.array([[1.0, 2.0], [-1.0, -2.0]])).tolist()
    [1.0, 2.0]
    """
    channels = [*samples]  # many times faster than a mean over a short axis
    mean = np.asarray(sum(channels)) / samples.dtype.type(len(channels))
    loudest = max(channels, key=lambda channel: float(channel @ channel))
    signs = [-1 if channel @ loudest < 0 else 1 for channel in channels]
    aligned = sum(sign * channel for sign, channel in zip(signs, channels, strict=True))
    aligned = np.asarray(aligned) / samples.dtype.type(len(channels))
    return aligned if aligned @ aligned > CANCELLED_RATIO * (mean @ mean) else mean
