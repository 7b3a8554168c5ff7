"""Compare ``otowake split --stages components`` with importing librosa, loading and an STFT.

    python benchmarks/split_speed.py FILE [--rounds 5]

Both commands start a new process each time, in turns. Parts of the file of other lengths warm the
compile cache; the timed length is new in every round. The output is the medians and their ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

LIBROSA = (
    "import librosa, sys;"
    "y, sr = librosa.load(sys.argv[1], duration=float(sys.argv[2])); librosa.stft(y)"
)


def seconds(command: list[str], environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--length", type=float, default=30.0, help="seconds of the file to analyse")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "XDG_CACHE_HOME": cache}

        def split(length: float, name: str) -> float:
            command = [
                sys.executable,
                "-m",
                "otowake",
                "split",
                arguments.file,
                "--stages",
                "components",
            ]
            return seconds(
                [*command, "--duration", str(length), "-o", f"{cache}/{name}"], environment
            )

        cold = split(arguments.length - 0.31, "cold")
        librosa_times: list[float] = []
        otowake_times: list[float] = []
        for i in range(arguments.rounds):
            length = arguments.length - 0.013 * i
            librosa_times.append(
                seconds([sys.executable, "-c", LIBROSA, arguments.file, str(length)], environment)
            )
            otowake_times.append(split(length, str(i)))
    for name, times in (("librosa load + stft", librosa_times), ("otowake split", otowake_times)):
        values = " ".join(f"{t:.2f}" for t in times)
        print(f"{name:20s} median {statistics.median(times):.2f} s  ({values})")
    print(f"otowake, empty compile cache: {cold:.2f} s")
    print(f"ratio {statistics.median(otowake_times) / statistics.median(librosa_times):.2f}")


if __name__ == "__main__":
    main()
