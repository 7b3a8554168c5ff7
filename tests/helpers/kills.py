"""Stop the replacement of a folder at each of its system calls, and check what is left.

Run as a program, in a process with one thread: ``python kills.py HOW WAY FOLDER``, where HOW is
``exit`` (the process dies) or ``raise`` (an interrupt), and WAY ``exchange`` or ``renames``. It
prints a summary as JSON.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from otowake import atomic

CALLS = ("mkdir", "open", "scandir", "rename", "replace", "unlink", "rmdir", "close")
"""The functions of ``os`` that the program and the standard library use."""


class Stopped(BaseException):
    """Raised to stop the replacement from within."""


class Countdown:
    """Count calls, and stop in place of the call of a given number."""

    def __init__(self, last: int, how: str) -> None:
        self.last, self.how, self.seen, self.names = last, how, 0, set()

    def wrap(self, call: Callable, name: str) -> Callable:
        """Return a function that counts a call before making it."""

        def counted(*arguments, **options):
            self.names.add(name)
            self.seen += 1
            if self.seen == self.last:
                if self.how == "exit":
                    os._exit(9)
                raise Stopped(name)
            return call(*arguments, **options)

        return counted

    @contextlib.contextmanager
    def running(self, way: str):
        exchange = atomic.exchange if way == "exchange" else lambda *paths: False
        closes = {"close"} if self.how == "raise" else set()  # interrupts spare close
        names = {name: getattr(os, name) for name in CALLS if name not in closes}
        originals = {"exchange": atomic.exchange, "_take": atomic._take}
        try:
            for name, call in names.items():
                setattr(os, name, self.wrap(call, name))
            atomic.exchange = self.wrap(exchange, "exchange")
            atomic._take = self.wrap(originals["_take"], "lock")
            yield
        finally:
            for name, call in names.items():
                setattr(os, name, call)
            for name, call in originals.items():
                setattr(atomic, name, call)


def fill(folder: Path, content: str) -> None:
    (folder / "stems").mkdir(parents=True)
    for name in ("analysis.json", "stems/violin.flac", "stems/other.flac"):
        (folder / name).write_text(content)


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def write_new(target: Path) -> None:
    with atomic.staged(target) as new:
        fill(new, "new")
        atomic.put(new, target, replace=True)


def stopped(do: Callable[[], None], last: int, how: str, way: str) -> tuple[bool, Countdown]:
    """Run `do` in a child process or here; return whether it was stopped, and the countdown."""
    count = Countdown(last, how)
    if how == "raise":
        try:
            with count.running(way):
                do()
        except Stopped:
            return True, count
        return False, count
    child = os.fork()
    if child == 0:
        with count.running(way):
            do()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9, count


def trial(
    home: Path, exists: bool, first: int, second: int, how: str, way: str
) -> tuple[bool, bool]:
    """Stop a replacement, stop its recovery, recover; return whether the first two were stopped."""
    home.mkdir()
    target = home / "result"
    if exists:
        fill(target, "old")
    one, _ = stopped(lambda: write_new(target), first, how, way)
    two, _ = stopped(lambda: atomic.recover(target), second, how, way)
    atomic.recover(target)
    left = {path.name: contents(path) for path in home.iterdir()}
    names = ("analysis.json", "stems/violin.flac", "stems/other.flac")
    right = [{"result": dict.fromkeys(names, age)} for age in ("old", "new")]
    if exists and not one and left != right[1]:
        raise SystemExit(f"not replaced: {left}")
    if left not in (right if exists else [{}, right[1]]):
        raise SystemExit(f"stopped at call {first}, then {second}: {left}")
    return one, two


def main(how: str, way: str, folder: str) -> None:
    numbers = itertools.count()
    firsts = seconds = 0
    for exists in (True, False):
        for first in itertools.count(1):
            for second in itertools.count(1) if how == "exit" else (-1,):
                one, two = trial(Path(folder) / str(next(numbers)), exists, first, second, how, way)
                seconds += two
                if not two:
                    break
            firsts += one
            if not one:
                break
    home = Path(folder) / "undisturbed"
    fill(home / "result", "old")
    _, count = stopped(lambda: write_new(home / "result"), -1, "raise", way)
    print(json.dumps({"first": firsts, "second": seconds, "calls": sorted(count.names)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
