"""Write notes as a score in MusicXML 4.0."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from otowake import text
from otowake.chord_names import signs_of
from otowake.errors import BadInput, CannotWrite
from otowake.io.audio import Path_
from otowake.io.midi import PITCHED_CHANNELS
from otowake.music.notation.metre import TICKS_PER_BEAT
from otowake.music.notation.notate import notate
from otowake.music.notation.symbols import Bar, Clef, Player, Score, Symbol, Tone, Voice
from otowake.music.theory.keys import find_key
from otowake.music.theory.rhythm import find_rhythm
from otowake.types import Chord, Key, Note, Rhythm

VOICES_PER_STAFF = 4
"""Numbers of voices reserved for a staff, as other programs do."""

KINDS = {
    "": "major",
    "m": "minor",
    "5": "power",
    "7": "dominant",
    "maj7": "major-seventh",
    "m7": "minor-seventh",
    "dim": "diminished",
    "m7b5": "half-diminished",
    "dim7": "diminished-seventh",
    "aug": "augmented",
    "sus4": "suspended-fourth",
}
"""Chord qualities as MusicXML names them."""

SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
"""Accidentals as MusicXML names them, by their number of sharps."""

DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"'
    ' "http://www.musicxml.org/dtds/partwise.dtd">\n'
)

NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML forbids."""


def write_score(
    notes: Sequence[Note],
    path: Path_,
    *,
    rhythm: Rhythm | None = None,
    key: Key | None = None,
    title: str = "",
    parts: Sequence[tuple[str, Sequence[int]]] = (),
    chords: Sequence[Chord] = (),
) -> None:
    """Write notes as MusicXML for MuseScore and other programs.

    :func:`otowake.music.notation.notate.notate` makes the score. Parts on one staff come first,
    from high to low.

    Parameters
    ----------
    notes
        The notes in any order; drums are omitted.
    path
        The file; an earlier one is replaced.
    rhythm, key
        The rhythm and key of the score; by default estimated from the notes.
    title
        The title of the score.
    parts
        The titles of parts, each with the indices of its notes; other notes form a part without a
        title.
    chords
        Chord symbols above the first staff, each at the note nearest to its onset.

    Raises
    ------
    BadInput
        If there are no pitched notes.
    CannotWrite
        If the file can't be written.

    Examples
    --------
    >>> import tempfile
    >>> notes = [Note(i / 2, i / 2 + 0.5, 60 + i) for i in range(5)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_score(notes, f"{folder}/a.musicxml")
    ...     "<fifths>" in Path(f"{folder}/a.musicxml").read_text()
    True
    """
    score, _ = score_of(notes, rhythm=rhythm, key=key, parts=parts, chords=chords)
    try:
        Path(path).write_text(musicxml(score, title), encoding="utf-8")
    except OSError as error:
        raise CannotWrite(text.CANT_WRITE, path=path, why=text.reason_of(error)) from error


def score_of(
    notes: Sequence[Note],
    *,
    rhythm: Rhythm | None = None,
    key: Key | None = None,
    parts: Sequence[tuple[str, Sequence[int]]] = (),
    chords: Sequence[Chord] = (),
) -> tuple[Score, Rhythm]:
    """Notate notes as :func:`write_score` does; return the score, and the rhythm that it follows.

    Raises
    ------
    BadInput
        If there are no pitched notes.
    """
    pitched = [note for note in notes if not note.is_drum]
    if not pitched:
        raise BadInput(text.NO_NOTES)
    rhythm = rhythm or find_rhythm(pitched) or _plain(pitched)
    key = key or find_key(pitched)
    return notate(_players(notes, parts), rhythm, key, chords), rhythm


def _players(
    notes: Sequence[Note], parts: Sequence[tuple[str, Sequence[int]]]
) -> list[tuple[str, list[Note]]]:
    """Return the title and pitched notes of every part, and last without title the other notes."""
    named = {index for _, indices in parts for index in indices}
    groups = [*parts, ("", [index for index in range(len(notes)) if index not in named])]
    pitched = [
        (name, [notes[index] for index in indices if not notes[index].is_drum])
        for name, indices in groups
    ]
    return [(name, own) for name, own in pitched if own]


