"""Move, cut and join the pitch contours of notes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from otowake.types import Contour

MEDIAN_STEP = 0.01
"""Seconds between the values of which the median is taken."""


def shifted_contour(contour: Contour, seconds: float = 0.0, cents: float = 0.0) -> Contour:
    """Move a contour in time and pitch, rounded to 0.1 ms and 0.1 cents.

    Examples
    --------
    >>> shifted_contour(((0.1, -20.0), (0.3, 0.0)), 0.5, 2.0)
    ((0.6, -18.0), (0.8, 2.0))
    """
    return tuple((round(time + seconds, 4), round(value + cents, 1)) for time, value in contour)


def cut_contour(contour: Contour, start: float, end: float) -> Contour:
    """Return the contour of a note that begins and ends at new times.

    Parameters
    ----------
    contour
        In seconds after the onset of the old note.
    start, end
        Onset and offset of the new note, in the same seconds.

    Returns
    -------
    The contour in seconds after the new onset; empty if none of it is left.

    Examples
    --------
    >>> cut_contour(((0.1, -20.0), (0.3, 0.0)), 0.2, 1.0)
    ((0.0, -10.0), (0.1, 0.0))
    >>> cut_contour(((0.1, -20.0), (0.3, 0.0)), 0.5, 1.0)
    ()
    """
    if not contour:
        return ()
    times = [time for time, _ in contour]
    low, high = max(start, times[0]), min(end, times[-1])
    if high <= low:
        return ()
    edges = np.interp((low, high), times, [value for _, value in contour]).tolist()
    kept = ((low, edges[0]), *(p for p in contour if low < p[0] < high), (high, edges[1]))
    moved = shifted_contour(kept, -start)
    return moved if all(a[0] < b[0] for a, b in pairwise(moved)) else ()


def joined_contour(first: Contour, second: Contour, seconds: float) -> Contour:
    """Join the contour of a note and of its continuation that begins `seconds` later.

    Examples
    --------
    >>> joined_contour(((0.0, 0.0), (0.5, 10.0)), ((0.0, 20.0), (0.2, 0.0)), 0.4)
    ((0.0, 0.0), (0.5, 10.0), (0.6, 0.0))
    """
    if not (first and second):
        return first
    return first + tuple(p for p in shifted_contour(second, seconds) if p[0] > first[-1][0])


def median_of_contour(contour: Contour) -> float:
    """Return the median over time of a contour, in cents.

    Examples
    --------
    >>> median_of_contour(((0.0, -100.0), (0.1, 0.0), (1.0, 0.0)))
    0.0
    """
    times, values = np.array(contour).T
    steps = max(int((times[-1] - times[0]) / MEDIAN_STEP), 1)
    dense = np.interp(np.linspace(times[0], times[-1], steps + 1), times, values)
    return round(float(np.median(dense)), 1)
