"""Notes, chords, key, tempo and beats as JAMS: the JSON of Humphrey et al., "JAMS: a JSON annotated music specification
for reproducible MIR research" (2014), version 0.3."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from otowake import __version__
from otowake.music.harmony import NONE, spelled
from otowake.types import Analysis, Chord

VERSION = "0.3.4"

HARTE = {
    "": "maj",
    "m": "min",
    "m7": "min7",
    "m7b5": "hdim7",
    "5": "5",
    "7": "7",
    "maj7": "maj7",
    "dim": "dim",
    "dim7": "dim7",
    "aug": "aug",
    "sus4": "sus4",
}
"""Our kinds of chords in the words of Harte et al., "Symbolic representation of musical chords" (2005)."""

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_DEGREES = ("1", "b2", "2", "b3", "3", "4", "b5", "5", "#5", "6", "b7", "7")

Row = tuple[float, float, Any, float | None]
"""Time and duration in seconds, value, confidence."""


def jams_of(analysis: Analysis) -> str:
    """What was found as the text of a JAMS file.

    Examples
    --------
    >>> import otowake
    >>> clip = otowake.load(otowake.demo_path(), duration=2)
    >>> jams = json.loads(jams_of(otowake.analyse(clip, stages=["notes"])))
    >>> round(jams["annotations"][0]["data"][0]["value"])
    60
    """
    audio, key, rhythm = analysis.audio, analysis.key, analysis.rhythm
    length = max((note.offset for note in analysis.notes), default=0.0)
    if audio is not None:
        length = audio.n_samples / audio.rate
    notes: list[Row] = [
        (note.onset, note.offset - note.onset, note.midi + (note.cents or 0) / 100, note.confidence)
        for note in analysis.notes
        if not note.is_drum
    ]
    found = [
        _annotation("note_midi", notes, length),
        _annotation("chord", [_chord(chord) for chord in analysis.chords], length),
    ]
    if key:
        rows = [(0.0, length, f"{spelled(key.tonic, key)}:{key.mode}", key.confidence)]
        found.append(_annotation("key_mode", rows, length))
    if rhythm:
        found.append(_annotation("tempo", [(0.0, length, rhythm.tempo, 1.0)], length))
        beats = [
            (float(beat), 0.0, 1 + (i - rhythm.downbeat) % rhythm.metre, None)
            for i, beat in enumerate(rhythm.beats)
        ]
        found.append(_annotation("beat", beats, length))
    content = {
        "annotations": found,
        "file_metadata": {
            "title": audio.name if audio else "",
            "artist": "",
            "release": "",
            "duration": length,
            "identifiers": {},
            "jams_version": VERSION,
        },
        "sandbox": {},
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _annotation(namespace: str, rows: Iterable[Row], length: float) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "data": [
            {"time": round(time, 6), "duration": round(duration, 6), "value": value, "confidence": confidence}
            for time, duration, value, confidence in rows
        ],
        "annotation_metadata": {
            "curator": {"name": "", "email": ""},
            "annotator": {},
            "version": __version__,
            "corpus": "",
            "annotation_tools": f"otowake {__version__}",
            "annotation_rules": "",
            "validation": "",
            "data_source": "program",
        },
        "sandbox": {},
        "time": 0,
        "duration": length,
    }


def _chord(chord: Chord) -> Row:
    return chord.onset, chord.offset - chord.onset, harte(chord.name), None


def harte(name: str) -> str:
    """A chord's name in Harte's notation, its bass as a degree.

    Examples
    --------
    >>> harte("C"), harte("Bbm7/Ab"), harte("N")
    ('C:maj', 'Bb:min7/b7', 'N')
    """
    if name == NONE:
        return name
    chord, _, bass = name.partition("/")
    size = 1 + (len(chord) > 1 and chord[1] in "#b")
    root, quality = chord[:size], chord[size:]
    degree = f"/{_DEGREES[(_pitch_class(bass) - _pitch_class(root)) % 12]}" if bass else ""
    return f"{root}:{HARTE[quality]}{degree}"


def _pitch_class(name: str) -> int:
    return _LETTERS[name[0]] + name.count("#") - name[1:].count("b")
