"""The events of a Standard MIDI File, read as sequencers read it: by what is there, not by what its headers promise.

Text, key and time signatures are passed over, whatever is in them. A file may lie in a RIFF wrapper (RMID) or behind other
bytes; chunks of other kinds, a wrong number of tracks and wrong lengths of tracks do no harm. A file that ends in the middle of
a track is refused: nobody knows what is missing.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

OFF, ON, PROGRAMME, TEMPO, END = range(5)
"""Kinds of events."""

MOST_DIGITS = 8
"""Bytes of a number: the standard has at most 4, some programs write more."""

_HEADER, _TRACK = b"MThd", b"MTrk"
_KINDS = {0x80: OFF, 0x90: ON, 0xC0: PROGRAMME}
_SYSTEM = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""Data bytes of system messages other than exclusive ones; the rest have none."""


class Event(NamedTuple):
    """What happens at a tick, on a track: ``value`` is a key, a programme or microseconds a beat; channels of port n begin at 16n."""

    tick: int
    track: int
    kind: int
    channel: int = 0
    value: int = 0
    velocity: int = 0


def events_of(content: bytes) -> tuple[int, list[Event]]:
    """The unit of time that a file says, and its events in order of time.

    Raises
    ------
    ValueError
        If it is no Standard MIDI File, cut short, damaged, or of type 2 with other than one track of notes.
    """
    start = content.find(_HEADER)
    if start < 0:
        raise ValueError("there is no MThd in it")
    try:
        size, kind, _, unit = struct.unpack_from(">IHHh", content, start + 4)
        tracks = _tracks(content, start + 8, size)
    except (IndexError, struct.error) as error:
        raise ValueError("it is cut short") from error
    if not tracks:
        raise ValueError("there is no track in it")
    if kind > 1 and sum(any(event.kind == ON for event in track) for track in tracks) != 1:
        raise ValueError(f"it is of type {kind}: its tracks are pieces of their own")
    return unit, sorted((event for track in tracks for event in track), key=lambda event: event.tick)


def _tracks(content: bytes, start: int, size: int) -> list[list[Event]]:
    """The tracks from where a header of some size starts, with other chunks and what is between them left out."""
    found: list[list[Event]] = []
    at = start + size if _is_chunk(content, start + size) else start + 6
    while at < len(content):
        if content.startswith(_TRACK, at):
            events, at = _track(content, at + 4, len(found))
            found.append(events)
        elif _is_chunk(content, at):
            at += 8 + int.from_bytes(content[at + 4 : at + 8], "big")
        else:
            at = content.find(_TRACK, at)
            if at < 0:
                break
    return found


def _is_chunk(content: bytes, at: int) -> bool:
    """Whether a chunk begins here: a track, or a name of four letters and a length that fits into the file."""
    name, size = content[at : at + 4], content[at + 4 : at + 8]
    fits = len(size) == 4 and at + 8 + int.from_bytes(size, "big") <= len(content)
    return name == _TRACK or (len(name) == 4 and name.isalnum() and fits)


def _track(content: bytes, at: int, track: int) -> tuple[list[Event], int]:
    """The events of the track whose length stands here, and where the next chunk begins.

    It ends with its end-of-track event; without one, where its length says if something ends or begins there.
    """
    (size,) = struct.unpack_from(">I", content, at)
    at += 4
    end = at + size
    events: list[Event] = []
    tick = status = port = 0
    while not (at >= end and content.startswith(_TRACK, at)) and not (at == end and _ends(content, at)):
        delta, at = _number(content, at)
        tick += delta
        code = content[at]
        if code >= 0x80:
            at += 1
        elif status:
            code = status
        else:
            raise ValueError("it is damaged")
        if code < 0xF0:
            status = code
            event, at = _voice(content, at, code, tick, track, port)
            events += [event] if event else []
        elif code == 0xFF:
            kind = content[at]
            data, at = _data(content, at + 1)
            if kind == 0x2F:
                return [*events, Event(tick, track, END)], end if _ends(content, end) and at <= end else at
            if kind == 0x51 and len(data) >= 3 and any(data[:3]):
                events.append(Event(tick, track, TEMPO, value=int.from_bytes(data[:3], "big")))
            if kind == 0x21 and data:
                port = data[0]
        elif code in (0xF0, 0xF7):
            _, at = _data(content, at)
        else:
            at += _SYSTEM.get(code, 0)
    return [*events, Event(tick, track, END)], at


def _ends(content: bytes, at: int) -> bool:
    return at == len(content) or _is_chunk(content, at)


def _voice(content: bytes, at: int, code: int, tick: int, track: int, port: int) -> tuple[Event | None, int]:
    """The event of a channel whose data begin here, if it matters, and what comes after it.

    A velocity beyond 127 is 127; a key or a programme beyond it is none.
    """
    size = 1 if code & 0xE0 == 0xC0 else 2
    value, last = content[at], content[at + size - 1]
    kind = _KINDS.get(code & 0xF0)
    if kind is None or value > 127:
        return None, at + size
    if kind == ON and last == 0:
        kind = OFF
    return Event(tick, track, kind, 16 * port + (code & 15), value, min(last, 127)), at + size


def _data(content: bytes, at: int) -> tuple[bytes, int]:
    """The bytes whose number stands here, and what comes after them."""
    size, at = _number(content, at)
    if at + size > len(content):
        raise IndexError(at + size)
    return content[at : at + size], at + size


def _number(content: bytes, at: int) -> tuple[int, int]:
    """A number of as many bytes as have their highest bit set, and one more; and what comes after it."""
    value = 0
    for place in range(at, at + MOST_DIGITS):
        value = value << 7 | content[place] & 127
        if content[place] < 0x80:
            return value, place + 1
    raise ValueError("a number in it is too large or has no end")
