"""Write notes as tables, MIDI, score, labels and sound, and read tables of notes."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.io.audio import Path_, check_file
from otowake.io.csv_cells import cell_of, word_of
from otowake.io.midi import read_notes, write_notes
from otowake.io.musicxml import write_score
from otowake.io.sound_files import check_whole, new_sound
from otowake.music.separation.score_informed import ids_of
from otowake.music.theory.instruments import DRUMS, KIT, drum_of, titles_of
from otowake.music.theory.names import Style, note_name
from otowake.music.theory.numerals import roman_numeral
from otowake.music.transcription.synth import synthesise
from otowake.options import NoteSpec
from otowake.signal import downmix
from otowake.text import Language
from otowake.types import Analysis, Key, Note, Sound
from otowake.untrusted import DAMAGE, content_of, reason

COLUMNS: tuple[str, ...] = (
    "onset_s",
    "offset_s",
    "midi",
    "pitch",
    "cents",
    "velocity",
    "confidence",
    "instrument",
    "id",
    "decay_end_s",
)

MOST_BYTES = 32 * 2**20
"""Bytes, the largest table accepted."""

MOST_SCORE_NOTES = 20_000
"""Maximum number of notes in a score; a longer one takes minutes and is useless."""

DECAY_COLUMNS = ("decay_end_s", "fades_s")
"""Names of the column of :attr:`Note.decay_end`; the second is read for one version."""


class TooLong(BadInput):
    """A file is omitted because it would be too long to be useful."""


def write_midi(analysis: Analysis, path: Path) -> None:
    """Write the notes as MIDI with one track per part."""
    rhythm, spec = analysis.rhythm, analysis.note_spec or NoteSpec()
    quarters = rhythm.tempo * rhythm.beat_quarters if rhythm else 120.0
    tempo = float(np.clip(quarters, 20, 400))
    tracks = [(part.name, part.notes) for part in analysis.parts]
    write_notes(analysis.notes, path, tempo=tempo, bend=spec.bend, tracks=tracks)


def write_musicxml(analysis: Analysis, path: Path, language: Language) -> None:
    """Write the notes as a score.

    Raises
    ------
    TooLong
        If there are more notes than :data:`MOST_SCORE_NOTES`.
    """
    n, title = len(analysis.notes), analysis.audio.name if analysis.audio else ""
    if n > MOST_SCORE_NOTES:
        raise TooLong(text.TOO_MANY_NOTES, most=MOST_SCORE_NOTES, value=n)
    write_score(analysis.notes, path, title=title, **score_facts(analysis, language))


def score_facts(analysis: Analysis, language: Language) -> dict[str, Any]:
    """Collect what :func:`otowake.io.musicxml.score_of` needs besides the notes."""
    titles = titles_of(analysis.parts, language)
    parts = [(t[:1].upper() + t[1:], p.notes) for t, p in zip(titles, analysis.parts, strict=True)]
    return {
        "rhythm": analysis.rhythm,
        "key": analysis.key,
        "parts": parts,
        "chords": analysis.chords,
    }


def notes_table(analysis: Analysis) -> str:
    """Format the notes as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for note, note_id in zip(analysis.notes, ids_of(analysis.notes), strict=True):
        writer.writerow(
            {
                "onset_s": f"{note.onset:.4f}",
                "offset_s": f"{note.offset:.4f}",
                "midi": note.midi,
                "pitch": "" if note.is_drum else note_name(note.midi),
                "cents": "" if note.cents is None else f"{note.cents:.1f}",
                "velocity": f"{note.velocity:.3f}",
                "confidence": f"{note.confidence:.3f}",
                "instrument": cell_of(note.instrument),
                "id": note_id,
                "decay_end_s": "" if note.decay_end is None else f"{note.decay_end:.4f}",
            }
        )
    return out.getvalue()


def chords_table(analysis: Analysis) -> str:
    """Format the chords as CSV, with Roman numerals if the key is known."""
    rows = ["onset_s,offset_s,chord,roman\n"]
    for chord in analysis.chords:
        numeral = roman_numeral(chord, analysis.key) if analysis.key else ""
        rows.append(f"{chord.onset:.4f},{chord.offset:.4f},{chord.name},{numeral}\n")
    return "".join(rows)


def label_track(analysis: Analysis, language: Language = "en", style: Style | None = None) -> str:
    """Format the notes as a label track for Audacity or Sonic Visualiser: onset, offset, name."""
    return "".join(
        f"{note.onset:.4f}\t{note.offset:.4f}\t{_label(note, language, style, analysis.key)}\n"
        for note in analysis.notes
    )


