"""Jupyter and Colab: audio players, tables of results, and the live learning figure.

After :func:`enable` a notebook displays results this way by default. The other functions also work
without it. IPython is imported only to display something.
"""

from __future__ import annotations

import io
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from types import TracebackType
from typing import Any, Self

import numpy as np
import soundfile

from otowake import summary, text
from otowake.errors import MissingExtra
from otowake.music.theory.instruments import instrument
from otowake.music.theory.names import note_name
from otowake.text import Language, Text
from otowake.types import Analysis, Audio, Component, Note, Part, Progress, Spectrogram

Playable = Audio | Component | Note | Part
"""Objects with sound."""

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


def enable(language: Language = "en") -> None:
    """Display analyses as tables, sounds as players, and figures as PNG in this notebook.

    Parameters
    ----------
    language
        Of tables and titles.

    Raises
    ------
    MissingExtra
        If IPython is not installed.

    Notes
    -----
    Outside a notebook nothing changes.
    """
    shell = _ipython().get_ipython()
    if shell is None:
        return
    from IPython.core.pylabtools import select_figure_formats

    select_figure_formats(shell, {"png"}, bbox_inches=None)
    shown = shell.display_formatter.formatters["text/html"]
    shown.for_type(Analysis, lambda analysis: table(analysis, language)._repr_html_())
    for kind in (Audio, Component, Note, Part):
        shown.for_type(kind, lambda sound: player(sound, language=language)._repr_html_())


@dataclass(frozen=True)
class Shown:
    """HTML for a notebook, and text for other places."""

    html: str
    words: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.words


def player(*sounds: Playable, language: Language = "en") -> Shown:
    """Make a player for each sound; the audio is stored in the notebook.

    Parameters
    ----------
    *sounds
        Recordings, components, notes, parts.
    language
        Of their titles.

    Raises
    ------
    BadInput
        If the sound of a component, note or part is not available.

    Examples
    --------
    >>> player(Audio(np.zeros(22050), 22050, "silence"))
    silence (1.0 s)
    """
    words, html = [], []
    for sound in sounds:
        audio = _audio(sound)
        title = text.PLAYED.format(
            language, name=_title(sound, language), seconds=f"{audio.duration:.1f}"
        )
        words.append(title)
        html.append(
            f'<figure style="margin:.3em 0"><figcaption>{escape(title)}</figcaption>'
            f'<audio controls preload="metadata" src="{_embedded(audio)}"></audio></figure>'
        )
    return Shown("".join(html), "\n".join(words))


NOTE_MARGIN = 0.2
"""Seconds played before and after a note."""


def _audio(sound: Playable) -> Audio:
    if isinstance(sound, Audio):
        return sound
    audio = sound.audio()
    if not isinstance(sound, Note):
        return audio
    first, last = (
        round(at * audio.rate) for at in (sound.onset - NOTE_MARGIN, sound.offset + NOTE_MARGIN)
    )
    return replace(audio, samples=audio.samples[:, max(0, first) : last])


def _title(sound: Playable, language: Language) -> str:
    match sound:
        case Component(index, pitch):
            name = note_name(pitch.midi, language) if pitch else "–"
            return f"{text.COMPONENT.format(language)} {index + 1} ({name})"
        case Note():
            return text.NOTE_AT.format(
                language, name=note_name(sound.midi, language), onset=f"{sound.onset:.2f}"
            )
        case Part():
            return instrument(sound.instrument).title.format(language)
    return sound.name


def _embedded(audio: Audio) -> str:
    """Encode a sound as a data URI: MP3, or FLAC for rates and channels that MP3 lacks."""
    samples = audio.samples.T / max(1.0, float(np.abs(audio.samples).max(initial=0)))
    kind = "MP3" if audio.rate in MP3_RATES and audio.n_channels <= 2 else "FLAC"
    file = io.BytesIO()
    soundfile.write(file, samples, audio.rate, format=kind)
    mime = "audio/mpeg" if kind == "MP3" else "audio/flac"
    return f"data:{mime};base64,{b64encode(file.getvalue()).decode()}"


def table(analysis: Analysis, language: Language = "en") -> Shown:
    """Make tables of components and parts, with the sentences that the terminal shows.

    Examples
    --------
    >>> import otowake
    >>> audio = otowake.load(otowake.demo_path(), duration=2)
    >>> table(otowake.analyse(audio, stages=["notes"]))
    Notes: 3, ...
    """
    sentences = summary.learning_lines(analysis, language)
    sentences += summary.note_lines(analysis, language)
    columns, components = summary.component_rows(analysis.components, language, analysis.key)
    html = [
        _table(columns, components, language),
        *(f"<p>{escape(sentence)}</p>" for sentence in sentences),
        _table(summary.PART_COLUMNS, summary.part_rows(analysis, language), language),
    ]
    return Shown("".join(html), "\n".join(sentences))


def _table(headings: Sequence[Text], rows: list[list[str]], language: Language) -> str:
    if not rows:
        return ""

    sides = ["left" if heading in summary.LEFT_ALIGNED else "right" for heading in headings]

    def row(tag: str, cells: Sequence[str]) -> str:
        parts = (
            f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>'
            for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr>{''.join(parts)}</tr>"

    head = row("th", [heading.format(language) for heading in headings])
    body = "".join(row("td", cells) for cells in rows)
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


class live_figure:  # noqa: N801 - used as a function, as progress is
    """A watcher that redraws the learning figure in a notebook during the learning.

    Use it as the `watch` of :func:`otowake.analyse` or :func:`otowake.factorize`. In a ``with``
    statement it also draws the final state. Drawing takes at most a third of the time.

    Parameters
    ----------
    V
        The spectrogram to factorise; the figure has its axes.
    title
        Title of the figure.
    language
        Of all labels.
    size
        Width and height in inches; 100 pixels to an inch.

    Raises
    ------
    MissingExtra
        If IPython is not installed.

    Examples
    --------
    ::

        V = otowake.spectrogram(audio)
        with otowake.notebook.live_figure(V) as watch:
            fit = otowake.factorize(V.values, watch=watch)
    """

    def __init__(
        self,
        V: Spectrogram,
        title: str = "",
        language: Language = "en",
        size: tuple[float, float] = (9.0, 6.0),
    ) -> None:
        self.V, self.title, self.size = V, title, size
        self.language: Language = language
        self.show = _ipython().display.display
        self.handle: Any = None
        self.drawn: Any = None
        self.latest: Progress | None = None
        self.next = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self.latest is not None:
            self.draw(self.latest)

    def __call__(self, now: Progress) -> bool:
        self.latest = now
        start = time.monotonic()
        if start >= self.next or now.iteration >= now.max_iter:
            self.draw(now)
            end = time.monotonic()
            self.next = end + max(MIN_PAUSE, 2 * (end - start))
        return False

    def draw(self, now: Progress) -> None:
        """Replace the figure with the current one."""
        from IPython.display import Image

        from otowake.plot import LearningPicture

        if self.drawn is None:
            self.drawn = LearningPicture(
                self.V.frequencies, self.V.times, self.title, self.language, self.size
            )
        picture = Image(self.drawn.png(now), width=int(100 * self.size[0]))
        if self.handle is None:
            self.handle = self.show(picture, display_id=True)
        else:
            self.handle.update(picture)


MIN_PAUSE = 0.3
"""Seconds between the end of a drawing and the start of the next, at least."""


def _ipython() -> Any:
    try:
        import IPython
        import IPython.display
    except ImportError:
        raise MissingExtra(text.NEEDS_NOTEBOOK) from None
    return IPython
