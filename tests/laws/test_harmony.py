"""Test chords, key and rhythm for arbitrary notes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from otowake.music.theory.harmony import find_chords
from otowake.music.theory.keys import find_key
from otowake.types import Note

NOTES = st.lists(
    st.builds(
        lambda onset, length, midi: Note(onset, onset + length, midi),
        st.floats(0, 20),
        st.floats(0, 3),
        st.integers(21, 108),
    ),
    max_size=40,
)


@given(NOTES)
def test_chords_follow_one_another_without_gaps(notes):
    chords = find_chords(notes)
    for before, after in pairwise(chords):
        assert before.offset == after.onset and before.name != after.name
        assert before.onset < before.offset


@given(NOTES, st.integers(1, 11))
def test_chords_and_key_move_with_the_music(notes, up):
    low = [note for note in notes if note.midi <= 96]
    high = [Note(note.onset, note.offset, note.midi + up) for note in low]
    key, moved = find_key(low), find_key(high)
    if key is None or moved is None:
        assert key == moved
        return
    if key.confidence > 0.2:
        assert (moved.tonic, moved.mode) == ((key.tonic + up) % 12, key.mode)
    assert len(find_chords(low)) == len(find_chords(high))
