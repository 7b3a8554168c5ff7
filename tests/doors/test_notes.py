"""Notes as files: formats for other programs, reading back, reference tables, scoring."""

import csv
import json
import re
import sys
import xml.etree.ElementTree as ET

import mido
import numpy as np
import pytest
import soundfile
from commands import run_here
from hypothesis import given, settings
from hypothesis import strategies as st

import otowake
from otowake import Analysis, Audio, BadInput, Key, Note, load_analysis, save_analysis
from otowake.io.jams import harte, jams_of
from otowake.io.midi import read_notes, write_notes
from otowake.io.musicxml import write_score
from otowake.io.notes import COLUMNS, read_reference, read_table
from otowake.music.theory.harmony import QUALITIES, find_chords
from otowake.music.theory.keys import find_key
from otowake.music.theory.rhythm import find_rhythm
from otowake.options import NoteSpec, StftSpec

FILES = {
    "analysis.json",
    "chords.csv",
    "notes.csv",
    "notes.flac",
    "notes.jams",
    "notes.labels.txt",
    "notes.mid",
    "piano-roll.png",
    "score.musicxml",
}


def analysed(notes, audio=None, **options):
    """Build an analysis with the given notes as if they were detected."""
    none = np.zeros(0)
    rhythm, key = find_rhythm(notes), find_key(notes)
    return Analysis(
        audio,
        None,
        (),
        none,
        none,
        1.0,
        441.0,
        StftSpec(),
        notes=tuple(notes),
        chords=tuple(find_chords(notes, rhythm.beats if rhythm else None, key)),
        key=key,
        rhythm=rhythm,
        note_spec=NoteSpec(**options),
    )


NOTES = [
    Note(0.5, 0.98, 48, 0.5, cents=-3.2, confidence=0.912, instrument="piano"),
    Note(0.5, 0.9, 64, 0.25, confidence=0.5, instrument="violin", decay_end=1.75),
    *(Note(0.5 * i, 0.5 * i + 0.45, 60 + 2 * (i % 5), 0.75, cents=10.0) for i in range(2, 10)),
]


@pytest.fixture(scope="module")
def analysis():
    """Analyse the notes of the demo."""
    return otowake.analyse(otowake.load(otowake.demo_path()), stages="notes")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, analysis):
    return save_analysis(analysis, tmp_path_factory.mktemp("out") / "demo")


def test_every_note_of_the_demo_is_detected(analysis):
    true = read_reference(otowake.demo_path().with_suffix(".notes.tsv"))
    played = sorted((round(note.onset, 2), note.midi) for note in true)
    assert sorted(note.midi for note in analysis.notes) == sorted(midi for _, midi in played)
    for note in analysis.notes:
        assert min(abs(note.onset - onset) for onset, midi in played if midi == note.midi) < 0.05
    names = [chord.name for chord in analysis.chords if chord.name != "N"]
    assert names == ["C", "Dm", "Em", "F", "G", "Am", "C", "Dm", "F", "G/D", "C"]
    assert (analysis.key.tonic, analysis.key.mode) == (0, "major")
    assert analysis.rhythm.tempo == pytest.approx(120, abs=2)
    assert analysis.stages == ("notes",) and analysis.fit is None
    with pytest.raises(BadInput, match="has no components"):
        analysis.fitted()


def test_the_folder_has_what_it_should(folder):
    assert {path.name for path in folder.iterdir()} == FILES


def test_a_folder_read_back_gives_the_notes_again(folder, analysis):
    again = load_analysis(folder)
    assert again.notes == analysis.notes
    assert [chord.name for chord in again.chords] == [chord.name for chord in analysis.chords]
    assert (
        again.key == analysis.key
        and again.note_spec == analysis.note_spec
        and again.stages == ("notes",)
    )
    np.testing.assert_allclose(again.rhythm.beats, analysis.rhythm.beats, atol=1e-4)
    for name in ("tempo", "metre", "downbeat"):
        assert getattr(again.rhythm, name) == getattr(analysis.rhythm, name)
    assert again.tuning_hz == analysis.tuning_hz and again.audio is not None


