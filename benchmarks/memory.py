"""Measure the memory that a process holds after inputs of many lengths and numbers of components.

    python -m benchmarks.memory [--shapes 200] [--analyse]

After every 20 inputs it prints the resident memory, the increase since the first, the live compiled
programs, and the mapped regions, of which Linux allows a process 65,530. ``--analyse`` runs
:func:`otowake.analyse` on whole recordings, notes included.
"""

from __future__ import annotations

import argparse
import resource
from pathlib import Path

import jax
import numpy as np

import otowake
from otowake.types import Audio


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shapes", type=int, default=200)
    parser.add_argument("--bins", type=int, default=1025)
    parser.add_argument(
        "--analyse", action="store_true", help="use recordings of 3 to 30 s instead of matrices"
    )
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    V = rng.gamma(0.5, size=(options.bins, 3900)).astype(np.float32)
    first = None
    for i in range(options.shapes):
        if options.analyse:
            otowake.analyse(
                recording(rng, 3 + 27 * i / options.shapes), n_components=5 + i % 40, max_iter=10
            )
        else:
            n_frames = 130 + i * 77 % 3700
            otowake.factorize(V[:, :n_frames], n_components=5 + i % 40, max_iter=10)
        first = first or resident()
        if i == 0 or i % 20 == 19:
            programs = len(jax.devices()[0].client.live_executables())
            regions = len(Path("/proc/self/maps").read_text().splitlines())
            increase = resident() - first
            print(
                f"{i + 1:4} shapes {resident():6.0f} MiB {increase:+6.0f} "
                f"{programs:5} programs {regions:6} regions",
                flush=True,
            )


def resident() -> float:
    """Return the resident memory in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def recording(rng: np.random.Generator, seconds: float, rate: int = 22050) -> Audio:
    """Synthesise tones of random pitch."""
    t = np.arange(round(seconds * rate)) / rate
    sound = np.zeros(len(t), np.float32)
    for begin in np.arange(0, seconds - 0.5, 0.25):
        hz = 440 * 2 ** (rng.integers(-24, 24) / 12)
        since = t - begin
        sound += np.where(since > 0, np.exp(-3 * since) * np.sin(2 * np.pi * hz * since), 0).astype(
            np.float32
        )
    return Audio(sound, rate, "tones")


if __name__ == "__main__":
    main()
