"""A failing writer of one file never loses a result: all other files are written."""

import errno
import json
import os
import shlex
import shutil
import sys
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import soundfile
from archives import FAST, TIMEOUT, begin, clip
from archives import otowake as otowake_process
from result_files import alike, read

import otowake
from otowake import IncompleteResult
from otowake.cli import main
from otowake.cli.building import FAILED, INCOMPLETE, OK
from otowake.cluster.tasks import Task, analyse_one
from otowake.options import STAGES
from otowake.plot import Snapshots
from otowake.results import files, save
from otowake.results.recipe import Recipe
from otowake.results.save import missing_files
from otowake.types import Curve
from otowake.web import worker

FILES = files.FILES
DERIVED = [file.name for file in FILES if file.kind != "data"]
DATA = ["analysis.json", "factors.npz", "notes.csv", "stems.npz"]
REASONS = [
    (OSError(28, "No space left on device"), "No space left on device"),
    (KeyError("b"), "KeyError: 'b'"),
    (soundfile.LibsndfileError(2), "libsndfile: "),
    (MemoryError("9.31 GiB"), "MemoryError: 9.31 GiB"),
    (RuntimeError("{n|a|b} {no} %s"), "RuntimeError: {n|a|b} {no} %s"),
]
"""Errors that a writer raises, each with its text in a warning."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory, melody):
    path = tmp_path_factory.mktemp("in") / "melody.wav"
    soundfile.write(path, melody.samples[0, :33075], melody.rate, subtype="FLOAT")
    return path


@pytest.fixture(scope="module")
def analysed(recording):
    """Analyse all stages of a short recording, and record snapshots of the learning."""
    film = Snapshots(8)
    analysis = otowake.analyse(
        otowake.load(recording), watch=film, n_components=2, max_iter=20, stems="song"
    )
    curve = Curve(np.array([1, 2, 3]), np.array([[1.0, 1.1], [0.5, 0.6], [0.5, 0.7]]))
    return replace(analysis, fit=replace(analysis.fit, curve=curve)), film


@pytest.fixture(scope="module")
def complete(analysed, tmp_path_factory):
    """Return a result folder with all files."""
    folder = tmp_path_factory.mktemp("whole") / "melody"
    folder.mkdir()
    kinds = (*files.DEFAULT_KINDS, "animation")
    assert save.write_analysis(analysed[0], folder, "en", analysed[1], kinds) == {}
    return folder


@pytest.fixture
def program(monkeypatch, analysed, capsys):
    """Return a function that runs the command line with a prepared analysis."""

    def run(*arguments):
        with monkeypatch.context() as patch, pytest.raises(SystemExit) as exit:
            if arguments[0] in ("split", "again"):
                patch.setattr(Recipe, "analyse", lambda *_, **__: analysed[0])
                patch.setattr("otowake.cli.split._film", lambda most: analysed[1])
            main([*map(str, arguments), "--lang", "en"])
        printed = capsys.readouterr()
        return exit.value.code, printed.out, printed.err

    return run


def broken(names, why, copies=None):
    """Return the table with failing writers; with `copies`, other writers copy that result."""

    def fail(saving, path):
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
        return lambda saving, path: (shutil.copytree if source.is_dir() else shutil.copy)(
            source, path
        )

    return tuple(replace(file, write=writer(file)) for file in FILES)


def check_split(program, recording, parent, names, why):
    """Check a split with failing writers: other files exist; return the printed repair command."""
    code, out, err = program("split", recording, "-o", parent, "--animation", "--overwrite")
    folder = parent / "melody"
    assert code == INCOMPLETE
    assert err.count("\n") == 1 and err.startswith("Warning: ")
    assert all(f"{name} ({why}" in err for name in names)
    assert {path.name for path in folder.iterdir()} == {
        file.name for file in FILES if is_expected(file)
    } - names
    assert [path.name for path in parent.iterdir()] == ["melody"]
    assert f"Missing: {', '.join(name for name in DERIVED if name in names)};" in out
    assert program("show", folder) == (OK, out, "")
    assert otowake.load_analysis(folder).notes
    _, command = err.rstrip("\n").split("To complete the result: otowake ")
    return shlex.split(command)


def is_expected(file):
    """Whether the result of the prepared analysis has a file."""
    return file.name not in ("given.csv", "edits.json", "detected")


def test_the_result_has_every_file_of_the_table(complete):
    assert {path.name for path in complete.iterdir()} == {
        file.name for file in FILES if is_expected(file)
    }
    assert set(json.loads((complete / "analysis.json").read_text())["files"]) == {
        file.name for file in FILES if is_expected(file)
    }
    assert missing_files(complete) == []
    read(complete)


@pytest.mark.parametrize("name", DERIVED)
def test_a_failing_writer_affects_no_other_file(tmp_path, monkeypatch, program, recording, name):
    why, words = REASONS[DERIVED.index(name) % len(REASONS)]
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
        f.name for f in FILES if is_expected(f)
    }
    assert "Missing" not in program("show", parent / "melody")[1]
    assert program(*command) == (OK, f"{parent / 'melody'}: no file is missing.\n", "")


def test_any_two_failing_writers_affect_no_other_file(tmp_path, monkeypatch, analysed, complete):
    names = [file.name for file in FILES if is_expected(file)]
    for number, pair in enumerate(combinations(DERIVED, 2)):
        why, words = REASONS[number % len(REASONS)]
        folder = tmp_path / str(number)
        folder.mkdir()
        saving = files.Saving(analysed[0], folder, "en", names, analysed[1])
        monkeypatch.setattr(files, "FILES", broken(pair, why, copies=complete))
        failed = save.write_files(saving, names)
        assert {path.name for path in folder.iterdir()} == {*names} - {*pair}
        assert alike(folder, complete) and set(missing_files(folder)) == {*pair}
        with pytest.warns(IncompleteResult, match="^2 files") as warned:
            save.warn_of(failed, folder)
        assert all(f"{name} ({words}" in str(warned[0].message) for name in pair)
        monkeypatch.setattr(files, "FILES", broken((), why, copies=complete))
        assert save.write_files(saving, missing_files(folder)) == {}
        assert alike(folder, complete) and missing_files(folder) == []
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", DATA)
def test_without_its_data_there_is_no_result(
    tmp_path, monkeypatch, program, recording, complete, name
):
    why, words = REASONS[0]
    monkeypatch.setattr(files, "FILES", broken({name}, why, copies=complete))
    code, out, err = program("split", recording, "-o", tmp_path / "out")
    assert (code, out) == (FAILED, "") and words in err and "no incomplete file was left" in err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def without_jams(monkeypatch):
    """Break the writer of notes.jams, a file that corrections rewrite."""
    monkeypatch.setattr(files, "FILES", broken({"notes.jams"}, KeyError("b")))
    monkeypatch.setattr("otowake.results.edits.FILES", files.FILES)


@pytest.fixture
def result(complete, tmp_path):
    return shutil.copytree(complete, tmp_path / "melody")


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


def test_the_folder_exists_even_if_warnings_are_errors(tmp_path, analysed, without_jams):
    with pytest.raises(
        IncompleteResult, match=r"notes\.jams \(KeyError: 'b'\).*: otowake repair /"
    ):
        otowake.save_analysis(analysed[0], tmp_path / "x")
    assert (
        missing_files(tmp_path / "x") == ["notes.jams"]
        and otowake.load_analysis(tmp_path / "x").notes
    )


def test_a_result_saved_again_is_complete(result):
    (result / "notes.jams").unlink()
    shutil.rmtree(result / "stems")
    otowake.save_analysis(otowake.load_analysis(result), result, overwrite=True)
    assert missing_files(result) == []
    read(result)


def test_missing_files_are_made_from_stems_without_the_recording(result, monkeypatch):
    shutil.rmtree(result / "components")
    (result / "notes.flac").unlink()
    monkeypatch.setattr("otowake.results.sounds.sha256", lambda path: "another file")
    assert otowake.repair_folder(result) == ("components", "notes.flac", "report.html")
    read(result)


def test_files_that_need_missing_sound_are_reported(result, monkeypatch):
    shutil.rmtree(result / "components")
    shutil.rmtree(result / "stems")
    for name in ("learning.gif", "notes.mid"):
        (result / name).unlink()
    before = (result / "report.html").read_bytes()
    for module in ("sounds", "recipe"):
        monkeypatch.setattr(f"otowake.results.{module}.sha256", lambda path: "another file")
    with pytest.warns(
        IncompleteResult, match=r"^3 files .*stems \(.*can be found.*learning\.gif \(.*another"
    ):
        made = otowake.repair_folder(result)
    assert made[0] == "notes.mid"
    assert missing_files(result) == ["stems", "components", "learning.gif"]
    assert (result / "report.html").read_bytes() != before  # it offers notes.mid again
    assert not [path for path in result.iterdir() if path.name.startswith(".")]


def test_a_failing_writer_does_not_lose_a_correction(result, program, without_jams, tmp_path):
    edits = tmp_path / "edits.json"
    edits.write_text('{"version": 1, "edits": [{"do": "name", "component": 1, "name": "left"}]}')
    code, out, err = program("edit", result, "--edits", edits)
    assert (
        code == INCOMPLETE and "notes.jams (KeyError: 'b')" in err and "Missing: notes.jams" in out
    )
    assert otowake.load_analysis(result).components[0].name == "left"
    assert missing_files(result) == ["notes.jams"]  # not the one from before the correction
    assert (result / "learning.gif").is_file()


def test_a_correction_does_not_change_the_sounds_of_an_earlier_report(result, tmp_path):
    (result / "report-sound").mkdir()
    (result / "report-sound" / "mixture.flac").write_bytes(b"former")
    (kept := tmp_path / "kept").hardlink_to(result / "report-sound" / "mixture.flac")
    otowake.edit_folder(result, [{"do": "name", "component": 1, "name": "left"}])
    assert kept.read_bytes() == b"former" and not (result / "report-sound").exists()


def test_a_reproduction_without_a_table_is_still_the_same(result, program, without_jams, tmp_path):
    (result / "chords.csv").unlink()
    code, out, err = program("again", result)
    assert (code, err) == (OK, "") and out.startswith("The same") and "chords.csv" not in out
    code, out, err = program("again", result, "-o", tmp_path / "new")
    assert code == INCOMPLETE and out.startswith("The same")
    assert err.endswith(f"otowake repair {tmp_path / 'new'}\n") and "notes.jams" in err


def test_the_web_page_shows_the_warning_and_the_job_succeeds(
    tmp_path, analysed, recording, monkeypatch, without_jams
):
    monkeypatch.setattr("otowake.web.worker.analyse", lambda audio, **_: analysed[0])
    order = {"options": {}, "stages": list(STAGES), "language": "en", "folder": str(tmp_path)}
    order |= {"sound": str(recording), "name": "melody.wav", "sound_minutes": 1}
    for more in ({}, {"edits": [{"do": "name", "component": 1, "name": "left"}]}):
        facts = []
        worker._guarded(order | more, facts.append)
        *_, warning, done = facts
        assert done == {"done": True}
        assert "notes.jams (KeyError: 'b')" in warning["warning"]["en"]
        assert "notes.jams（KeyError: 'b'）" in warning["warning"]["ja"]
        assert str(tmp_path) not in str(warning)
        assert (tmp_path / "result" / "report.html").is_file()
        assert not (tmp_path / "result" / "notes.jams").exists()


def test_a_separate_report_omits_failed_files(tmp_path, analysed, without_jams):
    with pytest.warns(IncompleteResult, match=r"notes\.jams \(KeyError: 'b'\)"):
        otowake.write_report(analysed[0], tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert '"notes.mid"' in page and '"notes.jams"' not in page


def test_an_archive_stores_the_warning_as_a_remark(tmp_path, monkeypatch, analysed, recording):
    digest = analysed[0].audio.source.sha256
    task = Task(str(recording), digest, str(tmp_path), "results/x/melody", Recipe().facts())
    monkeypatch.setattr(files, "FILES", broken({"notes.mid"}, KeyError("b")))
    outcome = analyse_one(task, lambda audio, **_: analysed[0])
    assert (outcome.state, outcome.incomplete) == ("done", True)
    assert "notes.mid (KeyError: 'b')" in outcome.remark
    assert outcome.remark.endswith(f"otowake repair {tmp_path / 'results/x/melody'}")
    assert missing_files(tmp_path / "results/x/melody") == [
        "notes.mid"
    ]  # figures were not asked for
    monkeypatch.setattr(files, "FILES", broken({"notes.mid"}, OSError(errno.ENOSPC, "No space")))
    outcome = analyse_one(replace(task, folder="results/x/2"), lambda audio, **_: analysed[0])
    assert outcome.state == "stopped" and not (tmp_path / "results/x/2").exists()


BROKEN_ARCHIVE = """
import functools, sys
import broken
import otowake.cluster
from otowake.cli import main

