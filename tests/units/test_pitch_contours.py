"""Test the pitch contours of notes on synthesised tones of known pitch."""

from dataclasses import replace

import numpy as np
import pytest

from otowake.music.transcription import pitch_contours
from otowake.music.transcription.config import CONTOURS
from otowake.music.transcription.notes import with_cents
from otowake.music.transcription.pitch_contours import breakpoints, measure_contours
from otowake.signal.vqt import RATE
from otowake.types import Note

T = np.arange(2 * RATE) / RATE
MOVES = {
    "vibrato": 50 * np.sin(2 * np.pi * 6 * T),
    "wide vibrato": 80 * np.sin(2 * np.pi * 6.5 * T) + 10,
    "narrow vibrato": 30 * np.sin(2 * np.pi * 5 * T) - 15,
    "scoop": -100 * np.exp(-T / 0.08),
    "portamento": np.clip((T - 0.8) / 0.3, 0, 1) * 140 - 60,
    "drift": 10 - 20 * T,
}
WITHIN = np.arange(0.05, 1.95, 0.005)


def tone(midi, cents, partials=8, decay=0.0, stretch=0.0):
    """Sum partials, amplitude 1/n, of a pitch that moves by `cents` (one value per sample)."""
    hz = 440 * 2 ** ((midi - 69) / 12)
    phase = 2 * np.pi * np.cumsum(hz * 2 ** (cents / 1200)) / RATE
    return sum(
        np.exp(-decay * n * T) / n * np.sin(n * np.sqrt(1 + stretch * n * n) * phase)
        for n in range(1, partials + 1)
        if n * hz < 10_000
    )


def noise(level, seed=0):
    return level * np.random.default_rng(seed).normal(size=len(T))


def errors(contour, cents):
    return np.abs(Note(0, 2, 60, contour=contour).cents_at(WITHIN) - np.interp(WITHIN, T, cents))


@pytest.mark.parametrize("midi", [45, 57, 69, 81])
@pytest.mark.parametrize("move", MOVES)
def test_a_moving_pitch_is_followed(move, midi):
    samples = tone(midi, MOVES[move]) + noise(0.01)
    (contour,) = measure_contours([Note(0, 2, midi)], samples)
    error = errors(contour, MOVES[move])
    assert contour and error.mean() < 4 and error.max() < 11


def test_notes_of_a_chord_move_each_by_itself():
    moves = {60: MOVES["vibrato"], 64: MOVES["scoop"], 67: MOVES["drift"]}
    samples = sum(tone(midi, cents) for midi, cents in moves.items()) + noise(0.01)
    measured = measure_contours([Note(0, 2, midi) for midi in moves], samples)
    for contour, cents in zip(measured, moves.values(), strict=True):
        error = errors(contour, cents)
        assert contour and error.mean() < 4 and error.max() < 9


def test_a_melody_over_held_notes_is_followed():
    held = 0.4 * sum(tone(midi, 0 * T, decay=0.3) for midi in (48, 55, 59))
    samples = held + tone(76, MOVES["vibrato"])
    notes = [*(Note(0, 2, midi, velocity=0.4) for midi in (48, 55, 59)), Note(0, 2, 76)]
    *steady, melody = measure_contours(notes, samples)
    assert errors(melody, MOVES["vibrato"]).mean() < 4 and steady == [(), (), ()]


@pytest.mark.parametrize("midi", [33, 45, 60, 72, 88])
def test_a_decaying_inharmonic_tone_is_steady(midi):
    """The upper partials of a piano are sharp and vanish first."""
    samples = tone(midi, 0 * T + 7, decay=1.5, stretch=4e-4) + noise(1e-3)
    assert measure_contours([Note(0, 2, midi)], samples) == [()]


def test_a_chord_of_piano_tones_is_steady():
    keys = (40, 52, 59, 64, 68, 71)
    samples = sum(tone(k, 0 * T, decay=1 + k / 60, stretch=3e-4) for k in keys) + noise(1e-3)
    assert measure_contours([Note(0, 2, midi) for midi in keys], samples) == [()] * len(keys)