def _label(note: Note, language: Language, style: Style | None, key: Key | None) -> str:
    if note.is_drum:
        return list(KIT.values())[drum_of(note.midi)].title.format(language)
    return note_name(note.midi, language, style, key)


def write_sound(analysis: Analysis, audio: Sound, path: Path) -> None:
    """Write a stereo check file: the recording mixed to mono left, the synthesised notes right."""
    rate = min(audio.rate, 655_350)
    played = synthesise(analysis.notes, audio.rate, audio.n_samples, analysis.tuning_hz)
    with new_sound(path, rate, 2, "PCM_16") as file:
        waiting = np.zeros(0, np.float32)
        for block in downmix(audio).blocks(10 * audio.rate):
            left = np.asarray(block[0], np.float32)
            while len(waiting) < len(left):
                waiting = np.append(waiting, next(played))
            file.write(np.clip(np.stack([left, waiting[: len(left)]], axis=1), -1, 1))
            waiting = waiting[len(left) :]
    check_whole(path, audio.n_samples)


def read_table(path: Path_) -> list[Note]:
    """Read notes, ordered by onset and pitch, from a comma- or tab-separated table.

    In a table with a line of headings, such as ``notes.csv``, columns are selected by name: the
    first names that begin with *onset*, with *offset*, and with *midi* or *pitch*; also *velocity*,
    *cents*, *confidence*, *instrument* and *decay_end_s* (*fades_s* in earlier files). Without
    headings, the first three columns are the onset and the offset in seconds and the MIDI pitch.

    Raises
    ------
    BadInput
        If the file is missing, or is not such a table.

    Examples
    --------
    >>> import otowake
    >>> notes = read_table(otowake.demo_path().with_suffix(".notes.tsv"))
    >>> len(notes), notes[0].onset, notes[0].midi
    (35, 0.5, 60)
    """
    path = Path(path)
    check_file(path)
    try:
        return sorted(_rows(content_of(path, MOST_BYTES)), key=lambda note: (note.onset, note.midi))
    except OSError as error:
        raise BadInput(text.NOT_READABLE, path=path, why=text.reason_of(error)) from error
    except DAMAGE as error:
        raise BadInput(text.NOT_A_TABLE, path=path, why=reason(error)) from error


def _rows(content: bytes) -> list[Note]:
    lines = content.decode("utf-8-sig").splitlines()
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    if not lines:
        raise ValueError("it is empty")
    delimiter = next((mark for mark in "\t,;" if mark in lines[0]), None)
    if delimiter is None:
        rows = [line.split() for line in lines]
    else:
        rows = list(csv.reader(lines, delimiter=delimiter))
    names = {"onset": 0, "offset": 1, "midi": 2}
    if not _is_number(rows[0][0]):
        names = _columns([heading.strip().lower() for heading in rows.pop(0)])
    return [_note(row, names) for row in rows]


def _columns(headings: list[str]) -> dict[str, int]:
    columns = {}
    for name, beginnings in {
        "onset": ("onset", "start"),
        "offset": ("offset", "end"),
        "midi": ("midi", "pitch"),
    }.items():
        matches = [
            i
            for begin in beginnings
            for i, heading in enumerate(headings)
            if heading.startswith(begin)
        ]
        if not matches:
            raise ValueError(f"there is no column {name}")
        columns[name] = matches[0]
    others = {name: name for name in ("velocity", "cents", "confidence", "instrument")}
    others |= dict.fromkeys(reversed(DECAY_COLUMNS), "decay_end")
    present = {name: heading for heading, name in others.items() if heading in headings}
    return columns | {name: headings.index(heading) for name, heading in present.items()}


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _note(row: list[str], names: dict[str, int]) -> Note:
    given: dict[str, Any] = {name: row[column].strip() for name, column in names.items()}
    facts: dict[str, Any] = {
        name: word_of(value) if name == "instrument" else float(value)
        for name, value in given.items()
        if value
    }
    cents, confidence = facts.get("cents", 0.0), facts.get("confidence", 1.0)
    if not (math.isfinite(cents) and 0 <= confidence <= 1):
        raise ValueError(f"no note has {cents:g} cents and a confidence of {confidence:g}")
    return Note(**{**facts, "midi": round(facts["midi"])}, is_drum=facts.get("instrument") == DRUMS)


def read_reference(path: Path_) -> list[Note]:
    """Read the pitched notes of a MIDI file or of a table (:func:`read_table`)."""
    is_midi = Path(path).suffix.lower() in (".mid", ".midi", ".smf", ".kar", ".rmi")
    notes = [
        note for note in (read_notes(path) if is_midi else read_table(path)) if not note.is_drum
    ]
    if not notes:
        raise BadInput(text.NO_NOTES)
    return notes
