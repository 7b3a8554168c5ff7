"""Track beats: candidate sequences of beats at every tempo, from note onsets.

Notes that start together form an event. For each of several bands of periods, dynamic programming
over the time and the period of a beat finds the sequence of beats whose grid of halves, quarters
and thirds meets the events. The period may change a little from beat to beat: at a low cost, so
that a sequence follows accelerando and rubato, and at a high one, for steady music.
:mod:`otowake.music.theory.metre` chooses among the sequences.

Related work: Whiteley, Cemgil & Godsill, "Bayesian modelling of temporal structure in musical
audio" (2006); Krebs, Böck & Widmer, "An efficient state-space model for joint tempo and meter
tracking" (2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.theory.config import BEATS
from otowake.music.theory.instruments import DRUM_KEYS, DRUM_ROLES
from otowake.types import Floats, Note


class Events(NamedTuple):
    """Groups of notes that start together, in order of time.

    Attributes
    ----------
    times
        Seconds, shape (event,).
    weights
        Salience, shape (event,).
    lowest
        MIDI number of the lowest pitched note; NaN without one.
    length
        Duration of the longest pitched note in seconds; 0 without one.
    n_notes
        Number of pitched notes.
    velocity
        Largest velocity.
    drums
        Whether a drum of each of :data:`~otowake.music.theory.instruments.DRUM_ROLES` is hit, shape
        (event, role).
    pitches
        Whether each pitch class sounds from here to the next event, shape (event, pitch class).
    """

    times: Floats
    weights: Floats
    lowest: Floats
    length: Floats
    n_notes: Floats
    velocity: Floats
    drums: NDArray[np.bool_]
    pitches: NDArray[np.bool_]


TIMEKEEPER_KEYS = frozenset((*DRUM_KEYS["hi-hat"], *DRUM_KEYS["cymbal"], 54, 69, 70))
"""General MIDI keys of hi-hats, cymbals, tambourines and shakers."""


def _beat_role(key: int) -> int:
    """Return what a drum does in a beat, as an index into DRUM_ROLES; hand drums act as snares."""
    return 0 if key in DRUM_KEYS["kick"] else 2 if key in TIMEKEEPER_KEYS else 1


def events_of(notes: Sequence[Note]) -> Events:
    """Group notes by onset.

    Examples
    --------
    >>> events = events_of([Note(0, 1, 60), Note(0.01, 1, 64), Note(1, 2, 48)])
    >>> events.times.round(2).tolist(), events.lowest.tolist(), events.n_notes.tolist()
    ([0.0, 1.0], [60.0, 48.0], [2.0, 1.0])
    """
    ordered = sorted(notes, key=lambda note: note.onset)
    onsets = np.array([note.onset for note in ordered])
    group = np.zeros(len(ordered), int)
    first, number = -np.inf, -1
    for i, onset in enumerate(onsets.tolist()):
        if onset - first > BEATS.event_gap:
            first, number = onset, number + 1
        group[i] = number
    n = number + 1
    is_drum = np.array([note.is_drum for note in ordered], bool)
    midi = np.array([note.midi for note in ordered], float)
    velocity = np.array([note.velocity for note in ordered])
    length = np.array([note.offset - note.onset for note in ordered])
    size = np.bincount(group, minlength=n)
    lowest = np.full(n, np.inf)
    np.minimum.at(lowest, group[~is_drum], midi[~is_drum])
    longest, loudest = np.zeros(n), np.zeros(n)
    np.maximum.at(longest, group[~is_drum], length[~is_drum])
    np.maximum.at(loudest, group, velocity)
    drums = np.zeros((n, len(DRUM_ROLES)), bool)
    for i in np.flatnonzero(is_drum).tolist():
        drums[group[i], _beat_role(ordered[i].midi)] = True
    times = np.bincount(group, onsets, n) / np.maximum(size, 1)
    pitches = np.zeros((n, 12), bool)
    for i in np.flatnonzero(~is_drum).tolist():
        last = int(np.searchsorted(times, ordered[i].offset - BEATS.event_gap))
        pitches[group[i] : max(last, group[i] + 1), int(midi[i]) % 12] = True
    return Events(
        times,
        np.sqrt(np.bincount(group, BEATS.velocity_offset + velocity, n)),
        np.where(np.isfinite(lowest), lowest, np.nan),
        longest,
        np.bincount(group, np.where(is_drum, 0.0, 1.0), n).astype(float),
        loudest,
        drums,
        pitches,
    )


def beat_tracks(
    events: Events, tempo: float | None = None, freedom: float | None = None
) -> list[Floats]:
    """Find candidate sequences of beats in seconds, free and steady ones for each band of periods.

    Parameters
    ----------
    events
        At least two events.
    tempo
        Beats per minute, if known; then the sequences are near this tempo.
    freedom
        Nats per squared octave by which a beat may differ from the band's period; by default
        :attr:`BeatConfig.band_cost`, or :attr:`BeatConfig.given_cost` with a tempo.

    Examples
    --------
    >>> events = events_of([Note(0.5 * i, 0.5 * i + 0.4, 60) for i in range(12)])
    >>> beats, *_ = beat_tracks(events, tempo=120)
    >>> np.diff(beats).round(2).tolist()[:3]
    [0.5, 0.5, 0.5]
    """
    centres = np.geomspace(BEATS.min_period, BEATS.max_period, BEATS.n_bands)
    cost = BEATS.band_cost
    if tempo is not None:
        centres, cost = np.array([60 / tempo]), BEATS.given_cost
    if freedom is not None:
        cost = freedom
    curve = _curve(events)
    paths = [
        path
        for change_cost in BEATS.change_costs
        for path in _best_paths(curve, _states(centres, cost, change_cost), len(centres))
    ]
    tracks = []
    for points in paths:
        beats = _refined(points * BEATS.frame - BEATS.lead, events)
        period = float(np.median(np.diff(beats))) if len(beats) > 1 else 0.0
        if len(beats) < 3 or any(
            len(beats) == len(other) and np.abs(beats - other).max() < 0.1 * period
            for other in tracks
        ):
            continue
        tracks.append(beats)
    return tracks


class _States(NamedTuple):
    """States of the dynamic programming: band and period.

    Attributes
    ----------
    band
        Shape (state,).
    period
        Frames, shape (state,).
    before
        Indices of possible states before, shape (state, candidate).
    change
        Cost of each, shape (state, candidate).
    cost
        Cost of the state, shape (state,).
    """

    band: NDArray[np.intp]
    period: NDArray[np.intp]
    before: NDArray[np.intp]
    change: Floats
    cost: Floats


def _states(centres: Floats, cost: float, change_cost: float) -> _States:
    band: list[int] = []
    period: list[int] = []
    for number, centre in enumerate(centres.tolist()):
        low = max(int(centre / BEATS.band_reach / BEATS.frame), 3)
        high = int(centre * BEATS.band_reach / BEATS.frame) + 2
        frames = np.unique(np.rint(np.geomspace(low, high, BEATS.n_periods)).astype(int))
        band += [number] * len(frames)
        period += frames.tolist()
    bands, periods = np.array(band), np.array(period)
    n = len(bands)
    reach = BEATS.n_changes
    index = np.arange(n)[:, None] + np.arange(-reach, reach + 1)
    inside = (index >= 0) & (index < n)
    index = np.clip(index, 0, n - 1)
    inside &= bands[index] == bands[:, None]
    octaves = np.log2(periods[index] / periods[:, None])
    change = np.where(inside, change_cost * octaves**2, np.inf)
    off = np.log2(periods * BEATS.frame / centres[bands])
    return _States(bands, periods, index, change, cost * off**2)


def _curve(events: Events) -> Floats:
    """Compute the onset salience, shape (frame,), from `lead` seconds before time 0."""
    n = int((events.times[-1] + 2 * BEATS.lead) / BEATS.frame) + 1
    impulses = np.zeros(n)
    position = (events.times + BEATS.lead) / BEATS.frame
    left = np.floor(position).astype(int)
    mean = events.weights.mean() or 1.0
    np.add.at(impulses, left, events.weights / mean * (1 - position + left))
    np.add.at(impulses, left + 1, events.weights / mean * (position - left))
    width = BEATS.onset_width / BEATS.frame
    at = np.arange(-round(4 * width), round(4 * width) + 1)
    return np.convolve(impulses, np.exp(-0.5 * (at / width) ** 2), "same")


def _best_paths(curve: Floats, states: _States, n_bands: int) -> list[NDArray[np.intp]]:
    """Find the best path of beats of each band, in frames.

    Frames closer than the shortest period do not depend on each other: they are computed together.
    """
    n, shortest, longest = len(curve), int(states.period.min()), int(states.period.max())
    mass = np.concatenate([[0.0], np.cumsum(curve)]) / (
        np.sqrt(2 * np.pi) * BEATS.onset_width / BEATS.frame
    )
    padded = np.concatenate([np.zeros(longest), curve])
    periods = states.period
    offsets = np.stack([np.rint(f * periods).astype(int) for f, _ in BEATS.positions])[:, None]
    gains = np.array([gain for _, gain in BEATS.positions])[:, None, None]
    # The last totals, by frame modulo their number.
    ending = round(BEATS.lead / BEATS.frame)
    kept = max(longest, ending)
    total = np.zeros((kept, len(periods)))
    back = np.zeros((n, len(periods)), np.int8)
    first = int(BEATS.lead / BEATS.frame)
    for block in np.array_split(np.arange(n), range(shortest, n, shortest)):
        frames = block[:, None]
        last = frames - periods
        inside = mass[frames] - mass[np.maximum(last, 0)]
        salience = (gains * padded[last + longest + offsets]).sum(axis=0)
        reward = salience - BEATS.floor * inside - states.cost
        options = total[(last % kept)[:, :, None], states.before] - states.change
        best = options.argmax(axis=2)
        value = options.max(axis=2) + reward
        # A path begins before the first event at no cost.
        begins = frames < first
        back[block] = np.where(begins, -1, best)
        total[block % kept] = np.where(begins, 0.0, value)
    paths = []
    for band in range(n_bands):
        own = np.flatnonzero(states.band == band)
        # The last beat lies within a period after the last event.
        tail = total[np.ix_(np.arange(n - ending, n) % kept, own)]
        point, column = np.unravel_index(int(tail.argmax()), tail.shape)
        frame, state = n - ending + int(point), int(own[column])
        points = [frame]
        while frame >= first and back[frame, state] >= 0:
            frame, state = (
                frame - int(periods[state]),
                int(states.before[state, back[frame, state]]),
            )
            points.append(frame)
        paths.append(np.array(points[::-1]))
    return paths


def _refined(beats: Floats, events: Events) -> Floats:
    """Move beats to near events, and the others with their neighbours; drop beats before 0."""
    if len(beats) < 3:
        return beats
    period = np.gradient(beats)
    after = np.clip(np.searchsorted(events.times, beats), 1, len(events.times) - 1)
    left, right = events.times[after - 1], events.times[after]
    near = np.where(beats - left < right - beats, left, right)
    reach = np.minimum(BEATS.snap_reach, BEATS.snap_share * period)
    known = np.abs(near - beats) < reach
    if not known.any():
        return beats[beats >= 0]
    shift = np.interp(np.arange(len(beats)), np.flatnonzero(known), (near - beats)[known])
    moved = beats + shift
    first, last = events.times[0], events.times[-1]
    keep = (moved >= 0) & (moved > first - 4 * period) & (moved < last + 4 * period)
    return moved[keep]
