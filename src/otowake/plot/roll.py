"""The piano roll: notes over time, in as many rows as the piece is long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from otowake import text
from otowake.chords import NONE, typeset
from otowake.music.theory.harmony import key_name
from otowake.music.theory.instruments import KIT, drum_of, title_of
from otowake.music.theory.names import Style, note_name, style_of
from otowake.text import labels
from otowake.plot.colours import OTHER, part_colours
from otowake.plot.fonts import FAINT, INK, QUIET, drawable, families, shortened, style
from otowake.text import Language
from otowake.types import Analysis, Note, Rhythm

COLOUR = "#8c2981"
"""Of notes where there are no parts."""

PALEST = 0.3
"""The opacity of a note of no confidence."""

ROW_SECONDS, MOST_ROWS = 30.0, 12
"""How much one row shows; of long pieces more, so that there are no more rows than this."""

WIDTH, DPI = 15.0, 100
LEFT, RIGHT, TOP, BOTTOM, BETWEEN = 0.85, 0.3, 0.95, 0.6, 0.62  # inches
SEMITONE = 0.085
"""The height of a semitone, in inches."""

SHORTEST = (2.2, 3.2)
"""The least height of a row, in inches, of several and of a single one."""

LANE = 4
"""Semitones that a drum's lane is high."""

BLACK = frozenset((1, 3, 6, 8, 10))
FLAT = 26
"""Semitones up to which every white key is named, not C alone."""


@dataclass(frozen=True)
class Shown:
    """Notes of one look: their colour, and what the legend calls them; `hollow` ones have an outline alone."""

    notes: Sequence[Note]
    colour: str
    name: str = ""
    hollow: bool = False


def piano_roll(
    analysis: Analysis, *, language: Language = "en", names: Style | None = None
) -> Figure:
    """The notes of a recording: time to the right, pitch upwards, the surer the darker; chords and bars above.

    Parameters
    ----------
    analysis
        With notes. They are coloured by part, where there are any.
    language
        Of all labels.
    names
        How notes are called: ``"letters"`` (C4), ``"solfege"`` (ド4), ``"iroha"`` (ハ4), ``"hz"``; as the analysis was
        asked to, or by the language, if not given.

    Examples
    --------
    >>> import otowake
    >>> analysis = otowake.analyse(otowake.load(otowake.demo_path(), duration=3), stages=["notes"])
    >>> [tick.get_text() for tick in piano_roll(analysis, language="ja").axes[0].get_yticklabels()][:2]
    ['ラ3', 'シ3']
    """
    audio = analysis.audio
    figure, rows = make_rows(
        _by_part(analysis, language),
        audio.n_samples / audio.rate if audio else 0.0,
        title=audio.name if audio else "",
        subtitle=_subtitle(analysis, language),
        language=language,
        names=names or style_of(analysis),
    )
    with style():
        for axes in rows:
            _draw_bars(axes, analysis.rhythm)
            _draw_chords(axes, analysis)
    return figure


def _by_part(analysis: Analysis, language: Language) -> list[Shown]:
    """The notes of each part, and before them those of none."""
    notes = analysis.notes
    taken = {place for part in analysis.parts for place in part.notes}
    free = [note for place, note in enumerate(notes) if place not in taken]
    return [
        Shown(free, OTHER if taken else COLOUR),
        *(
            Shown([notes[place] for place in part.notes], colour, title_of(part, language))
            for part, colour in zip(analysis.parts, part_colours(analysis.parts), strict=True)
        ),
    ]


