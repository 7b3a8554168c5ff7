"""The examples of the drum network: drum beats and pitched music, mixed at any balance."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.drums.onsets import HALF_FRAME_S, TEMPLATE_BANDS, TEMPLATE_LAGS, band_indices
from otowake.music.separation.score_informed import STFT
from otowake.music.theory.instruments import DRUM_ROLES, KIT
from otowake.signal import spectrogram
from otowake.signal.magnitude import axes
from otowake.signal.mono import MonoSignal
from otowake.signal.vqt import HALF_FRAMES, RATE, ROWS, frames_of
from otowake.types import Audio
from training import files
from training.data import clips, mixtures
from training.music import drum_beats
from training.parallel import parallel_map
from training.rng import Rng
from training.sounds import drum_kits
from training.sounds.classes import is_held_out
from training.sounds.degrade import degrade
from training.sounds.drum_kits import Kit
from training.sounds.samples import LEAD

CLIP_SECONDS = mixtures.SECONDS
CLIP_SAMPLES = int(CLIP_SECONDS * RATE)

CLIPS_PER_FILE = 50
"""Clips in a file."""

CLIPS_PER_SCENE = 8
"""Clips of a file that share a scene of pitched instruments, on average."""

VERSION = 4
"""Version of the clips: a change that gives other clips for the same seeds increases it."""

HELD_OUT_SEED = 1_000_000
"""Clips from this seed on use the held-out kits, and other scenes."""

ENSEMBLE_SHARE = 0.5
"""Share of the transcriber's clips (:mod:`training.data.clips`) in the music."""

ENSEMBLE_SHARDS = 24
"""Shards of these clips."""

SCENE_SEED = 20_000_000
"""Scenes of pitched instruments use the seeds from here on."""

DUCKING_SHARE = 0.15
"""Share of the mixtures whose music is ducked at kicks."""

KICK = list(KIT).index("kick")

TEMPLATE_VELOCITY = 80
"""Least velocity of the hits from which templates are averaged."""


class DrumDataset(NamedTuple):
    """Clips to train on, and the held-out clips.

    Attributes
    ----------
    spectrogram
        Shape (clip, half-frame, row).
    target
        Shape (clip, half-frame, drum).
    held_out
        Of each file: a spectrogram, and rows (clip, onset, drum) of the drum onsets.
    """

    spectrogram: NDArray[np.float16]
    target: NDArray[np.float16]
    held_out: list[tuple[NDArray[np.float16], NDArray[np.float32]]]


SCENES: dict[str | None, float] = {None: 0.5, "together": 0.25, "sung": 0.25}
"""Shares of the kinds of scenes (:data:`training.data.mixtures.MAKERS`)."""


@cache
def _sounds(
    folder: Path, samples: Path | None, held_out: bool
) -> tuple[list[mixtures.Choice], list[Kit]]:
    """Return the pitched banks and the kits of a set; the two sets share none."""
    pitched = [
        choice
        for choice in mixtures.choices(folder, unnamed=True)
        if choice.label != "drums" and is_held_out(choice.bank.name) == held_out
    ]
    kits = drum_kits.build(folder, samples)
    return pitched, [kit for kit in kits if (kit.name in drum_kits.HELD_OUT) == held_out]


def prepare(cache_folder: Path, samples: Path | None, first: int) -> Path:
    """Make the clips from seed `first` on, unless they are in the cache.

    `samples` is the folder of :func:`training.sounds.drum_kits.build`. The file has `spectrogram`,
    float16 (clip, half-frame, row), and `onsets`, rows of (clip, onset, drum).
    """
    path = cache_folder / "drums" / f"v{VERSION}" / f"{first:07d}.npz"
    if path.exists():
        return path
    pitched, kits = _sounds(cache_folder, samples, first >= HELD_OUT_SEED)
    scenes, ensembles = _scenes(pitched, first), _ensembles(cache_folder, first)
    spectrograms, rows = [], []
    for number in range(CLIPS_PER_FILE):
        rng = np.random.default_rng([6, first + number])
        content = rng.random()
        wave = np.zeros(CLIP_SAMPLES, np.float32)
        if content > 0.15:
            music = ensembles if ensembles and rng.random() < ENSEMBLE_SHARE else scenes
            scene = music[int(rng.integers(len(music)))]
            shift = int(rng.integers(CLIP_SAMPLES))
            wave = np.roll(scene, shift) * np.float32(rng.choice([-1, 1]))
        if content < 0.65:
            kit = kits[int(rng.integers(len(kits)))]
            by_drum, hits = drum_beats.beat(rng, kit, CLIP_SECONDS)
            drums = by_drum.sum(axis=0)
            loudness = float(np.sqrt(np.mean(wave**2))) or 0.1
            balance = 10 ** (float(rng.uniform(-12, 12)) / 20)
            gain = balance * loudness / (float(np.sqrt(np.mean(drums**2))) + 1e-9)
            if rng.random() < DUCKING_SHARE:
                wave = _ducked(rng, wave, [onset for onset, drum in hits if drum == KICK])
            wave = wave + np.float32(gain) * drums
            rows += [(number, onset, drum) for onset, drum in hits]
        if rng.random() < 0.7:
            wave = degrade(rng, wave)
        spectrograms.append(_spectrogram(wave))
    onsets = np.array(rows, np.float32).reshape(-1, 3)
    files.store(path, {"spectrogram": np.stack(spectrograms), "onsets": onsets})
    return path


