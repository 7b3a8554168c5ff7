"""The result folder: what is written into it."""

from __future__ import annotations

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from otowake import __version__
from otowake.io.audio import Path_
from otowake.io.cells import cell_of
from otowake.io.explained import write_explained
from otowake.io.folders import EDITS, EXPLAINED, FACTORS, FORMAT, FOUND, new_folder
from otowake.io.notes import notes_table, write_notes_as_data, write_notes_to_read
from otowake.io.recipe import GIVEN, given_table
from otowake.io.sounds import write_components, write_stems
from otowake.machine import made_with
from otowake.music.edits import VERSION
from otowake.music.harmony import key_name
from otowake.music.pitch import note_name
from otowake.music.scored import ids_of
from otowake.text import Language
from otowake.types import (
    Analysis,
    Component,
    Fit,
    Part,
)

if TYPE_CHECKING:
    from otowake.plot import Snapshots

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


def save_analysis(
    analysis: Analysis, folder: Path_, *, overwrite: bool = False, language: Language = "en"
) -> Path:
    """Write an analysis as a folder that other programs can read.

    Parameters
    ----------
    analysis
        What was found.
    folder
        Where; it appears whole or not at all.
    overwrite
        Whether an earlier result at that place may be replaced.
    language
        The language of the figures' labels; everything else is the same in both.

    Returns
    -------
    The folder.

    Raises
    ------
    BadInput
        If the folder exists and may not be replaced.
    CannotWrite
        If it can't be written (no permission, disk full).

    Notes
    -----
    Of components: ``figure.png`` has the manual's four panels;
    ``factors.npz`` holds W, H, W0, H0 (before learning), frequencies (Hz), times (s), losses,
    auditions, restarts (the loss of each run) and their agreement;
    ``components.csv`` describes each component, counted from 1; ``components/`` has the sound of each.
    Of notes: ``notes.csv``, ``notes.mid``, ``score.musicxml`` (extra ``score``), ``notes.jams``,
    ``notes.labels.txt``, ``chords.csv``, ``piano-roll.png``, and ``notes.flac`` with the recording left and the
    notes as synthesised right.
    ``stems/`` has the sound of each part and of what is left; together they are the recording. ``stems.npz`` holds
    what each note contributes to the recording, and ``parts.png`` and ``timbre.png`` show it.
    Of an analysis that was corrected by hand: ``edits.json``, and in ``found/`` what was found.
    ``report.html`` shows and plays all of it in a browser (:func:`otowake.write_report`).
    ``analysis.json`` says what was analysed, how, how it ended, and has key, tempo, beats, chords and parts.

    Examples
    --------
    >>> import otowake, tempfile
    >>> audio = otowake.load(otowake.demo_path(), duration=2)
    >>> analysis = otowake.analyse(audio, stages=["components"], n_components=3, max_iter=20)
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = save_analysis(analysis, parent + "/scale")
    ...     sorted(path.name for path in folder.iterdir())
    ['analysis.json', 'components', 'components.csv', 'factors.npz', 'figure.png']
    """
    with new_folder(folder, overwrite=overwrite) as place:
        write_analysis(analysis, place, language)
    return Path(folder)


def write_analysis(
    analysis: Analysis,
    place: Path,
    language: Language,
    snapshots: Snapshots | None = None,
    *,
    only_data: bool = False,
) -> None:
    """Fill an empty folder with an analysis; see :func:`save_analysis`. `snapshots` of the learning are for the report.

    With `only_data`, there are no figures, no report, and no sound but that of stems.
    """
    if analysis.score is not None:
        (place / GIVEN).write_text(given_table(analysis.score), encoding="utf-8")
    if analysis.fit is not None:
        _write_factors(analysis, analysis.fit, place)
    if only_data:
        _write_data(analysis, place)
    elif analysis.fit is not None:
        _write_factorisation(analysis, analysis.fit, place, language)
    else:
        write_edited(analysis, place, language)
    if not only_data:
        write_reported(analysis, place, language, snapshots)


def write_reported(
    analysis: Analysis, place: Path, language: Language, snapshots: Snapshots | None = None
) -> None:
    """Write the report of an analysis whose folder is written, if it was asked for."""
    if analysis.reported:
        from otowake.io.report import write_report

        write_report(analysis, place / "report.html", folder=place, snapshots=snapshots, language=language)


def write_edited(analysis: Analysis, place: Path, language: Language) -> None:
    """Fill an empty folder with all of an analysis that corrections by hand can change: :data:`REWRITTEN`."""
    from otowake.plot import analysis_figure, parts_figure, piano_roll, timbre_figure

    _write_data(analysis, place)
    if analysis.fit is not None:
        figure = analysis_figure(analysis, language=language)
        figure.savefig(place / "figure.png", pil_kwargs={"compress_level": 1})
    if analysis.note_spec is not None:
        write_notes_to_read(analysis, place, language)
        piano_roll(analysis, language=language).savefig(place / "piano-roll.png")
    if analysis.stems is not None:
        parts_figure(analysis, language=language).savefig(place / "parts.png")
        timbre_figure(analysis, language=language).savefig(place / "timbre.png")


