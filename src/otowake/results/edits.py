"""Corrections by hand in a result folder: ``edits.json``, and the folder written anew by it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from otowake import text
from otowake.errors import BadInput
from otowake.io.audio import Path_, check_file
from otowake.music.editing.edits import apply_edits
from otowake.results.files import FILES, REWRITTEN, Saving
from otowake.results.folders import EDITS, new_folder
from otowake.results.read import load_analysis
from otowake.results.save import listed_files, warn_of, write_files
from otowake.text import Language
from otowake.types import Analysis
from otowake.untrusted import json_of, reason


def read_edits(path: Path_) -> Any:
    """Corrections as plain data, not checked yet (:func:`otowake.apply_edits` does).

    Raises
    ------
    BadInput
        If there is no such file, or it is not JSON.
    """
    path = Path(path)
    check_file(path)
    try:
        return json_of(path)
    except OSError as error:
        raise BadInput(text.NOT_READABLE, path=path, why=error.strerror) from error
    except ValueError as error:
        raise BadInput(text.NOT_EDITS_FILE, path=path, why=reason(error)) from error


def edit_folder(
    folder: Path_, edits: Sequence[Any] | dict[str, Any] | None = None, *, language: Language = "en"
) -> Analysis:
    """Correct a result folder by hand: everything in it that follows from the notes is written anew.

    Parameters
    ----------
    folder
        What :func:`otowake.save_analysis` or the command line has written.
    edits
        The corrections, as :func:`otowake.apply_edits` takes them; those of the folder's ``edits.json`` if not given.
        They are all there are: an empty list gives back what was found.
    language
        The language of the figures' labels.

    Returns
    -------
    The corrected analysis.

    Raises
    ------
    BadInput
        If a correction is not what it must be, or the recording is gone; the folder stays as it was.
    CannotWrite
        If its data can't be written; the folder stays as it was.

    Warns
    -----
    IncompleteResult
        If a file that follows from the data can't be written; :func:`otowake.repair_folder` makes it later.

    Examples
    --------
    >>> import otowake, tempfile
    >>> analysis = otowake.analyse(otowake.load(otowake.demo_path(), duration=2), stages=["instruments"])
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = otowake.save_analysis(analysis, parent + "/scale")
    ...     edited = edit_folder(folder, [{"do": "instrument", "part": "accordion", "instrument": "harmonica"}])
    >>> [part.name for part in edited.parts]
    ['harmonica']
    """
    folder = Path(folder)
    now = load_analysis(folder)
    edited = apply_edits(now, read_edits(folder / EDITS) if edits is None else edits)
    if edited.audio is None:
        raise BadInput(text.SOUND_GONE, path=folder)
    anew = [file.name for file in FILES if file.corrected and file.belongs(edited)]
    kept = [name for name in listed_files(folder) if name not in REWRITTEN]
    listed = [file.name for file in FILES if file.name in (*kept, *anew)]
    with new_folder(folder, overwrite=True) as place:
        shutil.copytree(
            folder,
            place,
            symlinks=True,
            ignore=lambda where, names: (
                REWRITTEN.intersection(names) if Path(where) == folder else ()
            ),
            copy_function=_linked,
            dirs_exist_ok=True,
        )
        failed = write_files(Saving(edited, place, language, listed), anew)
    warn_of(failed, folder)
    return edited


def _linked(source: str, target: str) -> None:
    """The same file at another place, or where that can't be, a copy."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
