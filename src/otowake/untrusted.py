"""Read untrusted files: regular files of bounded size, with checked contents.

Every reader of a result, a dictionary, a checkpoint or a table uses :func:`open_regular`, which
never waits for a pipe. Sizes are checked before memory is allocated. :func:`number`, :func:`whole`
and :func:`word` check values of JSON, :mod:`otowake.arrays` checks arrays. docs/en/security.md
describes the consequences for users.
"""

from __future__ import annotations

import csv
import errno
import json
import math
import os
import re
import reprlib
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any

MOST_JSON = 16 * 2**20
"""Bytes, maximum size of a JSON file."""

MOST_WHOLE = 2**53
"""Largest whole number accepted in JSON; larger ones are inexact as floats."""

LONGEST_REASON = 300
"""Characters, maximum length of the reason in a message."""

DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    csv.Error,
)
"""Exceptions that a damaged file can raise."""


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading, without waiting for a pipe.

    The check applies to the open file, so that the file cannot be exchanged in between.

    Raises
    ------
    OSError
        If the file cannot be opened, or is a folder, pipe, socket or device.
    """
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - the caller closes it
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return file


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def is_there(path: Path) -> bool:
    """Check whether a path exists, including irregular files and broken links.

    Examples
    --------
    >>> is_there(Path("/")), is_there(Path("/no-such-file"))
    (True, False)
    """
    return os.path.lexists(path)


def content_of(path: Path, most: int) -> bytes:
    """Read the bytes of a regular file.

    Raises
    ------
    ValueError
        If the file is larger than `most`.
    OSError
        If the file cannot be read.
    """
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it is larger than {shown(most)}")
    return content


def shown(size: int) -> str:
    """Format a size.

    Examples
    --------
    >>> shown(16 * 2**20), shown(4 * 2**30), shown(65536)
    ('16 MiB', '4 GiB', '64 KiB')
    """
    for name, unit in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size} bytes"


SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""An escaped surrogate in JSON; an unpaired surrogate is invalid in every encoding."""


def json_of(path: Path) -> Any:
    """Read a JSON file in which every number is finite.

    Raises
    ------
    ValueError
        If the file is invalid, too large or too deep, or contains a number that is not finite or
        an unpaired surrogate.
    OSError
        If the file cannot be read.
    """
    return json_from(content_of(path, MOST_JSON))


def json_from(content: bytes) -> Any:
    """Parse JSON in UTF-8; errors are those of :func:`json_of`.

    Examples
    --------
    >>> json_from(b'{"tempo": 1e999}')
    Traceback (most recent call last):
    ...
    ValueError: 1e999 is not a finite number
    """
    try:
        value = json.loads(content.decode("utf-8-sig"), parse_constant=_finite, parse_float=_finite)
        if SURROGATE.search(content):
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("it is too deep") from error
    except UnicodeEncodeError as error:
        raise ValueError("it has half of a character") from error
    return value


def _finite(numeral: str) -> float:
    value = float(numeral)
    if not math.isfinite(value):
        raise ValueError(f"{numeral} is not a finite number")
    return value


def reason(error: BaseException) -> str:
    """Describe an error in a file, in one line that is safe to print.

    Examples
    --------
    >>> reason(FileNotFoundError(2, "No such file", "/music/song/analysis.json"))
    'analysis.json is missing'
    >>> reason(KeyError("W"))
    "KeyError: 'W'"
    """
    if isinstance(error, OSError) and error.strerror:
        name = Path(str(error.filename)).name if error.filename else ""
        if isinstance(error, (FileNotFoundError, NotADirectoryError)) and name:
            return f"{name} is missing"
        why = f"{name}: {error.strerror}" if name else error.strerror
    else:
        why = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    line = "".join(letter if letter.isprintable() else " " for letter in why).rstrip(".")
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON]}…"


def number(facts: Any, name: str, low: float = -math.inf, high: float = math.inf) -> float:
    """Get a finite number of a JSON object, from `low` to `high`.

    Examples
    --------
    >>> number({"start": 2}, "start", 0)
    2.0
    >>> number({"start": True}, "start", 0)
    Traceback (most recent call last):
    ...
    ValueError: start must be a number from 0 to inf; it is True
    """
    value = _of(facts, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(
            f"{name} must be a number from {low:g} to {high:g}; it is {reprlib.repr(value)}"
        )
    return _finite(str(value)) if isinstance(value, int) else value


def whole(facts: Any, name: str, low: int = 0, high: int = MOST_WHOLE) -> int:
    """Get a whole number of a JSON object, from `low` to `high`.

    Examples
    --------
    >>> whole({"midi": 60}, "midi", 0, 127)
    60
    """
    value = _of(facts, name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(
            f"{name} must be a whole number from {low} to {high}; it is {reprlib.repr(value)}"
        )
    return value


def word(facts: Any, name: str, *, printable: bool = False) -> str:
    """Get text of a JSON object that is valid in files and file names.

    Examples
    --------
    >>> word({"name": "Lied 1"}, "name")
    'Lied 1'
    """
    value = _of(facts, name)
    if not isinstance(value, str) or "\0" in value or (printable and not value.isprintable()):
        raise ValueError(f"{name} must be text; it is {reprlib.repr(value)}")
    value.encode()  # an unpaired surrogate raises a ValueError
    return value


def rows(facts: Any, name: str) -> list[Any]:
    """Get a list of a JSON object.

    Examples
    --------
    >>> rows({"notes": [1, 2]}, "notes")
    [1, 2]
    """
    value = _of(facts, name)
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list; it is {reprlib.repr(value)}")  # noqa: TRY004
    return value


def _of(facts: Any, name: str) -> Any:
    if not isinstance(facts, dict):
        shown_facts = reprlib.repr(facts)
        raise ValueError(f"what has {name} must be an object; it is {shown_facts}")  # noqa: TRY004
    if name not in facts:
        raise ValueError(f"{name} is missing")
    return facts[name]


def is_plain_name(name: str) -> bool:
    """Check that a name refers to a file inside a folder.

    Examples
    --------
    >>> [is_plain_name(name) for name in ("violin-2", "..", "../x", "./x", "/x", ".", "")]
    [True, False, False, False, False, False, False]
    """
    return bool(name) and name == Path(name).name and name != ".." and name.isprintable()
