"""Instrument recognition in context, by self-attention over neighbouring notes.

A single note is often ambiguous where a few hundred are not: a muffled piano's bass resembles a
harp's, but a harp does not play it below a piano's chords. Every note attends to the others of a
window. Attention depends on the notes' predictions and, as an additive bias, on their relation in
time and pitch. The only timbre features are the unary predictions
(:func:`otowake.music.players.recognizer.recognize`); the network's output is added to them.
``training/`` of the repository trains the network (``python -m training.train.attention``).

Source: Vaswani et al., "Attention is all you need", 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from otowake.music.network_weights import Weights, pitch_rbf
from otowake.music.players.config import ATTENTION
from otowake.programs import program
from otowake.types import Floats

WINDOW_STEP = 64
"""Notes for which one window gives the output."""

WINDOW_NOTES = 3 * WINDOW_STEP
"""Notes of a window: the context has one step on either side."""

PAIR_FEATURES = 12
"""Features of two notes (:func:`pair_features`)."""

ATTENTION_HEADS = 4
"""Heads of each attention block."""


def note_features(log_probs: Floats, onset: Floats, offset: Floats, midi: Floats) -> Floats:
    """Compute the network's input for the notes of a window, (note, feature).

    The features are log-probabilities and probabilities, the mean probabilities of the window, the
    radial-basis code of the pitch, the duration, and the number of notes.

    Examples
    --------
    >>> notes = np.full((2, 29), -3.4), np.zeros(2), np.ones(2), np.array([60.0, 64.0])
    >>> note_features(*notes).shape
    (2, 105)
    """
    scale = ATTENTION.log_prob_scale
    probs = ATTENTION.prob_gain * np.exp(log_probs)
    mean = np.broadcast_to(probs.mean(axis=0), probs.shape)
    duration = np.maximum(offset - onset, ATTENTION.min_duration)
    count = np.full(len(duration), np.log(min(len(duration), WINDOW_STEP)) / scale)
    clipped = np.minimum(duration, ATTENTION.max_duration)
    scalars = np.column_stack([np.log(duration), clipped, count])
    floored = np.maximum(log_probs, ATTENTION.min_log_prob) / scale
    columns = [floored, probs, mean, pitch_rbf(midi), scalars]
    return np.concatenate(columns, axis=1).astype(np.float32)


def pair_features(onset: Floats, offset: Floats, midi: Floats) -> Floats:
    """Compute the relations between the notes of a window, (note, note, :data:`PAIR_FEATURES`).

    The features are proximity in time and in pitch on several scales, the signed interval, the
    overlap, whether one note ends where the other begins, and whether the notes are whole octaves
    apart or have the same pitch.

    Examples
    --------
    >>> notes = np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([60.0, 72.0])
    >>> pair_features(*notes)[0, 1, -2:].tolist()
    [1.0, 0.0]
    """
    interval = midi[:, None] - midi
    delay, distance = np.abs(onset[:, None] - onset), np.abs(interval)
    shared = np.minimum(offset[:, None], offset) - np.maximum(onset[:, None], onset)
    duration = offset - onset
    shorter = np.minimum(duration[:, None], duration)
    overlap = np.clip(shared / np.maximum(shorter, ATTENTION.min_overlap_duration), 0, 1)
    legato = np.exp(-np.abs(shared) / ATTENTION.legato_scale)
    features = [np.exp(-delay / scale) for scale in ATTENTION.time_scales]
    features += [np.exp(-distance / scale) for scale in ATTENTION.pitch_scales]
    features += [np.tanh(interval / 12), overlap, legato]
    features += [(np.rint(distance) % 12 == 0) & (distance > 1), distance < 0.5]
    return np.stack(features, axis=-1).astype(np.float32)


def contextual_log_probs(
    log_probs: Floats, onset: Floats, offset: Floats, midi: Floats, weights: Weights
) -> NDArray[np.float64]:
    """Refine unary log-probabilities of instruments, (note, instrument), from context.

    Times are in seconds; all arrays have the shape (note,), in any order.
    """
    notes = (log_probs, onset, offset, midi)
    scores = log_probs + contextual_scores(weights, notes, note_features)[:, 0]
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def contextual_scores(
    weights: Weights, notes: Sequence[Floats], *featurizers: Callable[..., Floats]
) -> Floats:
    """Run the network over sliding windows.

    `notes` are the log-probabilities, onsets, offsets and MIDI pitches, in any order of notes. Each
    function in `featurizers` maps a window to one input batch.

    Returns
    -------
    Shape (note, featurizer, output).
    """
    _, onset, _, midi = notes
    order = np.lexsort((midi, onset))
    ordered = [column[order] for column in notes]
    arrays = {name: jnp.asarray(values) for name, values in weights.items()}
    scores = np.empty((len(order), len(featurizers), arrays["names"].shape[-1]))
    for first in range(0, len(order), WINDOW_STEP):
        begin = max(first - WINDOW_STEP, 0)
        window = [column[begin : first + 2 * WINDOW_STEP] for column in ordered]
        n = len(window[0])
        padding = WINDOW_NOTES - n
        valid = np.arange(WINDOW_NOTES) < n
        relations = np.pad(pair_features(*window[1:]), ((0, padding), (0, padding), (0, 0)))
        for index, featurizer in enumerate(featurizers):
            x = np.pad(featurizer(*window), ((0, padding), (0, 0)))
            output = np.asarray(_network_scores(arrays, x, relations, valid), float)
            step = output[first - begin : n][:WINDOW_STEP]
            scores[order[first : first + WINDOW_STEP], index] = step
    return scores


@program()
def _network_scores(weights: dict[str, Array], x: Array, relations: Array, valid: Array) -> Array:
    """Average the outputs of the ensemble, (note, output); `valid` (note,) is false for padding."""

    def one(w: dict[str, Array]) -> Array:
        def dense(name: str, x: Array) -> Array:
            return x @ w[name] + w[f"{name}.bias"]

        def layer_norm(name: str, x: Array) -> Array:
            centred = x - x.mean(axis=-1, keepdims=True)
            scaled = centred / jnp.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
            return scaled * w[name] + w[f"{name}.bias"]

        def split_heads(x: Array) -> Array:
            return x.reshape(len(x), ATTENTION_HEADS, -1).swapaxes(0, 1)

        relation = jax.nn.relu(dense("relation", relations))
        h = dense("told", x)
        for block in range(sum(name.endswith("attention.norm") for name in w)):
            qkv = dense(f"{block}.looks", layer_norm(f"{block}.attention.norm", h))
            q, k, v = map(split_heads, jnp.split(qkv, 3, axis=1))
            logits = q @ k.swapaxes(1, 2) / jnp.sqrt(q.shape[2]) + jnp.moveaxis(
                dense(f"{block}.relation", relation), 2, 0
            )
            attended = jax.nn.softmax(jnp.where(valid, logits, -1e4), axis=-1) @ v
            h += dense(f"{block}.seen", attended.swapaxes(0, 1).reshape(h.shape))
            hidden = jax.nn.relu(dense(f"{block}.in", layer_norm(f"{block}.dense.norm", h)))
            h += dense(f"{block}.out", hidden)
        return dense("names", layer_norm("norm", h))

    return jax.vmap(one)(weights).mean(axis=0)
