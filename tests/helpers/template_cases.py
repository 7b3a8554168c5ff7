"""Axes for the tests of templates."""

import numpy as np

RATE = 22050


BIN = RATE / 2048


FREQUENCIES = np.arange(1025) * BIN


TIMES = np.arange(200) * 512 / RATE
