"""Where a factorisation begins."""

from __future__ import annotations

import numpy as np

from otowake.types import Factors


def log_normal(n_bins: int, n_frames: int, n_components: int, rng: np.random.Generator) -> Factors:
    """Factors whose logarithms are drawn from N(0, 1), as in the manual; float32.

    Examples
    --------
    >>> start = log_normal(4, 6, 2, np.random.default_rng(0))
    >>> start.W.shape, start.H.shape
    ((4, 2), (2, 6))
    """
    W = np.exp(rng.standard_normal((n_bins, n_components), dtype=np.float32))
    H = np.exp(rng.standard_normal((n_components, n_frames), dtype=np.float32))
    return Factors(W, H)
