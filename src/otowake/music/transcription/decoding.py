"""Decode note events from the posteriors of a network: the best segmentation of every key.

Each key is a sequence of notes and rests. A segmentation has a score: every frame inside a note
adds a linear function of its frame logit, and every beginning and end of a note adds a linear
function of the evidence around it (:func:`evidence`). The Viterbi algorithm finds the segmentation
of the highest score, so that an onset peak, a rise of the frame posterior and a long sounding note
are all evidence of a beginning, and none is a condition. This is a conditional random field with
two states per key (Lafferty et al., "Conditional random fields", 2001; as a semi-Markov model of
segments: Sarawagi & Cohen, 2004). ``training.train.decoding`` fits its weights.

The forward-backward algorithm gives the probability of a beginning at each frame. Its sum around
the onset is the confidence of a note.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.transcription.config import DECODING
from otowake.signal.vqt import HOP, LOWEST, RATE
from otowake.types import Note

FRAME_PERIOD = HOP / RATE
"""Seconds per frame."""

Array = NDArray[np.floating]


class Posteriors(NamedTuple):
    """Output of the network, floating-point arrays of shape (frame, key).

    Attributes
    ----------
    onset
        Onset posterior.
    frame
        Frame posterior.
    velocity
        Velocity, from 0 to 1, of a note with its onset at this frame.
    offset
        Offset posterior.
    sustained
        Posterior of a note that its player sustains (wind, bow, voice) rather than lets ring.
    """

    onset: NDArray[np.floating]
    frame: NDArray[np.floating]
    velocity: NDArray[np.floating]
    offset: NDArray[np.floating]
    sustained: NDArray[np.floating]


class DecoderWeights(NamedTuple):
    """Weights of the scores, float arrays of shape (evidence,).

    Attributes
    ----------
    inside
        Of a frame inside a note: :attr:`Evidence.inside`.
    start
        Of a beginning after a rest: :attr:`Evidence.start`.
    restart
        Of a beginning that ends the note before: :attr:`Evidence.start`.
    stop
        Of an end before a rest: :attr:`Evidence.stop`.
    """

    inside: NDArray[np.floating]
    start: NDArray[np.floating]
    restart: NDArray[np.floating]
    stop: NDArray[np.floating]


class Evidence(NamedTuple):
    """Evidence on each frame of each key, shape (frame, key, evidence); the first is always 1.

    Attributes
    ----------
    inside
        1, frame logit.
    start
        1, onset logit, logarithm of the onset posterior's sum over nearby frames, rise of the frame
        logit, frame logit of the louder adjacent semitone in the frames that follow: under vibrato
        that semitone goes on, and a melody that moves by a semitone leaves it.
    stop
        1, offset logit, fall of the frame logit.
    """

    inside: Array
    start: Array
    stop: Array


N_INSIDE, N_START, N_STOP = 2, 5, 3
"""Number of values of each kind of evidence."""


class Scores(NamedTuple):
    """Scores of the segmentation, shape (frame, key).

    Attributes
    ----------
    inside
        Of a frame inside a note.
    start, restart
        Of a note that begins with this frame, after a rest or after another note.
    stop
        Of a rest that begins with this frame.
    """

    inside: NDArray[np.floating]
    start: NDArray[np.floating]
    restart: NDArray[np.floating]
    stop: NDArray[np.floating]


class Notes(NamedTuple):
    """Notes in order of onset, as arrays of shape (note,).

    Attributes
    ----------
    onset, offset
        In seconds.
    midi
        MIDI pitch.
    velocity, confidence
        From 0 to 1.
    decay_end
        Seconds, end of the audible decay.
    """

    onset: NDArray[np.float64]
    offset: NDArray[np.float64]
    midi: NDArray[np.int64]
    velocity: NDArray[np.float64]
    confidence: NDArray[np.float64]
    decay_end: NDArray[np.float64]

    def as_list(self) -> list[Note]:
        """Convert to a list of :class:`Note`."""
        rows = zip(*(column.tolist() for column in self), strict=True)
        return [
            Note(*row, confidence=confidence, decay_end=max(decay_end, row[1]))
            for *row, confidence, decay_end in rows
        ]


def decode(posteriors: Posteriors, weights: DecoderWeights) -> Notes:
    """Decode the notes of the best segmentation.

    The target of the onset posterior is a triangle around the true time, as in Kong et al.,
    "High-resolution piano transcription with pedals by regressing onset and offset times" (2021);
    the apex follows from the three values around a peak.

    Examples
    --------
    >>> from otowake.music.transcription.transcriber import load_pretrained
    >>> values = Posteriors(*np.zeros((5, 20, 88), np.float32))
    >>> values.onset[4:7, 39], values.velocity[5, 39] = [0.5, 1, 0.5], 0.7
    >>> values.frame[5:11, 39], values.offset[10:13, 39] = 1, [0.5, 1, 0.5]
    >>> decode(values, load_pretrained().decoder).as_list()[0].midi
    60
    """
    active = np.flatnonzero(
        (np.maximum(posteriors.onset, posteriors.frame) > DECODING.min_posterior).any(axis=0)
    )
    values = Posteriors(*(part[:, active].astype(np.float32) for part in posteriors))
    if not len(active):
        return Notes(*(np.zeros(0, kind) for kind in (float, float, int, float, float, float)))
    scores = all_scores(posteriors, active, weights)
    starts, onset, end, keys = timed_segments(values, best_path(scores))
    begins, midi = onset_probability(scores), active[keys] + LOWEST
    confidence = np.clip(_sum_nearby(begins, DECODING.confidence_frames)[starts, keys], 0, 1)
    velocity = np.clip(values.velocity[starts, keys], 0, 1)
    order = np.lexsort((midi, onset))
    onset, end, velocity, confidence = (
        column[order].astype(np.float64) for column in (onset, end, velocity, confidence)
    )
    return Notes(onset, end, midi[order].astype(np.int64), velocity, confidence, end)


def logit(posterior: NDArray[np.floating]) -> NDArray[np.floating]:
    """Compute the logit, limited to :attr:`DecodingConfig.max_logit` on both sides."""
    least = 1 / (1 + np.exp(DECODING.max_logit))
    clipped = np.clip(posterior, least, 1 - least)
    return np.log(clipped / (1 - clipped))


def evidence(posteriors: Posteriors, keys: NDArray[np.intp]) -> Evidence:
    """Collect the evidence on some keys of posteriors of shape (frame, key)."""
    part = Posteriors(*(values[:, keys] for values in posteriors))
    every = logit(posteriors.frame)
    adjacent = np.pad(every, ((0, 0), (1, 1)), constant_values=-DECODING.max_logit)
    adjacent = np.maximum(adjacent[:, :-2], adjacent[:, 2:])[:, keys]
    frame = every[:, keys]
    one = np.ones_like(frame)
    ahead, behind = _mean_ahead(frame), _mean_behind(frame)
    mass = np.log(_sum_nearby(part.onset, DECODING.mass_frames) + DECODING.min_mass)
    start = [one, logit(part.onset), mass, ahead - behind, _mean_ahead(adjacent)]
    return Evidence(
        np.stack([one, frame], axis=2),
        np.stack(start, axis=2),
        np.stack([one, logit(part.offset), behind - ahead], axis=2),
    )


def scores_of(values: Evidence, weights: DecoderWeights) -> Scores:
    """Weight the evidence."""
    return Scores(
        values.inside @ weights.inside,
        values.start @ weights.start,
        values.start @ weights.restart,
        values.stop @ weights.stop,
    )


def all_scores(posteriors: Posteriors, keys: NDArray[np.intp], weights: DecoderWeights) -> Scores:
    """Compute the scores of all frames of some keys, block by block, for memory."""
    n, margin = len(posteriors.frame), max(DECODING.slope_frames, DECODING.mass_frames)
    blocks = []
    for start in range(0, n, DECODING.block_frames):
        first, stop = max(start - margin, 0), start + DECODING.block_frames
        part = Posteriors(*(x[first : stop + margin].astype(np.float32) for x in posteriors))
        scores = scores_of(evidence(part, keys), weights)
        blocks.append([x[start - first : stop - first].astype(np.float32) for x in scores])
    return Scores(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


# Both algorithms keep the difference of the two states' values; only this difference matters, and
# it stays small however long the recording is.


def best_path(scores: Scores) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Find the best segmentation: whether a note sounds, and whether one begins: (frame, key)."""
    n, n_keys = scores.inside.shape
    came_on, came_off = np.empty((n, n_keys), np.int8), np.empty((n, n_keys), np.bool_)
    on = np.full(n_keys, -np.inf)
    for t in range(n):
        ways = np.stack([on, scores.start[t], on + scores.restart[t]])
        stopped = on + scores.stop[t]
        came_on[t], came_off[t] = ways.argmax(axis=0), stopped > 0
        on = ways.max(axis=0) + scores.inside[t] - np.maximum(0, stopped)
    sounds, begins = np.zeros((n, n_keys), np.bool_), np.zeros((n, n_keys), np.bool_)
    sounding = on > 0
    for t in range(n - 1, -1, -1):
        sounds[t] = sounding
        begins[t] = sounding & (came_on[t] > 0)
        sounding = np.where(sounding, came_on[t] != 1, came_off[t])
    return sounds, begins


