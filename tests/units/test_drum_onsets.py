"""Examples of drum onsets: drum hits as notes, as parts and as sound."""

from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

import otowake
from otowake.errors import BadInput
from otowake.io.notes import label_track
from otowake.music.analyse import with_sound
from otowake.music.drums.onsets import (
    HALF_FRAME_S,
    ROLE_OF_DRUM,
    Hits,
    detect_drums,
    drum_templates,
    kit_evidence,
    load_pretrained,
    load_weights,
    pick_hits,
)
from otowake.music.editing.edits import apply_edits
from otowake.music.separation.config import FITTING
from otowake.music.separation.score_informed import STFT, fit_notes, fit_parts
from otowake.music.separation.stems import separated
from otowake.music.separation.timbre import timbre
from otowake.music.theory.instruments import DRUM_ROLES, KIT, drum_of
from otowake.signal.magnitude import axes
from otowake.summary import part_cells
from otowake.types import Audio, Note, Part, SharedNote
from training.music import drum_beats
from training.sounds import drum_kits, samples

RATE, SECONDS = 44100, 8.0
BEAT = {"kick": (0, 3, 8, 10), "snare": (4, 12), "hi-hat": tuple(range(0, 16, 2))}
"""Sixteenths of a bar of two seconds."""


def drum(name, rng):
    t = np.arange(int(0.4 * RATE)) / RATE
    noise = rng.standard_normal(len(t))
    if name == "kick":
        return np.sin(2 * np.pi * (55 * t + 6 * (1 - np.exp(-t * 40)))) * np.exp(-t * 14)
    if name == "snare":
        return (
            0.6 * np.sin(2 * np.pi * 190 * t) * np.exp(-t * 25) + 0.5 * noise * np.exp(-t * 20)
        ) * 0.8
    bright = np.diff(noise, n=3, prepend=[0, 0, 0]) / 4
    return 0.5 * bright * np.exp(-t * 45)


@pytest.fixture(scope="module")
def loop():
    """Return each drum by itself, (drum, sample), and the onsets of each drum, in seconds."""
    rng = np.random.default_rng(5)
    stems, times = np.zeros((3, int(SECONDS * RATE))), []
    for row, name in enumerate(BEAT):
        times.append([bar * 2 + step / 8 for bar in range(4) for step in BEAT[name]])
        for at in times[-1]:
            sound = drum(name, rng) * rng.uniform(0.7, 1.0)
            first = int(at * RATE)
            stems[row, first : first + len(sound)] += sound[: stems.shape[1] - first]
    return 0.4 * stems, times


@pytest.fixture(scope="module")
def chords():
    """Synthesise a plucked accompaniment."""
    t = np.arange(int(SECONDS * RATE)) / RATE
    wave = np.zeros(len(t))
    for n, root in enumerate((60, 65, 67, 60)):
        for midi in (root, root + 4, root + 7):
            hz, since = 440 * 2 ** ((midi - 69) / 12), t - 2 * n
            tone = sum(np.sin(2 * np.pi * hz * k * since) / k**1.5 for k in range(1, 8))
            wave += np.where(
                (since >= 0) & (since < 2), tone * np.exp(-2 * np.maximum(since, 0)), 0
            )
    return 0.05 * wave


@pytest.fixture(scope="module")
def song(loop, chords):
    return Audio(loop[0].sum(axis=0) + chords, RATE, "song")


@pytest.fixture(scope="module")
def analysis(song):
    return otowake.analyse(song, stages=["stems"])


def f1(notes, times, name):
    mine = sorted(note.onset for note in notes if note.is_drum and note.midi == KIT[name].key)
    hits = sum(np.abs(np.array(mine) - at).min(initial=9) < 0.03 for at in times)
    return 2 * hits / (len(mine) + len(times))


def sdr(truth, guess):
    scale = truth @ guess / max(guess @ guess, 1e-12)
    return 10 * np.log10(truth @ truth / np.square(truth - scale * guess).sum())


def test_drum_onsets_are_detected_and_classified(loop, chords):
    stems, times = loop
    for wave in (stems.sum(axis=0), stems.sum(axis=0) + chords):
        notes = detect_drums(Audio(wave, RATE))
        assert all(note.is_drum and note.instrument == "drums" for note in notes)
        for name, mine in zip(BEAT, times, strict=True):
            assert f1(notes, mine, name) > 0.75, name


def test_a_recording_without_drums_has_no_hits(chords):
    assert detect_drums(Audio(chords, RATE)) == []
    assert detect_drums(Audio(np.zeros(RATE), RATE)) == []
    assert detect_drums(Audio(np.zeros(0), RATE)) == []
    assert detect_drums(otowake.load(otowake.demo_path())) == []


