"""Measure the timbre of parts: their harmonic envelopes and their attacks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.separation.config import TIMBRE
from otowake.music.separation.score_informed import STFT
from otowake.music.separation.stems import ids_of_parts, masked_blocks
from otowake.music.theory.names import midi_to_hz
from otowake.signal.stft import OverlapAdd
from otowake.types import Analysis, Floats, Note


class Timbre(NamedTuple):
    """Mean timbre of parts.

    Attributes
    ----------
    levels
        Shape (part, partial): the mean level of the partials of a part's notes in dB of its
        highest; NaN where no note has that partial below the end of the band.
    times
        Shape (step,): seconds from the onset, from −0.05 to 0.3.
    rises
        Shape (part, step): the mean magnitude of a part's notes, relative to their peak within
        300 ms of the onset; NaN for a part without sound.
    """

    levels: Floats
    times: Floats
    rises: Floats


def timbre(analysis: Analysis) -> Timbre:
    """Measure the harmonic envelope and the attack of each part in its separated sound.

    A rise is as steep as the separation allows: its window is 93 ms long. Notes that begin while
    other notes of their part sound or have just ended are left out, unless hardly any remain.

    Raises
    ------
    BadInput
        If there are no stems, or their sound is gone.

    Examples
    --------
    >>> import otowake
    >>> audio = otowake.load(otowake.demo_path(), duration=3)
    >>> result = timbre(otowake.analyse(audio, stages=["stems"]))
    >>> result.levels.shape, result.rises.shape, float(np.nanmax(result.levels))
    ((1, 16), (1, 36), 0.0)
    """
    (audio, note_factors), parts = analysis.separated(), analysis.parts
    n_samples = int(audio.n_samples * STFT.sample_rate / audio.rate)
    notes = [[analysis.notes[index] for index in part.notes] for part in parts]
    powers = [np.zeros((len(of_part), TIMBRE.n_partials)) for of_part in notes]
    overlaps = [OverlapAdd(STFT.hop, n_samples) for _ in parts]
    sounds: list[list[Floats]] = [[] for _ in parts]
    frame = 0
    for mixture, masks in masked_blocks(audio, note_factors, ids_of_parts(analysis.notes, parts)):
        for p, of_part in enumerate(notes):
            spectra = mixture * masks[p]
            sounds[p].append(overlaps[p].add(spectra[None])[0])
            _add_partials(powers[p], np.abs(spectra), frame, of_part, analysis.tuning_hz)
        frame += mixture.shape[1]
    for p, overlap in enumerate(overlaps):
        sounds[p].append(overlap.rest()[0])
    levels = np.array([_levels(power) for power in powers])
    rises = np.array([_rise(np.concatenate(sounds[p]), notes[p]) for p in range(len(parts))])
    steps = np.arange(-TIMBRE.steps_before, TIMBRE.steps_after + 1)
    times = steps * (TIMBRE.step / STFT.sample_rate)
    return Timbre(
        levels.reshape(len(parts), TIMBRE.n_partials), times, rises.reshape(len(parts), len(times))
    )


def _add_partials(
    powers: Floats, magnitude: Floats, first: int, notes: list[Note], tuning_hz: float
) -> None:
    """Add the power of each note's partials in a block of frames that begins with frame `first`."""
    frame, bin_hz = STFT.hop / STFT.sample_rate, STFT.sample_rate / STFT.n_fft
    bins, frames = magnitude.shape
    for power, note in zip(powers, notes, strict=True):
        start, stop = (
            min(max(round(t / frame) - first, 0), frames) for t in (note.onset, note.offset)
        )
        if stop <= start or note.is_drum:
            continue
        f0 = float(midi_to_hz(note.midi + (note.cents or 0) / 100, tuning_hz))
        hz = f0 * np.arange(1, TIMBRE.n_partials + 1)
        middle = np.rint(hz / bin_hz).astype(int)
        in_band = middle + 1 < bins
        peaks = magnitude[middle[in_band, None] + np.arange(-1, 2), start:stop]
        power[in_band] += np.square(peaks.max(axis=1)).sum(axis=1)
        power[~in_band] = np.nan


def _levels(powers: Floats) -> Floats:
    """Average the powers of (note, partial) over notes, in dB of the highest partial.

    Every note has the same weight.
    """
    total = np.nansum(powers, axis=1, keepdims=True)
    shares = powers[total[:, 0] > 0] / total[total > 0][:, None]
    known = np.isfinite(shares).any(axis=0)
    mean = np.full(TIMBRE.n_partials, np.nan)
    mean[known] = np.nanmean(shares[:, known], axis=0)
    return 10 * np.log10(np.maximum(mean, 1e-12) / np.nanmax(mean)) if known.any() else mean


def _rise(sound: Floats, notes: list[Note]) -> Floats:
    """Average the rises of notes, from before the onset on; NaN without sound."""
    n_steps = len(sound) // TIMBRE.step
    steps = sound[: n_steps * TIMBRE.step].reshape(n_steps, TIMBRE.step)
    level = np.sqrt(np.square(steps).mean(axis=1))
    length = TIMBRE.steps_before + TIMBRE.steps_after + 1
    undisturbed = _undisturbed(notes)
    curves = []
    for note, is_undisturbed in zip(notes, undisturbed, strict=True):
        first = round(note.onset * STFT.sample_rate / TIMBRE.step) - TIMBRE.steps_before
        indices = first + np.arange(length)
        inside = (indices >= 0) & (indices < n_steps)
        curve = (
            np.where(inside, level[np.clip(indices, 0, max(n_steps - 1, 0))], 0.0)
            if n_steps
            else np.zeros(length)
        )
        top = curve[TIMBRE.steps_before :].max()
        if top > 0 and (is_undisturbed or undisturbed.sum() < TIMBRE.min_undisturbed):
            curves.append(curve / top)
    return np.mean(curves, axis=0) if curves else np.full(length, np.nan)


def _undisturbed(notes: list[Note]) -> NDArray[np.bool_]:
    """Return which notes rise while no other note of their part sounds.

    Notes that begin together do not disturb each other.
    """
    onset, offset = (
        np.array([getattr(note, name) for note in notes], float) for name in ("onset", "offset")
    )
    reach = TIMBRE.steps_after * TIMBRE.step / STFT.sample_rate
    undisturbed = np.zeros(len(notes), bool)
    for i, start in enumerate(onset.tolist()):
        other = np.abs(onset - start) > TIMBRE.chord_window
        sounding = (onset < start + reach) & (offset > start - TIMBRE.min_silence)
        undisturbed[i] = not (other & sounding).any()
    return undisturbed
