"""The program as a process: signals, what libraries write, warnings."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from types import FrameType

import click

from otowake import text
from otowake.errors import InputWarning
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
def quiet_decoders() -> Iterator[None]:
    """Keep what decoding libraries write to standard error away."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextlib.contextmanager
def told(language: Language) -> Iterator[None]:
    """Say our own warnings afterwards, each in one line; keep those of libraries away."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        yield
    for warning in caught:
        if isinstance(warning.message, InputWarning):
            message = warning.message.in_language(language)
            click.echo(text.WARNING.format(language, message=message), err=True)
