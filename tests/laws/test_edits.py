"""Laws of manual corrections: their effect, their undoing, and the sum of the stems."""

from dataclasses import replace

import numpy as np
import pytest
from edit_cases import tone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otowake.errors import BadInput
from otowake.music import analyse, with_sound
from otowake.music.editing.edits import apply_edits
from otowake.music.separation.score_informed import fit_parts
from otowake.music.theory.instruments import INSTRUMENT_NAMES
from otowake.types import Audio, Note, SharedNote


@pytest.fixture(scope="module")
def analysis():
    """Four notes of two instruments from a score; both parts share one of the notes."""
    x = np.zeros(4 * 22050)
    score = []
    for i, midi in enumerate((60, 64, 67, 72)):
        x[i * 22050 : i * 22050 + 20000] += tone(midi, 20000 / 22050)
        score.append(Note(i + 0.0, i + 0.9, midi, programme=40 * (i % 2)))
    sound = Audio(x.astype(np.float32), 22050)
    analysis = analyse(sound, stages=["instruments"], score=score)
    piano, violin = analysis.parts
    parts = (piano, replace(violin, shared=(SharedNote(2, 0.4, -1),)))
    note_factors = fit_parts(sound, analysis.notes, parts, tuning_hz=analysis.tuning_hz)
    return with_sound(replace(analysis, parts=parts, note_factors=note_factors), sound)


def facts(analysis):
    return (
        [(note, note.id, note.instrument, note.programme) for note in analysis.notes],
        [
            (part.name, part.instrument, part.notes, part.probabilities, part.shared)
            for part in analysis.parts
        ],
        [component.name for component in analysis.components],
        analysis.chords,
        analysis.key,
        analysis.rhythm and (analysis.rhythm.tempo, analysis.rhythm.beats.tolist()),
    )


EDITS = st.lists(
    st.one_of(
        st.builds(
            lambda notes, part: {"do": "move", "notes": notes, "part": part},
            st.lists(st.integers(0, 3), min_size=1, max_size=3),
            st.sampled_from(["piano", "violin", "flute-2"]),
        ),
        st.builds(lambda note_id: {"do": "delete", "notes": [note_id]}, st.integers(0, 3)),
        st.builds(
            lambda part, name: {"do": "instrument", "part": part, "instrument": name},
            st.sampled_from(["piano", "violin"]),
            st.sampled_from(INSTRUMENT_NAMES),
        ),
        st.just({"do": "merge", "parts": ["piano", "violin"]}),
        st.just({"do": "split", "part": "violin", "above_midi": 64}),
    ),
    max_size=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_regrouping_learns_nothing_and_keeps_the_original(analysis, edits):
    before = facts(analysis)
    try:
        edited = apply_edits(analysis, edits)
    except BadInput as error:
        assert str(error).startswith("edit ")
    else:
        assert edited.note_factors is analysis.note_factors
        deleted = {note_id for edit in edits if edit["do"] == "delete" for note_id in edit["notes"]}
        assert sorted(note.id for note in edited.notes) == sorted({0, 1, 2, 3} - deleted)
        assert sorted(index for part in edited.parts for index in part.notes) == list(
            range(len(edited.notes))
        )
        assert len({part.name for part in edited.parts}) == len(edited.parts)
        assert all(part.notes for part in edited.parts)
        again = apply_edits(edited, edited.edits)
        assert facts(again) == facts(edited)
        assert facts(apply_edits(edited, [])) == before
    assert facts(analysis) == before
