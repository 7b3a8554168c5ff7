"""Read and write notes as Standard MIDI Files."""

from __future__ import annotations

import heapq
import io
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mido

from otowake import text
from otowake.errors import BadInput, CannotWrite
from otowake.io.audio import Path_, check_file
from otowake.io.midi_events import OFF, ON, PROGRAMME, TEMPO, Event, events_of
from otowake.text import Text
from otowake.types import Note
from otowake.untrusted import content_of

MOST_BYTES = 2 * 2**20
"""Bytes, the maximum size of a file: 350,000 notes with running status, hours of dense piano."""

MOST_SECONDS = 24 * 3600.0
"""Seconds, the latest offset of a note."""

DRUM_CHANNEL = 9
"""The channel of the drums, counted from 0."""

PORTS = 128
"""MIDI ports of 16 channels each; further lanes share them."""

MOST_DELTA_TICKS = 2**28 - 1
"""Maximum number of ticks between two events in a file."""

PITCHED_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]
DEFAULT_TEMPO = 500_000
"""Microseconds per beat in a file without a tempo: 120 BPM."""

BEND_RANGE = 200.0
"""Cents, the default range of the pitch wheel up and down."""

BEND_INTERVAL, BEND_STEP = 0.01, 2.0
"""Seconds and cents, how finely the pitch wheel follows a pitch contour."""

TICKS_PER_BEAT = 960
"""Time resolution of written files."""

FRAMES_PER_SECOND = {24: 24.0, 25: 25.0, 29: 30000 / 1001, 30: 30.0}
"""SMPTE frame rates by their code (29 is 30 drop-frame)."""

Message = Any  # mido has no types


def read_notes(path: Path_) -> list[Note]:
    """Read the notes of a MIDI file, ordered by onset and pitch.

    Tempo changes on any track apply to all; SMPTE times are supported. A note lasts from note-on to
    note-off; the pedal is ignored. Of overlapping notes of one key, the first to begin is the first
    to end; a note without note-off lasts to the end of the file. Bad signatures, unknown chunks and
    wrong lengths are tolerated.

    Parameters
    ----------
    path
        A Standard MIDI File of type 0 or 1, or of type 2 with one track of notes; also in RIFF
        (``.rmi``).

    Raises
    ------
    BadInput
        If the file is missing, damaged, truncated, larger than 2 MiB or longer than a day, or
        contains several pieces.

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
        return _notes(content_of(path, MOST_BYTES))
    except OSError as error:
        raise BadInput(text.NOT_READABLE, path=path, why=text.reason_of(error)) from error
    except ValueError as error:
        raise BadInput(text.NOT_MIDI, path=path, why=error) from error


def _notes(content: bytes) -> list[Note]:
    unit, events = events_of(content)
    programme: defaultdict[int, int] = defaultdict(int)
    down: defaultdict[tuple[int, int, int], deque[Note]] = defaultdict(deque)
    notes: list[Note] = []
    now = 0.0
    for now, event in _timed(unit, events):
        held = down[event.track, event.channel, event.value]
        if event.kind == PROGRAMME:
            programme[event.channel] = event.value
        elif event.kind == ON:
            loudness, sound = event.velocity / 127, programme[event.channel]
            held.append(
                Note(now, now, event.value, loudness, sound, event.channel % 16 == DRUM_CHANNEL)
            )
        elif event.kind == OFF and held:
            notes.append(replace(held.popleft(), offset=now))
    notes += [replace(note, offset=now) for held in down.values() for note in held]
    return sorted(notes, key=lambda note: (note.onset, note.midi))


def _timed(unit: int, events: Sequence[Event]) -> Iterator[tuple[float, Event]]:
    """Yield events in order of time, with their times in seconds."""
    rate = FRAMES_PER_SECOND.get(-(unit >> 8), 0) * (unit & 255)
    if unit > 0:
        pace = DEFAULT_TEMPO * 1e-6 / unit
    elif rate:
        pace = 1 / rate
    else:
        raise ValueError(f"its unit of time, {unit}, is unknown")
    seconds, before = 0.0, 0
    for event in events:
        seconds += (event.tick - before) * pace
        before = event.tick
        if seconds > MOST_SECONDS:
            raise ValueError("it is longer than a day")
        if event.kind == TEMPO and unit > 0:
            pace = event.value * 1e-6 / unit
        yield seconds, event


def write_notes(
    notes: Sequence[Note],
    path: Path_,
    *,
    tempo: float = 120.0,
    bend: bool = False,
    tracks: Sequence[tuple[str, Sequence[int]]] = (),
) -> None:
    """Write notes as a MIDI file of type 1.

    Every entry of `tracks` becomes a track, and so does every instrument of the other notes. Drums
    use channel 10. Times are exact to a quarter of a millisecond at 120 BPM; a note lasts at least
    one tick. Overlapping notes of one player and key use different channels, so all offsets are
    kept; with `bend`, all simultaneous notes do, because a bend applies to a whole channel. From
    the 16th pitched channel on, notes use further MIDI ports, on tracks of the same name.

    Parameters
    ----------
    notes
        The notes in any order.
    path
        The file; an earlier one is replaced.
    tempo
        Beats per minute, from 20 to 400; it moves the beats, not the notes.
    bend
        Whether pitch bend (default range, ±2 semitones) shifts each note by its cents, or follows
        its pitch contour.
    tracks
        The names of tracks, each with the indices of its notes.

    Raises
    ------
    BadInput
        If the tempo is out of range, or an offset is later than a day.
    CannotWrite
        If the file can't be written; an earlier one does not change.

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
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    file.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=beat)]))
    track_of = {index: name for name, indices in tracks for index in indices}
    names = [track_of.get(index, "") for index in range(len(notes))]
    events = _by_track(notes, names, ticks_per_second=TICKS_PER_BEAT * 1e6 / beat, bend=bend)
    order = {name: number for number, (name, _) in enumerate(tracks)}
    for name, port, channel in sorted(events, key=lambda key: (order.get(key[0], -1), *key[1:])):
        track = file.add_track(name or None)
        if port:
            track.append(mido.MetaMessage("midi_port", port=port))
        before = 0
        for tick, message in events[name, port, channel]:
            while tick - before > MOST_DELTA_TICKS:
                track.append(mido.MetaMessage("text", time=MOST_DELTA_TICKS))
                before += MOST_DELTA_TICKS
            track.append(message.copy(time=tick - before))
            before = tick
    content = io.BytesIO()
    file.save(file=content)
    _replace(Path(path), content.getvalue())


