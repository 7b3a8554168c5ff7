"""The four panels as the lecture manual draws them, to be compared with a student's picture."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from otowake.types import Analysis, Floats

SIZE = (9.6, 7.2)
FLOOR = 1e-3
"""Smallest value shown, relative to the largest of a panel: −60 dB."""


def manual_figure(analysis: Analysis) -> Figure:
    """Draw the loss, the activations, the spectra and their product as the manual's program does.

    Axes are linear and count bins, frames and components, which keep the order of the
    factorisation. The upper panel counts components from the top, the left one from the left.
    The colours show natural logarithms, down to −60 dB; the curve is the logarithm of the loss.

    Examples
    --------
    >>> import otowake
    >>> analysis = otowake.analyse(otowake.load(otowake.demo_path(), duration=2), n_components=2)
    >>> figure = manual_figure(analysis)
    >>> [len(axes.images) for axes in figure.axes]
    [0, 1, 1, 1]
    """
    fit = analysis.fitted().in_own_order()
    with mpl.rc_context(mpl.rcParamsDefault):
        figure = Figure(figsize=SIZE, layout="constrained")
        grid = GridSpec(5, 5, figure=figure)
        loss, above, left, product = (
            figure.add_subplot(cell)
            for cell in (grid[0, 0], grid[0, 1:], grid[1:, 0], grid[1:, 1:])
        )
        if fit.n_iter:
            loss.plot(fit.iterations, np.log(fit.losses))
        above.imshow(_shown(fit.H), aspect="auto")
        left.imshow(_shown(fit.W), aspect="auto", origin="lower")
        product.imshow(_shown(fit.W @ fit.H), aspect="auto", origin="lower")
    return figure


def _shown(values: Floats) -> Floats:
    """Return natural logarithms, not below the floor."""
    largest = max(float(values.max()), np.finfo(np.float32).tiny)
    return np.log(np.maximum(values, FLOOR * largest))
