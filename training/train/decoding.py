"""Fit the decoder of the transcriber: :mod:`otowake.music.transcription.decoding`.

The weights maximise the likelihood of the true segmentations of held-out clips under the
conditional random field: the network has not trained on these clips, so its posteriors are as
uncertain as on a recording. Two offsets of the beginnings then balance precision and recall.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from otowake.music.transcription.decoding import (
    FRAME_PERIOD,
    N_EVIDENCE,
    DecoderWeights,
    Evidence,
    Posteriors,
    Scores,
    decode,
    evidence,
    scores_of,
)
from otowake.signal.vqt import LOWEST
from training.train.transcriber_metrics import f1_scores

Example = tuple[Posteriors, NDArray[np.float64]]
"""Posteriors of a clip, and its notes: onset, offset, midi, …"""

ONSET_REACH = 2
"""Frames around a true onset in which the segmentation may begin the note."""

OFFSET_REACH = 0.15
"""The same around a true offset, as a share of the note; at least :data:`ONSET_REACH`."""

PENALTY = 1e-4
"""Weight of the squared weights in the loss."""

BALANCES = (-1.5, -0.75, 0.0, 0.75, 1.5)
"""Candidates for the offset of the scores of beginnings."""


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


def fit(examples: Sequence[Example]) -> DecoderWeights:
    """Fit the weights on clips."""
    values, truths = [], []
    for posteriors, notes in examples:
        truth = truth_of(posteriors, notes)
        peak = np.maximum(posteriors.onset, posteriors.frame).max(axis=0)
        used = (peak > 0.1) | truth.inside.any(axis=0)
        part = Posteriors(*(p[:, used].astype(np.float32) for p in posteriors))
        values.append(evidence(part))
        truths.append(Truth(*(p[:, used] for p in truth)))
    n = min(len(t.inside) for t in truths)
    joined = Evidence(
        *(np.concatenate([p[:n] for p in part], 1) for part in zip(*values, strict=True))
    )
    truth = Truth(*(np.concatenate([p[:n] for p in part], 1) for part in zip(*truths, strict=True)))
    weights = maximum_likelihood(joined, truth)
    return balanced(weights, examples)


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
    cuts = np.cumsum([N_EVIDENCE.inside, N_EVIDENCE.start, N_EVIDENCE.start])

    def log_partition(flat: jax.Array) -> jax.Array:
        scores = scores_of(data, DecoderWeights(*jnp.split(flat, cuts)))  # type: ignore[arg-type]

        def step(state: tuple[jax.Array, jax.Array], at: Scores):
            on, off = state
            ways = jnp.logaddexp(jnp.logaddexp(on, off + at.start), on + at.restart)
            return (ways + at.inside, jnp.logaddexp(off, on + at.stop)), None

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

    first = np.concatenate([[0, 0.5], [-4, 1, 0, 0], [-4, 1, 0, 0], [-2, 0, 0]])
    result = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return DecoderWeights(*np.split(result.x, cuts))


def balanced(weights: DecoderWeights, examples: Sequence[Example]) -> DecoderWeights:
    """Add to the scores of beginnings what gives the best sum of both F1 scores."""

    def moved(start: float, restart: float) -> DecoderWeights:
        first = np.eye(N_EVIDENCE.start)[0]
        return weights._replace(
            start=weights.start + start * first, restart=weights.restart + restart * first
        )

    def rate(start: float, restart: float) -> float:
        chosen = moved(start, restart)
        scores = [f1_scores(true, decode(values, chosen)) for values, true in examples if len(true)]
        return float(np.mean(scores, axis=0).sum())

    start = max(BALANCES, key=lambda value: rate(value, 0.0))
    restart = max(BALANCES, key=lambda value: rate(start, value))
    return moved(start, restart)
