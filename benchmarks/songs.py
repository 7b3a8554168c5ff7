"""Compare the separation of songs into vocals, bass, drums and other with simple methods.

    python -m benchmarks.songs --data DIR [--methods otowake,repet,…]
    python -m benchmarks.songs --cache DIR [--samples DIR] [--songs 40]

DIR, or folders in it, hold `mix.flac` and the sources of a song, named by :data:`NAMES`; every
other file belongs to `other`. With ``--cache`` the songs are generated of held-out sounds
(:mod:`training.data.song_mixtures`), 10 s each, of which the song network has learnt nothing. A
gain is the SDR (dB, up to a scale) of a source's estimate minus that of the mixture, both of the
mean of the channels; a source that a method does not give gains 0.

Methods: `otowake` with nothing given; `repet` (Rafii & Pardo, "REpeating Pattern Extraction
Technique (REPET)", 2013); `fourier`, the 2-D Fourier transform of Seetharaman, Pishdadian & Pardo
(2017); `rules`, which takes for vocals what is in the middle, harmonic and not repeated, for drums
what is percussive (Fitzgerald, 2010), and for bass what is below 200 Hz; `ideal`, the masks of the
true magnitudes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, median_filter, minimum_filter

import otowake
from benchmarks.stems import sdr
from otowake.music.song.masks import source_of
from otowake.music.song.network import SOURCES
from otowake.signal.stft import istft, stft
from otowake.types import Audio, Floats

NAMES = {
    "vocals": ("vocals", "voice", "singing", "choir"),
    "drums": ("drums", "kick", "snare", "hi-hat", "tom", "cymbal", "percussion"),
    "bass": ("bass", "electric-bass", "double-bass", "synth-bass"),
}
"""Names of the files of each source, or their beginnings."""

N_FFT, HOP = 2048, 512
BASS_HZ, LOWEST_VOICE_HZ = 200, 100
PERIODS_S = 0.8, 8.0
"""Shortest and longest period of REPET."""

Sources = dict[str, Floats]
"""Sounds of shape (channel, sample) by the names of sources."""

Method = Callable[[Audio, Sources], Sources]


def by_otowake(audio: Audio, true: Sources) -> Sources:
    """Sum the parts of each source, with nothing given."""
    analysis = otowake.analyse(audio, stages=["notes", "instruments", "stems"])
    assert analysis.stems is not None
    sounds = [np.concatenate(blocks, axis=1) for blocks in zip(*analysis.stems(), strict=True)]
    names = [SOURCES[source_of(part.instrument)] for part in analysis.parts] + ["other"]
    return {
        name: np.sum([s for n, s in zip(names, sounds, strict=True) if n == name], axis=0)
        for name in names
    }


def _masked(audio: Audio, masks: dict[str, Floats]) -> Sources:
    spectra = stft(audio.samples, N_FFT, HOP)
    return {
        name: istft((spectra * mask).astype(np.complex64), HOP, audio.n_samples)
        for name, mask in masks.items()
    }


def repeating_share(V: Floats, rate: int) -> Floats:
    """Return the share of the repeating background in a magnitude spectrogram, by REPET."""
    powers = V**2
    n = V.shape[1]
    spectra = np.fft.rfft(powers, 2 * n, axis=1)
    correlation = np.fft.irfft(np.abs(spectra) ** 2, axis=1)[:, :n] / np.arange(n, 0, -1)
    beat = (correlation / np.maximum(correlation[:, :1], 1e-20)).mean(axis=0)
    low, high = (int(seconds * rate / HOP) for seconds in PERIODS_S)
    high = max(min(high, n // 3), low + 1)
    period = low + int(beat[low:high].argmax())
    n_periods = -(-n // period)
    padded = np.full((len(V), n_periods * period), np.nan)
    padded[:, :n] = V
    segment = np.nanmedian(padded.reshape(len(V), n_periods, period), axis=1)
    background = np.minimum(np.tile(segment, n_periods)[:, :n], V)
    return background / np.maximum(V, 1e-12)


def by_repet(audio: Audio, true: Sources) -> Sources:
    """Take for vocals what does not repeat."""
    V = np.abs(stft(audio.mono(), N_FFT, HOP))
    mask = 1 - repeating_share(V, audio.rate)
    mask[: int(LOWEST_VOICE_HZ * N_FFT / audio.rate)] = 0
    return _masked(audio, {"vocals": mask})


def by_fourier(audio: Audio, true: Sources) -> Sources:
    """Take for vocals what is not a peak of the 2-D Fourier transform of the spectrogram."""
    V = np.abs(stft(audio.mono(), N_FFT, HOP))
    transform = np.fft.fft2(V)
    size = np.abs(transform)
    span = maximum_filter(size, (1, 25)) - minimum_filter(size, (1, 25))
    is_peak = (size == maximum_filter(size, (1, 25))) & (span > size.std())
    background = np.abs(np.fft.ifft2(transform * is_peak))
    mask = (np.abs(np.fft.ifft2(transform * ~is_peak)) > background).astype(np.float32)
    mask[: int(LOWEST_VOICE_HZ * N_FFT / audio.rate)] = 0
    return _masked(audio, {"vocals": mask})


def by_rules(audio: Audio, true: Sources) -> Sources:
    """Combine place, repetition, and harmonic against percussive sound."""
    spectra = stft(audio.samples, N_FFT, HOP)
    V = np.abs(spectra.mean(axis=0))
    left, right = np.abs(spectra[0]), np.abs(spectra[-1])
    centre = (1 - np.abs(left - right) / (left + right + 1e-12)) ** 2
    harmonic = median_filter(V, (1, 31)) ** 2
    percussive = median_filter(V, (31, 1)) ** 2
    drums = percussive / (harmonic + percussive + 1e-20)
    low = np.arange(len(V))[:, None] * audio.rate / N_FFT < BASS_HZ
    bass = (1 - drums) * low
    vocals = (1 - drums) * ~low * centre * (1 - repeating_share(V, audio.rate))
    other = np.maximum(1 - drums - bass - vocals, 0)
    return _masked(audio, {"vocals": vocals, "drums": drums, "bass": bass, "other": other})


def by_ideal_masks(audio: Audio, true: Sources) -> Sources:
    """Divide by the true magnitudes of the sources."""
    magnitudes = {name: np.abs(stft(s.mean(axis=0), N_FFT, HOP)) for name, s in true.items()}
    total = sum(magnitudes.values()) + 1e-12
    return _masked(audio, {name: V / total for name, V in magnitudes.items()})


METHODS: dict[str, Method] = {
    "otowake": by_otowake,
    "repet": by_repet,
    "fourier": by_fourier,
    "rules": by_rules,
    "ideal": by_ideal_masks,
}


def source_name(stem: str) -> str:
    """Return the source that a file belongs to.

    Examples
    --------
    >>> source_name("electric-bass-2"), source_name("bassoon"), source_name("hi-hat")
    ('bass', 'other', 'drums')
    """
    for source, names in NAMES.items():
        if any(stem == name or stem.startswith(f"{name}-") for name in names):
            return source
    return "other"


def recorded_songs(folder: Path) -> Iterator[tuple[str, Audio, Sources]]:
    """Iterate over the songs of a folder: name, mixture, and sources."""
    for path in sorted(folder.rglob("mix.flac")):
        audio, true = otowake.load(path), {}
        for stem in sorted(path.parent.glob("*.flac")):
            if stem != path:
                samples = otowake.load(stem).samples
                name = source_name(stem.stem)
                true[name] = true.get(name, 0) + samples
        yield path.parent.name, audio, true


def generated_songs(
    cache: Path, samples: Path | None, n: int
) -> Iterator[tuple[str, Audio, Sources]]:
    """Iterate over the generated songs of held-out sounds that have two sources or more."""
    from training.data import song_mixtures, song_stems

    first = song_stems.HELD_OUT_SEED + 1000
    paths = [
        song_stems.prepare(cache, samples, seed)
        for seed in range(first, first + n, song_stems.SONGS_PER_FILE)
    ]
    mixer = song_mixtures.Mixer(song_mixtures.load(paths), song_stems.LENGTH)
    for number in range(n):
        sources = mixer.mixture(np.random.default_rng([17, number]))
        mixture = sources.sum(axis=0)
        scale = np.float32(0.9 / (np.abs(mixture).max() + 1e-9))
        true = {
            name: scale * sound
            for name, sound in zip(SOURCES, sources, strict=True)
            if (sound**2).mean() > 1e-4 * (mixture**2).mean()
        }
        if len(true) > 1:
            yield f"song {number:02d}", Audio(scale * mixture, song_stems.RATE), true


def gains(audio: Audio, true: Sources, estimates: Sources) -> NDArray[np.float64]:
    """Return the gain of each of :data:`SOURCES`; NaN if the song lacks it, 0 if none is given."""
    mixture, row = audio.mono(), np.full(len(SOURCES), np.nan)
    for number, name in enumerate(SOURCES):
        if name in true:
            reference = true[name].mean(axis=0)
            before = sdr(reference, mixture)
            estimated = name in estimates and np.abs(estimates[name]).max() > 0
            row[number] = (
                sdr(reference, estimates[name].mean(axis=0)) - before if estimated else 0.0
            )
    return row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--data", type=Path)
    where.add_argument("--cache", type=Path)
    parser.add_argument("--samples", type=Path)
    parser.add_argument("--songs", type=int, default=40)
    parser.add_argument("--methods", default=",".join(METHODS))
    options = parser.parse_args()
    names = options.methods.split(",")
    songs = (
        recorded_songs(options.data)
        if options.data
        else generated_songs(options.cache, options.samples, options.songs)
    )
    rows: dict[str, list[NDArray[np.float64]]] = {name: [] for name in names}
    print(f"{'':12s} {'':10s} " + " ".join(f"{source:>7s}" for source in (*SOURCES, "mean")))

    def show(title: str, name: str, row: NDArray[np.float64]) -> None:
        values = " ".join(f"{value:7.2f}" for value in (*row, np.nanmean(row)))
        print(f"{title:12s} {name:10s} {values}", flush=True)

    for title, audio, true in songs:
        for name in names:
            rows[name].append(gains(audio, true, METHODS[name](audio, true)))
            show(title, name, rows[name][-1])
    for name in names:
        show("mean", name, np.nanmean(rows[name], axis=0))


if __name__ == "__main__":
    main()
