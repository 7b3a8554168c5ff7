"""Examples of tempo, metre, downbeats and keys."""

import numpy as np
import pytest
from rhythm_cases import piece

from benchmarks.rhythm import f1
from otowake.errors import BadInput
from otowake.music.theory.harmony import key_named
from otowake.music.theory.keys import find_key
from otowake.music.theory.metre import load_pretrained
from otowake.music.theory.names import renamed, semitones_above
from otowake.music.theory.rhythm import find_rhythm, plain_rhythm, rhythm_name, stated_rhythm
from otowake.music.theory.time_signatures import METRES, SIGNATURES
from otowake.options import METRES as STATED
from otowake.options import TheorySpec
from otowake.types import Note


@pytest.mark.parametrize(
    ("kind", "tempo"),
    [
        ("waltz", 150),
        ("waltz without melody", 100),
        ("march", 110),
        ("6/8", 80),
        ("5/4", 150),
        ("swing", 150),
        ("pick-up, 3/4", 140),
        ("pick-up, 4/4", 120),
        ("rubato", 80),
        ("drums alone", 110),
    ],
)
def test_metre_tempo_and_downbeats_of_generated_music(kind, tempo):
    truth = piece(kind, tempo)
    rhythm = find_rhythm(truth.notes)
    assert rhythm.signature == truth.signature
    assert rhythm.tempo == pytest.approx(truth.tempo, rel=0.04)
    assert f1(rhythm.beats[rhythm.downbeat :: rhythm.metre], truth.downbeats) > 0.9
    assert rhythm.swing == (kind == "swing")
    assert 0 < rhythm.metre_confidence <= 1 and 0 < rhythm.tempo_confidence <= 1


@pytest.mark.parametrize("metre", SIGNATURES)
def test_a_stated_metre_holds(metre):
    rhythm = find_rhythm(piece("march", 110).notes, metre=metre)
    assert "/".join(map(str, rhythm.signature)) == metre
    assert rhythm.metre_confidence == 1
    assert plain_rhythm([], metre=metre).signature == rhythm.signature


@pytest.mark.parametrize("tempo", [55, 110, 220])
def test_a_stated_tempo_holds_and_the_beats_follow_the_notes(tempo):
    truth = piece("march", 110)
    rhythm = find_rhythm(truth.notes, tempo=tempo)
    assert rhythm.tempo == pytest.approx(tempo, rel=0.03)
    assert rhythm.tempo_confidence == 1


def test_stated_beats_stay():
    truth = piece("march", 110)
    rhythm = find_rhythm(truth.notes, beats=truth.beats, metre="3/4")
    shared = rhythm.beats[(rhythm.beats >= truth.beats[0]) & (rhythm.beats <= truth.beats[-1])]
    np.testing.assert_array_equal(shared, truth.beats)
    assert rhythm.metre == 3


def test_a_metre_that_is_longer_than_the_music_holds():
    beats = np.arange(0.5, 4.5)
    notes = [Note(beat, beat + 0.9, 60) for beat in beats]
    rhythm = stated_rhythm(notes, metre="5/4", beats=beats)
    assert rhythm.signature == (5, 4) and rhythm.tempo == 60
    np.testing.assert_array_equal(rhythm.beats, beats)


def test_beats_begin_before_the_first_note_and_end_after_the_last():
    notes = piece("waltz", 120).notes
    beats = find_rhythm(notes).beats
    assert beats[0] <= notes[0].onset + 0.05 and beats[-1] >= notes[-1].onset
    assert (np.diff(beats) > 0).all()


def test_the_options_have_the_metres_of_the_model():
    assert set(STATED) == set(SIGNATURES)
    assert load_pretrained().weights.shape[0] > len(METRES)


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("a", "A minor"),
        ("A", "A major"),
        ("F#m", "F# minor"),
        ("B♭ major", "Bb major"),
        ("eb minor", "Eb minor"),
        ("嬰ヘ短調", "F# minor"),
    ],
)
def test_keys_in_words(words, form):
    assert TheorySpec(key=words).key == form
    assert key_named(words).mode == form.split()[1]


def test_a_key_that_is_none_is_refused_in_both_languages():
    with pytest.raises(BadInput, match="key must be a key, such as C major") as error:
        TheorySpec(key="H moll")
    assert "調" in error.value.in_language("ja")


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_the_leading_tone_tells_minor_from_its_relative_major(mode):
    scale = (
        (60, 62, 64, 65, 67, 69, 71, 72) if mode == "major" else (57, 59, 60, 62, 64, 65, 68, 69)
    )
    notes = [Note(i * 0.5, i * 0.5 + 0.45, midi) for i, midi in enumerate(scale * 2)]
    assert find_key(notes).mode == mode


def test_drums_have_no_key():
    assert find_key([Note(0, 1, 36, is_drum=True)]) is None


def test_names_refer_to_the_reference_pitch():
    assert [semitones_above(hz) for hz in (440.0, 415.0, 466.0, 392.0)] == [0, 1, -1, 2]
    sounding = (Note(0, 1, 68, cents=-1.3), Note(0, 1, 36, is_drum=True))
    named = renamed(sounding, 1)
    assert [note.midi for note in named] == [69, 36]


def test_the_name_of_a_rhythm():
    swing = plain_rhythm([], 120.0, "7/8")
    assert rhythm_name(swing) == "♪ = 120, 7/8"
    assert rhythm_name(swing, "ja") == "♪=120、7/8 拍子"