def onset_probability(scores: Scores) -> NDArray[np.float32]:
    """Compute the probability of a beginning at each frame, by forward-backward: (frame, key)."""
    n, n_keys = scores.inside.shape
    before = np.empty((n, n_keys), np.float32)
    on = np.full(n_keys, -np.inf)
    for t in range(n):
        before[t] = on
        ways = np.logaddexp(np.logaddexp(on, scores.start[t]), on + scores.restart[t])
        on = ways + scores.inside[t] - np.logaddexp(0, on + scores.stop[t])
    begins = np.empty((n, n_keys), np.float32)
    after = np.zeros(n_keys)
    for t in range(n - 1, -1, -1):
        on, enters = before[t], scores.inside[t] + after
        started = np.logaddexp(scores.start[t], on + scores.restart[t]) + enters
        rests = np.logaddexp(0, on + scores.stop[t])
        begins[t] = np.exp(started - np.logaddexp(np.logaddexp(started, on + enters), rests))
        goes_on = np.logaddexp(enters, enters + scores.restart[t])
        after = np.logaddexp(goes_on, scores.stop[t]) - np.logaddexp(0, scores.start[t] + enters)
    return begins


def timed_segments(
    posteriors: Posteriors, path: tuple[NDArray[np.bool_], NDArray[np.bool_]]
) -> tuple[NDArray[np.intp], Array, Array, NDArray[np.intp]]:
    """List the notes of a segmentation by key, then by time.

    Returns
    -------
    The first frame, the onset and the offset in seconds, and the key: arrays of shape (note,).
    """
    starts, ends, keys = _segments(*path)
    onset = _apex(posteriors.onset, starts, keys) * FRAME_PERIOD + DECODING.onset_shift
    onset = np.maximum(onset, 0)
    end = _crossing(posteriors.frame, ends, keys) * FRAME_PERIOD
    joined = np.flatnonzero((keys[1:] == keys[:-1]) & (starts[1:] == ends[:-1]))
    end[joined] = onset[joined + 1]
    return starts, onset, np.maximum(end, onset + FRAME_PERIOD), keys


