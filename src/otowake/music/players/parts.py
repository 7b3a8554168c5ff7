"""Assign notes to players.

Per-note class log-probabilities are the unary terms of a Markov random field whose pairwise terms
couple notes close in time and pitch (:mod:`otowake.music.players.mean_field`). The set of
instruments is chosen by penalised pseudo-likelihood (:mod:`otowake.music.players.selection`). Once
the players are known, the scores of :mod:`otowake.music.players.assignment` and the timbre
similarity to the other notes of a part are added to the unary terms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from otowake import text
from otowake.errors import BadInput
from otowake.music.players.config import LIKELIHOOD, PART, SELECTION, SIMILARITY
from otowake.music.players.graph import NoteGraph, NoteTable, note_graph
from otowake.music.players.mean_field import log_likelihood, mean_field, softmax
from otowake.music.players.selection import (
    add_duplicates,
    represented_instruments,
    select_instruments,
)
from otowake.music.theory.instruments import (
    DRUMS,
    INSTRUMENT_NAMES,
    INSTRUMENTS,
    KIT,
    UNKNOWN,
    drum_of,
    instrument,
)
from otowake.types import Floats, Note, Part, SharedNote

AssignmentScorer = Callable[[Sequence[int]], Floats]
"""Map players to scores of shape (note, player), in nats.

