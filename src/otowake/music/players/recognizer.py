"""Which instrument plays a note, by small trained networks, which are asked together.

It hears a note's *patch*: the cells of :mod:`otowake.signal.vqt` about the onset, in rows counted from the note's own
pitch, so that partial n always lies in the same row, whatever the pitch. The patch is summed
up by means over a few stretches of time (attack, sustain), and beside them the network is told the envelope over absolute
frequency (a body's resonances do not move with the pitch), where partials of the *other*
notes lie (what is louder there may not be the note's own), when the note sounds, its pitch, and what
:mod:`otowake.music.players.envelopes` tells of it. Hence it works within mixtures as on single notes. What each note by itself is taken for
is judged once more by the notes around it (:mod:`otowake.music.players.attention`, :mod:`otowake.music.players.assignment`). The weights of all are in ``data/recognizer.npz``; how they were taught is in ``training/`` of
the repository (``python -m training.train.recognizer``).
"""

from __future__ import annotations

from functools import lru_cache, partial
from importlib import resources
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from otowake import text
from otowake.errors import BadInput
from otowake.music.networks import weights_of
from otowake.music.players import attention
from otowake.music.players.assignment import assignment_scores
from otowake.music.players.envelopes import contours
from otowake.music.players.features import BATCH, described, flat, patches
from otowake.music.players.parts import Owners
from otowake.music.theory.instruments import INSTRUMENTS
from otowake.programs import program
from otowake.signal.vqt import QUIETEST, level, mono
from otowake.types import Floats, Sound

HIDDEN = (256, 96)
"""Units of the layers between."""


AROUND, FEW = 0.35, 10
"""How much the notes around a note count at most for what it is, against itself; half as much where there are only so many."""

CONTEXT, OWNERS = "context.", "owners."
"""What the names of the weights of :mod:`otowake.music.players.attention` and :mod:`otowake.music.players.assignment` begin with in the file."""

Weights = dict[str, NDArray[np.float32]]


class Recognizer(NamedTuple):
    """Networks with their weights, each array's first axis (network,), the temperature that the mean of their scores is divided by
    to make it probabilities, and the weights of :mod:`otowake.music.players.attention` and :mod:`otowake.music.players.assignment`, none if notes are judged each by itself."""

    weights: Weights
    temperature: float = 1.0
    context: Weights | None = None
    owners: Weights | None = None

    def arrays(self) -> Weights:
        """All weights, by their names in the file."""
        more = ((CONTEXT, self.context), (OWNERS, self.owners))
        return self.weights | {
            f"{prefix}{k}": v for prefix, its in more for k, v in (its or {}).items()
        }


class Predictions(NamedTuple):
    """What notes are taken for: log-probabilities of shape (note, instrument), the instruments in the order of
    :data:`~otowake.music.theory.instruments.INSTRUMENTS`.

    Attributes
    ----------
    alone
        Each note by itself.
    together
        By itself and by the notes around it: a geometric mean (a logarithmic opinion pool) in which the latter weigh up to :data:`AROUND`.
    owners
        What the notes around each say of who of some players plays it, for :func:`otowake.music.players.parts.gather`;
        None for silence, or if the recogniser has no weights for it.
    """

    alone: Floats
    together: Floats
    owners: Owners | None = None


@lru_cache
def trained() -> Recognizer:
    """The recogniser that comes with the package."""
    return opened((resources.files("otowake") / "data" / "recognizer.npz").read_bytes())


def opened(content: bytes) -> Recognizer:
    """A recogniser from the content of a weights file, as ``training`` writes it; :class:`BadInput` if it is damaged."""
    arrays = weights_of(content)
    temperature = arrays.pop("temperature", np.zeros(0))
    if temperature.size != 1 or temperature.item() <= 0:
        raise BadInput(text.NOT_WEIGHTS, why="there is no temperature")
    more = [
        {k.removeprefix(prefix): arrays.pop(k) for k in list(arrays) if k.startswith(prefix)}
        or None
        for prefix in (CONTEXT, OWNERS)
    ]
    return Recognizer(arrays, float(temperature.item()), *more)


def recognize(
    sound: Sound,
    onset: ArrayLike,
    offset: ArrayLike,
    midi: ArrayLike,
    recognizer: Recognizer | None = None,
    *,
    around: bool = True,
) -> Predictions:
    """Which instruments play notes.

    Parameters
    ----------
    sound
        The recording, of any rate, length, loudness and number of channels.
    onset, offset, midi
        Shape (note,): every note of the recording; times in seconds.
    recognizer
        Another than the trained one that comes with the package.
    around
        Whether notes are named by those around them as well; if not, `together` is `alone`.

    Returns
    -------
    Log-probabilities; even for silence.
    """
    recognizer = trained() if recognizer is None else recognizer
    samples = mono(sound)
    begin, end, pitch = (np.asarray(column, float) for column in (onset, offset, midi))
    found = np.full((len(begin), len(INSTRUMENTS)), -np.log(len(INSTRUMENTS)))
    if level(samples) > QUIETEST:
        arrays = {k: jnp.asarray(v) for k, v in recognizer.weights.items()}
        contour = contours(samples, begin, end, pitch)
        for which, batch in patches(samples, begin, end, pitch):
            x = np.pad(
                flat(described(batch, contour[which]), batch.midi),
                ((0, BATCH - len(which)), (0, 0)),
            )
            scores = np.asarray(_forward(arrays, x), float)[: len(which)]
            found[which] = np.asarray(jax.nn.log_softmax(scores / recognizer.temperature, axis=1))
        together, owners = found, None
        if recognizer.owners:
            owners = partial(assignment_scores, recognizer.owners, found, begin, end, pitch)
        if around and recognizer.context:
            heard = attention.in_context(found, begin, end, pitch, recognizer.context)
            weight = AROUND * len(found) / (len(found) + FEW)
            pooled = (1 - weight) * found + weight * heard
            together = np.asarray(jax.nn.log_softmax(pooled, axis=1))
        return Predictions(found, together, owners)
    return Predictions(found, found)


@program()
def _forward(weights: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    """Scores of shape (note, instrument), the mean of all networks'."""

    def one(w: dict[str, jax.Array]) -> jax.Array:
        first = jax.nn.relu(x @ w["first"] + w["first.bias"])
        second = jax.nn.relu(first @ w["second"] + w["second.bias"])
        return second @ w["names"] + w["names.bias"]

    return jax.vmap(one)(weights).mean(axis=0)
