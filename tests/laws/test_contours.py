"""What must hold of what a factorisation tells of each note."""

import numpy as np
import pytest

from otowake.music.players.envelopes import EDGES, NUMBERS, PARTIALS, QUARTERS, contours
from otowake.types import Floats

RATE = 22_050
LATE = slice(2 * len(EDGES) + 1, 2 * len(EDGES) + QUARTERS)
"""The later quarters of a note's envelope."""


def together() -> tuple[Floats, tuple[Floats, Floats, Floats]]:
    """A string that fades and a reed that holds, both of ten partials, at the same time; and their notes."""
    t = np.arange(2 * RATE) / RATE
    tones = [sum(np.sin(2 * np.pi * f * n * t) / n for n in range(1, 11)) for f in (261.63, 392.0)]
    sound = tones[0] * np.exp(-3 * t) + 0.3 * tones[1]
    return sound.astype(np.float32), (np.zeros(2), np.full(2, 2.0), np.array([60.0, 67.0]))


def test_a_fading_note_is_told_from_a_held_one_at_the_same_time() -> None:
    sound, notes = together()
    fading, held = contours(sound, *notes)
    assert (fading[LATE] < held[LATE] - 0.3).all()


@pytest.mark.parametrize("gain", [0.01, 5.0])
def test_neither_level_nor_order_matters(gain: float) -> None:
    sound, notes = together()
    plain = contours(sound, *notes)
    np.testing.assert_allclose(contours(gain * sound, *notes), plain, atol=0.02)
    turned = contours(sound, *(column[::-1] for column in notes))
    np.testing.assert_allclose(turned[::-1], plain, atol=1e-5)


def test_partials_are_told_as_strong_as_they_are() -> None:
    t = np.arange(RATE) / RATE
    odd = sum(np.sin(2 * np.pi * 220 * n * t) for n in (1, 3, 5)).astype(np.float32)
    (told,) = contours(odd, np.zeros(1), np.ones(1), np.array([57.0]))
    strengths = told[-PARTIALS:]
    assert strengths[[0, 2, 4]].min() > 0.8 and strengths[[1, 3]].max() < 0.6


def test_silence_and_no_notes_tell_nothing() -> None:
    silent = np.zeros(RATE, np.float32)
    assert not contours(silent, np.zeros(1), np.ones(1), np.array([60.0])).any()
    assert contours(silent, *np.zeros((3, 0))).shape == (0, NUMBERS)
