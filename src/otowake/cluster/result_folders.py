"""Name the result folders of an archive, and check names and digests that a manifest stores."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

from otowake.io.names import MOST, safe_name

RESULT_FOLDER = re.compile(r"results/[0-9a-f]{2}/(?!\.{1,2}\Z)[^/\0]+")
DIGEST = re.compile(r"[0-9a-f]{64}")


def checked_folder(folder: Any) -> str:
    """Check that a stored folder of a result is inside the archive, and return it."""
    if not (isinstance(folder, str) and RESULT_FOLDER.fullmatch(folder)):
        raise sqlite3.DatabaseError(f"{folder!r} is no folder of a result")
    return folder


def checked_digest(sha256: Any) -> str:
    """Check a stored SHA-256 and return it."""
    if not (isinstance(sha256, str) and DIGEST.fullmatch(sha256)):
        raise sqlite3.DatabaseError(f"{sha256!r} is no SHA-256")
    return sha256


def has_safe_name(folder: str, most: int) -> bool:
    """Whether the name of a folder follows the present rules.

    Early versions also chose hidden names and too long ones.
    """
    name = Path(folder).name
    return safe_name(name, most) == name


def folder_of(sha256: str, path: str, most: int = MOST) -> str:
    """Return the folder of a result, named by the path and the digest of the recording.

    The name has at most `most` bytes.

    Examples
    --------
    >>> folder_of("3f2a9c01b7d4e6aa", "/music/song.mp3")
    'results/3f/song-3f2a9c01b7d4'
    """
    name = safe_name(Path(path).stem[:80], most, sha256[:12])
    return f"results/{sha256[:2]}/{name}"


def stamp_of(path: Path) -> str | None:
    """Return size, times and inode of a file, which reveal a change; None if it is missing."""
    try:
        status = path.stat()
    except OSError:
        return None
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
