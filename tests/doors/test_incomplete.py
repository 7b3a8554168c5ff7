"""A result is never lost to one of its files: each writer is broken in turn, and the rest is there."""

import csv
import errno
import filecmp
import json
import os
import shlex
import shutil
import sys
from dataclasses import replace
from itertools import combinations

import mido
import numpy as np
import pytest
import soundfile
from archives import FAST, PATIENCE, begin, clip
from archives import otowake as otowake_process
from PIL import Image

import otowake
from otowake import IncompleteResult
from otowake.cli import main
from otowake.cli.building import FAILED, INCOMPLETE, OK
from otowake.cluster.work import Task, analyse_one
from otowake.options import STAGES
from otowake.plot import Snapshots
from otowake.results import files, save
from otowake.results.recipe import Recipe
from otowake.results.save import missing_files
from otowake.types import Curve
from otowake.web import work

FILES = files.FILES
FOLLOWING = [file.name for file in FILES if file.kind != "data"]
DATA = ["analysis.json", "factors.npz", "notes.csv", "stems.npz"]
REASONS = [
    (OSError(28, "No space left on device"), "No space left on device"),
    (KeyError("b"), "KeyError: 'b'"),
    (soundfile.LibsndfileError(2), "LibsndfileError: "),
    (MemoryError("9.31 GiB"), "MemoryError: 9.31 GiB"),
    (RuntimeError("{n|a|b} {no} %s"), "RuntimeError: {n|a|b} {no} %s"),
]
"""What a writer raises, and what a warning says of it."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory, melody):
    path = tmp_path_factory.mktemp("in") / "melody.wav"
    soundfile.write(path, melody.samples[0, :33075], melody.rate, subtype="FLOAT")
    return path


@pytest.fixture(scope="module")
def learnt(recording):
    """All stages of a short recording, and what has watched its learning."""
    film = Snapshots(8)
    found = otowake.analyse(otowake.load(recording), watch=film, n_components=2, max_iter=20)
    curve = Curve(np.array([1, 2, 3]), np.array([[1.0, 1.1], [0.5, 0.6], [0.5, 0.7]]))
    return replace(found, fit=replace(found.fit, curve=curve)), film


@pytest.fixture(scope="module")
def whole(learnt, tmp_path_factory):
    """The folder of a result that lacks nothing."""
    folder = tmp_path_factory.mktemp("whole") / "melody"
    folder.mkdir()
    kinds = (*files.USUAL, "animation")
    assert save.write_analysis(learnt[0], folder, "en", learnt[1], kinds) == {}
    return folder


@pytest.fixture
def program(monkeypatch, learnt, capsys):
    """Runs the command line; what an analysis finds is known already."""

    def run(*arguments):
        with monkeypatch.context() as patch, pytest.raises(SystemExit) as ended:
            if arguments[0] in ("split", "again"):
                patch.setattr(Recipe, "analyse", lambda *_, **__: learnt[0])
                patch.setattr("otowake.cli.split._film", lambda most: learnt[1])
            main([*map(str, arguments), "--lang", "en"])
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


def broken(names, why, copies=None):
    """The table with writers that fail half-way; the others copy a result, if one is given."""

    def fail(it, path):
        if path.suffix:
            path.write_bytes(b"half")
        else:
            path.mkdir()
            (path / "half.flac").write_bytes(b"half")
        raise why

    def writer(file):
        if file.name in names:
            return fail
        if copies is None:
            return file.write
        source = copies / file.name
        return lambda it, path: (shutil.copytree if source.is_dir() else shutil.copy)(source, path)

    return tuple(replace(file, write=writer(file)) for file in FILES)


def read(path):
    """Read a file of a result, or all in a folder of it, as other programs would."""
    if path.is_dir():
        assert [read(each) for each in sorted(path.iterdir())]
    elif path.suffix in (".json", ".jams"):
        json.loads(path.read_text())
    elif path.suffix in (".csv", ".txt"):
        with path.open(newline="") as file:
            assert [*csv.reader(file)]
    elif path.suffix == ".npz":
        with np.load(path) as arrays:
            assert [arrays[name] for name in arrays]
    elif path.suffix in (".flac", ".wav"):
        assert len(soundfile.read(path)[0]) == 33075
    elif path.suffix in (".png", ".gif"):
        with Image.open(path) as picture:
            picture.load()
    elif path.suffix == ".mid":
        assert mido.MidiFile(path).length > 0
    else:
        end = {".musicxml": "</score-partwise>", ".html": "</html>"}[path.suffix]
        assert path.read_text().rstrip().endswith(end)


def alike(folder, whole):
    """Whether all that is in a folder, and in folders in it, is as in another result."""
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return filecmp.cmpfiles(folder, whole, names, shallow=False) == (names, [], [])


def check_split(program, recording, parent, names, why):
    """Split by a table that is broken: the rest is there, and what is missing is said; gives the command to repair."""
    code, out, err = program("split", recording, "-o", parent, "--animation", "--overwrite")
    folder = parent / "melody"
    assert code == INCOMPLETE
    assert err.count("\n") == 1 and err.startswith("Warning: ")
    assert all(f"{name} ({why}" in err for name in names)
    assert {path.name for path in folder.iterdir()} == {
        file.name for file in FILES if there(file)
    } - names
    assert [path.name for path in parent.iterdir()] == ["melody"]
    said = f"Missing: {', '.join(name for name in FOLLOWING if name in names)};"
    assert said in out
    assert program("show", folder) == (OK, out, "")
    assert otowake.load_analysis(folder).notes
    _, command = err.rstrip("\n").split("To complete the result: otowake ")
    return shlex.split(command)


def there(file):
    """Whether the analysis has it."""
    return file.name not in ("given.csv", "edits.json", "found")


def test_the_result_has_every_file_of_the_table(whole):
    assert {path.name for path in whole.iterdir()} == {file.name for file in FILES if there(file)}
    assert set(json.loads((whole / "analysis.json").read_text())["files"]) == {
        file.name for file in FILES if there(file)
    }
    assert missing_files(whole) == []
    read(whole)


@pytest.mark.parametrize("name", FOLLOWING)
def test_a_writer_that_fails_takes_nothing_with_it(tmp_path, monkeypatch, program, recording, name):
    why, words = REASONS[FOLLOWING.index(name) % len(REASONS)]
    parent = tmp_path / "my music"
    with monkeypatch.context() as patch:
        patch.setattr(files, "FILES", broken({name}, why))
        command = check_split(program, recording, parent, {name}, words)
        read(parent / "melody")
        code, _, err = program(*command)  # it is still broken
        assert code == INCOMPLETE and f"{name} ({words}" in err
        assert missing_files(parent / "melody") == [name]
    code, out, err = program(*command)
    assert (code, err) == (OK, "") and out.startswith(f"Written: {name}")
    read(parent / "melody")
    assert {path.name for path in (parent / "melody").iterdir()} == {
        f.name for f in FILES if there(f)
    }
    assert "Missing" not in program("show", parent / "melody")[1]
    assert program(*command) == (OK, f"{parent / 'melody'}: no file is missing.\n", "")


def test_any_two_writers_that_fail_take_nothing_with_them(tmp_path, monkeypatch, learnt, whole):
    names = [file.name for file in FILES if there(file)]
    for number, pair in enumerate(combinations(FOLLOWING, 2)):
        why, words = REASONS[number % len(REASONS)]
        place = tmp_path / str(number)
        place.mkdir()
        it = files.Saving(learnt[0], place, "en", names, learnt[1])
        monkeypatch.setattr(files, "FILES", broken(pair, why, copies=whole))
        failed = save.write_files(it, names)
        assert {path.name for path in place.iterdir()} == {*names} - {*pair}
        assert alike(place, whole) and set(missing_files(place)) == {*pair}
        with pytest.warns(IncompleteResult, match="^2 files") as warned:
            save.warn_of(failed, place)
        assert all(f"{name} ({words}" in str(warned[0].message) for name in pair)
        monkeypatch.setattr(files, "FILES", broken((), why, copies=whole))
        assert save.write_files(it, missing_files(place)) == {}
        assert alike(place, whole) and missing_files(place) == []
        shutil.rmtree(place)


@pytest.mark.parametrize("name", DATA)
def test_without_its_data_there_is_no_result(
    tmp_path, monkeypatch, program, recording, whole, name
):
    why, words = REASONS[0]
    monkeypatch.setattr(files, "FILES", broken({name}, why, copies=whole))
    code, out, err = program("split", recording, "-o", tmp_path / "out")
    assert (code, out) == (FAILED, "") and words in err and "no incomplete file was left" in err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def without_jams(monkeypatch):
    """The writer of notes.jams is broken, which corrections write anew, too."""
    monkeypatch.setattr(files, "FILES", broken({"notes.jams"}, KeyError("b")))
    monkeypatch.setattr("otowake.results.edits.FILES", files.FILES)


@pytest.fixture
def result(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "melody")


@pytest.mark.parametrize(
    "listed", [None, 5, "notes.mid", {"a": 1}, [1, None, "../../x", "notes.mid"]]
)
def test_a_damaged_list_of_files_harms_nothing(result, program, listed):
    facts = json.loads((result / "analysis.json").read_text())
    (result / "analysis.json").write_text(json.dumps(facts | {"files": listed}))
    before = sorted(result.rglob("*"))
    assert program("show", result)[0] == OK
    assert program("repair", result) == (OK, f"{result}: no file is missing.\n", "")
    assert sorted(result.rglob("*")) == before


def test_in_python_the_folder_is_there_even_if_warnings_are_errors(tmp_path, learnt, without_jams):
    with pytest.raises(
        IncompleteResult, match=r"notes\.jams \(KeyError: 'b'\).*: otowake repair /"
    ):
        otowake.save_analysis(learnt[0], tmp_path / "x")
    assert (
        missing_files(tmp_path / "x") == ["notes.jams"]
        and otowake.load_analysis(tmp_path / "x").notes
    )


def test_a_result_saved_anew_lacks_nothing(result):
    (result / "notes.jams").unlink()
    shutil.rmtree(result / "stems")
    otowake.save_analysis(otowake.load_analysis(result), result, overwrite=True)
    assert missing_files(result) == []
    read(result)


def test_what_is_lacking_is_made_from_stems_when_the_recording_is_gone(result, monkeypatch):
    shutil.rmtree(result / "components")
    (result / "notes.flac").unlink()
    monkeypatch.setattr("otowake.results.read.sha256", lambda path: "another file")
    assert otowake.repair_folder(result) == ("components", "notes.flac", "report.html")
    read(result)


def test_what_needs_sound_that_is_gone_is_said(result, monkeypatch):
    shutil.rmtree(result / "components")
    shutil.rmtree(result / "stems")
    for name in ("learning.gif", "notes.mid"):
        (result / name).unlink()
    before = (result / "report.html").read_bytes()
    for module in ("loading", "recipe"):
        monkeypatch.setattr(f"otowake.io.{module}.sha256", lambda path: "another file")
    with pytest.warns(
        IncompleteResult, match=r"^3 files .*stems \(.*the sound .*learning\.gif \(.*another"
    ):
        made = otowake.repair_folder(result)
    assert made[0] == "notes.mid"
    assert missing_files(result) == ["stems", "components", "learning.gif"]
    assert (result / "report.html").read_bytes() != before  # it offers notes.mid again
    assert not [path for path in result.iterdir() if path.name.startswith(".")]


def test_a_correction_is_not_lost_to_a_file(result, program, without_jams, tmp_path):
    edits = tmp_path / "edits.json"
    edits.write_text('{"version": 1, "edits": [{"do": "name", "component": 1, "name": "left"}]}')
    code, out, err = program("edit", result, "--edits", edits)
    assert (
        code == INCOMPLETE and "notes.jams (KeyError: 'b')" in err and "Missing: notes.jams" in out
    )
    assert otowake.load_analysis(result).components[0].name == "left"
    assert missing_files(result) == ["notes.jams"]  # not the one from before the correction
    assert (result / "learning.gif").is_file()


def test_a_correction_leaves_the_sounds_of_the_former_report_alone(result, tmp_path):
    (result / "report-sound").mkdir()
    (result / "report-sound" / "mixture.flac").write_bytes(b"former")
    (kept := tmp_path / "kept").hardlink_to(result / "report-sound" / "mixture.flac")
    otowake.edit_folder(result, [{"do": "name", "component": 1, "name": "left"}])
    assert kept.read_bytes() == b"former" and not (result / "report-sound").exists()


def test_made_again_without_a_table_it_is_still_the_same(result, program, without_jams, tmp_path):
    (result / "chords.csv").unlink()
    code, out, err = program("again", result)
    assert (code, err) == (OK, "") and out.startswith("The same") and "chords.csv" not in out
    code, out, err = program("again", result, "-o", tmp_path / "new")
    assert code == INCOMPLETE and out.startswith("The same")
    assert err.endswith(f"otowake repair {tmp_path / 'new'}\n") and "notes.jams" in err


def test_the_page_says_it_and_the_job_is_done(
    tmp_path, learnt, recording, monkeypatch, without_jams
):
    monkeypatch.setattr("otowake.web.work.analyse", lambda audio, **_: learnt[0])
    order = {"options": {}, "stages": list(STAGES), "language": "en", "folder": str(tmp_path)}
    order |= {"sound": str(recording), "name": "melody.wav", "sound_minutes": 1}
    for more in ({}, {"edits": [{"do": "name", "component": 1, "name": "left"}]}):
        facts = []
        work._guarded(order | more, facts.append)
        *_, warning, done = facts
        assert done == {"done": True}
        assert "notes.jams (KeyError: 'b')" in warning["warning"]["en"]
        assert "notes.jams（KeyError: 'b'）" in warning["warning"]["ja"]
        assert str(tmp_path) not in str(warning)
        view = json.loads((tmp_path / "result" / ".page" / "view.json").read_text())
        assert "report.html" in view["files"] and "notes.jams" not in view["files"]


def test_a_report_of_its_own_is_written_without_what_fails(tmp_path, learnt, without_jams):
    with pytest.warns(IncompleteResult, match=r"notes\.jams \(KeyError: 'b'\)"):
        otowake.write_report(learnt[0], tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert '"notes.mid"' in page and '"notes.jams"' not in page


def test_in_an_archive_it_is_a_remark(tmp_path, monkeypatch, learnt, recording):
    digest = learnt[0].audio.source.sha256
    task = Task(str(recording), digest, str(tmp_path), "results/x/melody", Recipe().facts())
    monkeypatch.setattr(files, "FILES", broken({"notes.mid"}, KeyError("b")))
    outcome = analyse_one(task, lambda audio, **_: learnt[0])
    assert (outcome.state, outcome.incomplete) == ("done", True)
    assert "notes.mid (KeyError: 'b')" in outcome.remark
    assert outcome.remark.endswith(f"otowake repair {tmp_path / 'results/x/melody'}")
    assert missing_files(tmp_path / "results/x/melody") == [
        "notes.mid"
    ]  # figures were not asked for
    monkeypatch.setattr(files, "FILES", broken({"notes.mid"}, OSError(errno.ENOSPC, "No space")))
    outcome = analyse_one(replace(task, folder="results/x/2"), lambda audio, **_: learnt[0])
    assert outcome.state == "stopped" and not (tmp_path / "results/x/2").exists()


BROKEN_ARCHIVE = """
import functools, sys
import broken
import otowake.cluster
from otowake.cli import main

