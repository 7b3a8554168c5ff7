"""Teach the recogniser to judge a note by those around it: one command.

    python -m training.train.attention --cache DIR [--recognizer FILE] [--samples DIR] [--music N] [--together N] [--accompanied N] [--steps N] [--networks N] [--out FILE]

It learns from scenes of one to four players that the recogniser was not taught with, so that what that says of their notes is as wrong as it
is of music it never heard. One scene of twenty is kept apart, to see how good it is. Uses torch, which the package itself does not need.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from otowake.music.networks import PITCH_RBF, pitch_rbf
from otowake.music.players import recognizer
from otowake.music.players.attention import contextual_log_probs, note_features, pair_features
from otowake.music.players.features import FEATURE_KEYS, NoteFeatures, network_input
from otowake.music.players.recognizer import Recognizer, load_recognizer
from training.data import mixtures
from training.data.mixtures import ACCOMPANIED, MUSIC, NOBODY, TOGETHER
from training.networks.fit import fitted
from training.networks.recognizer import ContextNetwork
from training.rng import Rng
from training.sounds import banks
from training.train.recognizer import changed, export

FIRST = {MUSIC: MUSIC, TOGETHER: TOGETHER + 1600, ACCOMPANIED: ACCOMPANIED + 1480}
"""The first scene of each kind that the recogniser was not taught with."""

VARIANTS = 3
"""How often each scene is heard by the recogniser: as it is, and through random filters."""

MOST = 96
"""Notes of a scene that are looked at in one step."""

FEW, FEWEST = 0.3, 12
"""In this share of the steps only so many notes in a row, or fewer, are there."""

ERRING, LEANING = 0.2, 0.4
"""How far all notes of a player may be taken wrongly at once, in nats: at random, and towards an instrument that they are taken for. Sources that
are not known are."""


class Scene(NamedTuple):
    """The notes of a scene in order of onset: what each by itself is taken for, (variant, note, instrument), in log-probabilities; `onset`,
    `offset`, `midi`, `label` and `player` of shape (note,)."""

    chances: NDArray[np.float16]
    onset: NDArray[np.float32]
    offset: NDArray[np.float32]
    midi: NDArray[np.int16]
    label: NDArray[np.int64]
    player: NDArray[np.int16]


def heard(mind: Recognizer, path: Path) -> list[Scene]:
    """The scenes of a file as a recogniser hears them."""
    arrays = mixtures.arrays_of(path)
    known = NoteFeatures(*(arrays[name].astype(np.float32) for name in FEATURE_KEYS))
    midi, rng = arrays["midi"].astype(float), np.random.default_rng(1)
    variants = [_scored(mind, network_input(known, midi))]
    for _ in range(VARIANTS - 1):
        x = network_input(changed(known, midi, rng), midi)
        x[:, -len(PITCH_RBF) :] = pitch_rbf(midi + rng.normal(0, 1.5, len(midi)))
        variants.append(_scored(mind, x))
    chances = np.stack(variants)
    found = []
    for number in np.unique(arrays["scene"]):
        mine = np.flatnonzero(arrays["scene"] == number)
        mine = mine[np.lexsort((midi[mine], arrays["onset"][mine]))]
        found.append(Scene(chances[:, mine], *(arrays[name][mine] for name in Scene._fields[1:])))
    return found


def _scored(mind: Recognizer, x: NDArray[np.float32], size: int = 1024) -> NDArray[np.float16]:
    weights = {name: jnp.asarray(values) for name, values in mind.weights.items()}
    found = np.zeros((len(x), weights["names"].shape[-1]))
    for first in range(0, len(x), size):
        part = x[first : first + size]
        padded = np.pad(part, ((0, size - len(part)), (0, 0)))
        found[first : first + size] = np.asarray(recognizer._forward(weights, padded))[: len(part)]
    return normed(found / mind.temperature).astype(np.float16)


def normed(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def some(scene: Scene, rng: Rng) -> list[NDArray]:
    """Some of a scene's notes, taken for other things than they are: log-probabilities, onset, offset, midi, label, weight."""
    n = len(scene.onset)
    most = rng.integers(1, min(n, FEWEST) + 1) if rng.random() < FEW else min(n, MOST)
    first = rng.integers(0, n - most + 1)
    kept = first + np.flatnonzero(rng.random(most) >= rng.choice([0, 0.1, 0.3]))
    kept = kept if len(kept) else np.array([first])
    scores = scene.chances[rng.integers(VARIANTS)][kept].astype(float)
    label, player = scene.label[kept], scene.player[kept]
    weight = np.zeros(len(kept))
    for each in np.unique(player):
        mine = player == each
        scores[mine] += rng.normal(0, rng.uniform(0, ERRING), scores.shape[1])
        if each != NOBODY:
            weight[mine] = mine.sum() ** -0.5
            likely = np.exp(scores[mine]).mean(axis=0)
            likely[label[mine][0]] = 0
            if rng.random() < 0.5:
                scores[mine, rng.choice(len(likely), p=likely / likely.sum())] += rng.uniform(
                    0, LEANING
                )
    pace = rng.uniform(0.75, 1.33)
    times = [column[kept].astype(float) * pace for column in (scene.onset, scene.offset)]
    return [
        normed(scores * rng.uniform(0.8, 1.5)),
        *times,
        scene.midi[kept].astype(float),
        label,
        weight,
    ]