def make_rows(
    shown: Sequence[Shown],
    length: float,
    *,
    title: str,
    subtitle: str,
    language: Language,
    names: Style | None,
    below: float = 0.0,
) -> tuple[Figure, list[Axes]]:
    """A figure of notes in rows of equal length, with `below` inches free at its foot.

    Parameters
    ----------
    shown
        The notes, the last ones on top.
    length
        Seconds; more where notes last longer.
    """
    every = [note for each in shown for note in each.notes]
    notes = [note for note in every if not note.is_drum]
    detect_drums = sorted({drum_of(note.midi) for note in every if note.is_drum}, reverse=True)
    length = max([length, *(note.offset for note in every), 1.0])
    span = max(ROW_SECONDS, length / MOST_ROWS) if length > 1.3 * ROW_SECONDS else length
    n_rows = int(np.ceil(length / span - 1e-6))
    low = min([note.midi for note in notes], default=60) - 3
    high = max([note.midi for note in notes], default=72) + 3
    lanes = {drum: low - LANE * (place + 1) for place, drum in enumerate(detect_drums)}
    bottom_row = min([low, *(row - LANE // 2 for row in lanes.values())])
    height = max(SHORTEST[n_rows == 1], SEMITONE * (high - bottom_row + 1))
    total = TOP + BOTTOM + below + n_rows * height + (n_rows - 1) * BETWEEN
    with style():
        figure = Figure(figsize=(WIDTH, total), dpi=DPI)
        rows = []
        for row in range(n_rows):
            bottom = total - TOP - (row + 1) * height - row * BETWEEN
            place = (
                LEFT / WIDTH,
                bottom / total,
                (WIDTH - LEFT - RIGHT) / WIDTH,
                height / total,
            )
            axes = figure.add_axes(place)
            axes.set_xlim(row * span, (row + 1) * span)
            axes.set_ylim(bottom_row - 0.5, high + 0.5)
            _draw_keys(axes, low, high, language, names)
            _draw_lanes(axes, low, lanes, language)
            axes.tick_params(which="both", labelfontfamily=families())
            rows.append(axes)
            for each in shown:
                _draw_notes(axes, each, row * span, (row + 1) * span, lanes)
        rows[-1].set_xlabel(labels.TIME.format(language))
        write = figure.text
        write(
            LEFT / WIDTH,
            1 - 0.3 / total,
            shortened(drawable(title), 66),
            fontsize=15,
            color=INK,
            va="center",
        )
        write(LEFT / WIDTH, 1 - 0.56 / total, subtitle, fontsize=9.5, color=QUIET, va="center")
        _draw_legend(figure, shown, total)
    return figure, rows


def _draw_keys(axes: Axes, low: int, high: int, language: Language, names: Style | None) -> None:
    for midi in range(low, high + 1):
        if midi % 12 in BLACK:
            axes.axhspan(midi - 0.5, midi + 0.5, color="#f3f2f5", linewidth=0, zorder=0)
        elif midi % 12 == 0:
            axes.axhline(midi - 0.5, color="#dddddd", linewidth=0.8, zorder=0)
    named = [
        m
        for m in range(low, high + 1)
        if m % 12 == 0 or (high - low <= FLAT and m % 12 not in BLACK)
    ]
    axes.set_yticks(named, [note_name(midi, language, names) for midi in named], fontsize=8)


def _draw_lanes(axes: Axes, low: int, lanes: dict[int, int], language: Language) -> None:
    """A lane for each drum below the lowest pitch."""
    if lanes:
        titles = [drum.title.format(language) for drum in KIT.values()]
        axes.axhline(low - 0.5, color="#dddddd", linewidth=0.8, zorder=0)
        ticks, names = (
            axes.get_yticks().tolist(),
            [label.get_text() for label in axes.get_yticklabels()],
        )
        axes.set_yticks(
            [*lanes.values(), *ticks], [*(titles[drum] for drum in lanes), *names], fontsize=8
        )


def _draw_notes(axes: Axes, shown: Shown, start: float, stop: float, lanes: dict[int, int]) -> None:
    within = [note for note in shown.notes if note.offset > start and note.onset < stop]
    boxes = [
        [
            (x, (lanes[drum_of(note.midi)] if note.is_drum else note.midi) + y)
            for y, x in (
                (-high, note.onset),
                (high, note.onset),
                (high, note.offset),
                (-high, note.offset),
            )
        ]
        for note in within
        for high in (1.2 if note.is_drum else 0.4,)
    ]
    alphas = [PALEST + (1 - PALEST) * min(max(note.confidence, 0), 1) for note in within]
    colours = [to_rgba(shown.colour, alpha) for alpha in alphas]
    face: Any = "none" if shown.hollow else colours
    edge: Any = shown.colour if shown.hollow else "white"
    drawn = PolyCollection(
        boxes, facecolors=face, edgecolors=edge, linewidths=1.1 if shown.hollow else 0.4
    )
    drawn.set_zorder(2)
    axes.add_collection(drawn, autolim=False)


def _draw_bars(axes: Axes, rhythm: Rhythm | None) -> None:
    if rhythm is None:
        return
    start, stop = axes.get_xlim()
    bars = rhythm.beats[rhythm.downbeat :: rhythm.metre]
    within = bars[(bars > start) & (bars < stop)]
    if len(within) * 12 < axes.bbox.width:
        axes.vlines(within, *axes.get_ylim(), colors=FAINT, linewidth=0.7, zorder=1)


def _draw_chords(axes: Axes, analysis: Analysis) -> None:
    """Chord names above a row; where there is no room for one it is left out."""
    start, stop = axes.get_xlim()
    per_second = axes.bbox.width / (stop - start)
    free = -np.inf
    for chord in analysis.chords:
        at = max(chord.onset, start)
        if chord.name == NONE or chord.offset <= start or chord.onset >= stop or at < free:
            continue
        free = at + (8 + 6.5 * len(chord.name)) / per_second
        if free > stop:
            continue
        axes.annotate(
            typeset(chord.name),
            (at, 1),
            (0, 5),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=8.5,
            color=INK,
        )


def _draw_legend(figure: Figure, shown: Sequence[Shown], total: float) -> None:
    named = [each for each in shown if each.name]
    if not named:
        return
    handles = [
        Line2D(
            [],
            [],
            color=each.colour,
            linewidth=0,
            marker="s",
            markersize=7,
            markerfacecolor="none" if each.hollow else each.colour,
            label=each.name,
        )
        for each in named
    ]
    figure.legend(
        handles=handles,
        loc="upper right",
        bbox_to_anchor=(1 - RIGHT / WIDTH, 1 - 0.14 / total),
        ncols=6,
        frameon=False,
        handletextpad=0.2,
        columnspacing=1.2,
        prop={"family": list(families()), "size": 9},
    )


def _subtitle(analysis: Analysis, language: Language) -> str:
    """The facts in one line."""
    facts: Iterable[str] = [labels.N_NOTES.format(language, n=len(analysis.notes))]
    if analysis.key:
        facts = [*facts, key_name(analysis.key, language)]
    if analysis.rhythm:
        rhythm = analysis.rhythm
        facts = [*facts, text.TEMPO.format(language, tempo=rhythm.tempo, metre=rhythm.metre)]
    return " · ".join([*facts, labels.PALE.format(language)])
