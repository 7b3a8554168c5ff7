"""Measure the pitch contours of notes: their deviation over time in cents.

Harmonic summation of the peaks of partials gives the salience of each deviation from the pitch of a
note (Salamon & Gómez, "Melody extraction from polyphonic music signals using pitch contour
characteristics", 2012). The Viterbi algorithm finds the smoothest path of high salience, as in pYIN
(Mauch & Dixon, 2014), and the partials near the path refine it. A contour is the breakpoints of a
piecewise-linear curve (Ramer, 1972; Douglas & Peucker, 1973).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import convolve1d

from otowake.music.transcription.config import CONTOURS
from otowake.music.transcription.partial_peaks import (
    Array,
    PartialPeaks,
    groups_of,
    partial_peaks,
    targets_by_window,
)
from otowake.signal.vqt import RATE
from otowake.types import Contour, Note

SMOOTHING = np.array([-3, 12, 17, 12, -3]) / 35
"""Weights of five frames that fit a parabola (Savitzky & Golay, 1964), which keeps vibrato."""


def measure_contours(notes: Sequence[Note], samples: Array) -> list[Contour]:
    """Measure the deviation of notes over time from their pitches at A4 = 440 Hz.

    Parameters
    ----------
    notes
        In order of onset.
    samples
        The recording, shape (sample,), at 22,050 Hz.

    Returns
    -------
    One contour per note; empty if the pitch is steady, or if the note is too short, has no clear
    pitch, or shares too many partials with other notes.

    Examples
    --------
    >>> t = np.arange(RATE) / RATE
    >>> phase = 2 * np.pi * 440 * t - 0.02 * 440 / 5.5 * np.cos(2 * np.pi * 5.5 * t)
    >>> (vibrato,) = measure_contours([Note(0, 1, 69)], np.sin(phase) + np.sin(2 * phase) / 2)
    >>> cents = [cents for _, cents in vibrato]
    >>> 30 < max(cents) < 38 and -38 < min(cents) < -30
    True
    """
    measured: list[Contour] = [()] * len(notes)
    for group in groups_of(notes):
        for window, targets in targets_by_window(notes, group).items():
            peaks = partial_peaks(notes, targets, samples, window)
            for index, path in zip(peaks, _paths(list(peaks.values())), strict=True):
                start = targets[index].frames[0] * CONTOURS.hop / RATE
                measured[index] = _contour(peaks[index], path, start - notes[index].onset)
    return _within_limit(measured)


def _within_limit(measured: list[Contour]) -> list[Contour]:
    """Thin out the breakpoints of very long recordings, which would make results unreadable."""
    tolerance = CONTOURS.tolerance
    while sum(map(len, measured)) > CONTOURS.max_breakpoints and tolerance < CONTOURS.reach:
        tolerance *= 2
        measured = [_thinned(contour, tolerance) for contour in measured]
    return measured


def _thinned(contour: Contour, tolerance: float) -> Contour:
    if not contour:
        return ()
    times, cents = np.array(contour).T
    return tuple(contour[k] for k in breakpoints(times, cents, tolerance))


def _paths(peaks: Sequence[PartialPeaks]) -> list[Array]:
    """Find the path of each note through its peaks by the Viterbi algorithm, in cents.

    The notes advance together, the longest first, so the notes that go on are always the first.
    """
    order = sorted(range(len(peaks)), key=lambda i: -peaks[i].n_rows)
    lengths = np.array([peaks[i].n_rows for i in order])
    starts = np.cumsum(lengths) - lengths
    n_states = 2 * round(CONTOURS.reach / CONTOURS.step) + 1
    salience = np.concatenate([_salience(peaks[i], n_states) for i in order])
    jump = round(CONTOURS.max_slope * CONTOURS.hop / RATE / CONTOURS.step)
    cost = CONTOURS.slope_cost * np.abs(np.arange(-jump, jump + 1)) / jump
    steps = np.zeros(salience.shape, np.int8)
    scores = salience[starts]
    for row in range(1, lengths[0]):
        active = int(np.searchsorted(-lengths, -row))
        padded = np.pad(scores[:active], ((0, 0), (jump, jump)), constant_values=-np.inf)
        options = sliding_window_view(padded, 2 * jump + 1, axis=1) - cost
        best = options.argmax(axis=2)
        steps[starts[:active] + row] = best - jump
        scores[:active] = np.take_along_axis(options, best[..., None], axis=2)[..., 0]
        scores[:active] += salience[starts[:active] + row]
    paths: list[Array] = [np.zeros(0)] * len(peaks)
    for k, i in enumerate(order):
        states = np.empty(lengths[k], int)
        state = int(scores[k].argmax())
        for row in range(lengths[k] - 1, -1, -1):
            states[row] = state
            state += int(steps[starts[k] + row, state])
        paths[i] = (states - n_states // 2) * CONTOURS.step
    return paths


def _salience(peaks: PartialPeaks, n_states: int) -> Array:
    """Add up the peaks of each frame at each deviation; a loud frame with one pitch has 1."""
    state = np.rint(peaks.cents / CONTOURS.step).astype(int) + n_states // 2
    total = np.bincount(peaks.row, peaks.weight, peaks.n_rows)
    summed = np.bincount(
        peaks.row * n_states + state, peaks.weight, peaks.n_rows * n_states
    ).reshape(peaks.n_rows, n_states)
    width = CONTOURS.peak_width / CONTOURS.step
    distance = np.arange(-np.ceil(2 * width), np.ceil(2 * width) + 1)
    kernel = np.exp(-0.5 * (distance / width) ** 2)
    smooth = convolve1d(summed, kernel, axis=1, mode="constant")
    loud = np.sqrt(np.minimum(total / (np.median(total) + 1e-12), 1))
    return (smooth / (total + 1e-12)[:, None] * loud[:, None]).astype(np.float32)


class _Fit(NamedTuple):
    """The partials near a path, and the path that they give.

    Attributes
    ----------
    row, weight, cents
        Frame, weight and deviation of each peak, less the offset of its partial, shape (peak,).
    offsets
        The constant offset of each partial, in cents.
    level
        Sum of the weights in each frame, shape (frame,).
    path
        Weighted mean of the deviations in each frame, shape (frame,).
    """

    row: Array
    weight: Array
    cents: Array
    offsets: Array
    level: Array
    path: Array


def _contour(peaks: PartialPeaks, path: Array, start: float) -> Contour:
    """Refine a path by the partials near it; empty if they do not agree on a change of pitch."""
    fit = _fit_partials(peaks, path, np.zeros(CONTOURS.n_partials + 1))
    for _ in range(CONTOURS.refinements):
        fit = fit and _fit_partials(peaks, fit.path, fit.offsets)
    if fit is None:
        return ()
    total = np.bincount(peaks.row, peaks.weight * peaks.partial, peaks.n_rows)
    voiced = fit.level > np.maximum(CONTOURS.min_share * total, CONTOURS.min_level * max(fit.level))
    spread = np.average(np.abs(fit.cents - fit.path[fit.row]), weights=fit.weight)
    if (
        voiced.mean() < CONTOURS.min_voiced
        or spread > CONTOURS.max_spread
        or _agreement(fit) < CONTOURS.min_agreement
    ):
        return ()
    return _simplified(fit.path, np.flatnonzero(voiced), start)


def _fit_partials(peaks: PartialPeaks, path: Array, offsets: Array) -> _Fit | None:
    """Average the partials near a path in each frame; None if no partial is near it.

    Each partial has a constant offset, as the strings of a piano are not harmonic; so the contour
    of a decaying note stays level while its upper partials vanish.
    """
    deviation = peaks.cents - path[peaks.row]
    near = np.abs(deviation - offsets[peaks.partial]) < CONTOURS.near
    if not near.any():
        return None
    row, partial = peaks.row[near], peaks.partial[near]
    weight = peaks.weight[near] * partial
    sums = np.bincount(partial, weight, len(offsets))
    offsets = np.bincount(partial, weight * deviation[near], len(offsets)) / np.maximum(sums, 1e-12)
    offsets -= np.average(offsets, weights=sums)
    cents = peaks.cents[near] - offsets[partial]
    level = np.bincount(row, weight, peaks.n_rows)
    known = np.flatnonzero(level)
    mean = np.bincount(row, weight * cents, peaks.n_rows)[known] / level[known]
    path = np.interp(np.arange(peaks.n_rows), known, mean)
    return _Fit(row, weight, cents, offsets, level, path)


def _agreement(fit: _Fit) -> float:
    """Compute the share of the variance over time that each partial confirms of the others.

    The other partials of a frame predict each partial. Beats with other sounds differ from partial
    to partial, and give about 0 or less; a true deviation gives about 1.
    """
    level, path = fit.level[fit.row], fit.path[fit.row]
    rest = level - fit.weight
    several = rest > CONTOURS.min_rest * level
    if not several.any():
        return 0.0
    weight, cents = fit.weight[several], fit.cents[several]
    predicted = (level * path - fit.weight * fit.cents)[several] / rest[several]
    error = (weight * (cents - predicted) ** 2).sum()
    variance = (weight * (cents - np.average(cents, weights=weight)) ** 2).sum()
    return 1 - error / max(variance, 1e-12)


def _simplified(curve: Array, frames: Array, start: float) -> Contour:
    """Turn the deviation of voiced frames into breakpoints; none if it is constant."""
    smooth = np.interp(np.arange(len(curve)), frames, curve[frames])[frames[0] : frames[-1] + 1]
    smooth = np.convolve(np.pad(smooth, 2, mode="reflect", reflect_type="odd"), SMOOTHING, "valid")
    low, high = np.percentile(smooth, (5, 95))
    if high - low < CONTOURS.flat_range:
        return ()
    times = start + (np.arange(len(smooth)) + frames[0]) * CONTOURS.hop / RATE
    kept = breakpoints(times, smooth, CONTOURS.tolerance)
    return tuple((round(float(times[k]), 3), round(float(smooth[k]), 1)) for k in kept)


def breakpoints(times: Array, values: Array, tolerance: float) -> list[int]:
    """Choose points between which straight lines come within a tolerance of a curve.

    Parameters
    ----------
    times, values
        Shape (point,), the times increasing.
    tolerance
        In the unit of the values.

    Examples
    --------
    >>> breakpoints(np.arange(6), np.array([0, 1, 2, 3, 1, -1]), 0.1)
    [0, 3, 5]
    """
    kept = {0, len(values) - 1}
    stack = [(0, len(values) - 1)]
    while stack:
        low, high = stack.pop()
        if high - low < 2:
            continue
        ends = [times[low], times[high]], [values[low], values[high]]
        error = np.abs(values[low : high + 1] - np.interp(times[low : high + 1], *ends))
        worst = low + int(error.argmax())
        if error[worst - low] > tolerance:
            kept.add(worst)
            stack += [(low, worst), (worst, high)]
    return sorted(kept)
