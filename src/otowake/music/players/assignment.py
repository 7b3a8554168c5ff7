"""Who of some players plays a note, given the notes around it.

Where it is known who plays, much more can be told than from each note's sound: who is at rest where another's line goes on, who holds a
note while chords are struck, which fifth above a loud note is only its partial. A network of the kind of :mod:`otowake.music.players.attention` is told, of each
note and one of the players, what it is told there and besides how well the note sounds like this player against the others, which instruments all of them
play, and how the notes sound that are mostly this player's. What it gives is added to what speaks for the player; it is asked for one player after the other,
so there may be any number of them. How it was taught is in ``training/`` of the repository (``python -m training.train.assignment``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from otowake.music.players.attention import WORST, Weights, around, told
from otowake.music.players.parts import votes_of
from otowake.music.theory.instruments import INSTRUMENTS
from otowake.types import Floats


def told_of(
    player: int,
    players: Sequence[int],
    chances: Floats,
    onset: Floats,
    offset: Floats,
    midi: Floats,
) -> Floats:
    """What the network is told of each note of a window and of one player, (note, number): what :func:`otowake.music.players.attention.told` says; the
    instrument, the others' instruments, the mean log-probabilities of the notes that are likely this player's, what share these
    are, and how many play; and how likely this note is the player's.

    `player` is a place among `players`, who are places in :data:`~otowake.music.theory.instruments.INSTRUMENTS`.

    Examples
    --------
    >>> told_of(0, [0, 12], np.full((2, 29), -3.4), np.zeros(2), np.ones(2), np.array([60.0, 64.0])).shape
    (2, 197)
    """
    votes = votes_of(chances, midi)[:, list(players)]
    probable = votes - np.logaddexp.reduce(votes, axis=1, keepdims=True)
    mine = np.exp(probable[:, player])
    names = np.eye(len(INSTRUMENTS))
    others = names[[other for other in players if other != players[player]]].max(axis=0, initial=0)
    sound = mine @ np.maximum(chances, WORST) / (mine.sum() + 1e-3) / 3
    every = np.concatenate([names[players[player]], others, sound, [mine.mean(), len(players) / 4]])
    each = np.column_stack([votes[:, player] / 3, mine, np.maximum(probable[:, player], WORST) / 3])
    columns = [
        told(chances, onset, offset, midi),
        np.broadcast_to(every, (len(mine), len(every))),
        each,
    ]
    return np.concatenate(columns, axis=1).astype(np.float32)


def assignment_scores(
    weights: Weights,
    chances: Floats,
    onset: Floats,
    offset: Floats,
    midi: Floats,
    players: Sequence[int],
) -> Floats:
    """What is added to the votes for each player, (note, player), in nats; times in seconds, all of shape (note,), in any order.

    `chances` are the log-probabilities of each note by itself.
    """
    questions = (partial(told_of, k, players) for k in range(len(players)))
    return around(weights, (chances, onset, offset, midi), *questions)[..., 0]
