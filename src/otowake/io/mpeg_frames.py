"""Locate the frames of MP3 files (MPEG audio, layers I to III) without decoding.

The header of a frame, four bytes, determines its length, so a walk from frame to frame is possible.
The walk measures a recording, separates joined recordings, and skips tags, junk and damage. The
headers follow ISO/IEC 11172-3 (MPEG-1) and 13818-3 (MPEG-2); MPEG-2.5 is Fraunhofer's. The first
frame may be an Info frame by Xing or LAME with the number of frames and the samples that the
encoder has added.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import BinaryIO, NamedTuple

from otowake.io.stitched import Piece

KBPS = {
    (1, 1): (0, *range(32, 449, 32)),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates by MPEG version (2 includes 2.5) and layer."""

RATES = (44100, 48000, 32000)
"""Hz, sampling rates of MPEG-1; MPEG-2 has half, MPEG-2.5 a quarter of them."""

DIVISORS = {3: 1, 2: 2, 0: 4}
"""Divisors of the rate by the two version bits of a header."""

HEAD_BYTES = 64
"""Bytes inspected in each frame: header, CRC, side information, start of an Info frame."""

START_FRAMES, CONTINUATION_FRAMES = 3, 1
"""Further frames that confirm the start of a stream, and its continuation after a gap."""

MOST_JUNK = 2**20
"""Maximum number of bytes before the first frame, without tags."""

MOST_TRIES = 2**16
"""Maximum number of gaps and false candidates in a file; the rest of it is not searched."""

MOST_STREAMS = 1000
"""Maximum number of joined recordings in a file that are separated."""

MOST_SECONDS = 25 * 3600
"""Seconds at which a walk ends; longer recordings are refused."""

MOST_FRAME = 2881
"""Bytes of the largest frame."""

DECODER_DELAY = 529
"""Samples; the encoder includes them in the padding at the end."""

TAIL = 128
"""Bytes at the end where a decoder expects a tag and derives the size of the file."""

CHUNK, OVERLAP = 2**16, 8
"""Bytes searched at a time, and the overlap of neighbouring chunks."""

START = re.compile(rb"\xff[\xe2-\xff]|ID3|APETAGEX")
"""The first bytes of a frame, or of a tag before one."""

VBRI = 36
"""Position of the name in Fraunhofer's counterpart of an Info frame."""

Kind = tuple[int, int, int, int]
"""Properties that all frames of a stream share: divisor of the rate, layer, rate, channels."""


class Frame(NamedTuple):
    """The facts in a header: bytes, samples, kind, and position of the name of an Info frame."""

    size: int
    samples: int
    kind: Kind
    info: int


