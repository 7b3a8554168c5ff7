"""Select the instruments of a recording by penalised pseudo-likelihood.

Instruments are added greedily, with a swap search after every step, until the gain in log
pseudo-likelihood is below a penalty that grows with the logarithm of the number of notes, as in the
Bayesian information criterion.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from otowake.music.players.config import SELECTION
from otowake.music.players.graph import NoteGraph
from otowake.music.players.mean_field import pseudo_log_likelihood
from otowake.music.theory.instruments import INSTRUMENTS
from otowake.types import Floats

DECAYING = frozenset({"keyboard", "plucked", "percussion"})
"""Families whose notes decay from the onset; the notes of the others are sustained."""

BOWED_OR_PLUCKED = frozenset({"double-bass"})
"""Instruments whose notes are as often decaying as sustained."""


def select_instruments(
    graph: NoteGraph,
    unary: Floats,
    n_parts: int | None,
    represented: Sequence[int],
) -> list[int]:
    """Select the instruments that play.

    Parameters
    ----------
    graph
        Neighbouring notes.
    unary
        Shape (note, instrument): log-likelihoods.
    n_parts
        Number of instruments; None to estimate it.
    represented
        Candidates if `n_parts` is None (:func:`represented_instruments`), together with the
        instruments that decay or sustain as the first one does.

    Returns
    -------
    Indices of :data:`~otowake.music.theory.instruments.INSTRUMENTS`.
    """
    n = len(unary)
    cost = SELECTION.bic_const + SELECTION.bic_log * np.log(n)
    selected = [int(unary.sum(axis=0).argmax())]
    decaying = INSTRUMENTS[selected[0]].family in DECAYING
    candidates = [
        i
        for i, row in enumerate(INSTRUMENTS)
        if n_parts or i in represented or (row.family in DECAYING) == decaying
    ]
    while len(selected) < min(n_parts or SELECTION.max_parts, n, SELECTION.max_parts):
        before = pseudo_log_likelihood(graph, unary, selected)
        after = {
            i: pseudo_log_likelihood(graph, unary, [*selected, i])
            for i in candidates
            if i not in selected
        }
        gains = {i: _discount(i, selected) * (value - before) for i, value in after.items()}
        best = max(gains, key=lambda i: gains[i])
        penalty = cost if len(selected) == 1 else SELECTION.extra_discount * cost
        if n_parts is None and gains[best] < penalty:
            break
        selected = _swap_search(graph, unary, [*selected, best], candidates)
    return selected


def represented_instruments(log_probs: Floats) -> list[int]:
    """Return the instruments whose kind (decaying or sustained) has enough confident notes."""
    decaying = np.array([row.family in DECAYING for row in INSTRUMENTS])
    prob_decaying = np.exp(log_probs)[:, decaying].sum(axis=1)
    confident, least = SELECTION.confident, SELECTION.min_confident_share
    represented = {
        True: np.mean(prob_decaying >= confident) >= least,
        False: np.mean(prob_decaying <= 1 - confident) >= least,
    }
    return [
        i
        for i, row in enumerate(INSTRUMENTS)
        if row.name in BOWED_OR_PLUCKED or represented[row.family in DECAYING]
    ]


def _discount(candidate: int, selected: Sequence[int]) -> float:
    """Return the factor of a likelihood gain: classification errors within a part correlate.

    Next to one instrument, all that decay or sustain alike are similar. Next to several, only
    instruments of the same family are: common confusions are already explained.
    """
    if len(selected) == 1:
        kinds = [INSTRUMENTS[i].family in DECAYING for i in (candidate, selected[0])]
        similar = kinds[0] == kinds[1]
    else:
        similar = INSTRUMENTS[candidate].family in {INSTRUMENTS[i].family for i in selected}
    return SELECTION.similar_gain_discount if similar else 1.0


def _swap_search(
    graph: NoteGraph, unary: Floats, selected: list[int], candidates: Sequence[int]
) -> list[int]:
    """Replace each selected instrument with the candidate that maximises the pseudo-likelihood."""
    best = pseudo_log_likelihood(graph, unary, selected)
    for index in range(len(selected)):
        for candidate in candidates:
            if candidate not in selected:
                swapped = [*selected[:index], candidate, *selected[index + 1 :]]
                value = pseudo_log_likelihood(graph, unary, swapped)
                if value > best + 1e-9:
                    selected, best = swapped, value
    return selected


def add_duplicates(players: list[int], unary: Floats, n_parts: int) -> list[int]:
    """Add players of the instruments with the most notes per player, up to `n_parts` players."""
    notes = np.bincount(
        np.array(players)[unary[:, players].argmax(axis=1)], minlength=len(INSTRUMENTS)
    )
    players = list(players)
    while len(players) < n_parts:
        players.append(max(dict.fromkeys(players), key=lambda i: notes[i] / players.count(i)))
    return players
