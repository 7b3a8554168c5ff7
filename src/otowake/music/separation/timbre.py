"""What the parts of a recording sound like: their harmonic envelopes and their attacks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.separation.score_informed import STFT
from otowake.music.separation.stems import ids_of_parts, shares_of
from otowake.music.theory.names import midi_to_hz
from otowake.signal.stft import OverlapAdd
from otowake.types import Analysis, Floats, Note

PARTIALS = 16
STEP = 220
"""Samples of a step of the attack, 10 ms."""

BEFORE, ATTACK = 5, 30
"""Steps before the onset and after it: 50 ms and 300 ms."""

APART, QUIET = 0.05, 0.1
"""Notes of a part that begin within `APART` seconds begin together; one begins alone that has so much silence before it."""

ENOUGH = 3
"""With fewer notes that begin alone, all are taken."""


class Timbre(NamedTuple):
    """What the parts sound like.

    Attributes
    ----------
    levels
        Shape (part, partial): the mean level of the partials of a part's notes in dB of its highest; not a number where
        no note has that partial below the band's end.
    times
        Shape (step,): seconds from the onset, from −0.05 to 0.3.
    rises
        Shape (part, step): the mean magnitude of a part's notes, each as a share of its highest within 300 ms of its
        onset; not a number where a part has no sound.
    """

    levels: Floats
    times: Floats
    rises: Floats


def timbre(analysis: Analysis) -> Timbre:
    """The harmonic envelope and the attack of each part, as the parts' sounds have them.

    A rise is as steep as the separation allows: its window is 93 ms long. Notes that begin while others of their part
    sound or have just ended are left out of it, unless hardly any remains.

    Raises
    ------
    BadInput
        If there are no stems, or their sound is gone.

    Examples
    --------
    >>> import otowake
    >>> found = timbre(otowake.analyse(otowake.load(otowake.demo_path(), duration=3), stages=["stems"]))
    >>> found.levels.shape, found.rises.shape, float(np.nanmax(found.levels))
    ((1, 16), (1, 36), 0.0)
    """
    (audio, note_factors), parts = analysis.separated(), analysis.parts
    n_samples = int(audio.n_samples * STFT.sample_rate / audio.rate)
    notes = [[analysis.notes[place] for place in part.notes] for part in parts]
    powers = [np.zeros((len(mine), PARTIALS)) for mine in notes]
    overlaps = [OverlapAdd(STFT.hop, n_samples) for _ in parts]
    sounds: list[list[Floats]] = [[] for _ in parts]
    at = 0
    for mixture, shares in shares_of(
        audio, note_factors, ids_of_parts(analysis.notes, analysis.parts)
    ):
        for p, mine in enumerate(notes):
            own = mixture * shares[p]
            sounds[p].append(overlaps[p].add(own[None])[0])
            _add_partials(powers[p], np.abs(own), at, mine, analysis.tuning_hz)
        at += mixture.shape[1]
    for p, overlap in enumerate(overlaps):
        sounds[p].append(overlap.rest()[0])
    levels = np.array([_levels(power) for power in powers]).reshape(len(parts), PARTIALS)
    rises = np.array([_rise(np.concatenate(sounds[p]), notes[p]) for p in range(len(parts))])
    times = (np.arange(-BEFORE, ATTACK + 1)) * (STEP / STFT.sample_rate)
    return Timbre(levels, times, rises.reshape(len(parts), len(times)))


def _add_partials(
    powers: Floats, magnitude: Floats, at: int, notes: list[Note], tuning_hz: float
) -> None:
    """Add the power of each note's partials in a block of frames that begins with frame `at`."""
    frame, bin_hz = STFT.hop / STFT.sample_rate, STFT.sample_rate / STFT.n_fft
    bins, frames = magnitude.shape
    for power, note in zip(powers, notes, strict=True):
        start, stop = (
            min(max(round(t / frame) - at, 0), frames) for t in (note.onset, note.offset)
        )
        if stop <= start or note.is_drum:
            continue
        hz = float(midi_to_hz(note.midi + (note.cents or 0) / 100, tuning_hz)) * np.arange(
            1, PARTIALS + 1
        )
        middle = np.rint(hz / bin_hz).astype(int)
        own = middle + 1 < bins
        around = magnitude[middle[own, None] + np.arange(-1, 2), start:stop]
        power[own] += np.square(around.max(axis=1)).sum(axis=1)
        power[~own] = np.nan


def _levels(powers: Floats) -> Floats:
    """The mean over notes, each of which counts the same, in dB of the highest partial; powers of (note, partial)."""
    whole = np.nansum(powers, axis=1, keepdims=True)
    shares = powers[whole[:, 0] > 0] / whole[whole > 0][:, None]
    known = np.isfinite(shares).any(axis=0)
    mean = np.full(PARTIALS, np.nan)
    mean[known] = np.nanmean(shares[:, known], axis=0)
    return 10 * np.log10(np.maximum(mean, 1e-12) / np.nanmax(mean)) if known.any() else mean


def _rise(sound: Floats, notes: list[Note]) -> Floats:
    steps = len(sound) // STEP
    level = np.sqrt(np.square(sound[: steps * STEP].reshape(steps, STEP)).mean(axis=1))
    free = _begin_alone(notes)
    curves = []
    for note, alone in zip(notes, free, strict=True):
        first = round(note.onset * STFT.sample_rate / STEP) - BEFORE
        places = first + np.arange(BEFORE + ATTACK + 1)
        inside = (places >= 0) & (places < steps)
        curve = (
            np.where(inside, level[np.clip(places, 0, max(steps - 1, 0))], 0.0)
            if steps
            else np.zeros(len(places))
        )
        top = curve[BEFORE:].max()
        if top > 0 and (alone or free.sum() < ENOUGH):
            curves.append(curve / top)
    return np.mean(curves, axis=0) if curves else np.full(BEFORE + ATTACK + 1, np.nan)


def _begin_alone(notes: list[Note]) -> NDArray[np.bool_]:
    """Which notes no other of their part disturbs while they rise, but those that begin with them."""
    onset, offset = (
        np.array([getattr(note, name) for note in notes], float) for name in ("onset", "offset")
    )
    reach = ATTACK * STEP / STFT.sample_rate
    alone = np.zeros(len(notes), bool)
    for i, start in enumerate(onset.tolist()):
        other = np.abs(onset - start) > APART
        alone[i] = not (other & (onset < start + reach) & (offset > start - QUIET)).any()
    return alone
