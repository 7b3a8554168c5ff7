"""The result folder: written beside its place and moved there whole; read back without trusting it."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from otowake import __version__, text
from otowake.errors import BadInput, CannotWrite, OtowakeError
from otowake.io.audio import MOST_BYTES, Path_, open_recording, sha256
from otowake.io.explained import FILE as EXPLAINED
from otowake.io.explained import read_explained, write_explained
from otowake.io.notes import notes_table, read_table, write_notes_as_data, write_notes_to_read
from otowake.io.recipe import GIVEN, given_table, read_given
from otowake.machine import made_with
from otowake.music import with_sound
from otowake.music.edits import VERSION
from otowake.music.harmony import key_name
from otowake.music.instruments import instrument
from otowake.music.pitch import note_name
from otowake.music.scored import ids_of
from otowake.options import FitSpec, NoteSpec, PartSpec, StftSpec
from otowake.outside import DAMAGE, arrays_of, is_plain_name, json_of, shown
from otowake.signal import separate
from otowake.text import Language
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
    Sound,
    Source,
    Stop,
)

if TYPE_CHECKING:
    from otowake.plot import Snapshots

FORMAT = 1
"""The version of the folder's layout."""

FACTORS, EDITS, FOUND = "factors.npz", "edits.json", "found"
"""The factorisation; corrections by hand, and what was found before them."""

REWRITTEN = frozenset(
    {
        "analysis.json",
        "components.csv",
        "figure.png",
        "notes.csv",
        "notes.mid",
        "notes.jams",
        "notes.labels.txt",
        "notes.flac",
        "score.musicxml",
        "chords.csv",
        "piano-roll.png",
        "report.html",
        "parts.png",
        "timbre.png",
        "stems",
        EXPLAINED,
        EDITS,
        FOUND,
    }
)
"""What is written anew when a result is corrected; everything else in its folder stays."""

PARTIAL = ".partial-"
"""How the names of half-written folders begin."""

QUIET = 2**-10
"""A peak below this (−60 dB) is too low for 24 bits."""

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

    With `only_data`, there are no figures and no sound but that of stems.
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


@contextlib.contextmanager
def new_folder(folder: Path_, *, overwrite: bool = False) -> Iterator[Path]:
    """A folder to fill that takes its place `folder` when the block ends well, and is removed when it doesn't."""
    folder = Path(folder)
    _check_place(folder, overwrite)
    made: list[Path] = []
    place = None
    try:
        made = _make_parents(folder)
        remove_leftovers(folder.parent, _mark(folder))
        place = Path(tempfile.mkdtemp(prefix=f"{_mark(folder)}{os.getpid()}-", dir=folder.parent))
        yield place
        place.chmod(0o755)
        _check_place(folder, overwrite)
        _replace(folder, place)
    except BaseException as error:
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)
        for parent in made:
            with contextlib.suppress(OSError):
                parent.rmdir()
        if isinstance(error, (OSError, soundfile.SoundFileError)) and not isinstance(error, OtowakeError):
            why = getattr(error, "strerror", None) or error
            raise CannotWrite(text.CANT_WRITE, path=folder, why=why) from error
        raise


def _check_place(folder: Path, overwrite: bool) -> None:
    if not os.path.lexists(folder):
        return
    if not (folder / "analysis.json").is_file():
        raise BadInput(text.NOT_OURS, path=folder)
    if not overwrite:
        raise BadInput(text.FOLDER_EXISTS, path=folder)


def _mark(folder: Path) -> str:
    """How the names of half-written folders for this one begin, however long its own name is."""
    return f"{PARTIAL}{hashlib.sha256(os.fsencode(folder.name)).hexdigest()[:12]}-"


def remove_leftovers(parent: Path, mark: str = PARTIAL) -> None:
    """Remove what processes of this machine that were killed have left half-written; their number is in the name."""
    for left in parent.glob(f"{mark}*-*"):
        process = left.name.split("-")[-2]
        if process.isdigit() and not Path(f"/proc/{process}").exists() and Path("/proc/self").exists():
            shutil.rmtree(left, ignore_errors=True)


def _make_parents(folder: Path) -> list[Path]:
    """Make the folders above `folder`; gives those that were not there, the innermost first."""
    missing = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _replace(folder: Path, place: Path) -> None:
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=_mark(folder) + "old-", dir=folder.parent))
        folder.rename(old / "result")
        try:
            place.rename(folder)
        except OSError:
            (old / "result").rename(folder)
            raise
        finally:
            shutil.rmtree(old, ignore_errors=True)
    else:
        place.rename(folder)


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
        "name": component.name,
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


def write_components(analysis: Analysis, audio: Sound, folder: Path) -> None:
    """Write each component's sound."""
    names = [component_file(component) for component in analysis.components]
    write_sounds(names, lambda: separate(audio, analysis.fitted().factors, analysis.stft), audio, folder)


OTHER = "other"
"""The name of the sound that no part explains."""


def write_stems(analysis: Analysis, audio: Sound, folder: Path) -> None:
    """Write each part's sound under its name, and what is left as ``other``."""
    if analysis.stems is not None:
        names = [*(part.name for part in analysis.parts), OTHER]
        write_sounds(names, analysis.stems, audio, folder)


def write_sounds(
    names: Sequence[str], blocks: Callable[[], Iterator[list[Floats]]], audio: Sound, folder: Path
) -> None:
    """Write sounds that add up to a recording: 24-bit FLAC where that can hold them, float WAV elsewhere.

    FLAC has at most 8 channels and 655,350 Hz, ends at full scale, and has few steps for what is very quiet.
    """
    if audio.n_channels <= 8 and audio.rate <= 655_350:
        folder.mkdir()
        if QUIET <= _write_sounds(names, blocks(), audio, folder, ".flac") <= 1:
            return
        shutil.rmtree(folder)
    folder.mkdir()
    _write_sounds(names, blocks(), audio, folder, ".wav")


def component_file(component: Component) -> str:
    """The name of a component's sound file, without its ending, such as ``01-C4``."""
    name = note_name(component.pitch.midi) if component.pitch else "unpitched"
    return f"{component.index + 1:02d}-{name}"


def _write_sounds(
    names: Sequence[str], blocks: Iterator[list[Floats]], audio: Sound, folder: Path, suffix: str
) -> float:
    """Write all sounds in one pass and return the peak; a pass that would clip a FLAC file is cut off."""
    subtype = "PCM_24" if suffix == ".flac" else "FLOAT"
    paths = [folder / (name + suffix) for name in names]
    peak = 0.0
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(os.cpu_count()))
        files = [
            stack.enter_context(soundfile.SoundFile(path, "w", audio.rate, audio.n_channels, subtype))
            for path in paths
        ]
        for block in blocks:
            peak = max(peak, *(float(np.abs(sound).max(initial=0)) for sound in block))
            if peak > 1 and suffix == ".flac":
                return peak
            list(pool.map(lambda file, sound: file.write(sound.T), files, block))
    for path in paths:
        if soundfile.info(path).frames != audio.n_samples:
            raise OSError(f"{path.name} was not written whole; the disk may be full")
    return peak


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
        parts.append(Part(part["name"], instrument(part["instrument"]).name, places, chances))
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