def _between(low: float, high: float) -> Text:
    must = text.MUST_BE_BETWEEN
    facts = {"low": f"{low:g}", "high": f"{high:g}"}
    return Text(
        *(must.format(language, what=text.MUST_BE_NUMBER, **facts) for language in text.LANGUAGES)
    )


_Player = tuple[bool, int, str]
"""Whether the player is a drum kit, the programme, and the name of the track."""

_Lane = tuple[_Player, int]


@dataclass(frozen=True)
class _Played:
    """A note with its times in ticks, its player and its lane.

    A player is an instrument on a track, or a drum kit. On a lane of a player, notes of one key do
    not overlap; with bends, no notes overlap.
    """

    note: Note
    name: str
    begin: int
    end: int
    player: _Player
    lane: int


def _played(
    notes: Sequence[Note], names: Sequence[str], ticks_per_second: float, bend: bool
) -> list[_Played]:
    """Put each note on a free lane of its player, or on a new one, in order of time."""
    played = []
    lanes: defaultdict[Any, list[tuple[int, int]]] = defaultdict(list)
    for i in sorted(range(len(notes)), key=lambda i: notes[i].onset):
        note = notes[i]
        begin = round(note.onset * ticks_per_second)
        end = max(round(note.offset * ticks_per_second), begin + 1)
        player = (note.is_drum, note.programme, "" if note.is_drum else names[i])
        used = lanes[player, None if bend and not note.is_drum else note.midi]
        is_free = bool(used) and used[0][0] <= begin
        lane = used[0][1] if is_free else len(used)
        (heapq.heapreplace if is_free else heapq.heappush)(used, (end, lane))
        played.append(_Played(note, names[i], begin, end, player, lane))
    return played


