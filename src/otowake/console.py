"""What a terminal or a notebook shows while work is done."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from otowake import text
from otowake.text import Language
from otowake.types import Progress as FitProgress

STATE_WIDTH = 50
"""Columns that iteration, loss and time left take; what is before them shares the rest."""


class progress:  # noqa: N801 - used as a function
    """A watcher that draws a progress bar: iteration, loss, time left.

    It draws in a terminal and in a notebook, and is silent where the output is piped. Use it as the `watch` of
    :func:`otowake.analyse` or :func:`otowake.factorize`, as a context manager or by itself.

    Parameters
    ----------
    title
        What is written before the bar.
    language
        ``"en"`` or ``"ja"``.

    Examples
    --------
    >>> import otowake
    >>> fit = otowake.factorize([[1.0, 2.0], [3.0, 4.0]], n_components=1, watch=otowake.progress())
    """

    def __init__(self, title: str = "", language: Language = "en", console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        self.shown = console.is_terminal or console.is_jupyter
        self.language: Language = language
        room = max(8, (console.width - STATE_WIDTH) * 2 // 3)
        named = Column(max_width=room, no_wrap=True, overflow="ellipsis")
        self.bar = Progress(
            TextColumn("{task.description}", markup=False, table_column=named),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[state]}", markup=False, table_column=Column(no_wrap=True)),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not self.shown,
        )
        self.task = self.bar.add_task(title, total=None, state="")

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def __call__(self, now: FitProgress) -> bool:
        if self.shown and now.iteration:
            self.bar.start()
            facts = {"n": now.iteration, "of": now.max_iter, "loss": f"{now.losses[-1]:,.6g}"}
            state = text.PROGRESS.format(self.language, **facts)
            self.bar.update(self.task, total=now.max_iter, completed=now.iteration, state=state)
            if now.iteration >= now.max_iter:
                self.bar.stop()
        return False

    def __del__(self) -> None:
        self.bar.stop()
