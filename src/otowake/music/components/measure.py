"""Describe and order the components of a factorisation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.components.config import DESCRIPTION
from otowake.music.components.pitch import as_pitch, as_pitches, estimate_f0, tuning_of
from otowake.types import Component, Factors, Floats


def in_tuning(components: Iterable[Component], tuning_hz: float) -> tuple[Component, ...]:
    """Name the pitches of components in a tuning."""
    return tuple(
        replace(one, pitch=one.pitch and as_pitch(one.pitch, tuning_hz)) for one in components
    )


class Description(NamedTuple):
    """The ordered components of a recording.

    Attributes
    ----------
    order
        Shape (component,): previous index of each component, for :meth:`Factors.permuted`.
    components
        Descriptions in this order, numbered by it.
    tuning_hz
        The recording's A4.
    """

    order: NDArray[np.intp]
    components: tuple[Component, ...]
    tuning_hz: float


def describe(
    factors: Factors,
    frequencies: Floats,
    times: Floats,
    *,
    ordered: bool = True,
    tuning_hz: float | None = None,
) -> Description:
    """Estimate pitch, energy and active time of every component, and order the components.

    Pitched components come first, from low to high; then unpitched components, from dark to bright;
    dead components come last.

    Parameters
    ----------
    factors
        W of shape (frequency, component) and H of shape (component, frame).
    frequencies
        Shape (frequency,): Hz, evenly spaced from 0.
    times
        Shape (frame,): seconds.
    ordered
        If False, the components keep their order.
    tuning_hz
        The recording's A4; estimated by default.

    Examples
    --------
    >>> frequencies = np.arange(1025) * 22050 / 2048
    >>> tone = sum(np.exp(-((frequencies / 21.5 - n * 20.5) ** 2)) for n in range(1, 6))
    >>> W, H = np.stack([np.ones(1025), tone], axis=1), np.array([[0, 0, 1.0], [2, 1, 0]])
    >>> order, components, tuning_hz = describe(Factors(W, H), frequencies, np.array([0, 0.5, 1]))
    >>> order.tolist(), [c.pitch and c.pitch.midi for c in components]
    ([1, 0], [69, None])
    >>> [(c.start, c.end) for c in components]
    [(0.0, 0.5), (1.0, 1.0)]
    """
    W, H = factors.W, factors.H
    energy = energies(factors)
    share = energy / (energy.sum() or 1.0)
    alive = share > DESCRIPTION.min_energy_share
    share = np.where(alive, share, 0.0)
    hz, confidence = estimate_f0(W, frequencies)
    confidence = np.where(alive, confidence, 0.0)
    tuning_hz = tuning_hz or tuning_of(hz, confidence, share)
    pitches = as_pitches(hz, confidence, tuning_hz)
    intervals = [
        active_interval(h, times) if a else (0.0, 0.0) for h, a in zip(H, alive, strict=True)
    ]
    order = (
        _ordered(hz, confidence, brightness(W, frequencies), alive)
        if ordered
        else np.arange(len(hz))
    )
    components = (
        Component(i, pitches[k], float(share[k]), *intervals[k]) for i, k in enumerate(order)
    )
    return Description(order, tuple(components), tuning_hz)


def estimate_tuning(W: Floats, H: Floats, frequencies: Floats) -> float:
    """Estimate the frequency of A4 in Hz, within half a semitone of 440; 440 if no pitch is found.

    Parameters
    ----------
    W, H
        Spectra of shape (frequency, component) and activations of shape (component, frame).
    frequencies
        Shape (frequency,): Hz, evenly spaced from 0.

    Examples
    --------
    >>> frequencies = np.arange(1025) * 22050 / 2048
    >>> sharp = sum(np.exp(-((frequencies / 21.5 - n * 20.7) ** 2)) for n in range(1, 6))[:, None]
    >>> round(estimate_tuning(sharp, np.ones((1, 3)), frequencies))
    445
    """
    return tuning_of(*estimate_f0(W, frequencies), energies(Factors(W, H)))


def energies(factors: Factors) -> Floats:
    """Sum the squares of every component's part of W·H, shape (component,).

    Examples
    --------
    >>> energies(Factors(np.array([[1.0, 2.0]]), np.array([[3.0], [1.0]]))).tolist()
    [9.0, 4.0]
    """
    return np.square(factors.W, dtype=float).sum(axis=0) * np.square(factors.H, dtype=float).sum(
        axis=1
    )


def brightness(W: Floats, frequencies: Floats) -> Floats:
    """Compute the spectral centroid in Hz of every component, shape (component,); 0 for silence.

    Examples
    --------
    >>> brightness(np.array([[0.0, 1, 0], [2, 1, 0]]), np.array([0.0, 100])).tolist()
    [100.0, 50.0, 0.0]
    """
    total = W.sum(axis=0, dtype=float)
    return frequencies @ W / np.where(total > 0, total, 1)


def active_interval(activation: Floats, times: Floats) -> tuple[float, float]:
    """Find the first and the last time in seconds within 30 dB of the maximum; shapes (frame,).

    Examples
    --------
    >>> active_interval(np.array([0.01, 1, 0.5, 0.02]), np.array([0, 0.25, 0.5, 0.75]))
    (0.25, 0.5)
    """
    active = np.flatnonzero(activation >= DESCRIPTION.active_level * activation.max())
    return float(times[active[0]]), float(times[active[-1]])


def _ordered(
    hz: Floats, confidence: Floats, centroid: Floats, alive: NDArray[np.bool_]
) -> NDArray[np.intp]:
    pitched = confidence > 0
    return np.lexsort((np.where(pitched, hz, centroid), ~pitched, ~alive))
