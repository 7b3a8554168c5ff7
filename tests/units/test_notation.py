"""Examples of notation: bars are full, values legible, and what is written is what was played."""

import math

import numpy as np
import pytest
from notation_cases import beats_of, score_of

from otowake.music.notation.hands import share_hands
from otowake.music.notation.metre import TICKS_PER_BEAT, Metre, triplets_of
from otowake.music.notation.quantisation import quantise
from otowake.music.notation.spelling import spell_notes
from otowake.types import Key, Note, Rhythm


def values_of(score, bar=0, staff=0, voice=0):
    return [
        (symbol.value.type + "." * symbol.value.dots if symbol.value else "bar")
        + ("" if symbol.tones else " rest")
        + (" 3" if symbol.tuplet else "")
        for symbol in score.players[0].staves[staff].bars[bar][voice]
    ]


@pytest.mark.parametrize("bpm", [60, 100, 140])
@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ((0, 1 / 3, 2 / 3), (0, 8, 16)),
        ((0, 2 / 3), (0, 16)),
        ((0, 1 / 2), (0, 12)),
        ((0, 3 / 4), (0, 18)),
        ((0, 1 / 4, 1 / 2, 3 / 4), (0, 6, 12, 18)),
        ((0, 1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6), (0, 4, 8, 12, 16, 20)),
    ],
)
@pytest.mark.parametrize("deviation", [0, 0.006])
def test_divisions_of_beats_are_found(bpm, parts, wanted, deviation):
    rng = np.random.default_rng(bpm)
    beat = 60 / bpm
    notes = [
        Note(max((i + part) * beat + rng.normal(0, deviation), 0), (i + 1) * beat + 0.1, 60 + k)
        for i in range(24)
        for k, part in enumerate(parts)
    ]
    starts = [note.start for note in quantise(notes, Rhythm(bpm, beats_of(bpm, 30)))]
    assert starts == [24 * i + at for i in range(24) for at in wanted]


def test_chords_stay_together_however_they_are_broken():
    beats = beats_of(90)
    notes = [
        Note(beats[i] * 1.0 + 0.02 * k, beats[i + 1], 48 + 7 * k)
        for i in range(40)
        for k in range(3)
    ]
    starts = [note.start for note in quantise(notes, Rhythm(90, beats))]
    assert starts == [24 * i for i in range(40) for _ in range(3)]


def test_triplets_are_written_as_such():
    score = score_of([(i / 3, 1 / 3, 60 + i % 3) for i in range(12)])
    assert values_of(score) == ["eighth 3"] * 12
    symbols = score.players[0].staves[0].bars[0][0]
    assert [(s.tuplet.is_first, s.tuplet.is_last) for s in symbols[:3]] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    quarters = score_of([(i * 2 / 3, 2 / 3, 60) for i in range(6)])
    assert values_of(quarters) == ["quarter 3"] * 6


@pytest.mark.parametrize("ratio", [0.6, 0.65, 0.7])
def test_swing_is_written_in_plain_eighth_notes(ratio):
    notes = [(i + at, 0.3, 60) for i in range(16) for at in (0, ratio)]
    score = score_of(notes, swing=True)
    assert score.is_swing and values_of(score) == ["eighth"] * 8


def test_a_triplet_within_swing_stays_one():
    notes = [(i + at, 0.3, 60) for i in range(3) for at in (0, 2 / 3)]
    notes += [(3 + i / 3, 1 / 3, 62) for i in range(3)]
    assert values_of(score_of(notes, swing=True)) == ["eighth"] * 6 + ["eighth 3"] * 3


@pytest.mark.parametrize(
    ("metre", "notes", "wanted"),
    [
        (Metre(4), [(0, 3), (3, 1)], ["half.", "quarter"]),
        (Metre(4), [(0, 1), (1, 2), (3, 1)], ["quarter", "half", "quarter"]),
        (
            Metre(4),
            [(0, 0.5), (0.5, 1), (1.5, 0.5), (2, 2)],
            ["eighth", "quarter", "eighth", "half"],
        ),
        (Metre(4), [(0, 1.5), (1.5, 1), (2.5, 1.5)], ["quarter.", "eighth", "eighth", "quarter."]),
        (Metre(2, 16), [(0, 2 / 3), (2 / 3, 1 / 3), (1, 1)], ["quarter", "eighth", "quarter."]),
        (Metre(3), [(0, 3)], ["half."]),
        (Metre(4, 16), [(0, 4)], ["whole."]),
    ],
)
def test_values_are_those_of_the_metre(metre, notes, wanted):
    score = score_of([(start, length, 67) for start, length in notes], metre)
    assert values_of(score) == wanted


