"""Derive safe names of folders and files from the names of recordings."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

MOST = 255
"""Bytes, the longest file name on common file systems."""

NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff<>:"/\\|?*]')
"""Characters that some file systems refuse: controls, surrogates, separators, wildcards."""

RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\..*)?", re.IGNORECASE | re.DOTALL
)
"""The names of devices on Windows, with any suffix."""

DIGEST = 8
"""Length of the digest that keeps names distinct."""


def safe_name(name: str, most: int = MOST, ending: str | None = None) -> str:
    """Make a folder name that is safe on every system out of any name without suffix.

    A safe name does not change. In others, forbidden characters are replaced, the length is cut,
    and a digest of the whole name is added: different names stay different. The result is never a
    hidden name, ``.`` or ``..``.

    Parameters
    ----------
    name
        Any text.
    most
        The most bytes of the result, at least 32.
    ending
        The text to add to every name in place of the digest.

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
    """Make names safe and distinct without regard to case, by adding ``-2``, ``-3`` and so on.

    Examples
    --------
    >>> safe_names(["song", "Song", "song-2", "other"])
    ['song', 'Song-2', 'song-2-2', 'other']
    """
    taken: set[str] = set()
    safe_ones = []
    for name in names:
        safe, count = safe_name(name, most), 1
        while _folded(safe) in taken:
            count += 1
            safe = safe_name(f"{name}-{count}", most)
        taken.add(_folded(safe))
        safe_ones.append(safe)
    return safe_ones


def within(name: str, most: int = MOST) -> str:
    """Shorten the name of a file to `most` bytes; a digest replaces the removed part.

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
    """Return the most bytes of a name in a folder, which need not exist yet."""
    for existing in (folder, *folder.absolute().parents):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            return min(MOST, os.pathconf(existing, "PC_NAME_MAX"))
    return MOST


def digest_of(name: str) -> str:
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:DIGEST]


def _cut(name: str, most: int) -> str:
    """Cut a name to `most` bytes, in whole characters."""
    return name.encode(errors="ignore")[:most].decode(errors="ignore")


def _folded(name: str) -> str:
    """Fold case and accents like a file system that does not distinguish them."""
    return unicodedata.normalize("NFC", name.casefold())
