"""Laws of the masks: components add up to the recording at any rate, channels and length."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mask_cases import SMALL, joined, random_factors

from otowake.signal import separate
from otowake.types import Audio


@given(
    st.sampled_from([8000, 11025, 22050, 44100, 48000]),
    st.integers(1, 2),
    st.integers(1, 9000),
    st.integers(1, 5),
    st.integers(1, 50),
)
def test_components_add_up_to_the_recording(
    rate, channels, n_samples, n_components, frames_per_block
):
    x = np.random.default_rng(1).uniform(-1, 1, (channels, n_samples)).astype(np.float32)
    factors = random_factors(n_components, 1 + int(n_samples * 8000 / rate) // 64)
    sounds = joined(separate(Audio(x, rate), factors, SMALL, frames_per_block=frames_per_block))
    assert [sound.shape for sound in sounds] == [x.shape] * n_components
    np.testing.assert_allclose(sum(sounds), x, atol=1e-5)
