"""Evaluate instrument recognition: single notes, solos, and the assignment of notes in trios.

    python benchmarks/instruments.py --data DIR [--weights FILE] [--out FILE] [--figure FILE]

DIR holds some of: `single_notes` (audio and `manifest.tsv`: file, instrument, pitch), `notes` and
`clips` (solos), and `stems/trio_*` (a mix, its stems, the notes of each stem), which
`benchmarks.pieces` generates. The input is the sound alone, unless a line says otherwise:

- single notes: the pitch is the transcriber's; if it detects no note, the strongest harmonic
  series. Once by the notes of the dominant pitch, once by the largest part, as the command names
  it. ``--out`` writes a table for `score.py names`: the true name and three guesses. ``--figure``
  draws the confusion matrix.
- solos: the first instrument of the largest part; its closest relative counts separately.
- certainty: the share of right names of single notes and solos, by the probability of the name.
- trios: F1 of notes (onset within 50 ms, correct pitch) that are assigned to the correct
  instrument, from the true notes and from the transcriber's, with and without given instruments.

Needs mir_eval.
"""

from __future__ import annotations

import argparse
import csv
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import mir_eval
import numpy as np
from numpy.typing import NDArray

import otowake
import otowake.errors
from otowake.music.players.parts import assign_parts
from otowake.music.players.recognizer import (
    Predictions,
    Recognizer,
    load_recognizer,
    pretrained_recognizer,
    recognize,
)
from otowake.music.theory.instruments import INSTRUMENT_NAMES, instrument
from otowake.music.transcription import transcriber
from otowake.music.transcription.config import TRANSCRIBER
from otowake.signal.mono import as_mono
from otowake.signal.vqt import LOWEST, vqt
from otowake.types import Audio, Part

SAME = {
    "bass-clarinet": "clarinet",
    "cor-anglais": "oboe",
    "contrabassoon": "bassoon",
    "guitar-nylon": "guitar",
    "guitar-steel": "guitar",
    "horn": "french-horn",
}
"""Names that count as synonyms of another."""

RELATIVES = (
    {"violin", "viola"},
    {"viola", "cello"},
    {"cello", "double-bass"},
    {"harmonica", "accordion"},
    {"trumpet", "trombone"},
    {"piano", "electric-piano"},
)

FOLDERS = {
    "piano_disklavier": "piano",
    "piano_sampled": "piano",
    "harmonica": "harmonica",
    "singing": "voice",
}

Named = list[tuple[float, bool]]
"""Probabilities of the names of parts, and whether the names are right."""


class Detected(NamedTuple):
    """Detected notes with the recogniser's predictions.

    Attributes
    ----------
    rows
        Shape (note, 3): onset, offset, MIDI pitch.
    weight
        Shape (note,): confidence times duration.
    predictions
        Log-probabilities of instruments.
    """

    rows: NDArray[np.float64]
    weight: NDArray[np.float64]
    predictions: Predictions

    def parts(self, given: Sequence[str] = ()) -> tuple[Part, ...]:
        return assign_parts(
            *self.rows.T,
            self.predictions.contextual,
            self.predictions.unary,
            assignment=self.predictions.assignment,
            instruments=given,
        )


def detect(
    audio: Audio, recognizer: Recognizer, rows: NDArray[np.float64] | None = None
) -> Detected:
    """Detect notes, unless `rows` are given, and recognise their instruments."""
    if rows is None:
        model = transcriber.load_pretrained()
        # Short blocks are faster for short clips; the result is the same.
        block = TRANSCRIBER.block_frames if audio.duration > 20 else 128
        notes = model.notes(transcriber.posteriors(audio, model.weights, block))
        until = np.maximum(notes.decay_end, notes.offset)
        rows = np.stack([notes.onset, until, notes.midi], axis=1)
        weight = notes.confidence * np.minimum(until - notes.onset, 1)
    else:
        weight = np.ones(len(rows))
    return Detected(rows, weight, recognize(audio, *rows.T, recognizer))


def loudest(audio: Audio) -> NDArray[np.float64]:
    """Return one note at the pitch of the strongest harmonic series, from the loudest frame."""
    mono = as_mono(audio)
    levels = vqt(mono.samples, max(mono.level, 1e-6))[:, :, :6].max(axis=2)
    frame = int(np.argmax(levels.mean(axis=1) > 0.7 * levels.mean(axis=1).max()))
    mean = np.pad(levels[frame : frame + 20].mean(axis=0), (0, 36))
    sums = [mean[key + np.array([0, 12, 19, 24, 28, 31, 34, 36])].sum() for key in range(88)]
    return np.array([[frame * 512 / 22050, audio.duration, LOWEST + int(np.argmax(sums))]])


