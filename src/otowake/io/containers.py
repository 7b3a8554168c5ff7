"""Split a file into recordings that a decoder can read whole, and correct sizes in headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from otowake.io import flac_frames
from otowake.io.headers import is_mpeg, sound_in
from otowake.io.mpeg_frames import is_plain, streams_of, tag_size
from otowake.io.stitched import Piece

CHUNK, OVERLAP = 2**20, 64
"""Bytes searched at a time, and the overlap of neighbouring chunks."""

MOST_PIECES = 1000
"""Maximum number of joined recordings in a file that are separated."""

OTHER_CONTAINERS = re.compile(
    rb"RIFF|FLV|\x47|\x00\x00\x01\xba|\x1a\x45\xdf\xa3|\x30\x26\xb2\x75"
    rb"|....(ftyp|moov|mdat|wide|free|skip)",
    re.DOTALL,
)
"""First bytes of AVI, FLV, MPEG-TS and -PS, Matroska, ASF, MP4, which may contain MPEG audio."""

OGG_START = re.compile(rb"OggS\x00[\x02\x06].{20}", re.DOTALL)
"""The first page of a stream in Ogg."""


def pieces_of(path: Path) -> list[Piece]:
    """Return the recordings in a file in order; the whole file if it needs no correction."""
    with path.open("rb", buffering=CHUNK) as file:
        return _pieces(file) or [Piece()]


def _pieces(file: BinaryIO) -> list[Piece]:
    end = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"OggS":
        return _ogg(file, end)
    file.seek(tag_size(head))
    if file.read(4) == b"fLaC":
        return flac_frames.pieces_of(file, _positions(file, flac_frames.START), end)
    sound = sound_in(file)
    if sound and is_mpeg(file):
        stop = min(end, sound.start + sound.size) if sound.size else end
        return _mpeg(file, sound.start, stop)
    if sound:
        return [sound.piece(file, end)]
    if OTHER_CONTAINERS.match(head):
        return []
    return _mpeg(file, 0, end) or _ogg(file, end)


def _mpeg(file: BinaryIO, start: int, stop: int) -> list[Piece]:
    streams = streams_of(file, start, stop)
    return [Piece()] if is_plain(streams, file) else [stream.piece() for stream in streams]


def _ogg(file: BinaryIO, end: int) -> list[Piece]:
    """Return one piece per link of a chain; the first pages of a link's streams are adjacent."""
    starts: list[int] = []
    adjacent = None
    for start in _positions(file, OGG_START):
        if start != adjacent:
            starts.append(start)
        file.seek(start)
        page = file.read(27 + 255)
        if len(page) < 27:
            break
        adjacent = start + 27 + page[26] + sum(page[27 : 27 + page[26]])
    if starts == [0]:
        return [Piece()]
    return (
        [Piece([bounds]) for bounds in zip(starts, [*starts[1:], end], strict=True)]
        if starts
        else []
    )


def _positions(file: BinaryIO, pattern: re.Pattern[bytes]) -> list[int]:
    """Return the positions of a pattern in a file, at most :data:`MOST_PIECES`."""
    return sorted(set(islice(_search(file, pattern), MOST_PIECES)))


def _search(file: BinaryIO, pattern: re.Pattern[bytes]) -> Iterator[int]:
    position = 0
    while True:
        file.seek(position)
        chunk = file.read(CHUNK)
        for match in pattern.finditer(chunk):
            yield position + match.start()
        if len(chunk) < CHUNK:
            return
        position += len(chunk) - OVERLAP
