"""Examples of drum samples: which drums are known as waveforms, and what the waveforms are for."""

import numpy as np
import pytest

import otowake
from otowake.music.separation.drum_samples import with_drum_samples
from otowake.music.separation.score_informed import fit_notes
from otowake.music.separation.stems import separated, sound_of
from otowake.results.note_factors import read_note_factors, write_note_factors
from otowake.types import Audio, DrumSamples, Note

SECONDS = 6.0
HATS = np.arange(0.25, 5.9, 0.25)
SNARES = np.arange(0.5, 5.9, 1.0)
"""Half of the hi-hat's hits are isolated; the snare only hits together with the hi-hat."""


def noise(rng, rate, seconds, decay):
    t = np.arange(int(seconds * rate)) / rate
    return rng.standard_normal(len(t)) * np.exp(-t * decay)


def put(onsets, hits, rate, n):
    wave = np.zeros(n)
    for onset, hit in zip(onsets, hits, strict=True):
        start = int(onset * rate)
        wave[start : start + len(hit)] += hit[: n - start]
    return wave


def loop(rate, same):
    """Return a hi-hat with the `same` sound at every hit or not, and a snare that varies."""
    rng, n = np.random.default_rng(3), int(SECONDS * rate)
    tick = np.diff(noise(rng, rate, 0.2, 30), prepend=0)
    ticks = [tick if same else np.diff(noise(rng, rate, 0.2, 30), prepend=0) for _ in HATS]
    hat = put(HATS, [0.2 * x for x in ticks], rate, n)
    return hat, put(SNARES, [0.3 * noise(rng, rate, 0.3, 15) for _ in SNARES], rate, n)


def score():
    return [
        *(Note(at, at + 0.1, 42, is_drum=True, id=i) for i, at in enumerate(HATS.tolist())),
        *(Note(at, at + 0.1, 38, is_drum=True, id=100 + i) for i, at in enumerate(SNARES.tolist())),
    ]


GROUPS = [list(range(len(HATS))), [100 + i for i in range(len(SNARES))]]


def factors_of(audio):
    notes = score()
    masks = fit_notes(audio, notes)
    return masks, with_drum_samples(audio, masks, notes)


def sounds(audio, note_factors):
    return [
        np.concatenate(blocks, axis=1)
        for blocks in zip(*separated(audio, note_factors, GROUPS), strict=True)
    ]


def sdr(true, estimate):
    return 10 * np.log10(np.sum(true**2) / np.sum((true - estimate) ** 2))


@pytest.fixture(scope="module", params=[22050, 44100])
def machine(request):
    """Return a stereo loop of a drum machine, its stems, and factors without and with samples."""
    pan = np.array([[0.8, 0.9], [1.0, 0.3]])
    stems = [
        np.outer(side, wave) for side, wave in zip(pan, loop(request.param, True), strict=True)
    ]
    audio = Audio(sum(stems), request.param)
    return audio, stems, *factors_of(audio)


def test_a_drum_that_always_sounds_the_same_is_subtracted_under_another(machine):
    audio, stems, masks, known = machine
    (segment,) = known.segments
    assert segment.drum_samples.waves.shape[:2] == (1, 2)
    assert sorted(segment.drum_samples.hits[:, 0]) == GROUPS[0]
    starts = segment.drum_samples.hits[:, 2] / audio.rate
    assert np.abs(np.diff(starts) - 0.25).max() < 2 / audio.rate
    assert segment.drum_samples.gains == pytest.approx(
        np.full(len(HATS), np.median(segment.drum_samples.gains)), rel=0.2
    )
    for true, by_masks, by_waves in zip(
        stems, sounds(audio, masks), sounds(audio, known), strict=False
    ):
        assert sdr(true, by_waves) > sdr(true, by_masks) + 6


def test_all_sounds_add_up_to_the_recording(machine):
    audio, _, _, known = machine
    np.testing.assert_allclose(sum(sounds(audio, known)), audio.samples, atol=1e-5)


