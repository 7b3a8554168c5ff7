"""The piano roll: notes over time, in several rows for long recordings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from otowake.chord_names import NONE, typeset
from otowake.music.theory.harmony import key_name
from otowake.music.theory.instruments import KIT, drum_of, titles_of
from otowake.music.theory.names import Style, note_name, style_of
from otowake.music.theory.rhythm import rhythm_name
from otowake.plot.colours import OTHER, part_colours
from otowake.plot.fonts import FAINT, INK, QUIET, drawable, families, shortened, style
from otowake.text import Language, figure_labels
from otowake.types import Analysis, Note, Rhythm

COLOUR = "#8c2981"
"""The colour of notes without parts."""

MIN_OPACITY = 0.3
"""The opacity of a note with confidence 0."""

ROW_SECONDS, MAX_ROWS = 30.0, 12
"""Seconds in a row, and the number of rows beyond which a row gets longer."""

WIDTH, DPI = 15.0, 100
LEFT, RIGHT, TOP, BOTTOM, ROW_GAP = 0.85, 0.3, 0.95, 0.6, 0.62
"""Inches, the margins and the space between rows."""

SEMITONE = 0.085
"""Inches, the height of a semitone."""

MIN_ROW_HEIGHTS = (2.2, 3.2)
"""Inches, the smallest height of one of several rows, and of a single row."""

LANE = 4
"""Semitones, the height of a drum's lane."""

BLACK = frozenset((1, 3, 6, 8, 10))
ALL_KEYS_RANGE = 26
"""Semitones, the largest range in which all white keys are labelled, not only C."""

CHORD_SIZES, CHORD_GAP = (5.5, 8.5), 3.0
"""Points, the smallest and the usual size of chord names, and pixels between two of them."""


@dataclass(frozen=True)
class Shown:
    """Notes with the same colour and entry in the legend; `hollow` notes are outlines."""

    notes: Sequence[Note]
    colour: str
    name: str = ""
    hollow: bool = False


