"""Test chords, key and rhythm for arbitrary notes."""

import numpy as np
import pytest

from otowake.music.theory.harmony import QUALITIES, find_chords, spell
from otowake.music.theory.keys import find_key
from otowake.music.theory.rhythm import find_rhythm
from otowake.types import Key, Note


def notes_of(pitches, onset=0.0, offset=1.0):
    return [Note(onset, offset, midi) for midi in pitches]


@pytest.mark.parametrize("quality", list(QUALITIES))
@pytest.mark.parametrize("root", range(12))
def test_every_chord_in_root_position_is_named(root, quality):
    notes = notes_of(48 + root + tone for tone in QUALITIES[quality][0])
    assert [chord.name for chord in find_chords(notes)] == [spell(root) + quality]


@pytest.mark.parametrize(
    ("pitches", "name"),
    [
        ((60, 64), "C"),
        ((62, 65), "Dm"),
        ((64, 72), "C/E"),
        ((60, 69), "Am/C"),
        ((60, 67), "C5"),
        ((67, 72), "C5/G"),
        ((62, 67, 71), "G/D"),
        ((54, 60, 62, 69), "D7/F#"),
        ((60,), "N"),
        ((60, 72), "N"),
        ((60, 61, 62, 63), "N"),
    ],
)
def test_names_of_intervals_and_inversions(pitches, name):
    assert [chord.name for chord in find_chords(notes_of(pitches))] == [name]


def test_an_arpeggio_forms_a_chord_and_a_scale_does_not():
    broken = [Note(i / 4, i / 4 + 0.25, midi) for i, midi in enumerate((60, 64, 67, 72, 67, 64))]
    scale = [
        Note(i / 2, i / 2 + 0.5, midi) for i, midi in enumerate((60, 62, 64, 65, 67, 69, 71, 72))
    ]
    assert [chord.name for chord in find_chords(broken)] == ["C"]
    assert [chord.name for chord in find_chords(scale)] == ["N"]


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_the_key_of_a_cadence(tonic, mode):
    third = 4 if mode == "major" else 3
    fourth = (5, 9, 12) if mode == "major" else (5, 8, 12)
    chords = [(0, third, 7), fourth, (7, 11, 14), (0, third, 7)]
    notes = [
        note
        for i, tones in enumerate(chords)
        for note in notes_of((60 + tonic + t for t in tones), i, i + 1)
    ]
    key = find_key(notes)
    assert (key.tonic, key.mode) == (tonic, mode)


def test_names_of_all_keys_have_at_most_six_signs():
    for tonic in range(12):
        for mode in ("major", "minor"):
            key = Key(tonic, mode, 1.0)
            scale = (0, 2, 4, 5, 7, 9, 11) if mode == "major" else (0, 2, 3, 5, 7, 8, 10)
            names = [spell((tonic + step) % 12, key) for step in scale]
            assert sorted(name[0] for name in names) == list("ABCDEFG")
            assert sum("#" in name or "b" in name[1:] for name in names) == abs(key.fifths)


def accompaniment(tempo, beats_in_bar, n_bars, jitter=0.0, start=0.7, seed=0):
    """Compose a bass note on each bar, chords on the other beats, and some eighths above."""
    rng = np.random.default_rng(seed)
    beat = 60 / tempo
    notes = []
    for i in range(beats_in_bar * n_bars):
        at = start + i * beat + rng.normal() * jitter
        if i % beats_in_bar == 0:
            notes.append(Note(at, at + 2 * beat, 40, 0.9))
        notes += [Note(at, at + 0.8 * beat, midi, 0.6) for midi in (60, 64, 67)]
        if rng.random() < 0.5:
            notes.append(Note(at + beat / 2, at + beat, 76, 0.5))
    return notes


@pytest.mark.parametrize("tempo", [72, 100, 120, 144])
@pytest.mark.parametrize("metre", [3, 4])
def test_tempo_beats_and_bars_of_steady_music(tempo, metre):
    notes = accompaniment(tempo, metre, 8, jitter=0.01)
    rhythm = find_rhythm(notes)
    assert rhythm.tempo == pytest.approx(tempo, rel=0.03)
    assert rhythm.metre == metre
    bars = rhythm.beats[rhythm.downbeat :: metre]
    bass = [note.onset for note in notes if note.midi == 40]
    assert all(np.abs(bars - onset).min() < 0.05 for onset in bass)


def test_beats_follow_a_slowing_player():
    at = np.cumsum(0.5 * 1.01 ** np.arange(40))
    notes = [note for onset in at for note in notes_of((48, 60, 64), onset, onset + 0.4)]
    beats = find_rhythm(notes).beats
    assert np.mean([np.abs(beats - onset).min() < 0.04 for onset in at]) > 0.9


def test_few_notes_have_no_rhythm():
    assert find_rhythm([]) is None
    assert find_rhythm(notes_of((60, 64, 67))) is None
