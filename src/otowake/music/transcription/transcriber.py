"""The transcriber: which notes are played in a recording, by a small trained network.

Its features are :mod:`otowake.signal.vqt`, its weights are in ``data/transcriber.npz``; how it was taught is in
``training/`` of the repository (``python -m training``). It knows no instruments. The recording is worked on in blocks
of fixed size with as much before and after each as the network sees, so the result is that of the whole in one piece,
and memory holds the sound and the probabilities only.
"""

from __future__ import annotations

from functools import lru_cache, partial
from importlib import resources
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from otowake import text
from otowake.errors import BadInput
from otowake.music.networks import Weights, weights_of
from otowake.music.transcription.decoding import Notes, Thresholds, decode
from otowake.music.transcription.offsets import ended
from otowake.programs import program
from otowake.signal.vqt import QUIETEST, frames_of, level, mono, vqt
from otowake.types import Floats, Sound
from otowake.untrusted import DAMAGE

KEYS = 88
"""Pitches that are looked for: MIDI 21 to 108."""

NARROW, WIDE = 48, 64
"""Channels of the network."""

HARMONICS = (0, 12, 19, 24, 28, 31, 34, 36, -12, -19, -24)
"""Rows at which harmonic layers look: partials 1 to 8, and the notes of which this would be partial 2, 3 or 4."""

TIME = {"time1": 1, "time2": 2, "time3": 4, "time4": 8}
"""Layers over time alone and their dilation, in frames."""

REACH = 3 + 2 * sum(TIME.values())
"""Frames before and after that the network sees."""

BLOCK = 768
"""Frames done at once, 18 s."""


class Posteriors(NamedTuple):
    """What the network thinks, float16 arrays of shape (frame, key): `onset`, near 1 where a note begins; `sounding`;
    `velocity`, from 0 to 1, of a note that would begin there."""

    onset: NDArray[np.float16]
    sounding: NDArray[np.float16]
    velocity: NDArray[np.float16]


class Transcriber(NamedTuple):
    """A network with its weights, how its output is read, and the weights of :mod:`otowake.music.transcription.offsets`."""

    weights: Weights
    thresholds: Thresholds
    ends: Weights

    def notes(self, values: Posteriors) -> Notes:
        """The notes in the network's output."""
        found = decode(*values, self.thresholds)
        return ended(found, values.sounding, self.ends) if self.ends else found


@lru_cache
def trained() -> Transcriber:
    """The listener that comes with the package."""
    return opened((resources.files("otowake") / "data" / "transcriber.npz").read_bytes())


def opened(content: bytes) -> Transcriber:
    """A listener from the content of a weights file, as ``training`` writes it; :class:`BadInput` if it is damaged."""
    arrays = weights_of(content)
    try:
        thresholds = Thresholds(*arrays.pop("thresholds").tolist())
    except DAMAGE as error:
        raise BadInput(text.NOT_WEIGHTS, why="there are no thresholds") from error
    ends = {k: arrays.pop(k) for k in list(arrays) if k.startswith("ends.")}
    return Transcriber(arrays, thresholds, ends)


def transcribe(sound: Sound, listener: Transcriber | None = None) -> Notes:
    """The notes of a recording.

    Parameters
    ----------
    sound
        Of any rate, length, loudness and number of channels.
    listener
        Another than the trained one that comes with the package.

    Returns
    -------
    The notes in order of onset; none for silence.
    """
    listener = trained() if listener is None else listener
    return listener.notes(posteriors(mono(sound), listener.weights))


def posteriors(samples: Floats, weights: Weights, block: int = BLOCK) -> Posteriors:
    """The network's output for a sound of shape (sample,) at 22,050 Hz; `block` changes memory and speed only."""
    n = frames_of(len(samples))
    found = np.zeros((3, n, KEYS), np.float16)
    reference = level(samples)
    if reference > QUIETEST:
        arrays = {k: jnp.asarray(v) for k, v in weights.items()}
        for start in range(0, n, block):
            heard = vqt(samples, reference, start - REACH, start + block + REACH)
            values = np.asarray(_forward(arrays, heard))[:, REACH : REACH + min(block, n - start)]
            found[:, start : start + block] = values
    return Posteriors(*found)


@program()
def _forward(weights: dict[str, jax.Array], heard: jax.Array) -> jax.Array:
    """Probabilities of shape (3, frame, key) from cells of shape (frame, row, channel)."""
    layer = partial(_layer, weights)
    x = layer("near1", heard)
    x = layer("near2", x)
    x = layer("harmonic1", x)
    for name in ("time1", "harmonic2", "time2", "near3", "time3", "harmonic3", "time4"):
        x = x + layer(name, x)
    return jnp.moveaxis(jax.nn.sigmoid(x @ weights["heads"] + weights["heads.bias"]), 2, 0)


def _layer(weights: dict[str, jax.Array], name: str, x: jax.Array) -> jax.Array:
    kernel, bias = weights[name], weights[f"{name}.bias"]
    if name == "near3":
        bias = bias + x.mean(axis=1, keepdims=True) @ weights["frame"]
    if f"{name}.reduce" in weights:
        x = x @ weights[f"{name}.reduce"]
    if name.startswith("near"):
        y = jax.lax.conv_general_dilated(
            x[None],
            kernel.reshape(3, 3, *kernel.shape[1:]),
            (1, 1),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )[0]
    elif name.startswith("harmonic"):
        y = _shifted(x, kernel, HARMONICS, axis=1, size=KEYS)
    else:
        y = _shifted(
            x, kernel, tuple(TIME[name] * d for d in (-2, -1, 0, 1, 2)), axis=0, size=x.shape[0]
        )
    return jax.nn.relu(y + bias)


def _shifted(
    x: jax.Array, kernel: jax.Array, offsets: tuple[int, ...], axis: int, size: int
) -> jax.Array:
    """The sum over taps of x, moved along an axis, times the tap's matrix; 0 beyond the edges.

    Much faster than a dilated convolution on a CPU.
    """
    before, after = max(0, -min(offsets)), max(0, max(offsets) + size - x.shape[axis])
    padded = jnp.pad(x, [(before, after) if a == axis else (0, 0) for a in range(3)])
    parts = [
        jax.lax.slice_in_dim(padded, before + o, before + o + size, axis=axis) for o in offsets
    ]
    return sum(
        (part @ tap for part, tap in zip(parts[1:], kernel[1:], strict=True)),
        start=parts[0] @ kernel[0],
    )
