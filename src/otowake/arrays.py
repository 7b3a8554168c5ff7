"""Write files of arrays, and read untrusted ones.

Sizes are checked before anything is unpacked; each array is checked against a :class:`Member`.
"""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from otowake.untrusted import open_regular, shown

MOST_ARRAYS = 4 * 2**30
"""Bytes, maximum size of the arrays of a file in memory."""

MOST_INFLATED = 200
"""Maximum compression ratio of a file of arrays."""

SMALL_ARRAYS = 64 * 2**20
"""Bytes in memory up to which any compression ratio is accepted."""

MOST_DIRECTORY = 4 * 2**20
"""Bytes, maximum size of the zip directory; enough for about 50,000 arrays."""

_END = np.dtype([("mark", "S4"), ("_", "V8"), ("size", "<u4"), ("__", "V6")])
"""The record at the end of a zip file, with the size of the directory."""

_LARGE = np.dtype([("mark", "S4"), ("_", "V36"), ("size", "<u8"), ("__", "V8")])
"""The zip64 record of a large file; its locator of 20 bytes lies before the last record."""


def packaged(name: str) -> bytes:
    """Return the content of a file of arrays that comes with the package.

    Examples
    --------
    >>> len(packaged("theory.npz")) > 1000
    True
    """
    return (resources.files("otowake") / "data" / name).read_bytes()


def write_arrays(
    file: Path | IO[bytes], arrays: Mapping[str, Any], *, compressed: bool = False
) -> None:
    """Write arrays of numbers and words as :func:`numpy.savez` does, without pickled objects.

    Raises
    ------
    ValueError
        If an array holds objects.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> write_arrays(file, {"W": np.ones(2)})
    >>> arrays_of(file)["W"].tolist()
    [1.0, 1.0]
    """
    for name, values in arrays.items():
        if np.asarray(values).dtype.hasobject:
            raise ValueError(f"{name} holds objects, not numbers or words")
    (np.savez_compressed if compressed else np.savez)(file, **arrays)


class Member(NamedTuple):
    """The requirements for an array of a file.

    Attributes
    ----------
    shape
        Length of each axis, or a name; axes of the same name must have the same length.
    kinds
        Kinds of the dtype: ``f`` for float32 and float64, ``iu`` for whole numbers, ``U`` for
        words.
    least
        Smallest allowed value; None for no limit.
    finite
        Whether every value must be finite.
    optional
        Whether the array can be missing.
    """

    shape: tuple[int | str, ...]
    kinds: str = "f"
    least: float | None = 0.0
    finite: bool = True
    optional: bool = False


FLOATS = (4, 8)
"""Bytes, accepted sizes of floating-point numbers."""


def members_of(path: Path, members: Mapping[str, Member]) -> dict[str, NDArray[Any]]:
    """Read and check the arrays of a file written by :func:`numpy.savez`.

    Raises
    ------
    ValueError
        If the file is damaged, or an array violates its requirements.
    OSError
        If the file cannot be read.
    """
    with open_regular(path) as file:
        return checked(arrays_of(file), members)


def checked(
    arrays: Mapping[str, NDArray[Any]], members: Mapping[str, Member]
) -> dict[str, NDArray[Any]]:
    """Check arrays, and return those in `members`.

    Raises
    ------
    ValueError
        If an array is missing, or has a wrong shape, kind or value.

    Examples
    --------
    >>> members = {"W": Member(("frequency", "component")), "H": Member(("component", "time"))}
    >>> arrays = checked({"W": np.ones((5, 2)), "H": np.ones((2, 9))}, members)
    >>> checked({"W": np.ones((5, 2)), "H": np.ones((3, 9))}, members)
    Traceback (most recent call last):
    ...
    ValueError: H must have the shape (component = 2, time); it has (3, 9)
    """
    lengths: dict[int | str, int] = {}
    valid = {}
    for name, member in members.items():
        if name in arrays:
            _check(name, arrays[name], member, lengths)
            valid[name] = arrays[name]
        elif not member.optional:
            raise ValueError(f"{name} is missing")
    return valid