def test_a_group_sounds_the_same_as_among_all_groups(machine):
    audio, _, _, known = machine
    whole = sounds(audio, known)
    for number in (0, 1):
        rendered = sound_of(audio, known, GROUPS[number], others=[GROUPS[1 - number]])
        np.testing.assert_allclose(rendered.samples, whole[number], atol=1e-5)
    one = sound_of(audio, known, [4]).samples
    begin = int(HATS[4] * audio.rate)
    assert np.abs(one[:, begin : begin + 2000]).max() > 0.05
    assert not one[:, : begin - audio.rate // 4].any()


def test_an_analysis_and_its_correction_have_drum_samples():
    audio = Audio(sum(loop(22050, True)), 22050)
    analysis = otowake.analyse(audio, stages=["stems"], score=score())
    hat = next(part for part in analysis.parts if part.name == "hi-hat")
    assert len(analysis.note_factors.segments[0].drum_samples.waves) == 1
    assert sdr(loop(22050, True)[0], hat.audio().mono()) > 15
    again = otowake.apply_edits(
        analysis, [{"do": "add", "onset_s": 5.0, "offset_s": 5.5, "midi": 60, "part": "piano"}]
    )
    (segment,) = again.note_factors.segments
    assert segment is not analysis.note_factors.segments[0] and len(segment.drum_samples.waves) == 1


def test_a_drummer_is_left_to_the_masks():
    hat, snare = loop(22050, False)
    audio = Audio(hat + snare, 22050)
    masks, known = factors_of(audio)
    assert known.segments[0].drum_samples.waves.shape[0] == 0
    for one, other in zip(sounds(audio, masks), sounds(audio, known), strict=True):
        np.testing.assert_array_equal(one, other)


def test_few_isolated_hits_give_no_waveform():
    hat, _ = loop(22050, True)
    few = hat.copy()
    few[int(1.1 * 22050) :] = 0
    notes = [note for note in score() if note.midi == 42 and note.onset < 1.1]
    audio = Audio(few, 22050)
    (segment,) = with_drum_samples(audio, fit_notes(audio, notes), notes).segments
    assert len(notes) == 4 and len(segment.drum_samples.waves) == 1
    (segment,) = with_drum_samples(audio, fit_notes(audio, notes[1:]), notes[1:]).segments
    assert len(segment.drum_samples.waves) == 0


def test_each_segment_is_searched_once(monkeypatch):
    monkeypatch.setattr("otowake.music.separation.score_informed.SEGMENT_FRAMES", 128)
    audio = Audio(sum(loop(22050, True)), 22050)
    masks, known = factors_of(audio)
    assert len(known.segments) == 2
    assert [len(segment.drum_samples.waves) for segment in known.segments] == [1, 1]
    np.testing.assert_allclose(sum(sounds(audio, known)), audio.samples, atol=1e-5)
    again = with_drum_samples(audio, known, score())
    assert all(a is b for a, b in zip(known.segments, again.segments, strict=True))
    assert all(segment.drum_samples is None for segment in masks.segments)


def test_another_rate_or_other_channels_have_no_waveforms(machine):
    audio, _, masks, known = machine
    mono = Audio(audio.samples.mean(axis=0), audio.rate)
    for one, other in zip(sounds(mono, masks), sounds(mono, known), strict=True):
        np.testing.assert_array_equal(one, other)


def test_waveforms_are_kept_in_the_file(machine, tmp_path):
    _, _, masks, known = machine
    for note_factors in (masks, known):
        write_note_factors(note_factors, tmp_path / "stems.npz")
        (segment,), (read,) = (
            note_factors.segments,
            read_note_factors(tmp_path / "stems.npz").segments,
        )
        assert (segment.drum_samples is None) == (read.drum_samples is None)
        if segment.drum_samples:
            for name in DrumSamples._fields:
                np.testing.assert_array_equal(
                    getattr(segment.drum_samples, name), getattr(read.drum_samples, name)
                )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("waves0", "waves0 has values that are not finite"),
        ("strokes0", "waveform"),
        ("gains0", "gains0 must have the shape"),
    ],
)
def test_damaged_waveforms_are_refused(machine, tmp_path, name, why):
    path = tmp_path / "stems.npz"
    write_note_factors(machine[3], path)
    with np.load(path) as file:
        arrays = dict(file)
    worse = {
        "waves0": arrays["waves0"] * np.float32(np.nan),
        "strokes0": arrays["strokes0"] + 1,
        "gains0": arrays["gains0"][1:],
    }
    np.savez(path, **{**arrays, name: worse[name]})
    with pytest.raises(ValueError, match=why):
        read_note_factors(path)