if __name__ == "__main__":
    otowake.cluster.run_archive = functools.partial(otowake.cluster.run_archive, analyse=broken.analyse)
    main(sys.argv[1:])
"""
BROKEN = """
import otowake
from otowake.io import files

write_table = next(file.write for file in files.FILES if file.name == "components.csv")

def fail(it, path):
    raise RuntimeError("a mistake")

def analyse(audio, **how):
    for file in files.FILES:
        if file.name == "components.csv":
            object.__setattr__(file, "write", fail if "lacks" in audio.name else write_table)
    return otowake.analyse(audio, **how)
"""


def test_a_run_of_an_archive_ends_with_the_code_that_says_so(tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text(BROKEN)
    (tmp_path / "driver.py").write_text(BROKEN_ARCHIVE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    clip(tmp_path / "music" / "a.wav", 0)
    clip(tmp_path / "music" / "z-lacks.wav", 1)
    command = [
        "archive",
        "run",
        tmp_path / "music",
        "-o",
        tmp_path / "out",
        "--workers",
        "1",
        *FAST,
    ]
    done = begin(tmp_path / "driver.py", *command)
    out, err = done.communicate(timeout=PATIENCE)
    assert done.returncode == INCOMPLETE, err
    assert "2 of 2 recordings are done, 0 failed" in out
    assert err.startswith(f"Warning: {tmp_path}/music/z-lacks.wav: 1 file") and err.count("\n") == 1
    assert "components.csv (RuntimeError: a mistake)" in err
    repair = shlex.split(err.rstrip("\n").split("missing: otowake ")[1])
    repaired = otowake_process(*repair)
    assert (repaired.returncode, repaired.stdout) == (OK, "Written: components.csv\n"), (
        repaired.stderr
    )
