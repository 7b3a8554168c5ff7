"""The program as a process: signals and warnings."""

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
"""How often, in seconds, a signal that ends a command is repeated until the command obeys."""

GRACE = 10.0
"""How long, in seconds, a command may disobey; then its process ends at once."""


class Ended(SystemExit):
    """SIGTERM or SIGHUP ended the command; the exit code is 128 and the number of the signal."""


@contextlib.contextmanager
def stopped_by_hand(language: Language) -> Iterator[Callable[[], bool]]:
    """Give a flag that the first Ctrl-C raises; a second one, SIGTERM and SIGHUP end the block."""
    with _Signals(language).caught() as signals:
        yield lambda: signals.pressed


@contextlib.contextmanager
def ended_well() -> Iterator[None]:
    """Have Ctrl-C, SIGTERM and SIGHUP end the block at once, so that it cleans up."""
    with _Signals(None).caught():
        yield


class _Signals:
    """The signals that a command gets, none of which is lost.

    What a handler raises is lost where the caller of the interrupted code swallows exceptions:
    callbacks of XLA and of the garbage collector, finalizers. So the handler only queues a signal,
    and a thread decides what it means. To end the command, it repeats the signal until an exception
    that the handler has raised leaves the block.

    Parameters
    ----------
    language
        Of the sentence that the first Ctrl-C gets; if None, that one ends the block already.
    """

    def __init__(self, language: Language | None) -> None:
        self.language: Language | None = language
        self.pressed = False
        self.number: int | None = None
        self.ending = self.left = False
        self.queue: queue.SimpleQueue[int | None] = queue.SimpleQueue()  # a handler may put into it

    @contextlib.contextmanager
    def caught(self) -> Iterator[_Signals]:
        """Catch the signals during the block, and obey them at its end at the latest."""
        before = {number: signal.signal(number, self._handle) for number in _numbers()}
        thread = threading.Thread(target=self._watch, daemon=True)
        try:
            thread.start()  # a signal that is waiting already may end the block here
            yield self
        finally:
            self.left = True  # first, and not by a call: from here on the handler raises nothing
            self.queue.put(None)
            thread.join()
            for number, handler in before.items():
                signal.signal(number, handler)
            while not self.queue.empty():  # what came after the thread had ended
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
    """The signals to be caught, of those that this system has; ``nohup`` keeps SIGHUP ignored."""
    found = [getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")]
    hangup_ignored = found[2] is not None and signal.getsignal(found[2]) == signal.SIG_IGN
    return [number for number in (found[:2] if hangup_ignored else found) if number is not None]


def _repeat(number: int) -> None:
    """Send a signal to the main thread, and wake it where the system can."""
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, number)
    else:
        _thread.interrupt_main(signal.Signals(number))


def _is_handled(kinds: tuple[type[BaseException], ...]) -> bool:
    """Whether the interrupted code runs because such an exception is on its way out."""
    error = sys.exception()
    while error is not None and not isinstance(error, kinds):
        error = error.__context__
    return error is not None


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


def exit_code(warned: list[InputWarning]) -> int:
    """The exit code of a command that has done its work and has given these warnings."""
    return INCOMPLETE if any(isinstance(each, IncompleteResult) for each in warned) else OK
