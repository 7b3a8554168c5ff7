"""Channels in opposite polarity for the tests of the downmix."""

import numpy as np

RATE = 22050


LEAD = [(0.5 + 0.5 * i, 0.48, midi) for i, midi in enumerate([72, 74, 76, 77, 79, 77, 76, 74])]


BASS = [(0.5 + i, 0.95, midi) for i, midi in enumerate([48, 43, 45, 41])]


def played(notes, gain=0.3, length=5.0):
    """Synthesise decaying tones with eight partials, shape (sample,), float32."""
    sound = np.zeros(int(length * RATE))
    for onset, duration, midi in notes:
        t = np.arange(int(duration * RATE)) / RATE
        hz = 440 * 2 ** ((midi - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hz * n * t) / n for n in range(1, 9)) * np.exp(-2 * t)
        ramp = np.minimum(1, np.minimum(t, t[::-1]) / 0.005)
        first = int(onset * RATE)
        sound[first : first + len(t)] += gain * tone * ramp
    return sound.astype(np.float32)
