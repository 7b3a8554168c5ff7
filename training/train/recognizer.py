"""Teach the recogniser, which tells the instruments of notes: one command.

    python -m training.train.recognizer --cache DIR [--samples DIR] [--scenes N] [--alone N] [--together N] [--accompanied N]
                           [--steps N] [--networks N] [--all] [--out FILE]

Scenes that are in the cache are not made again. Without ``--all``, whole sources are kept apart (`classes.APART`) and the
recogniser is judged on them: that run tells how good it is on instruments that it does not know, and the temperature
of its probabilities. With ``--all`` it learns from every source, and takes over the temperature that the first run found.
Uses torch, which the package itself does not need.
"""

from __future__ import annotations

import argparse
import copy
import csv
import math
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from otowake.music.networks import PITCH_RBF, pitch_rbf
from otowake.music.players.envelopes import ENVELOPE_PARTIALS
from otowake.music.players.features import (
    FEATURE_ROWS,
    FINE_ROWS,
    LEVEL_PLANES,
    ROWS_BELOW,
    NoteFeatures,
    network_input,
)
from otowake.music.players.recognizer import Weights, load_recognizer
from otowake.music.theory.instruments import TABLE
from otowake.signal.vqt import LOWEST, ROWS
from training import files
from training.data import mixtures
from training.data.mixtures import Lessons, origin_of
from training.networks import checkpoint
from training.networks.recognizer import Network
from training.sounds import banks
from training.sounds.classes import APART, APART_FONT

Rng = np.random.Generator


class Score(NamedTuple):
    """Means over classes: the right instrument first, among the first three, the right family first; the mean
    negative log-likelihood at a temperature of 1, and the best temperature."""

    first: float
    three: float
    family: float
    loss: float
    temperature: float


