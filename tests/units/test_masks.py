"""Examples of the masks: components add up to the recording at any rate, channels and length."""

import numpy as np
import pytest
from mask_cases import SMALL, joined, random_factors

from otowake.signal import separate, spectrogram
from otowake.types import Audio, Factors


def test_silent_factors_give_equal_shares():
    x = np.random.default_rng(1).uniform(-1, 1, (1, 4000)).astype(np.float32)
    factors = Factors(np.zeros((129, 4)), np.zeros((4, 63)))
    for sound in joined(separate(Audio(x, 8000), factors, SMALL)):
        np.testing.assert_allclose(sound, x / 4, atol=1e-6)


def test_a_selected_component_equals_the_one_among_all():
    audio = Audio(np.random.default_rng(1).uniform(-1, 1, 9000).astype(np.float32), 16000)
    factors = random_factors(3, 71)
    every = joined(separate(audio, factors, SMALL))
    (single,) = joined(separate(audio, factors, SMALL, only=[1]))
    np.testing.assert_allclose(single, every[1], atol=1e-7)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_two_tones_are_separated(rate):
    t = np.arange(rate) / rate
    low, high = np.sin(2 * np.pi * 500 * t), np.sin(2 * np.pi * 2000 * t)
    V = spectrogram(Audio(low + high, rate), SMALL)
    W = np.stack([V.frequencies < 1200, V.frequencies >= 1200], axis=1).astype(float)
    parts = joined(separate(Audio(low + high, rate), Factors(W, np.ones((2, len(V.times)))), SMALL))
    inner = slice(rate // 8, -rate // 8)
    for part, truth in zip(parts, (low, high), strict=True):
        assert np.abs(part[0, inner] - truth[inner]).max() < 0.02


def test_the_top_of_the_spectra_extends_above_the_analysis_band():
    rate, t = 48000, np.arange(48000) / 48000
    hiss = np.sin(2 * np.pi * 15000 * t)
    bright = Factors(
        np.stack([np.arange(129) < 64, np.arange(129) >= 64], axis=1).astype(float),
        np.ones((2, 126)),
    )
    dark, light = joined(separate(Audio(hiss, rate), bright, SMALL))
    assert np.square(light).sum() > 1e6 * np.square(dark).sum()
