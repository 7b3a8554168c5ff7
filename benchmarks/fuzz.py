"""Hostile input: files of every kind that is read are damaged, and everything that reads them is
tried.

    python -m benchmarks.fuzz [--minutes 5 | --inputs 500] [--seed 0] [--first 0] [--folder DIR]

Each input is one file damaged in one way (``benchmarks/damage.py``) and one thing done with it
(``benchmarks/doors.py``): a function that reads it, a command of the program, or what the web page
does with a result. It must be used, or refused with one sentence and an exit code that is
documented. Anything else that is raised or printed, a process that ends, or takes longer or more
memory than its limit, is a finding: it is printed with its number, its input is kept in the folder,
and the exit code is 1. An input depends on the seed and its number alone: ``--first N --inputs 1``
tries number N again.
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

GIB, SECONDS, WAIT = 8, 120, 600
"""The memory that the process may take (its libraries' own address space is some 3 GiB of it), the
seconds that it may compute for one input, and those that may pass: the machine may be busy."""


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    ask.add_argument("--minutes", type=float, help="for how long, instead of --inputs")
    ask.add_argument("--inputs", type=int, default=500)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--first", type=int, default=0, help="the number of the first input")
    ask.add_argument("--folder", type=Path)
    ask.add_argument("--quick", action="store_true", help="leave out what takes seconds")
    ask.add_argument("--last", type=int, help=argparse.SUPPRESS)
    ask.add_argument("--end", type=float, help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.last is not None:
        return work(given)
    given.folder = given.folder or Path(tempfile.mkdtemp(prefix="fuzz-"))
    given.end = time.monotonic() + 60 * given.minutes if given.minutes else float("inf")
    given.last = sys.maxsize if given.minutes else given.first + given.inputs
    tally: Counter[tuple[str, str]] = Counter()
    most: dict[str, tuple[int, str]] = {"ms": (0, ""), "MiB": (0, "")}
    first: int | None = given.first
    while first is not None and first < given.last and time.monotonic() < given.end:
        first = followed(given, first, tally, most)
    for name in sorted({name for name, _ in tally}):
        counts = "  ".join(
            f"{verdict} {tally[name, verdict]:6}" for verdict in ("used", "refused", "worse")
        )
        print(f"{name:36} {counts}")
    print(
        f"{tally.total()} inputs, the slowest {most['ms'][0] / 1000:.2f} s ({most['ms'][1]}), "
        f"at most {most['MiB'][0] / 1024:.2f} GiB; {given.folder}"
    )
    return 1 if any(verdict == "worse" for _, verdict in tally) else 0


def followed(
    given: argparse.Namespace,
    first: int,
    tally: Counter[tuple[str, str]],
    most: dict[str, tuple[int, str]],
) -> int | None:
    """Run the inputs from `first` on in a process; the number to go on with if it ended early, None
    if it is done."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.fuzz",
        "--folder",
        str(given.folder),
        "--first",
        str(first),
    ]
    command += ["--seed", str(given.seed), "--last", str(given.last), "--end", str(given.end)]
    command += ["--quick"] if given.quick else []
    fact: dict[str, Any] = {"number": first, "name": "make"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            fact = json.loads(line)
            if "verdict" in fact:
                tally[fact["name"], fact["verdict"]] += 1
                most |= {
                    measure: max(before, (fact[measure], fact["name"]))
                    for measure, before in most.items()
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
    print((given.folder / "stuck").read_text(), flush=True)
    keep(given.folder, fact["number"])
    return None if fact["name"] == "make" else fact["number"] + 1


def keep(folder: Path, number: int) -> None:
    """Keep the input that is worked on."""
    if (folder / "at-work").exists():
        (folder / "at-work").rename(folder / f"found-{number}-{time.monotonic_ns()}")


def work(given: argparse.Namespace) -> int:
    """Try inputs, and print what comes of each as a line of JSON."""
    from benchmarks.doors import made_doors, make
    from otowake.errors import InputWarning
    from otowake.runtime import quiet_decoders

    out = os.fdopen(os.dup(1), "w")
    warnings.simplefilter("ignore", InputWarning)
    faulthandler.dump_traceback_later(3 * WAIT, exit=True)
    if not (given.folder / "whole").exists():
        make(given.folder / "whole")
    doors = made_doors(given.folder / "whole")
    resource.setrlimit(resource.RLIMIT_AS, (GIB * 2**30, GIB * 2**30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    names = [name for name, door in doors.items() for _ in range(door.weight)]
    with quiet_decoders(), (given.folder / "stuck").open("w") as stuck:
        faulthandler.register(signal.SIGPROF, file=stuck, chain=True)
        for number in range(given.first, given.last):
            if time.monotonic() > given.end:
                break
            chance = random.Random(f"{given.seed}-{number}")
            door = doors[names[number % len(names)]]
            call, do = door.chosen(chance, given.quick)
            fact = {"number": number, "name": f"{names[number % len(names)]}: {call}"}
            print(json.dumps(fact), file=out, flush=True)
            fact |= tried(given.folder, door, do, chance, stuck)
            if "why" in fact:
                keep(given.folder, number)
            fact["MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**10
            print(json.dumps(fact), file=out, flush=True)
    faulthandler.cancel_dump_traceback_later()
    return 0


def tried(folder: Path, door: Any, do: Any, chance: random.Random, stuck: TextIO) -> dict[str, Any]:
    """What comes of doing something with a folder of which one file is damaged."""
    from benchmarks.damage import damage
    from benchmarks.doors import Refused
    from otowake.errors import OtowakeError

    place = folder / "at-work"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    door.copied(place / "in")
    file = place / "in" / chance.choice(door.files)
    how = damage(file, chance)
    faulthandler.dump_traceback_later(WAIT, exit=True, file=stuck)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    begun = time.monotonic()
    try:
        do(place / "in", file)
        fact: dict[str, Any] = {"verdict": "used"}
    except (OtowakeError, Refused):
        fact = {"verdict": "refused"}
    except Exception:
        why = f"{file.relative_to(place / 'in')} ({how})\n{traceback.format_exc(limit=-6)}"
        fact = {"verdict": "worse", "why": why}
    return fact | {"ms": round(1000 * (time.monotonic() - begun))}


if __name__ == "__main__":
    sys.exit(main())
