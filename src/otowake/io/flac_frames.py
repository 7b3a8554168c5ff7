"""Measure FLAC files by their last frame, split joined ones, and continue after damage.

The number of samples in the header is 0 for a stream written to a pipe, and wrong if the encoder
was interrupted. Every frame has its position in the recording. The format is RFC 9639.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from otowake.io.stitched import Piece

HEADER_BYTES = 42
"""Bytes of the marker and the first block of metadata, which every file has."""

START = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22", re.DOTALL)
"""The first bytes of a file."""

SYNC = re.compile(rb"\xff[\xf8\xf9]")

SEARCH_BACK = (2**16, 2**22)
"""Bytes before the end in which to search the last frame, at first and on a second attempt."""

CHUNK, OVERLAP = 2**20, 17
"""Bytes searched at a time, and the overlap of neighbouring chunks."""

MOST_CANDIDATES = 2**14
"""Maximum number of candidates for a frame to check."""


def _crc_table(width: int, polynomial: int) -> list[int]:
    table = []
    for byte in range(256):
        value = byte << (width - 8)
        for _ in range(8):
            value = value << 1 ^ (polynomial if value >> (width - 1) else 0)
        table.append(value & (1 << width) - 1)
    return table


CRC8, CRC16 = _crc_table(8, 0x107), _crc_table(16, 0x18005)


def _crc8(data: bytes) -> int:
    value = 0
    for byte in data:
        value = CRC8[value ^ byte]
    return value


def _crc16(data: bytes) -> int:
    value = 0
    for byte in data:
        value = value << 8 & 0xFFFF ^ CRC16[value >> 8 ^ byte]
    return value


def frame_at(data: bytes, position: int, header: bytes) -> tuple[int, int] | None:
    """Return the first sample and the length of the frame at a position; None without a frame."""
    head = data[position : position + 17]
    if len(head) < 6:
        return None
    size, rate, number = head[2] >> 4, head[2] & 0xF, head[4]
    more = 0 if number < 0x80 else 7 - (number ^ 0xFF).bit_length()
    if size == 0 or rate == 15 or head[3] & 1 or (more == 0 and number >= 0x80) or more > 6:
        return None
    sample = number & (0x7F if more == 0 else (1 << 6 - more) - 1)
    for byte in head[5 : 5 + more]:
        sample = sample << 6 | byte & 0x3F
    cursor = 5 + more
    if size in (6, 7):
        width = size - 5
        samples = int.from_bytes(head[cursor : cursor + width], "big") + 1
        cursor += width
    else:
        samples = 192 if size == 1 else 576 << size - 2 if size < 6 else 256 << size - 8
    cursor += {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if cursor >= len(head) or _crc8(head[:cursor]) != head[cursor]:
        return None
    most = int.from_bytes(header[10:12], "big")
    return (sample if head[1] & 1 else sample * most), samples


def pieces_of(file: BinaryIO, starts: list[int], end: int) -> list[Piece]:
    """Return the recordings that begin at `starts`, each with its measured length."""
    bounds = zip(starts, [*starts[1:], end][: len(starts)], strict=True)
    return [_piece(file, start, stop, end) for start, stop in bounds if stop - start > HEADER_BYTES]


def _piece(file: BinaryIO, start: int, stop: int, end: int) -> Piece:
    file.seek(start)
    header = file.read(HEADER_BYTES)
    stated = int.from_bytes(header[21:26], "big") & 2**36 - 1
    there = _length(file, header, start, stop, stated) or stated
    if there == stated and stop - start == end:
        return Piece()
    share = min(1.0, there / stated) if stated else 1.0
    return Piece([_with_length(header, there), (start + HEADER_BYTES, stop)], share)


def _with_length(header: bytes, n_samples: int) -> bytes:
    others = int.from_bytes(header[18:26], "big") >> 36 << 36
    return header[:18] + (others | n_samples).to_bytes(8, "big") + header[26:]


class Frames:
    """The frames of a recording, for a decoder that continues after damage.

    `block` is the largest number of samples in a frame.
    """

    def __init__(self, path: Path, piece: Piece) -> None:
        self.path = path
        with path.open("rb") as file:
            whole = file.read(HEADER_BYTES), (HEADER_BYTES, file.seek(0, 2))
        header, bounds = piece.parts or whole
        assert isinstance(header, bytes)
        assert isinstance(bounds, tuple)
        self.header, self.bounds = header, bounds
        self.block = max(1, int.from_bytes(header[10:12], "big"))
        self.frames = self._frames()

    def after(self, least: int) -> tuple[Piece, int] | None:
        """Return the recording from the first frame at or after sample `least`, and that sample."""
        for position, sample in self.frames:
            if sample >= least:
                header = self.header[:4] + b"\x80" + _with_length(self.header, 0)[5:]
                return Piece([header, (position, self.bounds[1])]), sample
        return None

    def _frames(self) -> Iterator[tuple[int, int]]:
        position, stop = self.bounds
        with self.path.open("rb") as file:
            while position < stop:
                file.seek(position)
                data = file.read(min(CHUNK, stop - position))
                for match in SYNC.finditer(data):
                    if frame := frame_at(data, match.start(), self.header):
                        yield position + match.start(), frame[0]
                position += max(1, len(data) - OVERLAP)


def _length(file: BinaryIO, header: bytes, start: int, stop: int, stated: int) -> int | None:
    """Return the number of samples up to the end of the last whole frame; None without a frame."""
    for back in SEARCH_BACK:
        begin = max(start + HEADER_BYTES, stop - back)
        file.seek(begin)
        data = file.read(stop - begin)
        frames = []
        for match in islice(SYNC.finditer(data), MOST_CANDIDATES):
            if frame := frame_at(data, match.start(), header):
                frames.append((match.start(), *frame))
        ends = {sample + samples for _, sample, samples in frames}
        if stated in ends:
            return stated
        for position, sample, samples in reversed(frames):
            if sample in ends or (begin == start + HEADER_BYTES and sample == 0):
                whole = _crc16(data[position:]) == 0
                return sample + samples if whole else sample
    return None
