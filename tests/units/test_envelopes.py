"""Examples of the envelope features of notes."""

import numpy as np
import pytest

from otowake.music.players.envelopes import (
    ENVELOPE_EDGES,
    ENVELOPE_FEATURES,
    ENVELOPE_PARTIALS,
    ENVELOPE_QUARTERS,
    note_envelopes,
)
from otowake.types import Audio, Floats

RATE = 22_050
LATER_QUARTERS = slice(2 * len(ENVELOPE_EDGES) + 1, 2 * len(ENVELOPE_EDGES) + ENVELOPE_QUARTERS)


def decaying_and_sustained() -> tuple[Audio, tuple[Floats, Floats, Floats]]:
    """Synthesise a decaying and a sustained tone at once; return the sound and the notes."""
    t = np.arange(2 * RATE) / RATE
    tones = [sum(np.sin(2 * np.pi * f * n * t) / n for n in range(1, 11)) for f in (261.63, 392.0)]
    sound = tones[0] * np.exp(-3 * t) + 0.3 * tones[1]
    return Audio(sound.astype(np.float32), RATE), (
        np.zeros(2),
        np.full(2, 2.0),
        np.array([60.0, 67.0]),
    )


def test_a_decaying_note_differs_from_a_sustained_one_at_the_same_time() -> None:
    sound, notes = decaying_and_sustained()
    decaying, sustained = note_envelopes(sound, *notes)
    assert (decaying[LATER_QUARTERS] < sustained[LATER_QUARTERS] - 0.3).all()


@pytest.mark.parametrize("gain", [0.01, 5.0])
def test_neither_level_nor_order_matters(gain: float) -> None:
    sound, notes = decaying_and_sustained()
    plain = note_envelopes(sound, *notes)
    np.testing.assert_allclose(
        note_envelopes(Audio(gain * sound.samples, RATE), *notes), plain, atol=0.02
    )
    turned = note_envelopes(sound, *(column[::-1] for column in notes))
    np.testing.assert_allclose(turned[::-1], plain, atol=1e-5)


def test_missing_partials_have_low_levels() -> None:
    t = np.arange(RATE) / RATE
    odd = sum(np.sin(2 * np.pi * 220 * n * t) for n in (1, 3, 5))
    (features,) = note_envelopes(Audio(odd, RATE), np.zeros(1), np.ones(1), np.array([57.0]))
    levels = features[-ENVELOPE_PARTIALS:]
    assert levels[[0, 2, 4]].min() > 0.8 and levels[[1, 3]].max() < 0.6


def test_silence_has_no_features_and_no_notes_have_no_rows() -> None:
    silent = Audio(np.zeros(RATE), RATE)
    assert not note_envelopes(silent, np.zeros(1), np.ones(1), np.array([60.0])).any()
    assert note_envelopes(silent, *np.zeros((3, 0))).shape == (0, ENVELOPE_FEATURES)
