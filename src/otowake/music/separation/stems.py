"""Render notes and parts as sound: soft masks on the complex spectrogram, and drum samples.

The spectrogram has the recording's own rate, so a sound has the recording's channels and length.
Energy that no note explains is the rest: all sounds add up to the recording. The recording is read
block by block, so memory does not grow with its length except for the result.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from otowake.music.separation.layout import drum_spans, pitch_spans
from otowake.music.separation.masks import BLOCK_FRAMES, GroupMasks, blocks_between
from otowake.music.separation.sample_subtraction import SampleSubtraction
from otowake.music.separation.score_informed import STFT, ids_of
from otowake.music.song.masks import SongMasks
from otowake.music.song.network import ALIGNMENT, CONTEXT_FRAMES
from otowake.signal.downmix import downmix, mixed_spectra
from otowake.signal.resampling import resampled
from otowake.signal.stft import Complexes, OverlapAdd, sizes_at, stft_blocks
from otowake.types import Audio, Floats, Note, NoteFactors, Part, Sound


def separated(
    sound: Sound, note_factors: NoteFactors, groups: Sequence[Sequence[int]]
) -> Iterator[list[Floats]]:
    """Separate a recording into groups of notes and the rest, block by block.

    Parameters
    ----------
    sound
        The recording, at its own rate.
    note_factors
        What :func:`~otowake.music.separation.score_informed.fit_notes` has learnt.
    groups
        The ids of the notes in each group
        (:func:`~otowake.music.separation.score_informed.ids_of`); groups have no note in common.

    Yields
    ------
    For each block, one float32 array of shape (channel, sample) for each group, and last one for
    the rest. Joined, each is as long as the recording; the sum of all is the recording, to
    rounding.

    Examples
    --------
    >>> from otowake.music.separation.score_informed import fit_notes
    >>> sound = Audio(np.sin(np.arange(9000)), 8000)
    >>> (first,) = zip(*separated(sound, fit_notes(sound, []), []))
    >>> bool(np.allclose(np.concatenate(first, axis=1), sound.samples, atol=1e-6))
    True
    """
    _, hop = sizes_at(sound.rate, STFT)
    overlaps = [OverlapAdd(hop, sound.n_samples) for _ in range(len(groups) + 1)]
    for spectra in _group_spectra(sound, note_factors, groups, 0, sound.n_samples):
        yield [overlap.add(block) for overlap, block in zip(overlaps, spectra, strict=True)]
    yield [
        overlap.rest() if overlap.tail is not None else np.zeros((sound.n_channels, 0), np.float32)
        for overlap in overlaps
    ]


def _group_spectra(
    sound: Sound, note_factors: NoteFactors, groups: Sequence[Sequence[int]], first: int, last: int
) -> Iterator[list[Complexes]]:
    """Iterate over the spectra of groups and of the rest, from sample `first` to `last`."""
    n_fft, hop = sizes_at(sound.rate, STFT)
    frame = first // hop
    n_masks = 2 if sound.n_channels == 2 else 1
    song_masks = _song_masks(sound, note_factors, frame, last, n_masks)
    masks = GroupMasks(note_factors, groups, sound.rate, n_fft, hop, song_masks)
    samples = SampleSubtraction(note_factors, groups, sound)
    channels = samples.with_models(blocks_between(sound, first, last), first)
    for spectra in stft_blocks(channels, n_fft, hop, BLOCK_FRAMES):
        block = masks(frame, np.abs(mixed_spectra(spectra[: sound.n_channels])))
        yield samples.separated(spectra, block)
        frame += spectra.shape[2]


def _song_masks(
    sound: Sound, note_factors: NoteFactors, frame: int, last: int, n_masks: int
) -> SongMasks | None:
    """Return the masks of the sources of a song from a frame on; None if it is not a song."""
    if note_factors.sources is None:
        return None
    _, hop = sizes_at(sound.rate, STFT)
    at_22050 = hop / sound.rate * STFT.sample_rate / STFT.hop
    start = max(math.floor(frame * at_22050 / ALIGNMENT) * ALIGNMENT - CONTEXT_FRAMES, 0)
    first = round(start * STFT.hop * sound.rate / STFT.sample_rate)
    after = 2 * CONTEXT_FRAMES * hop
    blocks = (block[:2] for block in blocks_between(sound, first, last + after))
    return SongMasks(blocks, sound.rate, note_factors.scale, note_factors.sources, start, n_masks)


def masked_blocks(
    sound: Sound, note_factors: NoteFactors, groups: Sequence[Sequence[int]]
) -> Iterator[tuple[NDArray[np.complexfloating], Floats]]:
    """Iterate over the downmixed STFT of a recording and the masks of groups of notes.

    The options are :data:`~otowake.music.separation.score_informed.STFT`.

    Yields
    ------
    The STFT of some frames, shape (frequency, frame), and the masks of the groups and last of the
    rest, shape (group + 1, frequency, frame), which sum to 1.
    """
    song_masks = _song_masks(sound, note_factors, 0, sound.n_samples, 1)
    masks = GroupMasks(note_factors, groups, STFT.sample_rate, STFT.n_fft, STFT.hop, song_masks)
    mono = downmix(sound).blocks(10 * sound.rate)
    frame = 0
    for block in stft_blocks(
        resampled(mono, sound.rate, STFT.sample_rate), STFT.n_fft, STFT.hop, BLOCK_FRAMES
    ):
        yield block[0], masks(frame, np.abs(block[0]))[:, 0]
        frame += block.shape[2]


def sound_of(
    sound: Sound,
    note_factors: NoteFactors,
    ids: Sequence[int],
    name: str | None = None,
    others: Sequence[Sequence[int]] = (),
) -> Audio:
    """Render some notes as sound, at the recording's own rate, channels and length.

    Only the frames in which they sound are computed, except for parts of songs. The result is the
    same as from :func:`separated` with the groups `ids` and `others`; notes in neither belong to
    the rest.
    """
    out = np.zeros((sound.n_channels, sound.n_samples), np.float32)
    name = sound.name if name is None else name
    n_fft, hop = sizes_at(sound.rate, STFT)
    frames = _active_frames(note_factors, set(ids))
    if frames is not None:
        seconds = STFT.hop / STFT.sample_rate
        early, late = frames
        first = max(0, int((early - 1) * seconds * sound.rate / hop) - n_fft // hop - 1) * hop
        last = min(sound.n_samples, int(late * seconds * sound.rate) + 2 * n_fft)
        if note_factors.sources is not None and others:  # a part of a song sounds between its notes
            first, last = 0, sound.n_samples
        overlap, written = OverlapAdd(hop, max(last - first, 0)), first
        blocks = [
            overlap.add(spectra)
            for spectra, *_ in _group_spectra(sound, note_factors, [ids, *others], first, last)
        ]
        for block in [*blocks, overlap.rest()] if blocks else []:
            out[:, written : written + block.shape[1]] = block
            written += block.shape[1]
    return Audio(out, sound.rate, name)


def _active_frames(note_factors: NoteFactors, ids: set[int]) -> tuple[int, int] | None:
    """Return the first frame in which some notes sound and the one after the last."""
    active = [
        (segment.first + span.start, segment.first + span.stop + lags)
        for segment in note_factors.segments
        for spans, lags in ((pitch_spans(segment), 0), (drum_spans(segment), segment.D.shape[2]))
        for span in spans
        if span.note_id in ids
    ]
    if not active:
        return None
    return min(start for start, _ in active), max(stop for _, stop in active)


def with_note_sounds(
    notes: Sequence[Note], parts: Sequence[Part], sound: Sound, note_factors: NoteFactors
) -> tuple[tuple[Note, ...], tuple[Part, ...]]:
    """Return the notes and the parts with their sound; a note includes its shares in all parts."""
    with_sound = tuple(
        replace(note, render=partial(_note_sound, sound, note_factors, ids))
        for ids, note in zip(ids_of_notes(notes, parts), notes, strict=True)
    )
    groups = ids_of_parts(notes, parts)
    return with_sound, tuple(
        replace(part, render=partial(_part_sound, sound, note_factors, groups, number))
        for number, part in enumerate(parts)
    )


def ids_of_notes(notes: Sequence[Note], parts: Sequence[Part]) -> list[list[int]]:
    """Return for each note its id and the ids of its shares in other parts."""
    ids = [[note_id] for note_id in ids_of(notes)]
    for part in parts:
        for shared in part.shared:
            ids[shared.note].append(shared.id)
    return ids


def ids_of_parts(notes: Sequence[Note], parts: Sequence[Part]) -> list[list[int]]:
    """Return for each part the ids of its notes and of its shares in others."""
    ids = ids_of(notes)
    return [
        [ids[index] for index in part.notes] + [shared.id for shared in part.shared]
        for part in parts
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
    others = [*groups[:number], *groups[number + 1 :]]
    return sound_of(sound, note_factors, groups[number], f"{sound.name} [{part.name}]", others)
