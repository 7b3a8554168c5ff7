"""Test pitch estimation on synthetic tones through a Hann window."""

import numpy as np
import pytest
from pitch_cases import (
    FREQUENCIES,
    TIMBRES,
    cents_between,
    only_pitch,
    spectrum,
)

from otowake.music.components.pitch import estimate_f0, find_pitches, tuning_of
from otowake.music.theory.names import hz_to_midi, midi_to_hz, note_name
from otowake.types import Key


def test_a4_is_69_and_c4_is_60():
    assert hz_to_midi(442.0, 442.0) == 69
    assert midi_to_hz(60) == pytest.approx(261.6256, abs=1e-4)


def test_names_of_an_octave():
    assert [note_name(m) for m in range(60, 72)] == [
        "C4",
        "C#4",
        "D4",
        "D#4",
        "E4",
        "F4",
        "F#4",
        "G4",
        "G#4",
        "A4",
        "A#4",
        "B4",
    ]
    do_re_mi = [note_name(m, "ja") for m in range(60, 73)]
    assert do_re_mi == [
        "ド4",
        "ド♯4",
        "レ4",
        "レ♯4",
        "ミ4",
        "ファ4",
        "ファ♯4",
        "ソ4",
        "ソ♯4",
        "ラ4",
        "ラ♯4",
        "シ4",
        "ド5",
    ]
    iroha = [note_name(m, "ja", "iroha") for m in range(60, 72)]
    assert iroha == [
        "ハ4",
        "嬰ハ4",
        "ニ4",
        "嬰ニ4",
        "ホ4",
        "ヘ4",
        "嬰ヘ4",
        "ト4",
        "嬰ト4",
        "イ4",
        "嬰イ4",
        "ロ4",
    ]


@pytest.mark.parametrize(
    ("key", "language", "names"),
    [
        (None, "en", "C# D# F# G# A#"),
        (Key(5, "major", 1.0), "en", "C# Eb F# Ab Bb"),
        (Key(10, "minor", 1.0), "en", "Db Eb Gb Ab Bb"),
        (Key(9, "minor", 1.0), "en", "C# D# F# G# Bb"),
        (Key(3, "major", 1.0), "ja", "レ♭ ミ♭ ソ♭ ラ♭ シ♭"),
        (Key(4, "major", 1.0), "ja", "ド♯ レ♯ ファ♯ ソ♯ ラ♯"),
    ],
)
def test_the_key_decides_on_sharps_and_flats(key, language, names):
    spelled = [note_name(midi, language, key=key)[:-1] for midi in (61, 63, 66, 68, 70)]
    assert " ".join(spelled) == names


@pytest.mark.parametrize("how", [("en",), ("ja",), ("ja", "iroha")])
def test_names_of_different_notes_differ(how):
    assert len({note_name(m, *how) for m in range(128)}) == 128


@pytest.mark.parametrize("timbre", TIMBRES)
@pytest.mark.parametrize("stretch", [0.0, 4e-4])
def test_every_note_from_c1_to_c8(timbre, stretch):
    notes = np.arange(24, 109)
    W = np.stack([spectrum(midi_to_hz(m), TIMBRES[timbre], stretch, seed=m) for m in notes], axis=1)
    pitches = find_pitches(W, FREQUENCIES)
    assert [p and p.midi for p in pitches] == notes.tolist()
    high = [p for p in pitches if p and p.midi >= 48]
    assert max(abs(p.cents) for p in high) < 2
    assert np.median([p.confidence for p in high]) > 0.5


@pytest.mark.parametrize(
    ("rate", "n_fft"), [(44100, 4096), (44100, 2048), (16000, 1024), (8000, 1024)]
)
def test_other_spectrograms(rate, n_fft):
    frequencies = np.arange(n_fft // 2 + 1) * rate / n_fft
    for midi in range(48, 92):
        f0 = midi_to_hz(midi)
        pitch = only_pitch(
            spectrum(f0, TIMBRES["sawtooth"], rate=rate, n_fft=n_fft, seed=midi), frequencies
        )
        assert pitch is not None
        assert cents_between(pitch.hz, f0) == pytest.approx(0, abs=5)


def test_unresolved_partials_give_no_pitch():
    frequencies = np.arange(1025) * 44100 / 2048
    low = [spectrum(midi_to_hz(m), TIMBRES["sawtooth"], rate=44100) for m in range(24, 30)]
    for pitch in find_pitches(np.stack(low, axis=1), frequencies):
        assert pitch is None or pitch.hz >= 2.3 * frequencies[1] * 0.98


@pytest.mark.parametrize("slope", [0.0, -0.5])
@pytest.mark.parametrize("n_frames", [1, 30])
def test_noise_has_no_pitch(slope, n_frames):
    rng = np.random.default_rng(0)
    noise = np.abs(
        rng.normal(size=(1025, 40, n_frames)) + 1j * rng.normal(size=(1025, 40, n_frames))
    )
    colour = np.maximum(FREQUENCIES, 20) ** slope
    assert find_pitches(noise.mean(axis=2) * colour[:, None], FREQUENCIES) == [None] * 40


def test_a_click_a_smooth_fall_and_silence_have_no_pitch():
    W = np.stack([np.ones(1025), 1 / (20 + FREQUENCIES), np.zeros(1025)], axis=1)
    assert find_pitches(W, FREQUENCIES) == [None] * 3


def test_floor_under_a_tone_changes_nothing():
    W = spectrum(midi_to_hz(64), TIMBRES["sawtooth"])
    bare, floored = only_pitch(W), only_pitch(W + 1e-7)
    assert bare is not None
    assert floored is not None
    assert floored.hz == pytest.approx(bare.hz, rel=1e-5)


@pytest.mark.parametrize("chord", [(0, 4), (0, 3, 7), (0, 5), (0, 6, 10)])
def test_a_chord_in_one_component_lowers_confidence(chord):
    for root in (55, 60, 67):
        notes = [spectrum(midi_to_hz(root + i), TIMBRES["sawtooth"], seed=i) for i in chord]
        singles = [only_pitch(n) for n in notes]
        both = only_pitch(np.sum(notes, axis=0))
        assert both is None or both.confidence < 0.75 * min(p.confidence for p in singles if p)


def test_noise_lowers_confidence():
    rng = np.random.default_rng(1)
    tone = spectrum(midi_to_hz(62), TIMBRES["sawtooth"])
    noise = np.abs(rng.normal(size=1025) + 1j * rng.normal(size=1025)) * tone.max()
    levels = (0, 0.03, 0.1, 0.3)
    _, confidence = estimate_f0(np.stack([tone + x * noise for x in levels], axis=1), FREQUENCIES)
    assert (np.diff(confidence) <= 0).all()
    assert confidence[0] > 2 * confidence[-1]


def test_weak_evidence_leaves_440():
    sharp = midi_to_hz(np.array([60.4, 64.4]))
    weak = tuning_of(sharp, np.full(2, 0.05), np.ones(2))
    strong = tuning_of(sharp, np.full(2, 0.9), np.ones(2))
    assert abs(cents_between(weak, 440)) < 10 < cents_between(strong, 440)
    assert tuning_of(np.zeros(2), np.zeros(2), np.zeros(2)) == 440
