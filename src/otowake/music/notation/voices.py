"""Write the notes of a staff as few voices, with the lengths that are easiest to read."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import NamedTuple

from otowake.music.notation.config import VOICES
from otowake.music.notation.metre import TICKS_PER_BEAT, Metre, split, triplets_of
from otowake.music.notation.quantisation import QuantisedNote
from otowake.music.notation.search import cheapest_path


@dataclass(frozen=True)
class Event:
    """Notes on one stem: start and stop in ticks, and the indices of the notes."""

    start: int
    stop: int
    notes: tuple[int, ...]


class _Open(NamedTuple):
    """The last event of a voice, whose length depends on the next one."""

    start: int
    stops: tuple[int, ...]
    low: int
    high: int


class _State(NamedTuple):
    upper: _Open | None
    lower: _Open | None
    lower_bar: int


class _Slice(NamedTuple):
    start: int
    pitches: tuple[int, ...]
    stops: tuple[int, ...]


def find_voices(
    placed: Sequence[QuantisedNote], metre: Metre, end: int, most_voices: int = 2
) -> list[list[Event]]:
    """Group the notes of a staff into events, and events into voices without overlaps.

    Parameters
    ----------
    placed
        The notes, ordered by start and pitch.
    metre, end
        The metre, and the end of the last bar in ticks.
    most_voices
        1 or 2.

    Returns
    -------
    The events of each voice, the upper voice first.
    """
    if not placed:
        return [[]]
    grid = _Grid(metre, placed)
    stops = _sounding_stops(placed, end)
    groups = [list(own) for _, own in groupby(range(len(placed)), lambda i: placed[i].start)]
    slices = [
        _Slice(
            placed[own[0]].start,
            tuple(placed[i].note.midi for i in own),
            tuple(stops[i] for i in own),
        )
        for own in groups
    ]

    def expand(state: _State, now: _Slice) -> Iterator[tuple[float, _State, int]]:
        n = len(now.pitches)
        for n_lower in range(n + 1 if most_voices > 1 else 1):
            cost = 0.0
            voices = [state.upper, state.lower]
            lower_bar = state.lower_bar
            for i, own in enumerate((slice(n_lower, n), slice(0, n_lower))):
                if not now.pitches[own]:
                    continue
                last = voices[i]
                pitches = now.pitches[own]
                if last:
                    cost += grid.cost(last, now.start)
                    cost += VOICES.leap_cost * abs(pitches[-1] - last.high)
                voices[i] = _Open(now.start, now.stops[own], pitches[0], pitches[-1])
            upper, lower = voices
            bar = now.start // metre.bar
            if n_lower:
                if bar != lower_bar:
                    cost += VOICES.second_voice_cost
                    lower_bar = bar
                cost += VOICES.second_event_cost
            if upper and lower and lower.high > upper.low and _meet(upper, lower, now.start):
                cost += VOICES.cross_cost
            if n_lower == n and not (upper and max(upper.stops) > now.start):
                cost += VOICES.idle_upper_cost
            yield cost, _State(upper, lower, lower_bar), n_lower

    counts = cheapest_path(slices, _State(None, None, -1), expand, VOICES.width)
    voices: list[list[Event]] = [[], []]
    for own, n_lower in zip(groups, counts, strict=True):
        for voice, members in zip(voices, (own[n_lower:], own[:n_lower]), strict=True):
            if members:
                voice.append(Event(placed[members[0]].start, end, tuple(members)))
    for voice in voices:
        for i, event in enumerate(voice):
            following = voice[i + 1].start if i + 1 < len(voice) else end
            sounding = tuple(stops[j] for j in event.notes)
            voice[i] = replace(event, stop=grid.best(event.start, sounding, following)[1])
    return [voice for voice in voices if voice]


def _meet(upper: _Open, lower: _Open, now: int) -> bool:
    return max(upper.stops) > now and max(lower.stops) > now


def _sounding_stops(placed: Sequence[QuantisedNote], end: int) -> list[int]:
    """Return the offsets in ticks: at most at the next note of the pitch, and at the end."""
    stops = [0] * len(placed)
    following: dict[int, int] = {}
    for i in range(len(placed) - 1, -1, -1):
        note = placed[i]
        latest = following.get(note.note.midi, end)
        stops[i] = max(min(round(note.stop), latest, end), note.start + 1)
        following[note.note.midi] = note.start
    return stops


class _Grid:
    """The positions of a staff at which notes may end, and what their lengths cost."""

    def __init__(self, metre: Metre, placed: Sequence[QuantisedNote]) -> None:
        self.metre = metre
        starts = sorted({note.start for note in placed})
        self._units = {
            beat: math.gcd(TICKS_PER_BEAT, *(start % TICKS_PER_BEAT for start in own))
            for beat, own in groupby(starts, key=lambda start: start // TICKS_PER_BEAT)
        }
        self.best = cache(self._best)
        self._n_values = cache(self._count_within)

    def cost(self, event: _Open, following: int) -> float:
        """Return the least cost of an event before the start of the following one."""
        return self.best(event.start, event.stops, following)[0]

    def _best(self, start: int, stops: tuple[int, ...], following: int) -> tuple[float, int]:
        """Return the least cost of an event before the following one, and where it stops."""
        priced = []
        for stop in self._candidates(start, following, stops):
            bar_end = -(-stop // self.metre.bar) * self.metre.bar
            n_values = self._count(start, stop, is_rest=False)
            n_rests = self._count(stop, min(following, bar_end), is_rest=True)
            cost = VOICES.value_cost * (n_values - 1) + VOICES.rest_cost * n_rests
            if n_rests:
                weakness = max(4 - self.metre.strength(stop), 0)
                cost += VOICES.silence_cost + VOICES.weak_stop_cost * weakness
            cost += sum(_length_cost(stop - start, at - start) for at in stops)
            priced.append((cost, -stop))
        cost, stop = min(priced)
        return cost, -stop

    def _candidates(self, start: int, following: int, stops: tuple[int, ...]) -> set[int]:
        """Return positions where an event may stop: as played, and with half of that added."""
        candidates = {following}
        for sounding in {min(stops), max(stops)}:
            for at in (sounding, start + (sounding - start) * 3 // 2):
                beat, within = divmod(at, TICKS_PER_BEAT)
                edges = self._edges(beat)
                i = bisect_right(edges, within)
                candidates |= {beat * TICKS_PER_BEAT + edge for edge in edges[i - 1 : i + 1]}
        return {stop for stop in candidates if start < stop <= following}

    def _edges(self, beat: int) -> tuple[int, ...]:
        """Return where notes may stop in a beat: where notes may start in it, or at its parts."""
        unit = self._units.get(beat, TICKS_PER_BEAT)
        if unit == TICKS_PER_BEAT:
            unit = TICKS_PER_BEAT // (3 if self.metre.is_compound else 2)
        return tuple(range(0, TICKS_PER_BEAT + 1, unit))

    def _count(self, start: int, stop: int, *, is_rest: bool) -> int:
        """Count the note values of a duration."""
        bar, n = self.metre.bar, 0
        while start < stop:
            origin = start // bar * bar
            end = min(stop, origin + bar)
            n += self._n_values(start - origin, end - origin, is_rest)
            start = end
        return n

    def _count_within(self, start: int, stop: int, is_rest: bool) -> int:
        """Count the note values of a duration that stands by itself in a bar, as :func:`split`."""
        triplets = triplets_of(self.metre, (start, stop))
        return len(split(self.metre, start, stop, triplets, is_rest=is_rest))


def _length_cost(length: int, sounding: int) -> float:
    ratio = math.log2(sounding / length)
    return min((ratio - VOICES.articulation) ** 2 * VOICES.length_weight, VOICES.most_length_cost)
