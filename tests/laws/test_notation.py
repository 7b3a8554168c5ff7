"""Laws of notation: bars are full, values legible, and what is written is what was played."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from notation_cases import METRES, QUARTERS, beats_of, score_of

from otowake.music.notation.metre import split
from otowake.music.notation.quantisation import quantise
from otowake.types import Note, Rhythm


@given(st.sampled_from(METRES), st.data())
def test_a_split_fills_the_duration_with_values(metre, data):
    unit = 2 if metre.is_compound else 3
    start = data.draw(st.integers(0, metre.bar // unit - 1)) * unit
    stop = data.draw(st.integers(start // unit + 1, metre.bar // unit)) * unit
    for is_rest in (False, True):
        begins = split(metre, start, stop, is_rest=is_rest)
        assert begins[0] == start
        for begin, end in pairwise([*begins, stop]):
            assert metre.value(end - begin)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(METRES),
    st.lists(
        st.tuples(st.floats(0, 20), st.floats(0.01, 6), st.integers(0, 127)),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([0, 24, 40, 73]),
    st.booleans(),
)
def test_every_bar_is_full_and_every_start_is_written(metre, notes, programme, swing):
    score = score_of(notes, metre, programme=programme, swing=swing)
    assert score.bars[0].number in (0, 1)
    written = set()
    for staff in score.players[0].staves:
        for bar, voices in zip(score.bars, staff.bars, strict=True):
            assert 1 <= len(voices) <= 2
            for voice in voices:
                assert voice[0].start == 0 and voice[-1].stop == bar.stop - bar.start
                assert all(a.stop == b.start for a, b in pairwise(voice))
                for symbol in voice:
                    check_value(symbol, score.metre, bar)
                    if symbol.tones and not symbol.tied_before:
                        written |= {(bar.start + symbol.start, tone.name) for tone in symbol.tones}
    assert len({start for start, _ in written}) == n_starts(notes, metre, swing)


def check_value(symbol, metre, bar):
    if symbol.value is None:
        assert symbol.length == bar.stop - bar.start and not symbol.tones
        return
    whole = Fraction(4 * metre.quarter, 2 ** VALUES.index(symbol.value.type))
    length = whole * (2 - Fraction(1, 2**symbol.value.dots))
    if symbol.tuplet:
        length *= Fraction(symbol.tuplet.normal, symbol.tuplet.actual)
    assert length == symbol.length


VALUES = ("whole", "half", "quarter", "eighth", "16th", "32nd", "64th")


def n_starts(notes, metre, swing):
    rhythm = Rhythm(
        100.0, beats_of(100), metre.n_beats, beat_quarters=QUARTERS[metre.quarter], swing=swing
    )
    played = [Note(a * 0.6, (a + b) * 0.6, midi) for a, b, midi in notes]
    return len({note.start for note in quantise(played, rhythm)})