def _write_data(analysis: Analysis, place: Path) -> None:
    """What was found, but for figures, for the factors, and for sound other than stems."""
    _write_description(analysis, place)
    if analysis.fit is not None:
        with (place / "components.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(component_row(component) for component in analysis.components)
    if analysis.note_spec is not None:
        write_notes_as_data(analysis, place)
    if analysis.explained is not None:
        write_explained(analysis.explained, place / EXPLAINED)
    if analysis.stems is not None and analysis.audio is not None:
        write_stems(analysis, analysis.audio, place / "stems")
    if analysis.found is not None:
        edits = json.dumps({"version": VERSION, "edits": analysis.edits}, ensure_ascii=False, indent=1)
        (place / EDITS).write_text(edits + "\n", encoding="utf-8")
        _write_found(analysis.found, analysis, place / FOUND)


def _write_description(analysis: Analysis, place: Path) -> None:
    description = json.dumps(_description(analysis), ensure_ascii=False, indent=2)
    (place / "analysis.json").write_text(description + "\n", encoding="utf-8")


def _write_found(found: Analysis, edited: Analysis, place: Path) -> None:
    """Write what corrections have changed, as it was found."""
    place.mkdir()
    _write_description(found, place)
    if found.note_spec is not None:
        (place / "notes.csv").write_text(notes_table(found), encoding="utf-8")
    if found.explained is not None and found.explained is not edited.explained:
        write_explained(found.explained, place / EXPLAINED)


def _write_factors(analysis: Analysis, fit: Fit, place: Path) -> None:
    arrays = {
        "W": fit.W,
        "H": fit.H,
        "W0": fit.initial.W,
        "H0": fit.initial.H,
        "frequencies": analysis.frequencies,
        "times": analysis.times,
        "losses": fit.losses,
        "iterations": fit.iterations,
        "auditions": fit.auditions,
        "restarts": fit.restarts,
        "agreement": fit.agreement,
    }
    if fit.curve is not None:
        arrays |= {"curve_numbers": fit.curve.numbers, "curve_losses": fit.curve.losses}
    np.savez(place / FACTORS, allow_pickle=False, **arrays)


def _write_factorisation(analysis: Analysis, fit: Fit, place: Path, language: Language) -> None:
    """Write everything but the factors, the sounds of the components beside the rest."""
    from otowake.plot import number_figure

    with ThreadPoolExecutor(1) as beside:
        sounds = None
        if analysis.audio is not None:
            sounds = beside.submit(write_components, analysis, analysis.audio, place / "components")
        write_edited(analysis, place, language)
        if fit.curve is not None:
            number_figure(fit.curve, language=language).savefig(place / "figure-number.png")
        if sounds is not None:
            sounds.result()


def component_row(component: Component) -> dict[str, Any]:
    """A component as a row of ``components.csv``; components are counted from 1."""
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
        **({"given": {"file": GIVEN, "notes": len(analysis.score)}} if analysis.score is not None else {}),
        **({"dictionary": asdict(analysis.dictionary)} if analysis.dictionary else {}),
        "options": {
            "stft": asdict(analysis.stft),
            **({"fit": asdict(analysis.fit.spec)} if analysis.fit else {}),
            **({"note": asdict(analysis.note_spec)} if analysis.note_spec else {}),
            **({"part": asdict(analysis.part_spec)} if analysis.part_spec else {}),
        },
        "tuning_hz": analysis.tuning_hz,
        **(_of_components(analysis, analysis.fit) if analysis.fit else {}),
        **(_of_notes(analysis) if analysis.note_spec else {}),
        **({"parts": [_of_part(part) for part in analysis.parts]} if analysis.part_spec else {}),
        **({"edits": analysis.edits} if analysis.found else {}),
    }


def _of_part(part: Part) -> dict[str, Any]:
    chances = {name: round(chance, 4) for name, chance in part.probabilities.items()}
    return {
        "name": part.name,
        "instrument": part.instrument,
        "notes": list(part.notes),
        "probabilities": chances,
        **(
            {"shared": [[note, round(share, 4), its] for note, share, its in part.shared]}
            if part.shared
            else {}
        ),
    }


def _of_components(analysis: Analysis, fit: Fit) -> dict[str, Any]:
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


def _of_notes(analysis: Analysis) -> dict[str, Any]:
    key, rhythm = analysis.key, analysis.rhythm
    return {
        "n_notes": len(analysis.notes),
        **({"ids": ids_of(analysis.notes)} if analysis.found else {}),
        "key": key and {"name": key_name(key), **asdict(key)},
        "rhythm": rhythm
        and {
            "tempo": rhythm.tempo,
            "metre": rhythm.metre,
            "downbeat": rhythm.downbeat,
            "beats": [round(beat, 4) for beat in rhythm.beats.tolist()],
        },
        "chords": [asdict(chord) for chord in analysis.chords],
    }
