"""The size of the sound by the headers of WAV, RF64, W64, AIFF, CAF and AU files, held against the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO, Literal, NamedTuple

from otowake.io.stitched import Segment

MOST_CHUNKS = 1000
"""The sound is looked for in so many chunks."""

NEAR = 2**16
"""Sizes so close to half and all of what fits are what a program writes that doesn't know the size beforehand."""


class Layout(NamedTuple):
    """How a container of chunks is written.

    `first` is where its first chunk is, `name` the name of the chunk with the sound, `width` the bytes of a
    chunk's size, `own` what the size counts of the chunk's own header, `align` what chunks are padded to,
    `skip` what comes in the chunk before the sound.
    """

    first: int
    name: bytes
    width: int
    order: Literal["little", "big"]
    own: int = 0
    align: int = 2
    skip: int = 0


W64_NAME = bytes.fromhex("f3acd3118cd100c04f8edb8a")
"""What follows the four letters of most names in W64."""

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
    """Where the sound begins and how many bytes of it the header states.

    The number is written at `place`, and counts `more` bytes besides.
    """

    kind: bytes
    start: int
    size: int
    place: int
    width: int
    order: Literal["little", "big"]
    more: int = 0

    def piece(self, file: BinaryIO, end: int) -> Segment:
        """What to give a decoder: the file, with the size that is there where the header has another.

        A WAV of more than 4 GiB, whose size has no room in its header, becomes RF64.
        """
        there, most = end - self.start, 1 << 8 * self.width
        if there <= 0 or (self.size == 0 and _only_chunks(file, self.start, end)):
            return Segment()
        unknown = abs(self.size - most // 2) <= NEAR or self.size >= most - NEAR
        if unknown and self.size <= there:
            unknown = not _only_chunks(file, self.start + self.size + self.size % 2, end)
        overflown = self.kind == b"RIFF" and there - self.size >= most
        known = self.size and not overflown and not unknown
        if known and self.size <= there:
            return Segment()
        share = there / self.size if known else 1.0
        rest = (self.place + self.width, end)
        if self.kind == b"RIFF" and there >= most - 1:
            sizes = (end - 8 + 36).to_bytes(8, "little") + there.to_bytes(8, "little") + bytes(12)
            head = b"RF64\xff\xff\xff\xffWAVEds64" + len(sizes).to_bytes(4, "little") + sizes
            return Segment([head, (12, self.place), b"\xff\xff\xff\xff", rest], share)
        size = min(there + self.more, most - 1).to_bytes(self.width, self.order)
        return Segment([(0, self.place), size, rest], share)


def sound_in(file: BinaryIO) -> Sound | None:
    """Where a file's sound is; None if it is of another format, or ends before its sound."""
    head = _at(file, 0, 12)
    kind = head[:4]
    if kind == b".snd":
        start, size = (int.from_bytes(head[i : i + 4], "big") for i in (4, 8))
        return Sound(kind, start, size, 8, 4, "big")
    layout = LAYOUTS.get(kind)
    found = layout and _chunk(file, layout, layout.name)
    if not layout or not found:
        return None
    start, size = found
    wide = (
        _chunk(file, layout, b"ds64") if kind in (b"RF64", b"BW64") and size == 2**32 - 1 else None
    )
    if wide:
        size = int.from_bytes(_at(file, wide[0] + 8, 8), "little")
        return Sound(kind, start, size, wide[0] + 8, 8, "little")
    place, size = start - layout.width, max(0, size - layout.skip)
    more = layout.own + layout.skip
    return Sound(kind, start + layout.skip, size, place, layout.width, layout.order, more)


def is_mpeg(file: BinaryIO) -> bool:
    """Whether a WAV file says that its sound is MPEG audio."""
    found = _chunk(file, LAYOUTS[b"RIFF"], b"fmt ") if _at(file, 0, 4) == b"RIFF" else None
    return found is not None and _at(file, found[0], 2) in (b"\x50\0", b"\x55\0")


def _at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)


def _chunk(file: BinaryIO, layout: Layout, name: bytes) -> tuple[int, int] | None:
    """Where the content of a chunk begins, and its size as stated."""
    place, length = layout.first, len(layout.name if layout.align == 8 else name)
    for _ in range(MOST_CHUNKS):
        head = _at(file, place, length + layout.width)
        if len(head) < length + layout.width:
            return None
        size = max(0, int.from_bytes(head[length:], layout.order) - layout.own)
        place += len(head)
        if head[:length] == name:
            return place, size
        place += size + -size % layout.align
        if place >= 2**63:
            return None
    return None


def _only_chunks(file: BinaryIO, place: int, end: int) -> bool:
    """Whether nothing but chunks follows, as in a file that really has no sound."""
    for _ in range(MOST_CHUNKS):
        if place >= end:
            return True
        head = _at(file, place, 8)
        if len(head) < 8 or not re.fullmatch(rb"[\x20-\x7e]{4}", head[:4]):
            return False
        size = int.from_bytes(head[4:], "little")
        place += 8 + size
        if place > end:
            return False
        place += size % 2
    return False
