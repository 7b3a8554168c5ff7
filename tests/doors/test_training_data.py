"""Training data: compositions, true notes, banks, and the degradation of sound."""

import struct
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import soundfile as sf

from benchmarks import pieces
from benchmarks.stems import true_notes
from otowake.music.theory.instruments import INSTRUMENT_NAMES
from training import files
from training.data import clips, mixtures, note_dataset
from training.data.mixtures import SceneKind
from training.music import composition, performance, plans, render
from training.music.performance import Played
from training.music.plans import Part
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
from training.sounds.instruments import BY_NAME, INSTRUMENTS, LABELS, TYPICAL
from training.sounds.samples import LEAD, RATE, Take

TEXTURES = [
    composition.block_chords,
    composition.dense_chords,
    composition.arpeggio,
    composition.melody,
    composition.octaves,
    composition.scale_run,
    composition.repeated,
    composition.trill,
    composition.clusters,
    composition.leaps,
    composition.held,
    composition.reed_chords,
    composition.bass_line,
    composition.voices,
]


def tone(pitch: float, seconds: float = 1.0, decay: float = np.inf) -> np.ndarray:
    """Make a note of three harmonics with the onset at `LEAD`."""
    time = np.arange(int(seconds * RATE)) / RATE
    base = 440 * 2 ** ((pitch - 69) / 12)
    sound = sum(np.sin(2 * np.pi * base * n * time) / n for n in (1, 2, 3)) * np.exp(-time / decay)
    return np.concatenate([np.zeros(LEAD), 0.5 * sound]).astype(np.float32)


def tiny(name: str, held_out: bool = False, decay: float = np.inf) -> banks.Bank:
    """Make a bank of an instrument's lowest two octaves from tones of 1 s."""
    instrument = BY_NAME[name]
    pitches = np.arange(instrument.low, instrument.low + 25, dtype=np.int16)
    notes = np.stack([[np.rint(tone(p, 1.0, decay) * 32767)] for p in pitches]).astype(np.int16)
    ones = np.ones((len(pitches), 1), np.float32)
    ring = banks.ring_time(tone(60, 1.0, decay)) * ones
    return banks.Bank(
        f"tiny.{name}",
        instrument,
        "tiny",
        held_out,
        notes,
        pitches,
        np.array([80], np.int16),
        ones,
        ring,
    )


@pytest.fixture(scope="module")
def orchestra() -> list[banks.Bank]:
    names = {i.family: i.name for i in reversed(INSTRUMENTS)}.values()
    return [*(tiny(name) for name in names), tiny("piano", held_out=True)]


@pytest.fixture
def in_tune(monkeypatch) -> None:
    """Render without detuning."""
    monkeypatch.setattr(render, "tuning", lambda rng: 0.0)


def test_harmony_fills_its_beats():
    for seed in range(20):
        ground = composition.harmony(np.random.default_rng(seed), 32)
        ends = [chord.start + chord.length for chord in ground.chords]
        assert [chord.start for chord in ground.chords] == pytest.approx([0, *ends[:-1]])
        assert ends[-1] == pytest.approx(32)


@pytest.mark.parametrize("texture", TEXTURES, ids=lambda texture: texture.__name__)
def test_textures_stay_in_their_range(texture):
    made = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        notes = texture(rng, composition.harmony(rng, 16), 48, 67, 1.5)
        assert all(48 <= n.pitch <= 67 and n.start >= 0 and n.length > 0 for n in notes)
        made += len(notes)
    assert made > 100


def test_a_pitch_sounds_once_at_a_time():
    rng = np.random.default_rng(0)
    notes = [
        Played(s, s + 1, int(p), 80)
        for s, p in zip(rng.uniform(0, 5, 200), rng.integers(60, 65, 200), strict=True)
    ]
    last: dict[int, float] = {}
    for note in performance.untangled(notes):
        assert note.start >= last.get(note.pitch, 0)
        last[note.pitch] = note.end


def test_no_more_voices_than_a_player_has():
    notes = [Played(0.1 * i, 0.1 * i + 1, 50 + i, 80) for i in range(20)]
    kept = performance.at_most(notes, 3)
    for time in np.arange(0, 3, 0.01):
        assert sum(n.start <= time < n.end for n in kept) <= 3


def test_the_pedal_only_lengthens():
    notes = [Played(0.3 * i, 0.3 * i + 0.2, 60 + i, 80) for i in range(20)]
    held = performance.pedalled(np.random.default_rng(1), notes, [0, 2, 4, 6, 8])
    assert all(
        b.end >= a.end and (b.start, b.pitch) == (a.start, a.pitch)
        for a, b in zip(notes, held, strict=True)
    )
    assert sum(b.end > a.end for a, b in zip(notes, held, strict=True)) > 5


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


