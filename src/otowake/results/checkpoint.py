"""Where a fit has come to, kept in a file, so that a run that was killed goes on from there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from otowake.arrays import arrays_of, write_arrays
from otowake.atomic import staged
from otowake.io.names import longest_name, within
from otowake.types import Floats, Progress
from otowake.untrusted import open_regular


def key_of(*facts: Any) -> str:
    """A digest of what a fit depends on: a checkpoint is only used for the same."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


class Checkpoint:
    """A watcher that writes the state of a fit every so often, whole or not at all.

    Parameters
    ----------
    path
        The file; a name that is too long is cut, and has a digest in its place.
    seconds
        How often; 0 means never.
    key
        What the fit depends on (:func:`key_of`).
    """

    def __init__(self, path: Path, seconds: float, key: str) -> None:
        self.path = path.with_name(within(path.name, longest_name(path.parent)))
        self.seconds, self.key = seconds, key
        self.last = time.monotonic()

    def __call__(self, now: Progress) -> bool:
        if self.seconds and now.iteration and time.monotonic() - self.last >= self.seconds:
            self.write(now.state())
            self.last = time.monotonic()
        return False

    def write(self, arrays: dict[str, Floats]) -> None:
        """Replace the file by one with these arrays; a disk that is full leaves the old one."""
        with contextlib.suppress(OSError), staged(self.path) as new:
            with new.open("wb") as file:
                write_arrays(file, {"key": np.array(self.key), **arrays})
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)

    def read(self) -> dict[str, Floats] | None:
        """The arrays of an earlier run of the same fit; None if there are none, or none that can be read."""
        try:
            with open_regular(self.path) as file:
                arrays = arrays_of(file)
            return arrays if str(arrays.pop("key", None)) == self.key else None
        except (OSError, ValueError):
            return None

    def remove(self) -> None:
        """The fit is done."""
        self.path.unlink(missing_ok=True)
