"""A result is never lost to one of its files: each writer is broken in turn, and the rest is there."""

import csv
import filecmp
import json
import shlex
import shutil
from dataclasses import replace
from itertools import combinations

import mido
import numpy as np
import pytest
import soundfile
from PIL import Image

import otowake
from otowake.cli import main
from otowake.cli.building import FAILED, INCOMPLETE, OK
from otowake.io import files, saving
from otowake.io.recipe import Recipe
from otowake.io.saving import missing_files
from otowake.plot import Snapshots
from otowake.types import Curve

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
    assert saving.write_analysis(learnt[0], folder, "en", learnt[1], kinds) == {}
    return folder


@pytest.fixture
def program(monkeypatch, learnt, capsys):
    """Runs the command line; what split analyses is known already."""

    def run(*arguments):
        with monkeypatch.context() as patch, pytest.raises(SystemExit) as ended:
            if arguments[0] == "split":
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
        if copies is None or file.kind == "data":
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
    assert {path.name for path in folder.iterdir()} == {file.name for file in FILES if there(file)} - names
    assert [path.name for path in parent.iterdir()] == ["melody"]
    said = f"Missing: {', '.join(name for name in FOLLOWING if name in names)};"
    assert said in out
    assert program("show", folder) == (OK, out, "")
    assert otowake.load_analysis(folder).notes
    _, command = err.rstrip("\n").split("to make what is missing: otowake ")
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
    assert (code, err) == (OK, "") and out.startswith(f"Made: {name}")
    read(parent / "melody")
    assert {path.name for path in (parent / "melody").iterdir()} == {f.name for f in FILES if there(f)}
    assert "Missing" not in program("show", parent / "melody")[1]
    assert program(*command) == (OK, f"{parent / 'melody'}: no file is missing.\n", "")


def test_any_two_writers_that_fail_take_nothing_with_them(tmp_path, monkeypatch, program, recording, whole):
    for number, pair in enumerate(combinations(FOLLOWING, 2)):
        why, words = REASONS[number % len(REASONS)]
        with monkeypatch.context() as patch:
            patch.setattr(files, "FILES", broken(pair, why, copies=whole))
            command = check_split(program, recording, tmp_path / "out", set(pair), words)
            assert alike(tmp_path / "out" / "melody", whole)
            patch.setattr(files, "FILES", broken((), why, copies=whole))
            assert program(*command)[0] == OK
        assert missing_files(tmp_path / "out" / "melody") == []
        assert alike(tmp_path / "out" / "melody", whole)


@pytest.mark.parametrize("name", DATA)
def test_without_its_data_there_is_no_result(tmp_path, monkeypatch, program, recording, whole, name):
    why, words = REASONS[0]
    monkeypatch.setattr(files, "FILES", broken({name}, why, copies=whole))
    code, out, err = program("split", recording, "-o", tmp_path / "out")
    assert (code, out) == (FAILED, "") and words in err and "nothing half-written was left" in err
    assert list(tmp_path.iterdir()) == []
