"""Conversion of the sampling rate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import soxr

from otowake.types import Floats


def resampled(blocks: Iterable[Floats], rate: int, new_rate: int) -> Iterator[Floats]:
    """Resample a sound in pieces with soxr's high-quality filter, as ``librosa.load`` does.

    Parameters
    ----------
    blocks
        Pieces of shape (channel, sample), in order.
    rate, new_rate
        Sampling rates in Hz.

    Yields
    ------
    float32 arrays of shape (channel, sample), ceil(n · new_rate / rate) samples in total for n.
    """
    if rate == new_rate:
        for block in blocks:
            yield np.asarray(block, dtype=np.float32)
        return
    stream: soxr.ResampleStream | None = None
    channels = taken = given = 0

    def moved(block: Floats, last: bool) -> Floats:
        assert stream is not None
        return (
            stream.resample_chunk(np.ascontiguousarray(block.T), last=last).reshape(-1, channels).T
        )

    for block in blocks:
        if stream is None:
            channels = block.shape[0]
            stream = soxr.ResampleStream(rate, new_rate, channels, dtype="float32", quality="HQ")
        taken += block.shape[1]
        piece = moved(np.asarray(block, dtype=np.float32), last=False)
        given += piece.shape[1]
        yield piece
    if stream is not None:
        missing = math.ceil(taken * new_rate / rate) - given
        rest = moved(np.zeros((channels, 0), dtype=np.float32), last=True)[:, : max(0, missing)]
        yield np.pad(rest, ((0, 0), (0, max(0, missing - rest.shape[1]))))


def resample(samples: Floats, rate: int, new_rate: int) -> Floats:
    """Resample a whole sound, of shape (sample,) or (channel, sample).

    Examples
    --------
    >>> resample(np.zeros(44100), 44100, 22050).shape
    (22050,)
    """
    blocks = resampled([np.atleast_2d(samples)], rate, new_rate)
    return np.concatenate(list(blocks), axis=1).reshape(*np.shape(samples)[:-1], -1)
