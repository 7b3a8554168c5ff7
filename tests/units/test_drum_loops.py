"""The separation of drum loops."""

import itertools

import numpy as np
import pytest

from otowake.errors import BadInput
from otowake.music.drums.loop_separation import find_drums, split_drums
from otowake.types import Audio


def loop(rate=22050, seed=0):
    """Return the stems of a loop of kick, snare and hi-hat, shape (drum, sample)."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(0.4 * rate)) / rate
    kick = np.sin(2 * np.pi * (50 * t + 8 * (1 - np.exp(-t * 30)))) * np.exp(-t * 12)
    noise = rng.standard_normal(len(t))
    snare = (0.5 * np.sin(2 * np.pi * 185 * t) + 0.5 * noise) * np.exp(-t * 18)
    bright = np.diff(np.diff(noise, prepend=0), prepend=0)
    hat = 0.15 * bright * np.exp(-t * 60)
    n = int(4.5 * rate)
    stems = np.zeros((3, n))
    for beat in range(32):
        at = int(beat * 0.13 * rate)
        for k, (drum, plays) in enumerate(
            ((kick, beat % 8 in (0, 3)), (snare, beat % 8 == 4), (hat, beat % 2 == 1))
        ):
            if plays:
                stems[k, at : at + len(t)] += drum[: n - at] * rng.uniform(0.7, 1.0)
    return stems


def sdr(truth, guess):
    scale = truth @ guess / max(guess @ guess, 1e-12)
    return 10 * np.log10(truth @ truth / np.square(truth - scale * guess).sum())


@pytest.mark.parametrize("rate", [22050, 44100])
def test_a_drum_loop_is_separated(rate):
    stems = loop(rate)
    mixture = stems.sum(axis=0)
    sounds = split_drums(Audio(mixture, rate))
    np.testing.assert_allclose(sum(drum.samples[0] for drum in sounds), mixture, atol=1e-5)
    gains = [
        np.mean(
            [
                sdr(s, sounds[k].samples[0]) - sdr(s, mixture)
                for s, k in zip(stems, order, strict=True)
            ]
        )
        for order in itertools.permutations(range(3))
    ]
    assert max(gains) > 8


def test_too_few_onsets_are_an_error():
    with pytest.raises(BadInput, match="too few for 3 drums"):
        find_drums(np.ones((65, 50)), np.linspace(0, 4000, 65))
