"""A replacement that is stopped at each of its calls of the system, and what there is afterwards.

Executed as a program, in a process with one thread: ``python kills.py HOW WAY FOLDER``, where HOW is ``exit`` (the process
is gone) or ``raise`` (an interrupt), and WAY ``exchange`` or ``renames``. It prints what it did as JSON.
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
"""What of ``os`` the program and the standard library do it with."""


class Stopped(BaseException):
    """What stops it from within."""


class Countdown:
    """Counts calls; that of the given number is the last one, if it comes to it, and is not made."""

    def __init__(self, last: int, how: str) -> None:
        self.last, self.how, self.seen, self.names = last, how, 0, set()

    def stands_before(self, call: Callable, name: str) -> Callable:
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
        closes = (
            {"close"} if self.how == "raise" else set()
        )  # nothing is interrupted before it is closed
        names = {name: getattr(os, name) for name in CALLS if name not in closes}
        names_of_ours = {"exchange": atomic.exchange, "_take": atomic._take}
        try:
            for name, call in names.items():
                setattr(os, name, self.stands_before(call, name))
            atomic.exchange = self.stands_before(exchange, "exchange")
            atomic._take = self.stands_before(names_of_ours["_take"], "lock")
            yield
        finally:
            for name, call in names.items():
                setattr(os, name, call)
            for name, call in names_of_ours.items():
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


def write_new(place: Path) -> None:
    with atomic.staged(place) as new:
        fill(new, "new")
        atomic.put(new, place, replace=True)


def stopped(do: Callable[[], None], last: int, how: str, way: str) -> tuple[bool, Countdown]:
    """Whether doing it, in a process of its own or here, was stopped at the call of that number; and what was counted."""
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
    home: Path, there: bool, first: int, second: int, how: str, way: str
) -> tuple[bool, bool]:
    """Replace and be stopped, recover and be stopped, recover: whether it was stopped the first and the second time."""
    home.mkdir()
    place = home / "result"
    if there:
        fill(place, "old")
    one, _ = stopped(lambda: write_new(place), first, how, way)
    two, _ = stopped(lambda: atomic.recover(place), second, how, way)
    atomic.recover(place)
    found = {path.name: contents(path) for path in home.iterdir()}
    right = [{"result": dict.fromkeys(("analysis.json", "stems/violin.flac", "stems/other.flac"), age)}
             for age in ("old", "new")]  # fmt: skip
    if there and not one and found != right[1]:
        raise SystemExit(f"not replaced: {found}")
    if found not in (right if there else [{}, right[1]]):
        raise SystemExit(f"stopped at call {first}, then {second}: {found}")
    return one, two


def main(how: str, way: str, folder: str) -> None:
    numbers = itertools.count()
    firsts = seconds = 0
    for there in (True, False):
        for first in itertools.count(1):
            for second in itertools.count(1) if how == "exit" else (-1,):
                one, two = trial(Path(folder) / str(next(numbers)), there, first, second, how, way)
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
