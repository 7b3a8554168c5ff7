"""What the tests of archives are made of: short clips, the program as a process, Dask processes, analyses that go wrong."""

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
        "150",
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
PATIENCE = 300
HOOKS = '''
"""Analyses that go wrong, for workers."""
import os, signal, time
import otowake

def analyse(audio, **how):
    """Kills its process, never ends or fails, by the name of the recording; leaves a mark when it begins."""
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
    """A short clip of two tones, 8,000 Hz."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * 8000)) / 8000
    tones = (np.sin(2 * np.pi * hz * t + rng.uniform()) for hz in rng.uniform(200, 800, 2))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sum(tones) * np.exp(-3 * t) / 3, 8000)
    return path


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "LANG": "C.UTF-8", "COLUMNS": "80", **more}


def otowake(*arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    """The program, to its end."""
    command = [sys.executable, "-m", "otowake", *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env=environment(**more),
    )


def begin(*arguments: object, **more: str) -> subprocess.Popen[str]:
    """The program, in a group of processes of its own, going on."""
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
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


def results(archive: Path) -> dict[str, int]:
    """The results that are there, each with the number of its file on the disk: a new one if it was made again."""
    return {
        path.parent.name: path.stat().st_ino
        for path in archive.glob("results/*/[!.]*/analysis.json")
    }


def tables(archive: Path) -> dict[str, bytes]:
    """The bytes of all tables of an archive."""
    done = otowake("archive", "table", archive)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in (archive / "tables").iterdir()}


def killed_and_gone_on_with(
    command: list[object],
    archive: Path,
    undisturbed: Path,
    kill: Callable[[subprocess.Popen[str]], None],
    *,
    wait: float,
    after: int = 0,
) -> int:
    """Begin a run, kill something `wait` seconds after so many results are there, go on.

    Nothing is done twice and the tables are the same. Gives how many results were there after the kill.
    """
    run = begin("-m", "otowake", *command)
    until(lambda: len(results(archive)) >= after or run.poll() is not None, f"{after} results")
    time.sleep(wait)
    if run.poll() is None:
        kill(run)
    run.communicate(timeout=PATIENCE)
    before = results(archive)
    done = otowake(*command)
    assert done.returncode == 0, done.stderr
    now = results(archive)
    assert before.items() <= now.items() and len(now) == 12
    assert tables(archive) == tables(undisturbed)
    assert not [*archive.glob(".trying/*")]
    return len(before)


def learning_killed_and_gone_on_with(
    command: list[object],
    file: Path,
    undisturbed: bytes,
    kill: Callable[[subprocess.Popen[str]], None],
    *,
    wait: float,
    after_state: bool,
) -> bool:
    """Begin to learn, kill something after `wait` seconds, from the start or from the first state that is kept; go on.

    The dictionary is the same, bit for bit, and nothing else is left. Gives whether a state was there after the kill.
    """
    state = file.with_name(file.name + ".learning") / "state.npz"
    run = begin("-m", "otowake", *command)
    if after_state:
        until(lambda: state.exists() or run.poll() is not None, "a first state")
    time.sleep(wait)
    if run.poll() is None:
        kill(run)
    run.communicate(timeout=PATIENCE)
    kept = state.exists()
    if not file.exists():
        done = otowake(*command)
        assert done.returncode == 0, done.stderr
    assert file.read_bytes() == undisturbed
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    return kept


def ended_by_a_signal(command: list[object], archive: Path, number: int, wait: float) -> int:
    """Begin a run and signal its driver `wait` seconds after it has begun its manifest.

    It ends well: no process of it is left, and nothing that is half-written. Gives its exit code.
    """
    run = begin("-m", "otowake", *command)
    until((archive / "manifest.sqlite").exists, "a manifest")
    time.sleep(wait)
    run.send_signal(number)
    _, err = run.communicate(timeout=PATIENCE)
    assert err == "", err
    assert not [*archive.rglob(".partial*")]
    until(lambda: not _alive(run.pid), "the end of its processes")
    return run.returncode


def _alive(session: int) -> list[int]:
    """The processes of a session that have not ended."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def kill_all_of_it(run: subprocess.Popen[str]) -> None:
    """The process and those that it has begun."""
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
        """A worker of one thread, with a nanny that begins it anew or without."""
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
