"""What a terminal or a notebook shows while work is done and when it is: progress and tables."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from otowake import text
from otowake.music.evaluation import Evaluation
from otowake.music.harmony import NONE, key_name
from otowake.music.instruments import title_of
from otowake.music.pitch import note_name
from otowake.text import Language
from otowake.types import Analysis, Component, Fit
from otowake.types import Progress as FitProgress


class progress:  # noqa: N801 - used as a function
    """A watcher that draws a progress bar: iteration, loss, time left.

    It draws in a terminal and in a notebook, and is silent where the output is piped. Use it as the `watch` of
    :func:`otowake.analyse` or :func:`otowake.factorize`, as a context manager or by itself.

    Parameters
    ----------
    title
        What is written before the bar.
    language
        ``"en"`` or ``"ja"``.

    Examples
    --------
    >>> import otowake
    >>> fit = otowake.factorize([[1.0, 2.0], [3.0, 4.0]], n_components=1, watch=otowake.progress())
    """

    def __init__(self, title: str = "", language: Language = "en", console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        self.shown = console.is_terminal or console.is_jupyter
        self.language: Language = language
        self.bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[state]}", markup=False),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not self.shown,
        )
        self.task = self.bar.add_task(title, total=None, state="")

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def __call__(self, now: FitProgress) -> bool:
        if self.shown and now.iteration:
            self.bar.start()
            facts = {"n": now.iteration, "of": now.max_iter, "loss": f"{now.losses[-1]:,.6g}"}
            state = text.PROGRESS.format(self.language, **facts)
            self.bar.update(self.task, total=now.max_iter, completed=now.iteration, state=state)
            if now.iteration >= now.max_iter:
                self.bar.stop()
        return False

    def __del__(self) -> None:
        self.bar.stop()


MOST_CHORDS = 16
"""Chords that are named; the table has them all."""

SURE = 0.5
"""The confidence from which a pitch counts as heard."""

COLUMNS = (
    text.COMPONENT,
    text.PITCH,
    text.FREQUENCY_HZ,
    text.CENTS,
    text.CONFIDENCE,
    text.ENERGY,
    text.SOUNDS_FROM_TO,
)


def components_table(analysis: Analysis, language: Language) -> Table:
    """The components as a table of at most 80 columns."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in COLUMNS:
        justify = "left" if heading is text.PITCH else "right"
        table.add_column(heading.format(language), justify=justify, no_wrap=True)
    for component in analysis.components:
        table.add_row(*_row(component, language))
    return table


def _row(component: Component, language: Language) -> list[str]:
    pitch = component.pitch
    named = ["–", "", "", ""]
    if pitch:
        named = [
            note_name(pitch.midi, language),
            f"{pitch.hz:.1f}",
            f"{pitch.cents:+.0f}",
            f"{pitch.confidence:.0%}",
        ]
    return [
        str(component.index + 1),
        *named,
        f"{component.energy:.1%}",
        f"{component.start:.1f}–{component.end:.1f}",
    ]


def parts_found(analysis: Analysis, language: Language) -> str:
    """The parts and how many notes each has, in one sentence."""
    parts = [
        text.PART_FOUND.format(language, title=title_of(part, language), n=len(part.notes))
        for part in analysis.parts
    ]
    return text.PARTS_FOUND.format(language, parts=text.BETWEEN.format(language).join(parts) or "–")


def notes_found(analysis: Analysis, language: Language) -> list[str]:
    """The notes, key, tempo and chords in one or two sentences."""
    facts = [text.N_NOTES.format(language, n=len(analysis.notes))]
    if analysis.key:
        facts.append(key_name(analysis.key, language))
    if analysis.rhythm:
        rhythm = analysis.rhythm
        facts.append(text.TEMPO.format(language, tempo=rhythm.tempo, metre=rhythm.metre))
    lines = [text.NOTES_FOUND.format(language, facts=text.BETWEEN.format(language).join(facts))]
    chords = [chord.name for chord in analysis.chords if chord.name != NONE]
    if chords:
        shown = [*chords[:MOST_CHORDS], *(["…"] if len(chords) > MOST_CHORDS else [])]
        lines.append(text.CHORDS_FOUND.format(language, chords=" ".join(shown)))
    return lines


def errors_table(evaluation: Evaluation, language: Language) -> Table:
    """The errors by kind: how many were missed, and how many are false."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(text.KIND_OF_ERROR.format(language), no_wrap=True)
    for heading in (text.MISSED, text.FALSE_NOTES):
        table.add_column(heading.format(language), justify="right", no_wrap=True)
    for kind, (missed, false) in evaluation.counts().items():
        table.add_row(text.KINDS_OF_ERROR[kind].format(language), str(missed), str(false))
    table.add_row(text.KINDS_OF_ERROR["offset"].format(language), "", str(len(evaluation.wrong_offsets)))
    return table


def heard(analysis: Analysis, language: Language) -> str:
    """One sentence that says which pitches were found for certain, and the tuning."""
    sure = [c.pitch.midi for c in analysis.components if c.pitch and c.pitch.confidence >= SURE]
    pitches = sorted(set(sure))
    if not pitches:
        return text.HEARD_NOTHING.format(language)
    names = " ".join(note_name(midi, language) for midi in pitches)
    return text.HEARD.format(language, pitches=names, tuning=f"{analysis.tuning_hz:.1f}")


def restarts(fit: Fit, language: Language) -> str:
    """One sentence on how alike the results of the starts are: their range, without the best itself."""
    others = np.delete(fit.agreement, int(np.argmin(fit.restarts)))
    least, most = f"{others.min():.2f}", f"{others.max():.2f}"
    agreement = least if least == most else f"{least}–{most}"
    return text.RESTARTS.format(language, n=len(fit.restarts), agreement=agreement)
