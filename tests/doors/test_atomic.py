"""Atomic replacement: after any interruption the old or the new result is complete."""

import itertools
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import kills
import numpy as np
import pytest
import soundfile
from kills import contents, fill, write_new

import otowake
from otowake import atomic
from otowake.atomic import FORMER, WORK_PREFIX, put, recover, staged
from otowake.cli import main
from otowake.io.dictionary import Dictionary, save_dictionary
from otowake.results import edits, folders, read, recipe
from otowake.results.checkpoint import Checkpoint
from otowake.results.files import BASIC
from otowake.results.folders import new_folder
from otowake.results.save import write_analysis

HOLD = """
import sys
from pathlib import Path
from otowake.atomic import staged
with staged(Path(sys.argv[1])) as new:
    new.mkdir()
    (new / "analysis.json").write_text("half")
    print(new, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("way", ["exchange", "renames"])
@pytest.mark.parametrize("how", ["exit", "raise"])
def test_after_an_interruption_at_any_call_one_complete_result_remains(tmp_path, way, how):
    done = subprocess.run(
        [sys.executable, kills.__file__, how, way, tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    assert {"mkdir", "lock", "exchange", "unlink", "rmdir"} | (
        {"rename"} if way == "renames" else set()
    ) <= {*seen["calls"]}
    assert seen["first"] > 20 and (seen["second"] > 100 or how == "raise")


def test_two_folders_are_exchanged(tmp_path):
    fill(tmp_path / "one", "1")
    fill(tmp_path / "other", "2")
    if atomic.exchange(tmp_path / "one", tmp_path / "other"):
        one, other = "2", "1"
    else:  # not supported by the file system
        one, other = "1", "2"
    assert {*contents(tmp_path / "one").values()} == {one}
    assert {*contents(tmp_path / "other").values()} == {other}


def cut_short(target: Path, monkeypatch) -> None:
    """Simulate a process that is killed between the two renames."""
    with monkeypatch.context() as patched:
        patched.setattr(atomic, "exchange", lambda *paths: False)
        patched.setattr(atomic, "_put_back", lambda *arguments: None)
        patched.setattr(atomic.shutil, "rmtree", lambda *arguments, **options: None)
        patched.setattr(
            Path,
            "rename",
            lambda path, to, ours=Path.rename: ours(path, to) if path == target else 1 / 0,
        )
        with pytest.raises(ZeroDivisionError):
            write_new(target)
    assert not target.exists() and len([*target.parent.glob(".partial-*/old/*")]) == 1


@pytest.fixture(scope="module")
def recording(tmp_path_factory, melody):
    path = tmp_path_factory.mktemp("music") / "melody.wav"
    soundfile.write(path, melody.samples.T, melody.rate)
    return path


@pytest.fixture(scope="module")
def analysis(recording):
    return otowake.analyse(
        otowake.load(recording), stages=["components"], n_components=3, max_iter=10
    )


@pytest.fixture
def result(tmp_path, analysis):
    folder = tmp_path / "results" / "melody"
    with new_folder(folder) as target:
        write_analysis(analysis, target, "en", kinds=BASIC)
    return folder


def command(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments)])
    assert ended.value.code == 0


OPENERS = {
    "load_analysis": read.load_analysis,
    "input_digest": lambda folder: read.input_digest(folder) or 1 / 0,
    "recipe_of": recipe.recipe_of,
    "edit_folder": lambda folder: edits.edit_folder(folder, []),
    "show": lambda folder: command("show", folder),
    "again": lambda folder: command("again", folder),
    "beside another": lambda folder: write_new(folder.with_name("other")),
}


@pytest.mark.parametrize("opener", OPENERS)
def test_opening_a_result_restores_it(result, monkeypatch, opener):
    before = contents_of(result)
    cut_short(result, monkeypatch)
    OPENERS[opener](result)
    after = contents_of(result)
    assert after.keys() >= before.keys()
    assert opener == "edit_folder" or after == before
    assert not [path for path in result.parent.iterdir() if path.name.startswith(".")]


def test_an_interrupted_result_is_replaced_only_with_overwrite(result, analysis, monkeypatch):
    before = contents_of(result)
    cut_short(result, monkeypatch)
    with pytest.raises(otowake.BadInput, match="replace it with overwrite"):
        otowake.save_analysis(analysis, result)
    assert contents_of(result) == before
    cut_short(result, monkeypatch)
    otowake.save_analysis(analysis, result, overwrite=True)
    assert (result / "figure.png").is_file()
    assert [path.name for path in result.parent.iterdir()] == ["melody"]


def contents_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_results_of_version_0_1_0_are_restored(result):
    before = contents_of(result)
    mark = atomic._former_mark(result)
    left = result.with_name(f"{mark}x1y2z3")
    left.mkdir()
    result.rename(left / FORMER)
    recover(result.with_name("another"))
    assert (left / FORMER).is_dir() and not result.exists()
    otowake.load_analysis(result)
    assert contents_of(result) == before and [*result.parent.iterdir()] == [result]


def test_work_folders_of_living_processes_stay_and_those_of_dead_ones_go(tmp_path):
    target = tmp_path / "result"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, target],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        new = Path(process.stdout.readline().strip())
        with staged(target) as mine:
            fill(mine, "new")
            recover(target)
            assert len(contents(mine)) == 3
            assert (new / "analysis.json").read_text() == "half"
            put(mine, target, replace=False)
        assert {path.name for path in tmp_path.iterdir()} == {"result", new.parent.name}
        process.kill()
    recover(target)
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_recovery_never_removes_new_work_folders(tmp_path):
    stop = threading.Event()

    def clean():
        while not stop.is_set():
            recover(tmp_path / "result")

    cleaners = [threading.Thread(target=clean) for _ in range(2)]
    for cleaner in cleaners:
        cleaner.start()
    try:
        for _ in range(100):
            write_new(tmp_path / "result")
    finally:
        stop.set()
        for cleaner in cleaners:
            cleaner.join()
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_without_locks_other_work_folders_are_left_unchanged(tmp_path, monkeypatch):
    def no_locks(handle):
        raise OSError(atomic.errno.ENOLCK, "No locks available")

    (tmp_path / f"{WORK_PREFIX}left").mkdir()
    monkeypatch.setattr(atomic, "_take", no_locks)
    write_new(tmp_path / "result")
    write_new(tmp_path / "result")
    assert {*contents(tmp_path / "result").values()} == {"new"}
    assert {path.name for path in tmp_path.iterdir()} == {"result", f"{WORK_PREFIX}left"}


def test_links_and_irregular_locks_are_ignored(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / f"{WORK_PREFIX}1").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "here" / f"{WORK_PREFIX}2").mkdir()
    (tmp_path / "here" / f"{WORK_PREFIX}2" / "lock").symlink_to(tmp_path / "elsewhere" / "made")
    (tmp_path / "here" / f"{WORK_PREFIX}3").mkdir()
    os.mkfifo(tmp_path / "here" / f"{WORK_PREFIX}3" / "lock")
    (tmp_path / "here" / f"{WORK_PREFIX}4").write_text("a file")
    recover(tmp_path / "here" / "result")
    assert [*(tmp_path / "elsewhere").iterdir()] == []
    recover(tmp_path / ("x" * 300) / "result")
    recover(tmp_path / "a\0b" / "result")


def test_a_result_that_appears_during_the_work_is_not_replaced(tmp_path, monkeypatch):
    target = tmp_path / "result"
    with pytest.raises(otowake.errors.CannotWrite), new_folder(target) as new:
        (new / "analysis.json").write_text("mine")
        monkeypatch.setattr(folders, "_check_target", lambda *arguments: fill(target, "theirs"))
    assert {*contents(target).values()} == {"theirs"} and [*tmp_path.iterdir()] == [target]


@pytest.mark.parametrize("umask", [0o002, 0o022, 0o027, 0o077])
def test_results_follow_the_umask(tmp_path, analysis, umask):
    before = os.umask(umask)
    try:
        otowake.save_analysis(analysis, tmp_path / "deep" / "result")
        otowake.save_analysis(analysis, tmp_path / "deep" / "result", overwrite=True)
        Checkpoint(tmp_path / "deep" / ".x.checkpoint", 0, "key").write({"W": np.ones(2)})
        otowake.write_report(analysis, tmp_path / "deep" / "report.html")
        save_dictionary(
            Dictionary(np.ones((2, 1)), np.ones(2), np.ones(1), {}), tmp_path / "deep" / "d.npz"
        )
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "deep").rglob("*")}
    assert {path.name: mode for path, mode in modes.items()} == {
        path.name: (0o777 if path.is_dir() else 0o666) & ~umask for path in modes
    }
    assert {"result", "analysis.json", ".x.checkpoint", "report.html", "d.npz"} < {
        path.name for path in modes
    }


def test_an_impossible_name_is_refused_before_the_work(tmp_path):
    with (
        pytest.raises(otowake.errors.CannotWrite, match="too long"),
        new_folder(tmp_path / ("x" * 300)),
    ):
        raise AssertionError("the work began")
    assert [*itertools.islice(tmp_path.iterdir(), 1)] == []


def test_folders_are_exchanged_on_linux_and_macos(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "what").write_text(name)
    done = atomic.exchange(tmp_path / "one", tmp_path / "other")
    assert done == (sys.platform in ("linux", "darwin"))
    assert (tmp_path / "one" / "what").read_text() == ("other" if done else "one")
    assert not atomic.exchange(tmp_path / "one", tmp_path / "none")
