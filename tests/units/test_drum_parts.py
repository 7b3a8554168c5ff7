"""Examples of drum hits as notes, as parts and as sound."""

from dataclasses import replace

import drum_cases
import numpy as np
import pytest
from drum_cases import BEAT, RATE, sdr

import otowake
from otowake.io.notes import label_track
from otowake.music.analyse import with_sound
from otowake.music.editing.edits import apply_edits
from otowake.music.separation.score_informed import SEGMENT_FRAMES, STFT, fit_notes, fit_parts
from otowake.music.separation.stems import separated
from otowake.music.separation.timbre import timbre
from otowake.music.theory.instruments import KIT
from otowake.summary import part_rows
from otowake.types import Audio, Note, Part, SharedNote


@pytest.fixture(scope="module")
def loop():
    return drum_cases.loop()


@pytest.fixture(scope="module")
def chords():
    return drum_cases.chords()


@pytest.fixture(scope="module")
def song(loop, chords):
    return Audio(loop[0].sum(axis=0) + chords, RATE, "song")


@pytest.fixture(scope="module")
def analysis(song):
    return otowake.analyse(song, stages=["stems"])


def test_drums_are_parts_and_their_stems_add_up(analysis, loop, song):
    stems, _ = loop
    parts = {part.name: part for part in analysis.parts}
    assert set(BEAT) < set(parts)
    assert all(parts[name].instrument == "drums" for name in BEAT)
    sounds = [np.concatenate(blocks, axis=1) for blocks in zip(*analysis.stems(), strict=True)]
    assert all(sound.shape == song.samples.shape for sound in sounds)
    np.testing.assert_allclose(np.sum(sounds, axis=0), song.samples, atol=1e-5)
    mixture = song.samples[0]
    for name, true in zip(BEAT, stems, strict=True):
        stem = parts[name].audio().samples[0]
        np.testing.assert_allclose(stem, sounds[list(parts).index(name)][0], atol=1e-5)
        assert sdr(true, stem) - sdr(true, mixture) > 1.5, name
    pitched = sum(parts[name].audio().samples[0] for name in parts if name not in KIT)
    music = mixture - stems.sum(axis=0)
    assert sdr(music, pitched) - sdr(music, mixture) > 3


def test_one_hit_can_be_rendered(analysis, loop):
    stems, times = loop
    kick = next(part for part in analysis.parts if part.name == "kick")
    second = min(
        (analysis.notes[index] for index in kick.notes),
        key=lambda note: abs(note.onset - times[0][1]),
    )
    sound = second.audio().samples[0]
    begin, end = int((times[0][1] - 0.1) * RATE), int((times[0][2] - 0.1) * RATE)
    assert np.square(sound[begin:end]).sum() > 0.95 * np.square(sound).sum()
    assert sdr(stems[0, begin:end], sound[begin:end]) > 6


def test_given_instruments_are_the_only_ones(song):
    none = otowake.analyse(song, stages=["instruments"], instruments="piano")
    assert [part.instrument for part in none.parts] == ["piano"]
    only = otowake.analyse(song, stages=["instruments"], instruments="drums")
    assert {part.instrument for part in only.parts} == {"drums"}
    assert all(note.is_drum for note in only.notes)


def test_a_score_may_have_drums(song, loop):
    _, times = loop
    score = [
        Note(at, at + 0.1, KIT[name].key, is_drum=True)
        for name, mine in zip(BEAT, times, strict=True)
        for at in mine
    ]
    score += [Note(0, 2, 60), Note(2, 4, 65)]
    late = [
        replace(note, onset=note.onset + 0.06, offset=note.offset + 0.06) if note.is_drum else note
        for note in score
    ]
    result = otowake.analyse(song, stages=["stems"], score=late)
    assert [part.name for part in result.parts][1:] == list(BEAT)
    assert [len(part.notes) for part in result.parts[1:]] == [len(mine) for mine in times]
    kicks = [note.onset for note in result.notes if note.midi == KIT["kick"].key]
    assert (
        np.median(np.abs(np.array(kicks) - sorted(times[0]))) < 0.02
    )  # moved to the detected onsets


def test_hits_can_be_corrected(analysis):
    indices = {part.name: part.notes for part in analysis.parts}
    snare = analysis.notes[indices["snare"][0]]
    moved = apply_edits(analysis, [{"do": "move", "notes": [snare.id], "part": "hi-hat"}])
    again = next(note for note in moved.notes if note.id == snare.id)
    assert (again.midi, again.is_drum) == (KIT["hi-hat"].key, True)
    assert len(moved.notes) == len(analysis.notes)

    pitched = next(note for note in analysis.notes if not note.is_drum)
    as_kick = apply_edits(analysis, [{"do": "move", "notes": [pitched.id], "part": "kick"}])
    now = next(note for note in as_kick.notes if note.id == pitched.id)
    assert (now.midi, now.is_drum, now.instrument) == (KIT["kick"].key, True, "drums")
    sounds = [np.concatenate(blocks, axis=1) for blocks in zip(*as_kick.stems(), strict=True)]
    np.testing.assert_allclose(np.sum(sounds, axis=0), analysis.audio.samples, atol=1e-5)

    added = apply_edits(
        analysis, [{"do": "add", "onset_s": 1.0, "offset_s": 1.1, "midi": 60, "part": "kick"}]
    )
    new = max(added.notes, key=lambda note: note.id)
    assert (new.midi, new.is_drum) == (KIT["kick"].key, True)


