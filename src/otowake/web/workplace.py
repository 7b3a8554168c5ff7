"""The server's folder, and the cleanup after servers that crashed.

A running server holds a lock in its folder. If the lock is free, the server is dead: its processes,
which work in that folder, are killed, and the folder is removed.
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
    """Make a folder for uploads and results that exists during the block."""
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / "unlocked").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / "unlocked").rename(folder / LOCK)  # after this, other servers check the lock
            (folder / "jobs").mkdir()
            yield folder / "jobs"


def sweep(parent: Path) -> None:
    """Remove the folders and processes of this user's dead servers in `parent`."""
    for folder in parent.glob(PREFIX + "*"):
        with contextlib.suppress(OSError):
            facts = folder.lstat()
            if facts.st_uid == os.geteuid() and not folder.is_symlink():
                with (folder / LOCK).open("r+") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _kill_processes_in(folder)
                    shutil.rmtree(folder, ignore_errors=True)


def _kill_processes_in(folder: Path) -> None:
    """Kill otowake's processes that work in a folder, on systems with ``/proc``."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            works_there = (process / "cwd").readlink().is_relative_to(folder.resolve())
            if works_there and b"otowake.web." in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
