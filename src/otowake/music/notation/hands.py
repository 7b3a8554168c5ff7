"""Share the notes of a keyboard instrument between two hands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from otowake.music.notation.config import HANDS
from otowake.music.notation.quantisation import QuantisedNote
from otowake.music.notation.search import cheapest_path

_Hands = tuple[float, float]
"""The middles of the right and of the left hand, as MIDI pitches."""


def share_hands(
    placed: Sequence[QuantisedNote],
) -> tuple[list[QuantisedNote], list[QuantisedNote]]:
    """Return the notes of the right and of the left hand.

    A hand reaches a little more than an octave, has five fingers, moves little, and stays on its
    side of middle C where it can.

    Parameters
    ----------
    placed
        The notes, ordered by start and pitch.
    """
    slices = [list(own) for _, own in groupby(placed, key=lambda note: note.start)]
    pitches = [tuple(note.note.midi for note in own) for own in slices]
    counts = cheapest_path(pitches, (HANDS.home_right, HANDS.home_left), _expand, HANDS.width)
    right = [note for own, n in zip(slices, counts, strict=True) for note in own[n:]]
    left = [note for own, n in zip(slices, counts, strict=True) for note in own[:n]]
    return right, left


def _expand(hands: _Hands, pitches: tuple[int, ...]) -> Iterator[tuple[float, _Hands, int]]:
    """Yield the cost, the hands and the number of notes of the left hand for every share."""
    for n in range(len(pitches) + 1):
        left, right = pitches[:n], pitches[n:]
        cost = 0.0
        middles = list(hands)
        for i, (own, sign) in enumerate(((right, 1), (left, -1))):
            if not own:
                continue
            middles[i] = (own[0] + own[-1]) / 2
            cost += HANDS.reach_cost * max(own[-1] - own[0] - HANDS.reach, 0)
            cost += HANDS.finger_cost * max(len(own) - HANDS.fingers, 0)
            cost += HANDS.move_cost * abs(middles[i] - hands[i])
            cost += HANDS.side_cost * sum(max(sign * (HANDS.middle - p), 0) for p in own)
        cost += HANDS.cross_cost * max(middles[1] + HANDS.room - middles[0], 0)
        yield cost, (middles[0], middles[1]), n