def _plain(notes: Sequence[Note]) -> Rhythm:
    """Return a rhythm of 120 BPM from the first note on."""
    first, last = min(note.onset for note in notes), max(note.offset for note in notes)
    return Rhythm(120.0, np.arange(first, last + 1, 0.5))


def musicxml(score: Score, title: str = "") -> str:
    """Format a score as MusicXML 4.0, partwise."""
    root = ET.Element("score-partwise", version="4.0")
    _add(_add(root, "work"), "work-title", _printable(title) or "otowake")
    _add(_add(_add(root, "identification"), "encoding"), "software", "otowake")
    part_list = _add(root, "part-list")
    for i, player in enumerate(score.players, 1):
        _add_player(part_list, player, i)
    for i, player in enumerate(score.players, 1):
        part = _add(root, "part", id=f"P{i}")
        for n, bar in enumerate(score.bars):
            _add_measure(part, score, player, n, bar, leads=i == 1)
    ET.indent(root)
    return DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"


def _add(parent: ET.Element, tag: str, content: object = None, **attributes: str) -> ET.Element:
    """Append an element; underscores in the names of attributes are hyphens."""
    element = ET.SubElement(
        parent, tag, {name.replace("_", "-"): value for name, value in attributes.items()}
    )
    if content is not None:
        element.text = str(content)
    return element


def _printable(name: str) -> str:
    return NOT_IN_XML.sub("\ufffd", name)


def _add_player(part_list: ET.Element, player: Player, i: int) -> None:
    entry = _add(part_list, "score-part", id=f"P{i}")
    _add(entry, "part-name", _printable(player.name))
    _add(_add(entry, "score-instrument", id=f"I{i}"), "instrument-name", _printable(player.name))
    midi = _add(entry, "midi-instrument", id=f"I{i}")
    _add(midi, "midi-channel", PITCHED_CHANNELS[(i - 1) % len(PITCHED_CHANNELS)] + 1)
    _add(midi, "midi-program", player.programme + 1)


def _add_measure(
    part: ET.Element, score: Score, player: Player, n: int, bar: Bar, *, leads: bool
) -> None:
    """Append a measure; the player that leads has the tempo and the chord symbols."""
    measure = _add(part, "measure", number=str(bar.number))
    if bar.number == 0:
        measure.set("implicit", "yes")
    if n == 0:
        _add_attributes(measure, score, player)
        if leads:
            _add_tempo(measure, score)
    chords = [(at - bar.start, chord) for at, chord in score.chords if bar.start <= at < bar.stop]
    for s, staff in enumerate(player.staves):
        for v, voice in enumerate(staff.bars[n]):
            if s or v:
                _add(_add(measure, "backup"), "duration", bar.stop - bar.start)
            here = chords if leads and not (s or v) else []
            number = s + 1 if len(player.staves) > 1 else None
            _add_voice(measure, voice, s * VOICES_PER_STAFF + v + 1, number, here)
    if n == len(score.bars) - 1:
        _add(_add(measure, "barline", location="right"), "bar-style", "light-heavy")


def _add_attributes(measure: ET.Element, score: Score, player: Player) -> None:
    attributes = _add(measure, "attributes")
    _add(attributes, "divisions", score.metre.quarter)
    key = _add(attributes, "key")
    _add(key, "fifths", score.key.fifths if score.key else 0)
    if score.key:
        _add(key, "mode", score.key.mode)
    beats, unit = score.metre.signature
    time = _add(attributes, "time")
    _add(time, "beats", beats)
    _add(time, "beat-type", unit)
    if len(player.staves) > 1:
        _add(attributes, "staves", len(player.staves))
    for i, staff in enumerate(player.staves, 1):
        number = {"number": str(i)} if len(player.staves) > 1 else {}
        _add_clef(_add(attributes, "clef", **number), staff.clef)


def _add_clef(element: ET.Element, clef: Clef) -> None:
    _add(element, "sign", clef.sign)
    _add(element, "line", clef.line)
    if clef.octaves:
        _add(element, "clef-octave-change", clef.octaves)


