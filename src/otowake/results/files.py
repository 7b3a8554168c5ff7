"""The files of a result folder as a table: what writes each of them, and which analyses have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from otowake import text
from otowake.errors import BadInput
from otowake.io.jams import jams_of
from otowake.io.notes import (
    chords_table,
    labels,
    notes_table,
    write_midi,
    write_musicxml,
    write_sound,
)
from otowake.music.theory.names import style_of
from otowake.results import data
from otowake.results.folders import EDITS, FACTORS, FOUND
from otowake.results.note_factors import FILE as EXPLAINED
from otowake.results.note_factors import write_explained
from otowake.results.recipe import GIVEN, given_table
from otowake.results.sounds import write_components, write_stems
from otowake.text import Language
from otowake.types import Analysis, Sound

if TYPE_CHECKING:
    from otowake.plot import Snapshots

Kind = Literal["data", "basic", "full", "report", "animation"]

BASIC: tuple[Kind, ...] = ("data", "basic")
"""The kinds of files that programs read: no figures, and no sound but that of stems."""

USUAL: tuple[Kind, ...] = (*BASIC, "full", "report")
"""The kinds of files that a result has unless something else is asked for."""

COMPONENTS, REPORT = "components", "report.html"

ANIMATED = 60
"""Pictures of the learning that an animation has."""


@dataclass(frozen=True)
class Saving:
    """An analysis on its way into the folder `place`; `files` names all that belongs to the result."""

    analysis: Analysis
    place: Path
    language: Language
    files: Sequence[str]
    snapshots: Snapshots | None = None

    def sound(self) -> Sound:
        """The recording, or :class:`BadInput` where it is gone."""
        if self.analysis.audio is None:
            raise BadInput(text.SOUND_GONE, path=self.place)
        return self.analysis.audio


@dataclass(frozen=True)
class File:
    """A file or folder of a result.

    Attributes
    ----------
    name
        What it is called.
    kind
        ``data`` is what :func:`otowake.load_analysis` reads: without it there is no result.
        Everything else can be made from the data.
    belongs
        Whether an analysis has it.
    write
        Writes it at the path that is given.
    corrected
        Whether corrections by hand change it.
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
    return lambda it, path: path.write_text(content(it), encoding="utf-8")


def _drawn(
    figure: Callable[[Any, Saving], Any], **options: Any
) -> Callable[[Saving, Path], object]:
    """A writer of a figure that is made by :mod:`otowake.plot`, which is slow to import."""

    def write(it: Saving, path: Path) -> None:
        from otowake import plot

        figure(plot, it).savefig(path, **options)

    return write


def _labels(it: Saving) -> str:
    return labels(it.analysis, it.language, style_of(it.analysis))


def _report(it: Saving, path: Path) -> None:
    from otowake.results.report import report_text

    page = report_text(it.analysis, it.place / REPORT, it.place, it.snapshots, it.language)
    path.write_text(page, encoding="utf-8")


def _animation(it: Saving, path: Path) -> None:
    from otowake.plot import animate_analysis
    from otowake.results.repair import learnt_again

    animate_analysis(
        it.snapshots or learnt_again(it.place), it.analysis, path, language=it.language
    )


FILES = (
    File(
        "analysis.json",
        "data",
        lambda analysis: True,
        lambda it, path: data.write_description(it.analysis, path, it.files),
    ),
    File(
        GIVEN,
        "data",
        lambda analysis: analysis.score is not None,
        _text(lambda it: given_table(it.analysis.score or ())),
        corrected=False,
    ),
    File(
        FACTORS,
        "data",
        _has_fit,
        lambda it, path: data.write_factors(it.analysis, path),
        corrected=False,
    ),
    File("notes.csv", "data", _has_notes, _text(lambda it: notes_table(it.analysis))),
    File(
        EXPLAINED,
        "data",
        lambda analysis: analysis.note_factors is not None,
        lambda it, path: (
            it.analysis.note_factors and write_explained(it.analysis.note_factors, path)
        ),
    ),
    File(
        EDITS,
        "data",
        lambda analysis: analysis.unedited is not None,
        lambda it, path: data.write_edits(it.analysis, path),
    ),
    File(
        FOUND,
        "data",
        lambda analysis: analysis.unedited is not None,
        lambda it, path: (
            it.analysis.unedited and data.write_found(it.analysis.unedited, it.analysis, path)
        ),
    ),
    File(
        "components.csv",
        "basic",
        _has_fit,
        lambda it, path: data.write_components_table(it.analysis, path),
    ),
    File("chords.csv", "basic", _has_notes, _text(lambda it: chords_table(it.analysis))),
    File("notes.mid", "basic", _has_notes, lambda it, path: write_midi(it.analysis, path)),
    File("stems", "basic", _has_stems, lambda it, path: write_stems(it.analysis, it.sound(), path)),
    File(
        COMPONENTS,
        "full",
        lambda analysis: analysis.fit is not None and analysis.audio is not None,
        lambda it, path: write_components(it.analysis, it.sound(), path),
        corrected=False,
    ),
    File(
        "figure.png",
        "full",
        _has_fit,
        _drawn(
            lambda plot, it: plot.analysis_figure(it.analysis, language=it.language),
            pil_kwargs={"compress_level": 1},
        ),
    ),
    File("notes.labels.txt", "full", _has_notes, _text(_labels)),
    File("notes.jams", "full", _has_notes, _text(lambda it: jams_of(it.analysis))),
    File(
        "notes.flac",
        "full",
        lambda analysis: analysis.note_spec is not None and analysis.audio is not None,
        lambda it, path: write_sound(it.analysis, it.sound(), path),
    ),
    File(
        "score.musicxml",
        "full",
        lambda analysis: any(not note.is_drum for note in analysis.notes),
        lambda it, path: write_musicxml(it.analysis, path, it.language),
    ),
    File(
        "piano-roll.png",
        "full",
        _has_notes,
        _drawn(lambda plot, it: plot.piano_roll(it.analysis, language=it.language)),
    ),
    File(
        "parts.png",
        "full",
        _has_stems,
        _drawn(lambda plot, it: plot.parts_figure(it.analysis, language=it.language)),
    ),
    File(
        "timbre.png",
        "full",
        _has_stems,
        _drawn(lambda plot, it: plot.timbre_figure(it.analysis, language=it.language)),
    ),
    File(
        "figure-number.png",
        "full",
        lambda analysis: analysis.fit is not None and analysis.fit.curve is not None,
        _drawn(
            lambda plot, it: plot.number_figure(it.analysis.fitted().curve, language=it.language)
        ),
        corrected=False,
    ),
    File(
        "figure-before.png",
        "animation",
        _has_fit,
        _drawn(
            lambda plot, it: plot.analysis_figure(it.analysis, language=it.language, before=True)
        ),
        corrected=False,
    ),
    File("learning.gif", "animation", _has_fit, _animation, corrected=False),
    File(REPORT, "report", lambda analysis: analysis.reported, _report),
)
"""The files of a result in the order of writing: data first, last the report of all."""

REWRITTEN = frozenset(file.name for file in FILES if file.corrected) | {"report-sound"}
"""What is written anew when a result is corrected; everything else in its folder stays."""
