"""Drums that always sound the same, as those of a drum machine or of a sampler do, told to the sample.

Where a drum is struck and no other, a mask has all of it, and from stroke to stroke it can be told what they have in common: the coherent
part of their spectra, against what differs. If that is nearly everything, the drum is known as a waveform, and it
can be taken out where others cover it: what a mask never could, since it shares out magnitudes. What differs from
stroke to stroke (a drummer's every stroke) is left to the masks.

Source: the magnitude-squared coherence of Carter, Knapp & Nuttall (1973) for more than two signals, with its bias taken off.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from otowake.music.separation.masks import AT_ONCE, Shares, between, own_stft
from otowake.music.separation.score_informed import DETUNINGS, STFT, ids_of
from otowake.signal.downmix import downmix, mixed_spectra
from otowake.signal.stft import Complexes, OverlapAdd, stft_blocks
from otowake.types import Audio, DrumSamples, Floats, Note, NoteFactors, Segment, Sound

AHEAD, LONGEST, SHORTEST = 0.02, 0.6, 0.08
"""Seconds before a stroke from which on its waveform is known; how long it is at most and at least."""

NEAR, LONE = 0.05, 4
"""Within so many seconds of a lone stroke no other drum is struck; of a drum that has fewer of them nothing is told."""

MOST = 24
"""Lone strokes that are looked at, spread over the piece."""

OFF = 0.015
"""Seconds by which strokes may lie elsewhere than said."""

SAME = 0.7
"""The share of its strokes' energy that a drum's waveform must have."""

SMOOTH = 80.0
"""Hz over which coherence is averaged, as the deviation of a bell."""

STRONGEST = 2.0
"""How much stronger than usual a lone stroke may be; one that others cover may not be: what is like it there is theirs."""

FADE = 0.15
"""The share of a waveform in which it fades out."""

SLOPE, LEFT = 2, 1e-3
"""Of what a mask gives a drum, what is left where its waveform has been taken out: (1 - what the waveform has of it) to this power, and at
least so much."""


def with_drum_samples(
    sound: Sound, note_factors: NoteFactors, notes: Sequence[Note]
) -> NoteFactors:
    """What was learnt of a recording, and besides the waveforms of its drums that always sound the same.

    Parameters
    ----------
    sound
        The recording, at its own rate.
    note_factors
        What :func:`~otowake.music.separation.score_informed.fit_notes` found; pieces in which repeats were looked for already are left as they are.
    notes
        The notes that it was found from.

    Examples
    --------
    >>> from otowake.music.separation.score_informed import fit_notes
    >>> from otowake.types import Audio
    >>> rate, t = 22050, np.arange(2205) / 22050
    >>> tick = np.random.default_rng(0).normal(size=2205) * np.exp(-60 * t)
    >>> samples, notes = np.zeros(3 * rate), [Note(at, at + 0.1, 42, is_drum=True) for at in (0.3, 0.8, 1.3, 1.8, 2.3)]
    >>> for note in notes:
    ...     samples[int(note.onset * rate) :][:2205] += tick
    >>> found = with_drum_samples(Audio(samples, rate), fit_notes(Audio(samples, rate), notes), notes)
    >>> found.segments[0].drum_samples.gains.round(1).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    onsets = {
        its: note.onset for its, note in zip(ids_of(notes), notes, strict=True) if note.is_drum
    }
    pieces = [
        piece
        if piece.drum_samples is not None or not piece.D.shape[1]
        else piece._replace(drum_samples=_learnt(sound, note_factors, piece, onsets))
        for piece in note_factors.segments
    ]
    return replace(note_factors, segments=tuple(pieces))


class _Drum(NamedTuple):
    """The strokes of a drum: ids, onsets in seconds from the piece's start, which are lone, and samples that its waveform has."""

    ids: NDArray[np.int64]
    onset: Floats
    lone: NDArray[np.bool_]
    length: int


