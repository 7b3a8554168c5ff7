"""Drum samples: the waveforms of drums that always sound the same.

A drum machine or a sampler plays identical hits. Where such a drum hits and no other drum does, its
mask has all of its energy, and several such isolated hits show what they have in common: the
coherent part of their spectra, as opposed to the part that differs. If that is nearly all of the
energy, the drum is known as a waveform and can be subtracted where other drums cover it. A mask
cannot do that, since it only divides magnitudes. Hits that differ from each other, as those of a
player do, are left to the masks.

Source: the magnitude-squared coherence of Carter, Knapp & Nuttall (1973), for more than two signals
and with its bias removed. :mod:`otowake.music.separation.sample_subtraction` uses the waveforms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from otowake.music.separation.config import DRUM_SAMPLES
from otowake.music.separation.layout import drum_spans
from otowake.music.separation.masks import BLOCK_FRAMES, GroupMasks, blocks_between
from otowake.music.separation.score_informed import STFT, ids_of
from otowake.signal.downmix import downmix, mixed_spectra
from otowake.signal.stft import OverlapAdd, sizes_at, stft_blocks
from otowake.types import Audio, DrumSamples, Floats, Note, NoteFactors, Segment, Sound


def with_drum_samples(
    sound: Sound, note_factors: NoteFactors, notes: Sequence[Note]
) -> NoteFactors:
    """Add the waveforms of drums that always sound the same.

    Parameters
    ----------
    sound
        The recording, at its own rate.
    note_factors
        What :func:`~otowake.music.separation.score_informed.fit_notes` has learnt. Segments that
        have been searched before stay unchanged.
    notes
        The notes that `note_factors` was learnt from.

    Examples
    --------
    >>> from otowake.music.separation.score_informed import fit_notes
    >>> from otowake.types import Audio
    >>> rate, t = 22050, np.arange(2205) / 22050
    >>> tick = np.random.default_rng(0).normal(size=2205) * np.exp(-60 * t)
    >>> onsets = (0.3, 0.8, 1.3, 1.8, 2.3)
    >>> samples, notes = np.zeros(3 * rate), [Note(at, at + 0.1, 42, is_drum=True) for at in onsets]
    >>> for note in notes:
    ...     samples[int(note.onset * rate) :][:2205] += tick
    >>> audio = Audio(samples, rate)
    >>> note_factors = with_drum_samples(audio, fit_notes(audio, notes), notes)
    >>> note_factors.segments[0].drum_samples.gains.round(1).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    onsets = {
        note_id: note.onset
        for note_id, note in zip(ids_of(notes), notes, strict=True)
        if note.is_drum
    }
    segments = [
        segment
        if segment.drum_samples is not None or not segment.D.shape[1]
        else segment._replace(
            drum_samples=_learn_samples(sound, note_factors.scale, segment, onsets)
        )
        for segment in note_factors.segments
    ]
    return replace(note_factors, segments=tuple(segments))


class _Drum(NamedTuple):
    """The hits of a drum with enough isolated ones.

    Attributes
    ----------
    ids, onset, is_isolated
        By hit: its id, its onset in seconds from the first sample, and whether no other drum hits.
    length
        Length of the waveform, in samples.
    """

    ids: NDArray[np.int64]
    onset: Floats
    is_isolated: NDArray[np.bool_]
    length: int


def _learn_samples(
    sound: Sound, scale: float, segment: Segment, onsets: Mapping[int, float]
) -> DrumSamples:
    step = STFT.hop / STFT.sample_rate
    first = max(0, int((segment.first * step - 1) * sound.rate))
    last = min(sound.n_samples, int(((segment.first + segment.G.shape[1]) * step + 1) * sound.rate))
    max_length = int(DRUM_SAMPLES.max_length * sound.rate)
    drums = _drums(segment, onsets, first / sound.rate, sound.rate)
    waves, hits, gains = [], [], []
    if drums:
        factors = NoteFactors((segment,), scale)
        mixture, masked_drums = _masked(sound, factors, drums, first, last)
        for drum, masked in zip(drums, masked_drums, strict=True):
            starts = _align(downmix(Audio(masked, sound.rate)).samples[0], drum, sound.rate)
            isolated = starts[_spread(drum.is_isolated)]
            wave = _coherent_part(_windows(masked, isolated, drum.length), sound.rate)
            if wave is None:
                continue
            starts, gain = _match(mixture, starts, wave, sound.rate)
            # A covered hit is no stronger than the median: an excess belongs to the other drum.
            allowed = np.where(drum.is_isolated, DRUM_SAMPLES.max_isolated_gain, 1)
            highest = allowed * max(float(np.median(gain[drum.is_isolated])), 0.0)
            gains += np.clip(gain, 0, highest).tolist()
            hits += [
                (note_id, len(waves), int(sample) + first)
                for note_id, sample in zip(drum.ids, starts, strict=True)
            ]
            waves.append(np.pad(wave, ((0, 0), (0, max_length - drum.length))))
    shape = (len(waves), sound.n_channels, max_length)
    return DrumSamples(
        sound.rate,
        np.array(waves, np.float32).reshape(shape),
        np.array(hits, np.int64).reshape(-1, 3),
        np.array(gains, np.float32),
    )


