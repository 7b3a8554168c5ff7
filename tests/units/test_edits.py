"""Examples of manual corrections: their effect, their undoing, and the sum of the stems."""

from dataclasses import replace

import numpy as np
import pytest
from edit_cases import tone

from otowake.errors import BadInput
from otowake.music import analyse, with_sound
from otowake.music.editing.edits import apply_edits, parsed
from otowake.music.editing.kinds import KINDS
from otowake.music.separation.score_informed import fit_notes, fit_parts
from otowake.types import Audio, Chord, Note, Part, SharedNote


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


def stems(analysis):
    return [np.concatenate(blocks, axis=1) for blocks in zip(*analysis.stems(), strict=True)]


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


def members(analysis):
    return {
        part.name: [analysis.notes[index].id for index in part.notes] for part in analysis.parts
    }


def test_the_fixture_has_two_parts(analysis):
    assert members(analysis) == {"piano": [0, 2], "violin": [1, 3]}


@pytest.mark.parametrize(
    "edits",
    [
        [],
        [{"do": "instrument", "part": "piano", "instrument": "accordion"}],
        [{"do": "merge", "parts": ["piano", "violin"]}],
        [{"do": "move", "notes": [0, 3], "part": "flute"}, {"do": "delete", "notes": [1]}],
        [{"do": "add", "onset_s": 0.2, "offset_s": 0.8, "midi": 76, "part": "piano"}],
        [{"do": "change", "note": 2, "midi": 68}, {"do": "split", "note": 0, "at_s": 0.4}],
        [{"do": "delete", "notes": [0, 1, 2, 3]}],
    ],
)
def test_the_stems_still_add_up_to_the_recording(analysis, edits):
    edited = apply_edits(analysis, edits)
    sounds = stems(edited)
    assert len(sounds) == len(edited.parts) + 1
    np.testing.assert_allclose(sum(sounds), analysis.audio.samples, atol=1e-5)
    for part, sound in zip(edited.parts, sounds, strict=False):
        np.testing.assert_allclose(part.audio().samples, sound, atol=1e-5)


def test_a_merged_part_is_the_sum_and_a_deleted_note_goes_to_the_rest(analysis):
    piano, violin, rest = stems(analysis)
    both, still = stems(apply_edits(analysis, [{"do": "merge", "parts": ["violin", "piano"]}]))
    np.testing.assert_allclose(both, piano + violin, atol=1e-5)
    np.testing.assert_allclose(still, rest, atol=1e-5)
    *_, more = stems(apply_edits(analysis, [{"do": "delete", "notes": [2]}]))
    np.testing.assert_allclose(more, rest + analysis.notes[2].audio().samples, atol=1e-5)


def test_a_moved_note_brings_all_of_its_sound(analysis):
    whole = analysis.notes[2].audio().samples
    shares = {part.name: part.shared for part in analysis.parts}
    assert shares == {"piano": (), "violin": (SharedNote(2, 0.4, -1),)}
    piano, violin, _ = stems(analysis)
    mine, theirs, _ = stems(apply_edits(analysis, [{"do": "move", "notes": [2], "part": "piano"}]))
    share = mine - piano
    assert np.abs(share[:, 2 * 22050 :]).max() > 1e-3
    np.testing.assert_allclose(mine + theirs, piano + violin, atol=1e-5)
    flute = apply_edits(analysis, [{"do": "move", "notes": [2], "part": "flute"}])
    np.testing.assert_allclose(stems(flute)[2], whole, atol=1e-5)
    assert [part.shared for part in flute.parts] == [(), (), (SharedNote(2, 0.4, -1),)]


def test_impossible_shares_do_no_harm(analysis):
    """A file can hold any shares: sums above 1, of parts without notes, of notes without a part."""
    piano, violin = analysis.parts
    parts = (
        replace(piano, notes=(0,)),
        replace(violin, shared=(SharedNote(2, 0.9, -1), SharedNote(0, 0.9, -2))),
        Part("flute", "flute", (), {}, (SharedNote(2, 1.0, -3), SharedNote(0, 0.9, -4))),
    )
    odd = replace(analysis, parts=parts)
    edited = apply_edits(
        odd,
        [{"do": "change", "note": 1, "midi": 65}, {"do": "move", "notes": [0], "part": "piano"}],
    )
    sounds = stems(edited)
    assert all(np.isfinite(sound).all() for sound in sounds)
    np.testing.assert_allclose(sum(sounds), analysis.audio.samples, atol=1e-5)


def test_a_note_keeps_its_id_wherever_it_goes(analysis):
    edits = [
        {"do": "add", "onset_s": 0.1, "offset_s": 0.5, "midi": 50, "part": "tuba"},
        {"do": "split", "note": 1, "at_s": 1.5},
        {"do": "delete", "notes": [0]},
        {"do": "move", "notes": [4, 5], "part": "piano"},
    ]
    edited = apply_edits(analysis, edits)
    assert members(edited) == {"piano": [4, 5, 2], "violin": [1, 3]}
    assert [(note.id, note.onset, note.offset) for note in edited.notes if note.id in (1, 5)] == [
        (1, 1.0, 1.5),
        (5, 1.5, 1.9),
    ]
    np.testing.assert_array_equal(
        edited.notes[-1].audio().samples,
        apply_edits(edited, edits).notes[-1].audio().samples,
    )