Players are indices of :data:`~otowake.music.theory.instruments.INSTRUMENTS`.
"""


def assign_parts(
    onset: ArrayLike,
    offset: ArrayLike,
    midi: ArrayLike,
    log_probs: ArrayLike,
    unary_log_probs: ArrayLike | None = None,
    *,
    assignment: AssignmentScorer | None = None,
    n_parts: int | None = None,
    instruments: Sequence[str] = (),
) -> tuple[Part, ...]:
    """Assign notes to parts.

    Parameters
    ----------
    onset, offset, midi
        Shape (note,): the notes, times in seconds.
    log_probs
        Shape (note, instrument): log-probabilities in the order of
        :data:`~otowake.music.theory.instruments.INSTRUMENTS`. They assign the notes and name the
        parts. Usually :attr:`~otowake.music.players.recognizer.Predictions.contextual`.
    unary_log_probs
        The same without context, whose errors are less correlated. They determine the number of
        players and, if `instruments` are given, assign the notes. `log_probs` if not given.
    assignment
        Scores that are added to the log-likelihood of each player.
    n_parts
        Number of parts; estimated if not given.
    instruments
        Instruments that play, one name per player; if given, no others are considered.

    Returns
    -------
    Parts, largest first. Every note belongs to exactly one part; ambiguous notes are also listed in
    `shared` of the others. Requested parts without notes are dropped. Empty if there are no notes.

    Raises
    ------
    BadInput
        If an instrument is unknown, or if the number of parts is not between 1 and the maximum.

    Examples
    --------
    >>> log_probs = np.full((4, len(INSTRUMENTS)), -6.0)
    >>> flute, tuba = INSTRUMENT_NAMES.index("flute"), INSTRUMENT_NAMES.index("tuba")
    >>> log_probs[:2, flute] = log_probs[2:, tuba] = -0.1
    >>> parts = assign_parts([0, 1, 0, 1], [1, 2, 1, 2], [80, 81, 40, 38], log_probs)
    >>> [(part.name, part.notes) for part in parts]
    [('flute', (0, 1)), ('tuba', (2, 3))]
    """
    requested = [
        INSTRUMENT_NAMES.index(instrument(name).name)
        for name in instruments
        if instrument(name).name != UNKNOWN
    ]
    if n_parts is not None and not 1 <= n_parts <= SELECTION.max_parts:
        raise BadInput(text.OPTION, name="parts", must=text.MUST_BE_WHOLE, value=n_parts)
    notes = NoteTable(*(np.asarray(column, float) for column in (onset, offset, midi)))
    if not len(notes.onset):
        return ()
    log_probs = np.asarray(log_probs, float)
    single = log_probs if unary_log_probs is None else np.asarray(unary_log_probs, float)
    selection_unary = log_likelihood(single, notes.midi)
    unary = log_likelihood(single if requested else log_probs, notes.midi)
    if not requested:
        against_drums = LIKELIHOOD.drum_log_prior * (np.array(INSTRUMENT_NAMES) == DRUMS)
        selection_unary, unary = selection_unary + against_drums, unary + against_drums
    graph = note_graph(notes)
    players = requested or select_instruments(
        graph, selection_unary, n_parts, represented_instruments(single)
    )
    if n_parts is not None and len(players) < n_parts:
        players = add_duplicates(players, selection_unary, n_parts)
    while not requested and n_parts is None and len(players) > 1:
        assigned = assignment_marginals(notes, graph, unary, players).argmax(axis=1)
        counts = np.bincount(assigned, minlength=len(players))
        if counts.min() >= PART.min_part_share * len(unary):
            break
        players.pop(int(counts.argmin()))
    marginals = assignment_marginals(notes, graph, unary, players, assignment)
    if not requested:
        players = _relabel(players, marginals, unary)
    return _build_parts(
        marginals, players, unary, sorted(set(requested)) or list(range(len(INSTRUMENTS)))
    )


def name_log_probs(
    evidence: Floats,
    n_notes: int,
    scale: float = PART.certainty_scale,
    exponent: float = PART.certainty_exponent,
) -> Floats:
    """Return log-probabilities of a part's name from the mean log-likelihoods of its notes.

    The errors of the notes of a player correlate, so the certainty grows with a low power of their
    number.

    Examples
    --------
    >>> evidence = np.log([0.5, 0.3, 0.2])
    >>> [round(float(np.exp(name_log_probs(evidence, n)).max()), 2) for n in (1, 100)]
    [0.57, 0.91]
    """
    scores = scale * n_notes**exponent * evidence
    return scores - np.logaddexp.reduce(scores)


def drum_parts(notes: Sequence[Note]) -> tuple[Part, ...]:
    """Group drum notes by drum, in the order of :data:`~otowake.music.theory.instruments.KIT`.

    Examples
    --------
    >>> kick, piano = Note(0, 1, 36, is_drum=True), Note(0, 1, 60)
    >>> [(part.name, part.notes) for part in drum_parts([kick, piano, kick])]
    [('kick', (0, 2))]
    """
    drums = [drum_of(note.midi) if note.is_drum else -1 for note in notes]
    notes_by_name = {
        name: tuple(index for index, drum in enumerate(drums) if drum == kit_index)
        for kit_index, name in enumerate(KIT)
    }
    return tuple(
        Part(name, DRUMS, indices, {DRUMS: 1.0})
        for name, indices in notes_by_name.items()
        if indices
    )


def assignment_marginals(
    notes: NoteTable,
    graph: NoteGraph,
    unary: Floats,
    players: Sequence[int],
    assignment: AssignmentScorer | None = None,
) -> Floats:
    """Return the probability of each player for each note, shape (note, player).

    The players' shares have no prior: it would favour the largest part wherever the likelihood is
    weak.
    """
    if len(players) == 1:
        return np.ones((len(notes.onset), 1))
    potential = unary[:, list(players)] + _register_prior(notes, players)
    if assignment is not None:
        potential += assignment(players)
    marginals = mean_field(graph, players, potential)
    potential += SIMILARITY.student_weight * _student_similarity(notes, unary, potential, marginals)
    return mean_field(graph, players, potential)


def _student_similarity(
    notes: NoteTable, unary: Floats, potential: Floats, marginals: Floats
) -> Floats:
    """Return the log-density of each note among the notes of each part, (note, player), in nats.

    The density is a Student's t-distribution of log-likelihoods and pitch around the mean of a
    part, fitted by EM from `marginals`. Notes of a part resemble each other even where they are
    misclassified.
    """
    config = SIMILARITY
    dof, dim = config.student_dof, config.student_dim
    log_probs = np.maximum(unary, LIKELIHOOD.min_log_prob)
    features = np.column_stack([log_probs / config.log_likelihood_scale, (notes.midi - 60) / 12])
    n_players = marginals.shape[1]
    most_probable = np.eye(n_players)[marginals.argmax(axis=1)]
    weights = config.initial_weight * most_probable + config.initial_smoothing / n_players
    log_density = np.zeros_like(weights)
    for _ in range(config.iterations):
        mean = (weights.T @ features + config.shrinkage * features.mean(axis=0)) / (
            weights.sum(axis=0)[:, None] + config.shrinkage
        )
        squared = (features[:, None] - mean) ** 2
        variance = np.einsum("np,npd->d", weights, squared) / len(features) + config.min_variance
        log_density = -0.5 * (dof + dim) * np.log1p(dim / dof * (squared / variance).mean(axis=2))
        weights = 0.5 * weights + 0.5 * softmax(potential + config.student_weight * log_density)
    return log_density


def _relabel(players: Sequence[int], marginals: Floats, unary: Floats) -> list[int]:
    """Give each player the instrument that its notes support most, each instrument once.

    Several players of one instrument keep it.
    """
    relabelled = list(players)
    for k, player in enumerate(players):
        if players.count(player) == 1:
            evidence = marginals[:, k] @ unary
            evidence[relabelled[:k] + relabelled[k + 1 :]] = -np.inf
            relabelled[k] = int(evidence.argmax())
    return relabelled


def _register_prior(notes: NoteTable, players: Sequence[int]) -> Floats:
    """Return the log-prior of players of the same instrument, the first in the highest register."""
    log_prior = np.zeros((len(notes.onset), len(players)))
    for p in set(players):
        same = [k for k, other in enumerate(players) if other == p]
        if len(same) > 1:
            centre = np.quantile(notes.midi, np.linspace(1, 0, 2 * len(same) + 1)[1::2])
            distance = (notes.midi[:, None] - centre) / PART.register_width
            log_prior[:, same] = -0.5 * distance**2
    return log_prior


def _build_parts(
    marginals: Floats, players: Sequence[int], unary: Floats, candidates: Sequence[int]
) -> tuple[Part, ...]:
    """Build parts, largest first; the second part of an instrument has the suffix ``-2``."""
    parts: list[Part] = []
    assigned, n_shared = marginals.argmax(axis=1), 0
    counts: dict[str, int] = {}
    for player in sorted(set(assigned.tolist()), key=lambda k: (-int((assigned == k).sum()), k)):
        own = np.flatnonzero(assigned == player)
        evidence = unary[own][:, candidates].mean(axis=0)
        probs = np.exp(name_log_probs(evidence, len(own)))
        order = np.argsort(-probs, kind="stable")[: PART.n_candidates]
        probabilities = {INSTRUMENT_NAMES[candidates[i]]: float(probs[i]) for i in order}
        name = INSTRUMENT_NAMES[players[player]]
        if (
            len(candidates) == len(INSTRUMENTS)
            and probabilities.get(name, 0) < PART.min_probability
        ):
            name = UNKNOWN
        counts[name] = counts.get(name, 0) + 1
        suffix = f"-{counts[name]}" if counts[name] > 1 else ""
        ambiguous = (assigned != player) & (marginals[:, player] >= PART.shared_threshold)
        shared = tuple(
            SharedNote(i, float(marginals[i, player]), -n_shared - n)
            for n, i in enumerate(np.flatnonzero(ambiguous).tolist(), 1)
        )
        n_shared += len(shared)
        parts.append(Part(f"{name}{suffix}", name, tuple(own.tolist()), probabilities, shared))
    return tuple(parts)
