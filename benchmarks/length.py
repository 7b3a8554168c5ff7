"""Measure the cost per frame from 1,000 to 500,000 frames: it should not depend on the length.

    python benchmarks/length.py FILE [--components 20] [--frames 1000 10000 100000 500000]
        [--rounds 3]

V repeats the file's spectrogram; its blocks are made on demand. Each length is timed over enough
iterations to be measurable, after compilation, in turns; the fastest round counts.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import otowake
from otowake.nmf.frames import PaddedBlocks
from otowake.nmf.objective import Problem
from otowake.nmf.solvers import EXTRAPOLATED
from otowake.nmf.states import InBlocks
from otowake.types import Floats


class RepeatedFrames:
    """A matrix that repeats `values` up to a number of frames."""

    def __init__(self, values: Floats, n_frames: int) -> None:
        self.values, self.shape = values, (values.shape[0], n_frames)

    def frames(self, start: int, stop: int) -> Floats:
        return np.take(self.values, np.arange(start, stop) % self.values.shape[1], axis=1)


def blockwise_run(V: RepeatedFrames, n_components: int) -> InBlocks:
    """Make a run in blocks of 1,000 frames, from a random start."""
    blocks = PaddedBlocks(V, 1000)
    rng = np.random.default_rng(0)
    W = rng.uniform(0.1, 1, (1, V.shape[0], n_components)).astype(np.float32)
    H = [rng.uniform(0.1, 1, (n_components, 1000)).astype(np.float32) for _ in range(len(blocks))]
    return InBlocks(Problem.plain(1.0, n_components), blocks, EXTRAPOLATED, W, [H], V.shape[1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file")
    parser.add_argument("--components", type=int, default=20)
    parser.add_argument("--frames", type=int, nargs="+", default=[1000, 10_000, 100_000, 500_000])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    values = otowake.spectrogram(otowake.load(arguments.file)).values
    runs = {
        n: blockwise_run(RepeatedFrames(values, n), arguments.components) for n in arguments.frames
    }
    fastest = dict.fromkeys(runs, np.inf)
    for run in runs.values():
        run.state = run._step(run.state)  # compiles
    for _ in range(arguments.rounds):
        for n, run in runs.items():
            times = max(1, 20_000 // n)
            begun = time.perf_counter()
            for _ in range(times):
                run.state = run._step(run.state)
            np.asarray(run.state[0][0].now)  # waits until it is done
            fastest[n] = min(fastest[n], (time.perf_counter() - begun) / times / n)
    print("| frames | µs a frame and iteration | of the shortest |")
    print("|---|---|---|")
    for n, seconds in fastest.items():
        print(f"| {n:,} | {seconds * 1e6:.2f} | {seconds / fastest[arguments.frames[0]]:.2f} |")


if __name__ == "__main__":
    main()
