"""Which instrument plays a note, given the notes around it.

A note among others can often not be named by itself; a few hundred can: a muffled piano's bass sounds like a harp's, but a harp does
not play it beneath a piano's chords. Each note looks at those around it by self-attention (Vaswani et al., "Attention is all you need", 2017),
where what it looks at depends on how far apart two notes are in time and pitch as well as on what each sounds like. The network is told nothing of the sound
but the probabilities of each note by itself (:func:`otowake.music.players.recognizer.recognize`), and what it finds is added to them. How it was taught is in ``training/`` of
the repository (``python -m training.train.attention``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from otowake.music.networks import pitch_rbf
from otowake.programs import program
from otowake.types import Floats

CORE = 64
"""Notes that are named at once; as many on either side are looked at."""

WINDOW = 3 * CORE

WORST = -8.0
"""The least log-probability that is told from none."""

RELATIONS = 12
"""Numbers that tell how two notes are related (:func:`related`)."""

HEADS = 4

Weights = dict[str, NDArray[np.float32]]
"""By the name of the layer, with ``.bias`` the numbers added after it; the first axis is the network's."""


def told(chances: Floats, onset: Floats, offset: Floats, midi: Floats) -> Floats:
    """What the network is told of each note of a window, (note, number): its log-probabilities and probabilities by itself, the mean of all
    notes' probabilities, its pitch as bumps, how long it is, and how many notes there are.

    Examples
    --------
    >>> told(np.full((2, 29), -3.4), np.zeros(2), np.ones(2), np.array([60.0, 64.0])).shape
    (2, 105)
    """
    probable = 3 * np.exp(chances)
    mean = np.broadcast_to(probable.mean(axis=0), probable.shape)
    length = np.maximum(offset - onset, 0.03)
    number = np.full(len(length), np.log(min(len(length), CORE)) / 3)
    singles = np.column_stack([np.log(length), np.minimum(length, 3), number])
    return np.concatenate(
        [np.maximum(chances, WORST) / 3, probable, mean, pitch_rbf(midi), singles], axis=1
    ).astype(np.float32)


def related(onset: Floats, offset: Floats, midi: Floats) -> Floats:
    """How every two notes of a window are related, (note, note, number): how near they are in time and in pitch, on several scales, which of them is
    higher, by how much they overlap, whether one ends where the other begins, and whether they are octaves or the same pitch.

    Examples
    --------
    >>> related(np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([60.0, 72.0]))[0, 1, -2:].tolist()
    [1.0, 0.0]
    """
    higher = midi[:, None] - midi
    later, apart = np.abs(onset[:, None] - onset), np.abs(higher)
    shared = np.minimum(offset[:, None], offset) - np.maximum(onset[:, None], onset)
    length = offset - onset
    overlap = np.clip(shared / np.maximum(np.minimum(length[:, None], length), 0.05), 0, 1)
    numbers = [np.exp(-later / scale) for scale in (0.05, 0.3, 1.2, 5)]
    numbers += [np.exp(-apart / scale) for scale in (1.5, 4, 12)]
    numbers += [np.tanh(higher / 12), overlap, np.exp(-np.abs(shared) / 0.1)]
    numbers += [(np.rint(apart) % 12 == 0) & (apart > 1), apart < 0.5]
    return np.stack(numbers, axis=-1).astype(np.float32)


def in_context(
    chances: Floats, onset: Floats, offset: Floats, midi: Floats, weights: Weights
) -> NDArray[np.float64]:
    """Log-probabilities of the instruments of notes, (note, instrument), from those that each note has by itself.

    Times in seconds, all of shape (note,), in any order.
    """
    scores = chances + around(weights, (chances, onset, offset, midi), told)[:, 0]
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def around(weights: Weights, columns: Sequence[Floats], *tell: Callable[..., Floats]) -> Floats:
    """What a network says of each note, (note, question, output), where each of `tell` gives what it is told for one question of a window of the `columns`:
    something, onset, offset and MIDI number of the notes, in any order."""
    _, onset, _, midi = columns
    order = np.lexsort((midi, onset))
    ordered = [column[order] for column in columns]
    arrays = {name: jnp.asarray(values) for name, values in weights.items()}
    found = np.empty((len(order), len(tell), arrays["names"].shape[-1]))
    for first in range(0, len(order), CORE):
        begin = max(first - CORE, 0)
        window = [column[begin : first + 2 * CORE] for column in ordered]
        n = len(window[0])
        empty = WINDOW - n
        relations = np.pad(related(*window[1:]), ((0, empty), (0, empty), (0, 0)))
        for question, each in enumerate(tell):
            x = np.pad(each(*window), ((0, empty), (0, 0)))
            said = np.asarray(_forward(arrays, x, relations, np.arange(WINDOW) < n), float)
            found[order[first : first + CORE], question] = said[first - begin : n][:CORE]
    return found


@program()
def _forward(weights: dict[str, Array], x: Array, relations: Array, there: Array) -> Array:
    """What is said of each note, (note, output), the mean of all networks'; `there` (note,) is false where there is no note."""

    def one(w: dict[str, Array]) -> Array:
        def dense(name: str, x: Array) -> Array:
            return x @ w[name] + w[f"{name}.bias"]

        def normed(name: str, x: Array) -> Array:
            centred = x - x.mean(axis=-1, keepdims=True)
            scaled = centred / jnp.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
            return scaled * w[name] + w[f"{name}.bias"]

        def heads(x: Array) -> Array:
            return x.reshape(len(x), HEADS, -1).swapaxes(0, 1)

        relation = jax.nn.relu(dense("relation", relations))
        h = dense("told", x)
        for block in range(sum(name.endswith("attention.norm") for name in w)):
            q, k, v = map(
                heads,
                jnp.split(dense(f"{block}.looks", normed(f"{block}.attention.norm", h)), 3, axis=1),
            )
            looks = q @ k.swapaxes(1, 2) / jnp.sqrt(q.shape[2]) + jnp.moveaxis(
                dense(f"{block}.relation", relation), 2, 0
            )
            seen = jax.nn.softmax(jnp.where(there, looks, -1e4), axis=-1) @ v
            h += dense(f"{block}.seen", seen.swapaxes(0, 1).reshape(h.shape))
            h += dense(
                f"{block}.out", jax.nn.relu(dense(f"{block}.in", normed(f"{block}.dense.norm", h)))
            )
        return dense("names", normed("norm", h))

    return jax.vmap(one)(weights).mean(axis=0)
