"""Test pitch estimation on synthetic tones through a Hann window."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pitch_cases import (
    FREQUENCIES,
    TIMBRES,
    cents_between,
    only_pitch,
    spectrum,
)

from otowake.music.components.pitch import as_pitches, find_pitches, tuning_of
from otowake.music.theory.names import hz_to_midi, midi_to_hz, note_name


@given(st.floats(10, 20000), st.floats(400, 480))
def test_hz_and_midi_are_inverse(hz, tuning_hz):
    np.testing.assert_allclose(midi_to_hz(hz_to_midi(hz, tuning_hz), tuning_hz), hz, rtol=1e-12)


@given(st.integers(0, 127), st.floats(-0.49, 0.49))
def test_english_names_are_ascii_and_read_back(midi, off):
    name = note_name(midi + off)
    assert name.isascii()
    step = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"].index(
        name.rstrip("-0123456789")
    )
    assert 12 * (int(name.lstrip("ABCDEFG#")) + 1) + step == midi


@settings(max_examples=40, deadline=None)
@given(st.integers(48, 100), st.floats(-45, 45), st.sampled_from(sorted(TIMBRES)))
def test_a_detuned_tone_is_measured_to_5_cents(midi, cents, timbre):
    pitch = only_pitch(spectrum(midi_to_hz(midi + cents / 100), TIMBRES[timbre], seed=midi))
    assert pitch is not None
    assert pitch.midi == midi
    assert pitch.cents == pytest.approx(cents, abs=5)


@settings(max_examples=30, deadline=None)
@given(st.integers(36, 96), st.floats(-6, 6), st.sampled_from(sorted(TIMBRES)))
def test_level_does_not_matter(midi, decades, timbre):
    W = spectrum(midi_to_hz(midi), TIMBRES[timbre])
    loud, soft = only_pitch(W), only_pitch(W * 10**decades)
    assert loud is not None
    assert soft is not None
    assert (soft.midi, soft.hz, soft.confidence) == pytest.approx(
        (loud.midi, loud.hz, loud.confidence), 1e-3
    )


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(6)))
def test_a_pitch_does_not_depend_on_the_other_components(order):
    W = np.stack(
        [spectrum(midi_to_hz(40 + 7 * i), a) for i, a in enumerate(TIMBRES.values())], axis=1
    )
    original = find_pitches(W, FREQUENCIES)
    moved = find_pitches(W[:, order], FREQUENCIES)
    for k, pitch in zip(order, moved, strict=True):
        expected = original[k]
        assert pitch is not None
        assert expected is not None
        assert pitch.hz == pytest.approx(expected.hz, rel=1e-6)


@settings(max_examples=50)
@given(st.floats(-45, 45), st.lists(st.integers(30, 100), min_size=3, max_size=10))
def test_tuning_of_notes_on_a_shifted_grid(cents, notes):
    hz = midi_to_hz(np.array(notes) + cents / 100)
    tuning_hz = tuning_of(hz, np.ones(len(notes)), np.ones(len(notes)))
    assert cents_between(tuning_hz, 440) == pytest.approx(cents, abs=3)
    assert (
        abs(cents) > 40
        or [p and p.midi for p in as_pitches(hz, np.ones(len(notes)), tuning_hz)] == notes
    )
