"""Change of sampling rate."""

from __future__ import annotations

import math

import numpy as np
import soxr

from otowake.types import Floats


def resample(samples: Floats, rate: int, new_rate: int) -> Floats:
    """Resample by soxr's high quality filter, as ``librosa.load`` does.

    Parameters
    ----------
    samples
        Shape (sample,) or (channel, sample).
    rate, new_rate
        Sampling rates in Hz.

    Returns
    -------
    float32 array of ceil(n · new_rate / rate) samples in each channel.

    Examples
    --------
    >>> resample(np.zeros(44100), 44100, 22050).shape
    (22050,)
    """
    samples = np.asarray(samples, dtype=np.float32)
    if rate == new_rate:
        return samples
    length = math.ceil(samples.shape[-1] * new_rate / rate)
    moved = soxr.resample(samples.T, rate, new_rate, quality="HQ").T
    out = np.zeros((*samples.shape[:-1], length), dtype=np.float32)
    out[..., : min(length, moved.shape[-1])] = moved[..., :length]
    return out
