"""Outputs of a recogniser for the tests of parts."""

import numpy as np

from otowake.music.theory.instruments import INSTRUMENT_NAMES, INSTRUMENTS
from otowake.types import Floats


def random_log_probs(
    true: list[str], seed: int = 0, wrong: float = 0.3, margin: float = 4.0
) -> Floats:
    """Simulate a recogniser that draws the class of a share `wrong` of the notes at random."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1, (len(true), len(INSTRUMENTS)))
    for n, name in enumerate(true):
        predicted = (
            rng.integers(len(INSTRUMENTS)) if rng.random() < wrong else INSTRUMENT_NAMES.index(name)
        )
        scores[n, predicted] += margin
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def line(n: int, centre: float, seed: int, every: float = 0.4) -> tuple[Floats, Floats, Floats]:
    """Return onsets, offsets and pitches of a melodic line."""
    rng = np.random.default_rng(seed)
    onset = np.arange(n) * every + rng.uniform(0, 0.05, n)
    return (
        onset,
        onset + every * 0.9,
        np.clip(centre + np.cumsum(rng.integers(-2, 3, n)) % 9, 21, 108),
    )


def flute_over_bassoon(n: int = 40) -> tuple[tuple[Floats, ...], list[str]]:
    """Return the notes of a high and a low line, and the instruments of the notes."""
    a, b = line(n, 76, 1), line(n, 43, 2)
    notes = tuple(np.concatenate(pair) for pair in zip(a, b, strict=True))
    return notes, ["flute"] * n + ["bassoon"] * n
