"""The server's child processes, each in a process group of its own."""

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

MAX_LINE_BYTES = 2**24
"""Bytes, the longest line that a process may write."""


class Processes:
    """Starts processes and keeps track of them.

    Parameters
    ----------
    folder
        The working directory of the processes, which identifies their server after it has died.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._starts: set[asyncio.Task[Process]] = set()

    async def start(self, module: str, *arguments: float, **environment: str) -> Process:
        """Start a module of otowake; end the process if the caller is cancelled.

        Raises
        ------
        OSError
            If the system has no room for another process.
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
                limit=MAX_LINE_BYTES,
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
        """Kill all processes, including processes that are starting."""
        await asyncio.gather(*self._starts, return_exceptions=True)
        for start in filter(_lives, self._starts):
            await killed(start.result())


async def killed(process: Process) -> None:
    """Kill a process group and wait until the process has ended."""
    _kill(process)
    await process.wait()


def limit(limits: Mapping[int, float]) -> None:
    """Limit the resources of this process, by the constants of :mod:`resource`."""
    for which, most in limits.items():
        hard = resource.getrlimit(which)[1]
        lower = int(most) if hard == resource.RLIM_INFINITY else min(int(most), hard)
        with contextlib.suppress(ValueError, OSError):  # a system may lack a limit
            resource.setrlimit(which, (lower, lower))


def _kill(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _lives(start: asyncio.Task[Process]) -> bool:
    return not start.cancelled() and start.exception() is None and start.result().returncode is None


def _environment() -> dict[str, str]:
    """Copy the server's environment without the password."""
    return {name: value for name, value in os.environ.items() if name != "OTOWAKE_PASSWORD"}
