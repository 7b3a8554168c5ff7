"""Test cleaning, cents, evaluation and synthesis of notes."""

from hypothesis import given
from hypothesis import strategies as st

from otowake.music.transcription.evaluation import evaluate
from otowake.music.transcription.notes import CLEANING, clean_notes
from otowake.types import Note

NOTES = st.lists(
    st.builds(
        lambda onset, length, midi, sure: Note(onset, onset + length, midi, confidence=sure),
        st.floats(0, 10),
        st.floats(0, 1),
        st.integers(60, 66),
        st.floats(0, 1),
    ),
    max_size=30,
)


@given(NOTES)
def test_cleaning_only_removes_and_level_0_keeps_all(notes):
    counts = [len(clean_notes(notes, level)) for level in range(len(CLEANING.rules))]
    assert counts[0] == len(notes)
    assert counts == sorted(counts, reverse=True)
    for level, rule in enumerate(CLEANING.rules):
        kept = clean_notes(notes, level)
        assert all(note.offset - note.onset >= rule.min_duration for note in kept)
        assert {(note.onset, note.midi) for note in kept} <= {
            (note.onset, note.midi) for note in notes
        }


@given(NOTES, st.integers(0, 2**31))
def test_scores_add_up(notes, seed):
    reference = [Note(note.onset, note.offset, note.midi + seed % 3) for note in notes]
    score = evaluate(reference, notes)
    assert len(score.matched) + len(score.missed) == len(reference)
    assert len(score.matched) + len(score.false_positives) == len(notes)
    missed, false_positives = (sum(counts) for counts in zip(*score.counts().values(), strict=True))
    assert (missed, false_positives) == (len(score.missed), len(score.false_positives))
    assert score.f1_offsets <= score.f1 + 1e-12
    if notes and seed % 3 == 0:
        assert score.f1 == 1
