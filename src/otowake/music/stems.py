"""Notes and parts as sound: soft masks on the complex spectrogram, by what :mod:`otowake.music.scored` has learnt.

The recording is taken at its own rate, so a sound has its channels and its length. What no note explains is the rest: all sounds
add up to the recording. It is read block by block, so memory does not grow with it but for the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from otowake.music.scored import DETUNINGS, POWER, STFT, ids_of
from otowake.signal.masks import spectra_at
from otowake.signal.resampling import resampled
from otowake.signal.stft import OverlapAdd, stft_blocks
from otowake.types import Audio, Explained, Floats, Note, Part, Piece, Sound

UNEXPLAINED = 0.1
"""Where the notes explain less than this share of the magnitude (to the power :data:`~otowake.music.scored.POWER`), the rest gets
what is missing."""

AT_ONCE = 128
"""Frames that become sound at once."""


def separated(sound: Sound, explained: Explained, groups: Sequence[Sequence[int]]) -> Iterator[list[Floats]]:
    """Sets of notes as sound, and the rest, block by block.

    Parameters
    ----------
    sound
        The recording, at its own rate.
    explained
        What :func:`~otowake.music.scored.explain` found.
    groups
        The ids of the notes in each set (:func:`~otowake.music.scored.ids_of`); the sets have no note in common.

    Yields
    ------
    For each block, one float32 array of shape (channel, sample) for each set, and last one for the rest. Joined, each is
    as long as the recording; the sum of all is the recording, to rounding.

    Examples
    --------
    >>> from otowake.music.scored import explain
    >>> sound = Audio(np.sin(np.arange(9000)), 8000)
    >>> (first,) = zip(*separated(sound, explain(sound, []), []))
    >>> bool(np.allclose(np.concatenate(first, axis=1), sound.samples, atol=1e-6))
    True
    """
    n_fft, hop = _own_stft(sound.rate)
    sounds = [OverlapAdd(hop, sound.n_samples) for _ in range(len(groups) + 1)]
    mask = _Masks(explained, groups, sound.rate, n_fft, hop)
    at = 0
    for mixture in stft_blocks(sound.blocks(AT_ONCE * hop), n_fft, hop, AT_ONCE):
        shares = mask(at, np.abs(mixture.mean(axis=0)))
        yield [each.add(mixture * share) for each, share in zip(sounds, shares, strict=True)]
        at += mixture.shape[2]
    yield [
        each.rest() if each.tail is not None else np.zeros((sound.n_channels, 0), np.float32)
        for each in sounds
    ]


def shares_of(
    sound: Sound, explained: Explained, groups: Sequence[Sequence[int]]
) -> Iterator[tuple[NDArray[np.complexfloating], Floats]]:
    """How sets of notes share the spectrogram of a recording, mixed to mono, at :data:`~otowake.music.scored.STFT`, block by block.

    Yields
    ------
    The STFT of some frames, shape (frequency, frame), and the shares of each set and last of the rest, shape
    (set + 1, frequency, frame), which add up to 1.
    """
    mask = _Masks(explained, groups, STFT.sample_rate, STFT.n_fft, STFT.hop)
    mono = (block.mean(axis=0, keepdims=True) for block in sound.blocks(10 * sound.rate))
    at = 0
    for block in stft_blocks(resampled(mono, sound.rate, STFT.sample_rate), STFT.n_fft, STFT.hop, AT_ONCE):
        yield block[0], mask(at, np.abs(block[0]))
        at += block.shape[2]


def sound_of(
    sound: Sound,
    explained: Explained,
    ids: Sequence[int],
    name: str | None = None,
    beside: Sequence[Sequence[int]] = (),
) -> Audio:
    """Some notes as sound, at the recording's own rate, channels and length; only where they sound is computed.

    The same as :func:`separated` has, if the sets of notes that it is given besides are `beside`; by default all other notes are
    one set.
    """
    out = np.zeros((sound.n_channels, sound.n_samples), np.float32)
    name = sound.name if name is None else name
    n_fft, hop = _own_stft(sound.rate)
    wanted = set(ids)
    seconds = STFT.hop / STFT.sample_rate
    active = [
        (
            piece.first + start,
            piece.first + stop + (piece.D.shape[2] if row >= len(piece.H) // len(DETUNINGS) else 0),
        )
        for piece in explained.pieces
        for its, row, start, stop in piece.spans.tolist()
        if its in wanted
    ]
    if active:
        early, late = min(a for a, _ in active), max(b for _, b in active)
        first = max(0, int((early - 1) * seconds * sound.rate / hop) - n_fft // hop - 1) * hop
        last = min(sound.n_samples, int(late * seconds * sound.rate) + 2 * n_fft)
        mask = _Masks(explained, [ids, *beside], sound.rate, n_fft, hop)
        overlap = OverlapAdd(hop, max(last - first, 0))
        at, written = first // hop, first
        parts = []
        for mixture in stft_blocks(_between(sound, first, last), n_fft, hop, AT_ONCE):
            share = mask(at, np.abs(mixture.mean(axis=0)))[0]
            parts.append(overlap.add(mixture * share))
            at += mixture.shape[2]
        for part in [*parts, overlap.rest()] if parts else []:
            out[:, written : written + part.shape[1]] = part
            written += part.shape[1]
    return Audio(out, sound.rate, name)


def with_sound(
    notes: Sequence[Note], parts: Sequence[Part], sound: Sound, explained: Explained
) -> tuple[tuple[Note, ...], tuple[Part, ...]]:
    """The notes and the parts, each able to sound: a note with what any part has of it."""
    heard = tuple(
        replace(note, render=partial(_note_sound, sound, explained, its))
        for its, note in zip(ids_of_notes(notes, parts), notes, strict=True)
    )
    mine = ids_of_parts(notes, parts)
    return heard, tuple(
        replace(part, render=partial(_part_sound, sound, explained, mine, number))
        for number, part in enumerate(parts)
    )


def ids_of_notes(notes: Sequence[Note], parts: Sequence[Part]) -> list[list[int]]:
    """For each note what its sounds are called: its own, and that in each part that shares it."""
    ids = [[its] for its in ids_of(notes)]
    for part in parts:
        for each in part.shared:
            ids[each.note].append(each.id)
    return ids


def ids_of_parts(notes: Sequence[Note], parts: Sequence[Part]) -> list[list[int]]:
    """For each part what its sounds are called: those of its notes, and of its shares in others."""
    ids = ids_of(notes)
    return [[ids[place] for place in part.notes] + [each.id for each in part.shared] for part in parts]


def _note_sound(sound: Sound, explained: Explained, ids: Sequence[int], note: Note) -> Audio:
    return sound_of(sound, explained, ids, f"{sound.name} [{note.midi} at {note.onset:.2f} s]")


def _part_sound(
    sound: Sound, explained: Explained, groups: Sequence[Sequence[int]], number: int, part: Part
) -> Audio:
    beside = [*groups[:number], *groups[number + 1 :]]
    return sound_of(sound, explained, groups[number], f"{sound.name} [{part.name}]", beside)


def _own_stft(rate: int) -> tuple[int, int]:
    """Window length and step in samples at another rate, of the same duration."""
    ratio = rate / STFT.sample_rate
    n_fft = max(2, 2 * round(STFT.n_fft * ratio / 2))
    return n_fft, max(1, min(round(STFT.hop * ratio), n_fft // 2))


def _between(sound: Sound, first: int, last: int) -> Iterator[Floats]:
    """The samples of a recording from `first` to `last`."""
    at = 0
    for block in sound.blocks(1 << 18):
        if at >= last:
            return
        piece = block[:, max(first - at, 0) : last - at]
        at += block.shape[1]
        if piece.shape[1] and at > first:
            yield piece


class _Masks:
    """The shares of sets of notes in the frames of a recording at its own rate."""

    def __init__(
        self, explained: Explained, groups: Sequence[Sequence[int]], rate: int, n_fft: int, hop: int
    ) -> None:
        self.pieces = explained.pieces
        self.n_groups = len(groups)
        self.frame = hop / rate * STFT.sample_rate / STFT.hop
        self.loudness = STFT.n_fft / (n_fft * explained.scale)
        frequencies = np.arange(n_fft // 2 + 1) * (rate / n_fft)
        self.W = [spectra_at(frequencies, piece.W, STFT) for piece in self.pieces]
        self.D = [
            spectra_at(frequencies, piece.D.reshape(len(piece.D), n_lagged), STFT).reshape(-1, *shape)
            if (n_lagged := shape[0] * shape[1])
            else np.zeros((len(frequencies), *shape), np.float32)
            for piece in self.pieces
            for shape in (piece.D.shape[1:],)
        ]
        group_of = {its: group for group, ids in enumerate(groups) for its in ids}
        self.spans = [
            [(group_of.get(its, -1), row, start, stop) for its, row, start, stop in piece.spans.tolist()]
            for piece in self.pieces
        ]

    def __call__(self, at: int, magnitude: Floats) -> Floats:
        """Shape (set + 1, frequency, frame): the shares in frames from `at` on, the rest last."""
        shares = np.zeros((self.n_groups + 1, *magnitude.shape), np.float32)
        frames = (at + np.arange(magnitude.shape[1])) * self.frame
        powered = (magnitude * np.float32(self.loudness)) ** POWER
        for piece, W, D, spans in zip(self.pieces, self.W, self.D, self.spans, strict=True):
            own = np.flatnonzero(
                (frames >= piece.first - 0.5) & (frames < piece.first + piece.H.shape[1] - 0.5)
            )
            if len(own):
                local = np.minimum(np.rint(frames[own] - piece.first).astype(int), piece.H.shape[1] - 1)
                shares[:, :, own] = self._shares(piece, W, D, spans, local, powered[:, own])
        shares[-1] = 1 - shares[:-1].sum(axis=0)
        return shares

    def _shares(
        self,
        piece: Piece,
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
                models[group] = W[:, columns] @ (piece.H[columns][:, local] * np.repeat(gate, each, axis=0))
            for drum in sorted({row - n_pitches for _, row, *_ in mine if row >= n_pitches}):
                struck = np.zeros(piece.G.shape[1] + n_lags, np.float32)
                for _, row, start, stop in mine:
                    if row == n_pitches + drum:
                        struck[start:stop] = piece.G[drum, start:stop]
                models[group] += D[:, drum] @ struck[np.where(lagging < 0, -1, lagging)]
        whole = models.sum(axis=0)
        wiener = models ** (2 / POWER)
        total = wiener.sum(axis=0)
        known = np.minimum(whole / np.maximum(UNEXPLAINED * powered, 1e-20), 1)
        return wiener * (known / np.maximum(total, 1e-30))
