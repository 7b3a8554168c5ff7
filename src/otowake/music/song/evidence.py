"""What the masks of a song say of its vocals.

A note's share of a source is the mean of the source's mask at the note's partials, weighted by the
magnitudes there. The evidence of vocals is the share of the vocals in the energy of vocals and
other; where it reaches a limit, a recording with a drum kit has vocals. Training fits the limit so
that few generated songs without vocals reach it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from otowake.music.song.config import EVIDENCE
from otowake.music.song.masks import OTHER, VOCALS, band_blocks
from otowake.music.song.network import COMPRESSION, SOURCES, STFT, band_edges
from otowake.music.theory.names import midi_to_hz
from otowake.signal.mono import MonoSignal
from otowake.types import Floats


class SongEvidence(NamedTuple):
    """Evidence of the sources of a song.

    Attributes
    ----------
    vocals
        Share of the vocals in the energy of vocals and other, from 0 to 1.
    shares
        Shape (note, source): the share of each source in each note.
    """

    vocals: float
    shares: Floats


def band_powers(features: Floats) -> Floats:
    """Return the power of the middle in each frame and band, (frame, band), up to a factor."""
    return features[:, :, 0] ** (2 / COMPRESSION) * np.diff(band_edges()).astype(np.float32)


def vocals_share(powers: Floats, masks: Floats) -> Floats:
    """Return the energies of vocals and of other, shape (2,); masks are (source, frame, band)."""
    return (masks[[VOCALS, OTHER]] * powers).sum(axis=(1, 2), dtype=np.float64)


def song_evidence(
    mono: MonoSignal, onset: ArrayLike, offset: ArrayLike, midi: ArrayLike
) -> SongEvidence:
    """Compute the evidence of the sources in a recording and in its notes.

    Parameters
    ----------
    mono
        The recording.
    onset, offset, midi
        Shape (note,): the notes, times in seconds.

    Returns
    -------
    No evidence of vocals, and equal shares, for silence or a recording shorter than a window.

    Examples
    --------
    >>> from otowake.types import Audio
    >>> silence = MonoSignal(Audio(np.zeros(22050), 22050))
    >>> song_evidence(silence, [0.0], [1.0], [60]).vocals
    0.0
    """
    begin, end, pitch = (np.asarray(column, float) for column in (onset, offset, midi))
    total = np.full((len(begin), len(SOURCES)), 1e-6)
    if mono.is_silent or mono.n_samples < STFT.n_fft:
        return SongEvidence(0.0, total / total.sum(axis=1, keepdims=True))
    frame_s, bin_hz = STFT.hop / STFT.sample_rate, STFT.sample_rate / STFT.n_fft
    start = np.rint(begin / frame_s).astype(int)
    stop = np.rint(np.minimum(end, begin + EVIDENCE.max_length) / frame_s).astype(int)
    stop = np.maximum(stop, start + 1)
    numbers = np.arange(1, EVIDENCE.n_partials + 1)
    bins = midi_to_hz(pitch, 440.0)[:, None] * numbers / bin_hz + 0.5
    bands = np.searchsorted(band_edges(), bins, "right") - 1
    sound, scale = mono.sound, mono.magnitudes(STFT).scale
    blocks = (block[:2] for block in sound.blocks(10 * sound.rate))
    first, energies = 0, np.zeros(2)
    for values, masks in band_blocks(blocks, sound.rate, scale):
        energies += vocals_share(band_powers(values), masks[0])
        magnitude = values[:, :, 0] ** (1 / COMPRESSION)
        for i in np.flatnonzero((start < first + len(values)) & (stop > first)):
            frames = slice(max(start[i] - first, 0), stop[i] - first)
            own = bands[i][bands[i] < magnitude.shape[1]]
            weighted = masks[0][:, frames][:, :, own] * magnitude[frames][:, own]
            total[i] += weighted.sum(axis=(1, 2))
        first += len(values)
    vocals = float(energies[0] / max(energies.sum(), 1e-20))
    return SongEvidence(vocals, total / total.sum(axis=1, keepdims=True))
