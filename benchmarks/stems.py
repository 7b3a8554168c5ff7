"""How well parts are separated when their notes are given: the gain over the mixture.

    python benchmarks/stems.py --data DIR [--score true] [--out DIR]

DIR, or the folders in it, hold `mix.flac`, the stems `NAME.flac` and their notes `NAME.notes.tsv` (onset and offset in
seconds, MIDI pitch; one line of headings). A stem's gain is its SDR (dB, a scale is allowed) less that of the mixture. With
``--out`` the stems found are written there, a folder for each mixture.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import soundfile

import otowake
from otowake.music.scored import explain, separated
from otowake.music.templates import as_notes
from otowake.types import Floats, Note


def sdr(true: Floats, found: Floats) -> float:
    scale = np.dot(true, found) / max(np.dot(found, found), 1e-12)
    wrong = true - scale * found
    return float(10 * np.log10(np.dot(true, true) / max(np.dot(wrong, wrong), 1e-12)))


def true_notes(folder: Path, names: list[str]) -> tuple[list[Note], list[int]]:
    """The notes of all stems, and which stem each belongs to."""
    notes: list[Note] = []
    labels: list[int] = []
    for label, name in enumerate(names):
        found = as_notes(np.loadtxt(folder / f"{name}.notes.tsv", skiprows=1, ndmin=2)[:, :3])
        notes += found
        labels += [label] * len(found)
    return notes, labels


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--score", choices=["true"], default="true", help="where the notes come from")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    means = []
    for mixture in sorted(options.data.rglob("mix.flac")):
        folder = mixture.parent
        names = [f.stem for f in sorted(folder.glob("*.flac")) if (folder / f"{f.stem}.notes.tsv").exists()]
        names = [name for name in names if name != "mix"]
        if not names:
            continue
        audio = otowake.load(mixture)
        begun = time.perf_counter()
        notes, labels = true_notes(folder, names)
        explained = explain(audio, notes, labels)
        learnt = time.perf_counter()
        groups = [[i for i, label in enumerate(labels) if label == each] for each in range(len(names))]
        sounds = [
            np.concatenate(blocks, axis=1)
            for blocks in zip(*separated(audio, explained, groups), strict=True)
        ]
        ended = time.perf_counter()
        gains = []
        for name, sound in zip(names, sounds, strict=False):
            true = otowake.load(folder / f"{name}.flac").mono()
            n = min(len(true), sound.shape[1])
            before, after = sdr(true[:n], audio.mono()[:n]), sdr(true[:n], sound.mean(axis=0)[:n])
            gains.append(after - before)
            print(
                f"{folder.name:16s} {name:12s} mixture {before:6.2f}  estimate {after:6.2f}  gain {after - before:6.2f} dB"
            )
            if options.out:
                (options.out / folder.name).mkdir(parents=True, exist_ok=True)
                target = options.out / folder.name / f"{name}.flac"
                soundfile.write(target, sound.T, audio.rate, subtype="PCM_24")
        speed = (learnt - begun) / audio.duration, (ended - learnt) / audio.duration
        print(
            f"{folder.name:16s} mean gain {np.mean(gains):.2f} dB; learnt in {speed[0]:.3f}, rendered in {speed[1]:.3f} x real time"
        )
        means.append(np.mean(gains))
    print(f"[all] {np.mean(means):.2f} dB")


if __name__ == "__main__":
    main()
