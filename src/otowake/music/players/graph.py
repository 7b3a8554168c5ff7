"""Graph of the notes that influence each other's assignment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from otowake.music.players.config import GRAPH
from otowake.types import Floats


class NoteTable(NamedTuple):
    """Notes as arrays of shape (note,): onset and offset in seconds, MIDI pitch."""

    onset: Floats
    offset: Floats
    midi: Floats


class NoteGraph(NamedTuple):
    """Weighted adjacency of notes, both matrices symmetric and of shape (note, note).

    Attributes
    ----------
    proximity
        Closeness in time and pitch, from 0 to 1.
    overlap
        Overlap in time relative to the shorter note, from 0.5 to 1; smaller overlaps are 0.
    """

    proximity: csr_array
    overlap: csr_array


def note_graph(notes: NoteTable) -> NoteGraph:
    """Connect notes that are close in time."""
    order = np.argsort(notes.onset, kind="stable")
    earlier, later = [], []
    for lag in range(1, min(len(order), GRAPH.max_neighbours)):
        a, b = order[:-lag], order[lag:]
        reach = max(GRAPH.reach_scales * GRAPH.time_scale, GRAPH.reach)
        close = notes.onset[b] - notes.onset[a] < reach
        earlier.append(a[close])
        later.append(b[close])
        if not close.any():
            break
    i, j = np.concatenate([*earlier, np.zeros(0, int)]), np.concatenate([*later, np.zeros(0, int)])
    delay = notes.onset[j] - notes.onset[i]
    shared = np.minimum(notes.offset[i], notes.offset[j]) - notes.onset[j]
    shorter = np.minimum(notes.offset[i] - notes.onset[i], notes.offset[j] - notes.onset[j])
    overlap = np.clip(shared / np.maximum(shorter, GRAPH.min_duration), 0, 1)
    interval = np.abs(notes.midi[i] - notes.midi[j])
    proximity = np.exp(-delay / GRAPH.time_scale - interval / GRAPH.pitch_scale)
    return NoteGraph(
        _symmetric(i, j, proximity, len(order)),
        _symmetric(i, j, np.where(overlap > 0.5, overlap, 0), len(order)),
    )


def _symmetric(i: NDArray[np.int64], j: NDArray[np.int64], values: Floats, n: int) -> csr_array:
    """Make a symmetric matrix of shape (note, note) from values of pairs."""
    half = csr_array((values, (i, j)), shape=(n, n))
    return half + half.T
