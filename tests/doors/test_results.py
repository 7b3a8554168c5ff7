"""The result folder: complete or absent, and equal when read back."""

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from otowake import Audio, BadInput, analyse, edit_folder, load, load_analysis, save_analysis
from otowake.errors import CannotWrite
from otowake.options import NoteSpec, PartSpec, StftSpec
from otowake.plot import analysis_figure
from otowake.results import sounds as sound_files
from otowake.results.comparison import compare
from otowake.results.data import COLUMNS, component_row, write_detected
from otowake.results.folders import new_folder
from otowake.types import Analysis, Component, Note, NoteFactors, Part, Pitch, SharedNote


@pytest.fixture(scope="module")
def recording(tmp_path_factory, melody):
    """Write the melody as a stereo file at 44.1 kHz."""
    path = tmp_path_factory.mktemp("in") / "melody.wav"
    x = np.repeat(melody.samples[0], 2)
    soundfile.write(path, np.stack([x, 0.5 * x], axis=1), 44100, subtype="FLOAT")
    return path


@pytest.fixture(scope="module")
def analysis(recording):
    return analyse(load(recording), stages=["components"], n_components=5, max_iter=50)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, analysis):
    return save_analysis(analysis, tmp_path_factory.mktemp("out") / "melody")


def sounds(folder):
    return [
        soundfile.read(path, always_2d=True) for path in sorted((folder / "components").iterdir())
    ]


def test_the_folder_has_what_it_should(folder):
    assert {path.name for path in folder.iterdir()} == {
        "analysis.json",
        "components",
        "components.csv",
        "factors.npz",
        "figure.png",
    }
    assert [path.name for path in folder.parent.iterdir()] == ["melody"]
    assert all(path.suffix == ".flac" for path in (folder / "components").iterdir())


def test_the_sounds_add_up_to_the_recording(folder, recording):
    original, rate = soundfile.read(recording, always_2d=True)
    parts = sounds(folder)
    assert len(parts) == 5
    assert all(part.shape == original.shape and r == rate for part, r in parts)
    np.testing.assert_allclose(sum(part for part, _ in parts), original, atol=1e-5)


def test_a_component_beyond_full_scale_is_written_as_float(tmp_path, melody):
    loud = Audio(melody.samples * 40, melody.rate)
    folder = save_analysis(
        analyse(loud, stages=["components"], n_components=2, max_iter=5), tmp_path / "loud"
    )
    assert all(path.suffix == ".wav" for path in (folder / "components").iterdir())
    np.testing.assert_allclose(sum(part for part, _ in sounds(folder)), loud.samples.T, atol=40e-5)


@pytest.mark.parametrize(
    ("channels", "rate", "level", "suffix"),
    [
        (8, 22050, 1, ".flac"),
        (9, 22050, 1, ".wav"),
        (1, 700_000, 1, ".wav"),
        (1, 22050, 1e-6, ".wav"),
    ],
)
def test_what_flac_cannot_hold_is_written_as_float(tmp_path, melody, channels, rate, level, suffix):
    x = np.tile(melody.samples * level, (channels, 1))
    audio = Audio(x, rate)
    options = {"sample_rate": 22050} if rate == 22050 else {"sample_rate": 100_000}
    folder = save_analysis(
        analyse(audio, stages=["components"], n_components=2, max_iter=5, **options), tmp_path / "x"
    )
    assert {path.suffix for path in (folder / "components").iterdir()} == {suffix}
    np.testing.assert_allclose(sum(part for part, _ in sounds(folder)), x.T, atol=1e-5 * level)


