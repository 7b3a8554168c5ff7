"""Teach the recogniser who of some players plays a note: one command.

    python -m training.train.assignment --cache DIR [--recognizer FILE] [--samples DIR] [--music N] [--together N] [--accompanied N] [--steps N] [--networks N] [--out FILE]

It learns from the scenes that :mod:`training.train.attention` learns from, those of two players or more. One scene of twenty is kept apart, to see
how good it is. Uses torch, which the package itself does not need.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from otowake.music.players import recognizer
from otowake.music.players.assignment import assignment_scores, player_features
from otowake.music.players.attention import pair_features
from otowake.music.players.mean_field import log_likelihood
from otowake.music.players.recognizer import load_recognizer
from training.data.mixtures import NOBODY
from training.networks.fit import fitted
from training.networks.recognizer import OWNERS_TOLD, ContextNetwork
from training.train.attention import Scene, normed, parser_of, scenes_of, some, teach

Rng = np.random.Generator

PARTIALS = (12, 19, 24, 28, 31, 34, 36, -12)
"""How many semitones over a note what is taken for one beside it may be, the likeliest first: its partials, and an octave below."""

MISTAKEN, BESIDES = 0.2, 0.15
"""In these shares of the lessons one of the players is called another instrument, and one more is named who is not there."""

NO_PLAYER = -1e4
"""The vote for a player who is not there."""


class Lesson(NamedTuple):
    """A scene, and the instrument of whose player each note is or would best be, :data:`NOBODY` where nobody is near, shape (note,)."""

    scene: Scene
    label: NDArray[np.int64]


def adopted(scene: Scene) -> NDArray[np.int64]:
    """The instruments of a scene's notes, (note,). What nobody plays belongs to the note of which it is a partial: with that note it does
    no harm."""
    label = scene.label.copy()
    for i in np.flatnonzero(scene.label == NOBODY):
        overlap = np.minimum(scene.offset[i], scene.offset) - np.maximum(
            scene.onset[i], scene.onset
        )
        beside = (overlap > 0.5 * (scene.offset[i] - scene.onset[i])) & (scene.label != NOBODY)
        for interval in PARTIALS:
            near = np.flatnonzero(beside & (scene.midi[i] - scene.midi == interval))
            if len(near):
                label[i] = scene.label[near[0]]
                break
    return label


def team_of(label: NDArray[np.int64]) -> list[int]:
    """The instruments of a scene."""
    return sorted(set(label[label != NOBODY].tolist()))


def asked(lesson: Lesson, rng: Rng) -> tuple[NDArray, ...]:
    """Some of a scene's notes and the players who might play them: what the network is told, (player, note, number), the votes, (player, note),
    how the notes are related, the place of each note's player, and weights."""
    scene = lesson.scene._replace(label=lesson.label, player=lesson.label)
    chances, onset, offset, midi, label, weight = some(scene, rng)
    team = team_of(lesson.label)
    place = np.array([team.index(each) if each != NOBODY else 0 for each in label])
    likely = np.exp(chances).mean(axis=0)
    likely[team] = 0
    players = list(team)
    if rng.random() < MISTAKEN:
        players[rng.integers(len(players))] = int(rng.choice(len(likely), p=likely / likely.sum()))
    likely[players] = 0
    if rng.random() < BESIDES:
        players.append(int(rng.choice(len(likely), p=likely / likely.sum())))
    notes = chances, onset, offset, midi
    x = np.stack([player_features(k, players, *notes) for k in range(len(players))])
    return x, log_likelihood(chances, midi)[:, players].T, pair_features(*notes[1:]), place, weight


def batch(lessons: Sequence[Lesson], rng: Rng, size: int) -> tuple[Tensor, ...]:
    """What is told, (scene, player, note, number), the votes, the relations, which notes are there, their players' places, and weights."""
    drawn = [asked(lessons[rng.integers(len(lessons))], rng) for _ in range(size)]
    n_players, n_notes = (max(each[1].shape[axis] for each in drawn) for axis in (0, 1))
    found = [
        np.zeros((size, n_players, n_notes, OWNERS_TOLD), np.float32),
        np.full((size, n_players, n_notes), NO_PLAYER, np.float32),
        np.zeros((size, n_notes, n_notes, drawn[0][2].shape[-1]), np.float32),
        np.zeros((size, n_notes), np.int64),
        np.zeros((size, n_notes), np.float32),
    ]
    there = np.zeros((size, n_notes), bool)
    for i, each in enumerate(drawn):
        there[i, : each[1].shape[1]] = True
        for whole, part in zip(found, each, strict=True):
            whole[(i, *map(slice, part.shape))] = part
    x, votes, relations, place, weight = map(torch.from_numpy, found)
    return x, votes, relations, torch.from_numpy(there), place, weight


def scores(
    network: ContextNetwork, x: Tensor, votes: Tensor, relations: Tensor, there: Tensor
) -> Tensor:
    """What speaks for each player, (scene, player, note)."""
    each = [network(x[:, k], relations, there)[..., 0] for k in range(x.shape[1])]
    return votes + torch.stack(each, dim=1)


def judged(network: ContextNetwork, lessons: Sequence[Lesson]) -> str:
    """How many notes are given to the right player, by what they sound like and by the network."""
    weights, right, n = network.weights(), np.zeros(2), 0
    for scene, label in lessons:
        team, use = team_of(label), label != NOBODY
        notes = scene.chances[0].astype(float), *(column.astype(float) for column in scene[1:4])
        votes = log_likelihood(normed(notes[0]), notes[3])[:, team]
        true = [team.index(each) for each in label[use]]
        for i, told in enumerate((votes, votes + assignment_scores(weights, *notes, team))):
            right[i] += np.sum(told[use].argmax(axis=1) == true)
        n += len(true)
    return f"right {right[0] / max(n, 1):.3f} -> {right[1] / max(n, 1):.3f}"


def train(
    lessons: Sequence[Lesson], apart: Sequence[Lesson], options: argparse.Namespace
) -> ContextNetwork:
    """Teach; the network whose weights are an average over the last steps."""
    torch.manual_seed(options.seed)
    network = ContextNetwork(
        OWNERS_TOLD, 1, blocks=options.blocks, width=options.width, drop=options.drop
    )

    def loss_at(step: int) -> Tensor:
        *given, place, weight = batch(
            lessons, np.random.default_rng((options.seed, step)), options.size
        )
        told = scores(network, *given).transpose(1, 2).flatten(0, 1)
        losses = functional.cross_entropy(told, place.flatten(), reduction="none")
        return (losses * weight.flatten()).sum() / weight.sum()

    look = partial(judged, lessons=apart)
    return fitted(
        network, loss_at, look, steps=options.steps, rate=options.rate, every=options.every
    )


def main() -> None:
    options = parser_of(__doc__, steps=2800, size=12).parse_args()
    torch.set_num_threads(options.threads)
    mind = load_recognizer(options.recognizer.read_bytes()) if options.recognizer else recognizer.pretrained_recognizer()
    lessons = [Lesson(scene, adopted(scene)) for scene in scenes_of(options, mind)]
    several = [lesson for lesson in lessons if len(team_of(lesson.label)) > 1]
    teach(options, recognizer.ASSIGNMENT_PREFIX, mind, several, train)


if __name__ == "__main__":
    main()
