"""When drums are struck, by a small trained network.

It hears what the short windows of :mod:`otowake.signal.vqt` hear, instant by instant (11.6 ms), as a convolution over time
alone, and says for each instant how likely a kick, a snare (or tom, clap, hand drum) or a hi-hat (or cymbal, or what is shaken) is struck
there. That is where drums in a recording are known from, and whether there are any: a hammer, a key or a breath is as noisy,
but none comes in the spectra and at the times of a kit. Its weights are in ``data/drums.npz``; how it was taught is in
``training/`` of the repository (``python -m training.train.drums``).

Related work: Southall, Stables & Hockman, "Automatic drum transcription for polyphonic recordings using soft attention
mechanisms and convolutional neural networks" (2017); Wu et al., "A review of automatic drum transcription" (2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from otowake import text
from otowake.errors import BadInput
from otowake.music.networks import weights_of
from otowake.music.theory.instruments import DRUMS, KIT, drum_of
from otowake.programs import program
from otowake.signal.vqt import HALF_FRAMES, HOP, QUIETEST, RATE, frames_of, half_frames, level, mono
from otowake.types import Floats, Note, Sound

LAGS, BANDS = 32, 96
"""Frames (0.74 s) and bands of the templates."""

STEP = HOP // HALF_FRAMES / RATE
"""Seconds from instant to instant."""

DILATIONS = (1, 2, 4, 8, 16)
"""Of the convolutions after the first; each has three taps."""

REACH = 17
"""Frames about one by which what is said of it is decided."""

BLOCK = 1024
"""Frames done at once."""

SURE = 0.6
LEAST_SURE, LEAST_RATE = 6, 1.25
"""A recording has drums if this many strokes are surer than `SURE`, and so many in a second."""

COVERED = 0.5
"""The same share of that probability is enough where another drum is struck at the same time, which covers it."""

CLOSEST = 3
"""Instants within which the same drum is not struck again."""

LEVELS = (slice(0, 34), slice(34, 79), slice(79, 100))
"""The rows of cells by which it is judged how hard each drum is struck."""

USUALLY, LOUDER = 0.75, 0.5
"""The velocity of a stroke as loud as the median of its drum's, and what 20 dB more add."""

NEAR = 0.1
"""Seconds within which a stroke of a score is moved to one that is heard."""

LENGTH = 0.1
"""Seconds that a stroke is written to last."""

Weights = dict[str, NDArray[np.float32]]
"""``0`` to ``5`` of shape (tap, in, out) and ``out`` (in, drum), each with ``.bias``."""


class DrumDetector(NamedTuple):
    """A network with its weights; `likely` of shape (drum,), the probability from which on a peak is a stroke; and how the drums mostly
    sound: `spectra` of shape (band, drum, lag), magnitudes that sum to 1 for each drum."""

    weights: Weights
    likely: Floats
    spectra: Floats


class Strokes(NamedTuple):
    """Strokes in order of onset: `onset` in seconds, `drum` (a place in :data:`KIT`), `confidence` and `velocity` from 0 to 1; shape (stroke,)."""

    onset: Floats
    drum: NDArray[np.int64]
    confidence: Floats
    velocity: Floats


@lru_cache
def trained() -> DrumDetector:
    """What comes with the package."""
    return opened((resources.files("otowake") / "data" / "drums.npz").read_bytes())


def opened(content: bytes) -> DrumDetector:
    """The content of a weights file, as ``training`` writes it; :class:`BadInput` if it is damaged."""
    arrays = weights_of(content)
    likely, spectra = (arrays.pop(name, np.zeros(0, np.float32)) for name in ("likely", "spectra"))
    if likely.shape != (len(KIT),) or spectra.shape != (BANDS, len(KIT), LAGS):
        raise BadInput(text.NOT_WEIGHTS, why="there are no spectra of drums")
    return DrumDetector(arrays, likely, spectra)


def bands(frequencies: Floats) -> NDArray[np.intp]:
    """The band that each frequency (in Hz, from 0 to 11,025) lies in: evenly spaced in mel from 30 Hz."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (30.0, RATE / 2))
    mel = 2595 * np.log10(1 + np.asarray(frequencies) / 700)
    return np.clip(((mel - low) / (high - low) * BANDS).astype(int), 0, BANDS - 1)


def templates(frequencies: Floats) -> Floats:
    """How drums mostly sound from their onset on: magnitudes of shape (frequency, drum, lag), the frame before the onset first, for
    windows of 93 ms every 23 ms."""
    return trained().spectra[bands(frequencies)]


def chances(
    samples: Floats, weights: Weights, block: int = BLOCK
) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Probabilities of shape (instant, drum) for a sound of shape (sample,) at 22,050 Hz, 0 for silence, and how loud it is where
    each drum mostly sounds, of the same shape, in units of a cell."""
    n, reference = frames_of(len(samples)), level(samples)
    found, loud = (np.zeros((HALF_FRAMES * n, len(KIT)), np.float16) for _ in range(2))
    if reference > QUIETEST:
        arrays = {k: jnp.asarray(v) for k, v in weights.items()}
        for start in range(0, n, block):
            heard = half_frames(samples, reference, start - REACH, start + block + REACH)
            said, at = np.asarray(_forward(arrays, heard)), HALF_FRAMES * start
            inner = slice(
                HALF_FRAMES * REACH, HALF_FRAMES * REACH + min(HALF_FRAMES * block, len(found) - at)
            )
            found[at : at + HALF_FRAMES * block] = said[inner]
            for drum, rows in enumerate(LEVELS):
                loud[at : at + HALF_FRAMES * block, drum] = heard[inner, rows].mean(axis=1)
    return found, loud


