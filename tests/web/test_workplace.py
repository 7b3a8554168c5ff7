"""What a server leaves behind: nothing, or after a kill what the next one takes away."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from otowake.web import workplace
from otowake.web.workplace import LOCK, PREFIX, sweep

HOLD = """
import sys
from otowake.web.workplace import workplace
with workplace() as place:
    print(place, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Redirect temporary files of this process and its children to a folder."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(workplace.tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def holder(temporary):
    """Start a process with a folder like a server's; return both."""
    processes = []

    def start():
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        processes.append(subprocess.Popen([sys.executable, "-c", HOLD], text=True, **pipes))
        return processes[-1], Path(processes[-1].stdout.readline().strip()).parent

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_folders_of_dead_servers_are_removed_and_others_kept(holder, temporary):
    living, dead = holder(), holder()
    (dead[1] / "jobs" / "x").mkdir()
    (dead[1] / "jobs" / "x" / "sound").write_bytes(b"sound")
    work = ["otowake.web.worker", "600"]
    child = subprocess.Popen(work, executable="/bin/sleep", cwd=dead[1] / "jobs")
    child.send_signal(signal.SIGSTOP)  # as one that can't notice that its server is gone
    other = subprocess.Popen(work, executable="/bin/sleep", cwd=living[1] / "jobs")
    visitor = subprocess.Popen(["sleep", "600"], cwd=dead[1] / "jobs")
    try:
        dead[0].kill()
        dead[0].wait()
        assert dead[1].exists()
        with workplace.workplace() as mine:
            assert sorted(temporary.iterdir()) == sorted([living[1], mine.parent])
        assert child.wait(60) == -signal.SIGKILL
        assert other.poll() is None and visitor.poll() is None
        living[0].communicate("")
        assert list(temporary.iterdir()) == []
    finally:
        for process in (child, other, visitor):
            process.kill()
            process.wait()


def test_other_folders_are_kept(temporary, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / LOCK).touch()
    (temporary / (PREFIX + "link")).symlink_to(elsewhere)
    (temporary / (PREFIX + "new")).mkdir()  # not locked yet
    (temporary / (PREFIX + "file")).touch()
    sweep(temporary)
    assert len(list(temporary.iterdir())) == 3 and (elsewhere / LOCK).exists()


def test_folders_of_other_users_are_kept(temporary, monkeypatch):
    theirs = temporary / (PREFIX + "theirs")
    theirs.mkdir()
    (theirs / LOCK).touch()
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    sweep(temporary)
    assert theirs.exists()
    monkeypatch.setattr(os, "geteuid", lambda: mine)
    sweep(temporary)
    assert not theirs.exists()


def served(*before):
    command = [*before, sys.executable, "-m", "otowake", "serve", "--port", "0", "--lang", "en"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, **pipes)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_the_server_and_removes_its_files(temporary, number):
    with served() as process:
        assert re.search("http://", process.stdout.readline())
        process.send_signal(number)
        assert process.wait(60) == 0
        assert "Traceback" not in process.stderr.read()
    assert list(temporary.iterdir()) == []


def test_under_nohup_it_outlives_its_terminal(temporary):
    with served("nohup") as process:
        process.stdout.readline()
        handlers = re.search(r"SigIgn:\s*(\w+)", Path(f"/proc/{process.pid}/status").read_text())[1]
        assert int(handlers, 16) & 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
