"""Factors for the tests of masks."""

import numpy as np

from otowake.options import StftSpec
from otowake.types import Factors

SMALL = StftSpec(sample_rate=8000, n_fft=256, hop=64)


def joined(blocks):
    return [np.concatenate(parts, axis=1) for parts in zip(*blocks, strict=True)]


def random_factors(n_components, n_frames, seed=0):
    rng = np.random.default_rng(seed)
    return Factors(
        rng.gamma(0.2, size=(129, n_components)), rng.gamma(0.2, size=(n_components, n_frames))
    )
