"""From factors to the pictures of them: decibels, and as many rows and columns as there are pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from otowake.types import Factors, Floats

FLOOR_DB = -60.0
LOWEST_HZ = 40.0
BLOCK = 2000

Starts = NDArray[np.integer[Any]]


def decibels(values: Floats) -> Floats:
    """Magnitudes in dB of their own maximum, from 0 down to `FLOOR_DB`; all at the floor if all are zero.

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
    """Where the frequency axes begin, in Hz: at 40, or lower if that leaves less than two octaves."""
    return min(LOWEST_HZ, float(frequencies[-1]) / 4)


def log_rows(frequencies: Floats, n: int) -> Starts:
    """The bin that each of `n` rows of equal musical height begins in, from :func:`lowest` to the last bin.

    Parameters
    ----------
    frequencies
        Shape (frequency,), evenly spaced, in Hz.
    n
        Rows.

    Returns
    -------
    Starts
        Shape (n,), never falling: low rows share a bin, high rows span several.
    """
    edges = np.geomspace(lowest(frequencies), frequencies[-1], n + 1)[:-1]
    spacing = (frequencies[-1] - frequencies[0]) / (len(frequencies) - 1)
    return np.rint((edges - frequencies[0]) / spacing).astype(int)


def columns(n_frames: int, n: int) -> Starts:
    """The frame that each of at most `n` columns begins in."""
    n = min(n, n_frames)
    return np.arange(n) * n_frames // n


def pooled(values: Floats, starts: Starts, axis: int) -> Floats:
    """The maximum from each start to before the next one; the value there, where two starts are the same.

    Examples
    --------
    >>> pooled(np.array([1, 5, 2, 3]), np.array([0, 0, 2]), 0).tolist()
    [1, 5, 3]
    """
    return np.maximum.reduceat(values, starts, axis=axis)


def pooled_product(factors: Factors, rows: Starts, cols: Starts) -> Floats:
    """W·H pooled to rows and columns, shape (row, column), made in blocks of frames to spare memory."""
    n_frames = factors.H.shape[1]
    parts = np.array_split(cols, min(len(cols), -(-n_frames // BLOCK)))
    ends = [*(part[0] for part in parts[1:]), n_frames]
    blocks = []
    for part, end in zip(parts, ends, strict=True):
        product = factors.W @ factors.H[:, part[0] : end]
        blocks.append(pooled(pooled(product, rows, 0), part - part[0], 1))
    return np.hstack(blocks)
