"""The learning figure during the learning: laid out once, redrawn at each call."""

from __future__ import annotations

import io

from matplotlib.text import Text as TextArtist

from otowake.plot.animation import SIZE
from otowake.plot.fonts import style
from otowake.plot.panels import Panels, component_names, make_panels, set_curve, set_title
from otowake.text import Language, figure_labels
from otowake.types import Floats, Progress


class LearningPicture:
    """The four panels of :func:`~otowake.plot.learning_figure` during the learning.

    Parameters
    ----------
    frequencies, times
        Axes of the factors, in Hz (evenly spaced from 0) and seconds.
    title
        Title of the figure.
    language
        Of all labels.
    size
        Width and height in inches; 100 pixels to an inch.

    Examples
    --------
    >>> import otowake
    >>> V = otowake.spectrogram(otowake.load(otowake.demo_path(), duration=1))
    >>> picture, pngs = LearningPicture(V.frequencies, V.times), []
    >>> fit = otowake.factorize(
    ...     V.values, n_components=2, max_iter=10, watch=lambda now: pngs.append(picture.png(now))
    ... )
    >>> [png[1:4] for png in pngs]
    [b'PNG', b'PNG']
    """

    def __init__(
        self,
        frequencies: Floats,
        times: Floats,
        title: str = "",
        language: Language = "en",
        size: tuple[float, float] = SIZE,
    ) -> None:
        self.axes, self.title, self.size = (frequencies, times), title, size
        self.language: Language = language
        self.laid_out: tuple[Panels, TextArtist] | None = None

    def png(self, now: Progress) -> bytes:
        """Draw the figure of the current state as PNG."""
        factors = now.factors()
        with style():
            if self.laid_out is None:
                names = component_names(factors.n_components, None, self.language)
                panels = make_panels(*self.axes, names, self.language, self.size)
                self.laid_out = panels, set_title(panels, self.title, "")
            panels, subtitle = self.laid_out
            panels.show(factors)
            if now.iteration:
                set_curve(panels, now.iterations, now.losses)
            subtitle.set_text(
                figure_labels.moment(factors.n_components, now.iteration, self.language)
            )
            file = io.BytesIO()
            panels.figure.savefig(file, format="png", pil_kwargs={"compress_level": 1})
        return file.getvalue()