@program()
def _forward(weights: dict[str, jax.Array], heard: jax.Array) -> jax.Array:
    def convolved(x: jax.Array, name: str, dilation: int) -> jax.Array:
        y = jax.lax.conv_general_dilated(
            x[None],
            weights[name],
            (1,),
            "SAME",
            rhs_dilation=(dilation,),
            dimension_numbers=("NWC", "WIO", "NWC"),
        )[0]
        return jax.nn.relu(y + weights[f"{name}.bias"])

    x = convolved(heard, "0", 1)
    for place, dilation in enumerate(DILATIONS, 1):
        x = x + convolved(x, f"{place}", dilation)
    return jax.nn.sigmoid(x @ weights["out"] + weights["out.bias"])


def peaks(
    said: NDArray[np.floating],
    likely: ArrayLike,
    loud: NDArray[np.floating] | None = None,
    covered: float = COVERED,
) -> Strokes:
    """The strokes in what :func:`chances` says: peaks above `likely`, of shape (drum,); all are equally hard where it is not told
    how loud it is.

    Examples
    --------
    >>> said = np.zeros((50, 3))
    >>> said[10, 0], said[30, 2] = 0.9, 0.7
    >>> strokes = peaks(said, [0.5, 0.5, 0.5])
    >>> strokes.drum.tolist(), strokes.onset.round(2).tolist()
    ([0, 2], [0.11, 0.34])
    """
    said = np.asarray(said, np.float64)
    padded = np.pad(said, ((CLOSEST, CLOSEST), (0, 0)), constant_values=-1)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * CLOSEST + 1, axis=0)
    first = around[..., :CLOSEST].max(axis=2) < said
    peak, likely = (said >= around.max(axis=2)) & first, np.asarray(likely, float)
    clear = peak & (said > likely)
    beside = np.lib.stride_tricks.sliding_window_view(
        np.pad(clear, ((CLOSEST, CLOSEST), (0, 0))), 2 * CLOSEST + 1, axis=0
    )
    beneath = beside.any(axis=2).sum(axis=1, keepdims=True) > beside.any(axis=2)
    at, drum = np.nonzero(clear | (peak & beneath & (said > covered * likely)))
    onset, velocity = np.maximum(at * STEP - STEP / 2, 0), np.full(len(at), USUALLY)
    if loud is not None:
        soon = np.minimum(at + np.arange(4)[:, None], len(loud) - 1)
        levels = loud[soon, drum].max(axis=0).astype(np.float64)
        for mine in (drum == number for number in np.unique(drum)):
            velocity[mine] += LOUDER * (levels[mine] - np.median(levels[mine]))
    return Strokes(onset, drum, said[at, drum], np.clip(velocity, 0.05, 1.0))


def detect_drums(
    sound: Sound, *, surely: bool = False, drummer: DrumDetector | None = None
) -> list[Note]:
    """The strokes of a recording's drums as notes, in order of onset; none where it has no drums.

    Parameters
    ----------
    sound
        Of any rate, length, loudness and number of channels.
    surely
        Whether it is known that drums play: then every stroke counts, be they ever so few.
    drummer
        Another than the one that comes with the package.

    Examples
    --------
    >>> from otowake.types import Audio
    >>> t = np.arange(4 * RATE) / RATE % 0.5
    >>> beat = np.sin(2 * np.pi * (55 * t - 6 * np.exp(-40 * t))) * np.exp(-14 * t)
    >>> [(round(note.onset, 1), note.midi) for note in detect_drums(Audio(beat, RATE), surely=True)][1:4]
    [(0.5, 36), (1.0, 36), (1.5, 36)]
    """
    samples = mono(sound)
    drummer = drummer or trained()
    said, loud = chances(samples, drummer.weights)
    strokes = peaks(said, drummer.likely, loud)
    sure = int((strokes.confidence >= SURE).sum())
    if not surely and sure < max(LEAST_SURE, LEAST_RATE * len(samples) / RATE):
        return []
    keys = [drum.key for drum in KIT.values()]
    return [
        Note(
            onset,
            onset + LENGTH,
            keys[drum],
            velocity=velocity,
            is_drum=True,
            confidence=confidence,
            instrument=DRUMS,
        )
        for onset, drum, confidence, velocity in zip(
            *(column.tolist() for column in strokes), strict=True
        )
    ]


def onto(notes: Sequence[Note], heard: Sequence[Note]) -> list[Note]:
    """The notes of a score with its strokes moved to the nearest of the same drum that is heard, where one is near.

    Examples
    --------
    >>> score, heard = [Note(1.0, 1.1, 36, is_drum=True)], [Note(1.04, 1.14, 35, is_drum=True), Note(1.0, 1.1, 42, is_drum=True)]
    >>> onto(score, heard)[0].onset
    1.04
    """
    times = {
        drum: np.array([n.onset for n in heard if drum_of(n.midi) == drum])
        for drum in range(len(KIT))
    }
    moved = []
    for note in notes:
        near = times[drum_of(note.midi)] - note.onset if note.is_drum else np.zeros(0)
        off = float(near[np.abs(near).argmin()]) if len(near) else np.inf
        far = abs(off) > NEAR
        moved.append(
            note if far else replace(note, onset=note.onset + off, offset=note.offset + off)
        )
    return moved
