"""Tuned constants of notation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from otowake.music.tuned import tuned

ORIGIN = "counted in 39 scores of music21's corpus: python -m benchmarks.score --count"


@dataclass(frozen=True)
class SimpleDivisions:
    """How often scores divide a beat in two; costs are negative logarithms.

    Attributes
    ----------
    divisions
        Numbers of equal parts of a beat: the fewest that hold all its onsets.
    first
        Cost of each division.
    changes
        Cost of each division (column) after each other one (row), in beats with onsets.
    occupied
        Probability of an onset at each position of a beat, for each division.
    """

    divisions: tuple[int, ...] = tuned(
        (1, 2, 4, 8, 3, 6), unit="parts/beat", origin="the field: note values and triplets"
    )
    first: tuple[float, ...] = tuned(
        (0.62, 1.19, 2.16, 4.02, 3.92, 5.74), unit="nats", origin=ORIGIN
    )
    changes: tuple[tuple[float, ...], ...] = tuned(
        (
            (0.23, 2.06, 2.9, 4.62, 4.56, 5.86),
            (1.4, 0.34, 3.38, 4.89, 7.41, 7.15),
            (1.48, 1.98, 0.49, 4.01, 6.43, 6.77),
            (1.57, 1.66, 1.99, 0.79, 6.5, 4.89),
            (1.27, 5.01, 5.01, 6.62, 0.35, 6.62),
            (1.39, 2.26, 1.68, 2.62, 4.82, 0.97),
        ),
        unit="nats",
        origin=ORIGIN,
    )
    occupied: tuple[tuple[float, ...], ...] = tuned(
        (
            (0.99,),
            (0.9, 0.99),
            (0.77, 0.69, 0.83, 0.99),
            (0.68, 0.36, 0.39, 0.51, 0.74, 0.47, 0.62, 0.8),
            (0.96, 0.99, 0.99),
            (0.6, 0.7, 0.7, 0.96, 0.93, 0.93),
        ),
        unit="probability",
        origin=ORIGIN,
    )

    def cost(self, i: int, positions: Sequence[int]) -> float:
        """Return the cost of onsets at these positions of a beat, for the division of index `i`.

        A position that is the number of parts belongs to the next beat. Several onsets at one
        position cost extra.
        """
        taken = set(positions)
        cost = NOTATION.merge_cost * (len(positions) - len(taken))
        for position, probability in enumerate(self.occupied[i]):
            cost -= log(probability if position in taken else 1 - probability)
        return cost


@dataclass(frozen=True)
class CompoundDivisions(SimpleDivisions):
    """How often scores divide a beat in three: a dotted quarter note."""

    divisions: tuple[int, ...] = tuned(
        (1, 3, 6, 12, 2), unit="parts/beat", origin="the field: note values and triplets"
    )
    first: tuple[float, ...] = tuned((0.85, 0.85, 2.11, 3.7, 8.56), unit="nats", origin=ORIGIN)
    changes: tuple[tuple[float, ...], ...] = tuned(
        (
            (0.48, 1.25, 2.45, 5.17, 8.39),
            (1.22, 0.46, 2.8, 4.38, 8.39),
            (1.31, 1.46, 0.75, 3.71, 7.14),
            (1.76, 1.67, 2.73, 0.56, 5.56),
            (1.61, 1.61, 1.61, 1.61, 1.61),
        ),
        unit="nats",
        origin=ORIGIN,
    )
    occupied: tuple[tuple[float, ...], ...] = tuned(
        (
            (0.99,),
            (0.74, 0.62, 0.99),
            (0.68, 0.57, 0.7, 0.71, 0.91, 0.71),
            (0.86, 0.28, 0.34, 0.66, 0.72, 0.29, 0.37, 0.68, 0.79, 0.07, 0.1, 0.33),
            (0.5, 0.5),
        ),
        unit="probability",
        origin=ORIGIN,
    )


@dataclass(frozen=True)
class NotationConfig:
    """Constants of quantisation and spelling."""

    onset_deviation: float = tuned(
        0.02, unit="s", origin="set by hand: standard deviation of onsets, before its estimation"
    )
    deviation_weight: float = tuned(
        10.0, unit="onsets", origin="set by hand: weight of `onset_deviation` in the estimate"
    )
    deviation_rounds: int = tuned(3, unit="", origin="set by hand: estimates until it is steady")
    most_deviation_cost: float = tuned(
        12.0, unit="nats", origin="set by hand: an outlier alone forces no finer division"
    )
    early_onset: float = tuned(
        1 / 8, unit="beats", origin="set by hand: an onset this early still belongs to the beat"
    )
    chord_gap: float = tuned(0.03, unit="s", origin="set by hand: onsets closer are one chord")
    chord_spread: float = tuned(0.06, unit="s", origin="set by hand: longest chord of such gaps")
    merge_cost: float = tuned(
        4.0, unit="nats", origin="set by hand: of onsets, apart when played, at one place"
    )
    key_weight: float = tuned(
        8.0,
        unit="notes",
        origin="set on half of 72 scores of music21's corpus: weight of the tonic of the piece",
        tried="0 to 16",
    )
    context_before: int = tuned(10, unit="notes", origin="paper: Meredith (2006), K_pre of ps13s1")
    context_after: int = tuned(42, unit="notes", origin="paper: Meredith (2006), K_post of ps13s1")


@dataclass(frozen=True)
class HandsConfig:
    """Constants of the two hands of a keyboard player; pitches are MIDI pitches."""

    home_right: float = tuned(72.0, unit="pitch", origin="set by hand")
    home_left: float = tuned(50.0, unit="pitch", origin="set by hand")
    middle: int = tuned(60, unit="pitch", origin="standard: middle C, between the staves")
    reach: int = tuned(12, unit="semitones", origin="set by hand: an octave")
    fingers: int = tuned(5, unit="notes", origin="standard")
    reach_cost: float = tuned(1.0, unit="per semitone", origin="set by hand")
    finger_cost: float = tuned(5.0, unit="per note", origin="set by hand")
    move_cost: float = tuned(
        0.1, unit="per semitone", origin="checked on music21's scores", tried="0.05 to 0.2"
    )
    side_cost: float = tuned(
        0.1, unit="per semitone", origin="checked on music21's scores", tried="0.03 to 0.2"
    )
    room: float = tuned(7.0, unit="semitones", origin="set by hand: hands closer are in the way")
    cross_cost: float = tuned(0.2, unit="per semitone", origin="set by hand")
    width: int = tuned(16, unit="states", origin="set by hand: width of the search")


@dataclass(frozen=True)
class VoicesConfig:
    """Constants of voices and lengths; costs are in nats."""

    articulation: float = tuned(
        -0.3, unit="log2 of sounding by written length", origin="set by hand"
    )
    length_weight: float = tuned(3.0, unit="nats", origin="set by hand")
    most_length_cost: float = tuned(8.0, unit="nats", origin="set by hand")
    value_cost: float = tuned(2.5, unit="nats", origin="set by hand: of each tie")
    silence_cost: float = tuned(2.0, unit="nats", origin="set by hand: of a silence")
    rest_cost: float = tuned(0.5, unit="nats", origin="set by hand: of each of its rests")
    weak_stop_cost: float = tuned(
        0.4, unit="nats/level", origin="set by hand: of a silence that begins within a beat"
    )
    leap_cost: float = tuned(0.05, unit="nats/semitone", origin="set by hand")
    second_voice_cost: float = tuned(
        5.0, unit="nats", origin="set by hand: of a second voice in a bar"
    )
    second_event_cost: float = tuned(0.5, unit="nats", origin="set by hand: of each of its stems")
    cross_cost: float = tuned(4.0, unit="nats", origin="set by hand: of voices that cross")
    idle_upper_cost: float = tuned(
        5.0, unit="nats", origin="set by hand: of a lower voice while the upper one is silent"
    )
    width: int = tuned(12, unit="states", origin="set by hand: width of the search")


NOTATION, SIMPLE, COMPOUND = NotationConfig(), SimpleDivisions(), CompoundDivisions()
HANDS = HandsConfig()
VOICES = VoicesConfig()