def test_the_table_describes_the_factors(folder, analysis):
    with (folder / "components.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["component"]) for row in rows] == [1, 2, 3, 4, 5]
    assert sum(float(row["energy"]) for row in rows) == pytest.approx(1, abs=1e-4)
    assert {"C4", "E4", "G4", "C5"} <= {row["pitch"] for row in rows}
    with np.load(folder / "factors.npz", allow_pickle=False) as arrays:
        assert set(arrays.files) == {
            "W",
            "H",
            "W0",
            "H0",
            "frequencies",
            "times",
            "iterations",
            "losses",
            "positions",
            "screening_losses",
            "restarts",
            "agreement",
        }
        np.testing.assert_array_equal(arrays["W"], analysis.fit.W)


def test_the_json_says_how_it_was_made(folder, recording):
    facts = json.loads((folder / "analysis.json").read_text())
    assert facts["options"]["fit"]["n_components"] == 5 and facts["options"]["fit"]["seed"] == 0
    assert facts["input"]["path"] == str(recording) and len(facts["input"]["sha256"]) == 64
    assert facts["input"]["channels"] == 2 and facts["stop"]["reason"] in ("converged", "max_iter")
    assert facts["iterations"] <= 50
    assert facts["restarts"] == [{"loss": facts["loss"], "agreement": 1.0}]
    assert facts["format"] == 1


@pytest.mark.parametrize("source", ["there", "gone"])
def test_a_saved_analysis_gives_the_same_figure_and_sound(
    tmp_path, folder, analysis, recording, source, monkeypatch
):
    if source == "gone":
        monkeypatch.setattr(sound_files, "sha256", lambda path: "another file")
    again = load_analysis(folder)
    for old, new in ((analysis, again),):
        np.testing.assert_array_equal(old.fit.H, new.fit.H)
        assert [c.pitch for c in old.components] == [c.pitch for c in new.components]
        assert (
            old.fit.stop == new.fit.stop
            and old.fit.spec == new.fit.spec
            and old.tuning_hz == new.tuning_hz
        )
        old_pixels, new_pixels = (_pixels(analysis_figure(result)) for result in (old, new))
        np.testing.assert_array_equal(old_pixels, new_pixels)
        for a, b in zip(old.components, new.components, strict=True):
            np.testing.assert_allclose(a.audio().samples, b.audio().samples, atol=1e-5)


def _pixels(figure):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def test_a_saved_analysis_without_its_sound_is_still_read(tmp_path, analysis, folder, monkeypatch):
    import shutil

    shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "components")
    monkeypatch.setattr(sound_files, "sha256", lambda path: "another file")
    again = load_analysis(tmp_path / "copy")
    assert again.audio is None
    with pytest.raises(BadInput, match="neither the recording of this result nor"):
        again.components[0].audio()


def test_an_existing_folder_is_kept_without_overwrite(tmp_path, analysis):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("do not lose this")
    for overwrite in (False, True):
        with pytest.raises(BadInput, match="this is not a result of otowake"):
            save_analysis(analysis, tmp_path / "mine", overwrite=overwrite)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "do not lose this"
    save_analysis(analysis, tmp_path / "result")
    (tmp_path / "result" / "old").write_text("")
    with pytest.raises(BadInput, match="replace it with overwrite"):
        save_analysis(analysis, tmp_path / "result")
    save_analysis(analysis, tmp_path / "result", overwrite=True)
    assert not (tmp_path / "result" / "old").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "result"]