def _add_tempo(measure: ET.Element, score: Score) -> None:
    direction = _add(measure, "direction", placement="above")
    if score.is_swing:
        _add(_add(direction, "direction-type"), "words", "Swing")
    mark = _add(_add(direction, "direction-type"), "metronome")
    value = score.metre.value(TICKS_PER_BEAT)
    assert value is not None
    _add(mark, "beat-unit", value.type)
    for _ in range(value.dots):
        _add(mark, "beat-unit-dot")
    _add(mark, "per-minute", round(score.tempo))
    quarters = score.tempo * TICKS_PER_BEAT / score.metre.quarter
    sound = _add(direction, "sound", tempo=f"{quarters:g}")
    if score.is_swing:
        swing = _add(sound, "swing")
        _add(swing, "first", 2)
        _add(swing, "second", 1)
        _add(swing, "swing-type", "eighth")


def _add_voice(
    measure: ET.Element,
    voice: Voice,
    number: int,
    staff: int | None,
    chords: Sequence[tuple[int, Chord]],
) -> None:
    pending = iter([*chords, None])
    chord = next(pending)
    for symbol in voice:
        while chord and chord[0] < symbol.stop:
            _add_chord(measure, chord[1], chord[0] - symbol.start, staff)
            chord = next(pending)
        for tone in symbol.tones or (None,):
            is_first = tone is None or tone is symbol.tones[0]
            _add_note(measure, symbol, tone, number, staff, is_first=is_first)


def _add_note(
    measure: ET.Element,
    symbol: Symbol,
    tone: Tone | None,
    voice: int,
    staff: int | None,
    *,
    is_first: bool,
) -> None:
    note = _add(measure, "note")
    if not is_first:
        _add(note, "chord")
    if tone is None:
        _add(note, "rest", **({} if symbol.value else {"measure": "yes"}))
    else:
        _add_pitch(note, tone)
    _add(note, "duration", symbol.length)
    sides = ["stop"] * symbol.tied_before + ["start"] * symbol.tied_after
    for side in sides:
        _add(note, "tie", type=side)
    _add(note, "voice", voice)
    if symbol.value:
        _add(note, "type", symbol.value.type)
        for _ in range(symbol.value.dots):
            _add(note, "dot")
    if tone and tone.accidental is not None:
        _add(note, "accidental", SIGNS[tone.accidental])
    if symbol.tuplet:
        ratio = _add(note, "time-modification")
        _add(ratio, "actual-notes", symbol.tuplet.actual)
        _add(ratio, "normal-notes", symbol.tuplet.normal)
    if staff:
        _add(note, "staff", staff)
    if is_first:
        for level, beam in enumerate(symbol.beams, 1):
            _add(note, "beam", beam, number=str(level))
    _add_notations(note, symbol, sides, is_first=is_first)


def _add_notations(
    note: ET.Element, symbol: Symbol, sides: Sequence[str], *, is_first: bool
) -> None:
    """Append the marks of ties at these sides and, at the first note head, of tuplets."""
    edges: list[str] = []
    if symbol.tuplet and is_first:
        edges = ["start"] * symbol.tuplet.is_first + ["stop"] * symbol.tuplet.is_last
    if not sides and not edges:
        return
    notations = _add(note, "notations")
    for side in sides:
        _add(notations, "tied", type=side)
    for edge in edges:
        _add(notations, "tuplet", type=edge, bracket="no" if symbol.beams else "yes")


def _add_pitch(note: ET.Element, tone: Tone) -> None:
    pitch = _add(note, "pitch")
    _add(pitch, "step", tone.name[0])
    if signs_of(tone.name):
        _add(pitch, "alter", signs_of(tone.name))
    _add(pitch, "octave", tone.octave)


def _add_chord(measure: ET.Element, chord: Chord, offset: int, staff: int | None) -> None:
    harmony = _add(measure, "harmony")
    if chord.root is None or chord.quality is None or chord.bass is None:
        _add_tone(harmony, "root", "C")[0].set("text", "")
        _add(harmony, "kind", "none", text="N.C.")
    else:
        _add_tone(harmony, "root", chord.root)
        _add(harmony, "kind", KINDS[chord.quality], text=chord.quality)
        if chord.bass != chord.root:
            _add_tone(harmony, "bass", chord.bass)
    if offset:
        _add(harmony, "offset", offset)
    if staff:
        _add(harmony, "staff", staff)


def _add_tone(harmony: ET.Element, role: str, tone: str) -> ET.Element:
    element = _add(harmony, role)
    _add(element, f"{role}-step", tone[0])
    if signs_of(tone):
        _add(element, f"{role}-alter", signs_of(tone))
    return element
