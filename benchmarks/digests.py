"""Digest everything that an analysis computes, to show that a change of the code changes no result.

    python -m benchmarks.digests RECORDING... --out before.json
    python -m benchmarks.digests RECORDING... --against before.json

Each recording is analysed by the command line with the next of :data:`SETTINGS`. A digest covers
only values, so names of columns and keys may change: rows of tables, arrays of factors and stems,
samples of the sound, the bytes of `notes.mid`. ``--against`` prints the differences, and the exit
code is 1 if there are any.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

SETTINGS = (
    (),
    ("--n-components", "12", "--clean", "2"),
    ("--transcriber", "template-nmf", "--loss", "euclidean"),
    ("--bend", "--solver", "mu", "--max-iter", "40"),
    ("--parts", "2", "--effort", "thorough", "--n-components", "8"),
)
"""Options of the command line; each recording takes the next ones."""


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def of_arrays(path: Path) -> str:
    """Digest the arrays of a file, with types and shapes, without names."""
    with np.load(path) as arrays:
        parts = [f"{a.dtype}{a.shape}".encode() + a.tobytes() for a in (arrays[k] for k in arrays)]
    return digest(b"".join(sorted(parts)))


def of_table(path: Path) -> str:
    """Digest the rows of a table, without the header."""
    return digest(path.read_bytes().split(b"\n", 1)[1])


def of_sound(path: Path) -> str:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return digest(f"{rate}{samples.shape}".encode() + samples.tobytes())


PROGRAM = "from otowake.cli import entry; entry()"
READERS = {".npz": of_arrays, ".csv": of_table, ".flac": of_sound}


def digests(folder: Path) -> dict[str, str]:
    """Digest each file of results in `folder`."""
    kept = {".npz", ".csv", ".flac", ".mid", ".musicxml"}
    files = sorted(path for path in folder.rglob("*") if path.suffix in kept)
    return {
        path.relative_to(folder).as_posix(): READERS.get(
            path.suffix, lambda p: digest(p.read_bytes())
        )(path)
        for path in files
    }


def analysed(recording: Path, options: tuple[str, ...], duration: float) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-c", PROGRAM, "split", str(recording), "-o", f"{out}/result"]
        subprocess.run(
            [*command, "--duration", str(duration), *options], check=True, stdout=subprocess.DEVNULL
        )
        return digests(Path(out))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recordings", nargs="+", type=Path)
    parser.add_argument("--duration", type=float, default=12.0, help="seconds of each recording")
    parser.add_argument("--out", type=Path, help="write the digests here")
    parser.add_argument("--against", type=Path, help="compare with these digests")
    given = parser.parse_args(arguments)
    now = {}
    for number, recording in enumerate(given.recordings):
        options = SETTINGS[number % len(SETTINGS)]
        print(f"{recording.name} {' '.join(options)}", flush=True)
        now[f"{number} {recording.name}"] = analysed(recording, options, given.duration)
    if given.out:
        given.out.write_text(json.dumps(now, indent=1))
    if given.against is None:
        return 0
    before = json.loads(given.against.read_text())
    differing = [
        f"{name}: {file}"
        for name in sorted({*before, *now})
        for file in sorted({*before.get(name, {}), *now.get(name, {})})
        if before.get(name, {}).get(file) != now.get(name, {}).get(file)
    ]
    print("\n".join(differing) or f"all {sum(map(len, now.values()))} files are the same")
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