def _scenes(pitched: list[mixtures.Choice], first: int) -> list[NDArray[np.float32]]:
    n = -(-CLIPS_PER_FILE // CLIPS_PER_SCENE)
    makers = np.random.default_rng([7, first]).choice(
        np.array(list(SCENES), object), n, p=list(SCENES.values())
    )
    return [
        mixtures.scene(SCENE_SEED + first + i, pitched, maker)[0] for i, maker in enumerate(makers)
    ]


def _ensembles(cache_folder: Path, first: int) -> list[NDArray[np.float32]]:
    """Return the clips of the transcriber without drums, for the set of the clip `first`."""
    number = first // CLIPS_PER_FILE % ENSEMBLE_SHARDS
    path = clips.write_shard(cache_folder, number * clips.CLIPS_PER_SHARD)
    waves = [
        wave
        for seed, wave, _ in clips.read_shard(path)
        if clips.is_validation(seed) == (first >= HELD_OUT_SEED)
        and not clips.has_drums(seed, clips.banks_of(cache_folder))
    ]
    return [
        half.astype(np.float32) / 32767
        for wave in waves
        for half in (wave[:CLIP_SAMPLES], wave[-CLIP_SAMPLES:])
    ]


def _ducked(rng: Rng, wave: NDArray[np.float32], onsets: list[float]) -> NDArray[np.float32]:
    """Lower the level after each kick, as a compressor does that listens to the kick."""
    gain = np.ones(len(wave), np.float32)
    depth, recovery = float(rng.uniform(0.3, 0.95)), int(rng.uniform(0.05, 0.3) * RATE)
    curve = (1 - depth * (1 - np.arange(recovery) / recovery) ** 2).astype(np.float32)
    for first in (int(onset * RATE) for onset in onsets):
        ducked = gain[first : first + recovery]
        np.minimum(ducked, curve[: len(ducked)], out=ducked)
    return wave * gain


def _spectrogram(wave: NDArray[np.float32]) -> NDArray[np.float16]:
    mono, n = MonoSignal(Audio(wave, RATE)), frames_of(CLIP_SAMPLES)
    if mono.is_silent:
        return np.zeros((HALF_FRAMES * n, ROWS), np.float16)
    return mono.half_frames(0, n).astype(np.float16)


def targets(onsets: NDArray[np.float32], n_clips: int, n: int) -> NDArray[np.float32]:
    """Return the targets, (clip, half-frame, drum): 1 at drum onsets, 0.5 next to them."""
    target = np.zeros((n_clips, n + 2, len(KIT)), np.float32)
    clip, drum = onsets[:, 0].astype(int), onsets[:, 2].astype(int)
    index = np.rint(onsets[:, 1] / HALF_FRAME_S + 0.5).astype(int)
    for offset, height in ((0, 0.5), (2, 0.5), (1, 1.0)):
        np.maximum.at(target, (clip, np.minimum(index + offset, n + 1), drum), height)
    return target[:, 1:-1]


def load(
    cache_folder: Path, samples: Path | None, n_clips: int, n_held_out: int, threads: int
) -> DrumDataset:
    """Return the clips, made where they are not in the cache."""
    firsts = [
        *range(0, n_clips, CLIPS_PER_FILE),
        *range(HELD_OUT_SEED, HELD_OUT_SEED + n_held_out, CLIPS_PER_FILE),
    ]
    paths = parallel_map(partial(prepare, cache_folder, samples), firsts, threads)
    spectrograms, target, held_out = [], [], []
    for first, path in zip(firsts, paths, strict=True):
        with np.load(path, allow_pickle=False) as file:
            spectrogram, onsets = file["spectrogram"], file["onsets"]
        if first >= HELD_OUT_SEED:
            held_out.append((spectrogram, onsets))
        else:
            spectrograms.append(spectrogram)
            target.append(targets(onsets, CLIPS_PER_FILE, spectrogram.shape[1]).astype(np.float16))
    return DrumDataset(np.concatenate(spectrograms), np.concatenate(target), held_out)


def mean_spectra(kits: list[Kit]) -> NDArray[np.float32]:
    """Return the mean spectrum over kits of the drum of each role, (band, role, lag); its sum is 1.

    They start the templates of a recording
    (:func:`otowake.music.drums.onsets.drum_templates`).
    """
    frequencies, _ = axes(STFT, 1)
    band = band_indices(frequencies)
    total = np.zeros((TEMPLATE_BANDS, len(DRUM_ROLES), TEMPLATE_LAGS))
    for role, name in enumerate(DRUM_ROLES):
        for kit in kits:
            loud = (kit.drum == list(KIT).index(name)) & (kit.velocity >= TEMPLATE_VELOCITY)
            for wave in kit.waves[loud]:
                hit = wave[LEAD - 2 * STFT.hop :].astype(np.float32) / 32768
                V = spectrogram(Audio(hit, RATE), STFT).values[:, 1 : 1 + TEMPLATE_LAGS]
                total[:, role, : V.shape[1]] += np.stack(
                    [np.bincount(band, v, TEMPLATE_BANDS) for v in (V / V.sum()).T], axis=1
                )
    total /= np.maximum(np.bincount(band, minlength=TEMPLATE_BANDS), 1)[:, None, None]
    return (total / total.sum(axis=(0, 2), keepdims=True)).astype(np.float32)
