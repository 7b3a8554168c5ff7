"""Figures of the parts: their shares of the spectrogram and their timbres."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from otowake.music.separation.score_informed import STFT
from otowake.music.separation.stems import ids_of_parts, masked_blocks
from otowake.music.separation.timbre import timbre
from otowake.music.theory.instruments import titles_of
from otowake.music.theory.names import hz_to_midi
from otowake.plot.colours import OTHER, part_colours
from otowake.plot.fonts import FAINT, INK, QUIET, drawable, families, shortened, style
from otowake.plot.panels import label_frequencies
from otowake.plot.scales import FLOOR_DB, Starts, decibels, log_rows, lowest, pooled
from otowake.signal import axes as stft_axes
from otowake.text import Language, figure_labels
from otowake.types import Analysis, Floats

DPI = 100
SIZE, TIMBRE_SIZE = (15.0, 7.0), (15.0, 5.2)
LEFT, RIGHT, TOP, BOTTOM = 0.85, 0.65, 0.95, 0.65
"""Inches, the margins."""

DASHES = ("-", "--", "-.", ":")
"""Line styles, which distinguish the parts in addition to colours."""

GAIN, GAMMA = 1.4, 0.85
"""Brightness of the loudest point, as a multiple of its part's colour, and the gamma below it."""


def parts_figure(
    analysis: Analysis, *, language: Language = "en", size: tuple[float, float] = SIZE
) -> Figure:
    """Draw the spectrogram with each point in the colours of the parts that share it.

    Parameters
    ----------
    analysis
        With stems, and its recording.
    language
        Of all labels.
    size
        Width and height in inches; 100 pixels to an inch.

    Raises
    ------
    BadInput
        If there are no stems, or the recording is not available.

    Examples
    --------
    >>> import otowake
    >>> analysis = otowake.analyse(otowake.load(otowake.demo_path(), duration=3), stages=["stems"])
    >>> legend = parts_figure(analysis, language="ja").legends[0]
    >>> [words.get_text() for words in legend.get_texts()]
    ['アコーディオン', 'その他の音']
    """
    with style():
        figure, (axes,) = _figure(
            analysis, figure_labels.PARTS_PAINTED.format(language), language, size, 1
        )
        frequencies, _ = stft_axes(STFT, 1)
        rows = log_rows(frequencies, int(axes.bbox.height))
        levels = _pooled(analysis, rows, int(axes.bbox.width))
        span = hz_to_midi(lowest(frequencies)), hz_to_midi(frequencies[-1])
        length = analysis.audio.n_samples / analysis.audio.rate if analysis.audio else 0.0
        axes.imshow(
            _painted(levels, [*part_colours(analysis.parts), OTHER]),
            extent=(0, length, float(span[0]), float(span[1])),
            origin="lower",
            aspect="auto",
            interpolation="nearest",
        )
        label_frequencies(axes, (float(span[0]), float(span[1])), language)
        axes.set_ylabel(figure_labels.FREQUENCY.format(language))
        axes.set_xlabel(figure_labels.TIME.format(language))
        axes.tick_params(which="both", labelfontfamily=families())
    return figure


