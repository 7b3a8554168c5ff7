"""Lay out the four panels of the learning figure once, and fill them with factors repeatedly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.text import Text as TextArtist
from matplotlib.ticker import NullLocator, ScalarFormatter
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from otowake.music.theory.names import hz_to_midi, note_name
from otowake.plot.fonts import INK, QUIET, drawable, families, shortened
from otowake.plot.scales import (
    FLOOR_DB,
    columns,
    decibels,
    log_rows,
    lowest,
    pooled,
    pooled_product,
)
from otowake.text import Language, Text, figure_labels
from otowake.types import Factors, Floats, Key, Pitch

COLOURS = "magma"
CURVE = "#b63679"
DPI = 100
TITLE_SIZE = 15
"""Points."""

LEFT, RIGHT, TOP, BOTTOM = 0.75, 1.55, 1.05, 0.72
"""Inches, the margins of the figure."""

PANEL_GAPS = np.array([0.42, 0.72])
"""Inches between the panels, horizontally and vertically."""

MANY_COMPONENTS = 10
"""Number of components from which the first column and row get more room."""

MANY_SHARES, FEW_SHARES = (0.24, 0.26), (0.22, 0.22)
"""Shares of the first column and row in the width and height."""

HERTZ = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
LABEL_HEIGHT, LABEL_WIDTH = 0.11, 0.45
"""Inches, the size of a component's label."""

MIN_CURVE_RANGE = 0.1
"""Nats, the smallest range of the learning curve's axis."""

MANY_DECADES = 30
"""Ratio of the last iteration to the first from which only powers of ten are marked."""


@dataclass(frozen=True)
class Panels:
    """The axes and images of a learning figure.

    Attributes
    ----------
    figure
        The figure of the panels.
    loss, activations, spectra, product
        The axes, from the top left to the bottom right.
    images
        The images in the last three, in dB relative to each panel's maximum.
    line
        The curve in `loss`.
    pictures
        Computes the images of :meth:`show`.
    """

    figure: Figure
    loss: Axes
    activations: Axes
    spectra: Axes
    product: Axes
    images: tuple[AxesImage, AxesImage, AxesImage]
    line: Line2D
    pictures: Callable[[Factors], tuple[Floats, Floats, Floats]]

    def show(self, factors: Factors) -> None:
        """Show other factors with the same number of components."""
        for image, values in zip(self.images, self.pictures(factors), strict=True):
            image.set_data(values)


def component_names(
    n: int,
    pitches: Sequence[Pitch | None] | None,
    language: Language,
    key: Key | None = None,
) -> list[str]:
    """Name each of `n` components: its note, or its number from 1.

    Examples
    --------
    >>> component_names(2, [Pitch(261.6, 60, 0.0, 1.0), None], "en")
    ['C4', '2']
    """
    known = [*(pitches or ())][:n]
    known += [None] * (n - len(known))
    return [
        note_name(pitch.midi, language, key=key) if pitch else str(i)
        for i, pitch in enumerate(known, 1)
    ]


def make_panels(
    frequencies: Floats,
    times: Floats,
    names: Sequence[str],
    language: Language,
    size: tuple[float, float],
) -> Panels:
    """Make empty panels with their labels; call it within :func:`~otowake.plot.fonts.style`.

    Parameters
    ----------
    frequencies, times
        Frequencies in Hz, evenly spaced from 0, and the centres of the windows in seconds.
    names
        The label of each component.
    language
        The language of the labels.
    size
        Width and height in inches; 100 pixels to an inch.
    """
    figure = Figure(figsize=size, dpi=DPI)
    loss, activations, spectra, product = _axes(figure, len(names))
    height, width = int(product.bbox.height), int(product.bbox.width)
    rows = log_rows(frequencies, height)
    across, up = _time_span(times), (hz_to_midi(lowest(frequencies)), hz_to_midi(frequencies[-1]))
    along = (0.5, len(names) + 0.5)
    images = (
        _image(activations, (*across, *along)),
        _image(spectra, (*along, *up)),
        _image(product, (*across, *up)),
    )
    _label_components(activations.yaxis, names, activations.bbox.height)
    _label_components(spectra.xaxis, names, spectra.bbox.width)
    if spectra.bbox.width / len(names) < LABEL_WIDTH * DPI:
        spectra.xaxis.set_tick_params(labelrotation=90)
    label_frequencies(product, up, language)
    product.yaxis.set_tick_params(labelleft=False)
    _words(loss, activations, spectra, product, language)
    _colorbar(figure, images[-1], product.get_position(), language)
    for axes in loss, activations, spectra, product:
        axes.tick_params(which="both", labelfontfamily=families())
    (line,) = loss.plot([], [], color=CURVE, linewidth=1.6, solid_capstyle="round", clip_on=False)

    def pictures(factors: Factors) -> tuple[Floats, Floats, Floats]:
        cols = columns(factors.H.shape[1], width)
        return (
            decibels(pooled(factors.H, cols, 1)),
            decibels(pooled(factors.W, rows, 0)),
            decibels(pooled_product(factors, rows, cols)),
        )

    return Panels(figure, loss, activations, spectra, product, images, line, pictures)