def test_a_changed_note_is_learnt_as_from_scratch(analysis):
    edited = apply_edits(analysis, [{"do": "change", "note": 2, "midi": 68, "onset_s": 2.1}])
    labels = [0, 1, 0, 1]
    relearnt = fit_notes(analysis.audio, edited.notes, labels, tuning_hz=analysis.tuning_hz)
    (mine,), (theirs,) = edited.note_factors.segments, relearnt.segments
    np.testing.assert_allclose(mine.W, theirs.W, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(mine.spans, theirs.spans)


def test_only_changed_segments_are_learnt_again(monkeypatch):
    monkeypatch.setattr("otowake.music.separation.score_informed.SEGMENT_FRAMES", 64)
    x = np.concatenate([tone(midi, 1.5) for midi in (60, 64, 67, 72)])
    score = [Note(1.5 * i, 1.5 * i + 1.4, midi) for i, midi in enumerate((60, 64, 67, 72))]
    analysis = analyse(Audio(x, 22050), stages=["stems"], score=score)
    edited = apply_edits(analysis, [{"do": "change", "note": 3, "midi": 71}])
    same = [
        a is b
        for a, b in zip(analysis.note_factors.segments, edited.note_factors.segments, strict=True)
    ]
    assert same == [True, True, True, False, False]
    np.testing.assert_allclose(sum(stems(edited)), analysis.audio.samples, atol=1e-5)


@pytest.mark.parametrize(
    "edit",
    [
        {"do": "change", "note": 1, "midi": 62},
        {"do": "delete", "notes": [0]},
        {"do": "add", "onset_s": 1.2, "offset_s": 1.5, "midi": 66, "part": "piano"},
        {"do": "split", "note": 3, "at_s": 3.4},
        {"do": "merge", "parts": ["piano", "violin"]},
    ],
)
def test_corrections_of_notes_keep_key_rhythm_and_chords(analysis, edit):
    edited = apply_edits(analysis, [edit])
    for name in ("key", "rhythm", "chords"):
        assert getattr(edited, name) is getattr(analysis, name)


KEPT = {"chords", "key", "rhythm", "tuning_hz", "components"}


@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        ({"do": "key", "key": "C minor"}, {"key"}),
        ({"do": "tempo", "tempo": 60}, {"rhythm"}),
        ({"do": "metre", "metre": "3/4"}, {"rhythm"}),
        ({"do": "metre", "metre": "6/8"}, {"rhythm"}),
        ({"do": "metre", "metre": "12/8"}, {"rhythm"}),
        ({"do": "tuning", "tuning": 415}, {"notes", "tuning_hz"}),
    ],
)
def test_a_correction_of_key_tempo_metre_or_tuning_changes_nothing_else(analysis, edit, changed):
    edited = apply_edits(analysis, [edit])
    if "notes" not in changed:
        assert facts(edited)[:3] == facts(analysis)[:3]
    for name in KEPT - changed:
        assert getattr(edited, name) == getattr(analysis, name), name
    assert edited.note_factors is analysis.note_factors
    if edit["do"] == "key":
        assert (edited.key.tonic, edited.key.mode, edited.key.confidence) == (0, "minor", 1)
    if edit["do"] == "tempo":
        assert edited.rhythm.tempo == pytest.approx(60, rel=0.05)
        assert edited.rhythm.tempo_confidence == 1
    if edit["do"] == "metre":
        assert "/".join(map(str, edited.rhythm.signature)) == edit["metre"]
        assert edited.rhythm.metre_confidence == 1
    if edit["do"] == "tuning":
        assert edited.tuning_hz == 415
        assert [note.midi for note in edited.notes] == [61, 65, 68, 73]
    assert facts(apply_edits(edited, [])) == facts(analysis)


def test_notes_sound_the_same_after_a_correction_of_the_tuning(analysis):
    def hz(analysis):
        return [
            analysis.tuning_hz * 2 ** ((note.midi + (note.cents or 0) / 100 - 69) / 12)
            for note in analysis.notes
        ]

    edited = apply_edits(analysis, [{"do": "tuning", "tuning": 415}])
    np.testing.assert_allclose(hz(edited), hz(analysis), rtol=1e-3)


def test_chords_are_spelled_in_a_corrected_key(analysis):
    flats = apply_edits(
        replace(analysis, chords=(Chord(0, 1, "C#"), Chord(1, 2, "F#/A#"))),
        [{"do": "key", "key": "D♭"}],
    )
    assert [chord.name for chord in flats.chords] == ["Db", "Gb/Bb"]


def test_without_the_stage_instruments_a_note_needs_no_part():
    analysis = analyse(Audio(tone(60, 2.0), 22050), stages=["notes"], score=[Note(0, 1, 60)])
    edited = apply_edits(analysis, [{"do": "add", "onset_s": 1, "offset_s": 1.5, "midi": 64}])
    assert [(note.id, note.midi) for note in edited.notes] == [(0, 60), (1, 64)]
    with pytest.raises(BadInput, match=r"edit 1 \(move\): this result has no instruments"):
        apply_edits(analysis, [{"do": "move", "notes": [0], "part": "piano"}])