def _learnt(
    sound: Sound, note_factors: NoteFactors, piece: Segment, onsets: Mapping[int, float]
) -> DrumSamples:
    step = STFT.hop / STFT.sample_rate
    first = max(0, int((piece.first * step - 1) * sound.rate))
    last = min(sound.n_samples, int(((piece.first + piece.G.shape[1]) * step + 1) * sound.rate))
    drums = _drums(piece, onsets, first / sound.rate, sound.rate)
    waves, strokes, gains = [], [], []
    if drums:
        mixture, alone = _masked(
            sound, NoteFactors((piece,), note_factors.scale), drums, first, last
        )
        for drum, masked in zip(drums, alone, strict=True):
            at = _aligned(downmix(Audio(masked, sound.rate)).samples[0], drum, sound.rate)
            wave = _common(_cut(masked, at[_some(drum.lone)], drum.length), sound.rate)
            if wave is None:
                continue
            at, gain = _matched(mixture, at, wave, sound.rate)
            most = np.where(drum.lone, STRONGEST, 1) * max(float(np.median(gain[drum.lone])), 0.0)
            gains += np.clip(gain, 0, most).tolist()
            strokes += [
                (its, len(waves), int(sample) + first)
                for its, sample in zip(drum.ids, at, strict=True)
            ]
            waves.append(np.pad(wave, ((0, 0), (0, int(LONGEST * sound.rate) - drum.length))))
    shape = (len(waves), sound.n_channels, int(LONGEST * sound.rate))
    return DrumSamples(
        sound.rate,
        np.array(waves, np.float32).reshape(shape),
        np.array(strokes, np.int64).reshape(-1, 3),
        np.array(gains, np.float32),
    )


def _drums(piece: Segment, onsets: Mapping[int, float], begin: float, rate: int) -> list[_Drum]:
    """The drums that have lone strokes enough."""
    n_pitches, found = len(piece.H) // len(DETUNINGS), []
    spans = [
        (row, its) for its, row, *_ in piece.spans.tolist() if row >= n_pitches and its in onsets
    ]
    every = np.array([onsets[its] for _, its in spans]) - begin
    rows = np.array([row for row, _ in spans])
    for row in np.unique(rows):
        mine, others = rows == row, np.append(every[rows != row], np.inf)
        onset = every[mine]
        lone = np.abs(others - onset[:, None]).min(axis=1) > NEAR
        lone &= onset > AHEAD
        if lone.sum() < LONE:
            continue
        later = every - onset[lone, None]
        free = float(np.median(np.where(later > NEAR, later, LONGEST).min(axis=1)))
        length = int((np.clip(free, SHORTEST, LONGEST - AHEAD) + AHEAD) * rate)
        ids = np.array([its for _, its in spans], np.int64)[mine]
        found.append(_Drum(ids, onset, lone, length))
    return found


def _some(lone: NDArray[np.bool_]) -> NDArray[np.intp]:
    """At most :data:`MOST` of the places where it is true."""
    places = np.flatnonzero(lone)
    return places[np.unique(np.linspace(0, len(places) - 1, MOST).round().astype(int))]


def _masked(
    sound: Sound, note_factors: NoteFactors, drums: Sequence[_Drum], first: int, last: int
) -> tuple[Floats, list[Floats]]:
    """The recording from `first` to `last`, (channel, sample), and the drums in it by masks alone."""
    n_fft, hop = own_stft(sound.rate)
    mixture = np.concatenate(list(between(sound, first, last)), axis=1)
    mask = Shares(note_factors, [drum.ids.tolist() for drum in drums], sound.rate, n_fft, hop)
    found: list[list[Floats]] = [[] for _ in drums]
    sounds = [OverlapAdd(hop, mixture.shape[1]) for _ in drums]
    at = first / hop
    for block in stft_blocks([mixture], n_fft, hop, AT_ONCE):
        shares = mask(at, np.abs(mixed_spectra(block)))
        for each, share, parts in zip(sounds, shares[:-1], found, strict=True):
            parts.append(each.add(block * share))
        at += block.shape[2]
    return mixture, [
        np.concatenate([*parts, each.rest()], axis=1)
        for each, parts in zip(sounds, found, strict=True)
    ]


