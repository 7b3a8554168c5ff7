"""Examples of drum onsets: where a kit plays, and which drums hit when."""

import drum_cases
import numpy as np
import pytest
from drum_cases import BEAT, RATE, f1

import otowake
from otowake.arrays import packaged
from otowake.errors import BadInput
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
from otowake.music.separation.score_informed import STFT
from otowake.music.theory.instruments import DRUM_ROLES, KIT, drum_of
from otowake.signal.magnitude import axes
from otowake.types import Audio
from training.music import drum_beats
from training.sounds import drum_kits, samples


@pytest.fixture(scope="module")
def loop():
    return drum_cases.loop()


@pytest.fixture(scope="module")
def chords():
    return drum_cases.chords()


@pytest.fixture(scope="module")
def song(loop, chords):
    return Audio(loop[0].sum(axis=0) + chords, RATE, "song")


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


def test_drum_templates_are_ordered_by_frequency():
    frequencies, _ = axes(STFT, 1)
    kits = drum_templates(frequencies)
    assert kits.shape == (len(frequencies), len(DRUM_ROLES), 32)
    kick, snare, hat = (
        (frequencies[:, None] * kits[:, role]).sum() / kits[:, role].sum() for role in range(3)
    )
    assert kick < snare < hat


def test_damaged_weights_are_refused():
    whole = packaged("drums.npz")
    assert load_weights(whole).spectra.shape[1] == len(DRUM_ROLES)
    for content in (whole[:1000], b""):
        with pytest.raises(BadInput):
            load_weights(content)
    transcriber = packaged("transcriber.npz")
    with pytest.raises(BadInput, match="no thresholds and spectra of drums"):
        load_weights(transcriber)


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
