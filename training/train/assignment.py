"""Train the network that assigns notes to players.

    python -m training.train.assignment --cache DIR [--recognizer FILE] [--samples DIR]
                                        [--music N] [--together N] [--accompanied N]
                                        [--steps N] [--networks N] [--run NAME] [--out FILE]

The examples are the scenes of :mod:`training.train.attention` with two players or more. One scene
of twenty is held out for validation. Uses torch, which the package itself does not need.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from otowake.music.players import recognizer
from otowake.music.players.assignment import assignment_scores, player_features
from otowake.music.players.attention import PAIR_FEATURES, pair_features
from otowake.music.players.mean_field import log_likelihood
from training.data.note_dataset import UNPLAYED
from training.networks.fit import LOSS, Losses, Metrics, fit
from training.networks.recognizer import PLAYER_FEATURES, ContextNetwork
from training.rng import Rng
from training.train.attention import (
    Scene,
    context_parser,
    fit_plan,
    log_softmax,
    recognizer_of,
    sample_notes,
    scenes_of,
    train_ensemble,
)
from training.train.options import use_threads

SPURIOUS_INTERVALS = (12, 19, 24, 28, 31, 34, 36, -12)
"""Semitones from a note to the false notes that it causes, the likeliest first: its partials, and
an octave below."""

WRONG_PLAYER_SHARE, EXTRA_PLAYER_SHARE = 0.2, 0.15
"""Shares of examples with a wrong instrument, and with an instrument that is not there."""

PADDED_SCORE = -1e4
"""Score of a player who is padding."""


class Example(NamedTuple):
    """A scene, and the class of the player to assign each note to, (note,).

    The label is :data:`training.data.note_dataset.UNPLAYED` where no player is suitable.
    """

    scene: Scene
    label: NDArray[np.int64]


def label_notes(scene: Scene) -> NDArray[np.int64]:
    """Return the classes of a scene's notes, (note,).

    A false note gets the class of the note that has it as a partial, where it does no harm.
    """
    label = scene.label.copy()
    for i in np.flatnonzero(scene.label == UNPLAYED):
        overlap = np.minimum(scene.offset[i], scene.offset) - np.maximum(
            scene.onset[i], scene.onset
        )
        duration = scene.offset[i] - scene.onset[i]
        concurrent = (overlap > 0.5 * duration) & (scene.label != UNPLAYED)
        for interval in SPURIOUS_INTERVALS:
            causes = np.flatnonzero(concurrent & (scene.midi[i] - scene.midi == interval))
            if len(causes):
                label[i] = scene.label[causes[0]]
                break
    return label


def players_of(label: NDArray[np.int64]) -> list[int]:
    """Return the classes of a scene's players."""
    return sorted(set(label[label != UNPLAYED].tolist()))


class PlayerInputs(NamedTuple):
    """Some notes of a scene and the candidate players.

    Attributes
    ----------
    features
        Shape (player, note, feature).
    unary
        Shape (player, note): log-likelihoods.
    relations
        Shape (note, note, feature).
    target
        Shape (note,): index of the right player.
    weight
        Shape (note,): weight in the loss.
    """

    features: NDArray[np.float32]
    unary: NDArray[np.float64]
    relations: NDArray[np.float32]
    target: NDArray[np.int64]
    weight: NDArray[np.float64]


def make_example(example: Example, rng: Rng) -> PlayerInputs:
    """Draw notes of a scene and candidate players, some of them wrong."""
    scene = example.scene._replace(label=example.label, player=example.label)
    sample = sample_notes(scene, rng)
    true_players = players_of(example.label)
    target = np.array(
        [true_players.index(label) if label != UNPLAYED else 0 for label in sample.label]
    )
    confusion = np.exp(sample.log_probs).mean(axis=0)
    confusion[true_players] = 0
    players = list(true_players)
    if rng.random() < WRONG_PLAYER_SHARE:
        wrong = int(rng.choice(len(confusion), p=confusion / confusion.sum()))
        players[rng.integers(len(players))] = wrong
    confusion[players] = 0
    if rng.random() < EXTRA_PLAYER_SHARE:
        players.append(int(rng.choice(len(confusion), p=confusion / confusion.sum())))
    notes = sample[:4]
    features = np.stack([player_features(k, players, *notes) for k in range(len(players))])
    unary = log_likelihood(sample.log_probs, sample.midi)[:, players].T
    return PlayerInputs(features, unary, pair_features(*notes[1:]), target, sample.weight)


