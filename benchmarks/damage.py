"""Damage a file for ``benchmarks/fuzz.py``: its bytes, JSON values, arrays, or kind of file."""

from __future__ import annotations

import copy
import json
import os
import random
import socket
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMBER_BYTES = (
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    bytes(4),
    b"\0\0\0\x80",
    b"\xff" * 8,
    b"999999999999",
    b"1e400",
    b"../../x",
)


def damage(path: Path, rng: random.Random) -> str:
    """Damage the file at `path` in one way, and return the name of the way."""
    if rng.random() < 0.1:
        name = rng.choice(list(KINDS))
        path.unlink()
        KINDS[name](path)
        return name
    content = path.read_bytes()
    if path.suffix == ".npz" and rng.random() < 0.7:
        path.write_bytes(other_arrays(content, rng))
        return "arrays"
    if path.suffix == ".json" and rng.random() < 0.7:
        path.write_bytes(other_json(content, rng))
        return "values"
    path.write_bytes(changed(content, rng))
    return "bytes"


def _socket(path: Path) -> None:
    """Create a socket, from within its folder: the path may have at most 107 bytes."""
    here = os.open(".", os.O_RDONLY)
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.fchdir(here)
    os.close(here)


KINDS: dict[str, Callable[[Path], Any]] = {
    "nothing": lambda path: None,
    "empty": lambda path: path.touch(),
    "pipe": os.mkfifo,
    "socket": _socket,
    "folder": lambda path: path.mkdir(),
    "loop": lambda path: path.symlink_to(path.name),
    "link to nowhere": lambda path: path.symlink_to("no-such-file"),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link to a pipe": lambda path: (
        os.mkfifo(f"{path}.pipe"),
        path.symlink_to(f"{path.name}.pipe"),
    ),
}
"""Replacements of a file, by name."""


def changed(content: bytes, rng: random.Random) -> bytes:
    """Cut, flip, grow or splice bytes, or insert a huge number; mostly near an end."""
    for _ in range(rng.randint(1, 4)):
        size = max(1, len(content))
        position = rng.choice(
            [
                rng.randrange(size),
                rng.randrange(min(size, 200)),
                size - 1 - rng.randrange(min(size, 200)),
            ]
        )
        length = rng.choice([1, 4, 64, 1000])
        match rng.randrange(5):
            case 0:
                content = content[:position]
            case 1:
                content = content[:position] + bytes([rng.randrange(256)]) + content[position + 1 :]
            case 2:
                more = rng.choice([b"[", b"\0", b"\xff", content[position:][:4]]) * length
                content = content[:position] + more + content[position:]
            case 3:
                other = rng.randrange(size)
                content = (
                    content[:position]
                    + content[other : other + length]
                    + content[position + length :]
                )
            case 4:
                number = rng.choice(NUMBER_BYTES)
                content = content[:position] + number + content[position + len(number) :]
    return content


ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    0.5,
    1e308,
    -1e308,
    5e-324,
    10**30,
    float("nan"),
    float("inf"),
    "",
    "../x",
    "=1+1",
    "[/x]",
    "[bold",
    "\ud800",
    "\x1b[2J\0",
    "x" * 5000,
    [],
    [[1]],
    [0] * 1000,
    {},
    {"do": 1},
)


def other_json(content: bytes, rng: random.Random) -> bytes:
    """Replace, delete or copy one to three values of a JSON file."""
    data = json.loads(content)
    for _ in range(rng.randint(1, 3)):
        values = [*_json_values(data)]
        if not values:
            break
        inside, key = rng.choice(values)
        match rng.randrange(4):
            case 0 | 1:
                inside[key] = copy.deepcopy(rng.choice(ODD_VALUES))
            case 2:
                del inside[key]
            case 3:
                other, name = rng.choice(values)
                inside[key] = json.loads(json.dumps(other[name]))
    return json.dumps(data).encode()


def _json_values(data: Any) -> Iterator[tuple[Any, Any]]:
    """Iterate over all values, as their container and their key or index."""
    if isinstance(data, dict | list):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from _json_values(data[key])


NUMBERS_IN_ARRAYS = (np.nan, np.inf, -np.inf, -1.0, 0.0, 1e-300, 1e30, 1e300)

TYPES = ("f2", "f4", "f8", ">f4", "g", "c16", "i1", "i8", "u8", "?", "U3")


def other_arrays(content: bytes, rng: random.Random) -> bytes:
    """Change the shape, type, length or values of one to three arrays of a file."""
    with np.load(BytesIO(content)) as file:
        arrays = dict(file)
    for _ in range(rng.randint(1, 3)):
        if not arrays:
            break
        name = rng.choice(list(arrays))
        match rng.randrange(5):
            case 0:
                del arrays[name]
            case 1:
                arrays[name] = arrays[rng.choice(list(arrays))]
            case _:
                arrays[name] = _other_array(arrays[name], rng)
    out = BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    return out.getvalue()


def _other_array(values: NDArray[Any], rng: random.Random) -> NDArray[Any]:
    match rng.randrange(6):
        case 0:
            return values[..., None]
        case 1:
            return np.zeros(rng.choice([(), (0,), (0, 0), (0, 3), (1, 1, 1), (7,)]), values.dtype)
        case 2 if values.dtype.kind in "biufc":
            with np.errstate(all="ignore"):
                return values.astype(rng.choice(TYPES))
        case 3 if values.ndim:
            axis = rng.randrange(values.ndim)
            return np.concatenate([values, values[(slice(None),) * axis + (slice(0, 1),)]], axis)
        case 4 if values.ndim and values.shape[0]:
            return values[: rng.randrange(values.shape[0])]
        case _ if values.dtype.kind in "fiu" and values.size:
            with np.errstate(all="ignore"):
                some = np.array(rng.choice(NUMBERS_IN_ARRAYS)).astype(values.dtype)
            changed_values = values.copy()
            if rng.random() < 0.3:
                changed_values[...] = some
            else:
                changed_values.flat[rng.randrange(values.size)] = some
            return changed_values
    return values.T.copy()
