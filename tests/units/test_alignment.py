"""Test alignment: a warped score returns to the recording, a fitting score stays."""

from dataclasses import replace

import numpy as np
import pytest

from otowake.music.transcription.alignment import align, warping_path
from otowake.types import Audio, Note

RATE = 22050


def melody(seed=0, n=40):
    rng = np.random.default_rng(seed)
    onsets = 0.5 + np.cumsum(rng.choice([0.2, 0.3, 0.45], n))
    midi = rng.integers(55, 80, n)
    return [Note(a, a + 0.25, int(m)) for a, m in zip(onsets.tolist(), midi, strict=True)]


def rendered(notes):
    x = np.zeros(int((notes[-1].offset + 1) * RATE), np.float32)
    for note in notes:
        t = np.arange(int((note.offset - note.onset) * RATE)) / RATE
        tone = sum(
            np.sin(2 * np.pi * 440 * 2 ** ((note.midi - 69) / 12) * k * t) / k**1.5
            for k in range(1, 6)
        )
        start = int(note.onset * RATE)
        x[start : start + len(t)] += 0.1 * tone * np.exp(-3 * t) * np.minimum(1, (t[-1] - t) / 0.01)
    return Audio(x, RATE)


def warped(notes, warp):
    return [
        replace(note, onset=float(warp(note.onset)), offset=float(warp(note.offset)))
        for note in notes
    ]


@pytest.mark.parametrize(
    "warp",
    [lambda t: 1.3 * t, lambda t: 0.7 * t + 1, lambda t: t + 0.8 * np.sin(t / 2) + 1],
    ids=["slower", "faster", "swaying"],
)
def test_a_score_in_another_tempo_is_aligned(warp):
    notes = melody()
    aligned = align(warped(notes, warp), rendered(notes))
    assert [note.midi for note in aligned] == [note.midi for note in notes]
    off = np.array([a.onset - b.onset for a, b in zip(aligned, notes, strict=True)])
    assert np.abs(off).max() < 0.05


def test_a_fitting_score_stays():
    notes = melody(1)
    aligned = align(notes, rendered(notes))
    assert max(abs(a.onset - b.onset) for a, b in zip(aligned, notes, strict=True)) < 0.02


def test_silence_and_an_empty_score_change_nothing():
    notes = melody(2, 5)
    assert align(notes, Audio(np.zeros(RATE), RATE)) == notes
    assert align(notes, Audio(np.zeros(10), RATE)) == notes
    assert align([], rendered(notes)) == []


def test_the_banded_path_is_the_best_path():
    rng = np.random.default_rng(0)
    b = np.cumsum(rng.normal(size=(2400, 6)), axis=0)
    a = b[np.sort(rng.choice(len(b), 1900, replace=False))]
    rows, columns = warping_path(a, b)
    assert rows[0] == columns[0] == 0
    assert (rows[-1], columns[-1]) == (len(a) - 1, len(b) - 1)
    assert (np.diff(rows) >= 0).all()
    assert (np.diff(columns) >= 0).all()
    assert np.square(a[rows] - b[columns]).sum() < 0.02 * np.square(a - a.mean(axis=0)).sum()