def _cut(samples: Floats, at: NDArray[np.int64], length: int) -> Floats:
    """What lies from each sample of `at` on, (stroke, channel, sample); silence outside."""
    found = np.zeros((len(at), len(samples), length))
    for row, start in zip(found, at.tolist(), strict=True):
        piece = samples[:, max(start, 0) : max(start + length, 0)]
        row[:, max(-start, 0) : max(-start, 0) + piece.shape[1]] = piece
    return found


def _aligned(masked: Floats, drum: _Drum, rate: int) -> NDArray[np.int64]:
    """Where the waveform of each stroke begins, in samples, so that they lie on each other."""
    at = np.rint((drum.onset - AHEAD) * rate).astype(np.int64)
    off, length = int(OFF * rate), int(min(SHORTEST, drum.length / rate) * rate)
    size = _padded(length + 2 * off)
    places = _some(drum.lone)
    heard = _cut(masked[None], at - off, length + 2 * off)[:, 0]
    known = heard[places[np.argmax((heard[places] ** 2).sum(axis=1))], off : off + length]
    shift = np.full(len(at), off)
    spectra = np.fft.rfft(heard, size)
    for _ in range(3):
        cosine_similarity = np.fft.irfft(spectra * np.conj(np.fft.rfft(known, size)), size)[
            :, : 2 * off + 1
        ]
        shift = cosine_similarity.argmax(axis=1)
        lone = np.stack([heard[i, shift[i] : shift[i] + length] for i in places])
        known = (lone / (np.linalg.norm(lone, axis=1, keepdims=True) + 1e-12)).mean(axis=0)
    return at + shift - off


def _common(strokes: Floats, rate: int) -> Floats | None:
    """What strokes, (stroke, channel, sample), have in common; None if that is too little."""
    n, _, length = strokes.shape
    place = np.arange(length)
    fade = np.clip((length - 1 - place) / (FADE * length), 0, 1) ** 2 * np.clip(
        place / (AHEAD * rate / 2), 0, 1
    )
    strokes = strokes * fade
    gain = np.ones(n)
    for _ in range(2):
        mean = np.tensordot(gain, strokes, 1) / np.sum(gain**2)
        gain = np.einsum("scn,cn->s", strokes, mean) / max(float(np.sum(mean**2)), 1e-20)
    size = _padded(length)
    spectra = np.fft.rfft(strokes, size, axis=2)
    common = np.tensordot(gain, spectra, 1) / max(float(np.sum(gain**2)), 1e-20)
    differing = (np.abs(spectra - gain[:, None, None] * common) ** 2).sum(axis=(0, 1)) / (n - 1)
    width = SMOOTH * size / rate
    same, differs = (
        gaussian_filter1d(x, width) for x in ((np.abs(common) ** 2).sum(axis=0), differing)
    )
    same = np.maximum(same - differs / max(float(np.sum(gain**2)), 1e-20), 0)
    share = same / np.maximum(same + differs, 1e-30)
    if same.sum() < SAME * (same + differs).sum() or not same.any():
        return None
    return np.fft.irfft(common * share, size, axis=1)[:, :length] * fade


