"""Present parts of a file, with inserted bytes, to a decoder as one file."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

Part = bytes | tuple[int, int] | int
"""Bytes to insert, the start and stop of a part of the file, or a number of unreadable bytes.

Decoders estimate a length from the size of a file; unreadable bytes make the file large enough.
"""

BUFFER = 2**16
"""Bytes read at a time."""


@dataclass(frozen=True)
class Piece:
    """A recording within a file, complete with header.

    Attributes
    ----------
    parts
        The input of the decoder; None for the whole file, unchanged.
    share
        The available share of the promised bytes, from 0 to 1.
    missing
        The number of missing samples.
    n_samples
        The length in samples, if the decoder does not know it.
    """

    parts: Sequence[Part] | None = None
    share: float = 1.0
    missing: int = 0
    n_samples: int | None = None


def stitched(path: Path, parts: Sequence[Part]) -> io.BufferedReader:
    """Open a virtual file of parts of a file and other bytes."""
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

    def readinto(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, buffer: memoryview
    ) -> int:
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
