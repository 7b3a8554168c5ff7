"""Continuous parts of training clips: phrases, their labels, their sound, and long holds."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_banks import tiny

from training.music import plans, render, textures
from training.music.harmony import draw_harmony
from training.music.parts import Part
from training.music.performance import Played
from training.music.phrases import STEP, Phrase, SungNote, joined, phrase, style
from training.sounds import resynthesis, samples
from training.sounds.samples import LEAD, RATE

PLAIN = replace(
    style(np.random.default_rng(0), 1.0),
    legato=1.0,
    glide=0.08,
    overshoot=0.0,
    vibrato=0.5,
    rate=6.0,
    delay=0.0,
    tremolo=0.0,
    scoops=0.0,
    falls=0.0,
    drift=0.0,
    intonation=0.0,
    jitter=0.0,
    attack=0.1,
    release=0.05,
    swells=0.0,
)
LINE = (
    Played(0.5, 1.5, 45, 90),
    Played(1.5, 2.5, 48, 90),
    Played(2.5, 3.5, 48, 90),
    Played(4.2, 5.0, 41, 60),
)


def test_notes_of_a_phrase_begin_where_a_person_would_mark_them():
    line = phrase(np.random.default_rng(1), LINE, PLAIN)
    assert [note.legato for note in line.notes] == [False, True, False, False]
    assert [note.onset_s for note in line.notes] == [0.5, 1.5, 2.5, 4.2]
    first, second, third, last = (int(note.onset_s / STEP) for note in line.notes)
    for onset in (first, last):  # a soft attack: audible at the onset, at full level later
        steady = line.level[onset + 40]
        assert 0.05 * steady < line.level[onset] < 0.25 * steady
        assert line.level[onset - 10] < 0.02 * steady
    assert line.pitch[second] == pytest.approx(46.5, abs=0.7)
    assert line.level[second] > 0.3 * line.level[second + 20]
    assert line.level[third - 2] < 0.4 * line.level[third + 40]  # the same pitch twice: a dip


@pytest.mark.parametrize("seed", range(12))
def test_phrases_of_every_style_are_sound(seed):
    rng = np.random.default_rng(seed)
    clock, played = 0.0, []
    for _ in range(40):
        length = float(rng.uniform(0.06, 1.5))
        pitch, velocity = int(rng.integers(50, 70)), int(rng.integers(1, 128))
        played.append(Played(clock, clock + length * float(rng.uniform(0.5, 1.2)), pitch, velocity))
        clock += length
    line = phrase(rng, played, style(rng, float(rng.random())))
    assert line.pitch.shape == line.level.shape
    assert np.isfinite(line.pitch).all() and line.pitch.min() > 44 and line.pitch.max() < 74
    assert line.level.min() >= 0 and line.level.max() <= 1
    ends = [note.offset_s for note in line.notes]
    for note, end in zip(line.notes[1:], ends, strict=False):
        assert note.onset_s >= end or note.legato
        assert note.offset_s > note.onset_s
    again = [
        a
        for a, b in zip(line.notes[1:], line.notes, strict=False)
        if a.legato and round(a.pitch) == round(b.pitch)
    ]
    assert not again


def test_legato_notes_of_one_semitone_are_one_note():
    notes = [SungNote(0.0, 1.0, 60.4, 80, False), SungNote(1.0, 2.0, 60.45, 80, True)]
    (one,) = joined(notes, np.full(400, 60.42))
    assert (one.onset_s, one.offset_s, one.pitch) == (0.0, 2.0, 60.42)


def test_a_bank_plays_the_pitch_and_level_of_a_phrase():
    bank = tiny("cello")
    line = phrase(np.random.default_rng(1), LINE, replace(PLAIN, vibrato=0.0))
    wave = resynthesis.play(np.random.default_rng(2), bank, line)
    for note in line.notes:
        begin = int((note.onset_s + 0.1) * RATE)
        part = wave[begin : int(note.offset_s * RATE)]
        sound_alone = np.concatenate([np.zeros(LEAD + int(0.08 * RATE), np.float32), part])
        assert samples.pitch_error(sound_alone, note.pitch) == pytest.approx(0, abs=0.06)
    level = samples.envelope(wave, 0.02)[(np.arange(len(line.level)) * STEP * RATE).astype(int)]
    assert np.corrcoef(level, line.level)[0, 1] > 0.98
    assert np.abs(wave[: int(0.3 * RATE)]).max() < 0.01 * np.abs(wave).max()


def test_labels_of_a_continuous_part_are_the_nearest_semitones(monkeypatch):
    monkeypatch.setattr(render, "drift", lambda rng: 0.0)
    monkeypatch.setattr(render, "tuning", lambda rng: 0.45)
    sharp = Phrase(np.full(400, 45.2), np.full(400, 0.5, np.float32), ())
    monkeypatch.setattr(
        render,
        "phrase",
        lambda *_: replace(sharp, notes=(SungNote(0.5, 1.5, 45.2, 80, False),)),
    )
    part = Part(tiny("cello"), LINE, style=PLAIN)
    wave, notes = render.render(np.random.default_rng(0), [part], 3.0)
    assert notes["midi"].tolist() == [46]
    assert notes["pitch"] == pytest.approx([45.65], abs=0.01)
    sound_alone = np.concatenate([np.zeros(LEAD, np.float32), wave[RATE // 2 :]])
    assert samples.pitch_error(sound_alone, 45.65) == pytest.approx(0, abs=0.05)


def test_a_drifting_clip_moves_its_notes_with_the_sound(monkeypatch):
    monkeypatch.setattr(render, "tuning", lambda rng: 0.0)
    monkeypatch.setattr(render, "drift", lambda rng: 0.8)
    bank = tiny("harpsichord")
    part = Part(bank, (Played(1.0, 2.0, 45, 90), Played(10.0, 11.0, 40, 90)))
    wave, notes = render.render(np.random.default_rng(0), [part], 20.0)
    level = samples.envelope(wave)
    for note, pitch in zip(notes, (44.64, 40.0), strict=True):
        begin = int(note["onset_s"] * RATE)
        assert level[begin - 200] < 0.1 * level[begin + 200]
        assert note["pitch"] == pytest.approx(pitch, abs=0.06)
        sound_alone = np.concatenate([np.zeros(LEAD, np.float32), wave[begin : begin + RATE]])
        assert samples.pitch_error(sound_alone, float(note["pitch"])) == pytest.approx(0, abs=0.08)


def test_a_sustained_instrument_holds_longer_than_its_bank(monkeypatch):
    monkeypatch.setattr(render, "tuning", lambda rng: 0.0)
    monkeypatch.setattr(render, "drift", lambda rng: 0.0)
    bank = tiny("organ")
    part = Part(bank, (Played(0.5, 14.5, 48, 90),))
    wave, notes = render.render(np.random.default_rng(0), [part], 18.0)
    assert notes["offset_s"] == pytest.approx([14.5])
    level = samples.envelope(wave, 0.05)
    held = level[RATE : 14 * RATE]
    assert held.min() > 0.1 * held.max()
    assert level[15 * RATE :].max() < 0.01 * held.max()


@pytest.mark.parametrize("texture", [textures.pedal_point, textures.chorale, textures.tolling])
def test_slow_textures_have_long_notes(texture):
    lengths = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        notes = texture(rng, draw_harmony(rng, 16), 40, 70, 1.0)
        assert all(40 <= n.pitch <= 70 and n.length > 0 for n in notes)
        lengths.append(max(n.length for n in notes))
    assert np.median(lengths) >= 4


def test_voices_and_lines_are_continuous():
    banks = [tiny(name) for name in ("piano", "cello", "choir", "flute", "trumpet", "organ")]
    parts = [part for seed in range(80) for part in plans.plan(np.random.default_rng(seed), banks)]
    continuous = [part for part in parts if part.style]
    assert {p.bank.instrument.family for p in continuous} == resynthesis.FAMILIES
    assert any(part.sung for part in continuous)
    assert all(part.bank.instrument.family == "voice" for part in continuous if part.sung)
