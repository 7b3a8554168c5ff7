"""What must hold when notes are gathered into parts, whatever the recogniser says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otowake.errors import BadInput
from otowake.music.players.parts import gather
from otowake.music.theory.instruments import INSTRUMENT_NAMES, INSTRUMENTS
from otowake.types import Floats


def chances(true: list[str], seed: int = 0, wrong: float = 0.3, sure: float = 4.0) -> Floats:
    """What a recogniser might say of notes: it is for the true instrument, but for a part `wrong` of the notes for
    any, and always in some doubt."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1, (len(true), len(INSTRUMENTS)))
    for n, name in enumerate(true):
        said = (
            rng.integers(len(INSTRUMENTS)) if rng.random() < wrong else INSTRUMENT_NAMES.index(name)
        )
        scores[n, said] += sure
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def line(n: int, centre: float, seed: int, every: float = 0.4) -> tuple[Floats, Floats, Floats]:
    rng = np.random.default_rng(seed)
    onset = np.arange(n) * every + rng.uniform(0, 0.05, n)
    return (
        onset,
        onset + every * 0.9,
        np.clip(centre + np.cumsum(rng.integers(-2, 3, n)) % 9, 21, 108),
    )


def two(n: int = 40) -> tuple[tuple[Floats, ...], list[str]]:
    """A flute high up over a bassoon."""
    a, b = line(n, 76, 1), line(n, 43, 2)
    return tuple(np.concatenate(pair) for pair in zip(a, b, strict=True)), ["flute"] * n + [
        "bassoon"
    ] * n


@pytest.mark.parametrize("name", ["piano", "harmonica", "violin", "tuba"])
@pytest.mark.parametrize("seed", range(4))
def test_a_solo_is_one_part(name: str, seed: int) -> None:
    row = INSTRUMENTS[INSTRUMENT_NAMES.index(name)]
    notes = line(120, (row.low + row.high) / 2 - 4, seed, 0.15)
    parts = gather(*notes, chances([name] * 120, seed))
    assert [part.name for part in parts] == [name]
    assert parts[0].notes == tuple(range(120))
    assert next(iter(parts[0].probabilities)) == name


def test_two_timbres_come_apart() -> None:
    notes, true = two()
    parts = {part.name: part for part in gather(*notes, chances(true))}
    assert set(parts) == {"flute", "bassoon"}
    assert np.mean([true[n] == "flute" for n in parts["flute"].notes]) > 0.95
    assert np.mean([true[n] == "bassoon" for n in parts["bassoon"].notes]) > 0.95


@pytest.mark.parametrize("scattered", [False, True])
def test_a_line_that_is_heard_in_doubt_is_a_player_and_scattered_mistakes_are_none(
    scattered: bool,
) -> None:
    """30 notes beside 180 of a piano, held by what may be a flute: a melody just above the chords, or mistakes among them."""
    beats = np.arange(60) * 0.5
    onset, midi = np.repeat(beats, 3), np.tile([55, 59, 62], 60)
    if scattered:
        flute = np.isin(np.arange(180), np.random.default_rng(0).choice(180, 30, replace=False))
        midi = midi + 12
    else:
        onset, midi = np.append(onset, beats[:30] + 0.02), np.append(midi, 70 + np.arange(30) % 5)
        flute = np.arange(210) >= 180
    held = np.array(
        [row.family not in {"keyboard", "plucked", "percussion"} for row in INSTRUMENTS]
    )
    votes = np.full((len(onset), len(INSTRUMENTS)), 0.004)
    votes[np.ix_(flute, held)] = 0.5 / held.sum()
    piano, its = INSTRUMENT_NAMES.index("piano"), INSTRUMENT_NAMES.index("flute")
    votes[:, piano], votes[:, its] = np.where(flute, 0.04, 0.6), np.where(flute, 0.4, 0.03)
    votes = np.log(votes / votes.sum(axis=1, keepdims=True))
    parts = {part.name: part.notes for part in gather(onset, onset + 0.45, midi, votes)}
    if scattered:
        assert set(parts) == {"piano"}
    else:
        assert parts == {"piano": tuple(range(180)), "flute": tuple(range(180, 210))}


@pytest.mark.parametrize(("n", "as_a_piano"), [(16, 0.05), (24, 0.1)])
def test_a_third_player_of_another_family_is_found_in_doubt(n: int, as_a_piano: float) -> None:
    """A few notes of what is probably a trumpet, beside a piano and a bassoon: too few for a second player of its kind, enough for a third, even
    where they might be the piano's, which is the most usual instrument."""
    beats = np.arange(40) * 0.5
    onset = np.concatenate([np.repeat(beats, 3), beats + 0.03, beats[:n] + 0.06])
    midi = np.concatenate(
        [np.tile([36, 40, 43], 40), 50 + np.arange(40) % 5, 74 + np.arange(n) % 5]
    )
    players = np.repeat([0, 1, 2], [120, 40, n])
    votes = np.full((len(onset), len(INSTRUMENTS)), 0.004)
    piano, bassoon, trumpet = (
        INSTRUMENT_NAMES.index(name) for name in ("piano", "bassoon", "trumpet")
    )
    votes[:, piano], votes[:, bassoon] = (
        np.array([0.6, 0.05, as_a_piano])[players],
        np.array([0.03, 0.6, 0.05])[players],
    )
    votes[:, trumpet] = np.array([0.01, 0.03, 0.6])[players]
    votes = np.log(votes / votes.sum(axis=1, keepdims=True))
    found = gather(onset, onset + 0.45, midi, votes)
    assert [(part.name, part.notes) for part in found] == [
        (name, tuple(np.flatnonzero(players == place)))
        for place, name in enumerate(("piano", "bassoon", "trumpet"))
    ]