def _segments(
    sounds: NDArray[np.bool_], begins: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """List the first frame, the end and the key of all notes, by key, then by time."""
    keys, starts = np.nonzero(begins.T)
    n = len(sounds)
    breaks = np.vstack([~sounds | begins, np.ones((1, sounds.shape[1]), np.bool_)])
    index = np.where(breaks, np.arange(n + 1)[:, None], n)
    next_break = np.minimum.accumulate(index[::-1], axis=0)[::-1]
    return starts, next_break[starts + 1, keys], keys


def _apex(onset: Array, starts: NDArray[np.intp], keys: NDArray[np.intp]) -> Array:
    """Find the apex, in frames, of the onset triangle next to each beginning."""
    padded = np.pad(onset, ((2, 3), (0, 0)))
    near_start = padded[starts[:, None] + np.arange(1, 4), keys[:, None]]
    peak = starts + near_start.argmax(axis=1) - 1
    left, middle, right = (padded[peak + 2 + i, keys] for i in (-1, 0, 1))
    shift = (right - left) / (2 * np.maximum(middle - np.minimum(left, right), 1e-6))
    is_peak = middle >= np.maximum(left, right)
    return peak + np.where(is_peak, np.clip(shift, -0.5, 0.5), 0.0)


def _crossing(frame: Array, ends: NDArray[np.intp], keys: NDArray[np.intp]) -> Array:
    """Find the time, in frames, at which the frame posterior falls through one half at each end."""
    padded = np.pad(frame, ((0, 1), (0, 0)))
    last, first = padded[ends - 1, keys], padded[ends, keys]
    share = np.clip((last - 0.5) / np.maximum(last - first, 1e-6), 0, 1)
    return np.add(ends - 1, np.where(last > first, share, 0.5))


def _mean_ahead(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Average over the frames from each on."""
    n = DECODING.slope_frames
    padded = np.pad(values, ((0, n - 1), (0, 0)), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, n, axis=0).mean(axis=2)


def _mean_behind(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Average over the frames before each."""
    n = DECODING.slope_frames
    silence = np.full((n, values.shape[1]), -DECODING.max_logit, values.dtype)
    padded = np.vstack([silence, values[:-1]])
    return np.lib.stride_tricks.sliding_window_view(padded, n, axis=0).mean(axis=2)


def _sum_nearby(values: NDArray[np.floating], reach: int) -> NDArray[np.floating]:
    """Sum over `reach` frames on either side of each."""
    padded = np.pad(values, ((reach, reach), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0).sum(axis=2)
