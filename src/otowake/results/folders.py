"""The result folder as a place: what its files are called, and how it is filled beside its place and moved there whole."""

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

FACTORS, EDITS, FOUND = "factors.npz", "edits.json", "found"
"""The factorisation; corrections by hand, and what was found before them."""


@contextlib.contextmanager
def new_folder(folder: Path_, *, overwrite: bool = False) -> Iterator[Path]:
    """A folder to fill that takes its place `folder` when the block ends well, and is removed when it doesn't."""
    folder = Path(folder)
    made: list[Path] = []
    try:
        recover(folder)
        _check_place(folder, overwrite)
        made = _make_parents(folder)
        with staged(folder) as place:
            place.mkdir()
            yield place
            _check_place(folder, overwrite)
            put(place, folder, replace=overwrite)
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


def _check_place(folder: Path, overwrite: bool) -> None:
    try:
        folder.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    if not (folder / "analysis.json").is_file():
        raise BadInput(text.NOT_OURS, path=folder)
    if not overwrite:
        raise BadInput(text.FOLDER_EXISTS, path=folder)


def _make_parents(folder: Path) -> list[Path]:
    """Make the folders above `folder`; gives those that were not there, the innermost first."""
    missing = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    return missing
