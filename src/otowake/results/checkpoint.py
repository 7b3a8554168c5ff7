"""Save the state of a fit, from which an interrupted run continues."""

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
    """Return a digest of what a fit depends on; a checkpoint serves only a fit of the same key."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


class Checkpoint:
    """A watcher that saves the state of a fit at intervals, whole or not at all.

    Parameters
    ----------
    path
        The file; a digest replaces the end of a name that is too long.
    seconds
        The interval; 0 disables saving.
    key
        The digest of what the fit depends on (:func:`key_of`).
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
        """Replace the file by one with these arrays; a full disk leaves the earlier file."""
        with contextlib.suppress(OSError), staged(self.path) as new:
            with new.open("wb") as file:
                write_arrays(file, {"key": np.array(self.key), **arrays})
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)

    def read(self) -> dict[str, Floats] | None:
        """Return the arrays of an earlier run of the same fit; None without a readable file."""
        try:
            with open_regular(self.path) as file:
                arrays = arrays_of(file)
            return arrays if str(arrays.pop("key", None)) == self.key else None
        except (OSError, ValueError):
            return None

    def remove(self) -> None:
        """Delete the file once the fit is done."""
        self.path.unlink(missing_ok=True)
