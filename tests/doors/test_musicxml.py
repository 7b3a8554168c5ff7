"""Scores as MusicXML: valid by the schema of version 4.0; as other programs read them."""

import importlib.util
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import music21
import numpy as np
import pytest
import xmlschema

from otowake.chord_names import QUALITIES, chord_name, pitch_class, tone_above
from otowake.io.musicxml import KINDS, write_score
from otowake.music.notation.notate import LOWEST_PITCH
from otowake.music.theory.harmony import spell
from otowake.types import Chord, Key, Note, Rhythm

XLINK = Path(__file__).parents[1] / "helpers" / "xlink.xsd"
KEYS = [Key(tonic, mode, 1.0) for mode in ("major", "minor") for tonic in range(12)]


@pytest.fixture(scope="module")
def schema():
    """Return the W3C schema of MusicXML 4.0 from the package musicxml, without the network."""
    spec = importlib.util.find_spec("musicxml")
    folder = Path(spec.submodule_search_locations[0]) / "generate_classes"
    locations = [("http://www.w3.org/1999/xlink", str(XLINK))]
    return xmlschema.XMLSchema(str(folder / "musicxml_4_0.xsd"), locations=locations, allow="local")


def chords_in(key, *, inverted=True):
    """Yield every chord that can be spelled in a key."""
    for root in range(12):
        for quality, (tones, steps) in QUALITIES.items():
            for tone, step in zip(tones, steps, strict=True):
                if inverted or tone == 0:
                    name = spell(root, key)
                    yield Chord(0.0, 1.0, chord_name(name, quality, tone_above(name, step, tone)))


def each_second(notes):
    return [Chord(i, i + 1, chord.name) for i, chord in enumerate(notes)]


FLAT, SHARP = Key(1, "major", 1.0), Key(8, "minor", 1.0)
LINE = [Note(i / 2, i / 2 + 0.45, 60 + i, programme=27) for i in range(8)]
TOWER = [Note(0.5 * i, 0.5 * i + 0.7, midi) for i in range(8) for midi in (40, 43, 60, 72, 76)]
SCORES = {
    "a named part": {"notes": LINE, "parts": [("Guitar", range(8))]},
    "no part": {"notes": LINE},
    "two staves and voices": {"notes": TOWER, "parts": [("Piano", range(40))]},
    "20 parts": {
        "notes": [Note(i / 2, i / 2 + 0.5, 40 + i, programme=i) for i in range(20)],
        "parts": [(f"Part {i}", [i]) for i in range(20)],
    },
    "long notes": {"notes": [Note(0.0, 60.3, 60), Note(1.0, 100.0, 30)]},
    "no length": {"notes": [Note(1.0, 1.0, 60)]},
    "all pitches": {"notes": [Note(i / 4, i / 4 + 0.2, i) for i in range(128)], "key": FLAT},
    "all pitches in sharps": {
        "notes": [Note(i / 4, i / 4 + 0.2, i) for i in range(128)],
        "key": SHARP,
    },
    "drums beside": {
        "notes": [*LINE, Note(0, 1, 36, is_drum=True)],
        "parts": [("Bass", range(8)), ("Kick", [8])],
    },
    "odd names": {
        "notes": LINE,
        "title": "音 <&\"'> \x00\x01\x0b\x1f\udcff\ufffe\U0001f3b5",
        "parts": [("<&\x07\x1b\ud800", range(4)), ("\x00", range(4, 8))],
    },
    "chords": {
        "notes": [Note(i, i + 1, 60 + i % 5) for i in range(133)],
        "chords": [*each_second(chords_in(FLAT, inverted=False)), Chord(132.0, 133.0, "N")],
        "key": FLAT,
    },
}


@pytest.mark.parametrize("name", SCORES)
def test_every_score_is_valid(tmp_path, schema, name, capfd):
    write_score(path=tmp_path / "x.musicxml", **SCORES[name])
    errors = schema.iter_errors(tmp_path / "x.musicxml")
    assert [f"{error.path}: {error.reason}" for error in errors] == []
    root = ET.parse(tmp_path / "x.musicxml").getroot()
    kinds = ("score-part", "score-instrument")
    ids = [element.get("id") for kind in kinds for element in root.iter(kind)]
    assert len(set(ids)) == len(ids) == 2 * len(root.findall("part"))
    assert capfd.readouterr() == ("", "")


def test_the_schema_finds_what_is_wrong(tmp_path, schema):
    write_score(LINE, tmp_path / "x.musicxml")
    content = (tmp_path / "x.musicxml").read_text(encoding="utf-8")
    for right, wrong in [
        ('id="I1"', 'id="P1"'),
        ("<octave>4<", "<octave>-1<"),
        ("<step>C<", "<step>H<"),
    ]:
        assert right in content
        (tmp_path / "y.musicxml").write_text(content.replace(right, wrong), encoding="utf-8")
        assert list(schema.iter_errors(tmp_path / "y.musicxml")), wrong


def test_pitches_below_the_lowest_of_musicxml_are_raised_by_octaves(tmp_path):
    for key in KEYS:
        write_score(
            [Note(0, 1, 11), Note(1, 2, 0), Note(2, 3, LOWEST_PITCH)],
            tmp_path / "x.musicxml",
            key=key,
        )
        score = music21.converter.parse(tmp_path / "x.musicxml")
        assert [note.pitch.midi for note in score.flatten().notes] == [23, 12, 12]