def test_components_and_notes_lie_side_by_side(tmp_path, melody):
    both = otowake.analyse(
        melody, stages=["components", "notes"], n_components=3, max_iter=10, clean=0
    )
    folder = save_analysis(both, tmp_path / "both")
    assert {path.name for path in folder.iterdir()} >= FILES | {
        "factors.npz",
        "figure.png",
        "components",
    }
    again = load_analysis(folder)
    assert again.stages == ("components", "notes") and again.notes == both.notes
    np.testing.assert_array_equal(again.fit.W, both.fit.W)
    facts = json.loads((folder / "analysis.json").read_text())
    assert facts["options"]["note"]["clean"] == 0 and facts["n_notes"] == len(both.notes)


def test_a_stopped_run_has_no_notes(melody):
    stopped = otowake.analyse(melody, n_components=2, watch=lambda now: True)
    assert stopped.stages == ("components", "report")


def test_the_table_has_every_column(tmp_path):
    folder = save_analysis(analysed(NOTES), tmp_path / "x")
    with (folder / "notes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0] == {
        "onset_s": "0.5000",
        "offset_s": "0.9800",
        "midi": "48",
        "pitch": "C3",
        "cents": "-3.2",
        "velocity": "0.500",
        "confidence": "0.912",
        "instrument": "piano",
        "id": "0",
        "decay_end_s": "",
    }
    assert rows[1]["cents"] == "" and rows[1]["decay_end_s"] == "1.7500"
    assert load_analysis(folder).notes == tuple(NOTES)


def test_the_earlier_name_of_a_column_is_read(tmp_path):
    folder = save_analysis(analysed(NOTES), tmp_path / "x")
    content = (folder / "notes.csv").read_text()
    assert content.count("decay_end_s") == 1
    (folder / "notes.csv").write_text(content.replace("decay_end_s", "fades_s"))
    assert load_analysis(folder).notes == tuple(NOTES)
    (tmp_path / "both.csv").write_text("onset,offset,midi,fades_s,decay_end_s\n0,1,60,2,3\n")
    assert read_table(tmp_path / "both.csv")[0].decay_end == 3


@pytest.mark.parametrize(
    ("names", "first"), [(None, "ド3"), ("letters", "C3"), ("iroha", "ハ3"), ("hz", "130.8 Hz")]
)
def test_labels_in_every_style(tmp_path, names, first):
    folder = save_analysis(analysed(NOTES, names=names), tmp_path / "x", language="ja")
    line = (folder / "notes.labels.txt").read_text(encoding="utf-8").splitlines()[0]
    assert line == f"0.5000\t0.9800\t{first}"


def test_the_midi_file_has_tempo_velocity_and_bends_on_request(tmp_path):
    plain = save_analysis(analysed(NOTES), tmp_path / "plain") / "notes.mid"
    bent = save_analysis(analysed(NOTES, bend=True), tmp_path / "bent") / "notes.mid"
    events = {
        path: [m for track in mido.MidiFile(path).tracks for m in track] for path in (plain, bent)
    }
    tempo = next(m.tempo for m in events[plain] if m.type == "set_tempo")
    assert 60e6 / tempo == pytest.approx(find_rhythm(NOTES).tempo, rel=1e-3)
    assert not [m for m in events[plain] if m.type == "pitchwheel"]
    wheels = {m.pitch for m in events[bent] if m.type == "pitchwheel"}
    assert round(10 / 200 * 8192) in wheels and round(-3.2 / 200 * 8192) in wheels
    for path in (plain, bent):
        again = read_notes(path)
        assert [note.midi for note in again] == [
            note.midi for note in sorted(NOTES, key=lambda n: (n.onset, n.midi))
        ]
        assert again[0].velocity == pytest.approx(0.5, abs=0.01)


def test_simultaneous_notes_have_separate_bends(tmp_path):
    notes = [Note(0, 1, 60 + i, cents=float(i)) for i in range(10)]
    write_notes(notes, tmp_path / "x.mid", bend=True)
    channels = {
        m.channel
        for t in mido.MidiFile(tmp_path / "x.mid").tracks
        for m in t
        if m.type == "note_on"
    }
    assert len(channels) == 10 and 9 not in channels
    write_notes([Note(0, 1, 40 + i, cents=5.0) for i in range(20)], tmp_path / "x.mid", bend=True)
    assert len(read_notes(tmp_path / "x.mid")) == 20


