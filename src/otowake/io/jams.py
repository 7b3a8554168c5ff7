"""Format notes, chords, key, tempo and beats as JAMS 0.3.

Humphrey et al., "JAMS: a JSON annotated music specification for reproducible MIR research" (2014).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from otowake import __version__
from otowake.chord_names import NONE, degree_name
from otowake.music.theory.harmony import spell
from otowake.music.theory.names import midi_to_hz
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
"""Chord qualities in the notation of Harte et al., "Symbolic representation of chords" (2005)."""

Row = tuple[float, float, Any, float | None]
"""Time and duration in seconds, value, confidence."""


def jams_of(analysis: Analysis) -> str:
    """Format an analysis as the text of a JAMS file.

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
    contour = _pitch_contour(analysis)
    annotations = [
        _annotation("note_midi", notes, length),
        *([_annotation("pitch_contour", contour, length, dense=True)] if contour else []),
        _annotation("chord", [_chord(chord) for chord in analysis.chords], length),
    ]
    if key:
        rows = [(0.0, length, f"{spell(key.tonic, key)}:{key.mode}", key.confidence)]
        annotations.append(_annotation("key_mode", rows, length))
    if rhythm:
        annotations.append(
            _annotation("tempo", [(0.0, length, rhythm.tempo, rhythm.tempo_confidence)], length)
        )
        beats = [
            (float(beat), 0.0, 1 + (i - rhythm.downbeat) % rhythm.metre, None)
            for i, beat in enumerate(rhythm.beats)
        ]
        annotations.append(_annotation("beat", beats, length))
    content = {
        "annotations": annotations,
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
    written = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    return written.encode("utf-8", "replace").decode()  # a file name may be no valid text


def _pitch_contour(analysis: Analysis) -> list[Row]:
    """List the frequencies of notes with a contour, with straight lines between them.

    The contour of each note has the index of the note.
    """
    rows: list[Row] = []
    for index, note in enumerate(analysis.notes):
        if note.contour:
            times = sorted({0.0, note.offset - note.onset, *(time for time, _ in note.contour)})
            hz = midi_to_hz(note.midi + note.cents_at(times) / 100, analysis.tuning_hz)
            rows += [
                (
                    note.onset + time,
                    0.0,
                    {"index": index, "frequency": round(float(one), 3), "voiced": True},
                    None,
                )
                for time, one in zip(times, hz, strict=True)
            ]
    return sorted(rows, key=lambda row: row[0])


def _annotation(
    namespace: str, rows: Iterable[Row], length: float, *, dense: bool = False
) -> dict[str, Any]:
    """Format an annotation; dense data are one object of lists."""
    names = ("time", "duration", "value", "confidence")
    data: list[dict[str, Any]] = [
        dict(zip(names, (round(time, 6), round(duration, 6), value, confidence), strict=True))
        for time, duration, value, confidence in rows
    ]
    return {
        "namespace": namespace,
        "data": {name: [row[name] for row in data] for name in names} if dense else data,
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
    return chord.onset, chord.offset - chord.onset, _harte(chord), None


def harte(name: str) -> str:
    """Return the name of a chord in Harte's notation, the bass as a degree.

    Raises
    ------
    BadInput
        If no chord has such a name.

    Examples
    --------
    >>> harte("C"), harte("Bbm7/Ab"), harte("Bbbdim7"), harte("N")
    ('C:maj', 'Bb:min7/b7', 'Bbb:dim7', 'N')
    """
    return _harte(Chord(0.0, 0.0, name))


def _harte(chord: Chord) -> str:
    if chord.root is None or chord.quality is None or chord.bass is None:
        return NONE
    bass = f"/{degree_name(chord.root, chord.bass)}" if chord.bass != chord.root else ""
    return f"{chord.root}:{HARTE[chord.quality]}{bass}"
