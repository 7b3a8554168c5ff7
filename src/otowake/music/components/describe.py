"""What each component of a factorisation is, and when it sounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.components.pitch import fundamentals, named, tuning_of
from otowake.types import Component, Factors, Floats

_SOUNDING = 10 ** (-30 / 20)  # of the loudest frame
_DEAD = 1e-12  # share of the energy


class Description(NamedTuple):
    """The components of a recording, put in order.

    Attributes
    ----------
    order
        Shape (component,): the old place of each, for :meth:`Factors.permuted`.
    components
        What they are, in that order and numbered by it.
    tuning_hz
        The recording's A4.
    """

    order: NDArray[np.intp]
    components: tuple[Component, ...]
    tuning_hz: float


def describe(
    factors: Factors, frequencies: Floats, times: Floats, *, ordered: bool = True
) -> Description:
    """Find pitch, energy and time of every component, and order them.

    Those with a pitch come first, from low to high; then those without, from dark to bright; dead ones last.

    Parameters
    ----------
    factors
        W of shape (frequency, component) and H of shape (component, frame).
    frequencies
        Shape (frequency,): Hz, evenly spaced from 0.
    times
        Shape (frame,): seconds.
    ordered
        If False, they stay in the order that they have.

    Examples
    --------
    >>> frequencies = np.arange(1025) * 22050 / 2048
    >>> tone = sum(np.exp(-((frequencies / 21.5 - n * 20.5) ** 2)) for n in range(1, 6))
    >>> factors = Factors(np.stack([np.ones(1025), tone], axis=1), np.array([[0, 0, 1.0], [2, 1, 0]]))
    >>> order, components, tuning_hz = describe(factors, frequencies, np.array([0, 0.5, 1]))
    >>> order.tolist(), [c.pitch and c.pitch.midi for c in components], [(c.start, c.end) for c in components]
    ([1, 0], [69, None], [(0.0, 0.5), (1.0, 1.0)])
    """
    W, H = factors.W, factors.H
    energy = energies(factors)
    share = energy / (energy.sum() or 1.0)
    alive = share > _DEAD
    share = np.where(alive, share, 0.0)
    hz, confidence = fundamentals(W, frequencies)
    confidence = np.where(alive, confidence, 0.0)
    tuning_hz = tuning_of(hz, confidence, share)
    pitches = named(hz, confidence, tuning_hz)
    spans = [span(h, times) if a else (0.0, 0.0) for h, a in zip(H, alive, strict=True)]
    order = (
        _ordered(hz, confidence, brightness(W, frequencies), alive)
        if ordered
        else np.arange(len(hz))
    )
    components = (Component(i, pitches[k], float(share[k]), *spans[k]) for i, k in enumerate(order))
    return Description(order, tuple(components), tuning_hz)


def estimate_tuning(W: Floats, H: Floats, frequencies: Floats) -> float:
    """The frequency of A4 in Hz, within half a semitone of 440; 440 where nothing has a pitch.

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
    return tuning_of(*fundamentals(W, frequencies), energies(Factors(W, H)))


def energies(factors: Factors) -> Floats:
    """The sum of squares of every component's part of W·H, shape (component,).

    Examples
    --------
    >>> energies(Factors(np.array([[1.0, 2.0]]), np.array([[3.0], [1.0]]))).tolist()
    [9.0, 4.0]
    """
    return np.square(factors.W, dtype=float).sum(axis=0) * np.square(factors.H, dtype=float).sum(
        axis=1
    )


def brightness(W: Floats, frequencies: Floats) -> Floats:
    """The spectral centroid in Hz of every component, shape (component,); 0 where there is nothing.

    Examples
    --------
    >>> brightness(np.array([[0.0, 1, 0], [2, 1, 0]]), np.array([0.0, 100])).tolist()
    [100.0, 50.0, 0.0]
    """
    total = W.sum(axis=0, dtype=float)
    return frequencies @ W / np.where(total > 0, total, 1)


def span(activation: Floats, times: Floats) -> tuple[float, float]:
    """The first and the last time, in seconds, within 30 dB of the loudest; shapes (frame,).

    Examples
    --------
    >>> span(np.array([0.01, 1, 0.5, 0.02]), np.array([0, 0.25, 0.5, 0.75]))
    (0.25, 0.5)
    """
    sounding = np.flatnonzero(activation >= _SOUNDING * activation.max())
    return float(times[sounding[0]]), float(times[sounding[-1]])


def _ordered(
    hz: Floats, confidence: Floats, centroid: Floats, alive: NDArray[np.bool_]
) -> NDArray[np.intp]:
    pitched = confidence > 0
    return np.lexsort((np.where(pitched, hz, centroid), ~pitched, ~alive))
