"""Notes and parts as sound: soft masks on the complex spectrogram, by what :mod:`otowake.music.separation.score_informed` has learnt, and waveforms of drums
that always sound the same (:mod:`otowake.music.separation.drum_samples`).

The recording is taken at its own rate, so a sound has its channels and its length. What no note explains is the rest: all sounds
add up to the recording. It is read block by block, so memory does not grow with it but for the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from otowake.music.separation.drum_samples import Repeated
from otowake.music.separation.masks import AT_ONCE, Shares, between, own_stft
from otowake.music.separation.score_informed import DETUNINGS, STFT, ids_of
from otowake.signal.downmix import downmix, mixed_spectra
from otowake.signal.resampling import resampled
from otowake.signal.stft import Complexes, OverlapAdd, stft_blocks
from otowake.types import Audio, Floats, Note, NoteFactors, Part, Sound


def separated(
    sound: Sound, note_factors: NoteFactors, groups: Sequence[Sequence[int]]
) -> Iterator[list[Floats]]:
    """Sets of notes as sound, and the rest, block by block.

    Parameters
    ----------
    sound
        The recording, at its own rate.
    note_factors
        What :func:`~otowake.music.separation.score_informed.fit_notes` found.
    groups
        The ids of the notes in each set (:func:`~otowake.music.separation.score_informed.ids_of`); the sets have no note in common.

    Yields
    ------
    For each block, one float32 array of shape (channel, sample) for each set, and last one for the rest. Joined, each is
    as long as the recording; the sum of all is the recording, to rounding.

    Examples
    --------
    >>> from otowake.music.separation.score_informed import fit_notes
    >>> sound = Audio(np.sin(np.arange(9000)), 8000)
    >>> (first,) = zip(*separated(sound, fit_notes(sound, []), []))
    >>> bool(np.allclose(np.concatenate(first, axis=1), sound.samples, atol=1e-6))
    True
    """
    _, hop = own_stft(sound.rate)
    sounds = [OverlapAdd(hop, sound.n_samples) for _ in range(len(groups) + 1)]
    for spectra in _divided(sound, note_factors, groups, 0, sound.n_samples):
        yield [each.add(its) for each, its in zip(sounds, spectra, strict=True)]
    yield [
        each.rest() if each.tail is not None else np.zeros((sound.n_channels, 0), np.float32)
        for each in sounds
    ]


def _divided(
    sound: Sound, note_factors: NoteFactors, groups: Sequence[Sequence[int]], first: int, last: int
) -> Iterator[list[Complexes]]:
    """The spectra of the sets and of the rest from one sample to another, block by block."""
    n_fft, hop = own_stft(sound.rate)
    mask, repeated = (
        Shares(note_factors, groups, sound.rate, n_fft, hop),
        Repeated(note_factors, groups, sound),
    )
    at = first // hop
    for heard in stft_blocks(
        repeated.beside(between(sound, first, last), first), n_fft, hop, AT_ONCE
    ):
        shares = mask(at, np.abs(mixed_spectra(heard[: sound.n_channels])))
        yield repeated.divided(heard, shares)
        at += heard.shape[2]


def shares_of(
    sound: Sound, note_factors: NoteFactors, groups: Sequence[Sequence[int]]
) -> Iterator[tuple[NDArray[np.complexfloating], Floats]]:
    """How sets of notes share the spectrogram of a recording, mixed down, at :data:`~otowake.music.separation.score_informed.STFT`, block by block.

    Yields
    ------
    The STFT of some frames, shape (frequency, frame), and the shares of each set and last of the rest, shape
    (set + 1, frequency, frame), which add up to 1.
    """
    mask = Shares(note_factors, groups, STFT.sample_rate, STFT.n_fft, STFT.hop)
    mono = downmix(sound).blocks(10 * sound.rate)
    at = 0
    for block in stft_blocks(
        resampled(mono, sound.rate, STFT.sample_rate), STFT.n_fft, STFT.hop, AT_ONCE
    ):
        yield block[0], mask(at, np.abs(block[0]))
        at += block.shape[2]


def sound_of(
    sound: Sound,
    note_factors: NoteFactors,
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
    n_fft, hop = own_stft(sound.rate)
    wanted = set(ids)
    seconds = STFT.hop / STFT.sample_rate
    active = [
        (
            piece.first + start,
            piece.first + stop + (piece.D.shape[2] if row >= len(piece.H) // len(DETUNINGS) else 0),
        )
        for piece in note_factors.segments
        for its, row, start, stop in piece.spans.tolist()
        if its in wanted
    ]
    if active:
        early, late = min(a for a, _ in active), max(b for _, b in active)
        first = max(0, int((early - 1) * seconds * sound.rate / hop) - n_fft // hop - 1) * hop
        last = min(sound.n_samples, int(late * seconds * sound.rate) + 2 * n_fft)
        overlap, written = OverlapAdd(hop, max(last - first, 0)), first
        parts = [
            overlap.add(its)
            for its, *_ in _divided(sound, note_factors, [ids, *beside], first, last)
        ]
        for part in [*parts, overlap.rest()] if parts else []:
            out[:, written : written + part.shape[1]] = part
            written += part.shape[1]
    return Audio(out, sound.rate, name)


def with_sound(
    notes: Sequence[Note], parts: Sequence[Part], sound: Sound, note_factors: NoteFactors
) -> tuple[tuple[Note, ...], tuple[Part, ...]]:
    """The notes and the parts, each able to sound: a note with what any part has of it."""
    heard = tuple(
        replace(note, render=partial(_note_sound, sound, note_factors, its))
        for its, note in zip(ids_of_notes(notes, parts), notes, strict=True)
    )
    mine = ids_of_parts(notes, parts)
    return heard, tuple(
        replace(part, render=partial(_part_sound, sound, note_factors, mine, number))
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
    return [
        [ids[place] for place in part.notes] + [each.id for each in part.shared] for part in parts
    ]


def _note_sound(sound: Sound, note_factors: NoteFactors, ids: Sequence[int], note: Note) -> Audio:
    return sound_of(sound, note_factors, ids, f"{sound.name} [{note.midi} at {note.onset:.2f} s]")


def _part_sound(
    sound: Sound,
    note_factors: NoteFactors,
    groups: Sequence[Sequence[int]],
    number: int,
    part: Part,
) -> Audio:
    beside = [*groups[:number], *groups[number + 1 :]]
    return sound_of(sound, note_factors, groups[number], f"{sound.name} [{part.name}]", beside)
