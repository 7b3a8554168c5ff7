"""Mixtures of stems: levels, places in the stereo field, rooms, and mastering."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from otowake.music.song.masks import BASS, DRUM_KIT, OTHER, VOCALS
from otowake.music.song.network import SOURCES
from training.data.song_stems import LEAD
from training.rng import Rng
from training.sounds.degrade import impulse_response
from training.sounds.samples import RATE

MEDIAN_DB = {VOCALS: 0.0, BASS: -1.0, DRUM_KIT: 0.0, OTHER: -2.0}
"""Median root-mean-square levels of the sources' stems, dB."""

LEVEL_DEVIATION_DB = 5.0
"""Standard deviation of the levels."""

ABSENT_ODDS = {VOCALS: 0.2, BASS: 0.15, DRUM_KIT: 0.2, OTHER: 0.05}
"""Probability that a mixture lacks a source."""

FOREIGN_ODDS = 0.5
"""Probability that a mixture takes a source from another song."""

LEAD_ODDS = 0.5
"""Probability that a mixture has one or two leads."""

WET_ODDS = {VOCALS: 0.7, BASS: 0.1, DRUM_KIT: 0.4, OTHER: 0.5}
"""Probability that a stem sounds in a room."""

CENTRE_ODDS = {VOCALS: 0.85, BASS: 0.9, DRUM_KIT: 0.85, OTHER: 0.25}
"""Probability that a stem is in the middle."""

MONO_ODDS = 0.2
"""Probability that a mixture is mono."""

DUCKING_ODDS, COMPRESSION_ODDS = 0.15, 0.5
"""Probabilities that drums duck bass and other, and that a compressor follows the mixture."""

ENVELOPE_HOP = 256
"""Samples between the points of a gain curve."""

N_ROOMS = 200
"""Rooms, with an impulse response for either channel."""


class Stems(NamedTuple):
    """Stems of songs: `audio` (stem, sample) int16; `source` and `song`, both (stem,)."""

    audio: NDArray[np.int16]
    source: NDArray[np.int64]
    song: NDArray[np.int64]


def load(paths: list[Path]) -> Stems:
    """Load the files of :func:`training.data.song_stems.make`."""
    audio, source, song, first = [], [], [], 0
    for path in paths:
        with np.load(path, allow_pickle=False) as file:
            audio.append(file["audio"])
            source.append(file["source"])
            song.append(file["song"] + first)
            first += int(file["song"].max()) + 1
    return Stems(np.concatenate(audio), np.concatenate(source), np.concatenate(song))


