"""Measure score alignment: true notes are warped at random and aligned again.

    python benchmarks/alignment.py --data DIR [--files N]

DIR holds `NAME.flac` and `NAME.notes.tsv` (onset and offset in seconds, MIDI pitch; one header
line). The tempo varies between 0.7 and 1.4 times the recording's. The output is the median onset
error and the share of onsets within 50 ms, for the warped score and for one already aligned.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import otowake
from otowake.music.components.templates import as_notes
from otowake.music.transcription.alignment import align


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--files", type=int, default=1000)
    options = parser.parse_args()
    for index, path in enumerate(sorted(options.data.rglob("*.notes.tsv"))[: options.files]):
        audio = otowake.load(path.with_name(f"{path.name.removesuffix('.notes.tsv')}.flac"))
        notes = as_notes(np.loadtxt(path, skiprows=1, ndmin=2)[:, :3])
        rng = np.random.default_rng(index)
        knots = np.arange(0, audio.duration + 8, 4)
        warp = np.concatenate(
            [[0], np.cumsum(4 * np.exp(rng.uniform(np.log(0.7), np.log(1.4), len(knots) - 1)))]
        )
        warped = [
            replace(
                note,
                onset=float(np.interp(note.onset, knots, warp)),
                offset=float(np.interp(note.offset, knots, warp)),
            )
            for note in notes
        ]
        begun = time.perf_counter()
        line = [path.name.removesuffix(".notes.tsv")]
        for score in (warped, notes):
            errors = np.array(
                [a.onset - b.onset for a, b in zip(align(score, audio), notes, strict=True)]
            )
            median, near = 1000 * np.median(errors), np.mean(np.abs(errors) < 0.05)
            line.append(f"median {median:4.0f} ms, {near:.2f} within 50 ms")
        print(
            "; ".join(line),
            f"({(time.perf_counter() - begun) / 2 / audio.duration:.3f} x real time)",
            flush=True,
        )


if __name__ == "__main__":
    main()
