"""Figures that compare results, and the selection of the number of components."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from otowake.music.components.match import match_components, mean_similarity
from otowake.plot.fonts import drawable, families, shortened, style
from otowake.plot.panels import COLOURS, CURVE, component_names
from otowake.plot.scales import FLOOR_DB, decibels
from otowake.text import Language, figure_labels
from otowake.types import Analysis, Curve


def comparison_figure(
    analyses: Sequence[Analysis], names: Sequence[str], *, language: Language = "en"
) -> Figure:
    """Draw the loss curves of several results and their spectra, with components matched.

    Parameters
    ----------
    analyses, names
        Two or more results and their names. The components of each later result are in the order
        of their counterparts in the first.
    language
        Of all labels.
    """
    matches = [match_components(analyses[0], other) for other in analyses[1:]]
    orders = [[match.second for match in pairs] for pairs in matches]
    rows = [match.first for match in matches[0]]
    with style():
        figure = Figure(figsize=(13, 2.2 + 2.6 * len(analyses)), dpi=100)
        grid = figure.add_gridspec(
            len(analyses),
            2,
            width_ratios=(1, 2.2),
            left=0.06,
            right=0.97,
            top=0.9,
            bottom=0.1,
            wspace=0.16,
            hspace=0.45,
        )
        _draw_losses(figure.add_subplot(grid[:, 0]), analyses, names, language)
        for row, (analysis, name) in enumerate(zip(analyses, names, strict=True)):
            order = rows if row == 0 else orders[row - 1]
            axes = figure.add_subplot(grid[row, 1])
            _draw_spectra(axes, analysis, order, language)
            shown = shortened(drawable(name), 300)
            if row:
                cosine_similarity = f"{mean_similarity(matches[row - 1]):.2f}"
                shown += "   " + figure_labels.AGREEMENT.format(
                    language, similarity=cosine_similarity
                )
            axes.set_title(shown, loc="left", fontsize=10)
    return figure


def _draw_losses(
    axes: Axes, analyses: Sequence[Analysis], names: Sequence[str], language: Language
) -> None:
    colours = colormaps[COLOURS](np.linspace(0.15, 0.75, len(analyses)))
    for analysis, name, colour in zip(analyses, names, colours, strict=True):
        fit = analysis.fitted()
        label = f"{shortened(drawable(name), 110)}  {fit.loss:,.6g}"
        axes.plot(fit.iterations, np.log(np.maximum(fit.losses, 1e-30)), color=colour, label=label)
    axes.set_xscale("log")
    axes.set_xlabel(figure_labels.ITERATION.format(language))
    axes.set_ylabel(figure_labels.LN_LOSS.format(language))
    axes.set_title(figure_labels.LEARNING_CURVE.format(language), loc="left")
    axes.legend(frameon=False, fontsize=8, prop={"family": list(families()), "size": 8})
    axes.grid(color="#eeeeee", linewidth=0.8)


def _draw_spectra(axes: Axes, analysis: Analysis, order: Sequence[int], language: Language) -> None:
    octaves = np.arange(np.log2(40), np.log2(analysis.frequencies[-1]), 1 / 24)
    W = np.stack(
        [np.interp(2**octaves, analysis.frequencies, analysis.fitted().W[:, k]) for k in order],
        axis=1,
    )
    W = W / np.maximum(W.max(axis=0), 1e-30)
    axes.imshow(
        decibels(W),
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        cmap=COLOURS,
        vmin=FLOOR_DB,
        vmax=0,
        extent=(-0.5, len(order) - 0.5, octaves[0], octaves[-1]),
    )
    pitches = [analysis.components[k].pitch for k in order]
    axes.set_xticks(
        range(len(order)),
        component_names(len(order), pitches, language, analysis.key),
        fontsize=7,
        rotation=90,
    )
    ticks = [
        hz for hz in (50, 100, 200, 500, 1000, 2000, 5000, 10000) if hz < analysis.frequencies[-1]
    ]
    axes.set_yticks(np.log2(ticks), [f"{hz // 1000}k" if hz >= 1000 else str(hz) for hz in ticks])
    axes.set_ylabel(figure_labels.FREQUENCY.format(language))


def number_figure(curve: Curve, *, language: Language = "en") -> Figure:
    """Draw the held-out loss over the number of components, and mark the selected number.

    Parameters
    ----------
    curve
        ``fit.curve`` of a fit with ``n_components="auto"``.
    language
        Of all labels.
    """
    with style():
        figure = Figure(figsize=(7, 4.5), dpi=100)
        axes = figure.add_axes((0.12, 0.14, 0.84, 0.76))
        axes.plot(curve.numbers, curve.losses, color=CURVE, alpha=0.3, linewidth=0.8)
        axes.plot(curve.numbers, curve.losses.mean(axis=1), color=CURVE, marker="o", markersize=4)
        best = curve.best()
        axes.axvline(best, color="#bbbbbb", linewidth=1)
        axes.set_title(figure_labels.SELECTED_NUMBER.format(language, n=best), loc="left")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(curve.numbers, [str(n) for n in curve.numbers])
        axes.minorticks_off()
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda loss, _: f"{loss:g}"))
        axes.set_xlabel(figure_labels.NUMBER_OF_COMPONENTS.format(language))
        axes.set_ylabel(figure_labels.HELD_OUT_LOSS.format(language))
        axes.grid(color="#eeeeee", linewidth=0.8)
    return figure