@lru_cache(maxsize=2**15)
def _parsed(second: int, third: int, mode: int) -> Frame | None:
    divisor, layer = DIVISORS.get(second >> 3 & 3), 4 - (second >> 1 & 3)
    bit_rate, rate = third >> 4, third >> 2 & 3
    if second < 0xE0 or divisor is None or layer == 4 or bit_rate in (0, 15) or rate == 3:
        return None
    hz, bits = RATES[rate] // divisor, 1000 * KBPS[min(divisor, 2), layer][bit_rate]
    padding, channels = third >> 1 & 1, 1 if mode == 3 else 2
    if layer == 1:
        samples, size = 384, 4 * (12 * bits // hz + padding)
    else:
        samples = 576 if layer == 3 and divisor > 1 else 1152
        size = samples // 8 * bits // hz + padding
    side = (32, 17, 9)[(divisor > 1) + (channels == 1)]
    return Frame(size, samples, (divisor, layer, hz, channels), 4 + side)


def frame_of(head: bytes) -> Frame | None:
    """Parse the header of a frame; None if these bytes are none.

    Examples
    --------
    >>> frame_of(bytes.fromhex("fffb9000"))
    Frame(size=417, samples=1152, kind=(1, 3, 44100, 2), info=36)
    """
    if len(head) < 4 or head[0] != 0xFF:
        return None
    return _parsed(head[1], head[2], head[3] >> 6)


def _info_at(head: bytes, frame: Frame) -> int | None:
    """Return the position of the name of an Info frame; some encoders include the CRC."""
    for at in (frame.info, frame.info + 2):
        if head[at : at + 4] in (b"Xing", b"Info"):
            return at
    return None


def _begins_afresh(head: bytes, frame: Frame) -> bool:
    """Whether a frame of layer III needs no earlier frames, like the first of a recording."""
    side = head[4 if head[1] & 1 else 6 :]
    return side[0] == 0 and (frame.kind[0] > 1 or side[1] < 0x80)


def _past_tag(position: int, head: bytes, stop: int) -> int | None:
    """Return the end of a tag; None without a tag, or if the end is beyond `stop`."""
    end = position + tag_size(head)
    return end if position < end <= stop else None


def tag_size(head: bytes) -> int:
    """Return the size of an ID3 or APE tag that begins with these bytes; 0 without a tag."""
    if head[:3] == b"ID3" and max(head[6:10], default=128) < 128:
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte
        return 10 + size + (10 if head[5] & 0x10 else 0)
    if head[:8] == b"APETAGEX" and len(head) >= 32:
        is_header = head[23] & 0x20
        return 32 + (int.from_bytes(head[12:16], "little") if is_header else 0)
    if head[:3] == b"TAG":
        return 128
    return 0


@dataclass
class Stream:
    """The frames of one recording.

    `info` is the Info frame, `ranges` are the byte ranges of the other frames, `gaps` the bytes of
    damage between them.
    """

    first: Frame
    info: bytes | None = None
    ranges: list[tuple[int, int]] = field(default_factory=list)
    frames: int = 0
    gaps: int = 0

    def add(self, start: int, stop: int) -> None:
        """Append a frame."""
        if self.ranges and self.ranges[-1][1] == start:
            self.ranges[-1] = (self.ranges[-1][0], stop)
        else:
            self.ranges.append((start, stop))
        self.frames += 1

    def n_bytes(self) -> int:
        """Return the size of the frames."""
        return sum(stop - start for start, stop in self.ranges)

    def _field_position(self, which: int) -> int | None:
        """Locate a field of the Info frame (0 frames, 1 bytes, 4 LAME tag); None if absent."""
        if not self.info:
            return None
        at = _info_at(self.info, self.first) or 0
        flags = self.info[at + 7]
        if which < 4 and not flags >> which & 1:
            return None
        return (
            at
            + 8
            + sum(size for bit, size in enumerate((4, 4, 100, 4)[:which]) if flags >> bit & 1)
        )

    @cached_property
    def counted(self) -> int:
        """The number of frames by the Info frame; 0 without one."""
        field = self._field_position(0)
        return int.from_bytes((self.info or b"")[field : field + 4], "big") if field else 0

    def piece(self) -> Piece:
        """Return the input of a decoder: the frames without other data, and their number."""
        n_bytes, samples = self.n_bytes(), self.first.samples
        lost = max(self.counted - self.frames, round(self.gaps * self.frames / n_bytes))
        if self.counted:
            info, less_padding = self._mended_info()
            return Piece([info, *self.ranges], missing=lost * samples - less_padding)
        info = [self.info] if self.info else []
        absent = (self.frames + 2) * MOST_FRAME - n_bytes
        parts = [*info, *self.ranges, absent, bytes(TAIL)]
        return Piece(parts, missing=lost * samples, n_samples=self.frames * samples)

    def _mended_info(self) -> tuple[bytes, int]:
        """Return the Info frame with the actual number of frames, and the reduction of padding."""
        info = bytearray(self.info or b"")
        missing, padding, end = self.counted - self.frames, 0, 0
        count = self._field_position(0) or 0
        info[count : count + 4] = self.frames.to_bytes(4, "big")
        if field := self._field_position(1):
            info[field : field + 4] = min(len(info) + self.n_bytes(), 2**32 - 1).to_bytes(4, "big")
        added = (
            self._field_position(4) or 0
        ) + 21  # 12 bits: samples added at the start; 12 bits: at the end
        if missing and len(info) >= added + 3:
            both = int.from_bytes(info[added : added + 3], "big")
            padding = both & 0xFFF
            if self.gaps:
                end = padding
            elif missing > 0:
                end = max(0, padding - missing * self.first.samples)
            info[added : added + 3] = (both >> 12 << 12 | end).to_bytes(3, "big")
        delay = DECODER_DELAY
        return bytes(info), max(0, padding - delay) - max(0, end - delay)


def is_plain(streams: list[Stream], file: BinaryIO) -> bool:
    """Whether a file is one recording with a correct number of frames, after at most one tag."""
    if len(streams) != 1:
        return False
    stream = streams[0]
    file.seek(0)
    begin = stream.ranges[0][0] - len(stream.info or b"")
    return (
        stream.counted == stream.frames
        and len(stream.ranges) == 1
        and begin in (0, tag_size(file.read(HEAD_BYTES)))
    )


def streams_of(file: BinaryIO, start: int = 0, stop: int | None = None) -> list[Stream]:
    """Return the recordings of MPEG audio in a file in order; none for other files.

    Parameters
    ----------
    file
        The file, open for reading with a buffer.
    start, stop
        The byte range to walk through; by default the whole file.
    """
    return _Walk(file, file.seek(0, 2) if stop is None else stop).streams(start)


class _Walk:
    """One pass over a file."""

    def __init__(self, file: BinaryIO, stop: int) -> None:
        self.file, self.stop = file, stop
        self.recordings: list[Stream] = []
        self.tries = 0

    def streams(self, position: int) -> list[Stream]:
        stream: Stream | None = None
        gap, seconds, bound = 0, 0.0, position + MOST_JUNK
        while (
            position < self.stop
            and seconds < MOST_SECONDS
            and self.tries < MOST_TRIES
            and len(self.recordings) <= MOST_STREAMS
        ):
            head = self._look(position)
            frame = frame_of(head)
            same = stream is not None and frame is not None and stream.first.kind == frame.kind
            if frame is None or not (same or self._leads(position, START_FRAMES)):
                self.tries += 1
                if beyond := _past_tag(position, head, self.stop):
                    bound += beyond - position
                else:
                    beyond = self._next(
                        position + 1, self.stop if stream else min(bound, self.stop), stream
                    )
                    gap += beyond - position
                position = beyond
                continue
            if position + frame.size > self.stop:
                break
            info = self._info(position, head, frame)
            if not stream or not same or self._joined(stream, position, head, frame, info):
                stream = Stream(frame, info)
                self.recordings.append(stream)
                gap = 0
            if info is None or stream.frames:
                stream.add(position, position + frame.size)
                stream.gaps, gap = stream.gaps + gap, 0
                seconds += frame.samples / frame.kind[2]
            position += frame.size
        if stream and (self.tries >= MOST_TRIES or len(self.recordings) > MOST_STREAMS):
            stream.gaps += self.stop - position
        return [stream for stream in self.recordings if stream.frames]

    def _look(self, position: int, size: int = HEAD_BYTES) -> bytes:
        self.file.seek(position)
        return self.file.read(max(0, min(size, self.stop - position)))

    def _leads(self, position: int, more: int) -> bool:
        """Whether a frame is here, followed by `more` frames of its kind, the end or a tag."""
        first = frame = frame_of(self._look(position, 4))
        for _ in range(more):
            if frame is None or first is None or frame.kind != first.kind:
                return False
            position += frame.size
            head = self._look(position)
            if position == self.stop or _past_tag(position, head, self.stop):
                return True
            frame = frame_of(head)
        return frame is not None and first is not None and frame.kind == first.kind

    def _next(self, position: int, bound: int, stream: Stream | None) -> int:
        """Return the position of the next frame or tag; the end of the file if there is none."""
        while position < bound:
            chunk = self._look(position, CHUNK)
            for match in START.finditer(chunk):
                at = position + match.start()
                if at >= bound or self.tries >= MOST_TRIES:
                    return self.stop
                if chunk[match.start()] != 0xFF:
                    if _past_tag(at, self._look(at), self.stop):
                        return at
                elif (frame := frame_of(self._look(at, 4))) is not None:
                    continued = stream is not None and frame.kind == stream.first.kind
                    if self._leads(at, CONTINUATION_FRAMES if continued else START_FRAMES):
                        return at
                    self.tries += 1
            position += max(1, len(chunk) - OVERLAP)
        return self.stop

    def _info(self, position: int, head: bytes, frame: Frame) -> bytes | None:
        """Return an Info frame, b"" for Fraunhofer's VBRI without useful facts, None for sound."""
        if frame.kind[1] < 3 or len(self.recordings) >= MOST_STREAMS:
            return None
        if _info_at(head, frame) is not None:
            return self._look(position, frame.size)
        return b"" if head[VBRI : VBRI + 4] == b"VBRI" else None

    def _joined(
        self, stream: Stream, position: int, head: bytes, frame: Frame, info: bytes | None
    ) -> bool:
        """Whether another recording begins: at an Info frame, or after a complete recording."""
        if info is not None:
            return True
        complete = stream.frames == stream.counted and len(self.recordings) < MOST_STREAMS
        return complete and _begins_afresh(head, frame) and self._leads(position, START_FRAMES)
