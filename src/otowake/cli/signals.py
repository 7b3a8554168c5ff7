"""Signals, warnings and the exit code of a command."""

from __future__ import annotations

import _thread
import contextlib
import os
import queue
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from types import FrameType

import click

from otowake import text
from otowake.cli.building import INCOMPLETE, OK, warn
from otowake.errors import IncompleteResult, InputWarning
from otowake.text import Language

REPEAT = 0.05
"""Seconds between repetitions of a signal until the command ends."""

GRACE = 10.0
"""Seconds until the process of a command that does not end is killed."""


class Ended(SystemExit):
    """SIGTERM or SIGHUP ended the command; the exit code is 128 plus the signal's number."""


@contextlib.contextmanager
def stopped_by_hand(language: Language) -> Iterator[Callable[[], bool]]:
    """Yield a flag that the first Ctrl-C sets; a second one, SIGTERM or SIGHUP ends the block."""
    with _Signals(language).caught() as signals:
        yield lambda: signals.pressed


@contextlib.contextmanager
def ended_well() -> Iterator[None]:
    """End the block with an exception at Ctrl-C, SIGTERM and SIGHUP."""
    with _Signals(None).caught():
        yield


class _Signals:
    """The signals of a command, none of which is lost.

    An exception from a signal handler is lost if the caller of the interrupted code swallows it:
    callbacks of XLA and of the garbage collector, finalizers. The handler therefore only queues
    the signal, and a thread decides about it. To end the command, the thread repeats the signal
    until an exception of the handler leaves the block.

    Parameters
    ----------
    language
        Of the message at the first Ctrl-C; if None, the first Ctrl-C ends the block.
    """

    def __init__(self, language: Language | None) -> None:
        self.language: Language | None = language
        self.pressed = False
        self.number: int | None = None
        self.ending = self.left = False
        self.queue: queue.SimpleQueue[int | None] = (
            queue.SimpleQueue()
        )  # safe to use in a signal handler

    @contextlib.contextmanager
    def caught(self) -> Iterator[_Signals]:
        """Catch the signals during the block and act on them by its end."""
        before = {number: signal.signal(number, self._handle) for number in _numbers()}
        thread = threading.Thread(target=self._watch, daemon=True)
        try:
            thread.start()  # a pending signal may end the block here
            yield self
        finally:
            self.left = True  # first, and without a call: the handler raises nothing after this
            self.queue.put(None)
            thread.join()
            for number, handler in before.items():
                signal.signal(number, handler)
            while not self.queue.empty():  # signals since the end of the thread
                self._take(self.queue.get())
            if self.number is not None:
                raise self._error()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.number is None:
            self.queue.put(number)
        elif not self.left:
            self.ending = _is_handled((Ended, KeyboardInterrupt))
            if not self.ending:
                raise self._error()

    def _error(self) -> BaseException:
        assert self.number is not None
        return KeyboardInterrupt() if self.number == signal.SIGINT else Ended(128 + self.number)

    def _watch(self) -> None:
        while (number := self.queue.get()) is not None:
            self._take(number)

    def _take(self, number: int | None) -> None:
        if number == signal.SIGINT and self.language and not self.pressed:
            self.pressed = True
            with contextlib.suppress(OSError):  # the terminal may be gone
                click.echo(text.STOPPING.format(self.language), err=True)
        elif number is not None and self.number is None:
            self.number = number
            self._insist(number)

    def _insist(self, number: int) -> None:
        last = time.monotonic() + GRACE
        while not self.left:
            _repeat(number)
            time.sleep(REPEAT)
            if time.monotonic() > last and not (self.ending or self.left):
                os._exit(128 + number)


def _numbers() -> list[int]:
    """Return the signals to catch; SIGHUP stays ignored under ``nohup``."""
    known = [getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")]
    hangup_ignored = known[2] is not None and signal.getsignal(known[2]) == signal.SIG_IGN
    return [number for number in (known[:2] if hangup_ignored else known) if number is not None]


def _repeat(number: int) -> None:
    """Send a signal to the main thread, and wake the thread if the system can."""
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, number)
    else:
        _thread.interrupt_main(signal.Signals(number))


def _is_handled(kinds: tuple[type[BaseException], ...]) -> bool:
    """Tell whether the interrupted code is handling an exception of these kinds."""
    error = sys.exception()
    while error is not None and not isinstance(error, kinds):
        error = error.__context__
    return error is not None


@contextlib.contextmanager
def report_warnings(language: Language) -> Iterator[list[InputWarning]]:
    """Print otowake's warnings after the block and yield them; drop warnings of libraries."""
    ours: list[InputWarning] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        yield ours
    for warning in caught:
        if isinstance(warning.message, InputWarning):
            ours.append(warning.message)
            warn(warning.message.in_language(language), language)


def exit_code(warned: list[InputWarning]) -> int:
    """Return the exit code of a successful command with these warnings."""
    return INCOMPLETE if any(isinstance(warning, IncompleteResult) for warning in warned) else OK
