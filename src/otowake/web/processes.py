"""The server's child processes: each in a group of its own, and gone when the server ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path

LINE = 2**24
"""The longest line that a process may write, in bytes."""


class Processes:
    """Starts processes and knows all that live.

    Parameters
    ----------
    folder
        Where they work: a server that dies can be recognised by it as the one that started them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._starts: set[asyncio.Task[Process]] = set()

    async def start(self, module: str, *arguments: float, **environment: str) -> Process:
        """Start a module of ours; where nobody waits for the process any more, it is ended.

        Raises
        ------
        OSError
            If there is no room for another process.
        """
        self._starts = {start for start in self._starts if not start.done() or _lives(start)}
        start = asyncio.create_task(
            asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                *map(str, arguments),
                stdin=PIPE,
                stdout=PIPE,
                cwd=self.folder,
                env=_environment() | environment,
                limit=LINE,
                start_new_session=True,
            )
        )
        self._starts.add(start)
        try:
            return await asyncio.shield(start)
        except asyncio.CancelledError:
            start.add_done_callback(lambda start: _lives(start) and _kill(start.result()))
            raise

    async def end_all(self) -> None:
        """Kill every process, those that are being started among them."""
        await asyncio.gather(*self._starts, return_exceptions=True)
        for start in filter(_lives, self._starts):
            await killed(start.result())


async def killed(process: Process) -> None:
    """End a process and what it started, and wait until it is gone."""
    _kill(process)
    await process.wait()


def limit(limits: Mapping[int, float]) -> None:
    """Bound what this process may use, by the numbers that :mod:`resource` has for it."""
    for which, most in limits.items():
        hard = resource.getrlimit(which)[1]
        lower = int(most) if hard == resource.RLIM_INFINITY else min(int(most), hard)
        with contextlib.suppress(ValueError, OSError):  # not every system has every limit
            resource.setrlimit(which, (lower, lower))


def _kill(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _lives(start: asyncio.Task[Process]) -> bool:
    return not start.cancelled() and start.exception() is None and start.result().returncode is None


def _environment() -> dict[str, str]:
    """What a process gets of the server's environment: not the password."""
    return {name: value for name, value in os.environ.items() if name != "OTOWAKE_PASSWORD"}
