"""Laws of the downmix: the mean of the channels, without cancellation."""

import numpy as np
from downmix_cases import BASS, LEAD, RATE, played
from hypothesis import given, settings
from hypothesis import strategies as st

from otowake.signal import downmix
from otowake.signal.downmix import Downmix
from otowake.types import Audio


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**31),
    st.sampled_from([32000, 44100]),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=6),
)
def test_ordinary_recordings_keep_the_mean_bit_for_bit(seed, rate, gains):
    rng = np.random.default_rng(seed)
    sources = rng.normal(0, 0.1, (len(gains), 3 * rate))
    room = 0.02 * rng.normal(0, 0.1, (2, 3 * rate))
    samples = (np.array(gains).T @ sources + room).astype(np.float32)
    mixed = downmix(Audio(samples, rate)).samples[0]
    np.testing.assert_array_equal(mixed, samples.mean(axis=0))


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 40_000), st.integers(-30, 20))
def test_the_downmix_does_not_depend_on_blocks_or_level(size, exponent):
    lead, bass = played(LEAD), played(BASS)
    samples = np.stack([lead + bass, bass - lead])
    whole = downmix(Audio(samples, RATE)).samples
    louder = Audio(samples * np.float32(2.0**exponent), RATE)
    blocks = list(Downmix(louder).blocks(size))
    assert max(block.shape[1] for block in blocks) <= size
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), whole * 2.0**exponent, rtol=1e-5)
