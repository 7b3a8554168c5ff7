"""Generated songs: amplifier, nonsense words, mixtures of stems, and singing speech."""

import numpy as np
import pytest

from otowake.music.song.masks import BASS, DRUM_KIT, OTHER, VOCALS
from otowake.music.song.network import SOURCES
from training.data.song_mixtures import Mixer, Stems
from training.music.performance import Played
from training.music.phrases import phrase, style
from training.sounds import speech
from training.sounds.amplifier import amplified
from training.sounds.samples import RATE

N_SAMPLES = 2 * RATE


def stems() -> Stems:
    """Return tones as the stems of three songs."""
    t = np.arange(3 * RATE) / RATE
    rows = [
        (song, source) for song in range(3) for source in (VOCALS, BASS, DRUM_KIT, OTHER, OTHER)
    ]
    audio = [
        np.rint(20_000 * np.sin(2 * np.pi * 110 * (1 + row) * t)).astype(np.int16)
        for row in range(len(rows))
    ]
    songs, sources = np.array(rows).T
    return Stems(np.stack(audio), sources, songs)


@pytest.fixture(scope="module")
def mixer() -> Mixer:
    return Mixer(stems(), N_SAMPLES)


def test_an_amplifier_keeps_the_peak_adds_partials_and_cuts_the_treble():
    t = np.arange(RATE) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 220 * t).astype(np.float32)
    sound = amplified(np.random.default_rng(2), tone)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert np.abs(sound).max() == pytest.approx(0.3, rel=1e-3)
    assert spectrum[660] > 0.01 * spectrum[220]
    assert spectrum[9000:].max() < 1e-2 * spectrum.max()


def test_a_mixture_is_determined_by_its_seed(mixer):
    one, again, other = (mixer.mixture(np.random.default_rng(seed)) for seed in (4, 4, 5))
    assert one.shape == (len(SOURCES), 2, N_SAMPLES)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_mixtures_lack_each_source_sometimes_and_some_are_mono(mixer):
    mixtures = [mixer.mixture(np.random.default_rng(seed)) for seed in range(80)]
    present = np.array([[bool(source.any()) for source in mixture] for mixture in mixtures])
    assert (present.mean(axis=0) > 0.6).all()
    assert (present.mean(axis=0) < 1).all()
    is_mono = [np.allclose(m[:, 0], m[:, 1], atol=1e-6) for m in mixtures]
    assert 0.05 < np.mean(is_mono) < 0.5


def test_nonsense_has_words_in_the_letters_of_the_speaker():
    latin, cyrillic = (speech.nonsense(np.random.default_rng(3), c) for c in (False, True))
    assert latin.isascii()
    assert len(latin.split()) == len(cyrillic.split()) == speech.WORDS
    assert all("а" <= letter <= "я" for letter in cyrillic.replace(" ", ""))


def test_speech_sings_the_pitches_of_a_phrase():
    pytest.importorskip("pyworld")
    t = np.arange(4 * RATE) / RATE
    glottis = np.sign(np.sin(2 * np.pi * 120 * t)) * (np.sin(2 * np.pi * 2 * t) > -0.8)
    hiss = 0.1 * np.random.default_rng(0).standard_normal(len(t))
    recording = speech.analysed((0.2 * glottis + hiss * (glottis == 0)).astype(np.float32))
    assert len(recording.syllables) > 3
    rng = np.random.default_rng(1)
    notes = [Played(0.3 + i, 1.25 + i, midi, 90) for i, midi in enumerate((57, 64))]
    plain = style(rng, 0.0)
    wave = speech.sing(rng, phrase(rng, notes, plain), (recording,))
    assert np.isfinite(wave).all()
    for start, hz in ((0.6, 220.0), (1.6, 329.6)):
        piece = wave[int(start * RATE) : int((start + 0.4) * RATE)]
        spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 1 << 16))
        harmonic, between = (
            spectrum[np.rint(np.arange(1, 5) * f * (1 << 16) / RATE).astype(int)].sum()
            for f in (hz, hz * 1.2)
        )
        assert harmonic > 3 * between


def test_the_song_network_of_training_is_that_of_the_package():
    torch = pytest.importorskip("torch")
    from otowake.music.song.network import N_BANDS, N_CHANNELS_IN, band_masks
    from training.networks.song import SongNetwork

    torch.manual_seed(1)
    network = SongNetwork()
    values = np.random.default_rng(0).random((64, N_BANDS, N_CHANNELS_IN)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(values)[None])[0].numpy()
    np.testing.assert_allclose(band_masks(values, network.weights()), expected, atol=1e-5)
    again = SongNetwork()
    again.load(network.weights())
    for one, other in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_error_of_masks_is_that_of_the_masked_spectra():
    torch = pytest.importorskip("torch")
    from otowake.music.song.network import N_BANDS
    from training.train.song import powers_of

    rng = np.random.default_rng(3)
    shape = (2, len(SOURCES), 1025, 5)
    sources = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(np.complex64)
    powers = powers_of(sources)
    mask = 0.3
    squared = mask**2 * powers.mixture - 2 * mask * powers.common + powers.source
    mixture = sources.sum(axis=1, keepdims=True)
    assert squared.shape == (2, len(SOURCES), 5, N_BANDS)
    assert squared.sum() == pytest.approx((np.abs(mask * mixture - sources) ** 2).sum(), rel=1e-4)
    assert torch.from_numpy(squared).isfinite().all()
