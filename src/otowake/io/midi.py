"""Notes from and to Standard MIDI Files."""

from __future__ import annotations

import io
import re
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido

from otowake import text
from otowake.errors import BadInput, CannotWrite
from otowake.io.audio import Path_, check_file
from otowake.outside import content_of
from otowake.text import Text
from otowake.types import Note

MOST_BYTES = 2 * 2**20
"""The largest file that is read: 350,000 notes with running status, hours of dense piano."""

MOST_SECONDS = 24 * 3600.0
"""The latest that a note may end."""

ENDLESS = re.compile(rb"[\x80-\xff]{4096}")
"""What no music holds: mido would take such bytes for one number, and be at it for hours."""

DRUMS = 9
"""The channel of the drums, counted from 0."""

PITCHED = [channel for channel in range(16) if channel != DRUMS]
USUAL_TEMPO = 500_000
"""Microseconds a beat where a file does not say: 120 beats a minute."""

BEND_RANGE = 200.0
"""Cents that the pitch wheel reaches, up and down, where a file does not say."""

TICKS = 960
"""Ticks a beat in the files written."""

FRAMES_PER_SECOND = {24: 24.0, 25: 25.0, 29: 30000 / 1001, 30: 30.0}
"""SMPTE: what a file says, and what it means (29 is 30 with dropped numbers)."""

HEARD = ("note_on", "note_off", "program_change", "set_tempo", "end_of_track")

Message = Any  # of mido, which is not typed


def read_notes(path: Path_) -> list[Note]:
    """The notes of a MIDI file, by onset and pitch.

    Tempo changes are followed, in whichever track they are; SMPTE times are understood. A note lasts while its key is
    down (the pedal is not looked at). Where a key goes down twice, the first to begin is the first to end; one that
    never comes up is held to the end of the file.

    Parameters
    ----------
    path
        A Standard MIDI File of type 0 or 1.

    Raises
    ------
    BadInput
        If there is no such file, or it is damaged, larger than 2 MiB, longer than a day, or of type 2.

    Examples
    --------
    >>> from otowake.io.audio import demo_path
    >>> notes = read_notes(demo_path().with_suffix(".mid"))
    >>> len(notes), notes[1].onset, notes[1].offset, notes[1].midi, notes[1].programme
    (35, 1.0, 1.5, 62, 21)
    """
    path = Path(path)
    check_file(path)
    try:
        content = content_of(path, MOST_BYTES)
    except OSError as error:
        raise BadInput(text.NOT_READABLE, path=path, why=error.strerror) from error
    except ValueError as error:
        raise BadInput(text.NOT_MIDI, path=path, why=error) from error
    try:
        return _notes(content)
    except Exception as error:  # mido has no error of its own: a damaged file may raise nearly anything
        raise BadInput(text.NOT_MIDI, path=path, why=str(error).rstrip(".") or "it is cut short") from error


def _notes(content: bytes) -> list[Note]:
    if ENDLESS.search(content):
        raise ValueError("a number in it has no end")
    file = mido.MidiFile(file=io.BytesIO(content), clip=True)
    if file.type not in (0, 1):
        raise ValueError(f"it is of type {file.type}")
    programme = [0] * 16
    down: defaultdict[tuple[int, int], deque[Note]] = defaultdict(deque)
    notes: list[Note] = []
    now = 0.0
    for now, event in _timed(file):
        if event.type == "program_change":
            programme[event.channel] = event.program
        elif event.type == "note_on" and event.velocity:
            drum = event.channel == DRUMS
            note = Note(now, now, event.note, event.velocity / 127, programme[event.channel], drum)
            down[event.channel, event.note].append(note)
        elif event.type.startswith("note") and down[event.channel, event.note]:
            notes.append(replace(down[event.channel, event.note].popleft(), offset=now))
    notes += [replace(note, offset=now) for held in down.values() for note in held]
    return sorted(notes, key=lambda note: (note.onset, note.midi))


def _timed(file: mido.MidiFile) -> Iterator[tuple[float, Message]]:
    """The events of all tracks in order of time, with their times in seconds."""
    unit = file.ticks_per_beat
    rate = FRAMES_PER_SECOND.get(-(unit >> 8), 0) * (unit & 255)
    if unit > 0:
        pace = USUAL_TEMPO * 1e-6 / unit
    elif rate:
        pace = 1 / rate
    else:
        raise ValueError(f"its unit of time, {unit}, is unknown")
    seconds, before = 0.0, 0
    for tick, event in sorted(_events(file), key=lambda pair: pair[0]):
        seconds += (tick - before) * pace
        before = tick
        if seconds > MOST_SECONDS:
            raise ValueError("it is longer than a day")
        if event.type != "set_tempo":
            yield seconds, event
        elif unit > 0:
            pace = event.tempo * 1e-6 / unit


def _events(file: mido.MidiFile) -> Iterator[tuple[int, Message]]:
    """The events that matter, track by track, with their times in ticks."""
    for track in file.tracks:
        tick = 0
        for event in track:
            tick += event.time
            if event.type in HEARD:
                yield tick, event


