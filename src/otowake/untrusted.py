"""Read what comes from outside the program: regular files only, bounded, and checked against what
is expected.

Every reader of a result, a dictionary, a checkpoint or a table goes through :func:`opened`, so that
nothing waits for a pipe. Sizes are looked at before memory is taken for what they promise. Values
of JSON are checked by :func:`number`, :func:`whole` and :func:`word`, arrays by
:mod:`otowake.arrays`. docs/en/security.md says what follows from it for a user.
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
"""The largest JSON file that is read, in bytes."""

MOST_WHOLE = 2**53
"""The largest whole number that is read from JSON: other programs have no larger ones that are
exact."""

LONGEST_REASON = 300
"""The most of what is wrong with a file that is said, in characters."""

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
"""What comes up where a file is not what it should be."""


def opened(path: Path) -> BufferedReader:
    """Open a regular file for reading, without ever waiting for one that is a pipe.

    Raises
    ------
    OSError
        If it can't be opened, or is a folder, pipe, socket or device. What was opened is what is
        looked at, so that nobody can exchange the file in between.
    """
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - whoever asked closes it
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return file


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def is_there(path: Path) -> bool:
    """Whether there is anything at a path, be it no regular file or a link to nowhere.

    Examples
    --------
    >>> is_there(Path("/")), is_there(Path("/no-such-file"))
    (True, False)
    """
    return os.path.lexists(path)


def content_of(path: Path, most: int) -> bytes:
    """The bytes of a regular file.

    Raises
    ------
    ValueError
        If there are more than `most`.
    OSError
        If it can't be read.
    """
    with opened(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it is larger than {shown(most)}")
    return content


def shown(size: int) -> str:
    """A limit in words.

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
"""An escape in JSON that is half of a character; without its other half it is in no encoding."""


def json_of(path: Path) -> Any:
    """What a JSON file says; every number in it is finite.

    Raises
    ------
    ValueError
        If it is no JSON, too large or too deep, or has a number that is not finite or half of a
        character.
    OSError
        If it can't be read.
    """
    return json_from(content_of(path, MOST_JSON))


def json_from(content: bytes) -> Any:
    """What JSON in UTF-8 says; errors are those of :func:`json_of`.

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
    """What went wrong in a file, in one line that is safe to print.

    Examples
    --------
    >>> reason(FileNotFoundError(2, "No such file", "/music/song/analysis.json")), reason(KeyError("W"))
    ('analysis.json is missing', "KeyError: 'W'")
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
    """A finite number of a JSON object, from `low` to `high`.

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
    """A whole number of a JSON object, from `low` to `high`.

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
    """Text of a JSON object that can be written to a file and be the name of one.

    Examples
    --------
    >>> word({"name": "Lied 1"}, "name")
    'Lied 1'
    """
    value = _of(facts, name)
    if not isinstance(value, str) or "\0" in value or (printable and not value.isprintable()):
        raise ValueError(f"{name} must be text; it is {reprlib.repr(value)}")
    value.encode()  # half a letter, as JSON can have it, raises a ValueError
    return value


def rows(facts: Any, name: str) -> list[Any]:
    """A list of a JSON object.

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
        raise ValueError(f"what has {name} must be an object; it is {reprlib.repr(facts)}")  # noqa: TRY004
    if name not in facts:
        raise ValueError(f"{name} is missing")
    return facts[name]


def is_plain_name(name: str) -> bool:
    """Whether a name is that of a file in a folder, and of nothing elsewhere.

    Examples
    --------
    >>> [is_plain_name(name) for name in ("violin-2", "..", "../x", "./x", "/x", ".", "")]
    [True, False, False, False, False, False, False]
    """
    return bool(name) and name == Path(name).name and name != ".." and name.isprintable()
