"""How well instruments are named: single notes, solos, and who plays what in trios.

    python benchmarks/instruments.py --data DIR [--weights FILE] [--out FILE]

DIR holds `single_notes` (audio and `manifest.tsv`: file, instrument, pitch), `notes` and `clips` (solos), and
`stems/trio_*` (a mix, its stems, the notes of each stem), or some of them; `benchmarks.pieces` makes the last. Nothing but the sound is given, unless a line says so:

- single notes: the pitch is the listener's; where it finds no note, the harmonic series that holds the most. With ``--out``
  a table for `score.py names` is written: the true name and three guesses.
- solos: the first instrument of the largest part, right where it is the true one or its closest relative.
- trios: F1 of notes (onset within 50 ms, right pitch) that are given to the right instrument, from the true notes and
  from the listener's, the instruments given and not.

Needs mir_eval.
"""

from __future__ import annotations

import argparse
import csv
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import mir_eval
import numpy as np
from numpy.typing import NDArray

import otowake
import otowake.errors
from otowake.music.players.parts import gather
from otowake.music.players.recognizer import Predictions, Recognizer, opened, recognize, trained
from otowake.music.theory.instruments import INSTRUMENT_NAMES, instrument
from otowake.music.transcription import transcriber
from otowake.signal.vqt import LOWEST, level, mono, vqt
from otowake.types import Audio, Part

SAME = {
    "bass-clarinet": "clarinet",
    "cor-anglais": "oboe",
    "contrabassoon": "bassoon",
    "guitar-nylon": "guitar",
    "guitar-steel": "guitar",
    "horn": "french-horn",
}
"""Names that count as another."""

RELATIVES = (
    {"violin", "viola"},
    {"viola", "cello"},
    {"cello", "double-bass"},
    {"harmonica", "accordion"},
    {"trumpet", "trombone"},
    {"piano", "electric-piano"},
)

FOLDERS = {"piano_disklavier": "piano", "piano_sampled": "piano", "harmonica": "harmonica"}


class Heard(NamedTuple):
    """Notes with what the recogniser thinks: `rows` (note, 3) of onset, offset, midi; `weight` (note,); `opinions`."""

    rows: NDArray[np.float64]
    weight: NDArray[np.float64]
    opinions: Predictions

    def parts(self, given: Sequence[str] = ()) -> tuple[Part, ...]:
        heard = self.opinions
        return gather(
            *self.rows.T, heard.together, heard.alone, owners=heard.owners, instruments=given
        )


def hear(audio: Audio, recognizer: Recognizer, rows: NDArray[np.float64] | None = None) -> Heard:
    """The listener's notes (or those given) and the recogniser's opinion on each."""
    if rows is None:
        mind = transcriber.load_pretrained()
        block = transcriber.BLOCK if audio.duration > 20 else 128  # the result is the same, sooner
        notes = mind.notes(transcriber.posteriors(mono(audio), mind.weights, block))
        until = np.maximum(notes.decay_end, notes.offset)
        rows = np.stack([notes.onset, until, notes.midi], axis=1)
        weight = notes.confidence * np.minimum(until - notes.onset, 1)
    else:
        weight = np.ones(len(rows))
    return Heard(rows, weight, recognize(audio, *rows.T, recognizer))


def loudest(audio: Audio) -> NDArray[np.float64]:
    """One note of the pitch whose harmonic series holds the most, from where the sound is loud."""
    samples = mono(audio)
    heard = vqt(samples, max(level(samples), 1e-6))[:, :, :6].max(axis=2)
    frame = int(np.argmax(heard.mean(axis=1) > 0.7 * heard.mean(axis=1).max()))
    mean = np.pad(heard[frame : frame + 20].mean(axis=0), (0, 36))
    sums = [mean[key + np.array([0, 12, 19, 24, 28, 31, 34, 36])].sum() for key in range(88)]
    return np.array([[frame * 512 / 22050, audio.duration, LOWEST + int(np.argmax(sums))]])


def ranking(heard: Heard) -> list[str]:
    """The instruments of a sound of one note, the likeliest first: by the notes of the pitch that is heard the most."""
    keys = heard.rows[:, 2]
    most = max(np.unique(keys), key=lambda key: heard.weight[keys == key].sum())
    use = keys == most
    total = (heard.weight[use, None] * heard.opinions.together[use]).sum(axis=0)
    return [INSTRUMENT_NAMES[i] for i in np.argsort(-total)]


