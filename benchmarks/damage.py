"""Ways to damage a file, for ``benchmarks/fuzz.py``: its bytes, the values of its JSON, its arrays,
and what kind of file it is."""

from __future__ import annotations

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

NUMBERS = (
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    bytes(4),
    b"\0\0\0\x80",
    b"\xff" * 8,
    b"999999999999",
    b"1e400",
    b"../../x",
)


def damage(path: Path, chance: random.Random) -> str:
    """Damage the file at `path` in one way, and say in which."""
    if chance.random() < 0.1:
        name = chance.choice(list(KINDS))
        path.unlink()
        KINDS[name](path)
        return name
    content = path.read_bytes()
    if path.suffix == ".npz" and chance.random() < 0.7:
        path.write_bytes(other_arrays(content, chance))
        return "arrays"
    if path.suffix == ".json" and chance.random() < 0.7:
        path.write_bytes(other_json(content, chance))
        return "values"
    path.write_bytes(changed(content, chance))
    return "bytes"


def _socket(path: Path) -> None:
    """A socket; its name is given from within its folder, as it may have at most 107 bytes."""
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
"""What can be in a file's place, by name."""


def changed(content: bytes, chance: random.Random) -> bytes:
    """A file made worse: one to four of cut, flipped, grown, spliced, with a huge number; near an
    end as a rule."""
    for _ in range(chance.randint(1, 4)):
        size = max(1, len(content))
        place = chance.choice(
            [
                chance.randrange(size),
                chance.randrange(min(size, 200)),
                size - 1 - chance.randrange(min(size, 200)),
            ]
        )
        length = chance.choice([1, 4, 64, 1000])
        match chance.randrange(5):
            case 0:
                content = content[:place]
            case 1:
                content = content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]
            case 2:
                more = chance.choice([b"[", b"\0", b"\xff", content[place:][:4]]) * length
                content = content[:place] + more + content[place:]
            case 3:
                other = chance.randrange(size)
                content = (
                    content[:place] + content[other : other + length] + content[place + length :]
                )
            case 4:
                number = chance.choice(NUMBERS)
                content = content[:place] + number + content[place + len(number) :]
    return content


ODD: tuple[Any, ...] = (
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


def other_json(content: bytes, chance: random.Random) -> bytes:
    """A JSON file that is whole, with one to three values replaced, left out, or taken from
    elsewhere in it."""
    data = json.loads(content)
    for _ in range(chance.randint(1, 3)):
        places = [*_places(data)]
        if not places:
            break
        inside, key = chance.choice(places)
        match chance.randrange(4):
            case 0 | 1:
                inside[key] = chance.choice(ODD)
            case 2:
                del inside[key]
            case 3:
                other, name = chance.choice(places)
                inside[key] = json.loads(json.dumps(other[name]))
    return json.dumps(data).encode()


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every value, as what it is in and the key or index that it has there."""
    if isinstance(data, dict | list):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield data, key
            yield from _places(data[key])


NUMBERS_IN_ARRAYS = (np.nan, np.inf, -np.inf, -1.0, 0.0, 1e-300, 1e30, 1e300)

TYPES = ("f2", "f4", "f8", ">f4", "g", "c16", "i1", "i8", "u8", "?", "U3")


def other_arrays(content: bytes, chance: random.Random) -> bytes:
    """A file of arrays that is whole, with one to three of them of another shape, type, length or
    with other values."""
    with np.load(BytesIO(content)) as file:
        arrays = dict(file)
    for _ in range(chance.randint(1, 3)):
        if not arrays:
            break
        name = chance.choice(list(arrays))
        match chance.randrange(5):
            case 0:
                del arrays[name]
            case 1:
                arrays[name] = arrays[chance.choice(list(arrays))]
            case _:
                arrays[name] = _other_array(arrays[name], chance)
    out = BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    return out.getvalue()


def _other_array(values: NDArray[Any], chance: random.Random) -> NDArray[Any]:
    match chance.randrange(6):
        case 0:
            return values[..., None]
        case 1:
            return np.zeros(
                chance.choice([(), (0,), (0, 0), (0, 3), (1, 1, 1), (7,)]), values.dtype
            )
        case 2 if values.dtype.kind in "biufc":
            with np.errstate(all="ignore"):
                return values.astype(chance.choice(TYPES))
        case 3 if values.ndim:
            axis = chance.randrange(values.ndim)
            return np.concatenate([values, values[(slice(None),) * axis + (slice(0, 1),)]], axis)
        case 4 if values.ndim and values.shape[0]:
            return values[: chance.randrange(values.shape[0])]
        case _ if values.dtype.kind in "fiu" and values.size:
            with np.errstate(all="ignore"):
                some = np.array(chance.choice(NUMBERS_IN_ARRAYS)).astype(values.dtype)
            changed_values = values.copy()
            if chance.random() < 0.3:
                changed_values[...] = some
            else:
                changed_values.flat[chance.randrange(values.size)] = some
            return changed_values
    return values.T.copy()
