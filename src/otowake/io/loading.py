"""A result folder read back, without trusting it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from otowake import text
from otowake.errors import BadInput
from otowake.io.audio import MOST_BYTES, Path_, open_recording, sha256
from otowake.io.explained import FILE as EXPLAINED
from otowake.io.explained import read_explained
from otowake.io.folders import FACTORS, FOUND
from otowake.io.notes import read_table
from otowake.io.recipe import read_given
from otowake.music import with_sound
from otowake.music.instruments import instrument
from otowake.options import FitSpec, NoteSpec, PartSpec, StftSpec
from otowake.outside import DAMAGE, arrays_of, is_plain_name, json_of, shown
from otowake.types import (
    Analysis,
    Audio,
    Chord,
    Component,
    Curve,
    Explained,
    Factors,
    Fit,
    Floats,
    Key,
    Note,
    Part,
    Pitch,
    Rhythm,
    Share,
    Sound,
    Source,
    Stop,
)


def input_digest(folder: Path) -> str | None:
    """The SHA-256 of the file that a result was made from; None if it is no result."""
    try:
        return json_of(folder / "analysis.json")["input"]["sha256"]
    except DAMAGE:
        return None


def load_analysis(folder: Path_, *, sound: bool = True) -> Analysis:
    """Read a result folder back.

    Parameters
    ----------
    folder
        What :func:`save_analysis` or the command line has written.
    sound
        Whether to look for its sound; without it, ``audio`` is None.

    Returns
    -------
    Analysis
        It draws the same figures and sounds the same as the one that was saved. Its sound is that of the
        recording if the same file is still where it was, otherwise the sum of the folder's components or stems; if
        neither is there, ``audio`` is None.

    Raises
    ------
    BadInput
        If the folder is not a result, or a damaged one.

    Examples
    --------
    >>> load_analysis("no-such-folder")
    Traceback (most recent call last):
    ...
    otowake.errors.BadInput: no-such-folder: this is not a result folder of otowake (analysis.json is missing).
    """
    folder = Path(folder)
    if not (folder / "analysis.json").is_file():
        raise BadInput(text.NOT_A_RESULT, path=folder, why="analysis.json is missing")
    try:
        facts = json_of(folder / "analysis.json")
        analysis = _read(facts, folder, folder / FACTORS)
        if "edits" in facts:
            edits = tuple(dict(edit) for edit in facts["edits"])
            analysis = replace(analysis, found=_found(folder / FOUND, folder, analysis), edits=edits)
        audio = _sound(facts["input"], folder) if sound else None
    except (*DAMAGE, soundfile.SoundFileError) as error:
        raise BadInput(text.NOT_A_RESULT, path=folder, why=f"{type(error).__name__}: {error}") from error
    return analysis if audio is None else with_sound(analysis, audio)


def _found(place: Path, folder: Path, edited: Analysis) -> Analysis:
    """What was found before it was corrected; files that no correction has changed are those of the folder alone."""
    facts = json_of(place / "analysis.json")
    shared = edited.explained if not (place / EXPLAINED).is_file() else None
    return _read(facts, place, folder / FACTORS, shared)


def _read(facts: dict[str, Any], place: Path, factors: Path, explained: Explained | None = None) -> Analysis:
    """What ``analysis.json`` says, with the files beside it that it needs; `explained` if it has been read already."""
    stages = facts.get("stages", ["components"])
    stft = StftSpec().with_options(**facts["options"]["stft"])
    none = np.zeros(0)
    analysis = Analysis(None, None, (), none, none, 1.0, float(facts["tuning_hz"]), stft)
    if "components" in stages:
        with factors.open("rb") as file:
            analysis = _analysis(facts, arrays_of(file))
        if facts.get("dictionary"):
            analysis = replace(analysis, dictionary=Source(**facts["dictionary"]))
    if "notes" in stages:
        analysis = _with_notes(analysis, facts, read_table(place / "notes.csv"))
        if facts.get("given"):
            given = read_given(factors.parent, facts["given"])
            analysis = replace(analysis, score=tuple(given))
    if "instruments" in stages:
        analysis = _with_parts(analysis, facts)
    if "stems" in stages:
        analysis = replace(analysis, explained=explained or read_explained(place / EXPLAINED))
    return replace(analysis, reported="report" in stages)


def _with_notes(analysis: Analysis, facts: dict[str, Any], notes: list[Note]) -> Analysis:
    ids = [int(its) for its in facts.get("ids", range(len(notes)))]
    if len(set(ids)) != len(notes) or min(ids, default=0) < 0:
        raise ValueError(f"there are {len(notes)} notes and {len(set(ids))} ids")
    notes = [replace(note, id=its) for note, its in zip(notes, ids, strict=True)]
    key, rhythm = facts["key"], facts["rhythm"]
    if rhythm:
        beats = np.array(rhythm["beats"], dtype=float)
        rhythm = Rhythm(float(rhythm["tempo"]), beats, int(rhythm["metre"]), int(rhythm["downbeat"]))
    return replace(
        analysis,
        notes=tuple(notes),
        chords=tuple(
            Chord(float(chord["onset"]), float(chord["offset"]), str(chord["name"]))
            for chord in facts["chords"]
        ),
        key=Key(int(key["tonic"]), key["mode"], float(key["confidence"])) if key else None,
        rhythm=rhythm or None,
        note_spec=NoteSpec().with_options(**facts["options"]["note"]),
    )


def _with_parts(analysis: Analysis, facts: dict[str, Any]) -> Analysis:
    parts, n = [], len(analysis.notes)
    for part in facts["parts"]:
        places = tuple(int(place) for place in part["notes"])
        if not all(0 <= place < n for place in places):
            raise ValueError(f"the part {part['name']} has notes that are not there")
        if not is_plain_name(part["name"]):
            raise ValueError(f"no part can be called {part['name']!r}")
        chances = {str(name): float(chance) for name, chance in part["probabilities"].items()}
        shared = tuple(
            Share(int(note), float(share), int(its)) for note, share, its in part.get("shared", ())
        )
        if not all(0 <= note < n and 0 <= share <= 1 and its < 0 for note, share, its in shared):
            raise ValueError(f"the part {part['name']} shares notes that are not there")
        parts.append(Part(part["name"], instrument(part["instrument"]).name, places, chances, shared))
    notes = tuple(
        replace(note, programme=instrument(note.instrument).programme) if note.instrument else note
        for note in analysis.notes
    )
    spec = PartSpec().with_options(**facts["options"]["part"])
    return replace(analysis, notes=notes, parts=tuple(parts), part_spec=spec)


def _analysis(facts: dict[str, Any], arrays: dict[str, Floats]) -> Analysis:
    W, H, frequencies, times = (arrays[name] for name in ("W", "H", "frequencies", "times"))
    n = len(facts["components"])
    shapes = {"W": (len(frequencies), n), "H": (n, len(times)), "W0": W.shape, "H0": H.shape}
    for name, shape in shapes.items():
        if arrays[name].shape != shape or arrays[name].dtype.kind != "f":
            raise ValueError(f"{name} has the shape {arrays[name].shape}")
    stop = facts["stop"]
    templates = {
        "converged": text.STOP_CONVERGED,
        "max_iter": text.STOP_MAX_ITER,
        "cancelled": text.STOP_CANCELLED,
    }
    fit = Fit(
        W,
        H,
        arrays["losses"],
        arrays["iterations"].astype(np.int64),
        Factors(arrays["W0"], arrays["H0"]),
        Stop(stop["reason"], templates[stop["reason"]], dict(stop["facts"])),
        FitSpec().with_options(**facts["options"]["fit"]),
        arrays["auditions"],
        arrays["restarts"],
        Curve(arrays["curve_numbers"], arrays["curve_losses"]) if "curve_numbers" in arrays else None,
        arrays["agreement"],
    )
    components = tuple(
        Component(
            index=i,
            pitch=_pitch(found["pitch"]) if found["pitch"] else None,
            energy=float(found["energy"]),
            start=float(found["start"]),
            end=float(found["end"]),
            name=str(found.get("name", "")),
        )
        for i, found in enumerate(facts["components"])
    )
    stft = StftSpec().with_options(**facts["options"]["stft"])
    return Analysis(
        None, fit, components, frequencies, times, float(facts["scale"]), float(facts["tuning_hz"]), stft
    )


def _pitch(found: dict[str, Any]) -> Pitch:
    return Pitch(float(found["hz"]), int(found["midi"]), float(found["cents"]), float(found["confidence"]))


def _sound(facts: dict[str, Any] | None, folder: Path) -> Sound | None:
    """The recording from where it was, or else put together from the components."""
    if not facts:
        return None
    path = Path(facts.get("path", ""))
    if path.is_file() and sha256(path) == facts["sha256"]:
        return open_recording(path, start=facts["start"], duration=facts["duration"])
    source = (
        Source(*(facts[name] for name in ("path", "sha256", "start", "duration")))
        if "path" in facts
        else None
    )
    for sounds in ("components", "stems"):
        total: Floats | None = None
        for file in sorted((folder / sounds).glob("*.*")):
            its = soundfile.info(file)
            if (its.frames, its.channels) != (facts["samples"], facts["channels"]):
                raise ValueError(f"{file.name} is not as long as the recording, or of other channels")
            if 8 * its.frames * its.channels > MOST_BYTES:
                raise ValueError(f"{file.name} would take more than {shown(MOST_BYTES)}")
            samples, _ = soundfile.read(file, dtype="float64", always_2d=True)
            total = np.add(0.0 if total is None else total, samples)
        if total is not None:
            return Audio(total.T.astype(np.float32), int(facts["rate"]), str(facts["name"]), source)
    return None
