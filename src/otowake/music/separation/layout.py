"""The layout of a segment: the components of a pitch, and the sources that spans refer to.

Components are ordered by pitch, then by detuning: rows of H and columns of W. A span refers to a
source: first all pitches of the segment, then all its drums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from otowake.music.separation.config import FITTING
from otowake.types import Segment

N_DETUNINGS = len(FITTING.detunings)
"""Components of a pitch."""


class Span(NamedTuple):
    """The frames of a segment that belong to a note.

    Attributes
    ----------
    note_id
        The id of the note.
    source
        Index of the pitch or the drum among those of the segment.
    start, stop
        Frames of the segment, the second exclusive.
    """

    note_id: int
    source: int
    start: int
    stop: int


def n_pitches(n_components: int) -> int:
    """Return the number of pitches that a number of components belongs to."""
    return n_components // N_DETUNINGS


def components_of_pitch(pitch: int) -> slice:
    """Return the components of one pitch, as a slice.

    Examples
    --------
    >>> components_of_pitch(2)
    slice(10, 15, None)
    """
    return slice(pitch * N_DETUNINGS, (pitch + 1) * N_DETUNINGS)


def components_of_pitches(pitches: Sequence[int]) -> NDArray[np.intp]:
    """Return the components of several pitches, in the order of the pitches.

    Examples
    --------
    >>> components_of_pitches([0, 2]).tolist()
    [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]
    """
    return (np.array(pitches)[:, None] * N_DETUNINGS + np.arange(N_DETUNINGS)).ravel()


def by_pitch(values: Any) -> Any:
    """Reshape values of (component, …) to (pitch, detuning, …).

    Examples
    --------
    >>> by_pitch(np.zeros((10, 3))).shape
    (2, 5, 3)
    """
    return values.reshape(n_pitches(len(values)), N_DETUNINGS, *values.shape[1:])


def pitch_spans(segment: Segment) -> list[Span]:
    """Return the spans of pitched notes."""
    count = n_pitches(len(segment.H))
    spans = map(Span._make, segment.spans.tolist())
    return [span for span in spans if span.source < count]


def drum_spans(segment: Segment) -> list[Span]:
    """Return the spans of drum hits; their source is the index of the drum."""
    count = n_pitches(len(segment.H))
    spans = map(Span._make, segment.spans.tolist())
    return [span._replace(source=span.source - count) for span in spans if span.source >= count]
