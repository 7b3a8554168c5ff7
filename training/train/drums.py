"""Teach when drums are struck: the network of :mod:`otowake.music.drums.onsets`.

    python -m training.train.drums --cache DIR [--samples DIR] [--clips N] [--steps N] --out FILE

Scenes of pitched instruments (:mod:`training.data.mixtures`) and beats on single strokes (:mod:`training.sounds.drum_kits`) are mixed anew for each clip:
both, one of them, at any balance. What is in the cache is not made again, and a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import math
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from otowake.music.drums.onsets import (
    DILATIONS,
    HALF_FRAME_S,
    TEMPLATE_BANDS,
    TEMPLATE_LAGS,
    Weights,
    band_indices,
    pick_hits,
)
from otowake.music.separation.score_informed import STFT
from otowake.music.theory.instruments import KIT
from otowake.music.transcription.transcriber import QUIETEST
from otowake.signal import spectrogram
from otowake.signal.magnitude import axes
from otowake.signal.vqt import HALF_FRAMES, RATE, ROWS, frames_of, half_frames, level
from otowake.types import Audio
from training import files
from training.data import mixtures
from training.networks import checkpoint
from training.rng import Rng
from training.sounds import banks, drum_kits
from training.sounds.degrade import degrade
from training.sounds.drum_kits import Kit
from training.sounds.samples import LEAD

SECONDS = mixtures.SECONDS
LENGTH = int(SECONDS * RATE)
SHARD = 50
"""Clips in a file."""
SCENES = 8
"""Clips of a shard that share a scene of pitched instruments, on average."""
VERSION = 1
APART_FROM = 1_000_000
"""Clips from this seed on are played on those kits, before scenes of their own."""
WIDTH = 64
TOLERANCE = 0.03
"""Seconds by which a stroke that is found may be off."""


@cache
def _sounds(folder: Path) -> tuple[list[mixtures.Choice], list[Kit]]:
    pitched = [choice for choice in mixtures.choices(folder) if choice.label != "drums"]
    return pitched, drum_kits.build(folder)


def prepare(cache_folder: Path, first: int) -> Path:
    """Clips from seed `first` on, in a file of the cache: what is heard, float16 (clip, instant, row), and the strokes,
    rows (clip, onset, drum)."""
    path = cache_folder / "strokes" / f"v{VERSION}" / f"{first:07d}.npz"
    if path.exists():
        return path
    pitched, every = _sounds(cache_folder)
    apart = first >= APART_FROM
    every = [kit for kit in every if (kit.name in drum_kits.APART) == apart]
    scenes = [mixtures.scene(7_000_000 + first + i, pitched)[0] for i in range(-(-SHARD // SCENES))]
    heard, rows = [], []
    for number in range(SHARD):
        rng = np.random.default_rng([6, first + number])
        how = rng.random()
        wave = np.zeros(LENGTH, np.float32)
        if how > 0.15:
            scene = scenes[int(rng.integers(len(scenes)))]
            wave = np.roll(scene, int(rng.integers(LENGTH))) * np.float32(rng.choice([-1, 1]))
        if how < 0.65:
            each, strokes_of = drum_kits.beat(rng, every[int(rng.integers(len(every)))], SECONDS)
            drums = each.sum(axis=0)
            loudness = float(np.sqrt(np.mean(wave**2))) or 0.1
            gain = (
                10 ** (float(rng.uniform(-12, 12)) / 20)
                * loudness
                / (float(np.sqrt(np.mean(drums**2))) + 1e-9)
            )
            wave = wave + np.float32(gain) * drums
            rows += [(number, onset, drum) for onset, drum in strokes_of]
        if rng.random() < 0.7:
            wave = degrade(rng, wave)
        reference = level(wave)
        silent = reference <= QUIETEST
        n = frames_of(LENGTH)
        heard.append(
            np.zeros((HALF_FRAMES * n, ROWS), np.float16)
            if silent
            else half_frames(wave, reference, 0, n).astype(np.float16)
        )
    files.store(
        path, {"heard": np.stack(heard), "strokes": np.array(rows, np.float32).reshape(-1, 3)}
    )
    return path


def wanted(rows: NDArray[np.float32], n_clips: int, n: int) -> NDArray[np.float32]:
    """What the network shall say, (clip, instant, drum): 1 at strokes, half beside them."""
    found = np.zeros((n_clips, n + 2, len(KIT)), np.float32)
    clip, drum = rows[:, 0].astype(int), rows[:, 2].astype(int)
    at = np.rint(rows[:, 1] / HALF_FRAME_S + 0.5).astype(int)
    for off, height in ((0, 0.5), (2, 0.5), (1, 1.0)):
        np.maximum.at(found, (clip, np.minimum(at + off, n + 1), drum), height)
    return found[:, 1:-1]


def spectra(every: list[Kit]) -> NDArray[np.float32]:
    """How kits sound on average, (band, drum, lag), each drum summing to 1 (:func:`otowake.music.drums.onsets.drum_templates`); of the kinds
    that most kits are built of."""
    frequencies, _ = axes(STFT, 1)
    band = band_indices(frequencies)
    kinds, found = list(drum_kits.KEYS), np.zeros((TEMPLATE_BANDS, len(KIT), TEMPLATE_LAGS))
    for drum, name in enumerate(KIT):
        for kit in every:
            for wave in kit.waves[(kit.kind == kinds.index(name)) & (kit.velocity >= 80)]:
                ahead = wave[LEAD - 2 * STFT.hop :].astype(np.float32) / 32768
                V = spectrogram(Audio(ahead, RATE), STFT).values[:, 1 : 1 + TEMPLATE_LAGS]
                found[:, drum, : V.shape[1]] += np.stack(
                    [np.bincount(band, v, TEMPLATE_BANDS) for v in (V / V.sum()).T], axis=1
                )
    found /= np.maximum(np.bincount(band, minlength=TEMPLATE_BANDS), 1)[:, None, None]
    return (found / found.sum(axis=(0, 2), keepdims=True)).astype(np.float32)


class Network(nn.Module):
    """As :mod:`otowake.music.drums.onsets` runs it; tensors of shape (clip, row or unit, instant)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(ROWS, WIDTH, 3, padding=1)
        self.later = nn.ModuleList(
            nn.Conv1d(WIDTH, WIDTH, 3, padding=d, dilation=d) for d in DILATIONS
        )
        self.out = nn.Conv1d(WIDTH, len(KIT), 1)
        nn.init.constant_(self.out.bias, -4.0)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.first(x))
        for layer in self.later:
            x = x + functional.relu(layer(x))
        return self.out(x)

    def chances(self, clips: NDArray[np.float16]) -> NDArray[np.float32]:
        """Probabilities of shape (clip, instant, drum)."""
        with torch.no_grad():
            said = self(torch.from_numpy(clips.astype(np.float32)).transpose(1, 2))
            return torch.sigmoid(said).transpose(1, 2).numpy()

    def weights(self) -> Weights:
        """As the package takes them, float32."""
        layers = {f"{i}": layer for i, layer in enumerate([self.first, *self.later])}
        with torch.no_grad():
            found = {k: v.weight.permute(2, 1, 0).numpy() for k, v in layers.items()}
            found |= {f"{k}.bias": v.bias.numpy() for k, v in layers.items()}
            found |= {"out": self.out.weight[:, :, 0].T.numpy(), "out.bias": self.out.bias.numpy()}
        return {k: np.ascontiguousarray(v) for k, v in found.items()}