def _check(name: str, values: NDArray[Any], member: Member, lengths: dict[int | str, int]) -> None:
    kind = values.dtype
    if kind.kind not in member.kinds or (kind.kind == "f" and kind.itemsize not in FLOATS):
        raise ValueError(f"{name} can't be of the type {kind}")
    known = [axis if isinstance(axis, int) else lengths.get(axis) for axis in member.shape]
    if values.ndim != len(known) or any(
        must not in (None, length) for must, length in zip(known, values.shape, strict=True)
    ):
        axes = ", ".join(
            f"{axis} = {must}" if must not in (None, axis) else str(axis)
            for axis, must in zip(member.shape, known, strict=True)
        )
        raise ValueError(f"{name} must have the shape ({axes}); it has {values.shape}")
    lengths.update(zip(member.shape, values.shape, strict=True))
    if kind.kind == "U" or not values.size:
        return
    lowest, highest = values.min(), values.max()
    if member.finite and not (np.isfinite(lowest) and np.isfinite(highest)):
        raise ValueError(f"{name} has values that are not finite")
    if member.least is not None and lowest < member.least:
        raise ValueError(f"{name} has values below {member.least:g}")


def arrays_of(file: BinaryIO) -> dict[str, NDArray[Any]]:
    """Read the arrays of numbers and words in a file written by :func:`numpy.savez`.

    The zip directory and the headers of the arrays are checked before anything is unpacked.

    Raises
    ------
    ValueError
        If the file is damaged, contains anything else, or would take too much memory.
    OSError
        If the file cannot be read.
    """
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as packed:
            members = packed.infolist()
            _check_sizes(members, file.seek(0, os.SEEK_END))
            return {
                member.filename.removesuffix(".npy"): _array(packed, member) for member in members
            }
    except (OSError, ValueError):
        raise
    except Exception as error:  # zipfile, zlib and numpy raise many types
        raise ValueError(str(error) or type(error).__name__) from error


def _check_directory(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2**16 - _END.itemsize))
    tail = file.read()
    end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) < end + _END.itemsize:
        raise ValueError("it is no file of arrays, or cut short")
    directory = int(np.frombuffer(tail, _END, 1, end)["size"][0])
    if b"PK\6\7" in tail[:end]:  # zip64: an earlier record repeats the size
        before = max(0, end - _LARGE.itemsize - 20)
        large = np.frombuffer(tail, _LARGE, 1, before)[0]
        at = int.from_bytes(tail[end - 12 : end - 4], "little")
        if large["mark"] != b"PK\6\6" or at != size - len(tail) + before:
            raise ValueError("its directory is damaged")
        directory = max(directory, int(large["size"]))
    if directory > MOST_DIRECTORY:
        raise ValueError(f"its directory is larger than {shown(MOST_DIRECTORY)}")


def _check_sizes(members: list[zipfile.ZipInfo], size: int) -> None:
    total = sum(member.file_size for member in members)
    if total > MOST_ARRAYS:
        raise ValueError(f"its arrays would take more than {shown(MOST_ARRAYS)}")
    if total > SMALL_ARRAYS and total > MOST_INFLATED * size:
        raise ValueError(
            f"its arrays would be more than {MOST_INFLATED} times as large as the file"
        )
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{member.filename} is packed in another way than stored or deflated")


def _array(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """Read an array whose header matches its size."""
    with packed.open(member) as file:
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        shape, _, kind = read[npy.read_magic(file)](file)
        count = 1
        for length in shape:
            count *= length
        if (
            kind.kind not in "biufU"
            or min(shape, default=0) < 0
            or (not kind.itemsize and kind.kind != "U")
        ):
            raise ValueError(f"{member.filename} holds {kind}, not numbers or words")
        if count * kind.itemsize != member.file_size - file.tell():
            raise ValueError(f"{member.filename} has another size than its head says")
    with packed.open(member) as file:
        values = npy.read_array(file, allow_pickle=False)
    if kind.kind == "U" and kind.itemsize and values.size:
        letters = np.ascontiguousarray(values).reshape(-1).view(f"{kind.str[0]}u4")
        if letters.max() > sys.maxunicode:
            raise ValueError(f"{member.filename} has letters that there are not")
    return values.astype(kind.newbyteorder("="), copy=False)
