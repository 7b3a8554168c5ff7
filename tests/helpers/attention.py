"""Notes and random weights for networks that look at the notes around each."""

import numpy as np

from otowake.music.players.attention import HEADS, RELATIONS, Weights, told
from otowake.music.theory.instruments import INSTRUMENTS
from otowake.types import Floats

Notes = tuple[Floats, Floats, Floats, Floats]
WIDTH, BLOCKS = 16, 2


def notes(n: int, seed: int = 0) -> Notes:
    """Log-probabilities, onsets, offsets and pitches of a line of notes, five a second."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, len(INSTRUMENTS)))
    onset = np.arange(n) / 5
    midi = rng.integers(40, 80, n).astype(float)
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True), onset, onset + 0.3, midi


def random_weights(
    seed: int = 0,
    size: float = 0.3,
    told_numbers: int | None = None,
    outputs: int = len(INSTRUMENTS),
) -> Weights:
    rng = np.random.default_rng(seed)
    shapes = {
        "told": (told_numbers or told(*notes(1)).shape[1], WIDTH),
        "relation": (RELATIONS, 8),
        "names": (WIDTH, outputs),
        "norm": (WIDTH,),
    }
    for block in range(BLOCKS):
        inside = {"looks": (WIDTH, 3 * WIDTH), "seen": (WIDTH, WIDTH), "relation": (8, HEADS)}
        inside |= {"in": (WIDTH, 2 * WIDTH), "out": (2 * WIDTH, WIDTH)}
        inside |= {"attention.norm": (WIDTH,), "dense.norm": (WIDTH,)}
        shapes |= {f"{block}.{name}": shape for name, shape in inside.items()}
    found = {}
    for name, shape in shapes.items():
        found[name] = size * rng.normal(size=(1, *shape))
        found[f"{name}.bias"] = size * rng.normal(size=(1, shape[-1]))
    return {name: values.astype(np.float32) for name, values in found.items()}
