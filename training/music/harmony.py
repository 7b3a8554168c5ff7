"""Random harmony: keys and progressions of chords, in beats."""

from dataclasses import dataclass
from typing import NamedTuple

from training.rng import Rng


class Chord(NamedTuple):
    """A chord of a progression: start and length in beats, pitch classes from the root up."""

    start: float
    length: float
    classes: tuple[int, ...]


@dataclass(frozen=True)
class Harmony:
    """The harmony of a clip: pitch classes of the scale, chords, and the number of beats."""

    scale: tuple[int, ...]
    chords: tuple[Chord, ...]
    beats: float


_SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "whole-tone": (0, 2, 4, 6, 8, 10),
    "chromatic": tuple(range(12)),
}
_NEXT_ROOTS = {
    0: (3, 4, 5, 1),
    1: (4, 6, 4),
    2: (5, 3),
    3: (4, 0, 1, 6),
    4: (0, 0, 5, 3),
    5: (1, 3, 4),
    6: (0, 2),
}


def draw_harmony(rng: Rng, beats: float) -> Harmony:
    """Draw a key and a progression of chords of 1–8 beats each."""
    name = str(rng.choice(list(_SCALES), p=[0.36, 0.26, 0.1, 0.1, 0.08, 0.03, 0.07]))
    tonic = int(rng.integers(12))
    steps = _SCALES[name]
    scale = tuple(sorted((tonic + step) % 12 for step in steps))
    chords, start, root = [], 0.0, 0
    size = int(rng.choice([3, 3, 4, 5]))
    common = float(rng.choice([1, 2, 2, 4, 4, 8]))
    while start < beats:
        length = common * float(rng.choice([0.5, 1, 1, 1, 2])) if common > 1 else common
        if name == "chromatic":
            classes = tuple(int(c) for c in rng.choice(12, size, replace=False))
        else:
            up = [steps[(root + 2 * k) % len(steps)] for k in range(size)]
            classes = tuple(
                (tonic + step + (int(rng.integers(-1, 2)) if rng.random() < 0.05 else 0)) % 12
                for step in up
            )
        chords.append(Chord(start, min(length, beats - start), classes))
        start += length
        root = (
            int(rng.choice(_NEXT_ROOTS.get(root % 7, (0,))))
            if rng.random() < 0.85
            else int(rng.integers(7))
        )
    return Harmony(scale, tuple(chords), beats)


def ladder(classes: tuple[int, ...], low: int, high: int) -> list[int]:
    """Return the pitches of some pitch classes between two pitches, rising; never empty."""
    pitches = [pitch for pitch in range(low, high + 1) if pitch % 12 in classes]
    return pitches or [low]