def test_labels_say_where_notes_begin_end_and_how_high_they_are(monkeypatch):
    monkeypatch.setattr(render, "tuning", lambda rng: 0.4)
    piano = tiny("harpsichord")
    for seed in range(8):
        part = Part(piano, (Played(1.0, 1.5, 45, 90), Played(3.0, 3.2, 40, 90)))
        wave, notes = render.render(np.random.default_rng(seed), [part], 5.0)
        assert notes["midi"].tolist() == [45, 40]
        assert notes["pitch"] == pytest.approx([45.4, 40.4], abs=0.01)
        for note in notes:
            begin = int(note["onset_s"] * RATE)
            level = samples.envelope(wave)
            assert level[begin - 200] < 0.1 * level[begin + 200]
            assert level[int(note["offset_s"] * RATE) + int(0.3 * RATE)] < 0.05 * level[begin + 200]
            played = np.concatenate([np.zeros(LEAD, np.float32), wave[begin : begin + RATE]])
            assert samples.pitch_error(played, float(note["pitch"])) == pytest.approx(0, abs=0.06)


def test_a_note_that_dies_away_ends_where_it_is_inaudible(in_tune):
    bank = tiny("guitar-steel", decay=0.05)  # 40 dB in 0.23 s
    for seed in range(8):
        _, notes = render.render(
            np.random.default_rng(seed), [Part(bank, (Played(1.0, 1.9, 50, 80),))], 3.0
        )
        assert 0.15 < notes["offset_s"][0] - 1.0 < 0.3


def test_bending_keeps_the_onset():
    wave = tone(60)
    assert abs(samples.onset(render.bent(wave, np.full(len(wave), 2.0))) - samples.onset(wave)) < 20
    assert samples.pitch_error(render.bent(tone(60, 2.0), 1.0), 61) == pytest.approx(0, abs=0.05)


def test_a_clip_follows_from_its_seed(orchestra):
    first, again, other = (
        clips.clip(7, orchestra),
        clips.clip(7, orchestra),
        clips.clip(8, orchestra),
    )
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_clips_are_within_bounds_and_their_notes_in_order(orchestra):
    for seed in range(1, 13):
        wave, notes = clips.clip(seed, orchestra)
        assert wave.shape == (20 * RATE,)
        assert wave.dtype == np.float32
        assert np.abs(wave).max() <= 1
        assert np.isfinite(wave).all()
        assert notes.dtype == render.NOTE
        assert (np.diff(notes["onset_s"]) >= 0).all()
        assert (notes["offset_s"] > notes["onset_s"]).all()
        assert (notes["offset_s"] <= 20).all()
        assert (np.abs(notes["pitch"] - notes["midi"]) < 0.8).all()


@pytest.mark.parametrize("kind", [SceneKind.ISOLATED, SceneKind.SEVERAL, SceneKind.ACCOMPANIED])
def test_a_seed_determines_the_kind_of_scene(orchestra, kind):
    """Isolated notes do not overlap, players are two at least, an accompanist plays piano."""
    labels = {
        bank.instrument.name: LABELS[bank.instrument.name]
        for bank in orchestra
        if bank.instrument.name in LABELS
    }
    choices = [
        mixtures.Choice(bank, *[labels[bank.instrument.name][0]], bank.source, 1.0)
        for bank in orchestra
        if bank.instrument.name in labels and not bank.held_out
    ]
    several = 0
    for seed in range(kind.first_seed, kind.first_seed + 4):
        wave, table, bank, players = mixtures.scene(seed, choices, mixtures.kind_of(seed))
        assert wave.shape == (int(mixtures.SECONDS * RATE),) and np.isfinite(wave).all()
        assert len(table) == len(bank) == len(players) > 0
        several += len(set(players.tolist())) > 1
        if kind is SceneKind.ISOLATED:
            assert np.all(np.diff(np.sort(table[:, 0])) > 0.05)
        if kind is SceneKind.ACCOMPANIED:
            piano = [choices[index].label == "piano" for index in bank[players == 0]]
            assert piano and all(piano)
    assert several >= 3


def test_unplayed_notes_are_kept_in_files_but_not_in_the_dataset(tmp_path):
    unplayed = note_dataset.UNPLAYED
    columns = {name: np.arange(3).astype(dtype) for name, dtype in note_dataset.COLUMNS.items()}
    columns["label"] = np.array([4, unplayed, 7])
    features = {
        name: np.full((3, 2), np.arange(3)[:, None], np.float16)
        for name in note_dataset.FEATURE_KEYS
    }
    files.store(tmp_path / "0.npz", {"names": np.array(["a", "b"])} | features | columns)
    dataset = note_dataset.load([tmp_path / "0.npz", tmp_path / "0.npz"])
    assert dataset.label.tolist() == [4, 7] * 2 and dataset.midi.tolist() == [0, 2] * 2
    assert dataset.features.planes[:, 0].tolist() == [0, 2] * 2 and dataset.names == ("a", "b")
    assert note_dataset.arrays_of(tmp_path / "0.npz")["label"].tolist() == [4, unplayed, 7]


