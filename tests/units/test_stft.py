"""Examples of the STFT: invertible, linear, equal in blocks and as a whole."""

import numpy as np
import pytest

from otowake.errors import BadInput
from otowake.options import StftSpec
from otowake.signal import spectrogram, stft
from otowake.types import Audio


def test_stft_is_linear(melody):
    x = melody.samples[0]
    np.testing.assert_allclose(stft(3 * x), 3 * stft(x), rtol=1e-5, atol=1e-4)


def test_the_mean_is_one_and_level_does_not_matter(melody):
    loud = spectrogram(melody)
    quiet = spectrogram(Audio(melody.samples * 0.001, melody.rate))
    assert loud.values.mean() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(quiet.values, loud.values, rtol=1e-3, atol=1e-4)
    assert loud.values.min() >= 1e-10
    assert loud.values.shape == (len(loud.frequencies), len(loud.times))


def test_axes_are_in_hertz_and_seconds():
    t = np.arange(2 * 44100) / 44100
    tone = spectrogram(Audio(np.sin(2 * np.pi * 1000 * t) * (t > 1), 44100))
    peak = np.unravel_index(tone.values.argmax(), tone.values.shape)
    assert tone.frequencies[peak[0]] == pytest.approx(1000, abs=22050 / 2048)
    assert tone.times[tone.values.sum(axis=0) > 1].min() == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("samples", [np.zeros(22050), np.zeros((2, 22050))])
def test_silence_is_refused(samples):
    with pytest.raises(BadInput, match="the recording, mixed to mono, is silent"):
        spectrogram(Audio(samples, 22050))


def test_a_recording_shorter_than_a_window_is_refused():
    with pytest.raises(
        BadInput, match=r"at least one window long \(2048 samples at 22050 Hz\); it has 2047"
    ):
        spectrogram(Audio(np.ones(2047), 22050))
    assert spectrogram(Audio(np.ones(2048), 22050), StftSpec()).values.shape == (1025, 5)
