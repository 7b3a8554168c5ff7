"""Reading what libsndfile can: WAV and its kin, FLAC, OGG Vorbis and Opus, MP3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from soundfile import LibsndfileError, SoundFile

from otowake.io import flac
from otowake.io.containers import pieces_of
from otowake.io.decoder import Decoder, conformed, skipped
from otowake.io.stitched import Segment, stitched
from otowake.options import LoadSpec
from otowake.types import Floats

BLOCK_SECONDS = 0.5
"""How much is decoded at once; of a damaged file, less than this is lost before the damage."""

BLOCK_VALUES = 2**22
"""The most numbers that are decoded at once, whatever a file says of its rate and channels."""

MOST_DAMAGES = 1000
"""After so many damaged places the rest of a FLAC file is left out."""

UNKNOWN = 2**62
"""libsndfile gives a length beyond this where it knows none."""


class Onward(SoundFile):
    """A file that is only read onward.

    soundfile seeks to where it is after each read. In MP3 libsndfile seeks by guess, and the blocks
    would not join; in a FLAC stream that does not begin with its first sample it can't seek.
    """

    def seekable(self) -> bool:
        return False


@dataclass(frozen=True)
class Section:
    """A piece of a file that libsndfile can open, with its format and length.

    `rate` is in Hz, `n_samples` None where only decoding tells. `seeks` tells whether libsndfile seeks exactly.
    """

    piece: Segment
    rate: int
    n_channels: int
    n_samples: int | None
    seeks: bool
    is_flac: bool


def open_sndfile(path: Path, spec: LoadSpec) -> Decoder:
    """Open a file and begin at ``spec.start``; recordings that are joined in it follow each other.

    Raises
    ------
    soundfile.LibsndfileError
        If libsndfile can read none of it.
    """
    damage: list[str] = []
    sections = list(_sections(path, damage))
    rate, n_channels = sections[0].rate, sections[0].n_channels
    first = round(spec.start * rate)

    def left(samples: Iterable[float | None]) -> int | None:
        known = [n for n in samples if n is not None]
        return round(sum(known)) - first if len(known) == len(sections) else None

    lengths = [each.n_samples and each.n_samples * rate / each.rate for each in sections]
    promised = [
        n and n / each.piece.share + each.piece.missing * rate / each.rate
        for n, each in zip(lengths, sections, strict=True)
    ]
    blocks = _all_blocks(path, sections, first, damage)
    return Decoder(rate, n_channels, left(promised), left(lengths), blocks, damage)


def _sections(path: Path, damage: list[str]) -> Iterator[Section]:
    """The pieces that can be opened."""
    failed: LibsndfileError | None = None
    n_opened = 0
    for piece in pieces_of(path):
        try:
            with _opened(path, piece) as file:
                known = piece.n_samples or (file.frames if file.frames < UNKNOWN else None)
                seeks, is_flac = "MPEG" not in file.subtype, file.format == "FLAC"
                section = Section(piece, file.samplerate, file.channels, known, seeks, is_flac)
        except LibsndfileError as error:
            failed = error
            damage.append(_reason(error))
        else:
            n_opened += 1
            yield section
    if failed and not n_opened:
        raise failed


@contextmanager
def _opened(path: Path, piece: Segment) -> Iterator[SoundFile]:
    if piece.parts is None:
        with Onward(path) as file:
            yield file
    else:
        with stitched(path, piece.parts) as source, Onward(source) as file:
            yield file


def _all_blocks(
    path: Path, sections: list[Section], first: int, damage: list[str]
) -> Iterator[Floats]:
    """The sound of all sections from the sample `first` on, in the format of the first section."""
    rate, n_channels = sections[0].rate, sections[0].n_channels
    seek = 0
    if len(sections) == 1 and sections[0].seeks and first < (sections[0].n_samples or 0):
        seek, first = first, 0
    blocks = (
        block
        for each in sections
        for block in conformed(_blocks(path, each, seek, damage), each.rate, rate, n_channels)
    )
    yield from skipped(path, blocks, first, rate)


def _blocks(path: Path, section: Section, first: int, damage: list[str]) -> Iterator[Floats]:
    """The sound of a section from the sample `first` on; FLAC goes on after damage."""
    frames = flac.Frames(path, section.piece) if section.is_flac else None
    size = frames.block if frames else round(BLOCK_SECONDS * section.rate)
    size = max(1, min(size, BLOCK_VALUES // section.n_channels))
    piece, position, least = section.piece, first, 0
    for _ in range(MOST_DAMAGES):
        try:
            with _opened(path, piece) as file:
                if first:
                    file.seek(first)
                while len(block := file.read(size, dtype="float32", always_2d=True)):
                    yield np.asarray(block, dtype=np.float32)
                    position += len(block)
        except LibsndfileError as error:
            damage.append(_reason(error))
        else:
            return
        least = max(position, least + 1)
        rest = frames and frames.after(least)
        if not rest:
            return
        (piece, position), first = rest, 0
        least = position


def _reason(error: LibsndfileError) -> str:
    return error.error_string.rstrip(".")