def changed(
    known: NoteFeatures, midi: NDArray[np.float64], rng: Rng, size: float = 1.0
) -> NoteFeatures:
    """Descriptions as if heard through a random filter, in noise, without treble, with gaps; `size` scales the filters."""
    planes = known.planes.copy()
    n, heard = len(planes), slice(0, LEVEL_PLANES)
    gain = curves(rng, n, 0.12 * size)[:, None] + rng.normal(0, 0.05 * size, (n, 1, 1)).astype(
        np.float32
    )
    tones = planes[:, heard]
    tones = np.where(tones > 0, np.maximum(tones + gain, 0), 0)
    floor = np.where(rng.random(n) < 0.3, rng.uniform(0, 0.7, n), -1).astype(np.float32)[:, None]
    floor = np.where(floor > 0, np.maximum(floor + curves(rng, n, 0.12), 0), 0)
    tones = np.maximum(tones, floor[:, None])
    treble = np.where(rng.random(n) < 0.15, rng.integers(24, FEATURE_ROWS, n), FEATURE_ROWS)
    first = rng.integers(0, FEATURE_ROWS, n)
    last = first + np.where(rng.random(n) < 0.2, rng.integers(1, 6, n), 0)
    rows = np.arange(FEATURE_ROWS)
    gone = (rows >= treble[:, None]) | ((rows >= first[:, None]) & (rows < last[:, None]))
    semitones = np.where(rows < FINE_ROWS, rows, FINE_ROWS + 3 * (rows - FINE_ROWS))
    gone |= (
        semitones > LOWEST + ROWS + ROWS_BELOW - midi[:, None]
    )  # nothing is heard there, were it only noise
    planes[:, heard] = np.where(gone[:, None], 0, tones)
    planes[:, -1] *= (rng.random(n) > 0.05)[:, None]
    planes += (0.02 * rng.standard_normal(planes.shape, np.float32)).astype(np.float32)
    contour = known.envelope + 0.03 * rng.standard_normal(known.envelope.shape, np.float32)
    contour[:, -ENVELOPE_PARTIALS:] += curves(rng, n, 0.05 * size)[:, :: FEATURE_ROWS // ENVELOPE_PARTIALS][:, :ENVELOPE_PARTIALS]
    return NoteFeatures(planes, known.activity, contour.astype(np.float32))


def curves(rng: Rng, n: int, size: float) -> NDArray[np.float32]:
    """Smooth curves over the rows, (curve, row), in units of a cell."""
    k = np.arange(1, 6)[:, None]
    waves = np.cos(np.pi * (k * np.linspace(0, 1, FEATURE_ROWS) + rng.uniform(0, 2, (n, 5, 1))))
    return (size * ((rng.normal(size=(n, 5, 1)) / (1 + 0.5 * k)) * waves).sum(axis=1)).astype(
        np.float32
    )


def given(lessons: Lessons, which: NDArray[np.int64]) -> Tensor:
    """The network's input of some notes."""
    return torch.from_numpy(network_input(_known(lessons, which), lessons.midi[which]))


def varied(
    lessons: Lessons, which: NDArray[np.int64], others: NDArray[np.int64], rng: Rng, size: float
) -> Tensor:
    """The same, changed at random; half of them mixed with another note of the same class (`others`, of about the same
    pitch, mostly from another source), which makes instruments between those that are known."""
    one, two = _known(lessons, which), _known(lessons, others)
    share = np.where(rng.random(len(which)) < 0.5, rng.uniform(0, 1, len(which)), 0).astype(
        np.float32
    )
    known = NoteFeatures(
        *(
            a + share.reshape(-1, *[1] * (a.ndim - 1)) * (b - a)
            for a, b in zip(one, two, strict=True)
        )
    )
    midi = lessons.midi[which].astype(float)
    x = network_input(changed(known, midi, rng, size), midi)
    x[:, -len(PITCH_RBF) :] = pitch_rbf(midi + rng.normal(0, 1.5, len(which)))
    return torch.from_numpy(x)


def _known(lessons: Lessons, which: NDArray[np.int64]) -> NoteFeatures:
    return NoteFeatures(*(field[which].astype(np.float32) for field in lessons.known))


class Draw:
    """Draws notes so that every class is heard equally often, within it every origin of many notes, and notes with nothing
    beside them half of the time (of those that there are)."""

    def __init__(self, lessons: Lessons, taught: NDArray[np.int64]) -> None:
        order = np.argsort(lessons.label[taught], kind="stable")
        self.places, self.midi = taught[order], lessons.midi
        label = lessons.label[self.places]
        origins = np.unique([origin_of(name) for name in lessons.names], return_inverse=True)[1][
            lessons.bank
        ]
        groups = np.unique(label * 1000 + origins[self.places], return_inverse=True)[1]
        counts = np.bincount(groups)
        weight = (np.sqrt(np.minimum(counts, 400)) / counts)[groups]
        alone = ~lessons.known.planes[self.places, -1].any(axis=1)
        for lot in (alone, ~alone):
            weight[lot] /= np.bincount(label[lot], weight[lot], len(TABLE))[label[lot]]
        self.ends = np.cumsum(weight)
        first = np.searchsorted(label, label, "left")
        self.begin = np.concatenate([[0.0], self.ends])[first]
        self.size = np.bincount(label, weight)[label]

    def __call__(self, rng: Rng, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places of `size` notes, and of as many of the same classes and about the same pitches."""
        drawn = self._at(rng.random(size) * self.ends[-1])
        tried = self._at(self.begin[drawn] + rng.random((6, size)) * self.size[drawn])
        which, tried = self.places[drawn], self.places[tried]
        nearest = np.abs(self.midi[tried] - self.midi[which]).argmin(axis=0)
        return which, tried[nearest, np.arange(size)]

    def _at(self, x: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.minimum(np.searchsorted(self.ends, x, "right"), len(self.ends) - 1)


def scores(network: Network, lessons: Lessons, which: NDArray[np.int64]) -> NDArray[np.float64]:
    """Scores of shape (note, instrument), the network as it is."""
    network.eval()
    with torch.no_grad():
        parts = [
            network(given(lessons, which[i : i + 1024])).numpy() for i in range(0, len(which), 1024)
        ]
    return np.concatenate(parts).astype(float)


FAMILY = np.array([[row.family for row in TABLE].index(row.family) for row in TABLE])


def judged(
    found: NDArray[np.float64], label: NDArray[np.integer[Any]]
) -> tuple[Score, dict[str, float]]:
    """How good scores are, and the share of each class that was named rightly."""
    order = np.argsort(-found, axis=1)
    first, three = order[:, 0] == label, (order[:, :3] == label[:, None]).any(axis=1)
    family = FAMILY[order[:, 0]] == FAMILY[label]
    classes = np.unique(label)
    mean = [
        float(np.mean([hit[label == c].mean() for c in classes])) for hit in (first, three, family)
    ]
    weight = 1 / np.bincount(label, minlength=len(TABLE))[label] / len(classes)
    losses = {
        t: _loss(found / t, label, weight) for t in np.arange(0.6, 4.01, 0.1).round(1).tolist()
    }
    best = min(losses, key=lambda t: losses[t])
    return Score(*mean, losses[1.0], best), {
        TABLE[c].name: float(first[label == c].mean()) for c in classes
    }


def _loss(
    found: NDArray[np.float64], label: NDArray[np.integer[Any]], weight: NDArray[np.float64]
) -> float:
    chances = found - np.logaddexp.reduce(found, axis=1, keepdims=True)
    return float(-(weight * chances[np.arange(len(label)), label]).sum())


def train(
    lessons: Lessons,
    taught: NDArray[np.int64],
    apart: NDArray[np.int64],
    options: argparse.Namespace,
    folder: Path,
) -> tuple[Network, Score | None]:
    """Teach; the network whose weights are an average over the last steps, and how good it is on the patches `apart`."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    draw = Draw(lessons, taught)
    some = varied(
        lessons,
        *draw(np.random.default_rng(options.seed), 4000),
        np.random.default_rng(1),
        options.change,
    )
    network = Network(options.drop, some.mean(0), some.std(0).clamp(min=0.1))
    average = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=options.rate, weight_decay=0.05, betas=(0.9, 0.98)
    )
    kept, step, score = folder / "checkpoint.npz", 0, None
    networks = {"network": network, "average": average}
    if kept.exists():
        step = checkpoint.load(kept, networks, optimiser)
    begun, seen = time.monotonic(), []
    while step < options.steps:
        rng = np.random.default_rng((options.seed, step))
        which, others = draw(rng, options.size)
        rise, fall = (
            min(1.0, (step + 1) / 100),
            0.505 + 0.495 * math.cos(math.pi * step / options.steps),
        )
        for group in optimiser.param_groups:
            group["lr"] = options.rate * rise * fall
        network.train()
        label = torch.from_numpy(lessons.label[which])
        loss = functional.cross_entropy(
            network(varied(lessons, which, others, rng, options.change)),
            label,
            label_smoothing=0.05,
        )
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        step += 1
        seen.append(float(loss.detach()))
        keep = min(0.995, step / (step + 10))
        with torch.no_grad():
            for mean, now in zip(average.parameters(), network.parameters(), strict=True):
                mean.lerp_(now, 1 - keep)
        if step % options.every == 0 or step == options.steps:
            checkpoint.save(kept, networks, optimiser, step)
            if len(apart):
                score, each = judged(scores(average, lessons, apart), lessons.label[apart])
                print("  ".join(f"{k} {v:.2f}" for k, v in each.items()))
            _note(folder / "log.csv", step, time.monotonic() - begun, float(np.mean(seen)), score)
            temperature = score.temperature if score else options.temperature
            export(average.weights(), temperature, folder / "recognizer.npz")
            seen = []
    return average, score


def _note(log: Path, step: int, seconds: float, loss: float, score: Score | None) -> None:
    fresh = not log.exists()
    row = {"step": step, "seconds": round(seconds), "loss": round(loss, 4)}
    row |= {k: round(v, 4) for k, v in score._asdict().items()} if score else {}
    with log.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if fresh:
            writer.writeheader()
        writer.writerow(row)
    print("  ".join(f"{k} {v}" for k, v in row.items()), flush=True)


def export(weights: Weights, temperature: float, path: Path) -> None:
    """The weights as the package takes them: float16, no pickle."""
    arrays: dict[str, Any] = {k: v.astype(np.float16) for k, v in weights.items()}
    arrays["temperature"] = np.array(temperature, np.float32)
    files.store(path, arrays, compressed=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument(
        "--samples", type=Path, help="a folder of more single notes, with manifest.tsv"
    )
    parser.add_argument("--scenes", type=int, default=1000)
    parser.add_argument("--alone", type=int, default=0, help="more scenes, of notes one by one")
    parser.add_argument(
        "--together", type=int, default=0, help="more scenes, of two to four players"
    )
    parser.add_argument(
        "--accompanied", type=int, default=0, help="more scenes, of a piano and one to three others"
    )
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--size", type=int, default=256, help="patches in a step")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument(
        "--every", type=int, default=1000, help="steps between looks at the sources apart"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--networks", type=int, default=1, help="how many, with the seeds that follow"
    )
    parser.add_argument(
        "--drop", type=float, default=0.1, help="share of units left out while learning"
    )
    parser.add_argument("--change", type=float, default=1.0, help="size of the random filters")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--temperature", type=float, default=1.0, help="with --all")
    parser.add_argument("--all", action="store_true", help="keep no source apart")
    parser.add_argument(
        "--run", default="run", help="name of the folder in the cache that holds this training"
    )
    parser.add_argument("--out", type=Path, help="where to put the weights besides")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    banks.build(options.cache, options.samples)
    mixtures.build(options.cache)
    asked = (
        (0, options.scenes),
        (mixtures.ONE_BY_ONE, options.alone),
        (mixtures.TOGETHER, options.together),
        (mixtures.ACCOMPANIED, options.accompanied),
    )
    firsts = [first + i for first, n in asked for i in range(0, n, mixtures.SHARD)]
    with ProcessPoolExecutor(options.threads, get_context("spawn")) as pool:
        paths = list(pool.map(partial(mixtures.prepare, options.cache), firsts))
    lessons = mixtures.load(paths)
    spared = [
        (name in APART or name.startswith(APART_FONT)) and not options.all for name in lessons.names
    ]
    kept = np.array(spared)[lessons.bank]
    apart, taught = np.flatnonzero(kept), np.flatnonzero(~kept)
    print(f"{len(taught)} notes to learn from, {len(apart)} apart", flush=True)
    found = []
    for seed in range(options.seed, options.seed + options.networks):
        folder = options.cache / "who" / f"{options.run}-{seed}"
        train(lessons, taught, apart, argparse.Namespace(**{**vars(options), "seed": seed}), folder)
        found.append(load_recognizer((folder / "recognizer.npz").read_bytes()))
    if options.out:
        together = {
            k: np.concatenate([each.weights[k] for each in found]) for k in found[0].weights
        }
        export(together, float(np.mean([each.temperature for each in found])), options.out)


if __name__ == "__main__":
    main()
