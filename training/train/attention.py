"""Train the attention network, which refines the recogniser's predictions in context.

    python -m training.train.attention --cache DIR [--recognizer FILE] [--samples DIR]
                                       [--music N] [--together N] [--accompanied N]
                                       [--steps N] [--networks N] [--run NAME] [--out FILE]

The examples are scenes of one to four players on which the recogniser was not trained, so that its
predictions err as they do on new music. One scene of twenty is held out for validation. Uses torch,
which the package itself does not need.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from otowake.music.players import recognizer
from otowake.music.players.attention import contextual_log_probs, note_features, pair_features
from otowake.music.players.features import FEATURE_KEYS, NoteFeatures, network_input
from otowake.music.players.recognizer import Recognizer, load_recognizer
from training.data import mixtures, note_dataset
from training.data.augment import augmented_input
from training.data.mixtures import SceneKind
from training.data.note_dataset import UNPLAYED
from training.networks import export
from training.networks.fit import LOSS, FitPlan, Losses, Metrics, fit
from training.networks.recognizer import ContextNetwork
from training.parallel import parallel_map
from training.rng import Rng
from training.sounds import banks
from training.train.options import add_fit_options, parser_of, use_threads
from training.train.recognizer import write

FIRST_SEED = {
    SceneKind.ISOLATED: SceneKind.ISOLATED.first_seed + 960,
    SceneKind.MUSIC: SceneKind.MUSIC.first_seed,
    SceneKind.SEVERAL: SceneKind.SEVERAL.first_seed + 1600,
    SceneKind.ACCOMPANIED: SceneKind.ACCOMPANIED.first_seed + 1480,
}
"""First scene of each kind on which the recogniser was not trained."""

VARIANTS = 3
"""Predictions of each scene: one of the scene itself, the others through random filters."""

MAX_NOTES = 96
"""Notes of a scene in an example, at most."""

SHORT_SHARE, SHORT_NOTES = 0.3, 12
"""Share of short examples, and their notes, at most."""

SCORE_NOISE, SCORE_BIAS = 0.2, 0.4
"""Largest common error of a player's notes in nats: random, and towards a likely other class.

Unknown sources have such errors.
"""

LABEL_SMOOTHING = 0.02
"""Probability that the target spreads over all classes."""

BATCH_NOTES = 1024
"""Notes in a batch of the recogniser."""

SCENES_PER_HELD_OUT = 20
"""One scene of so many is held out."""


class Scene(NamedTuple):
    """The notes of a scene in order of onset.

    Attributes
    ----------
    log_probs
        Shape (variant, note, instrument): unary predictions.
    onset, offset, midi
        Shape (note,); times in seconds.
    label, player
        Shape (note,): class, and number of the player;
        :data:`training.data.note_dataset.UNPLAYED` for notes that are not in the truth.
    """

    log_probs: NDArray[np.float16]
    onset: NDArray[np.float32]
    offset: NDArray[np.float32]
    midi: NDArray[np.int16]
    label: NDArray[np.int64]
    player: NDArray[np.int16]


class NoteSample(NamedTuple):
    """Some notes of a scene with changed predictions; arrays of shape (note, …)."""

    log_probs: NDArray[np.float64]
    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    midi: NDArray[np.float64]
    label: NDArray[np.int64]
    weight: NDArray[np.float64]


def read_scenes(model: Recognizer, path: Path) -> list[Scene]:
    """Read the scenes of a file and predict their notes."""
    arrays = note_dataset.arrays_of(path)
    features = NoteFeatures(*(arrays[name].astype(np.float32) for name in FEATURE_KEYS))
    midi, rng = arrays["midi"].astype(float), np.random.default_rng(1)
    variants = [_predictions(model, network_input(features, midi))]
    for _ in range(VARIANTS - 1):
        variants.append(_predictions(model, augmented_input(features, midi, rng)))
    log_probs = np.stack(variants)
    scenes = []
    for number in np.unique(arrays["scene"]):
        notes = np.flatnonzero(arrays["scene"] == number)
        notes = notes[np.lexsort((midi[notes], arrays["onset"][notes]))]
        columns = (arrays[name][notes] for name in Scene._fields[1:])
        scenes.append(Scene(log_probs[:, notes], *columns))
    return scenes


def _predictions(
    model: Recognizer, x: NDArray[np.float32], size: int = BATCH_NOTES
) -> NDArray[np.float16]:
    weights = {name: jnp.asarray(values) for name, values in model.weights.items()}
    scores = np.zeros((len(x), weights["names"].shape[-1]))
    for first in range(0, len(x), size):
        part = x[first : first + size]
        padded = np.pad(part, ((0, size - len(part)), (0, 0)))
        output = np.asarray(recognizer._class_scores(weights, padded))
        scores[first : first + size] = output[: len(part)]
    return log_softmax(scores / model.temperature).astype(np.float16)


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normalise scores, (note, class), to log-probabilities."""
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def sample_notes(scene: Scene, rng: Rng) -> NoteSample:
    """Draw some notes of a scene, at another tempo, with errors in the predictions."""
    n = len(scene.onset)
    short = rng.random() < SHORT_SHARE
    count = rng.integers(1, min(n, SHORT_NOTES) + 1) if short else min(n, MAX_NOTES)
    first = rng.integers(0, n - count + 1)
    kept = first + np.flatnonzero(rng.random(count) >= rng.choice([0, 0.1, 0.3]))
    kept = kept if len(kept) else np.array([first])
    scores = scene.log_probs[rng.integers(VARIANTS)][kept].astype(float)
    label, player = scene.label[kept], scene.player[kept]
    weight = np.zeros(len(kept))
    for number in np.unique(player):
        notes = player == number
        scores[notes] += rng.normal(0, rng.uniform(0, SCORE_NOISE), scores.shape[1])
        if number != UNPLAYED:
            weight[notes] = notes.sum() ** -0.5
            confusion = np.exp(scores[notes]).mean(axis=0)
            confusion[label[notes][0]] = 0
            if rng.random() < 0.5:
                other = rng.choice(len(confusion), p=confusion / confusion.sum())
                scores[notes, other] += rng.uniform(0, SCORE_BIAS)
    pace = rng.uniform(0.75, 1.33)
    times = [column[kept].astype(float) * pace for column in (scene.onset, scene.offset)]
    log_probs = log_softmax(scores * rng.uniform(0.8, 1.5))
    return NoteSample(log_probs, *times, scene.midi[kept].astype(float), label, weight)