def test_each_note_by_itself_says_how_many_play_and_all_together_what() -> None:
    notes, true = two()
    called = chances(["oboe" if name == "flute" else name for name in true], seed=1)
    parts = gather(*notes, called, chances(true))
    assert {part.name for part in parts} == {"oboe", "bassoon"}
    known = gather(*notes, called, chances(true), instruments=["flute", "oboe"])
    assert (
        np.mean([true[n] == "flute" for part in known if part.name == "flute" for n in part.notes])
        > 0.6
    )
    lonely = chances(["flute"] * len(true))
    assert len(gather(*notes, chances(true), lonely)) == 1


def test_only_the_instruments_given_are_considered() -> None:
    notes, true = two()
    parts = gather(*notes, chances(true), instruments=["oboe", "cello"])
    assert {part.instrument for part in parts} <= {"oboe", "cello"}
    parts = gather(*notes, chances(["oboe"] * len(true)), instruments=["violin", "violin"])
    assert [part.name for part in parts] == ["violin", "violin-2"]


@given(
    n=st.integers(0, 40), seed=st.integers(0, 1000), number=st.one_of(st.none(), st.integers(1, 5))
)
def test_every_note_is_in_exactly_one_part(n: int, seed: int, number: int | None) -> None:
    rng = np.random.default_rng(seed)
    onset = rng.uniform(0, 10, n)
    votes = np.log(rng.dirichlet(np.full(len(INSTRUMENTS), 0.3), n) + 1e-9)
    parts = gather(
        onset, onset + rng.uniform(0.05, 2, n), rng.integers(21, 109, n), votes, n_parts=number
    )
    assert sorted(note for part in parts for note in part.notes) == list(range(n))
    assert len({part.name for part in parts}) == len(parts)
    assert all(0 <= p <= 1 for part in parts for p in part.probabilities.values())
    if number is not None:
        assert len(parts) <= number


def test_the_order_of_notes_does_not_matter() -> None:
    notes, true = two(20)
    votes, order = chances(true), np.random.default_rng(0).permutation(40)
    plain = gather(*notes, votes)
    moved = gather(*(column[order] for column in notes), votes[order])
    ours = {part.name: set(part.notes) for part in plain}
    assert {part.name: {int(order[n]) for n in part.notes} for part in moved} == ours


def test_as_many_parts_as_asked_for() -> None:
    notes, true = two()
    for number in (1, 2):
        assert len(gather(*notes, chances(true), n_parts=number)) == number


def test_it_says_what_is_wrong() -> None:
    with pytest.raises(BadInput, match="no instrument called lute"):
        gather([0.0], [1.0], [60], chances(["flute"]), instruments=["lute"])
    with pytest.raises(BadInput, match="parts must be"):
        gather([0.0], [1.0], [60], chances(["flute"]), n_parts=0)


def test_what_fits_nothing_is_unknown() -> None:
    votes = np.full((3, len(INSTRUMENTS)), -np.log(len(INSTRUMENTS)))
    assert [part.name for part in gather([0, 1, 2], [1, 2, 3], [60, 62, 64], votes)] == ["unknown"]


@given(n=st.integers(2, 30), seed=st.integers(0, 1000))
def test_a_note_is_shared_only_with_parts_that_it_may_as_well_be_of(n: int, seed: int) -> None:
    notes, true = two(n)
    parts = gather(*notes, chances(true, seed), instruments=["flute", "bassoon", "cello"])
    sounds = [its for part in parts for _, _, its in part.shared]
    assert len(set(sounds)) == len(sounds) and all(its < 0 for its in sounds)
    for note in range(2 * n):
        others = [share for part in parts for place, share, _ in part.shared if place == note]
        assert all(0.1 <= share <= 0.5 for share in others) and sum(others) < 0.9
    assert not any(place in part.notes for part in parts for place, _, _ in part.shared)


def test_a_note_that_sounds_like_both_is_shared_and_a_sure_one_is_not() -> None:
    onset = np.arange(12) * 3.0  # far apart: each note stands for itself
    votes = chances(["flute", "bassoon"] * 6, wrong=0, sure=9.0)
    votes[5] = np.log((np.exp(votes[4]) + np.exp(votes[3])) / 2)
    parts = gather(onset, onset + 1, np.full(12, 64), votes, instruments=["flute", "bassoon"])
    assert [place for part in parts for place, _, _ in part.shared] == [5]


def test_nobody_is_looked_for_who_plays_what_is_hardly_ever_heard() -> None:
    notes = line(60, 76, 1)
    for few, expected in ((2, {"flute"}), (20, {"flute", "banjo"})):
        true = ["banjo"] * few + ["flute"] * (60 - few)
        assert {part.name for part in gather(*notes, chances(true, wrong=0, sure=9.0))} == expected
    assert (
        len(gather(*notes, chances(["banjo"] * 2 + ["flute"] * 58, wrong=0, sure=9.0), n_parts=2))
        == 2
    )
