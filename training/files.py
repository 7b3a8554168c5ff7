"""Arrays in files, without pickles, written whole or not at all."""

import os
from pathlib import Path
from typing import Any

import numpy as np


def store(path: Path, arrays: dict[str, Any], *, compressed: bool = False) -> None:
    """Write an ``.npz`` file: write a temporary file, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        (np.savez_compressed if compressed else np.savez)(file, **arrays)
    part.replace(path)
