"""Vocals, bass, drums and other: bands, masks, evidence, and how parts divide them."""

from dataclasses import replace
from importlib import import_module

import ensemble
import numpy as np
import pytest

import otowake
from otowake.errors import BadInput
from otowake.music.players.vocals import with_vocals
from otowake.music.separation.masks import NO_SOURCE, _divided
from otowake.music.separation.score_informed import STFT as FACTORISED
from otowake.music.separation.score_informed import fit_notes
from otowake.music.separation.stems import separated, sound_of
from otowake.music.song import evidence, network
from otowake.music.song.evidence import SongEvidence
from otowake.music.song.masks import (
    BASS,
    DRUM_KIT,
    OTHER,
    VOCALS,
    SongMasks,
    band_blocks,
    sources_of_notes,
)
from otowake.signal.mono import MonoSignal
from otowake.signal.stft import stft
from otowake.types import Audio, Note, Part

RATE = network.STFT.sample_rate
SECONDS = 3.0


def noisy_tones(seed: int, n_channels: int = 2, rate: int = RATE, seconds: float = SECONDS):
    """Return noise with tones of three pitches, different in each channel."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    tones = sum(np.sin(2 * np.pi * hz * n * t) / n for hz in (110, 262, 392) for n in range(1, 6))
    noise = 0.05 * rng.standard_normal((n_channels, len(t)))
    return Audio(0.1 * (rng.uniform(0.3, 1, (n_channels, 1)) * tones + noise), rate)


def scale_of(audio: Audio) -> float:
    return MonoSignal(audio).magnitudes(network.STFT).scale


def blocks_of(audio: Audio, size: int = 10_000):
    return audio.blocks(size)


def test_the_network_sees_the_spectrogram_that_is_factorised():
    """The scale of the factors, and the positions of their frames, are also those of the masks."""
    assert network.STFT == FACTORISED


def test_bands_cover_each_bin_once():
    shares = network.band_matrix()
    edges = network.band_edges()
    assert np.allclose(shares.sum(axis=1), 1)
    assert np.allclose((shares * np.diff(edges)[:, None]).sum(axis=0), 1, atol=1e-4)


def test_mono_has_no_side_and_swapped_channels_have_the_opposite_direction():
    spectra = stft(noisy_tones(1).samples, network.STFT.n_fft, network.STFT.hop)
    straight, swapped = (network.features(x, 1.0) for x in (spectra, spectra[::-1]))
    assert np.allclose(straight[..., 2], -swapped[..., 2], atol=1e-5)
    assert np.allclose(straight[..., :2], swapped[..., :2], atol=1e-5)
    mono = network.features(spectra[:1], 1.0)
    assert not mono[..., 1].any()
    assert not mono[..., 2].any()


def test_masks_of_both_the_middle_and_the_side_sum_to_one():
    audio = noisy_tones(2)
    for block in band_blocks(blocks_of(audio), audio.rate, scale_of(audio)):
        assert np.allclose(block.masks.sum(axis=1), 1, atol=1e-5)


def test_the_context_is_wider_than_the_receptive_field():
    n = 2 * network.CONTEXT_FRAMES + 64
    values = np.random.default_rng(3).random((n, network.N_BANDS, network.N_CHANNELS_IN))
    values = values.astype(np.float32)
    changed = values.copy()
    changed[0] += 5
    weights = network.load_pretrained().weights
    before, after = (network.band_masks(x, weights) for x in (values, changed))
    assert not np.array_equal(before[:, :, 0], after[:, :, 0])
    assert np.array_equal(
        before[:, :, network.CONTEXT_FRAMES :], after[:, :, network.CONTEXT_FRAMES :]
    )


def test_masks_do_not_depend_on_how_the_recording_is_read():
    audio = noisy_tones(4, seconds=15.0)
    scale = scale_of(audio)
    whole, pieces = (
        np.concatenate([b.masks for b in band_blocks(blocks_of(audio, n), RATE, scale)], axis=2)
        for n in (audio.n_samples, 3_333)
    )
    assert whole.shape[2] == 1 + audio.n_samples // network.STFT.hop
    assert np.allclose(whole, pieces, atol=1e-5)


def test_masks_asked_for_from_the_middle_are_those_of_the_whole():
    audio = noisy_tones(5, seconds=20.0)
    scale, sources = scale_of(audio), {0: VOCALS, 1: BASS, 2: DRUM_KIT, 3: OTHER}
    hz, start = network.band_positions(np.arange(0.0, 11_000.0, 500.0)), 320
    later = Audio(audio.samples[:, start * network.STFT.hop :], RATE)
    frames = np.arange(start + network.CONTEXT_FRAMES, start + network.CONTEXT_FRAMES + 40.0)
    whole = SongMasks(blocks_of(audio), RATE, scale, sources)
    part = SongMasks(blocks_of(later), RATE, scale, sources, first=start)
    assert np.allclose(whole(frames, hz), part(frames, hz), atol=2e-3)


def test_what_the_network_gives_an_absent_source_belongs_to_other():
    audio = noisy_tones(6)
    masks = SongMasks(blocks_of(audio), RATE, scale_of(audio), {0: VOCALS, 1: OTHER})
    values = masks(np.arange(40.0), np.arange(0.0, 207.0, 0.5))
    assert not values[:, [BASS, DRUM_KIT]].any()
    assert np.allclose(values.sum(axis=1), 1, atol=1e-5)


NOTES = [Note(0.0, SECONDS, midi, id=i) for i, midi in enumerate((45, 60, 67))]
VOICE, PIANO = Part("voice", "voice", (2,), {}), Part("piano", "piano", (0, 1), {})
DRUMS = Part("kick", "drums", (0,), {})


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([VOICE, PIANO], {0: OTHER, 1: OTHER, 2: VOCALS}),
        ([VOICE], None),
        ([PIANO], None),
        ([DRUMS], None),
        ([Part("double-bass", "double-bass", (0,), {}), PIANO], None),
        ([DRUMS, VOICE], {0: DRUM_KIT, 2: VOCALS}),
    ],
)
def test_a_song_has_vocals_or_drums_and_something_else(parts, expected):
    assert sources_of_notes(NOTES, parts) == expected


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
def test_stems_of_a_song_add_up_in_each_channel(rate):
    audio = noisy_tones(7, rate=rate)
    factors = replace(fit_notes(audio, NOTES), sources=sources_of_notes(NOTES, [VOICE, PIANO]))
    sounds = [
        np.concatenate(b, axis=1)
        for b in zip(*separated(audio, factors, [[2], [0, 1]]), strict=True)
    ]
    assert len(sounds) == 3
    assert np.allclose(sum(sounds), audio.samples, atol=1e-5)
    one = sound_of(audio, factors, [2], others=[[0, 1]]).samples
    assert np.allclose(one, sounds[0], atol=5e-4)


def test_vocals_without_a_note_belong_to_their_group_and_unexplained_sound_to_the_rest():
    of_sources = np.zeros((2, 4, 5, 6), np.float32)
    of_sources[:, VOCALS, :2], of_sources[:, OTHER, 2:] = 1.0, 1.0
    source_of_model = [VOCALS, OTHER, *[NO_SOURCE] * 4]
    models, powered = np.zeros((6, 5, 6), np.float32), np.ones((5, 6), np.float32)
    vocals, piano, rest = _divided(of_sources, models, powered, source_of_model, 2)
    np.testing.assert_allclose(vocals, of_sources[:, VOCALS], atol=1e-5)
    assert not piano.any()
    np.testing.assert_allclose(rest, of_sources[:, OTHER], atol=1e-5)
    source_of_model[2 + VOCALS] = VOCALS  # there are notes of vocals in no group
    vocals, _, rest = _divided(of_sources, models, powered, source_of_model, 2)
    assert vocals.max() < 1e-3
    np.testing.assert_allclose(rest, 1, atol=1e-3)


def test_notes_move_the_masks_of_the_sources_towards_their_models():
    of_sources = np.full((1, 4, 5, 6), 0.25, np.float32)
    models, powered = np.zeros((6, 5, 6), np.float32), np.ones((5, 6), np.float32)
    models[0, 2] = 1.0
    vocals, piano, rest = _divided(
        of_sources, models, powered, [VOCALS, OTHER, *[NO_SOURCE] * 4], 2
    )
    np.testing.assert_allclose(vocals + piano + rest, 1, atol=1e-6)
    assert (vocals[0, 2] > 0.6).all()
    assert (vocals[0, [0, 1, 3, 4]] < 0.15).all()


def test_parts_of_a_source_divide_its_mask_by_their_models():
    of_sources = np.zeros((2, 4, 5, 6), np.float32)
    of_sources[:, VOCALS], of_sources[:, OTHER] = 0.8, 0.2
    models, powered = np.zeros((6, 5, 6), np.float32), np.ones((5, 6), np.float32)
    models[0], models[1] = 1.0, 2.0**0.75
    first, second, rest = _divided(
        of_sources, models, powered, [VOCALS, VOCALS, *[NO_SOURCE] * 4], 2
    )
    np.testing.assert_allclose(second, 2 * first, rtol=5e-3)
    np.testing.assert_allclose(first + second + rest, 1, atol=1e-6)


def test_evidence_is_the_share_of_the_vocals_in_the_recording_and_in_each_note(monkeypatch):
    """The masks give the vocals all of bands 0 to 99, and half of the first second above."""

    def known(blocks, rate, scale):
        for block in band_blocks(blocks, rate, scale):
            masks = np.zeros_like(block.masks)
            masks[:, OTHER] = 1.0
            masks[:, VOCALS, :, :100], masks[:, OTHER, :, :100] = 1.0, 0.0
            masks[:, VOCALS, :43, 100:], masks[:, OTHER, :43, 100:] = 0.5, 0.5
            yield block._replace(masks=masks)

    monkeypatch.setattr(evidence, "band_blocks", known)
    mono = MonoSignal(noisy_tones(9))
    edge = network.band_edges()[100] * RATE / network.STFT.n_fft
    high = int(np.ceil(69 + 12 * np.log2(edge / 440))) + 1
    low = high - 12 * 4 - 2
    result = evidence.song_evidence(mono, [0.0, 0.0, 2.0], [0.9, 0.9, 2.9], [low, high, high])
    assert result.shares[0, VOCALS] > 0.9
    np.testing.assert_allclose(result.shares[1:, VOCALS], [0.5, 0.0], atol=0.01)
    np.testing.assert_allclose(result.shares.sum(axis=1), 1)
    bands = next(band_blocks(blocks_of(mono.sound), RATE, scale_of(mono.sound))).features
    powers = bands[:, :, 0] ** (2 / network.COMPRESSION) * np.diff(network.band_edges())
    vocals = powers[:, :100].sum() + 0.5 * powers[:43, 100:].sum()
    assert result.vocals == pytest.approx(vocals / powers.sum(), rel=1e-3)


def test_only_a_band_whose_instruments_nobody_has_named_gets_a_voice(monkeypatch):
    """The seeded ensemble has a kit; here its evidence of vocals is as strong as can be."""
    recording = ensemble.mixture(8.0)

    def strong(mono, onset, offset, midi):
        return SongEvidence(1.0, np.tile([0.7, 0.1, 0.1, 0.1], (len(onset), 1)))

    monkeypatch.setattr(import_module("otowake.music.analyse"), "song_evidence", strong)
    by_options = [
        {part.instrument for part in otowake.analyse(recording, stages=["instruments"], **o).parts}
        for o in ({}, {"instruments": "piano,clarinet,cello,drums"}, {"parts": 2})
    ]
    assert all("drums" in names for names in by_options)
    assert ["voice" in names for names in by_options] == [True, False, False]


def test_a_voice_that_is_named_already_and_basses_keep_their_names():
    shares = np.array([[0.9, 0.0, 0.0, 0.1], [0.2, 0.1, 0.1, 0.6]])
    bass = Part("electric-bass", "electric-bass", (0,), {})
    flute, voice = Part("flute", "flute", (1,), {}), Part("voice", "voice", (1,), {})
    strong = SongEvidence(0.9, shares)
    assert with_vocals([bass, voice], strong, 0.5) == (bass, voice)
    assert [part.name for part in with_vocals([bass, flute], strong, 0.5)] == [
        "electric-bass",
        "voice",
    ]
    assert with_vocals([bass], strong, 0.5) == (bass,)


def test_damaged_weights_are_refused():
    with pytest.raises(BadInput):
        network.load_weights(b"nothing")


def test_a_note_has_no_sound_of_its_source_long_before_or_after():
    """The other notes of the source, in no group, have what sounds there."""
    audio = noisy_tones(10)
    notes = [Note(0.0, 1.0, 67, id=0), Note(2.0, 3.0, 67, id=1), Note(0.0, 3.0, 45, id=2)]
    factors = replace(fit_notes(audio, notes), sources={0: VOCALS, 1: VOCALS, 2: OTHER})
    late = sound_of(audio, factors, [1]).samples
    both = sound_of(audio, factors, [0, 1]).samples
    half = RATE // 2
    assert np.square(late[:, : 3 * half]).sum() < 0.02 * np.square(late).sum()
    assert np.square(both[:, :half]).sum() > 10 * np.square(late[:, :half]).sum()