def _channels(played: Sequence[_Played]) -> dict[_Lane, tuple[int, int]]:
    """Assign a port and a channel to every lane, the first lanes of all players first."""
    channels = {}
    n_drums = n_pitched = 0
    lanes = {(note.player, note.lane) for note in played}
    for player, lane in sorted(lanes, key=lambda pair: pair[::-1]):
        if player[0]:
            channels[player, lane] = n_drums % PORTS, DRUM_CHANNEL
            n_drums += 1
        else:
            port, index = divmod(n_pitched, len(PITCHED_CHANNELS))
            channels[player, lane] = port % PORTS, PITCHED_CHANNELS[index]
            n_pitched += 1
    return channels


def _by_track(
    notes: Sequence[Note], names: Sequence[str], ticks_per_second: float, bend: bool
) -> dict[tuple[str, int, int], list[tuple[int, Message]]]:
    """Return the messages of each track with times in ticks; offsets precede simultaneous onsets.

    The key of a track is its name, its port and, without a name, its channel. A programme is set
    where a lane begins on a track. Programme and bend are set again where another port has changed
    them, for programs that ignore ports.
    """
    played = _played(notes, names, ticks_per_second, bend)
    channels = _channels(played)
    moments = [moment for on_lane in played for moment in _moments(on_lane, ticks_per_second, bend)]
    events: dict[tuple[str, int, int], list[tuple[int, Message]]] = defaultdict(list)
    begun: set[Any] = set()
    programme: dict[int, int] = {}
    bent: dict[Any, int] = {}
    for tick, kind, on_lane, steps in sorted(moments, key=lambda moment: moment[:2]):
        note, lane = on_lane.note, (on_lane.player, on_lane.lane)
        port, channel = channels[lane]
        key = (on_lane.name, port, 0 if on_lane.name else channel)
        track = events[key]
        begins = kind == _BEGIN
        if begins and ((key, lane) not in begun or programme[channel] != note.programme):
            begun.add((key, lane))
            programme[channel] = note.programme
            change = mido.Message("program_change", channel=channel, program=note.programme)
            track.append((tick, change))
        if steps is not None:
            if {bent.get(lane, 0), bent.get(channel, 0)} != {steps}:
                track.append((tick, mido.Message("pitchwheel", channel=channel, pitch=steps)))
            bent[lane] = bent[channel] = steps
        if kind != _BEND:
            velocity = max(1, round(127 * note.velocity)) if begins else 0
            name = "note_on" if begins else "note_off"
            message = mido.Message(name, channel=channel, note=note.midi, velocity=velocity)
            track.append((tick, message))
    return events


_END, _BEND, _BEGIN = range(3)
"""What happens to a note; at the same time in this order."""


def _moments(
    on_lane: _Played, ticks_per_second: float, bend: bool
) -> Iterator[tuple[int, int, _Played, int | None]]:
    """Yield time in ticks, what happens and the position of the pitch wheel, if it is to be set.

    Along a pitch contour, the wheel moves whenever the pitch has changed by :data:`BEND_STEP`, but
    not more often than every :data:`BEND_INTERVAL`.
    """
    note, begin = on_lane.note, on_lane.begin
    bends = bend and not note.is_drum
    steps = _wheel(float(note.cents_at(0.0))) if bends else None
    yield begin, _BEGIN, on_lane, steps
    yield on_lane.end, _END, on_lane, None
    if bends and note.contour:
        n = int((on_lane.end - begin) / ticks_per_second / BEND_INTERVAL)
        seconds = {k * BEND_INTERVAL for k in range(1, n + 1)} | {time for time, _ in note.contour}
        for time, cents in zip(ordered := sorted(seconds), note.cents_at(ordered), strict=True):
            tick, new = begin + round(time * ticks_per_second), _wheel(float(cents))
            if begin < tick < on_lane.end and abs(new - (steps or 0)) >= _wheel(BEND_STEP):
                steps = new
                yield tick, _BEND, on_lane, steps


def _wheel(cents: float) -> int:
    """Return the position of the pitch wheel for a deviation, from −8,192 to 8,191."""
    return min(max(round(cents / BEND_RANGE * 8192), -8192), 8191)


def _replace(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it: whole or not at all."""
    part = path.with_name(f".part-{path.name}")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CannotWrite(text.CANT_WRITE, path=path, why=text.reason_of(error)) from error
