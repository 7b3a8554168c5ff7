"""Write notes as a score in MusicXML with music21 (extra ``score``)."""

from __future__ import annotations

import re
import warnings
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from otowake import text
from otowake.chord_names import NONE, signs_of
from otowake.errors import BadInput, CannotWrite, MissingExtra
from otowake.io.audio import Path_
from otowake.io.midi import PITCHED_CHANNELS
from otowake.music.theory.harmony import spell
from otowake.music.theory.keys import find_key
from otowake.music.theory.rhythm import TICKS_PER_BEAT, QuantisedNote, find_rhythm, quantise
from otowake.types import Chord, Key, Note, Rhythm

SPLIT_PITCH = 60
"""MIDI pitch from which notes are on the upper of two staves: middle C."""

WIDE_RANGE = (52, 67)
"""MIDI pitches; a part with notes below the first and above the second has two staves."""

LOWEST_PITCH = 12
"""The lowest MIDI pitch in MusicXML: C0, 16 Hz."""

VOICES_PER_STAFF = 2
"""Voices in a staff; notes beyond them are shortened."""

SHORT_REST = TICKS_PER_BEAT // 2
"""Parts of a beat; a rest up to this and up to the length of the previous note extends the note."""


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

NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML forbids."""


@dataclass
class _Event:
    """Pitches on one stem from `start` to `stop`, in parts of a beat."""

    start: int
    stop: int
    pitches: list[int]


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

    Notes are quantised to the beats (:func:`otowake.music.theory.rhythm.quantise`). Each part has
    one staff, or two for a wide range, with up to two voices each. Parts on one staff come first,
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
    MissingExtra
        If music21 is not installed.

    Examples
    --------
    >>> import tempfile
    >>> notes = [Note(i / 2, i / 2 + 0.5, 60 + i) for i in range(5)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_score(notes, f"{folder}/a.musicxml")
    ...     "<fifths>" in Path(f"{folder}/a.musicxml").read_text()
    True
    """
    try:
        import music21
    except ImportError as error:
        raise MissingExtra(text.NEEDS_SCORE, what=Path(path).name, package="music21") from error
    pitched = [note for note in notes if not note.is_drum]
    if not pitched:
        raise BadInput(text.NO_NOTES)
    rhythm = rhythm or find_rhythm(pitched) or _plain(pitched)
    key = key or find_key(pitched)
    players = [(_printable(name), quantise(own, rhythm)) for name, own in _players(notes, parts)]
    last = max(note.start + note.length for _, own in players for note in own)
    n_bars = 1 + (last - 1) // (TICKS_PER_BEAT * rhythm.metre)
    score = music21.stream.Score()
    score.metadata = music21.metadata.Metadata(title=_printable(title) or "otowake", composer=" ")
    staves: list[Any] = []
    for name, own in sorted(((name, _staves(own)) for name, own in players), key=_from_the_top):
        group = [_staff(music21, placed, rhythm, key, n_bars) for placed in own]
        for staff in group:
            staves.append(staff)
            staff.id = f"staff-{len(staves)}"  # else music21 draws one at random
            player: Any = music21.instrument.Instrument(name)
            player.partId, player.instrumentId = f"P{len(staves)}", f"I{len(staves)}"
            player.midiProgram = own[0][0].note.programme
            player.midiChannel = PITCHED_CHANNELS[(len(staves) - 1) % len(PITCHED_CHANNELS)]
            player.autoAssignMidiChannel = _keep  # more than 15 give a warning on stderr
            staff.insert(0, player)
            score.insert(0, staff)
        if len(group) > 1:
            score.insert(
                0, music21.layout.StaffGroup(group, name=name, symbol="brace", barTogether=True)
            )
    placed = [note for _, own in players for note in own]
    for start, chord in _chord_starts(chords, placed):
        bar, at = divmod(start, TICKS_PER_BEAT * rhythm.metre)
        staves[0].measure(bar + 1).insert(_quarters(at), _symbol(music21, chord))
    staves[0].measure(1).insert(0, music21.tempo.MetronomeMark(number=round(rhythm.tempo)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exporter = music21.musicxml.m21ToXml.GeneralObjectExporter(score)
            exporter.makeNotation = False  # notation is complete; this would double the time
            content = exporter.parse()
        Path(path).write_bytes(content)
    except OSError as error:
        raise CannotWrite(text.CANT_WRITE, path=path, why=error.strerror or error) from error


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


def _from_the_top(player: tuple[str, list[list[QuantisedNote]]]) -> tuple[int, float]:
    """Return the sort key of a player in a score."""
    _, staves = player
    return len(staves), -float(np.mean([placed.note.midi for own in staves for placed in own]))


def _keep(*_: Any, **__: Any) -> None:
    """Do nothing: keep the channel of an instrument."""


def _printable(name: str) -> str:
    return NOT_IN_XML.sub("\ufffd", name)


def _chord_starts(
    chords: Sequence[Chord], placed: Sequence[QuantisedNote]
) -> list[tuple[int, Chord]]:
    """Return the start of every chord in the score; of two with one start, the later chord."""
    starts = sorted((note.note.onset, note.start) for note in placed)
    first = next((i for i, chord in enumerate(chords) if chord.name != NONE), len(chords))
    chord_at = {}
    for chord in chords[first:]:
        after = bisect_left(starts, (chord.onset, 0))
        near = starts[max(after - 1, 0) : after + 1]
        chord_at[min(near, key=lambda pair: abs(pair[0] - chord.onset))[1]] = chord
    return sorted(chord_at.items(), key=lambda pair: pair[0])


def _symbol(m21: Any, chord: Chord) -> Any:
    if chord.root is None or chord.quality is None or chord.bass is None:
        return m21.harmony.NoChord()
    symbol = m21.harmony.ChordSymbol()
    symbol.root(_in_music21(chord.root))
    symbol.bass(_in_music21(chord.bass), allow_add=True)
    symbol.chordKind, symbol.chordKindStr = KINDS[chord.quality], chord.quality
    return symbol


def _plain(notes: Sequence[Note]) -> Rhythm:
    """Return a rhythm of 120 BPM from the first note on."""
    first, last = min(note.onset for note in notes), max(note.offset for note in notes)
    return Rhythm(120.0, np.arange(first, last + 1, 0.5))


def _staves(placed: Sequence[QuantisedNote]) -> list[list[QuantisedNote]]:
    """Return the notes of each staff, the upper one first."""
    pitches = [note.note.midi for note in placed]
    if min(pitches) >= WIDE_RANGE[0] or max(pitches) <= WIDE_RANGE[1]:
        return [list(placed)]
    return [
        [note for note in placed if note.note.midi >= SPLIT_PITCH],
        [note for note in placed if note.note.midi < SPLIT_PITCH],
    ]


def _voices(placed: Sequence[QuantisedNote]) -> list[list[_Event]]:
    """Group notes into chords, and chords into voices without overlaps."""
    events: dict[tuple[int, int], _Event] = {}
    for note in placed:
        stop = note.start + note.length
        event = events.setdefault((note.start, stop), _Event(note.start, stop, []))
        event.pitches.append(note.note.midi)
    voices: list[list[_Event]] = [[] for _ in range(VOICES_PER_STAFF)]
    for event in sorted(events.values(), key=lambda event: (event.start, -max(event.pitches))):
        free = [voice for voice in voices if not voice or voice[-1].stop <= event.start]
        held = [
            voice for voice in voices if voice and voice[-1].start < event.start < voice[-1].stop
        ]
        nearly = [voice for voice in held if voice[-1].stop - event.start <= SHORT_REST]
        if nearly or (not free and held):
            voice = min(nearly or held, key=lambda voice: voice[-1].stop)
            voice[-1].stop = event.start
            voice.append(event)
        elif free:
            free[0].append(event)
        else:
            beside = min(
                (voice[-1] for voice in voices), key=lambda other: abs(other.stop - event.stop)
            )
            beside.pitches += event.pitches
    for voice in voices:
        for event, following in pairwise(voice):
            rest = following.start - event.stop
            if 0 < rest <= min(SHORT_REST, event.stop - event.start):
                event.stop = following.start
    return [voice for voice in voices if voice]


def _stems(start: int, stop: int, bar: int) -> list[tuple[int, int]]:
    """Split a duration into notatable lengths with their starts: at bars, then at beats."""
    stems = []
    while start < stop:
        end = min(stop, (start // bar + 1) * bar)
        in_beat = start % TICKS_PER_BEAT
        if in_beat:
            end = min(end, start - in_beat + TICKS_PER_BEAT)
        elif end - start > TICKS_PER_BEAT and end - start != TICKS_PER_BEAT * 3 // 2:
            beats = (end - start) // TICKS_PER_BEAT
            end = start + TICKS_PER_BEAT * max(n for n in (1, 2, 3, 4) if n <= beats)
        stems.append((start, end - start))
        start = end
    return stems


def _staff(
    m21: Any, placed: Sequence[QuantisedNote], rhythm: Rhythm, key: Key | None, n_bars: int
) -> Any:
    bar = TICKS_PER_BEAT * rhythm.metre
    staff = m21.stream.PartStaff()
    measures = [m21.stream.Measure(number=number + 1) for number in range(n_bars)]
    first = measures[0]
    pitches = [note.note.midi for note in placed] or [SPLIT_PITCH - 12]
    is_high = np.median(pitches) >= SPLIT_PITCH - 2
    first.insert(0, m21.clef.TrebleClef() if is_high else m21.clef.BassClef())
    first.insert(0, m21.key.KeySignature(key.fifths if key else 0))
    first.insert(0, m21.meter.TimeSignature(f"{rhythm.metre}/4"))
    filled = [_measured(m21, voice, key, bar, n_bars) for voice in _voices(placed) or [[]]]
    for number, measure in enumerate(measures):
        voices = [
            voice[number]
            for voice in filled
            if any(not element.isRest for _, element in voice[number])
        ]
        voices = voices or [filled[0][number]]
        for rank, elements in enumerate(voices, 1):
            home = measure if len(voices) == 1 else m21.stream.Voice(id=str(rank))
            for at, element in elements:
                home.insert(at, element)
            if home is not measure:
                measure.insert(0, home)
        staff.append(measure)
    measures[-1].rightBarline = "final"
    finish = m21.stream.makeNotation
    finish.makeAccidentalsInMeasureStream(staff)
    finish.makeBeams(staff, inPlace=True)
    for part in staff.recurse(streamsOnly=True, includeSelf=False):
        finish.makeTupletBrackets(part, inPlace=True)
    return staff


def _measured(
    m21: Any, voice: Sequence[_Event], key: Key | None, bar: int, n_bars: int
) -> list[list[tuple[Any, Any]]]:
    """Return a voice with rests by bar: starts within the bar in quarter notes, and elements."""
    bars: list[list[tuple[Any, Any]]] = [[] for _ in range(n_bars)]
    at = 0
    for event in [*voice, _Event(n_bars * bar, n_bars * bar, [])]:
        for start, length in _stems(at, event.start, bar):
            rest = m21.note.Rest(quarterLength=_quarters(length))
            bars[start // bar].append((_quarters(start % bar), rest))
        stems = _stems(event.start, event.stop, bar)
        for i, (start, length) in enumerate(stems):
            element = _note_or_chord(m21, event.pitches, key, _quarters(length))
            if len(stems) > 1:
                kind = "start" if i == 0 else "stop" if i == len(stems) - 1 else "continue"
                element.tie = m21.tie.Tie(kind)
            bars[start // bar].append((_quarters(start % bar), element))
        at = max(at, event.stop)
    return bars


def _quarters(parts: int) -> Any:
    return parts / TICKS_PER_BEAT if parts % 3 == 0 else Fraction(parts, TICKS_PER_BEAT)


def _note_or_chord(m21: Any, pitches: Sequence[int], key: Key | None, length: Any) -> Any:
    named = [m21.pitch.Pitch(_with_octave(midi, key)) for midi in sorted(set(pitches))]
    if len(named) == 1:
        return m21.note.Note(named[0], quarterLength=length)
    return m21.chord.Chord(named, quarterLength=length)


def _with_octave(midi: int, key: Key | None) -> str:
    """Return the name of a note in a key in music21's notation.

    MusicXML has no pitches below C0; they are raised by an octave.
    """
    midi = max(midi, midi % 12 + LOWEST_PITCH)
    name = spell(midi % 12, key, flats=3)
    octave = (midi - signs_of(name)) // 12 - 1
    return _in_music21(name) + str(octave) if octave >= 0 else "C0"


def _in_music21(tone: str) -> str:
    """Return a spelled tone in music21's notation, with ``-`` for flats."""
    return tone[0] + tone[1:].replace("b", "-")
