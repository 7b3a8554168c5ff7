"""Laws of the transcriber by templates."""

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
TUNE = [(0.5, 60), (1.0, 64), (1.5, 67), (2.0, 55)]


def played(level=1.0, rate=RATE):
    x = np.zeros(3 * rate)
    for onset, midi in TUNE:
        t = np.arange(len(x) - int(onset * rate)) / rate
        f0 = 440 * 2 ** ((midi - 69) / 12)
        x[int(onset * rate) :] += sum(
            np.sin(2 * np.pi * f0 * k * t) / k**1.5 for k in range(1, 8)
        ) * np.exp(-4 * t)
    return Audio(0.1 * level * x, rate)


@pytest.mark.parametrize(("level", "rate"), [(1.0, RATE), (0.03, RATE), (1.0, 44100)])
def test_a_tune_is_found_at_any_level_and_rate(level, rate):
    notes = transcribe(played(level, rate))
    found = list(zip(notes.onset.tolist(), notes.midi.tolist(), strict=True))
    assert all(any(m == midi and abs(t - onset) < 0.05 for t, m in found) for onset, midi in TUNE)
    assert len(found) <= len(TUNE) + 1


@pytest.mark.parametrize("n_samples", [0, 1, 30000])
def test_silence_has_no_notes(n_samples):
    assert len(transcribe(Audio(np.zeros(n_samples), RATE)).onset) == 0


def test_every_note_points_at_its_activation():
    found = note_factors(played())
    keys = found.notes.midi - 21
    before = found.activations[np.maximum(found.frames - 6, 0), keys]
    assert (found.activations[found.frames + 3, keys] > before + 0.2).all()
    np.testing.assert_allclose(
        found.frames * HALF_FRAME_PERIOD - TEMPLATE_NMF.onset_delay, found.notes.onset
    )
    for midi, spectrum in zip(
        found.notes.midi.tolist(), found.templates[:, keys, 1].T, strict=True
    ):
        assert abs(int(spectrum.argmax()) // 3 + 21 - midi) <= 1
