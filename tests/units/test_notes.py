"""Test cleaning, cents, evaluation and synthesis of notes."""

import numpy as np
import pytest

from otowake.music.transcription.evaluation import evaluate
from otowake.music.transcription.notes import with_cents
from otowake.music.transcription.synth import synthesise
from otowake.signal.vqt import RATE
from otowake.types import Note


def sound_of(notes, tuning_hz=440.0, seconds=4.0):
    return np.concatenate(list(synthesise(notes, RATE, round(seconds * RATE), tuning_hz)))


@pytest.mark.parametrize("off", [-50.0, -30.0, -5.0, 0.0, 12.0, 35.0, 50.0])
@pytest.mark.parametrize("midi", [45, 60, 84])
def test_cents_of_a_sustained_tone(off, midi):
    note = Note(0.5, 1.5, midi)
    samples = sound_of([Note(0.5, 1.5, midi, cents=off)])
    (measured,), _ = with_cents([note], samples, 440.0)
    assert measured.cents == pytest.approx(off, abs=1.5)


def test_cents_refer_to_the_tuning_of_the_recording():
    notes = [Note(i, i + 0.9, midi) for i, midi in enumerate((60, 64, 67))]
    off = (0.0, 0.0, 14.0)
    samples = sound_of(
        [Note(n.onset, n.offset, n.midi, cents=c) for n, c in zip(notes, off, strict=True)], 446
    )
    measured, tuning = with_cents(notes, samples)
    assert tuning == pytest.approx(446, abs=2)
    assert measured[2].cents - measured[0].cents == pytest.approx(14, abs=1.5)


def test_no_cents_of_noise_silence_and_short_notes():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=3 * RATE).astype(np.float32)
    short = sound_of([Note(0.5, 0.55, 60)])
    (in_noise,), _ = with_cents([Note(0.5, 2.0, 60)], noise, 440.0)
    (in_silence,), _ = with_cents([Note(0.5, 2.0, 60)], np.zeros(3 * RATE, np.float32), 440.0)
    (too_short,), _ = with_cents([Note(0.5, 0.55, 60)], short, 440.0)
    assert in_noise.cents is None and in_silence.cents is None and too_short.cents is None
    assert with_cents([], noise) == ((), 440.0)


@pytest.mark.parametrize("rate", [16000, 48000])
def test_synthesised_notes_begin_and_end_on_time(rate):
    notes = [Note(9.5, 10.6, 57), Note(1, 2, 100), Note(0, 3, 40, is_drum=True)]
    blocks = list(synthesise(notes, rate, 12 * rate))
    sound = np.concatenate(blocks)
    assert len(blocks) == 2 and len(sound) == 12 * rate
    audible = np.abs(sound).reshape(-1, rate // 10).max(axis=1) > 1e-3
    expected = {*range(10, 21), *range(95, 107)}
    assert set(np.flatnonzero(audible).tolist()) == expected


def test_every_kind_of_error_is_recognised():
    reference = [
        Note(0, 1, 60),
        Note(2, 3, 62),
        Note(4, 5, 64),
        Note(4, 5, 76),
        Note(6, 7, 65),
        Note(6.5, 7.5, 65),
        Note(8, 9, 67, 0.1),
        Note(10, 11, 69),
    ]
    estimated = [
        Note(0, 0.3, 60),
        Note(2.15, 3, 62),
        Note(4, 5, 64),
        Note(6, 7.5, 65),
        Note(12, 13, 71),
    ]
    score = evaluate(reference, estimated)
    assert [kind for _, kind in score.missed] == ["late", "octave", "repeated", "soft", "other"]
    assert [kind for _, kind in score.false_positives] == ["late", "other"]
    assert {note.midi for note in score.wrong_offsets} == {60, 65}
