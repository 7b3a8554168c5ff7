"""Evaluate source separation: the SDR gain of parts over the mixture.

    python -m benchmarks.stems --data DIR [--given notes|instruments|nothing] [--out DIR]

DIR, or folders in it, hold `mix.flac`, the stems `NAME.flac` and, for true notes, `NAME.notes.tsv`
(onset and offset in seconds, MIDI pitch; one header line); a stem without notes is one of drums:
`kick`, `snare`, `hihat`, or the whole kit, `drums`. The gain of a stem is its SDR (dB, up to a
scale) minus the SDR of the mixture. ``--given`` chooses the input: the true notes, only the
instruments (names of the stems), or nothing. Without notes a stem is the sum of all parts of its
instrument, and the gain of a missing one is 0. ``--out`` writes the estimated stems, one folder per
mixture.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import otowake
from benchmarks.instruments import SAME
from otowake.music.components.templates import as_notes
from otowake.music.separation.score_informed import fit_notes
from otowake.music.separation.stems import separated
from otowake.music.theory.instruments import KIT
from otowake.types import Audio, Floats, Note

DRUM_NAMES = {"hihat": "hi-hat"}
"""Names of drums, by the names of stems."""


def sdr(true: Floats, estimate: Floats) -> float:
    scale = np.dot(true, estimate) / max(np.dot(estimate, estimate), 1e-12)
    error = true - scale * estimate
    return float(10 * np.log10(np.dot(true, true) / max(np.dot(error, error), 1e-12)))


def true_notes(folder: Path, names: list[str]) -> tuple[list[Note], list[int]]:
    """Read the notes of all stems, and the index of each note's stem."""
    notes: list[Note] = []
    labels: list[int] = []
    for label, name in enumerate(names):
        stem_notes = as_notes(np.loadtxt(folder / f"{name}.notes.tsv", skiprows=1, ndmin=2)[:, :3])
        notes += stem_notes
        labels += [label] * len(stem_notes)
    return notes, labels


def of_true_notes(audio: Audio, folder: Path, names: list[str]) -> list[Floats]:
    """Estimate each stem from the true notes."""
    notes, labels = true_notes(folder, names)
    note_factors = fit_notes(audio, notes, labels)
    groups = [[i for i, label in enumerate(labels) if label == k] for k in range(len(names))]
    return [
        np.concatenate(b, axis=1) for b in zip(*separated(audio, note_factors, groups), strict=True)
    ][:-1]


def of_mixture(audio: Audio, names: list[str], given: bool) -> list[Floats | None]:
    """Estimate each stem whose instrument is detected."""
    wanted = [DRUM_NAMES.get(name, SAME.get(name, name)) for name in names]
    players = dict.fromkeys("drums" if name in KIT else name for name in wanted)
    options: dict[str, Any] = {"instruments": ",".join(players)} if given else {}
    analysis = otowake.analyse(audio, stages=["notes", "instruments", "stems"], **options)
    print(
        f"{audio.name:16s} "
        + ", ".join(f"{part.name} {len(part.notes)}" for part in analysis.parts)
    )
    sounds: dict[str, Floats] = {}
    for part in analysis.parts:
        sound = part.audio().samples
        for name in {part.instrument, part.name}:
            sounds[name] = sounds[name] + sound if name in sounds else sound
    return [sounds.get(name) for name in wanted]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--given", choices=["notes", "instruments", "nothing"], default="notes")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    means: dict[bool, list[float]] = {True: [], False: []}
    for mixture in sorted(options.data.rglob("mix.flac")):
        folder = mixture.parent
        names = [f.stem for f in sorted(folder.glob("*.flac")) if f.stem != "mix"]
        noted = all((folder / f"{name}.notes.tsv").exists() for name in names)
        if options.given == "notes" and not noted:
            continue
        audio = otowake.load(mixture)
        begun = time.perf_counter()
        if options.given == "notes":
            sounds = of_true_notes(audio, folder, names)
        else:
            sounds = of_mixture(audio, names, options.given == "instruments")
        ended = time.perf_counter()
        gains = []
        for name, sound in zip(names, sounds, strict=True):
            if sound is None:
                print(f"{folder.name:16s} {name:12s} not found")
                gains.append(0.0)
                continue
            true = otowake.load(folder / f"{name}.flac").mono()
            n = min(len(true), sound.shape[1])
            before, after = sdr(true[:n], audio.mono()[:n]), sdr(true[:n], sound.mean(axis=0)[:n])
            gains.append(after - before)
            print(
                f"{folder.name:16s} {name:12s} mixture {before:6.2f}  "
                f"estimate {after:6.2f}  gain {after - before:6.2f} dB"
            )
            if options.out:
                (options.out / folder.name).mkdir(parents=True, exist_ok=True)
                target = options.out / folder.name / f"{name}.flac"
                soundfile.write(target, sound.T, audio.rate, subtype="PCM_24")
        print(
            f"{folder.name:16s} mean gain {np.mean(gains):.2f} dB; "
            f"{(ended - begun) / audio.duration:.2f} x real time"
        )
        means[noted].append(float(np.mean(gains)))
    for noted, values in means.items():
        if values:
            print(f"[all {'with' if noted else 'without'} notes] {np.mean(values):.2f} dB")


if __name__ == "__main__":
    main()
