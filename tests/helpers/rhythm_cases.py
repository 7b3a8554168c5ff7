"""Pieces for the tests of rhythm."""

import numpy as np

from benchmarks.rhythm import STYLES, compose


def piece(kind, tempo, seed=1):
    return compose(np.random.default_rng(seed), STYLES[kind][0], tempo)
