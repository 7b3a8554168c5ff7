"""What every reader of audio files gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from otowake.types import Floats


@dataclass
class Decoder:
    """An open recording.

    `rate` is in Hz, `n_channels` their number, `promised` the length in samples that the file claims to have from here on (None where it
    claims nothing), `there` how many samples its size allows (None where nobody knows), `blocks` the sound in pieces of shape (sample, channel).
    """

    rate: int
    n_channels: int
    promised: int | None
    there: int | None
    blocks: Iterator[Floats]
