"""Fuzz the readers: damage files of every kind that otowake reads, and run their readers.

    python -m benchmarks.fuzz [--minutes 5 | --inputs 500] [--seed 0] [--first 0] [--folder DIR]

Each input is one file damaged in one way (``benchmarks/damage.py``) and one call
(``benchmarks/doors.py``): a function that reads the file, a command of the program, or an action of
the web page on a result. The call must use the file, or refuse it with one sentence and a
documented exit code. Any other exception or output, a process that ends, or exceeds its time or
memory limit, is a finding: it is printed with its number, the input is kept in the folder, and the
exit code is 1. An input depends only on the seed and its number: ``--first N --inputs 1`` repeats
number N.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, TextIO

MEMORY_LIMIT_GIB = 8
"""Address space of the process; the libraries take some 3 GiB."""

CPU_LIMIT = 120
"""Processor seconds for one input."""

WALL_LIMIT = 600
"""Seconds for one input: the machine may be busy."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, help="duration, instead of --inputs")
    parser.add_argument("--inputs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="skip slow calls")
    parser.add_argument("--last", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--end", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.last is not None:
        return work(options)
    options.folder = options.folder or Path(tempfile.mkdtemp(prefix="fuzz-"))
    options.end = time.monotonic() + 60 * options.minutes if options.minutes else float("inf")
    options.last = sys.maxsize if options.minutes else options.first + options.inputs
    tally: Counter[tuple[str, str]] = Counter()
    maxima: dict[str, tuple[int, str]] = {"ms": (0, ""), "MiB": (0, "")}
    first: int | None = options.first
    while first is not None and first < options.last and time.monotonic() < options.end:
        first = followed(options, first, tally, maxima)
    for name in sorted({name for name, _ in tally}):
        counts = "  ".join(
            f"{verdict} {tally[name, verdict]:6}" for verdict in ("used", "refused", "worse")
        )
        print(f"{name:36} {counts}")
    print(
        f"{tally.total()} inputs, the slowest {maxima['ms'][0] / 1000:.2f} s ({maxima['ms'][1]}), "
        f"at most {maxima['MiB'][0] / 1024:.2f} GiB; {options.folder}"
    )
    return 1 if any(verdict == "worse" for _, verdict in tally) else 0


def followed(
    options: argparse.Namespace,
    first: int,
    tally: Counter[tuple[str, str]],
    maxima: dict[str, tuple[int, str]],
) -> int | None:
    """Run the inputs from `first` on in a process.

    Returns the number to continue with if the process ended early, None if it is done.
    """
    command = [
        sys.executable,
        "-m",
        "benchmarks.fuzz",
        "--folder",
        str(options.folder),
        "--first",
        str(first),
    ]
    command += ["--seed", str(options.seed), "--last", str(options.last), "--end", str(options.end)]
    command += ["--quick"] if options.quick else []
    fact: dict[str, Any] = {"number": first, "name": "make"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            fact = json.loads(line)
            if "verdict" in fact:
                tally[fact["name"], fact["verdict"]] += 1
                maxima |= {
                    measure: max(before, (fact[measure], fact["name"]))
                    for measure, before in maxima.items()
                }
            if "why" in fact:
                print(f"input {fact['number']}, {fact['name']}: {fact['why']}", flush=True)
    if process.returncode == 0:
        return None
    tally[fact["name"], "worse"] += 1
    print(
        f"input {fact['number']}, {fact['name']}: the process ended with {process.returncode}",
        flush=True,
    )
    print((options.folder / "stuck").read_text(), flush=True)
    keep(options.folder, fact["number"])
    return None if fact["name"] == "make" else fact["number"] + 1


def keep(folder: Path, number: int) -> None:
    """Keep the current input."""
    if (folder / "at-work").exists():
        (folder / "at-work").rename(folder / f"found-{number}-{time.monotonic_ns()}")


def work(options: argparse.Namespace) -> int:
    """Run inputs, and print the outcome of each as a line of JSON."""
    from benchmarks.doors import fuzz_targets
    from benchmarks.fuzz_files import make
    from otowake.errors import InputWarning
    from otowake.runtime import quiet_decoders

    out = os.fdopen(os.dup(1), "w")
    warnings.simplefilter("ignore", InputWarning)
    faulthandler.dump_traceback_later(3 * WALL_LIMIT, exit=True)
    if not (options.folder / "whole").exists():
        make(options.folder / "whole")
    targets = fuzz_targets(options.folder / "whole")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_GIB * 2**30, MEMORY_LIMIT_GIB * 2**30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    names = [name for name, target in targets.items() for _ in range(target.weight)]
    with quiet_decoders(), (options.folder / "stuck").open("w") as stuck:
        faulthandler.register(signal.SIGPROF, file=stuck, chain=True)
        for number in range(options.first, options.last):
            if time.monotonic() > options.end:
                break
            rng = random.Random(f"{options.seed}-{number}")
            target = targets[names[number % len(names)]]
            name, call = target.chosen(rng, options.quick)
            fact = {"number": number, "name": f"{names[number % len(names)]}: {name}"}
            print(json.dumps(fact), file=out, flush=True)
            fact |= tried(options.folder, target, call, rng, stuck)
            if "why" in fact:
                keep(options.folder, number)
            fact["MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**10
            print(json.dumps(fact), file=out, flush=True)
    faulthandler.cancel_dump_traceback_later()
    return 0


def tried(
    folder: Path, target: Any, call: Any, rng: random.Random, stuck: TextIO
) -> dict[str, Any]:
    """Run a call on a folder with one damaged file, and return the outcome."""
    from benchmarks.damage import damage
    from benchmarks.doors import Refused
    from otowake.errors import OtowakeError

    workspace = folder / "at-work"
    shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir()
    target.copied(workspace / "in")
    file = workspace / "in" / rng.choice(target.files)
    how = damage(file, rng)
    faulthandler.dump_traceback_later(WALL_LIMIT, exit=True, file=stuck)
    signal.setitimer(signal.ITIMER_PROF, CPU_LIMIT)
    begun = time.monotonic()
    try:
        call(workspace / "in", file)
        fact: dict[str, Any] = {"verdict": "used"}
    except (OtowakeError, Refused):
        fact = {"verdict": "refused"}
    except Exception:
        why = f"{file.relative_to(workspace / 'in')} ({how})\n{traceback.format_exc(limit=-6)}"
        fact = {"verdict": "worse", "why": why}
    return fact | {"ms": round(1000 * (time.monotonic() - begun))}


if __name__ == "__main__":
    sys.exit(main())
