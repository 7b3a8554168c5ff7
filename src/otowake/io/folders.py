"""The result folder as a place: what its files are called, and how it is filled beside its place and moved there whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import soundfile

from otowake import text
from otowake.errors import BadInput, CannotWrite, OtowakeError
from otowake.io.audio import Path_

FORMAT = 1
"""The version of the folder's layout."""

FACTORS, EDITS, FOUND = "factors.npz", "edits.json", "found"
"""The factorisation; corrections by hand, and what was found before them."""

PARTIAL = ".partial-"
"""How the names of half-written folders begin."""


@contextlib.contextmanager
def new_folder(folder: Path_, *, overwrite: bool = False) -> Iterator[Path]:
    """A folder to fill that takes its place `folder` when the block ends well, and is removed when it doesn't."""
    folder = Path(folder)
    _check_place(folder, overwrite)
    made: list[Path] = []
    place = None
    try:
        made = _make_parents(folder)
        remove_leftovers(folder.parent, _mark(folder))
        place = Path(tempfile.mkdtemp(prefix=f"{_mark(folder)}{os.getpid()}-", dir=folder.parent))
        yield place
        place.chmod(0o755)
        _check_place(folder, overwrite)
        _replace(folder, place)
    except BaseException as error:
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)
        for parent in made:
            with contextlib.suppress(OSError):
                parent.rmdir()
        if isinstance(error, (OSError, soundfile.SoundFileError)) and not isinstance(error, OtowakeError):
            why = getattr(error, "strerror", None) or error
            raise CannotWrite(text.CANT_WRITE, path=folder, why=why) from error
        raise


def _check_place(folder: Path, overwrite: bool) -> None:
    if not os.path.lexists(folder):
        return
    if not (folder / "analysis.json").is_file():
        raise BadInput(text.NOT_OURS, path=folder)
    if not overwrite:
        raise BadInput(text.FOLDER_EXISTS, path=folder)


def _mark(folder: Path) -> str:
    """How the names of half-written folders for this one begin, however long its own name is."""
    return f"{PARTIAL}{hashlib.sha256(os.fsencode(folder.name)).hexdigest()[:12]}-"


def remove_leftovers(parent: Path, mark: str = PARTIAL) -> None:
    """Remove what processes of this machine that were killed have left half-written; their number is in the name."""
    for left in parent.glob(f"{mark}*-*"):
        process = left.name.split("-")[-2]
        if process.isdigit() and not Path(f"/proc/{process}").exists() and Path("/proc/self").exists():
            shutil.rmtree(left, ignore_errors=True)


def _make_parents(folder: Path) -> list[Path]:
    """Make the folders above `folder`; gives those that were not there, the innermost first."""
    missing = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _replace(folder: Path, place: Path) -> None:
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=_mark(folder) + "old-", dir=folder.parent))
        folder.rename(old / "result")
        try:
            place.rename(folder)
        except OSError:
            (old / "result").rename(folder)
            raise
        finally:
            shutil.rmtree(old, ignore_errors=True)
    else:
        place.rename(folder)
