"""Notes as a score, MusicXML by music21 (extra ``score``)."""

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
from otowake.chords import NONE, signs_of
from otowake.errors import BadInput, CannotWrite, MissingExtra
from otowake.io.audio import Path_
from otowake.io.midi import PITCHED
from otowake.music.theory.harmony import find_key, spell
from otowake.music.theory.rhythm import TICKS_PER_BEAT, QuantisedNote, find_rhythm, quantise
from otowake.types import Chord, Key, Note, Rhythm

MIDDLE = 60
"""Where two staves part: middle C is on the upper one."""

WIDE = (52, 67)
"""A part with notes below the first and above the second has two staves."""

LOWEST = 12
"""The lowest pitch that MusicXML can say: C0, 16 Hz."""

VOICES = 2
"""Voices in a staff; what does not fit is cut short."""

SHORT_REST = TICKS_PER_BEAT // 2
"""A rest no longer than this, and no longer than the note before it, is written as part of that note."""


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
"""The qualities of chords in the words of MusicXML."""

NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML file may hold."""


@dataclass
class _Event:
    """Notes of one stem: pitches from `start` to `stop`, in parts of a beat."""

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
    """Write notes as MusicXML that MuseScore and others open.

    They are put on the grid of the beats (:func:`otowake.music.theory.rhythm.quantise`); one stave, or two where the range
    is wide, with up to two voices each, and so for each of `parts`: those on one stave above, the higher ones first.

    Parameters
    ----------
    notes
        In any order; drums are left out.
    path
        Where to write; an earlier file is replaced.
    rhythm, key
        What to write them in; those that the notes tell if not given.
    title
        Above the score.
    parts
        Titles, and the places of the notes that are of the part of that title; the notes of none are a part without a title.

    chords
        Written above the first stave, each where the note nearest to its onset is.

    Raises
    ------
    BadInput
        If there are no pitched notes.
    CannotWrite
        If the file can't be written.
    MissingExtra
        If music21 is not there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_score([Note(i / 2, i / 2 + 0.5, 60 + i) for i in range(5)], f"{folder}/a.musicxml")
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
    n_bars = 1 + (max(each.start + each.length for _, own in players for each in own) - 1) // (
        TICKS_PER_BEAT * rhythm.metre
    )
    score = music21.stream.Score()
    score.metadata = music21.metadata.Metadata(title=_printable(title) or "otowake", composer=" ")
    staves: list[Any] = []
    for name, own in sorted(((name, _staves(own)) for name, own in players), key=_from_the_top):
        group = [_staff(music21, each, rhythm, key, n_bars) for each in own]
        for staff in group:
            staves.append(staff)
            staff.id = f"staff-{len(staves)}"  # else music21 draws one at random
            its: Any = music21.instrument.Instrument(name)
            its.partId, its.instrumentId = f"P{len(staves)}", f"I{len(staves)}"
            its.midiProgram = own[0][0].note.programme
            its.midiChannel = PITCHED[(len(staves) - 1) % len(PITCHED)]
            its.autoAssignMidiChannel = _keep  # of more than 15 it would complain on stderr
            staff.insert(0, its)
            score.insert(0, staff)
        if len(group) > 1:
            score.insert(
                0, music21.layout.StaffGroup(group, name=name, symbol="brace", barTogether=True)
            )
    for start, chord in _where(chords, [each for _, own in players for each in own]):
        bar, at = divmod(start, TICKS_PER_BEAT * rhythm.metre)
        staves[0].measure(bar + 1).insert(_quarters(at), _symbol(music21, chord))
    staves[0].measure(1).insert(0, music21.tempo.MetronomeMark(number=round(rhythm.tempo)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exporter = music21.musicxml.m21ToXml.GeneralObjectExporter(score)
            exporter.makeNotation = False  # what it would do is done, and takes as long again
            content = exporter.parse()
        Path(path).write_bytes(content)
    except OSError as error:
        raise CannotWrite(text.CANT_WRITE, path=path, why=error.strerror or error) from error


def _players(
    notes: Sequence[Note], parts: Sequence[tuple[str, Sequence[int]]]
) -> list[tuple[str, list[Note]]]:
    """Of each part that has pitched notes: its title and they; none for the notes of no part."""
    named = {place for _, places in parts for place in places}
    every = [*parts, ("", [place for place in range(len(notes)) if place not in named])]
    pitched = [
        (name, [notes[place] for place in places if not notes[place].is_drum])
        for name, places in every
    ]
    return [(name, own) for name, own in pitched if own]


def _from_the_top(player: tuple[str, list[list[QuantisedNote]]]) -> tuple[int, float]:
    """By what players are in order in a score."""
    _, staves = player
    return len(staves), -float(np.mean([each.note.midi for own in staves for each in own]))


def _keep(*_: Any, **__: Any) -> None:
    """Leave an instrument's channel as it is."""


def _printable(name: str) -> str:
    return NOT_IN_XML.sub("\ufffd", name)


def _where(chords: Sequence[Chord], placed: Sequence[QuantisedNote]) -> list[tuple[int, Chord]]:
    """From the first chord on, where in the score each begins; of two at one place the later."""
    starts = sorted((each.note.onset, each.start) for each in placed)
    first = next((i for i, chord in enumerate(chords) if chord.name != NONE), len(chords))
    found = {}
    for chord in chords[first:]:
        after = bisect_left(starts, (chord.onset, 0))
        near = starts[max(after - 1, 0) : after + 1]
        found[min(near, key=lambda pair: abs(pair[0] - chord.onset))[1]] = chord
    return sorted(found.items(), key=lambda pair: pair[0])


def _symbol(m21: Any, chord: Chord) -> Any:
    if chord.root is None or chord.quality is None or chord.bass is None:
        return m21.harmony.NoChord()
    symbol = m21.harmony.ChordSymbol()
    symbol.root(_in_music21(chord.root))
    symbol.bass(_in_music21(chord.bass), allow_add=True)
    symbol.chordKind, symbol.chordKindStr = KINDS[chord.quality], chord.quality
    return symbol


def _plain(notes: Sequence[Note]) -> Rhythm:
    """Two beats a second, from the first note on."""
    first, last = min(note.onset for note in notes), max(note.offset for note in notes)
    return Rhythm(120.0, np.arange(first, last + 1, 0.5))


def _staves(placed: Sequence[QuantisedNote]) -> list[list[QuantisedNote]]:
    """The notes of each staff, the upper one first."""
    pitches = [each.note.midi for each in placed]
    if min(pitches) >= WIDE[0] or max(pitches) <= WIDE[1]:
        return [list(placed)]
    return [
        [each for each in placed if each.note.midi >= MIDDLE],
        [each for each in placed if each.note.midi < MIDDLE],
    ]


def _voices(placed: Sequence[QuantisedNote]) -> list[list[_Event]]:
    """Notes as chords in voices that never overlap themselves."""
    events: dict[tuple[int, int], _Event] = {}
    for each in placed:
        stop = each.start + each.length
        events.setdefault((each.start, stop), _Event(each.start, stop, [])).pitches.append(
            each.note.midi
        )
    voices: list[list[_Event]] = [[] for _ in range(VOICES)]
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
    """A stretch as lengths that can be written, each with its start: cut at bars, then at beats."""
    found = []
    while start < stop:
        end = min(stop, (start // bar + 1) * bar)
        in_beat = start % TICKS_PER_BEAT
        if in_beat:
            end = min(end, start - in_beat + TICKS_PER_BEAT)
        elif end - start > TICKS_PER_BEAT and end - start != TICKS_PER_BEAT * 3 // 2:
            beats = (end - start) // TICKS_PER_BEAT
            end = start + TICKS_PER_BEAT * max(n for n in (1, 2, 3, 4) if n <= beats)
        found.append((start, end - start))
        start = end
    return found


def _staff(
    m21: Any, placed: Sequence[QuantisedNote], rhythm: Rhythm, key: Key | None, n_bars: int
) -> Any:
    bar = TICKS_PER_BEAT * rhythm.metre
    staff = m21.stream.PartStaff()
    measures = [m21.stream.Measure(number=number + 1) for number in range(n_bars)]
    first = measures[0]
    pitches = [each.note.midi for each in placed] or [MIDDLE - 12]
    first.insert(
        0, m21.clef.TrebleClef() if np.median(pitches) >= MIDDLE - 2 else m21.clef.BassClef()
    )
    first.insert(0, m21.key.KeySignature(key.fifths if key else 0))
    first.insert(0, m21.meter.TimeSignature(f"{rhythm.metre}/4"))
    filled = [_measured(m21, voice, key, bar, n_bars) for voice in _voices(placed) or [[]]]
    for number, measure in enumerate(measures):
        sounding = [
            voice[number] for voice in filled if any(not each.isRest for _, each in voice[number])
        ]
        sounding = sounding or [filled[0][number]]
        for rank, elements in enumerate(sounding, 1):
            home = measure if len(sounding) == 1 else m21.stream.Voice(id=str(rank))
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
    """A voice with its rests, bar by bar: elements and where in the bar they begin, in quarter notes."""
    bars: list[list[tuple[Any, Any]]] = [[] for _ in range(n_bars)]
    at = 0
    for event in [*voice, _Event(n_bars * bar, n_bars * bar, [])]:
        for start, length in _stems(at, event.start, bar):
            rest = m21.note.Rest(quarterLength=_quarters(length))
            bars[start // bar].append((_quarters(start % bar), rest))
        stems = _stems(event.start, event.stop, bar)
        for i, (start, length) in enumerate(stems):
            element = _sounding(m21, event.pitches, key, _quarters(length))
            if len(stems) > 1:
                kind = "start" if i == 0 else "stop" if i == len(stems) - 1 else "continue"
                element.tie = m21.tie.Tie(kind)
            bars[start // bar].append((_quarters(start % bar), element))
        at = max(at, event.stop)
    return bars


def _quarters(parts: int) -> Any:
    return parts / TICKS_PER_BEAT if parts % 3 == 0 else Fraction(parts, TICKS_PER_BEAT)


def _sounding(m21: Any, pitches: Sequence[int], key: Key | None, length: Any) -> Any:
    named = [m21.pitch.Pitch(_with_octave(midi, key)) for midi in sorted(set(pitches))]
    if len(named) == 1:
        return m21.note.Note(named[0], quarterLength=length)
    return m21.chord.Chord(named, quarterLength=length)


def _with_octave(midi: int, key: Key | None) -> str:
    """The name of a note in a key as music21 writes it.

    MusicXML has no pitches below C0; they are raised by an octave.
    """
    midi = max(midi, midi % 12 + LOWEST)
    name = spell(midi % 12, key, flats=3)
    octave = (midi - signs_of(name)) // 12 - 1
    return _in_music21(name) + str(octave) if octave >= 0 else "C0"


def _in_music21(tone: str) -> str:
    """A spelled tone as music21 writes it: flats as ``-``."""
    return tone[0] + tone[1:].replace("b", "-")
