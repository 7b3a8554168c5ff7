"""The symbols of a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from otowake.music.notation.metre import Metre, Value
from otowake.types import Chord, Key

Beam = Literal["begin", "continue", "end", "forward hook", "backward hook"]


class Tone(NamedTuple):
    """A note head: the spelled pitch class, the octave (4 from middle C), and its accidental.

    `accidental` is the number of sharps to draw (flats negative, 0 a natural), None for no sign.
    """

    name: str
    octave: int
    accidental: int | None = None


@dataclass(frozen=True)
class Tuplet:
    """The ratio of a tuplet, and whether a symbol is its first or its last."""

    actual: int
    normal: int
    is_first: bool
    is_last: bool


@dataclass(frozen=True)
class Symbol:
    """A note, a chord or a rest.

    Attributes
    ----------
    start, length
        In ticks from the start of the bar, and in ticks.
    value
        The note value; None for a rest of a whole bar.
    tones
        The note heads from low to high; empty for a rest.
    tied_before, tied_after
        Whether ties lead to it and from it.
    tuplet
        Its tuplet, if any.
    beams
        Its beams, the eighth note's first.
    """

    start: int
    length: int
    value: Value | None
    tones: tuple[Tone, ...] = ()
    tied_before: bool = False
    tied_after: bool = False
    tuplet: Tuplet | None = None
    beams: tuple[Beam, ...] = ()

    @property
    def stop(self) -> int:
        """End in ticks from the start of the bar."""
        return self.start + self.length


Voice = list[Symbol]
"""The symbols of a voice in a bar; they fill it."""


class Bar(NamedTuple):
    """A bar: its number, its bounds in ticks from the first full bar."""

    number: int
    start: int
    stop: int


class Clef(NamedTuple):
    """A clef: its sign, its line, and the octaves by which it transposes."""

    sign: str
    line: int
    octaves: int = 0


@dataclass(frozen=True)
class Staff:
    """A staff: its clef, and the voices of each bar, the upper one first."""

    clef: Clef
    bars: list[list[Voice]]


@dataclass(frozen=True)
class Player:
    """A player's name, General MIDI programme and staves, the upper one first."""

    name: str
    programme: int
    staves: list[Staff]


@dataclass(frozen=True)
class Score:
    """A score.

    Attributes
    ----------
    metre, bars
        The metre; the bars, the first of which is a pick-up if its number is 0.
    tempo
        Beats per minute.
    is_swing
        Whether eighth notes swing.
    key
        The key, if known.
    players
        The players, from the top of the page.
    chords
        Chord symbols, with their starts in ticks from the first full bar.
    origin
        Ticks from the rhythm's first beat to the first full bar.
    """

    metre: Metre
    bars: list[Bar]
    tempo: float
    is_swing: bool
    key: Key | None
    players: list[Player]
    chords: list[tuple[int, Chord]]
    origin: int = 0