def test_a_component_gets_a_name():
    analysis = analyse(
        Audio(tone(60, 2.0), 22050), stages=["components"], n_components=2, max_iter=5
    )
    edited = apply_edits(
        analysis, {"version": 1, "edits": [{"do": "name", "component": 2, "name": "左手"}]}
    )
    assert [component.name for component in edited.components] == ["", "左手"]
    assert [component.name for component in apply_edits(edited, []).components] == ["", ""]
    with pytest.raises(BadInput, match=r"edit 1 \(name\): component must be .* from 1 to 2"):
        apply_edits(analysis, [{"do": "name", "component": 3, "name": "x"}])


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"do": "sing"}, r"edit 2 \(–\): do must be one of instrument, merge"),
        (7, r"edit 2 \(–\): do must be one of .*; it is 7"),
        ({"do": "delete"}, r"edit 2 \(delete\): it must have notes"),
        ({"do": "delete", "notes": [0], "why": 1}, "'why' is wrong"),
        (
            {"do": "delete", "notes": 0},
            "notes must be a list, each item a whole number of at least 0; it is 0",
        ),
        ({"do": "delete", "notes": []}, "notes must be a list"),
        ({"do": "delete", "notes": [True]}, "notes must be a list"),
        ({"do": "delete", "notes": ["0"]}, "notes must be a list"),
        ({"do": "delete", "notes": [1e300]}, "the id of an existing note"),
        ({"do": "delete", "notes": [-1]}, "notes must be a list"),
        (
            {"do": "delete", "notes": [3]},
            r"notes must be the id of an existing note; it is 3\.",
        ),
        (
            {"do": "move", "notes": [0], "part": "../../x"},
            "part must be one of piano, violin, or for a new part",
        ),
        ({"do": "move", "notes": [0], "part": "piano-1"}, "part must be one of"),
        ({"do": "move", "notes": [0], "part": "piano-2\n"}, "part must be one of"),
        ({"do": "move", "notes": [0], "part": None}, "part must be text"),
        (
            {"do": "instrument", "part": "tuba", "instrument": "flute"},
            "part must be one of piano, violin; it is",
        ),
        (
            {"do": "instrument", "part": "piano", "instrument": "kazoo"},
            "instrument must be one of piano, ",
        ),
        ({"do": "merge", "parts": ["piano", "piano"]}, "two or more different parts"),
        ({"do": "merge", "parts": ["piano", "other"]}, "parts must be one of piano, violin"),
        ({"do": "add", "onset_s": 1, "offset_s": 2, "midi": 60}, "part must be one of"),
        (
            {"do": "add", "onset_s": 1, "offset_s": 1, "midi": 60, "part": "piano"},
            "later than the onset, 1",
        ),
        (
            {"do": "add", "onset_s": 1, "offset_s": 9, "midi": 60, "part": "piano"},
            "at most 4, where",
        ),
        (
            {"do": "add", "onset_s": 1, "offset_s": 2, "midi": 128, "part": "piano"},
            "midi must be .* from 0 to 127",
        ),
        (
            {"do": "add", "onset_s": "1", "offset_s": 2, "midi": 60, "part": "piano"},
            "onset_s must be a number",
        ),
        ({"do": "change", "note": 1}, "it must have one of onset_s"),
        (
            {"do": "change", "note": 1, "onset_s": 3.5},
            "offset_s must be later than the onset, 3.5; it is 1.9",
        ),
        (
            {"do": "change", "note": 1, "velocity": float("nan")},
            "velocity must be a number from 0 to 1; it is nan",
        ),
        ({"do": "split", "note": 1, "at_s": 5}, "within the note, between 1 and 1.9"),
        ({"do": "split", "part": "violin", "above_midi": 20}, "leaves notes on both sides"),
        ({"do": "name", "component": 1, "name": "x"}, "this result has no components"),
        ({"do": "delete", "notes": ["x" * 10_000]}, r"it is \[.{0,60}\]\.$"),
    ],
)
def test_a_bad_correction_is_one_sentence_that_says_which(analysis, edit, sentence):
    with pytest.raises(BadInput, match=sentence) as caught:
        apply_edits(analysis, [{"do": "delete", "notes": [3]}, edit])
    assert caught.value.in_language("ja") != str(caught.value)


@pytest.mark.parametrize(
    "data", [None, 3, "edits", {}, {"edits": 3}, {"version": 2, "edits": []}, {"edits": [], "x": 1}]
)
def test_data_that_is_no_list_of_corrections(data):
    with pytest.raises(BadInput, match=r'corrections must be \{"version": 1'):
        parsed(data)


def test_every_kind_is_reachable():
    assert {kind.do for kind in KINDS} == {
        "instrument", "merge", "move", "delete", "add", "change", "split", "name",
        "key", "tempo", "metre", "tuning",
    }  # fmt: skip