def _pooled(analysis: Analysis, rows: Starts, width: int) -> Floats:
    """Pool the magnitude of each part, and of the rest, to pixels: (part + 1, row, column)."""
    audio, note_factors = analysis.separated()
    n_frames = int(audio.n_samples * STFT.sample_rate / audio.rate) // STFT.hop + 1
    width = min(width, n_frames)
    levels = np.zeros((len(analysis.parts) + 1, len(rows), width), np.float32)
    at = 0
    for mixture, shares in masked_blocks(
        audio, note_factors, ids_of_parts(analysis.notes, analysis.parts)
    ):
        magnitude = pooled(np.abs(mixture) * shares, rows, 1)
        column = np.minimum((at + np.arange(mixture.shape[1])) * width // n_frames, width - 1)
        own, starts = np.unique(column, return_index=True)
        levels[:, :, own] = np.maximum(levels[:, :, own], pooled(magnitude, starts, 2))
        at += mixture.shape[1]
    return levels


def _painted(levels: Floats, colours: list[str]) -> Floats:
    """Mix the colours by power, with brightness by level: RGB of shape (row, column, 3)."""
    power = np.square(levels)
    total = power.sum(axis=0)
    mixed = np.einsum(
        "prc,pk->rck", power / np.maximum(total, 1e-30), np.array([to_rgb(c) for c in colours])
    )
    brightness = (1 - decibels(np.sqrt(total)) / FLOOR_DB) ** GAMMA
    return np.minimum(mixed * (GAIN * brightness[:, :, None]), 1)


def timbre_figure(
    analysis: Analysis, *, language: Language = "en", size: tuple[float, float] = TIMBRE_SIZE
) -> Figure:
    """Draw the timbre of each part: the levels of its partials and the attack of its notes.

    Parameters and errors are those of :func:`parts_figure`.

    Examples
    --------
    >>> import otowake
    >>> analysis = otowake.analyse(otowake.load(otowake.demo_path(), duration=3), stages=["stems"])
    >>> [axes.get_title("left") for axes in timbre_figure(analysis).axes]
    ['Harmonic envelope', 'Attack']
    """
    timbres = timbre(analysis)
    number = np.arange(1, timbres.levels.shape[1] + 1)
    with style():
        figure, (envelope, attack) = _figure(analysis, "", language, size, 2)
        for p, colour in enumerate(part_colours(analysis.parts)):
            look = {"color": colour, "linestyle": DASHES[p % len(DASHES)], "linewidth": 1.8}
            envelope.plot(
                number, np.maximum(timbres.levels[p], FLOOR_DB), marker="o", markersize=4.5, **look
            )
            attack.plot(timbres.times * 1000, timbres.rises[p], **look)
        envelope.set_title(figure_labels.HARMONIC_ENVELOPE.format(language), loc="left")
        envelope.set_xlabel(figure_labels.PARTIAL.format(language))
        envelope.set_ylabel(figure_labels.PART_LEVEL.format(language))
        envelope.set_xticks(number)
        envelope.set_ylim(FLOOR_DB, 3)
        attack.set_title(figure_labels.ATTACK.format(language), loc="left")
        attack.set_xlabel(figure_labels.AFTER_ONSET.format(language))
        attack.set_ylabel(figure_labels.SHARE_OF_HIGHEST.format(language))
        attack.set_xlim(*np.round(timbres.times[[0, -1]] * 1000, -1))
        attack.set_ylim(0, 1.05)
        attack.axvline(0, color=FAINT, linewidth=1, zorder=0)
        for axes in envelope, attack:
            axes.grid(color="#eeeeee", linewidth=0.8)
            axes.set_axisbelow(True)
            axes.tick_params(which="both", labelfontfamily=families())
    return figure


def _figure(
    analysis: Analysis, subtitle: str, language: Language, size: tuple[float, float], n: int
) -> tuple[Figure, list[Axes]]:
    """Make a figure with a title, a legend of the parts and `n` axes side by side."""
    width, height = size
    figure = Figure(figsize=size, dpi=DPI)
    grid = figure.add_gridspec(
        1,
        n,
        left=LEFT / width,
        right=1 - RIGHT / width,
        top=1 - TOP / height,
        bottom=BOTTOM / height,
        wspace=0.16,
    )
    title = shortened(drawable(analysis.audio.name if analysis.audio else ""), 40)
    figure.text(LEFT / width, 1 - 0.3 / height, title, fontsize=15, color=INK, va="center")
    figure.text(LEFT / width, 1 - 0.58 / height, subtitle, fontsize=9.5, color=QUIET, va="center")
    colours = part_colours(analysis.parts)
    entries = list(zip(titles_of(analysis.parts, language), colours, strict=True))
    if n == 1:
        entries.append((figure_labels.REST.format(language), OTHER))
    handles = [
        Line2D([], [], color=c, linewidth=0, marker="s", markersize=7, label=name)
        if n == 1
        else Line2D([], [], color=c, linewidth=1.8, linestyle=DASHES[p % len(DASHES)], label=name)
        for p, (name, c) in enumerate(entries)
    ]
    figure.legend(
        handles=handles,
        loc="upper right",
        bbox_to_anchor=(1 - RIGHT / width, 1 - 0.12 / height),
        ncols=6,
        frameon=False,
        columnspacing=1.2,
        prop={"family": list(families()), "size": 9},
    )
    return figure, [figure.add_subplot(grid[0, i]) for i in range(n)]