def test_a_piece_to_measure_on_is_the_sum_of_its_stems(orchestra, tmp_path):
    own = {bank.instrument.name: bank for bank in orchestra if not bank.held_out}
    rng = np.random.default_rng(0)
    parts = [
        Part(
            own[name],
            tuple(Played(i / 2, i / 2 + 0.4, own[name].pitches[0] + i, 80) for i in range(8)),
        )
        for name in ("piano", "violin")
    ]
    pieces.write(tmp_path / "trio_000", rng, parts)
    sounds = {path.stem: sf.read(path)[0] for path in (tmp_path / "trio_000").glob("*.flac")}
    assert set(sounds) == {"mix", "piano", "violin"} and np.abs(sounds["mix"]).max() > 0.5
    assert np.array_equal(sounds["mix"], sounds["piano"] + sounds["violin"])
    notes, labels = true_notes(tmp_path / "trio_000", ["piano", "violin"])
    assert labels == [0] * 8 + [1] * 8 and [round(note.onset * 2) for note in notes] == [
        *range(8),
        *range(8),
    ]


def soundfont(path, waves):
    """Write a file with the two tables of samples of a soundfont."""
    ends = np.cumsum([len(wave) for wave in waves])
    rows = [
        struct.pack("<20s5I", b"wave", end - len(wave), end, 0, 0, 22050) + bytes(6)
        for wave, end in zip(waves, ends, strict=True)
    ]
    rows.append(bytes(46))
    data = np.concatenate(waves).astype("<i2").tobytes()
    path.write_bytes(
        b"smpl"
        + struct.pack("<I", len(data))
        + data
        + b"shdr"
        + struct.pack("<I", 46 * len(rows))
        + b"".join(rows)
    )
    return path


def test_pieces_are_not_played_on_training_samples(tmp_path, monkeypatch):
    waves = list(np.random.default_rng(0).integers(-9999, 9999, (12, 2000)))
    known = soundfont(tmp_path / "known.sf2", waves[:6])
    monkeypatch.setattr(assets, "FONTS", {"Known": ((str(known),), "")})
    other = soundfont(tmp_path / "other.sf2", waves[5:])
    assert len(pieces.samples(known)) == 6
    assert len(pieces.samples(known) & pieces.samples(other)) == 1
    with pytest.raises(ValueError, match="14% of the samples of other are those of Known"):
        pieces.banks_of(other, tmp_path)


def test_pieces_are_not_played_on_training_soundfonts(tmp_path):
    with pytest.raises(ValueError, match="FluidR3_GM is taught on"):
        pieces.banks_of(tmp_path / "FluidR3_GM.sf2", tmp_path)


def test_held_out_banks_are_for_validation_alone(orchestra):
    used = {False: set(), True: set()}
    for unseen, seen in used.items():
        for seed in range(60):
            for part in plans.plan(np.random.default_rng(seed), orchestra, unseen):
                seen.add((part.bank.instrument.name, part.bank.held_out))
    assert ("piano", True) in used[True]
    assert not any(held_out for _, held_out in used[False])


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


def test_shards_are_written_once_and_read_back(tmp_path, monkeypatch, orchestra):
    monkeypatch.setattr(clips, "CLIPS_PER_SHARD", 2)
    monkeypatch.setattr(clips, "_banks", lambda folder: orchestra)
    path = clips.write_shard(tmp_path, 40)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert list(clips.seeds_of(path)) == [40, 41]
    assert clips.is_validation(40)
    (seed, wave, notes), _ = clips.read_shard(path)
    truth, table = clips.clip(40, orchestra)
    assert seed == 40
    assert np.array_equal(wave, np.rint(truth * 32767).astype(np.int16))
    assert np.array_equal(notes, table)
    plain = clips.read(path)[0][1]
    assert plain == pytest.approx(
        np.array([table[n] for n in ("onset_s", "released_s", "midi", "velocity")], float).T
    )
    monkeypatch.setattr(clips, "clip", None)
    assert clips.write_shard(tmp_path, 40) == path


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
    assert set(kit.kind) == set(range(len(drum_kits.KEYS)))
    for seed in range(6):
        drums, rows = drum_kits.beat(np.random.default_rng(seed), kit, 4.0, tempo=120.0)
        assert drums.shape == (3, 4 * RATE)
        for drum, wave in enumerate(drums):
            mine = rows[rows[:, 1] == drum, 0]
            assert wave.any() == (len(mine) > 0)
            first = int(min(mine, default=4.0) * RATE)
            assert not wave[: max(first - 1, 0)].any()  # silent before the first hit
            assert not len(mine) or np.abs(wave[first : first + RATE // 10]).max() > 0


def test_a_kit_that_is_missing_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(drum_kits, "SONIC_PI", tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="install the Debian package sonic-pi-samples"):
        drum_kits.recorded("some")
