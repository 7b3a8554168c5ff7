"""Read a result folder, treating its contents as untrusted input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from otowake import text
from otowake.arrays import Member, arrays_of, checked
from otowake.atomic import recover
from otowake.errors import BadInput
from otowake.io.audio import MOST_HOURS, Path_
from otowake.io.notes import read_table
from otowake.music import with_sound
from otowake.music.editing.edits import parsed
from otowake.music.theory.instruments import instrument
from otowake.options import FitSpec, NoteSpec, PartSpec, StftSpec, TheorySpec, checked_stages
from otowake.results.folders import DETECTED, FACTORS, OLD_DETECTED
from otowake.results.note_factors import NOTE_FACTORS, read_note_factors
from otowake.results.recipe import input_of, read_given, source_of
from otowake.results.sounds import OTHER, read_sound
from otowake.signal import axes
from otowake.types import (
    Analysis,
    Chord,
    Component,
    Contour,
    Curve,
    Factors,
    Fit,
    Key,
    Note,
    NoteFactors,
    Part,
    Pitch,
    Rhythm,
    SharedNote,
    Stop,
)
from otowake.untrusted import (
    DAMAGE,
    MOST_WHOLE,
    is_plain_name,
    is_there,
    json_of,
    number,
    open_regular,
    reason,
    rows,
    whole,
    word,
)

MEMBERS = {
    "W": Member(("frequency", "component")),
    "H": Member(("component", "time")),
    "W0": Member(("frequency", "component")),
    "H0": Member(("component", "time")),
    "frequencies": Member(("frequency",)),
    "times": Member(("time",)),
    "losses": Member(("check",), least=None),
    "iterations": Member(("check",), "iu"),
    "screening_losses": Member(("start", "early check"), least=None, finite=False),
    "restarts": Member(("run",), least=None),
    "agreement": Member(("run",)),
    "positions": Member(("component",), "iu", optional=True),
    "curve_numbers": Member(("number",), "iuf", optional=True),
    "curve_losses": Member(("number", "fold"), least=None, optional=True),
}
"""The arrays of ``factors.npz``; the screening of a start may have ended with a loss of NaN."""

OLD_MEMBERS = {"auditions": "screening_losses"}
"""Earlier names of arrays in ``factors.npz``, read for one version, and their present names."""

STOPS: dict[Literal["converged", "max_iter", "cancelled"], text.Text] = {
    "converged": text.STOP_CONVERGED,
    "max_iter": text.STOP_MAX_ITER,
    "cancelled": text.STOP_CANCELLED,
}
"""The sentence of each reason to stop a fit."""

TUNINGS, TEMPI, MOST_METRE, MOST_CENTS = (1.0, 1e5), (1.0, 1e4), 64, 1200.0
BEAT_QUARTERS = (0.5, 1.0, 1.5)
"""Limits of the tuning (Hz), the tempo (BPM), the metre and the deviation of a pitch (cents)."""

TIME_TOLERANCE = 1e-3
"""Seconds, how far a contour may exceed its note, for rounding."""

LATEST = 3600.0 * MOST_HOURS + 60
"""Seconds, the latest time in a recording."""

TINY = 1e-300
"""The smallest number accepted as positive."""


def input_digest(folder: Path) -> str | None:
    """Return the SHA-256 of the recording of a result; None if the folder is no result."""
    recover(folder)
    try:
        return word(json_of(folder / "analysis.json")["input"], "sha256")
    except DAMAGE:
        return None


def load_analysis(folder: Path_, *, sound: bool = True) -> Analysis:
    """Read a result folder back.

    Parameters
    ----------
    folder
        A folder written by :func:`save_analysis` or the command line.
    sound
        Whether to load the sound; otherwise ``audio`` is None.

    Returns
    -------
    Analysis
        The saved analysis, with the same figures and sounds. Its ``audio`` is the recording if the
        file is unchanged, otherwise the sum of the components or stems in the folder, or None
        without either.

    Raises
    ------
    BadInput
        If the folder is no result, or a damaged one.

    Examples
    --------
    >>> load_analysis("no-such-folder")
    Traceback (most recent call last):
    ...
    otowake.errors.BadInput: no-such-folder: this is not a result folder of otowake
    (analysis.json is missing).
    """
    folder = Path(folder)
    recover(folder)
    try:
        facts = json_of(folder / "analysis.json")
        analysis = _read(facts, folder, folder / FACTORS)
        if "edits" in facts:
            parsed(edits := rows(facts, "edits"))
            detected = _read_detected(folder, analysis)
            analysis = replace(analysis, detected=detected, edits=tuple(edits))
        audio = read_sound(input_of(facts), folder) if sound else None
    except (*DAMAGE, soundfile.SoundFileError) as error:
        raise BadInput(text.NOT_A_RESULT, path=folder, why=reason(error)) from error
    return analysis if audio is None else with_sound(analysis, audio)


def _read_detected(folder: Path, edited: Analysis) -> Analysis:
    """Read the analysis before manual corrections; unchanged data are those of `edited`."""
    subfolder = folder / DETECTED
    if not is_there(subfolder) and is_there(folder / OLD_DETECTED):
        subfolder = folder / OLD_DETECTED
    facts = json_of(subfolder / "analysis.json")
    shared = None if is_there(subfolder / NOTE_FACTORS) else edited.note_factors
    return _read(facts, subfolder, folder / FACTORS, shared)


def read_factors(path: Path) -> dict[str, Any]:
    """Read the arrays of ``factors.npz``, under their present names.

    Raises
    ------
    ValueError, OSError
        If the file is damaged or can't be read.
    """
    with open_regular(path) as file:
        arrays = arrays_of(file)
    for old, name in OLD_MEMBERS.items():
        if old in arrays:
            arrays.setdefault(name, arrays[old])
    return checked(arrays, MEMBERS)


def _read(
    facts: dict[str, Any], folder: Path, factors: Path, note_factors: NoteFactors | None = None
) -> Analysis:
    """Build an analysis from ``analysis.json`` and the files that it needs."""
    stages = checked_stages(facts.get("stages", ["components"]))
    stft = StftSpec.recorded(facts["options"]["stft"])
    none = np.zeros(0)
    tuning = number(facts, "tuning_hz", *TUNINGS)
    theory = TheorySpec.recorded(facts["options"].get("theory", {}))
    analysis = Analysis(None, None, (), none, none, 1.0, tuning, stft, theory_spec=theory)
    if "components" in stages:
        analysis = _with_components(analysis, facts, read_factors(factors))
        if facts.get("dictionary"):
            analysis = replace(analysis, dictionary=source_of(facts["dictionary"]))
    if "notes" in stages:
        analysis = _with_notes(analysis, facts, read_table(folder / "notes.csv"))
        if facts.get("given"):
            given = read_given(factors.parent, facts["given"])
            analysis = replace(analysis, score=tuple(given))
    if "instruments" in stages:
        analysis = _with_parts(analysis, facts)
    if "stems" in stages:
        note_factors = note_factors or read_note_factors(folder / NOTE_FACTORS)
        analysis = replace(analysis, note_factors=note_factors)
    return replace(analysis, reported="report" in stages)


def _with_notes(analysis: Analysis, facts: dict[str, Any], notes: list[Note]) -> Analysis:
    ids = _all_whole(facts["ids"]) if "ids" in facts else range(len(notes))
    if len(set(ids)) != len(notes) or len(ids) != len(notes):
        raise ValueError(f"there are {len(notes)} notes and {len(set(ids))} ids")
    if facts.get("n_notes", len(notes)) != len(notes):
        raise ValueError(f"notes.csv has {len(notes)} notes, not {facts['n_notes']}")
    by_index = facts.get("pitch_contours", {})
    contour_of = {index: _contour(by_index, index, notes) for index in by_index}
    notes = [
        replace(note, id=note_id, contour=contour_of.get(str(index), ()))
        for index, (note, note_id) in enumerate(zip(notes, ids, strict=True))
    ]
    return replace(
        analysis,
        notes=tuple(notes),
        chords=tuple(
            Chord(
                number(chord, "onset", 0, LATEST),
                number(chord, "offset", 0, LATEST),
                word(chord, "name", printable=True),
            )
            for chord in rows(facts, "chords")
        ),
        key=_key(facts["key"]) if facts["key"] else None,
        rhythm=_rhythm(facts["rhythm"]) if facts["rhythm"] else None,
        note_spec=NoteSpec.recorded(facts["options"]["note"]),
    )


def _contour(by_index: Any, index: str, notes: list[Note]) -> Contour:
    """Return the pitch contour of a note, checked to lie within the note."""
    note = notes[
        whole({"the index of a note": int(index)}, "the index of a note", 0, len(notes) - 1)
    ]
    if note.is_drum:
        raise ValueError("a drum hit has a pitch contour")
    latest = note.offset - note.onset + TIME_TOLERANCE
    points = []
    for time, cents in rows(by_index, index):
        point = {"time": time, "cents": cents}
        points.append(
            (number(point, "time", 0, latest), number(point, "cents", -MOST_CENTS, MOST_CENTS))
        )
    return tuple(points)


def _key(facts: Any) -> Key:
    mode = word(facts, "mode")
    if mode not in ("major", "minor"):
        raise ValueError(f"the mode of a key must be major or minor; it is {mode}")
    return Key(whole(facts, "tonic", 0, 11), mode, number(facts, "confidence"))


def _rhythm(facts: Any) -> Rhythm:
    beats = np.array(
        [number({"a beat": beat}, "a beat", 0, LATEST) for beat in rows(facts, "beats")]
    )
    if (np.diff(beats) <= 0).any():
        raise ValueError("the beats are not in order")
    metre = whole(facts, "metre", 1, MOST_METRE)
    # Older results have tempo, beats, metre and downbeat alone.
    facts = {"beat_quarters": 1, "tempo_confidence": 1, "metre_confidence": 1} | facts
    beat_quarters = number(facts, "beat_quarters")
    if beat_quarters not in BEAT_QUARTERS:
        raise ValueError(f"a beat must have {BEAT_QUARTERS} quarter notes, not {beat_quarters}")
    return Rhythm(
        number(facts, "tempo", *TEMPI),
        beats,
        metre,
        whole(facts, "downbeat", 0, metre - 1),
        beat_quarters,
        facts.get("swing") is True,
        number(facts, "tempo_confidence", 0, 1),
        number(facts, "metre_confidence", 0, 1),
    )


def _all_whole(values: Any) -> list[int]:
    """Return a list of note indices or ids, checked to be whole numbers."""
    return [whole({"the index of a note": value}, "the index of a note") for value in values]


def _with_parts(analysis: Analysis, facts: dict[str, Any]) -> Analysis:
    parts = [_part(part, len(analysis.notes)) for part in rows(facts, "parts")]
    assigned = [index for part in parts for index in part.notes]
    if len(set(assigned)) < len(assigned):
        raise ValueError("a note belongs to several parts")
    if len({part.name.casefold() for part in parts} | {OTHER}) <= len(parts):
        raise ValueError(f"two parts have the same name, or a part has the name {OTHER}")
    notes = tuple(
        replace(note, programme=instrument(note.instrument).programme) if note.instrument else note
        for note in analysis.notes
    )
    spec = PartSpec.recorded(facts["options"]["part"])
    return replace(analysis, notes=notes, parts=tuple(parts), part_spec=spec)


def _part(part: Any, n_notes: int) -> Part:
    name, notes, shared = word(part, "name"), _all_whole(rows(part, "notes")), []
    if not is_plain_name(name):
        raise ValueError(f"no part can be called {name!r}")
    for index, share, note_id in part.get("shared", ()):
        fact = {"note": index, "share": share, "id": note_id}
        shared.append(
            SharedNote(
                whole(fact, "note"), number(fact, "share", 0, 1), whole(fact, "id", -MOST_WHOLE, -1)
            )
        )
    if max([*notes, *(note.note for note in shared)], default=-1) >= n_notes:
        raise ValueError(f"the part {name} has notes that are not there")
    probs = {
        instrument(kind).name: number(part["probabilities"], kind, 0, 1)
        for kind in part["probabilities"]
    }
    return Part(name, instrument(word(part, "instrument")).name, tuple(notes), probs, tuple(shared))


def _with_components(analysis: Analysis, facts: dict[str, Any], arrays: dict[str, Any]) -> Analysis:
    W, times, stft = arrays["W"], arrays["times"], analysis.stft
    if len(rows(facts, "components")) != W.shape[1]:
        raise ValueError(f"there are {len(facts['components'])} components and W has {W.shape[1]}")
    for name, expected in zip(("frequencies", "times"), axes(stft, len(times)), strict=True):
        if expected.shape != arrays[name].shape or not np.allclose(expected, arrays[name]):
            raise ValueError(f"{name} do not match the options of stft")
    if not min(W.size, len(times), len(arrays["losses"])):
        raise ValueError("W, H or losses is empty")
    fit = Fit(
        W,
        arrays["H"],
        arrays["losses"],
        arrays["iterations"].astype(np.int64),
        Factors(arrays["W0"], arrays["H0"]),
        _stop(facts["stop"]),
        FitSpec.recorded(facts["options"]["fit"]),
        arrays["screening_losses"],
        arrays["restarts"],
        _curve(arrays),
        arrays["agreement"],
        _positions(arrays),
    )
    components = tuple(_component(i, item) for i, item in enumerate(facts["components"]))
    return replace(
        analysis,
        fit=fit,
        components=components,
        frequencies=arrays["frequencies"],
        times=times,
        scale=number(facts, "scale", TINY),
    )


def _positions(arrays: dict[str, Any]) -> NDArray[np.int64]:
    """Return the positions of the components; none if a result of an earlier version has none."""
    if "positions" not in arrays:
        return np.zeros(0, np.int64)
    positions = arrays["positions"].astype(np.int64)
    if not np.array_equal(np.sort(positions), np.arange(arrays["W"].shape[1])):
        raise ValueError("positions is not a permutation of the components")
    return positions


def _curve(arrays: dict[str, Any]) -> Curve | None:
    if "curve_numbers" not in arrays:
        return None
    curve = Curve(arrays["curve_numbers"], arrays["curve_losses"])
    if not curve.losses.size or curve.losses.shape[1] < 2:
        raise ValueError(f"curve_losses has the shape {curve.losses.shape}")
    return curve


def _stop(facts: Any) -> Stop:
    name, figures = word(facts, "reason"), facts["facts"]
    if not figures:
        raise ValueError("the stop has no figures")
    for figure in figures:
        number(figures, figure)
    for known, template in STOPS.items():
        if known == name:
            stop = Stop(known, template, dict(figures))
            stop.sentence()  # raises if a figure is missing
            return stop
    raise ValueError(f"the reason of the stop must be one of {', '.join(STOPS)}; it is {name}")


def _component(index: int, facts: Any) -> Component:
    return Component(
        index=index,
        pitch=_pitch(facts["pitch"]) if facts["pitch"] else None,
        energy=number(facts, "energy", 0),
        start=number(facts, "start", 0, LATEST),
        end=number(facts, "end", 0, LATEST),
        name=word(facts, "name", printable=True) if "name" in facts else "",
    )


def _pitch(facts: Any) -> Pitch:
    return Pitch(
        number(facts, "hz", TINY),
        whole(facts, "midi", 0, 127),
        number(facts, "cents", -MOST_CENTS, MOST_CENTS),
        number(facts, "confidence", 0, 1),
    )
