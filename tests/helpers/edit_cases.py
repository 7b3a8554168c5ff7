"""Sounds and facts for the tests of corrections."""

import numpy as np


def tone(midi, seconds, rate=22050):
    t = np.arange(int(seconds * rate)) / rate
    return sum(
        0.1 * np.sin(2 * np.pi * 440 * 2 ** ((midi - 69) / 12) * k * t) / k for k in range(1, 7)
    )
