"""Soft masks of groups of notes, from score-informed factors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from otowake.music.separation.config import FITTING, MASKING
from otowake.music.separation.layout import Span, components_of_pitches, drum_spans, pitch_spans
from otowake.music.separation.score_informed import STFT
from otowake.signal.masks import spectra_at
from otowake.types import Floats, NoteFactors, Segment, Sound

BLOCK_FRAMES = 128
"""Frames that are masked at once; bounds memory, results do not depend on it."""


def blocks_between(sound: Sound, first: int, last: int) -> Iterator[Floats]:
    """Iterate over the samples of a recording from `first` to `last`, block by block."""
    start = 0
    for block in sound.blocks(1 << 18):
        if start >= last:
            return
        inside = block[:, max(first - start, 0) : last - start]
        start += block.shape[1]
        if inside.shape[1] and start > first:
            yield inside


class GroupMasks:
    """Soft masks of groups of notes in the frames of a recording, at any rate.

    Parameters
    ----------
    note_factors
        What :func:`~otowake.music.separation.score_informed.fit_notes` has learnt.
    groups
        The ids of the notes in each group
        (:func:`~otowake.music.separation.score_informed.ids_of`).
    rate, n_fft, hop
        Sampling rate, window length and hop of the frames.
    """

    def __init__(
        self,
        note_factors: NoteFactors,
        groups: Sequence[Sequence[int]],
        rate: int,
        n_fft: int,
        hop: int,
    ) -> None:
        self.n_groups = len(groups)
        self.frame_step = hop / rate * STFT.sample_rate / STFT.hop
        self.gain = STFT.n_fft / (n_fft * note_factors.scale)
        frequencies = np.arange(n_fft // 2 + 1) * (rate / n_fft)
        self.segments = [
            _SegmentModels(segment, groups, frequencies) for segment in note_factors.segments
        ]

    def __call__(self, first: float, magnitude: Floats) -> Floats:
        """Return masks of shape (group + 1, frequency, frame), that of the rest last.

        Parameters
        ----------
        first
            The number of the first frame.
        magnitude
            Shape (frequency, frame).
        """
        masks = np.zeros((self.n_groups + 1, *magnitude.shape), np.float32)
        frames = (first + np.arange(magnitude.shape[1])) * self.frame_step
        powered = (magnitude * np.float32(self.gain)) ** FITTING.power
        for models in self.segments:
            begin, n_frames = models.segment.first, models.segment.H.shape[1]
            inside = np.flatnonzero((frames >= begin - 0.5) & (frames < begin + n_frames - 0.5))
            if len(inside):
                local = np.rint(frames[inside] - begin).astype(int)
                local = np.minimum(local, n_frames - 1)
                masks[:, :, inside] = _masks(models(local), powered[:, inside])
        masks[-1] = 1 - masks[:-1].sum(axis=0)
        return masks


class _SegmentModels:
    """The models of groups of notes in a segment, at other frequencies than its own."""

    def __init__(
        self, segment: Segment, groups: Sequence[Sequence[int]], frequencies: Floats
    ) -> None:
        self.segment = segment
        self.W = spectra_at(frequencies, segment.W, STFT)
        self.D = _drum_spectra_at(frequencies, segment.D)
        group_of = {note_id: group for group, ids in enumerate(groups) for note_id in ids}
        self.n_groups = len(groups)
        self.pitches: list[list[Span]] = [[] for _ in range(self.n_groups + 1)]
        self.drums: list[list[Span]] = [[] for _ in range(self.n_groups + 1)]
        for spans, of_group in (
            (pitch_spans(segment), self.pitches),
            (drum_spans(segment), self.drums),
        ):
            for span in spans:
                of_group[group_of.get(span.note_id, -1)].append(span)

    def __call__(self, frames: NDArray[np.intp]) -> Floats:
        """Return the models in some frames of the segment, (group + 1, frequency, frame)."""
        models = np.zeros((self.n_groups + 1, len(self.W), len(frames)), np.float32)
        for group in range(-1, self.n_groups):
            self._add_pitches(models, group, frames)
            self._add_drums(models, group, frames)
        return models

    def _add_pitches(self, models: Floats, group: int, frames: NDArray[np.intp]) -> None:
        spans = [
            span
            for span in self.pitches[group]
            if span.start <= frames[-1] and span.stop > frames[0]
        ]
        pitches = sorted({span.source for span in spans})
        if not pitches:
            return
        gates = np.zeros((len(pitches), len(frames)), bool)
        for span in spans:
            gates[pitches.index(span.source)] |= (frames >= span.start) & (frames < span.stop)
        columns = components_of_pitches(pitches)
        repeats = len(columns) // len(pitches)
        models[group] = self.W[:, columns] @ (
            self.segment.H[columns][:, frames] * np.repeat(gates, repeats, axis=0)
        )

    def _add_drums(self, models: Floats, group: int, frames: NDArray[np.intp]) -> None:
        n_lags = self.D.shape[2]
        lagged = frames - np.arange(n_lags)[:, None]
        for drum in sorted({span.source for span in self.drums[group]}):
            onsets = np.zeros(self.segment.G.shape[1] + n_lags, np.float32)
            for _, source, start, stop in self.drums[group]:
                if source == drum:
                    onsets[start:stop] = self.segment.G[drum, start:stop]
            models[group] += self.D[:, drum] @ onsets[np.where(lagged < 0, -1, lagged)]


def _drum_spectra_at(frequencies: Floats, D: Floats) -> Floats:
    """Return spectra of drums, (frequency, drum, lag), at other frequencies."""
    shape = D.shape[1:]
    n_lagged = shape[0] * shape[1]
    if not n_lagged:
        return np.zeros((len(frequencies), *shape), np.float32)
    return spectra_at(frequencies, D.reshape(len(D), n_lagged), STFT).reshape(-1, *shape)


def _masks(models: Floats, powered: Floats) -> Floats:
    """Return Wiener masks of models, (group + 1, frequency, frame).

    Where the models explain less than a share of the powered magnitude, the masks sum to less than
    1.
    """
    total_model = models.sum(axis=0)
    wiener = models ** (2 / FITTING.power)
    total = wiener.sum(axis=0)
    explained = np.minimum(total_model / np.maximum(MASKING.explained * powered, 1e-20), 1)
    return wiener * (explained / np.maximum(total, 1e-30))
