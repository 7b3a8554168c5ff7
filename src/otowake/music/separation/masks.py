"""How sets of notes share the spectrogram of a recording, by what :mod:`otowake.music.separation.score_informed` has learnt: soft masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from otowake.music.separation.score_informed import DETUNINGS, POWER, STFT
from otowake.signal.masks import spectra_at
from otowake.types import Floats, NoteFactors, Segment, Sound

UNEXPLAINED = 0.1
"""Where the notes explain less than this share of the magnitude (to the power :data:`~otowake.music.separation.score_informed.POWER`), the rest gets
what is missing."""

AT_ONCE = 128
"""Frames that become sound at once."""


def own_stft(rate: int) -> tuple[int, int]:
    """Window length and step in samples at another rate, of the same duration."""
    ratio = rate / STFT.sample_rate
    n_fft = max(2, 2 * round(STFT.n_fft * ratio / 2))
    return n_fft, max(1, min(round(STFT.hop * ratio), n_fft // 2))


def between(sound: Sound, first: int, last: int) -> Iterator[Floats]:
    """The samples of a recording from `first` to `last`."""
    at = 0
    for block in sound.blocks(1 << 18):
        if at >= last:
            return
        piece = block[:, max(first - at, 0) : last - at]
        at += block.shape[1]
        if piece.shape[1] and at > first:
            yield piece


class Shares:
    """The shares of sets of notes in the frames of a recording, at any rate.

    `groups` are the ids of the notes in each set (:func:`~otowake.music.separation.score_informed.ids_of`); `rate`, `n_fft` and `hop` are those of the frames.
    """

    def __init__(
        self,
        note_factors: NoteFactors,
        groups: Sequence[Sequence[int]],
        rate: int,
        n_fft: int,
        hop: int,
    ) -> None:
        self.pieces = note_factors.segments
        self.n_groups = len(groups)
        self.frame = hop / rate * STFT.sample_rate / STFT.hop
        self.loudness = STFT.n_fft / (n_fft * note_factors.scale)
        frequencies = np.arange(n_fft // 2 + 1) * (rate / n_fft)
        self.W = [spectra_at(frequencies, piece.W, STFT) for piece in self.pieces]
        self.D = [
            spectra_at(frequencies, piece.D.reshape(len(piece.D), n_lagged), STFT).reshape(
                -1, *shape
            )
            if (n_lagged := shape[0] * shape[1])
            else np.zeros((len(frequencies), *shape), np.float32)
            for piece in self.pieces
            for shape in (piece.D.shape[1:],)
        ]
        group_of = {its: group for group, ids in enumerate(groups) for its in ids}
        self.spans = [
            [
                (group_of.get(its, -1), row, start, stop)
                for its, row, start, stop in piece.spans.tolist()
            ]
            for piece in self.pieces
        ]

    def __call__(self, at: float, magnitude: Floats) -> Floats:
        """Shape (set + 1, frequency, frame): the shares in frames from `at` on, the rest last."""
        shares = np.zeros((self.n_groups + 1, *magnitude.shape), np.float32)
        frames = (at + np.arange(magnitude.shape[1])) * self.frame
        powered = (magnitude * np.float32(self.loudness)) ** POWER
        for piece, W, D, spans in zip(self.pieces, self.W, self.D, self.spans, strict=True):
            own = np.flatnonzero(
                (frames >= piece.first - 0.5) & (frames < piece.first + piece.H.shape[1] - 0.5)
            )
            if len(own):
                local = np.minimum(
                    np.rint(frames[own] - piece.first).astype(int), piece.H.shape[1] - 1
                )
                shares[:, :, own] = self._shares(piece, W, D, spans, local, powered[:, own])
        shares[-1] = 1 - shares[:-1].sum(axis=0)
        return shares

    def _shares(
        self,
        piece: Segment,
        W: Floats,
        D: Floats,
        spans: list[tuple[int, int, int, int]],
        local: NDArray[np.intp],
        powered: Floats,
    ) -> Floats:
        models = np.zeros((self.n_groups + 1, *powered.shape), np.float32)
        each, n_lags = len(DETUNINGS), D.shape[2]
        n_pitches = piece.H.shape[0] // each
        lagging = local - np.arange(n_lags)[:, None]
        for group in range(-1, self.n_groups):
            mine = [span for span in spans if span[0] == group]
            pitched = [
                (row, (local >= start) & (local < stop))
                for _, row, start, stop in mine
                if row < n_pitches and start <= local[-1] and stop > local[0]
            ]
            rows = sorted({row for row, _ in pitched})
            gate = np.zeros((len(rows), len(local)), bool)
            for row, when in pitched:
                gate[rows.index(row)] |= when
            if rows:
                columns = (np.array(rows)[:, None] * each + np.arange(each)).ravel()
                models[group] = W[:, columns] @ (
                    piece.H[columns][:, local] * np.repeat(gate, each, axis=0)
                )
            for drum in sorted({row - n_pitches for _, row, *_ in mine if row >= n_pitches}):
                detect_drums = np.zeros(piece.G.shape[1] + n_lags, np.float32)
                for _, row, start, stop in mine:
                    if row == n_pitches + drum:
                        detect_drums[start:stop] = piece.G[drum, start:stop]
                models[group] += D[:, drum] @ detect_drums[np.where(lagging < 0, -1, lagging)]
        whole = models.sum(axis=0)
        wiener = models ** (2 / POWER)
        total = wiener.sum(axis=0)
        known = np.minimum(whole / np.maximum(UNEXPLAINED * powered, 1e-20), 1)
        return wiener * (known / np.maximum(total, 1e-30))
