"""Examples of assigning notes to parts, for any output of the recogniser."""

import numpy as np
import pytest
from part_cases import flute_over_bassoon, line, random_log_probs

from otowake.errors import BadInput
from otowake.music.players.parts import assign_parts
from otowake.music.theory.instruments import INSTRUMENT_NAMES, INSTRUMENTS


@pytest.mark.parametrize("name", ["piano", "harmonica", "violin", "tuba"])
@pytest.mark.parametrize("seed", range(4))
def test_a_solo_is_one_part(name: str, seed: int) -> None:
    row = INSTRUMENTS[INSTRUMENT_NAMES.index(name)]
    notes = line(120, (row.low + row.high) / 2 - 4, seed, 0.15)
    parts = assign_parts(*notes, random_log_probs([name] * 120, seed))
    assert [part.name for part in parts] == [name]
    assert parts[0].notes == tuple(range(120))
    assert next(iter(parts[0].probabilities)) == name


def test_two_timbres_are_two_parts() -> None:
    notes, true = flute_over_bassoon()
    parts = {part.name: part for part in assign_parts(*notes, random_log_probs(true))}
    assert set(parts) == {"flute", "bassoon"}
    assert np.mean([true[n] == "flute" for n in parts["flute"].notes]) > 0.95
    assert np.mean([true[n] == "bassoon" for n in parts["bassoon"].notes]) > 0.95


@pytest.mark.parametrize("scattered", [False, True])
def test_an_ambiguous_line_is_a_part_and_scattered_misclassifications_are_not(
    scattered: bool,
) -> None:
    """180 notes of a piano and 30 ambiguous ones: a melody above the chords, or scattered."""
    beats = np.arange(60) * 0.5
    onset, midi = np.repeat(beats, 3), np.tile([55, 59, 62], 60)
    if scattered:
        as_flute = np.isin(np.arange(180), np.random.default_rng(0).choice(180, 30, replace=False))
        midi = midi + 12
    else:
        onset, midi = np.append(onset, beats[:30] + 0.02), np.append(midi, 70 + np.arange(30) % 5)
        as_flute = np.arange(210) >= 180
    decaying = {"keyboard", "plucked", "percussion"}
    sustained = np.array([row.family not in decaying for row in INSTRUMENTS])
    probs = np.full((len(onset), len(INSTRUMENTS)), 0.004)
    probs[np.ix_(as_flute, sustained)] = 0.5 / sustained.sum()
    probs[:, INSTRUMENT_NAMES.index("piano")] = np.where(as_flute, 0.04, 0.6)
    probs[:, INSTRUMENT_NAMES.index("flute")] = np.where(as_flute, 0.4, 0.03)
    log_probs = np.log(probs / probs.sum(axis=1, keepdims=True))
    parts = assign_parts(onset, onset + 0.45, midi, log_probs)
    notes_of_parts = {part.name: part.notes for part in parts}
    if scattered:
        assert set(notes_of_parts) == {"piano"}
    else:
        assert notes_of_parts == {"piano": tuple(range(180)), "flute": tuple(range(180, 210))}


@pytest.mark.parametrize(("n", "piano_prob"), [(16, 0.05), (24, 0.1)])
def test_a_third_player_of_another_family_needs_less_evidence(n: int, piano_prob: float) -> None:
    """A few probable trumpet notes next to a piano and a bassoon.

    They are too few for a second sustained player, but enough for a third player of a new family,
    even if they resemble the piano.
    """
    beats = np.arange(40) * 0.5
    onset = np.concatenate([np.repeat(beats, 3), beats + 0.03, beats[:n] + 0.06])
    midi = np.concatenate(
        [np.tile([36, 40, 43], 40), 50 + np.arange(40) % 5, 74 + np.arange(n) % 5]
    )
    players = np.repeat([0, 1, 2], [120, 40, n])
    probs = np.full((len(onset), len(INSTRUMENTS)), 0.004)
    piano, bassoon, trumpet = (
        INSTRUMENT_NAMES.index(name) for name in ("piano", "bassoon", "trumpet")
    )
    probs[:, piano] = np.array([0.6, 0.05, piano_prob])[players]
    probs[:, bassoon] = np.array([0.03, 0.6, 0.05])[players]
    probs[:, trumpet] = np.array([0.01, 0.03, 0.6])[players]
    log_probs = np.log(probs / probs.sum(axis=1, keepdims=True))
    parts = assign_parts(onset, onset + 0.45, midi, log_probs)
    assert [(part.name, part.notes) for part in parts] == [
        (name, tuple(np.flatnonzero(players == index)))
        for index, name in enumerate(("piano", "bassoon", "trumpet"))
    ]


