"""Create a result folder atomically: fill a temporary folder, then move it to its final path."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import soundfile

from otowake import text
from otowake.atomic import put, recover, staged
from otowake.errors import BadInput, CannotWrite, OtowakeError
from otowake.io.audio import Path_

FORMAT = 1
"""The version of the folder's layout."""

FACTORS, EDITS, DETECTED = "factors.npz", "edits.json", "detected"
"""The factorisation, the manual corrections, and the folder of the analysis before them."""

OLD_DETECTED = "found"
"""The earlier name of the folder ``detected``, read for one version."""


@contextlib.contextmanager
def new_folder(folder: Path_, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary folder that moves to `folder` on success and is removed on failure."""
    folder = Path(folder)
    made: list[Path] = []
    try:
        recover(folder)
        _check_target(folder, overwrite)
        made = _make_parents(folder)
        with staged(folder) as scratch:
            scratch.mkdir()
            yield scratch
            _check_target(folder, overwrite)
            put(scratch, folder, replace=overwrite)
    except BaseException as error:
        for parent in made:
            with contextlib.suppress(OSError):
                parent.rmdir()
        if isinstance(error, (OSError, soundfile.SoundFileError)) and not isinstance(
            error, OtowakeError
        ):
            why = getattr(error, "strerror", None) or error
            raise CannotWrite(text.CANT_WRITE, path=folder, why=why) from error
        raise


def _check_target(folder: Path, overwrite: bool) -> None:
    try:
        folder.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    if not (folder / "analysis.json").is_file():
        raise BadInput(text.NOT_OURS, path=folder)
    if not overwrite:
        raise BadInput(text.FOLDER_EXISTS, path=folder)


def _make_parents(folder: Path) -> list[Path]:
    """Make the folders above `folder` and return the new ones, the innermost first."""
    missing = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    return missing