def _drums(segment: Segment, onsets: Mapping[int, float], begin: float, rate: int) -> list[_Drum]:
    """Return the drums with enough isolated hits."""
    config = DRUM_SAMPLES
    spans = [span for span in drum_spans(segment) if span.note_id in onsets]
    ids = np.array([span.note_id for span in spans], np.int64)
    onset = np.array([onsets[span.note_id] for span in spans]) - begin
    index = np.array([span.source for span in spans])
    drums = []
    for drum in np.unique(index):
        of_drum = index == drum
        others = np.append(onset[~of_drum], np.inf)
        distance = np.abs(others - onset[of_drum][:, None]).min(axis=1)
        is_isolated = (distance > config.isolation) & (onset[of_drum] > config.lead)
        if is_isolated.sum() < config.min_isolated:
            continue
        gaps = onset - onset[of_drum][is_isolated, None]
        gaps = np.where(gaps > config.isolation, gaps, config.max_length).min(axis=1)
        free = float(np.median(gaps))
        longest = config.max_length - config.lead
        length = int((np.clip(free, config.min_length, longest) + config.lead) * rate)
        drums.append(_Drum(ids[of_drum], onset[of_drum], is_isolated, length))
    return drums


def _spread(is_isolated: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the indices of isolated hits, or as many as allowed, evenly spread."""
    indices = np.flatnonzero(is_isolated)
    picked = np.linspace(0, len(indices) - 1, DRUM_SAMPLES.max_isolated).round().astype(int)
    return indices[np.unique(picked)]


def _masked(
    sound: Sound, note_factors: NoteFactors, drums: Sequence[_Drum], first: int, last: int
) -> tuple[Floats, list[Floats]]:
    """Return the recording from sample `first` to `last`, and each drum in it by its mask.

    The arrays have the shape (channel, sample).
    """
    n_fft, hop = sizes_at(sound.rate, STFT)
    mixture = np.concatenate(list(blocks_between(sound, first, last)), axis=1)
    group_masks = GroupMasks(
        note_factors, [drum.ids.tolist() for drum in drums], sound.rate, n_fft, hop
    )
    blocks: list[list[Floats]] = [[] for _ in drums]
    overlaps = [OverlapAdd(hop, mixture.shape[1]) for _ in drums]
    frame = first / hop
    for spectra in stft_blocks([mixture], n_fft, hop, BLOCK_FRAMES):
        masks = group_masks(frame, np.abs(mixed_spectra(spectra)))
        for overlap, mask, of_drum in zip(overlaps, masks[:-1], blocks, strict=True):
            of_drum.append(overlap.add(spectra * mask))
        frame += spectra.shape[2]
    return mixture, [
        np.concatenate([*of_drum, overlap.rest()], axis=1)
        for overlap, of_drum in zip(overlaps, blocks, strict=True)
    ]


def _windows(samples: Floats, starts: NDArray[np.int64], length: int) -> Floats:
    """Cut windows at some samples, (hit, channel, sample); zero outside the recording."""
    windows = np.zeros((len(starts), len(samples), length))
    for window, start in zip(windows, starts.tolist(), strict=True):
        inside = samples[:, max(start, 0) : max(start + length, 0)]
        window[:, max(-start, 0) : max(-start, 0) + inside.shape[1]] = inside
    return windows


def _align(masked: Floats, drum: _Drum, rate: int) -> NDArray[np.int64]:
    """Return the sample at which the waveform of each hit begins, by cross-correlation."""
    starts = np.rint((drum.onset - DRUM_SAMPLES.lead) * rate).astype(np.int64)
    reach = int(DRUM_SAMPLES.max_shift * rate)
    length = int(min(DRUM_SAMPLES.min_length, drum.length / rate) * rate)
    size = _fft_size(length + 2 * reach)
    isolated = _spread(drum.is_isolated)
    windows = _windows(masked[None], starts - reach, length + 2 * reach)[:, 0]
    loudest = isolated[np.argmax((windows[isolated] ** 2).sum(axis=1))]
    template = windows[loudest, reach : reach + length]
    shift = np.full(len(starts), reach)
    spectra = np.fft.rfft(windows, size)
    for _ in range(3):
        correlation = np.fft.irfft(spectra * np.conj(np.fft.rfft(template, size)), size)
        shift = correlation[:, : 2 * reach + 1].argmax(axis=1)
        aligned = np.stack([windows[i, shift[i] : shift[i] + length] for i in isolated])
        norm = np.linalg.norm(aligned, axis=1, keepdims=True)
        template = (aligned / (norm + 1e-12)).mean(axis=0)
    return starts + shift - reach


def _coherent_part(hits: Floats, rate: int) -> Floats | None:
    """Return what hits, (hit, channel, sample), have in common; None if that is too little."""
    n, _, length = hits.shape
    sample = np.arange(length)
    fade_in = np.clip(sample / (DRUM_SAMPLES.lead * rate / 2), 0, 1)
    fade = np.clip((length - 1 - sample) / (DRUM_SAMPLES.fade * length), 0, 1) ** 2 * fade_in
    hits = hits * fade
    gain = np.ones(n)
    for _ in range(2):
        mean = np.tensordot(gain, hits, 1) / np.sum(gain**2)
        gain = np.einsum("scn,cn->s", hits, mean) / max(float(np.sum(mean**2)), 1e-20)
    size = _fft_size(length)
    spectra = np.fft.rfft(hits, size, axis=2)
    energy = max(float(np.sum(gain**2)), 1e-20)
    common = np.tensordot(gain, spectra, 1) / energy
    residual = (np.abs(spectra - gain[:, None, None] * common) ** 2).sum(axis=(0, 1)) / (n - 1)
    width = DRUM_SAMPLES.smoothing * size / rate
    coherent, incoherent = (
        gaussian_filter1d(x, width) for x in ((np.abs(common) ** 2).sum(axis=0), residual)
    )
    coherent = np.maximum(coherent - incoherent / energy, 0)
    coherence = coherent / np.maximum(coherent + incoherent, 1e-30)
    least = DRUM_SAMPLES.min_coherent * (coherent + incoherent).sum()
    if coherent.sum() < least or not coherent.any():
        return None
    return np.fft.irfft(common * coherence, size, axis=1)[:, :length] * fade


def _match(
    samples: Floats, starts: NDArray[np.int64], wave: Floats, rate: int
) -> tuple[NDArray[np.int64], Floats]:
    """Locate a waveform near some samples of a recording, and estimate its gain there.

    The matched filter gives less weight to frequencies that are loud in the recording; the gain is
    that of least squares.
    """
    reach, length = int(DRUM_SAMPLES.max_shift * rate), wave.shape[1]
    size = _fft_size(length + 2 * reach)
    spectra = np.fft.rfft(_windows(samples, starts - reach, length + 2 * reach), size, axis=2)
    model = np.fft.rfft(wave, size, axis=1)
    power = gaussian_filter1d(
        (np.abs(spectra) ** 2).sum(axis=1, keepdims=True),
        DRUM_SAMPLES.smoothing * size / rate,
        axis=2,
    )
    weight = 1 / np.maximum(power, 1e-6 * power.max(axis=2, keepdims=True) + 1e-30)
    correlation = np.fft.irfft((weight * spectra * np.conj(model)).sum(axis=1), size, axis=1)
    correlation = correlation[:, : 2 * reach + 1]
    energy = np.fft.irfft((weight * np.abs(model) ** 2).sum(axis=1), size, axis=1)[:, 0]
    best = correlation.argmax(axis=1)
    gain = correlation[np.arange(len(starts)), best] / np.maximum(energy, 1e-30)
    return starts - reach + best, gain


def _fft_size(length: int) -> int:
    """Return the next power of two."""
    return 1 << (length - 1).bit_length()
