"""Check the audio size in headers of WAV, RF64, W64, AIFF, CAF and AU against the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO, Literal, NamedTuple

from otowake.io.stitched import Piece

MOST_CHUNKS = 1000
"""Maximum number of chunks to search for the sound."""

PLACEHOLDER_MARGIN = 2**16
"""Bytes; a size this close to half or all of the range is a placeholder of a streaming encoder."""


class Layout(NamedTuple):
    """The layout of a container of chunks.

    `first` is the position of the first chunk, `name` the name of the chunk with the sound, `width`
    the bytes of a chunk's size, `own` the bytes of the chunk's header that the size includes,
    `align` the alignment of chunks, `skip` the bytes in the chunk before the sound.
    """

    first: int
    name: bytes
    width: int
    order: Literal["little", "big"]
    own: int = 0
    align: int = 2
    skip: int = 0


W64_NAME = bytes.fromhex("f3acd3118cd100c04f8edb8a")
"""The bytes after the four letters of most names in W64."""

LAYOUTS = {
    b"RIFF": Layout(12, b"data", 4, "little"),
    b"RF64": Layout(12, b"data", 4, "little"),
    b"BW64": Layout(12, b"data", 4, "little"),
    b"FORM": Layout(12, b"SSND", 4, "big", skip=8),
    b"riff": Layout(40, b"data" + W64_NAME, 8, "little", own=24, align=8),
    b"caff": Layout(8, b"data", 8, "big", align=1, skip=4),
}
"""Containers by their first four bytes."""


@dataclass(frozen=True)
class Sound:
    """The start of the sound and its size in bytes according to the header.

    The size is stored at `position`, and includes `more` bytes of other data.
    """

    kind: bytes
    start: int
    size: int
    position: int
    width: int
    order: Literal["little", "big"]
    more: int = 0

    def piece(self, file: BinaryIO, end: int) -> Piece:
        """Return the file for a decoder, with the actual size in place of a wrong one.

        A WAV of more than 4 GiB, whose size does not fit into the header, becomes RF64.
        """
        there, most = end - self.start, 1 << 8 * self.width
        if there <= 0 or (self.size == 0 and _only_chunks(file, self.start, end)):
            return Piece()
        margin = PLACEHOLDER_MARGIN
        unknown = abs(self.size - most // 2) <= margin or self.size >= most - margin
        if unknown and self.size <= there:
            unknown = not _only_chunks(file, self.start + self.size + self.size % 2, end)
        overflown = self.kind == b"RIFF" and there - self.size >= most
        known = self.size and not overflown and not unknown
        if known and self.size <= there:
            return Piece()
        share = there / self.size if known else 1.0
        rest = (self.position + self.width, end)
        if self.kind == b"RIFF" and there >= most - 1:
            sizes = (end - 8 + 36).to_bytes(8, "little") + there.to_bytes(8, "little") + bytes(12)
            head = b"RF64\xff\xff\xff\xffWAVEds64" + len(sizes).to_bytes(4, "little") + sizes
            return Piece([head, (12, self.position), b"\xff\xff\xff\xff", rest], share)
        size = min(there + self.more, most - 1).to_bytes(self.width, self.order)
        return Piece([(0, self.position), size, rest], share)


def sound_in(file: BinaryIO) -> Sound | None:
    """Locate the sound in a file; None for other formats and files that end before the sound."""
    head = _at(file, 0, 12)
    kind = head[:4]
    if kind == b".snd":
        start, size = (int.from_bytes(head[i : i + 4], "big") for i in (4, 8))
        return Sound(kind, start, size, 8, 4, "big")
    layout = LAYOUTS.get(kind)
    chunk = layout and _chunk(file, layout, layout.name)
    if not layout or not chunk:
        return None
    start, size = chunk
    wide = (
        _chunk(file, layout, b"ds64") if kind in (b"RF64", b"BW64") and size == 2**32 - 1 else None
    )
    if wide:
        size = int.from_bytes(_at(file, wide[0] + 8, 8), "little")
        return Sound(kind, start, size, wide[0] + 8, 8, "little")
    position, size = start - layout.width, max(0, size - layout.skip)
    more = layout.own + layout.skip
    return Sound(kind, start + layout.skip, size, position, layout.width, layout.order, more)


def is_mpeg(file: BinaryIO) -> bool:
    """Whether the header of a WAV file declares MPEG audio."""
    chunk = _chunk(file, LAYOUTS[b"RIFF"], b"fmt ") if _at(file, 0, 4) == b"RIFF" else None
    return chunk is not None and _at(file, chunk[0], 2) in (b"\x50\0", b"\x55\0")


def _at(file: BinaryIO, position: int, size: int) -> bytes:
    file.seek(position)
    return file.read(size)


def _chunk(file: BinaryIO, layout: Layout, name: bytes) -> tuple[int, int] | None:
    """Return the start of a chunk's content and its size according to the header."""
    position, length = layout.first, len(layout.name if layout.align == 8 else name)
    for _ in range(MOST_CHUNKS):
        head = _at(file, position, length + layout.width)
        if len(head) < length + layout.width:
            return None
        size = max(0, int.from_bytes(head[length:], layout.order) - layout.own)
        position += len(head)
        if head[:length] == name:
            return position, size
        position += size + -size % layout.align
        if position >= 2**63:
            return None
    return None


def _only_chunks(file: BinaryIO, position: int, end: int) -> bool:
    """Whether only whole chunks follow, as in a file without sound."""
    for _ in range(MOST_CHUNKS):
        if position >= end:
            return True
        head = _at(file, position, 8)
        if len(head) < 8 or not re.fullmatch(rb"[\x20-\x7e]{4}", head[:4]):
            return False
        size = int.from_bytes(head[4:], "little")
        position += 8 + size
        if position > end:
            return False
        position += size % 2
    return False
