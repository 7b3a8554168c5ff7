"""Time signatures: divisions of beats, the grid of each, and the accents of the beats of a bar.

Each position of a grid is of a kind (:data:`KINDS`): a downbeat, the start of a group of beats,
another beat, or a part of a beat.
"""

from __future__ import annotations

from typing import NamedTuple

KINDS: tuple[str, ...] = (
    *("downbeat", "group", "beat", "half", "quarter", "triplet", "swung"),
    *("compound-downbeat", "compound-group", "compound-beat", "second", "third", "sixteenth"),
)
"""Kinds of metrical positions: of simple metres, and of beats of three eighth notes."""

OFF_GRID = len(KINDS)
"""Index of an event that is at no position of the grid."""


class Grid(NamedTuple):
    """Positions of a beat: parts of the beat, the first 0, and indices of :data:`KINDS`."""

    parts: tuple[float, ...]
    kinds: tuple[int, ...]


def _grid(*positions: tuple[float, str]) -> Grid:
    return Grid(
        tuple(part for part, _ in positions), tuple(KINDS.index(kind) for _, kind in positions)
    )


GRIDS: dict[str, Grid] = {
    "simple": _grid(
        (0, "beat"),
        (1 / 2, "half"),
        (1 / 4, "quarter"),
        (3 / 4, "quarter"),
        (1 / 3, "triplet"),
        (2 / 3, "triplet"),
    ),
    "swing": _grid((0, "beat"), (2 / 3, "swung"), (1 / 3, "triplet"), (1 / 2, "half")),
    "compound": _grid(
        (0, "compound-beat"),
        (1 / 3, "second"),
        (2 / 3, "third"),
        (1 / 6, "sixteenth"),
        (1 / 2, "sixteenth"),
        (5 / 6, "sixteenth"),
    ),
    "eighths": _grid((0, "half"), (1 / 2, "quarter")),
}
"""The positions of a beat in each division of beats."""


SHIFTS: dict[str, tuple[float, ...]] = {
    "simple": (0, 1 / 2),
    "swing": (0, 1 / 3),
    "compound": (0, 1 / 3, 2 / 3),
    "eighths": (0, 1 / 2),
}
"""Parts of a beat by which a sequence of beats may be wrong."""


class Metre(NamedTuple):
    """A metre.

    Attributes
    ----------
    signature
        The time signature.
    division
        The division of its beats, a key of :data:`GRIDS`.
    beats
        The kind of each beat of a bar, an index of :data:`KINDS`.
    """

    signature: tuple[int, int]
    division: str
    beats: tuple[int, ...]

    @property
    def beat_quarters(self) -> float:
        """Length of a beat in quarter notes."""
        return {"compound": 1.5, "eighths": 0.5}.get(self.division, 1.0)


def _metre(signature: tuple[int, int], division: str, letters: str) -> Metre:
    """Make a metre from a letter for each beat: D downbeat, S start of a group, b other beat."""
    names = {"D": "downbeat", "S": "group", "b": "half" if division == "eighths" else "beat"}
    prefix = "compound-" if division == "compound" else ""
    return Metre(
        signature, division, tuple(KINDS.index(prefix + names[letter]) for letter in letters)
    )


METRES: tuple[Metre, ...] = (
    _metre((2, 4), "simple", "Db"),
    _metre((3, 4), "simple", "Dbb"),
    _metre((4, 4), "simple", "DbSb"),
    _metre((5, 4), "simple", "DbbSb"),
    _metre((5, 4), "simple", "DbSbb"),
    _metre((3, 4), "swing", "Dbb"),
    _metre((4, 4), "swing", "DbSb"),
    _metre((6, 8), "compound", "Db"),
    _metre((9, 8), "compound", "Dbb"),
    _metre((12, 8), "compound", "DbSb"),
    _metre((5, 8), "eighths", "DbbSb"),
    _metre((5, 8), "eighths", "DbSbb"),
    _metre((7, 8), "eighths", "DbSbSbb"),
    _metre((7, 8), "eighths", "DbbSbSb"),
    _metre((7, 8), "eighths", "DbSbbSb"),
)
"""All metres; some have several groupings."""

SIGNATURES: tuple[str, ...] = tuple(
    dict.fromkeys(f"{top}/{bottom}" for (top, bottom), _, _ in METRES)
)
"""Time signatures that the model knows."""


def signature_of(words: str) -> tuple[int, int]:
    """Read a time signature, one of :data:`SIGNATURES`.

    Examples
    --------
    >>> signature_of("6/8")
    (6, 8)
    """
    top, bottom = words.split("/")
    return int(top), int(bottom)


def beat_quarters_of(words: str) -> float:
    """Return the length of a beat of a metre, in quarter notes.

    Examples
    --------
    >>> beat_quarters_of("6/8"), beat_quarters_of("3/4")
    (1.5, 1.0)
    """
    signature = signature_of(words)
    return next(metre.beat_quarters for metre in METRES if metre.signature == signature)
