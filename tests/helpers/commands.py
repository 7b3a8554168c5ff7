"""Run the command line: in this process, or as a process of its own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from otowake.cli import main

TIMEOUT = 300
"""Seconds, the longest run of a process."""


class Done(NamedTuple):
    """What is left of a command: its exit code and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a command that prints 80 columns in English."""
    return {**os.environ, "LANG": "C.UTF-8", "COLUMNS": "80", **more}


def run_here(*arguments: object, cwd: Path | None = None, **more: str) -> Done:
    """Run a command in this process, which has compiled many programs already."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2)]
    code: object = None
    with (
        contextlib.chdir(cwd or Path.cwd()),
        mock.patch.dict(os.environ, environment(**more)),
        contextlib.redirect_stdout(streams[0]),
        contextlib.redirect_stderr(streams[1]),
    ):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code
    out, err = (stream.detach() for stream in streams)
    assert isinstance(code, int)
    return Done(code, out.getvalue().decode(), err.getvalue().decode())


def run_process(
    *arguments: object, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command as a process to its end."""
    return subprocess.run(
        [sys.executable, "-m", "otowake", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        timeout=TIMEOUT,
        env=environment(**more),
    )
