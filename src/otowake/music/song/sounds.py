"""Separate a song into vocals, bass, drums and other by the masks of the network alone.

No note is needed, so it takes a few hundredths of the recording's length.
:mod:`otowake.music.separation.stems` uses the notes as well, which is slower and better.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from otowake.music.song.masks import SongMasks
from otowake.music.song.network import SOURCES, STFT, band_positions
from otowake.signal.masks import masked
from otowake.signal.mono import MonoSignal
from otowake.signal.stft import OverlapAdd, sizes_at, stft_blocks
from otowake.types import Audio, Floats, Sound

BLOCK_FRAMES = 128
"""Frames that are masked at once; bounds memory, results do not depend on it."""


def song_blocks(sound: Sound) -> Iterator[list[Floats]]:
    """Separate a recording into vocals, bass, drums and other, block by block.

    Parameters
    ----------
    sound
        The recording, at its own rate.

    Yields
    ------
    For each block, one float32 array of shape (channel, sample) for each of
    :data:`~otowake.music.song.network.SOURCES`. Joined, each is as long as the recording; the sum
    of all is the recording, to rounding.

    Raises
    ------
    BadInput
        If the recording is shorter than one window.

    Examples
    --------
    >>> sound = Audio(np.sin(np.arange(44100)), 44100)
    >>> sources = [np.concatenate(blocks, axis=1) for blocks in zip(*song_blocks(sound))]
    >>> bool(np.allclose(sum(sources), sound.samples, atol=1e-6))
    True
    """
    n_fft, hop = sizes_at(sound.rate, STFT)
    scale = MonoSignal(sound).magnitudes(STFT).scale
    masks = SongMasks(
        (block[:2] for block in sound.blocks(BLOCK_FRAMES * hop)),
        sound.rate,
        scale,
        dict(enumerate(range(len(SOURCES)))),
        n_masks=2 if sound.n_channels == 2 else 1,
    )
    positions = band_positions(np.arange(n_fft // 2 + 1) * (sound.rate / n_fft))
    frame_step = hop / sound.rate * STFT.sample_rate / STFT.hop
    overlaps = [OverlapAdd(hop, sound.n_samples) for _ in SOURCES]
    first = 0
    for spectra in stft_blocks(sound.blocks(BLOCK_FRAMES * hop), n_fft, hop, BLOCK_FRAMES):
        frames = first + np.arange(spectra.shape[2])
        of_sources = masks(frames * frame_step, positions)
        yield [
            overlap.add(masked(spectra, of_sources[:, source]))
            for source, overlap in enumerate(overlaps)
        ]
        first += spectra.shape[2]
    yield [overlap.rest() for overlap in overlaps]


def separate_song(sound: Sound) -> dict[str, Audio]:
    """Separate a song into vocals, bass, drums and other by a small trained network.

    It finds neither notes nor instruments; :func:`otowake.analyse` separates better and takes
    longer.

    Parameters
    ----------
    sound
        The recording.

    Returns
    -------
    The sounds by name, with the rate, length and channels of the recording, which is their sum.

    Raises
    ------
    BadInput
        If the recording is shorter than one window of the STFT.

    Examples
    --------
    >>> import otowake
    >>> sources = otowake.separate_song(otowake.load(otowake.demo_path(), duration=2))
    >>> list(sources)
    ['vocals', 'bass', 'drums', 'other']
    """
    joined = [np.concatenate(blocks, axis=1) for blocks in zip(*song_blocks(sound), strict=True)]
    return {
        name: Audio(samples, sound.rate, f"{sound.name} [{name}]")
        for name, samples in zip(SOURCES, joined, strict=True)
    }
