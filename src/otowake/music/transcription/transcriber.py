"""Transcribe a recording with a small trained network.

The features are :mod:`otowake.signal.vqt`, the weights are in ``data/transcriber.npz``;
``training/`` of the repository trains the network (``python -m training``), which does not
distinguish instruments. Inference runs on blocks of fixed size, each with the network's receptive
field as context, so the result equals that of the whole recording in one piece. Memory holds the
sound and the posteriors only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from otowake import text
from otowake.arrays import packaged
from otowake.errors import BadInput
from otowake.music.network_weights import Weights, weights_of
from otowake.music.transcription.config import TRANSCRIBER
from otowake.music.transcription.decoding import DecoderWeights, Notes, Posteriors, decode
from otowake.music.transcription.offsets import refine_offsets
from otowake.programs import program
from otowake.signal.mono import as_mono
from otowake.signal.vqt import frames_of
from otowake.types import Floats, Sound
from otowake.untrusted import DAMAGE

N_KEYS = 88
"""Pitches of the output: MIDI 21 to 108."""

N_HEADS = len(Posteriors._fields)
"""Outputs for each frame and key."""

NARROW_CHANNELS, WIDE_CHANNELS = 48, 64
"""Channels of the network."""

HARMONIC_TAPS = (0, 12, 19, 24, 28, 31, 34, 36, -12, -19, -24)
"""Taps of harmonic layers, in rows: partials 1 to 8, and subharmonics 2, 3 and 4."""

TIME_DILATIONS = {"time1": 1, "time2": 2, "time3": 4, "time4": 8, "time5": 16}
"""Dilations of the layers over time, in frames."""

CONTEXT_FRAMES = 3 + 2 * sum(TIME_DILATIONS.values())
"""Frames before and after a frame in the receptive field."""


class Transcriber(NamedTuple):
    """A trained network with its decoding.

    Attributes
    ----------
    weights
        Weights of the network.
    decoder
        Weights of :mod:`otowake.music.transcription.decoding`.
    offset_weights
        Weights of :mod:`otowake.music.transcription.offsets`; if empty, offsets stay as decoded.
    """

    weights: Weights
    decoder: DecoderWeights
    offset_weights: Weights

    def notes(self, values: Posteriors) -> Notes:
        """Decode the notes of posteriors."""
        decoded = decode(values, self.decoder)
        if not self.offset_weights:
            return decoded
        return refine_offsets(decoded, values, self.offset_weights)


@lru_cache
def load_pretrained() -> Transcriber:
    """Load the transcriber that ships with the package."""
    return load_weights(packaged("transcriber.npz"))


def load_weights(content: bytes) -> Transcriber:
    """Load a transcriber from the content of a weights file that ``training`` has written.

    Raises
    ------
    BadInput
        If the content is damaged.
    """
    arrays = weights_of(content)
    try:
        decoder = DecoderWeights(*(arrays.pop(f"decoder.{k}") for k in DecoderWeights._fields))
    except DAMAGE as error:
        raise BadInput(text.NOT_WEIGHTS, why="there is no decoder") from error
    offset_weights = {k: arrays.pop(k) for k in list(arrays) if k.startswith("ends.")}
    return Transcriber(arrays, decoder, offset_weights)


def transcribe(sound: Sound, transcriber: Transcriber | None = None) -> Notes:
    """Transcribe the notes of a recording.

    Parameters
    ----------
    sound
        Of any rate, length, loudness and number of channels.
    transcriber
        By default the one that ships with the package.

    Returns
    -------
    The notes in order of onset; none for silence.
    """
    transcriber = load_pretrained() if transcriber is None else transcriber
    return transcriber.notes(posteriors(sound, transcriber.weights))


def posteriors(sound: Sound, weights: Weights, block: int = TRANSCRIBER.block_frames) -> Posteriors:
    """Compute the network's output for a recording.

    The size of a `block`, in frames, changes only memory and speed.
    """
    mono = as_mono(sound)
    n = frames_of(mono.n_samples)
    if mono.is_silent:
        return Posteriors(*np.zeros((N_HEADS, n, N_KEYS), np.float16))
    return posteriors_of(mono.vqt, n, weights, block)


def posteriors_of(
    vqt: Callable[[int, int], Floats],
    n: int,
    weights: Weights,
    block: int = TRANSCRIBER.block_frames,
) -> Posteriors:
    """Compute the network's output for `n` frames; `vqt` returns a range of the spectrogram."""
    output = np.zeros((N_HEADS, n, N_KEYS), np.float16)
    arrays = {k: jnp.asarray(v) for k, v in weights.items()}
    for start in range(0, n, block):
        features = vqt(start - CONTEXT_FRAMES, start + block + CONTEXT_FRAMES)
        size = min(block, n - start)
        values = np.asarray(_forward(arrays, features))
        output[:, start : start + size] = values[:, CONTEXT_FRAMES : CONTEXT_FRAMES + size]
    return Posteriors(*output)


@program()
def _forward(weights: dict[str, jax.Array], features: jax.Array) -> jax.Array:
    """Compute posteriors (head, frame, key) from features of shape (frame, row, channel)."""
    layer = partial(_layer, weights)
    x = layer("near1", features)
    x = layer("near2", x)
    x = layer("harmonic1", x)
    for name in ("time1", "harmonic2", "time2", "near3", "time3", "harmonic3", "time4", "time5"):
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
        y = _shifted(x, kernel, HARMONIC_TAPS, axis=1, size=N_KEYS)
    else:
        y = _shifted(
            x,
            kernel,
            tuple(TIME_DILATIONS[name] * d for d in (-2, -1, 0, 1, 2)),
            axis=0,
            size=x.shape[0],
        )
    return jax.nn.relu(y + bias)


def _shifted(
    x: jax.Array, kernel: jax.Array, offsets: tuple[int, ...], axis: int, size: int
) -> jax.Array:
    """Sum over taps: x, moved along an axis, times the tap's matrix; 0 beyond the edges.

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
