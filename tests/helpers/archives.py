"""Make short clips, run the program and Dask as processes, and provide failing analyses."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import soundfile
from commands import TIMEOUT, environment, run_here
from commands import run_process as otowake

FAST = [
    "--stages",
    "components",
    "--n-components",
    "2",
    "--max-iter",
    "4",
    "--sample-rate",
    "8000",
    "--n-fft",
    "256",
    "--hop",
    "64",
]
LEARN = [
    *(
        "--workers",
        "2",
        "--epochs",
        "60",
        "--save",
        "5",
        "--tol",
        "0",
        "--portions",
        "5",
        "--n-components",
        "3",
    ),
    *("--sample-rate", "8000", "--n-fft", "256", "--hop", "64"),
]
HOOKS = '''
"""Analyses that go wrong, for workers."""
import os, signal, time
import otowake

def analyse(audio, **how):
    """Log the start, then kill the process, hang, fail or analyse, by the name of the recording."""
    with open(os.environ["BEGUN"], "a") as log:
        log.write(audio.name + "\\n")
    if "kills" in audio.name:
        os.kill(os.getpid(), signal.SIGKILL)
    if "hangs" in audio.name:
        time.sleep(10_000)
    if "raises" in audio.name:
        raise RuntimeError("a mistake")
    if "slow" in os.environ:
        time.sleep(float(os.environ["slow"]))
    return otowake.analyse(audio, **how)
'''
DRIVER = """
import sys
from otowake.cluster import run_archive
from otowake.results.recipe import Recipe
from otowake.options import ArchiveSpec, FitSpec, StftSpec
import hooks

if __name__ == "__main__":
    recipe = Recipe(
        ("components",),
        stft=StftSpec(sample_rate=8000, n_fft=256, hop=64),
        fit=FitSpec(n_components=2, max_iter=4),
    )
    spec = ArchiveSpec(workers=2, **eval(sys.argv[3]))
    tally = run_archive(
        [sys.argv[1]], sys.argv[2], recipe=recipe, spec=spec, analyse=hooks.analyse,
        failed=lambda path, reason: print(path, reason, file=sys.stderr),
    )
    sys.exit(1 if tally.failed else 0)
"""


def clip(path: Path, seed: int, seconds: float = 0.3) -> Path:
    """Write a short clip of two tones at 8,000 Hz."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * 8000)) / 8000
    tones = (np.sin(2 * np.pi * hz * t + rng.uniform()) for hz in rng.uniform(200, 800, 2))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sum(tones) * np.exp(-3 * t) / 3, 8000)
    return path


def begin(*arguments: object, **more: str) -> subprocess.Popen[str]:
    """Start Python in a new process group and return at once."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**more),
        start_new_session=True,
    )


def until(holds: Callable[[], object], what: str) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + TIMEOUT
    while not holds():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


def results(archive: Path) -> dict[str, int]:
    """Return the results, each with the inode of its file, which changes if it is made again."""
    return {
        path.parent.name: path.stat().st_ino
        for path in archive.glob("results/*/[!.]*/analysis.json")
    }


def tables(archive: Path) -> dict[str, bytes]:
    """Write the tables of an archive and return their bytes."""
    done = run_here("archive", "table", archive)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in (archive / "tables").iterdir()}


def interrupt_and_resume(
    command: list[object],
    archive: Path,
    undisturbed: Path,
    kill: Callable[[subprocess.Popen[str]], None],
    *,
    wait: float,
    after: int = 0,
) -> int:
    """Start a run, kill it `wait` seconds after a number of results, and resume it.

    No result is made twice and the tables are the same. Return the number of results after the
    kill.
    """
    run = begin("-m", "otowake", *command)
    until(lambda: len(results(archive)) >= after or run.poll() is not None, f"{after} results")
    time.sleep(wait)
    if run.poll() is None:
        kill(run)
    run.communicate(timeout=TIMEOUT)
    before = results(archive)
    done = otowake(*command)
    assert done.returncode == 0, done.stderr
    now = results(archive)
    assert before.items() <= now.items() and len(now) == 12
    assert tables(archive) == tables(undisturbed)
    assert not [*archive.glob(".trying/*")]
    return len(before)


def interrupt_and_resume_learning(
    command: list[object],
    file: Path,
    undisturbed: bytes,
    kill: Callable[[subprocess.Popen[str]], None],
    *,
    wait: float,
    after_state: bool,
) -> bool:
    """Start learning, kill it `wait` seconds after the start or the first saved state, and resume.

    The dictionary is bit-identical, and no other file is left. Return whether there was a state
    after the kill.
    """
    state = file.with_name(file.name + ".learning") / "state.npz"
    run = begin("-m", "otowake", *command)
    if after_state:
        until(lambda: state.exists() or run.poll() is not None, "a first state")
    time.sleep(wait)
    if run.poll() is None:
        kill(run)
    run.communicate(timeout=TIMEOUT)
    kept = state.exists()
    if not file.exists():
        done = otowake(*command)
        assert done.returncode == 0, done.stderr
    assert file.read_bytes() == undisturbed
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    return kept


def end_by_signal(command: list[object], archive: Path, number: int, wait: float) -> int:
    """Start a run and signal the driver `wait` seconds after the manifest exists.

    No process and no partial file is left. Return the exit code.
    """
    run = begin("-m", "otowake", *command)
    until((archive / "manifest.sqlite").exists, "a manifest")
    time.sleep(wait)
    run.send_signal(number)
    _, err = run.communicate(timeout=TIMEOUT)
    assert err == "", err
    assert not [*archive.rglob(".partial*")]
    until(lambda: not _alive(run.pid), "the end of its processes")
    return run.returncode


def _alive(session: int) -> list[int]:
    """Return the running processes of a session."""
    alive = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                alive.append(process.pid)
    return alive


def kill_group(run: subprocess.Popen[str]) -> None:
    """Kill a process and its children."""
    os.killpg(run.pid, signal.SIGKILL)


class Cluster:
    """A scheduler and workers, each a process of its own, as on other machines."""

    def __init__(self, folder: Path, ttl: str = "5 minutes") -> None:
        self.file = folder / "scheduler.json"
        more = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": ttl}
        where = ["--scheduler-file", str(self.file), "--host", "127.0.0.1", "--no-dashboard"]
        self.folder, self.workers = folder, []
        self.scheduler = self._begin("scheduler", *where, "--port", "0", **more)
        until(self.file.exists, "a scheduler")

    def _begin(self, what: str, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + what, *arguments]
        log = (self.folder / f"{what}.log").open("ab")
        with log:
            return subprocess.Popen(
                command, env=environment(**more), stdout=log, stderr=log, start_new_session=True
            )

    def add(self, *arguments: str, nanny: bool = False, **more: str) -> subprocess.Popen[bytes]:
        """Start a worker of one thread, with or without a nanny that restarts it."""
        local = ["--local-directory", str(self.folder), "--no-dashboard", "--nthreads", "1"]
        local += [] if nanny else ["--no-nanny"]
        worker = self._begin(
            "worker", "--scheduler-file", str(self.file), *local, *arguments, **more
        )
        self.workers.append(worker)
        return worker

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
