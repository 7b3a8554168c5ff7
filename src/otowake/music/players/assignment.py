"""Note-to-player assignment from context.

Once the players are known, context says more than the sound of a note: which player rests, which
holds a note under chords, which fifth above a loud note is only a partial. A network as in
:mod:`otowake.music.players.attention` scores one player at a time, so any number of players is
possible. Besides the features of that module it takes how well each note fits the player compared
with the others, the instruments of all players, and the mean prediction of the notes that are
probably the player's. The scores are added to the log-likelihoods. ``training/`` of the repository
trains the network (``python -m training.train.assignment``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from otowake.music.network_weights import Weights
from otowake.music.players.attention import contextual_scores, note_features
from otowake.music.players.config import ATTENTION
from otowake.music.players.mean_field import log_likelihood
from otowake.music.theory.instruments import INSTRUMENTS
from otowake.types import Floats


def player_features(
    player: int,
    players: Sequence[int],
    log_probs: Floats,
    onset: Floats,
    offset: Floats,
    midi: Floats,
) -> Floats:
    """Compute the network's input for one player and the notes of a window, (note, feature).

    The features are those of :func:`otowake.music.players.attention.note_features`; of the player:
    the instrument, the others' instruments, the mean log-probabilities of the notes that are
    probably the player's, their share of the notes, and the number of players; of each note: the
    log-likelihood and the probability of the player.

    `player` is an index of `players`, whose values are indices of
    :data:`~otowake.music.theory.instruments.INSTRUMENTS`.

    Examples
    --------
    >>> notes = np.full((2, 29), -3.4), np.zeros(2), np.ones(2), np.array([60.0, 64.0])
    >>> player_features(0, [0, 12], *notes).shape
    (2, 197)
    """
    scale, floor = ATTENTION.log_prob_scale, ATTENTION.min_log_prob
    unary = log_likelihood(log_probs, midi)[:, list(players)]
    player_log_probs = unary - np.logaddexp.reduce(unary, axis=1, keepdims=True)
    weight = np.exp(player_log_probs[:, player])
    one_hot = np.eye(len(INSTRUMENTS))
    other_players = [other for other in players if other != players[player]]
    others = one_hot[other_players].max(axis=0, initial=0)
    total = weight.sum() + ATTENTION.min_weight
    mean_log_probs = weight @ np.maximum(log_probs, floor) / total / scale
    shares = [weight.mean(), len(players) / ATTENTION.players_scale]
    of_player = np.concatenate([one_hot[players[player]], others, mean_log_probs, shares])
    scaled_log_probs = np.maximum(player_log_probs[:, player], floor) / scale
    columns = [
        note_features(log_probs, onset, offset, midi),
        np.broadcast_to(of_player, (len(weight), len(of_player))),
        np.column_stack([unary[:, player] / scale, weight, scaled_log_probs]),
    ]
    return np.concatenate(columns, axis=1).astype(np.float32)


def assignment_scores(
    weights: Weights,
    log_probs: Floats,
    onset: Floats,
    offset: Floats,
    midi: Floats,
    players: Sequence[int],
) -> Floats:
    """Score the players of each note, shape (note, player), in nats.

    Times are in seconds; all arrays have the shape (note,), in any order. `log_probs` are the unary
    predictions.
    """
    featurizers = (partial(player_features, k, players) for k in range(len(players)))
    return contextual_scores(weights, (log_probs, onset, offset, midi), *featurizers)[..., 0]
