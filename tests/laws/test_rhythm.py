"""Laws of tempo, metre, downbeats and keys."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rhythm_cases import piece

from otowake.music.theory.rhythm import find_rhythm
from otowake.types import Note


@settings(max_examples=10)
@given(st.integers(0, 5), st.floats(0, 20))
def test_the_rhythm_moves_with_the_music(seed, late):
    notes = piece("march", 100, seed).notes
    moved = [Note(n.onset + late, n.offset + late, n.midi, n.velocity) for n in notes]
    here, there = find_rhythm(notes), find_rhythm(moved)
    assert here.signature == there.signature
    assert here.tempo == pytest.approx(there.tempo, rel=0.02)
