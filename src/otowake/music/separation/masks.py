"""Soft masks of groups of notes, from score-informed factors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from otowake.music.separation.config import FITTING, MASKING
from otowake.music.separation.layout import Span, components_of_pitches, drum_spans, pitch_spans
from otowake.music.separation.score_informed import STFT
from otowake.music.song.masks import OTHER, SongMasks
from otowake.music.song.network import SOURCES, band_positions
from otowake.signal.masks import spectra_at
from otowake.types import Floats, NoteFactors, Segment, Sound

NO_SOURCE = -1
"""Source of the notes in no group where there are none."""

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
    song_masks
        The masks of the sources of a song, which the groups of a source divide among themselves.
    """

    def __init__(
        self,
        note_factors: NoteFactors,
        groups: Sequence[Sequence[int]],
        rate: int,
        n_fft: int,
        hop: int,
        song_masks: SongMasks | None = None,
    ) -> None:
        self.n_groups = len(groups)
        self.song_masks = song_masks
        self.frame_step = hop / rate * STFT.sample_rate / STFT.hop
        self.gain = STFT.n_fft / (n_fft * note_factors.scale)
        frequencies = np.arange(n_fft // 2 + 1) * (rate / n_fft)
        self.positions = band_positions(frequencies)
        group_of = {note_id: group for group, ids in enumerate(groups) for note_id in ids}
        self.source_of_group = [OTHER] * self.n_groups
        if song_masks is not None:
            rest = [NO_SOURCE] * len(SOURCES)
            for note_id, source in song_masks.sources.items():
                group = group_of.setdefault(note_id, self.n_groups + source)
                if group < self.n_groups:
                    self.source_of_group[group] = source
                else:
                    rest[source] = source
            self.source_of_group += rest
        n_models = max(len(self.source_of_group), self.n_groups + 1)
        self.segments = [
            _SegmentModels(segment, group_of, n_models, frequencies)
            for segment in note_factors.segments
        ]
        self.n_models = n_models

    def __call__(self, first: float, magnitude: Floats) -> Floats:
        """Return masks of shape (group + 1, 1 or 2, frequency, frame), that of the rest last.

        Only the masks of a song differ between the middle and the side of the channels.

        Parameters
        ----------
        first
            The number of the first frame.
        magnitude
            Shape (frequency, frame).
        """
        frames = (first + np.arange(magnitude.shape[1])) * self.frame_step
        powered = (magnitude * np.float32(self.gain)) ** FITTING.power
        models = np.zeros((self.n_models, *magnitude.shape), np.float32)
        for of_segment in self.segments:
            begin, n_frames = of_segment.segment.first, of_segment.segment.H.shape[1]
            inside = np.flatnonzero((frames >= begin - 0.5) & (frames < begin + n_frames - 0.5))
            if len(inside):
                local = np.rint(frames[inside] - begin).astype(int)
                local = np.minimum(local, n_frames - 1)
                models[:, :, inside] = of_segment(local)
        if self.song_masks is None:
            masks = _masks(models, powered)
            masks[-1] = 1 - masks[:-1].sum(axis=0)
            return masks[:, None]
        of_sources = self.song_masks(frames, self.positions)
        return _divided(of_sources, models, powered, self.source_of_group, self.n_groups)


class _SegmentModels:
    """The models of groups of notes in a segment, at other frequencies than its own."""

    def __init__(
        self, segment: Segment, group_of: Mapping[int, int], n_models: int, frequencies: Floats
    ) -> None:
        self.segment = segment
        self.W = spectra_at(frequencies, segment.W, STFT)
        self.D = _drum_spectra_at(frequencies, segment.D)
        self.n_models = n_models
        self.pitches: list[list[Span]] = [[] for _ in range(n_models)]
        self.drums: list[list[Span]] = [[] for _ in range(n_models)]
        for spans, of_group in (
            (pitch_spans(segment), self.pitches),
            (drum_spans(segment), self.drums),
        ):
            for span in spans:
                of_group[group_of.get(span.note_id, -1)].append(span)

    def __call__(self, frames: NDArray[np.intp]) -> Floats:
        """Return the models in some frames of the segment, (model, frequency, frame)."""
        models = np.zeros((self.n_models, len(self.W), len(frames)), np.float32)
        for group in range(self.n_models):
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
    wiener = models ** (2 / FITTING.power)
    explained = _explained(models.sum(axis=0), powered)
    return wiener * (explained / np.maximum(wiener.sum(axis=0), 1e-30))


def _explained(model: Floats, powered: Floats) -> Floats:
    """Return how much of the powered magnitude a model explains, from 0 to 1."""
    return np.minimum(model / np.maximum(MASKING.explained * powered, 1e-20), 1)


def _divided(
    of_sources: Floats,
    models: Floats,
    powered: Floats,
    source_of_model: Sequence[int],
    n_groups: int,
) -> Floats:
    """Divide the masks of the sources of a song among groups of notes.

    First the masks are weighted by a power of the shares that the models give the sources. Vocals,
    bass and drums then belong wholly to their groups. Where no note of theirs sounds, groups that
    are all of a source share it equally; otherwise it is the rest. What the notes of the source
    ``other`` do not explain is the rest, too.

    Parameters
    ----------
    of_sources
        Shape (1 or 2, source, frequency, frame).
    models
        Shape (model, frequency, frame): those of the groups, and then, for each source, that of the
        notes in no group.
    source_of_model
        The source of each model; :data:`NO_SOURCE` if there are no such notes.

    Returns
    -------
    Masks of shape (group + 1, 1 or 2, frequency, frame), the last that of the rest.
    """
    wiener = models ** (2 / FITTING.power)
    members = [
        [number for number, of_model in enumerate(source_of_model) if of_model == source]
        for source in range(len(SOURCES))
    ]
    totals = np.stack([wiener[numbers].sum(axis=0) for numbers in members])
    of_sources = _weighted(of_sources, totals, _explained(models.sum(axis=0), powered))
    masks = np.zeros((n_groups + 1, len(of_sources), *powered.shape), np.float32)
    least = MASKING.equal_share * powered ** (2 / FITTING.power) + 1e-30
    for source, numbers in enumerate(members):
        if not numbers:
            continue
        share, floors = 1 / np.maximum(totals[source], 1e-30), np.zeros(len(numbers))
        if source == OTHER:
            own = powered * of_sources[0, OTHER] ** FITTING.power
            share *= _explained(models[numbers].sum(axis=0), own)
        else:
            floors[-1 if numbers[-1] >= n_groups else slice(None)] = 1
            share = 1 / (totals[source] + floors.sum() * least)
        for number, floor in zip(numbers, floors, strict=True):
            if number < n_groups:
                masks[number] = (wiener[number] + floor * least) * share * of_sources[:, source]
    masks[-1] = 1 - masks[:-1].sum(axis=0)
    return masks


def _weighted(of_sources: Floats, totals: Floats, explained: Floats) -> Floats:
    """Weight the masks of the sources by a power of what the notes' models say of them.

    Parameters
    ----------
    of_sources
        Shape (1 or 2, source, frequency, frame).
    totals
        Shape (source, frequency, frame): the models of each source.
    explained
        Shape (frequency, frame): how much all models explain; the remainder counts as ``other``.
    """
    shares = totals * (explained / np.maximum(totals.sum(axis=0), 1e-30))
    shares[OTHER] += 1 - explained
    weighted = of_sources * (shares + MASKING.song_floor) ** MASKING.song_power
    return weighted / np.maximum(weighted.sum(axis=1, keepdims=True), 1e-20)
