"""Define the decoder that every audio reader returns, and skip and convert its blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from otowake import text
from otowake.errors import BadInput
from otowake.signal.resampling import resampled
from otowake.text import Text
from otowake.types import Floats


@dataclass
class Decoder:
    """An open recording.

    Attributes
    ----------
    rate, n_channels
        The sampling rate in Hz and the number of channels.
    promised
        The length in samples from the start of reading, from the header; None if it has none.
    available
        The length in samples that the bytes of the file hold; None if only decoding can tell.
    blocks
        The sound in arrays of shape (sample, channel).
    damage
        Reasons for parts of the file that `blocks` has skipped.
    """

    rate: int
    n_channels: int
    promised: int | None
    available: int | None
    blocks: Iterator[Floats]
    damage: list[Text] = field(default_factory=list)

    def expected_length(self) -> int | None:
        """Return the best estimate of the length before decoding; None if unknown."""
        return self.promised if self.available is None else self.available


def skipped(path: Path, blocks: Iterable[Floats], first: int, rate: int) -> Iterator[Floats]:
    """Yield blocks from the sample `first` on, decoding all before: exact in every container.

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

    Mono is copied to all channels; other sounds are mixed to mono first. A recording whose format
    changes half-way keeps its first format.
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