def judged(said: NDArray[np.float32], rows: NDArray[np.float32], likely: float) -> list[float]:
    """The F1 of each drum over clips, `said` of shape (clip, instant, drum), none being more lightly believed for what covers it."""
    hits, found, true = np.zeros(len(KIT)), np.zeros(len(KIT)), np.zeros(len(KIT))
    for clip in range(len(said)):
        strokes_of = pick_hits(said[clip], np.full(len(KIT), likely), masked_ratio=1.0)
        for drum in range(len(KIT)):
            have = strokes_of.onset[strokes_of.drum == drum]
            mine = np.sort(rows[(rows[:, 0] == clip) & (rows[:, 2] == drum), 1])
            near = [np.abs(have - at).min(initial=9) < TOLERANCE for at in mine]
            hits[drum] += min(sum(near), len(have))
            found[drum] += len(have)
            true[drum] += len(mine)
    return (2 * hits / np.maximum(found + true, 1)).tolist()


class Lessons(NamedTuple):
    """Clips to learn from: `heard` (clip, instant, row) and `wanted` (clip, instant, drum), float16; and those kept apart, as they
    are in their files."""

    heard: NDArray[np.float16]
    wanted: NDArray[np.float16]
    apart: list[tuple[NDArray[np.float16], NDArray[np.float32]]]


def lessons(cache_folder: Path, n_clips: int, n_apart: int, threads: int) -> Lessons:
    """The clips, made where they are not in the cache."""
    firsts = [*range(0, n_clips, SHARD), *range(APART_FROM, APART_FROM + n_apart, SHARD)]
    with ProcessPoolExecutor(threads, get_context("spawn")) as pool:
        paths = list(pool.map(partial(prepare, cache_folder), firsts))
    heard, targets, apart = [], [], []
    for first, path in zip(firsts, paths, strict=True):
        with np.load(path, allow_pickle=False) as file:
            clips, rows = file["heard"], file["strokes"]
        if first >= APART_FROM:
            apart.append((clips, rows))
        else:
            heard.append(clips)
            targets.append(wanted(rows, SHARD, clips.shape[1]).astype(np.float16))
    return Lessons(np.concatenate(heard), np.concatenate(targets), apart)


