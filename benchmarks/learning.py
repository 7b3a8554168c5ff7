"""Compare the final loss and the time of the solvers with the manual's program, in one run.

    python benchmarks/learning.py FILE... [--seeds 5] [--tensorflow PYTHON]

For each whole file, at the defaults: the final loss of the manual's own solver (Adam, 10,000
iterations, the same arithmetic as the manual's program, compiled), and of `normal` and `thorough`:
median and range over the seeds, time, and the ratio of the medians. ``--tensorflow`` names the
Python of an environment with ``tensorflow-cpu`` and ``librosa``; the manual's program itself is
then timed as well (10,000 times the mean step).
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import time
from pathlib import Path

import otowake
from otowake.types import Fit, Floats

SETTINGS = {
    "adam": {"solver": "adam"},
    "normal": {"effort": "normal"},
    "thorough": {"effort": "thorough"},
}


def timed(V: Floats, seed: int, **options: str) -> tuple[Fit, float]:
    begun = time.perf_counter()
    fit = otowake.factorize(V, seed=seed, **options)
    return fit, time.perf_counter() - begun


def manual_seconds(python: str, path: str) -> float:
    """Estimate the time of the manual's program: 10,000 times its mean step."""
    script = Path(__file__).with_name("manual_tensorflow.py")
    done = subprocess.run(
        [python, str(script), "time", path], check=True, capture_output=True, text=True
    )
    match = re.search(r"([\d.]+) ms", done.stdout)
    if not match:
        raise SystemExit(f"no time in: {done.stdout}")
    return 10 * float(match[1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tensorflow", metavar="PYTHON")
    arguments = parser.parse_args()
    for path in arguments.files:
        V = otowake.spectrogram(otowake.load(path)).values
        print(f"\n{Path(path).name}: V {V.shape[0]} x {V.shape[1]}")
        manual = manual_seconds(arguments.tensorflow, path) if arguments.tensorflow else None
        if manual:
            print(f"  the manual's program: {manual:.0f} s (10,000 x the mean of 30 steps)")
        medians = {}
        for name, options in SETTINGS.items():
            if name != "adam":
                timed(V, seed=10**6, **options)  # compiles
            runs = [timed(V, seed, **options) for seed in range(arguments.seeds)]
            losses, seconds = [fit.loss for fit, _ in runs], [s for _, s in runs]
            medians[name], took = statistics.median(losses), statistics.median(seconds)
            against = f", 1/{manual / took:,.0f} of the manual's" if manual else ""
            print(
                f"  {name:9s} loss {medians[name]:10,.0f} ({min(losses):,.0f}-{max(losses):,.0f}),"
                f" {medians[name] / medians['adam'] - 1:+.2%} of adam's, {took:.2f} s{against}"
            )


if __name__ == "__main__":
    main()
