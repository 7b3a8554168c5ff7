"""Load the seeded ensemble with its truth, and measure an analysis of it.

``PYTHONPATH=. python tests/helpers/ensemble.py``
records the goldens again, after a change that is meant.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import mir_eval
import numpy as np
import soundfile

import otowake
from benchmarks.stems import sdr
from otowake.types import Analysis, Audio, Floats, Note

FOLDER = Path(__file__).resolve().parents[1] / "goldens" / "ensemble"
FIGURES, NOTES = FOLDER / "figures.json", FOLDER / "notes.golden.csv"
RATE = 22050
PARTS = ("piano", "clarinet", "cello")
DRUMS = {"kick": (35, 36), "snare": (38, 40), "hi-hat": (42, 44, 46)}
STAGES = ("notes", "instruments", "stems")
COLUMNS = ("onset", "offset", "decay_end", "midi", "velocity", "confidence", "instrument", "part")


def stems() -> dict[str, Floats]:
    """Read the true sound of each part, shape (sample,)."""
    return {name: soundfile.read(FOLDER / f"{name}.ogg")[0] for name in (*PARTS, "drums")}


def mixture(seconds: float | None = None) -> Audio:
    """Add up the stems, or their first seconds."""
    samples = sum(stems().values()).astype(np.float32)
    return Audio(samples[None, : seconds and round(seconds * RATE)], RATE, "ensemble")


def true_notes(part: str) -> Floats:
    """Rows of onset, offset and MIDI pitch."""
    with (FOLDER / "notes.tsv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return np.array(
            [
                [float(row["onset_s"]), float(row["offset_s"]), float(row["midi"])]
                for row in rows
                if row["part"] == part
            ]
        )


def analyse(given: bool) -> Analysis:
    """Analyse the mixture, with the instruments given or with nothing given."""
    options: dict[str, Any] = {"instruments": ",".join((*PARTS, "drums"))} if given else {}
    return otowake.analyse(mixture(), stages=STAGES, **options)


def f1(true: Floats, notes: Iterable[Note], offset_ratio: float | None = None) -> float:
    """F1 of notes, onsets within 50 ms; with a ratio also offsets."""
    rows = np.array([[n.onset, max(n.offset, n.onset + 0.01), n.midi] for n in notes])
    if not len(rows):
        return 0.0
    return mir_eval.transcription.precision_recall_f1_overlap(
        true[:, :2], 440 * 2 ** ((true[:, 2] - 69) / 12),
        rows[:, :2], 440 * 2 ** ((rows[:, 2] - 69) / 12),
        offset_ratio=offset_ratio,
    )[2]  # fmt: skip


def figures(given: Analysis, nothing_given: Analysis) -> dict[str, float]:
    """Measure the F1 of notes, parts and drum hits, and the SDR gain of stems."""
    pitched = [note for note in given.notes if not note.is_drum]
    truth = np.concatenate([true_notes(part) for part in PARTS])
    result = {
        "onset F1": f1(truth, pitched),
        "onset and offset F1": f1(truth, pitched, 0.2),
    }
    drums = true_notes("drums")
    for name, keys in DRUMS.items():
        hits = [note for note in given.notes if note.is_drum and note.midi in keys]
        result[f"{name} F1"] = f1(_one_pitch(drums[np.isin(drums[:, 2], keys)]), _as_one(hits))
    for part in PARTS:
        notes = [note for note in pitched if note.instrument == part]
        result[f"{part} F1"] = f1(true_notes(part), notes)
    sounds, true = mixture().samples[0], stems()
    for analysis, heading in ((given, "given"), (nothing_given, "nothing given")):
        for name, sound in _sound_of_parts(analysis).items():
            if name in true:
                gain = sdr(true[name], sound) - sdr(true[name], sounds)
                result[f"{name} SDR gain, {heading}"] = gain
    return {name: round(value, 4) for name, value in result.items()}


def _sound_of_parts(analysis: Analysis) -> dict[str, Floats]:
    sounds: dict[str, Floats] = {}
    for part in analysis.parts:
        name = "drums" if analysis.notes[part.notes[0]].is_drum else part.instrument
        sounds[name] = sounds.get(name, 0) + part.audio().samples[0]
    return sounds


def _one_pitch(rows: Floats) -> Floats:
    return np.column_stack([rows[:, :2], np.full(len(rows), 60)])


def _as_one(hits: list[Note]) -> list[Note]:
    return [Note(hit.onset, hit.offset, 60) for hit in hits]


def note_rows(analysis: Analysis) -> list[dict[str, str]]:
    """Each note as words: times to 0.1 ms, numbers to three digits."""
    part_of = {i: part.name for part in analysis.parts for i in part.notes}
    return [
        {
            "onset": f"{note.onset:.4f}",
            "offset": f"{note.offset:.4f}",
            "decay_end": "" if note.decay_end is None else f"{note.decay_end:.4f}",
            "midi": str(note.midi),
            "velocity": f"{note.velocity:.3f}",
            "confidence": f"{note.confidence:.3f}",
            "instrument": note.instrument,
            "part": part_of[i],
        }
        for i, note in enumerate(analysis.notes)
    ]


def record() -> None:
    """Write the goldens."""
    given, nothing_given = analyse(True), analyse(False)
    FIGURES.write_text(json.dumps(figures(given, nothing_given), indent=1) + "\n")
    with NOTES.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(note_rows(nothing_given))


if __name__ == "__main__":
    record()
