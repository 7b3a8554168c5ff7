"""The magnitude spectrogram, whole and in blocks, and its axes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.options import StftSpec
from otowake.signal.downmix import downmix
from otowake.signal.resampling import resampled
from otowake.signal.stft import stft_blocks
from otowake.types import Floats, Sound, Spectrogram

MAGNITUDE_FLOOR = 1e-10
"""Added to the normalised magnitudes against the logarithm of 0, as in the lecture manual."""

BLOCK_SECONDS = 20
"""Seconds of a recording processed at once."""


def magnitudes(audio: Sound, spec: StftSpec) -> Iterator[Floats]:
    """Compute the magnitude STFT of a recording block by block.

    The recording is mixed down (:func:`downmix`) and resampled first.

    Parameters
    ----------
    audio
        The recording, in memory or on disk.
    spec
        Parameters of the STFT.

    Yields
    ------
    float32 arrays of shape (frequency, frame).

    Raises
    ------
    BadInput
        If the recording is shorter than one window.
    """
    mono = downmix(audio).blocks(BLOCK_SECONDS * audio.rate)
    n_samples = 0

    def counted() -> Iterator[Floats]:
        nonlocal n_samples
        for block in resampled(mono, audio.rate, spec.sample_rate):
            n_samples += block.shape[1]
            yield block

    first = None
    for block in stft_blocks(counted(), spec.n_fft, spec.hop):
        if first is not None:
            yield np.abs(first)
        first = block[0]
    if first is None or n_samples < spec.n_fft:
        raise BadInput(
            text.TOO_SHORT, name=audio.name, need=spec.n_fft, rate=spec.sample_rate, got=n_samples
        )
    yield np.abs(first)


def axes(spec: StftSpec, frames: int) -> tuple[Floats, Floats]:
    """Return the frequencies (Hz) and the times (window centres, s) of a spectrogram."""
    frequencies = np.arange(spec.n_fft // 2 + 1) * (spec.sample_rate / spec.n_fft)
    return frequencies, np.arange(frames) * (spec.hop / spec.sample_rate)


def spectrogram(audio: Sound, spec: StftSpec | None = None, **options: object) -> Spectrogram:
    """Compute the magnitude spectrogram of a recording, normalised to a mean of 1.

    As in the lecture manual, the magnitudes are divided by their mean, and 1e-10 is added.

    Parameters
    ----------
    audio
        The recording, which is mixed down to one channel (``otowake.signal.downmix``) and
        resampled to ``spec.sample_rate``.
    spec, **options
        Parameters of the STFT, together or one by one.

    Raises
    ------
    BadInput
        If the recording is shorter than one window, or silent.

    Examples
    --------
    >>> from otowake.types import Audio
    >>> tone = Audio(np.sin(2 * np.pi * 440 * np.arange(22050) / 22050), 22050)
    >>> V = spectrogram(tone)
    >>> V.values.shape, round(float(V.values.mean()), 3)
    ((1025, 44), 1.0)
    """
    spec = (spec or StftSpec()).with_options(**options)
    values = np.concatenate(list(magnitudes(audio, spec)), axis=1)
    return floored(values, normalise(values), spec, audio.name)


def normalise(values: Floats) -> float:
    """Divide magnitudes by their mean, in place unless they are silent, and return the mean."""
    scale = float(values.mean(dtype=np.float64))
    if scale >= np.finfo(np.float32).tiny:
        values /= np.float32(scale)
    return scale


def floored(values: Floats, scale: float, spec: StftSpec, name: str) -> Spectrogram:
    """Make the spectrogram of normalised magnitudes; the floor is added in place if writeable.

    Raises
    ------
    BadInput
        If the recording called `name` is silent.
    """
    if scale < np.finfo(np.float32).tiny:
        raise BadInput(text.SILENT, name=name)
    out = values if values.flags.writeable else None
    values = np.add(values, np.float32(MAGNITUDE_FLOOR), out=out)
    return Spectrogram(values, *axes(spec, values.shape[1]), scale=scale, spec=spec)
