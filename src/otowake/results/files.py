"""List the files of a result folder: how each is written, and which analyses have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from otowake import text
from otowake.errors import BadInput
from otowake.io.jams import jams_of
from otowake.io.notes import (
    chords_table,
    label_track,
    notes_table,
    write_midi,
    write_musicxml,
    write_sound,
)
from otowake.music.theory.names import style_of
from otowake.results import data
from otowake.results.folders import DETECTED, EDITS, FACTORS, OLD_DETECTED
from otowake.results.note_factors import NOTE_FACTORS, write_note_factors
from otowake.results.recipe import GIVEN, given_table
from otowake.results.sounds import write_components, write_song, write_stems
from otowake.text import Language
from otowake.types import Analysis, Sound

if TYPE_CHECKING:
    from otowake.plot import Snapshots

Kind = Literal["data", "basic", "full", "report", "animation"]

BASIC: tuple[Kind, ...] = ("data", "basic")
"""Kinds of files that programs read: no figures, and no sound except stems."""

DEFAULT_KINDS: tuple[Kind, ...] = (*BASIC, "full", "report")
"""Kinds of files that a result has by default."""

COMPONENTS, STEMS, REPORT = "components", "stems", "report.html"

ANIMATION_PICTURES = 60
"""Pictures in an animation of the learning."""


@dataclass(frozen=True)
class Saving:
    """An analysis being written to `folder`.

    `files` names all files of the result, `written` the ones written so far.
    """

    analysis: Analysis
    folder: Path
    language: Language
    files: Sequence[str]
    snapshots: Snapshots | None = None
    written: set[str] = field(default_factory=set)

    def sound(self) -> Sound:
        """Return the recording, or raise :class:`BadInput` if it is missing."""
        if self.analysis.audio is None:
            raise BadInput(text.SOUND_GONE, path=self.folder)
        return self.analysis.audio


@dataclass(frozen=True)
class File:
    """A file or folder of a result.

    Attributes
    ----------
    name
        The name of the file or folder.
    kind
        ``data`` marks what :func:`otowake.load_analysis` reads; a result needs all of it. Files of
        other kinds can be made from the data.
    belongs
        Whether an analysis has the file.
    write
        Writes the file at the given path.
    corrected
        Whether manual corrections change the file.
    """

    name: str
    kind: Kind
    belongs: Callable[[Analysis], bool]
    write: Callable[[Saving, Path], object]
    corrected: bool = True


def _has_fit(analysis: Analysis) -> bool:
    return analysis.fit is not None


def _has_notes(analysis: Analysis) -> bool:
    return analysis.note_spec is not None


def _has_stems(analysis: Analysis) -> bool:
    return analysis.note_factors is not None and analysis.audio is not None


def _text(content: Callable[[Saving], str]) -> Callable[[Saving, Path], object]:
    return lambda saving, path: path.write_text(content(saving), encoding="utf-8")


def _figure(
    figure: Callable[[Any, Saving], Any], **options: Any
) -> Callable[[Saving, Path], object]:
    """Return a writer of a figure by :mod:`otowake.plot`, which is imported late, being slow."""

    def write(saving: Saving, path: Path) -> None:
        from otowake import plot

        figure(plot, saving).savefig(path, **options)

    return write


def _labels(saving: Saving) -> str:
    return label_track(saving.analysis, saving.language, style_of(saving.analysis))


def _report(saving: Saving, path: Path) -> None:
    from otowake.results.report import report_text

    page = report_text(
        saving.analysis, saving.folder / REPORT, saving.folder, saving.snapshots, saving.language
    )
    path.write_text(page, encoding="utf-8")


def _animation(saving: Saving, path: Path) -> None:
    from otowake.plot import animate_analysis
    from otowake.results.repair import relearn_components

    animate_analysis(
        saving.snapshots or relearn_components(saving.folder),
        saving.analysis,
        path,
        language=saving.language,
    )


FILES = (
    File(
        "analysis.json",
        "data",
        lambda analysis: True,
        lambda saving, path: data.write_description(saving.analysis, path, saving.files),
    ),
    File(
        GIVEN,
        "data",
        lambda analysis: analysis.score is not None,
        _text(lambda saving: given_table(saving.analysis.score or ())),
        corrected=False,
    ),
    File(
        FACTORS,
        "data",
        _has_fit,
        lambda saving, path: data.write_factors(saving.analysis, path),
        corrected=False,
    ),
    File("notes.csv", "data", _has_notes, _text(lambda saving: notes_table(saving.analysis))),
    File(
        NOTE_FACTORS,
        "data",
        lambda analysis: analysis.note_factors is not None,
        lambda saving, path: (
            saving.analysis.note_factors and write_note_factors(saving.analysis.note_factors, path)
        ),
    ),
    File(
        EDITS,
        "data",
        lambda analysis: analysis.detected is not None,
        lambda saving, path: data.write_edits(saving.analysis, path),
    ),
    File(
        DETECTED,
        "data",
        lambda analysis: analysis.detected is not None,
        lambda saving, path: (
            saving.analysis.detected
            and data.write_detected(saving.analysis.detected, saving.analysis, path)
        ),
    ),
    File(
        "components.csv",
        "basic",
        _has_fit,
        lambda saving, path: data.write_components_table(saving.analysis, path),
    ),
    File("chords.csv", "basic", _has_notes, _text(lambda saving: chords_table(saving.analysis))),
    File("notes.mid", "basic", _has_notes, lambda saving, path: write_midi(saving.analysis, path)),
    File(
        STEMS,
        "basic",
        _has_stems,
        lambda saving, path: write_stems(saving.analysis, saving.sound(), path),
    ),
    File(
        "song",
        "basic",
        lambda analysis: (
            _has_stems(analysis)
            and analysis.part_spec is not None
            and analysis.part_spec.stems == "song"
        ),
        lambda saving, path: write_song(
            saving.analysis,
            saving.sound(),
            path,
            saving.folder / STEMS if STEMS in saving.written else None,
        ),
    ),
    File(
        COMPONENTS,
        "full",
        lambda analysis: analysis.fit is not None and analysis.audio is not None,
        lambda saving, path: write_components(saving.analysis, saving.sound(), path),
        corrected=False,
    ),
    File(
        "figure.png",
        "full",
        _has_fit,
        _figure(
            lambda plot, saving: plot.analysis_figure(saving.analysis, language=saving.language),
            pil_kwargs={"compress_level": 1},
        ),
    ),
    File("notes.labels.txt", "full", _has_notes, _text(_labels)),
    File("notes.jams", "full", _has_notes, _text(lambda saving: jams_of(saving.analysis))),
    File(
        "notes.flac",
        "full",
        lambda analysis: analysis.note_spec is not None and analysis.audio is not None,
        lambda saving, path: write_sound(saving.analysis, saving.sound(), path),
    ),
    File(
        "score.musicxml",
        "full",
        lambda analysis: any(not note.is_drum for note in analysis.notes),
        lambda saving, path: write_musicxml(saving.analysis, path, saving.language),
    ),
    File(
        "piano-roll.png",
        "full",
        _has_notes,
        _figure(lambda plot, saving: plot.piano_roll(saving.analysis, language=saving.language)),
    ),
    File(
        "parts.png",
        "full",
        _has_stems,
        _figure(lambda plot, saving: plot.parts_figure(saving.analysis, language=saving.language)),
    ),
    File(
        "timbre.png",
        "full",
        _has_stems,
        _figure(lambda plot, saving: plot.timbre_figure(saving.analysis, language=saving.language)),
    ),
    File(
        "figure-number.png",
        "full",
        lambda analysis: analysis.fit is not None and analysis.fit.curve is not None,
        _figure(
            lambda plot, saving: plot.number_figure(
                saving.analysis.fitted().curve, language=saving.language
            )
        ),
        corrected=False,
    ),
    File(
        "figure-before.png",
        "animation",
        _has_fit,
        _figure(
            lambda plot, saving: plot.analysis_figure(
                saving.analysis, language=saving.language, before=True
            )
        ),
        corrected=False,
    ),
    File("learning.gif", "animation", _has_fit, _animation, corrected=False),
    File(REPORT, "report", lambda analysis: analysis.reported, _report),
)
"""The files of a result in the order of writing: data first, the report last."""

REWRITTEN = frozenset(
    [*(file.name for file in FILES if file.corrected), OLD_DETECTED, "report-sound"]
)
"""Names that a correction writes again or removes; everything else in the folder stays."""
