"""Read WAV and related formats, FLAC, OGG Vorbis and Opus, and MP3 with libsndfile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from soundfile import LibsndfileError, SoundFile

from otowake import text
from otowake.io import flac_frames
from otowake.io.containers import pieces_of
from otowake.io.decoder import Decoder, conformed, skipped
from otowake.io.stitched import Piece, stitched
from otowake.options import LoadSpec
from otowake.text import Text
from otowake.types import Floats

BLOCK_SECONDS = 0.5
"""Seconds decoded at a time; a damaged file loses less than this before the damage."""

BLOCK_VALUES = 2**22
"""Maximum number of values decoded at a time, for any rate and number of channels."""

MOST_DAMAGES = 1000
"""Maximum number of damaged positions in a FLAC file; the rest of it is skipped."""

UNKNOWN = 2**62
"""Samples; libsndfile returns a greater length if it knows none."""


class ForwardFile(SoundFile):
    """A sound file that is only read forwards.

    soundfile seeks to the current position after each read. Seeking in MP3 is approximate, so
    blocks would not join; a FLAC stream that starts after its first sample can't seek at all.
    """

    def seekable(self) -> bool:
        """Return False."""
        return False


@dataclass(frozen=True)
class Section:
    """A piece of a file that libsndfile can open, with its format and length.

    `rate` is in Hz; `n_samples` is None if only decoding can tell; `seeks` means that seeking is
    exact.
    """

    piece: Piece
    rate: int
    n_channels: int
    n_samples: int | None
    seeks: bool
    is_flac: bool


def open_sndfile(path: Path, spec: LoadSpec) -> Decoder:
    """Open a file from ``spec.start`` on; joined recordings follow each other.

    Raises
    ------
    soundfile.LibsndfileError
        If libsndfile can't read any of the recordings.
    """
    damage: list[Text] = []
    sections = list(_sections(path, damage))
    rate, n_channels = sections[0].rate, sections[0].n_channels
    first = round(spec.start * rate)

    def left(samples: Iterable[float | None]) -> int | None:
        known = [n for n in samples if n is not None]
        return round(sum(known)) - first if len(known) == len(sections) else None

    lengths = [
        section.n_samples and section.n_samples * rate / section.rate for section in sections
    ]
    promised = [
        n and n / section.piece.share + section.piece.missing * rate / section.rate
        for n, section in zip(lengths, sections, strict=True)
    ]
    blocks = _all_blocks(path, sections, first, damage)
    return Decoder(rate, n_channels, left(promised), left(lengths), blocks, damage)


def _sections(path: Path, damage: list[Text]) -> Iterator[Section]:
    """Yield the pieces that libsndfile can open."""
    failed: LibsndfileError | None = None
    n_opened = 0
    for piece in pieces_of(path):
        try:
            with _open_piece(path, piece) as file:
                known = piece.n_samples or (file.frames if file.frames < UNKNOWN else None)
                seeks, is_flac = "MPEG" not in file.subtype, file.format == "FLAC"
                section = Section(piece, file.samplerate, file.channels, known, seeks, is_flac)
        except LibsndfileError as error:
            failed = error
            damage.append(text.reason_of(error))
        else:
            n_opened += 1
            yield section
    if failed and not n_opened:
        raise failed


@contextmanager
def _open_piece(path: Path, piece: Piece) -> Iterator[SoundFile]:
    if piece.parts is None:
        with ForwardFile(path) as file:
            yield file
    else:
        with stitched(path, piece.parts) as source, ForwardFile(source) as file:
            yield file


def _all_blocks(
    path: Path, sections: list[Section], first: int, damage: list[Text]
) -> Iterator[Floats]:
    """Yield the sound of all sections from the sample `first` on, in the first section's format."""
    rate, n_channels = sections[0].rate, sections[0].n_channels
    seek = 0
    if len(sections) == 1 and sections[0].seeks and first < (sections[0].n_samples or 0):
        seek, first = first, 0
    blocks = (
        block
        for section in sections
        for block in conformed(_blocks(path, section, seek, damage), section.rate, rate, n_channels)
    )
    yield from skipped(path, blocks, first, rate)


def _blocks(path: Path, section: Section, first: int, damage: list[Text]) -> Iterator[Floats]:
    """Yield the sound of a section from the sample `first` on; FLAC continues after damage."""
    frames = flac_frames.Frames(path, section.piece) if section.is_flac else None
    size = frames.block if frames else round(BLOCK_SECONDS * section.rate)
    size = max(1, min(size, BLOCK_VALUES // section.n_channels))
    piece, position, least = section.piece, first, 0
    for _ in range(MOST_DAMAGES):
        try:
            with _open_piece(path, piece) as file:
                if first:
                    file.seek(first)
                while len(block := file.read(size, dtype="float32", always_2d=True)):
                    yield np.asarray(block, dtype=np.float32)
                    position += len(block)
        except LibsndfileError as error:
            damage.append(text.reason_of(error))
        else:
            return
        least = max(position, least + 1)
        rest = frames and frames.after(least)
        if not rest:
            return
        (piece, position), first = rest, 0
        least = position
