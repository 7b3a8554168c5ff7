"""The server's folder, and what servers left that ended without taking theirs away.

A living server holds a lock in its folder. Where nobody holds it, the server is dead: its
processes, which work in that folder, are killed, and the folder is removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "otowake-web-"

LOCK = "lock"


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A folder of this server's own for what is sent and found; it is gone when the block ends."""
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / "unlocked").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / "unlocked").rename(folder / LOCK)  # from here on it may be looked at
            (folder / "jobs").mkdir()
            yield folder / "jobs"


def sweep(parent: Path) -> None:
    """Take away what dead servers of this user left in `parent`."""
    for folder in parent.glob(PREFIX + "*"):
        with contextlib.suppress(OSError):
            facts = folder.lstat()
            if facts.st_uid == os.geteuid() and not folder.is_symlink():
                with (folder / LOCK).open("r+") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _kill_those_in(folder)
                    shutil.rmtree(folder, ignore_errors=True)


def _kill_those_in(folder: Path) -> None:
    """Kill our processes that work in a folder, on systems that have ``/proc``."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            works_there = (process / "cwd").readlink().is_relative_to(folder.resolve())
            if works_there and b"otowake.web." in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
