"""Measure the throughput of an archive, its scaling with workers, and the driver's memory.

    python benchmarks/archive.py --cache DIR [--clips 300] [--seconds 30]
        [--entries 300 30000] [--only NAME ...]

The clips are synthesised: four voices of random notes with partials, a bass and a beat, 44.1 kHz,
all different. Each measurement is the whole command, from process start to exit. DIR/measured.json
keeps the measurements with the load of the machine; they are not repeated. On a busy machine
`real_time_of_a_core`, from processor time, estimates the speed of an idle core.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

RATE = 44100


def music(seed: int, seconds: float) -> np.ndarray:
    """Synthesise a clip."""
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE)
    sound = np.zeros(n)
    for low, length in ((36, 1.0), (48, 0.5), (60, 0.5), (67, 0.25)):
        for start in np.arange(0, seconds - length, length):
            if rng.random() < 0.2:
                continue
            t = np.arange(round(length * RATE)) / RATE
            hz = 440 * 2 ** ((low + rng.choice([0, 2, 4, 5, 7, 9, 11]) - 69) / 12)
            tone = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 8))
            at = round(start * RATE)
            sound[at : at + len(t)] += 0.1 * rng.uniform(0.5, 1) * np.exp(-3 * t) * tone
    for start in np.arange(0, seconds - 0.5, 0.5):
        at, t = round(start * RATE), np.arange(RATE // 10) / RATE
        sound[at : at + len(t)] += 0.1 * rng.standard_normal(len(t)) * np.exp(-40 * t)
    return sound / max(1.0, np.abs(sound).max())


def clips(folder: Path, n: int, seconds: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        path = folder / f"{i:05d}.flac"
        if not path.exists():
            soundfile.write(folder / "next.flac", music(i, seconds), RATE)
            (folder / "next.flac").rename(path)


def entries(folder: Path, n: int) -> None:
    """Write files of a tenth of a second, all different."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        subfolder = folder / f"{i // 1000:03d}"
        path = subfolder / f"{i:05d}.wav"
        if not path.exists():
            subfolder.mkdir(exist_ok=True)
            soundfile.write(path, np.random.default_rng(i).standard_normal(800) / 10, 8000)


def run(folder: Path, n: int, archive: Path, stages: str, workers: int) -> tuple[float, float]:
    """Return the wall time of the command, and the processor time of it and its workers."""
    shutil.rmtree(archive, ignore_errors=True)
    table = archive.with_suffix(".csv")
    table.write_text("path\n" + "".join(f"{folder / f'{i:05d}.flac'}\n" for i in range(n)))
    command = [sys.executable, "-m", "otowake", "archive", "run", str(table), "-o", str(archive)]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, "--stages", stages, "--workers", str(workers)], check=True)
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


DRIVER = """
import resource, sys
from otowake.cluster import run_archive
from otowake.results.recipe import Recipe
from otowake.options import ArchiveSpec
from benchmarks.archive import empty_analysis

if __name__ == "__main__":
    spec = ArchiveSpec(workers=2)
    recipe = Recipe(("components",))
    tally = run_archive(
        [sys.argv[1]], sys.argv[2], recipe=recipe, spec=spec, analyse=empty_analysis
    )
    print(tally.done, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def empty_analysis(audio: Any, **how: Any) -> Any:
    """Return an empty analysis immediately."""
    from otowake.types import Analysis

    return Analysis(audio, None, (), np.zeros(0), np.zeros(0), 1.0, 440.0, how["stft"])


def driver_memory(folder: Path, archive: Path) -> tuple[int, int]:
    """Return the number of recordings done and the driver's peak memory in bytes."""
    shutil.rmtree(archive, ignore_errors=True)
    script = archive.with_suffix(".py")
    script.write_text(DRIVER)
    paths = os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, script, folder, archive],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    n, size = done.stdout.split()
    return int(n), int(size)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--entries", type=int, nargs="*", default=[300, 30000])
    parser.add_argument(
        "--only", nargs="*", help="names of measurements, such as components-2 or driver-300"
    )
    options = parser.parse_args()
    cache = options.cache.absolute()
    log = cache / "measured.json"
    cache.mkdir(parents=True, exist_ok=True)
    measured = json.loads(log.read_text()) if log.exists() else {}

    def measure(name: str, work: Any) -> None:
        if name not in measured and (not options.only or name.rpartition(":")[0] in options.only):
            measured[name] = {**work(), "load": [round(x, 1) for x in os.getloadavg()]}
            log.write_text(json.dumps(measured, indent=2))
            print(name, measured[name], flush=True)

    music_folder = cache / f"clips-{options.seconds:g}"

    def speed(stages: str, workers: int) -> dict[str, float]:
        clips(music_folder, options.clips, options.seconds)
        seconds, processor = run(music_folder, options.clips, cache / "archive", stages, workers)
        length = options.clips * options.seconds
        of_a_core = length / processor
        return {"seconds": seconds, "real_time": length / seconds, "real_time_of_a_core": of_a_core}

    for stages, workers in (
        ("components", 2),
        ("components", 1),
        ("notes", 2),
        ("components,notes", 2),
    ):
        measure(f"{stages}-{workers}:{options.clips}", lambda s=stages, w=workers: speed(s, w))
    for n in options.entries:

        def memory(n: int = n) -> dict[str, float]:
            folder = cache / f"entries-{n}"
            entries(folder, n)
            done, size = driver_memory(folder, cache / "archive")
            return {"done": done, "MiB": size / 2**20}

        measure(f"driver-{n}:{n}", memory)
    one, two = (measured.get(f"components-{w}:{options.clips}") for w in (1, 2))
    if one and two:
        print(f"two workers to one: {one['seconds'] / two['seconds']:.2f}")


if __name__ == "__main__":
    main()