def _matched(
    samples: Floats, at: NDArray[np.int64], wave: Floats, rate: int
) -> tuple[NDArray[np.int64], Floats]:
    """Where near `at` a waveform begins in a recording, and how strong it is there: a matched filter, for which what is loud there counts for
    less, and least squares."""
    off, length = int(OFF * rate), wave.shape[1]
    size = _padded(length + 2 * off)
    spectra = np.fft.rfft(_cut(samples, at - off, length + 2 * off), size, axis=2)
    model = np.fft.rfft(wave, size, axis=1)
    loud = gaussian_filter1d(
        (np.abs(spectra) ** 2).sum(axis=1, keepdims=True), SMOOTH * size / rate, axis=2
    )
    weight = 1 / np.maximum(loud, 1e-6 * loud.max(axis=2, keepdims=True) + 1e-30)
    cosine_similarity = np.fft.irfft((weight * spectra * np.conj(model)).sum(axis=1), size, axis=1)[
        :, : 2 * off + 1
    ]
    itself = np.fft.irfft((weight * np.abs(model) ** 2).sum(axis=1), size, axis=1)[:, 0]
    best = cosine_similarity.argmax(axis=1)
    return at - off + best, cosine_similarity[np.arange(len(at)), best] / np.maximum(itself, 1e-30)


def _padded(length: int) -> int:
    """The power of two that a transform of this length is padded to."""
    return 1 << (length - 1).bit_length()


class Repeated:
    """The waveforms of drums in sets of notes, to be taken out of the recording before masks share it, and given back.

    `groups` are the ids of the notes in each set; strokes in none of them belong to the rest.
    """

    def __init__(
        self, note_factors: NoteFactors, groups: Sequence[Sequence[int]], sound: Sound
    ) -> None:
        set_of = {its: number for number, ids in enumerate(groups) for its in ids}
        self.channels = sound.n_channels
        self.waves: list[Floats] = []
        rows = []
        for piece in note_factors.segments:
            known = piece.drum_samples
            if (
                known is None
                or known.rate != sound.rate
                or known.waves.shape[1] != sound.n_channels
            ):
                continue
            for (its, wave, start), gain in zip(
                known.hits.tolist(), known.gains.tolist(), strict=True
            ):
                rows.append((start, len(self.waves) + wave, gain, set_of.get(its, len(groups))))
            self.waves += list(known.waves)
        self.strokes = sorted(rows)
        self.sets = sorted({each[3] for each in rows})

    def beside(self, blocks: Iterator[Floats], first: int) -> Iterator[Floats]:
        """Blocks of a recording from sample `first` on, (channel, sample), and as more channels the waveforms of each of :attr:`sets` in it."""
        for block in blocks:
            n = block.shape[1]
            models = np.zeros((len(self.sets), self.channels, n), np.float32)
            longest = max((wave.shape[1] for wave in self.waves), default=0)
            for start, wave, gain, its in self.strokes[
                bisect_left(self.strokes, (first - longest,)) :
            ]:
                if start >= first + n:
                    break
                sounding = self.waves[wave]
                low, high = max(start - first, 0), min(start - first + sounding.shape[1], n)
                if low < high:
                    model = models[self.sets.index(its)]
                    model[:, low:high] += (
                        gain * sounding[:, low + first - start : high + first - start]
                    )
            yield np.concatenate([block, models.reshape(-1, n)])
            first += n

    def divided(self, heard: Complexes, shares: Floats) -> list[Complexes]:
        """The spectra of the sets and of the rest, from those of :meth:`beside` and the shares by masks, (set + 1, frequency, frame)."""
        mixture, models = heard[: self.channels], heard[self.channels :]
        if not models.any():
            return [mixture * share for share in shares]
        models = models.reshape(len(self.sets), *mixture.shape)
        level = np.abs(mixed_spectra(mixture))
        left = shares.copy()
        for its, model in zip(self.sets, models, strict=True):
            known = np.abs(mixed_spectra(model)) / np.maximum(shares[its] * level, 1e-20)
            left[its] *= np.maximum(1 - known, 0) ** SLOPE + LEFT
        left /= np.maximum(left.sum(axis=0), 1e-30)
        remains = mixture - models.sum(axis=0)
        found = [remains * share for share in left]
        for its, model in zip(self.sets, models, strict=True):
            found[its] += model
        return found
