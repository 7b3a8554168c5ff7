"""The masks of vocals, bass, drums and other in the frames of a recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from otowake.music.network_weights import Weights
from otowake.music.song.network import (
    BLOCK_FRAMES,
    CONTEXT_FRAMES,
    N_BANDS,
    N_CHANNELS_IN,
    SOURCES,
    STFT,
    band_masks,
    features,
    load_pretrained,
)
from otowake.music.theory.instruments import DRUMS
from otowake.signal.masks import interpolated
from otowake.signal.resampling import resampled
from otowake.signal.stft import stft_blocks
from otowake.types import Floats, Note, Part

VOCALS, BASS, DRUM_KIT, OTHER = range(len(SOURCES))

SOURCE_OF_INSTRUMENT = {
    "voice": VOCALS,
    "electric-bass": BASS,
    "double-bass": BASS,
    DRUMS: DRUM_KIT,
}
"""The source of each instrument that has one of its own."""


def source_of(instrument: str) -> int:
    """Return the index of the source that an instrument belongs to.

    Examples
    --------
    >>> [SOURCES[source_of(name)] for name in ("voice", "double-bass", "piano")]
    ['vocals', 'bass', 'other']
    """
    return SOURCE_OF_INSTRUMENT.get(instrument, OTHER)


def sources_of_notes(notes: Sequence[Note], parts: Sequence[Part]) -> dict[int, int] | None:
    """Return the source of each note by its id; None if the recording is not a song.

    A song has vocals or drums, and something else.

    Examples
    --------
    >>> voice, piano = Part("voice", "voice", (0,), {}), Part("piano", "piano", (1,), {})
    >>> notes = [Note(0, 1, 60, id=4), Note(0, 1, 64, id=5)]
    >>> sources_of_notes(notes, [voice, piano]), sources_of_notes(notes, [piano])
    ({4: 0, 5: 3}, None)
    """
    sources = {source_of(part.instrument) for part in parts}
    if len(sources) < 2 or not sources & {VOCALS, DRUM_KIT}:
        return None
    table: dict[int, int] = {}
    for part in parts:
        source = source_of(part.instrument)
        for index in part.notes:
            note_id = notes[index].id
            table[index if note_id is None else note_id] = source
        table |= {shared.id: source for shared in part.shared}
    return table


class BandBlock(NamedTuple):
    """Some frames of a recording in bands.

    Attributes
    ----------
    features
        What the network sees (:func:`otowake.music.song.network.features`).
    masks
        Shape (2, source, frame, band): the masks of the middle and of the side.
    """

    features: Floats
    masks: Floats


def band_blocks(
    blocks: Iterator[Floats], rate: int, scale: float, weights: Weights | None = None
) -> Iterator[BandBlock]:
    """Run the network over a recording, block by block.

    Parameters
    ----------
    blocks
        The samples, (channel, sample), of one or two channels.
    rate
        Their sampling rate.
    scale
        Mean magnitude of the middle.
    weights
        Of the network; by default of the one that comes with the package.

    Yields
    ------
    At most :data:`~otowake.music.song.network.BLOCK_FRAMES` frames at a time.
    """
    weights = load_pretrained().weights if weights is None else weights
    at_rate = resampled(blocks, rate, STFT.sample_rate)
    size = BLOCK_FRAMES + 2 * CONTEXT_FRAMES
    held = np.zeros((CONTEXT_FRAMES, N_BANDS, N_CHANNELS_IN), np.float32)
    for block in stft_blocks(at_rate, STFT.n_fft, STFT.hop, BLOCK_FRAMES):
        held = np.concatenate([held, features(block, scale)])
        while len(held) >= size:
            yield _inner(held[:size], weights, BLOCK_FRAMES)
            held = held[BLOCK_FRAMES:]
    while len(held) > CONTEXT_FRAMES:
        missing = max(size - len(held), 0)
        values = np.pad(held[:size], ((0, missing), (0, 0), (0, 0)))
        yield _inner(values, weights, min(len(held) - CONTEXT_FRAMES, BLOCK_FRAMES))
        held = held[BLOCK_FRAMES:]


def _inner(values: Floats, weights: Weights, n: int) -> BandBlock:
    inner = slice(CONTEXT_FRAMES, CONTEXT_FRAMES + n)
    return BandBlock(values[inner], band_masks(values, weights)[:, :, inner])


class SongMasks:
    """The masks of the sources of a song, asked for frame by frame from the first to the last.

    Parameters
    ----------
    blocks
        The samples of the recording, (channel, sample), from a first sample on.
    rate
        Its sampling rate.
    scale
        Mean magnitude of its middle.
    sources
        The source of each note (:func:`sources_of_notes`). What the network hears of a source that
        has no notes belongs to the source ``other``.
    first
        Position of the first sample, in hops of the network's STFT.
    n_masks
        2 for the masks of the middle and of the side, 1 for that of the middle alone.
    """

    def __init__(
        self,
        blocks: Iterator[Floats],
        rate: int,
        scale: float,
        sources: Mapping[int, int],
        first: int = 0,
        n_masks: int = 2,
    ) -> None:
        self.sources = sources
        self.n_masks = n_masks
        self.absent = sorted(set(range(OTHER)) - set(sources.values()))
        self._blocks = band_blocks(blocks, rate, scale)
        self._held = np.zeros((2, len(SOURCES), 0, N_BANDS), np.float32)
        self._first = first

    def __call__(self, frames: Floats, positions: Floats) -> Floats:
        """Return the masks of some frames, shape (1 or 2, source, frequency, frame).

        Parameters
        ----------
        frames
            Positions in the recording, in hops of the network's STFT, ascending; no frame is before
            the first of an earlier call.
        positions
            Where the frequencies are among the bands
            (:func:`otowake.music.song.network.band_positions`).
        """
        last = round(float(frames[-1]))
        while self._first + self._held.shape[2] <= last:
            block = next(self._blocks, None)
            if block is None:
                break
            self._held = np.concatenate([self._held, block.masks], axis=2)
        done = max(int(frames[0]) - self._first - 1, 0)
        self._held, self._first = self._held[:, :, done:], self._first + done
        index = np.clip(np.rint(frames).astype(int) - self._first, 0, self._held.shape[2] - 1)
        masks = interpolated(positions, self._held[: self.n_masks, :, index]).swapaxes(2, 3)
        masks[:, OTHER] += masks[:, self.absent].sum(axis=1)
        masks[:, self.absent] = 0
        return masks
