"""The formant singer that makes training material."""

from dataclasses import replace

import numpy as np
import pytest

from training.music.phrases import STEP, Phrase, SungNote
from training.sounds import singing
from training.sounds.lyrics import Syllable, draw_lyrics
from training.sounds.phonemes import CONSONANTS, SPOKEN
from training.sounds.samples import LEAD, RATE, envelope, pitch_error
from training.sounds.singers import KINDS, Singer, draw_singer

STEADY = {"jitter": 0.0, "shimmer": 0.0}


def held(pitch: float, seconds: float = 1.0, level: float = 0.8, velocity: int = 90) -> Phrase:
    """Return one note after a rest of 0.5 s, before a rest of 0.3 s."""
    sounding = np.full(round(seconds / STEP), level)
    curve = np.concatenate([np.zeros(100), sounding, np.zeros(60)]).astype(np.float32)
    note = SungNote(0.5, 0.5 + seconds, pitch, velocity, False)
    return Phrase(np.full(len(curve), float(pitch)), curve, (note,))


def spectrum(wave: np.ndarray) -> np.ndarray:
    """Return the magnitude (dB), one bin a hertz."""
    part = wave[int(0.6 * RATE) : int(1.4 * RATE)]
    magnitude = np.abs(np.fft.rfft(part * np.hanning(len(part)), RATE))
    return 20 * np.log10(magnitude + 1e-9)


def period_pitch(wave: np.ndarray, second: float, near: float) -> float:
    """Return the MIDI pitch at a time, from the autocorrelation next to a pitch."""
    first = int((second - 0.03) * RATE)
    part = wave[first : first + int(0.06 * RATE)] * np.hanning(int(0.06 * RATE))
    power = np.abs(np.fft.rfft(part, 1 << 12)) ** 2
    correlation = np.fft.irfft(power, 1 << 15)  # eight times as dense
    lags = np.arange(1, 1 << 13)
    pitches = 69 + 12 * np.log2(8 * RATE / lags / 440)
    close = np.abs(pitches - near) < 1
    return float(pitches[close][np.argmax(correlation[1 : 1 << 13][close])])


@pytest.mark.parametrize(("kind", "middle"), [("bass", 48), ("woman", 62), ("soprano", 74)])
def test_a_singer_follows_the_curve_of_the_pitch(kind, middle):
    time = np.arange(400) * STEP
    curve = middle + 3 * np.clip(time - 0.5, 0, 1) + 0.3 * np.sin(2 * np.pi * 4 * time)
    note = SungNote(0.0, 2.0, middle + 1.5, 90, False)
    phrase = Phrase(curve, np.full(400, 0.7, np.float32), (note,))
    singer = Singer(kind, breath=0.005, **STEADY)
    wave = singing.render(np.random.default_rng(1), phrase, singer, (Syllable("", "a"),))
    errors = [
        period_pitch(wave, t, curve[round(t / STEP)]) - curve[round(t / STEP)]
        for t in np.arange(0.1, 1.9, 0.05)
    ]
    assert np.median(np.abs(errors)) < 0.05
    assert abs(np.mean(errors)) < 0.03


@pytest.mark.parametrize("vowel", ["a", "i", "u", "eh"])
def test_formants_are_where_the_table_has_them(vowel):
    singer = Singer("man", breath=0, tilt=8000, damping=0.7, **STEADY)
    wave = singing.render(np.random.default_rng(2), held(31), singer, (Syllable("", vowel),))
    size = spectrum(wave)
    for formant in SPOKEN["man"][vowel][:3]:
        low, high = int(0.8 * formant), int(1.2 * formant)
        bins = np.arange(low, high)
        power = 10 ** (size[low:high] / 10) * bins**2.0  # without the source's slope
        assert bins[np.argmax(power)] == pytest.approx(formant, abs=60 + 0.05 * formant)


def test_trained_men_have_the_singers_formant_and_loud_notes_are_brighter():
    def above(kind: str, velocity: int) -> float:
        singer = Singer(kind, breath=0, **STEADY)
        phrase = held(48, velocity=velocity)
        size = spectrum(singing.render(np.random.default_rng(3), phrase, singer, _A))
        return size[2300:3500].max() - size[:1000].max()

    assert above("tenor", 90) > above("man", 90) + 3
    assert above("man", 120) > above("man", 30) + 3


_A = (Syllable("", "a"),)


def test_the_first_formant_follows_a_pitch_above_it():
    singer = Singer("soprano", breath=0, **STEADY)
    wave = singing.render(np.random.default_rng(4), held(81), singer, (Syllable("", "i"),))
    size = spectrum(wave)
    assert size[860:900].max() > size[1700:1800].max() + 10