if __name__ == "__main__":
    run_archive = otowake.cluster.run_archive
    otowake.cluster.run_archive = functools.partial(run_archive, analyse=broken.analyse)
    main(sys.argv[1:])
"""
BROKEN = """
import otowake
from otowake.results import files

write_table = next(file.write for file in files.FILES if file.name == "components.csv")

def fail(saving, path):
    raise RuntimeError("a mistake")

def analyse(audio, **how):
    for file in files.FILES:
        if file.name == "components.csv":
            object.__setattr__(file, "write", fail if "lacks" in audio.name else write_table)
    return otowake.analyse(audio, **how)
"""


def test_an_archive_with_incomplete_results_has_its_own_exit_code(tmp_path, monkeypatch):
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
    out, err = done.communicate(timeout=TIMEOUT)
    assert done.returncode == INCOMPLETE, err
    assert "2 of 2 recordings are done, 0 failed" in out
    assert err.startswith(f"Warning: {tmp_path}/music/z-lacks.wav: 1 file") and err.count("\n") == 1
    assert "components.csv (RuntimeError: a mistake)" in err
    repair = shlex.split(err.rstrip("\n").split("result: otowake ")[1])
    repaired = otowake_process(*repair)
    assert (repaired.returncode, repaired.stdout) == (OK, "Written: components.csv\n"), (
        repaired.stderr
    )
