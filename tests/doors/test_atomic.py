"""Results that are replaced: whatever stops it and whenever, the old or the new one is there afterwards, whole."""

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
from otowake.atomic import FORMER, PARTIAL, beside, put, recover
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
from otowake.atomic import beside
with beside(Path(sys.argv[1])) as new:
    new.mkdir()
    (new / "analysis.json").write_text("half")
    print(new, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("way", ["exchange", "renames"])
@pytest.mark.parametrize("how", ["exit", "raise"])
def test_stopped_at_any_call_the_old_or_the_new_is_whole_and_nothing_else_stays(tmp_path, way, how):
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


def test_here_two_folders_are_exchanged_in_one_step(tmp_path):
    fill(tmp_path / "one", "1")
    fill(tmp_path / "other", "2")
    if atomic.exchange(tmp_path / "one", tmp_path / "other"):
        one, other = "2", "1"
    else:  # the file system can't, and has changed nothing
        one, other = "1", "2"
    assert {*contents(tmp_path / "one").values()} == {one}
    assert {*contents(tmp_path / "other").values()} == {other}


def cut_short(place: Path, monkeypatch) -> None:
    """Leave what a process leaves that is killed between the two renames."""
    with monkeypatch.context() as patched:
        patched.setattr(atomic, "exchange", lambda *paths: False)
        patched.setattr(atomic, "_put_back", lambda *arguments: None)
        patched.setattr(atomic.shutil, "rmtree", lambda *arguments, **options: None)
        patched.setattr(
            Path,
            "rename",
            lambda path, to, ours=Path.rename: ours(path, to) if path == place else 1 / 0,
        )
        with pytest.raises(ZeroDivisionError):
            write_new(place)
    assert not place.exists() and len([*place.parent.glob(".partial-*/old/*")]) == 1


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
    with new_folder(folder) as place:
        write_analysis(analysis, place, "en", kinds=BASIC)
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
def test_whatever_opens_a_result_puts_it_back(result, monkeypatch, opener):
    before = contents_of(result)
    cut_short(result, monkeypatch)
    OPENERS[opener](result)
    after = contents_of(result)
    assert after.keys() >= before.keys()
    assert opener == "edit_folder" or after == before
    assert not [path for path in result.parent.iterdir() if path.name.startswith(".")]


def test_a_result_that_was_set_aside_is_not_replaced_unless_told(result, analysis, monkeypatch):
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


def test_what_the_former_version_set_aside_is_put_back(result):
    before = contents_of(result)
    mark = atomic._former_mark(result)
    left = result.with_name(f"{mark}x1y2z3")
    left.mkdir()
    result.rename(left / FORMER)
    recover(result.with_name("another"))
    assert (left / FORMER).is_dir() and not result.exists()
    otowake.load_analysis(result)
    assert contents_of(result) == before and [*result.parent.iterdir()] == [result]


def test_what_a_living_process_writes_stays_and_what_a_dead_one_left_goes(tmp_path):
    place = tmp_path / "result"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, place],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        new = Path(process.stdout.readline().strip())
        with beside(place) as mine:
            fill(mine, "new")
            recover(place)
            assert len(contents(mine)) == 3
            assert (new / "analysis.json").read_text() == "half"
            put(mine, place, replace=False)
        assert {path.name for path in tmp_path.iterdir()} == {"result", new.parent.name}
        process.kill()
    recover(place)
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_those_who_clean_never_take_what_others_begin(tmp_path):
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


def test_without_locks_it_is_written_and_what_others_left_is_not_touched(tmp_path, monkeypatch):
    def no_locks(handle):
        raise OSError(atomic.errno.ENOLCK, "No locks available")

    (tmp_path / f"{PARTIAL}left").mkdir()
    monkeypatch.setattr(atomic, "_take", no_locks)
    write_new(tmp_path / "result")
    write_new(tmp_path / "result")
    assert {*contents(tmp_path / "result").values()} == {"new"}
    assert {path.name for path in tmp_path.iterdir()} == {"result", f"{PARTIAL}left"}


def test_links_and_what_is_no_lock_lead_nowhere(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / f"{PARTIAL}1").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "here" / f"{PARTIAL}2").mkdir()
    (tmp_path / "here" / f"{PARTIAL}2" / "lock").symlink_to(tmp_path / "elsewhere" / "made")
    (tmp_path / "here" / f"{PARTIAL}3").mkdir()
    os.mkfifo(tmp_path / "here" / f"{PARTIAL}3" / "lock")
    (tmp_path / "here" / f"{PARTIAL}4").write_text("a file")
    recover(tmp_path / "here" / "result")
    assert [*(tmp_path / "elsewhere").iterdir()] == []
    recover(tmp_path / ("x" * 300) / "result")
    recover(tmp_path / "a\0b" / "result")


def test_what_appears_after_the_last_look_is_not_replaced_unless_told(tmp_path, monkeypatch):
    place = tmp_path / "result"
    with pytest.raises(otowake.errors.CannotWrite), new_folder(place) as new:
        (new / "analysis.json").write_text("mine")
        monkeypatch.setattr(folders, "_check_place", lambda *arguments: fill(place, "theirs"))
    assert {*contents(place).values()} == {"theirs"} and [*tmp_path.iterdir()] == [place]


@pytest.mark.parametrize("umask", [0o002, 0o022, 0o027, 0o077])
def test_the_umask_says_who_may_read_and_write_results(tmp_path, analysis, umask):
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
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "deep").rglob("*")}
    assert {path.name: mode for path, mode in found.items()} == {
        path.name: (0o777 if path.is_dir() else 0o666) & ~umask for path in found
    }
    assert {"result", "analysis.json", ".x.checkpoint", "report.html", "d.npz"} < {
        path.name for path in found
    }


def test_a_name_that_the_file_system_refuses_is_said_before_the_work(tmp_path):
    with (
        pytest.raises(otowake.errors.CannotWrite, match="too long"),
        new_folder(tmp_path / ("x" * 300)),
    ):
        raise AssertionError("the work began")
    assert [*itertools.islice(tmp_path.iterdir(), 1)] == []


def test_two_folders_are_exchanged_in_one_step_where_the_system_can(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "what").write_text(name)
    done = atomic.exchange(tmp_path / "one", tmp_path / "other")
    assert done == (sys.platform in ("linux", "darwin"))
    assert (tmp_path / "one" / "what").read_text() == ("other" if done else "one")
    assert not atomic.exchange(tmp_path / "one", tmp_path / "none")
