"""Errors of archives that can't be searched, written or locked name the path and the reason."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from archives import FAST, clip, environment, otowake

from otowake.cluster import run_archive, write_tables
from otowake.cluster.inputs import recordings
from otowake.cluster.manifest import Manifest
from otowake.errors import CannotWrite
from otowake.options import FitSpec, StftSpec
from otowake.results.recipe import Recipe

RECIPE = Recipe(
    ("components",),
    stft=StftSpec(sample_rate=8000, n_fft=256, hop=64),
    fit=FitSpec(n_components=2, max_iter=4),
)


def run_without_rights(*arguments):
    """Run the program as a user without read permission for some files."""
    program = "import importlib, os, pkgutil, sys, otowake, distributed, pyarrow.parquet\n"
    program += "from otowake.cli import main\n"  # all that the other user may not be able to read
    program += (
        "names = [module.name for module in pkgutil.walk_packages(otowake.__path__, 'otowake.')]\n"
    )
    program += (
        "[importlib.import_module(name) for name in names if not name.endswith('__main__')]\n"
    )
    program += "os.getuid() or (os.setgid(65534), os.setuid(65534))\nmain(sys.argv[1:])\n"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=environment(HOME="/nowhere"),
    )


@pytest.fixture
def shared_folder():
    """Give a folder that every user can access."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def test_links_are_followed_once_and_loops_end(tmp_path):
    inside, other = tmp_path / "in", tmp_path / "other"
    for path in (inside / "a" / "1.wav", other / "2.wav", tmp_path / "above.wav"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (inside / "a" / "loop").symlink_to(inside)
    (inside / "a" / "up").symlink_to(tmp_path)
    (inside / "b").symlink_to(inside / "a")
    (inside / "c").symlink_to(other)
    (other / "back").symlink_to(inside / "a")
    (inside / "archive").symlink_to(tmp_path / "out")
    (tmp_path / "out" / "results").mkdir(parents=True)
    (tmp_path / "out" / "results" / "stem.wav").touch()
    paths = [*recordings([inside], tmp_path / "out", pytest.fail)]
    assert [str(path.relative_to(inside)) for path in paths] == ["a/1.wav", "c/2.wav"]


def test_folders_that_cannot_be_searched_are_reported_by_name(tmp_path):
    for name in ("gone/1.wav", "kept/2.wav"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    (tmp_path / "0.wav").touch()
    (tmp_path / "Albums").symlink_to(tmp_path / "not-mounted")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "cover.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "song.wav").symlink_to(tmp_path / "nowhere.wav")
    reasons = {}
    paths = []
    for path in recordings([tmp_path], tmp_path / "out", reasons.__setitem__):
        paths.append(path.relative_to(tmp_path))
        shutil.rmtree(tmp_path / "gone", ignore_errors=True)  # while it is searched
    assert [*map(str, paths)] == ["0.wav", "song.wav", "kept/2.wav"]
    assert {name.rpartition("/")[2] for name in reasons} == {"Albums", "self", "gone"}
    assert str(reasons[str(tmp_path / "gone")]) == (
        f"{tmp_path / 'gone'}: the folder could not be searched (No such file or directory); "
        "its recordings are skipped."
    )


@pytest.mark.parametrize("command", ["run", "learn"])
def test_unreadable_folders_are_reported_with_the_reason_and_exit_code(shared_folder, command):
    shut = shared_folder / "in" / "shut"
    shut.mkdir(parents=True)
    shut.chmod(0)
    done = run_without_rights("archive", command, shared_folder / "in", "-o", shared_folder / "out")
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: {shut}: the folder could not be searched (Permission denied); "
        "its recordings are skipped.\n"
        f"Error: there are no recordings in {shared_folder / 'in'}.\n"
    )
    inside = run_without_rights("archive", command, shut / "x", "-o", shared_folder / "out")
    assert inside.returncode == 1
    sentence = f"{shut / 'x'}: the file could not be opened (Permission denied)."
    assert inside.stderr == f"Error: {sentence}\n"


def test_folders_that_were_not_searched_make_the_exit_code_1(tmp_path, cluster):
    clip(tmp_path / "in" / "a.wav", 0)
    (tmp_path / "in" / "Albums").symlink_to(tmp_path / "not-mounted")
    command = ["archive", "run", tmp_path / "in", "-o", tmp_path / "out"]
    command += ["--scheduler", cluster.file, *FAST]
    for _ in range(2):  # also where there is nothing else to do
        done = otowake(*command)
        assert done.returncode == 1 and "Albums: the folder could not be searched" in done.stderr
        assert done.stdout.startswith("1 of 1 recording is done, 0 failed")


@pytest.fixture
def small(tmp_path):
    """Return an archive of two recordings before the first run."""
    for i in range(2):
        clip(tmp_path / "in" / f"{i}.wav", i)
    (tmp_path / "out").mkdir()
    manifest = Manifest(tmp_path / "out")
    manifest.begin(RECIPE.facts(), RECIPE.digest())
    manifest.close()
    return tmp_path / "out"


@pytest.mark.parametrize("use", ["run", "table"])
def test_a_locked_manifest_says_that_it_is_locked(small, monkeypatch, use):
    monkeypatch.setattr("otowake.cluster.manifest.LOCK_TIMEOUT", 0.05)
    with closing(sqlite3.connect(small / "manifest.sqlite")) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CannotWrite) as refused:
            if use == "run":
                run_archive([small.parent / "in"], small, recipe=RECIPE)
            else:
                write_tables(small)
    assert str(refused.value) == (
        f"{small / 'manifest.sqlite'}: another program has locked the manifest; "
        "close it or wait for it, then run the same command."
    )