def piano_roll(
    analysis: Analysis, *, language: Language = "en", names: Style | None = None
) -> Figure:
    """Draw the notes of a recording, darker with more confidence, with chords and bars.

    Parameters
    ----------
    analysis
        With notes; the parts, if any, determine their colours.
    language
        Of all labels.
    names
        The style of note names: ``"letters"`` (C4), ``"solfege"`` (ド4), ``"iroha"`` (ハ4) or
        ``"hz"``; by default that of the analysis, or else of the language.

    Examples
    --------
    >>> import otowake
    >>> analysis = otowake.analyse(otowake.load(otowake.demo_path(), duration=3), stages=["notes"])
    >>> axes = piano_roll(analysis, language="ja").axes[0]
    >>> [tick.get_text() for tick in axes.get_yticklabels()][:2]
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
            _draw_chords(axes, figure, analysis)
    return figure


def _by_part(analysis: Analysis, language: Language) -> list[Shown]:
    """Group the notes by part, notes without a part first."""
    notes = analysis.notes
    assigned = {index for part in analysis.parts for index in part.notes}
    unassigned = [note for index, note in enumerate(notes) if index not in assigned]
    return [
        Shown(unassigned, OTHER if assigned else COLOUR),
        *(
            Shown([notes[index] for index in part.notes], colour, title)
            for part, colour, title in zip(
                analysis.parts,
                part_colours(analysis.parts),
                titles_of(analysis.parts, language),
                strict=True,
            )
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
    """Draw notes in rows of equal length, with `below` inches of space at the bottom.

    Parameters
    ----------
    shown
        The groups of notes; later groups cover earlier ones.
    length
        Seconds; the figure is longer if notes last longer.
    """
    drawn = [note for group in shown for note in group.notes]
    notes = [note for note in drawn if not note.is_drum]
    drums = sorted({drum_of(note.midi) for note in drawn if note.is_drum}, reverse=True)
    length = max([length, *(note.offset for note in drawn), 1.0])
    span = max(ROW_SECONDS, length / MAX_ROWS) if length > 1.3 * ROW_SECONDS else length
    n_rows = int(np.ceil(length / span - 1e-6))
    low = min([note.midi for note in notes], default=60) - 3
    high = max([note.midi for note in notes], default=72) + 3
    lanes = {drum: low - LANE * (index + 1) for index, drum in enumerate(drums)}
    bottom_row = min([low, *(row - LANE // 2 for row in lanes.values())])
    height = max(MIN_ROW_HEIGHTS[n_rows == 1], SEMITONE * (high - bottom_row + 1))
    total = TOP + BOTTOM + below + n_rows * height + (n_rows - 1) * ROW_GAP
    with style():
        figure = Figure(figsize=(WIDTH, total), dpi=DPI)
        rows = []
        for row in range(n_rows):
            bottom = total - TOP - (row + 1) * height - row * ROW_GAP
            rectangle = (
                LEFT / WIDTH,
                bottom / total,
                (WIDTH - LEFT - RIGHT) / WIDTH,
                height / total,
            )
            axes = figure.add_axes(rectangle)
            axes.set_xlim(row * span, (row + 1) * span)
            axes.set_ylim(bottom_row - 0.5, high + 0.5)
            _draw_keys(axes, low, high, language, names)
            _draw_lanes(axes, low, lanes, language)
            axes.tick_params(which="both", labelfontfamily=families())
            rows.append(axes)
            for group in shown:
                _draw_notes(axes, group, row * span, (row + 1) * span, lanes)
        rows[-1].set_xlabel(figure_labels.TIME.format(language))
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
        if m % 12 == 0 or (high - low <= ALL_KEYS_RANGE and m % 12 not in BLACK)
    ]
    axes.set_yticks(named, [note_name(midi, language, names) for midi in named], fontsize=8)


def _draw_lanes(axes: Axes, low: int, lanes: dict[int, int], language: Language) -> None:
    """Label a lane for each drum below the lowest pitch."""
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
    alphas = [MIN_OPACITY + (1 - MIN_OPACITY) * min(max(note.confidence, 0), 1) for note in within]
    colours = [to_rgba(shown.colour, alpha) for alpha in alphas]
    face: Any = "none" if shown.hollow else colours
    edge: Any = shown.colour if shown.hollow else "white"
    drawn = PolyCollection(
        boxes, facecolors=face, edgecolors=edge, linewidths=1.1 if shown.hollow else 0.4
    )
    drawn.set_zorder(2)
    axes.add_collection(drawn, autolim=False)
    bent = [
        [(note.onset + time, note.midi + cents / 100) for time, cents in note.contour]
        for note in within
        if note.contour
    ]
    if bent:
        axes.add_collection(
            LineCollection(bent, colors=INK, linewidths=0.7, zorder=2.5), autolim=False
        )


def _draw_bars(axes: Axes, rhythm: Rhythm | None) -> None:
    if rhythm is None:
        return
    start, stop = axes.get_xlim()
    bars = rhythm.beats[rhythm.downbeat :: rhythm.metre]
    within = bars[(bars > start) & (bars < stop)]
    if len(within) * 12 < axes.bbox.width:
        axes.vlines(within, *axes.get_ylim(), colors=FAINT, linewidth=0.7, zorder=1)


def _draw_chords(axes: Axes, figure: Figure, analysis: Analysis) -> None:
    """Write the chord names above a row, each smaller if it would reach the next one.

    A name that would cover others even in the smallest size is left out.
    """
    start, stop = axes.get_xlim()
    per_second = axes.bbox.width / (stop - start)
    renderer = FigureCanvasAgg(figure).get_renderer()
    chords = [
        (max(chord.onset, start), chord.name)
        for chord in analysis.chords
        if chord.name != NONE and chord.offset > start and chord.onset < stop
    ]
    free = start
    for (at, name), (end, _) in pairwise([*chords, (stop, NONE)]):
        words = axes.annotate(
            typeset(name),
            (at, 1),
            (0, 5),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=CHORD_SIZES[1],
            color=INK,
        )
        room = (end - at) * per_second - CHORD_GAP
        wide = words.get_window_extent(renderer).width
        if wide > room:
            words.set_fontsize(max(CHORD_SIZES[0], CHORD_SIZES[1] * room / wide))
            wide = words.get_window_extent(renderer).width
        if at < free or at + wide / per_second > stop:
            words.remove()
        else:
            free = at + wide / per_second


def _draw_legend(figure: Figure, shown: Sequence[Shown], total: float) -> None:
    named = [group for group in shown if group.name]
    if not named:
        return
    handles = [
        Line2D(
            [],
            [],
            color=group.colour,
            linewidth=0,
            marker="s",
            markersize=7,
            markerfacecolor="none" if group.hollow else group.colour,
            label=group.name,
        )
        for group in named
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
    """Describe the notes in one line."""
    facts: Iterable[str] = [figure_labels.N_NOTES.format(language, n=len(analysis.notes))]
    if analysis.key:
        facts = [*facts, key_name(analysis.key, language)]
    if analysis.rhythm:
        facts = [*facts, rhythm_name(analysis.rhythm, language)]
    return " · ".join([*facts, figure_labels.PALE.format(language)])
