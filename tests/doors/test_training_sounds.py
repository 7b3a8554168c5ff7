"""Sounds that training material is rendered with: banks, samples, kits, degradation."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import soundfile as sf
from tiny_banks import tiny, tone

from otowake.music.theory.instruments import INSTRUMENT_NAMES, KIT
from training.music import drum_beats
from training.sounds import (
    assets,
    banks,
    degrade,
    drum_kits,
    samples,
    scaled,
    soundfonts,
    synthetic,
)
from training.sounds.classes import EXTRA, HELD_OUT, LEFT_OUT, MADE, SCALED
from training.sounds.instruments import BY_NAME, LABELS, TYPICAL
from training.sounds.samples import LEAD, RATE, Take


def test_onset_of_a_slow_and_of_a_sudden_attack():
    time = np.arange(RATE) / RATE
    sound = np.sin(2 * np.pi * 440 * time)
    for attack, late in ((0.001, 0.003), (0.1, 0.03)):
        wave = np.concatenate([np.zeros(5000), sound * np.minimum(time / attack, 1)]).astype(
            np.float32
        )
        assert 0 <= samples.onset(wave) - 5000 + 0.003 * RATE <= (late + 0.003) * RATE
        trimmed = samples.from_onset(wave, 1000)
        assert len(trimmed) == LEAD + 1000
        assert abs(samples.onset(np.pad(trimmed, (0, 100))) - LEAD) <= 0.02 * RATE


@pytest.mark.parametrize(("stated", "error"), [(60, 0), (59, 1), (72, 0), (60.3, -0.3), (62, -2)])
def test_the_error_of_a_stated_pitch_is_measured(stated, error):
    assert samples.pitch_error(tone(60, 2.0), stated) == pytest.approx(error, abs=0.05)


def test_takes_of_a_wrong_name_are_dropped_and_others_corrected():
    takes = [Take(tone(p + 0.2, 2.0), p) for p in (55, 60, 65)] + [Take(tone(66, 2.0), 70)]
    kept, dropped = samples.checked(takes, steady=True)
    assert dropped == 1
    assert [take.pitch for take in kept] == pytest.approx([55.2, 60.2, 65.2], abs=0.04)


def test_transposing_keeps_the_onset_and_moves_the_pitch():
    moved = samples.transposed(tone(60, 2.0), 3)
    assert abs(samples.onset(moved) - LEAD) <= 0.004 * RATE
    assert samples.pitch_error(moved, 63) == pytest.approx(0, abs=0.05)


def test_an_instrument_of_another_size_is_played_slower_or_faster():
    bank = tiny("guitar-steel", decay=0.5)
    shifted = scaled.takes(bank, BY_NAME["mandolin"], 12)
    assert [take.pitch for take in shifted] == list(
        range(55, 77)
    )  # a mandolin's lowest note is its limit
    lowest, other = shifted[0], bank.notes[3, 0] / 32768
    assert abs(samples.onset(lowest.wave) - LEAD) <= 0.012 * RATE
    assert samples.pitch_error(lowest.wave, 55) == pytest.approx(0.03, abs=0.06)
    assert samples.pitch_error(other, 43) == pytest.approx(0, abs=0.05)
    assert banks.ring_time(lowest.wave) < 0.7 * banks.ring_time(other)
    (single,) = scaled.takes(
        replace(bank, notes=bank.notes[3:4], pitches=bank.pitches[3:4]), BY_NAME["harp"], 12
    )
    beating = samples.envelope(lowest.wave, 0.02) / (samples.envelope(single.wave, 0.02) + 1e-9)
    assert np.ptp(beating[LEAD + 500 : LEAD + 8000]) > 0.2  # its strings come in pairs


def brightness(name: str, pitch: int) -> float:
    """Return the mean frequency of an instrument's made timbres at one pitch, Hz."""
    means = []
    for seed in range(8):
        wave = synthetic.TUBES[name].play(np.random.default_rng(seed), pitch, 80, RATE)
        spectrum = np.abs(np.fft.rfft(wave[RATE // 2 :])) ** 2
        means.append((spectrum * np.fft.rfftfreq(RATE // 2, 1 / RATE)).sum() / spectrum.sum())
    return float(np.mean(means))


def test_larger_instruments_are_made_darker():
    brass = [brightness(name, 53) for name in ("tuba", "horn", "trombone", "trumpet")]
    assert all(b > 1.15 * a for a, b in pairwise(brass))


@pytest.mark.parametrize(
    ("name", "timbre"), [(name, timbre) for name, _, timbre in synthetic.timbres(MADE)][::4]
)
def test_made_timbres_are_in_tune(name, timbre):
    instrument = BY_NAME[name.rsplit(".", 1)[1]]
    few = replace(
        instrument,
        low=(instrument.low + instrument.high) // 2,
        high=(instrument.low + instrument.high) // 2,
    )
    soft, loud = synthetic.takes(timbre, few, RATE)
    for take in (soft, loud):
        assert np.isfinite(take.wave).all()
        assert samples.pitch_error(take.wave, take.pitch) == pytest.approx(0, abs=0.3)
    assert synthetic.takes(timbre, few, RATE)[1].wave.tolist() == loud.wave.tolist()


def test_banks_that_are_named_are_made():
    made = {preset.bank_name for preset in (*soundfonts.PRESETS, *EXTRA)}
    made |= {name for name, *_ in (*synthetic.timbres(), *synthetic.timbres(MADE))}
    soundfont = {
        name
        for name in (*LEFT_OUT, *(bank for bank, *_ in SCALED))
        if name.split("-")[0] in assets.FONTS
    }
    assert soundfont <= made
    assert {name for name in LEFT_OUT if name.startswith("otowake-")} <= made
    assert {name for _, name, _ in SCALED} <= set(LABELS)
    assert {
        "VSCO2.violin",
        "VSCO2.viola",
        "fm-bassoon.bassoon",
        "fm-bassoon.contrabassoon",
    } <= HELD_OUT


def test_a_short_note_is_made_to_last_without_a_hole():
    lasting = samples.sustained(tone(57.3, 0.8), 4 * RATE)
    level = samples.envelope(lasting, 0.05)[LEAD + 2000 : -2000]
    assert len(lasting) == LEAD + 4 * RATE
    assert level.min() > 0.5 * np.median(level)


@pytest.mark.parametrize(
    "change",
    [
        degrade.room,
        degrade.equalise,
        degrade.saturate,
        degrade.mp3,
        lambda rng, wave: degrade.add_noise(rng, wave, 20),
    ],
    ids=["room", "equaliser", "saturation", "MP3", "noise"],
)
def test_degrading_moves_nothing_in_time(change):
    wave = 0.3 * np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32)
    for seed in range(6):
        changed = change(np.random.default_rng(seed), wave)
        assert changed.shape == wave.shape
        cosine_similarity = np.fft.irfft(
            np.fft.rfft(changed, 1 << 17) * np.conj(np.fft.rfft(wave, 1 << 17))
        )
        late = (
            int(np.argmax(cosine_similarity[:5000]))
            if cosine_similarity[:5000].max() > cosine_similarity[-5000:].max()
            else -1
        )
        assert 0 <= late <= 0.003 * RATE


def test_a_silent_clip_can_be_degraded():
    for seed in range(10):
        assert np.isfinite(
            degrade.degrade(np.random.default_rng(seed), np.zeros(RATE, np.float32))
        ).all()


def test_a_bank_is_made_kept_and_mapped(tmp_path):
    instrument = BY_NAME["trumpet"]
    takes = [Take(tone(p, 2.0), p) for p in range(60, 80, 4)]
    assert banks.make(tmp_path / "VSCO2.trumpet", "VSCO2", instrument, takes)
    bank = banks.load(tmp_path / "VSCO2.trumpet")
    assert (int(bank.pitches[0]), int(bank.pitches[-1])) == (57, 79)
    assert bank.notes.shape == (23, 1, LEAD + 5 * RATE)
    for row in (0, 5, 22):
        note = bank.notes[row, 0].astype(np.float32) / 32768
        assert samples.pitch_error(note, int(bank.pitches[row])) == pytest.approx(0, abs=0.05)
        assert abs(samples.onset(note) - LEAD) <= 0.004 * RATE
    assert not banks.make(tmp_path / "few", "VSCO2", instrument, takes[:1])


def test_a_folder_of_samples_is_read_by_its_manifest(tmp_path):
    sf.write(tmp_path / "a.flac", tone(60), RATE)
    head = "file\tinstrument\tmidi_pitch\tsource\tlicence\tcredit\n"
    rows = "a.flac\tfrench-horn\t60\tnew\tCC0-1.0\tA\n"
    rows += "a.flac\tpiano\t60\tscratch-music\tBSD\tB\n"
    (tmp_path / "manifest.tsv").write_text(head + rows)
    read, sources = assets.extra_samples(tmp_path)
    assert [(s.instrument, s.pitch, s.source) for s in read] == [("horn", 60, "new")]
    assert assets.credit_table(sources).splitlines()[1] == "new\tCC0-1.0\tA"


MANIFEST_NAMES = (
    "accordion banjo bassoon cello clarinet double-bass electric-bass electric-guitar"
    " electric-piano flute french-horn guitar-nylon guitar-steel harp harpsichord organ piano"
    " saxophone trombone trumpet tuba viola violin voice unknown-bowed unknown-reed"
)
"""Names in the manifest of the folder of samples, without mallets, which the files name."""


@pytest.mark.parametrize("name", MANIFEST_NAMES.split())
def test_every_name_in_a_manifest_has_a_class_or_is_left_out(name):
    instrument = assets.instrument_of(name, "source", "a.flac")
    if name in assets.LEFT_OUT_INSTRUMENTS:
        assert instrument is None
    else:
        assert LABELS[instrument] == (name, 1.0)


@pytest.mark.parametrize("name", ["violin", "viola", "cello", "double-bass"])
def test_plucked_sources_have_instruments(name):
    assert assets.instrument_of(name, "x-pizz", "a.flac") in BY_NAME


def test_mallets_are_named_after_their_files():
    for word, name in assets.MALLETS.items():
        assert assets.instrument_of("mallets", "x", f"{word}-c4.flac") == name
        assert LABELS[name][0] == "mallets"


def test_an_unknown_name_in_a_manifest_is_an_error():
    with pytest.raises(ValueError, match="there is no instrument sackbut"):
        assets.instrument_of("sackbut", "x", "a.flac")


def test_training_and_package_have_the_same_classes():
    assert {label for label, _ in LABELS.values()} == set(INSTRUMENT_NAMES) == set(TYPICAL)


def test_a_missing_soundfont_says_what_to_install(monkeypatch):
    monkeypatch.setitem(assets.FONTS, "FluidR3", (("/nowhere.sf2",), "fluid-soundfont-gm"))
    with pytest.raises(FileNotFoundError, match="install the Debian package fluid-soundfont-gm"):
        assets.soundfont("FluidR3")


def test_every_source_of_ours_has_a_free_licence():
    free = {"MIT", "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0"}
    stated = {
        "GMbank": "public domain",
        "Iowa": "free use",
    }  # no licence by name: the credit says who states it
    for source in assets.SOURCES.values():
        assert source.licence in free or stated[source.name] == source.licence


def test_a_beat_is_what_its_rows_say():
    kit = drum_kits.synthesised("some", np.random.default_rng(3))
    assert set(kit.drum) == set(range(len(KIT)))
    for seed in range(6):
        drums, rows = drum_beats.beat(np.random.default_rng(seed), kit, 4.0, tempo=120.0)
        assert drums.shape == (len(KIT), 4 * RATE)
        for drum, wave in enumerate(drums):
            mine = rows[rows[:, 1] == drum, 0]
            assert wave.any() == (len(mine) > 0)
            first = int(min(mine, default=4.0) * RATE)
            assert not wave[: max(first - 1, 0)].any()  # silent before the first hit
            assert not len(mine) or np.abs(wave[first : first + RATE // 10]).max() > 0


def test_a_folder_of_samples_adds_recorded_kits(tmp_path):
    rng = np.random.default_rng(8)
    lines = ["file\tinstrument\tmidi_pitch\tsource\tlicence\tcredit"]
    for number, (name, gain) in enumerate([("kick", 0.8), ("ride", 0.8), ("ride", 0.1)]):
        decay = np.exp(-np.arange(RATE) / RATE * 9)
        sf.write(tmp_path / f"{number}.flac", gain * decay * rng.uniform(-1, 1, RATE), RATE)
        lines.append(f"{number}.flac\tdrums-{name}\t\tsome\tCC0-1.0\tsomebody")
    lines.append("9.flac\tdrums-guiro\t\tsome\tCC0-1.0\tsomebody")  # a long sound
    (tmp_path / "drums.tsv").write_text("\n".join(lines), encoding="utf-8")
    rows = drum_kits.listed(tmp_path)
    assert drum_kits.listed(None) == {} and list(rows) == ["some"]
    kit = drum_kits.from_files("some", rows["some"])
    assert [list(KIT)[drum] for drum in kit.drum] == ["kick", "cymbal", "cymbal"]
    assert kit.key[1] == kit.key[2] and kit.velocity[1] > kit.velocity[2]


def test_a_kit_that_is_missing_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(drum_kits, "SONIC_PI", tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="install the Debian package sonic-pi-samples"):
        drum_kits.recorded("some")