class Batch(NamedTuple):
    """Padded examples, as tensors of shape (scene, …)."""

    features: Tensor
    unary: Tensor
    relations: Tensor
    valid: Tensor
    target: Tensor
    weight: Tensor


def batch(examples: Sequence[Example], rng: Rng, size: int) -> Batch:
    """Draw examples and pad them to the same numbers of players and notes."""
    drawn = [make_example(examples[rng.integers(len(examples))], rng) for _ in range(size)]
    n_players, n_notes = (max(inputs.unary.shape[axis] for inputs in drawn) for axis in (0, 1))
    padded = PlayerInputs(
        np.zeros((size, n_players, n_notes, PLAYER_FEATURES), np.float32),
        np.full((size, n_players, n_notes), PADDED_SCORE, np.float32),
        np.zeros((size, n_notes, n_notes, PAIR_FEATURES), np.float32),
        np.zeros((size, n_notes), np.int64),
        np.zeros((size, n_notes), np.float32),
    )
    valid = np.zeros((size, n_notes), bool)
    for i, inputs in enumerate(drawn):
        valid[i, : inputs.unary.shape[1]] = True
        for whole, part in zip(padded, inputs, strict=True):
            whole[(i, *map(slice, part.shape))] = part
    features, unary, relations, target, weight = map(torch.from_numpy, padded)
    return Batch(features, unary, relations, torch.from_numpy(valid), target, weight)


def player_scores(network: ContextNetwork, drawn: Batch) -> Tensor:
    """Return the score of each player, (scene, player, note)."""
    scores = [
        network(drawn.features[:, k], drawn.relations, drawn.valid)[..., 0]
        for k in range(drawn.features.shape[1])
    ]
    return drawn.unary + torch.stack(scores, dim=1)


def evaluate(network: ContextNetwork, examples: Sequence[Example]) -> Metrics:
    """Return the share of notes with the right player, by unary and by contextual scores."""
    weights, right, n = network.weights(), np.zeros(2), 0
    for scene, label in examples:
        players, played = players_of(label), label != UNPLAYED
        log_probs = scene.log_probs[0].astype(float)
        notes = log_probs, *(column.astype(float) for column in scene[1:4])
        unary = log_likelihood(log_softmax(log_probs), notes[3])[:, players]
        target = [players.index(class_index) for class_index in label[played]]
        contextual = unary + assignment_scores(weights, *notes, players)
        for i, scores in enumerate((unary, contextual)):
            right[i] += np.sum(scores[played].argmax(axis=1) == target)
        n += len(target)
    return {"right_unary": right[0] / max(n, 1), "right_contextual": right[1] / max(n, 1)}


def train(
    examples: Sequence[Example],
    held_out: Sequence[Example],
    options: argparse.Namespace,
    folder: Path | None = None,
) -> ContextNetwork:
    """Train a network; `folder` keeps the run if given."""
    torch.manual_seed(options.seed)
    network = ContextNetwork(
        PLAYER_FEATURES, 1, blocks=options.blocks, width=options.width, drop=options.drop
    )

    def losses_at(step: int) -> Losses:
        drawn = batch(examples, np.random.default_rng((options.seed, step)), options.size)
        scores = player_scores(network, drawn).transpose(1, 2).flatten(0, 1)
        losses = functional.cross_entropy(scores, drawn.target.flatten(), reduction="none")
        return {LOSS: (losses * drawn.weight.flatten()).sum() / drawn.weight.sum()}

    return fit(
        network, losses_at, partial(evaluate, examples=held_out), fit_plan(options), folder=folder
    )


def main() -> None:
    options = context_parser(__doc__, steps=2800, size=12).parse_args()
    use_threads(options.threads)
    model = recognizer_of(options)
    examples = [Example(scene, label_notes(scene)) for scene in scenes_of(options, model)]
    several = [example for example in examples if len(players_of(example.label)) > 1]
    train_ensemble(options, recognizer.ASSIGNMENT_PREFIX, model, several, train)


if __name__ == "__main__":
    main()
