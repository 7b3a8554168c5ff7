"""Scores as read from a file, in quarter notes."""

from __future__ import annotations

from typing import NamedTuple

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
"""Semitones of the letters above C."""

Row = tuple[float, float, float]
"""Onset and duration in quarter notes, and MIDI number, of a note."""


class Score(NamedTuple):
    """A score.

    Attributes
    ----------
    rows
        The notes, in any order.
    bars
        Starts of the bars.
    metres
        Start, upper and lower number of each time signature.
    sharps
        Sharps of the first key signature, negative for flats; None if there is none.
    stated
        Tonic and mode of a stated key; None if no key is stated.
    """

    rows: list[Row]
    bars: list[float]
    metres: list[tuple[float, int, int]]
    sharps: int | None
    stated: tuple[int, str] | None
