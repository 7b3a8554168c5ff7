"""Laws of the STFT: invertible, linear, equal in blocks and as a whole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from otowake.signal import istft, stft, stft_blocks


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
