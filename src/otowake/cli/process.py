"""The program as a process: signals and warnings."""

from __future__ import annotations

import contextlib
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from types import FrameType

import click

from otowake import text
from otowake.cli.building import INCOMPLETE, OK, warn
from otowake.errors import IncompleteResult, InputWarning
from otowake.text import Language


@contextlib.contextmanager
def stopped_by_hand(language: Language) -> Iterator[Callable[[], bool]]:
    """A flag that the first Ctrl-C raises, so that the work can end well; a second one ends it at once."""
    pressed = False

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        click.echo(text.STOPPING.format(language), err=True)

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGINT, press), signal.signal(signal.SIGTERM, end)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])


@contextlib.contextmanager
def told(language: Language) -> Iterator[list[InputWarning]]:
    """Say our own warnings afterwards, each in one line, and give them; keep those of libraries away."""
    ours: list[InputWarning] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        yield ours
    for warning in caught:
        if isinstance(warning.message, InputWarning):
            ours.append(warning.message)
            warn(warning.message.in_language(language), language)


def ended(warned: list[InputWarning]) -> int:
    """The exit code of a command that has done its work and has given these warnings."""
    return INCOMPLETE if any(isinstance(each, IncompleteResult) for each in warned) else OK