@pytest.mark.parametrize(
    ("where", "what", "expected"),
    [
        ((np, "savez"), OSError(28, "No space left on device"), CannotWrite),
        ((np, "savez"), KeyboardInterrupt(), KeyboardInterrupt),
        ((sound_files, "separate"), KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_nothing_half_written_stays(tmp_path, analysis, monkeypatch, where, what, expected):
    def fail(*_, **__):
        raise what

    monkeypatch.setattr(*where, fail)
    with pytest.raises(expected):
        save_analysis(analysis, tmp_path / "deep" / "result")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("analysis.json", b"{"),
        ("analysis.json", b"[]"),
        ("analysis.json", b"{}"),
        ("analysis.json", b"\xff\xfe"),
        ("factors.npz", b"PK\x03\x04 not a zip"),
        ("factors.npz", b""),
        ("factors.npz", None),
        ("analysis.json", None),
    ],
)
def test_damaged_folders_are_refused(tmp_path, folder, name, content):
    import shutil

    shutil.copytree(folder, tmp_path / "copy")
    if content is None:
        (tmp_path / "copy" / name).unlink()
    else:
        (tmp_path / "copy" / name).write_bytes(content)
    with pytest.raises(BadInput, match="this is not a result folder of otowake"):
        load_analysis(tmp_path / "copy")


def test_arrays_that_do_not_fit_or_are_objects_are_refused(tmp_path, folder):
    import shutil

    for bad in (np.zeros((2, 2)), np.array([{"a": 1}], dtype=object)):
        shutil.copytree(folder, tmp_path / "copy", dirs_exist_ok=True)
        with np.load(folder / "factors.npz") as arrays:
            np.savez(tmp_path / "copy" / "factors.npz", **{**arrays, "W": bad})
        with pytest.raises(BadInput, match="not a result folder"):
            load_analysis(tmp_path / "copy")


def test_a_row_of_the_table_of_components():
    pitch = Pitch(hz=440.1234, midi=69, cents=0.48, confidence=0.98765)
    row = component_row(Component(2, pitch, 0.1234567, 0.5, 1.23456, "=lead"))
    assert row == {
        "component": 3,
        "pitch": "A4",
        "midi": 69,
        "hz": 440.123,
        "cents": 0.5,
        "confidence": 0.9877,
        "energy": 0.123457,
        "start_s": 0.5,
        "end_s": 1.2346,
        "name": "'=lead",
    }
    assert component_row(Component(0, None, 0.5, 0.0, 1.0))["midi"] == ""


def test_numbers_of_parts_have_four_digits(tmp_path, analysis):
    shared = SharedNote(0, 0.123456, -1)
    part = Part("flute", "flute", (0,), {"flute": 0.987654}, (shared,))
    notes = (Note(0.0, 1.0, 60),)
    specs = {"note_spec": NoteSpec(), "part_spec": PartSpec()}
    with_part = replace(analysis, notes=notes, parts=(part,), **specs)
    (facts,) = json.loads((save_analysis(with_part, tmp_path / "x") / "analysis.json").read_text())[
        "parts"
    ]
    assert facts["shared"] == [[0, 0.1235, -1]] and facts["probabilities"] == {"flute": 0.9877}


def test_a_result_that_was_set_aside_is_back_before_the_check_of_the_target(tmp_path, folder):
    """A process was killed after setting a result aside; no work is begun in vain."""
    target = tmp_path / "melody"
    work = tmp_path / ".partial-0123abcd"
    (work / "new").mkdir(parents=True)
    shutil.copytree(folder, work / "old" / "melody")
    with pytest.raises(BadInput, match="exists"), new_folder(target):
        pytest.fail("the work has begun")
    assert load_analysis(target).fit is not None and [*tmp_path.iterdir()] == [target]


def test_factors_under_an_earlier_name_are_read(tmp_path, folder, analysis):
    import shutil

    shutil.copytree(folder, tmp_path / "copy")
    with np.load(folder / "factors.npz") as arrays:
        renamed = {**arrays, "auditions": arrays["screening_losses"]}
    del renamed["screening_losses"]
    np.savez(tmp_path / "copy" / "factors.npz", **renamed)
    read = load_analysis(tmp_path / "copy").fitted().screening_losses
    np.testing.assert_array_equal(read, analysis.fitted().screening_losses)
    assert compare(folder, tmp_path / "copy").same


def test_a_folder_of_detected_notes_under_its_earlier_name_is_read(tmp_path, recording):
    analysis = analyse(load(recording), stages=["instruments"])
    folder = save_analysis(analysis, tmp_path / "melody")
    delete = {"do": "delete", "notes": [0]}
    edit_folder(folder, [delete])
    assert len(load_analysis(folder).notes) == len(analysis.notes) - 1
    (folder / "detected").rename(folder / "found")
    facts = json.loads((folder / "analysis.json").read_text())
    facts["files"] = ["found" if name == "detected" else name for name in facts["files"]]
    (folder / "analysis.json").write_text(json.dumps(facts))
    loaded = load_analysis(folder)
    assert len(loaded.detected.notes) == len(analysis.notes) and loaded.edits == (delete,)
    edit_folder(folder, [delete])
    assert (folder / "detected").is_dir() and not (folder / "found").exists()
    assert len(load_analysis(folder).detected.notes) == len(analysis.notes)


def test_detected_data_have_stems_only_if_corrections_changed_them(tmp_path):
    none = np.zeros(0)
    without = Analysis(None, None, (), none, none, 1.0, 440.0, StftSpec())
    detected = replace(without, note_factors=NoteFactors((), 1.0))
    for name, edited in (("same", detected), ("other", without)):
        write_detected(detected, edited, tmp_path / name)
        assert (tmp_path / name / "stems.npz").exists() == (name == "other")
    write_detected(without, detected, tmp_path / "none")
    assert [path.name for path in (tmp_path / "none").iterdir()] == ["analysis.json"]
