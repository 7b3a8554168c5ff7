"""A drum loop, chords over it, and how well drums are detected and separated in them."""

import numpy as np

from otowake.music.theory.instruments import KIT

RATE, SECONDS = 44100, 8.0
BEAT = {"kick": (0, 3, 8, 10), "snare": (4, 12), "hi-hat": tuple(range(0, 16, 2))}
"""Sixteenths of a bar of two seconds."""


def drum(name, rng):
    t = np.arange(int(0.4 * RATE)) / RATE
    noise = rng.standard_normal(len(t))
    if name == "kick":
        return np.sin(2 * np.pi * (55 * t + 6 * (1 - np.exp(-t * 40)))) * np.exp(-t * 14)
    if name == "snare":
        return (
            0.6 * np.sin(2 * np.pi * 190 * t) * np.exp(-t * 25) + 0.5 * noise * np.exp(-t * 20)
        ) * 0.8
    bright = np.diff(noise, n=3, prepend=[0, 0, 0]) / 4
    return 0.5 * bright * np.exp(-t * 45)


def loop():
    """Return each drum by itself, (drum, sample), and the onsets of each drum, in seconds."""
    rng = np.random.default_rng(5)
    stems, times = np.zeros((3, int(SECONDS * RATE))), []
    for row, name in enumerate(BEAT):
        times.append([bar * 2 + step / 8 for bar in range(4) for step in BEAT[name]])
        for at in times[-1]:
            sound = drum(name, rng) * rng.uniform(0.7, 1.0)
            first = int(at * RATE)
            stems[row, first : first + len(sound)] += sound[: stems.shape[1] - first]
    return 0.4 * stems, times


def chords():
    """Synthesise a plucked accompaniment."""
    t = np.arange(int(SECONDS * RATE)) / RATE
    wave = np.zeros(len(t))
    for n, root in enumerate((60, 65, 67, 60)):
        for midi in (root, root + 4, root + 7):
            hz, since = 440 * 2 ** ((midi - 69) / 12), t - 2 * n
            tone = sum(np.sin(2 * np.pi * hz * k * since) / k**1.5 for k in range(1, 8))
            wave += np.where(
                (since >= 0) & (since < 2), tone * np.exp(-2 * np.maximum(since, 0)), 0
            )
    return 0.05 * wave


def f1(notes, times, name):
    mine = sorted(note.onset for note in notes if note.is_drum and note.midi == KIT[name].key)
    hits = sum(np.abs(np.array(mine) - at).min(initial=9) < 0.03 for at in times)
    return 2 * hits / (len(mine) + len(times))


def sdr(truth, guess):
    scale = truth @ guess / max(guess @ guess, 1e-12)
    return 10 * np.log10(truth @ truth / np.square(truth - scale * guess).sum())
