"""What every reader of audio files gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from otowake.types import Floats


@dataclass
class Decoder:
    """An open recording.

    `rate` is in Hz, `promised` the length in samples that the file claims to have from here on (None where it
    claims nothing), `blocks` the sound in pieces of shape (sample, channel).
    """

    rate: int
    promised: int | None
    blocks: Iterator[Floats]
