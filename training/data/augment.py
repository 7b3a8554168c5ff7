"""Random changes of note features: filters, noise, missing treble, gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otowake.music.network_weights import pitch_rbf
from otowake.music.players.envelopes import ENVELOPE_PARTIALS, PARTIAL_COLUMNS
from otowake.music.players.features import (
    FEATURE_ROWS,
    FINE_ROWS,
    LEVEL_PLANES,
    OTHERS_PLANE,
    PITCH_COLUMNS,
    ROWS_BELOW,
    NoteFeatures,
    network_input,
)
from otowake.signal.vqt import LOWEST, ROWS
from training.rng import Rng

PITCH_JITTER = 1.5
"""Standard deviation of the pitch in the network's input, in semitones."""


def augmented_input(
    features: NoteFeatures, midi: NDArray[np.float64], rng: Rng, size: float = 1.0
) -> NDArray[np.float32]:
    """Return the network's input for changed features and an inexact pitch."""
    x = network_input(augment(features, midi, rng, size), midi)
    x[:, PITCH_COLUMNS] = pitch_rbf(midi + rng.normal(0, PITCH_JITTER, len(midi)))
    return x


def augment(
    features: NoteFeatures, midi: NDArray[np.float64], rng: Rng, size: float = 1.0
) -> NoteFeatures:
    """Change features as by a random filter, noise, a low-pass and gaps.

    `size` scales the filters.
    """
    planes = features.planes.copy()
    n = len(planes)
    gain = smooth_curves(rng, n, 0.12 * size)[:, None]
    gain = gain + rng.normal(0, 0.05 * size, (n, 1, 1)).astype(np.float32)
    levels = planes[:, :LEVEL_PLANES]
    levels = np.where(levels > 0, np.maximum(levels + gain, 0), 0)
    floor = np.where(rng.random(n) < 0.3, rng.uniform(0, 0.7, n), -1).astype(np.float32)[:, None]
    floor = np.where(floor > 0, np.maximum(floor + smooth_curves(rng, n, 0.12), 0), 0)
    levels = np.maximum(levels, floor[:, None])
    low_pass = np.where(rng.random(n) < 0.15, rng.integers(24, FEATURE_ROWS, n), FEATURE_ROWS)
    first = rng.integers(0, FEATURE_ROWS, n)
    last = first + np.where(rng.random(n) < 0.2, rng.integers(1, 6, n), 0)
    rows = np.arange(FEATURE_ROWS)
    silent = (rows >= low_pass[:, None]) | ((rows >= first[:, None]) & (rows < last[:, None]))
    semitones = np.where(rows < FINE_ROWS, rows, FINE_ROWS + 3 * (rows - FINE_ROWS))
    silent |= semitones > LOWEST + ROWS + ROWS_BELOW - midi[:, None]  # above the spectrogram
    planes[:, :LEVEL_PLANES] = np.where(silent[:, None], 0, levels)
    planes[:, OTHERS_PLANE] *= (rng.random(n) > 0.05)[:, None]
    planes += (0.02 * rng.standard_normal(planes.shape, np.float32)).astype(np.float32)
    envelope = features.envelope + 0.03 * rng.standard_normal(features.envelope.shape, np.float32)
    partials = smooth_curves(rng, n, 0.05 * size)[:, :: FEATURE_ROWS // ENVELOPE_PARTIALS]
    envelope[:, PARTIAL_COLUMNS] += partials[:, :ENVELOPE_PARTIALS]
    return NoteFeatures(planes, features.activity, envelope.astype(np.float32))


def smooth_curves(rng: Rng, n: int, size: float) -> NDArray[np.float32]:
    """Draw smooth curves over the rows, (curve, row), in units of a level."""
    k = np.arange(1, 6)[:, None]
    waves = np.cos(np.pi * (k * np.linspace(0, 1, FEATURE_ROWS) + rng.uniform(0, 2, (n, 5, 1))))
    return (size * ((rng.normal(size=(n, 5, 1)) / (1 + 0.5 * k)) * waves).sum(axis=1)).astype(
        np.float32
    )