def test_hits_count_where_there_is_a_kit():
    onset = np.array([1.0, *np.arange(30, 34, 0.25), 60.0])
    confidence = np.full(len(onset), 0.9)
    evidence = kit_evidence(Hits(onset, np.zeros(len(onset), int), confidence, confidence), 61.0)
    limit = load_pretrained().min_evidence
    assert evidence[0] < limit and evidence[-1] < limit and (evidence[1:-1] > limit).all()
    short = slice(1, 9)  # two seconds, counted as half a window
    columns = onset[short] - 30, np.zeros(8, int), confidence[short], confidence[short]
    np.testing.assert_allclose(kit_evidence(Hits(*columns), 2.0), 8 * 0.9**3 * 10 / 5)


def test_the_length_of_blocks_does_not_matter(song):
    from otowake.music.drums.onsets import hit_probabilities

    whole, in_blocks = (
        hit_probabilities(song, load_pretrained().weights, block) for block in (1024, 64)
    )
    assert whole[0].max() > 0.5
    for one, other in zip(whole, in_blocks, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_a_louder_hit_has_a_higher_velocity(loop):
    stems, times = loop
    ahead = np.where(np.arange(stems.shape[1]) < (times[0][5] - 0.05) * RATE, 0.3, 1.0)
    hits = detect_drums(Audio(stems[0] * ahead, RATE), assume_drums=True)
    soft, hard = (
        [n.velocity for n in hits if (n.onset < times[0][5] - 0.1) == early]
        for early in (True, False)
    )
    assert len(soft) >= 3 and max(soft) < min(hard)


def test_a_peak_is_one_hit():
    probabilities = np.zeros((40, len(KIT)))
    probabilities[10:13, 1] = 0.9  # equal for three half-frames
    probabilities[0, 0] = probabilities[39, 3] = 0.8
    hits = pick_hits(probabilities, [0.5, 0.5, 0.5])
    assert [list(KIT)[drum] for drum in hits.drum] == ["kick", "snare", "hi-hat"]
    np.testing.assert_allclose(
        hits.onset, [0, 10 * HALF_FRAME_S - HALF_FRAME_S / 2, 39 * HALF_FRAME_S - HALF_FRAME_S / 2]
    )


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


def test_drum_templates_are_ordered_by_frequency():
    frequencies, _ = axes(STFT, 1)
    kits = drum_templates(frequencies)
    assert kits.shape == (len(frequencies), len(DRUM_ROLES), 32)
    kick, snare, hat = (
        (frequencies[:, None] * kits[:, role]).sum() / kits[:, role].sum() for role in range(3)
    )
    assert kick < snare < hat


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


def test_damaged_weights_are_refused():
    whole = (resources.files("otowake") / "data" / "drums.npz").read_bytes()
    assert load_weights(whole).spectra.shape[1] == len(DRUM_ROLES)
    for content in (whole[:1000], b""):
        with pytest.raises(BadInput):
            load_weights(content)
    transcriber = (resources.files("otowake") / "data" / "transcriber.npz").read_bytes()
    with pytest.raises(BadInput, match="no thresholds and spectra of drums"):
        load_weights(transcriber)


def test_drums_are_shown_by_name(analysis):
    ticks = [
        tick.get_text()
        for tick in otowake.plot.piano_roll(analysis, language="ja").axes[0].get_yticklabels()
    ]
    assert {"キック", "スネア", "ハイハット"} < set(ticks)
    assert "\tkick\n" in label_track(analysis)
    rows = [part_cells(part, analysis, "en") for part in analysis.parts if part.name in KIT]
    shown = [row[0] for row in rows]
    assert {"kick", "snare", "hi-hat"} <= set(shown)
    assert shown == [name for name in KIT if name in shown]
    assert {row[2] for row in rows} == {"–"}
    assert np.isnan(
        timbre(analysis).levels[[part.name for part in analysis.parts].index("kick")]
    ).all()


def test_every_hit_between_two_segments_belongs_to_one():
    frame = STFT.hop / STFT.sample_rate
    between = (FITTING.segment_frames - 0.5) * frame
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


def test_hits_of_a_held_out_kit_are_detected_by_role_and_by_name():
    """A kit like a drum machine's, of which the network has learnt no sound, plays by itself."""
    kit = drum_kits.synthesised("otowake-000", np.random.default_rng([4, 0]))
    assert kit.name in drum_kits.HELD_OUT
    right = role = total = detected = 0
    for seed in range(4):
        drums, rows = drum_beats.beat(np.random.default_rng(seed), kit, 8.0, tempo=110.0)
        hits = detect_drums(Audio(drums.sum(axis=0), samples.RATE), assume_drums=True)
        detected += len(hits)
        for onset, drum in rows:
            near = [drum_of(h.midi) for h in hits if abs(h.onset - onset) < 0.03]
            total += 1
            right += int(drum) in near
            role += ROLE_OF_DRUM[int(drum)] in ROLE_OF_DRUM[near]
    assert total > 100 and detected < total and role > 0.55 * total and right > 0.42 * total, (
        total,
        role,
        right,
    )