class Batch(NamedTuple):
    """Padded examples, as tensors of shape (scene, note, …)."""

    features: Tensor
    relations: Tensor
    valid: Tensor
    log_probs: Tensor
    label: Tensor
    weight: Tensor


def batch(scenes: Sequence[Scene], rng: Rng, size: int) -> Batch:
    """Draw examples from scenes and pad them to the same number of notes."""
    samples = [sample_notes(scenes[rng.integers(len(scenes))], rng) for _ in range(size)]
    longest = max(len(sample.log_probs) for sample in samples)

    def padded(arrays: list[NDArray], axes: int = 1) -> Tensor:
        widths = [[(0, longest - len(a))] * axes + [(0, 0)] * (a.ndim - axes) for a in arrays]
        return torch.from_numpy(
            np.stack([np.pad(a, width) for a, width in zip(arrays, widths, strict=True)])
        )

    return Batch(
        padded([note_features(*sample[:4]) for sample in samples]),
        padded([pair_features(*sample[1:4]) for sample in samples], 2),
        padded([np.ones(len(sample.log_probs), bool) for sample in samples]),
        padded([sample.log_probs for sample in samples]).float(),
        padded([sample.label for sample in samples]).clamp(min=0),
        padded([sample.weight for sample in samples]).float(),
    )


def evaluate(network: ContextNetwork, scenes: Sequence[Scene]) -> Metrics:
    """Return accuracy and negative log-likelihood of unary and contextual predictions."""
    weights, metrics = network.weights(), {}
    played = np.concatenate([scene.label != UNPLAYED for scene in scenes])
    label = np.concatenate([scene.label for scene in scenes])[played]
    unary = [scene.log_probs[0].astype(float) for scene in scenes]
    columns = [[column.astype(float) for column in scene[1:4]] for scene in scenes]
    contextual = [
        contextual_log_probs(log_probs, *notes, weights)
        for log_probs, notes in zip(unary, columns, strict=True)
    ]
    for name, predictions in (("unary", unary), ("contextual", contextual)):
        log_probs = np.concatenate(predictions)[played]
        metrics[f"right_{name}"] = np.mean(log_probs.argmax(axis=1) == label)
        metrics[f"loss_{name}"] = -np.mean(log_probs[np.arange(len(label)), label])
    return metrics


def train(
    scenes: Sequence[Scene],
    held_out: Sequence[Scene],
    options: argparse.Namespace,
    folder: Path | None = None,
) -> ContextNetwork:
    """Train a network; `folder` keeps the run if given."""
    torch.manual_seed(options.seed)
    network = ContextNetwork(blocks=options.blocks, width=options.width, drop=options.drop)

    def losses_at(step: int) -> Losses:
        drawn = batch(scenes, np.random.default_rng((options.seed, step)), options.size)
        scores = drawn.log_probs + network(drawn.features, drawn.relations, drawn.valid)
        losses = functional.cross_entropy(
            scores.flatten(0, 1),
            drawn.label.flatten(),
            reduction="none",
            label_smoothing=LABEL_SMOOTHING,
        )
        return {LOSS: (losses * drawn.weight.flatten()).sum() / drawn.weight.sum()}

    return fit(
        network, losses_at, partial(evaluate, scenes=held_out), fit_plan(options), folder=folder
    )


