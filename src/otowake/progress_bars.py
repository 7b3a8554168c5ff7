"""Progress bars in a terminal or a notebook."""

from __future__ import annotations

import time
from html import escape
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from otowake import text
from otowake.text import Language
from otowake.types import Progress as FitProgress


class progress:  # noqa: N801 - used as a function
    """A watcher that draws a progress bar: iteration, loss, and in a terminal the time left.

    It draws in a terminal and in a notebook, and is silent if the output is piped. Use it as the
    `watch` of :func:`otowake.analyse` or :func:`otowake.factorize`, with or without a ``with``
    statement.

    Parameters
    ----------
    title
        Text before the bar.
    language
        ``"en"`` or ``"ja"``.

    Examples
    --------
    >>> import otowake
    >>> fit = otowake.factorize([[1.0, 2.0], [3.0, 4.0]], n_components=1, watch=otowake.progress())
    """

    def __init__(
        self, title: str = "", language: Language = "en", console: Console | None = None
    ) -> None:
        console = console or Console(stderr=True)
        self.language: Language = language
        self.bar: _Bar | None = None
        if console.is_jupyter:
            self.bar = _NotebookBar(title)
        elif console.is_terminal:
            self.bar = _TerminalBar(title, console)

    def __enter__(self) -> Self:
        if self.bar:
            self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar:
            self.bar.stop()

    def __call__(self, now: FitProgress) -> bool:
        if self.bar and now.iteration:
            self.bar.start()
            facts = {"n": now.iteration, "of": now.max_iter, "loss": f"{now.losses[-1]:,.6g}"}
            self.bar.update(
                now.iteration, now.max_iter, text.PROGRESS.format(self.language, **facts)
            )
            if now.iteration >= now.max_iter:
                self.bar.stop()
        return False

    def __del__(self) -> None:
        if self.bar:
            self.bar.stop()


class _Bar(Protocol):
    def start(self) -> None: ...
    def update(self, done: int, total: int, state: str) -> None: ...
    def stop(self) -> None: ...


STATE_WIDTH = 50
"""Columns for iteration, loss and time left; the title and the bar share the rest."""


class _TerminalBar:
    """A bar that disappears when it stops."""

    def __init__(self, title: str, console: Console) -> None:
        title_width = max(8, (console.width - STATE_WIDTH) * 2 // 3)
        title_column = Column(max_width=title_width, no_wrap=True, overflow="ellipsis")
        self.bar = Progress(
            TextColumn("{task.description}", markup=False, table_column=title_column),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[state]}", markup=False, table_column=Column(no_wrap=True)),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self.task = self.bar.add_task(title, total=None, state="")

    def start(self) -> None:
        self.bar.start()

    def update(self, done: int, total: int, state: str) -> None:
        self.bar.update(self.task, total=total, completed=done, state=state)

    def stop(self) -> None:
        self.bar.stop()


REFRESH_SECONDS = 0.1
"""Seconds between two updates of a notebook's bar, at least."""


class _NotebookBar:
    """A bar that stays at its last state; rich's needs ipywidgets, which plain Jupyter lacks."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.handle: Any = None
        self.waiting: dict[str, str] | None = None
        self.next = 0.0

    def start(self) -> None:
        if self.handle is None:
            from IPython.display import display

            self.handle = display({"text/plain": self.title}, raw=True, display_id=True)

    def update(self, done: int, total: int, state: str) -> None:
        bar = f'<progress max="{total}" value="{done}"></progress>'
        self.waiting = {
            "text/html": f"<div>{escape(self.title)} {bar} {escape(state)}</div>",
            "text/plain": f"{self.title} {state}",
        }
        if time.monotonic() >= self.next:
            self.stop()
            self.next = time.monotonic() + REFRESH_SECONDS

    def stop(self) -> None:
        if self.handle is not None and self.waiting is not None:
            self.handle.update(self.waiting, raw=True)
            self.waiting = None
