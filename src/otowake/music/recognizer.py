"""Which instrument plays a note, by a small trained network.

It hears a note's *patch*: the cells of :mod:`otowake.signal.cells` about the onset, in rows counted from the note's own
pitch, so that partial n always lies in the same row, whatever the pitch. The patch is summed
up by means over a few stretches of time (attack, sustain), and beside them the network is told where partials of the *other*
notes lie (what is louder there may not be the note's own), when the note sounds, and its pitch. Hence it works within
mixtures as on single notes. Its weights are in ``data/recognizer.npz``; how it was taught is in ``training/`` of
the repository (``python -m training.who``).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from otowake import text
from otowake.errors import BadInput
from otowake.music.decoding import SECONDS
from otowake.music.instruments import TABLE
from otowake.music.listener import QUIETEST, mono, weights_of
from otowake.signal.cells import BINS, INSTANTS, LOWEST, ROWS, cells, frames_of, level
from otowake.types import Floats, Sound

BELOW, ABOVE = 12, 48
"""Semitones under and above a note's pitch that its patch reaches: up to partial 16."""

SPAN = BELOW + 1 + ABOVE
"""Rows of a patch."""

BEFORE, AFTER = 4, 28
"""Frames of a patch before the onset, and from it on."""

FRAMES = BEFORE + AFTER

PARTIALS = np.unique(np.rint(12 * np.log2(np.arange(1, 17)))).astype(int)
"""Rows of the partials 1 to 16, from the pitch."""

DEPTH = 3.0
"""How far below a note's strongest partial the network hears, in units of a cell (20 dB)."""

SEGMENTS = ((0, 3), (3, 5), (5, 7), (7, 11), (11, 18), (18, 32))
"""Stretches of a patch, in frames, over which a mean is taken: before the onset, its attack, and later on."""

PLANES = len(SEGMENTS) + 4 + 3
"""Rows of numbers that tell of a note: its partials in each segment, the same by the short windows in the first four, how
far its partials lie from the middle of their rows, how unsteady they are, and where others' partials are."""

HUES = np.arange(21, 109, 6.0)
"""Centres of the bumps, in MIDI pitches, by which a pitch is told."""

HIDDEN = (128, 64)
"""Units of the layers between."""

BATCH = 128
"""Notes done at once."""

Weights = dict[str, NDArray[np.float32]]


class Patches(NamedTuple):
    """What is heard about notes.

    Attributes
    ----------
    heard
        Shape (note, frame, row, channel): cells.
    others
        Shape (note, frame, row): whether another note has a partial there.
    sounding
        Shape (note, frame): whether the note itself sounds.
    midi
        Shape (note,).
    """

    heard: Floats
    others: NDArray[np.bool_]
    sounding: NDArray[np.bool_]
    midi: NDArray[np.int64]


class Recognizer(NamedTuple):
    """A network with its weights, and the temperature that its scores are divided by to make them probabilities."""

    weights: Weights
    temperature: float = 1.0


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
    return Recognizer(arrays, float(temperature.item()))


def recognize(
    sound: Sound, onset: ArrayLike, offset: ArrayLike, midi: ArrayLike, recognizer: Recognizer | None = None
) -> Floats:
    """Log-probabilities of the instruments of notes.

    Parameters
    ----------
    sound
        The recording, of any rate, length, loudness and number of channels.
    onset, offset, midi
        Shape (note,): every note of the recording; times in seconds.
    recognizer
        Another than the trained one that comes with the package.

    Returns
    -------
    Shape (note, instrument), the instruments in the order of :data:`~otowake.music.instruments.TABLE`; even for silence.
    """
    recognizer = trained() if recognizer is None else recognizer
    samples = mono(sound)
    begin, end, pitch = (np.asarray(column, float) for column in (onset, offset, midi))
    found = np.full((len(begin), len(TABLE)), -np.log(len(TABLE)))
    if level(samples) > QUIETEST:
        arrays = {k: jnp.asarray(v) for k, v in recognizer.weights.items()}
        for which, batch in patches(samples, begin, end, pitch):
            x = np.pad(flat(described(batch), batch.midi), ((0, BATCH - len(which)), (0, 0)))
            scores = np.asarray(_forward(arrays, x), float)[: len(which)]
            found[which] = np.asarray(jax.nn.log_softmax(scores / recognizer.temperature, axis=1))
    return found


