"""Create a result folder atomically: fill a temporary folder, then move it to its final path."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
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
    with _new_folder(Path(folder), _is_result, overwrite) as scratch:
        scratch.mkdir()
        yield scratch


@contextlib.contextmanager
def new_sounds(folder: Path, names: Collection[str], *, overwrite: bool) -> Iterator[Path]:
    """Give a path for a new folder of sounds, as :func:`new_folder` does for a result.

    Only a folder that has nothing but sounds of these names is replaced.
    """

    def is_ours(target: Path) -> bool:
        return target.is_dir() and all(
            path.stem in names and path.suffix in (".flac", ".wav") for path in target.iterdir()
        )

    with _new_folder(folder, is_ours, overwrite) as scratch:
        yield scratch


@contextlib.contextmanager
def _new_folder(folder: Path, is_ours: Callable[[Path], bool], overwrite: bool) -> Iterator[Path]:
    """Give a temporary path that moves to `folder`, and is removed on failure."""
    made: list[Path] = []
    try:
        recover(folder)
        _check_target(folder, is_ours, overwrite)
        made = _make_parents(folder)
        with staged(folder) as scratch:
            yield scratch
            _check_target(folder, is_ours, overwrite)
            put(scratch, folder, replace=overwrite)
    except BaseException as error:
        for parent in made:
            with contextlib.suppress(OSError):
                parent.rmdir()
        if isinstance(error, (OSError, soundfile.SoundFileError)) and not isinstance(
            error, OtowakeError
        ):
            raise CannotWrite(text.CANT_WRITE, path=folder, why=text.reason_of(error)) from error
        raise


def _is_result(folder: Path) -> bool:
    return (folder / "analysis.json").is_file()


def _check_target(folder: Path, is_ours: Callable[[Path], bool], overwrite: bool) -> None:
    try:
        folder.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    if not is_ours(folder):
        raise BadInput(text.NOT_OURS, path=folder)
    if not overwrite:
        raise BadInput(text.FOLDER_EXISTS, path=folder)


def _make_parents(folder: Path) -> list[Path]:
    """Make the folders above `folder` and return the new ones, the innermost first."""
    missing = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    return missing