def train(known: Lessons, options: argparse.Namespace, folder: Path) -> Network:
    """Teach; the network whose weights are an average over the last steps."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    network, average = Network(), Network()
    average.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.02)
    kept, networks, step = folder / "checkpoint.npz", {"network": network, "average": average}, 0
    if kept.exists():
        step = checkpoint.load(kept, networks, optimiser)
    begun, seen = time.monotonic(), []
    while step < options.steps:
        rng = np.random.default_rng((options.seed, step))
        fall = 0.505 + 0.495 * math.cos(math.pi * step / options.steps)
        for group in optimiser.param_groups:
            group["lr"] = options.rate * min(1, (step + 1) / 100) * fall
        which = rng.integers(0, len(known.heard), options.size)
        given = known.heard[which].astype(np.float32)
        given = np.where(given > 0, np.maximum(given + _filters(rng, len(given)), 0), 0)
        said = network(torch.from_numpy(given).transpose(1, 2))
        loss = functional.binary_cross_entropy_with_logits(
            said, torch.from_numpy(known.wanted[which].astype(np.float32)).transpose(1, 2)
        )
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        step += 1
        seen.append(float(loss.detach()))
        with torch.no_grad():
            for mean, now in zip(average.parameters(), network.parameters(), strict=True):
                mean.lerp_(now, 1 - min(0.995, step / (step + 10)))
        if step % options.every == 0 or step == options.steps:
            checkpoint.save(kept, networks, optimiser, step)
            best = " ".join(
                f"{k} {v:.3f}" for k, v in zip(KIT, scored(average, known)[1], strict=True)
            )
            clock = f"{time.monotonic() - begun:.0f} s"
            print(f"{step} steps  {clock}  loss {np.mean(seen):.5f}  F1 apart: {best}", flush=True)
            seen = []
    return average


def scored(network: Network, known: Lessons) -> tuple[list[float], list[float]]:
    """For each drum the probability from which on a peak is best taken for a stroke, on the kits kept apart, and the F1 there."""
    said = [(network.chances(clips), rows) for clips, rows in known.apart]
    tried = np.arange(0.1, 0.66, 0.05).round(2)
    table = np.array(
        [np.mean([judged(*each, likely) for each in said], axis=0) for likely in tried.tolist()]
    )
    return tried[table.argmax(axis=0)].tolist(), table.max(axis=0).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument(
        "--samples", type=Path, help="a folder of more single notes, with manifest.tsv"
    )
    parser.add_argument("--clips", type=int, default=3000)
    parser.add_argument("--apart", type=int, default=200, help="clips of kits kept apart")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--size", type=int, default=12, help="clips in a step")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument(
        "--every", type=int, default=500, help="steps between looks at the kits apart"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--run", default="run", help="name of the folder in the cache that holds this training"
    )
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    banks.build(options.cache, options.samples)
    mixtures.build(options.cache)
    every = drum_kits.build(options.cache)
    known = lessons(options.cache, options.clips, options.apart, options.threads)
    taught = train(known, options, options.cache / "strokes" / options.run)
    likely, _ = scored(taught, known)
    print("strokes from " + ", ".join(f"{k} {v}" for k, v in zip(KIT, likely, strict=True)))
    heard = [kit for kit in every if kit.name not in drum_kits.APART]
    export(taught.weights(), likely, spectra(heard), options.out)


def export(weights: Weights, likely: list[float], spectra: NDArray[np.float32], path: Path) -> None:
    """The file that the package takes: float16, no pickle."""
    arrays: dict[str, Any] = {k: v.astype(np.float16) for k, v in weights.items()}
    arrays |= {"likely": np.array(likely, np.float32), "spectra": spectra}
    files.store(path, arrays, compressed=True)


def _filters(rng: Rng, n: int) -> NDArray[np.float32]:
    """Smooth random frequency responses, (clip, 1, row), in units of a cell."""
    k = np.arange(1, 5)[:, None]
    waves = np.cos(np.pi * (k * np.linspace(0, 1, ROWS) + rng.uniform(0, 2, (n, 4, 1))))
    return (0.12 * (rng.normal(size=(n, 4, 1)) / (1 + 0.5 * k) * waves).sum(axis=1))[
        :, None
    ].astype(np.float32)


if __name__ == "__main__":
    main()
