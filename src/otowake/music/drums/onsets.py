"""Detect drum onsets with a small convolutional network.

The input is the short-window part of the variable-Q transform of :mod:`otowake.signal.vqt`, one
half-frame every 11.6 ms. The network convolves over time only. The output is the probability, for
each half-frame, of a hit on each drum of :data:`~otowake.music.theory.instruments.KIT`. Hammers,
keys and breath are as noisy as drums, so hits count only where those of some seconds are confident
enough for a kit. The weights are in ``data/drums.npz``; ``python -m training.train.drums`` trains
them.

Related work: Southall, Stables & Hockman, "Automatic drum transcription for polyphonic recordings
using soft attention mechanisms and convolutional neural networks" (2017); Wu et al., "A review of
automatic drum transcription" (2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from otowake import text
from otowake.arrays import packaged
from otowake.errors import BadInput
from otowake.music.drums.config import DETECTION
from otowake.music.drums.mel_scale import LOWEST_BAND_HZ, hz_to_mel
from otowake.music.network_weights import weights_of
from otowake.music.theory.instruments import DRUM_ROLES, DRUMS, KIT, drum_role
from otowake.programs import program
from otowake.signal.mono import as_mono
from otowake.signal.vqt import HALF_FRAMES, HOP, RATE, frames_of
from otowake.types import Floats, Note, Sound

TEMPLATE_LAGS = 32
"""Frames of a drum template, 0.74 s."""

TEMPLATE_BANDS = 96
"""Mel bands of a drum template."""

HALF_FRAME_S = HOP // HALF_FRAMES / RATE
"""Seconds from one half-frame to the next."""

DILATIONS = (1, 2, 4, 8, 16)
"""Half-frames, dilations of the three-tap convolutions after the first."""

CONTEXT_FRAMES = 17
"""Frames on either side of a frame that the network uses, its receptive field."""

BLOCK_FRAMES = 1024
"""Frames per run of the network; bounds memory, results do not depend on it."""

ROLE_OF_DRUM = np.array([DRUM_ROLES.index(drum.role) for drum in KIT.values()])
"""Index into :data:`~otowake.music.theory.instruments.DRUM_ROLES` of each drum of the kit."""

Weights = dict[str, NDArray[np.float32]]
"""``0`` to ``5`` of shape (tap, in, out) and ``out`` (in, drum), each with ``.bias``."""


class DrumDetector(NamedTuple):
    """A trained network and the mean spectra of kits.

    Attributes
    ----------
    weights
        The weights of the network.
    thresholds
        Shape (role,): the probability above which a peak is a hit.
    min_evidence
        The least evidence of a kit (:func:`kit_evidence`) with which hits count.
    spectra
        Shape (band, role, lag): the mean magnitudes of the drum of each role; their sum is 1.
    """

    weights: Weights
    thresholds: Floats
    min_evidence: float
    spectra: Floats


class Hits(NamedTuple):
    """Drum hits in order of onset, each column of shape (hit,).

    Attributes
    ----------
    onset
        Seconds.
    drum
        Index into :data:`~otowake.music.theory.instruments.KIT`.
    confidence, velocity
        From 0 to 1.
    """

    onset: Floats
    drum: NDArray[np.int64]
    confidence: Floats
    velocity: Floats


@lru_cache
def load_pretrained() -> DrumDetector:
    """Load the detector that comes with the package."""
    return load_weights(packaged("drums.npz"))


def load_weights(content: bytes) -> DrumDetector:
    """Read the content of a weights file that ``training`` has written.

    Raises
    ------
    BadInput
        If the content is damaged.
    """
    arrays = weights_of(content)
    thresholds, evidence, spectra = (
        arrays.pop(name, np.zeros(0, np.float32)) for name in ("thresholds", "evidence", "spectra")
    )
    if evidence.size != 1 or thresholds.shape != (len(DRUM_ROLES),) or spectra.shape != (
        TEMPLATE_BANDS, len(DRUM_ROLES), TEMPLATE_LAGS,
    ):  # fmt: skip
        raise BadInput(text.NOT_WEIGHTS, why="there are no thresholds and spectra of drums")
    return DrumDetector(arrays, thresholds, float(evidence.item()), spectra)


def band_indices(frequencies: Floats) -> NDArray[np.intp]:
    """Return the mel band of each frequency (Hz, from 0 to 11,025)."""
    low, high = (hz_to_mel(hz) for hz in (LOWEST_BAND_HZ, RATE / 2))
    mel = hz_to_mel(np.asarray(frequencies))
    bands = ((mel - low) / (high - low) * TEMPLATE_BANDS).astype(int)
    return np.clip(bands, 0, TEMPLATE_BANDS - 1)


def drum_templates(frequencies: Floats) -> Floats:
    """Return the mean magnitudes of the drum of each role at some frequencies (Hz).

    The shape is (frequency, role, lag). Lag 0 is the frame before the onset; frames are 93 ms long
    and 23 ms apart.
    """
    return load_pretrained().spectra[band_indices(frequencies)]


def hit_probabilities(
    sound: Sound, weights: Weights, block: int = BLOCK_FRAMES
) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Run the network over a recording, block by block.

    Parameters
    ----------
    sound
        Of any rate, length, loudness and number of channels.
    weights
        The weights of the network.
    block
        Frames per run.

    Returns
    -------
    Probabilities of shape (half-frame, drum), 0 for silence; and the level of each drum's
    frequency range, of the same shape, in units of the variable-Q transform (20 dB).
    """
    mono = as_mono(sound)
    n = frames_of(mono.n_samples)
    probabilities, levels = (np.zeros((HALF_FRAMES * n, len(KIT)), np.float16) for _ in range(2))
    if not mono.is_silent:
        arrays = {k: jnp.asarray(v) for k, v in weights.items()}
        for start in range(0, n, block):
            features = mono.half_frames(start - CONTEXT_FRAMES, start + block + CONTEXT_FRAMES)
            output, first = np.asarray(_forward(arrays, features)), HALF_FRAMES * start
            margin = HALF_FRAMES * CONTEXT_FRAMES
            inner = slice(margin, margin + min(HALF_FRAMES * block, len(probabilities) - first))
            probabilities[first : first + HALF_FRAMES * block] = output[inner]
            for drum, rows in enumerate(DETECTION.level_rows):
                levels[first : first + HALF_FRAMES * block, drum] = features[inner, rows].mean(
                    axis=1
                )
    return probabilities, levels


