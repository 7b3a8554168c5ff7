"""Test the description of components on synthetic factors."""

import numpy as np
import pytest
from component_cases import DEAD, FREQUENCIES, HISS, RUMBLE, TIMES, factors, tone
from hypothesis import given, settings
from hypothesis import strategies as st

from otowake.music.components.measure import describe
from otowake.types import Factors


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(5)))
def test_the_order_given_does_not_matter(permutation):
    given_order = factors(HISS, tone(72), DEAD, RUMBLE, tone(48))
    ways = [
        describe(f, FREQUENCIES, TIMES)
        for f in (given_order, given_order.permuted(np.array(permutation)))
    ]
    assert np.array(permutation)[ways[1].order].tolist() == ways[0].order.tolist()
    for one, other in zip(ways[0].components, ways[1].components, strict=True):
        assert (one.start, one.end) == (other.start, other.end)
        assert one.energy == pytest.approx(other.energy)


@settings(max_examples=20, deadline=None)
@given(st.floats(-5, 5), st.floats(-5, 5))
def test_levels_of_spectrum_and_activation_do_not_matter(w, h):
    f = factors(tone(50), tone(60), HISS, RUMBLE)
    plain = describe(f, FREQUENCIES, TIMES)
    scaled = describe(Factors(f.W * 10**w, f.H * 10**h), FREQUENCIES, TIMES)
    assert scaled.tuning_hz == pytest.approx(plain.tuning_hz, rel=1e-6)
    for one, other in zip(plain.components, scaled.components, strict=True):
        assert (one.start, one.end) == (other.start, other.end)
        assert one.energy == pytest.approx(other.energy)
        assert (one.pitch and one.pitch.midi) == (other.pitch and other.pitch.midi)
