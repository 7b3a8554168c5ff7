"""Evaluate transcription on recordings with known notes, and classify the errors.

    python benchmarks/notes.py --data DIR [--weights FILE | --transcriber template-nmf] [--out DIR]

DIR holds `NAME.flac` and `NAME.notes.tsv` (onset and offset in seconds, MIDI pitch; one header
line), in any folders. For every folder, split into a *tuning* and a *test* half by the hash of the
file's name: precision, recall and F1 of onsets (within 50 ms; 100 ms below a folder `harmonica`,
whose notes were annotated manually) and F1 with offsets (within 50 ms or a fifth of the note), by
mir_eval, and F1 of 10-ms frames by pitch, means over files. Then the errors by kind, which
``--figure FILE`` draws. ``--out`` writes the notes as MIDI files.

Needs mir_eval.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections import Counter, defaultdict
from pathlib import Path

import mir_eval
import numpy as np
from numpy.typing import NDArray

import otowake
from otowake.io.midi import write_notes
from otowake.music.components.templates import as_notes
from otowake.music.transcription import template_nmf
from otowake.music.transcription.decoding import Notes
from otowake.music.transcription.evaluation import frame_f1
from otowake.music.transcription.transcriber import (
    Transcriber,
    load_pretrained,
    load_weights,
    posteriors,
)

Table = NDArray[np.float64]
"""Shape (note, 3): onset, offset, midi."""


def read_truth(path: Path) -> Table:
    rows = np.loadtxt(path, skiprows=1, ndmin=2)[:, :3]
    rows[:, 1] = np.maximum(rows[:, 1], rows[:, 0] + 0.03)
    return merged(rows)


def merged(rows: Table, gap: float = 0.04) -> Table:
    """Merge notes of one pitch whose onsets are closer than `gap`."""
    notes: list[list[float]] = []
    last: dict[float, list[float]] = {}
    for onset, offset, midi in sorted(rows.tolist()):
        if midi in last and onset - last[midi][0] < gap:
            last[midi][1] = max(last[midi][1], offset)
            continue
        last[midi] = [onset, offset, midi]
        notes.append(last[midi])
    return np.array(notes).reshape(-1, 3)


def table_of(notes: Notes) -> Table:
    rows = np.stack([notes.onset, np.maximum(notes.offset, notes.onset + 0.03), notes.midi], axis=1)
    return merged(rows)


def arrays(rows: Table) -> tuple[Table, Table]:
    return rows[:, :2], 440 * 2 ** ((rows[:, 2] - 69) / 12)


def rates(true: Table, detected: Table, tolerance: float) -> tuple[float, ...]:
    """Compute precision, recall, F1, F1 with offsets, and F1 of frames."""
    if not (len(true) and len(detected)):
        return 0.0, 0.0, 0.0, 0.0, 0.0
    both = *arrays(true), *arrays(detected)
    score = mir_eval.transcription.precision_recall_f1_overlap
    options = {"onset_tolerance": tolerance, "pitch_tolerance": 50.0}
    onsets = score(*both, **options, offset_ratio=None)[:3]
    whole = score(*both, **options, offset_ratio=0.2)[2]
    return *onsets, whole, frame_f1(true, detected)


def errors(true: Table, detected: Table, tolerance: float) -> Counter[str]:
    """Count errors, each wrong note under one kind."""
    pairs = mir_eval.transcription.match_notes(
        *arrays(true),
        *arrays(detected),
        onset_tolerance=tolerance,
        pitch_tolerance=50.0,
        offset_ratio=None,
    )
    matched, correct = {i for i, _ in pairs}, {j for _, j in pairs}
    kinds: Counter[str] = Counter(true=len(true), found=len(detected))
    kinds.update(_false(true, *row) for j, row in enumerate(detected.tolist()) if j not in correct)
    kinds.update(
        _missed(true, detected, *row) for i, row in enumerate(true.tolist()) if i not in matched
    )
    return kinds


PARTIAL_INTERVALS = (12, 19, 24, 28, 31, 34, 36)


def _false(true: Table, onset: float, _: float, midi: float) -> str:
    same, near = true[:, 2] == midi, np.abs(true[:, 0] - onset) <= 0.05
    sounds = (true[:, 0] < onset + 0.05) & (true[:, 1] > onset - 0.05)
    kinds = {
        "wrong onset or duplicate": same & (np.abs(true[:, 0] - onset) <= 0.2),
        "false repetition of a sounding note": same & sounds,
        "a partial of a simultaneous note": near & np.isin(midi - true[:, 2], PARTIAL_INTERVALS),
        "below a simultaneous note": near & np.isin(true[:, 2] - midi, PARTIAL_INTERVALS),
        "next to a simultaneous note": near & (np.abs(midi - true[:, 2]) <= 2),
    }
    return "false, " + next((kind for kind, which in kinds.items() if which.any()), "other")


def _missed(true: Table, detected: Table, onset: float, _: float, midi: float) -> str:
    same, near = true[:, 2] == midi, np.abs(true[:, 0] - onset) <= 0.05
    kinds = {
        "wrong onset": (detected[:, 2] == midi) & (np.abs(detected[:, 0] - onset) <= 0.2),
        "repeated": same & (true[:, 0] < onset) & (true[:, 1] > onset - 0.1),
        "a partial of another": near & np.isin(midi - true[:, 2], PARTIAL_INTERVALS),
    }
    return "missed, " + next((kind for kind, which in kinds.items() if which.any()), "other")


def half(name: str) -> str:
    """Assign a file to `tuning` or `test`, by its name."""
    return "test" if hashlib.sha256(name.encode()).digest()[0] % 2 else "tuning"


def report(rows: dict[str, list[tuple[float, ...]]]) -> None:
    for name, values in sorted(rows.items()):
        p, r, f, ends, sounding = np.mean(values, axis=0)
        scores = f"P {p:.3f}  R {r:.3f}  F {f:.3f}  F+off {ends:.3f}  frames {sounding:.3f}"
        print(f"{name:42s} n={len(values):3d}  {scores}")


def draw(kinds: dict[str, Counter[str]], path: Path) -> None:
    """Draw the errors by kind, in per cent of the true notes, one bar per folder."""
    from matplotlib.figure import Figure

    names = sorted({kind for count in kinds.values() for kind in count} - {"true", "found"})
    figure = Figure(figsize=(9, 0.42 * len(names) + 1.4), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(kinds)
    for row, (folder, count) in enumerate(sorted(kinds.items())):
        shares = [100 * count[name] / max(count["true"], 1) for name in names]
        positions = [i + (row - (len(kinds) - 1) / 2) * height for i in range(len(names))]
        axes.barh(positions, shares, height, label=folder)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("% of the true notes")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--transcriber", choices=["network", "template-nmf"], default="network")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--figure", type=Path, help="figure of the errors by kind to write")
    options = parser.parse_args()
    transcriber: Transcriber = (
        load_weights(options.weights.read_bytes()) if options.weights else load_pretrained()
    )
    rows: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    lags: dict[str, list[float]] = defaultdict(list)
    seconds = length = 0.0
    for path in sorted(options.data.rglob("*.notes.tsv")):
        name = path.relative_to(options.data).as_posix().removesuffix(".notes.tsv")
        folder, tolerance = str(Path(name).parent), 0.1 if "harmonica" in path.parts else 0.05
        begun = time.perf_counter()
        audio = otowake.load(path.with_name(f"{path.name.removesuffix('.notes.tsv')}.flac"))
        if options.transcriber == "template-nmf":
            notes = template_nmf.transcribe(audio)
        else:
            notes = transcriber.notes(posteriors(audio, transcriber.weights))
        detected = table_of(notes)
        seconds, length = seconds + time.perf_counter() - begun, length + audio.duration
        true = read_truth(path)
        row = rates(true, detected, tolerance)
        for group in (folder, f"{folder} ({half(name)})", "all", f"all ({half(name)})"):
            rows[group].append(row)
        kinds[folder] += errors(true, detected, tolerance)
        pairs = (
            mir_eval.transcription.match_notes(
                *arrays(true),
                *arrays(detected),
                onset_tolerance=0.1,
                pitch_tolerance=50.0,
                offset_ratio=None,
            )
            if len(true) and len(detected)
            else []
        )
        lags[folder] += [detected[j, 0] - true[i, 0] for i, j in pairs]
        if options.out:
            target = options.out / f"{name}.mid"
            target.parent.mkdir(parents=True, exist_ok=True)
            write_notes(as_notes(detected), target)
    report(rows)
    print(f"\n{seconds / length:.3f} x real time, including reading\n")
    if options.figure:
        draw(kinds, options.figure)
    for folder, count in sorted(kinds.items()):
        late = np.percentile(lags[folder], [10, 50, 90]) * 1000
        print(
            f"{folder}: {count.pop('true')} true, {count.pop('found')} detected; "
            f"detected minus true onsets, 10/50/90 %: "
            f"{late[0]:.0f} {late[1]:.0f} {late[2]:.0f} ms"
        )
        print("".join(f"    {n:5d} {kind}\n" for kind, n in count.most_common()), end="")


if __name__ == "__main__":
    main()