class Mixer:
    """Makes mixtures of stems, each determined by a generator of random numbers.

    Parameters
    ----------
    stems
        What to mix.
    n_samples
        Length of a mixture.
    """

    def __init__(self, stems: Stems, n_samples: int) -> None:
        self.stems, self.n_samples = stems, n_samples
        self.songs = np.unique(stems.song[stems.source != LEAD])
        self.size = 1 << int(np.ceil(np.log2(n_samples + int(1.3 * RATE))))
        rng = np.random.default_rng(71)
        self.rooms = [
            np.fft.rfft(_pair(rng), self.size).astype(np.complex64) for _ in range(N_ROOMS)
        ]

    def mixture(self, rng: Rng) -> NDArray[np.float32]:
        """Make the sources of a mixture, (source, channel, sample), whose sum is the mixture."""
        sources = np.zeros((len(SOURCES), 2, self.n_samples), np.float32)
        home = int(rng.choice(self.songs))
        for source in range(len(SOURCES)):
            if rng.random() < ABSENT_ODDS[source]:
                continue
            song = int(rng.choice(self.songs)) if rng.random() < FOREIGN_ODDS else home
            rows = np.flatnonzero((self.stems.song == song) & (self.stems.source == source))
            for number, row in enumerate(rows):
                if source == VOCALS and number and rng.random() < 0.5:
                    continue
                self._add(
                    rng, sources[source], row, source, backing=source == VOCALS and number > 0
                )
        leads = np.flatnonzero(self.stems.source == LEAD)
        if len(leads) and rng.random() < LEAD_ODDS:
            for row in rng.choice(leads, int(rng.integers(1, 3))):
                self._add(rng, sources[OTHER], int(row), OTHER, backing=False)
        if rng.random() < DUCKING_ODDS:
            sources[[BASS, OTHER]] *= _ducking(rng, sources[DRUM_KIT])
        if rng.random() < COMPRESSION_ODDS:
            sources *= _compression(rng, sources.sum(axis=0))
        if rng.random() < MONO_ODDS:
            sources[:] = sources.mean(axis=1, keepdims=True)
        elif rng.random() < 0.5:
            sources = sources[:, ::-1].copy()
        return sources * np.float32(10 ** (rng.uniform(-6, 6) / 20))

    def _add(
        self, rng: Rng, out: NDArray[np.float32], row: int, source: int, backing: bool
    ) -> None:
        """Add a stem to a source, (channel, sample)."""
        audio = self.stems.audio[row]
        start = int(rng.integers(max(len(audio) - self.n_samples, 0) + 1))
        wave = audio[start : start + self.n_samples].astype(np.float32)
        level = float(np.sqrt(np.mean(audio.astype(np.float32) ** 2))) + 1e-9
        decibels = MEDIAN_DB[source] + LEVEL_DEVIATION_DB * rng.standard_normal() - 6 * backing
        wave *= np.float32(0.1 * 10 ** (decibels / 20) / level)
        wet = rng.random() < WET_ODDS[source]
        spectrum = np.fft.rfft(wave, self.size) * _filter(rng, self.size // 2 + 1)
        if wet:
            room = self.rooms[int(rng.integers(len(self.rooms)))]
            stereo = np.fft.irfft(spectrum * room, self.size)[:, : self.n_samples]
        else:
            stereo = np.repeat(np.fft.irfft(spectrum, self.size)[None, : self.n_samples], 2, axis=0)
        centre = rng.random() < CENTRE_ODDS[source] and not backing
        angle = np.pi / 4 * (1 + (rng.normal(0, 0.03) if centre else rng.uniform(-1, 1)))
        out += (
            stereo.astype(np.float32)
            * np.float32(np.sqrt(2))
            * np.array([[np.cos(angle)], [np.sin(angle)]], np.float32)
        )


def _envelope(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the level of a sound, (channel, sample), every :data:`ENVELOPE_HOP` samples."""
    n = sound.shape[1] // ENVELOPE_HOP
    blocks = sound[:, : n * ENVELOPE_HOP].reshape(2, n, ENVELOPE_HOP)
    return np.sqrt((blocks**2).mean(axis=(0, 2)))


def _curve(gains: NDArray[np.float64], n_samples: int) -> NDArray[np.float32]:
    at = (np.arange(len(gains)) + 0.5) * ENVELOPE_HOP
    return np.interp(np.arange(n_samples), at, gains).astype(np.float32)


def _ducking(rng: Rng, drums: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return gains, (sample,), that fall at the loudest hits and recover, as in dance music."""
    level = _envelope(drums)
    held, pole = np.zeros(len(level)), float(np.exp(-ENVELOPE_HOP / RATE / rng.uniform(0.05, 0.25)))
    for i, value in enumerate(level):
        held[i] = max(float(value), pole * held[i - 1] if i else 0.0)
    depth = float(rng.uniform(0.3, 0.95))
    return _curve(1 - depth * held / (held.max() + 1e-9), drums.shape[1])


def _compression(rng: Rng, mixture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the gains, (sample,), of a compressor."""
    pole = float(np.exp(-ENVELOPE_HOP / RATE / rng.uniform(0.02, 0.3)))
    power = lfilter([1 - pole], [1, -pole], _envelope(mixture).astype(np.float64) ** 2)
    level = np.sqrt(power + 1e-10)
    threshold = float(np.quantile(level, rng.uniform(0.1, 0.7))) + 1e-6
    gains = np.minimum(level / threshold, 1e6) ** -float(rng.uniform(0.2, 0.8))
    return _curve(np.minimum(gains, 1.0), mixture.shape[1])


def _pair(rng: Rng) -> NDArray[np.float32]:
    """Return the impulse responses of a room at two places, with the same direct sound."""
    one = impulse_response(rng)
    other = one.copy()
    other[1:] *= rng.choice([-1.0, 1.0], len(one) - 1) if rng.random() < 0.8 else 1.0
    return np.stack([one, other]).astype(np.float32)


def _filter(rng: Rng, n: int) -> NDArray[np.float32]:
    """Draw a smooth frequency response of a few dB, shape (frequency,)."""
    octave = np.linspace(0, 1, 129)
    k = np.arange(1, 5)[:, None]
    waves = np.cos(np.pi * (k * octave + rng.uniform(0, 2, (4, 1))))
    decibels = 3.0 * (rng.standard_normal((4, 1)) / k * waves).sum(axis=0)
    bins = n**octave - 1
    return np.interp(np.arange(n), bins, 10 ** (decibels / 20)).astype(np.float32)
