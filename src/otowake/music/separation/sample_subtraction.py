"""Subtract drum samples from a recording before masks divide it, and add them to their groups."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from otowake.music.separation.config import DRUM_SAMPLES
from otowake.signal.masks import masked
from otowake.signal.stft import Complexes
from otowake.types import Floats, NoteFactors, Sound

RESIDUAL_FLOOR = 1e-3
"""Added to the unexplained share of a drum, so that no mask of the residual becomes 0 / 0."""


class PlacedSample(NamedTuple):
    """A hit of a drum that is known as a waveform.

    Attributes
    ----------
    start
        The sample of the recording with which the waveform begins.
    wave
        Index of the waveform.
    gain
        Factor of the waveform.
    group
        Index of the hit's group, or the number of groups.
    """

    start: int
    wave: int
    gain: float
    group: int


class SampleSubtraction:
    """The drum samples of groups of notes in a recording.

    Parameters
    ----------
    note_factors
        Factors with drum samples; samples of another rate or number of channels are ignored.
    groups
        The ids of the notes in each group; hits in none of them belong to the rest.
    sound
        The recording.
    """

    def __init__(
        self, note_factors: NoteFactors, groups: Sequence[Sequence[int]], sound: Sound
    ) -> None:
        group_of = {note_id: number for number, ids in enumerate(groups) for note_id in ids}
        self.channels = sound.n_channels
        self.waves: list[Floats] = []
        hits = []
        for segment in note_factors.segments:
            samples = segment.drum_samples
            if (
                samples is None
                or samples.rate != sound.rate
                or samples.waves.shape[1] != sound.n_channels
            ):
                continue
            for (note_id, wave, start), gain in zip(
                samples.hits.tolist(), samples.gains.tolist(), strict=True
            ):
                group = group_of.get(note_id, len(groups))
                hits.append(PlacedSample(start, len(self.waves) + wave, gain, group))
            self.waves += list(samples.waves)
        self.hits = sorted(hits)
        self.groups = sorted({hit.group for hit in hits})

    def with_models(self, blocks: Iterator[Floats], first: int) -> Iterator[Floats]:
        """Append to blocks of a recording the waveforms of each group, as more channels.

        Parameters
        ----------
        blocks
            Blocks of shape (channel, sample).
        first
            The sample with which the first block begins.
        """
        longest = max((wave.shape[1] for wave in self.waves), default=0)
        for block in blocks:
            n = block.shape[1]
            models = np.zeros((len(self.groups), self.channels, n), np.float32)
            for hit in self.hits[bisect_left(self.hits, (first - longest,)) :]:
                if hit.start >= first + n:
                    break
                wave, offset = self.waves[hit.wave], hit.start - first
                low, high = max(offset, 0), min(offset + wave.shape[1], n)
                if low < high:
                    model = models[self.groups.index(hit.group)]
                    model[:, low:high] += hit.gain * wave[:, low - offset : high - offset]
            yield np.concatenate([block, models.reshape(-1, n)])
            first += n

    def separated(self, spectra: Complexes, masks: Floats) -> list[Complexes]:
        """Separate spectra into those of the groups and of the rest.

        The masks divide the recording without the samples. A group with samples gets less of that
        remainder, by the share of its mask that the samples already explain.

        Parameters
        ----------
        spectra
            Spectra of the channels of :meth:`with_models`.
        masks
            Shape (group + 1, 1 or 2, frequency, frame): one mask for all channels, or those of the
            middle and the side of two.
        """
        mixture, models = spectra[: self.channels], spectra[self.channels :]
        if not models.any():
            return [masked(mixture, mask) for mask in masks]
        models = models.reshape(len(self.groups), *mixture.shape)
        level = _level(mixture)
        remaining = masks.copy()
        for group, model in zip(self.groups, models, strict=True):
            explained = _level(model) / np.maximum(masks[group, 0] * level, 1e-20)
            unexplained = np.maximum(1 - explained, 0) ** DRUM_SAMPLES.residual_power
            remaining[group] *= unexplained + RESIDUAL_FLOOR
        remaining /= np.maximum(remaining.sum(axis=0), 1e-30)
        residual = mixture - models.sum(axis=0)
        spectra_of_groups = [masked(residual, mask) for mask in remaining]
        for group, model in zip(self.groups, models, strict=True):
            spectra_of_groups[group] += model
        return spectra_of_groups


def _level(spectra: Complexes) -> Floats:
    """Return the root of the summed powers of channels, (frequency, frame)."""
    return np.sqrt((spectra.real**2 + spectra.imag**2).sum(axis=0))
