"""Laws of assigning notes to parts, for any output of the recogniser."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from part_cases import flute_over_bassoon, random_log_probs

from otowake.music.players.parts import assign_parts
from otowake.music.theory.instruments import INSTRUMENTS


@given(
    n=st.integers(0, 40), seed=st.integers(0, 1000), number=st.one_of(st.none(), st.integers(1, 5))
)
def test_every_note_is_in_exactly_one_part(n: int, seed: int, number: int | None) -> None:
    rng = np.random.default_rng(seed)
    onset = rng.uniform(0, 10, n)
    log_probs = np.log(rng.dirichlet(np.full(len(INSTRUMENTS), 0.3), n) + 1e-9)
    parts = assign_parts(
        onset, onset + rng.uniform(0.05, 2, n), rng.integers(21, 109, n), log_probs, n_parts=number
    )
    assert sorted(note for part in parts for note in part.notes) == list(range(n))
    assert len({part.name for part in parts}) == len(parts)
    assert all(0 <= p <= 1 for part in parts for p in part.probabilities.values())
    if number is not None:
        assert len(parts) <= number


@given(n=st.integers(2, 30), seed=st.integers(0, 1000))
def test_only_ambiguous_notes_are_shared(n: int, seed: int) -> None:
    notes, true = flute_over_bassoon(n)
    log_probs = random_log_probs(true, seed)
    parts = assign_parts(*notes, log_probs, instruments=["flute", "bassoon", "cello"])
    sound_ids = [shared.id for part in parts for shared in part.shared]
    assert len(set(sound_ids)) == len(sound_ids) and all(sound_id < 0 for sound_id in sound_ids)
    for note in range(2 * n):
        shares = [s.share for part in parts for s in part.shared if s.note == note]
        assert all(0.1 <= share <= 0.5 for share in shares) and sum(shares) < 0.9
    assert not any(shared.note in part.notes for part in parts for shared in part.shared)
