"""Markov random field over the notes, with one state per player.

The unary potentials are log-likelihoods. The pairwise potentials couple notes that are close in
time and pitch, and separate simultaneous notes where a player is monophonic. Marginals are
approximated by damped mean-field iterations. A set of players is evaluated by its
pseudo-likelihood.

Source: Besag, "Statistical analysis of non-lattice data", 1975.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from otowake.music.players.config import LIKELIHOOD, MEAN_FIELD
from otowake.music.players.graph import NoteGraph
from otowake.music.theory.instruments import INSTRUMENTS
from otowake.types import Floats


def log_likelihood(log_probs: Floats, midi: Floats) -> Floats:
    """Return the unary potential of each instrument, shape (note, instrument), in nats.

    Log-probabilities are floored, and reduced where the pitch is outside an instrument's range.
    """
    low, high = (np.array([getattr(row, end) for row in INSTRUMENTS]) for end in ("low", "high"))
    outside = (midi[:, None] < low) | (midi[:, None] > high)
    return np.maximum(log_probs, LIKELIHOOD.min_log_prob) + LIKELIHOOD.out_of_range * outside


def mean_field(graph: NoteGraph, players: Sequence[int], unary: Floats) -> Floats:
    """Return the marginals of the players, shape (note, player), from unary potentials."""
    marginals = softmax(unary)
    for _ in range(MEAN_FIELD.iterations if len(players) > 1 else 0):
        messages = pairwise_potential(graph, players, marginals)
        marginals = 0.5 * marginals + 0.5 * softmax(unary + messages)
    return marginals


def pairwise_potential(graph: NoteGraph, players: Sequence[int], marginals: Floats) -> Floats:
    """Return the expected pairwise potential of each player, shape (note, player), in nats."""
    monophonic = np.array([INSTRUMENTS[p].voices == 1 for p in players], float)
    attraction = MEAN_FIELD.coupling * (graph.proximity @ marginals)
    return attraction - MEAN_FIELD.repulsion * (graph.overlap @ marginals) * monophonic


def pseudo_log_likelihood(graph: NoteGraph, unary: Floats, players: Sequence[int]) -> float:
    """Return the log pseudo-likelihood of the notes, given a set of players.

    The neighbours' players are replaced by their marginals. The players' shares maximise the
    pseudo-likelihood (by EM). `unary` has the shape (note, instrument).
    """
    selected = unary[:, list(players)]
    messages = pairwise_potential(graph, players, mean_field(graph, players, selected))
    for _ in range(MEAN_FIELD.iterations):
        gain = softmax(selected + messages).mean(axis=0) / softmax(messages).mean(axis=0)
        messages = messages + np.log(np.maximum(gain, MEAN_FIELD.min_share_gain))
    log_prior = messages - np.logaddexp.reduce(messages, axis=1, keepdims=True)
    return float(np.logaddexp.reduce(selected + log_prior, axis=1).sum())


def softmax(x: Floats) -> Floats:
    """Normalise log-probabilities of shape (note, class) to probabilities."""
    return np.exp(x - np.logaddexp.reduce(x, axis=1, keepdims=True))
