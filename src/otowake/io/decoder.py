"""What every reader of audio files returns, and what the readers share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.signal.resampling import resampled
from otowake.types import Floats


@dataclass
class Decoder:
    """An open recording.

    `rate` is in Hz, `n_channels` the number of channels. Both lengths are in samples and count from
    where reading begins: `promised` is what the file claims (None where it claims nothing), `there`
    what its bytes hold (None where only decoding tells). `blocks` yields the sound in arrays of shape
    (sample, channel); where it has to leave out a part of the file, it adds the reason to `damage`.
    """

    rate: int
    n_channels: int
    promised: int | None
    there: int | None
    blocks: Iterator[Floats]
    damage: list[str] = field(default_factory=list)

    def likely(self) -> int | None:
        """The length to reckon with before anything is decoded; None if it is unknown."""
        return self.promised if self.there is None else self.there


def skipped(path: Path, blocks: Iterable[Floats], first: int, rate: int) -> Iterator[Floats]:
    """Yield blocks from the sample `first` on. Decoding what is thrown away is exact in every container.

    Raises
    ------
    BadInput
        If the sound ends at or before `first`.
    """
    position = 0
    for block in blocks:
        if position + len(block) > first:
            yield block[max(0, first - position) :]
        position += len(block)
    if 0 < position <= first:
        length = f"{position / rate:g}"
        raise BadInput(text.AFTER_END, path=path, start=f"{first / rate:g}", length=length)


def conformed(
    blocks: Iterable[Floats], rate: int, new_rate: int, n_channels: int
) -> Iterator[Floats]:
    """Yield blocks at another sampling rate and number of channels.

    Channels are copied from mono, and otherwise mixed to mono first. A recording whose format changes
    half-way keeps the format it begins with.
    """
    mixed = (
        block
        if block.shape[1] == n_channels
        else np.repeat(block.mean(axis=1, keepdims=True), n_channels, axis=1)
        for block in blocks
    )
    if rate == new_rate:
        yield from mixed
    else:
        for block in resampled((block.T for block in mixed), rate, new_rate):
            if block.shape[1]:
                yield block.T