def in_score(path):
    """Return a score and its MIDI pitches, tied notes once; check the lengths of measures."""
    root = ET.parse(path).getroot()
    analysis = []
    for part in root.findall("part"):
        divisions = 1
        bars = []
        for measure in part.findall("measure"):
            divisions = int(measure.findtext("attributes/divisions") or divisions)
            at = furthest = 0
            for element in measure:
                length = int(element.findtext("duration") or 0)
                if element.tag == "backup":
                    at -= length
                elif element.tag == "forward" or (
                    element.tag == "note" and element.find("chord") is None
                ):
                    at += length
                furthest = max(furthest, at)
                pitch = element.find("pitch")
                if pitch is not None and "stop" not in [
                    tie.get("type") for tie in element.findall("tie")
                ]:
                    step, octave = pitch.findtext("step"), int(pitch.findtext("octave"))
                    steps = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[step]
                    analysis.append(
                        12 * (octave + 1) + steps + int(float(pitch.findtext("alter") or 0))
                    )
            bars.append(furthest / divisions)
        pick_up = part.find("measure").get("implicit") == "yes"
        assert len(set(bars[pick_up:])) == 1 and bars[0] <= bars[-1], bars
    return root, sorted(analysis)


def test_the_score_of_the_demo(folder, analysis):
    root, pitches = in_score(folder / "score.musicxml")
    assert pitches == sorted(note.midi for note in analysis.notes)
    assert root.findtext(".//fifths") == "0" and root.findtext(".//beats") == "4"
    assert float(root.find(".//sound").get("tempo")) == pytest.approx(120, abs=1)
    assert root.findtext(".//beat-unit") == "quarter"
    assert root.find(".//staves") is None


def test_wide_music_has_two_staves_and_keeps_every_note(tmp_path):
    rng = np.random.default_rng(1)
    notes = [
        Note(0.25 * i, 0.25 * i + 0.25 * rng.integers(1, 5), int(midi))
        for i in range(60)
        for midi in rng.choice(np.arange(36, 84), 2, replace=False)
    ]
    write_score(notes, tmp_path / "x.musicxml", key=Key(6, "minor", 1.0), title="音 & <b>")
    root, pitches = in_score(tmp_path / "x.musicxml")
    assert pitches == sorted(note.midi for note in notes)
    assert root.findtext(".//staves") == "2" and root.findtext(".//fifths") == "3"
    assert "音 & <b>" in "".join(root.itertext())


def test_a_score_has_staves_for_each_part(tmp_path):
    """Two violins with the same notes have a staff each; the piano is below, on two staves."""
    piano = [
        Note(i / 2, i / 2 + 0.5, midi, programme=0) for i in range(16) for midi in (40, 64, 72)
    ]
    violin = [Note(i / 2, i / 2 + 0.5, 72 + i % 3, programme=40) for i in range(16)]
    notes = [*piano, *violin, *violin, Note(1.0, 1.5, 36, is_drum=True)]
    indices = {
        "ピアノ": range(48),
        "ヴァイオリン": range(48, 64),
        "ヴァイオリン 2": range(64, 80),
        "キック": [80],
    }
    write_score(notes, tmp_path / "x.musicxml", parts=list(indices.items()))
    root, pitches = in_score(tmp_path / "x.musicxml")
    assert pitches == sorted(note.midi for note in notes if not note.is_drum)
    names = [element.text for element in root.iterfind(".//part-name")]
    assert names == ["ヴァイオリン", "ヴァイオリン 2", "ピアノ"]
    assert [part.findtext(".//staves") for part in root.iterfind("part")] == [None, None, "2"]
    programmes = [element.text for element in root.iterfind(".//midi-program")]
    assert programmes == ["41", "41", "1"]
    first = (tmp_path / "x.musicxml").read_bytes()
    write_score(notes, tmp_path / "y.musicxml", parts=list(indices.items()))
    assert (tmp_path / "y.musicxml").read_bytes() == first


