"""A small made-up recording: what the tests of the figures draw."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from otowake.options import FitSpec
from otowake.text import STOP_MAX_ITER
from otowake.types import Factors, Fit, Floats, Pitch, Stop

RATE = 22050


class Example(NamedTuple):
    """A fit with its axes and pitches."""

    fit: Fit
    frequencies: Floats
    times: Floats
    pitches: list[Pitch | None]


def harmonics(hz: float, frequencies: Floats) -> Floats:
    """A spectrum with ten partials, each a narrow peak, and nothing between them."""
    partials = np.arange(1, 11)[:, None] * hz
    peaks = np.exp(-(((frequencies - partials) / 15) ** 2)) / np.arange(1, 11)[:, None]
    return peaks.sum(axis=0)


def made_up(n_components: int = 6, n_bins: int = 513, n_frames: int = 90, n_iter: int = 40) -> Example:
    """Notes of a scale one after the other, the last component being noise without a pitch."""
    rng = np.random.default_rng(1)
    frequencies, times = np.linspace(0, RATE / 2, n_bins), np.arange(n_frames) * 512 / RATE
    midi = [55 + 2 * k for k in range(n_components - 1)]
    pitches = [Pitch(440 * 2 ** ((m - 69) / 12), m, 0.0, 0.9) for m in midi]
    spectra = [harmonics(pitch.hz, frequencies) for pitch in pitches]
    W = np.stack([*spectra, rng.gamma(2, 0.02, n_bins)], axis=1)
    onsets = np.linspace(0, times[-1], n_components, endpoint=False)[:, None]
    H = np.where(times >= onsets, np.exp(-4 * (times - onsets)), 0.0)
    initial = Factors(np.exp(rng.normal(size=W.shape)), np.exp(rng.normal(size=H.shape)))
    iterations = np.arange(1, n_iter + 1)
    losses = 100 + 20_000 / iterations**1.5
    stop = Stop("max_iter", STOP_MAX_ITER, {"n": n_iter})
    fit = Fit(W, H, losses, iterations, initial, stop, FitSpec(n_components=n_components))
    return Example(fit, frequencies, times, [*pitches, None])


@pytest.fixture
def example() -> Example:
    return made_up()


@pytest.fixture
def make_example():
    """:func:`made_up`, for examples of other sizes."""
    return made_up
