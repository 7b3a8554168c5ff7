"""Files and folders that are replaced whole: written in a hidden work folder beside their place, then moved there.

A work folder holds ``lock``, locked by the process that writes as long as it lives; ``new``, what it writes; and, for a
moment and only where two folders can't be exchanged in one step, ``old``, a folder with what was replaced, under its name.
Whatever kills the process, :func:`recover` puts back what was set aside and removes the rest.
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

PARTIAL = ".partial-"
"""How the names of work folders begin."""

LOCK, NEW, OLD = "lock", "new", "old"

FORMER = "result"
"""In a work folder of version 0.1.0: what was replaced. Its place is known by a digest in the work folder's name."""

NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
"""What a file system without locks answers; what was left behind there is never touched."""


@contextlib.contextmanager
def beside(place: Path) -> Iterator[Path]:
    """Give a path for what shall stand at `place`, on the same file system; whatever is left there is removed.

    Move it to its place within the block, by :func:`put` or :meth:`pathlib.Path.replace`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with beside(Path(folder) / "notes.csv") as new:
    ...         _ = new.write_text("onset_s,midi")
    ...         _ = new.replace(Path(folder) / "notes.csv")
    ...     os.listdir(folder)
    ['notes.csv']
    """
    recover(place)
    held: dict[Path, int | None] = {}
    try:
        yield _begun(place.absolute().parent, held) / NEW
    finally:
        try:
            _ended(held)
        except BaseException:
            _ended(held)  # a signal that interrupted it does so once
            raise


def put(new: Path, place: Path, *, replace: bool) -> None:
    """Move a folder that :func:`beside` gave to its place; what stands there goes if `replace` says so.

    Raises
    ------
    OSError
        If it can't be moved, or something stands there that may not be replaced.
    """
    if replace and os.path.lexists(place):
        if exchange(new, place):
            return
        old = new.with_name(OLD)
        old.mkdir()
        place.rename(old / place.name)
    new.rename(place)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False, and nothing done, where the system or the file system can't.

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


def recover(place: Path) -> None:
    """Put back what processes that died have set aside beside `place`, and remove what else they left there.

    What belongs to a living process stays, and so does what this one may not touch.
    """
    place = Path(os.path.abspath(place))  # noqa: PTH100 - a link stays where it is named
    for work in _works(place.parent):
        handle = _lock(work)
        if handle is None:
            continue
        try:
            _put_back(work, place)
            if not os.path.lexists(work / FORMER):
                shutil.rmtree(
                    work, ignore_errors=True
                )  # under the lock: nobody begins in it meanwhile
        except OSError:
            continue
        finally:
            os.close(handle)


def _works(folder: Path) -> list[Path]:
    """The work folders in a folder; none if it can't be read."""
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.name.startswith(PARTIAL)]
    except (OSError, ValueError):
        return []


def _put_back(work: Path, place: Path | None = None) -> None:
    """Put back what was set aside if nothing has taken its place; `place` is for those of the former version."""
    if os.path.lexists(work / NEW):
        for old in (work / OLD).glob("*"):
            if not os.path.lexists(work.parent / old.name):
                old.rename(work.parent / old.name)
    former = work / FORMER
    if place is not None and os.path.lexists(former) and work.name.startswith(_former_mark(place)):
        if os.path.lexists(place):
            shutil.rmtree(former)
        else:
            former.rename(place)


def _former_mark(place: Path) -> str:
    return f"{PARTIAL}{hashlib.sha256(os.fsencode(place.name)).hexdigest()[:12]}-old-"


def _begun(folder: Path, held: dict[Path, int | None]) -> Path:
    """Make a work folder, entered into `held` before it is there and with what holds its lock afterwards.

    One that another process takes for abandoned meanwhile is left to it.
    """
    while True:
        work = folder / f"{PARTIAL}{secrets.token_hex(4)}"
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
    """Remove work folders, and put back what they have set aside."""
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
    """What holds the lock of a work folder until it is closed; None if a living process has it, or removed it.

    Where there are no locks, nobody has it but the process whose own it is.
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
        found = os.fstat(handle)
        locked = stat.S_ISREG(found.st_mode) and os.path.samestat(found, path.stat())
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