def patches(
    samples: Floats, onset: Floats, offset: Floats, midi: Floats, size: int = BATCH
) -> Iterator[tuple[NDArray[np.int64], Patches]]:
    """The patches of all notes, at most `size` at once, in order of onset: which notes they are of, and they.

    `samples` has the shape (sample,), at 22,050 Hz; the notes are as for :func:`recognize`.
    """
    reference, n = level(samples), frames_of(len(samples))
    keys = np.clip(np.rint(midi), LOWEST, LOWEST + ROWS - 1).astype(np.int64)
    first = np.clip(np.rint(onset / SECONDS), 0, n).astype(np.int64) - BEFORE
    last = np.maximum(np.clip(np.rint(offset / SECONDS), 0, n).astype(np.int64), first + BEFORE + 2)
    order = np.argsort(onset, kind="stable")
    for begin in range(0, len(order), size):
        which = order[begin : begin + size]
        start, stop = int(first[which].min()), int(first[which].max()) + FRAMES
        space = ((0, 0), (BELOW, ABOVE), (0, 0))
        heard = np.pad(cells(samples, reference, start, stop), space)
        near = np.flatnonzero((first + BEFORE < stop) & (last > start))
        counts = np.zeros(heard.shape[:2], np.int16)
        for i in near:
            counts[
                max(first[i] + BEFORE - start, 0) : last[i] - start, keys[i] - LOWEST + BELOW + PARTIALS
            ] += 1
        rows = keys[which] - LOWEST
        frames = first[which] - start
        at = (frames[:, None, None] + np.arange(FRAMES)[:, None], rows[:, None, None] + np.arange(SPAN))
        sounding = np.arange(FRAMES) < (last - first)[which, None]
        sounding[:, :BEFORE] = False
        own = np.zeros((len(which), FRAMES, SPAN), np.int16)
        own[:, :, BELOW + PARTIALS] = sounding[:, :, None]
        yield which, Patches(heard[at], counts[at] > own, sounding, keys[which])


class Description(NamedTuple):
    """What is known of notes: `planes` of shape (note, plane, row), and `sounding`, the share of each segment in which the
    note sounds, (note, segment)."""

    planes: Floats
    sounding: Floats


def described(batch: Patches) -> Description:
    """Patches in few numbers: means over segments of what is heard, against the note's strongest partial.

    Only frames in which the note sounds count, but for those before and at the onset.
    """
    heard = batch.heard
    own = heard[:, BEFORE : BEFORE + 12, BELOW + PARTIALS[:10], :6]
    strongest = own.max(axis=(1, 2, 3)) if len(own) else np.zeros(0)
    heard = np.clip(heard - (strongest[:, None, None, None] - DEPTH), 0, DEPTH + 1) / DEPTH
    bins = heard[..., :6].reshape(*heard.shape[:3], INSTANTS, BINS)
    tone, stroke = bins.max(axis=4).mean(axis=3), heard[..., 6:].mean(axis=3)
    skew = (bins[..., 2] - bins[..., 0]).mean(axis=3)
    counts = batch.sounding.astype(np.float32)
    counts[:, : BEFORE + 1] = 1
    parts = [_mean(tone, counts, *segment) for segment in SEGMENTS]
    parts += [_mean(stroke, counts, *segment) for segment in SEGMENTS[:4]]
    late, end = SEGMENTS[2][0], FRAMES
    middle = _mean(tone, counts, late, end)
    parts.append(_mean(skew, counts, late, end))
    parts.append(_mean(np.abs(tone - middle[:, None]), counts, late, end))
    parts.append(_mean(batch.others.astype(np.float32), counts, BEFORE, end))
    shares = [batch.sounding[:, a:b].mean(axis=1) for a, b in SEGMENTS]
    return Description(
        np.stack(parts, axis=1).astype(np.float32), np.stack(shares, axis=1).astype(np.float32)
    )


def _mean(x: Floats, counts: Floats, start: int, stop: int) -> Floats:
    """The mean over some frames, (note, row), of x (note, frame, row); 0 where none counts."""
    weights = counts[:, start:stop]
    return np.einsum("nfr,nf->nr", x[:, start:stop], weights) / np.maximum(weights.sum(axis=1), 1)[:, None]


def flat(description: Description, midi: ArrayLike) -> Floats:
    """The network's input, (note, number): a description, and the pitch as bumps so wide that neighbours look alike."""
    hues = np.exp(-0.5 * ((np.asarray(midi, float)[:, None] - HUES) / 5) ** 2)
    planes = description.planes.reshape(len(description.planes), -1)
    return np.concatenate([planes, description.sounding, hues], axis=1).astype(np.float32)


@jax.jit
def _forward(w: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    """Scores of shape (note, instrument)."""
    x = jax.nn.relu(x @ w["first"] + w["first.bias"])
    x = jax.nn.relu(x @ w["second"] + w["second.bias"])
    return x @ w["names"] + w["names.bias"]
