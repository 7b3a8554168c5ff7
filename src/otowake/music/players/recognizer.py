"""Instrument recognition of single notes, by an ensemble of small networks.

The input of a note is a patch of the variable-Q log spectrogram (:mod:`otowake.signal.vqt`) around
the onset, in rows counted from the note's own pitch: partial n lies in the same row at every pitch.
Features (:mod:`otowake.music.players.features`) are averages of the patch over attack and sustain,
the spectral envelope over absolute frequency, the rows of other notes' partials, activity, pitch,
and the amplitude envelope (:mod:`otowake.music.players.envelopes`). The features of a note hardly
depend on other notes, so the networks work on mixtures as well as on single notes.

Each note's prediction is refined using its neighbours (see :mod:`otowake.music.players.attention`,
:mod:`otowake.music.players.assignment`). All weights are in ``data/recognizer.npz``; ``training/``
of the repository trains them (``python -m training.train.recognizer``).
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from otowake import text
from otowake.arrays import packaged
from otowake.errors import BadInput
from otowake.music.network_weights import Weights, weights_of
from otowake.music.players.assignment import assignment_scores
from otowake.music.players.attention import contextual_log_probs
from otowake.music.players.config import PATCH, POOLING
from otowake.music.players.envelopes import note_envelopes
from otowake.music.players.features import network_input, note_patches, pool_patches
from otowake.music.players.parts import AssignmentScorer
from otowake.music.theory.instruments import INSTRUMENTS
from otowake.programs import program
from otowake.signal.mono import as_mono
from otowake.types import Floats, Sound

HIDDEN_UNITS = (256, 96)
"""Units of the hidden layers."""

ATTENTION_PREFIX, ASSIGNMENT_PREFIX = "context.", "owners."
"""Prefixes of the attention and the assignment networks' weights in the file."""


class Recognizer(NamedTuple):
    """Networks of the recogniser.

    Attributes
    ----------
    weights
        Layers by name, the first axis of each array is the network of the ensemble.
    temperature
        Divisor of the mean scores before the softmax.
    attention
        Weights of :mod:`otowake.music.players.attention`; None for unary predictions alone.
    assignment
        Weights of :mod:`otowake.music.players.assignment`, or None.
    """

    weights: Weights
    temperature: float = 1.0
    attention: Weights | None = None
    assignment: Weights | None = None

    def arrays(self) -> Weights:
        """Return all weights by their names in the file."""
        prefixed = ((ATTENTION_PREFIX, self.attention), (ASSIGNMENT_PREFIX, self.assignment))
        return self.weights | {
            f"{prefix}{name}": array
            for prefix, arrays in prefixed
            for name, array in (arrays or {}).items()
        }


class Predictions(NamedTuple):
    """Log-probabilities of instruments, in the order of the table of instruments.

    Attributes
    ----------
    unary
        Shape (note, instrument): from the note itself.
    contextual
        Shape (note, instrument): geometric mean (logarithmic opinion pool) of the unary and the
        context's predictions.
    assignment
        Scores of players for :func:`otowake.music.players.parts.assign_parts`; None for silence, or
        if the recogniser has no weights for it.
    """

    unary: Floats
    contextual: Floats
    assignment: AssignmentScorer | None = None


@lru_cache
def pretrained_recognizer() -> Recognizer:
    """Load the recogniser that comes with the package."""
    return load_recognizer(packaged("recognizer.npz"))


def load_recognizer(content: bytes) -> Recognizer:
    """Load a recogniser from the content of a weights file.

    Raises
    ------
    BadInput
        If the file is damaged.
    """
    arrays = weights_of(content)
    temperature = arrays.pop("temperature", np.zeros(0))
    if temperature.size != 1 or temperature.item() <= 0:
        raise BadInput(text.NOT_WEIGHTS, why="there is no temperature")
    attention, assignment = (
        {k.removeprefix(prefix): arrays.pop(k) for k in list(arrays) if k.startswith(prefix)}
        or None
        for prefix in (ATTENTION_PREFIX, ASSIGNMENT_PREFIX)
    )
    return Recognizer(arrays, float(temperature.item()), attention, assignment)


def recognize(
    sound: Sound,
    onset: ArrayLike,
    offset: ArrayLike,
    midi: ArrayLike,
    recognizer: Recognizer | None = None,
    *,
    contextual: bool = True,
) -> Predictions:
    """Recognise the instrument of each note.

    Parameters
    ----------
    sound
        The recording, of any rate, length, loudness and number of channels.
    onset, offset, midi
        Shape (note,): every note of the recording; times in seconds.
    recognizer
        Networks; the pretrained ones if not given.
    contextual
        Whether to refine predictions from context; if false, `contextual` equals `unary`.

    Returns
    -------
    Log-probabilities; uniform for silence.
    """
    recognizer = pretrained_recognizer() if recognizer is None else recognizer
    mono = as_mono(sound)
    begin, end, pitch = (np.asarray(column, float) for column in (onset, offset, midi))
    unary = np.full((len(begin), len(INSTRUMENTS)), -np.log(len(INSTRUMENTS)))
    if mono.is_silent:
        return Predictions(unary, unary)
    arrays = {k: jnp.asarray(v) for k, v in recognizer.weights.items()}
    envelopes = note_envelopes(mono, begin, end, pitch)
    for indices, batch in note_patches(mono, begin, end, pitch):
        features = pool_patches(batch, envelopes[indices])
        padding = PATCH.batch_size - len(indices)
        x = np.pad(network_input(features, batch.midi), ((0, padding), (0, 0)))
        scores = np.asarray(_class_scores(arrays, x), float)[: len(indices)]
        unary[indices] = np.asarray(jax.nn.log_softmax(scores / recognizer.temperature, axis=1))
    pooled, assignment = unary, None
    if recognizer.assignment:
        assignment = partial(assignment_scores, recognizer.assignment, unary, begin, end, pitch)
    if contextual and recognizer.attention:
        refined = contextual_log_probs(unary, begin, end, pitch, recognizer.attention)
        n = len(unary)
        weight = POOLING.contextual_weight * n / (n + POOLING.half_weight_notes)
        mean = (1 - weight) * unary + weight * refined
        pooled = np.asarray(jax.nn.log_softmax(mean, axis=1))
    return Predictions(unary, pooled, assignment)


@program()
def _class_scores(weights: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    """Average the scores of the ensemble, shape (note, instrument)."""

    def one(w: dict[str, jax.Array]) -> jax.Array:
        first = jax.nn.relu(x @ w["first"] + w["first.bias"])
        second = jax.nn.relu(first @ w["second"] + w["second.bias"])
        return second @ w["names"] + w["names.bias"]

    return jax.vmap(one)(weights).mean(axis=0)
