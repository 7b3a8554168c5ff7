"""Quantise notes to the grid of the beats.

A hidden Markov model over the beats: the state is the number of equal parts of a beat, the
observations are the deviations of the onsets from the grid. The frequencies of the divisions, of
their changes and of the positions that have notes were counted in scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from otowake.music.notation.config import COMPOUND, NOTATION, SIMPLE
from otowake.music.notation.metre import TICKS_PER_BEAT
from otowake.types import Floats, Note, Rhythm


class QuantisedNote(NamedTuple):
    """A note on the grid of a score.

    Attributes
    ----------
    note
        The note.
    start
        Onset in ticks from the first bar; before it for notes ahead of the first beat.
    stop
        Offset as played, in ticks, not rounded.
    """

    note: Note
    start: int
    stop: float


def quantise(notes: Sequence[Note], rhythm: Rhythm) -> list[QuantisedNote]:
    """Quantise notes to the beats, ordered by start and pitch.

    Of several notes with one start and pitch, the longest remains. In swing, the second eighth note
    of a beat is at its half.

    Parameters
    ----------
    notes
        Notes of one player, in any order.
    rhythm
        The beats; ticks count from the start of the bar of the first beat.

    Examples
    --------
    >>> rhythm = Rhythm(120.0, np.arange(9) / 2)
    >>> notes = [Note(0.02, 0.49, 60), Note(0.76, 1.0, 62)]
    >>> [(quantised.start, round(quantised.stop)) for quantised in quantise(notes, rhythm)]
    [(0, 24), (36, 48)]
    """
    if not notes:
        return []
    lead = (-rhythm.downbeat) % rhythm.metre
    onsets = np.array([note.onset for note in notes])
    order = np.argsort(onsets, kind="stable")
    gaps = np.diff(onsets[order], prepend=-np.inf)
    of_cluster = np.cumsum(_starts_cluster(onsets[order], gaps)) - 1
    clusters = np.bincount(of_cluster, onsets[order]) / np.bincount(of_cluster)
    positions = beat_positions(clusters, rhythm.beats) + lead
    ticks = _ticks(positions, _periods(clusters, rhythm.beats), rhythm)
    starts = np.zeros(len(notes), dtype=int)
    starts[order] = ticks[of_cluster]
    stops = (beat_positions(np.array([n.offset for n in notes]), rhythm.beats) + lead) * (
        TICKS_PER_BEAT
    )
    if rhythm.swing:
        starts, stops = _straight(starts, stops)
    by_position: dict[tuple[int, int], QuantisedNote] = {}
    for note, start, stop in zip(notes, starts.tolist(), stops.tolist(), strict=True):
        rival = by_position.get((start, note.midi))
        if rival is None or rival.stop < stop:
            by_position[start, note.midi] = QuantisedNote(note, start, stop)
    return sorted(by_position.values(), key=lambda placed: (placed.start, placed.note.midi))


def beat_positions(times: Floats, beats: Floats) -> Floats:
    """Convert times to beats from the first, extrapolating the pace of the first and last beat."""
    after = np.clip(np.searchsorted(beats, times, side="right"), 1, len(beats) - 1)
    return after - 1 + (times - beats[after - 1]) / (beats[after] - beats[after - 1])


def _starts_cluster(onsets: Floats, gaps: Floats) -> list[bool]:
    """Tell which onsets, in order, begin a chord: the ones late after its first."""
    first = -np.inf
    begins = []
    for onset, gap in zip(onsets.tolist(), gaps.tolist(), strict=True):
        begins.append(gap > NOTATION.chord_gap or onset - first > NOTATION.chord_spread)
        if begins[-1]:
            first = onset
    return begins


def _periods(times: Floats, beats: Floats) -> Floats:
    """Return the length in seconds of the beat of each time."""
    after = np.clip(np.searchsorted(beats, times, side="right"), 1, len(beats) - 1)
    return beats[after] - beats[after - 1]


def _ticks(positions: Floats, periods: Floats, rhythm: Rhythm) -> np.ndarray:
    """Place onsets, given in beats and in order, on the grid, in ticks.

    The deviation of the onsets is estimated along with the divisions.
    """
    early = NOTATION.early_onset
    whole = np.floor(positions + early).astype(int)
    edges = np.flatnonzero(np.diff(whole, prepend=whole[0] - 1))
    members = np.split(np.arange(len(whole)), edges[1:])
    prior = COMPOUND if rhythm.beat_quarters == 1.5 else SIMPLE
    divisions = prior.divisions
    change = np.array(prior.changes)
    n = len(positions)
    slots = np.zeros((len(divisions), n), dtype=int)
    for i, division in enumerate(divisions):
        slots[i] = np.maximum(np.rint((positions - whole) * division), 0).astype(int)
    errors = (positions - whole - slots / np.array(divisions)[:, None]) * periods
    pattern = np.array(
        [
            [prior.cost(i, slots[i, index].tolist()) for i in range(len(divisions))]
            for index in members
        ]
    )
    deviation, chosen = NOTATION.onset_deviation, np.zeros(n, dtype=int)
    for _ in range(NOTATION.deviation_rounds):
        squares = np.minimum((errors / deviation) ** 2 / 2, NOTATION.most_deviation_cost)
        emission = pattern + np.array([squares[:, index].sum(axis=1) for index in members])
        path = _viterbi(emission, np.array(prior.first), change)
        chosen = np.repeat(path, [len(index) for index in members])
        square = np.minimum(errors[chosen, np.arange(n)] ** 2, (3 * deviation) ** 2).sum()
        weight = NOTATION.deviation_weight
        deviation = float(np.sqrt((square + weight * NOTATION.onset_deviation**2) / (n + weight)))
    unit = TICKS_PER_BEAT // np.array(divisions)[chosen]
    return whole * TICKS_PER_BEAT + slots[chosen, np.arange(n)] * unit


def _viterbi(emission: Floats, first: Floats, change: Floats) -> np.ndarray:
    """Return the cheapest path of states, shape (beat,)."""
    total = emission[0] + first
    before = np.zeros(emission.shape, dtype=int)
    for i in range(1, len(emission)):
        reached = total[:, None] + change
        before[i] = reached.argmin(axis=0)
        total = reached.min(axis=0) + emission[i]
    path = [int(total.argmin())]
    for i in range(len(emission) - 1, 0, -1):
        path.append(int(before[i, path[-1]]))
    return np.array(path[::-1])


def _straight(starts: np.ndarray, stops: Floats) -> tuple[np.ndarray, Floats]:
    """Write the late second eighth notes of swing at the half of the beat."""
    third = TICKS_PER_BEAT // 3
    beats, within = np.divmod(starts, TICKS_PER_BEAT)
    is_off = (within == 2 * third) | (within == TICKS_PER_BEAT * 3 // 4)
    triplets = set(beats[~is_off & (within % TICKS_PER_BEAT > 0)].tolist())
    straight = np.array([beat not in triplets for beat in beats.tolist()])
    moved = np.where(is_off & straight, beats * TICKS_PER_BEAT + TICKS_PER_BEAT // 2, starts)
    whole = np.floor(stops / TICKS_PER_BEAT)
    part = stops - whole * TICKS_PER_BEAT
    warped = np.interp(
        part, (0, 2 * third, TICKS_PER_BEAT), (0, TICKS_PER_BEAT / 2, TICKS_PER_BEAT)
    )
    is_triplet = np.array([int(beat) in triplets for beat in whole.tolist()])
    return moved, np.where(is_triplet, stops, whole * TICKS_PER_BEAT + warped)
