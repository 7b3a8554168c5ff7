"""How well notes are found in recordings with known notes, and what goes wrong.

    python benchmarks/notes.py --data DIR [--weights FILE | --transcriber dictionary] [--out DIR]

DIR holds `NAME.flac` beside `NAME.notes.tsv` (onset and offset in seconds, MIDI pitch; one line of headings), in any
folders. For every folder, split into a *tuning* and a *test* half by the hash of the file's name: precision, recall and
F1 of onsets (within 50 ms, 100 ms under a folder `harmonica`, whose notes were marked by hand) and F1 with ends as well
(within 50 ms or a fifth of the note), all of mir_eval, means over files. Then the errors by kind, which ``--figure FILE``
draws. With ``--out`` the notes are written there as MIDI files too.

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
from otowake.music.transcription.decoding import Notes, Thresholds, decode
from otowake.music.transcription.transcriber import (
    Transcriber,
    load_pretrained,
    load_weights,
    posteriors,
)
from otowake.signal.vqt import mono

Table = NDArray[np.float64]
"""Shape (note, 3): onset, offset, midi."""


def read_truth(path: Path) -> Table:
    rows = np.loadtxt(path, skiprows=1, ndmin=2)[:, :3]
    rows[:, 1] = np.maximum(rows[:, 1], rows[:, 0] + 0.03)
    return merged(rows)


def merged(rows: Table, gap: float = 0.04) -> Table:
    """Notes of one pitch whose onsets lie closer than `gap` count as one."""
    kept: list[list[float]] = []
    last: dict[float, list[float]] = {}
    for onset, offset, midi in sorted(rows.tolist()):
        if midi in last and onset - last[midi][0] < gap:
            last[midi][1] = max(last[midi][1], offset)
            continue
        last[midi] = [onset, offset, midi]
        kept.append(last[midi])
    return np.array(kept).reshape(-1, 3)


def table_of(notes: Notes) -> Table:
    rows = np.stack([notes.onset, np.maximum(notes.offset, notes.onset + 0.03), notes.midi], axis=1)
    return merged(rows)


def arrays(rows: Table) -> tuple[Table, Table]:
    return rows[:, :2], 440 * 2 ** ((rows[:, 2] - 69) / 12)


def rates(true: Table, found: Table, tolerance: float) -> tuple[float, float, float, float]:
    """Precision, recall, F1, F1 with ends."""
    if not (len(true) and len(found)):
        return 0.0, 0.0, 0.0, 0.0
    both = *arrays(true), *arrays(found)
    score = mir_eval.transcription.precision_recall_f1_overlap
    onsets = score(*both, onset_tolerance=tolerance, pitch_tolerance=50.0, offset_ratio=None)[:3]
    return *onsets, score(*both, onset_tolerance=tolerance, pitch_tolerance=50.0, offset_ratio=0.2)[
        2
    ]


def errors(true: Table, found: Table, tolerance: float) -> Counter[str]:
    """What went wrong, each wrong note under one kind."""
    pairs = mir_eval.transcription.match_notes(
        *arrays(true),
        *arrays(found),
        onset_tolerance=tolerance,
        pitch_tolerance=50.0,
        offset_ratio=None,
    )
    hit, right = {i for i, _ in pairs}, {j for _, j in pairs}
    kinds: Counter[str] = Counter(true=len(true), found=len(found))
    kinds.update(_false(true, *row) for j, row in enumerate(found.tolist()) if j not in right)
    kinds.update(_missed(true, found, *row) for i, row in enumerate(true.tolist()) if i not in hit)
    return kinds


PARTIALS = (12, 19, 24, 28, 31, 34, 36)


def _false(true: Table, onset: float, _: float, midi: float) -> str:
    same, near = true[:, 2] == midi, np.abs(true[:, 0] - onset) <= 0.05
    sounds = (true[:, 0] < onset + 0.05) & (true[:, 1] > onset - 0.05)
    kinds = {
        "badly timed or twice": same & (np.abs(true[:, 0] - onset) <= 0.2),
        "struck again while it sounds": same & sounds,
        "a partial of a note struck then": near & np.isin(midi - true[:, 2], PARTIALS),
        "below a note struck then": near & np.isin(true[:, 2] - midi, PARTIALS),
        "beside a note struck then": near & (np.abs(midi - true[:, 2]) <= 2),
    }
    return "found, " + next((kind for kind, which in kinds.items() if which.any()), "other")


def _missed(true: Table, found: Table, onset: float, _: float, midi: float) -> str:
    same, near = true[:, 2] == midi, np.abs(true[:, 0] - onset) <= 0.05
    kinds = {
        "badly timed": (found[:, 2] == midi) & (np.abs(found[:, 0] - onset) <= 0.2),
        "repeated": same & (true[:, 0] < onset) & (true[:, 1] > onset - 0.1),
        "a partial of another": near & np.isin(midi - true[:, 2], PARTIALS),
    }
    return "missed, " + next((kind for kind, which in kinds.items() if which.any()), "other")


def half(name: str) -> str:
    """`tuning` or `test`, by the name alone."""
    return "test" if hashlib.sha256(name.encode()).digest()[0] % 2 else "tuning"


def report(rows: dict[str, list[tuple[float, ...]]]) -> None:
    for name, values in sorted(rows.items()):
        p, r, f, ends = np.mean(values, axis=0)
        print(f"{name:42s} n={len(values):3d}  P {p:.3f}  R {r:.3f}  F {f:.3f}  F+off {ends:.3f}")


def draw(kinds: dict[str, Counter[str]], path: Path) -> None:
    """The errors by kind, in per cent of the true notes, a bar for each folder."""
    from matplotlib.figure import Figure

    names = sorted({kind for count in kinds.values() for kind in count} - {"true", "found"})
    figure = Figure(figsize=(9, 0.42 * len(names) + 1.4), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(kinds)
    for row, (folder, count) in enumerate(sorted(kinds.items())):
        shares = [100 * count[name] / max(count["true"], 1) for name in names]
        places = [i + (row - (len(kinds) - 1) / 2) * height for i in range(len(names))]
        axes.barh(places, shares, height, label=folder)
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
    parser.add_argument("--transcriber", choices=["listener", "dictionary"], default="listener")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--figure", type=Path, help="where to draw the errors by kind")
    parser.add_argument(
        "--sweep", action="store_true", help="also the mean over the tuning half by threshold"
    )
    options = parser.parse_args()
    listener: Transcriber = (
        load_weights(options.weights.read_bytes()) if options.weights else load_pretrained()
    )
    rows: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    lags: dict[str, list[float]] = defaultdict(list)
    kept, seconds, length = [], 0.0, 0.0
    for path in sorted(options.data.rglob("*.notes.tsv")):
        name = path.relative_to(options.data).as_posix().removesuffix(".notes.tsv")
        folder, tolerance = str(Path(name).parent), 0.1 if "harmonica" in path.parts else 0.05
        begun = time.perf_counter()
        audio = otowake.load(path.with_name(f"{path.name.removesuffix('.notes.tsv')}.flac"))
        if options.transcriber == "dictionary":
            values, notes = None, template_nmf.transcribe(audio)
        else:
            values = posteriors(mono(audio), listener.weights)
            notes = listener.notes(values)
        found = table_of(notes)
        seconds, length = seconds + time.perf_counter() - begun, length + audio.duration
        true = read_truth(path)
        row = rates(true, found, tolerance)
        for place in (folder, f"{folder} ({half(name)})", "all", f"all ({half(name)})"):
            rows[place].append(row)
        kinds[folder] += errors(true, found, tolerance)
        pairs = (
            mir_eval.transcription.match_notes(
                *arrays(true),
                *arrays(found),
                onset_tolerance=0.1,
                pitch_tolerance=50.0,
                offset_ratio=None,
            )
            if len(true) and len(found)
            else []
        )
        lags[folder] += [found[j, 0] - true[i, 0] for i, j in pairs]
        if options.out:
            target = options.out / f"{name}.mid"
            target.parent.mkdir(parents=True, exist_ok=True)
            write_notes(as_notes(found), target)
        kept.append((half(name), true, values, tolerance))
    report(rows)
    print(f"\n{seconds / length:.3f} x real time, reading included\n")
    if options.figure:
        draw(kinds, options.figure)
    for folder, count in sorted(kinds.items()):
        late = np.percentile(lags[folder], [10, 50, 90]) * 1000
        print(
            f"{folder}: {count.pop('true')} true, {count.pop('found')} found; onsets found minus true, 10/50/90 %: "
            f"{late[0]:.0f} {late[1]:.0f} {late[2]:.0f} ms"
        )
        print("".join(f"    {n:5d} {kind}\n" for kind, n in count.most_common()), end="")
    if options.sweep and options.transcriber == "listener":
        sweep([k for k in kept if k[0] == "tuning"], listener.thresholds)


def sweep(kept: list, best: Thresholds) -> None:
    """Means over some files by threshold."""
    for onset in (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55):
        found = [
            rates(true, table_of(decode(*v, best._replace(onset=onset))), t)
            for _, true, v, t in kept
        ]
        print(
            f"onset above {onset:.2f}: P %.3f  R %.3f  F %.3f  F+off %.3f"
            % tuple(np.mean(found, axis=0))
        )
    for sounding in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        found = [
            rates(true, table_of(decode(*v, best._replace(frame=sounding))), t)[3]
            for _, true, v, t in kept
        ]
        print(f"sounding above {sounding:.1f}: F+off {np.mean(found):.3f}")


if __name__ == "__main__":
    main()
