"""Fit the decoder of the transcriber: :mod:`otowake.music.transcription.decoding`.

The clips are held out: the network has not trained on them, so its posteriors are as uncertain as
on a recording. The weights first maximise the likelihood of the true segmentations under the
conditional random field. A random search then raises the F1 scores of notes and frames on one half
of the clips; of its steps the one that is best on the other half counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from otowake.music.transcription.config import DECODING
from otowake.music.transcription.decoding import (
    FRAME_PERIOD,
    N_INSIDE,
    N_START,
    DecoderWeights,
    Evidence,
    Notes,
    Posteriors,
    Scores,
    best_path,
    evidence,
    scores_of,
    timed_segments,
)
from otowake.music.transcription.evaluation import frame_f1
from otowake.music.transcription.transcriber import N_KEYS
from otowake.signal.vqt import LOWEST
from training.train.transcriber_metrics import f1_scores

MIN_POSTERIOR = DECODING.min_posterior
"""Keys that stay below have no notes."""

Example = tuple[Posteriors, NDArray[np.float64]]
"""Posteriors of a clip, and its notes: onset, offset, midi, …"""

ONSET_REACH = 2
"""Frames around a true onset in which the segmentation may begin the note."""

OFFSET_REACH = 0.15
"""The same around a true offset, as a share of the note; at least :data:`ONSET_REACH`."""

PENALTY = 1e-4
"""Weight of the squared weights in the loss."""

SEARCH_STEPS = 150
"""Steps of the random search."""

SCORE_WEIGHTS = np.array([1.0, 0.5, 1.0])
"""Weights of the F1 scores of onsets, of whole notes and of frames in the search."""


class Truth(NamedTuple):
    """A true segmentation, boolean arrays of shape (frame, key); fields as in :class:`Scores`."""

    inside: NDArray[np.bool_]
    start: NDArray[np.bool_]
    restart: NDArray[np.bool_]
    stop: NDArray[np.bool_]


def truth_of(posteriors: Posteriors, notes: NDArray[np.float64]) -> Truth:
    """Return the segmentation of the true notes.

    Within the reach of the truth a note begins at the highest onset posterior, and ends where the
    frame posterior falls most.
    """
    n, n_keys = posteriors.frame.shape
    truth = Truth(*(np.zeros((n + 1, n_keys), np.bool_) for _ in Truth._fields))
    frame = np.pad(posteriors.frame.astype(np.float32), ((1, 1), (0, 0)))
    fall = frame[:-1] - frame[1:]
    for key in np.unique(notes[:, 2].astype(int)) - LOWEST:
        if not 0 <= key < n_keys:
            continue
        of_key = notes[notes[:, 2] == key + LOWEST]
        of_key = of_key[np.argsort(of_key[:, 0])]
        begin = of_key[:, 0] / FRAME_PERIOD
        stop = np.minimum(of_key[:, 1] / FRAME_PERIOD, np.append(begin[1:], n))
        until = 0
        for i, (start, end) in enumerate(zip(begin.tolist(), stop.tolist(), strict=True)):
            first = max(until, int(np.ceil(start - ONSET_REACH)))
            last = min(n - 1, int(np.floor(start + ONSET_REACH)), int(end))
            if last < first:
                continue
            onset = posteriors.onset[first : last + 1, key]
            nearest = -1e-3 * np.abs(np.arange(first, last + 1) - start)
            first = first + int((onset + nearest).argmax())
            reach = max(ONSET_REACH, OFFSET_REACH * (end - start))
            low, high = (
                max(first + 1, int(np.ceil(end - reach))),
                min(n, int(np.floor(end + reach))),
            )
            if i + 1 < len(begin):
                high = min(high, int(begin[i + 1]))
            if high > low:
                nearest = -1e-3 * np.abs(np.arange(low, high + 1) - end)
                low += int((fall[low : high + 1, key] + nearest).argmax())
            stopped = min(low, n)
            joins = bool(first and until == first and truth.inside[first - 1, key])
            truth.stop[first, key] &= not joins
            (truth.restart if joins else truth.start)[first, key] = True
            truth.inside[first:stopped, key] = True
            truth.stop[stopped, key] = True
            until = stopped
    return Truth(*(part[:n] for part in truth))


class Joined(NamedTuple):
    """Clips side by side: the keys of all clips that may sound are the columns of one segmentation.

    Attributes
    ----------
    values
        Posteriors, shape (frame, column).
    evidence
        Their evidence.
    keys
        Key of each column.
    clip
        Clip of each column.
    notes
        True notes of each clip.
    """

    values: Posteriors
    evidence: Evidence
    keys: NDArray[np.intp]
    clip: NDArray[np.intp]
    notes: list[NDArray[np.float64]]

    def truth(self) -> Truth:
        """Return the true segmentation."""
        parts = []
        for index, notes in enumerate(self.notes):
            columns = self.clip == index
            every = Posteriors(*(np.zeros((len(x), N_KEYS), np.float32) for x in self.values))
            for whole, part in zip(every, self.values, strict=True):
                whole[:, self.keys[columns]] = part[:, columns]
            truth = truth_of(every, notes)
            parts.append([part[:, self.keys[columns]] for part in truth])
        return Truth(*(np.concatenate(part, axis=1) for part in zip(*parts, strict=True)))

    def score(self, weights: DecoderWeights) -> float:
        """Return the weighted sum of the mean F1 scores."""
        scores = Scores(*(x.astype(np.float32) for x in scores_of(self.evidence, weights)))
        _, onset, offset, column = timed_segments(self.values, best_path(scores))
        rates = []
        for index, true in enumerate(self.notes):
            use = self.clip[column] == index
            midi = self.keys[column[use]] + LOWEST
            zeros = np.zeros(len(midi))
            notes = Notes(onset[use], offset[use], midi, zeros, zeros, offset[use])
            table = np.stack([notes.onset, notes.offset, midi], axis=1)
            rates.append((*f1_scores(true, notes), frame_f1(true, table)))
        return float(np.mean(rates, axis=0) @ SCORE_WEIGHTS)


def joined(examples: Sequence[Example]) -> Joined:
    """Join clips; shorter ones are padded with silence."""
    n = max(len(values.frame) for values, _ in examples)
    parts, known, keys, clip = [], [], [], []
    for index, (values, _) in enumerate(examples):
        active = np.flatnonzero(np.maximum(values.onset, values.frame).max(axis=0) > MIN_POSTERIOR)
        padding = ((0, n - len(values.frame)), (0, 0))
        padded = Posteriors(*(np.pad(x.astype(np.float32), padding) for x in values))
        parts.append([x[:, active] for x in padded])
        known.append(evidence(padded, active))
        keys.append(active)
        clip.append(np.full(len(active), index))
    return Joined(
        Posteriors(*(np.concatenate(part, axis=1) for part in zip(*parts, strict=True))),
        Evidence(*(np.concatenate(part, axis=1) for part in zip(*known, strict=True))),
        np.concatenate(keys),
        np.concatenate(clip),
        [notes for _, notes in examples],
    )


def fit(examples: Sequence[Example], steps: int = SEARCH_STEPS) -> DecoderWeights:
    """Fit the weights on clips."""
    clips, others = joined(examples[::2]), joined(examples[1::2])
    weights = maximum_likelihood(clips.evidence, clips.truth())
    return searched(weights, clips.score, others.score, steps)


def searched(
    weights: DecoderWeights,
    score: Callable[[DecoderWeights], float],
    validate: Callable[[DecoderWeights], float],
    steps: int,
) -> DecoderWeights:
    """Raise `score` by random steps; return the accepted weights of the highest `validate`.

    A step changes one to three weights. The size of a weight's steps adapts to their success.
    """
    rng, cuts = np.random.default_rng(0), np.cumsum([len(part) for part in weights])[:-1]
    at = np.concatenate(weights)
    size = np.maximum(0.4 * np.abs(at), 0.3)
    highest, best = score(weights), (validate(weights), weights)
    for _ in range(steps):
        changed = rng.choice(len(at), int(rng.integers(1, 4)), replace=False)
        step = np.zeros(len(at))
        step[changed] = rng.normal(size=len(changed)) * size[changed]
        tried = DecoderWeights(*np.split(at + step, cuts))
        value = score(tried)
        size[changed] = np.maximum(size[changed] * (1.2 if value > highest else 0.93), 0.02)
        if value > highest:
            highest, at = value, at + step
            best = max(best, (validate(tried), tried), key=lambda pair: pair[0])
    return best[1]


def maximum_likelihood(values: Evidence, truth: Truth) -> DecoderWeights:
    """Maximise the likelihood of the truth."""
    n_keys = values.inside.shape[1]
    data = Evidence(*(jnp.asarray(v, jnp.float32) for v in values))
    totals = DecoderWeights(
        *(
            np.asarray(v[t].sum(axis=0), np.float64)
            for v, t in zip(
                (values.inside, values.start, values.start, values.stop), truth, strict=True
            )
        )
    )
    cuts = [N_INSIDE, N_INSIDE + N_START, N_INSIDE + 2 * N_START]

    def log_partition(flat: jax.Array) -> jax.Array:
        inside, start, restart, stop = jnp.split(flat, cuts)
        scores = (data.inside @ inside, data.start @ start, data.start @ restart, data.stop @ stop)

        def step(state: tuple[jax.Array, jax.Array], at: tuple[jax.Array, ...]):
            on, off = state
            inside, start, restart, stop = at
            ways = jnp.logaddexp(jnp.logaddexp(on, off + start), on + restart)
            return (ways + inside, jnp.logaddexp(off, on + stop)), None

        begin = jnp.full(n_keys, -1e6), jnp.zeros(n_keys)
        (on, off), _ = jax.lax.scan(step, begin, scores)
        return jnp.logaddexp(on, off).mean()

    gradient = jax.jit(jax.value_and_grad(log_partition))
    expected = np.concatenate(totals) / n_keys

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = gradient(jnp.asarray(flat, jnp.float32))
        return (
            float(value) - float(expected @ flat) + PENALTY * float(flat @ flat),
            np.asarray(slope, np.float64) - expected + 2 * PENALTY * flat,
        )

    begins = np.concatenate([[-4, 1], np.zeros(N_START - 2)])
    first = np.concatenate([[0, 0.5], begins, begins, [-2, 0, 0]])
    result = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return DecoderWeights(*np.split(result.x, cuts))
