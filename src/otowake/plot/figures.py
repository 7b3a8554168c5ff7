"""Figures of a factorisation.

Each is a :class:`matplotlib.figure.Figure`, made without pyplot and not shown: save it with its
`savefig`, or display it in a notebook.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from otowake.plot.fonts import drawable, shortened, style
from otowake.plot.panels import component_names, make_panels, set_curve, set_note, set_title
from otowake.text import Language, figure_labels
from otowake.types import Analysis, Fit, Floats, Key, Pitch

SIZE = (15.0, 10.0)
MAX_NAME_WIDTH = 7.0
"""Ems, the largest width of a component's name."""


def learning_figure(
    fit: Fit,
    frequencies: Floats,
    times: Floats,
    *,
    pitches: Sequence[Pitch | None] | None = None,
    key: Key | None = None,
    names: Sequence[str] = (),
    title: str | None = None,
    before: bool = False,
    language: Language = "en",
    size: tuple[float, float] = SIZE,
) -> Figure:
    """Draw the learning curve, the activations, the spectra and their product in four panels.

    Time runs to the right in H and W·H, frequency (logarithmic) upwards in W and W·H; the
    components keep their order. Each image shows dB relative to its maximum, down to -60 dB; a
    pixel that covers several bins or frames shows the loudest of them.

    Parameters
    ----------
    fit
        W of shape (frequency, component) and H of shape (component, frame), for a V of mean 1.
    frequencies
        Shape (frequency,), in Hz, evenly spaced from 0.
    times
        Shape (frame,): the centres of the windows, in seconds.
    pitches
        Of the components; a component without a pitch is labelled with its number, from 1.
    key
        In which the pitches are named.
    names
        Names that the user gave to components; the pitch stands in for an empty name.
    title
        The recording's name.
    before
        Show the factors before learning.
    language
        Of all labels.
    size
        Width and height in inches; 100 pixels to an inch.

    Examples
    --------
    >>> import numpy as np
    >>> from otowake.options import FitSpec
    >>> from otowake.text import STOP_MAX_ITER
    >>> from otowake.types import Factors, Stop
    >>> rng = np.random.default_rng(0)
    >>> start = Factors(rng.random((65, 2)), rng.random((2, 30)))
    >>> stop = Stop("max_iter", STOP_MAX_ITER, {"n": 3})
    >>> losses, iterations = np.array([9.0, 4.0, 2.0]), np.arange(1, 4)
    >>> fit = Fit(start.W, start.H, losses, iterations, start, stop, FitSpec(n_components=2))
    >>> figure = learning_figure(fit, np.linspace(0, 4000, 65), np.arange(30) / 10, title="noise")
    >>> [axes.get_title("left") for axes in figure.axes[:4]]
    ['Learning curve', 'Product W·H', 'Activations H', 'Spectra W']
    """
    factors = fit.initial if before else fit.factors
    with style():
        shown = component_names(factors.n_components, pitches, language, key)
        for i, name in enumerate(names):
            shown[i] = shortened(drawable(name), MAX_NAME_WIDTH) or shown[i]
        panels = make_panels(frequencies, times, shown, language, size)
        panels.show(factors)
        if before or not fit.n_iter:
            set_note(panels, figure_labels.NO_CURVE.format(language))
        else:
            set_curve(panels, fit.iterations, fit.losses)
        set_title(panels, title, _subtitle(fit, before, language))
    return panels.figure


def analysis_figure(
    analysis: Analysis,
    *,
    language: Language = "en",
    before: bool = False,
    size: tuple[float, float] = SIZE,
) -> Figure:
    """Draw the :func:`learning_figure` of an analysis, with the pitches of its components.

    Examples
    --------
    >>> import otowake
    >>> analysis = otowake.analyse(otowake.load(otowake.demo_path(), duration=2), n_components=2)
    >>> analysis_figure(analysis, language="ja").axes[0].get_title("left")
    '学習曲線'
    """
    return learning_figure(
        analysis.fitted(),
        analysis.frequencies,
        analysis.times,
        pitches=[component.pitch for component in analysis.components],
        key=analysis.key,
        names=[component.name for component in analysis.components],
        title=analysis.audio.name if analysis.audio else None,
        before=before,
        language=language,
        size=size,
    )


def _subtitle(fit: Fit, before: bool, language: Language) -> str:
    """Describe a fit in one line."""
    count = figure_labels.N_COMPONENTS.format(language, n=fit.factors.n_components)
    if before:
        return f"{count} · {figure_labels.BEFORE_LEARNING.format(language)}"
    loss = loss_name(fit, language)
    if fit.n_iter:
        loss += f" {fit.loss:,.0f}" if fit.loss >= 100 else f" {fit.loss:.4g}"
    after = figure_labels.AFTER.format(language, n=fit.n_iter)
    iterations = [after] if fit.stop.reason == "converged" else []
    return " · ".join([count, loss, *iterations, fit.stop.sentence(language)])


def loss_name(fit: Fit, language: Language) -> str:
    """Return the name of the loss function of a fit."""
    loss = fit.spec.loss
    if isinstance(loss, str):
        return figure_labels.LOSS_NAMES[loss].format(language)
    return figure_labels.BETA_DIVERGENCE.format(language, beta=loss)