def test_the_level_is_followed_and_rests_are_silent():
    phrase = held(55)
    curve = phrase.level.copy()
    curve[200:] *= 0.25
    phrase = replace(phrase, level=curve)
    singer = Singer("man", inhale=0, **STEADY)
    wave = singing.render(np.random.default_rng(5), phrase, singer, _A)
    level = envelope(wave, 0.05)
    assert len(wave) == int(len(curve) * STEP * RATE) + int(singing.TAIL * RATE)
    assert level[int(0.75 * RATE)] == pytest.approx(0.8 * singing.LOUD, rel=0.4)
    assert level[int(1.25 * RATE)] / level[int(0.75 * RATE)] == pytest.approx(0.25, rel=0.25)
    assert level[: int(0.45 * RATE)].max() < 1e-3 * level.max()
    assert level[int(1.6 * RATE) :].max() < 1e-3 * level.max()
    breathing = replace(singer, inhale=0.1)
    waves = [
        singing.render(np.random.default_rng(seed), phrase, breathing, _A) for seed in range(5)
    ]
    assert max(envelope(w, 0.05)[: int(0.4 * RATE)].max() for w in waves) > 0.01 * level.max()


@pytest.mark.parametrize("name", CONSONANTS)
def test_consonants_precede_the_vowel(name):
    wave = singing.render(
        np.random.default_rng(6), held(55), Singer("man", **STEADY), (Syllable(name, "a"),)
    )
    level = envelope(wave, 0.01)
    before, vowel = level[int(0.3 * RATE) : int(0.5 * RATE)], level[int(0.7 * RATE)]
    assert 0.005 * vowel < before.max() < 1.2 * vowel
    assert level[: int(0.3 * RATE)].max() < 1e-3 * vowel
    assert level[int(0.57 * RATE)] > 0.3 * vowel


def test_a_hum_is_duller_than_a_vowel_and_falsetto_than_the_chest():
    singer = Singer("man", breath=0, **STEADY)

    def treble(pitch: float, singer: Singer, vowel: str) -> float:
        wave = singing.render(np.random.default_rng(7), held(pitch), singer, (Syllable("", vowel),))
        size = spectrum(wave)
        return size[1800:5000].max() - size[:1000].max()

    assert treble(50, singer, "m") < treble(50, singer, "a") - 6
    assert treble(67, replace(singer, falsetto=True), "a") < treble(67, singer, "a") - 3


def test_singers_fit_the_range_and_whistling_is_nearly_pure():
    for pitch in (30, 45, 60, 72, 80, 95):
        for seed in range(5):
            rng = np.random.default_rng(seed)
            singer = draw_singer(rng, held(pitch))
            kind = KINDS[singer.kind]
            assert kind.low - 9 < pitch < kind.high + 1
    wave = singing.render(np.random.default_rng(8), held(86), Singer("whistle", jitter=0))
    cut = np.concatenate([np.zeros(LEAD, np.float32), wave[int(0.5 * RATE) :]])
    assert pitch_error(cut, 86) == pytest.approx(0, abs=0.05)
    size = spectrum(wave)
    assert size[1100:1250].max() > size[1500:].max() + 12


def test_a_seed_gives_the_same_song_and_slurs_keep_the_vowel():
    rng = np.random.default_rng(9)
    notes = tuple(SungNote(k, k + 1.0, 60.0 + k, 80, k % 2 == 1) for k in range(40))
    phrase = Phrase(np.full(8000, 60.0), np.full(8000, 0.5, np.float32), notes)
    lyrics = draw_lyrics(rng, phrase, Singer("woman"))
    kept = [lyrics[k].vowel == lyrics[k - 1].vowel for k in range(1, 40, 2)]
    assert np.mean(kept) > 0.2
    short = held(60)
    first, second, other = (singing.render(np.random.default_rng(s), short) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first[: len(other)], other[: len(first)])
    assert first.dtype == np.float32


def test_silence_and_rests_without_pitch_are_sung():
    silent = Phrase(np.full(100, np.nan), np.zeros(100, np.float32), ())
    assert np.abs(singing.render(np.random.default_rng(1), silent)).max() < 1e-3
    phrase = held(60)
    pitch = phrase.pitch.copy()
    pitch[:90] = np.nan
    wave = singing.render(np.random.default_rng(1), replace(phrase, pitch=pitch))
    assert np.isfinite(wave).all()
