"""Turn notes into a score: the pipeline of notation."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from otowake.chord_names import NONE, signs_of
from otowake.music.notation.hands import share_hands
from otowake.music.notation.metre import TICKS_PER_BEAT, Metre, Span, split, triplets_of
from otowake.music.notation.quantisation import QuantisedNote, quantise
from otowake.music.notation.spelling import octave_of, spell_notes
from otowake.music.notation.symbols import (
    Bar,
    Beam,
    Clef,
    Player,
    Score,
    Staff,
    Symbol,
    Tone,
    Tuplet,
    Voice,
)
from otowake.music.notation.voices import Event, find_voices
from otowake.music.theory.instruments import UNKNOWN, of_programme
from otowake.types import Chord, Key, Note, Rhythm

LOWEST_PITCH = 12
"""The lowest MIDI pitch of a score: C0, 16 Hz; lower notes are written an octave higher."""

TREBLE, BASS, ALTO = Clef("G", 2), Clef("F", 4), Clef("C", 3)

CLEFS: dict[str, tuple[Clef, ...]] = {
    "guitar-nylon": (Clef("G", 2, -1),),
    "guitar-steel": (Clef("G", 2, -1),),
    "electric-guitar": (Clef("G", 2, -1),),
    "electric-bass": (Clef("F", 4, -1),),
    "double-bass": (Clef("F", 4, -1),),
    "viola": (ALTO, TREBLE),
}
"""Clefs of instruments that use others than treble and bass."""

TWO_STAVES = ("piano", "electric-piano", "harpsichord", "organ", "accordion", "harp", UNKNOWN)
"""Instruments for two hands, with a staff for each."""

WIDE_RANGE = (53, 67)
"""MIDI pitches; two hands have two staves if notes lie below the first and above the second."""

MELODY_RANGE = 24
"""Semitones; within it, a single line is on one staff, whatever the instrument."""


def notate(
    players: Sequence[tuple[str, Sequence[Note]]],
    rhythm: Rhythm,
    key: Key | None = None,
    chords: Sequence[Chord] = (),
) -> Score:
    """Write the notes of players as a score.

    Parameters
    ----------
    players
        Names and notes, none of them a drum's.
    rhythm, key
        The rhythm and key.
    chords
        The chords; each one is written at the note nearest to its onset.

    Examples
    --------
    >>> notes = [Note(i / 2, i / 2 + 0.5, 60 + i) for i in range(5)]
    >>> score = notate([("Flute", notes)], Rhythm(120.0, np.arange(9) / 2))
    >>> [symbol.value.type for symbol in score.players[0].staves[0].bars[0][0]]
    ['quarter', 'quarter', 'quarter', 'quarter']
    """
    metre = Metre(rhythm.metre, round(TICKS_PER_BEAT / rhythm.beat_quarters))
    quantised = [(name, quantise(notes, rhythm)) for name, notes in players]
    bars, shift = _bars([note for _, own in quantised for note in own], metre)
    quantised = [
        (name, [note._replace(start=note.start - shift, stop=note.stop - shift) for note in own])
        for name, own in quantised
    ]
    everything = [note for _, own in quantised for note in own]
    names = _names(everything, key)
    written = [_player(name, own, metre, bars, key, names) for name, own in quantised]
    written.sort(key=lambda player: (len(player[1].staves), -player[0]))
    return Score(
        metre,
        bars,
        rhythm.tempo,
        rhythm.swing,
        key,
        [player for _, player in written],
        _chord_starts(chords, everything),
        shift - (-rhythm.downbeat) % rhythm.metre * TICKS_PER_BEAT,
    )


def _bars(placed: Sequence[QuantisedNote], metre: Metre) -> tuple[list[Bar], int]:
    """Return the bars from the first note to the last, and the ticks before the first full one.

    Notes that begin a beat or more after the first downbeat are a pick-up.
    """
    first, last = (choose(note.start for note in placed) for choose in (min, max))
    stop = max(last + 1, max(note.stop for note in placed) - TICKS_PER_BEAT // 4)
    start = first // metre.bar * metre.bar
    lead = first - start
    if lead < metre.bar - TICKS_PER_BEAT:
        lead = lead // TICKS_PER_BEAT * TICKS_PER_BEAT
    is_pick_up = lead >= TICKS_PER_BEAT and stop > start + metre.bar
    shift = start + metre.bar if is_pick_up else start
    n_bars = max(-int(-(stop - shift) // metre.bar), 1)
    bars = [Bar(i + 1, i * metre.bar, (i + 1) * metre.bar) for i in range(n_bars)]
    return [Bar(0, lead - metre.bar, 0), *bars] if is_pick_up else bars, shift


def _names(placed: Sequence[QuantisedNote], key: Key | None) -> dict[tuple[int, int], str]:
    """Return the spelling of every note by its start and pitch, for all players together."""
    keys = sorted({(note.start, note.note.midi) for note in placed})
    return dict(zip(keys, spell_notes([midi for _, midi in keys], key), strict=True))


def _player(
    name: str,
    placed: list[QuantisedNote],
    metre: Metre,
    bars: list[Bar],
    key: Key | None,
    names: dict[tuple[int, int], str],
) -> tuple[float, Player]:
    """Return a player, behind the mean pitch."""
    programme = placed[0].note.programme
    instrument = of_programme(programme)
    pitches = [note.note.midi for note in placed]
    groups = [placed]
    if (
        instrument.name in TWO_STAVES
        and min(pitches) < WIDE_RANGE[0]
        and max(pitches) > WIDE_RANGE[1]
        and not (max(pitches) - min(pitches) <= MELODY_RANGE and _is_line(placed))
    ):
        groups = list(share_hands(placed))
    most_voices = min(instrument.voices, 2)
    clefs = CLEFS.get(instrument.name, (TREBLE, BASS))
    staves = []
    for i, own in enumerate(groups):
        voices = find_voices(own, metre, bars[-1].stop, most_voices)
        clef = _clef([note.note.midi for note in own], clefs) if own else clefs[-1 if i else 0]
        staves.append(Staff(clef, _measured(voices, own, metre, bars, key, names)))
    return float(np.mean(pitches)), Player(name, programme, staves)


def _is_line(placed: Sequence[QuantisedNote]) -> bool:
    """Whether no more than one note begins at a time."""
    return len({note.start for note in placed}) == len(placed)


def _clef(pitches: Sequence[int], clefs: Sequence[Clef]) -> Clef:
    """Choose the clef with the fewest ledger lines."""
    middles = {"G": 71, "F": 50, "C": 60}

    def ledgers(clef: Clef) -> float:
        away = np.abs(np.asarray(pitches) - middles[clef.sign] - 12 * clef.octaves)
        return float(np.maximum(away - 8, 0).sum())

    return min(clefs, key=ledgers)


def _measured(
    voices: Sequence[Sequence[Event]],
    placed: Sequence[QuantisedNote],
    metre: Metre,
    bars: Sequence[Bar],
    key: Key | None,
    names: dict[tuple[int, int], str],
) -> list[list[Voice]]:
    """Return the voices of each bar, with rests, accidentals and beams."""
    measured = []
    for bar in bars:
        lead = metre.bar - (bar.stop - bar.start)  # of a pick-up: what is missing of the bar
        filled = []
        for events in voices:
            tones = {
                event: tuple(
                    sorted(
                        {_tone(placed[i], names) for i in event.notes},
                        key=lambda tone: (tone.octave, "CDEFGAB".index(tone.name[0]), tone.name),
                    )
                )
                for event in events
                if event.start < bar.stop and event.stop > bar.start
            }
            if tones:
                filled.append(_symbols(tones, metre, bar, lead))
        if not filled:
            is_full = bar.stop - bar.start == metre.bar
            filled = [[Symbol(0, metre.bar, None)] if is_full else _symbols({}, metre, bar, lead)]
        measured.append(_with_accidentals(filled, key))
    return measured


def _tone(placed: QuantisedNote, names: dict[tuple[int, int], str]) -> Tone:
    name = names[placed.start, placed.note.midi]
    midi = max(placed.note.midi, placed.note.midi % 12 + LOWEST_PITCH)
    octave = octave_of(midi, name)
    return Tone(name, octave) if octave >= 0 else Tone("C", 0)


def _symbols(
    tones: dict[Event, tuple[Tone, ...]],
    metre: Metre,
    bar: Bar,
    lead: int,
) -> Voice:
    """Return the symbols of a voice in a bar."""
    symbols: Voice = []
    edges = {
        at - bar.start + lead
        for event in tones
        for at in (event.start, event.stop)
        if bar.start <= at <= bar.stop
    }
    spans = triplets_of(metre, sorted(edges))
    at = bar.start

    def write(start: int, stop: int, event: Event | None) -> None:
        origin = bar.start - lead
        begins = split(metre, start - origin, stop - origin, spans, is_rest=event is None)
        for begin, end in zip(begins, [*begins[1:], stop - origin], strict=True):
            span = next((s for s in spans if s.start <= begin < end <= s.stop), None)
            if span and (begin, end) == span:
                span = None
            value = metre.value((end - begin) * 3 // 2 if span else end - begin)
            symbols.append(
                Symbol(
                    begin - lead,
                    end - begin,
                    value,
                    tones[event] if event else (),
                    tied_before=event is not None and begin + origin > event.start,
                    tied_after=event is not None and end + origin < event.stop,
                    tuplet=Tuplet(3, 2, False, False) if span else None,
                )
            )

    for event in tones:
        start, stop = max(event.start, bar.start), min(event.stop, bar.stop)
        if start > at:
            write(at, start, None)
        write(start, stop, event)
        at = stop
    if at < bar.stop:
        write(at, bar.stop, None)
    return _with_beams(_with_tuplets(symbols, spans, lead), metre, lead)


def _with_tuplets(symbols: Voice, spans: Sequence[Span], lead: int) -> Voice:
    """Mark the first and the last symbol of each triplet; six parts make a sextuplet."""
    for span in spans:
        inside = [
            i
            for i, symbol in enumerate(symbols)
            if symbol.tuplet and span.start <= symbol.start + lead < span.stop
        ]
        if not inside:
            continue
        third = (span.stop - span.start) // 3
        is_fine = any((symbols[i].start + lead - span.start) % third for i in inside)
        ratio = (6, 4) if is_fine else (3, 2)
        for i in inside:
            tuplet = Tuplet(*ratio, is_first=i == inside[0], is_last=i == inside[-1])
            symbols[i] = replace(symbols[i], tuplet=tuplet)
    return symbols


def _with_beams(symbols: Voice, metre: Metre, lead: int) -> Voice:
    """Beam the notes of each beat, and plain eighth notes of two beats of an even bar."""
    groups: list[list[int]] = []
    for key, members in groupby(
        range(len(symbols)), lambda i: _beam_group(symbols[i], metre, lead)
    ):
        own = list(members)
        if key is None:
            continue
        joins = (
            groups
            and groups[-1][-1] == own[0] - 1
            and metre.groups == (2, 2)
            and not metre.is_compound
            and key % 2 == 1
            and all(_is_plain_eighth(symbols[i]) for i in (*groups[-1], *own))
            and _beam_group(symbols[groups[-1][0]], metre, lead) == key - 1
        )
        if joins:
            groups[-1] += own
        else:
            groups.append(own)
    for own in groups:
        levels = [_n_beams(symbols[i]) for i in own]
        if len(own) < 2:
            continue
        for rank, i in enumerate(own):
            symbols[i] = replace(symbols[i], beams=_beams(levels, rank))
    return symbols


def _beam_group(symbol: Symbol, metre: Metre, lead: int) -> int | None:
    """Return the beat, or group of short beats, in which a note is beamed; None if it is not."""
    if not symbol.tones or _n_beams(symbol) == 0:
        return None
    beat = (symbol.start + lead) // TICKS_PER_BEAT
    if metre.quarter <= TICKS_PER_BEAT:
        return beat
    ends = np.cumsum(metre.groups)
    return int(np.searchsorted(ends, beat, side="right"))


def _is_plain_eighth(symbol: Symbol) -> bool:
    return symbol.value is not None and symbol.value == ("eighth", 0) and symbol.tuplet is None


def _n_beams(symbol: Symbol) -> int:
    kinds = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4}
    return kinds.get(symbol.value.type, 0) if symbol.value else 0


def _beams(levels: Sequence[int], rank: int) -> tuple[Beam, ...]:
    """Return the beams of the note at `rank` of a group, whose notes have these many beams."""
    beams: list[Beam] = []
    for level in range(1, levels[rank] + 1):
        before = rank > 0 and levels[rank - 1] >= level
        after = rank + 1 < len(levels) and levels[rank + 1] >= level
        if before or after:
            beams.append("continue" if before and after else "end" if before else "begin")
        else:
            beams.append("backward hook" if rank else "forward hook")
    return tuple(beams)


def _with_accidentals(voices: list[Voice], key: Key | None) -> list[Voice]:
    """Add the accidentals of a bar: what differs from the key signature or from before."""
    fifths = key.fifths if key else 0
    sharps, flats = "FCGDAEB"[: max(fifths, 0)], "BEADGCF"[: max(-fifths, 0)]
    signs: dict[tuple[str, int], int] = {}
    order = sorted(
        ((symbol.start, v, i) for v, voice in enumerate(voices) for i, symbol in enumerate(voice))
    )
    for _, v, i in order:
        symbol = voices[v][i]
        if symbol.tied_before:
            continue
        tones = []
        for tone in symbol.tones:
            letter, wanted = tone.name[0], signs_of(tone.name)
            known = signs.get((letter, tone.octave), (letter in sharps) - (letter in flats))
            signs[letter, tone.octave] = wanted
            tones.append(tone._replace(accidental=wanted) if wanted != known else tone)
        voices[v][i] = replace(symbol, tones=tuple(tones))
    return voices


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
