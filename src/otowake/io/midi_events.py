"""Parse the events of a Standard MIDI File without relying on its headers.

Text, key signatures and time signatures are skipped. A RIFF wrapper (RMID) or other bytes before
the file, unknown chunks, a wrong number of tracks and wrong track lengths are tolerated. A file
that ends in the middle of a track is refused, because the missing part is unknown.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

OFF, ON, PROGRAMME, TEMPO, END = range(5)
"""Kinds of events."""

MOST_DIGITS = 8
"""Maximum number of bytes of a number; the standard allows 4, some programs write more."""

_HEADER, _TRACK = b"MThd", b"MTrk"
_KINDS = {0x80: OFF, 0x90: ON, 0xC0: PROGRAMME}
_SYSTEM = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""Data bytes of system messages except exclusive ones; others have none."""


class Event(NamedTuple):
    """An event of a track: `value` is a key, a programme or microseconds per beat.

    Channels of port n begin at 16n.
    """

    tick: int
    track: int
    kind: int
    channel: int = 0
    value: int = 0
    velocity: int = 0


def events_of(content: bytes) -> tuple[int, list[Event]]:
    """Return the unit of time of a file, and its events in order of time.

    Raises
    ------
    ValueError
        If the file is no Standard MIDI File, truncated, damaged, or of type 2 without
        exactly one track of notes.
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
    events = [event for track in tracks for event in track]
    return unit, sorted(events, key=lambda event: event.tick)


def _tracks(content: bytes, start: int, size: int) -> list[list[Event]]:
    """Parse the tracks after the header at `start`; other chunks are skipped."""
    tracks: list[list[Event]] = []
    at = start + size if _is_chunk(content, start + size) else start + 6
    while at < len(content):
        if content.startswith(_TRACK, at):
            events, at = _track(content, at + 4, len(tracks))
            tracks.append(events)
        elif _is_chunk(content, at):
            at += 8 + int.from_bytes(content[at + 4 : at + 8], "big")
        else:
            at = content.find(_TRACK, at)
            if at < 0:
                break
    return tracks


def _is_chunk(content: bytes, at: int) -> bool:
    """Whether a track begins here, or a chunk with a four-letter name and a valid length."""
    name, size = content[at : at + 4], content[at + 4 : at + 8]
    fits = len(size) == 4 and at + 8 + int.from_bytes(size, "big") <= len(content)
    return name == _TRACK or (len(name) == 4 and name.isalnum() and fits)


def _track(content: bytes, at: int, track: int) -> tuple[list[Event], int]:
    """Parse the track whose length is stored at `at`; also return the start of the next chunk.

    A track ends with its end-of-track event, or at its length if the file ends or a chunk begins
    there.
    """
    (size,) = struct.unpack_from(">I", content, at)
    at += 4
    end = at + size
    events: list[Event] = []
    tick = status = port = 0
    while not (_ends(content, at) if at == end else at > end and content.startswith(_TRACK, at)):
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
            size = 1 if code & 0xE0 == 0xC0 else 2
            data, at = _bytes(content, at, size)
            if message := _voice(code, data):
                events.append(Event(tick, track, message[0], 16 * port + (code & 15), *message[1:]))
        elif code == 0xFF:
            kind = content[at]
            data, at = _data(content, at + 1)
            if kind == 0x2F:
                events.append(Event(tick, track, END))
                return events, end if at <= end and _ends(content, end) else at
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


def _voice(code: int, data: bytes) -> tuple[int, int, int] | None:
    """Return kind, value and velocity of a channel message; None for irrelevant messages.

    A velocity above 127 counts as 127; a key or a programme above 127 is skipped.
    """
    kind, value, velocity = _KINDS.get(code & 0xF0), data[0], data[-1]
    if kind is None or value > 127:
        return None
    return OFF if kind == ON and not velocity else kind, value, min(velocity, 127)


def _data(content: bytes, at: int) -> tuple[bytes, int]:
    """Read a byte count and then that many bytes; also return the next position."""
    size, at = _number(content, at)
    return _bytes(content, at, size)


def _bytes(content: bytes, at: int, size: int) -> tuple[bytes, int]:
    """Read `size` bytes; also return the next position."""
    if at + size > len(content):
        raise IndexError(at + size)
    return content[at : at + size], at + size


def _number(content: bytes, at: int) -> tuple[int, int]:
    """Read a number of variable length; also return the next position."""
    value = 0
    for index in range(at, at + MOST_DIGITS):
        value = value << 7 | content[index] & 127
        if content[index] < 0x80:
            return value, index + 1
    raise ValueError("a number in it is too large or has no end")
