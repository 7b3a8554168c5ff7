"""The figure of correct, missed and false notes."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from otowake import text
from otowake.music.theory.names import Style
from otowake.music.transcription.evaluation import Evaluation
from otowake.plot.fonts import families, style
from otowake.plot.roll import LEFT, RIGHT, WIDTH, Shown, make_rows
from otowake.text import Language, figure_labels

HIT, MISSED, FALSE = "#4c8f6b", "#c23b22", "#e8a33d"
KINDS_HEIGHT = 1.9
"""Inches, the height of the bar chart of errors by kind."""


def evaluation_figure(
    evaluation: Evaluation,
    *,
    title: str = "",
    language: Language = "en",
    names: Style | None = None,
) -> Figure:
    """Draw correct, missed and false notes on a piano roll, and the errors by kind below it.

    Parameters
    ----------
    evaluation
        By :func:`otowake.music.transcription.evaluation.evaluate`.
    title
        The recording's name.
    language
        Of all labels.
    names
        The style of note names (see :func:`piano_roll`).

    Examples
    --------
    >>> from otowake.music.transcription.evaluation import evaluate
    >>> from otowake.types import Note
    >>> score = evaluate([Note(0, 1, 60), Note(1, 2, 62)], [Note(0, 1, 60), Note(1, 2, 74)])
    >>> [words.get_text() for words in evaluation_figure(score).legends[0].get_texts()]
    ['correct (1)', 'missed (1)', 'false positives (1)']
    """
    groups = (
        (list(evaluation.matched), HIT, figure_labels.HITS, False),
        ([note for note, _ in evaluation.missed], MISSED, figure_labels.MISSES, True),
        ([note for note, _ in evaluation.false_positives], FALSE, figure_labels.FALSE, False),
    )
    shown = [
        Shown(notes, colour, words.format(language, n=len(notes)), hollow)
        for notes, colour, words, hollow in groups
    ]
    facts = {
        name: getattr(evaluation, name) for name in ("precision", "recall", "f1", "f1_offsets")
    }
    figure, _ = make_rows(
        shown,
        0.0,
        title=title,
        subtitle=figure_labels.SCORES.format(language, **facts),
        language=language,
        names=names,
        below=KINDS_HEIGHT,
    )
    with style():
        _draw_kinds(figure, evaluation, language)
    return figure


def _draw_kinds(figure: Figure, evaluation: Evaluation, language: Language) -> None:
    height = figure.get_figheight()
    rectangle = (
        LEFT / WIDTH + 0.07,
        0.3 / height,
        1 - (LEFT + RIGHT) / WIDTH - 0.07,
        (KINDS_HEIGHT - 0.75) / height,
    )
    axes = figure.add_axes(rectangle)
    counts = evaluation.counts()
    names = [text.KINDS_OF_ERROR[kind].format(language) for kind in counts]
    names.append(text.KINDS_OF_ERROR["offset"].format(language))
    at = np.arange(len(names))
    missed = [missed for missed, _ in counts.values()] + [0]
    false = [false for _, false in counts.values()] + [len(evaluation.wrong_offsets)]
    axes.barh(at, missed, height=0.6, color=MISSED)
    axes.barh(at, false, left=missed, height=0.6, color=[FALSE] * (len(at) - 1) + [HIT])
    for row, total in enumerate(np.add(missed, false).tolist()):
        axes.annotate(
            str(total), (total, row), (4, 0), textcoords="offset points", va="center", fontsize=8.5
        )
    axes.set_yticks(at, names)
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.set_xlim(0, max([*np.add(missed, false).tolist(), 1]) * 1.08)
    axes.set_title(figure_labels.ERRORS.format(language), loc="left")
    axes.tick_params(length=0, labelfontfamily=families())
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