def test_a_pick_up_is_a_bar_of_its_own():
    notes = [(3, 1, 67), *((4 + i, 1, 72) for i in range(8))]
    score = score_of(notes)
    assert [(bar.number, bar.stop - bar.start) for bar in score.bars] == [(0, 24), (1, 96), (2, 96)]
    assert values_of(score) == ["quarter"]
    eighth = score_of([(3.5, 0.5, 67), *notes[1:]])
    assert eighth.bars[0].stop - eighth.bars[0].start == 12
    assert score_of(notes[1:]).bars[0].number == 1  # silent bars before the music are left out


def test_hands_are_split_by_what_they_reach():
    left = [(i, 1, midi) for i in range(8) for midi in ((41, 53) if i % 2 else (48, 55, 60))]
    right = [(i / 2, 0.5, 72 + i % 5) for i in range(16)]
    notes = [Note(a, a + b, midi) for a, b, midi in left + right]
    hands = share_hands(quantise(notes, Rhythm(60.0, np.arange(12.0))))
    assert sorted(n.note.midi for n in hands[1]) == sorted(midi for _, _, midi in left)
    low = [Note(a, a + b, midi - 14) for a, b, midi in left + right]
    hands = share_hands(quantise(low, Rhythm(60.0, np.arange(12.0))))
    assert sorted(n.note.midi for n in hands[1]) == sorted(midi - 14 for _, _, midi in left)


def test_a_held_note_has_a_voice_and_a_legato_line_has_one():
    held = [(0, 4, 60), *((i / 2, 0.5, 72 + i) for i in range(8))]
    score = score_of(held)
    assert values_of(score) == ["eighth"] * 8 and values_of(score, voice=1) == ["whole"]
    legato = score_of([(i / 2, 0.6, 72 + i) for i in range(8)])
    assert len(legato.players[0].staves[0].bars[0]) == 1
    flute = score_of(held, programme=73)
    assert len(flute.players[0].staves[0].bars[0]) == 1


@pytest.mark.parametrize("share", [0.45, 0.6, 0.8, 1.05])
def test_detached_notes_have_no_rests_between_them(share):
    score = score_of([(i / 2, share / 2, 72 + i % 3) for i in range(8)])
    assert values_of(score) == ["eighth"] * 8


def test_silence_is_written_as_rests():
    score = score_of([(0, 1, 72), (3, 1, 72)])
    assert values_of(score) == ["quarter", "quarter rest", "quarter rest", "quarter"]


@pytest.mark.parametrize("fifths", range(-5, 7))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_scales_are_spelled_by_their_key(fifths, mode):
    key = next(k for t in range(12) if (k := Key(t, mode, 1.0)).fifths == fifths)
    steps = (0, 2, 4, 5, 7, 9, 11) if mode == "major" else (0, 2, 3, 5, 7, 8, 11)
    pitches = [60 + key.tonic + step for step in (*steps, 12, *steps[::-1])] * 3
    names = spell_notes(pitches, key)
    letters = [name[0] for name in names[:8]]
    assert len(set(letters[:7])) == 7
    sharps = "FCGDAEB"[: max(fifths, 0)]
    flats = "BEADGCF"[: max(-fifths, 0)]
    for name in names:
        signed = (name[0] in sharps) - (name[0] in flats)
        raised = mode == "minor" and name == names[6]
        assert name.count("#") - name[1:].count("b") == signed + raised


def test_accidentals_are_drawn_once_in_a_bar():
    score = score_of(
        [(i, 1, midi) for i, midi in enumerate((66, 66, 65, 66, 66, *(60, 64, 67, 72) * 3))],
        key=Key(0, "major", 1),
    )
    signs = [
        s.tones[0].accidental for bar in score.players[0].staves[0].bars for s in bar[0] if s.tones
    ]
    assert signs[:5] == [1, None, 0, 1, 1]


def test_triplets_hold_where_their_edges_are():
    assert triplets_of(Metre(4), (0, 12, 24)) == ()
    assert triplets_of(Metre(4), (0, 8, 24, 40)) == ((0, 24), (24, 48))
    assert triplets_of(Metre(2, 16), (0, 8, 16)) == ()
    assert math.lcm(8, 6) == TICKS_PER_BEAT