@program()
def _forward(weights: dict[str, jax.Array], features: jax.Array) -> jax.Array:
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

    x = convolved(features, "0", 1)
    for layer, dilation in enumerate(DILATIONS, 1):
        x = x + convolved(x, f"{layer}", dilation)
    return jax.nn.sigmoid(x @ weights["out"] + weights["out.bias"])


def pick_hits(
    probabilities: NDArray[np.floating],
    thresholds: ArrayLike,
    levels: NDArray[np.floating] | None = None,
) -> Hits:
    """Pick the peaks of the probabilities of each role, and name their drums.

    The probability of a role is the sum of those of its drums, which seldom hit together; the most
    probable drum is hit.

    Parameters
    ----------
    probabilities, levels
        The output of :func:`hit_probabilities`. Without levels all hits have the same velocity.
    thresholds
        Shape (role,).

    Examples
    --------
    >>> probabilities = np.zeros((50, len(KIT)))
    >>> probabilities[10, 0], probabilities[30, 3:5] = 0.9, (0.3, 0.4)
    >>> hits = pick_hits(probabilities, [0.5, 0.5, 0.5])
    >>> [list(KIT)[drum] for drum in hits.drum], hits.onset.round(2).tolist()
    (['kick', 'cymbal'], [0.11, 0.34])
    """
    reach = DETECTION.min_distance
    by_drum = np.asarray(probabilities, np.float64)
    by_role = np.minimum(by_drum @ np.eye(len(DRUM_ROLES))[ROLE_OF_DRUM], 1.0)
    padded = np.pad(by_role, ((reach, reach), (0, 0)), constant_values=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    is_first = windows[..., :reach].max(axis=2) < by_role
    is_peak = (by_role >= windows.max(axis=2)) & is_first
    half_frame, role = np.nonzero(is_peak & (by_role > np.asarray(thresholds, float)))
    drum = np.where(role[:, None] == ROLE_OF_DRUM, by_drum[half_frame], -1.0).argmax(axis=1)
    onset = np.maximum(half_frame * HALF_FRAME_S - HALF_FRAME_S / 2, 0)
    velocity = np.full(len(half_frame), DETECTION.median_velocity)
    if levels is not None:
        following = half_frame + np.arange(DETECTION.level_half_frames)[:, None]
        following = np.minimum(following, len(levels) - 1)
        level_of_hit = levels[following, drum].max(axis=0).astype(np.float64)
        for of_drum in (drum == number for number in np.unique(drum)):
            velocity[of_drum] += DETECTION.velocity_slope * (
                level_of_hit[of_drum] - np.median(level_of_hit[of_drum])
            )
    confidence = by_role[half_frame, role]
    return Hits(onset, drum, confidence, np.clip(velocity, DETECTION.min_velocity, 1.0))


def kit_evidence(hits: Hits, seconds: float) -> Floats:
    """Compute how much evidence of a kit there is around each hit, shape (hit,).

    The evidence is the sum of a power of the confidences of the hits in a window, which stays
    within the recording of some seconds. In a shorter recording, of at least half a window, it is
    what a whole window would have at the same rate.

    Examples
    --------
    >>> confidence = np.array([0.5, 1.0, 1.0])
    >>> hits = Hits(np.array([1.0, 1.5, 30.0]), np.zeros(3, int), confidence, confidence)
    >>> kit_evidence(hits, 40.0).tolist()
    [1.125, 1.125, 1.0]
    """
    window = DETECTION.evidence_window
    centre = np.clip(hits.onset, window / 2, max(seconds - window / 2, window / 2))
    total = np.append(0.0, np.cumsum(hits.confidence**DETECTION.evidence_power))
    first = np.searchsorted(hits.onset, centre - window / 2, "left")
    last = np.searchsorted(hits.onset, centre + window / 2, "right")
    return (total[last] - total[first]) * window / np.clip(seconds, window / 2, window)


def detect_drums(
    sound: Sound, *, assume_drums: bool = False, detector: DrumDetector | None = None
) -> list[Note]:
    """Detect the drum hits of a recording as notes in order of onset; none where there is no kit.

    Parameters
    ----------
    sound
        Of any rate, length, loudness and number of channels.
    assume_drums
        Keep all hits, however few: the recording is known to have drums.
    detector
        The network; by default the one that comes with the package.

    Examples
    --------
    >>> from otowake.types import Audio
    >>> t = np.arange(4 * RATE) / RATE % 0.5
    >>> beat = np.sin(2 * np.pi * (55 * t - 6 * np.exp(-40 * t))) * np.exp(-14 * t)
    >>> notes = detect_drums(Audio(beat, RATE), assume_drums=True)
    >>> [(round(note.onset, 1), note.midi) for note in notes[1:4]]
    [(0.5, 36), (1.0, 36), (1.5, 36)]
    """
    mono = as_mono(sound)
    detector = detector or load_pretrained()
    probabilities, levels = hit_probabilities(mono, detector.weights)
    hits = pick_hits(probabilities, detector.thresholds, levels)
    if not assume_drums:
        is_kit = kit_evidence(hits, mono.n_samples / RATE) >= detector.min_evidence
        hits = Hits(
            hits.onset[is_kit],
            hits.drum[is_kit],
            hits.confidence[is_kit],
            hits.velocity[is_kit],
        )
    keys = [drum.key for drum in KIT.values()]
    return [
        Note(
            onset,
            onset + DETECTION.note_length,
            keys[drum],
            velocity=velocity,
            is_drum=True,
            confidence=confidence,
            instrument=DRUMS,
        )
        for onset, drum, confidence, velocity in zip(
            *(column.tolist() for column in hits), strict=True
        )
    ]


def align_hits(notes: Sequence[Note], detected: Sequence[Note]) -> list[Note]:
    """Move the drum hits of a score to the nearest detected hits of the same role.

    A hit without a detected one in reach, and a pitched note, stay unchanged.

    Examples
    --------
    >>> score = [Note(1.0, 1.1, 36, is_drum=True)]
    >>> kick, hat = Note(1.04, 1.14, 35, is_drum=True), Note(1.0, 1.1, 42, is_drum=True)
    >>> align_hits(score, [kick, hat])[0].onset
    1.04
    """
    times = {
        role: np.array([n.onset for n in detected if drum_role(n.midi) == role])
        for role in range(len(DRUM_ROLES))
    }
    aligned = []
    for note in notes:
        differences = times[drum_role(note.midi)] - note.onset if note.is_drum else np.zeros(0)
        shift = float(differences[np.abs(differences).argmin()]) if len(differences) else np.inf
        if abs(shift) > DETECTION.alignment_reach:
            aligned.append(note)
        else:
            aligned.append(replace(note, onset=note.onset + shift, offset=note.offset + shift))
    return aligned