def test_unary_predictions_count_the_players_and_contextual_ones_name_them() -> None:
    notes, true = flute_over_bassoon()
    as_oboe = ["oboe" if name == "flute" else name for name in true]
    contextual, unary = random_log_probs(as_oboe, seed=1), random_log_probs(true)
    parts = assign_parts(*notes, contextual, unary)
    assert {part.name for part in parts} == {"oboe", "bassoon"}
    known = assign_parts(*notes, contextual, unary, instruments=["flute", "oboe"])
    flutes = [n for part in known if part.name == "flute" for n in part.notes]
    assert np.mean([true[n] == "flute" for n in flutes]) > 0.6
    solo = random_log_probs(["flute"] * len(true))
    assert len(assign_parts(*notes, unary, solo)) == 1


def test_only_requested_instruments_are_considered() -> None:
    notes, true = flute_over_bassoon()
    parts = assign_parts(*notes, random_log_probs(true), instruments=["oboe", "cello"])
    assert {part.instrument for part in parts} <= {"oboe", "cello"}
    parts = assign_parts(
        *notes, random_log_probs(["oboe"] * len(true)), instruments=["violin", "violin"]
    )
    assert [part.name for part in parts] == ["violin", "violin-2"]


def test_the_order_of_notes_does_not_matter() -> None:
    notes, true = flute_over_bassoon(20)
    log_probs, order = random_log_probs(true), np.random.default_rng(0).permutation(40)
    plain = assign_parts(*notes, log_probs)
    moved = assign_parts(*(column[order] for column in notes), log_probs[order])
    ours = {part.name: set(part.notes) for part in plain}
    assert {part.name: {int(order[n]) for n in part.notes} for part in moved} == ours


def test_as_many_parts_as_requested() -> None:
    notes, true = flute_over_bassoon()
    for number in (1, 2):
        assert len(assign_parts(*notes, random_log_probs(true), n_parts=number)) == number


def test_bad_input_is_refused() -> None:
    with pytest.raises(BadInput, match="no instrument called lute"):
        assign_parts([0.0], [1.0], [60], random_log_probs(["flute"]), instruments=["lute"])
    with pytest.raises(BadInput, match="parts must be"):
        assign_parts([0.0], [1.0], [60], random_log_probs(["flute"]), n_parts=0)


def test_a_part_without_a_probable_instrument_is_unknown() -> None:
    log_probs = np.full((3, len(INSTRUMENTS)), -np.log(len(INSTRUMENTS)))
    assert [part.name for part in assign_parts([0, 1, 2], [1, 2, 3], [60, 62, 64], log_probs)] == [
        "unknown"
    ]


def test_a_note_that_resembles_two_players_is_shared_and_a_confident_one_is_not() -> None:
    onset = np.arange(12) * 3.0  # the notes have no neighbours
    log_probs = random_log_probs(["flute", "bassoon"] * 6, wrong=0, margin=9.0)
    log_probs[5] = np.log((np.exp(log_probs[4]) + np.exp(log_probs[3])) / 2)
    names = ["flute", "bassoon"]
    parts = assign_parts(onset, onset + 1, np.full(12, 64), log_probs, instruments=names)
    assert [shared.note for part in parts for shared in part.shared] == [5]


def test_a_kind_of_instrument_with_few_confident_notes_is_not_considered() -> None:
    notes = line(60, 76, 1)
    for n, expected in ((2, {"flute"}), (20, {"flute", "banjo"})):
        true = ["banjo"] * n + ["flute"] * (60 - n)
        parts = assign_parts(*notes, random_log_probs(true, wrong=0, margin=9.0))
        assert {part.name for part in parts} == expected
    log_probs = random_log_probs(["banjo"] * 2 + ["flute"] * 58, wrong=0, margin=9.0)
    assert len(assign_parts(*notes, log_probs, n_parts=2)) == 2