def fit_plan(options: argparse.Namespace) -> FitPlan:
    """Return the settings of the training loop."""
    return FitPlan(options.steps, options.rate, options.every, averaging_start=0)


def scene_parser(description: str | None, scenes: int) -> argparse.ArgumentParser:
    """Return the options of scenes, `scenes` of each kind by default, and of the recogniser."""
    parser = parser_of(description)
    parser.add_argument(
        "--recognizer",
        type=Path,
        help="weights by training.train.recognizer; the package's by default",
    )
    parser.add_argument("--music", type=int, default=scenes, help="scenes of 1 to 4 players")
    parser.add_argument(
        "--together", type=int, default=scenes, help="more scenes, of 2 to 4 players"
    )
    parser.add_argument(
        "--accompanied", type=int, default=scenes,
        help="more scenes, of a piano and 1 to 3 others",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, default=1)
    return parser


def context_parser(description: str | None, steps: int, size: int) -> argparse.ArgumentParser:
    """Return the options of a network that learns from scenes."""
    parser = scene_parser(description, 1480)
    add_fit_options(parser, steps=steps, size=size, rate=2e-3, every=600, unit="scenes")
    parser.add_argument("--drop", type=float, default=0.1, help="share of units in the dropout")
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--networks", type=int, default=1, help="networks, with successive seeds")
    parser.add_argument(
        "--run", help="keep the run in this folder of the cache, and resume a run that is there"
    )
    parser.add_argument(
        "--out", type=Path, help="where to write the recogniser's weights with the new weights"
    )
    return parser


def recognizer_of(options: argparse.Namespace) -> Recognizer:
    """Load the recogniser that the options name."""
    if options.recognizer:
        return load_recognizer(options.recognizer.read_bytes())
    return recognizer.pretrained_recognizer()


def scenes_by_kind(
    options: argparse.Namespace, model: Recognizer, requested: Mapping[SceneKind, int]
) -> list[Scene]:
    """Return so many scenes of each kind, with a recogniser's predictions."""
    banks.build(options.cache, options.samples)
    mixtures.build(options.cache)
    firsts = [
        FIRST_SEED[kind] + i
        for kind, n in requested.items()
        for i in range(0, n, note_dataset.SCENES_PER_FILE)
    ]
    paths = parallel_map(partial(note_dataset.prepare, options.cache), firsts, options.threads)
    by_file = parallel_map(partial(read_scenes, model), paths, options.threads)
    return [scene for file_scenes in by_file for scene in file_scenes]


def requested_music(options: argparse.Namespace) -> dict[SceneKind, int]:
    """Return how many scenes of several notes at a time the options ask for."""
    return {
        SceneKind.MUSIC: options.music,
        SceneKind.SEVERAL: options.together,
        SceneKind.ACCOMPANIED: options.accompanied,
    }


def scenes_of(options: argparse.Namespace, model: Recognizer) -> list[Scene]:
    """Return the requested scenes in random order, with a recogniser's predictions."""
    scenes = scenes_by_kind(options, model, requested_music(options))
    np.random.default_rng(0).shuffle(scenes)
    return scenes


def train_ensemble(
    options: argparse.Namespace,
    prefix: str,
    model: Recognizer,
    examples: Sequence[Any],
    train: Callable[..., ContextNetwork],
) -> None:
    """Train the requested networks and write them after `prefix` with the recogniser's weights."""
    n_held_out = len(examples) // SCENES_PER_HELD_OUT
    print(f"{len(examples) - n_held_out} scenes, {n_held_out} held out", flush=True)
    members = []
    for seed in range(options.seed, options.seed + options.networks):
        seeded = argparse.Namespace(**{**vars(options), "seed": seed})
        run = f"{prefix}{options.run}-{seed}"
        folder = options.cache / mixtures.FOLDER / run if options.run else None
        network = train(examples[n_held_out:], examples[:n_held_out], seeded, folder)
        members.append(network.weights())
    if options.out:
        weights = model.arrays() | export.ensemble(members, prefix)
        write(weights, model.temperature, options.out)


def main() -> None:
    options = context_parser(__doc__, steps=2400, size=16).parse_args()
    use_threads(options.threads)
    model = recognizer_of(options)
    scenes = scenes_of(options, model)
    train_ensemble(options, recognizer.ATTENTION_PREFIX, model, scenes, train)


if __name__ == "__main__":
    main()