def write_notes(
    notes: Sequence[Note],
    path: Path_,
    *,
    tempo: float = 120.0,
    bend: bool = False,
    tracks: Sequence[tuple[str, Sequence[int]]] = (),
) -> None:
    """Write notes as a MIDI file of type 1: a track for each of `tracks`, and of the other notes for each instrument; drums on
    channel 10.

    Times are right to a quarter of a millisecond at 120 beats a minute. Where there are more than 15 players,
    they take turns on the channels. A bend holds for a whole channel: with `bend` the notes that sound together lie on
    channels of their own, as far as the 15 go.

    Parameters
    ----------
    notes
        In any order.
    path
        Where to write; an earlier file is replaced.
    tempo
        Beats a minute, from 20 to 400: it changes how the beats lie, not when the notes sound.
    bend
        Whether pitch bend (of the usual range, ±2 semitones) shifts each note by its cents.
    tracks
        Names, and the places of the notes that are on the track of that name.

    Raises
    ------
    BadInput
        If the tempo is out of its bounds, or a note ends after more than a day.
    CannotWrite
        If the file can't be written; an earlier one is then still there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_notes([Note(0.5, 1.0, 60, velocity=1.0)], f"{folder}/a.mid")
    ...     read_notes(f"{folder}/a.mid") == [Note(0.5, 1.0, 60, velocity=1.0)]
    True
    """
    if not 20 <= tempo <= 400:
        raise BadInput(text.OPTION, name="tempo", must=_between(20, 400), value=tempo)
    latest = max((note.offset for note in notes), default=0.0)
    if latest > MOST_SECONDS:
        raise BadInput(text.OPTION, name="offset", must=_between(0, MOST_SECONDS), value=latest)
    beat = round(60e6 / tempo)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=beat)]))
    track_of = {place: name for name, places in tracks for place in places}
    names = [track_of.get(place, "") for place in range(len(notes))]
    found = _by_track(notes, names, ticks_per_second=TICKS * 1e6 / beat, bend=bend)
    order = {name: number for number, (name, _) in enumerate(tracks)}
    for (name, _), events in sorted(found.items(), key=lambda item: (order.get(item[0][0], -1), item[0][1])):
        track = file.add_track(name or None)
        before = 0
        for tick, message in events:
            track.append(message.copy(time=tick - before))
            before = tick
    content = io.BytesIO()
    file.save(file=content)
    _replace(Path(path), content.getvalue())


def _between(low: float, high: float) -> Text:
    must = text.MUST_BE_BETWEEN
    facts = {"low": f"{low:g}", "high": f"{high:g}"}
    return Text(*(must.format(language, what=text.MUST_BE_NUMBER, **facts) for language in text.LANGUAGES))


def _channels(notes: Sequence[Note], names: Sequence[str]) -> list[int]:
    """The channel of each note: one for each track, and of the notes of none for each instrument."""
    keys = [(note.programme, name) for note, name in zip(notes, names, strict=True)]
    players = sorted({key for key, note in zip(keys, notes, strict=True) if not note.is_drum})
    channels = {player: PITCHED[i % len(PITCHED)] for i, player in enumerate(players)}
    return [DRUMS if note.is_drum else channels[key] for key, note in zip(keys, notes, strict=True)]


def _own_channels(notes: Sequence[Note]) -> list[int]:
    """The channel of each note: one that is silent, or will be the soonest."""
    found = [DRUMS] * len(notes)
    silent_from = dict.fromkeys(PITCHED, 0.0)
    for i in sorted(range(len(notes)), key=lambda i: notes[i].onset):
        if not notes[i].is_drum:
            free = [channel for channel in PITCHED if silent_from[channel] <= notes[i].onset]
            found[i] = free[0] if free else min(PITCHED, key=lambda channel: silent_from[channel])
            silent_from[found[i]] = notes[i].offset
    return found


def _by_track(
    notes: Sequence[Note], names: Sequence[str], ticks_per_second: float, bend: bool
) -> dict[tuple[str, int], list[tuple[int, Message]]]:
    """What is on each track (its name, or none and its channel), with times in ticks: at one time, what ends comes before what begins."""
    strokes: list[tuple[int, bool, int, str, Note]] = []
    channels = _own_channels(notes) if bend else _channels(notes, names)
    for note, channel, name in zip(notes, channels, names, strict=True):
        begin = round(note.onset * ticks_per_second)
        end = max(round(note.offset * ticks_per_second), begin + 1)
        strokes += [(begin, True, channel, name, note), (end, False, channel, name, note)]
    events: dict[tuple[str, int], list[tuple[int, Message]]] = defaultdict(list)
    programme: dict[int, int] = {}
    bent = dict.fromkeys(PITCHED, 0)
    for tick, begins, channel, name, note in sorted(strokes, key=lambda stroke: stroke[:2]):
        own = events[name, 0 if name else channel]
        if begins and programme.get(channel) != note.programme:
            programme[channel] = note.programme
            change = mido.Message("program_change", channel=channel, program=note.programme)
            own.append((tick, change))
        if begins and bend and channel != DRUMS:
            steps = min(max(round((note.cents or 0.0) / BEND_RANGE * 8192), -8192), 8191)
            if steps != bent[channel]:
                bent[channel] = steps
                own.append((tick, mido.Message("pitchwheel", channel=channel, pitch=steps)))
        velocity = max(1, round(127 * note.velocity)) if begins else 0
        kind = "note_on" if begins else "note_off"
        message = mido.Message(kind, channel=channel, note=note.midi, velocity=velocity)
        own.append((tick, message))
    return events


def _replace(path: Path, content: bytes) -> None:
    """The whole file or none: written beside, then renamed."""
    part = path.with_name(f".part-{path.name}")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CannotWrite(text.CANT_WRITE, path=path, why=error.strerror or error) from error