@pytest.mark.parametrize("quality", QUALITIES)
def test_music21_knows_the_tones_of_every_kind(quality):
    read = {"dominant": "dominant-seventh", "half-diminished": "half-diminished-seventh"}
    symbol = music21.harmony.ChordSymbol(root="C", kind=read.get(KINDS[quality], KINDS[quality]))
    assert sorted(tone.pitchClass for tone in symbol.pitches) == sorted(QUALITIES[quality].tones)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{spell(key.tonic, key)}-{key.mode}")
def test_every_chord_is_written_with_its_root_kind_and_bass(key, tmp_path):
    chords = list(chords_in(key))
    notes = [Note(i, i + 1, 60) for i in range(len(chords))]
    facts = {"key": key, "rhythm": Rhythm(60.0, np.arange(len(chords) + 1.0))}
    write_score(notes, tmp_path / "x.musicxml", chords=each_second(chords), **facts)
    harmonies = list(ET.parse(tmp_path / "x.musicxml").getroot().iter("harmony"))
    for chord, harmony in zip(chords, harmonies, strict=True):
        tones = {}
        for tone in ("root", "bass"):
            element = harmony.find(tone)
            if element is not None:
                step, alter = (
                    element.findtext(f"{tone}-step"),
                    int(element.findtext(f"{tone}-alter") or 0),
                )
                tones[tone] = (pitch_class(step) + alter) % 12
                assert step == getattr(chord, tone)[0]
        wanted = {"root": pitch_class(chord.root), "bass": pitch_class(chord.bass)}
        assert {"bass": tones["root"], **tones} == wanted, chord
        assert harmony.findtext("kind") == KINDS[chord.quality]


def test_chord_symbols_are_at_their_notes(tmp_path):
    """Two voices in the first bar, one in the second; there is no symbol before the first chord."""
    notes = [Note(i / 2, i / 2 + 0.5, midi) for i in range(8) for midi in (60, 67)]
    notes += [Note(1.0, 2.0, 76), Note(0.0, 4.0, 36)]
    names = [(0.0, "N"), (0.5, "C"), (1.02, "Dm7b5/Ab"), (2.0, "Bbb"), (3.5, "N")]
    chords = [Chord(onset, onset + 0.5, name) for onset, name in names]
    write_score(notes, tmp_path / "x.musicxml", chords=chords)
    score = music21.converter.parse(tmp_path / "x.musicxml")
    harmonies = score.parts[0].recurse().getElementsByClass("Harmony")
    facts = [(h.getOffsetInHierarchy(score), type(h).__name__, h.figure) for h in harmonies]
    assert facts == [
        (1, "ChordSymbol", "C"),
        (2, "ChordSymbol", "Dø7/A-"),
        (4, "ChordSymbol", "B--"),
        (7, "NoChord", "N.C."),
    ]
    assert not list(score.parts[1].recurse().getElementsByClass("Harmony"))


def as_read(path):
    """Return the notes of a score as music21 reads them, ties joined: start, length, pitch."""
    notes = set()
    for part in music21.converter.parse(path).parts:
        for element in part.stripTies().flatten().notes:
            if not isinstance(element, music21.harmony.Harmony):
                start, length = Fraction(element.offset), Fraction(element.quarterLength)
                notes |= {(start, length, pitch.midi) for pitch in element.pitches}
    return notes


@pytest.mark.parametrize(
    ("metre", "beat_quarters"), [(4, 1.0), (3, 1.0), (5, 1.0), (2, 1.5), (4, 1.5), (7, 0.5)]
)
def test_other_programs_read_the_starts_lengths_and_pitches(tmp_path, metre, beat_quarters):
    """Notes of every value, tied over beats and bars, and of triplets, in one voice."""
    parts = (1, 2, 3, 4) if beat_quarters == 1 else (1, 3, 2) if beat_quarters == 1.5 else (1, 2)
    rng = np.random.default_rng(metre)
    notes, at = [], 0.0
    while at < 16:
        n = int(rng.choice(parts))
        notes += [Note(at + i / n, at + (i + 1) / n, 60 + int(rng.integers(12))) for i in range(n)]
        at += 1 if n > 1 else int(rng.integers(1, 4))
        notes[-1] = replace(notes[-1], offset=at)
    notes[-1] = replace(notes[-1], offset=-(-at // metre) * metre)
    rhythm = Rhythm(60.0, np.arange(24.0), metre, beat_quarters=beat_quarters)
    write_score(notes, tmp_path / "x.musicxml", rhythm=rhythm)
    wanted = set()
    for note in notes:
        start, stop = (
            Fraction(edge).limit_denominator(12) * Fraction(beat_quarters)
            for edge in (note.onset, note.offset)
        )
        wanted.add((start, stop - start, note.midi))
    assert as_read(tmp_path / "x.musicxml") == wanted


PROGRAM = shutil.which("mscore3") or shutil.which("musescore3")


@pytest.mark.skipif(PROGRAM is None, reason="needs Debian's musescore3")
@pytest.mark.parametrize("name", ["a named part", "two staves and voices", "20 parts", "chords"])
def test_musescore_imports_without_a_complaint(tmp_path, name):
    write_score(path=tmp_path / "x.musicxml", **SCORES[name])
    run = subprocess.run(
        [PROGRAM, "-o", "y.musicxml", "x.musicxml"],
        cwd=tmp_path,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0 and "not a valid" not in run.stdout + run.stderr
    assert as_read(tmp_path / "y.musicxml") == as_read(tmp_path / "x.musicxml")
