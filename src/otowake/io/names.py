"""Names of folders and files that are made out of the names of recordings."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

MOST = 255
"""The longest name of a file on the usual file systems, in bytes."""

NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff<>:"/\\|?*]')
"""What some file system or program doesn't take in a name: control characters, halves of characters, separators, wildcards."""

RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\..*)?", re.IGNORECASE | re.DOTALL
)
"""The names of devices on Windows, with any ending."""

DIGEST = 8
"""The length of the digest that tells names apart."""


def safe_name(name: str, most: int = MOST, ending: str | None = None) -> str:
    """Make a name for a folder out of any name, without its ending, that is safe on every system.

    A safe one stays as it is. Of another, what can't be is replaced or cut off, and a digest of the whole name is
    added: different names stay different. It is hidden nowhere, and never a folder's own or that above it.

    Parameters
    ----------
    name
        Any text.
    most
        The most bytes that it may have, at least 32.
    ending
        What is added to every name in place of the digest.

    Examples
    --------
    >>> safe_name("Op. 27 No. 2"), safe_name("月光"), safe_name("..")
    ('Op. 27 No. 2', '月光', 'recording-5ec1f7e7')
    >>> safe_name("aux.live"), safe_name("What?", ending="3f2a")
    ('_aux.live-4922af93', 'What_-3f2a')
    """
    safe = NOT_IN_NAMES.sub("_", name).strip(". ") or "recording"
    if RESERVED.fullmatch(safe):
        safe = f"_{safe}"
    if ending is None:
        if safe == name and len(safe.encode()) <= most:
            return safe
        ending = digest_of(name)
    return f"{_cut(safe, most - len(ending.encode()) - 1).rstrip('. ')}-{ending}"


def safe_names(names: Iterable[str], most: int = MOST) -> list[str]:
    """Make a safe name of each; one that is taken, in capitals or small letters, gets ``-2``, ``-3`` and so on.

    Examples
    --------
    >>> safe_names(["song", "Song", "song-2", "other"])
    ['song', 'Song-2', 'song-2-2', 'other']
    """
    taken: set[str] = set()
    found = []
    for name in names:
        safe, count = safe_name(name, most), 1
        while _folded(safe) in taken:
            count += 1
            safe = safe_name(f"{name}-{count}", most)
        taken.add(_folded(safe))
        found.append(safe)
    return found


def within(name: str, most: int = MOST) -> str:
    """Shorten the name of a file, if it is too long, to `most` bytes; a digest takes the place of what is cut.

    Examples
    --------
    >>> within(".song.checkpoint"), within(f".{'x' * 300}.checkpoint", 40)
    ('.song.checkpoint', '.xxxxxxxxxxxxxxxxxxx-134e4aeb.checkpoint')
    """
    if len(name.encode(errors="surrogatepass")) <= most:
        return name
    dot = name.rfind(".")
    stem, suffix = (name[:dot], name[dot:]) if dot > 0 else (name, "")
    ending = f"-{digest_of(name)}{_cut(suffix, 16)}"
    return _cut(stem, most - len(ending.encode())) + ending


def longest_name(folder: Path) -> int:
    """The most bytes of a name in a folder, or where it would be made."""
    for there in (folder, *folder.absolute().parents):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            return min(MOST, os.pathconf(there, "PC_NAME_MAX"))
    return MOST


def digest_of(name: str) -> str:
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:DIGEST]


def _cut(name: str, most: int) -> str:
    """As much of a name as fits, in whole characters."""
    return name.encode(errors="ignore")[:most].decode(errors="ignore")


def _folded(name: str) -> str:
    """What a file system takes for the same name, if it doesn't tell capitals and ways of writing accents apart."""
    return unicodedata.normalize("NFC", name.casefold())
