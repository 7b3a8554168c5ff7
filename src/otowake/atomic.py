"""Atomic replacement of files and folders.

A file or folder is written in a hidden work folder next to its target, then moved. A work folder
contains ``lock``, which the writing process locks as long as it lives; ``new``, the new content;
and, briefly and only if two folders cannot be exchanged in one step, ``old``, a folder with the
replaced target. If the process dies, :func:`recover` restores a replaced target and removes the
work folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

WORK_PREFIX = ".partial-"
"""Prefix of the names of work folders."""

LOCK, NEW, OLD = "lock", "new", "old"

FORMER = "result"
"""The replaced target in a work folder of version 0.1.0, whose name contains a digest."""

NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
"""Errors of file systems without locks; abandoned work folders there are never removed."""


@contextlib.contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Provide a temporary path on the file system of `target`, removed at the end of the block.

    Move the content to `target` within the block, by :func:`put` or :meth:`pathlib.Path.replace`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with staged(Path(folder) / "notes.csv") as new:
    ...         _ = new.write_text("onset_s,midi")
    ...         _ = new.replace(Path(folder) / "notes.csv")
    ...     os.listdir(folder)
    ['notes.csv']
    """
    recover(target)
    held: dict[Path, int | None] = {}
    try:
        yield _begun(target.absolute().parent, held) / NEW
    finally:
        try:
            _ended(held)
        except BaseException:
            _ended(held)  # a signal can interrupt it only once
            raise


def put(new: Path, target: Path, *, replace: bool) -> None:
    """Move a folder from :func:`staged` to `target`; `replace` allows replacing what exists there.

    Raises
    ------
    OSError
        If the folder cannot be moved, or the target exists and `replace` is false.
    """
    if replace and os.path.lexists(target):
        if exchange(new, target):
            return
        old = new.with_name(OLD)
        old.mkdir()
        target.rename(old / target.name)
    new.rename(target)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; return False if the system does not support it.

    Examples
    --------
    >>> exchange(Path("no-such-folder"), Path("another"))
    False
    """
    paths = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux":
        swap = getattr(ctypes.CDLL(None), "renameat2", None)
        here, flag = ctypes.c_int(-100), ctypes.c_uint(2)
        return swap is not None and swap(here, paths[0], here, paths[1], flag) == 0
    if sys.platform == "darwin":
        swap = getattr(ctypes.CDLL(None), "renamex_np", None)
        return swap is not None and swap(*paths, ctypes.c_uint(2)) == 0
    return False


def recover(target: Path) -> None:
    """Restore what dead processes have replaced next to `target`, and remove their work folders.

    Work folders of living processes, and those without permission, are left unchanged.
    """
    target = Path(os.path.abspath(target))  # noqa: PTH100 - keep links
    for work in _works(target.parent):
        handle = _lock(work)
        if handle is None:
            continue
        try:
            _put_back(work, target)
            if not os.path.lexists(work / FORMER):
                shutil.rmtree(
                    work, ignore_errors=True
                )  # under the lock: no process can start in it
        except OSError:
            continue
        finally:
            os.close(handle)


def _works(folder: Path) -> list[Path]:
    """List the work folders in a folder; none if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.name.startswith(WORK_PREFIX)]
    except (OSError, ValueError):
        return []


def _put_back(work: Path, target: Path | None = None) -> None:
    """Restore a replaced target unless a new one exists; `target` is that of version 0.1.0."""
    if os.path.lexists(work / NEW):
        for old in (work / OLD).glob("*"):
            if not os.path.lexists(work.parent / old.name):
                old.rename(work.parent / old.name)
    former = work / FORMER
    if (
        target is not None
        and os.path.lexists(former)
        and work.name.startswith(_former_mark(target))
    ):
        if os.path.lexists(target):
            shutil.rmtree(former)
        else:
            former.rename(target)


def _former_mark(target: Path) -> str:
    return f"{WORK_PREFIX}{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]}-old-"


def _begun(folder: Path, held: dict[Path, int | None]) -> Path:
    """Create and lock a work folder.

    `held` gets the folder before it exists, and the handle of its lock afterwards. A folder that
    another process has claimed as abandoned in between is left to that process.
    """
    while True:
        work = folder / f"{WORK_PREFIX}{secrets.token_hex(4)}"
        held[work] = None
        try:
            work.mkdir(0o700)
            held[work] = _lock(work, mine=True)
        except FileExistsError:
            del held[work]
            continue
        if held[work] is not None:
            return work
        del held[work]


def _ended(held: dict[Path, int | None]) -> None:
    """Remove work folders, and restore the targets that they have replaced."""
    for work, handle in [*held.items()]:
        try:
            _put_back(work)
        finally:
            if handle is not None:
                held[work] = None
                os.close(handle)
        shutil.rmtree(work, ignore_errors=True)
        del held[work]


def _lock(work: Path, *, mine: bool = False) -> int | None:
    """Lock a work folder until the returned handle is closed; None if another process has it.

    On a file system without locks, only the process that created the folder gets a handle.
    """
    if work.is_symlink():
        return None
    path = work / LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError as error:
        if mine and error.errno != errno.ENOENT:
            raise
        return None
    locked = False
    try:
        _take(handle)
        status = os.fstat(handle)
        locked = stat.S_ISREG(status.st_mode) and os.path.samestat(status, path.stat())
    except OSError as error:
        locked = mine and error.errno in NO_LOCKS
    finally:
        if not locked:
            os.close(handle)
    return handle if locked else None


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