def _axes(figure: Figure, n_components: int) -> tuple[Axes, Axes, Axes, Axes]:
    width, height = figure.get_size_inches()
    across, up = MANY_SHARES if n_components >= MANY_COMPONENTS else FEW_SHARES
    inner = np.array([width - LEFT - RIGHT, height - TOP - BOTTOM])
    gap = 2 * PANEL_GAPS / (inner - PANEL_GAPS)
    grid = GridSpec(
        2,
        2,
        figure=figure,
        left=LEFT / width,
        right=1 - RIGHT / width,
        top=1 - TOP / height,
        bottom=BOTTOM / height,
        wspace=gap[0],
        hspace=gap[1],
        width_ratios=[across, 1 - across],
        height_ratios=[up, 1 - up],
    )
    loss = figure.add_subplot(grid[0, 0])
    product = figure.add_subplot(grid[1, 1])
    activations = figure.add_subplot(grid[0, 1], sharex=product)
    spectra = figure.add_subplot(grid[1, 0], sharey=product)
    return loss, activations, spectra, product


def _time_span(times: Floats) -> tuple[float, float]:
    step = float(times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1.0
    return float(times[0]) - step / 2, float(times[-1]) + step / 2


def _image(axes: Axes, extent: tuple[float, float, float, float]) -> AxesImage:
    return axes.imshow(
        [[FLOOR_DB]],
        cmap=COLOURS,
        vmin=FLOOR_DB,
        vmax=0,
        extent=extent,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
    )


def _brief(number: int) -> str:
    for unit, letter in (1_000_000, "M"), (1000, "k"):
        if number >= unit:
            return f"{number // unit}{letter}"
    return str(number)


def _label_components(axis: Axis, names: Sequence[str], pixels: float) -> None:
    """Label each run of equally named components where there is room; minor ticks divide runs."""
    runs = [(name, len(list(run))) for name, run in groupby(names)]
    ends = np.cumsum([length for _, length in runs]) + 0.5
    min_distance = LABEL_HEIGHT * DPI * len(names) / pixels
    positions: list[float] = []
    words: list[str] = []
    for (name, length), end in zip(runs, ends, strict=True):
        middle = float(end) - length / 2
        if not positions or middle - positions[-1] >= min_distance:
            positions.append(middle)
            words.append(name)
    axis.set_ticks(positions, words)
    if len(names) / pixels < 0.25:
        axis.set_ticks(ends[:-1].tolist(), minor=True)
    axis.set_tick_params(which="major", length=0, pad=5, labelsize=8)


def label_frequencies(axes: Axes, span: tuple[float, float], language: Language) -> None:
    """Label an axis of MIDI pitches with hertz on the left and octaves on the right."""
    hertz = {hz_to_midi(f): _brief(f) for f in HERTZ}
    octaves = {float(midi): note_name(midi, language) for midi in range(0, 133, 12)}
    notes = axes.secondary_yaxis("right")
    for axis, names in (axes.yaxis, hertz), (notes.yaxis, octaves):
        within = [pitch for pitch in names if span[0] <= pitch <= span[1]]
        axis.set_ticks(within, [names[pitch] for pitch in within])
    notes.tick_params(labelfontfamily=families())


def _words(loss: Axes, activations: Axes, spectra: Axes, product: Axes, language: Language) -> None:
    titles: dict[Axes, Text] = {
        loss: figure_labels.LEARNING_CURVE,
        activations: figure_labels.ACTIVATIONS,
        spectra: figure_labels.SPECTRA,
        product: figure_labels.PRODUCT,
    }
    for axes, words in titles.items():
        axes.set_title(words.format(language))
    loss.set_xlabel(figure_labels.ITERATION.format(language))
    loss.set_ylabel(figure_labels.LN_LOSS.format(language))
    spectra.set_xlabel(figure_labels.COMPONENT.format(language))
    spectra.set_ylabel(figure_labels.FREQUENCY.format(language))
    product.set_xlabel(figure_labels.TIME.format(language))
    activations.set_ylabel(figure_labels.COMPONENT.format(language), labelpad=8)
    activations.yaxis.tick_right()
    activations.yaxis.set_label_position("right")
    activations.xaxis.set_tick_params(labelbottom=False)


def _colorbar(figure: Figure, image: AxesImage, beside: Bbox, language: Language) -> None:
    width = figure.get_figwidth()
    axes = figure.add_axes((beside.x1 + 0.72 / width, beside.y0, 0.13 / width, beside.height))
    bar = Colorbar(axes, image, ticks=range(0, int(FLOOR_DB) - 1, -10))
    bar.ax.set_yticklabels([f"−{-db}" if db else "0" for db in range(0, int(FLOOR_DB) - 1, -10)])
    bar.ax.tick_params(labelfontfamily=families())
    bar.set_label(figure_labels.LEVEL.format(language))
    bar.outline.set_visible(False)


def set_curve(panels: Panels, iterations: NDArray[np.int64], losses: Floats) -> None:
    """Draw ln(loss) over the iterations, both of shape (look,), on a logarithmic axis."""
    values = _logarithm(losses)
    panels.line.set_data(iterations, values)
    panels.line.set_marker("o" if len(losses) == 1 else "")
    axes = panels.loss
    axes.set_xscale("log")
    first, last = float(iterations[0]), float(iterations[-1])
    axes.set_xlim(first, max(last, 2 if last > first else 2 * first))
    axes.set_ylim(_span(values))
    axes.yaxis.set_major_formatter(ScalarFormatter(useOffset=False))
    steps = (1,) if last > MANY_DECADES * first else (1, 2, 5)
    marks = [step * 10**power for power in range(8) for step in steps]
    ticks = [mark for mark in marks if first <= mark <= last]
    axes.set_xticks(ticks, [_brief(mark) for mark in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(color="#eeeeee", linewidth=0.8)


def _logarithm(losses: Floats) -> Floats:
    return np.log(np.where(losses > 0, losses, np.nan))


def _span(values: Floats) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    middle = (known.max() + known.min()) / 2
    half = 0.54 * max(known.max() - known.min(), MIN_CURVE_RANGE)
    return float(middle - half), float(middle + half)


def set_note(panels: Panels, words: str) -> None:
    """Write the reason for a missing curve."""
    axes = panels.loss
    axes.set_xticks([])
    axes.set_yticks([])
    middle = {"ha": "center", "va": "center", "transform": axes.transAxes}
    axes.text(0.5, 0.5, words, color=QUIET, linespacing=1.6, **middle)


def set_title(panels: Panels, title: str | None, subtitle: str) -> TextArtist:
    """Write a title above the panels and a smaller line below it; return the latter."""
    width, height = panels.figure.get_size_inches()
    name = shortened(drawable(title or ""), (width - 2 * LEFT) * 72 / TITLE_SIZE)
    write, x = panels.figure.text, LEFT / width
    write(x, 1 - 0.34 / height, name, fontsize=TITLE_SIZE, color=INK, va="center")
    return write(x, 1 - 0.62 / height, subtitle, fontsize=9.5, color=QUIET, va="center")