def test_a_note_that_has_become_a_hit_is_not_shared(song):
    notes = [Note(1.0, 1.1, 36, is_drum=True), Note(1.0, 2.0, 60)]
    parts = [
        Part("piano", "piano", (1,), shared=(SharedNote(0, 0.4, -1),)),
        Part("kick", "drums", (0,), shared=(SharedNote(1, 0.3, -2),)),
    ]
    note_factors = fit_parts(song, notes, parts, tuning_hz=440.0)
    assert note_factors.segments[0].D.shape[1] == 1
    assert sorted(note_factors.segments[0].spans[:, 0].tolist()) == [-2, 0, 1]


def test_a_correction_elsewhere_keeps_the_keys_of_a_score(analysis):
    """A crash in a part of hi-hats, as in results with three drums, stays a crash."""
    hats = next(part for part in analysis.parts if part.name == "hi-hat").notes
    notes = list(analysis.notes)
    notes[hats[0]] = replace(notes[hats[0]], midi=49)
    edited = apply_edits(
        replace(analysis, notes=tuple(notes)), [{"do": "delete", "notes": [notes[hats[1]].id]}]
    )
    assert 49 in [note.midi for note in edited.notes if note.id == notes[hats[0]].id]
    again = apply_edits(
        replace(analysis, notes=tuple(notes)),
        [{"do": "move", "notes": [notes[hats[0]].id], "part": "kick"}],
    )
    assert 36 in [note.midi for note in again.notes if note.id == notes[hats[0]].id]


def test_drums_of_a_role_share_a_component_unless_they_coincide(song):
    hats = [Note(at, at + 0.1, 42, is_drum=True) for at in np.arange(0.5, 4, 0.5).tolist()]
    for at, components in ((1.25, 1), (1.5, 2)):
        notes = [*hats, Note(at, at + 0.1, 49, is_drum=True)]
        parts = [
            Part("hi-hat", "drums", tuple(range(len(hats)))),
            Part("cymbal", "drums", (len(hats),)),
        ]
        segment = fit_parts(song, notes, parts, tuning_hz=440.0).segments[0]
        assert segment.D.shape[1] == components
        crash = next(span for span in segment.spans.tolist() if span[0] == len(hats))
        assert crash[3] - crash[2] == 3  # no other hit cuts it


def test_a_correction_can_add_a_part_of_one_drum():
    analysis = otowake.analyse(
        otowake.load(otowake.demo_path(), duration=3), stages=["instruments"]
    )
    edited = apply_edits(analysis, [{"do": "move", "notes": [0], "part": "kick"}])
    assert [part.name for part in edited.parts][-1] == "kick"


def test_a_saved_result_has_its_drums(analysis, tmp_path):
    otowake.save_analysis(analysis, tmp_path / "song")
    loaded = otowake.load_analysis(tmp_path / "song")
    facts = ("onset", "offset", "midi", "velocity", "confidence", "is_drum", "instrument", "id")
    assert [[getattr(n, f) for f in facts] for n in loaded.notes] == [
        [getattr(n, f) for f in facts] for n in analysis.notes
    ]
    again = with_sound(loaded, analysis.audio)
    for one, other in zip(analysis.parts, again.parts, strict=True):
        np.testing.assert_allclose(one.audio().samples, other.audio().samples, atol=1e-6)
    for name in (*BEAT, "other"):
        assert (tmp_path / "song" / "stems" / f"{name}.flac").is_file()


def test_hits_without_parts_are_labelled_by_their_keys(loop):
    stems, times = loop
    song = Audio(stems.sum(axis=0), RATE)
    notes = [
        Note(at, at + 0.1, KIT[name].key, is_drum=True)
        for name, mine in zip(BEAT, times, strict=True)
        for at in mine
    ]
    note_factors = fit_notes(song, notes)
    assert note_factors.segments[0].D.shape[1] == 3
    drums = [[i for i, note in enumerate(notes) if note.midi == KIT[name].key] for name in BEAT]
    sounds = [
        np.concatenate(blocks, axis=1)[0]
        for blocks in zip(*separated(song, note_factors, drums), strict=True)
    ]
    for true, stem in zip(stems, sounds, strict=False):
        assert sdr(true, stem) - sdr(true, song.samples[0]) > 5


def test_drums_are_shown_by_name(analysis):
    ticks = [
        tick.get_text()
        for tick in otowake.plot.piano_roll(analysis, language="ja").axes[0].get_yticklabels()
    ]
    assert {"キック", "スネア", "ハイハット"} < set(ticks)
    assert "\tkick\n" in label_track(analysis)
    rows = [row for row in part_rows(analysis, "en") if row[0] in KIT]
    shown = [row[0] for row in rows]
    assert {"kick", "snare", "hi-hat"} <= set(shown)
    assert shown == [name for name in KIT if name in shown]
    assert {row[2] for row in rows} == {"–"}
    assert np.isnan(
        timbre(analysis).levels[[part.name for part in analysis.parts].index("kick")]
    ).all()


def test_every_hit_between_two_segments_belongs_to_one():
    frame = STFT.hop / STFT.sample_rate
    between = (SEGMENT_FRAMES - 0.5) * frame
    sound = Audio(np.random.default_rng(2).normal(0, 0.1, int((between + 2) * 8000)), 8000)
    notes = [
        Note(between + off * frame, between + 0.1, 38, is_drum=True)
        for off in (-0.45, -0.05, 0.05, 0.45)
    ]
    segments = fit_notes(sound, notes).segments
    assert sorted(note_id for segment in segments for note_id in segment.spans[:, 0].tolist()) == [
        0,
        1,
        2,
        3,
    ]
