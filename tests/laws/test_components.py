"""Test the description of components on synthetic factors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otowake.music.components.measure import describe
from otowake.music.theory.names import midi_to_hz
from otowake.types import Factors

FREQUENCIES = np.arange(1025) * 22050 / 2048
TIMES = np.arange(40) * 512 / 22050
RNG = np.random.default_rng(0)


def tone(midi, cents=0.0):
    """Build ten partials as lobes of a Hann window, shape (frequency,)."""
    bins, f0 = np.arange(1025.0), midi_to_hz(midi + cents / 100) / FREQUENCIES[1]
    off = bins[:, None] - f0 * np.arange(1, 11)
    with np.errstate(divide="ignore", invalid="ignore"):
        lobes = np.where(np.abs(off) == 1, 0.5, np.abs(np.sinc(off) / (1 - off**2)))
    return (lobes / np.arange(1, 11)).sum(axis=1)


def factors(*columns):
    """Build factors in which each spectrum sounds in 8 frames of its own."""
    H = np.zeros((len(columns), 40))
    for k in range(len(columns)):
        H[k, 8 * k : 8 * k + 8] = np.linspace(1, 0.5, 8)
    return Factors(np.stack(columns, axis=1), H)


HISS = np.where(FREQUENCIES > 5000, 1.0, 0.01) * (1 + 0.1 * RNG.random(1025))
RUMBLE = 1 / (100 + FREQUENCIES)
DEAD = np.full(1025, 1e-12)


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
