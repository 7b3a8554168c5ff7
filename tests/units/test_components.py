"""Test the description of components on synthetic factors."""

import numpy as np
import pytest
from component_cases import DEAD, FREQUENCIES, HISS, RNG, RUMBLE, TIMES, factors, tone

from otowake.music.components.measure import active_interval, describe, energies, estimate_tuning
from otowake.types import Factors


def test_order_is_pitched_unpitched_dead():
    order, components, _ = describe(
        factors(HISS, tone(72), DEAD, RUMBLE, tone(48)), FREQUENCIES, TIMES
    )
    assert order.tolist() == [4, 1, 3, 0, 2]
    assert [c.pitch and c.pitch.midi for c in components] == [48, 72, None, None, None]
    assert [c.index for c in components] == [0, 1, 2, 3, 4]


def test_energy_is_the_share_of_squares():
    f = factors(tone(50), 2 * tone(60), HISS)
    parts = np.array([(np.outer(f.W[:, k], f.H[k]) ** 2).sum() for k in range(3)])
    np.testing.assert_allclose(energies(f), parts)
    order, components, _ = describe(f, FREQUENCIES, TIMES)
    np.testing.assert_allclose([c.energy for c in components], parts[order] / parts.sum())


def test_active_times():
    f = factors(tone(50), tone(60))
    _, components, _ = describe(f, FREQUENCIES, TIMES)
    assert [(c.start, c.end) for c in components] == [(TIMES[0], TIMES[7]), (TIMES[8], TIMES[15])]


def test_active_frames_are_within_30_db():
    activation = np.array([10**-1.51, 10**-1.49, 1, 0, 10**-1.49, 10**-1.51])
    assert active_interval(activation, np.arange(6.0)) == (1, 4)


@pytest.mark.parametrize("level", [0.0, 1e-10, 1e-30])
def test_a_dead_component_has_no_pitch_no_energy_and_no_time(level):
    alive = factors(tone(57), tone(64))
    for dead_w, dead_h in ((level, 1.0), (1.0, level)):
        W = np.column_stack([alive.W, tone(70) * dead_w])
        H = np.vstack([alive.H, np.full(40, dead_h)])
        _, components, _ = describe(Factors(W, H), FREQUENCIES, TIMES)
        dead = components[-1]
        assert (dead.pitch, dead.energy, dead.start, dead.end) == (None, 0, 0, 0)
        assert sum(c.energy for c in components) == pytest.approx(1)


def test_all_dead():
    _, components, tuning_hz = describe(
        Factors(np.zeros((1025, 3)), np.zeros((3, 40))), FREQUENCIES, TIMES
    )
    assert tuning_hz == 440
    assert [(c.pitch, c.energy, c.start, c.end) for c in components] == [(None, 0, 0, 0)] * 3


def test_silence_leaves_440():
    assert estimate_tuning(tone(60.3)[:, None], np.zeros((1, 9)), FREQUENCIES) == 440


def test_loud_noise_does_not_hide_the_tuning():
    f = factors(tone(57, 30), 1e3 * HISS)
    assert 1200 * np.log2(describe(f, FREQUENCIES, TIMES).tuning_hz / 440) == pytest.approx(
        30, abs=5
    )


def test_float32_gives_the_same_description():
    f = factors(tone(50), tone(60), HISS)
    wide = describe(f, FREQUENCIES, TIMES)
    narrow = describe(Factors(f.W.astype(np.float32), f.H.astype(np.float32)), FREQUENCIES, TIMES)
    assert narrow.tuning_hz == pytest.approx(wide.tuning_hz, rel=1e-5)
    assert [c.energy for c in narrow.components] == pytest.approx(
        [c.energy for c in wide.components]
    )


@pytest.mark.parametrize("cents", [-40, -15, 0, 25, 40])
def test_cents_count_from_the_recordings_own_tuning(cents):
    f = factors(tone(57, cents), tone(61, cents), tone(64, cents + 6), HISS)
    _, components, tuning_hz = describe(f, FREQUENCIES, TIMES)
    assert 1200 * np.log2(tuning_hz / 440) == pytest.approx(cents, abs=5)
    assert tuning_hz == estimate_tuning(f.W, f.H, FREQUENCIES)
    pitches = [c.pitch for c in components if c.pitch]
    assert [p.midi for p in pitches] == [57, 61, 64]
    assert all(abs(p.cents) < 7 for p in pitches)
    assert pitches[2].cents - pitches[0].cents == pytest.approx(6, abs=2)


@pytest.mark.parametrize(("n_fft", "rate"), [(16, 1000), (64, 8000), (16384, 44100)])
def test_any_spectrogram_can_be_described(n_fft, rate):
    n = n_fft // 2 + 1
    f = Factors(RNG.random((n, 3)), RNG.random((3, 10)))
    _, components, _ = describe(f, np.arange(n) * rate / n_fft, np.arange(10) * 0.1)
    assert sum(c.energy for c in components) == pytest.approx(1)
