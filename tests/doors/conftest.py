"""What the tests of archives share: a corpus, an archive that nothing disturbed, a cluster."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import DRIVER, FAST, HOOKS, LEARN, Cluster, clip, otowake


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """Twelve clips in folders."""
    folder = tmp_path_factory.mktemp("corpus")
    for i in range(12):
        clip(folder / f"disc-{i % 3}" / f"clip-{i:02d}.wav", i)
    return folder


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory, corpus) -> Path:
    """Run the archive of the corpus on this machine, undisturbed."""
    archive = tmp_path_factory.mktemp("undisturbed") / "archive"
    done = otowake("archive", "run", corpus, "-o", archive, "--workers", 2, *FAST)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return archive


@pytest.fixture(scope="session")
def learnt(tmp_path_factory, corpus) -> bytes:
    """Learn the dictionary of the corpus on this machine, undisturbed."""
    file = tmp_path_factory.mktemp("learnt") / "music.npz"
    done = otowake("archive", "learn", corpus, "-o", file, *LEARN)
    assert done.returncode == 0, done.stderr
    return file.read_bytes()


@pytest.fixture
def hooked(tmp_path, monkeypatch) -> Path:
    """Write a driver whose analyses go wrong, and put it on the path of new processes."""
    (tmp_path / "hooks.py").write_text(HOOKS)
    (tmp_path / "driver.py").write_text(DRIVER)
    (tmp_path / "begun").touch()
    monkeypatch.setenv("BEGUN", str(tmp_path / "begun"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    return tmp_path / "driver.py"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    """Start a scheduler with two workers."""
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    made.add()
    made.add()
    yield made
    made.end()


@pytest.fixture(scope="session")
def whole_files(tmp_path_factory) -> Path:
    """Make small files of every kind, among them a result with everything in it."""
    from benchmarks.fuzz_files import make

    folder = tmp_path_factory.mktemp("fuzz") / "whole"
    make(folder)
    return folder


@pytest.fixture
def no_waiting():
    """Something that waits for a pipe is a failure, not a test without end."""

    def waited(number, frame):
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, waited)
    signal.alarm(300)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
