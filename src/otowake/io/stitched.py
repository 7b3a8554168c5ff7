"""Parts of a file, and bytes that it lacks, as one file for a decoder to read."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

Part = bytes | tuple[int, int] | int
"""Bytes to insert, or where a part of the file starts and stops, or a number of bytes that can't be read.

Decoders estimate a length from the size of a file; what can't be read makes it large enough.
"""

BUFFER = 2**16
"""How many bytes are read at once."""


@dataclass(frozen=True)
class Segment:
    """A recording within a file, complete with header.

    `parts` are what the decoder is given, None for the file as it is. `share` is how much of the bytes
    that the file promises is there, from 0 to 1, and `missing` how many samples are not. `n_samples` is
    the length where the decoder does not know it.
    """

    parts: Sequence[Part] | None = None
    share: float = 1.0
    missing: int = 0
    n_samples: int | None = None


def stitched(path: Path, parts: Sequence[Part]) -> io.BufferedReader:
    """Open a file that consists of parts of another one and of other bytes."""
    return io.BufferedReader(_Stitched(path, parts), BUFFER)


class _Stitched(io.RawIOBase):
    def __init__(self, path: Path, parts: Sequence[Part]) -> None:
        self.file = path.open("rb")
        self.parts = parts
        self.starts = [0, *accumulate(map(_size, parts))]
        self.position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = (0, self.position, self.starts[-1])[whence]
        self.position = max(0, origin + offset)
        return self.position

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        done = 0
        while done < len(buffer) and self.position < self.starts[-1]:
            index = bisect_right(self.starts, self.position) - 1
            offset = self.position - self.starts[index]
            size = min(len(buffer) - done, self.starts[index + 1] - self.position)
            part = self.parts[index]
            if isinstance(part, int):
                break
            if isinstance(part, bytes):
                read = part[offset : offset + size]
            else:
                self.file.seek(part[0] + offset)
                read = self.file.read(size)
            if not read:
                break
            buffer[done : done + len(read)] = read
            done += len(read)
            self.position += len(read)
        return done

    def close(self) -> None:
        self.file.close()
        super().close()


def _size(part: Part) -> int:
    if isinstance(part, int):
        return part
    return len(part) if isinstance(part, bytes) else part[1] - part[0]
