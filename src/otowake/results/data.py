"""Write the data of a result: ``analysis.json``, factors, edits and the table of components."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from otowake import __version__
from otowake.arrays import write_arrays
from otowake.io.csv_cells import cell_of
from otowake.io.notes import notes_table
from otowake.music.editing.edits import VERSION
from otowake.music.separation.score_informed import ids_of
from otowake.music.theory.harmony import key_name
from otowake.music.theory.names import note_name
from otowake.results.folders import FORMAT
from otowake.results.note_factors import NOTE_FACTORS, write_note_factors
from otowake.results.recipe import GIVEN
from otowake.runtime import made_with
from otowake.types import (
    Analysis,
    Component,
    Fit,
    Part,
)

COLUMNS: tuple[str, ...] = (
    "component",
    "pitch",
    "midi",
    "hz",
    "cents",
    "confidence",
    "energy",
    "start_s",
    "end_s",
    "name",
)


def write_description(analysis: Analysis, path: Path, files: Sequence[str] = ()) -> None:
    """Write ``analysis.json``; `files` are the names of the files that belong to the result.

    The pitch contours come last, one note per line.
    """
    facts = _description(analysis) | ({"files": list(files)} if files else {})
    content = json.dumps(facts, ensure_ascii=False, indent=2)
    lines = [
        f'    "{index}": {json.dumps(note.contour, separators=(",", ":"))}'
        for index, note in enumerate(analysis.notes)
        if note.contour
    ]
    if lines:
        listed = ",\n".join(lines)
        content = content.removesuffix("\n}") + f',\n  "pitch_contours": {{\n{listed}\n  }}\n}}'
    path.write_text(content + "\n", encoding="utf-8")


def write_components_table(analysis: Analysis, path: Path) -> None:
    """Write ``components.csv``."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(component_row(component) for component in analysis.components)


def write_edits(analysis: Analysis, path: Path) -> None:
    """Write ``edits.json``."""
    edits = json.dumps({"version": VERSION, "edits": analysis.edits}, ensure_ascii=False, indent=1)
    path.write_text(edits + "\n", encoding="utf-8")


def write_detected(detected: Analysis, edited: Analysis, folder: Path) -> None:
    """Write the folder ``detected``: the data before manual corrections that they have changed."""
    folder.mkdir()
    write_description(detected, folder / "analysis.json")
    if detected.note_spec is not None:
        (folder / "notes.csv").write_text(notes_table(detected), encoding="utf-8")
    if detected.note_factors is not None and detected.note_factors is not edited.note_factors:
        write_note_factors(detected.note_factors, folder / NOTE_FACTORS)


def write_factors(analysis: Analysis, path: Path) -> None:
    """Write ``factors.npz``."""
    fit = analysis.fitted()
    arrays = {
        "W": fit.W,
        "H": fit.H,
        "W0": fit.initial.W,
        "H0": fit.initial.H,
        "frequencies": analysis.frequencies,
        "times": analysis.times,
        "losses": fit.losses,
        "iterations": fit.iterations,
        "screening_losses": fit.screening_losses,
        "restarts": fit.restarts,
        "agreement": fit.agreement,
    }
    if len(fit.positions):
        arrays["positions"] = fit.positions
    if fit.curve is not None:
        arrays |= {"curve_numbers": fit.curve.numbers, "curve_losses": fit.curve.losses}
    write_arrays(path, arrays)


def component_row(component: Component) -> dict[str, Any]:
    """Return a component as a row of ``components.csv``; components are counted from 1."""
    pitch = component.pitch
    row: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    if pitch:
        row |= {
            "pitch": note_name(pitch.midi),
            "midi": pitch.midi,
            "hz": round(pitch.hz, 3),
            "cents": round(pitch.cents, 1),
            "confidence": round(pitch.confidence, 4),
        }
    return row | {
        "component": component.index + 1,
        "energy": round(component.energy, 6),
        "start_s": round(component.start, 4),
        "end_s": round(component.end, 4),
        "name": cell_of(component.name),
    }


def _description(analysis: Analysis) -> dict[str, Any]:
    audio = analysis.audio
    return {
        "otowake": __version__,
        "format": FORMAT,
        "input": audio
        and {
            "name": audio.name,
            "rate": audio.rate,
            "channels": audio.n_channels,
            "samples": audio.n_samples,
            **(asdict(audio.source) if audio.source else {}),
        },
        "made_with": made_with(),
        "stages": list(analysis.stages),
        **(
            {"given": {"file": GIVEN, "notes": len(analysis.score)}}
            if analysis.score is not None
            else {}
        ),
        **({"dictionary": asdict(analysis.dictionary)} if analysis.dictionary else {}),
        "options": {
            "stft": asdict(analysis.stft),
            **({"fit": asdict(analysis.fit.spec)} if analysis.fit else {}),
            **({"note": asdict(analysis.note_spec)} if analysis.note_spec else {}),
            **({"part": asdict(analysis.part_spec)} if analysis.part_spec else {}),
            "theory": asdict(analysis.theory_spec),
        },
        "tuning_hz": analysis.tuning_hz,
        **(_component_facts(analysis, analysis.fit) if analysis.fit else {}),
        **(_note_facts(analysis) if analysis.note_spec else {}),
        **({"parts": [_part_facts(part) for part in analysis.parts]} if analysis.part_spec else {}),
        **({"edits": analysis.edits} if analysis.detected else {}),
    }


def _part_facts(part: Part) -> dict[str, Any]:
    shared = [[index, round(share, 4), note_id] for index, share, note_id in part.shared]
    return {
        "name": part.name,
        "instrument": part.instrument,
        "notes": list(part.notes),
        "probabilities": {name: round(prob, 4) for name, prob in part.probabilities.items()},
        **({"shared": shared} if shared else {}),
    }


def _component_facts(analysis: Analysis, fit: Fit) -> dict[str, Any]:
    return {
        "iterations": fit.n_iter,
        "loss": fit.loss,
        "stop": {"reason": fit.stop.reason, "sentence": str(fit.stop), "facts": fit.stop.facts},
        "restarts": [
            {"loss": float(loss), "agreement": float(agreement)}
            for loss, agreement in zip(fit.restarts, fit.agreement, strict=True)
        ],
        "scale": analysis.scale,
        "components": [
            {
                "pitch": component.pitch and asdict(component.pitch),
                "energy": component.energy,
                "start": component.start,
                "end": component.end,
                **({"name": component.name} if component.name else {}),
            }
            for component in analysis.components
        ],
    }


def _note_facts(analysis: Analysis) -> dict[str, Any]:
    key, rhythm = analysis.key, analysis.rhythm
    return {
        "n_notes": len(analysis.notes),
        **({"ids": ids_of(analysis.notes)} if analysis.detected else {}),
        "key": key and {"name": key_name(key), **asdict(key)},
        "rhythm": rhythm
        and {
            "tempo": rhythm.tempo,
            "metre": rhythm.metre,
            "downbeat": rhythm.downbeat,
            "beat_quarters": rhythm.beat_quarters,
            "swing": rhythm.swing,
            "tempo_confidence": rhythm.tempo_confidence,
            "metre_confidence": rhythm.metre_confidence,
            "beats": [round(beat, 4) for beat in rhythm.beats.tolist()],
        },
        "chords": [asdict(chord) for chord in analysis.chords],
    }
