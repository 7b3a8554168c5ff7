"""Training data: compositions, true notes, banks, and the degradation of sound."""

import numpy as np
import pytest
import soundfile as sf
from tiny_banks import soundfont, tiny, tone

from benchmarks import pieces
from benchmarks.stems import true_notes
from otowake.music.drums.onsets import HALF_FRAME_S
from otowake.music.theory.instruments import KIT
from training import files
from training.data import clips, drum_clips, mixtures, note_dataset
from training.data.mixtures import SceneKind
from training.music import performance, plans, render, textures
from training.music.harmony import draw_harmony
from training.music.parts import Part, draw_style
from training.music.performance import Played
from training.sounds import (
    assets,
    banks,
    resynthesis,
    samples,
)
from training.sounds.instruments import INSTRUMENTS, LABELS
from training.sounds.samples import LEAD, RATE

TEXTURES = [
    textures.block_chords,
    textures.dense_chords,
    textures.arpeggio,
    textures.melody,
    textures.octaves,
    textures.scale_run,
    textures.repeated,
    textures.trill,
    textures.clusters,
    textures.leaps,
    textures.held,
    textures.reed_chords,
    textures.bass_line,
    textures.voices,
    textures.pedal_point,
    textures.chorale,
    textures.tolling,
]


@pytest.fixture(scope="module")
def orchestra() -> list[banks.Bank]:
    names = {i.family: i.name for i in reversed(INSTRUMENTS)}.values()
    return [*(tiny(name) for name in names), tiny("piano", held_out=True)]


@pytest.fixture
def in_tune(monkeypatch) -> None:
    """Render without detuning."""
    monkeypatch.setattr(render, "tuning", lambda rng: 0.0)
    monkeypatch.setattr(render, "drift", lambda rng: 0.0)


def test_harmony_fills_its_beats():
    for seed in range(20):
        ground = draw_harmony(np.random.default_rng(seed), 32)
        ends = [chord.start + chord.length for chord in ground.chords]
        assert [chord.start for chord in ground.chords] == pytest.approx([0, *ends[:-1]])
        assert ends[-1] == pytest.approx(32)


@pytest.mark.parametrize("texture", TEXTURES, ids=lambda texture: texture.__name__)
def test_textures_stay_in_their_range(texture):
    made = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        notes = texture(rng, draw_harmony(rng, 16), 48, 67, 1.5)
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


def test_labels_say_where_notes_begin_end_and_how_high_they_are(monkeypatch):
    monkeypatch.setattr(render, "tuning", lambda rng: 0.4)
    monkeypatch.setattr(render, "drift", lambda rng: 0.0)
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


def choices_of(orchestra, origin=None):
    """Return the banks that are not held out, as choices with their class."""
    return [
        mixtures.Choice(bank, LABELS[bank.instrument.name][0], origin or bank.source, 1.0)
        for bank in orchestra
        if bank.instrument.name in LABELS and not bank.held_out
    ]


def test_a_part_that_begins_after_the_end_is_silent(orchestra):
    bank = next(bank for bank in orchestra if bank.instrument.family == "strings")
    late = Played(mixtures.SECONDS + 3, mixtures.SECONDS + 4, int(bank.pitches[0]), 80)
    for style in (None, draw_style(np.random.default_rng(1), bank)):
        part = Part(bank, (late,), style=style)
        begin, sound, notes = mixtures.rendered(np.random.default_rng(0), part)
        assert begin == 0 and len(sound) == 0 and notes == []


@pytest.mark.parametrize("kind", [*SceneKind])
def test_a_seed_determines_the_kind_of_scene(orchestra, kind):
    """Isolated notes do not overlap, players are two at least, an accompanist plays piano."""
    choices, several, labels = choices_of(orchestra), 0, set()
    for seed in range(kind.first_seed, kind.first_seed + 4):
        assert mixtures.kind_of(seed) is kind
        wave, table, bank, players = mixtures.scene(seed, choices, kind.maker)
        assert wave.shape == (int(mixtures.SECONDS * RATE),) and np.isfinite(wave).all()
        assert len(table) == len(bank) == len(players) > 0
        several += len(set(players.tolist())) > 1
        labels |= {choices[index].label for index in bank}
        if kind is SceneKind.ISOLATED:
            assert np.all(np.diff(np.sort(table[:, 0])) > 0.05)
        if kind is SceneKind.ACCOMPANIED:
            piano = [choices[index].label == "piano" for index in bank[players == 0]]
            assert piano and all(piano)
    if kind in (SceneKind.SEVERAL, SceneKind.ACCOMPANIED, SceneKind.ISOLATED):
        assert several >= 3
    if kind in (SceneKind.SUNG, SceneKind.SONG):
        assert "voice" in labels
    if kind is SceneKind.SONG:
        assert "drums" in labels


def test_voices_of_the_formant_singer_are_sung_and_winds_play_lines(orchestra):
    """A synthetic voice sings every part; winds and bows play half of theirs as a line."""
    rng = np.random.default_rng(0)
    sung, lines = set(), {True: 0, False: 0}
    for choice in choices_of(orchestra, "otowake"):
        for _ in range(20):
            (_, part), *_ = mixtures.MAKERS["alone"](rng, [choice])
            if choice.label == "voice":
                sung.add(part.sung)
                assert part.style is not None
            elif choice.bank.instrument.rings:
                assert part.style is None
            elif choice.bank.instrument.family in resynthesis.FAMILIES:
                lines[part.style is not None] += 1
    assert sung == {True} and min(lines.values()) > 10


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


def test_shards_are_written_once_and_read_back(tmp_path, monkeypatch, orchestra):
    monkeypatch.setattr(clips, "CLIPS_PER_SHARD", 2)
    monkeypatch.setattr(clips, "banks_of", lambda folder: orchestra)
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
    columns = [table[n] for n in ("onset_s", "released_s", "midi", "velocity")]
    sustained = ~clips.DECAYING[table["instrument"]]
    assert plain == pytest.approx(np.array([*columns, sustained], float).T)
    monkeypatch.setattr(clips, "clip", None)
    assert clips.write_shard(tmp_path, 40) == path


def test_targets_of_drum_clips_peak_at_the_onsets():
    onsets = np.array([[0, 0.5, 1], [1, 0.0, 4]], np.float32)  # clip, onset, drum
    target = drum_clips.targets(onsets, 2, 100)
    assert target.shape == (2, 100, len(KIT))
    peak = round(0.5 / HALF_FRAME_S + 0.5)
    assert target[0, peak - 1 : peak + 2, 1].tolist() == [0.5, 1.0, 0.5]
    assert target[1, :2, 4].tolist() == [1.0, 0.5]
    assert target.sum() == 3.5