def batch(scenes: Sequence[Scene], rng: Rng, size: int) -> tuple[Tensor, ...]:
    """What the network is told of some scenes, how their notes are related, which are there, their log-probabilities, labels and weights."""
    drawn = [some(scenes[rng.integers(len(scenes))], rng) for _ in range(size)]
    most = max(len(each[0]) for each in drawn)

    def padded(arrays: list[NDArray], axes: int = 1) -> Tensor:
        return torch.from_numpy(
            np.stack(
                [
                    np.pad(a, [(0, most - len(a))] * axes + [(0, 0)] * (a.ndim - axes))
                    for a in arrays
                ]
            )
        )

    there = padded([np.ones(len(each[0]), bool) for each in drawn])
    x = padded([note_features(*each[:4]) for each in drawn])
    relations = padded([pair_features(*each[1:4]) for each in drawn], 2)
    chances, label, weight = (padded([each[i] for each in drawn]) for i in (0, 4, 5))
    return x, relations, there, chances.float(), label.clamp(min=0), weight.float()


def judged(network: ContextNetwork, scenes: Sequence[Scene]) -> str:
    """How often notes are named rightly, and how likely the right names are, by themselves and in context."""
    weights, right, loss = network.weights(), np.zeros(2), np.zeros(2)
    use = np.concatenate([scene.label != NOBODY for scene in scenes])
    label = np.concatenate([scene.label for scene in scenes])[use]
    alone = np.concatenate([scene.chances[0].astype(float) for scene in scenes])[use]
    rows = [
        (scene.chances[0].astype(float), *(column.astype(float) for column in scene[1:4]))
        for scene in scenes
    ]
    around = np.concatenate([contextual_log_probs(*each, weights) for each in rows])[use]
    for i, chances in enumerate((alone, around)):
        right[i] = np.mean(chances.argmax(axis=1) == label)
        loss[i] = -np.mean(chances[np.arange(len(label)), label])
    return f"right {right[0]:.3f} -> {right[1]:.3f}  loss {loss[0]:.3f} -> {loss[1]:.3f}"


def train(
    scenes: Sequence[Scene], apart: Sequence[Scene], options: argparse.Namespace
) -> ContextNetwork:
    """Teach; the network whose weights are an average over the last steps."""
    torch.manual_seed(options.seed)
    network = ContextNetwork(blocks=options.blocks, width=options.width, drop=options.drop)

    def loss_at(step: int) -> Tensor:
        rng = np.random.default_rng((options.seed, step))
        *given, chances, label, weight = batch(scenes, rng, options.size)
        scores = chances + network(*given)
        losses = functional.cross_entropy(
            scores.flatten(0, 1), label.flatten(), reduction="none", label_smoothing=0.02
        )
        return (losses * weight.flatten()).sum() / weight.sum()

    look = partial(judged, scenes=apart)
    return fitted(
        network, loss_at, look, steps=options.steps, rate=options.rate, every=options.every
    )


def parser_of(description: str | None, steps: int, size: int) -> argparse.ArgumentParser:
    """The options of a network that is told of scenes."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument(
        "--recognizer",
        type=Path,
        help="weights by training.train.recognizer; the package's if not given",
    )
    parser.add_argument(
        "--samples", type=Path, help="a folder of more single notes, with manifest.tsv"
    )
    parser.add_argument("--music", type=int, default=1480, help="scenes of one to four players")
    parser.add_argument(
        "--together", type=int, default=1480, help="more scenes, of two to four players"
    )
    parser.add_argument(
        "--accompanied",
        type=int,
        default=1480,
        help="more scenes, of a piano and one to three others",
    )
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--size", type=int, default=size, help="scenes in a step")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument(
        "--drop", type=float, default=0.1, help="share of units left out while learning"
    )
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument(
        "--every", type=int, default=600, help="steps between looks at the scenes apart"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--networks", type=int, default=1, help="how many, with the seeds that follow"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--out", type=Path, help="where to put the recogniser's weights with the new ones"
    )
    return parser


def scenes_of(options: argparse.Namespace, mind: Recognizer) -> list[Scene]:
    """The scenes that are asked for as a recogniser hears them, made if they are not there."""
    banks.build(options.cache, options.samples)
    mixtures.build(options.cache)
    asked = (
        (MUSIC, options.music),
        (TOGETHER, options.together),
        (ACCOMPANIED, options.accompanied),
    )
    firsts = [FIRST[kind] + i for kind, n in asked for i in range(0, n, mixtures.SHARD)]
    with ProcessPoolExecutor(options.threads, get_context("spawn")) as pool:
        paths = list(pool.map(partial(mixtures.prepare, options.cache), firsts))
        scenes = [scene for found in pool.map(partial(heard, mind), paths) for scene in found]
    np.random.default_rng(0).shuffle(scenes)
    return scenes


def teach(
    options: argparse.Namespace,
    prefix: str,
    mind: Recognizer,
    scenes: Sequence[Any],
    train: Callable[[Sequence[Any], Sequence[Any], argparse.Namespace], ContextNetwork],
) -> None:
    """Teach the networks asked for, one scene of twenty apart, and put their weights beside the recogniser's, their names after `prefix`."""
    n_apart = len(scenes) // 20
    print(f"{len(scenes) - n_apart} scenes to learn from, {n_apart} apart", flush=True)
    every = []
    for seed in range(options.seed, options.seed + options.networks):
        each = argparse.Namespace(**{**vars(options), "seed": seed})
        every.append(train(scenes[n_apart:], scenes[:n_apart], each).weights())
    if options.out:
        joined = {prefix + k: np.concatenate([each[k] for each in every]) for k in every[0]}
        export(mind.arrays() | joined, mind.temperature, options.out)


def main() -> None:
    options = parser_of(__doc__, steps=2400, size=16).parse_args()
    torch.set_num_threads(options.threads)
    mind = load_recognizer(options.recognizer.read_bytes()) if options.recognizer else recognizer.pretrained_recognizer()
    teach(options, recognizer.ATTENTION_PREFIX, mind, scenes_of(options, mind), train)


if __name__ == "__main__":
    main()