def ranking(detected: Detected) -> list[str]:
    """Rank the instruments of a single note, by the detected notes of the dominant pitch."""
    keys = detected.rows[:, 2]
    dominant = max(np.unique(keys), key=lambda key: detected.weight[keys == key].sum())
    use = keys == dominant
    total = (detected.weight[use, None] * detected.predictions.contextual[use]).sum(axis=0)
    return [INSTRUMENT_NAMES[i] for i in np.argsort(-total)]


def guesses_of(names: Sequence[str]) -> list[str]:
    """Return the first three names that are not synonyms."""
    return list(dict.fromkeys(SAME.get(name, name) for name in names))[:3]


def single_notes(
    folder: Path, recognizer: Recognizer, out: Path | None, figure: Path | None
) -> Named:
    by_note, by_part = defaultdict(list), defaultdict(list)
    named: Named = []
    lines: list[str] = []
    confused: dict[str, Counter[str]] = defaultdict(Counter)
    with (folder / "manifest.tsv").open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            true = SAME.get(row["instrument"], row["instrument"])
            families = {instrument(n).family for n in INSTRUMENT_NAMES if SAME.get(n, n) == true}
            if not families:
                continue
            audio = otowake.load(folder / row["file"])
            detected = detect(audio, recognizer)
            if not len(detected.rows):
                detected = detect(audio, recognizer, loudest(audio))
            probabilities = detected.parts()[0].probabilities
            for hits, ranked in ((by_note, ranking(detected)), (by_part, list(probabilities))):
                guesses = guesses_of(ranked)
                right_family = instrument(ranked[0]).family in families
                hits[true].append((guesses[0] == true, true in guesses, right_family))
            named.append((max(probabilities.values()), guesses[0] == true))
            confused[true][guesses[0]] += 1
            lines.append("\t".join([true, *guesses]))
    if out:
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if figure:
        draw(confused, figure)
    for title, hits in (("notes of the dominant pitch", by_note), ("largest part", by_part)):
        print(f"\n# single notes by the {title}: top-1, top-3, family")
        for true, scores in sorted(hits.items()):
            share = "  ".join(f"{v:.2f}" for v in np.mean(scores, axis=0))
            print(f"{true:14s} n={len(scores):3d}  {share}")
        means = np.mean([np.mean(scores, axis=0) for scores in hits.values()], axis=0)
        print(
            f"balanced over {len(hits)}: "
            f"top-1 {means[0]:.3f}  top-3 {means[1]:.3f}  family {means[2]:.3f}"
        )
    for true, count in sorted(confused.items()):
        print(f"{true:14s} " + ", ".join(f"{name} {n}" for name, n in count.most_common(5)))
    return named


