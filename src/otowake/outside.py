"""What comes from outside the program: how much of it is read, and what reading something damaged may raise.

Sizes are looked at before memory is taken for what they promise. docs/en/security.md says what follows from it for a user.
"""

from __future__ import annotations

import csv
import json
import os
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

MOST_JSON = 16 * 2**20
"""The largest JSON file that is read, in bytes."""

MOST_ARRAYS = 4 * 2**30
"""The most that the arrays of a file may take in memory, in bytes."""

MOST_INFLATED, SMALL = 200, 64 * 2**20
"""Arrays that take more than so many bytes in memory may be at most so many times as large as their file."""

MOST_DIRECTORY = 4 * 2**20
"""The largest directory of a zip file of arrays, in bytes: some 50,000 arrays."""

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

_END = np.dtype([("mark", "S4"), ("_", "V8"), ("size", "<u4"), ("__", "V6")])
"""The record that ends a zip file, with the size of its directory."""

_LARGE = np.dtype([("mark", "S4"), ("_", "V36"), ("size", "<u8"), ("__", "V8")])
"""The record of a large one, 20 bytes before that."""


def content_of(path: Path, most: int) -> bytes:
    """The bytes of a file.

    Raises
    ------
    ValueError
        If there are more than `most`.
    OSError
        If it can't be read.
    """
    with path.open("rb") as file:
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


def json_of(path: Path) -> Any:
    """What a JSON file says.

    Raises
    ------
    ValueError
        If it is no JSON, too large or too deep.
    OSError
        If it can't be read.
    """
    try:
        return json.loads(content_of(path, MOST_JSON).decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("it is too deep") from error


def is_plain_name(name: str) -> bool:
    """Whether a name is that of a file in a folder, and of nothing elsewhere.

    Examples
    --------
    >>> [is_plain_name(name) for name in ("violin-2", "..", "../x", "./x", "/x", ".", "")]
    [True, False, False, False, False, False, False]
    """
    return bool(name) and name == Path(name).name and name != ".." and name.isprintable()


def arrays_of(file: BinaryIO) -> dict[str, NDArray[Any]]:
    """The arrays of numbers and words in a file as :func:`numpy.savez` writes it.

    The directory of the file and the heads of the arrays are looked at before anything is unpacked.

    Raises
    ------
    ValueError
        If it is damaged, holds anything else, or would take more memory than is allowed.
    OSError
        If it can't be read.
    """
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as packed:
            members = packed.infolist()
            _check_sizes(members, file.seek(0, os.SEEK_END))
            return {member.filename.removesuffix(".npy"): _array(packed, member) for member in members}
    except (OSError, ValueError):
        raise
    except Exception as error:  # zipfile, zlib and numpy raise nearly anything for what is damaged
        raise ValueError(str(error) or type(error).__name__) from error


def _check_directory(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2**16 - _END.itemsize))
    tail = file.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) < place + _END.itemsize:
        raise ValueError("it is no file of arrays, or cut short")
    directory = int(np.frombuffer(tail, _END, 1, place)["size"][0])
    if b"PK\6\7" in tail[:place]:  # of more than 2 GiB: the size stands once more, in a record before
        before = max(0, place - _LARGE.itemsize - 20)
        large = np.frombuffer(tail, _LARGE, 1, before)[0]
        at = int.from_bytes(tail[place - 12 : place - 4], "little")
        if large["mark"] != b"PK\6\6" or at != size - len(tail) + before:
            raise ValueError("its directory is damaged")
        directory = max(directory, int(large["size"]))
    if directory > MOST_DIRECTORY:
        raise ValueError(f"its directory is larger than {shown(MOST_DIRECTORY)}")


def _check_sizes(members: list[zipfile.ZipInfo], size: int) -> None:
    total = sum(member.file_size for member in members)
    if total > MOST_ARRAYS:
        raise ValueError(f"its arrays would take more than {shown(MOST_ARRAYS)}")
    if total > SMALL and total > MOST_INFLATED * size:
        raise ValueError(f"its arrays would be more than {MOST_INFLATED} times as large as the file")
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{member.filename} is packed in another way than stored or deflated")


def _array(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """An array whose head promises just the bytes that are there."""
    with packed.open(member) as file:
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        shape, _, kind = read[npy.read_magic(file)](file)
        count = 1
        for length in shape:
            count *= length
        if kind.kind not in "biufU" or min(shape, default=0) < 0 or (not kind.itemsize and kind.kind != "U"):
            raise ValueError(f"{member.filename} holds {kind}, not numbers or words")
        if count * kind.itemsize != member.file_size - file.tell():
            raise ValueError(f"{member.filename} has another size than its head says")
    with packed.open(member) as file:
        return npy.read_array(file, allow_pickle=False)
