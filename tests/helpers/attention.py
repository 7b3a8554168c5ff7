"""Notes and random weights for the attention networks."""

import numpy as np

from otowake.music.network_weights import Weights
from otowake.music.players.attention import ATTENTION_HEADS, PAIR_FEATURES, note_features
from otowake.music.theory.instruments import INSTRUMENTS
from otowake.types import Floats

Notes = tuple[Floats, Floats, Floats, Floats]
WIDTH, BLOCKS = 16, 2


def random_notes(n: int, seed: int = 0) -> Notes:
    """Return log-probabilities, onsets, offsets and pitches of a line of notes, five a second."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, len(INSTRUMENTS)))
    onset = np.arange(n) / 5
    midi = rng.integers(40, 80, n).astype(float)
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True), onset, onset + 0.3, midi


def random_weights(
    seed: int = 0, size: float = 0.3, n_features: int | None = None, outputs: int = len(INSTRUMENTS)
) -> Weights:
    """Return the weights of one network, by their names in the file."""
    rng = np.random.default_rng(seed)
    shapes = {
        "told": (n_features or note_features(*random_notes(1)).shape[1], WIDTH),
        "relation": (PAIR_FEATURES, 8),
        "names": (WIDTH, outputs),
        "norm": (WIDTH,),
    }
    for block in range(BLOCKS):
        layers = {
            "looks": (WIDTH, 3 * WIDTH),
            "seen": (WIDTH, WIDTH),
            "relation": (8, ATTENTION_HEADS),
            "in": (WIDTH, 2 * WIDTH),
            "out": (2 * WIDTH, WIDTH),
            "attention.norm": (WIDTH,),
            "dense.norm": (WIDTH,),
        }
        shapes |= {f"{block}.{name}": shape for name, shape in layers.items()}
    weights = {}
    for name, shape in shapes.items():
        weights[name] = size * rng.normal(size=(1, *shape))
        weights[f"{name}.bias"] = size * rng.normal(size=(1, shape[-1]))
    return {name: values.astype(np.float32) for name, values in weights.items()}
