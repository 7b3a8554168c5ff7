"""The random generator that all makers of training data take as an argument."""

import numpy as np

Rng = np.random.Generator
