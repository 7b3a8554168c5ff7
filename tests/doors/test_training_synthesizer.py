"""The synthesisers of generated electronic songs."""

from dataclasses import replace

import numpy as np
import pytest

from training.music.performance import Played
from training.sounds.samples import RATE
from training.sounds.synthesizer import WAVES, draw_patch, played, riser

PLAIN = replace(
    draw_patch(np.random.default_rng(0), "lead", 0.5),
    wave="saw",
    detune=(0.0,),
    sub=0.0,
    noise=0.0,
    attack=0.005,
    sustain=1.0,
    release=0.02,
    cutoff=9000.0,
    sweep=0.0,
    resonance=0.7,
    lfo_octaves=0.0,
    vibrato_cents=0.0,
    glide=0.0,
    drive=0.0,
    echo_gain=0.0,
)


def sound(patch, *notes, single=False, seconds=1.0):
    return played(np.random.default_rng(1), patch, notes, int(seconds * RATE), single=single)


def spectrum(wave):
    """Return the amplitude at each Hz of a second from the middle of a wave."""
    return np.abs(np.fft.rfft(wave * np.hanning(len(wave)), RATE))


@pytest.mark.parametrize("wave", WAVES)
def test_each_waveform_sounds_at_the_pitch_of_the_note(wave):
    patch = replace(PLAIN, wave=wave, width=0.3, index=1.0, ratio=1.0)
    amplitude = spectrum(sound(patch, Played(0.0, 1.0, 57, 90)))
    harmonics, between = amplitude[[220, 440, 660]], amplitude[[275, 385, 550]]
    assert harmonics[0] > 100 * between.max()
    if wave == "saw":
        np.testing.assert_allclose(harmonics[1:] / harmonics[0], [1 / 2, 1 / 3], rtol=0.03)


def test_saws_alias_a_quarter_as_much_as_sampled_ones():
    amplitude = spectrum(sound(PLAIN, Played(0.0, 1.0, 93, 90)))  # 1760 Hz
    aliased = amplitude[RATE - 8 * 1760 - 20 : RATE - 8 * 1760 + 20]  # of the eighth partial
    assert aliased.max() < 0.25 * amplitude[1760] / 8


def test_the_filter_cuts_and_its_sweep_opens_it_at_the_onset():
    dull = replace(PLAIN, cutoff=400.0)
    note = Played(0.0, 1.0, 57, 90)
    assert spectrum(sound(dull, note))[2200] < 0.1 * spectrum(sound(PLAIN, note))[2200]
    swept = sound(replace(dull, sweep=3.0, sweep_life=0.1), note)
    early, late = spectrum(swept[: RATE // 5])[2200], spectrum(swept[-RATE // 5 :])[2200]
    assert early > 5 * late


def test_a_line_glides_and_chords_do_not():
    patch = replace(PLAIN, glide=0.2)
    notes = Played(0.0, 0.5, 45, 90), Played(0.5, 1.0, 69, 90)
    line, chords = (sound(patch, *notes, single=single) for single in (True, False))
    just_after = slice(int(0.5 * RATE), int(0.6 * RATE))
    assert spectrum(chords[just_after])[440] > 3 * spectrum(line[just_after])[440]


def test_an_echo_repeats_the_note():
    note = Played(0.0, 0.1, 69, 90)
    dry, wet = sound(PLAIN, note), sound(replace(PLAIN, echo=0.5, echo_gain=0.4), note)
    after = slice(int(0.5 * RATE), int(0.6 * RATE))
    assert not dry[after].any() or np.abs(dry[after]).max() < 1e-3
    first = slice(0, int(0.1 * RATE))
    ratio = np.std(wet[after]) / np.std(wet[first])
    assert ratio == pytest.approx(0.4, rel=0.05)


def test_a_seed_determines_patch_and_sound_and_all_are_finite():
    for kind in ("bass", "lead", "chords"):
        for seed in range(20):
            patch, again = (draw_patch(np.random.default_rng(seed), kind, 0.5) for _ in "ab")
            assert patch == again
            notes = Played(0.1, 0.3, 40, 80), Played(0.2, 0.6, 47, 80)
            wave = sound(patch, *notes, single=kind != "chords")
            assert np.isfinite(wave).all() and wave.any()
            assert np.array_equal(wave, sound(patch, *notes, single=kind != "chords"))


def test_notes_in_any_order_and_outside_the_sound():
    notes = [Played(start, start + 0.3, 50, 80) for start in (0.4, -0.1, 0.2, 0.2, 1.2, 0.99999)]
    wave = sound(PLAIN, *notes, single=True)
    assert np.isfinite(wave).all() and not wave[: int(0.15 * RATE)].any() and wave.any()
    assert np.array_equal(wave, sound(PLAIN, *sorted(notes, key=lambda n: n.start), single=True))


def test_a_riser_swells():
    wave = riser(np.random.default_rng(3), 8 * RATE)
    (inside,) = np.nonzero(wave)
    first, last = inside[0], inside[-1]
    quarter = (last - first) // 4
    assert np.std(wave[last - quarter : last]) > 2 * np.std(wave[first : first + quarter])
    assert np.abs(wave).max() == pytest.approx(1.0)