def single_notes(folder: Path, recognizer: Recognizer, out: Path | None) -> None:
    hits, lines = defaultdict(list), []
    confused: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    with (folder / "manifest.tsv").open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            audio = otowake.load(folder / row["file"])
            heard = hear(audio, recognizer)
            if not len(heard.rows):
                heard = hear(audio, recognizer, loudest(audio))
            true = SAME.get(row["instrument"], row["instrument"])
            ranked = ranking(heard)
            families = {instrument(n).family for n in INSTRUMENT_NAMES if SAME.get(n, n) == true}
            guesses = list(dict.fromkeys(SAME.get(name, name) for name in ranked))[:3]
            right_family = instrument(ranked[0]).family in families
            hits[true].append((guesses[0] == true, true in guesses, right_family))
            confused[true][guesses[0]] += 1
            lines.append("\t".join([true, *guesses]))
    if out:
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n# single notes: top-1, top-3, family; what they were taken for")
    for true, each in sorted(hits.items()):
        taken = sorted(confused[true].items(), key=lambda item: -item[1])[:5]
        share = "  ".join(f"{v:.2f}" for v in np.mean(each, axis=0))
        print(
            f"{true:14s} n={len(each):3d}  {share}   "
            + ", ".join(f"{name} {n}" for name, n in taken)
        )
    means = np.mean([np.mean(each, axis=0) for each in hits.values()], axis=0)
    print(
        f"balanced over {len(hits)}: top-1 {means[0]:.3f}  top-3 {means[1]:.3f}  family {means[2]:.3f}"
    )


def solos(data: Path) -> Iterator[tuple[str, str, Path]]:
    """Folder, true instrument, file."""
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


def solo_clips(data: Path, recognizer: Recognizer) -> None:
    found = defaultdict(list)
    print("\n# solos")
    for folder, true, path in solos(data):
        heard = hear(otowake.load(path), recognizer)
        parts = heard.parts()
        first = next(iter(parts[0].probabilities)) if parts else "unknown"
        found[folder].append((first == true, related(first, true), len(parts) == 1))
        if not related(first, true) or len(parts) != 1:
            print(
                f"    {path.stem} ({true}): " + ", ".join(f"{p.name} {len(p.notes)}" for p in parts)
            )
    for folder, each in [*found.items(), ("all", [row for rows in found.values() for row in rows])]:
        right, relative, one = np.mean(each, axis=0) if each else [np.nan] * 3
        print(
            f"{folder:18s} n={len(each):3d}  right {right:.2f}  or a relative {relative:.2f}  one part {one:.2f}"
        )


def named(rows: NDArray[np.float64], parts: tuple[Part, ...]) -> dict[str, NDArray[np.float64]]:
    """The notes of each instrument."""
    found: dict[str, list[int]] = defaultdict(list)
    for part in parts:
        found[part.instrument] += part.notes
    return {name: rows[sorted(places)] for name, places in found.items()}


def f1(true: dict[str, NDArray[np.float64]], found: dict[str, NDArray[np.float64]]) -> float:
    """F1 of the notes that have the right onset, pitch and instrument."""
    hits = 0
    for name, rows in true.items():
        if name in found and len(found[name]) and len(rows):
            arrays = [
                (r[:, :2], 440 * 2 ** ((r[:, 2] - 69) / 12)) for r in (rows, _lasting(found[name]))
            ]
            pairs = mir_eval.transcription.match_notes(
                *arrays[0],
                *arrays[1],
                onset_tolerance=0.05,
                pitch_tolerance=50.0,
                offset_ratio=None,
            )
            hits += len(pairs)
    return 2 * hits / (sum(map(len, true.values())) + sum(map(len, found.values())))


def _lasting(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = rows.copy()
    rows[:, 1] = np.maximum(rows[:, 1], rows[:, 0] + 0.03)
    return rows


def trios(data: Path, recognizer: Recognizer) -> None:
    print("\n# trios: F1 of notes with the right instrument")
    every = defaultdict(list)
    for folder in sorted((data / "stems").glob("trio_*")):
        true = {}
        for path in sorted(folder.glob("*.notes.tsv")):
            stem = path.name.removesuffix(".notes.tsv")
            if stem != "mix":
                true[SAME.get(stem, stem)] = _lasting(np.loadtxt(path, skiprows=1, ndmin=2)[:, :3])
        audio = otowake.load(folder / "mix.flac")
        for what, rows in (
            ("true notes", np.concatenate(list(true.values()))),
            ("listener's notes", None),
        ):
            heard = hear(audio, recognizer, rows)
            for how, given in (("found", ()), ("given", tuple(true))):
                parts = heard.parts(given)
                names = ", ".join(f"{p.name} {len(p.notes)}" for p in parts)
                every[what, how].append(f1(true, named(heard.rows, parts)))
                print(
                    f"{folder.name}, {what}, instruments {how}: {every[what, how][-1]:.3f}   {names}"
                )
    for (what, how), each in every.items():
        print(f"all {len(each)}, {what}, instruments {how}: {np.mean(each):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--out", type=Path, help="where to write the table of single notes")
    options = parser.parse_args()
    warnings.simplefilter(
        "ignore", otowake.errors.InputWarning
    )  # some MP3s promise a little more than they hold
    recognizer = opened(options.weights.read_bytes()) if options.weights else trained()
    if (options.data / "single_notes").exists():
        single_notes(options.data / "single_notes", recognizer, options.out)
    solo_clips(options.data, recognizer)
    trios(options.data, recognizer)


if __name__ == "__main__":
    main()
