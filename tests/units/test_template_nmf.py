"""Test transcription by templates."""

import numpy as np
import pytest

from otowake.music.transcription.template_nmf import (
    HALF_FRAME_PERIOD,
    TEMPLATE_NMF,
    note_factors,
    transcribe,
)
from otowake.types import Audio

RATE = 22050
MELODY = [(0.5, 60), (1.0, 64), (1.5, 67), (2.0, 55)]


def melody(level=1.0, rate=RATE):
    x = np.zeros(3 * rate)
    for onset, midi in MELODY:
        t = np.arange(len(x) - int(onset * rate)) / rate
        f0 = 440 * 2 ** ((midi - 69) / 12)
        x[int(onset * rate) :] += sum(
            np.sin(2 * np.pi * f0 * k * t) / k**1.5 for k in range(1, 8)
        ) * np.exp(-4 * t)
    return Audio(0.1 * level * x, rate)


@pytest.mark.parametrize(("level", "rate"), [(1.0, RATE), (0.03, RATE), (1.0, 44100)])
def test_a_melody_is_detected_at_any_level_and_rate(level, rate):
    notes = transcribe(melody(level, rate))
    detected = list(zip(notes.onset.tolist(), notes.midi.tolist(), strict=True))
    assert all(
        any(m == midi and abs(t - onset) < 0.05 for t, m in detected) for onset, midi in MELODY
    )
    assert len(detected) <= len(MELODY) + 1


@pytest.mark.parametrize("n_samples", [0, 1, 30000])
def test_silence_has_no_notes(n_samples):
    assert len(transcribe(Audio(np.zeros(n_samples), RATE)).onset) == 0


def test_every_note_refers_to_its_activation():
    result = note_factors(melody())
    keys = result.notes.midi - 21
    before = result.activations[np.maximum(result.frames - 6, 0), keys]
    assert (result.activations[result.frames + 3, keys] > before + 0.2).all()
    np.testing.assert_allclose(
        result.frames * HALF_FRAME_PERIOD - TEMPLATE_NMF.onset_delay, result.notes.onset
    )
    for midi, spectrum in zip(
        result.notes.midi.tolist(), result.templates[:, keys, 1].T, strict=True
    ):
        assert abs(int(spectrum.argmax()) // 3 + 21 - midi) <= 1
