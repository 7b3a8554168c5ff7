"""A result folder read back, without trusting it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile

from otowake import text
from otowake.arrays import Member, members_of
from otowake.atomic import recover
from otowake.errors import BadInput
from otowake.io.audio import MOST_BYTES, MOST_HOURS, Path_, open_recording, sha256
from otowake.io.notes import read_table
from otowake.music import with_sound
from otowake.music.editing.edits import parsed
from otowake.music.theory.instruments import instrument
from otowake.options import FitSpec, NoteSpec, PartSpec, StftSpec, checked_stages
from otowake.results.folders import FACTORS, FOUND
from otowake.results.note_factors import FILE as EXPLAINED
from otowake.results.note_factors import read_explained
from otowake.results.recipe import Input, input_of, read_given, source_of
from otowake.results.sounds import OTHER
from otowake.signal import axes
from otowake.types import (
    Analysis,
    Audio,
    Chord,
    Component,
    Curve,
    Factors,
    Fit,
    Floats,
    Key,
    Note,
    NoteFactors,
    Part,
    Pitch,
    Rhythm,
    SharedNote,
    Sound,
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
    shown,
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
    "losses": Member(("look",), least=None),
    "iterations": Member(("look",), "iu"),
    "auditions": Member(("start", "early look"), least=None, finite=False),
    "restarts": Member(("run",), least=None),
    "agreement": Member(("run",)),
    "curve_numbers": Member(("number",), "iuf", optional=True),
    "curve_losses": Member(("number", "fold"), least=None, optional=True),
}
"""The arrays of ``factors.npz``; a start that was tried may have come to a loss that is no number."""

STOPS: dict[Literal["converged", "max_iter", "cancelled"], text.Text] = {
    "converged": text.STOP_CONVERGED,
    "max_iter": text.STOP_MAX_ITER,
    "cancelled": text.STOP_CANCELLED,
}
"""Why a fit has ended, in words."""

TUNINGS, TEMPI, MOST_METRE, MOST_CENTS = (1.0, 1e5), (1.0, 1e4), 64, 1200.0
"""What the tuning in Hz, the tempo in beats a minute, the metre and the deviation of a pitch may be at all."""

LATEST = 3600.0 * MOST_HOURS + 60
"""Seconds: nothing of a recording is later."""

TINY = 1e-300
"""The smallest number that counts as larger than 0."""

BLOCK = 2**18
"""Samples of a sound that are read at once."""


def input_digest(folder: Path) -> str | None:
    """The SHA-256 of the file that a result was made from; None if it is no result."""
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
    recover(folder)
    try:
        facts = json_of(folder / "analysis.json")
        analysis = _read(facts, folder, folder / FACTORS)
        if "edits" in facts:
            parsed(edits := rows(facts, "edits"))
            analysis = replace(
                analysis, unedited=_found(folder / FOUND, folder, analysis), edits=tuple(edits)
            )
        audio = _sound(input_of(facts), folder) if sound else None
    except (*DAMAGE, soundfile.SoundFileError) as error:
        raise BadInput(text.NOT_A_RESULT, path=folder, why=reason(error)) from error
    return analysis if audio is None else with_sound(analysis, audio)


def _found(place: Path, folder: Path, edited: Analysis) -> Analysis:
    """What was found before it was corrected; files that no correction has changed are those of the folder alone."""
    facts = json_of(place / "analysis.json")
    shared = None if is_there(place / EXPLAINED) else edited.note_factors
    return _read(facts, place, folder / FACTORS, shared)


def _read(
    facts: dict[str, Any], place: Path, factors: Path, note_factors: NoteFactors | None = None
) -> Analysis:
    """What ``analysis.json`` says, with the files beside it that it needs; `explained` if it has been read already."""
    stages = checked_stages(facts.get("stages", ["components"]))
    stft = StftSpec.recorded(facts["options"]["stft"])
    none = np.zeros(0)
    tuning = number(facts, "tuning_hz", *TUNINGS)
    analysis = Analysis(None, None, (), none, none, 1.0, tuning, stft)
    if "components" in stages:
        analysis = _with_components(analysis, facts, members_of(factors, MEMBERS))
        if facts.get("dictionary"):
            analysis = replace(analysis, dictionary=source_of(facts["dictionary"]))
    if "notes" in stages:
        analysis = _with_notes(analysis, facts, read_table(place / "notes.csv"))
        if facts.get("given"):
            given = read_given(factors.parent, facts["given"])
            analysis = replace(analysis, score=tuple(given))
    if "instruments" in stages:
        analysis = _with_parts(analysis, facts)
    if "stems" in stages:
        analysis = replace(analysis, note_factors=note_factors or read_explained(place / EXPLAINED))
    return replace(analysis, reported="report" in stages)


def _with_notes(analysis: Analysis, facts: dict[str, Any], notes: list[Note]) -> Analysis:
    ids = _all_whole(facts["ids"]) if "ids" in facts else range(len(notes))
    if len(set(ids)) != len(notes) or len(ids) != len(notes):
        raise ValueError(f"there are {len(notes)} notes and {len(set(ids))} ids")
    if facts.get("n_notes", len(notes)) != len(notes):
        raise ValueError(f"notes.csv has {len(notes)} notes, not {facts['n_notes']}")
    notes = [replace(note, id=its) for note, its in zip(notes, ids, strict=True)]
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
    return Rhythm(
        number(facts, "tempo", *TEMPI), beats, metre, whole(facts, "downbeat", 0, metre - 1)
    )


def _all_whole(values: Any) -> list[int]:
    """The indices or ids in a list."""
    return [whole({"a number of a note": value}, "a number of a note") for value in values]


def _with_parts(analysis: Analysis, facts: dict[str, Any]) -> Analysis:
    parts = [_part(part, len(analysis.notes)) for part in rows(facts, "parts")]
    mine = [note for part in parts for note in part.notes]
    if len(set(mine)) < len(mine):
        raise ValueError("a note is of several parts")
    if len({part.name.casefold() for part in parts} | {OTHER}) <= len(parts):
        raise ValueError(f"two parts have the same name, or one is called {OTHER}")
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
    for note, share, its in part.get("shared", ()):
        fact = {"note": note, "share": share, "id": its}
        shared.append(
            SharedNote(
                whole(fact, "note"), number(fact, "share", 0, 1), whole(fact, "id", -MOST_WHOLE, -1)
            )
        )
    if max([*notes, *(each.note for each in shared)], default=-1) >= n_notes:
        raise ValueError(f"the part {name} has notes that are not there")
    chances = {
        instrument(kind).name: number(part["probabilities"], kind, 0, 1)
        for kind in part["probabilities"]
    }
    return Part(
        name, instrument(word(part, "instrument")).name, tuple(notes), chances, tuple(shared)
    )


def _with_components(analysis: Analysis, facts: dict[str, Any], arrays: dict[str, Any]) -> Analysis:
    W, times, stft = arrays["W"], arrays["times"], analysis.stft
    if len(rows(facts, "components")) != W.shape[1]:
        raise ValueError(f"there are {len(facts['components'])} components and W has {W.shape[1]}")
    for name, expected in zip(("frequencies", "times"), axes(stft, len(times)), strict=True):
        if expected.shape != arrays[name].shape or not np.allclose(expected, arrays[name]):
            raise ValueError(f"{name} are not those of the options of stft")
    if not min(W.size, len(times), len(arrays["losses"])):
        raise ValueError("there is nothing in W, H or losses")
    fit = Fit(
        W,
        arrays["H"],
        arrays["losses"],
        arrays["iterations"].astype(np.int64),
        Factors(arrays["W0"], arrays["H0"]),
        _stop(facts["stop"]),
        FitSpec.recorded(facts["options"]["fit"]),
        arrays["auditions"],
        arrays["restarts"],
        _curve(arrays),
        arrays["agreement"],
    )
    components = tuple(_component(i, found) for i, found in enumerate(facts["components"]))
    return replace(
        analysis,
        fit=fit,
        components=components,
        frequencies=arrays["frequencies"],
        times=times,
        scale=number(facts, "scale", TINY),
    )


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
            stop.sentence()  # whatever it needs is there
            return stop
    raise ValueError(f"the reason of the stop must be one of {', '.join(STOPS)}; it is {name}")


def _component(index: int, found: Any) -> Component:
    return Component(
        index=index,
        pitch=_pitch(found["pitch"]) if found["pitch"] else None,
        energy=number(found, "energy", 0),
        start=number(found, "start", 0, LATEST),
        end=number(found, "end", 0, LATEST),
        name=word(found, "name", printable=True) if "name" in found else "",
    )


def _pitch(found: Any) -> Pitch:
    return Pitch(
        number(found, "hz", TINY),
        whole(found, "midi", 0, 127),
        number(found, "cents", -MOST_CENTS, MOST_CENTS),
        number(found, "confidence", 0, 1),
    )


def _sound(facts: Input | None, folder: Path) -> Sound | None:
    """The recording from where it was, or else put together from the components or the stems."""
    if facts is None:
        return None
    source = facts.source
    if source is not None and _is_same(Path(source.path), source.sha256):
        return open_recording(source.path, start=source.start, duration=source.duration)
    for sounds in ("components", "stems"):
        total: Floats | None = None
        for path in sorted((folder / sounds).glob("*.*")):
            samples = _samples(path, facts)
            total = samples if total is None else np.add(total, samples, out=total)
        if total is not None:
            return Audio(total.T.astype(np.float32), facts.rate, facts.name, source)
    return None


def _is_same(path: Path, digest: str) -> bool:
    """Whether a recording is still there; one that can't be read is not."""
    try:
        return sha256(path) == digest
    except (OSError, ValueError):
        return False


def _samples(path: Path, facts: Input) -> Floats:
    """The samples of one of the sounds that add up to the recording, shape (sample, channel)."""
    if 8 * facts.samples * facts.channels > MOST_BYTES:
        raise ValueError(f"{path.name} would take more than {shown(MOST_BYTES)}")
    with open_regular(path) as file, soundfile.SoundFile(file) as sound:
        blocks, left = [], facts.samples + 1
        while sound.channels == facts.channels and left > 0:
            blocks.append(sound.read(min(left, BLOCK), dtype="float64", always_2d=True))
            left -= len(blocks[-1])
            if len(blocks[-1]) < BLOCK:
                break
    if left != 1:
        raise ValueError(f"{path.name} is not as long as the recording, or of other channels")
    samples = np.concatenate(blocks)
    if not np.isfinite(samples).all():
        raise ValueError(f"{path.name} has samples that are not finite")
    return samples
