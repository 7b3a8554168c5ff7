"""What to give a decoder, so that it reads all of a file: recordings that are joined, sizes that are wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from otowake.io import flac
from otowake.io.headers import is_mpeg, sound_in
from otowake.io.mpeg import is_plain, streams_of, tag_size
from otowake.io.stitched import Segment

CHUNK, OVERLAP = 2**20, 64
"""How many bytes are searched at once, and by how many these pieces overlap."""

MOST_PIECES = 1000
"""How many joined recordings are told apart in one file."""

OTHERS = re.compile(
    rb"RIFF|FLV|\x47|\x00\x00\x01\xba|\x1a\x45\xdf\xa3|\x30\x26\xb2\x75|....(ftyp|moov|mdat|wide|free|skip)",
    re.DOTALL,
)
"""How containers begin (AVI, FLV, MPEG-TS and -PS, Matroska, ASF, MP4) that may hold MPEG audio among other things."""

OGG_START = re.compile(rb"OggS\x00[\x02\x06].{20}", re.DOTALL)
"""The page that a stream in Ogg begins with."""


def pieces_of(path: Path) -> list[Segment]:
    """The recordings that a file consists of, in order; the file as it is where nothing needs to be mended."""
    with path.open("rb", buffering=CHUNK) as file:
        return _pieces(file) or [Segment()]


def _pieces(file: BinaryIO) -> list[Segment]:
    end = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"OggS":
        return _ogg(file, end)
    file.seek(tag_size(head))
    if file.read(4) == b"fLaC":
        return flac.pieces_of(file, _found(file, flac.START), end)
    sound = sound_in(file)
    if sound and is_mpeg(file):
        stop = min(end, sound.start + sound.size) if sound.size else end
        return _mpeg(file, sound.start, stop)
    if sound:
        return [sound.piece(file, end)]
    if OTHERS.match(head):
        return []
    return _mpeg(file, 0, end) or _ogg(file, end)


def _mpeg(file: BinaryIO, start: int, stop: int) -> list[Segment]:
    streams = streams_of(file, start, stop)
    return [Segment()] if is_plain(streams, file) else [stream.piece() for stream in streams]


def _ogg(file: BinaryIO, end: int) -> list[Segment]:
    """A piece for each link of a chain; the pages that several streams begin with are adjacent in one link."""
    starts: list[int] = []
    adjacent = None
    for start in _found(file, OGG_START):
        if start != adjacent:
            starts.append(start)
        file.seek(start)
        page = file.read(27 + 255)
        adjacent = start + 27 + page[26] + sum(page[27 : 27 + page[26]])
    if starts == [0]:
        return [Segment()]
    return (
        [Segment([bounds]) for bounds in zip(starts, [*starts[1:], end], strict=True)]
        if starts
        else []
    )


def _found(file: BinaryIO, pattern: re.Pattern[bytes]) -> list[int]:
    """Where a pattern is in a file, the first so many times."""
    return sorted(set(islice(_matches(file, pattern), MOST_PIECES)))


def _matches(file: BinaryIO, pattern: re.Pattern[bytes]) -> Iterator[int]:
    place = 0
    while True:
        file.seek(place)
        chunk = file.read(CHUNK)
        for match in pattern.finditer(chunk):
            yield place + match.start()
        if len(chunk) < CHUNK:
            return
        place += len(chunk) - OVERLAP
