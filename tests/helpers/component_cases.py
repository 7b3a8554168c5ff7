"""Synthetic factors for the tests of components."""

import numpy as np

from otowake.music.theory.names import midi_to_hz
from otowake.types import Factors

FREQUENCIES = np.arange(1025) * 22050 / 2048


TIMES = np.arange(40) * 512 / 22050


RNG = np.random.default_rng(0)


def tone(midi, cents=0.0):
    """Build ten partials as lobes of a Hann window, shape (frequency,)."""
    bins, f0 = np.arange(1025.0), midi_to_hz(midi + cents / 100) / FREQUENCIES[1]
    off = bins[:, None] - f0 * np.arange(1, 11)
    with np.errstate(divide="ignore", invalid="ignore"):
        lobes = np.where(np.abs(off) == 1, 0.5, np.abs(np.sinc(off) / (1 - off**2)))
    return (lobes / np.arange(1, 11)).sum(axis=1)


def factors(*columns):
    """Build factors in which each spectrum sounds in 8 frames of its own."""
    H = np.zeros((len(columns), 40))
    for k in range(len(columns)):
        H[k, 8 * k : 8 * k + 8] = np.linspace(1, 0.5, 8)
    return Factors(np.stack(columns, axis=1), H)


HISS = np.where(FREQUENCIES > 5000, 1.0, 0.01) * (1 + 0.1 * RNG.random(1025))


RUMBLE = 1 / (100 + FREQUENCIES)


DEAD = np.full(1025, 1e-12)