@settings(max_examples=15)
@given(
    st.lists(
        st.builds(
            lambda onset, length, midi: Note(onset, onset + length, midi),
            st.floats(0, 12),
            st.floats(0, 3),
            st.integers(21, 108),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_any_notes_make_a_score_whose_bars_are_full(tmp_path_factory, notes):
    path = tmp_path_factory.mktemp("score") / "x.musicxml"
    write_score(notes, path)
    _, pitches = in_score(path)
    assert set(pitches) == {note.midi for note in notes}


def test_a_score_needs_no_extra(tmp_path, monkeypatch):
    for extra in ("music21", "mir_eval", "lxml"):
        monkeypatch.setitem(sys.modules, extra, None)
    folder = save_analysis(analysed(NOTES), tmp_path / "x")
    assert (folder / "score.musicxml").exists()


def test_jams_have_the_shape_of_their_schema(analysis):
    jams = json.loads(jams_of(analysis))
    assert set(jams) == {"annotations", "file_metadata", "sandbox"}
    assert jams["file_metadata"]["duration"] == pytest.approx(15.8, abs=0.1)
    kinds = {annotation["namespace"]: annotation for annotation in jams["annotations"]}
    assert set(kinds) == {"note_midi", "chord", "key_mode", "tempo", "beat"}
    for annotation in kinds.values():
        assert set(annotation["data"][0]) == {"time", "duration", "value", "confidence"}
    assert kinds["key_mode"]["data"][0]["value"] == "C:major"
    assert "G:maj/5" in [row["value"] for row in kinds["chord"]["data"]]
    assert {row["value"] for row in kinds["beat"]["data"]} == {1, 2, 3, 4}


def test_a_file_whose_name_is_no_text_has_jams():
    analysis = analysed(NOTES, Audio(np.zeros(44100, np.float32), 8000, "x\udcff"))
    assert json.loads(jams_of(analysis).encode())["file_metadata"]["title"] == "x?"


def test_every_chord_has_a_name_in_jams():
    form = re.compile(r"[A-G](b|#)?:(maj|min|5|7|maj7|min7|dim|dim7|hdim7|aug|sus4)(/b?#?[1-7])?")
    for root in range(12):
        for tones, _ in QUALITIES.values():
            for turn in range(len(tones)):
                pitches = [
                    60 + root + (tone - 12 if i == turn else tone) for i, tone in enumerate(tones)
                ]
                (chord,) = find_chords([Note(0, 1, midi) for midi in pitches])
                assert form.fullmatch(harte(chord.name)), chord


def test_the_sound_has_the_recording_left_and_the_notes_right(tmp_path):
    rng = np.random.default_rng(0)
    left = (0.1 * rng.normal(size=(2, 6 * 8000))).astype(np.float32)
    folder = save_analysis(analysed([Note(1, 2, 69)], Audio(left, 8000)), tmp_path / "x")
    sound, rate = soundfile.read(folder / "notes.flac")
    assert rate == 8000 and sound.shape == (48000, 2)
    np.testing.assert_allclose(sound[:, 0], left.mean(axis=0), atol=1e-3)
    assert np.abs(sound[8100:15900, 1]).max() > 0.05 and np.abs(sound[:7900, 1]).max() == 0
    spectrum = np.abs(np.fft.rfft(sound[8000:16000, 1]))
    assert spectrum.argmax() == 441


def test_silence_has_no_notes_and_still_a_folder(tmp_path):
    silent = otowake.analyse(Audio(np.zeros(22050), 22050), stages=["notes"])
    folder = save_analysis(silent, tmp_path / "silence")
    assert {path.name for path in folder.iterdir()} == FILES - {"score.musicxml"}
    assert load_analysis(folder).notes == () and load_analysis(folder).key is None


def test_evaluate_on_the_command_line(tmp_path, folder):
    done = run_here(
        "evaluate", folder, otowake.demo_path().with_suffix(".mid"), "-o", tmp_path / "a.png"
    )
    assert done.returncode == 0, done.stderr
    assert "onsets: precision 1.000, recall 1.000, F1 1.000" in done.stdout
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    (tmp_path / "ref.csv").write_text("0.5,1,60\n1.2,1.6,62\n")
    done = run_here(
        "evaluate",
        folder,
        tmp_path / "ref.csv",
        "--tolerance",
        "0.3",
        "--lang",
        "ja",
        "-o",
        tmp_path / "b.svg",
    )
    assert done.returncode == 0 and "再現率 1.000" in done.stdout
    for arguments, sentence in [
        ((folder, tmp_path / "no.csv"), "no.csv: there is no such file"),
        ((tmp_path, tmp_path / "ref.csv"), "not a result folder"),
        ((folder, tmp_path / "ref.csv", "--tolerance", "0"), "tolerance must be a number above 0"),
        ((folder, tmp_path / "ref.csv", "-o", "x.txt"), "must end in .png"),
    ]:
        done = run_here("evaluate", *arguments)
        assert done.returncode == 1 and sentence in done.stderr and done.stderr.count("\n") == 1
    done = run_here("score", "--help")
    assert done.returncode == 0 and "command score is now called evaluate" in done.stderr
