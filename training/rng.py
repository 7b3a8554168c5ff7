"""The random generator that every maker of training material takes."""

import numpy as np

Rng = np.random.Generator