def test_a_manifest_that_gets_locked_during_a_run_says_so(small, monkeypatch):
    monkeypatch.setattr("otowake.cluster.manifest.LOCK_TIMEOUT", 0.05)
    with closing(sqlite3.connect(small / "manifest.sqlite", isolation_level=None)) as other:

        def stamped(path):
            if not other.in_transaction:
                other.execute("BEGIN IMMEDIATE")
            return "stamp"

        monkeypatch.setattr("otowake.cluster.run.stamp_of", stamped)
        with pytest.raises(CannotWrite, match="another program has locked the manifest"):
            run_archive([small.parent / "in"], small, recipe=RECIPE)


def test_an_archive_that_may_not_be_written_says_so_and_can_be_read(shared_folder):
    clip(shared_folder / "in" / "0.wav", 0)
    archive = shared_folder / "out"
    archive.mkdir()
    manifest = Manifest(archive)
    manifest.begin(RECIPE.facts(), RECIPE.digest())
    manifest.add_paths([(str(shared_folder / "in" / "0.wav"), "stamp")])
    manifest.close()
    archive.chmod(0o555)
    try:
        done = run_without_rights("archive", "table", archive, "-o", shared_folder / "tables")
        assert done.returncode == 0, done.stderr
        assert f"{shared_folder}/tables/recordings.parquet: 1 row\n" in done.stdout
        assert sorted(path.name for path in archive.iterdir()) == ["manifest.sqlite"]
        run = run_without_rights("archive", "run", shared_folder / "in", "-o", archive)
        assert run.returncode == 1
        assert run.stderr == (
            f"Error: {archive}: this folder is not writable (Permission denied); "
            "choose another -o, or make it writable.\n"
        )
    finally:
        archive.chmod(0o755)


def test_a_manifest_that_may_not_be_written_says_so(shared_folder):
    clip(shared_folder / "in" / "0.wav", 0)
    Manifest(shared_folder).close()
    (shared_folder / "manifest.sqlite").chmod(0o444)
    run = run_without_rights("archive", "run", shared_folder / "in", "-o", shared_folder)
    assert run.returncode == 1 and run.stderr.count("\n") == 1
    assert "this folder is not writable (attempt to write a readonly database)" in run.stderr