def draw(confused: dict[str, Counter[str]], path: Path) -> None:
    """Draw the confusion matrix of single notes, in per cent of each true instrument."""
    from matplotlib.figure import Figure

    rows, columns = sorted(confused), sorted({name for c in confused.values() for name in c})
    shares = np.array([[100 * confused[r][c] / confused[r].total() for c in columns] for r in rows])
    figure = Figure(figsize=(0.38 * len(columns) + 2.4, 0.34 * len(rows) + 2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for (i, j), share in np.ndenumerate(shares):
        if share >= 1:
            axes.text(
                j, i, f"{share:.0f}", ha="center", va="center", fontsize=7,
                color="white" if share > 55 else "black",
            )  # fmt: skip
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha="right")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel("named")
    axes.set_ylabel("played")
    figure.savefig(path, dpi=110)


def certainty(named: Named) -> None:
    """Print the share of right names by probability, and the expected calibration error."""
    probability, right = np.array(named, float).T
    print("\n# certainty: parts, and share of right names")
    error = 0.0
    for low in np.arange(10) / 10:
        use = (probability >= low) & ((probability < low + 0.1) | (low == 0.9))
        if use.any():
            error += use.mean() * abs(probability[use].mean() - right[use].mean())
            print(f"{low:.1f} to {low + 0.1:.1f}: {use.sum():4d}  {right[use].mean():.2f}")
    print(f"expected calibration error {error:.3f}")


def solos(data: Path) -> Iterator[tuple[str, str, Path]]:
    """Iterate over folder, true instrument and file."""
    for folder, true in FOLDERS.items():
        for path in sorted((data / "notes" / folder).glob("*.flac")):
            yield folder, true, path
    for path in data.glob("clips/trumpet.flac"):
        yield "trumpet", "trumpet", path
    for path in sorted((data / "stems").glob("trio_*/*.flac")):
        if path.stem != "mix":
            yield "trio stems", SAME.get(path.stem, path.stem), path


def related(a: str, b: str) -> bool:
    return a == b or any({a, b} <= pair for pair in RELATIVES)


def solo_clips(data: Path, recognizer: Recognizer) -> Named:
    results = defaultdict(list)
    named: Named = []
    print("\n# solos")
    for folder, true, path in solos(data):
        detected = detect(otowake.load(path), recognizer)
        parts = detected.parts()
        first = next(iter(parts[0].probabilities)) if parts else "unknown"
        results[folder].append((first == true, related(first, true), len(parts) == 1))
        if parts:
            named.append((parts[0].probabilities[first], first == true))
        if not related(first, true) or len(parts) != 1:
            print(
                f"    {path.stem} ({true}): " + ", ".join(f"{p.name} {len(p.notes)}" for p in parts)
            )
    every = [scores for rows in results.values() for scores in rows]
    for folder, scores in [*results.items(), ("all", every)]:
        right, relative, one = np.mean(scores, axis=0) if scores else [np.nan] * 3
        print(
            f"{folder:18s} n={len(scores):3d}  "
            f"right {right:.2f}  or a relative {relative:.2f}  one part {one:.2f}"
        )
    return named


def by_instrument(
    rows: NDArray[np.float64], parts: tuple[Part, ...]
) -> dict[str, NDArray[np.float64]]:
    """Group notes by instrument."""
    indices: dict[str, list[int]] = defaultdict(list)
    for part in parts:
        indices[part.instrument] += part.notes
    return {name: rows[sorted(notes)] for name, notes in indices.items()}


def f1(true: dict[str, NDArray[np.float64]], estimated: dict[str, NDArray[np.float64]]) -> float:
    """Compute the F1 of notes with the correct onset, pitch and instrument."""
    hits = 0
    for name, rows in true.items():
        if name in estimated and len(estimated[name]) and len(rows):
            arrays = [
                (r[:, :2], 440 * 2 ** ((r[:, 2] - 69) / 12))
                for r in (rows, _with_min_duration(estimated[name]))
            ]
            pairs = mir_eval.transcription.match_notes(
                *arrays[0],
                *arrays[1],
                onset_tolerance=0.05,
                pitch_tolerance=50.0,
                offset_ratio=None,
            )
            hits += len(pairs)
    return 2 * hits / (sum(map(len, true.values())) + sum(map(len, estimated.values())))


def _with_min_duration(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = rows.copy()
    rows[:, 1] = np.maximum(rows[:, 1], rows[:, 0] + 0.03)
    return rows


def trios(data: Path, recognizer: Recognizer) -> None:
    print("\n# trios: F1 of notes with the right instrument")
    scores_by_setting = defaultdict(list)
    for folder in sorted((data / "stems").glob("trio_*")):
        true = {}
        for path in sorted(folder.glob("*.notes.tsv")):
            stem = path.name.removesuffix(".notes.tsv")
            if stem != "mix":
                true[SAME.get(stem, stem)] = _with_min_duration(
                    np.loadtxt(path, skiprows=1, ndmin=2)[:, :3]
                )
        audio = otowake.load(folder / "mix.flac")
        for source, rows in (
            ("true notes", np.concatenate(list(true.values()))),
            ("transcribed notes", None),
        ):
            detected = detect(audio, recognizer, rows)
            for setting, given in (("estimated", ()), ("given", tuple(true))):
                parts = detected.parts(given)
                names = ", ".join(f"{p.name} {len(p.notes)}" for p in parts)
                score = f1(true, by_instrument(detected.rows, parts))
                scores_by_setting[source, setting].append(score)
                print(f"{folder.name}, {source}, instruments {setting}: {score:.3f}   {names}")
    for (source, setting), scores in scores_by_setting.items():
        print(f"all {len(scores)}, {source}, instruments {setting}: {np.mean(scores):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--out", type=Path, help="table of single notes to write")
    parser.add_argument("--figure", type=Path, help="confusion matrix of single notes to write")
    options = parser.parse_args()
    # some MP3 headers state more samples than the file has
    warnings.simplefilter("ignore", otowake.errors.InputWarning)
    recognizer = pretrained_recognizer()
    if options.weights:
        recognizer = load_recognizer(options.weights.read_bytes())
    named: Named = []
    if (options.data / "single_notes").exists():
        named += single_notes(
            options.data / "single_notes", recognizer, options.out, options.figure
        )
    named += solo_clips(options.data, recognizer)
    if named:
        certainty(named)
    trios(options.data, recognizer)


if __name__ == "__main__":
    main()
