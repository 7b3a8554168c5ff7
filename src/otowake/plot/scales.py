"""Images of factors: decibels, pooled to the rows and columns of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from otowake.types import Factors, Floats

FLOOR_DB = -60.0
"""Decibels relative to the maximum, the lowest level that is drawn."""

LOWEST_HZ = 40.0
"""Hertz, where frequency axes start."""

BLOCK_FRAMES = 2000
"""Frames of W·H in memory at once."""

Starts = NDArray[np.integer[Any]]


def decibels(values: Floats) -> Floats:
    """Convert magnitudes to dB relative to their maximum, from 0 down to `FLOOR_DB`.

    If all magnitudes are zero, all levels are `FLOOR_DB`.

    Examples
    --------
    >>> decibels(np.array([20.0, 2.0, 0.0])).tolist()
    [0.0, -20.0, -60.0]
    """
    top = values.max()
    if not top > 0:
        return np.full(values.shape, FLOOR_DB)
    return np.maximum(20 * np.log10(np.maximum(values / top, 10 ** (FLOOR_DB / 20))), FLOOR_DB)


def lowest(frequencies: Floats) -> float:
    """Return the start of the frequency axes in Hz: 40, or less to show two octaves."""
    return min(LOWEST_HZ, float(frequencies[-1]) / 4)


def log_rows(frequencies: Floats, n: int) -> Starts:
    """Return the first bin of each of `n` rows on a logarithmic axis from :func:`lowest`.

    Parameters
    ----------
    frequencies
        Shape (frequency,), evenly spaced, in Hz.
    n
        The number of rows.

    Returns
    -------
    Starts
        Shape (n,), never decreasing: low rows share a bin, high rows span several bins.
    """
    edges = np.geomspace(lowest(frequencies), frequencies[-1], n + 1)[:-1]
    spacing = (frequencies[-1] - frequencies[0]) / (len(frequencies) - 1)
    return np.rint((edges - frequencies[0]) / spacing).astype(int)


def columns(n_frames: int, n: int) -> Starts:
    """Return the first frame of each of at most `n` columns."""
    n = min(n, n_frames)
    return np.arange(n) * n_frames // n


def pooled(values: Floats, starts: Starts, axis: int) -> Floats:
    """Take the maximum from each start to the next; at equal starts, the value there.

    Examples
    --------
    >>> pooled(np.array([1, 5, 2, 3]), np.array([0, 0, 2]), 0).tolist()
    [1, 5, 3]
    """
    return np.maximum.reduceat(values, starts, axis=axis)


def pooled_product(factors: Factors, rows: Starts, cols: Starts) -> Floats:
    """Pool W·H to shape (row, column), in blocks of frames to save memory."""
    n_frames = factors.H.shape[1]
    parts = np.array_split(cols, min(len(cols), -(-n_frames // BLOCK_FRAMES)))
    ends = [*(part[0] for part in parts[1:]), n_frames]
    blocks = []
    for part, end in zip(parts, ends, strict=True):
        product = factors.W @ factors.H[:, part[0] : end]
        blocks.append(pooled(pooled(product, rows, 0), part - part[0], 1))
    return np.hstack(blocks)
