"""Bars, and how note values fall into them.

Times are in ticks, :data:`TICKS_PER_BEAT` to a beat, which is a quarter note, a dotted quarter note
(6/8) or an eighth note (7/8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

TICKS_PER_BEAT = 24
"""Ticks per beat: enough for thirty-seconds and triplets of sixteenths."""

MOST_DOTS = 1

TYPES = ("whole", "half", "quarter", "eighth", "16th", "32nd", "64th")
"""Note values from the longest to the shortest, each half of the one before."""


class Value(NamedTuple):
    """A note value: one of :data:`TYPES`, and its number of dots."""

    type: str
    dots: int


class Span(NamedTuple):
    """A stretch of a bar, in ticks from the start of the bar, that holds a triplet."""

    start: int
    stop: int


@dataclass(frozen=True)
class Metre:
    """The metre of a score.

    Attributes
    ----------
    n_beats
        Beats per bar.
    quarter
        Ticks per quarter note: 24, or 16 where the beat is a dotted quarter, 48 for an eighth.

    Examples
    --------
    >>> Metre(2, 16).signature, Metre(2, 16).bar
    ((6, 8), 48)
    """

    n_beats: int
    quarter: int = TICKS_PER_BEAT

    @property
    def bar(self) -> int:
        """Length of a bar in ticks."""
        return self.n_beats * TICKS_PER_BEAT

    @property
    def signature(self) -> tuple[int, int]:
        """The time signature: its upper and its lower number."""
        unit = self.quarter if self.quarter == TICKS_PER_BEAT else self.quarter // 2
        return self.bar // unit, 4 if unit == self.quarter else 8

    @property
    def is_compound(self) -> bool:
        """Whether a beat has three parts."""
        return self.quarter * 3 == TICKS_PER_BEAT * 2

    @property
    def groups(self) -> tuple[int, ...]:
        """Beats of the groups of a bar: halves of even bars, 3 + 2 of five, 2 + 2 + 3 of seven."""
        n = self.n_beats
        if n % 2 == 0 and n > 2:
            return (n // 2,) * 2
        if n in (5, 7):
            return {5: (3, 2), 7: (2, 2, 3)}[n]
        return (n,)

    def strength(self, at: int) -> int:
        """Return the metrical strength of a position in ticks.

        It is 6 for a bar, 5 for a group of beats, 4 for a beat, 3 to 0 for parts of a beat.

        Examples
        --------
        >>> [Metre(4).strength(at) for at in (0, 48, 24, 12, 6, 3, 1)]
        [6, 5, 4, 3, 2, 1, 0]
        """
        at %= self.bar
        if at == 0:
            return 6
        if at % TICKS_PER_BEAT == 0:
            starts = {sum(self.groups[:i]) * TICKS_PER_BEAT for i in range(len(self.groups))}
            return 5 if at in starts else 4
        parts = (8, 4, 2) if self.is_compound else (12, 6, 3)
        return next((3 - i for i, part in enumerate(parts) if at % part == 0), 0)

    def value(self, length: int) -> Value | None:
        """Return the note value of a length in ticks, None if no single value has it.

        Examples
        --------
        >>> Metre(4).value(36), Metre(2, 16).value(24), Metre(4).value(30)
        (Value(type='quarter', dots=1), Value(type='quarter', dots=1), None)
        """
        for dots in range(MOST_DOTS + 1):
            for i, name in enumerate(TYPES):
                if length * 2 ** (i + dots) == 4 * self.quarter * (2 ** (dots + 1) - 1):
                    return Value(name, dots)
        return None


@cache
def split(
    metre: Metre, start: int, stop: int, triplets: tuple[Span, ...] = (), *, is_rest: bool = False
) -> tuple[int, ...]:
    """Split a duration within a bar into as few note values as are legible.

    A value may pass a position only if it starts or stops at one that is as strong, or if it lies
    evenly about it, one level below (a syncopation). A rest starts at one that is as strong.

    Parameters
    ----------
    metre
        The metre.
    start, stop
        In ticks from the start of the bar.
    triplets
        The triplets of the voice in this bar.
    is_rest
        Whether the duration is silent.

    Returns
    -------
    The starts of the values.

    Examples
    --------
    >>> split(Metre(4), 12, 36), split(Metre(4), 36, 60), split(Metre(4), 12, 36, is_rest=True)
    ((12,), (36, 48), (12, 24))
    """
    best: dict[int, tuple[float, tuple[int, ...]]] = {start: (0.0, ())}
    points = sorted({*range(start, stop), stop} & _points(metre, start, stop, triplets))
    for j, end in enumerate(points[1:], 1):
        reached = [
            (cost + 1, (*starts, begin))
            for begin in points[:j]
            if (known := best.get(begin)) and _fits(metre, begin, end, triplets, is_rest)
            for cost, starts in (known,)
        ]
        if reached:
            # Of equally many values the one with the strongest splits.
            best[end] = min(reached, key=lambda r: (r[0], -sum(map(metre.strength, r[1]))))
    return best[stop][1]


def _points(metre: Metre, start: int, stop: int, triplets: tuple[Span, ...]) -> set[int]:
    grid = {
        *range(0, metre.bar + 1, 2 if metre.is_compound else 3),
        start,
        stop,
    }
    for span in triplets:
        unit = (span.stop - span.start) // 6
        grid -= set(range(span.start + 1, span.stop))
        grid |= set(range(span.start, span.stop, unit))
    return grid


def _fits(metre: Metre, start: int, stop: int, triplets: tuple[Span, ...], is_rest: bool) -> bool:
    for span in triplets:
        if start < span.stop and stop > span.start:
            if start <= span.start and stop >= span.stop:
                continue
            inside = span.start <= start and stop <= span.stop
            return inside and metre.value((stop - start) * 3 // 2) is not None
    value = metre.value(stop - start)
    if value is None:
        return False
    if is_rest and value.dots and not metre.is_compound:
        return False
    inner = [(metre.strength(at), at) for at in range(start + 1, stop)]
    if not inner:
        return True
    level, at = max(inner)
    ends = metre.strength(start), metre.strength(stop)
    if is_rest:
        return ends[0] >= level
    syncopated = value.dots == 0 and at * 2 == start + stop and ends[0] == level - 1
    return max(ends) >= level or syncopated


def triplets_of(metre: Metre, edges: Sequence[int]) -> tuple[Span, ...]:
    """Find the triplets of a bar from the starts and stops of its notes, in ticks.

    Two beats that belong together hold one triplet of twice the value if their edges are its.

    Examples
    --------
    >>> triplets_of(Metre(4), (0, 8, 16, 24, 48, 64, 80, 96))
    (Span(start=0, stop=24), Span(start=48, stop=96))
    """
    if metre.is_compound:
        return ()
    spans = []
    at = 0
    while at < metre.bar:
        two = [edge - at for edge in edges if at < edge < at + 2 * TICKS_PER_BEAT]
        can_pair = (at // TICKS_PER_BEAT) % 2 == 0 and at + 2 * TICKS_PER_BEAT <= metre.bar
        if can_pair and {16, 32} <= set(two) <= {8, 16, 32, 40}:
            spans.append(Span(at, at + 2 * TICKS_PER_BEAT))
            at += 2 * TICKS_PER_BEAT
            continue
        if any((edge - at) % 3 for edge in edges if at < edge < at + TICKS_PER_BEAT):
            spans.append(Span(at, at + TICKS_PER_BEAT))
        at += TICKS_PER_BEAT
    return tuple(spans)