@pytest.mark.parametrize("seed", range(3))
def test_noise_and_silence_have_no_contour(seed):
    notes = [Note(0.1 * k, 0.1 * k + 1, 40 + 9 * k) for k in range(6)]
    assert measure_contours(notes, noise(1, seed)) == [()] * len(notes)
    assert measure_contours(notes, 0 * T) == [()] * len(notes)
    buried = tone(69, MOVES["vibrato"]) + noise(20, seed)
    assert measure_contours([Note(0, 2, 69)], buried) == [()]


def test_short_notes_drums_and_octaves_have_none():
    samples = tone(69, MOVES["vibrato"]) + tone(81, 0 * T)
    assert measure_contours([Note(0.5, 0.6, 69)], samples) == [()]
    assert measure_contours([Note(0, 2, 69, is_drum=True)], samples) == [()]
    lower, upper = measure_contours([Note(0, 2, 69), Note(0, 2, 81)], samples)
    assert lower and not upper
    assert measure_contours([], samples) == []


def test_the_level_of_a_recording_does_not_matter():
    samples = tone(62, MOVES["vibrato"]) + noise(0.01)
    note = [Note(0, 2, 62)]
    (loud,), (soft,) = measure_contours(note, samples), measure_contours(note, 1e-3 * samples)
    np.testing.assert_allclose(loud, soft, atol=0.11)


def test_notes_beyond_the_recording_are_measured_as_far_as_it_goes():
    samples = tone(62, MOVES["drift"])
    inside, beyond = measure_contours([Note(0.5, 1.9, 62), Note(5, 6, 62)], samples)
    assert inside and not beyond


def test_cents_are_the_median_of_the_contour():
    move = MOVES["wide vibrato"]
    (note,), _ = with_cents([Note(0, 2, 69)], tone(69, move), 440.0)
    assert note.contour and note.cents == pytest.approx(np.median(move), abs=2)
    (sharp,), _ = with_cents([Note(0, 2, 69)], tone(69, move), 442.0)
    shift = 1200 * np.log2(442 / 440)
    assert note.cents - sharp.cents == pytest.approx(shift, abs=0.2)
    np.testing.assert_allclose(note.cents_at(WITHIN) - sharp.cents_at(WITHIN), shift, atol=0.11)
    (scoop,), _ = with_cents([Note(0, 2, 69)], tone(69, MOVES["scoop"]), 440.0)
    assert scoop.contour and abs(scoop.cents) < 3


@pytest.mark.parametrize("tuning", [433, 446])
def test_vibrato_does_not_move_the_tuning(tuning):
    rng = np.random.default_rng(1)
    off = 1200 * np.log2(tuning / 440)
    notes = [Note(k, k + 1, int(rng.integers(55, 80))) for k in range(8)]
    samples = np.concatenate(
        [tone(n.midi, off + rng.uniform(30, 80) * MOVES["vibrato"] / 50)[:RATE] for n in notes]
    )
    assert with_cents(notes, samples)[1] == pytest.approx(tuning, abs=1)


def test_the_number_of_breakpoints_is_limited(monkeypatch):
    samples, note = tone(69, MOVES["wide vibrato"]), [Note(0, 2, 69)]
    (fine,) = measure_contours(note, samples)
    limit = replace(CONTOURS, max_breakpoints=len(fine) // 2)
    monkeypatch.setattr(pitch_contours, "CONTOURS", limit)
    (coarse,) = measure_contours(note, samples)
    assert 2 < len(coarse) <= len(fine) // 2 and set(coarse) <= set(fine)


def test_breakpoints_keep_the_tolerance():
    times = np.arange(200) * 0.01
    values = 50 * np.sin(2 * np.pi * 6 * times)
    kept = breakpoints(times, values, 4)
    straight = np.interp(times, times[kept], values[kept])
    assert np.abs(straight - values).max() <= 4 and len(kept) < 120
    assert breakpoints(times, 0 * times, 1) == [0, 199]
