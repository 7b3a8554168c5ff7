"""Laws of the STFT: invertible, linear, equal in blocks and as a whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otowake.errors import BadInput
from otowake.options import StftSpec
from otowake.signal import istft, spectrogram, stft, stft_blocks
from otowake.types import Audio


@given(
    st.integers(1, 3000),
    st.sampled_from([(64, 16), (64, 32), (100, 25), (256, 60)]),
    st.integers(1, 2),
)
def test_istft_inverts_stft(n_samples, window, channels):
    n_fft, hop = window
    x = np.random.default_rng(n_samples).standard_normal((channels, n_samples)).astype(np.float32)
    back = istft(stft(x, n_fft, hop), hop, n_samples)
    assert back.shape == x.shape
    np.testing.assert_allclose(back, x, atol=2e-5)


@given(st.lists(st.integers(0, 700), min_size=1, max_size=6), st.integers(1, 40))
def test_blocks_of_any_size_agree_with_the_whole(sizes, frames_per_block):
    x = np.random.default_rng(0).standard_normal((2, sum(sizes))).astype(np.float32)
    pieces = np.split(x, np.cumsum(sizes)[:-1], axis=1)
    blocks = list(stft_blocks(pieces, 128, 32, frames_per_block))
    assert all(block.shape[2] == frames_per_block for block in blocks[:-1])
    np.testing.assert_array_equal(np.concatenate(blocks, axis=2), stft(x, 128, 32))


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
