"""Build Standard MIDI Files from raw bytes, and summarise the notes read from them."""

import struct


def header(kind, n_tracks, unit=480):
    return b"MThd" + struct.pack(">LHHH", 6, kind, n_tracks, unit & 0xFFFF)


def track(*events):
    """Build a track with an end from raw events, each with its delta time."""
    body = b"".join(events) + b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">L", len(body)) + body


def wait(ticks):
    """Encode a delta time in two bytes."""
    return bytes([0x80 | ticks >> 7, ticks & 127])


def tempo(ticks, microseconds):
    return wait(ticks) + b"\xff\x51\x03" + microseconds.to_bytes(3, "big")


def meta(kind, content):
    return b"\x00\xff" + bytes([kind, len(content)]) + content


def spans(notes):
    """Return onset, offset and MIDI pitch of notes, rounded to microseconds."""
    return [(round(n.onset, 6), round(n.offset, 6), n.midi) for n in notes]
