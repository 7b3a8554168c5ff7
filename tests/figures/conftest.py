"""A small synthetic recording for the tests of the figures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from otowake.music.separation.score_informed import fit_notes
from otowake.options import FitSpec, NoteSpec, PartSpec, StftSpec
from otowake.text import STOP_MAX_ITER
from otowake.types import Analysis, Audio, Factors, Fit, Floats, Note, Part, Pitch, Stop

RATE = 22050


class Example(NamedTuple):
    """A fit with its axes and pitches."""

    fit: Fit
    frequencies: Floats
    times: Floats
    pitches: list[Pitch | None]


def harmonics(hz: float, frequencies: Floats) -> Floats:
    """Make a spectrum of ten narrow partials."""
    partials = np.arange(1, 11)[:, None] * hz
    peaks = np.exp(-(((frequencies - partials) / 15) ** 2)) / np.arange(1, 11)[:, None]
    return peaks.sum(axis=0)


def made_up(
    n_components: int = 6, n_bins: int = 513, n_frames: int = 90, n_iter: int = 40
) -> Example:
    """Make a fit of the notes of a scale; the last component is noise without a pitch."""
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


def in_parts() -> Analysis:
    """Make two seconds of two parts with overlapping notes, and noise."""
    t = np.arange(2 * RATE) / RATE
    notes = (Note(0.2, 1.2, 57, confidence=0.5), Note(0.8, 1.8, 69), Note(1.3, 1.9, 64))
    part_indices, decay = (0, 1, 0), (2.0, 0.5, 2.0)
    sound = 0.003 * np.random.default_rng(3).standard_normal(len(t))
    for note, part_index, fall in zip(notes, part_indices, decay, strict=True):
        within = np.clip((t - note.onset) / (0.01, 0.15)[part_index], 0, 1) * (t < note.offset)
        for n in range(1, 9):
            tone = np.sin(2 * np.pi * 440 * 2 ** ((note.midi - 69) / 12) * n * t)
            sound += 0.1 * within * np.exp(-fall * (t - note.onset)) * tone / n ** (1 + part_index)
    audio = Audio(sound.astype(np.float32), RATE, "二重奏.wav")
    parts = Part("violin", "violin", (0, 2)), Part("violin-2", "violin", (1,))
    return Analysis(
        audio,
        None,
        (),
        np.zeros(0),
        np.zeros(0),
        1.0,
        440.0,
        StftSpec(),
        notes=notes,
        parts=parts,
        note_spec=NoteSpec(),
        part_spec=PartSpec(),
        note_factors=fit_notes(audio, notes, part_indices, tuning_hz=440.0),
    )


@pytest.fixture(scope="session")
def duet() -> Analysis:
    return in_parts()


@pytest.fixture
def example() -> Example:
    return made_up()


@pytest.fixture
def make_example():
    """:func:`made_up`, for examples of other sizes."""
    return made_up
