"""Test every key, root, quality and bass in every notation, against mir_eval and music21."""

import warnings

import mir_eval
import numpy as np
import pytest

from otowake.chord_names import (
    NONE,
    QUALITIES,
    chord_name,
    chord_parts,
    pitch_class,
    tone_above,
    typeset,
)
from otowake.errors import BadInput
from otowake.io.jams import HARTE, harte
from otowake.music.theory.harmony import QUALITY_COSTS, find_chords, spell
from otowake.music.theory.numerals import roman_numeral
from otowake.types import Chord, Key, Note

KEYS = [Key(tonic, mode, 1.0) for mode in ("major", "minor") for tonic in range(12)]


def chords_in(key):
    """Yield every chord of a key: root as pitch class, quality, bass as pitch class, chord."""
    for root in range(12):
        for quality, (tones, steps) in QUALITIES.items():
            for tone, step in zip(tones, steps, strict=True):
                name = spell(root, key)
                bass = tone_above(name, step, tone)
                yield (
                    root,
                    quality,
                    (root + tone) % 12,
                    Chord(0.0, 1.0, chord_name(name, quality, bass)),
                )


def key_id(key):
    return f"{spell(key.tonic, key)}-{key.mode}"


@pytest.mark.parametrize("key", KEYS, ids=key_id)
def test_a_name_determines_the_chord_in_every_key(key):
    for root, quality, bass, chord in chords_in(key):
        assert (pitch_class(chord.root), chord.quality, pitch_class(chord.bass)) == (
            root,
            quality,
            bass,
        )
        assert chord_name(chord.root, chord.quality, chord.bass) == chord.name
        assert chord.name in (chord.root + quality, f"{chord.root}{quality}/{chord.bass}"), chord
        assert max(tone.count(sign) for tone in (chord.root, chord.bass) for sign in "#b") <= 2


@pytest.mark.parametrize("key", KEYS, ids=key_id)
def test_mir_eval_reads_every_chord_of_jams(key):
    for root, quality, bass, chord in chords_in(key):
        decoded_root, semitones, lowest = mir_eval.chord.encode(harte(chord.name))
        assert decoded_root == root, chord
        assert np.flatnonzero(semitones).tolist() == sorted(QUALITIES[quality].tones), chord
        assert (decoded_root + lowest) % 12 == bass, chord


def test_no_chord_is_n_in_jams():
    assert harte(NONE) == "N" and mir_eval.chord.encode("N")[0] == -1
    chord = Chord(0.0, 1.0, NONE)
    assert (chord.root, chord.quality, chord.bass) == (None, None, None) == chord_parts(NONE)
    assert roman_numeral(chord, KEYS[0]) == ""


@pytest.mark.parametrize("key", [KEYS[0], KEYS[6], KEYS[21], KEYS[15]], ids=key_id)
def test_music21_reads_every_roman_numeral(key):
    """Compare all numerals with music21.

    The exceptions are chords without a third, which music21 reads differently, and the size of a
    seventh.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from music21 import key as keys
        from music21 import roman

        tonic = keys.Key(spell(key.tonic, key).replace("b", "-"), key.mode)
        for _, quality, bass, chord in chords_in(key):
            figure = roman_numeral(chord, key)
            if quality in ("5", "sus4") or "/" in figure:
                continue
            read = roman.RomanNumeral(figure, tonic)
            assert read.root().name == chord.root.replace("b", "-"), (chord, figure)
            tones = {tone.pitchClass for tone in read.pitches}
            third_and_fifth = {
                (pitch_class(chord.root) + tone) % 12 for tone in QUALITIES[quality].tones[:3]
            }
            assert third_and_fifth <= tones and len(tones) == len(QUALITIES[quality].tones), (
                chord,
                figure,
            )
            wanted = QUALITIES[quality].tones.index((bass - pitch_class(chord.root)) % 12)
            assert read.inversion() == wanted, (chord, figure)


@pytest.mark.parametrize("key", KEYS, ids=key_id)
def test_no_two_chords_of_a_key_share_a_name_or_a_numeral(key):
    chords = [chord for *_, chord in chords_in(key)]
    assert len({chord.name for chord in chords}) == len(chords)
    assert len({roman_numeral(chord, key) for chord in chords}) == len(chords)


@pytest.mark.parametrize(
    ("key", "names", "numerals"),
    [
        (
            Key(0, "major", 1.0),
            "C Dm/F G7 G7/B G7/D G7/F Bdim Bm7b5",
            "I ii6 V7 V65 V43 V42 viio viiø7",
        ),
        (
            Key(0, "major", 1.0),
            "Cmaj7 Cmaj7/E Caug C5 C5/G Csus4 Ab C/D",
            "IM7 IM65 I+ I5 I5/5 Isus4 bVI I/2",
        ),
        (Key(9, "minor", 1.0), "Am G G#dim7 F#dim F Em E Gm", "i VII viio7 vio VI v V bvii"),
        (Key(8, "major", 1.0), "Ab Adim7 Bbm7 Eb7/G", "I #io7 ii7 V65"),
    ],
)
def test_numerals_are_those_of_textbooks(key, names, numerals):
    assert " ".join(roman_numeral(Chord(0.0, 1.0, name), key) for name in names.split()) == numerals


@pytest.mark.parametrize(
    "name", ["", "H", "c", "Cfoo", "C/", "C/H", "C6", "Cb#", "N/C", "C\n", "Fbbbb"]
)
def test_unknown_chord_names_are_rejected(name):
    with pytest.raises(BadInput, match="a chord's name must be N, or a root") as error:
        Chord(0.0, 1.0, name)
    assert error.value.in_language("ja").endswith("。")


def test_double_flats_and_flat_fifths_are_printed():
    names = ("Bbbm7b5/Abb", "F##7", "Gb5", "C#4", "N", "F# minor", "変ロ短調")
    printed = ("B♭♭m7♭5/A♭♭", "F♯♯7", "G♭5", "C♯4", "N", "F♯ minor", "変ロ短調")
    assert tuple(map(typeset, names)) == printed


def test_every_quality_is_known_to_every_notation():
    assert set(HARTE) == set(QUALITIES) and set(QUALITY_COSTS) < set(QUALITIES)


def test_a_passing_diminished_chord_in_a_flat_key_has_a_name_in_jams():
    tones = [(56, 60, 63), (57, 60, 63, 66), (58, 61, 65, 68), (63, 67, 70, 73), (56, 60, 63)] * 2
    notes = [
        Note(i, i + 0.95, midi)
        for i, pitches in enumerate(tones)
        for midi in (*pitches, pitches[0] - 24)
    ]
    key = Key(1, "major", 1.0)
    chords = find_chords(notes, key=key)
    assert "Bbb" in {chord.root for chord in chords}
    for chord in chords:
        mir_eval.chord.encode(harte(chord.name))
